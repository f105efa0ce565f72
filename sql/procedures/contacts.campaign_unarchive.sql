/*
contacts.campaign_unarchive          version 1.0.0          2026-11-25

Takes a campaign out of the archive: it is stopped, and can be loaded and started again. One that is not archived stays as it
is.

Called by  app/procedures/contacts.py
Writes     core.campaign
Returns    nothing
Example    EXECUTE contacts.campaign_unarchive @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE contacts.campaign_unarchive
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

UPDATE k
SET state_id = 1
FROM core.campaign AS k
WHERE k.campaign_id = @campaign_id
    AND k.state_id = 3;

COMMIT TRANSACTION;
