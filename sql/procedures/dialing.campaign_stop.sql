/*
dialing.campaign_stop          version 1.0.0          2026-11-23

Stops a campaign: no more blocks are taken. What the dialer already holds is paused by the next dialer synchronisation.

Called by  app/procedures/dialing.py
Reads      core.campaign
Writes     core.campaign
Returns    nothing
Example    EXECUTE dialing.campaign_stop @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE dialing.campaign_stop
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

UPDATE k
SET
    state_id = 1,
    stopped_at = COALESCE(@now, SYSUTCDATETIME())
FROM core.campaign AS k
WHERE k.campaign_id = @campaign_id
    AND k.state_id = 2;
