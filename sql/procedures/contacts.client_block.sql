/*
contacts.client_block          version 1.0.0          2026-11-25

Blocks a client of a campaign with all of its phones, or lifts that block (M106). It is a flag of the client: its phones keep
blocks of their own, and phones that are loaded later are held by it too. A client that is blocked already keeps who blocked
it, when and why.

Called by  app/procedures/contacts.py
Reads      core.phone
Writes     core.client, contacts.block_journal, core.work_set, core.work_client, core.work_phone
Returns    one row: phones_changed int, records_out int, run_requested int
Example    EXECUTE contacts.client_block @client_id = 17, @is_blocked = 1, @by = N'ivanov', @reason = N'asked for it';
*/
CREATE OR ALTER PROCEDURE contacts.client_block
    @client_id bigint, /* core.client.client_id */
    @is_blocked bit, /* 1 block, 0 lift */
    @by nvarchar(200), /* who does it */
    @reason nvarchar(1000) = NULL, /* why */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @campaign_id int;
DECLARE @segment_id int;
DECLARE @was_blocked bit;
DECLARE @journal_id bigint;
DECLARE @work_id bigint;
DECLARE @phones int = 0;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT
    @campaign_id = c.campaign_id,
    @segment_id = c.segment_id,
    @was_blocked = c.is_blocked
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id = @client_id;

IF @campaign_id IS NULL
    THROW 50101, N'The value for the parameter @client_id is not supported. There is no such client.', 1;

INSERT INTO contacts.block_journal (done_at, kind_id, is_blocked, campaign_id, segment_id, client_id, done_by, reason)
VALUES (@now, 2, @is_blocked, @campaign_id, @segment_id, @client_id, @by, @reason);

SET @journal_id = SCOPE_IDENTITY();

UPDATE c
SET
    is_blocked = @is_blocked,
    blocked_at = CASE WHEN @is_blocked = 1 THEN @now ELSE NULL END,
    blocked_by = CASE WHEN @is_blocked = 1 THEN @by ELSE NULL END,
    block_reason = CASE WHEN @is_blocked = 1 THEN @reason ELSE NULL END
FROM core.client AS c
WHERE c.client_id = @client_id
    AND c.is_blocked <> @is_blocked;

IF @is_blocked = 0
    UPDATE j
    SET
        lifted_at = @now,
        lifted_by = @by
    FROM contacts.block_journal AS j
    WHERE j.client_id = @client_id
        AND j.kind_id = 2
        AND j.is_blocked = 1
        AND j.lifted_at IS NULL;

INSERT INTO core.work_set (created_at)
VALUES (@now);

SET @work_id = SCOPE_IDENTITY();

INSERT INTO core.work_client (work_id, client_id)
VALUES (@work_id, @client_id);

INSERT INTO core.work_phone (work_id, phone_id)
SELECT
    @work_id,
    p.phone_id
FROM core.phone AS p
WHERE p.client_id = @client_id;

IF @was_blocked <> @is_blocked
    SELECT @phones = COUNT(*)
    FROM core.work_phone AS w
    WHERE w.work_id = @work_id;

EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

EXECUTE contacts.private_block_recall @journal_id = @journal_id, @phones = @phones, @work_id = @work_id;

COMMIT TRANSACTION;

SELECT
    j.phones AS phones_changed,
    j.records_out AS records_out,
    j.runs_requested AS run_requested
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;
