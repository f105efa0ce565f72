/*
contacts.client_status_recheck          version 1.0.0          2026-11-26

Has the status service look anew at the clients that the limit of an agent result concerns, after the dictionary's own values of
that result were changed (M78, M80). It is about the campaigns whose strategy in force does not name the result, since those alone
read the dictionary. Their next blocks obey the new values at once; the statuses follow with the next run of the service, as after
a new version.

Each call leaves another mark below zero in core.campaign.status_version_id, so that a run that is under way cannot take it for
done.

Called by  app/procedures/contacts.py
Reads      strategy.version_agent_result
Writes     core.campaign
Returns    one row: campaigns int
Example    EXECUTE contacts.client_status_recheck @agent_result_id = 3;
*/
CREATE OR ALTER PROCEDURE contacts.client_status_recheck
    @agent_result_id int /* core.agent_result.agent_result_id */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @campaigns int;
DECLARE @campaign table (campaign_id int NOT NULL PRIMARY KEY);

BEGIN TRANSACTION;

/* Whoever takes a block holds the campaign: in the order of the ids, as all who lock several do. */
INSERT INTO @campaign (campaign_id)
SELECT k.campaign_id
FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
WHERE k.state_id <> 3
    AND k.strategy_version_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM strategy.version_agent_result AS s
        WHERE s.strategy_version_id = k.strategy_version_id
            AND s.agent_result_id = @agent_result_id
    )
ORDER BY k.campaign_id;

SET @campaigns = @@ROWCOUNT;

UPDATE k
SET status_version_id = CASE WHEN k.status_version_id < 0 THEN k.status_version_id - 1 ELSE -1 END
FROM core.campaign AS k
JOIN @campaign AS x
    ON x.campaign_id = k.campaign_id;

COMMIT TRANSACTION;

SELECT @campaigns AS campaigns;
