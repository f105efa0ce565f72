/*
dialing.block_fail          version 1.0.0          2026-11-23

Closes a block that the dialer surely does not have: its records come back and may be taken again.

Called by  jobs/dialer_sync.py
Reads      dialing.block
Writes     dialing.block
Returns    nothing
Example    EXECUTE dialing.block_fail @block_id = 41, @message = N'HTTP 400';
*/
CREATE OR ALTER PROCEDURE dialing.block_fail
    @block_id bigint, /* dialing.block.block_id */
    @message nvarchar(1000) = NULL, /* what the dialer said */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

UPDATE b
SET
    state_id = 4,
    settled_at = @now,
    message = @message
FROM dialing.block AS b
WHERE b.block_id = @block_id
    AND b.state_id IN (1, 2);

SET @updated = @@ROWCOUNT;

IF @updated = 1
    EXECUTE dialing.private_record_return @block_id = @block_id, @reason_id = 1, @now = @now;

COMMIT TRANSACTION;
