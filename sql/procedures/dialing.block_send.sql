/*
dialing.block_send          version 1.0.0          2026-11-23

Marks a block as sent, before the request goes out: from here on the dialer may have it, and only asking the dialer tells.

Called by  jobs/dialer_sync.py
Reads      dialing.block
Writes     dialing.block
Returns    nothing
Example    EXECUTE dialing.block_send @block_id = 41;
*/
CREATE OR ALTER PROCEDURE dialing.block_send
    @block_id bigint, /* dialing.block.block_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int;

UPDATE b
SET
    state_id = 2,
    sent_at = COALESCE(@now, SYSUTCDATETIME())
FROM dialing.block AS b
WHERE b.block_id = @block_id
    AND b.state_id = 1;

SET @updated = @@ROWCOUNT;

IF @updated = 0
    THROW 50002, N'The value for the parameter @block_id is not supported. Only a block that was just taken can be sent.', 1;
