/*
contacts.import_unfinished          version 1.1.0          2026-11-25

Loads that began and did not end: one of them by its batch, or those of one file by its hash, latest first. Whether the process of
a running one is alive is for the caller to find out: by the owner where it is of the same machine, else by its silence.

Called by  app/importing/loader.py
Reads      contacts.import_batch, core.campaign
Writes     nothing
Returns    rows: batch_id bigint, state_id smallint, campaign_code nvarchar(64), template_id int, file_name nvarchar(200),
           file_hash nvarchar(64), restarts_clients bit, form nvarchar(max), owner nvarchar(200), silent_seconds int,
           lines_done int, bytes_done bigint
Example    EXECUTE contacts.import_unfinished @batch_id = 12;
*/
CREATE OR ALTER PROCEDURE contacts.import_unfinished
    @batch_id bigint = NULL, /* contacts.import_batch.batch_id, in any state */
    @file_hash nvarchar(64) = NULL /* or the hash of a file, running and failed loads only */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

/* The heartbeat is a matter of real time, so it is not compared with the clock of the application. */
SELECT
    b.batch_id AS batch_id,
    b.state_id AS state_id,
    k.code AS campaign_code,
    b.template_id AS template_id,
    b.file_name AS file_name,
    b.file_hash AS file_hash,
    b.restarts_clients AS restarts_clients,
    b.form AS form,
    b.owner AS owner,
    DATEDIFF(SECOND, b.heartbeat_at, SYSUTCDATETIME()) AS silent_seconds,
    b.lines_done AS lines_done,
    b.bytes_done AS bytes_done
FROM contacts.import_batch AS b
LEFT JOIN core.campaign AS k
    ON k.campaign_id = b.campaign_id
WHERE b.batch_id = @batch_id
    OR (@batch_id IS NULL AND b.file_hash = @file_hash AND b.state_id IN (1, 3))
ORDER BY b.batch_id DESC;
