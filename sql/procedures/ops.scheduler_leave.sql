/*
ops.scheduler_leave          version 1.0.0          2026-11-23

Gives the place of the active scheduler up, so that another one need not wait for the lease to end.

Called by  jobs/scheduler.py
Reads      ops.lease
Writes     ops.lease
Returns    nothing
Example    EXECUTE ops.scheduler_leave @owner = N'server-1 4711';
*/
CREATE OR ALTER PROCEDURE ops.scheduler_leave
    @owner nvarchar(200) /* the caller: machine and process */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

UPDATE l
SET owner = N''
FROM ops.lease AS l
WHERE l.name = N'scheduler'
    AND l.owner = @owner;
