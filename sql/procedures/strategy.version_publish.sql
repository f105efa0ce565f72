/*
strategy.version_publish          version 1.1.0          2026-11-23

Checks a strategy version whose rows were just written and puts it in force. The next block obeys it; no phone is touched. The
status service is asked to run, since limits may have changed.

Called by  app/campaigns.py
Reads      strategy.version, strategy.version_phone_type, strategy.version_technical_result, strategy.version_agent_result,
           strategy.agent_action
Writes     core.campaign, ops.service
Returns    nothing
Example    EXECUTE strategy.version_publish @strategy_version_id = 12;
*/
CREATE OR ALTER PROCEDURE strategy.version_publish
    @strategy_version_id int /* strategy.version.strategy_version_id */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @campaign_id int;

SELECT @campaign_id = v.campaign_id
FROM strategy.version AS v
WHERE v.strategy_version_id = @strategy_version_id;

IF @campaign_id IS NULL
    THROW 50030, N'The value for the parameter @strategy_version_id is not supported. There is no such version.', 1;

IF EXISTS (
    SELECT 1 AS found
    FROM strategy.version AS v
    WHERE v.strategy_version_id = @strategy_version_id
        AND (v.block_size < 1 OR v.queue_depth < 1)
)
    THROW 50031, N'The block size and the queue depth are at least 1.', 1;

IF EXISTS (
    SELECT 1 AS found
    FROM strategy.version AS v
    WHERE v.strategy_version_id = @strategy_version_id
        AND (
            v.max_client_attempts < 1 OR v.max_day_attempts < 1 OR v.first_call_minutes < 1 OR v.created_minutes < 1
        )
)
    OR EXISTS (
        SELECT 1 AS found
        FROM (
            SELECT p.max_attempts AS max_attempts
            FROM strategy.version_phone_type AS p
            WHERE p.strategy_version_id = @strategy_version_id
            UNION ALL
            SELECT a.max_attempts AS max_attempts
            FROM strategy.version_agent_result AS a
            WHERE a.strategy_version_id = @strategy_version_id
        ) AS x
        WHERE x.max_attempts < 1
    )
    THROW 50032, N'A limit of attempts or of duration is at least 1, or empty.', 1;

IF EXISTS (
    SELECT 1 AS found
    FROM strategy.version AS v
    WHERE v.strategy_version_id = @strategy_version_id
        AND (
            v.attempts_position NOT BETWEEN 1 AND 3
            OR v.result_position NOT BETWEEN 1 AND 3
            OR v.type_position NOT BETWEEN 1 AND 3
            OR v.attempts_position = v.result_position
            OR v.attempts_position = v.type_position
            OR v.result_position = v.type_position
        )
)
    THROW 50033, N'The three keys of the phone order stand at positions 1, 2 and 3.', 1;

IF EXISTS (
    SELECT 1 AS found
    FROM (
        SELECT v.no_result_priority AS priority
        FROM strategy.version AS v
        WHERE v.strategy_version_id = @strategy_version_id
        UNION ALL
        SELECT p.weight AS priority
        FROM strategy.version_phone_type AS p
        WHERE p.strategy_version_id = @strategy_version_id
        UNION ALL
        SELECT t.priority AS priority
        FROM strategy.version_technical_result AS t
        WHERE t.strategy_version_id = @strategy_version_id
        UNION ALL
        SELECT a.priority AS priority
        FROM strategy.version_agent_result AS a
        WHERE a.strategy_version_id = @strategy_version_id
    ) AS x
    WHERE x.priority NOT BETWEEN 1 AND 10
)
    THROW 50034, N'A priority or weight is a number from 1 to 10, where 1 goes first.', 1;

IF NOT EXISTS (
    SELECT 1 AS found
    FROM strategy.version_phone_type AS p
    WHERE p.strategy_version_id = @strategy_version_id
        AND p.is_dialled = 1
)
    THROW 50035, N'At least one phone type is dialled.', 1;

/* Ten years, so that a moment so much earlier or later is always a date. */
IF EXISTS (
    SELECT 1 AS found
    FROM (
        SELECT v.first_call_minutes AS minutes
        FROM strategy.version AS v
        WHERE v.strategy_version_id = @strategy_version_id
        UNION ALL
        SELECT v.created_minutes AS minutes
        FROM strategy.version AS v
        WHERE v.strategy_version_id = @strategy_version_id
        UNION ALL
        SELECT t.delay_minutes AS minutes
        FROM strategy.version_technical_result AS t
        WHERE t.strategy_version_id = @strategy_version_id
        UNION ALL
        SELECT a.delay_minutes AS minutes
        FROM strategy.version_agent_result AS a
        WHERE a.strategy_version_id = @strategy_version_id
    ) AS x
    WHERE x.minutes NOT BETWEEN 0 AND 5256000
)
    THROW 50036, N'A delay or a duration is from 0 to 5256000 minutes (ten years), or empty.', 1;

IF EXISTS (
    SELECT 1 AS found
    FROM strategy.version_agent_result AS a
    LEFT JOIN strategy.agent_action AS s
        ON s.action_id = a.action_id
    WHERE a.strategy_version_id = @strategy_version_id
        AND s.action_id IS NULL
)
    THROW 50037, N'The action of an agent result is one of success, skip, active, failure and do not call.', 1;

BEGIN TRANSACTION;

UPDATE k
SET strategy_version_id = @strategy_version_id
FROM core.campaign AS k
WHERE k.campaign_id = @campaign_id;

UPDATE s
SET next_run_at = NULL
FROM ops.service AS s
WHERE s.code = N'client_status';

COMMIT TRANSACTION;
