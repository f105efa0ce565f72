/*
contacts.phone_block          version 1.0.0          2026-11-25

Blocks one phone of a client, or lifts its block (M107, M110). Excluding a contact from dialling (M199) is this block. A
phone that is blocked already keeps who blocked it, when and why. A lifted phone whose number is blocked in all campaigns
stays blocked with it.

Called by  app/procedures/contacts.py
Reads      core.phone, core.client
Writes     core.phone, contacts.block_journal, core.work_set, core.work_client, core.work_phone
Returns    one row: phones_changed int, records_out int, run_requested int
Example    EXECUTE contacts.phone_block @phone_id = 17, @is_blocked = 1, @by = N'ivanov', @reason = N'asked for it';
*/
CREATE OR ALTER PROCEDURE contacts.phone_block
    @phone_id bigint, /* core.phone.phone_id */
    @is_blocked bit, /* 1 block, 0 lift */
    @by nvarchar(200), /* who does it */
    @reason nvarchar(1000) = NULL, /* why */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @client_id bigint;
DECLARE @locked_id bigint = 0;
DECLARE @campaign_id int;
DECLARE @segment_id int;
DECLARE @number nvarchar(20);
DECLARE @journal_id bigint;
DECLARE @work_id bigint;
DECLARE @phones int;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT @client_id = p.client_id
FROM core.phone AS p
WHERE p.phone_id = @phone_id;

/* The phone may move to another client until that one is locked. */
WHILE @client_id <> @locked_id
BEGIN
    SET @locked_id = @client_id;

    SELECT
        @campaign_id = c.campaign_id,
        @segment_id = c.segment_id
    FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
    WHERE c.client_id = @locked_id;

    SET @client_id = NULL;

    SELECT
        @client_id = p.client_id,
        @number = p.number
    FROM core.phone AS p
    WHERE p.phone_id = @phone_id;
END;

IF @client_id IS NULL
    THROW 50100, N'The value for the parameter @phone_id is not supported. There is no such phone.', 1;

INSERT INTO contacts.block_journal (
    done_at, kind_id, is_blocked, campaign_id, segment_id, client_id, phone_id, number, done_by, reason
)
VALUES (@now, 1, @is_blocked, @campaign_id, @segment_id, @client_id, @phone_id, @number, @by, @reason);

SET @journal_id = SCOPE_IDENTITY();

IF @is_blocked = 1
BEGIN
    UPDATE p
    SET
        is_blocked = 1,
        blocked_at = @now,
        blocked_by = @by,
        block_reason = @reason,
        block_journal_id = @journal_id
    FROM core.phone AS p
    WHERE p.phone_id = @phone_id
        AND p.blocked_at IS NULL;

    SET @phones = @@ROWCOUNT;
END
ELSE
BEGIN
    UPDATE p
    SET
        is_blocked = CASE WHEN p.number_block_id IS NULL THEN 0 ELSE 1 END,
        blocked_at = NULL,
        blocked_by = NULL,
        block_reason = NULL,
        block_journal_id = NULL
    FROM core.phone AS p
    WHERE p.phone_id = @phone_id
        AND p.is_blocked = 1
        AND (p.blocked_at IS NOT NULL OR p.number_block_id IS NULL);

    SET @phones = @@ROWCOUNT;
END;

IF @is_blocked = 0
    UPDATE j
    SET
        lifted_at = @now,
        lifted_by = @by
    FROM contacts.block_journal AS j
    WHERE j.client_id = @client_id
        AND j.phone_id = @phone_id
        AND j.kind_id = 1
        AND j.is_blocked = 1
        AND j.lifted_at IS NULL;

INSERT INTO core.work_set (created_at)
VALUES (@now);

SET @work_id = SCOPE_IDENTITY();

INSERT INTO core.work_client (work_id, client_id)
VALUES (@work_id, @client_id);

INSERT INTO core.work_phone (work_id, phone_id)
VALUES (@work_id, @phone_id);

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

EXECUTE contacts.private_block_recall @journal_id = @journal_id, @phones = @phones, @work_id = @work_id;

COMMIT TRANSACTION;

SELECT
    j.phones AS phones_changed,
    j.records_out AS records_out,
    j.runs_requested AS run_requested
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;
