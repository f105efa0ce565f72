/*
ops.run_finish          version 1.0.0          2026-11-23

Ends a running run: done, or failed with its error. The service is free again. A failed run is queued once more after
@retry_seconds, up to @max_attempts in a row, unless one is queued already; the schedule may bring it sooner. A run that was
marked lost meanwhile keeps that mark.

Called by  jobs/run.py
Reads      ops.service_run
Writes     ops.service_run, ops.service
Returns    one row: is_finished bit, retry_run_id bigint
Example    EXECUTE ops.run_finish @run_id = 12, @is_done = 1;
*/
CREATE OR ALTER PROCEDURE ops.run_finish
    @run_id bigint, /* ops.service_run.run_id */
    @is_done bit, /* 1 done, 0 failed */
    @error nvarchar(1000) = NULL, /* what went wrong, in one line */
    @retry_seconds int = NULL, /* NULL: not tried again by itself */
    @max_attempts smallint = 5, /* a run that was lost or failed so often in a row is not tried again */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @service_id int;
DECLARE @locked_id int;
DECLARE @updated int = 0;
DECLARE @inserted int = 0;
DECLARE @retry_run_id bigint;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT @service_id = r.service_id
FROM ops.service_run AS r
WHERE r.run_id = @run_id;

SELECT @locked_id = s.service_id
FROM ops.service AS s WITH (ROWLOCK, UPDLOCK)
WHERE s.service_id = @service_id;

UPDATE r
SET
    state_id = CASE WHEN @is_done = 1 THEN 3 ELSE 4 END,
    finished_at = @now,
    heartbeat_at = @now,
    error = @error
FROM ops.service_run AS r
WHERE r.run_id = @run_id
    AND r.state_id = 2;

SET @updated = @@ROWCOUNT;

IF @updated = 1
BEGIN
    UPDATE s
    SET running_run_id = NULL
    FROM ops.service AS s
    WHERE s.service_id = @service_id
        AND s.running_run_id = @run_id;

    IF @is_done = 0 AND @retry_seconds IS NOT NULL
    BEGIN
        INSERT INTO ops.service_run (service_id, planned_at, state_id, attempt_no, campaign_id, requested_by)
        SELECT
            r.service_id,
            DATEADD(SECOND, @retry_seconds, @now),
            1,
            r.attempt_no + 1,
            r.campaign_id,
            r.requested_by
        FROM ops.service_run AS r
        WHERE r.run_id = @run_id
            AND r.attempt_no < @max_attempts
            AND NOT EXISTS (
                SELECT 1 AS found
                FROM ops.service_run AS o
                WHERE o.service_id = r.service_id
                    AND o.state_id = 1
                    AND (o.campaign_id = r.campaign_id OR (o.campaign_id IS NULL AND r.campaign_id IS NULL))
            );

        SET @inserted = @@ROWCOUNT;

        IF @inserted = 1
            SELECT @retry_run_id = MAX(o.run_id)
            FROM ops.service_run AS o
            WHERE o.service_id = @service_id
                AND o.state_id = 1;
    END;
END;

COMMIT TRANSACTION;

SELECT
    @updated AS is_finished,
    @retry_run_id AS retry_run_id;
