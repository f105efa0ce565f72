/*
dialing.result_apply          version 1.3.3          2026-11-26

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
           core.utc_moment, core.client_archive
Writes     core.attempt, core.attempt_outcome, core.client, core.phone, dialing.record, dialing.callback,
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
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);
/* kind: 1 to be applied, 2 repeated, 3 unknown, 4 still Cisco's. */
DECLARE @row table (
    row_no int NOT NULL PRIMARY KEY,
    record_key nvarchar(128) NULL,
    kind smallint NOT NULL
);
DECLARE @result table (
    record_key nvarchar(30) NOT NULL PRIMARY KEY,
    row_no int NOT NULL,
    campaign_id int NOT NULL,
    client_id bigint NOT NULL,
    phone_id bigint NOT NULL,
    person_id bigint NULL,
    number nvarchar(20) NOT NULL,
    block_id bigint NOT NULL,
    strategy_version_id int NOT NULL,
    processing_id smallint NOT NULL,
    round_no smallint NOT NULL,
    is_current bit NOT NULL, /* of the client's present round */
    callback_id bigint NULL,
    taken_at datetime2(3) NOT NULL,
    ended_at datetime2(3) NOT NULL,
    local_day date NOT NULL,
    technical_result_id int NOT NULL,
    is_counted bit NOT NULL,
    agent_result_id int NULL
);
DECLARE @tally table (
    client_id bigint NOT NULL PRIMARY KEY,
    attempts int NOT NULL,
    first_at datetime2(3) NULL,
    last_at datetime2(3) NULL,
    last_day date NULL,
    last_day_attempts int NOT NULL,
    last_technical_result_id int NOT NULL
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
    SELECT r.client_id
    FROM dialing.result_stage AS s
    JOIN dialing.record AS r
        ON r.record_key = s.account_number
    WHERE s.batch_id = @batch_id
    UNION
    SELECT r.client_id
    FROM dialing.result_stage AS s
    JOIN dialing.record_returned AS r
        ON r.record_key = s.account_number
    WHERE s.batch_id = @batch_id
)
ORDER BY c.client_id;

INSERT INTO @row (row_no, record_key, kind)
SELECT
    s.row_no,
    s.account_number,
    CASE
        WHEN a.attempt_id IS NOT NULL THEN 2
        WHEN r.record_key IS NULL AND x.record_key IS NULL THEN 3
        WHEN f.is_final = 0 THEN 4
        WHEN ROW_NUMBER() OVER (
            PARTITION BY s.account_number, f.is_final
            ORDER BY s.db_datetime, s.recovery_key, s.row_no
        ) > 1 THEN 2
        ELSE 1
    END
FROM dialing.result_stage AS s
CROSS APPLY (
    SELECT CASE WHEN s.call_status IN (N'C', N'M', N'J', N'R', N'X', N'F', N'L', N'I', N'O') THEN 1 ELSE 0 END AS is_final
) AS f
LEFT JOIN dialing.record AS r
    ON r.record_key = s.account_number
LEFT JOIN dialing.record_returned AS x
    ON x.record_key = s.account_number
LEFT JOIN core.attempt AS a
    ON a.record_key = s.account_number
WHERE s.batch_id = @batch_id;

INSERT INTO @result (
    record_key, row_no, campaign_id, client_id, phone_id, person_id, number, block_id, strategy_version_id, processing_id,
    round_no, is_current, callback_id, taken_at, ended_at, local_day, technical_result_id, is_counted, agent_result_id
)
SELECT
    s.account_number,
    s.row_no,
    COALESCE(r.campaign_id, x.campaign_id),
    c.client_id,
    COALESCE(r.phone_id, x.phone_id),
    c.person_id,
    COALESCE(r.number, x.number),
    COALESCE(r.block_id, x.block_id),
    COALESCE(r.strategy_version_id, x.strategy_version_id),
    COALESCE(r.processing_id, x.processing_id),
    c.round_no - 1 + f.is_current,
    f.is_current,
    r.callback_id,
    COALESCE(r.taken_at, x.taken_at),
    e.ended_at,
    CAST(DATEADD(MINUTE, COALESCE(z.offset_minutes, 0), e.ended_at) AS date),
    COALESCE(t.technical_result_id, @other_result_id),
    u.counts_as_attempt,
    g.agent_result_id
FROM @row AS w
JOIN dialing.result_stage AS s
    ON s.batch_id = @batch_id
    AND s.row_no = w.row_no
LEFT JOIN dialing.record AS r
    ON r.record_key = s.account_number
LEFT JOIN dialing.record_returned AS x
    ON x.record_key = s.account_number
    AND r.record_key IS NULL
JOIN (
    SELECT l.client_id AS client_id, l.campaign_id AS campaign_id, l.zone_id AS zone_id, l.round_no AS round_no,
        l.person_id AS person_id, l.loaded_at AS loaded_at
    FROM core.client AS l
    UNION ALL
    SELECT h.client_id AS client_id, h.campaign_id AS campaign_id, h.zone_id AS zone_id, h.round_no AS round_no,
        h.person_id AS person_id, h.loaded_at AS loaded_at
    FROM core.client_archive AS h
) AS c
    ON c.client_id = COALESCE(r.client_id, x.client_id)
JOIN core.campaign AS k
    ON k.campaign_id = c.campaign_id
CROSS APPLY (SELECT DATEADD(MINUTE, s.time_zone_minutes, COALESCE(s.generated_at, s.db_datetime)) AS ended_at) AS e
CROSS APPLY (SELECT CASE WHEN COALESCE(r.taken_at, x.taken_at) < c.loaded_at THEN 0 ELSE 1 END AS is_current) AS f
LEFT JOIN (
    SELECT
        d.technical_result_id AS technical_result_id,
        d.cisco_code AS cisco_code,
        ROW_NUMBER() OVER (PARTITION BY d.cisco_code ORDER BY d.is_enabled DESC, d.technical_result_id ASC) AS turn
    FROM core.technical_result AS d
) AS t
    ON t.cisco_code = s.call_result
    AND t.turn = 1
LEFT JOIN strategy.technical_rule AS u
    ON u.strategy_version_id = k.strategy_version_id
    AND u.technical_result_id = COALESCE(t.technical_result_id, @other_result_id)
LEFT JOIN core.time_zone_offset AS z
    ON z.zone_id = COALESCE(c.zone_id, k.default_zone_id)
    AND z.valid_from <= e.ended_at
    AND z.valid_to > e.ended_at
LEFT JOIN strategy.version AS v
    ON v.strategy_version_id = k.strategy_version_id
LEFT JOIN core.agent_result AS g
    ON g.code_key = UPPER(LTRIM(RTRIM(s.wrapup)))
    AND g.is_enabled = 1
    AND (
        v.leaf_mandatory = 0
        OR NOT EXISTS (
            SELECT 1 AS found
            FROM core.agent_result AS n
            WHERE n.parent_id = g.agent_result_id
                AND n.is_enabled = 1
        )
    )
WHERE w.kind = 1;

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
    s.duration_ms,
    s.agent,
    s.wrapup,
    @dialer_id,
    s.recovery_key,
    @now
FROM @result AS r
JOIN dialing.result_stage AS s
    ON s.batch_id = @batch_id
    AND s.row_no = r.row_no
ORDER BY r.row_no;

SET @applied = @@ROWCOUNT;

DELETE q
FROM dialing.record AS q
JOIN @result AS r
    ON r.record_key = q.record_key;

/* A client may have several results in one batch when results are late: the latest one counts as its last. */
INSERT INTO @tally (client_id, attempts, first_at, last_at, last_day, last_day_attempts, last_technical_result_id)
SELECT
    y.client_id,
    SUM(CASE WHEN y.is_current = 1 AND y.is_counted = 1 THEN 1 ELSE 0 END),
    MIN(CASE WHEN y.is_current = 1 AND y.is_counted = 1 THEN y.ended_at ELSE NULL END),
    MAX(CASE WHEN y.is_current = 1 THEN y.ended_at ELSE NULL END),
    MAX(y.last_day),
    SUM(CASE WHEN y.is_counted = 1 AND y.local_day = y.last_day THEN 1 ELSE 0 END),
    MAX(CASE WHEN y.is_current = 1 AND y.turn = 1 THEN y.technical_result_id ELSE 0 END)
FROM (
    SELECT
        r.client_id AS client_id,
        r.is_current AS is_current,
        r.is_counted AS is_counted,
        r.ended_at AS ended_at,
        r.local_day AS local_day,
        r.technical_result_id AS technical_result_id,
        MAX(CASE WHEN r.is_counted = 1 THEN r.local_day ELSE NULL END) OVER (PARTITION BY r.client_id) AS last_day,
        ROW_NUMBER() OVER (PARTITION BY r.client_id, r.is_current ORDER BY r.ended_at DESC, r.row_no DESC) AS turn
    FROM @result AS r
) AS y
GROUP BY y.client_id;

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
UPDATE p
SET
    attempts = p.attempts + y.attempts,
    last_technical_result_id = CASE
        WHEN p.last_attempt_at > y.ended_at THEN p.last_technical_result_id
        ELSE y.technical_result_id
    END,
    last_agent_result_id = CASE WHEN p.last_attempt_at > y.ended_at THEN p.last_agent_result_id ELSE NULL END,
    hold_agent_result_id = CASE WHEN p.waits_from > y.ended_at THEN p.hold_agent_result_id ELSE NULL END,
    held_until = CASE WHEN p.held_until > @now THEN p.held_until ELSE NULL END,
    waits_from = CASE WHEN p.waits_from > y.ended_at THEN p.waits_from ELSE y.ended_at END,
    last_attempt_at = CASE WHEN p.last_attempt_at > y.ended_at THEN p.last_attempt_at ELSE y.ended_at END
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
    WHERE r.is_current = 1
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
WHERE b.state_id = 2;

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
JOIN dialing.result_stage AS s
    ON s.batch_id = @batch_id
    AND s.row_no = r.row_no
JOIN core.phone AS p
    ON p.phone_id = r.phone_id
JOIN core.client AS c
    ON c.client_id = p.client_id
JOIN core.campaign AS k
    ON k.campaign_id = p.campaign_id
LEFT JOIN core.phone AS q
    ON q.client_id = p.client_id
    AND q.number = s.callback_phone
CROSS APPLY core.utc_moment(COALESCE(p.zone_id, c.zone_id, k.default_zone_id), s.callback_at, 0) AS m
WHERE s.callback_at IS NOT NULL
    AND s.call_result IN (14, 15)
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
FROM @tally AS t;

/* Results that agents gave before, then those of the wrap-up text where nobody gave one. */
INSERT INTO core.work_outcome (work_id, outcome_id, is_new)
SELECT
    @work_id,
    o.outcome_id,
    0
FROM @result AS r
JOIN core.attempt_outcome AS o
    ON o.record_key = r.record_key;

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
    s.agent,
    r.ended_at,
    @now
FROM @result AS r
JOIN dialing.result_stage AS s
    ON s.batch_id = @batch_id
    AND s.row_no = r.row_no
WHERE r.agent_result_id IS NOT NULL
    AND NOT EXISTS (SELECT 1 AS found FROM core.attempt_outcome AS o WHERE o.record_key = r.record_key)
ORDER BY r.row_no;

INSERT INTO core.work_outcome (work_id, outcome_id, is_new)
SELECT
    @work_id,
    o.outcome_id,
    1
FROM @result AS r
JOIN core.attempt_outcome AS o
    ON o.record_key = r.record_key
WHERE NOT EXISTS (
    SELECT 1 AS found
    FROM core.work_outcome AS w
    WHERE w.work_id = @work_id
        AND w.outcome_id = o.outcome_id
);

/* And those that were given after this call for the client alone, or for a call whose result is not there yet. */
INSERT INTO core.work_outcome (work_id, outcome_id, is_new)
SELECT
    @work_id,
    o.outcome_id,
    0
FROM @tally AS t
JOIN core.client AS c
    ON c.client_id = t.client_id
JOIN core.attempt_outcome AS o
    ON o.client_id = c.client_id
WHERE c.agent_result_at >= t.last_at
    AND o.given_at >= t.last_at
    AND NOT EXISTS (SELECT 1 AS found FROM core.attempt AS a WHERE a.record_key = o.record_key);

EXECUTE dialing.private_outcome_apply @work_id = @work_id, @now = @now;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

SELECT
    @repeated = SUM(CASE WHEN w.kind = 2 THEN 1 ELSE 0 END),
    @unknown = SUM(CASE WHEN w.kind = 3 THEN 1 ELSE 0 END),
    @interim = SUM(CASE WHEN w.kind = 4 THEN 1 ELSE 0 END)
FROM @row AS w;

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
