/*
dialing.block_take          version 2.4.0          2026-11-26

Takes the next block of a campaign: the phones to be dialled now, best first, never more than fit under the queue depth (M47,
M48). Due callbacks come first, personal ones before common ones; then the walk goes through the open dial classes in the order
of the strategy and reads only what it hands out. Each phone becomes a record that is out; its key goes to the dialer.

How the walk goes: it looks ahead over a window of classes, counts up to a block of ready phones in each from the index alone,
takes all of the ranks that do not fill the block at once, and shares the one rank that does among its classes in turns. Behind a
window without anything ready it searches first, by one look at each class, for the next rank that has. What it takes is written
as records right away, which is also how the next step knows what is out; no row of core.phone is written for it. Classes of
clients that were promised a call are walked only where a call is due.

Frequency caps are looked at under the lock of the person and booked by the record itself: a call that is out counts for every
rule that it may come to count for. What a cap holds is let go, and marked with the moment up to which it is held, which is a
fact of its class: the next block does not come by again, and no row is written when that moment has passed.

Clients that somebody else has locked are passed by. What was found is looked at once more under the locks, since it may have
changed between the two.

How it stays fast whatever the server believes of the tables: each class is read in the order of its index and no further than
its share. That is why dialing.client_hold counts, and no EXISTS is asked: PostgreSQL would make joins of those, and where it
takes dialing.record or the class for small, joins by hash, for which it reads the whole class.

Called by  jobs/dialer_sync.py
Reads      dialing.private_class_open, core.campaign, strategy.version, core.client, core.person, core.phone, core.attempt,
           dialing.callback, dialing.client_hold, strategy.client_time_open, strategy.cap_window, strategy.cap_attempt,
           strategy.campaign_cap, core.dial_class, core.time_zone_offset, ops.setting
Writes     dialing.block, dialing.record, dialing.callback, core.phone (held_until), core.work_set, core.work_client
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
DECLARE @status_version_id int;
DECLARE @state_id smallint;
DECLARE @one_call_per_person bit;
DECLARE @block_size int;
DECLARE @queue_depth int;
DECLARE @first_call_minutes int;
DECLARE @created_minutes int;
DECLARE @size int = 0;
DECLARE @need int;
DECLARE @out int;
DECLARE @picked int = 0;
DECLARE @callbacks int = 0;
DECLARE @position int = 0; /* of the last record so far; there are gaps where one was let go again */
DECLARE @sure_position int = 0; /* up to here the records were looked at under the locks */
DECLARE @sure int = 0;
DECLARE @block_id bigint;
DECLARE @work_id bigint;
DECLARE @key_prefix nvarchar(10);
DECLARE @rank bigint = 0;
DECLARE @window_end bigint;
DECLARE @first_rank bigint;
DECLARE @last_rank bigint;
DECLARE @width int = 16;
DECLARE @is_searching bit = 0; /* for the next rank with anything ready */
DECLARE @classes int;
DECLARE @ready int;
DECLARE @share int;
DECLARE @is_shared bit;
DECLARE @is_done bit = 0;
DECLARE @counts_from datetime2(3);
DECLARE @has_caps bit = 0;
DECLARE @held int = 0; /* let go again in this round because of a cap */
DECLARE @held_in_all int = 0;
DECLARE @open table (
    rank_no bigint NOT NULL,
    dial_class_id int NOT NULL,
    zone_id int NOT NULL,
    is_promised bit NOT NULL,
    ready_before datetime2(3) NOT NULL,
    phones_out int NULL, /* how many of its phones earlier blocks have out */
    taken int NULL, /* how many turns a class of a shared rank has had */
    PRIMARY KEY (rank_no, dial_class_id)
);
DECLARE @person table (person_id bigint NOT NULL PRIMARY KEY);
/* The frequency caps that hold, with their windows in each zone of clients. */
DECLARE @cap table (
    zone_id int NOT NULL,
    cap_rule_id int NOT NULL,
    subject_id smallint NOT NULL,
    limit_value smallint NOT NULL,
    window_minutes int NULL,
    starts_at datetime2(3) NOT NULL,
    ends_at datetime2(3) NULL,
    valid_until datetime2(3) NULL,
    PRIMARY KEY (zone_id, cap_rule_id)
);
/* The calls that a cap may count, of the phones that a round has picked: is_own, of this client; is_number, to this number. */
DECLARE @call table (
    client_id bigint NOT NULL,
    phone_id bigint NOT NULL,
    zone_id int NOT NULL,
    attempt_id bigint NULL, /* empty for one that is out, of out_campaign_id */
    out_campaign_id int NULL,
    is_own bit NOT NULL,
    is_number bit NOT NULL
);
/*
The phones that a cap holds, and until when it holds the client's others: until a moment, or, while only calls that are out
stand in the way, for this block.
*/
DECLARE @capped table (
    client_id bigint NOT NULL PRIMARY KEY,
    phone_id bigint NOT NULL,
    held_until datetime2(3) NULL,
    others_held_until datetime2(3) NULL,
    is_new bit NOT NULL
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

/* Blocks of one campaign are taken one after another, so the depth is never passed. */
SELECT
    @version_id = k.strategy_version_id,
    @status_version_id = k.status_version_id,
    @state_id = k.state_id,
    @one_call_per_person = k.one_call_per_person
FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
WHERE k.campaign_id = @campaign_id;

IF @state_id IS NULL
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

SELECT
    @block_size = v.block_size,
    @queue_depth = v.queue_depth,
    @first_call_minutes = v.first_call_minutes,
    @created_minutes = v.created_minutes
FROM strategy.version AS v
WHERE v.strategy_version_id = @version_id;

SELECT @out = COUNT(*)
FROM dialing.record AS r
WHERE r.campaign_id = @campaign_id;

IF @state_id = 2
    SET @size = CASE WHEN @queue_depth - @out < @block_size THEN @queue_depth - @out ELSE @block_size END;

IF @size > 0
BEGIN
    INSERT INTO @open (rank_no, dial_class_id, zone_id, is_promised, ready_before)
    EXECUTE dialing.private_class_open @campaign_id = @campaign_id, @now = @now;

    /* Where a call is promised, only clients whose call is due may be dialled: other classes of that kind are not walked. */
    DELETE o
    FROM @open AS o
    WHERE o.is_promised = 1
        AND o.dial_class_id NOT IN (
            SELECT q.dial_class_id
            FROM dialing.callback AS b
            CROSS APPLY (
                SELECT TOP (1000) p.dial_class_id AS dial_class_id
                FROM core.phone AS p
                WHERE p.client_id = b.client_id
                ORDER BY p.number
            ) AS q
            WHERE b.campaign_id = @campaign_id
                AND b.state_id = 1
                AND b.due_at <= @now
        );
END;

IF @size > 0 AND EXISTS (SELECT o.dial_class_id AS dial_class_id FROM @open AS o)
BEGIN
    SET @need = @size;

    /*
    They keep their place in the index while they are out: what is ready is so many less. A phone whose facts changed meanwhile
    (a late result of an earlier call) is counted where it is now.
    */
    IF @out > 0
        UPDATE o
        SET phones_out = n.phones
        FROM @open AS o
        JOIN (
            SELECT
                p.dial_class_id AS dial_class_id,
                COUNT(*) AS phones
            FROM dialing.record AS r
            JOIN core.phone AS p
                ON p.phone_id = r.phone_id
            JOIN @open AS q
                ON q.dial_class_id = p.dial_class_id
                AND q.ready_before >= p.waits_from
            WHERE r.campaign_id = @campaign_id
            GROUP BY p.dial_class_id
        ) AS n
            ON n.dial_class_id = o.dial_class_id;

    SELECT @key_prefix = g.value
    FROM ops.setting AS g
    WHERE g.name = N'record_key_prefix';

    INSERT INTO dialing.block (campaign_id, strategy_version_id, state_id, size, taken_at)
    VALUES (@campaign_id, @version_id, 1, 0, @now);

    SET @block_id = SCOPE_IDENTITY();

    INSERT INTO @cap (zone_id, cap_rule_id, subject_id, limit_value, window_minutes, starts_at, ends_at, valid_until)
    SELECT
        z.zone_id,
        w.cap_rule_id,
        w.subject_id,
        w.limit_value,
        w.window_minutes,
        w.starts_at,
        w.ends_at,
        w.valid_until
    FROM (
        SELECT DISTINCT d.client_zone_id AS zone_id
        FROM core.dial_class AS d
        WHERE d.campaign_id = @campaign_id
            AND EXISTS (SELECT 1 AS found FROM strategy.campaign_cap AS m WHERE m.campaign_id = @campaign_id)
    ) AS z
    CROSS APPLY strategy.cap_window(@campaign_id, z.zone_id, @now) AS w
    WHERE w.is_hold = 1;

    SELECT
        @has_caps = CASE WHEN COUNT(*) > 0 THEN 1 ELSE 0 END,
        @counts_from = MIN(w.starts_at)
    FROM @cap AS w;

    /* Several due callbacks of one client are one call: behind them it is looked again for those of others. */
    SET @picked = 1;

    WHILE @picked > 0 AND @need > 0
    BEGIN
        INSERT INTO dialing.record (
            block_id, position, record_key, campaign_id, client_id, phone_id, person_id, number, dial_class_id,
            strategy_version_id, processing_id, callback_id, taken_at
        )
        SELECT
            @block_id,
            @position + x.place,
            CONCAT(@key_prefix, @block_id, N'-', @position + x.place),
            @campaign_id,
            x.client_id,
            x.phone_id,
            x.person_id,
            x.number,
            x.dial_class_id,
            @version_id,
            CASE WHEN x.agent IS NULL THEN 2 ELSE 3 END,
            x.callback_id,
            @now
        FROM (
            SELECT
                q.client_id AS client_id,
                q.phone_id AS phone_id,
                q.person_id AS person_id,
                q.number AS number,
                q.dial_class_id AS dial_class_id,
                q.agent AS agent,
                q.callback_id AS callback_id,
                ROW_NUMBER() OVER (
                    ORDER BY CASE WHEN q.agent IS NULL THEN 1 ELSE 0 END, q.due_at, q.callback_id
                ) AS place,
                ROW_NUMBER() OVER (
                    PARTITION BY CASE WHEN @one_call_per_person = 1 THEN COALESCE(q.person_id, -q.client_id) ELSE -q.client_id END
                    ORDER BY CASE WHEN q.agent IS NULL THEN 1 ELSE 0 END, q.due_at, q.callback_id
                ) AS turn
            FROM (
                SELECT TOP (@need)
                    c.client_id AS client_id,
                    c.person_id AS person_id,
                    p.phone_id AS phone_id,
                    p.number AS number,
                    p.dial_class_id AS dial_class_id,
                    b.agent AS agent,
                    b.due_at AS due_at,
                    b.callback_id AS callback_id
                FROM dialing.callback AS b
                JOIN core.phone AS p
                    ON p.phone_id = b.phone_id
                JOIN @open AS o
                    ON o.dial_class_id = p.dial_class_id
                JOIN core.client AS c WITH (ROWLOCK, UPDLOCK, READPAST)
                    ON c.client_id = p.client_id
                CROSS APPLY strategy.client_time_open(
                    c.do_not_call_after, c.loaded_at, c.first_attempt_at, @created_minutes, @first_call_minutes, @now
                ) AS t
                CROSS APPLY dialing.client_hold(c.client_id, c.person_id, @one_call_per_person, @now) AS h
                WHERE b.campaign_id = @campaign_id
                    AND b.state_id = 1
                    AND b.due_at <= @now
                    AND t.is_before_stop = 1
                    AND t.is_in_first_call = 1
                    AND t.is_in_created = 1
                    AND h.phones_out = 0
                    AND h.person_out = 0
                ORDER BY CASE WHEN b.agent IS NULL THEN 1 ELSE 0 END, b.due_at, b.callback_id
            ) AS q
        ) AS x
        WHERE x.turn = 1;

        SET @picked = @@ROWCOUNT;

        SET @callbacks = @callbacks + @picked;

        SET @need = @size - @callbacks;

        IF @picked > 0
            SELECT @position = MAX(r.position)
            FROM dialing.record AS r
            WHERE r.block_id = @block_id;
    END;

    WHILE @is_done = 0
    BEGIN
        SET @is_shared = 0;

        IF @need > 0
        BEGIN
            WHILE @is_searching = 1
            BEGIN
                SELECT @window_end = MAX(w.rank_no)
                FROM (
                    SELECT TOP (@width) o.rank_no AS rank_no
                    FROM @open AS o
                    WHERE o.rank_no > @rank
                    ORDER BY o.rank_no
                ) AS w;

                SELECT @first_rank = MIN(o.rank_no)
                FROM @open AS o
                CROSS APPLY (
                    SELECT COUNT(*) AS ready
                    FROM (
                        SELECT TOP (COALESCE(o.phones_out, 0) + 1) p.phone_id AS phone_id
                        FROM core.phone AS p
                        WHERE p.dial_class_id = o.dial_class_id
                            AND p.waits_from <= o.ready_before
                    ) AS f
                ) AS n
                WHERE o.rank_no > @rank
                    AND o.rank_no <= @window_end
                    AND n.ready > COALESCE(o.phones_out, 0);

                IF @first_rank IS NULL AND @window_end IS NOT NULL
                BEGIN
                    SET @rank = @window_end;
                    SET @width = CASE WHEN @width > 100000 THEN @width ELSE @width * 16 END;
                END
                ELSE
                BEGIN
                    SET @is_searching = 0;
                    SET @rank = COALESCE(@first_rank - 1, @rank);
                    SET @width = 16;
                END;
            END;

            SELECT @window_end = MAX(w.rank_no)
            FROM (
                SELECT TOP (@width) o.rank_no AS rank_no
                FROM @open AS o
                WHERE o.rank_no > @rank
                ORDER BY o.rank_no
            ) AS w;

            /*
            first_rank: the first with anything ready, and how many classes share it. last_rank: the last of those that together
            leave the block unfilled.
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
                        SUM(n.ready - COALESCE(o.phones_out, 0) - COALESCE(o.taken, 0)) AS ready
                    FROM @open AS o
                    CROSS APPLY (
                        SELECT COUNT(*) AS ready
                        FROM (
                            SELECT TOP (@need + COALESCE(o.phones_out, 0) + COALESCE(o.taken, 0)) p.phone_id AS phone_id
                            FROM core.phone AS p
                            WHERE p.dial_class_id = o.dial_class_id
                                AND p.waits_from <= o.ready_before
                        ) AS f
                    ) AS n
                    WHERE o.rank_no > @rank
                        AND o.rank_no <= @window_end
                        AND n.ready > COALESCE(o.phones_out, 0) + COALESCE(o.taken, 0)
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
                /* Rank by rank, where each class of a rank gives its longest ready, then its second, and so on. */
                INSERT INTO dialing.record (
                    block_id, position, record_key, campaign_id, client_id, phone_id, person_id, number, dial_class_id,
                    strategy_version_id, processing_id, taken_at
                )
                SELECT
                    @block_id,
                    @position + z.place,
                    CONCAT(@key_prefix, @block_id, N'-', @position + z.place),
                    @campaign_id,
                    z.client_id,
                    z.phone_id,
                    z.person_id,
                    z.number,
                    z.dial_class_id,
                    @version_id,
                    1,
                    @now
                FROM (
                    SELECT
                        y.client_id AS client_id,
                        y.phone_id AS phone_id,
                        y.person_id AS person_id,
                        y.number AS number,
                        y.dial_class_id AS dial_class_id,
                        ROW_NUMBER() OVER (ORDER BY y.rank_no, y.turn, y.dial_class_id) AS place
                    FROM (
                        SELECT
                            x.client_id AS client_id,
                            x.phone_id AS phone_id,
                            x.person_id AS person_id,
                            x.number AS number,
                            x.dial_class_id AS dial_class_id,
                            x.rank_no AS rank_no,
                            x.turn AS turn,
                            ROW_NUMBER() OVER (PARTITION BY x.person_key ORDER BY x.rank_no, x.turn, x.dial_class_id) AS phone_no
                        FROM (
                            SELECT
                                q.client_id AS client_id,
                                q.phone_id AS phone_id,
                                q.person_id AS person_id,
                                q.number AS number,
                                o.dial_class_id AS dial_class_id,
                                o.rank_no AS rank_no,
                                CASE WHEN @one_call_per_person = 1 THEN COALESCE(q.person_id, -q.client_id) ELSE -q.client_id END
                                    AS person_key,
                                COALESCE(o.taken, 0) + ROW_NUMBER() OVER (
                                    PARTITION BY o.dial_class_id ORDER BY q.waits_from, q.phone_id
                                ) AS turn
                            FROM @open AS o
                            CROSS APPLY (
                                SELECT TOP (@share)
                                    p.phone_id AS phone_id,
                                    p.waits_from AS waits_from,
                                    p.number AS number,
                                    c.client_id AS client_id,
                                    c.person_id AS person_id
                                FROM core.phone AS p
                                JOIN core.client AS c WITH (ROWLOCK, UPDLOCK, READPAST)
                                    ON c.client_id = p.client_id
                                CROSS APPLY strategy.client_time_open(
                                    c.do_not_call_after, c.loaded_at, c.first_attempt_at, @created_minutes, @first_call_minutes,
                                    @now
                                ) AS t
                                CROSS APPLY dialing.client_hold(c.client_id, c.person_id, @one_call_per_person, @now) AS h
                                WHERE p.dial_class_id = o.dial_class_id
                                    AND p.waits_from <= o.ready_before
                                    AND t.is_before_stop = 1
                                    AND t.is_in_first_call = 1
                                    AND t.is_in_created = 1
                                    AND h.phones_out = 0
                                    AND h.person_out = 0
                                    AND h.calls_promised = 0
                                    AND (@has_caps = 0 OR c.client_id NOT IN (SELECT z.client_id FROM @capped AS z))
                                ORDER BY p.waits_from, p.phone_id
                            ) AS q
                            WHERE o.rank_no > @rank
                                AND o.rank_no <= @last_rank
                        ) AS x
                    ) AS y
                    WHERE y.phone_no = 1
                ) AS z
                WHERE z.place <= @need;

                SET @picked = @@ROWCOUNT;

                SET @position = @position + @picked;

                SET @need = @need - @picked;
            END;

            IF @is_shared = 0
            BEGIN
                /* All that was ready is in, or nothing was in the whole window. A shared rank is gone through again. */
                SET @is_done = CASE WHEN @window_end IS NULL THEN 1 ELSE 0 END;
                SET @rank = COALESCE(@last_rank, @window_end);
                SET @is_searching = CASE WHEN @first_rank IS NULL AND @window_end IS NOT NULL THEN 1 ELSE 0 END;
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
            DELETE r
            FROM dialing.record AS r
            JOIN core.phone AS p
                ON p.phone_id = r.phone_id
            JOIN @open AS o
                ON o.dial_class_id = r.dial_class_id
            WHERE r.block_id = @block_id
                AND r.position > @sure_position
                AND (p.dial_class_id <> r.dial_class_id OR (r.callback_id IS NULL AND p.waits_from > o.ready_before));

            IF @sure_position < @callbacks
                DELETE r
                FROM dialing.record AS r
                JOIN dialing.callback AS b
                    ON b.callback_id = r.callback_id
                WHERE r.block_id = @block_id
                    AND b.state_id <> 1;

            IF @one_call_per_person = 1 OR @has_caps = 1
            BEGIN
                DELETE FROM @person;

                INSERT INTO @person (person_id)
                SELECT q.person_id
                FROM core.person AS q WITH (ROWLOCK, UPDLOCK, READPAST)
                WHERE q.person_id IN (
                    SELECT r.person_id
                    FROM dialing.record AS r
                    WHERE r.block_id = @block_id
                        AND r.position > @sure_position
                );

                DELETE r
                FROM dialing.record AS r
                WHERE r.block_id = @block_id
                    AND r.position > @sure_position
                    AND r.person_id IS NOT NULL
                    AND (
                        r.person_id NOT IN (SELECT q.person_id FROM @person AS q)
                        OR (
                            @one_call_per_person = 1
                            AND EXISTS (
                                SELECT 1 AS found
                                FROM dialing.record AS y
                                WHERE y.person_id = r.person_id
                                    AND y.block_id <> @block_id
                            )
                        )
                    );
            END;

            SET @held = 0;

            IF @has_caps = 1
            BEGIN
                /*
                The calls of each person and client since the earliest window began, and those of the person that are out, the
                earlier ones of this block among them. TOP (1000), more than anybody has out, has them looked up person by person.
                */
                DELETE FROM @call;

                INSERT INTO @call (client_id, phone_id, zone_id, attempt_id, is_own, is_number)
                SELECT
                    r.client_id,
                    r.phone_id,
                    d.client_zone_id,
                    a.attempt_id,
                    CASE WHEN a.client_id = r.client_id THEN 1 ELSE 0 END,
                    CASE WHEN a.number = r.number THEN 1 ELSE 0 END
                FROM dialing.record AS r
                JOIN core.dial_class AS d
                    ON d.dial_class_id = r.dial_class_id
                JOIN core.attempt AS a
                    ON a.person_id = r.person_id
                    AND a.ended_at >= @counts_from
                WHERE r.block_id = @block_id
                    AND r.position > @sure_position
                UNION ALL
                SELECT
                    r.client_id,
                    r.phone_id,
                    d.client_zone_id,
                    a.attempt_id,
                    1,
                    CASE WHEN a.number = r.number THEN 1 ELSE 0 END
                FROM dialing.record AS r
                JOIN core.dial_class AS d
                    ON d.dial_class_id = r.dial_class_id
                JOIN core.attempt AS a
                    ON a.client_id = r.client_id
                    AND a.ended_at >= @counts_from
                WHERE r.block_id = @block_id
                    AND r.position > @sure_position
                    AND (r.person_id IS NULL OR a.person_id IS NULL OR a.person_id <> r.person_id);

                INSERT INTO @call (client_id, phone_id, zone_id, out_campaign_id, is_own, is_number)
                SELECT
                    r.client_id,
                    r.phone_id,
                    d.client_zone_id,
                    q.campaign_id,
                    0,
                    CASE WHEN q.number = r.number THEN 1 ELSE 0 END
                FROM dialing.record AS r
                JOIN core.dial_class AS d
                    ON d.dial_class_id = r.dial_class_id
                CROSS APPLY (
                    SELECT TOP (1000)
                        y.campaign_id AS campaign_id,
                        y.number AS number,
                        y.block_id AS block_id,
                        y.position AS position
                    FROM dialing.record AS y
                    WHERE y.person_id = r.person_id
                        AND y.client_id <> r.client_id
                    ORDER BY y.block_id, y.position
                ) AS q
                WHERE r.block_id = @block_id
                    AND r.position > @sure_position
                    AND (q.block_id <> @block_id OR q.position < r.position);

                UPDATE z
                SET is_new = 0
                FROM @capped AS z
                WHERE z.is_new = 1;

                /*
                Of them, for each phone and rule, the calls that count, latest first, and those that are out and may yet count. Of
                several rules that are reached, the one that holds longest: until its window ends, or the rule itself does.
                */
                INSERT INTO @capped (client_id, phone_id, held_until, others_held_until, is_new)
                SELECT
                    v.client_id,
                    MAX(v.phone_id),
                    MAX(v.held_until),
                    MAX(CASE WHEN v.subject_id = 3 THEN NULL ELSE v.held_until END),
                    1
                FROM (
                    SELECT
                        y.client_id AS client_id,
                        y.phone_id AS phone_id,
                        y.subject_id AS subject_id,
                        CASE WHEN y.valid_until < y.window_over_at THEN y.valid_until ELSE y.window_over_at END AS held_until
                    FROM (
                        SELECT
                            u.client_id AS client_id,
                            u.phone_id AS phone_id,
                            u.cap_rule_id AS cap_rule_id,
                            u.subject_id AS subject_id,
                            u.valid_until AS valid_until,
                            MAX(CASE
                                WHEN u.ended_at IS NULL THEN NULL
                                WHEN u.turn <> u.limit_value THEN NULL
                                WHEN u.window_minutes IS NULL THEN u.ends_at
                                ELSE DATEADD(MINUTE, u.window_minutes, u.ended_at)
                            END) AS window_over_at
                        FROM (
                            SELECT
                                w.client_id AS client_id,
                                w.phone_id AS phone_id,
                                c.cap_rule_id AS cap_rule_id,
                                c.subject_id AS subject_id,
                                c.limit_value AS limit_value,
                                c.window_minutes AS window_minutes,
                                c.ends_at AS ends_at,
                                c.valid_until AS valid_until,
                                w.ended_at AS ended_at,
                                ROW_NUMBER() OVER (
                                    PARTITION BY w.client_id, c.cap_rule_id
                                    ORDER BY CASE WHEN w.ended_at IS NULL THEN 1 ELSE 0 END, w.ended_at DESC, w.attempt_id DESC
                                ) AS turn
                            FROM (
                                SELECT x.client_id AS client_id, x.phone_id AS phone_id, x.zone_id AS zone_id, x.is_own AS is_own,
                                    x.is_number AS is_number, x.attempt_id AS attempt_id, a.cap_rule_id AS cap_rule_id,
                                    a.ended_at AS ended_at
                                FROM @call AS x
                                JOIN strategy.cap_attempt AS a
                                    ON a.attempt_id = x.attempt_id
                                UNION ALL
                                SELECT x.client_id AS client_id, x.phone_id AS phone_id, x.zone_id AS zone_id, x.is_own AS is_own,
                                    x.is_number AS is_number, x.attempt_id AS attempt_id, m.cap_rule_id AS cap_rule_id,
                                    NULL AS ended_at
                                FROM @call AS x
                                JOIN strategy.campaign_cap AS m
                                    ON m.campaign_id = x.out_campaign_id
                            ) AS w
                            JOIN @cap AS c
                                ON c.zone_id = w.zone_id
                                AND c.cap_rule_id = w.cap_rule_id
                                AND (w.ended_at IS NULL OR w.ended_at >= c.starts_at)
                            WHERE c.subject_id = 1
                                OR (c.subject_id = 2 AND w.is_own = 1)
                                OR (c.subject_id = 3 AND w.is_number = 1)
                        ) AS u
                        GROUP BY u.client_id, u.phone_id, u.cap_rule_id, u.subject_id, u.limit_value, u.valid_until
                        HAVING COUNT(*) >= u.limit_value
                    ) AS y
                ) AS v
                GROUP BY v.client_id;

                SET @held = @@ROWCOUNT;

                IF @held > 0
                BEGIN
                    SET @held_in_all = @held_in_all + @held;

                    DELETE r
                    FROM dialing.record AS r
                    JOIN @capped AS z
                        ON z.client_id = r.client_id
                    WHERE r.block_id = @block_id
                        AND z.is_new = 1;

                    UPDATE p
                    SET held_until = z.held_until
                    FROM core.phone AS p
                    JOIN (
                        SELECT
                            y.phone_id AS phone_id,
                            CASE WHEN y.phone_id = x.phone_id THEN x.held_until ELSE x.others_held_until END AS held_until
                        FROM @capped AS x
                        JOIN core.phone AS y
                            ON y.client_id = x.client_id
                        WHERE x.is_new = 1
                    ) AS z
                        ON z.phone_id = p.phone_id
                    WHERE z.held_until > @now
                        AND (p.held_until IS NULL OR p.held_until < z.held_until);

                    INSERT INTO core.work_set (created_at)
                    VALUES (@now);

                    SET @work_id = SCOPE_IDENTITY();

                    INSERT INTO core.work_client (work_id, client_id)
                    SELECT
                        @work_id,
                        z.client_id
                    FROM @capped AS z
                    WHERE z.is_new = 1
                        AND z.held_until IS NOT NULL;

                    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
                END;
            END;

            SELECT @picked = COUNT(*)
            FROM dialing.record AS r
            WHERE r.block_id = @block_id
                AND r.position > @sure_position;

            SET @sure_position = @position;
            SET @sure = @sure + @picked;
            SET @need = @size - @sure;

            /* A block looks at no more than ten phones for each that it gives: the next one does not see what a cap holds. */
            IF @need = 0 OR @held_in_all > 10 * @size
                SET @is_done = 1;

            /* A shared rank that gives nothing more is left behind; in one that is gone through again the turns go on. */
            IF @is_shared = 1 AND @is_done = 0
            BEGIN
                IF @picked = 0 AND @held = 0
                    SET @rank = @last_rank;
                ELSE
                    UPDATE o
                    SET taken = t.taken
                    FROM @open AS o
                    JOIN (
                        SELECT
                            r.dial_class_id AS dial_class_id,
                            COUNT(*) AS taken
                        FROM dialing.record AS r
                        WHERE r.block_id = @block_id
                            AND r.callback_id IS NULL
                        GROUP BY r.dial_class_id
                    ) AS t
                        ON t.dial_class_id = o.dial_class_id
                    WHERE o.rank_no = @last_rank;
            END;
        END;
    END;

    IF @sure = 0
        DELETE FROM dialing.block
        WHERE block_id = @block_id;
    ELSE
        UPDATE b
        SET size = @sure
        FROM dialing.block AS b
        WHERE b.block_id = @block_id;

    IF @callbacks > 0
        UPDATE b
        SET
            state_id = 2,
            record_key = r.record_key
        FROM dialing.callback AS b
        JOIN dialing.record AS r
            ON r.callback_id = b.callback_id
        WHERE r.block_id = @block_id;

    /* A limit that was raised meanwhile no longer stops some of these clients: their status is brought in line at once. */
    IF @status_version_id IS NULL OR @status_version_id <> @version_id
    BEGIN
        INSERT INTO core.work_set (created_at)
        VALUES (@now);

        SET @work_id = SCOPE_IDENTITY();

        INSERT INTO core.work_client (work_id, client_id)
        SELECT
            @work_id,
            c.client_id
        FROM dialing.record AS r
        JOIN core.client AS c
            ON c.client_id = r.client_id
        WHERE r.block_id = @block_id
            AND c.status_id <> 1;

        EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
    END;
END;

COMMIT TRANSACTION;

SELECT
    r.block_id AS block_id,
    r.position AS position,
    r.record_key AS record_key,
    r.number AS number,
    c.first_name AS first_name,
    c.last_name AS last_name,
    z.offset_minutes AS offset_minutes,
    r.processing_id AS processing_id
FROM dialing.record AS r
JOIN core.client AS c
    ON c.client_id = r.client_id
JOIN @open AS o
    ON o.dial_class_id = r.dial_class_id
JOIN core.time_zone_offset AS z
    ON z.zone_id = o.zone_id
    AND z.valid_from <= @now
    AND z.valid_to > @now
WHERE r.block_id = @block_id
ORDER BY r.position;
