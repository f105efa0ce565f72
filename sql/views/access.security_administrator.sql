/*
access.security_administrator          version 1.0.0          2026-11-26

The users who can get in and give rights: switched on, active in Active Directory where they come from it, and in a group with
the role of the security administrator. Without one of them nobody could give rights any more.

Called by  sql/procedures/access.way_in_check.sql, app/auth/users.py
Reads      access.user, access.user_group, access.group_role
Returns    rows: user_id int
Example    SELECT a.user_id FROM access.security_administrator AS a;
*/
CREATE OR ALTER VIEW access.security_administrator
AS
SELECT u.user_id AS user_id
FROM access.[user] AS u
WHERE u.is_active = 1
    AND (u.is_from_ad = 0 OR u.is_active_in_ad = 1)
    AND EXISTS (
        SELECT 1 AS found
        FROM access.user_group AS m
        JOIN access.group_role AS r
            ON r.group_id = m.group_id
        WHERE m.user_id = u.user_id
            AND r.role_code = N'security_administrator'
    );
