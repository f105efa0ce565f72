/*
dialing.block_take          version 1.1.0          2026-11-23

Takes the next block of a campaign: the phones to be dialled now, best first, never more than fit under the queue depth (M47, M48).
Due callbacks come first, personal ones before common ones; then the walk goes through the open dial classes in the order of the
strategy and reads only what it hands out. Each phone becomes a record that is out; its key goes to the dialer.

How the walk goes: it looks ahead over a window of classes, counts up to @need ready phones in each from the index alone, takes
all of the ranks that do not fill the block at once, and shares the one rank that does among its classes in turns.

Clients that somebody else has locked are passed by. What was found is looked at once more under the locks, since it may have changed
between the two.

Called by  jobs/dialer_sync.py
Reads      strategy.dial_class_open, core.campaign, strategy.version, core.client, core.person, core.phone, dialing.callback,
           core.time_zone_offset
Writes     dialing.block, dialing.record, core.phone, core.dial_class_change, dialing.callback, core.work_set,
           core.work_client
Returns    rows: block_id bigint, position int, record_key nvarchar(30), number nvarchar(20), first_name nvarchar(100),
           last_name nvarchar(100), offset_minutes int, processing_id smallint
Example    EXECUTE dialing.block_take @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE dialing.block_take
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @version_id int;
DECLARE @state_id smallint;
DECLARE @one_call_per_person bit;
DECLARE @block_size int;
DECLARE @queue_depth int;
DECLARE @first_call_after datetime2(3);
DECLARE @created_after datetime2(3);
DECLARE @need int = 0;
DECLARE @out int;
DECLARE @picked int;
DECLARE @block_id bigint;
DECLARE @work_id bigint;
DECLARE @key_prefix nvarchar(10);
DECLARE @rank bigint = 0;
DECLARE @window_end bigint;
DECLARE @last_rank bigint;
DECLARE @width int = 16;
DECLARE @classes int;
DECLARE @share int;
DECLARE @is_shared bit;
DECLARE @open table (
    rank_no bigint NOT NULL,
    dial_class_id int NOT NULL,
    zone_id int NOT NULL,
    ready_before datetime2(3) NOT NULL,
    PRIMARY KEY (rank_no, dial_class_id),
    UNIQUE (dial_class_id)
);
DECLARE @ahead table (
    rank_no bigint NOT NULL PRIMARY KEY,
    classes int NOT NULL,
    ready int NOT NULL,
    ready_so_far int NOT NULL
);
/* person_key: who may have one call at once; the person where the campaign says so, else the client (negative). */
DECLARE @candidate table (
    candidate_no int NOT NULL IDENTITY(1, 1) PRIMARY KEY,
    phone_id bigint NOT NULL,
    client_id bigint NOT NULL,
    person_key bigint NOT NULL,
    dial_class_id int NOT NULL,
    callback_id bigint NULL,
    processing_id smallint NOT NULL
);
DECLARE @person table (person_id bigint NOT NULL PRIMARY KEY);
DECLARE @pick table (
    position int NOT NULL PRIMARY KEY,
    phone_id bigint NOT NULL UNIQUE,
    client_id bigint NOT NULL UNIQUE,
    person_key bigint NOT NULL UNIQUE,
    dial_class_id int NOT NULL,
    callback_id bigint NULL,
    processing_id smallint NOT NULL
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

/* Blocks of one campaign are taken one after another, so the depth is never passed. */
SELECT
    @version_id = k.strategy_version_id,
    @state_id = k.state_id,
    @one_call_per_person = k.one_call_per_person
FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
WHERE k.campaign_id = @campaign_id;

IF @state_id IS NULL
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

SELECT
    @block_size = v.block_size,
    @queue_depth = v.queue_depth,
    @first_call_after = DATEADD(MINUTE, -v.first_call_minutes, @now),
    @created_after = DATEADD(MINUTE, -v.created_minutes, @now)
FROM strategy.version AS v
WHERE v.strategy_version_id = @version_id;

SELECT @out = COUNT(*)
FROM dialing.record AS r
WHERE r.campaign_id = @campaign_id;

IF @state_id = 2
    SET @need = CASE WHEN @queue_depth - @out < @block_size THEN @queue_depth - @out ELSE @block_size END;

IF @need > 0
BEGIN
    INSERT INTO @open (rank_no, dial_class_id, zone_id, ready_before)
    SELECT
        o.rank_no,
        o.dial_class_id,
        o.zone_id,
        o.ready_before
    FROM strategy.dial_class_open(@campaign_id, @now) AS o;

    INSERT INTO @candidate (phone_id, client_id, person_key, dial_class_id, callback_id, processing_id)
    SELECT TOP (@need)
        p.phone_id,
        p.client_id,
        CASE WHEN @one_call_per_person = 1 THEN COALESCE(c.person_id, -c.client_id) ELSE -c.client_id END,
        p.dial_class_id,
        b.callback_id,
        CASE WHEN b.agent IS NULL THEN 2 ELSE 3 END
    FROM dialing.callback AS b
    JOIN core.phone AS p
        ON p.phone_id = b.phone_id
    JOIN @open AS o
        ON o.dial_class_id = p.dial_class_id
    JOIN core.client AS c WITH (ROWLOCK, UPDLOCK, READPAST)
        ON c.client_id = p.client_id
    WHERE b.campaign_id = @campaign_id
        AND b.state_id = 1
        AND b.due_at <= @now
        AND p.is_free = 1
        AND (c.do_not_call_after IS NULL OR c.do_not_call_after > @now)
        AND (@created_after IS NULL OR c.loaded_at > @created_after)
        AND (@first_call_after IS NULL OR c.first_attempt_at IS NULL OR c.first_attempt_at > @first_call_after)
        AND NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.client_id = c.client_id)
        AND (
            @one_call_per_person = 0
            OR NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.person_id = c.person_id)
        )
    ORDER BY CASE WHEN b.agent IS NULL THEN 1 ELSE 0 END, b.due_at, b.callback_id;

    IF @one_call_per_person = 1
        INSERT INTO @person (person_id)
        SELECT q.person_id
        FROM core.person AS q WITH (ROWLOCK, UPDLOCK, READPAST)
        WHERE q.person_id IN (SELECT t.person_key FROM @candidate AS t);

    INSERT INTO @pick (position, phone_id, client_id, person_key, dial_class_id, callback_id, processing_id)
    SELECT
        ROW_NUMBER() OVER (ORDER BY x.candidate_no),
        x.phone_id,
        x.client_id,
        x.person_key,
        x.dial_class_id,
        x.callback_id,
        x.processing_id
    FROM (
        SELECT
            t.candidate_no AS candidate_no,
            t.phone_id AS phone_id,
            t.client_id AS client_id,
            t.person_key AS person_key,
            t.dial_class_id AS dial_class_id,
            t.callback_id AS callback_id,
            t.processing_id AS processing_id,
            ROW_NUMBER() OVER (PARTITION BY t.person_key ORDER BY t.candidate_no) AS turn
        FROM @candidate AS t
        JOIN core.phone AS p
            ON p.phone_id = t.phone_id
            AND p.dial_class_id = t.dial_class_id
            AND p.is_free = 1
        JOIN dialing.callback AS b
            ON b.callback_id = t.callback_id
            AND b.state_id = 1
        WHERE t.person_key < 0
            OR (
                t.person_key IN (SELECT q.person_id FROM @person AS q)
                AND NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.person_id = t.person_key)
            )
    ) AS x
    WHERE x.turn = 1;

    SET @picked = @@ROWCOUNT;

    UPDATE p
    SET is_free = 0
    FROM core.phone AS p
    JOIN @pick AS x
        ON x.phone_id = p.phone_id;

    SET @need = @need - @picked;

    WHILE @need > 0
    BEGIN
        DELETE FROM @ahead;

        SET @window_end = NULL;

        SELECT @window_end = MAX(w.rank_no)
        FROM (
            SELECT TOP (@width) o.rank_no AS rank_no
            FROM @open AS o
            WHERE o.rank_no > @rank
            ORDER BY o.rank_no
        ) AS w;

        IF @window_end IS NULL
            BREAK;

        INSERT INTO @ahead (rank_no, classes, ready, ready_so_far)
        SELECT
            y.rank_no,
            y.classes,
            y.ready,
            SUM(y.ready) OVER (ORDER BY y.rank_no ROWS UNBOUNDED PRECEDING)
        FROM (
            SELECT
                o.rank_no AS rank_no,
                COUNT(*) AS classes,
                SUM(n.ready) AS ready
            FROM @open AS o
            CROSS APPLY (
                SELECT COUNT(*) AS ready
                FROM (
                    SELECT TOP (@need) p.phone_id AS phone_id
                    FROM core.phone AS p
                    WHERE p.dial_class_id = o.dial_class_id
                        AND p.is_free = 1
                        AND p.waits_from <= o.ready_before
                ) AS f
            ) AS n
            WHERE o.rank_no > @rank
                AND o.rank_no <= @window_end
                AND n.ready > 0
            GROUP BY o.rank_no
        ) AS y;

        SET @last_rank = NULL;

        SELECT @last_rank = MAX(a.rank_no)
        FROM @ahead AS a
        WHERE a.ready_so_far < @need;

        SET @share = @need;
        SET @is_shared = 0;

        IF @last_rank IS NULL
        BEGIN
            /* The first rank with anything ready fills the block alone: its classes take turns. */
            SELECT TOP (1)
                @last_rank = a.rank_no,
                @classes = a.classes
            FROM @ahead AS a
            ORDER BY a.rank_no;

            IF @last_rank IS NOT NULL
            BEGIN
                SET @share = (@need + @classes - 1) / @classes;
                SET @is_shared = 1;
            END;
        END;

        IF @last_rank IS NULL
        BEGIN
            /* Nothing is ready in the whole window. */
            SET @rank = @window_end;
            SET @width = @width * 2;
        END
        ELSE
        BEGIN
            DELETE FROM @candidate;

            INSERT INTO @candidate (phone_id, client_id, person_key, dial_class_id, processing_id)
            SELECT TOP (@need)
                q.phone_id,
                q.client_id,
                CASE WHEN @one_call_per_person = 1 THEN COALESCE(c.person_id, -c.client_id) ELSE -c.client_id END,
                o.dial_class_id,
                1
            FROM @open AS o
            CROSS APPLY (
                SELECT TOP (@share)
                    p.phone_id AS phone_id,
                    p.client_id AS client_id,
                    ROW_NUMBER() OVER (ORDER BY p.waits_from, p.phone_id) AS turn
                FROM core.phone AS p
                JOIN core.client AS k
                    ON k.client_id = p.client_id
                WHERE p.dial_class_id = o.dial_class_id
                    AND p.is_free = 1
                    AND p.waits_from <= o.ready_before
                    AND (k.do_not_call_after IS NULL OR k.do_not_call_after > @now)
                    AND (@created_after IS NULL OR k.loaded_at > @created_after)
                    AND (@first_call_after IS NULL OR k.first_attempt_at IS NULL OR k.first_attempt_at > @first_call_after)
                    AND NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.client_id = p.client_id)
                    AND NOT EXISTS (SELECT 1 AS found FROM @pick AS x WHERE x.client_id = p.client_id)
                    AND NOT EXISTS (
                        SELECT 1 AS found
                        FROM dialing.callback AS b
                        WHERE b.client_id = p.client_id
                            AND b.state_id = 1
                            AND b.due_at > @now
                    )
                    AND (
                        @one_call_per_person = 0
                        OR (
                            NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.person_id = k.person_id)
                            AND NOT EXISTS (SELECT 1 AS found FROM @pick AS x WHERE x.person_key = k.person_id)
                        )
                    )
                ORDER BY p.waits_from, p.phone_id
            ) AS q
            JOIN core.client AS c WITH (ROWLOCK, UPDLOCK, READPAST)
                ON c.client_id = q.client_id
            WHERE o.rank_no > @rank
                AND o.rank_no <= @last_rank
            ORDER BY o.rank_no, q.turn, o.dial_class_id;

            SET @picked = 0;

            SELECT @picked = COUNT(*)
            FROM @pick AS x;

            IF @one_call_per_person = 1
            BEGIN
                DELETE FROM @person;

                INSERT INTO @person (person_id)
                SELECT q.person_id
                FROM core.person AS q WITH (ROWLOCK, UPDLOCK, READPAST)
                WHERE q.person_id IN (SELECT t.person_key FROM @candidate AS t);
            END;

            INSERT INTO @pick (position, phone_id, client_id, person_key, dial_class_id, processing_id)
            SELECT
                @picked + ROW_NUMBER() OVER (ORDER BY x.candidate_no),
                x.phone_id,
                x.client_id,
                x.person_key,
                x.dial_class_id,
                x.processing_id
            FROM (
                SELECT
                    t.candidate_no AS candidate_no,
                    t.phone_id AS phone_id,
                    t.client_id AS client_id,
                    t.person_key AS person_key,
                    t.dial_class_id AS dial_class_id,
                    t.processing_id AS processing_id,
                    ROW_NUMBER() OVER (PARTITION BY t.person_key ORDER BY t.candidate_no) AS turn
                FROM @candidate AS t
                JOIN core.phone AS p
                    ON p.phone_id = t.phone_id
                    AND p.dial_class_id = t.dial_class_id
                    AND p.is_free = 1
                WHERE t.person_key < 0
                    OR (
                        t.person_key IN (SELECT q.person_id FROM @person AS q)
                        AND NOT EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.person_id = t.person_key)
                    )
            ) AS x
            WHERE x.turn = 1;

            SET @picked = @@ROWCOUNT;

            UPDATE p
            SET is_free = 0
            FROM core.phone AS p
            JOIN @candidate AS t
                ON t.phone_id = p.phone_id
            JOIN @pick AS x
                ON x.phone_id = t.phone_id;

            SET @need = @need - @picked;

            /* A shared rank is gone through again until it gives nothing more. */
            IF @is_shared = 0 OR @picked = 0
            BEGIN
                SET @rank = @last_rank;
                SET @width = @width * 2;
            END;
        END;
    END;

    SELECT @picked = COUNT(*)
    FROM @pick AS x;

    IF @picked > 0
    BEGIN
        SELECT @key_prefix = g.value
        FROM ops.setting AS g
        WHERE g.name = N'record_key_prefix';

        INSERT INTO dialing.block (campaign_id, strategy_version_id, state_id, size, taken_at)
        VALUES (@campaign_id, @version_id, 1, @picked, @now);

        SET @block_id = SCOPE_IDENTITY();

        INSERT INTO dialing.record (
            block_id, position, record_key, campaign_id, client_id, phone_id, person_id, number, strategy_version_id,
            processing_id, callback_id, taken_at
        )
        SELECT
            @block_id,
            x.position,
            CONCAT(@key_prefix, @block_id, N'-', x.position),
            @campaign_id,
            x.client_id,
            x.phone_id,
            c.person_id,
            p.number,
            @version_id,
            x.processing_id,
            x.callback_id,
            @now
        FROM @pick AS x
        JOIN core.phone AS p
            ON p.phone_id = x.phone_id
        JOIN core.client AS c
            ON c.client_id = x.client_id;

        INSERT INTO core.dial_class_change (dial_class_id, phones, free_phones)
        SELECT
            x.dial_class_id,
            0,
            -COUNT(*)
        FROM @pick AS x
        GROUP BY x.dial_class_id;

        UPDATE b
        SET
            state_id = 2,
            record_key = CONCAT(@key_prefix, @block_id, N'-', x.position)
        FROM dialing.callback AS b
        JOIN @pick AS x
            ON x.callback_id = b.callback_id;

        /* A limit that was raised meanwhile no longer stops these clients: their status is brought in line at once. */
        IF EXISTS (
            SELECT 1 AS found
            FROM @pick AS x
            JOIN core.client AS c
                ON c.client_id = x.client_id
            WHERE c.status_id <> 1
        )
        BEGIN
            INSERT INTO core.work_set (created_at)
            VALUES (@now);

            SET @work_id = SCOPE_IDENTITY();

            INSERT INTO core.work_client (work_id, client_id)
            SELECT
                @work_id,
                c.client_id
            FROM @pick AS x
            JOIN core.client AS c
                ON c.client_id = x.client_id
            WHERE c.status_id <> 1;

            EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
        END;
    END;
END;

COMMIT TRANSACTION;

SELECT
    @block_id AS block_id,
    x.position AS position,
    CONCAT(@key_prefix, @block_id, N'-', x.position) AS record_key,
    p.number AS number,
    c.first_name AS first_name,
    c.last_name AS last_name,
    z.offset_minutes AS offset_minutes,
    x.processing_id AS processing_id
FROM @pick AS x
JOIN core.phone AS p
    ON p.phone_id = x.phone_id
JOIN core.client AS c
    ON c.client_id = x.client_id
JOIN @open AS o
    ON o.dial_class_id = x.dial_class_id
JOIN core.time_zone_offset AS z
    ON z.zone_id = o.zone_id
    AND z.valid_from <= @now
    AND z.valid_to > @now
ORDER BY x.position;
