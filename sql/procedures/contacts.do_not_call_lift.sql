/*
contacts.do_not_call_lift          version 1.0.0          2026-11-25

Takes an entry off the do-not-call list, with a reason. Phones that another entry still holds, by number or by person, stay
on it; so do blocks of all other kinds. Who may do it is a right of the screens: the security administrator.

Called by  app/procedures/contacts.py
Reads      contacts.import_batch, core.client
Writes     core.do_not_call, core.phone, ops.setting, contacts.block_journal, core.work_set, core.work_client, core.work_phone
Returns    one row: phones_changed int, records_out int, run_requested int
Example    EXECUTE contacts.do_not_call_lift @do_not_call_id = 17, @by = N'petrova', @reason = N'the client asked in writing';
*/
CREATE OR ALTER PROCEDURE contacts.do_not_call_lift
    @do_not_call_id bigint, /* core.do_not_call.do_not_call_id */
    @by nvarchar(200), /* who does it */
    @reason nvarchar(1000), /* why; not empty */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @found_id bigint;
DECLARE @number nvarchar(20);
DECLARE @person_id bigint;
DECLARE @journal_id bigint;
DECLARE @work_id bigint;
DECLARE @phones int;
DECLARE @batch table (batch_id bigint NOT NULL PRIMARY KEY);
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

IF @reason IS NULL OR LTRIM(RTRIM(@reason)) = N''
    THROW 50107, N'The value for the parameter @reason is not supported. Do-not-call is lifted with a reason.', 1;

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

SELECT
    @found_id = d.do_not_call_id,
    @number = d.number,
    @person_id = d.person_id
FROM core.do_not_call AS d
WHERE d.do_not_call_id = @do_not_call_id
    AND d.lifted_at IS NULL;

IF @found_id IS NULL
    THROW 50108, N'The value for the parameter @do_not_call_id is not supported. There is no such entry in force.', 1;

UPDATE d
SET
    lifted_at = @now,
    lifted_by = @by,
    lift_reason = @reason
FROM core.do_not_call AS d
WHERE d.do_not_call_id = @do_not_call_id;

INSERT INTO contacts.block_journal (done_at, kind_id, is_blocked, number, person_id, do_not_call_id, done_by, reason)
VALUES (@now, 6, 0, @number, @person_id, @do_not_call_id, @by, @reason);

SET @journal_id = SCOPE_IDENTITY();

UPDATE j
SET
    lifted_at = @now,
    lifted_by = @by
FROM contacts.block_journal AS j
WHERE j.do_not_call_id = @do_not_call_id
    AND j.is_blocked = 1
    AND j.lifted_at IS NULL;

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
JOIN core.client AS c
    ON c.client_id = x.client_id
JOIN core.phone AS p
    ON p.client_id = x.client_id
WHERE (p.number = @number OR @person_id IS NOT NULL)
    AND p.is_do_not_call = 1
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM core.do_not_call AS d
        WHERE d.number = p.number
            AND d.lifted_at IS NULL
    )
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM core.do_not_call AS d
        WHERE d.person_id = c.person_id
            AND d.lifted_at IS NULL
    );

UPDATE p
SET is_do_not_call = 0
FROM core.phone AS p
JOIN core.work_phone AS w
    ON w.phone_id = p.phone_id
WHERE w.work_id = @work_id;

SET @phones = @@ROWCOUNT;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

EXECUTE contacts.private_block_recall @journal_id = @journal_id, @phones = @phones, @work_id = @work_id;

COMMIT TRANSACTION;

SELECT
    j.phones AS phones_changed,
    j.records_out AS records_out,
    j.runs_requested AS run_requested
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;
