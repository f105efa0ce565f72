/*
strategy.schedule_next          version 1.0.0          2026-11-25

The first moment, not before @from, at which a schedule is open in a zone: @from itself when it is open then, NULL when it does
not open within 60 days. It says what strategy.schedule_open says: a schedule can only open where a period of a local day begins
(on a night when the clocks go back, both times), or where the clocks change, which may jump into a period.

Called by  app/procedures/strategy.py
Reads      core.number_row, core.time_zone_offset, strategy.schedule, strategy.schedule_period, strategy.schedule_date,
           strategy.calendar_day, strategy.schedule_open
Returns    one row: next_at datetime2(3)
Example    SELECT n.next_at FROM strategy.schedule_next(1, 2, SYSUTCDATETIME()) AS n;
*/
CREATE OR ALTER FUNCTION strategy.schedule_next
(
    @schedule_id int, /* strategy.schedule.schedule_id */
    @zone_id int, /* core.time_zone.zone_id */
    @from datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT MIN(x.opens_at) AS next_at
FROM (
    SELECT @from AS opens_at
    FROM strategy.schedule_open(@schedule_id, @zone_id, @from) AS w
    WHERE w.is_open = 1
    UNION ALL
    SELECT o.valid_from AS opens_at
    FROM core.time_zone_offset AS o
    CROSS APPLY strategy.schedule_open(@schedule_id, @zone_id, o.valid_from) AS w
    WHERE o.zone_id = @zone_id
        AND o.valid_from > @from
        AND o.valid_from <= DATEADD(DAY, 60, @from)
        AND w.is_open = 1
    UNION ALL
    SELECT c.opens_at AS opens_at
    FROM (
        SELECT
            DATEADD(
                MINUTE, b.start_minute - o.offset_minutes, CAST(b.on_date AS datetime2(3))
            ) AS opens_at,
            o.valid_from AS valid_from,
            o.valid_to AS valid_to
        FROM (
            SELECT
                y.on_date AS on_date,
                d.start_minute AS start_minute
            FROM (
                SELECT DATEADD(DAY, r.n - 2, CAST(@from AS date)) AS on_date
                FROM core.number_row AS r
                WHERE r.n <= 64
            ) AS y
            JOIN strategy.schedule_date AS d
                ON d.schedule_id = @schedule_id
                AND d.on_date = y.on_date
                AND d.is_excluded = 0
            UNION ALL
            SELECT
                y.on_date AS on_date,
                p.start_minute AS start_minute
            FROM (
                SELECT DATEADD(DAY, r.n - 2, CAST(@from AS date)) AS on_date
                FROM core.number_row AS r
                WHERE r.n <= 64
            ) AS y
            LEFT JOIN strategy.schedule AS s
                ON s.schedule_id = @schedule_id
            LEFT JOIN strategy.calendar_day AS k
                ON k.calendar_id = s.calendar_id
                AND k.on_date = y.on_date
            JOIN strategy.schedule_period AS p
                ON p.schedule_id = @schedule_id
                AND p.weekday = COALESCE(k.as_weekday, DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), y.on_date) % 7 + 1)
            WHERE NOT EXISTS (
                SELECT 1 AS found
                FROM strategy.schedule_date AS d
                WHERE d.schedule_id = @schedule_id
                    AND d.on_date = y.on_date
            )
        ) AS b
        JOIN core.time_zone_offset AS o
            ON o.zone_id = @zone_id
            AND o.valid_to > @from
            AND o.valid_from <= DATEADD(DAY, 60, @from)
    ) AS c
    WHERE c.opens_at > @from
        AND c.opens_at >= c.valid_from
        AND c.opens_at < c.valid_to
        AND c.opens_at <= DATEADD(DAY, 60, @from)
) AS x;
