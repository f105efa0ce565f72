/*
contacts.import_apply          version 1.3.1          2026-11-26

Applies one part of a load: the lines staged in contacts.import_row and contacts.import_phone behind those that are done.
Lines of one client are merged, the later line wins. New clients are loaded; known ones are updated in what their lines give
and keep the rest, their blocks and their place on the do-not-call list. A finished client is only updated, unless the load,
or where it does not say its campaign, starts such clients afresh (a new round; the attempts of the day still count, since
the limit of a day is the client's peace). A client that was archived is a new one whose rounds go on behind those of the
archive. Lines that cannot be loaded become rejects with the reason. All of it, with the counters and the place reached in
the file, is one transaction, so that a load that was killed goes on without doubling anything.

New clients and phones are written the way that contacts.client_settle will most likely find right, counts included, so that
it does not have to write each of them a second time. It checks them all and corrects what differs.

Two loads with the same clients at once: known clients are locked in the order of their ids, new ones are inserted in the
order of their codes; where both make the same client, person or segment, one of them is refused by the unique key, and
repeats its part.

What a known client, its phones and its callbacks were before is written down where the part changes it
(contacts.import_undo_*), so that contacts.import_undo can bring it back.

A new phone gets its zone from its number: the numbering plan's, or, where the plan says nothing, the one that the loader found
in libphonenumber; else it has none, and its client's zone counts.

Called by  app/importing/loader.py
Reads      contacts.import_row, contacts.import_phone, core.campaign, core.phone_type, core.time_zone, core.do_not_call,
           core.number_block, core.client_archive, core.client_status, core.dial_class, core.utc_moment, core.number_zone,
           core.attempt_outcome, core.attempt
Writes     core.client, core.phone, core.person, core.segment, core.client_count_change, core.dial_class_change,
           dialing.callback, dialing.record, contacts.import_reject, contacts.import_batch, core.work_set, core.work_client,
           contacts.import_row, contacts.import_phone, contacts.import_undo_client, contacts.import_undo_phone,
           contacts.import_undo_callback
Returns    one row: clients_loaded int, clients_updated int, clients_blocked int, clients_rejected int, phones_loaded int,
           lines_rejected int, warnings int
Example    EXECUTE contacts.import_apply @batch_id = 12, @owner = N'by hand', @lines_done = 5000, @bytes_done = 0;
*/
CREATE OR ALTER PROCEDURE contacts.import_apply
    @batch_id bigint, /* contacts.import_batch.batch_id */
    @owner nvarchar(200), /* the process that loads it */
    @lines_done int, /* lines of the file up to the end of this part */
    @bytes_done bigint, /* bytes of the file up to there */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @segment_limit int = 1000; /* of a campaign: a file read with the wrong template must not make a segment a line */
DECLARE @state_id smallint;
DECLARE @current_owner nvarchar(200);
DECLARE @lines_before int;
DECLARE @campaign_code nvarchar(64);
DECLARE @started_at datetime2(3);
DECLARE @restarts_clients bit;
DECLARE @default_type_id int;
DECLARE @turns int;
DECLARE @turn int = 1;
DECLARE @old_clients int;
DECLARE @work_id bigint;
DECLARE @clients_loaded int;
DECLARE @clients_updated int;
DECLARE @clients_blocked int;
DECLARE @clients_rejected int;
DECLARE @phones_loaded int;
DECLARE @lines_rejected int;
DECLARE @warnings int;
DECLARE @row table (
    line_no int NOT NULL PRIMARY KEY,
    campaign_id int NULL,
    default_zone_id int NULL,
    restarts_on_reload bit NULL,
    client_code_key nvarchar(64) NOT NULL,
    segment_code_key nvarchar(64) NULL,
    zone_id int NULL,
    reason_code nvarchar(40) NULL,
    column_name nvarchar(64) NULL,
    value nvarchar(200) NULL
);
DECLARE @phone table (
    line_no int NOT NULL,
    position smallint NOT NULL,
    number nvarchar(20) NOT NULL,
    number_raw nvarchar(64) NOT NULL,
    type_code nvarchar(64) NULL,
    phone_type_id int NULL,
    number_zone_code nvarchar(64) NULL,
    PRIMARY KEY (line_no, position)
);
DECLARE @segment table (
    campaign_id int NOT NULL,
    code_key nvarchar(64) NOT NULL,
    line_no int NOT NULL,
    segment_no int NOT NULL,
    PRIMARY KEY (campaign_id, code_key)
);
/* The lines that are loaded: turn 1 is the first line of its client, turn 2 the second. */
DECLARE @line table (
    turn int NOT NULL,
    line_no int NOT NULL,
    campaign_id int NOT NULL,
    client_code_key nvarchar(64) NOT NULL,
    PRIMARY KEY (turn, line_no)
);
DECLARE @client table (
    campaign_id int NOT NULL,
    client_code_key nvarchar(64) NOT NULL,
    client_code nvarchar(64) NOT NULL,
    default_zone_id int NOT NULL,
    restarts_on_reload bit NOT NULL,
    segment_code_key nvarchar(64) NULL,
    crm_id nvarchar(64) NULL,
    last_name nvarchar(100) NULL,
    first_name nvarchar(100) NULL,
    middle_name nvarchar(100) NULL,
    attributes nvarchar(max) NULL,
    load_priority smallint NULL,
    zone_id int NULL,
    do_not_call_after datetime2(3) NULL,
    do_not_call_after_is_utc bit NOT NULL,
    PRIMARY KEY (campaign_id, client_code_key)
);
DECLARE @known table (
    client_id bigint NOT NULL PRIMARY KEY,
    campaign_id int NOT NULL,
    client_code_key nvarchar(64) NOT NULL,
    is_new bit NOT NULL,
    is_blocked bit NOT NULL,
    restarts bit NOT NULL,
    was_counted bit NOT NULL,
    zone_id int NOT NULL,
    segment_id int NOT NULL,
    load_priority smallint NOT NULL,
    UNIQUE (campaign_id, client_code_key)
);
/* The dial classes of phones that were never dialled. */
DECLARE @class table (
    dial_class_id int NOT NULL PRIMARY KEY,
    segment_id int NOT NULL,
    phone_type_id int NOT NULL,
    zone_id int NOT NULL,
    client_zone_id int NOT NULL,
    load_priority smallint NOT NULL
);
DECLARE @number table (
    client_id bigint NOT NULL,
    number nvarchar(20) NOT NULL,
    number_raw nvarchar(64) NOT NULL,
    phone_type_id int NULL,
    zone_id int NULL,
    campaign_id int NOT NULL,
    is_new_client bit NOT NULL,
    restarts bit NOT NULL,
    line_no int NOT NULL,
    position smallint NOT NULL,
    PRIMARY KEY (client_id, number)
);
DECLARE @callback table (
    client_id bigint NOT NULL,
    due_at datetime2(3) NOT NULL,
    campaign_id int NOT NULL,
    phone_id bigint NOT NULL,
    agent nvarchar(64) NULL,
    PRIMARY KEY (client_id, due_at)
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT
    @state_id = b.state_id,
    @current_owner = b.owner,
    @lines_before = b.lines_done,
    @started_at = b.started_at,
    @restarts_clients = b.restarts_clients,
    @campaign_code = k.code_key
FROM contacts.import_batch AS b WITH (ROWLOCK, UPDLOCK)
LEFT JOIN core.campaign AS k
    ON k.campaign_id = b.campaign_id
WHERE b.batch_id = @batch_id;

IF @state_id IS NULL OR @state_id <> 1
    THROW 50072, N'The value for the parameter @batch_id is not supported. There is no such load under way.', 1;

IF COALESCE(@current_owner, N'') <> @owner
    THROW 50073, N'Another process has taken this load over.', 1;

IF @lines_done < @lines_before
    THROW 50074, N'The value for the parameter @lines_done is not supported. These lines are loaded already.', 1;

SELECT TOP (1) @default_type_id = t.phone_type_id
FROM core.phone_type AS t
WHERE t.is_enabled = 1
ORDER BY t.sort_order, t.phone_type_id;

IF @default_type_id IS NULL
    THROW 50076, N'No phone type is enabled.', 1;

/* -- What the codes of the lines mean, and which lines cannot be loaded ------------------------------------------------ */

INSERT INTO @phone (line_no, position, number, number_raw, type_code, phone_type_id, number_zone_code)
SELECT
    s.line_no,
    s.position,
    s.number,
    s.number_raw,
    s.type_code,
    t.phone_type_id,
    s.number_zone_code
FROM contacts.import_phone AS s
LEFT JOIN core.phone_type AS t
    ON t.code_key = UPPER(LTRIM(RTRIM(s.type_code)))
    AND t.is_enabled = 1
WHERE s.batch_id = @batch_id
    AND s.line_no > @lines_before;

INSERT INTO @row (
    line_no, campaign_id, default_zone_id, restarts_on_reload, client_code_key, segment_code_key, zone_id, reason_code,
    column_name, value
)
SELECT
    s.line_no,
    k.campaign_id,
    k.default_zone_id,
    COALESCE(@restarts_clients, k.restarts_on_reload),
    UPPER(LTRIM(RTRIM(s.client_code))),
    UPPER(LTRIM(RTRIM(s.segment_code))),
    z.zone_id,
    CASE
        WHEN s.campaign_code IS NULL AND @campaign_code IS NULL THEN N'campaign_missing'
        WHEN k.campaign_id IS NULL THEN N'campaign_unknown'
        WHEN k.state_id = 3 THEN N'campaign_archived'
        WHEN u.type_code IS NOT NULL THEN N'phone_type_unknown'
        WHEN u.line_no IS NULL THEN N'phone_missing'
    END,
    CASE
        WHEN k.campaign_id IS NULL OR k.state_id = 3 THEN N'contact.client.campaign.code'
        WHEN u.type_code IS NOT NULL THEN N'contact.phone.type.code'
        ELSE N'contact.phone.number'
    END,
    CASE
        WHEN k.campaign_id IS NULL OR k.state_id = 3 THEN COALESCE(s.campaign_code, @campaign_code)
        ELSE u.type_code
    END
FROM contacts.import_row AS s
LEFT JOIN core.campaign AS k
    ON k.code_key = COALESCE(UPPER(LTRIM(RTRIM(s.campaign_code))), @campaign_code)
LEFT JOIN core.time_zone AS z
    ON z.code_key = UPPER(LTRIM(RTRIM(s.zone_code)))
    AND z.is_enabled = 1
LEFT JOIN (
    SELECT p.line_no AS line_no, MIN(CASE WHEN p.phone_type_id IS NULL THEN p.type_code ELSE NULL END) AS type_code
    FROM @phone AS p
    GROUP BY p.line_no
) AS u
    ON u.line_no = s.line_no
WHERE s.batch_id = @batch_id
    AND s.line_no > @lines_before;

INSERT INTO @segment (campaign_id, code_key, line_no, segment_no)
SELECT
    y.campaign_id,
    y.code_key,
    y.line_no,
    n.segments + ROW_NUMBER() OVER (PARTITION BY y.campaign_id ORDER BY y.line_no)
FROM (
    SELECT r.campaign_id AS campaign_id, r.segment_code_key AS code_key, MIN(r.line_no) AS line_no
    FROM @row AS r
    WHERE r.reason_code IS NULL
        AND r.segment_code_key IS NOT NULL
        AND NOT EXISTS (
            SELECT 1 AS found
            FROM core.segment AS g
            WHERE g.campaign_id = r.campaign_id
                AND g.code_key = r.segment_code_key
        )
    GROUP BY r.campaign_id, r.segment_code_key
) AS y
CROSS APPLY (
    SELECT COUNT(*) AS segments
    FROM core.segment AS g
    WHERE g.campaign_id = y.campaign_id
) AS n;

UPDATE r
SET
    reason_code = N'segment_limit',
    column_name = N'contact.client.segment.code',
    value = r.segment_code_key
FROM @row AS r
JOIN @segment AS g
    ON g.campaign_id = r.campaign_id
    AND g.code_key = r.segment_code_key
WHERE g.segment_no > @segment_limit
    AND r.reason_code IS NULL;

INSERT INTO contacts.import_reject (
    batch_id, line_no, reason_code, column_name, value, client_code, is_warning, raw_line
)
SELECT
    @batch_id,
    r.line_no,
    r.reason_code,
    r.column_name,
    r.value,
    s.client_code,
    0,
    s.raw_line
FROM @row AS r
JOIN contacts.import_row AS s
    ON s.batch_id = @batch_id
    AND s.line_no = r.line_no
WHERE r.reason_code IS NOT NULL;

INSERT INTO contacts.import_reject (batch_id, line_no, reason_code, column_name, value, client_code, is_warning)
SELECT
    @batch_id,
    s.line_no,
    N'zone_unknown',
    N'contact.client.timeZone.code',
    s.zone_code,
    s.client_code,
    1
FROM @row AS r
JOIN contacts.import_row AS s
    ON s.batch_id = @batch_id
    AND s.line_no = r.line_no
WHERE r.reason_code IS NULL
    AND r.zone_id IS NULL
    AND s.zone_code IS NOT NULL;

INSERT INTO contacts.import_reject (batch_id, line_no, reason_code, column_name, value, client_code, is_warning)
SELECT
    @batch_id,
    g.line_no,
    N'segment_created',
    N'contact.client.segment.code',
    s.segment_code,
    s.client_code,
    1
FROM @segment AS g
JOIN contacts.import_row AS s
    ON s.batch_id = @batch_id
    AND s.line_no = g.line_no
WHERE g.segment_no <= @segment_limit;

INSERT INTO core.segment (campaign_id, code, code_key, is_enabled, created_at)
SELECT
    g.campaign_id,
    LTRIM(RTRIM(s.segment_code)),
    g.code_key,
    1,
    @now
FROM @segment AS g
JOIN contacts.import_row AS s
    ON s.batch_id = @batch_id
    AND s.line_no = g.line_no
WHERE g.segment_no <= @segment_limit
ORDER BY g.campaign_id, g.code_key;

/* -- One row a client ------------------------------------------------------------------------------------------------- */

INSERT INTO @line (turn, line_no, campaign_id, client_code_key)
SELECT
    ROW_NUMBER() OVER (PARTITION BY r.campaign_id, r.client_code_key ORDER BY r.line_no),
    r.line_no,
    r.campaign_id,
    r.client_code_key
FROM @row AS r
WHERE r.reason_code IS NULL;

SELECT @turns = MAX(x.turn)
FROM @line AS x;

INSERT INTO @client (
    campaign_id, client_code_key, client_code, default_zone_id, restarts_on_reload, segment_code_key, crm_id, last_name,
    first_name, middle_name, attributes, load_priority, zone_id, do_not_call_after, do_not_call_after_is_utc
)
SELECT
    r.campaign_id,
    r.client_code_key,
    LTRIM(RTRIM(s.client_code)),
    r.default_zone_id,
    r.restarts_on_reload,
    r.segment_code_key,
    s.crm_id,
    s.last_name,
    s.first_name,
    s.middle_name,
    s.attributes,
    s.load_priority,
    r.zone_id,
    s.do_not_call_after,
    s.do_not_call_after_is_utc
FROM @line AS x
JOIN @row AS r
    ON r.line_no = x.line_no
JOIN contacts.import_row AS s
    ON s.batch_id = @batch_id
    AND s.line_no = x.line_no
WHERE x.turn = 1;

WHILE @turn < @turns
BEGIN
    SET @turn = @turn + 1;

    UPDATE n
    SET
        segment_code_key = COALESCE(r.segment_code_key, n.segment_code_key),
        crm_id = COALESCE(s.crm_id, n.crm_id),
        last_name = COALESCE(s.last_name, n.last_name),
        first_name = COALESCE(s.first_name, n.first_name),
        middle_name = COALESCE(s.middle_name, n.middle_name),
        attributes = COALESCE(s.attributes, n.attributes),
        load_priority = COALESCE(s.load_priority, n.load_priority),
        zone_id = COALESCE(r.zone_id, n.zone_id),
        do_not_call_after_is_utc = CASE
            WHEN s.do_not_call_after IS NULL THEN n.do_not_call_after_is_utc
            ELSE s.do_not_call_after_is_utc
        END,
        do_not_call_after = COALESCE(s.do_not_call_after, n.do_not_call_after)
    FROM @client AS n
    JOIN @line AS x
        ON x.campaign_id = n.campaign_id
        AND x.client_code_key = n.client_code_key
    JOIN @row AS r
        ON r.line_no = x.line_no
    JOIN contacts.import_row AS s
        ON s.batch_id = @batch_id
        AND s.line_no = x.line_no
    WHERE x.turn = @turn;
END;

/* -- Clients ---------------------------------------------------------------------------------------------------------- */

INSERT INTO @known (
    client_id, campaign_id, client_code_key, is_new, is_blocked, restarts, was_counted, zone_id, segment_id, load_priority
)
SELECT
    c.client_id,
    c.campaign_id,
    c.client_code_key,
    0,
    c.is_blocked,
    CASE WHEN n.restarts_on_reload = 1 AND c.status_id <> 1 AND w.was_counted = 0 THEN 1 ELSE 0 END,
    w.was_counted,
    COALESCE(n.zone_id, c.zone_id, n.default_zone_id),
    c.segment_id,
    0
FROM @client AS n
JOIN core.client AS c WITH (ROWLOCK, UPDLOCK)
    ON c.campaign_id = n.campaign_id
    AND c.client_code_key = n.client_code_key
CROSS APPLY (
    SELECT CASE WHEN c.import_batch_id = @batch_id OR c.updated_batch_id = @batch_id THEN 1 ELSE 0 END AS was_counted
) AS w
ORDER BY c.client_id;

SET @old_clients = @@ROWCOUNT;

INSERT INTO core.segment (campaign_id, code, code_key, is_enabled, created_at)
SELECT DISTINCT
    n.campaign_id,
    N'1',
    N'1',
    1,
    @now
FROM @client AS n
WHERE n.segment_code_key IS NULL
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM @known AS k
        WHERE k.campaign_id = n.campaign_id
            AND k.client_code_key = n.client_code_key
    )
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM core.segment AS g
        WHERE g.campaign_id = n.campaign_id
            AND g.code_key = N'1'
    );

INSERT INTO core.person (crm_id, crm_id_key, created_at)
SELECT
    MIN(LTRIM(RTRIM(n.crm_id))),
    UPPER(LTRIM(RTRIM(n.crm_id))),
    @now
FROM @client AS n
WHERE n.crm_id IS NOT NULL
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM core.person AS q
        WHERE q.crm_id_key = UPPER(LTRIM(RTRIM(n.crm_id)))
    )
GROUP BY UPPER(LTRIM(RTRIM(n.crm_id)))
ORDER BY UPPER(LTRIM(RTRIM(n.crm_id)));

INSERT INTO core.client (
    campaign_id, client_code, client_code_key, segment_id, person_id, last_name, first_name, middle_name, attributes, zone_id,
    load_priority, round_no, loaded_at, updated_at, import_batch_id, updated_batch_id, do_not_call_after, status_id, status_at,
    counted_status_id, counted_segment_id
)
SELECT
    n.campaign_id,
    n.client_code,
    n.client_code_key,
    g.segment_id,
    q.person_id,
    n.last_name,
    n.first_name,
    n.middle_name,
    n.attributes,
    n.zone_id,
    n.load_priority,
    COALESCE(r.round_no, 0) + 1,
    @now,
    @now,
    @batch_id,
    @batch_id,
    m.utc_at,
    1,
    @now,
    1,
    g.segment_id AS counted_segment_id
FROM @client AS n
JOIN core.segment AS g
    ON g.campaign_id = n.campaign_id
    AND g.code_key = COALESCE(n.segment_code_key, N'1')
LEFT JOIN core.person AS q
    ON q.crm_id_key = UPPER(LTRIM(RTRIM(n.crm_id)))
LEFT JOIN (
    SELECT
        a.campaign_id AS campaign_id,
        a.client_code_key AS client_code_key,
        MAX(a.round_no) AS round_no
    FROM @client AS i
    JOIN core.client_archive AS a
        ON a.campaign_id = i.campaign_id
        AND a.client_code_key = i.client_code_key
    GROUP BY a.campaign_id, a.client_code_key
) AS r
    ON r.campaign_id = n.campaign_id
    AND r.client_code_key = n.client_code_key
CROSS APPLY core.utc_moment(
    COALESCE(n.zone_id, n.default_zone_id), n.do_not_call_after, n.do_not_call_after_is_utc
) AS m
WHERE NOT EXISTS (
    SELECT 1 AS found
    FROM @known AS k
    WHERE k.campaign_id = n.campaign_id
        AND k.client_code_key = n.client_code_key
)
ORDER BY n.campaign_id, n.client_code_key;

IF @old_clients > 0
    INSERT INTO contacts.import_undo_client (
        batch_id, client_id, line_no, is_restarted, segment_id, person_id, last_name, first_name, middle_name, attributes,
        zone_id, load_priority, do_not_call_after, updated_batch_id, round_no, loaded_at, status_id, status_at, attempts,
        first_attempt_at, last_attempt_at, last_technical_result_id, last_agent_result_id, agent_result_id,
        agent_result_attempts
    )
    SELECT
        @batch_id,
        c.client_id,
        @lines_before,
        k.restarts,
        c.segment_id,
        c.person_id,
        c.last_name,
        c.first_name,
        c.middle_name,
        c.attributes,
        c.zone_id,
        c.load_priority,
        c.do_not_call_after,
        c.updated_batch_id,
        c.round_no,
        c.loaded_at,
        c.status_id,
        c.status_at,
        c.attempts,
        c.first_attempt_at,
        c.last_attempt_at,
        c.last_technical_result_id,
        c.last_agent_result_id,
        c.agent_result_id,
        c.agent_result_attempts
    FROM core.client AS c
    JOIN @known AS k
        ON k.client_id = c.client_id
    JOIN @client AS n
        ON n.campaign_id = k.campaign_id
        AND n.client_code_key = k.client_code_key
    LEFT JOIN core.segment AS g
        ON g.campaign_id = n.campaign_id
        AND g.code_key = n.segment_code_key
    LEFT JOIN core.person AS q
        ON q.crm_id_key = UPPER(LTRIM(RTRIM(n.crm_id)))
    CROSS APPLY core.utc_moment(k.zone_id, n.do_not_call_after, n.do_not_call_after_is_utc) AS m
    WHERE (c.import_batch_id IS NULL OR c.import_batch_id <> @batch_id)
        AND (
            k.restarts = 1
            OR g.segment_id <> c.segment_id
            OR q.person_id <> COALESCE(c.person_id, 0)
            OR n.last_name <> COALESCE(c.last_name, N'')
            OR n.first_name <> COALESCE(c.first_name, N'')
            OR n.middle_name <> COALESCE(c.middle_name, N'')
            OR n.attributes <> COALESCE(c.attributes, N'')
            OR n.zone_id <> COALESCE(c.zone_id, 0)
            OR n.load_priority <> COALESCE(c.load_priority, 0)
            OR m.utc_at <> COALESCE(c.do_not_call_after, DATEFROMPARTS(1900, 1, 1))
        );

IF @old_clients > 0
    UPDATE c
    SET
        segment_id = COALESCE(g.segment_id, c.segment_id),
        person_id = COALESCE(q.person_id, c.person_id),
        last_name = COALESCE(n.last_name, c.last_name),
        first_name = COALESCE(n.first_name, c.first_name),
        middle_name = COALESCE(n.middle_name, c.middle_name),
        attributes = COALESCE(n.attributes, c.attributes),
        zone_id = COALESCE(n.zone_id, c.zone_id),
        load_priority = COALESCE(n.load_priority, c.load_priority),
        do_not_call_after = COALESCE(m.utc_at, c.do_not_call_after),
        updated_at = @now,
        updated_batch_id = @batch_id,
        round_no = c.round_no + k.restarts,
        loaded_at = CASE WHEN k.restarts = 1 THEN @now ELSE c.loaded_at END,
        status_id = CASE WHEN k.restarts = 1 THEN 1 ELSE c.status_id END,
        status_at = CASE WHEN k.restarts = 1 THEN @now ELSE c.status_at END,
        attempts = CASE WHEN k.restarts = 1 THEN 0 ELSE c.attempts END,
        first_attempt_at = CASE WHEN k.restarts = 1 THEN NULL ELSE c.first_attempt_at END,
        last_technical_result_id = CASE WHEN k.restarts = 1 THEN NULL ELSE c.last_technical_result_id END,
        last_agent_result_id = CASE WHEN k.restarts = 1 THEN NULL ELSE c.last_agent_result_id END,
        agent_result_id = CASE WHEN k.restarts = 1 THEN NULL ELSE c.agent_result_id END,
        agent_result_attempts = CASE WHEN k.restarts = 1 THEN 0 ELSE c.agent_result_attempts END
    FROM core.client AS c
    JOIN @known AS k
        ON k.client_id = c.client_id
    JOIN @client AS n
        ON n.campaign_id = k.campaign_id
        AND n.client_code_key = k.client_code_key
    LEFT JOIN core.segment AS g
        ON g.campaign_id = n.campaign_id
        AND g.code_key = n.segment_code_key
    LEFT JOIN core.person AS q
        ON q.crm_id_key = UPPER(LTRIM(RTRIM(n.crm_id)))
    CROSS APPLY core.utc_moment(k.zone_id, n.do_not_call_after, n.do_not_call_after_is_utc) AS m;

/* A client that is out may turn out to be another person: one call per person looks at the records. */
IF @old_clients > 0
    UPDATE r
    SET person_id = c.person_id
    FROM dialing.record AS r
    JOIN @known AS k
        ON k.client_id = r.client_id
    JOIN core.client AS c
        ON c.client_id = r.client_id
    WHERE c.person_id IS NOT NULL
        AND (r.person_id IS NULL OR r.person_id <> c.person_id);

INSERT INTO @known (
    client_id, campaign_id, client_code_key, is_new, is_blocked, restarts, was_counted, zone_id, segment_id, load_priority
)
SELECT
    c.client_id,
    c.campaign_id,
    c.client_code_key,
    1,
    0,
    0,
    0,
    COALESCE(n.zone_id, n.default_zone_id),
    c.segment_id,
    COALESCE(c.load_priority, 0)
FROM @client AS n
JOIN core.client AS c
    ON c.campaign_id = n.campaign_id
    AND c.client_code_key = n.client_code_key
WHERE NOT EXISTS (
    SELECT 1 AS found
    FROM @known AS k
    WHERE k.campaign_id = n.campaign_id
        AND k.client_code_key = n.client_code_key
);

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT
    k.campaign_id,
    k.segment_id,
    1,
    COUNT(*)
FROM @known AS k
WHERE k.is_new = 1
GROUP BY k.campaign_id, k.segment_id;

/* -- Phones ----------------------------------------------------------------------------------------------------------- */

INSERT INTO @number (
    client_id, number, number_raw, phone_type_id, zone_id, campaign_id, is_new_client, restarts, line_no, position
)
SELECT
    y.client_id,
    y.number,
    y.number_raw,
    y.phone_type_id,
    COALESCE(z.zone_id, t.zone_id),
    y.campaign_id,
    y.is_new,
    y.restarts,
    y.line_no,
    y.position
FROM (
    SELECT
        k.client_id AS client_id,
        k.is_new AS is_new,
        k.restarts AS restarts,
        p.number AS number,
        p.number_raw AS number_raw,
        p.phone_type_id AS phone_type_id,
        p.number_zone_code AS number_zone_code,
        k.campaign_id AS campaign_id,
        p.line_no AS line_no,
        p.position AS position,
        ROW_NUMBER() OVER (PARTITION BY k.client_id, p.number ORDER BY p.line_no DESC, p.position DESC) AS turn
    FROM @phone AS p
    JOIN @line AS x
        ON x.line_no = p.line_no
    JOIN @known AS k
        ON k.campaign_id = x.campaign_id
        AND k.client_code_key = x.client_code_key
) AS y
OUTER APPLY core.number_zone(y.number) AS z
LEFT JOIN core.time_zone AS t
    ON t.code_key = UPPER(y.number_zone_code)
    AND t.is_enabled = 1
WHERE y.turn = 1;

IF @old_clients > 0
BEGIN
    INSERT INTO contacts.import_undo_phone (
        batch_id, phone_id, line_no, client_id, is_restarted, phone_type_id, number_raw, loaded_at, waits_from, attempts,
        last_technical_result_id, last_agent_result_id, hold_agent_result_id, held_until
    )
    SELECT
        @batch_id,
        p.phone_id,
        @lines_before,
        p.client_id,
        1,
        p.phone_type_id,
        p.number_raw,
        p.loaded_at,
        p.waits_from,
        p.attempts,
        p.last_technical_result_id,
        p.last_agent_result_id,
        p.hold_agent_result_id,
        p.held_until
    FROM core.phone AS p
    JOIN @known AS k
        ON k.client_id = p.client_id
    WHERE k.restarts = 1
        AND (p.import_batch_id IS NULL OR p.import_batch_id <> @batch_id);

    UPDATE p
    SET
        loaded_at = @now,
        waits_from = @now,
        attempts = 0,
        last_technical_result_id = NULL,
        last_agent_result_id = NULL,
        hold_agent_result_id = NULL,
        held_until = NULL
    FROM core.phone AS p
    JOIN @known AS k
        ON k.client_id = p.client_id
    WHERE k.restarts = 1;

    INSERT INTO contacts.import_undo_phone (
        batch_id, phone_id, line_no, client_id, is_restarted, phone_type_id, number_raw, loaded_at, waits_from, attempts,
        last_technical_result_id, last_agent_result_id, hold_agent_result_id, held_until
    )
    SELECT
        @batch_id,
        p.phone_id,
        @lines_before,
        p.client_id,
        0,
        p.phone_type_id,
        p.number_raw,
        p.loaded_at,
        p.waits_from,
        p.attempts,
        p.last_technical_result_id,
        p.last_agent_result_id,
        p.hold_agent_result_id,
        p.held_until
    FROM core.phone AS p
    JOIN @number AS x
        ON x.client_id = p.client_id
        AND x.number = p.number
    WHERE x.is_new_client = 0
        AND x.restarts = 0
        AND (p.phone_type_id <> x.phone_type_id OR p.number_raw <> x.number_raw)
        AND (p.import_batch_id IS NULL OR p.import_batch_id <> @batch_id);

    UPDATE p
    SET
        phone_type_id = COALESCE(x.phone_type_id, p.phone_type_id),
        number_raw = x.number_raw
    FROM core.phone AS p
    JOIN @number AS x
        ON x.client_id = p.client_id
        AND x.number = p.number
    WHERE x.is_new_client = 0
        AND (p.phone_type_id <> x.phone_type_id OR p.number_raw <> x.number_raw);
END;

INSERT INTO @class (dial_class_id, segment_id, phone_type_id, zone_id, client_zone_id, load_priority)
SELECT
    d.dial_class_id,
    d.segment_id,
    d.phone_type_id,
    d.zone_id,
    d.client_zone_id,
    d.load_priority
FROM (
    SELECT DISTINCT
        k.campaign_id AS campaign_id,
        k.segment_id AS segment_id,
        COALESCE(x.phone_type_id, @default_type_id) AS phone_type_id,
        COALESCE(x.zone_id, k.zone_id) AS zone_id,
        k.zone_id AS client_zone_id,
        k.load_priority AS load_priority
    FROM @number AS x
    JOIN @known AS k
        ON k.client_id = x.client_id
    WHERE x.is_new_client = 1
) AS u
JOIN core.dial_class AS d
    ON d.campaign_id = u.campaign_id
    AND d.segment_id = u.segment_id
    AND d.phone_type_id = u.phone_type_id
    AND d.zone_id = u.zone_id
    AND d.client_zone_id = u.client_zone_id
    AND d.load_priority = u.load_priority
WHERE d.client_attempts = 0
    AND d.phone_attempts = 0
    AND d.client_technical_result_id = 0
    AND d.client_agent_result_id = 0
    AND d.limit_agent_result_id = 0
    AND d.limit_agent_attempts = 0
    AND d.phone_technical_result_id = 0
    AND d.phone_agent_result_id = 0
    AND d.hold_agent_result_id = 0
    AND d.attempt_day = DATEFROMPARTS(1900, 1, 1)
    AND d.day_attempts = 0
    AND d.bar_id = 0
    AND d.time_status_id = 0
    AND d.held_until = DATEFROMPARTS(1900, 1, 1)
    AND d.is_promised = 0;

INSERT INTO core.phone (
    client_id, campaign_id, phone_type_id, number, number_raw, zone_id, loaded_at, import_batch_id, waits_from, dial_class_id
)
SELECT
    x.client_id,
    x.campaign_id,
    COALESCE(x.phone_type_id, @default_type_id),
    x.number,
    x.number_raw,
    x.zone_id,
    @now,
    @batch_id,
    @now,
    COALESCE(d.dial_class_id, 0)
FROM @number AS x
JOIN @known AS k
    ON k.client_id = x.client_id
LEFT JOIN @class AS d
    ON x.is_new_client = 1
    AND d.segment_id = k.segment_id
    AND d.phone_type_id = COALESCE(x.phone_type_id, @default_type_id)
    AND d.zone_id = COALESCE(x.zone_id, k.zone_id)
    AND d.client_zone_id = k.zone_id
    AND d.load_priority = k.load_priority
WHERE x.is_new_client = 1
    OR NOT EXISTS (
        SELECT 1 AS found
        FROM core.phone AS p
        WHERE p.client_id = x.client_id
            AND p.number = x.number
    )
ORDER BY x.line_no, x.position;

SET @phones_loaded = @@ROWCOUNT;

/* An agent result holds every phone of its client, those that come later too. */
IF @old_clients > 0
    UPDATE p
    SET
        hold_agent_result_id = h.agent_result_id,
        waits_from = h.holds_from
    FROM core.phone AS p
    JOIN @number AS x
        ON x.client_id = p.client_id
        AND x.number = p.number
    JOIN (
        SELECT
            o.client_id AS client_id,
            o.agent_result_id AS agent_result_id,
            e.holds_from AS holds_from,
            ROW_NUMBER() OVER (PARTITION BY o.client_id ORDER BY e.holds_from DESC, o.given_at DESC, o.outcome_id DESC) AS turn
        FROM @known AS k
        JOIN core.client AS c
            ON c.client_id = k.client_id
            AND c.agent_result_id IS NOT NULL
        JOIN core.attempt_outcome AS o
            ON o.client_id = c.client_id
            AND o.round_no = c.round_no
        LEFT JOIN core.attempt AS a
            ON a.record_key = o.record_key
        CROSS APPLY (SELECT CASE WHEN a.ended_at > o.given_at THEN a.ended_at ELSE o.given_at END AS holds_from) AS e
        WHERE k.is_new = 0
    ) AS h
        ON h.client_id = p.client_id
        AND h.turn = 1
    WHERE p.import_batch_id = @batch_id
        AND p.loaded_at = @now;

INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT
    d.dial_class_id,
    COUNT(*)
FROM @number AS x
JOIN @known AS k
    ON k.client_id = x.client_id
JOIN @class AS d
    ON d.segment_id = k.segment_id
    AND d.phone_type_id = COALESCE(x.phone_type_id, @default_type_id)
    AND d.zone_id = COALESCE(x.zone_id, k.zone_id)
    AND d.client_zone_id = k.zone_id
    AND d.load_priority = k.load_priority
WHERE x.is_new_client = 1
GROUP BY d.dial_class_id;

/* The do-not-call list outlives every load, by number and by person. */
UPDATE p
SET is_do_not_call = 1
FROM core.phone AS p
JOIN @number AS x
    ON x.client_id = p.client_id
    AND x.number = p.number
JOIN core.do_not_call AS d
    ON d.number = x.number
    AND d.lifted_at IS NULL
WHERE p.is_do_not_call = 0;

UPDATE p
SET is_do_not_call = 1
FROM core.phone AS p
JOIN @known AS k
    ON k.client_id = p.client_id
JOIN core.client AS c
    ON c.client_id = k.client_id
JOIN core.do_not_call AS d
    ON d.person_id = c.person_id
    AND d.lifted_at IS NULL
WHERE p.is_do_not_call = 0;

/* So does the block of a number in all campaigns. */
UPDATE p
SET
    is_blocked = 1,
    number_block_id = n.number_block_id
FROM core.phone AS p
JOIN @number AS x
    ON x.client_id = p.client_id
    AND x.number = p.number
JOIN core.number_block AS n
    ON n.number = x.number
    AND n.lifted_at IS NULL
WHERE p.number_block_id IS NULL;

/* -- Callbacks: those of an earlier load that this one does not repeat are cancelled ------------------------------------- */

IF EXISTS (
    SELECT 1 AS found
    FROM contacts.import_row AS s
    WHERE s.batch_id = @batch_id
        AND s.line_no > @lines_before
        AND s.callback_at IS NOT NULL
)
BEGIN
    INSERT INTO @callback (client_id, due_at, campaign_id, phone_id, agent)
    SELECT
        y.client_id,
        y.due_at,
        y.campaign_id,
        y.phone_id,
        y.agent
    FROM (
        SELECT
            k.client_id AS client_id,
            m.utc_at AS due_at,
            k.campaign_id AS campaign_id,
            p.phone_id AS phone_id,
            s.callback_agent AS agent,
            ROW_NUMBER() OVER (PARTITION BY k.client_id, m.utc_at ORDER BY x.line_no DESC) AS turn
        FROM @line AS x
        JOIN contacts.import_row AS s
            ON s.batch_id = @batch_id
            AND s.line_no = x.line_no
        JOIN @known AS k
            ON k.campaign_id = x.campaign_id
            AND k.client_code_key = x.client_code_key
        JOIN core.client AS c
            ON c.client_id = k.client_id
        JOIN core.client_status AS t
            ON t.status_id = c.status_id
            AND t.is_final = 0
        CROSS APPLY (
            SELECT TOP (1) f.number AS number
            FROM @phone AS f
            WHERE f.line_no = x.line_no
            ORDER BY f.position
        ) AS n
        JOIN core.phone AS p
            ON p.client_id = k.client_id
            AND p.number = n.number
        CROSS APPLY core.utc_moment(COALESCE(p.zone_id, k.zone_id), s.callback_at, s.callback_at_is_utc) AS m
        WHERE s.callback_at IS NOT NULL
    ) AS y
    WHERE y.turn = 1;

    INSERT INTO contacts.import_undo_callback (batch_id, callback_id, client_id, is_made)
    SELECT DISTINCT
        @batch_id,
        b.callback_id,
        b.client_id,
        0
    FROM dialing.callback AS b
    JOIN @callback AS x
        ON x.client_id = b.client_id
    JOIN core.client AS c
        ON c.client_id = b.client_id
    WHERE b.state_id = 1
        AND b.source_id = 5
        AND b.created_at < @started_at
        AND (c.import_batch_id IS NULL OR c.import_batch_id <> @batch_id)
        AND NOT EXISTS (
            SELECT 1 AS found
            FROM @callback AS y
            WHERE y.client_id = b.client_id
                AND y.due_at = b.due_at
        );

    UPDATE b
    SET
        state_id = 5,
        closed_at = @now
    FROM dialing.callback AS b
    JOIN @callback AS x
        ON x.client_id = b.client_id
    WHERE b.state_id = 1
        AND b.source_id = 5
        AND b.created_at < @started_at
        AND NOT EXISTS (
            SELECT 1 AS found
            FROM @callback AS y
            WHERE y.client_id = b.client_id
                AND y.due_at = b.due_at
        );

    INSERT INTO dialing.callback (campaign_id, client_id, phone_id, due_at, agent, state_id, source_id, created_at)
    SELECT
        x.campaign_id,
        x.client_id,
        x.phone_id,
        x.due_at,
        x.agent,
        1,
        5,
        @now
    FROM @callback AS x
    WHERE NOT EXISTS (
        SELECT 1 AS found
        FROM dialing.callback AS b
        WHERE b.client_id = x.client_id
            AND b.due_at = x.due_at
            AND b.source_id = 5
            AND b.state_id <> 5
    )
    ORDER BY x.client_id, x.due_at;

    INSERT INTO contacts.import_undo_callback (batch_id, callback_id, client_id, is_made)
    SELECT
        @batch_id,
        b.callback_id,
        b.client_id,
        1
    FROM dialing.callback AS b
    JOIN @callback AS x
        ON x.client_id = b.client_id
        AND x.due_at = b.due_at
    JOIN core.client AS c
        ON c.client_id = b.client_id
    WHERE b.source_id = 5
        AND b.state_id = 1
        AND b.created_at = @now
        AND (c.import_batch_id IS NULL OR c.import_batch_id <> @batch_id)
        AND NOT EXISTS (
            SELECT 1 AS found
            FROM contacts.import_undo_callback AS u
            WHERE u.batch_id = @batch_id
                AND u.callback_id = b.callback_id
        );
END;

/* -- What follows from it ---------------------------------------------------------------------------------------------- */

INSERT INTO core.work_set (created_at)
VALUES (@now);

SET @work_id = SCOPE_IDENTITY();

INSERT INTO core.work_client (work_id, client_id)
SELECT
    @work_id,
    k.client_id
FROM @known AS k;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

/* -- Counters ---------------------------------------------------------------------------------------------------------- */

SELECT
    @clients_loaded = COALESCE(SUM(CASE WHEN k.is_new = 1 THEN 1 ELSE 0 END), 0),
    @clients_updated = COALESCE(SUM(CASE WHEN k.is_new = 0 AND k.was_counted = 0 THEN 1 ELSE 0 END), 0),
    @clients_blocked = COALESCE(SUM(CASE WHEN k.is_blocked = 1 AND k.was_counted = 0 THEN 1 ELSE 0 END), 0)
FROM @known AS k;

SELECT
    @lines_rejected = COALESCE(SUM(CASE WHEN j.is_warning = 0 THEN 1 ELSE 0 END), 0),
    @warnings = COALESCE(SUM(CASE WHEN j.is_warning = 1 THEN 1 ELSE 0 END), 0)
FROM contacts.import_reject AS j
WHERE j.batch_id = @batch_id
    AND j.line_no > @lines_before;

/* A line whose code cannot be read counts as a client of its own. */
SELECT @clients_rejected = COUNT(*)
FROM (
    SELECT DISTINCT COALESCE(UPPER(LTRIM(RTRIM(j.client_code))), CONCAT(N' ', j.line_no)) AS client_code_key
    FROM contacts.import_reject AS j
    WHERE j.batch_id = @batch_id
        AND j.line_no > @lines_before
        AND j.is_warning = 0
) AS x
WHERE NOT EXISTS (SELECT 1 AS found FROM @client AS n WHERE n.client_code_key = x.client_code_key);

UPDATE b
SET
    lines_done = @lines_done,
    bytes_done = @bytes_done,
    heartbeat_at = SYSUTCDATETIME(),
    clients_loaded = b.clients_loaded + @clients_loaded,
    clients_updated = b.clients_updated + @clients_updated,
    clients_blocked = b.clients_blocked + @clients_blocked,
    clients_rejected = b.clients_rejected + @clients_rejected,
    phones_loaded = b.phones_loaded + @phones_loaded,
    lines_rejected = b.lines_rejected + @lines_rejected,
    warnings = b.warnings + @warnings
FROM contacts.import_batch AS b
WHERE b.batch_id = @batch_id;

DELETE FROM contacts.import_phone
WHERE batch_id = @batch_id
    AND line_no > @lines_before;

DELETE FROM contacts.import_row
WHERE batch_id = @batch_id
    AND line_no > @lines_before;

COMMIT TRANSACTION;

SELECT
    @clients_loaded AS clients_loaded,
    @clients_updated AS clients_updated,
    @clients_blocked AS clients_blocked,
    @clients_rejected AS clients_rejected,
    @phones_loaded AS phones_loaded,
    @lines_rejected AS lines_rejected,
    @warnings AS warnings;
