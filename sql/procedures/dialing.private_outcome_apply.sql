/*
dialing.private_outcome_apply          version 1.0.0          2026-11-23

Applies the agent results of one work set to their clients (strategy.md, «What a result does», 3). It gives the same outcome
whether an agent result comes before, with or after the technical one: everything here is worked out from the rows of outcomes
and attempts, and applying one again changes nothing.

An agent result is a result for every phone of the client: its delay holds all of them, from the end of the call or from the
moment when the result was given, whichever is later.

Called by  sql/procedures/dialing.result_apply.sql, sql/procedures/dialing.agent_result_apply.sql
Reads      core.work_outcome, core.attempt_outcome, core.attempt, core.campaign, strategy.agent_rule, strategy.agent_action
Writes     core.client, core.phone, core.do_not_call, core.work_client, core.work_outcome
Returns    nothing
*/
CREATE OR ALTER PROCEDURE dialing.private_outcome_apply
    @work_id bigint, /* core.work_set.work_id; its clients are locked by the caller */
    @now datetime2(3) /* UTC */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @outcome table (
    outcome_id bigint NOT NULL PRIMARY KEY,
    client_id bigint NOT NULL,
    record_key nvarchar(30) NULL,
    agent_result_id int NOT NULL,
    final_status_id smallint NULL,
    is_do_not_call bit NOT NULL,
    agent nvarchar(64) NULL,
    given_at datetime2(3) NOT NULL,
    holds_from datetime2(3) NOT NULL,
    ended_at datetime2(3) NULL,
    phone_id bigint NULL,
    turn int NOT NULL
);
DECLARE @number table (number nvarchar(20) NOT NULL PRIMARY KEY, agent nvarchar(64) NULL);

BEGIN TRANSACTION;

/* turn 1 is the latest agent result of a client in this set. */
INSERT INTO @outcome (
    outcome_id, client_id, record_key, agent_result_id, final_status_id, is_do_not_call, agent, given_at, holds_from, ended_at,
    phone_id, turn
)
SELECT
    o.outcome_id,
    o.client_id,
    o.record_key,
    o.agent_result_id,
    s.final_status_id,
    CASE WHEN r.action_id = 5 AND w.is_new = 1 THEN 1 ELSE 0 END,
    o.agent,
    o.given_at,
    CASE WHEN a.ended_at > o.given_at THEN a.ended_at ELSE o.given_at END,
    a.ended_at,
    COALESCE(a.phone_id, o.phone_id),
    ROW_NUMBER() OVER (PARTITION BY o.client_id ORDER BY o.given_at DESC, o.outcome_id DESC)
FROM core.work_outcome AS w
JOIN core.attempt_outcome AS o
    ON o.outcome_id = w.outcome_id
JOIN core.campaign AS k
    ON k.campaign_id = o.campaign_id
JOIN strategy.agent_rule AS r
    ON r.strategy_version_id = k.strategy_version_id
    AND r.agent_result_id = o.agent_result_id
JOIN strategy.agent_action AS s
    ON s.action_id = r.action_id
LEFT JOIN core.attempt AS a
    ON a.record_key = o.record_key
WHERE w.work_id = @work_id;

UPDATE c
SET
    agent_result_id = o.agent_result_id,
    agent_result_at = o.given_at,
    agent_result_attempts = (
        SELECT COUNT(*) AS times
        FROM core.attempt_outcome AS h
        WHERE h.client_id = c.client_id
            AND h.agent_result_id = o.agent_result_id
            AND h.round_no = c.round_no
    )
FROM core.client AS c
JOIN @outcome AS o
    ON o.client_id = c.client_id
    AND o.turn = 1
WHERE c.agent_result_at IS NULL
    OR c.agent_result_at <= o.given_at;

UPDATE c
SET last_agent_result_id = o.agent_result_id
FROM core.client AS c
JOIN @outcome AS o
    ON o.client_id = c.client_id
WHERE o.ended_at = c.last_attempt_at;

UPDATE c
SET
    status_id = o.final_status_id,
    status_at = @now
FROM core.client AS c
JOIN @outcome AS o
    ON o.client_id = c.client_id
    AND o.turn = 1
WHERE o.final_status_id IS NOT NULL
    AND c.status_id <> o.final_status_id;

UPDATE p
SET
    last_agent_result_id = CASE
        WHEN o.phone_id = p.phone_id AND o.ended_at = p.last_attempt_at THEN o.agent_result_id
        ELSE p.last_agent_result_id
    END,
    hold_agent_result_id = o.agent_result_id,
    waits_from = CASE WHEN p.waits_from > o.holds_from THEN p.waits_from ELSE o.holds_from END
FROM core.phone AS p
JOIN @outcome AS o
    ON o.client_id = p.client_id
    AND o.turn = 1
WHERE p.last_attempt_at IS NULL
    OR p.last_attempt_at <= o.holds_from;

INSERT INTO @number (number, agent)
SELECT
    p.number,
    MAX(o.agent)
FROM @outcome AS o
JOIN core.phone AS p
    ON p.phone_id = o.phone_id
WHERE o.is_do_not_call = 1
GROUP BY p.number;

/* A client without a call behind the result: all of its numbers. */
INSERT INTO @number (number, agent)
SELECT
    p.number,
    MAX(o.agent)
FROM @outcome AS o
JOIN core.phone AS p
    ON p.client_id = o.client_id
WHERE o.is_do_not_call = 1
    AND o.phone_id IS NULL
    AND p.number NOT IN (SELECT n.number FROM @number AS n)
GROUP BY p.number;

INSERT INTO core.do_not_call (number, added_at, added_by, reason)
SELECT
    n.number,
    @now,
    COALESCE(n.agent, N'dialer'),
    N'agent result'
FROM @number AS n
WHERE NOT EXISTS (
    SELECT 1 AS found
    FROM core.do_not_call AS d
    WHERE d.number = n.number
        AND d.lifted_at IS NULL
);

INSERT INTO core.work_client (work_id, client_id)
SELECT DISTINCT
    @work_id,
    p.client_id
FROM @number AS n
JOIN core.phone AS p
    ON p.number = n.number
WHERE p.is_do_not_call = 0
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM core.work_client AS w
        WHERE w.work_id = @work_id
            AND w.client_id = p.client_id
    );

UPDATE p
SET is_do_not_call = 1
FROM core.phone AS p
JOIN @number AS n
    ON n.number = p.number
WHERE p.is_do_not_call = 0;

DELETE FROM core.work_outcome
WHERE work_id = @work_id;

COMMIT TRANSACTION;
