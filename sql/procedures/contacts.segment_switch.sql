/*
contacts.segment_switch          version 1.0.0          2026-11-23

Switches a segment of a campaign on or off (M44, M187). Dial classes of a segment that is off are closed, so the next block obeys;
no phone is written.

Called by  app/procedures/contacts.py
Writes     core.segment
Returns    nothing
Example    EXECUTE contacts.segment_switch @campaign_id = 7, @segment_id = 12, @is_enabled = 0;
*/
CREATE OR ALTER PROCEDURE contacts.segment_switch
    @campaign_id int, /* core.campaign.campaign_id */
    @segment_id int, /* core.segment.segment_id */
    @is_enabled bit /* 1 on, 0 off */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int;

UPDATE g
SET is_enabled = @is_enabled
FROM core.segment AS g
WHERE g.segment_id = @segment_id
    AND g.campaign_id = @campaign_id;

SET @updated = @@ROWCOUNT;

IF @updated = 0
    THROW 50060, N'The value for the parameter @segment_id is not supported. The campaign has no such segment.', 1;
