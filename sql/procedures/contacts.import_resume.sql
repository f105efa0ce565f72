/*
contacts.import_resume          version 1.0.0          2026-11-23

Hands a load that did not end to a new process, which goes on behind the lines that are done. From then on the process that had
it before cannot write a line of it, should it still be alive.

Called by  app/importing/loader.py
Reads      contacts.import_batch
Writes     contacts.import_batch, contacts.import_log
Returns    one row: lines_done int, bytes_done bigint
Example    EXECUTE contacts.import_resume @batch_id = 12, @owner = N'by hand';
*/
CREATE OR ALTER PROCEDURE contacts.import_resume
    @batch_id bigint, /* contacts.import_batch.batch_id */
    @previous_owner nvarchar(200) = NULL, /* its owner, as the caller saw it */
    @owner nvarchar(200), /* the process that goes on */
    @message nvarchar(1000) = NULL, /* a line for the journal */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @state_id smallint;
DECLARE @current_owner nvarchar(200);
DECLARE @lines_done int;
DECLARE @bytes_done bigint;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT
    @state_id = b.state_id,
    @current_owner = b.owner,
    @lines_done = b.lines_done,
    @bytes_done = b.bytes_done
FROM contacts.import_batch AS b WITH (ROWLOCK, UPDLOCK)
WHERE b.batch_id = @batch_id;

IF @state_id IS NULL OR @state_id NOT IN (1, 3)
    THROW 50072, N'The value for the parameter @batch_id is not supported. There is no such load that could be carried on.', 1;

IF COALESCE(@current_owner, N'') <> COALESCE(@previous_owner, N'')
    THROW 50073, N'Another process has taken this load over.', 1;

UPDATE b
SET
    state_id = 1,
    owner = @owner,
    heartbeat_at = SYSUTCDATETIME(),
    finished_at = NULL,
    message = NULL
FROM contacts.import_batch AS b
WHERE b.batch_id = @batch_id;

IF @message IS NOT NULL
    INSERT INTO contacts.import_log (batch_id, logged_at, level, message)
    VALUES (@batch_id, @now, N'Info', @message);

COMMIT TRANSACTION;

SELECT
    @lines_done AS lines_done,
    @bytes_done AS bytes_done;
