/*
contacts.import_undo_state          version 1.0.0          2026-11-26

What undoing a load does with one of its clients: one that the load made (is_new) goes, a known one gets back what the load
changed (reason 0); or it stays as it is, for the first of these reasons. `phones` are those that the load brought.

1 dialled     a phone that the load brought was dialled; a new round that it began has a call
2 out         such a phone is at the dialer now
3 later load  a load that is not undone had the client since, or between two parts of this one
4 promised    an agent gave a result, or promised a call, since
5 moved       phones of the client were moved to another campaign, or came from one, since
6 blocked     the client, or a phone that the load brought, was blocked by itself: that must not be forgotten
7 others      a client that the load made has phones of another load

A block of a whole segment, or of a range of load moments, is no reason: it is what people do first when a file was wrong.

Called by  sql/procedures/contacts.import_undo.sql, sql/functions/contacts.import_undo_preview.sql
Reads      contacts.import_batch, core.client, core.phone, core.attempt_outcome, dialing.record, dialing.callback,
           contacts.block_journal, contacts.move_journal, contacts.import_undo_client
Returns    rows: client_id bigint, is_new int, reason_id smallint, phones int
Example    SELECT s.is_new, s.reason_id FROM contacts.import_undo_state(12, 345) AS s;
*/
CREATE OR ALTER FUNCTION contacts.import_undo_state
(
    @batch_id bigint, /* contacts.import_batch.batch_id */
    @client_id bigint /* core.client.client_id */
)
RETURNS TABLE
AS
RETURN
SELECT
    c.client_id AS client_id,
    n.is_new AS is_new,
    CAST(CASE
        WHEN f.dialled = 1 THEN 1
        WHEN n.is_new = 1 AND c.last_attempt_at IS NOT NULL THEN 1
        WHEN u.is_restarted = 1 AND c.last_attempt_at > COALESCE(u.last_attempt_at, DATEFROMPARTS(1900, 1, 1)) THEN 1
        WHEN EXISTS (
            SELECT 1 AS found
            FROM dialing.record AS r
            LEFT JOIN core.phone AS p
                ON p.phone_id = r.phone_id
            WHERE r.client_id = c.client_id
                AND (n.is_new = 1 OR u.is_restarted = 1 OR p.import_batch_id = @batch_id)
        ) THEN 2
        WHEN EXISTS (
            SELECT 1 AS found
            FROM contacts.move_journal AS m
            WHERE m.from_client_id = c.client_id
                AND m.done_at >= b.started_at
        ) THEN 5
        WHEN EXISTS (
            SELECT 1 AS found
            FROM contacts.move_journal AS m
            WHERE m.to_client_id = c.client_id
                AND m.done_at >= b.started_at
        ) THEN 5
        WHEN c.updated_batch_id <> @batch_id AND NOT EXISTS (
            SELECT 1 AS found
            FROM contacts.import_batch AS l
            WHERE l.batch_id = c.updated_batch_id
                AND l.state_id IN (4, 5)
        ) THEN 3
        WHEN c.updated_batch_id IS NULL THEN 3
        WHEN EXISTS (
            SELECT 1 AS found
            FROM contacts.import_undo_client AS w
            WHERE w.batch_id = @batch_id
                AND w.client_id = c.client_id
                AND w.line_no > u.line_no
                AND w.updated_batch_id <> @batch_id
        ) THEN 3
        WHEN (n.is_new = 1 OR u.is_restarted = 1) AND EXISTS (
            SELECT 1 AS found
            FROM core.attempt_outcome AS o
            WHERE o.client_id = c.client_id
                AND o.round_no = c.round_no
        ) THEN 4
        WHEN EXISTS (
            SELECT 1 AS found
            FROM dialing.callback AS k
            LEFT JOIN core.phone AS p
                ON p.phone_id = k.phone_id
            WHERE k.client_id = c.client_id
                AND k.source_id <> 5
                AND (n.is_new = 1 OR p.import_batch_id = @batch_id)
        ) THEN 4
        WHEN n.is_new = 1 AND c.is_blocked = 1 THEN 6
        WHEN f.blocked = 1 THEN 6
        WHEN n.is_new = 1 AND f.others = 1 THEN 7
        ELSE 0
    END AS smallint) AS reason_id,
    f.phones AS phones
FROM core.client AS c
JOIN contacts.import_batch AS b
    ON b.batch_id = @batch_id
OUTER APPLY (
    SELECT TOP (1)
        w.is_restarted AS is_restarted,
        w.last_attempt_at AS last_attempt_at,
        w.line_no AS line_no
    FROM contacts.import_undo_client AS w
    WHERE w.batch_id = @batch_id
        AND w.client_id = c.client_id
    ORDER BY w.line_no
) AS u
CROSS APPLY (SELECT CASE WHEN c.import_batch_id = @batch_id THEN 1 ELSE 0 END AS is_new) AS n
CROSS APPLY (
    SELECT
        COALESCE(SUM(CASE WHEN p.import_batch_id = @batch_id THEN 1 ELSE 0 END), 0) AS phones,
        MAX(CASE WHEN p.import_batch_id = @batch_id AND p.last_attempt_at IS NOT NULL THEN 1 ELSE 0 END) AS dialled,
        MAX(CASE WHEN p.import_batch_id = @batch_id AND p.blocked_at IS NOT NULL AND COALESCE(j.kind_id, 1) = 1 THEN 1 ELSE 0 END)
            AS blocked,
        MAX(CASE WHEN p.import_batch_id = @batch_id THEN 0 ELSE 1 END) AS others
    FROM core.phone AS p
    LEFT JOIN contacts.block_journal AS j
        ON j.journal_id = p.block_journal_id
    WHERE p.client_id = c.client_id
) AS f
WHERE c.client_id = @client_id;
