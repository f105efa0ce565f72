/*
ops.service_due          version 1.0.0          2026-11-23

The enabled services that have a schedule, each with its cron line and the moment of its next run as far as it is known, and
whether that moment has come. A service that is switched off, or has lost its schedule, forgets its next run.

Called by  jobs/scheduler.py
Reads      ops.service, ops.service_schedule
Writes     ops.service
Returns    rows: service_id int, code nvarchar(64), cron nvarchar(200), next_run_at datetime2(3), is_due bit, moment datetime2(3)
Example    EXECUTE ops.service_due;
*/
CREATE OR ALTER PROCEDURE ops.service_due
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

UPDATE s
SET next_run_at = NULL
FROM ops.service AS s
WHERE s.next_run_at IS NOT NULL
    AND (s.is_enabled = 0 OR s.schedule_id IS NULL);

SELECT
    s.service_id AS service_id,
    s.code AS code,
    c.cron AS cron,
    s.next_run_at AS next_run_at,
    CASE WHEN s.next_run_at <= @now THEN 1 ELSE 0 END AS is_due,
    @now AS moment
FROM ops.service AS s
JOIN ops.service_schedule AS c
    ON c.schedule_id = s.schedule_id
WHERE s.is_enabled = 1
ORDER BY s.service_id;
