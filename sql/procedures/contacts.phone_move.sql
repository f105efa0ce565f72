/*
contacts.phone_move          version 1.0.1          2026-11-26

Moves the phones of a work set to another campaign (M200, M208, M209). Phones that are at the dialer, and those of the target
itself, are left.

A phone keeps its id, number, type, zone, blocks and place on the do-not-call list; attempts, last results and delay begin
anew, and so does its load time. It goes to the client of the target with the same code. Where there is none, the client
itself moves when all of its phones do, in a new round; else one is made from it, with its person, names, attributes, zone,
priority, stop date, block and count of today's attempts. A client of the target that is there already keeps its own facts
and status. Where that one has the number already, the two phones are merged: the one that comes goes to the archive, and
what blocks either blocks the other. A phone of a blocked client that comes to one who is not is blocked by itself. Waiting
callbacks go along. A client without a phone left goes to the archive. Attempts and results stay with the campaign and client
that they were made for.

Called by  app/procedures/contacts.py
Reads      core.work_phone, core.campaign, core.attempt, core.do_not_call, dialing.record
Writes     core.client, core.phone, core.segment, core.client_archive, core.phone_archive, core.client_count_change,
           core.dial_class_change, dialing.callback, contacts.move_journal, core.work_set, core.work_client
Returns    one row: phones_moved int, phones_left int
Example    EXECUTE contacts.phone_move @work_id = 17, @campaign_id = 7, @by = N'ivanov';
*/
CREATE OR ALTER PROCEDURE contacts.phone_move
    @work_id bigint, /* core.work_set.work_id: the phones of core.work_phone */
    @campaign_id int, /* core.campaign.campaign_id, the target */
    @segment_code nvarchar(64) = NULL, /* segment of clients that are new there; NULL means that of the same code */
    @by nvarchar(200), /* who does it */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @state_id smallint;
DECLARE @segment_code_key nvarchar(64) = NULLIF(UPPER(LTRIM(RTRIM(@segment_code))), N'');
DECLARE @asked int;
DECLARE @moved int;
DECLARE @locked table (client_id bigint NOT NULL PRIMARY KEY);
DECLARE @phone table (phone_id bigint NOT NULL PRIMARY KEY, client_id bigint NOT NULL, number nvarchar(20) NOT NULL);
/* turn 1: the first of the clients with one code, when they come from several campaigns. */
DECLARE @client table (
    client_id bigint NOT NULL PRIMARY KEY,
    client_code_key nvarchar(64) NOT NULL,
    turn int NOT NULL,
    is_emptied bit NOT NULL,
    segment_code_key nvarchar(64) NOT NULL,
    last_round_no smallint NOT NULL,
    target_client_id bigint NULL,
    UNIQUE (client_code_key, turn)
);
/* kept_id is another phone where the two are merged. */
DECLARE @target table (
    phone_id bigint NOT NULL PRIMARY KEY,
    client_id bigint NOT NULL,
    target_client_id bigint NOT NULL,
    kept_id bigint NOT NULL,
    UNIQUE (kept_id, phone_id)
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

/* Moves into one campaign come one after another, so that no client is made twice. */
SELECT @state_id = k.state_id
FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
WHERE k.campaign_id = @campaign_id;

IF @state_id IS NULL
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

IF @state_id = 3
    THROW 50110, N'The value for the parameter @campaign_id is not supported. The campaign is archived.', 1;

SELECT @asked = COUNT(*)
FROM core.work_phone AS w
WHERE w.work_id = @work_id;

INSERT INTO @locked (client_id)
SELECT c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id IN (
    SELECT p.client_id
    FROM core.work_phone AS w
    JOIN core.phone AS p
        ON p.phone_id = w.phone_id
    WHERE w.work_id = @work_id
    UNION
    SELECT t.client_id
    FROM core.work_phone AS w
    JOIN core.phone AS p
        ON p.phone_id = w.phone_id
    JOIN core.client AS s
        ON s.client_id = p.client_id
    JOIN core.client AS t
        ON t.campaign_id = @campaign_id
        AND t.client_code_key = s.client_code_key
    WHERE w.work_id = @work_id
)
ORDER BY c.client_id;

INSERT INTO @phone (phone_id, client_id, number)
SELECT
    p.phone_id,
    p.client_id,
    p.number
FROM core.work_phone AS w
JOIN core.phone AS p
    ON p.phone_id = w.phone_id
JOIN @locked AS x
    ON x.client_id = p.client_id
WHERE w.work_id = @work_id
    AND p.campaign_id <> @campaign_id
    AND NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.phone_id = p.phone_id);

SET @moved = @@ROWCOUNT;

/* -- The clients that they go to ------------------------------------------------------------------------------------------ */

INSERT INTO @client (client_id, client_code_key, turn, is_emptied, segment_code_key, last_round_no, target_client_id)
SELECT
    c.client_id,
    c.client_code_key,
    ROW_NUMBER() OVER (PARTITION BY c.client_code_key ORDER BY c.client_id),
    CASE WHEN n.phones = y.phones THEN 1 ELSE 0 END,
    COALESCE(@segment_code_key, g.code_key),
    COALESCE(a.round_no, 0),
    t.client_id AS target_client_id
FROM (
    SELECT x.client_id AS client_id, COUNT(*) AS phones
    FROM @phone AS x
    GROUP BY x.client_id
) AS y
JOIN core.client AS c
    ON c.client_id = y.client_id
JOIN core.segment AS g
    ON g.segment_id = c.segment_id
CROSS APPLY (
    SELECT COUNT(*) AS phones
    FROM core.phone AS p
    WHERE p.client_id = c.client_id
) AS n
CROSS APPLY (
    SELECT MAX(h.round_no) AS round_no
    FROM core.client_archive AS h
    WHERE h.campaign_id = @campaign_id
        AND h.client_code_key = c.client_code_key
) AS a
LEFT JOIN core.client AS t
    ON t.campaign_id = @campaign_id
    AND t.client_code_key = c.client_code_key;

INSERT INTO core.segment (campaign_id, code, code_key, name, is_enabled, created_at)
SELECT
    @campaign_id,
    CASE WHEN @segment_code_key IS NULL THEN MIN(g.code) ELSE LTRIM(RTRIM(@segment_code)) END,
    x.segment_code_key,
    CASE WHEN @segment_code_key IS NULL THEN MIN(g.name) ELSE NULL END,
    1,
    @now
FROM @client AS x
JOIN core.client AS c
    ON c.client_id = x.client_id
JOIN core.segment AS g
    ON g.segment_id = c.segment_id
WHERE x.target_client_id IS NULL
    AND x.turn = 1
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM core.segment AS h
        WHERE h.campaign_id = @campaign_id
            AND h.code_key = x.segment_code_key
    )
GROUP BY x.segment_code_key;

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT
    c.campaign_id,
    c.counted_segment_id,
    c.counted_status_id,
    -COUNT(*)
FROM @client AS x
JOIN core.client AS c
    ON c.client_id = x.client_id
WHERE x.is_emptied = 1
    AND c.counted_status_id <> 0
GROUP BY c.campaign_id, c.counted_segment_id, c.counted_status_id;

UPDATE c
SET
    campaign_id = @campaign_id,
    segment_id = g.segment_id,
    round_no = CASE WHEN x.last_round_no > c.round_no THEN x.last_round_no ELSE c.round_no END + 1,
    loaded_at = @now,
    updated_at = @now,
    status_id = 1,
    status_at = @now,
    counted_status_id = 0,
    counted_segment_id = 0,
    attempts = 0,
    first_attempt_at = NULL,
    last_attempt_at = NULL,
    last_technical_result_id = NULL,
    last_agent_result_id = NULL,
    agent_result_id = NULL,
    agent_result_attempts = 0,
    agent_result_at = NULL
FROM core.client AS c
JOIN @client AS x
    ON x.client_id = c.client_id
JOIN core.segment AS g
    ON g.campaign_id = @campaign_id
    AND g.code_key = x.segment_code_key
WHERE x.target_client_id IS NULL
    AND x.turn = 1
    AND x.is_emptied = 1;

INSERT INTO core.client (
    campaign_id, client_code, client_code_key, segment_id, person_id, last_name, first_name, middle_name, attributes, zone_id,
    load_priority, round_no, loaded_at, updated_at, do_not_call_after, status_id, status_at, is_blocked, blocked_at, blocked_by,
    block_reason, attempt_day, day_attempts
)
SELECT
    @campaign_id,
    c.client_code,
    c.client_code_key,
    g.segment_id,
    c.person_id,
    c.last_name,
    c.first_name,
    c.middle_name,
    c.attributes,
    c.zone_id,
    c.load_priority,
    x.last_round_no + 1,
    @now,
    @now,
    c.do_not_call_after,
    1,
    @now,
    c.is_blocked,
    c.blocked_at,
    c.blocked_by,
    c.block_reason,
    c.attempt_day,
    c.day_attempts
FROM @client AS x
JOIN core.client AS c
    ON c.client_id = x.client_id
JOIN core.segment AS g
    ON g.campaign_id = @campaign_id
    AND g.code_key = x.segment_code_key
WHERE x.target_client_id IS NULL
    AND x.turn = 1
    AND x.is_emptied = 0
ORDER BY x.client_id;

UPDATE x
SET target_client_id = t.client_id
FROM @client AS x
JOIN core.client AS t
    ON t.campaign_id = @campaign_id
    AND t.client_code_key = x.client_code_key
WHERE x.target_client_id IS NULL;

UPDATE t
SET person_id = s.person_id
FROM core.client AS t
JOIN @client AS x
    ON x.target_client_id = t.client_id
JOIN core.client AS s
    ON s.client_id = x.client_id
WHERE t.person_id IS NULL
    AND s.person_id IS NOT NULL;

/* -- Phones --------------------------------------------------------------------------------------------------------------- */

INSERT INTO @target (phone_id, client_id, target_client_id, kept_id)
SELECT
    y.phone_id,
    y.client_id,
    y.target_client_id,
    COALESCE(q.phone_id, y.first_id)
FROM (
    SELECT
        p.phone_id AS phone_id,
        p.client_id AS client_id,
        p.number AS number,
        x.target_client_id AS target_client_id,
        FIRST_VALUE(p.phone_id) OVER (
            PARTITION BY x.target_client_id, p.number
            ORDER BY CASE WHEN p.client_id = x.target_client_id THEN 0 ELSE 1 END, p.phone_id
        ) AS first_id
    FROM @phone AS p
    JOIN @client AS x
        ON x.client_id = p.client_id
) AS y
LEFT JOIN core.phone AS q
    ON q.client_id = y.target_client_id
    AND q.number = y.number;

/* What blocks either of two merged phones blocks the one that is kept. */
UPDATE k
SET is_do_not_call = 1
FROM core.phone AS k
JOIN @target AS t
    ON t.kept_id = k.phone_id
JOIN core.phone AS p
    ON p.phone_id = t.phone_id
WHERE p.is_do_not_call = 1
    AND k.is_do_not_call = 0;

/* Of several blocks the oldest, whole: an UPDATE that finds several rows may take each column from another one. */
UPDATE k
SET
    is_blocked = 1,
    blocked_at = y.blocked_at,
    blocked_by = y.blocked_by,
    block_reason = y.block_reason,
    block_journal_id = y.block_journal_id
FROM core.phone AS k
JOIN (
    SELECT
        t.kept_id AS kept_id,
        p.blocked_at AS blocked_at,
        p.blocked_by AS blocked_by,
        p.block_reason AS block_reason,
        p.block_journal_id AS block_journal_id,
        ROW_NUMBER() OVER (PARTITION BY t.kept_id ORDER BY p.blocked_at, p.phone_id) AS turn
    FROM @target AS t
    JOIN core.phone AS p
        ON p.phone_id = t.phone_id
    WHERE p.blocked_at IS NOT NULL
) AS y
    ON y.kept_id = k.phone_id
    AND y.turn = 1
WHERE k.blocked_at IS NULL;

UPDATE k
SET
    is_blocked = 1,
    blocked_at = y.blocked_at,
    blocked_by = y.blocked_by,
    block_reason = y.block_reason
FROM core.phone AS k
JOIN (
    SELECT
        t.kept_id AS kept_id,
        COALESCE(s.blocked_at, @now) AS blocked_at,
        COALESCE(s.blocked_by, @by) AS blocked_by,
        s.block_reason AS block_reason,
        ROW_NUMBER() OVER (PARTITION BY t.kept_id ORDER BY s.blocked_at, s.client_id) AS turn
    FROM @target AS t
    JOIN core.client AS s
        ON s.client_id = t.client_id
    JOIN core.client AS g
        ON g.client_id = t.target_client_id
    WHERE s.is_blocked = 1
        AND g.is_blocked = 0
) AS y
    ON y.kept_id = k.phone_id
    AND y.turn = 1
WHERE k.blocked_at IS NULL;

INSERT INTO contacts.move_journal (
    phone_id, kept_id, number, from_campaign_id, from_client_id, to_campaign_id, to_client_id, done_at, done_by
)
SELECT
    t.phone_id,
    t.kept_id,
    p.number,
    p.campaign_id,
    t.client_id,
    @campaign_id,
    t.target_client_id,
    @now,
    @by
FROM @target AS t
JOIN core.phone AS p
    ON p.phone_id = t.phone_id;

UPDATE b
SET
    campaign_id = @campaign_id,
    client_id = t.target_client_id,
    phone_id = t.kept_id
FROM dialing.callback AS b
JOIN @target AS t
    ON t.phone_id = b.phone_id
WHERE b.state_id = 1;

INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT
    p.dial_class_id,
    -COUNT(*)
FROM @target AS t
JOIN core.phone AS p
    ON p.phone_id = t.phone_id
WHERE t.kept_id <> t.phone_id
    AND p.dial_class_id <> 0
GROUP BY p.dial_class_id;

INSERT INTO core.phone_archive (
    phone_id, client_id, campaign_id, phone_type_id, number, number_raw, zone_id, loaded_at, import_batch_id, is_blocked,
    blocked_at, blocked_by, block_reason, block_journal_id, number_block_id, is_do_not_call, attempts, last_attempt_at,
    last_technical_result_id, last_agent_result_id, hold_agent_result_id, waits_from, archived_at, reason_id
)
SELECT
    p.phone_id,
    p.client_id,
    p.campaign_id,
    p.phone_type_id,
    p.number,
    p.number_raw,
    p.zone_id,
    p.loaded_at,
    p.import_batch_id,
    p.is_blocked,
    p.blocked_at,
    p.blocked_by,
    p.block_reason,
    p.block_journal_id,
    p.number_block_id,
    p.is_do_not_call,
    p.attempts,
    p.last_attempt_at,
    p.last_technical_result_id,
    p.last_agent_result_id,
    p.hold_agent_result_id,
    p.waits_from,
    @now,
    2
FROM @target AS t
JOIN core.phone AS p
    ON p.phone_id = t.phone_id
WHERE t.kept_id <> t.phone_id;

DELETE p
FROM core.phone AS p
JOIN @target AS t
    ON t.phone_id = p.phone_id
WHERE t.kept_id <> t.phone_id;

/* A phone that comes back to a client has the attempts that this one made with it in its present round. */
UPDATE p
SET
    client_id = t.target_client_id,
    campaign_id = @campaign_id,
    loaded_at = @now,
    attempts = n.attempts,
    last_attempt_at = NULL,
    last_technical_result_id = NULL,
    last_agent_result_id = NULL,
    hold_agent_result_id = NULL,
    held_until = NULL,
    waits_from = @now
FROM core.phone AS p
JOIN @target AS t
    ON t.phone_id = p.phone_id
JOIN (
    SELECT
        x.phone_id AS phone_id,
        SUM(CASE WHEN a.is_counted = 1 THEN 1 ELSE 0 END) AS attempts
    FROM @target AS x
    JOIN core.client AS c
        ON c.client_id = x.target_client_id
    LEFT JOIN core.attempt AS a
        ON a.client_id = c.client_id
        AND a.phone_id = x.phone_id
        AND a.round_no = c.round_no
    GROUP BY x.phone_id
) AS n
    ON n.phone_id = t.phone_id
WHERE t.kept_id = t.phone_id;

/* The person of the client may be on the do-not-call list. */
UPDATE p
SET is_do_not_call = 1
FROM core.phone AS p
JOIN @target AS t
    ON t.kept_id = p.phone_id
JOIN core.client AS c
    ON c.client_id = p.client_id
JOIN core.do_not_call AS d
    ON d.person_id = c.person_id
    AND d.lifted_at IS NULL
WHERE p.is_do_not_call = 0;

/* -- Clients that have no phone left ---------------------------------------------------------------------------------------- */

INSERT INTO core.client_archive (
    client_id, campaign_id, client_code, client_code_key, segment_id, person_id, last_name, first_name, middle_name, attributes,
    zone_id, load_priority, round_no, loaded_at, updated_at, import_batch_id, updated_batch_id, do_not_call_after, status_id,
    status_at, is_blocked, blocked_at, blocked_by, block_reason, attempts, attempt_day, day_attempts, first_attempt_at,
    last_attempt_at, last_technical_result_id, last_agent_result_id, agent_result_id, agent_result_attempts, agent_result_at,
    archived_at, reason_id
)
SELECT
    c.client_id,
    c.campaign_id,
    c.client_code,
    c.client_code_key,
    c.segment_id,
    c.person_id,
    c.last_name,
    c.first_name,
    c.middle_name,
    c.attributes,
    c.zone_id,
    c.load_priority,
    c.round_no,
    c.loaded_at,
    c.updated_at,
    c.import_batch_id,
    c.updated_batch_id,
    c.do_not_call_after,
    c.status_id,
    c.status_at,
    c.is_blocked,
    c.blocked_at,
    c.blocked_by,
    c.block_reason,
    c.attempts,
    c.attempt_day,
    c.day_attempts,
    c.first_attempt_at,
    c.last_attempt_at,
    c.last_technical_result_id,
    c.last_agent_result_id,
    c.agent_result_id,
    c.agent_result_attempts,
    c.agent_result_at,
    @now,
    2
FROM @client AS x
JOIN core.client AS c
    ON c.client_id = x.client_id
WHERE x.is_emptied = 1
    AND x.target_client_id <> x.client_id;

DELETE c
FROM core.client AS c
JOIN @client AS x
    ON x.client_id = c.client_id
WHERE x.is_emptied = 1
    AND x.target_client_id <> x.client_id;

/* -- What follows from it ---------------------------------------------------------------------------------------------------- */

INSERT INTO core.work_client (work_id, client_id)
SELECT
    @work_id,
    x.target_client_id
FROM @client AS x
UNION
SELECT
    @work_id,
    x.client_id
FROM @client AS x
WHERE x.is_emptied = 0;

DELETE FROM core.work_phone
WHERE work_id = @work_id;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

COMMIT TRANSACTION;

SELECT
    @moved AS phones_moved,
    @asked - @moved AS phones_left;
