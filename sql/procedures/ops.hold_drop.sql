/*
ops.hold_drop          version 1.0.0          2026-11-23

Lets go of a thing that a run works on alone.

Called by  jobs/run.py
Reads      ops.hold
Writes     ops.hold
Returns    nothing
Example    EXECUTE ops.hold_drop @name = N'campaign 7', @run_id = 12;
*/
CREATE OR ALTER PROCEDURE ops.hold_drop
    @name nvarchar(64), /* what is held */
    @run_id bigint /* the run that holds it */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

UPDATE h
SET run_id = NULL
FROM ops.hold AS h
WHERE h.name = @name
    AND h.run_id = @run_id;
