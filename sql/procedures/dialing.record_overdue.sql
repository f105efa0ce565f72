/*
dialing.record_overdue          version 1.0.0          2026-11-23

Records of a campaign that have been out for longer than @wait_minutes without a result, and whose turn it is to be asked for at
the dialer: each at most once in @again_minutes. They are marked as asked for.

Called by  jobs/dialer_sync.py
Reads      dialing.record
Writes     dialing.record
Returns    rows: record_key nvarchar(30), taken_at datetime2(3)
Example    EXECUTE dialing.record_overdue @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE dialing.record_overdue
    @campaign_id int, /* core.campaign.campaign_id */
    @wait_minutes int = 240, /* a result usually comes within this time */
    @again_minutes int = 60, /* the dialer is not asked for one record more often */
    @batch_size int = 50, /* most records of one run */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

UPDATE r
SET checked_at = @now
OUTPUT
    INSERTED.record_key,
    INSERTED.taken_at
FROM dialing.record AS r
WHERE r.record_key IN (
    SELECT TOP (@batch_size) o.record_key
    FROM dialing.record AS o
    WHERE o.campaign_id = @campaign_id
        AND o.taken_at <= DATEADD(MINUTE, -@wait_minutes, @now)
        AND (o.checked_at IS NULL OR o.checked_at <= DATEADD(MINUTE, -@again_minutes, @now))
    ORDER BY o.taken_at
);
