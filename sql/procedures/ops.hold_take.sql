/*
ops.hold_take          version 1.0.0          2026-11-23

Lets one running run work alone on a thing, such as a campaign at the dialer, until it lets go or ends, or is lost.

Called by  jobs/run.py
Reads      ops.hold, ops.service_run
Writes     ops.hold
Returns    one row: is_taken bit, holder_run_id bigint
Example    EXECUTE ops.hold_take @name = N'campaign 7', @run_id = 12;
*/
CREATE OR ALTER PROCEDURE ops.hold_take
    @name nvarchar(64), /* what is held */
    @run_id bigint, /* the run that wants it */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

INSERT INTO ops.hold (name, taken_at)
SELECT
    @name,
    @now
WHERE NOT EXISTS (SELECT 1 AS found FROM ops.hold AS h WHERE h.name = @name);

UPDATE h
SET
    run_id = @run_id,
    taken_at = @now
FROM ops.hold AS h
WHERE h.name = @name
    AND EXISTS (SELECT 1 AS found FROM ops.service_run AS r WHERE r.run_id = @run_id AND r.state_id = 2)
    AND (
        h.run_id IS NULL
        OR h.run_id = @run_id
        OR NOT EXISTS (SELECT 1 AS found FROM ops.service_run AS r WHERE r.run_id = h.run_id AND r.state_id = 2)
    );

COMMIT TRANSACTION;

SELECT
    CASE WHEN h.run_id = @run_id THEN 1 ELSE 0 END AS is_taken,
    h.run_id AS holder_run_id
FROM ops.hold AS h
WHERE h.name = @name;
