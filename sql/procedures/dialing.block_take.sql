/*
dialing.block_take          version 1.2.0          2026-11-23

Takes the next block of a campaign: the phones to be dialled now, best first, never more than fit under the queue depth (M47, M48).
Due callbacks come first, personal ones before common ones; then the walk goes through the open dial classes in the order of the
strategy and reads only what it hands out. Each phone becomes a record that is out; its key goes to the dialer.

How the walk goes: it looks ahead over a window of classes, counts up to @need ready phones in each from the index alone, takes
all of the ranks that do not fill the block at once, and shares the one rank that does among its classes in turns. What the records
and the answer need is kept in @pick when a client is locked, so that no row is fetched a second time.

Clients that somebody else has locked are passed by. What was found is looked at once more under the locks, since it may have changed
between the two.

How it stays fast whatever the server believes of the tables: each class is read in the order of its index and no further than its
share. That is why the conditions on clients are counts that are 0, not NOT EXISTS: PostgreSQL would make joins of those, and where
it takes dialing.record or the class for small, joins by hash, for which it reads the whole class.

Called by  jobs/dialer_sync.py
Reads      dialing.private_class_open, core.campaign, strategy.version, core.client, core.person, core.phone,
           strategy.phone_fact, dialing.callback, core.time_zone_offset
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
DECLARE @size int = 0;
DECLARE @need int;
DECLARE @out int;
DECLARE @picked int = 0;
DECLARE @sure int = 0;
DECLARE @sure_no int = 0;
DECLARE @last_no int;
DECLARE @fresh int;
DECLARE @callbacks int;
DECLARE @block_id bigint;
DECLARE @work_id bigint;
DECLARE @key_prefix nvarchar(10);
DECLARE @rank bigint = 0;
DECLARE @window_end bigint;
DECLARE @first_rank bigint;
DECLARE @last_rank bigint;
DECLARE @width int = 16;
DECLARE @classes int;
DECLARE @ready int;
DECLARE @share int;
DECLARE @is_shared bit;
DECLARE @is_done bit = 0;
DECLARE @open table (
    rank_no bigint NOT NULL,
    dial_class_id int NOT NULL,
    zone_id int NOT NULL,
    ready_before datetime2(3) NOT NULL,
    taken int NULL, /* how many turns a class of a shared rank has had */
    PRIMARY KEY (rank_no, dial_class_id)
);
/*
The block as it grows; pick_no has gaps. rank_no is 0 for callbacks. person_key: who may have one call at once; the person where the campaign says so,
else the client (negative). It is also what the block is searched by, hence its place in the key; one index is cheaper to fill
than several.
*/
DECLARE @pick table (
    pick_no int NOT NULL IDENTITY(1, 1),
    rank_no bigint NOT NULL,
    person_key bigint NOT NULL,
    client_id bigint NOT NULL,
    phone_id bigint NOT NULL,
    dial_class_id int NOT NULL,
    zone_id int NOT NULL,
    status_id smallint NOT NULL,
    person_id bigint NULL,
    number nvarchar(20) NOT NULL,
    first_name nvarchar(100) NULL,
    last_name nvarchar(100) NULL,
    callback_id bigint NULL,
    processing_id smallint NOT NULL,
    PRIMARY KEY (person_key, pick_no)
);
DECLARE @person table (person_id bigint NOT NULL PRIMARY KEY);

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
    SET @size = CASE WHEN @queue_depth - @out < @block_size THEN @queue_depth - @out ELSE @block_size END;

IF @size > 0
BEGIN
    SET @need = @size;

    INSERT INTO @open (rank_no, dial_class_id, zone_id, ready_before)
    EXECUTE dialing.private_class_open @campaign_id = @campaign_id, @now = @now;

    INSERT INTO @pick (
        rank_no, person_key, client_id, phone_id, dial_class_id, zone_id, status_id, person_id, number, first_name, last_name,
        callback_id, processing_id
    )
    SELECT TOP (@need)
        0,
        CASE WHEN @one_call_per_person = 1 THEN COALESCE(c.person_id, -c.client_id) ELSE -c.client_id END,
        c.client_id,
        p.phone_id,
        p.dial_class_id,
        o.zone_id,
        c.status_id,
        c.person_id,
        p.number,
        c.first_name,
        c.last_name,
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

    SET @callbacks = @@ROWCOUNT;

    SET @need = @size - @callbacks;

    WHILE @is_done = 0
    BEGIN
        SET @is_shared = 0;

        IF @need > 0
        BEGIN
            SELECT @window_end = MAX(w.rank_no)
            FROM (
                SELECT TOP (@width) o.rank_no AS rank_no
                FROM @open AS o
                WHERE o.rank_no > @rank
                ORDER BY o.rank_no
            ) AS w;

            /*
            first_rank: the first with anything ready, and how many classes share it. last_rank: the last of those that together leave
            the block unfilled.
            */
            SELECT
                @first_rank = MIN(z.rank_no),
                @classes = MAX(CASE WHEN z.ready_so_far = z.ready THEN z.classes ELSE 0 END),
                @ready = MAX(CASE WHEN z.ready_so_far = z.ready THEN z.ready ELSE 0 END),
                @last_rank = MAX(CASE WHEN z.ready_so_far < @need THEN z.rank_no ELSE NULL END)
            FROM (
                SELECT
                    y.rank_no AS rank_no,
                    y.classes AS classes,
                    y.ready AS ready,
                    SUM(y.ready) OVER (ORDER BY y.rank_no ROWS UNBOUNDED PRECEDING) AS ready_so_far
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
                ) AS y
            ) AS z;

            SET @share = @need;

            IF @last_rank IS NULL AND @first_rank IS NOT NULL
            BEGIN
                /* The first rank with anything ready fills the block alone: its classes take turns. */
                SET @last_rank = @first_rank;
                SET @is_shared = 1;

                IF @ready > 2 * @need
                    SET @share = (@need + @classes - 1) / @classes;
            END;

            SET @picked = 0;

            IF @last_rank IS NOT NULL
            BEGIN
                INSERT INTO @pick (
                    rank_no, person_key, client_id, phone_id, dial_class_id, zone_id, status_id, person_id, number, first_name,
                    last_name, processing_id
                )
                SELECT TOP (@need)
                    o.rank_no,
                    CASE WHEN @one_call_per_person = 1 THEN COALESCE(q.person_id, -q.client_id) ELSE -q.client_id END,
                    q.client_id,
                    q.phone_id,
                    o.dial_class_id,
                    o.zone_id,
                    q.status_id,
                    q.person_id,
                    q.number,
                    q.first_name,
                    q.last_name,
                    1
                FROM @open AS o
                CROSS APPLY (
                    SELECT TOP (@share)
                        p.phone_id AS phone_id,
                        p.waits_from AS waits_from,
                        p.number AS number,
                        c.client_id AS client_id,
                        c.status_id AS status_id,
                        c.person_id AS person_id,
                        c.first_name AS first_name,
                        c.last_name AS last_name
                    FROM core.phone AS p
                    JOIN core.client AS c WITH (ROWLOCK, UPDLOCK, READPAST)
                        ON c.client_id = p.client_id
                    WHERE p.dial_class_id = o.dial_class_id
                        AND p.is_free = 1
                        AND p.waits_from <= o.ready_before
                        AND (c.do_not_call_after IS NULL OR c.do_not_call_after > @now)
                        AND (@created_after IS NULL OR c.loaded_at > @created_after)
                        AND (@first_call_after IS NULL OR c.first_attempt_at IS NULL OR c.first_attempt_at > @first_call_after)
                        AND (SELECT COUNT(*) AS n FROM dialing.record AS r WHERE r.client_id = c.client_id) = 0
                        AND (
                            @one_call_per_person = 0
                            OR (SELECT COUNT(*) AS n FROM dialing.record AS r WHERE r.person_id = c.person_id) = 0
                        )
                        AND (
                            SELECT COUNT(*) AS n
                            FROM dialing.callback AS b
                            WHERE b.client_id = c.client_id
                                AND b.state_id = 1
                                AND b.due_at > @now
                        ) = 0
                        AND CASE WHEN @one_call_per_person = 1 THEN COALESCE(c.person_id, -c.client_id) ELSE -c.client_id END
                            NOT IN (SELECT x.person_key FROM @pick AS x)
                    ORDER BY p.waits_from, p.phone_id
                ) AS q
                WHERE o.rank_no > @rank
                    AND o.rank_no <= @last_rank
                ORDER BY
                    o.rank_no,
                    COALESCE(o.taken, 0) + ROW_NUMBER() OVER (PARTITION BY o.dial_class_id ORDER BY q.waits_from, q.phone_id),
                    o.dial_class_id;

                SET @picked = @@ROWCOUNT;

                SET @need = @need - @picked;
            END;

            IF @is_shared = 0
            BEGIN
                /* All that was ready is in, or nothing was in the whole window. A shared rank is gone through again. */
                SET @is_done = CASE WHEN @window_end IS NULL THEN 1 ELSE 0 END;
                SET @rank = COALESCE(@last_rank, @window_end);
                /* The next window: as many classes as the block still needs, judged by what these gave. */
                SET @width = @width * CASE
                    WHEN @width > 100000 THEN 1
                    WHEN @picked * 16 < @need THEN 16
                    WHEN @picked > @need THEN 2
                    ELSE @need / @picked + 1
                END;
            END;
        END;

        /* Under the locks now: once when the block is full, when a rank was shared or when the walk is at its end. */
        IF @is_shared = 1 OR @is_done = 1 OR @need <= 0
        BEGIN
            IF @callbacks > 0 AND @sure_no = 0
                DELETE x
                FROM @pick AS x
                JOIN dialing.callback AS b
                    ON b.callback_id = x.callback_id
                WHERE b.state_id <> 1;

            IF @one_call_per_person = 1
            BEGIN
                DELETE FROM @person;

                INSERT INTO @person (person_id)
                SELECT q.person_id
                FROM core.person AS q WITH (ROWLOCK, UPDLOCK, READPAST)
                WHERE q.person_id IN (SELECT x.person_key FROM @pick AS x WHERE x.pick_no > @sure_no);

                DELETE FROM @pick
                WHERE pick_no > @sure_no
                    AND person_key > 0
                    AND (
                        person_key NOT IN (SELECT q.person_id FROM @person AS q)
                        OR person_key IN (SELECT r.person_id FROM dialing.record AS r WHERE r.person_id IS NOT NULL)
                    );
            END;

            DELETE x
            FROM @pick AS x
            JOIN @pick AS y
                ON y.person_key = x.person_key
                AND y.pick_no < x.pick_no;

            SELECT
                @fresh = COUNT(*),
                @last_no = COALESCE(MAX(x.pick_no), @sure_no)
            FROM @pick AS x
            WHERE x.pick_no > @sure_no;

            /* In the order of the rows' own key, which spares PostgreSQL a third of the work on indexes. */
            UPDATE p
            SET is_free = 0
            FROM core.phone AS p
            JOIN (
                SELECT TOP (@size)
                    x.phone_id AS phone_id,
                    x.dial_class_id AS dial_class_id
                FROM @pick AS x
                WHERE x.pick_no > @sure_no
                ORDER BY x.phone_id
            ) AS t
                ON t.phone_id = p.phone_id
            WHERE p.is_free = 1
                AND p.dial_class_id = t.dial_class_id;

            SET @picked = @@ROWCOUNT;

            /* Some phones were taken out or changed their class meanwhile. The others are still free by their facts: no record says
            yet that they are out. */
            IF @picked < @fresh
                DELETE x
                FROM @pick AS x
                JOIN strategy.phone_fact AS f
                    ON f.phone_id = x.phone_id
                WHERE x.pick_no > @sure_no
                    AND (f.is_free = 0 OR f.dial_class_id <> x.dial_class_id);

            SET @sure_no = @last_no;
            SET @sure = @sure + @picked;
            SET @need = @size - @sure;

            IF @need = 0
                SET @is_done = 1;

            /* A shared rank that gives nothing more is left behind; in one that is gone through again the turns go on. */
            IF @is_shared = 1 AND @is_done = 0
            BEGIN
                IF @picked = 0
                    SET @rank = @last_rank;
                ELSE
                    UPDATE o
                    SET taken = t.taken
                    FROM @open AS o
                    JOIN (
                        SELECT
                            x.dial_class_id AS dial_class_id,
                            COUNT(*) AS taken
                        FROM @pick AS x
                        WHERE x.rank_no = @last_rank
                        GROUP BY x.dial_class_id
                    ) AS t
                        ON t.dial_class_id = o.dial_class_id
                    WHERE o.rank_no = @last_rank;
            END;
        END;
    END;

    IF @sure > 0
    BEGIN
        SELECT @key_prefix = g.value
        FROM ops.setting AS g
        WHERE g.name = N'record_key_prefix';

        INSERT INTO dialing.block (campaign_id, strategy_version_id, state_id, size, taken_at)
        VALUES (@campaign_id, @version_id, 1, @sure, @now);

        SET @block_id = SCOPE_IDENTITY();

        /* Callbacks first; then rank by rank, where each class of a rank gives its longest ready, then its second, and so on. */
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
            x.person_id,
            x.number,
            @version_id,
            x.processing_id,
            x.callback_id,
            @now
        FROM (
            SELECT
                t.client_id AS client_id,
                t.phone_id AS phone_id,
                t.person_id AS person_id,
                t.number AS number,
                t.processing_id AS processing_id,
                t.callback_id AS callback_id,
                ROW_NUMBER() OVER (
                    ORDER BY t.rank_no, CASE WHEN t.rank_no = 0 THEN t.pick_no ELSE t.turn END, t.dial_class_id
                ) AS position
            FROM (
                SELECT
                    y.client_id AS client_id,
                    y.phone_id AS phone_id,
                    y.person_id AS person_id,
                    y.number AS number,
                    y.processing_id AS processing_id,
                    y.callback_id AS callback_id,
                    y.dial_class_id AS dial_class_id,
                    y.rank_no AS rank_no,
                    y.pick_no AS pick_no,
                    ROW_NUMBER() OVER (PARTITION BY y.rank_no, y.dial_class_id ORDER BY y.pick_no) AS turn
                FROM @pick AS y
            ) AS t
        ) AS x;

        INSERT INTO core.dial_class_change (dial_class_id, phones, free_phones)
        SELECT
            x.dial_class_id,
            0,
            -COUNT(*)
        FROM @pick AS x
        GROUP BY x.dial_class_id;

        IF @callbacks > 0
            UPDATE b
            SET
                state_id = 2,
                record_key = r.record_key
            FROM dialing.callback AS b
            JOIN @pick AS x
                ON x.callback_id = b.callback_id
            JOIN dialing.record AS r
                ON r.client_id = x.client_id;

        /* A limit that was raised meanwhile no longer stops these clients: their status is brought in line at once. */
        IF EXISTS (SELECT 1 AS found FROM @pick AS x WHERE x.status_id <> 1)
        BEGIN
            INSERT INTO core.work_set (created_at)
            VALUES (@now);

            SET @work_id = SCOPE_IDENTITY();

            INSERT INTO core.work_client (work_id, client_id)
            SELECT
                @work_id,
                x.client_id
            FROM @pick AS x
            WHERE x.status_id <> 1;

            EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
        END;
    END;
END;

COMMIT TRANSACTION;

SELECT
    @block_id AS block_id,
    r.position AS position,
    r.record_key AS record_key,
    r.number AS number,
    x.first_name AS first_name,
    x.last_name AS last_name,
    z.offset_minutes AS offset_minutes,
    r.processing_id AS processing_id
FROM @pick AS x
JOIN dialing.record AS r
    ON r.client_id = x.client_id
JOIN core.time_zone_offset AS z
    ON z.zone_id = x.zone_id
    AND z.valid_from <= @now
    AND z.valid_to > @now
ORDER BY r.position;
