/*
contacts.import_undo_forget          version 1.0.0          2026-11-26

What loads changed of known clients is kept for as long as they can be undone, and then forgotten, one batch of rows a call.

Called by  app/importing/undo.py
Reads      contacts.import_batch
Writes     contacts.import_undo_client, contacts.import_undo_phone, contacts.import_undo_callback
Returns    one row: rows_forgotten int, is_finished bit
Example    EXECUTE contacts.import_undo_forget;
*/
CREATE OR ALTER PROCEDURE contacts.import_undo_forget
    @days int = 7, /* a load can be undone for so long */
    @batch_size int = 5000, /* most rows of each table that one call deletes */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @below_batch_id bigint;
DECLARE @found int;
DECLARE @rows_forgotten int = 0;
DECLARE @is_finished bit = 1;
DECLARE @client table (
    batch_id bigint NOT NULL,
    client_id bigint NOT NULL,
    line_no int NOT NULL,
    PRIMARY KEY (batch_id, client_id, line_no)
);
DECLARE @phone table (
    batch_id bigint NOT NULL,
    phone_id bigint NOT NULL,
    line_no int NOT NULL,
    PRIMARY KEY (batch_id, phone_id, line_no)
);
DECLARE @callback table (batch_id bigint NOT NULL, callback_id bigint NOT NULL, PRIMARY KEY (batch_id, callback_id));

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

IF @batch_size < 1
    THROW 50082, N'The value for the parameter @batch_size is not supported.', 1;

BEGIN TRANSACTION;

/* A load that is being undone is younger than that, or goes on with what is left. */
SELECT @below_batch_id = MAX(b.batch_id) + 1
FROM contacts.import_batch AS b
WHERE b.started_at < DATEADD(DAY, -@days, @now);

INSERT INTO @client (batch_id, client_id, line_no)
SELECT TOP (@batch_size)
    u.batch_id,
    u.client_id,
    u.line_no
FROM contacts.import_undo_client AS u
WHERE u.batch_id < @below_batch_id
    AND NOT EXISTS (SELECT 1 AS found FROM contacts.import_batch AS b WHERE b.batch_id = u.batch_id AND b.state_id = 5)
ORDER BY u.batch_id, u.client_id, u.line_no;

SET @found = @@ROWCOUNT;

IF @found = @batch_size
    SET @is_finished = 0;

INSERT INTO @phone (batch_id, phone_id, line_no)
SELECT TOP (@batch_size)
    u.batch_id,
    u.phone_id,
    u.line_no
FROM contacts.import_undo_phone AS u
WHERE u.batch_id < @below_batch_id
    AND NOT EXISTS (SELECT 1 AS found FROM contacts.import_batch AS b WHERE b.batch_id = u.batch_id AND b.state_id = 5)
ORDER BY u.batch_id, u.phone_id, u.line_no;

SET @found = @@ROWCOUNT;

IF @found = @batch_size
    SET @is_finished = 0;

INSERT INTO @callback (batch_id, callback_id)
SELECT TOP (@batch_size)
    u.batch_id,
    u.callback_id
FROM contacts.import_undo_callback AS u
WHERE u.batch_id < @below_batch_id
    AND NOT EXISTS (SELECT 1 AS found FROM contacts.import_batch AS b WHERE b.batch_id = u.batch_id AND b.state_id = 5)
ORDER BY u.batch_id, u.callback_id;

SET @found = @@ROWCOUNT;

IF @found = @batch_size
    SET @is_finished = 0;

DELETE u
FROM contacts.import_undo_client AS u
JOIN @client AS x
    ON x.batch_id = u.batch_id
    AND x.client_id = u.client_id
    AND x.line_no = u.line_no;

SET @rows_forgotten = @@ROWCOUNT;

DELETE u
FROM contacts.import_undo_phone AS u
JOIN @phone AS x
    ON x.batch_id = u.batch_id
    AND x.phone_id = u.phone_id
    AND x.line_no = u.line_no;

SET @found = @@ROWCOUNT;
SET @rows_forgotten = @rows_forgotten + @found;

DELETE u
FROM contacts.import_undo_callback AS u
JOIN @callback AS x
    ON x.batch_id = u.batch_id
    AND x.callback_id = u.callback_id;

SET @found = @@ROWCOUNT;
SET @rows_forgotten = @rows_forgotten + @found;

COMMIT TRANSACTION;

SELECT
    @rows_forgotten AS rows_forgotten,
    @is_finished AS is_finished;
