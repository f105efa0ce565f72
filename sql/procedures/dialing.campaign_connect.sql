/*
dialing.campaign_connect          version 1.0.0          2026-11-26

Says by which dialer a campaign is dialled, and as what (M193). With another dialer or another name there, the synchronisation
looks for the campaign anew, and makes it where there is none. While the dialer holds contacts of the campaign neither is changed:
their results would be read from the wrong place.

Called by  app/procedures/dialing.py
Reads      dialing.record, dialing.dialer
Writes     core.campaign
Returns    nothing
Example    EXECUTE dialing.campaign_connect @campaign_id = 7, @dialer_id = 1, @dialer_campaign_name = N'ACM_CARDS';
*/
CREATE OR ALTER PROCEDURE dialing.campaign_connect
    @campaign_id int, /* core.campaign.campaign_id */
    @dialer_id int = NULL, /* dialing.dialer.dialer_id; NULL: it is not dialled */
    @dialer_campaign_name nvarchar(200) = NULL, /* NULL: made from the campaign's code */
    @dialer_skill_groups nvarchar(200) = NULL, /* ids of the dialer's skill groups, with commas between */
    @dialer_number nvarchar(64) = NULL /* the number that the dialer dials from */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @found_id int;
DECLARE @is_other int;

BEGIN TRANSACTION;

SELECT
    @found_id = k.campaign_id,
    @is_other = CASE
        WHEN COALESCE(k.dialer_id, 0) <> COALESCE(@dialer_id, 0) THEN 1
        WHEN COALESCE(k.dialer_campaign_name, N'') <> COALESCE(@dialer_campaign_name, N'') THEN 1
        ELSE 0
    END
FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
WHERE k.campaign_id = @campaign_id;

IF @found_id IS NULL
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

IF @dialer_id IS NOT NULL AND NOT EXISTS (SELECT 1 AS found FROM dialing.dialer AS d WHERE d.dialer_id = @dialer_id)
    THROW 50122, N'The value for the parameter @dialer_id is not supported. There is no such dialer.', 1;

IF @is_other = 1 AND EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.campaign_id = @campaign_id)
    THROW 50123, N'The dialer holds contacts of the campaign. Clear its queue first.', 1;

IF @dialer_campaign_name IS NOT NULL
    AND EXISTS (
        SELECT 1 AS found
        FROM core.campaign AS o
        WHERE o.dialer_id = @dialer_id
            AND UPPER(o.dialer_campaign_name) = UPPER(@dialer_campaign_name)
            AND o.campaign_id <> @campaign_id
            AND o.state_id <> 3
    )
    THROW 50124, N'Another campaign has this name at the dialer.', 1;

UPDATE k
SET
    dialer_id = @dialer_id,
    dialer_campaign_name = @dialer_campaign_name,
    dialer_skill_groups = @dialer_skill_groups,
    dialer_number = @dialer_number,
    dialer_campaign_id = CASE WHEN @is_other = 1 THEN NULL ELSE k.dialer_campaign_id END,
    dialer_state = CASE WHEN @is_other = 1 THEN NULL ELSE k.dialer_state END,
    dialer_state_at = CASE WHEN @is_other = 1 THEN NULL ELSE k.dialer_state_at END,
    agents_working = CASE WHEN @is_other = 1 THEN NULL ELSE k.agents_working END
FROM core.campaign AS k
WHERE k.campaign_id = @campaign_id;

COMMIT TRANSACTION;
