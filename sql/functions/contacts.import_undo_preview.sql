/*
contacts.import_undo_preview          version 1.0.0          2026-11-26

What undoing a load would do, before it is done: how many of its clients go or come back, with how many of the phones that it
brought, and how many stay, by reason (as contacts.import_undo_state). Reads every client of the load.

Called by  app/importing/undo.py
Reads      core.phone, contacts.import_undo_client, contacts.import_undo_phone, contacts.import_undo_callback,
           contacts.import_undo_state
Returns    rows: is_new int, reason_id smallint, clients int, phones int
Example    SELECT x.reason_id, x.clients FROM contacts.import_undo_preview(12) AS x;
*/
CREATE OR ALTER FUNCTION contacts.import_undo_preview
(
    @batch_id bigint /* contacts.import_batch.batch_id */
)
RETURNS TABLE
AS
RETURN
SELECT
    s.is_new AS is_new,
    s.reason_id AS reason_id,
    COUNT(*) AS clients,
    SUM(s.phones) AS phones
FROM (
    SELECT p.client_id AS client_id
    FROM core.phone AS p
    WHERE p.import_batch_id = @batch_id
    UNION
    SELECT u.client_id AS client_id
    FROM contacts.import_undo_client AS u
    WHERE u.batch_id = @batch_id
    UNION
    SELECT u.client_id AS client_id
    FROM contacts.import_undo_phone AS u
    WHERE u.batch_id = @batch_id
    UNION
    SELECT u.client_id AS client_id
    FROM contacts.import_undo_callback AS u
    WHERE u.batch_id = @batch_id
) AS x
CROSS APPLY contacts.import_undo_state(@batch_id, x.client_id) AS s
GROUP BY s.is_new, s.reason_id;
