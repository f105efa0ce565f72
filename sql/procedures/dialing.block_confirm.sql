/*
dialing.block_confirm          version 1.0.0          2026-11-23

Marks a sent block as accepted by the dialer. A block that is confirmed already stays so.

Called by  jobs/dialer_sync.py
Reads      dialing.block
Writes     dialing.block
Returns    nothing
Example    EXECUTE dialing.block_confirm @block_id = 41;
*/
CREATE OR ALTER PROCEDURE dialing.block_confirm
    @block_id bigint, /* dialing.block.block_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

UPDATE b
SET
    state_id = 3,
    settled_at = COALESCE(@now, SYSUTCDATETIME())
FROM dialing.block AS b
WHERE b.block_id = @block_id
    AND b.state_id = 2;
