/*
contacts.segment_block          version 1.0.0          2026-11-25

Blocks clients of a segment, or lifts that block (M108, M109, M112-M116). Two kinds: all clients, which is a flag of the
segment and writes no phone, so that it costs the same for ten clients and for a million, and holds clients that come later;
or the phones that were loaded into the segment between two moments. The second kind passes by phones that are blocked
already, and its lifting lifts only what such a block of the segment has blocked: a phone that somebody blocked by itself
stays blocked.

The row of the campaign is locked for the first kind, so that no block is just being taken from the segment.

Called by  app/procedures/contacts.py
Reads      core.campaign, core.client, core.dial_class, core.dial_class_change
Writes     core.segment, core.phone, contacts.block_journal, core.work_set, core.work_client, core.work_phone
Returns    one row: phones_changed int, records_out int, run_requested int
Example    EXECUTE contacts.segment_block @campaign_id = 7, @segment_id = 12, @kind_id = 1, @is_blocked = 1, @by = N'ivanov';
*/
CREATE OR ALTER PROCEDURE contacts.segment_block
    @campaign_id int, /* core.campaign.campaign_id */
    @segment_id int, /* core.segment.segment_id */
    @kind_id smallint, /* 1 all clients, 2 phones by the moment when they were loaded */
    @loaded_from datetime2(3) = NULL, /* kind 2: loaded at this moment or later; NULL means since ever */
    @loaded_to datetime2(3) = NULL, /* kind 2: and before this moment; NULL means until now */
    @is_blocked bit, /* 1 block, 0 lift */
    @by nvarchar(200), /* who does it */
    @reason nvarchar(1000) = NULL, /* why */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @locked_id int;
DECLARE @was_blocked bit;
DECLARE @journal_id bigint;
DECLARE @work_id bigint;
DECLARE @phones int = 0;
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

IF @kind_id NOT IN (1, 2)
    THROW 50103, N'The value for the parameter @kind_id is not supported. Supported values are 1 and 2.', 1;

IF @kind_id = 2 AND @loaded_from >= @loaded_to
    THROW 50104, N'The value for the parameter @loaded_to is not supported. It is a moment after @loaded_from.', 1;

BEGIN TRANSACTION;

IF @kind_id = 1
    SELECT @locked_id = k.campaign_id
    FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
    WHERE k.campaign_id = @campaign_id;

SELECT @was_blocked = g.is_blocked
FROM core.segment AS g
WHERE g.segment_id = @segment_id
    AND g.campaign_id = @campaign_id;

IF @was_blocked IS NULL
    THROW 50102, N'The value for the parameter @segment_id is not supported. The campaign has no such segment.', 1;

INSERT INTO contacts.block_journal (
    done_at, kind_id, is_blocked, campaign_id, segment_id, loaded_from, loaded_to, done_by, reason
)
VALUES (
    @now, CASE WHEN @kind_id = 1 THEN 3 ELSE 4 END, @is_blocked, @campaign_id, @segment_id,
    CASE WHEN @kind_id = 2 THEN @loaded_from ELSE NULL END, CASE WHEN @kind_id = 2 THEN @loaded_to ELSE NULL END, @by, @reason
);

SET @journal_id = SCOPE_IDENTITY();

IF @kind_id = 1
BEGIN
    UPDATE g
    SET
        is_blocked = @is_blocked,
        blocked_at = CASE WHEN @is_blocked = 1 THEN @now ELSE NULL END,
        blocked_by = CASE WHEN @is_blocked = 1 THEN @by ELSE NULL END,
        block_reason = CASE WHEN @is_blocked = 1 THEN @reason ELSE NULL END
    FROM core.segment AS g
    WHERE g.segment_id = @segment_id
        AND g.is_blocked <> @is_blocked;

    IF @was_blocked <> @is_blocked
        SELECT @phones = COALESCE(SUM(x.phones), 0)
        FROM core.dial_class AS d
        JOIN core.dial_class_change AS x
            ON x.dial_class_id = d.dial_class_id
        WHERE d.campaign_id = @campaign_id
            AND d.segment_id = @segment_id;

    IF @is_blocked = 0
        UPDATE j
        SET
            lifted_at = @now,
            lifted_by = @by
        FROM contacts.block_journal AS j
        WHERE j.segment_id = @segment_id
            AND j.kind_id = 3
            AND j.is_blocked = 1
            AND j.lifted_at IS NULL;

    EXECUTE contacts.private_block_recall @journal_id = @journal_id, @phones = @phones, @segment_id = @segment_id;
END
ELSE
BEGIN
    INSERT INTO @client (client_id)
    SELECT c.client_id
    FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
    WHERE c.campaign_id = @campaign_id
        AND c.segment_id = @segment_id
        AND EXISTS (
            SELECT 1 AS found
            FROM core.phone AS p
            WHERE p.client_id = c.client_id
                AND (@loaded_from IS NULL OR p.loaded_at >= @loaded_from)
                AND (@loaded_to IS NULL OR p.loaded_at < @loaded_to)
        )
    ORDER BY c.client_id;

    /* A client that had gone to another segment until it was locked. */
    DELETE x
    FROM @client AS x
    JOIN core.client AS c
        ON c.client_id = x.client_id
    WHERE c.segment_id <> @segment_id;

    INSERT INTO core.work_set (created_at)
    VALUES (@now);

    SET @work_id = SCOPE_IDENTITY();

    INSERT INTO core.work_phone (work_id, phone_id)
    SELECT
        @work_id,
        p.phone_id
    FROM @client AS x
    JOIN core.phone AS p
        ON p.client_id = x.client_id
    WHERE (@loaded_from IS NULL OR p.loaded_at >= @loaded_from)
        AND (@loaded_to IS NULL OR p.loaded_at < @loaded_to);

    /* Who is settled: the clients of phones that change. */
    INSERT INTO core.work_client (work_id, client_id)
    SELECT DISTINCT
        @work_id,
        p.client_id
    FROM core.work_phone AS w
    JOIN core.phone AS p
        ON p.phone_id = w.phone_id
    LEFT JOIN contacts.block_journal AS j
        ON j.journal_id = p.block_journal_id
    WHERE w.work_id = @work_id
        AND (
            (@is_blocked = 1 AND p.blocked_at IS NULL)
            OR (@is_blocked = 0 AND j.kind_id = 4)
        );

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
        JOIN core.work_phone AS w
            ON w.phone_id = p.phone_id
        WHERE w.work_id = @work_id
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
        JOIN core.work_phone AS w
            ON w.phone_id = p.phone_id
        JOIN contacts.block_journal AS j
            ON j.journal_id = p.block_journal_id
        WHERE w.work_id = @work_id
            AND j.kind_id = 4;

        SET @phones = @@ROWCOUNT;
    END;

    /* The blocks whose whole range is inside of this one. */
    IF @is_blocked = 0
        UPDATE j
        SET
            lifted_at = @now,
            lifted_by = @by
        FROM contacts.block_journal AS j
        WHERE j.segment_id = @segment_id
            AND j.kind_id = 4
            AND j.is_blocked = 1
            AND j.lifted_at IS NULL
            AND (@loaded_from IS NULL OR j.loaded_from >= @loaded_from)
            AND (@loaded_to IS NULL OR j.loaded_to <= @loaded_to);

    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

    EXECUTE contacts.private_block_recall @journal_id = @journal_id, @phones = @phones, @work_id = @work_id;
END;

COMMIT TRANSACTION;

SELECT
    j.phones AS phones_changed,
    j.records_out AS records_out,
    j.runs_requested AS run_requested
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;
