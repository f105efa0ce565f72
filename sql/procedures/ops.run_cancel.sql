/*
ops.run_cancel          version 1.0.0          2026-11-26

Cancels a run that is queued and has not begun. One that runs, or has ended, stays as it is.

Called by  app/services/data.py
Reads      ops.service_run
Writes     ops.service_run
Returns    one row: is_cancelled bit
Example    EXECUTE ops.run_cancel @run_id = 12, @cancelled_by = N'ivanov';
*/
CREATE OR ALTER PROCEDURE ops.run_cancel
    @run_id bigint, /* ops.service_run.run_id */
    @cancelled_by nvarchar(200), /* who does it */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int = 0;

/* A worker that claims it at the same moment waits for this row, and then finds it cancelled; or was first. */
UPDATE r
SET
    state_id = 6,
    finished_at = COALESCE(@now, SYSUTCDATETIME()),
    cancelled_by = @cancelled_by
FROM ops.service_run AS r
WHERE r.run_id = @run_id
    AND r.state_id = 1;

SET @updated = @@ROWCOUNT;

SELECT @updated AS is_cancelled;
