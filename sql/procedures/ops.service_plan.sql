/*
ops.service_plan          version 1.0.0          2026-11-23

Sets the moment of a service's next run, and queues the run that is due. A run that waits already, perhaps for its next
attempt, comes at once instead; while one runs, the tick is left out. Does nothing when the next run is no longer the one that
the caller saw, for then another scheduler, or a person, came first.

Called by  jobs/scheduler.py
Reads      ops.service, ops.service_run
Writes     ops.service, ops.service_run
Returns    one row: is_planned bit, run_id bigint -- run_id: the run that was queued, empty when none was
Example    EXECUTE ops.service_plan @service_id = 7, @next_run_at = '2026-11-23T06:00:00', @is_due = 1;
*/
CREATE OR ALTER PROCEDURE ops.service_plan
    @service_id int, /* ops.service.service_id */
    @seen_run_at datetime2(3) = NULL, /* the next run that the caller saw */
    @next_run_at datetime2(3) = NULL, /* the next run from now on; NULL: the schedule never comes again */
    @is_due bit = 0, /* 1: queue a run */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int = 0;
DECLARE @inserted int = 0;
DECLARE @run_id bigint;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

UPDATE s
SET next_run_at = @next_run_at
FROM ops.service AS s
WHERE s.service_id = @service_id
    AND s.is_enabled = 1
    AND (s.next_run_at = @seen_run_at OR (s.next_run_at IS NULL AND @seen_run_at IS NULL));

SET @updated = @@ROWCOUNT;

IF @updated = 1 AND @is_due = 1
BEGIN
    UPDATE r
    SET planned_at = @now
    FROM ops.service_run AS r
    WHERE r.service_id = @service_id
        AND r.campaign_id IS NULL
        AND r.state_id = 1
        AND r.planned_at > @now;

    INSERT INTO ops.service_run (service_id, planned_at, state_id, attempt_no)
    SELECT
        @service_id,
        @now,
        1,
        1
    WHERE NOT EXISTS (
        SELECT 1 AS found
        FROM ops.service_run AS r
        WHERE r.service_id = @service_id
            AND r.campaign_id IS NULL
            AND r.state_id IN (1, 2)
    );

    SET @inserted = @@ROWCOUNT;

    IF @inserted = 1
        SELECT @run_id = MAX(r.run_id)
        FROM ops.service_run AS r
        WHERE r.service_id = @service_id
            AND r.campaign_id IS NULL
            AND r.state_id = 1;
END;

COMMIT TRANSACTION;

SELECT
    @updated AS is_planned,
    @run_id AS run_id;
