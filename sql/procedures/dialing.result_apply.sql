/*
dialing.result_apply          version 1.4.0          2026-11-26

Applies a batch of the dialer's result rows, each exactly once (strategy.md, «What a result does»). A row whose record is out,
or came back undialled before, becomes an attempt with its one technical result. Rows that were applied before (the reading
overlaps), rows of other systems and rows after which Cisco still owns the record (it will send another one) change nothing and
are counted. A record that Cisco would try again by itself (status R) is ours again: its campaigns have the longest delays that
Cisco takes, since repeating is the strategy's work.

The same call result may come twice for one record, out of order and late: the first final row of a record is its result. A late
one of a phone that was moved since, or whose client was archived, is written down, and does not count for what is there now.

The late result of a call of an earlier round is an attempt of that round: of the client's and the phone's counts it changes
that of the day alone.

Called by  jobs/dialer_sync.py
Reads      dialing.result_stage, dialing.result_batch, dialing.dialer, core.technical_result, core.agent_result,
           core.campaign, strategy.version, strategy.technical_rule, dialing.record_returned, core.time_zone_offset,
           core.utc_moment, core.client_archive, core.phone
Writes     core.attempt, core.attempt_outcome, core.client, core.work_phone_fact, dialing.record, dialing.callback,
           dialing.result_batch, core.work_set, core.work_client, core.work_outcome, dialing.result_stage
Returns    one row: rows_applied int, rows_repeated int, rows_unknown int, rows_interim int
Example    EXECUTE dialing.result_apply @batch_id = 12;
*/
CREATE OR ALTER PROCEDURE dialing.result_apply
    @batch_id bigint, /* dialing.result_batch.batch_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @dialer_id int;
DECLARE @applied_at datetime2(3);
DECLARE @other_result_id int;
DECLARE @work_id bigint;
DECLARE @applied int;
DECLARE @repeated int;
DECLARE @unknown int;
DECLARE @interim int;
DECLARE @client table (client_id bigint NOT NULL);
/* kind: 1 to be applied, 2 repeated, 3 unknown, 4 still Cisco's; those of kind 1 have all the facts of their call. */
DECLARE @result table (
    row_no int NOT NULL,
    kind smallint NOT NULL,
    record_key nvarchar(128) NULL,
    campaign_id int NULL,
    client_id bigint NULL,
    phone_id bigint NULL,
    person_id bigint NULL,
    number nvarchar(20) NULL,
    block_id bigint NULL,
    strategy_version_id int NULL,
    processing_id smallint NULL,
    round_no smallint NULL,
    is_current bit NULL, /* of the client's present round */
    callback_id bigint NULL,
    taken_at datetime2(3) NULL,
    ended_at datetime2(3) NULL,
    local_day date NULL,
    technical_result_id int NULL,
    is_counted bit NULL,
    agent_result_id int NULL,
    client_agent_result_at datetime2(3) NULL, /* when the client's latest agent result of all was given */
    duration_ms int NULL,
    agent nvarchar(64) NULL,
    wrapup nvarchar(64) NULL,
    recovery_key float NULL,
    callback_phone nvarchar(20) NULL, /* of the results that ask for a callback */
    callback_at datetime2(3) NULL
);
/* Of each code of Cisco the result that stands for it. */
DECLARE @technical table (cisco_code smallint NOT NULL PRIMARY KEY, technical_result_id int NOT NULL);
DECLARE @tally table (
    client_id bigint NOT NULL,
    attempts int NOT NULL,
    first_at datetime2(3) NULL,
    last_at datetime2(3) NULL,
    last_day date NULL,
    last_day_attempts int NOT NULL,
    last_technical_result_id int NOT NULL,
    agent_result_at datetime2(3) NULL
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT @dialer_id = b.dialer_id
FROM dialing.result_batch AS b
WHERE b.batch_id = @batch_id;

/* Batches of one dialer are applied one after another; whether this one was is known only under the lock. */
SELECT @dialer_id = d.dialer_id
FROM dialing.dialer AS d WITH (ROWLOCK, UPDLOCK)
WHERE d.dialer_id = @dialer_id;

SELECT @applied_at = b.applied_at
FROM dialing.result_batch AS b
WHERE b.batch_id = @batch_id;

IF @dialer_id IS NULL OR @applied_at IS NOT NULL
    THROW 50003, N'The value for the parameter @batch_id is not supported. It is a batch that was not applied yet.', 1;

SELECT @other_result_id = t.technical_result_id
FROM core.technical_result AS t
WHERE t.code_key = N'OTHER';

INSERT INTO @client (client_id)
SELECT c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id IN (
    SELECT COALESCE(r.client_id, x.client_id)
    FROM dialing.result_stage AS s
    LEFT JOIN dialing.record AS r
        ON r.record_key = s.account_number
    LEFT JOIN dialing.record_returned AS x
        ON x.record_key = CASE WHEN r.record_key IS NULL THEN s.account_number ELSE NULL END
    WHERE s.batch_id = @batch_id
)
ORDER BY c.client_id;

INSERT INTO @technical (cisco_code, technical_result_id)
SELECT
    d.cisco_code,
    d.technical_result_id
FROM (
    SELECT
        t.cisco_code AS cisco_code,
        t.technical_result_id AS technical_result_id,
        ROW_NUMBER() OVER (PARTITION BY t.cisco_code ORDER BY t.is_enabled DESC, t.technical_result_id ASC) AS turn
    FROM core.technical_result AS t
    WHERE t.cisco_code IS NOT NULL
) AS d
WHERE d.turn = 1;

INSERT INTO @result (
    row_no, kind, record_key, campaign_id, client_id, phone_id, person_id, number, block_id, strategy_version_id, processing_id,
    round_no, is_current, callback_id, taken_at, ended_at, local_day, technical_result_id, is_counted, agent_result_id,
    client_agent_result_at, duration_ms, agent, wrapup, recovery_key, callback_phone, callback_at
)
SELECT
    w.row_no,
    CASE WHEN w.kind = 1 AND c.client_id IS NULL THEN 3 ELSE w.kind END,
    w.record_key,
    w.campaign_id,
    c.client_id,
    w.phone_id,
    c.person_id,
    w.number,
    w.block_id,
    w.strategy_version_id,
    w.processing_id,
    c.round_no - 1 + f.is_current,
    f.is_current,
    w.callback_id,
    w.taken_at,
    w.ended_at,
    CAST(DATEADD(MINUTE, COALESCE(z.offset_minutes, 0), w.ended_at) AS date),
    COALESCE(t.technical_result_id, @other_result_id),
    u.counts_as_attempt,
    g.agent_result_id,
    c.agent_result_at,
    w.duration_ms,
    w.agent,
    w.wrapup,
    w.recovery_key,
    w.callback_phone,
    w.callback_at
FROM (
    SELECT
        s.row_no AS row_no,
        s.account_number AS record_key,
        s.call_result AS call_result,
        s.wrapup AS wrapup,
        s.duration_ms AS duration_ms,
        s.agent AS agent,
        s.recovery_key AS recovery_key,
        s.callback_phone AS callback_phone,
        CASE WHEN s.call_result IN (14, 15) THEN s.callback_at ELSE NULL END AS callback_at,
        DATEADD(MINUTE, s.time_zone_minutes, COALESCE(s.generated_at, s.db_datetime)) AS ended_at,
        COALESCE(r.campaign_id, x.campaign_id) AS campaign_id,
        COALESCE(r.client_id, x.client_id) AS client_id,
        COALESCE(r.phone_id, x.phone_id) AS phone_id,
        COALESCE(r.number, x.number) AS number,
        COALESCE(r.block_id, x.block_id) AS block_id,
        COALESCE(r.strategy_version_id, x.strategy_version_id) AS strategy_version_id,
        COALESCE(r.processing_id, x.processing_id) AS processing_id,
        COALESCE(r.taken_at, x.taken_at) AS taken_at,
        r.callback_id AS callback_id,
        CASE
            WHEN a.attempt_id IS NOT NULL THEN 2
            WHEN r.record_key IS NULL AND x.record_key IS NULL THEN 3
            WHEN e.is_final = 0 THEN 4
            WHEN ROW_NUMBER() OVER (
                PARTITION BY s.account_number, e.is_final
                ORDER BY s.db_datetime, s.recovery_key, s.row_no
            ) > 1 THEN 2
            ELSE 1
        END AS kind
    FROM dialing.result_stage AS s
    CROSS APPLY (
        SELECT CASE WHEN s.call_status IN (N'C', N'M', N'J', N'R', N'X', N'F', N'L', N'I', N'O') THEN 1 ELSE 0 END AS is_final
    ) AS e
    LEFT JOIN dialing.record AS r
        ON r.record_key = s.account_number
    LEFT JOIN dialing.record_returned AS x
        ON x.record_key = CASE WHEN r.record_key IS NULL THEN s.account_number ELSE NULL END
    LEFT JOIN core.attempt AS a
        ON a.record_key = CASE WHEN r.record_key IS NULL THEN s.account_number ELSE NULL END
    WHERE s.batch_id = @batch_id
) AS w
LEFT JOIN (
    SELECT l.client_id AS client_id, l.campaign_id AS campaign_id, l.zone_id AS zone_id, l.round_no AS round_no,
        l.person_id AS person_id, l.loaded_at AS loaded_at, l.agent_result_at AS agent_result_at
    FROM core.client AS l
    UNION ALL
    SELECT h.client_id AS client_id, h.campaign_id AS campaign_id, h.zone_id AS zone_id, h.round_no AS round_no,
        h.person_id AS person_id, h.loaded_at AS loaded_at, NULL AS agent_result_at
    FROM core.client_archive AS h
) AS c
    ON c.client_id = w.client_id
    AND w.kind = 1
LEFT JOIN core.campaign AS k
    ON k.campaign_id = c.campaign_id
CROSS APPLY (SELECT CASE WHEN w.taken_at < c.loaded_at THEN 0 ELSE 1 END AS is_current) AS f
LEFT JOIN @technical AS t
    ON t.cisco_code = w.call_result
LEFT JOIN strategy.technical_rule AS u
    ON u.strategy_version_id = k.strategy_version_id
    AND u.technical_result_id = COALESCE(t.technical_result_id, @other_result_id)
LEFT JOIN core.time_zone_offset AS z
    ON z.zone_id = COALESCE(c.zone_id, k.default_zone_id)
    AND z.valid_from <= w.ended_at
    AND z.valid_to > w.ended_at
LEFT JOIN strategy.version AS v
    ON v.strategy_version_id = k.strategy_version_id
LEFT JOIN core.agent_result AS g
    ON g.code_key = UPPER(LTRIM(RTRIM(w.wrapup)))
    AND g.is_enabled = 1
    AND (
        v.leaf_mandatory = 0
        OR NOT EXISTS (
            SELECT 1 AS found
            FROM core.agent_result AS n
            WHERE n.parent_id = g.agent_result_id
                AND n.is_enabled = 1
        )
    );

/* In the order of the rows, so that of two calls that ended at one moment the ids say which came last. */
INSERT INTO core.attempt (
    record_key, campaign_id, client_id, phone_id, person_id, number, block_id, strategy_version_id, processing_id, round_no,
    taken_at, ended_at, technical_result_id, is_counted, duration_ms, agent, wrapup, dialer_id, recovery_key, applied_at
)
SELECT
    r.record_key,
    r.campaign_id,
    r.client_id,
    r.phone_id,
    r.person_id,
    r.number,
    r.block_id,
    r.strategy_version_id,
    r.processing_id,
    r.round_no,
    r.taken_at,
    r.ended_at,
    r.technical_result_id,
    r.is_counted,
    r.duration_ms,
    r.agent,
    r.wrapup,
    @dialer_id,
    r.recovery_key,
    @now
FROM @result AS r
WHERE r.kind = 1
ORDER BY r.row_no;

SET @applied = @@ROWCOUNT;

DELETE q
FROM dialing.record AS q
JOIN @result AS r
    ON r.record_key = q.record_key
    AND r.kind = 1;

/* A client may have several results in one batch when results are late: the latest one counts as its last. */
INSERT INTO @tally (
    client_id, attempts, first_at, last_at, last_day, last_day_attempts, last_technical_result_id, agent_result_at
)
SELECT
    y.client_id,
    SUM(CASE WHEN y.is_current = 1 AND y.is_counted = 1 THEN 1 ELSE 0 END),
    MIN(CASE WHEN y.is_current = 1 AND y.is_counted = 1 THEN y.ended_at ELSE NULL END),
    MAX(CASE WHEN y.is_current = 1 THEN y.ended_at ELSE NULL END),
    MAX(y.last_day),
    SUM(CASE WHEN y.is_counted = 1 AND y.local_day = y.last_day THEN 1 ELSE 0 END),
    MAX(CASE WHEN y.is_current = 1 AND y.turn = 1 THEN y.technical_result_id ELSE 0 END),
    MAX(y.client_agent_result_at)
FROM (
    SELECT
        r.client_id AS client_id,
        r.is_current AS is_current,
        r.is_counted AS is_counted,
        r.ended_at AS ended_at,
        r.local_day AS local_day,
        r.technical_result_id AS technical_result_id,
        r.client_agent_result_at AS client_agent_result_at,
        MAX(CASE WHEN r.is_counted = 1 THEN r.local_day ELSE NULL END) OVER (PARTITION BY r.client_id) AS last_day,
        ROW_NUMBER() OVER (PARTITION BY r.client_id, r.is_current ORDER BY r.ended_at DESC, r.row_no DESC) AS turn
    FROM @result AS r
    WHERE r.kind = 1
) AS y
GROUP BY y.client_id
ORDER BY y.client_id;

UPDATE c
SET
    attempts = c.attempts + t.attempts,
    day_attempts = CASE
        WHEN t.last_day IS NULL OR c.attempt_day > t.last_day THEN c.day_attempts
        WHEN c.attempt_day = t.last_day THEN c.day_attempts + t.last_day_attempts
        ELSE t.last_day_attempts
    END,
    attempt_day = CASE WHEN c.attempt_day > t.last_day OR t.last_day IS NULL THEN c.attempt_day ELSE t.last_day END,
    first_attempt_at = CASE
        WHEN c.first_attempt_at IS NULL OR c.first_attempt_at > t.first_at THEN COALESCE(t.first_at, c.first_attempt_at)
        ELSE c.first_attempt_at
    END,
    last_technical_result_id = CASE
        WHEN t.last_at IS NULL OR c.last_attempt_at > t.last_at THEN c.last_technical_result_id
        ELSE t.last_technical_result_id
    END,
    last_agent_result_id = CASE
        WHEN t.last_at IS NULL OR c.last_attempt_at > t.last_at THEN c.last_agent_result_id
        ELSE NULL
    END,
    last_attempt_at = CASE WHEN t.last_at IS NULL OR c.last_attempt_at > t.last_at THEN c.last_attempt_at ELSE t.last_at END
FROM core.client AS c
JOIN @tally AS t
    ON t.client_id = c.client_id;

/* The phone's own last result takes the place of a hold by an earlier agent result. */
INSERT INTO core.work_phone_fact (
    phone_id, attempts, last_attempt_at, last_technical_result_id, last_agent_result_id, hold_agent_result_id, waits_from,
    held_until
)
SELECT
    p.phone_id,
    p.attempts + y.attempts,
    CASE WHEN p.last_attempt_at > y.ended_at THEN p.last_attempt_at ELSE y.ended_at END,
    CASE WHEN p.last_attempt_at > y.ended_at THEN p.last_technical_result_id ELSE y.technical_result_id END,
    CASE WHEN p.last_attempt_at > y.ended_at THEN p.last_agent_result_id ELSE NULL END,
    CASE WHEN p.waits_from > y.ended_at THEN p.hold_agent_result_id ELSE NULL END,
    CASE WHEN p.waits_from > y.ended_at THEN p.waits_from ELSE y.ended_at END,
    CASE WHEN p.held_until > @now THEN p.held_until ELSE NULL END
FROM core.phone AS p
JOIN (
    SELECT
        r.phone_id AS phone_id,
        r.client_id AS client_id,
        r.ended_at AS ended_at,
        r.technical_result_id AS technical_result_id,
        SUM(CASE WHEN r.is_counted = 1 THEN 1 ELSE 0 END) OVER (PARTITION BY r.phone_id) AS attempts,
        ROW_NUMBER() OVER (PARTITION BY r.phone_id ORDER BY r.ended_at DESC, r.row_no DESC) AS turn
    FROM @result AS r
    WHERE r.kind = 1
        AND r.is_current = 1
) AS y
    ON y.phone_id = p.phone_id
    AND y.client_id = p.client_id
    AND y.turn = 1;

/* A promised call is kept once it was dialled; a record that came back undialled leaves it waiting. */
UPDATE b
SET
    state_id = CASE WHEN r.is_counted = 1 THEN 3 ELSE 1 END,
    record_key = CASE WHEN r.is_counted = 1 THEN r.record_key ELSE NULL END,
    closed_at = CASE WHEN r.is_counted = 1 THEN r.ended_at ELSE NULL END
FROM dialing.callback AS b
JOIN @result AS r
    ON r.callback_id = b.callback_id
WHERE b.state_id = 2
    AND r.kind = 1;

/* Cisco writes the moment of its own next try into the same column: only results 14 and 15 ask for a callback. */
INSERT INTO dialing.callback (campaign_id, client_id, phone_id, due_at, agent, state_id, source_id, created_at)
SELECT
    p.campaign_id,
    p.client_id,
    COALESCE(q.phone_id, r.phone_id),
    m.utc_at,
    NULL,
    1,
    1,
    @now
FROM @result AS r
JOIN core.phone AS p
    ON p.phone_id = r.phone_id
JOIN core.client AS c
    ON c.client_id = p.client_id
JOIN core.campaign AS k
    ON k.campaign_id = p.campaign_id
LEFT JOIN core.phone AS q
    ON q.client_id = p.client_id
    AND q.number = r.callback_phone
CROSS APPLY core.utc_moment(COALESCE(p.zone_id, c.zone_id, k.default_zone_id), r.callback_at, 0) AS m
WHERE r.kind = 1
    AND r.callback_at IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM dialing.callback AS b
        WHERE b.client_id = p.client_id
            AND b.state_id = 1
            AND b.due_at = m.utc_at
    )
ORDER BY r.row_no;

INSERT INTO core.work_set (created_at)
VALUES (@now);

SET @work_id = SCOPE_IDENTITY();

INSERT INTO core.work_client (work_id, client_id)
SELECT
    @work_id,
    t.client_id
FROM @tally AS t
ORDER BY t.client_id;

/* Results of the wrap-up text where no agent gave one. */
INSERT INTO core.attempt_outcome (
    record_key, campaign_id, client_id, phone_id, round_no, agent_result_id, source_id, agent, given_at, applied_at
)
SELECT
    r.record_key,
    r.campaign_id,
    r.client_id,
    r.phone_id,
    r.round_no,
    r.agent_result_id,
    1,
    r.agent,
    r.ended_at,
    @now
FROM @result AS r
WHERE r.kind = 1
    AND r.agent_result_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 AS found FROM core.attempt_outcome AS o WHERE o.record_key = r.record_key)
ORDER BY r.row_no;

/* They and those that agents gave before. */
INSERT INTO core.work_outcome (work_id, outcome_id, is_new)
SELECT
    @work_id,
    o.outcome_id,
    CASE WHEN o.source_id = 1 THEN 1 ELSE 0 END
FROM @result AS r
JOIN core.attempt_outcome AS o
    ON o.record_key = r.record_key
WHERE r.kind = 1;

/* And those that were given after this call for the client alone, or for a call whose result is not there yet. */
INSERT INTO core.work_outcome (work_id, outcome_id, is_new)
SELECT
    @work_id,
    o.outcome_id,
    0
FROM @tally AS t
JOIN core.attempt_outcome AS o
    ON o.client_id = t.client_id
WHERE t.agent_result_at >= t.last_at
    AND o.given_at >= t.last_at
    AND NOT EXISTS (SELECT 1 AS found FROM core.attempt AS a WHERE a.record_key = o.record_key);

EXECUTE dialing.private_outcome_apply @work_id = @work_id, @now = @now;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

SELECT
    @repeated = SUM(CASE WHEN w.kind = 2 THEN 1 ELSE 0 END),
    @unknown = SUM(CASE WHEN w.kind = 3 THEN 1 ELSE 0 END),
    @interim = SUM(CASE WHEN w.kind = 4 THEN 1 ELSE 0 END)
FROM @result AS w;

UPDATE b
SET
    applied_at = @now,
    rows_applied = @applied,
    rows_repeated = COALESCE(@repeated, 0),
    rows_unknown = COALESCE(@unknown, 0),
    rows_interim = COALESCE(@interim, 0)
FROM dialing.result_batch AS b
WHERE b.batch_id = @batch_id;

DELETE FROM dialing.result_stage
WHERE batch_id = @batch_id;

COMMIT TRANSACTION;

SELECT
    @applied AS rows_applied,
    COALESCE(@repeated, 0) AS rows_repeated,
    COALESCE(@unknown, 0) AS rows_unknown,
    COALESCE(@interim, 0) AS rows_interim;
