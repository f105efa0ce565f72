-- Roles and their rights, per schema (docs/dba.md). Run at every deployment.
-- The application's own login changes data and calls procedures; it may not change the schema.
IF DATABASE_PRINCIPAL_ID(N'acm_application') IS NULL CREATE ROLE acm_application;
IF DATABASE_PRINCIPAL_ID(N'acm_reporting') IS NULL CREATE ROLE acm_reporting;
IF DATABASE_PRINCIPAL_ID(N'acm_dba') IS NULL CREATE ROLE acm_dba;
GO
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::core TO acm_application;
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::strategy TO acm_application;
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::dialing TO acm_application;
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::contacts TO acm_application;
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::access TO acm_application;
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::ops TO acm_application;
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::report TO acm_application;
GRANT SELECT ON SCHEMA::report TO acm_reporting;
GRANT CONTROL ON SCHEMA::core TO acm_dba;
GRANT CONTROL ON SCHEMA::strategy TO acm_dba;
GRANT CONTROL ON SCHEMA::dialing TO acm_dba;
GRANT CONTROL ON SCHEMA::contacts TO acm_dba;
GRANT CONTROL ON SCHEMA::access TO acm_dba;
GRANT CONTROL ON SCHEMA::ops TO acm_dba;
GRANT CONTROL ON SCHEMA::report TO acm_dba;
