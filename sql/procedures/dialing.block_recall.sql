/*
dialing.block_recall          version 1.0.0          2026-11-23

Takes back all records of a campaign that are out, after the dialer has dropped them («Очистить очередь», M186, M191), and marks
their blocks as recalled.

Called by  jobs/queue_clear.py
Reads      dialing.record
Writes     dialing.block
Returns    one row: records_recalled int
Example    EXECUTE dialing.block_recall @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE dialing.block_recall
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @before int;
DECLARE @after int;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT @before = COUNT(*)
FROM dialing.record AS r
WHERE r.campaign_id = @campaign_id;

UPDATE b
SET
    state_id = 5,
    settled_at = @now
FROM dialing.block AS b
WHERE b.campaign_id = @campaign_id
    AND b.state_id IN (1, 2, 3)
    AND EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.block_id = b.block_id);

EXECUTE dialing.private_record_return @campaign_id = @campaign_id, @reason_id = 2, @now = @now;

SELECT @after = COUNT(*)
FROM dialing.record AS r
WHERE r.campaign_id = @campaign_id;

COMMIT TRANSACTION;

SELECT @before - @after AS records_recalled;
