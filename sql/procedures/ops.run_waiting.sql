/*
ops.run_waiting          version 1.0.0          2026-11-23

The runs that are queued, whose moment has come and that no running run of the service keeps from beginning: those that the job
queue has to hold, whatever became of it.

Called by  jobs/scheduler.py
Reads      ops.service_run, ops.service
Writes     nothing
Returns    rows: run_id bigint, code nvarchar(64), timeout_seconds int
Example    EXECUTE ops.run_waiting;
*/
CREATE OR ALTER PROCEDURE ops.run_waiting
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

SELECT
    r.run_id AS run_id,
    s.code AS code,
    s.timeout_seconds AS timeout_seconds
FROM ops.service_run AS r
JOIN ops.service AS s
    ON s.service_id = r.service_id
WHERE r.state_id = 1
    AND r.planned_at <= @now
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM ops.service_run AS o
        WHERE o.service_id = r.service_id
            AND o.state_id = 2
            AND (o.campaign_id IS NULL OR r.campaign_id IS NULL OR o.campaign_id = r.campaign_id)
    )
ORDER BY r.planned_at, r.run_id;
