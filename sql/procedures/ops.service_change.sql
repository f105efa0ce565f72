/*
ops.service_change          version 1.0.0          2026-11-26

Changes a service: whether it runs by its schedule, which schedule that is, and how long one run may take. Where the switch or the
schedule changes, its next run is forgotten and planned anew at the scheduler's next tick. A run that goes on goes on; one that
the schedule has queued is cancelled when its turn comes and the service is off (ops.run_claim).

Called by  app/services/data.py
Reads      ops.service, ops.service_schedule
Writes     ops.service
Returns    nothing
Example    EXECUTE ops.service_change @service_id = 7, @is_enabled = 1, @schedule_id = 7, @timeout_seconds = 300;
*/
CREATE OR ALTER PROCEDURE ops.service_change
    @service_id int, /* ops.service.service_id */
    @is_enabled bit, /* 1: runs by its schedule */
    @schedule_id int = NULL, /* ops.service_schedule.schedule_id; NULL: by hand only */
    @timeout_seconds int /* so long may one run take */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int = 0;

IF @timeout_seconds < 1 OR @timeout_seconds > 86400
    THROW 50164, N'A run may take from one second to one day.', 1;

BEGIN TRANSACTION;

IF @schedule_id IS NOT NULL AND NOT EXISTS (
    SELECT 1 AS found
    FROM ops.service_schedule AS c
    WHERE c.schedule_id = @schedule_id
)
    THROW 50160, N'There is no such schedule of services.', 1;

UPDATE s
SET
    is_enabled = @is_enabled,
    schedule_id = @schedule_id,
    timeout_seconds = @timeout_seconds,
    next_run_at = CASE
        WHEN s.is_enabled = @is_enabled
            AND (s.schedule_id = @schedule_id OR (s.schedule_id IS NULL AND @schedule_id IS NULL))
            THEN s.next_run_at
    END
FROM ops.service AS s
WHERE s.service_id = @service_id;

SET @updated = @@ROWCOUNT;

IF @updated = 0
    THROW 50163, N'There is no such service.', 1;

COMMIT TRANSACTION;
