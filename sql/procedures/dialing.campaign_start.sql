/*
dialing.campaign_start          version 1.0.0          2026-11-23

Starts a campaign: from now on blocks may be taken. A campaign without a strategy in force, or an archived one, cannot be started.

Called by  app/procedures/dialing.py
Reads      core.campaign
Writes     core.campaign
Returns    nothing
Example    EXECUTE dialing.campaign_start @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE dialing.campaign_start
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @updated int;

UPDATE k
SET
    state_id = 2,
    started_at = CASE WHEN k.state_id = 2 THEN k.started_at ELSE COALESCE(@now, SYSUTCDATETIME()) END
FROM core.campaign AS k
WHERE k.campaign_id = @campaign_id
    AND k.state_id IN (1, 2)
    AND k.strategy_version_id IS NOT NULL;

SET @updated = @@ROWCOUNT;

IF @updated = 0
    THROW 50020, N'The campaign cannot be started: it is archived or has no strategy in force.', 1;
