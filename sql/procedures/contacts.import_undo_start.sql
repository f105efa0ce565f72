/*
contacts.import_undo_start          version 1.0.0          2026-11-26

Begins to undo a load, or gives the undoing that did not end to a new process. A load can be undone for some days, as long as none
of the phones that it brought was dialled or is at the dialer; who is dialled while it is being undone stays.

Called by  app/importing/undo.py
Reads      core.phone, dialing.record
Writes     contacts.import_batch, contacts.import_log
Returns    nothing
Example    EXECUTE contacts.import_undo_start @batch_id = 12, @owner = N'by hand', @by = N'dba';
*/
CREATE OR ALTER PROCEDURE contacts.import_undo_start
    @batch_id bigint, /* contacts.import_batch.batch_id */
    @previous_owner nvarchar(200) = NULL, /* its owner, as the caller saw it: a process that is gone */
    @owner nvarchar(200), /* the process that undoes it */
    @by nvarchar(200), /* who asked for it */
    @days int = 7, /* a load can be undone for so long */
    @message nvarchar(1000) = NULL, /* a line for the journal */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @state_id smallint;
DECLARE @current_owner nvarchar(200);
DECLARE @started_at datetime2(3);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT
    @state_id = b.state_id,
    @current_owner = b.owner,
    @started_at = b.started_at
FROM contacts.import_batch AS b WITH (ROWLOCK, UPDLOCK)
WHERE b.batch_id = @batch_id;

IF @state_id IS NULL OR @state_id = 4
    THROW 50077, N'The value for the parameter @batch_id is not supported. There is no such load, or it is undone already.', 1;

IF COALESCE(@current_owner, N'') <> COALESCE(@previous_owner, N'')
    THROW 50073, N'Another process has taken this load over.', 1;

/* What was begun is ended, whatever happened since. */
IF @state_id <> 5
BEGIN
    IF @started_at < DATEADD(DAY, -@days, @now)
        THROW 50085, N'The load is too old to be undone: what it changed is no longer kept.', 1;

    IF EXISTS (
        SELECT 1 AS found
        FROM core.phone AS p
        WHERE p.import_batch_id = @batch_id
            AND p.last_attempt_at IS NOT NULL
    )
        THROW 50078, N'The load cannot be undone: phones of it were dialled.', 1;

    IF EXISTS (
        SELECT 1 AS found
        FROM dialing.record AS r
        JOIN core.phone AS p
            ON p.phone_id = r.phone_id
        WHERE p.import_batch_id = @batch_id
    )
        THROW 50079, N'The load cannot be undone now: phones of it are at the dialer.', 1;
END;

UPDATE b
SET
    state_id = 5,
    owner = @owner,
    undone_by = @by,
    heartbeat_at = SYSUTCDATETIME(),
    finished_at = COALESCE(b.finished_at, @now)
FROM contacts.import_batch AS b
WHERE b.batch_id = @batch_id;

IF @message IS NOT NULL
    INSERT INTO contacts.import_log (batch_id, logged_at, level, message)
    VALUES (@batch_id, @now, N'Info', @message);

COMMIT TRANSACTION;
