/*
contacts.import_start          version 1.2.0          2026-11-26

Opens a load: one batch with its journal (M151-M164). A load that brings corrected lines of another one is linked to it.

Called by  app/importing/loader.py
Reads      core.campaign
Writes     contacts.import_batch, contacts.import_log
Returns    one row: batch_id bigint
Example    EXECUTE contacts.import_start @kind_id = 1, @campaign_code = N'IPOTEKA', @owner = N'by hand', @created_by = N'dba';
*/
CREATE OR ALTER PROCEDURE contacts.import_start
    @kind_id smallint, /* 1 by hand, 2 source, 3 API */
    @campaign_code nvarchar(64) = NULL, /* core.campaign.code, of lines that name none */
    @template_id int = NULL, /* contacts.import_template.template_id */
    @file_name nvarchar(200) = NULL, /* as people know it */
    @file_path nvarchar(1000) = NULL, /* where it was read */
    @file_hash nvarchar(64) = NULL, /* SHA-256 of the file, so that the same file is recognised */
    @file_bytes bigint = 0, /* its size */
    @restarts_clients bit = NULL, /* finished clients: 1 start a new round, 0 are only updated; NULL as their campaign says */
    @corrects_batch_id bigint = NULL, /* contacts.import_batch: its rejected lines, corrected, are this file */
    @form nvarchar(max) = NULL, /* how the file is read, a JSON object */
    @owner nvarchar(200), /* the process that loads it */
    @created_by nvarchar(200), /* who asked for it */
    @message nvarchar(1000) = NULL, /* the first line of the journal */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @campaign_id int;
DECLARE @state_id smallint;
DECLARE @batch_id bigint;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

IF @campaign_code IS NOT NULL
BEGIN
    SELECT
        @campaign_id = k.campaign_id,
        @state_id = k.state_id
    FROM core.campaign AS k
    WHERE k.code_key = UPPER(LTRIM(RTRIM(@campaign_code)));

    IF @campaign_id IS NULL
        THROW 50070, N'The value for the parameter @campaign_code is not supported. There is no campaign with this code.', 1;

    IF @state_id = 3
        THROW 50071, N'The value for the parameter @campaign_code is not supported. The campaign is archived.', 1;
END;

INSERT INTO contacts.import_batch (
    kind_id, campaign_id, template_id, file_name, file_path, file_hash, file_bytes, state_id, restarts_clients,
    corrects_batch_id, form, owner, heartbeat_at, started_at, created_by
)
VALUES (
    @kind_id, @campaign_id, @template_id, @file_name, @file_path, @file_hash, @file_bytes, 1, @restarts_clients,
    @corrects_batch_id, @form, @owner, SYSUTCDATETIME(), @now, @created_by
);

SET @batch_id = SCOPE_IDENTITY();

IF @message IS NOT NULL
    INSERT INTO contacts.import_log (batch_id, logged_at, level, message)
    VALUES (@batch_id, @now, N'Info', @message);

COMMIT TRANSACTION;

SELECT @batch_id AS batch_id;
