/*
contacts.import_undo          version 1.0.0          2026-11-26

Undoes one part of a load a call, each a transaction that says how far it came, so that it is carried on after a crash. Known
clients first: what the load changed of them comes back, and the phones that it added go. Then the clients that it made: they go
with their phones, and not to the archive, for they never were. Who must stay (contacts.import_undo_state) is named in
contacts.import_undo_kept. Segments and persons that the load made stay; so do blocks and the do-not-call list.

Called by  app/importing/undo.py
Reads      contacts.import_undo_state
Writes     core.client, core.phone, dialing.callback, core.client_count_change, core.dial_class_change, core.work_set,
           core.work_client, contacts.import_batch, contacts.import_log, contacts.import_undo_client,
           contacts.import_undo_phone, contacts.import_undo_callback, contacts.import_undo_kept
Returns    one row: clients_undone int, phones_undone int, clients_restored int, clients_kept int, is_finished bit
Example    EXECUTE contacts.import_undo @batch_id = 12, @owner = N'by hand';
*/
CREATE OR ALTER PROCEDURE contacts.import_undo
    @batch_id bigint, /* contacts.import_batch.batch_id */
    @owner nvarchar(200), /* the process that undoes it */
    @batch_size int = 5000, /* most clients, or phones, that one call looks at */
    @message nvarchar(1000) = NULL, /* the outcome, in the journal and on the batch, once it is finished */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @state_id smallint;
DECLARE @current_owner nvarchar(200);
DECLARE @after_phone_id bigint;
DECLARE @last_phone_id bigint;
DECLARE @changed int;
DECLARE @found int = 0;
DECLARE @work_id bigint;
DECLARE @clients_undone int = 0;
DECLARE @phones_undone int = 0;
DECLARE @clients_restored int = 0;
DECLARE @clients_kept int = 0;
DECLARE @is_finished bit = 0;
DECLARE @asked table (client_id bigint NOT NULL PRIMARY KEY);
DECLARE @phone table (phone_id bigint NOT NULL PRIMARY KEY, client_id bigint NOT NULL);
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);
/* The first part that changed them. */
DECLARE @client_before table (client_id bigint NOT NULL PRIMARY KEY, line_no int NOT NULL);
DECLARE @phone_before table (phone_id bigint NOT NULL PRIMARY KEY, line_no int NOT NULL);
DECLARE @state table (client_id bigint NOT NULL PRIMARY KEY, is_new int NOT NULL, reason_id smallint NOT NULL);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

IF @batch_size < 1
    THROW 50082, N'The value for the parameter @batch_size is not supported.', 1;

BEGIN TRANSACTION;

SELECT
    @state_id = b.state_id,
    @current_owner = b.owner,
    @after_phone_id = COALESCE(b.undo_phone_id, 0)
FROM contacts.import_batch AS b WITH (ROWLOCK, UPDLOCK)
WHERE b.batch_id = @batch_id;

IF @state_id IS NULL OR @state_id <> 5
    THROW 50077, N'The value for the parameter @batch_id is not supported. This load is not being undone.', 1;

IF COALESCE(@current_owner, N'') <> @owner
    THROW 50073, N'Another process has taken this load over.', 1;

/* -- Whose turn it is: what was changed of known clients, and when there is nothing left of it, the phones of the load -- */

INSERT INTO @asked (client_id)
SELECT DISTINCT TOP (@batch_size) u.client_id
FROM contacts.import_undo_client AS u
WHERE u.batch_id = @batch_id
ORDER BY u.client_id;

SET @changed = @@ROWCOUNT;

IF @changed = 0
BEGIN
    INSERT INTO @asked (client_id)
    SELECT DISTINCT TOP (@batch_size) u.client_id
    FROM contacts.import_undo_phone AS u
    WHERE u.batch_id = @batch_id
    ORDER BY u.client_id;

    SET @changed = @@ROWCOUNT;
END;

IF @changed = 0
BEGIN
    INSERT INTO @asked (client_id)
    SELECT DISTINCT TOP (@batch_size) u.client_id
    FROM contacts.import_undo_callback AS u
    WHERE u.batch_id = @batch_id
    ORDER BY u.client_id;

    SET @changed = @@ROWCOUNT;
END;

IF @changed = 0
BEGIN
    INSERT INTO @phone (phone_id, client_id)
    SELECT TOP (@batch_size)
        p.phone_id,
        p.client_id
    FROM core.phone AS p
    WHERE p.import_batch_id = @batch_id
        AND p.phone_id > @after_phone_id
    ORDER BY p.phone_id;

    SET @found = @@ROWCOUNT;

    SELECT @last_phone_id = MAX(x.phone_id)
    FROM @phone AS x;

    /* Who was looked at among the changed ones, or with an earlier phone, is not looked at again. */
    INSERT INTO @asked (client_id)
    SELECT DISTINCT x.client_id
    FROM @phone AS x
    WHERE NOT EXISTS (
        SELECT 1 AS found
        FROM contacts.import_undo_kept AS t
        WHERE t.batch_id = @batch_id
            AND t.client_id = x.client_id
    );
END;

INSERT INTO @client (client_id)
SELECT c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id IN (SELECT x.client_id FROM @asked AS x)
ORDER BY c.client_id;

INSERT INTO @state (client_id, is_new, reason_id)
SELECT
    s.client_id,
    s.is_new,
    s.reason_id
FROM @client AS c
CROSS APPLY contacts.import_undo_state(@batch_id, c.client_id) AS s;

INSERT INTO contacts.import_undo_kept (batch_id, client_id, reason_id)
SELECT
    @batch_id,
    s.client_id,
    s.reason_id
FROM @state AS s
WHERE s.reason_id <> 0;

SET @clients_kept = @@ROWCOUNT;

DELETE FROM @state
WHERE reason_id <> 0;

/* -- What the load changed of known clients ----------------------------------------------------------------------------- */

INSERT INTO @client_before (client_id, line_no)
SELECT
    u.client_id,
    MIN(u.line_no)
FROM @state AS s
JOIN contacts.import_undo_client AS u
    ON u.batch_id = @batch_id
    AND u.client_id = s.client_id
GROUP BY u.client_id;

INSERT INTO @phone_before (phone_id, line_no)
SELECT
    u.phone_id,
    MIN(u.line_no)
FROM @state AS s
JOIN contacts.import_undo_phone AS u
    ON u.batch_id = @batch_id
    AND u.client_id = s.client_id
GROUP BY u.phone_id;

UPDATE c
SET
    segment_id = u.segment_id,
    person_id = u.person_id,
    last_name = u.last_name,
    first_name = u.first_name,
    middle_name = u.middle_name,
    attributes = u.attributes,
    zone_id = u.zone_id,
    load_priority = u.load_priority,
    do_not_call_after = u.do_not_call_after,
    updated_at = @now,
    updated_batch_id = u.updated_batch_id,
    round_no = CASE WHEN u.is_restarted = 1 THEN u.round_no ELSE c.round_no END,
    loaded_at = CASE WHEN u.is_restarted = 1 THEN u.loaded_at ELSE c.loaded_at END,
    status_id = CASE WHEN u.is_restarted = 1 THEN u.status_id ELSE c.status_id END,
    status_at = CASE WHEN u.is_restarted = 1 THEN u.status_at ELSE c.status_at END,
    attempts = CASE WHEN u.is_restarted = 1 THEN u.attempts ELSE c.attempts END,
    first_attempt_at = CASE WHEN u.is_restarted = 1 THEN u.first_attempt_at ELSE c.first_attempt_at END,
    last_technical_result_id = CASE
        WHEN u.is_restarted = 1 THEN u.last_technical_result_id
        ELSE c.last_technical_result_id
    END,
    last_agent_result_id = CASE WHEN u.is_restarted = 1 THEN u.last_agent_result_id ELSE c.last_agent_result_id END,
    agent_result_id = CASE WHEN u.is_restarted = 1 THEN u.agent_result_id ELSE c.agent_result_id END,
    agent_result_attempts = CASE WHEN u.is_restarted = 1 THEN u.agent_result_attempts ELSE c.agent_result_attempts END
FROM core.client AS c
JOIN @client_before AS f
    ON f.client_id = c.client_id
JOIN contacts.import_undo_client AS u
    ON u.batch_id = @batch_id
    AND u.client_id = c.client_id
    AND u.line_no = f.line_no;

UPDATE p
SET
    phone_type_id = u.phone_type_id,
    number_raw = u.number_raw,
    loaded_at = CASE WHEN u.is_restarted = 1 THEN u.loaded_at ELSE p.loaded_at END,
    waits_from = CASE WHEN u.is_restarted = 1 THEN u.waits_from ELSE p.waits_from END,
    attempts = CASE WHEN u.is_restarted = 1 THEN u.attempts ELSE p.attempts END,
    last_technical_result_id = CASE
        WHEN u.is_restarted = 1 THEN u.last_technical_result_id
        ELSE p.last_technical_result_id
    END,
    last_agent_result_id = CASE WHEN u.is_restarted = 1 THEN u.last_agent_result_id ELSE p.last_agent_result_id END,
    hold_agent_result_id = CASE WHEN u.is_restarted = 1 THEN u.hold_agent_result_id ELSE p.hold_agent_result_id END,
    held_until = CASE WHEN u.is_restarted = 1 THEN u.held_until ELSE p.held_until END
FROM core.phone AS p
JOIN @phone_before AS f
    ON f.phone_id = p.phone_id
JOIN contacts.import_undo_phone AS u
    ON u.batch_id = @batch_id
    AND u.phone_id = p.phone_id
    AND u.line_no = f.line_no;

UPDATE k
SET
    state_id = 1,
    closed_at = NULL
FROM dialing.callback AS k
JOIN contacts.import_undo_callback AS u
    ON u.batch_id = @batch_id
    AND u.callback_id = k.callback_id
JOIN @state AS s
    ON s.client_id = k.client_id
WHERE u.is_made = 0
    AND k.state_id = 5
    AND s.is_new = 0;

DELETE k
FROM dialing.callback AS k
JOIN contacts.import_undo_callback AS u
    ON u.batch_id = @batch_id
    AND u.callback_id = k.callback_id
JOIN @state AS s
    ON s.client_id = k.client_id
WHERE u.is_made = 1
    AND k.state_id NOT IN (2, 3)
    AND s.is_new = 0;

SELECT @clients_restored = COUNT(*)
FROM @state AS s
WHERE s.is_new = 0;

/* -- What the load brought ---------------------------------------------------------------------------------------------- */

DELETE k
FROM dialing.callback AS k
JOIN @state AS s
    ON s.client_id = k.client_id
WHERE s.is_new = 1;

INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT
    p.dial_class_id,
    -COUNT(*)
FROM @state AS s
JOIN core.phone AS p
    ON p.client_id = s.client_id
    AND p.import_batch_id = @batch_id
WHERE p.dial_class_id <> 0
GROUP BY p.dial_class_id;

DELETE p
FROM core.phone AS p
JOIN @state AS s
    ON s.client_id = p.client_id
WHERE p.import_batch_id = @batch_id;

SET @phones_undone = @@ROWCOUNT;

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT
    c.campaign_id,
    c.counted_segment_id,
    c.counted_status_id,
    -COUNT(*)
FROM @state AS s
JOIN core.client AS c
    ON c.client_id = s.client_id
WHERE s.is_new = 1
    AND c.counted_status_id <> 0
GROUP BY c.campaign_id, c.counted_segment_id, c.counted_status_id;

DELETE c
FROM core.client AS c
JOIN @state AS s
    ON s.client_id = c.client_id
WHERE s.is_new = 1;

SET @clients_undone = @@ROWCOUNT;

/* -- What follows from it ----------------------------------------------------------------------------------------------- */

IF @clients_restored > 0
BEGIN
    INSERT INTO core.work_set (created_at)
    VALUES (@now);

    SET @work_id = SCOPE_IDENTITY();

    INSERT INTO core.work_client (work_id, client_id)
    SELECT
        @work_id,
        s.client_id
    FROM @state AS s
    WHERE s.is_new = 0;

    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
END;

IF @changed > 0
BEGIN
    DELETE u
    FROM contacts.import_undo_client AS u
    JOIN @asked AS x
        ON x.client_id = u.client_id
    WHERE u.batch_id = @batch_id;

    DELETE u
    FROM contacts.import_undo_phone AS u
    JOIN @asked AS x
        ON x.client_id = u.client_id
    WHERE u.batch_id = @batch_id;

    DELETE u
    FROM contacts.import_undo_callback AS u
    JOIN @asked AS x
        ON x.client_id = u.client_id
    WHERE u.batch_id = @batch_id;
END;

IF @changed = 0 AND @found < @batch_size
    SET @is_finished = 1;

UPDATE b
SET
    undo_phone_id = COALESCE(@last_phone_id, b.undo_phone_id),
    heartbeat_at = SYSUTCDATETIME(),
    clients_undone = b.clients_undone + @clients_undone,
    phones_undone = b.phones_undone + @phones_undone,
    clients_restored = b.clients_restored + @clients_restored,
    clients_kept = b.clients_kept + @clients_kept,
    state_id = CASE WHEN @is_finished = 1 THEN 4 ELSE 5 END,
    owner = CASE WHEN @is_finished = 1 THEN NULL ELSE b.owner END,
    message = CASE WHEN @is_finished = 1 THEN COALESCE(@message, b.message) ELSE b.message END
FROM contacts.import_batch AS b
WHERE b.batch_id = @batch_id;

IF @is_finished = 1 AND @message IS NOT NULL
    INSERT INTO contacts.import_log (batch_id, logged_at, level, message)
    VALUES (@batch_id, @now, N'Info', @message);

COMMIT TRANSACTION;

SELECT
    @clients_undone AS clients_undone,
    @phones_undone AS phones_undone,
    @clients_restored AS clients_restored,
    @clients_kept AS clients_kept,
    @is_finished AS is_finished;
