/*
dialing.private_outcome_apply          version 1.3.0          2026-11-26

Applies the agent results of one work set to their clients (strategy.md, «What a result does», 3). It gives the same outcome
whether an agent result comes before, with or after the technical one, and whichever of two results comes first: everything here
is worked out from the moments in the rows of outcomes and attempts, and applying one again changes nothing. Results of an earlier
round, and of a client in the archive, stay in the journal and change nothing but the do-not-call list.

An agent result is a result for every phone of the client: its delay holds all of them, from the end of the call or from the
moment when the result was given, whichever is later. A result given for the client alone is its last result until the next call.

Called by  sql/procedures/dialing.result_apply.sql, sql/procedures/dialing.agent_result_apply.sql
Reads      core.work_outcome, core.attempt_outcome, core.attempt, core.campaign, strategy.agent_rule, strategy.agent_action,
           core.phone_archive, contacts.phone_now
Writes     core.client, core.phone, core.work_phone_fact, core.do_not_call, core.work_client, core.work_outcome
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
    is_current bit NOT NULL,
    turn int NOT NULL
);
DECLARE @client table (
    client_id bigint NOT NULL PRIMARY KEY,
    agent_result_id int NOT NULL,
    agent_result_at datetime2(3) NOT NULL,
    agent_result_attempts int NOT NULL,
    last_agent_result_id int NULL
);
/* Of each phone the latest call that has an agent result. */
DECLARE @own table (
    phone_id bigint NOT NULL PRIMARY KEY,
    ended_at datetime2(3) NOT NULL,
    agent_result_id int NOT NULL
);
/* agent_result_id: what holds the phone from now on; NULL where its own result is later. is_new: this event changes nothing else
   of the phone. */
DECLARE @held table (
    phone_id bigint NOT NULL PRIMARY KEY,
    is_new bit NOT NULL,
    agent_result_id int NULL,
    holds_from datetime2(3) NOT NULL,
    own_result_id int NULL
);
DECLARE @final table (client_id bigint NOT NULL PRIMARY KEY, status_id smallint NOT NULL);
DECLARE @number table (number nvarchar(20) NOT NULL PRIMARY KEY, agent nvarchar(64) NULL);
DECLARE @holder table (client_id bigint NOT NULL PRIMARY KEY);

BEGIN TRANSACTION;

/* is_current: of the client's present round. turn 1 is the latest of them in this set. */
INSERT INTO @outcome (
    outcome_id, client_id, record_key, agent_result_id, final_status_id, is_do_not_call, agent, given_at, holds_from, ended_at,
    phone_id, is_current, turn
)
SELECT
    x.outcome_id,
    x.client_id,
    x.record_key,
    x.agent_result_id,
    x.final_status_id,
    x.is_do_not_call,
    x.agent,
    x.given_at,
    CASE WHEN x.ended_at > x.given_at THEN x.ended_at ELSE x.given_at END,
    x.ended_at,
    x.phone_id,
    x.is_current,
    ROW_NUMBER() OVER (PARTITION BY x.client_id, x.is_current ORDER BY x.given_at DESC, x.outcome_id DESC)
FROM (
    SELECT
        o.outcome_id AS outcome_id,
        o.client_id AS client_id,
        o.record_key AS record_key,
        o.agent_result_id AS agent_result_id,
        s.final_status_id AS final_status_id,
        CASE WHEN r.action_id = 5 AND w.is_new = 1 THEN 1 ELSE 0 END AS is_do_not_call,
        o.agent AS agent,
        o.given_at AS given_at,
        a.ended_at AS ended_at,
        COALESCE(a.phone_id, o.phone_id) AS phone_id,
        CASE WHEN o.round_no = c.round_no THEN 1 ELSE 0 END AS is_current
    FROM core.work_outcome AS w
    JOIN core.attempt_outcome AS o
        ON o.outcome_id = w.outcome_id
    LEFT JOIN core.client AS c
        ON c.client_id = o.client_id
    LEFT JOIN core.campaign AS k
        ON k.campaign_id = o.campaign_id
    LEFT JOIN strategy.agent_rule AS r
        ON r.strategy_version_id = k.strategy_version_id
        AND r.agent_result_id = o.agent_result_id
    LEFT JOIN strategy.agent_action AS s
        ON s.action_id = r.action_id
    LEFT JOIN core.attempt AS a
        ON a.record_key = o.record_key
    WHERE w.work_id = @work_id
) AS x;

/*
The latest of all, and how often the client has had it in this round. The last one is that of the last attempt, or one given since
then for no attempt: for the client alone, or for a call whose technical result is not there yet; of several the one given last.
*/
INSERT INTO @client (client_id, agent_result_id, agent_result_at, agent_result_attempts, last_agent_result_id)
SELECT
    c.client_id,
    n.agent_result_id,
    n.agent_result_at,
    h.times,
    (
        SELECT TOP (1) g.agent_result_id
        FROM core.attempt_outcome AS g
        LEFT JOIN core.attempt AS a
            ON a.record_key = g.record_key
        WHERE g.client_id = c.client_id
            AND g.round_no = c.round_no
            AND (
                a.ended_at = c.last_attempt_at
                OR (a.record_key IS NULL AND (c.last_attempt_at IS NULL OR c.last_attempt_at <= g.given_at))
            )
        ORDER BY g.given_at DESC, g.outcome_id DESC
    )
FROM @outcome AS o
JOIN core.client AS c
    ON c.client_id = o.client_id
CROSS APPLY (
    SELECT
        CASE WHEN c.agent_result_at > o.given_at THEN c.agent_result_id ELSE o.agent_result_id END AS agent_result_id,
        CASE WHEN c.agent_result_at > o.given_at THEN c.agent_result_at ELSE o.given_at END AS agent_result_at
) AS n
CROSS APPLY (
    SELECT COUNT(*) AS times
    FROM core.attempt_outcome AS h1
    WHERE h1.client_id = c.client_id
        AND h1.agent_result_id = n.agent_result_id
        AND h1.round_no = c.round_no
) AS h
WHERE o.is_current = 1
    AND o.turn = 1;

/* Of two results that both process the client, the one given later names the status. */
INSERT INTO @final (client_id, status_id)
SELECT
    y.client_id,
    y.final_status_id
FROM (
    SELECT
        o.client_id AS client_id,
        o.final_status_id AS final_status_id,
        ROW_NUMBER() OVER (PARTITION BY o.client_id ORDER BY o.given_at DESC, o.outcome_id DESC) AS turn
    FROM @outcome AS o
    JOIN core.client AS c
        ON c.client_id = o.client_id
    JOIN @client AS n
        ON n.client_id = o.client_id
    WHERE o.is_current = 1
        AND o.final_status_id IS NOT NULL
        AND (
            n.agent_result_at <= o.given_at
            OR NOT EXISTS (
                SELECT 1 AS found
                FROM core.attempt_outcome AS h
                JOIN core.campaign AS k
                    ON k.campaign_id = h.campaign_id
                JOIN strategy.agent_rule AS r
                    ON r.strategy_version_id = k.strategy_version_id
                    AND r.agent_result_id = h.agent_result_id
                JOIN strategy.agent_action AS s
                    ON s.action_id = r.action_id
                    AND s.final_status_id IS NOT NULL
                WHERE h.client_id = c.client_id
                    AND h.round_no = c.round_no
                    AND h.given_at > o.given_at
            )
        )
) AS y
WHERE y.turn = 1;

UPDATE c
SET
    agent_result_id = n.agent_result_id,
    agent_result_at = n.agent_result_at,
    agent_result_attempts = n.agent_result_attempts,
    last_agent_result_id = n.last_agent_result_id,
    status_id = COALESCE(f.status_id, c.status_id),
    status_at = CASE WHEN f.status_id <> c.status_id THEN @now ELSE c.status_at END
FROM core.client AS c
JOIN @client AS n
    ON n.client_id = c.client_id
LEFT JOIN @final AS f
    ON f.client_id = n.client_id;

INSERT INTO @own (phone_id, ended_at, agent_result_id)
SELECT
    x.phone_id,
    x.ended_at,
    x.agent_result_id
FROM (
    SELECT
        o.phone_id AS phone_id,
        o.ended_at AS ended_at,
        o.agent_result_id AS agent_result_id,
        ROW_NUMBER() OVER (
            PARTITION BY o.phone_id
            ORDER BY o.ended_at DESC, o.given_at DESC, o.outcome_id DESC
        ) AS turn
    FROM @outcome AS o
    WHERE o.is_current = 1
        AND o.phone_id IS NOT NULL
        AND o.ended_at IS NOT NULL
) AS x
WHERE x.turn = 1;

/* What holds a phone is the latest of its own results and of its client's agent results; of two at the same moment, the agent's.
   One without any result waits from its load, which holds it not. The phone that was dialled has the agent result of its last
   attempt. */
INSERT INTO @held (phone_id, is_new, agent_result_id, holds_from, own_result_id)
SELECT
    q.phone_id,
    1 - q.is_in_work,
    CASE
        WHEN q.waits_from <= o.holds_from THEN o.agent_result_id
        WHEN q.last_technical_result_id IS NULL AND q.hold_agent_result_id IS NULL THEN o.agent_result_id
        ELSE NULL
    END,
    o.holds_from,
    x.agent_result_id
FROM (
    SELECT
        h.client_id AS client_id,
        h.agent_result_id AS agent_result_id,
        h.holds_from AS holds_from,
        ROW_NUMBER() OVER (PARTITION BY h.client_id ORDER BY h.holds_from DESC, h.given_at DESC, h.outcome_id DESC) AS turn
    FROM @outcome AS h
    WHERE h.is_current = 1
) AS o
JOIN contacts.phone_now AS q
    ON q.client_id = o.client_id
LEFT JOIN @own AS x
    ON x.phone_id = q.phone_id
    AND x.ended_at = q.last_attempt_at
WHERE o.turn = 1
    AND (
        q.waits_from <= o.holds_from
        OR (q.last_technical_result_id IS NULL AND q.hold_agent_result_id IS NULL)
        OR x.phone_id IS NOT NULL
    );

INSERT INTO core.work_phone_fact (
    phone_id, attempts, last_attempt_at, last_technical_result_id, last_agent_result_id, hold_agent_result_id, waits_from,
    held_until
)
SELECT
    p.phone_id,
    p.attempts,
    p.last_attempt_at,
    p.last_technical_result_id,
    p.last_agent_result_id,
    p.hold_agent_result_id,
    p.waits_from,
    p.held_until
FROM @held AS y
JOIN core.phone AS p
    ON p.phone_id = y.phone_id
WHERE y.is_new = 1;

UPDATE p
SET
    hold_agent_result_id = COALESCE(y.agent_result_id, p.hold_agent_result_id),
    waits_from = CASE WHEN y.agent_result_id IS NOT NULL THEN y.holds_from ELSE p.waits_from END,
    last_agent_result_id = COALESCE(y.own_result_id, p.last_agent_result_id)
FROM core.work_phone_fact AS p
JOIN @held AS y
    ON y.phone_id = p.phone_id;

INSERT INTO @number (number, agent)
SELECT
    p.number,
    MAX(o.agent)
FROM @outcome AS o
JOIN (
    SELECT l.phone_id AS phone_id, l.number AS number
    FROM core.phone AS l
    UNION ALL
    SELECT h.phone_id AS phone_id, h.number AS number
    FROM core.phone_archive AS h
) AS p
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

/* Clients of all campaigns that have the number: nobody may hand it over meanwhile. */
INSERT INTO @holder (client_id)
SELECT c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id IN (
    SELECT p.client_id
    FROM @number AS n
    JOIN core.phone AS p
        ON p.number = n.number
    WHERE p.is_do_not_call = 0
)
ORDER BY c.client_id;

INSERT INTO core.work_client (work_id, client_id)
SELECT
    @work_id,
    h.client_id
FROM @holder AS h
WHERE NOT EXISTS (
    SELECT 1 AS found
    FROM core.work_client AS w
    WHERE w.work_id = @work_id
        AND w.client_id = h.client_id
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
