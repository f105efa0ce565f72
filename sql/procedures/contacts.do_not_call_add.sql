/*
contacts.do_not_call_add          version 1.0.0          2026-11-25

Puts a number, or a person with all numbers of all of its clients, on the do-not-call list: in all campaigns, and for
whatever is loaded later. No load, result, unblocking or restart takes it off; only contacts.do_not_call_lift does. What is
on the list already is not listed twice.

The loads that are under way are made to wait, so that none of them brings the number in unseen.

Called by  app/procedures/contacts.py
Reads      contacts.import_batch, core.client
Writes     core.do_not_call, core.person, core.phone, ops.setting, contacts.block_journal, core.work_set, core.work_client,
           core.work_phone
Returns    one row: do_not_call_id bigint, phones_changed int, records_out int, run_requested int
Example    EXECUTE contacts.do_not_call_add @number = N'79161234567', @by = N'ivanov', @reason = N'a letter of 12.11.2026';
*/
CREATE OR ALTER PROCEDURE contacts.do_not_call_add
    @number nvarchar(20) = NULL, /* digits only, as core.phone.number */
    @crm_id nvarchar(64) = NULL, /* or a person: core.person.crm_id, known or not yet */
    @by nvarchar(200), /* who does it */
    @reason nvarchar(1000) = NULL, /* why */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @crm_id_key nvarchar(64) = UPPER(LTRIM(RTRIM(@crm_id)));
DECLARE @person_id bigint;
DECLARE @do_not_call_id bigint;
DECLARE @journal_id bigint;
DECLARE @work_id bigint;
DECLARE @phones int;
DECLARE @batch table (batch_id bigint NOT NULL PRIMARY KEY);
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

IF (@number IS NULL AND @crm_id IS NULL) OR (@number IS NOT NULL AND @crm_id IS NOT NULL)
    THROW 50106, N'Either the parameter @number or the parameter @crm_id is given.', 1;

IF @number IS NOT NULL AND LEN(@number) < 3
    THROW 50105, N'The value for the parameter @number is not supported. A number has 3 to 20 digits.', 1;

IF @crm_id_key = N''
    THROW 50106, N'The value for the parameter @crm_id is not supported. It is not empty.', 1;

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

IF @crm_id_key IS NOT NULL
BEGIN
    SELECT @person_id = q.person_id
    FROM core.person AS q
    WHERE q.crm_id_key = @crm_id_key;

    IF @person_id IS NULL
    BEGIN
        INSERT INTO core.person (crm_id, crm_id_key, created_at)
        VALUES (LTRIM(RTRIM(@crm_id)), @crm_id_key, @now);

        SET @person_id = SCOPE_IDENTITY();
    END;
END;

SELECT @do_not_call_id = MIN(d.do_not_call_id)
FROM core.do_not_call AS d
WHERE (d.number = @number OR d.person_id = @person_id)
    AND d.lifted_at IS NULL;

IF @do_not_call_id IS NULL
BEGIN
    INSERT INTO core.do_not_call (number, person_id, added_at, added_by, reason)
    VALUES (@number, @person_id, @now, @by, @reason);

    SET @do_not_call_id = SCOPE_IDENTITY();
END;

INSERT INTO contacts.block_journal (done_at, kind_id, is_blocked, number, person_id, do_not_call_id, done_by, reason)
VALUES (@now, 6, 1, @number, @person_id, @do_not_call_id, @by, @reason);

SET @journal_id = SCOPE_IDENTITY();

INSERT INTO @client (client_id)
SELECT c.client_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id IN (
    SELECT p.client_id
    FROM core.phone AS p
    WHERE p.number = @number
    UNION
    SELECT h.client_id
    FROM core.client AS h
    WHERE h.person_id = @person_id
)
ORDER BY c.client_id;

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
FROM @client AS x
JOIN core.phone AS p
    ON p.client_id = x.client_id
WHERE p.number = @number
    OR @person_id IS NOT NULL;

UPDATE p
SET is_do_not_call = 1
FROM core.phone AS p
JOIN core.work_phone AS w
    ON w.phone_id = p.phone_id
WHERE w.work_id = @work_id
    AND p.is_do_not_call = 0;

SET @phones = @@ROWCOUNT;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

EXECUTE contacts.private_block_recall @journal_id = @journal_id, @phones = @phones, @work_id = @work_id;

COMMIT TRANSACTION;

SELECT
    j.do_not_call_id AS do_not_call_id,
    j.phones AS phones_changed,
    j.records_out AS records_out,
    j.runs_requested AS run_requested
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;
