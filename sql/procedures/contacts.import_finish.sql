/*
contacts.import_finish          version 1.1.0          2026-11-25

Closes a load as done or failed, with the last lines of its journal. A failed one may be carried on (contacts.import_resume).

A number or person that went on the do-not-call list, or a number that was blocked everywhere, while a part was being loaded was
not seen by that part: such phones are found here, in proportion to what was listed since the load began.

Called by  app/importing/loader.py
Reads      contacts.import_batch, core.do_not_call, core.number_block, core.client
Writes     contacts.import_batch, contacts.import_log, core.phone, core.work_set, core.work_client
Returns    nothing
Example    EXECUTE contacts.import_finish @batch_id = 12, @owner = N'by hand', @state_id = 2;
*/
CREATE OR ALTER PROCEDURE contacts.import_finish
    @batch_id bigint, /* contacts.import_batch.batch_id */
    @owner nvarchar(200), /* the process that loads it */
    @state_id smallint, /* 2 done, 3 failed */
    @file_message nvarchar(1000) = NULL, /* a line for the journal: the file was read */
    @message nvarchar(1000) = NULL, /* the outcome, in the journal and on the batch */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @old_state_id smallint;
DECLARE @current_owner nvarchar(200);
DECLARE @added_from datetime2(3);
DECLARE @work_id bigint;
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

IF @state_id NOT IN (2, 3)
    THROW 50075, N'The value for the parameter @state_id is not supported. Supported values are 2 (done) and 3 (failed).', 1;

BEGIN TRANSACTION;

SELECT
    @old_state_id = b.state_id,
    @current_owner = b.owner,
    @added_from = DATEADD(MINUTE, -10, b.started_at)
FROM contacts.import_batch AS b WITH (ROWLOCK, UPDLOCK)
WHERE b.batch_id = @batch_id;

IF @old_state_id IS NULL OR @old_state_id <> 1
    THROW 50072, N'The value for the parameter @batch_id is not supported. There is no such load under way.', 1;

IF COALESCE(@current_owner, N'') <> @owner
    THROW 50073, N'Another process has taken this load over.', 1;

INSERT INTO @client (client_id)
SELECT c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id IN (
    SELECT p.client_id
    FROM core.do_not_call AS d
    JOIN core.phone AS p
        ON p.number = d.number
    WHERE d.added_at >= @added_from
        AND d.lifted_at IS NULL
        AND p.is_do_not_call = 0
    UNION
    SELECT p.client_id
    FROM core.do_not_call AS d
    JOIN core.client AS k
        ON k.person_id = d.person_id
    JOIN core.phone AS p
        ON p.client_id = k.client_id
    WHERE d.added_at >= @added_from
        AND d.lifted_at IS NULL
        AND p.is_do_not_call = 0
    UNION
    SELECT p.client_id
    FROM core.number_block AS n
    JOIN core.phone AS p
        ON p.number = n.number
    WHERE n.added_at >= @added_from
        AND n.lifted_at IS NULL
        AND p.number_block_id IS NULL
)
ORDER BY c.client_id;

IF EXISTS (SELECT 1 AS found FROM @client)
BEGIN
    UPDATE p
    SET is_do_not_call = 1
    FROM core.phone AS p
    JOIN @client AS c
        ON c.client_id = p.client_id
    WHERE p.is_do_not_call = 0
        AND EXISTS (
            SELECT 1 AS found
            FROM core.do_not_call AS d
            WHERE d.number = p.number
                AND d.lifted_at IS NULL
        );

    UPDATE p
    SET is_do_not_call = 1
    FROM core.phone AS p
    JOIN @client AS x
        ON x.client_id = p.client_id
    JOIN core.client AS c
        ON c.client_id = x.client_id
    JOIN core.do_not_call AS d
        ON d.person_id = c.person_id
        AND d.lifted_at IS NULL
    WHERE p.is_do_not_call = 0;

    UPDATE p
    SET
        is_blocked = 1,
        number_block_id = n.number_block_id
    FROM core.phone AS p
    JOIN @client AS c
        ON c.client_id = p.client_id
    JOIN core.number_block AS n
        ON n.number = p.number
        AND n.lifted_at IS NULL
    WHERE p.number_block_id IS NULL;

    INSERT INTO core.work_set (created_at)
    VALUES (@now);

    SET @work_id = SCOPE_IDENTITY();

    INSERT INTO core.work_client (work_id, client_id)
    SELECT
        @work_id,
        c.client_id
    FROM @client AS c;

    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
END;

IF @file_message IS NOT NULL
    INSERT INTO contacts.import_log (batch_id, logged_at, level, message)
    VALUES (@batch_id, @now, N'Info', @file_message);

IF @message IS NOT NULL
    INSERT INTO contacts.import_log (batch_id, logged_at, level, message)
    VALUES (@batch_id, @now, CASE WHEN @state_id = 2 THEN N'Info' ELSE N'Error' END, @message);

UPDATE b
SET
    state_id = @state_id,
    owner = NULL,
    finished_at = @now,
    message = @message
FROM contacts.import_batch AS b
WHERE b.batch_id = @batch_id;

COMMIT TRANSACTION;
