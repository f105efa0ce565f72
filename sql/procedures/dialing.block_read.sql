/*
dialing.block_read          version 1.0.0          2026-11-23

The records of a block that are still out, as dialing.block_take gave them: to send a block that was taken but not sent before a
crash, or to ask the dialer for its keys.

Called by  jobs/dialer_sync.py
Reads      dialing.record, core.phone, core.client, core.campaign, core.time_zone_offset
Writes     nothing
Returns    rows: block_id bigint, position int, record_key nvarchar(30), number nvarchar(20), first_name nvarchar(100),
           last_name nvarchar(100), offset_minutes int, processing_id smallint
Example    EXECUTE dialing.block_read @block_id = 41;
*/
CREATE OR ALTER PROCEDURE dialing.block_read
    @block_id bigint, /* dialing.block.block_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

SELECT
    r.block_id AS block_id,
    r.position AS position,
    r.record_key AS record_key,
    r.number AS number,
    c.first_name AS first_name,
    c.last_name AS last_name,
    z.offset_minutes AS offset_minutes,
    r.processing_id AS processing_id
FROM dialing.record AS r
JOIN core.phone AS p
    ON p.phone_id = r.phone_id
JOIN core.client AS c
    ON c.client_id = r.client_id
JOIN core.campaign AS k
    ON k.campaign_id = r.campaign_id
JOIN core.time_zone_offset AS z
    ON z.zone_id = COALESCE(p.zone_id, c.zone_id, k.default_zone_id)
    AND z.valid_from <= @now
    AND z.valid_to > @now
WHERE r.block_id = @block_id
ORDER BY r.position;
