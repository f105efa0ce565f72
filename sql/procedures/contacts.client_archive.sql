/*
contacts.client_archive          version 1.0.1          2026-11-26

Takes clients of a campaign that were closed long ago to the archive, with their phones, one batch a call: those that are
processed or that a limit stopped, since before a moment. Who has a phone at the dialer, a promised call, or a block, of the
client or of one of its phones, stays: a block must still be there when the client is loaded again. Do-not-call needs no such
care, for it has a list of its own.

Attempts and results stay where they are. A client that is loaded again is a new one, in the round that follows the archived
one. A raised limit does not bring an archived client back.

Called by  app/procedures/contacts.py
Reads      core.client_status, dialing.record, dialing.callback
Writes     core.client, core.phone, core.client_archive, core.phone_archive, core.client_count_change, core.dial_class_change
Returns    one row: clients_archived int, phones_archived int, is_finished bit
Example    EXECUTE contacts.client_archive @campaign_id = 7, @closed_before = '2026-01-01';
*/
CREATE OR ALTER PROCEDURE contacts.client_archive
    @campaign_id int, /* core.campaign.campaign_id */
    @closed_before datetime2(3), /* UTC: the status is older than this */
    @batch_size int = 5000, /* most clients of one call */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @found int;
DECLARE @clients int;
DECLARE @phones int;
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

/* No client is loaded after its status was set, so the index on the load serves. */
INSERT INTO @client (client_id)
SELECT TOP (@batch_size) c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK, READPAST)
JOIN core.client_status AS s
    ON s.status_id = c.status_id
WHERE c.campaign_id = @campaign_id
    AND c.loaded_at < @closed_before
    AND c.status_at < @closed_before
    AND (s.is_final = 1 OR s.is_limit = 1)
    AND c.is_blocked = 0
    AND NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.client_id = c.client_id)
    AND NOT EXISTS (SELECT 1 AS found FROM dialing.callback AS b WHERE b.client_id = c.client_id AND b.state_id IN (1, 2))
    AND NOT EXISTS (SELECT 1 AS found FROM core.phone AS p WHERE p.client_id = c.client_id AND p.blocked_at IS NOT NULL)
ORDER BY c.client_id;

SET @found = @@ROWCOUNT;

/* Once more under the locks. */
DELETE x
FROM @client AS x
JOIN dialing.record AS r
    ON r.client_id = x.client_id;

DELETE x
FROM @client AS x
JOIN dialing.callback AS b
    ON b.client_id = x.client_id
WHERE b.state_id IN (1, 2);

DELETE x
FROM @client AS x
JOIN core.phone AS p
    ON p.client_id = x.client_id
WHERE p.blocked_at IS NOT NULL;

INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT
    p.dial_class_id,
    -COUNT(*)
FROM @client AS x
JOIN core.phone AS p
    ON p.client_id = x.client_id
WHERE p.dial_class_id <> 0
GROUP BY p.dial_class_id;

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT
    c.campaign_id,
    c.counted_segment_id,
    c.counted_status_id,
    -COUNT(*)
FROM @client AS x
JOIN core.client AS c
    ON c.client_id = x.client_id
WHERE c.counted_status_id <> 0
GROUP BY c.campaign_id, c.counted_segment_id, c.counted_status_id;

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
    1
FROM @client AS x
JOIN core.phone AS p
    ON p.client_id = x.client_id;

SET @phones = @@ROWCOUNT;

DELETE p
FROM core.phone AS p
JOIN @client AS x
    ON x.client_id = p.client_id;

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
    1
FROM @client AS x
JOIN core.client AS c
    ON c.client_id = x.client_id;

SET @clients = @@ROWCOUNT;

DELETE c
FROM core.client AS c
JOIN @client AS x
    ON x.client_id = c.client_id;

COMMIT TRANSACTION;

SELECT
    @clients AS clients_archived,
    @phones AS phones_archived,
    CASE WHEN @found < @batch_size THEN 1 ELSE 0 END AS is_finished;
