/*
contacts.number_block          version 1.0.0          2026-11-25

Blocks a number in all campaigns, whoever its clients are, or lifts that block (M111). Later loads of the number are held by
it too. Unlike do-not-call it may be lifted by any administrator of campaigns. Each phone with the number carries the block,
so that nobody who picks phones has to look the number up.

The loads that are under way are made to wait, so that none of them brings the number in unseen.

Called by  app/procedures/contacts.py
Reads      contacts.import_batch, core.client
Writes     core.number_block, core.phone, ops.setting, contacts.block_journal, core.work_set, core.work_client, core.work_phone
Returns    one row: phones_changed int, records_out int, run_requested int
Example    EXECUTE contacts.number_block @number = N'79161234567', @is_blocked = 1, @by = N'ivanov', @reason = N'a fax';
*/
CREATE OR ALTER PROCEDURE contacts.number_block
    @number nvarchar(20), /* digits only, as core.phone.number */
    @is_blocked bit, /* 1 block, 0 lift */
    @by nvarchar(200), /* who does it */
    @reason nvarchar(1000) = NULL, /* why */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @number_block_id bigint;
DECLARE @journal_id bigint;
DECLARE @work_id bigint;
DECLARE @phones int;
DECLARE @batch table (batch_id bigint NOT NULL PRIMARY KEY);
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

IF @number IS NULL OR LEN(@number) < 3
    THROW 50105, N'The value for the parameter @number is not supported. A number has 3 to 20 digits.', 1;

BEGIN TRANSACTION;

UPDATE g
SET value = g.value
FROM ops.setting AS g
WHERE g.name = N'block_list_lock';

INSERT INTO @batch (batch_id)
SELECT b.batch_id
FROM contacts.import_batch AS b WITH (ROWLOCK, UPDLOCK)
WHERE b.state_id = 1
ORDER BY b.batch_id;

SELECT @number_block_id = MAX(n.number_block_id)
FROM core.number_block AS n
WHERE n.number = @number
    AND n.lifted_at IS NULL;

IF @is_blocked = 1 AND @number_block_id IS NULL
BEGIN
    INSERT INTO core.number_block (number, added_at, added_by, reason)
    VALUES (@number, @now, @by, @reason);

    SET @number_block_id = SCOPE_IDENTITY();
END;

IF @is_blocked = 0
    UPDATE n
    SET
        lifted_at = @now,
        lifted_by = @by,
        lift_reason = @reason
    FROM core.number_block AS n
    WHERE n.number = @number
        AND n.lifted_at IS NULL;

INSERT INTO contacts.block_journal (done_at, kind_id, is_blocked, number, number_block_id, done_by, reason)
VALUES (@now, 5, @is_blocked, @number, @number_block_id, @by, @reason);

SET @journal_id = SCOPE_IDENTITY();

INSERT INTO @client (client_id)
SELECT c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id IN (
    SELECT p.client_id
    FROM core.phone AS p
    WHERE p.number = @number
)
ORDER BY c.client_id;

IF @is_blocked = 1
BEGIN
    UPDATE p
    SET
        is_blocked = 1,
        number_block_id = @number_block_id
    FROM core.phone AS p
    WHERE p.number = @number
        AND p.number_block_id IS NULL;

    SET @phones = @@ROWCOUNT;
END
ELSE
BEGIN
    UPDATE p
    SET
        is_blocked = CASE WHEN p.blocked_at IS NULL THEN 0 ELSE 1 END,
        number_block_id = NULL
    FROM core.phone AS p
    WHERE p.number = @number
        AND p.number_block_id IS NOT NULL;

    SET @phones = @@ROWCOUNT;
END;

IF @is_blocked = 0
    UPDATE j
    SET
        lifted_at = @now,
        lifted_by = @by
    FROM contacts.block_journal AS j
    WHERE j.number = @number
        AND j.kind_id = 5
        AND j.is_blocked = 1
        AND j.lifted_at IS NULL;

INSERT INTO core.work_set (created_at)
VALUES (@now);

SET @work_id = SCOPE_IDENTITY();

INSERT INTO core.work_client (work_id, client_id)
SELECT
    @work_id,
    x.client_id
FROM @client AS x;

INSERT INTO core.work_phone (work_id, phone_id)
SELECT
    @work_id,
    p.phone_id
FROM core.phone AS p
WHERE p.number = @number;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

EXECUTE contacts.private_block_recall @journal_id = @journal_id, @phones = @phones, @work_id = @work_id;

COMMIT TRANSACTION;

SELECT
    j.phones AS phones_changed,
    j.records_out AS records_out,
    j.runs_requested AS run_requested
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;
