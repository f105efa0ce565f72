/*
ops.scheduler_beat          version 1.0.0          2026-11-23

Makes the caller the active scheduler, or says that another one is. A scheduler that has not called for @lease_seconds
has lost its place to the next that calls.

Called by  jobs/scheduler.py
Reads      ops.lease
Writes     ops.lease
Returns    one row: is_active bit, active_owner nvarchar(200), moment datetime2(3)
Example    EXECUTE ops.scheduler_beat @owner = N'server-1 4711';
*/
CREATE OR ALTER PROCEDURE ops.scheduler_beat
    @owner nvarchar(200), /* the caller: machine and process */
    @lease_seconds int = 5, /* the place is free after so long without a call */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

INSERT INTO ops.lease (name, owner, taken_at, beat_at)
SELECT
    N'scheduler',
    N'',
    @now,
    @now
WHERE NOT EXISTS (SELECT 1 AS found FROM ops.lease AS l WHERE l.name = N'scheduler');

/* A call of the future is one from before the server's clock was set back. */
UPDATE l
SET
    owner = @owner,
    taken_at = CASE WHEN l.owner = @owner THEN l.taken_at ELSE @now END,
    beat_at = @now
FROM ops.lease AS l
WHERE l.name = N'scheduler'
    AND (
        l.owner = @owner
        OR l.owner = N''
        OR l.beat_at < DATEADD(SECOND, -@lease_seconds, @now)
        OR l.beat_at > DATEADD(SECOND, @lease_seconds, @now)
    );

COMMIT TRANSACTION;

SELECT
    CASE WHEN l.owner = @owner THEN 1 ELSE 0 END AS is_active,
    l.owner AS active_owner,
    @now AS moment
FROM ops.lease AS l
WHERE l.name = N'scheduler';
