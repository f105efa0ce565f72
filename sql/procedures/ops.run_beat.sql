/*
ops.run_beat          version 1.0.0          2026-11-23

The sign of life of a running run, with what is new: its progress, its counts, lines for its log. Says whether the run still is
the caller's: one that was marked lost meanwhile is not, and its process must stop.

Called by  jobs/run.py
Reads      ops.service_run
Writes     ops.service_run
Returns    one row: is_mine bit
Example    EXECUTE ops.run_beat @run_id = 12, @progress = 3, @progress_total = 30;
*/
CREATE OR ALTER PROCEDURE ops.run_beat
    @run_id bigint, /* ops.service_run.run_id */
    @progress int = NULL, /* how much is done; NULL: as before */
    @progress_total int = NULL, /* of how much; NULL: as before */
    @counts nvarchar(max) = NULL, /* a JSON object; NULL: as before */
    @log nvarchar(max) = NULL, /* lines to be added */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int;

UPDATE r
SET
    heartbeat_at = COALESCE(@now, SYSUTCDATETIME()),
    progress = COALESCE(@progress, r.progress),
    progress_total = COALESCE(@progress_total, r.progress_total),
    counts = COALESCE(@counts, r.counts),
    log = CASE WHEN @log IS NULL THEN r.log ELSE CONCAT(r.log, @log) END
FROM ops.service_run AS r
WHERE r.run_id = @run_id
    AND r.state_id = 2;

SET @updated = @@ROWCOUNT;

SELECT @updated AS is_mine;
