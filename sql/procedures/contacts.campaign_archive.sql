/*
contacts.campaign_archive          version 1.0.0          2026-11-25

Archives a campaign that is done: it takes no loads, cannot be started, and leaves the lists. Its contacts and history stay.
A campaign that is active, or of which the dialer holds something, is refused.

Called by  app/procedures/contacts.py
Reads      dialing.record
Writes     core.campaign
Returns    nothing
Example    EXECUTE contacts.campaign_archive @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE contacts.campaign_archive
    @campaign_id int /* core.campaign.campaign_id */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @state_id smallint;

BEGIN TRANSACTION;

SELECT @state_id = k.state_id
FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
WHERE k.campaign_id = @campaign_id;

IF @state_id IS NULL
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

IF @state_id = 2
    THROW 50120, N'The campaign is active. Stop it first.', 1;

IF EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.campaign_id = @campaign_id)
    THROW 50121, N'The dialer holds contacts of the campaign. Clear its queue first.', 1;

UPDATE k
SET state_id = 3
FROM core.campaign AS k
WHERE k.campaign_id = @campaign_id;

COMMIT TRANSACTION;
