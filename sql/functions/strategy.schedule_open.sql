/*
strategy.schedule_open          version 1.1.0          2026-11-25

Whether a schedule is open in a zone at a moment (M20-M25, M32-M36). The periods of a local day are those of its date row where
it has one; else those of the weekday that the schedule's calendar gives the day, where it names the day; else those of its own
weekday. A period that begins on one day and crosses midnight goes on into the next, unless that next day is excluded: by a date
row, or, where it has none, by the calendar (weekday 0). One row, or none when the zone has no offset for the moment.

Called by  sql/functions/strategy.dial_class_state.sql, sql/functions/strategy.schedule_next.sql, sql/views/ops.books.sql
Reads      core.time_zone_offset, strategy.schedule, strategy.schedule_period, strategy.schedule_date, strategy.calendar_day
Returns    rows: local_time datetime2(3), is_open int
Example    SELECT o.local_time, o.is_open FROM strategy.schedule_open(1, 2, SYSUTCDATETIME()) AS o;
*/
CREATE OR ALTER FUNCTION strategy.schedule_open
(
    @schedule_id int, /* strategy.schedule.schedule_id */
    @zone_id int, /* core.time_zone.zone_id */
    @at datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    l.local_time AS local_time,
    CASE
        WHEN EXISTS (
            SELECT 1 AS found
            FROM strategy.schedule_date AS d
            WHERE d.schedule_id = @schedule_id
                AND d.on_date = l.local_date
                AND d.is_excluded = 1
        ) THEN 0
        WHEN EXISTS (
            SELECT 1 AS found
            FROM strategy.schedule_date AS d
            WHERE d.schedule_id = @schedule_id
                AND d.on_date = l.local_date
                AND d.start_minute <= l.local_minute
                AND (l.local_minute < d.end_minute OR d.end_minute <= d.start_minute)
        ) THEN 1
        WHEN y.as_weekday = 0 AND NOT EXISTS (
            SELECT 1 AS found
            FROM strategy.schedule_date AS d
            WHERE d.schedule_id = @schedule_id
                AND d.on_date = l.local_date
        ) THEN 0
        WHEN EXISTS (
            SELECT 1 AS found
            FROM strategy.schedule_date AS d
            WHERE d.schedule_id = @schedule_id
                AND d.on_date = DATEADD(DAY, -1, l.local_date)
                AND d.is_excluded = 0
                AND d.end_minute <= d.start_minute
                AND l.local_minute < d.end_minute
        ) THEN 1
        WHEN EXISTS (
            SELECT 1 AS found
            FROM strategy.schedule_period AS p
            WHERE p.schedule_id = @schedule_id
                AND p.weekday = COALESCE(y.as_weekday, DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.local_date) % 7 + 1)
                AND p.start_minute <= l.local_minute
                AND (l.local_minute < p.end_minute OR p.end_minute <= p.start_minute)
                AND NOT EXISTS (
                    SELECT 1 AS found
                    FROM strategy.schedule_date AS d
                    WHERE d.schedule_id = @schedule_id
                        AND d.on_date = l.local_date
                )
        ) THEN 1
        WHEN EXISTS (
            SELECT 1 AS found
            FROM strategy.schedule_period AS p
            WHERE p.schedule_id = @schedule_id
                AND p.weekday = COALESCE(
                    b.as_weekday, (DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.local_date) + 6) % 7 + 1
                )
                AND p.end_minute <= p.start_minute
                AND l.local_minute < p.end_minute
                AND NOT EXISTS (
                    SELECT 1 AS found
                    FROM strategy.schedule_date AS d
                    WHERE d.schedule_id = @schedule_id
                        AND d.on_date = DATEADD(DAY, -1, l.local_date)
                )
        ) THEN 1
        ELSE 0
    END AS is_open
FROM (
    SELECT
        m.local_time AS local_time,
        CAST(m.local_time AS date) AS local_date,
        DATEPART(HOUR, m.local_time) * 60 + DATEPART(MINUTE, m.local_time) AS local_minute
    FROM (
        SELECT DATEADD(MINUTE, o.offset_minutes, @at) AS local_time
        FROM core.time_zone_offset AS o
        WHERE o.zone_id = @zone_id
            AND o.valid_from <= @at
            AND o.valid_to > @at
    ) AS m
) AS l
LEFT JOIN strategy.schedule AS s
    ON s.schedule_id = @schedule_id
LEFT JOIN strategy.calendar_day AS y
    ON y.calendar_id = s.calendar_id
    AND y.on_date = l.local_date
LEFT JOIN strategy.calendar_day AS b
    ON b.calendar_id = s.calendar_id
    AND b.on_date = DATEADD(DAY, -1, l.local_date);
