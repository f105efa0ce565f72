/*
strategy.cap_window          version 1.1.0          2026-11-26

The limits of calls that a campaign obeys now, with the window in which they count for somebody in a zone: calls that ended at or
after starts_at count; a calendar window ends at ends_at, one of the last so many minutes has no end of its own. valid_until is
when the rule itself is over, empty for one without a last day. Days, weeks (from Monday) and months are local.

Called by  sql/functions/strategy.cap_state.sql, sql/procedures/dialing.block_take.sql
Reads      strategy.campaign_cap, strategy.cap_rule, core.time_zone_offset, core.utc_moment
Returns    rows: cap_rule_id int, code nvarchar(64), subject_id smallint, limit_value smallint, window_minutes int, is_hold bit,
           starts_at datetime2(3), ends_at datetime2(3), valid_until datetime2(3)
Example    SELECT w.code, w.starts_at FROM strategy.cap_window(7, 2, SYSUTCDATETIME()) AS w;
*/
CREATE OR ALTER FUNCTION strategy.cap_window
(
    @campaign_id int, /* core.campaign.campaign_id */
    @zone_id int, /* core.time_zone.zone_id of the client */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    r.cap_rule_id AS cap_rule_id,
    r.code AS code,
    r.subject_id AS subject_id,
    r.limit_value AS limit_value,
    CASE WHEN r.window_id = 4 THEN r.window_minutes ELSE NULL END AS window_minutes,
    r.is_hold AS is_hold,
    CASE
        WHEN r.window_id = 4 THEN DATEADD(MILLISECOND, 1, DATEADD(MINUTE, -r.window_minutes, @now))
        ELSE s.utc_at
    END AS starts_at,
    CASE WHEN r.window_id = 4 THEN NULL ELSE e.utc_at END AS ends_at,
    v.utc_at AS valid_until
FROM strategy.campaign_cap AS m
JOIN strategy.cap_rule AS r
    ON r.cap_rule_id = m.cap_rule_id
CROSS APPLY (
    SELECT CAST(
        DATEADD(
            MINUTE,
            COALESCE(
                (
                    SELECT o.offset_minutes
                    FROM core.time_zone_offset AS o
                    WHERE o.zone_id = @zone_id
                        AND o.valid_from <= @now
                        AND o.valid_to > @now
                ),
                0
            ),
            @now
        ) AS date
    ) AS today
) AS l
CROSS APPLY (
    SELECT
        CASE
            WHEN r.window_id = 2 THEN DATEADD(DAY, -(DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.today) % 7), l.today)
            WHEN r.window_id = 3 THEN DATEFROMPARTS(YEAR(l.today), MONTH(l.today), 1)
            ELSE l.today
        END AS first_day,
        CASE
            WHEN r.window_id = 2 THEN DATEADD(DAY, 7 - DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), l.today) % 7, l.today)
            WHEN r.window_id = 3 THEN DATEADD(DAY, 1, EOMONTH(l.today))
            ELSE DATEADD(DAY, 1, l.today)
        END AS next_day
) AS d
CROSS APPLY core.utc_moment(@zone_id, CAST(d.first_day AS datetime2(3)), 0) AS s
CROSS APPLY core.utc_moment(@zone_id, CAST(d.next_day AS datetime2(3)), 0) AS e
CROSS APPLY core.utc_moment(
    @zone_id,
    CAST(CASE WHEN r.valid_to < DATEFROMPARTS(9999, 1, 1) THEN DATEADD(DAY, 1, r.valid_to) ELSE NULL END AS datetime2(3)),
    0
) AS v
WHERE m.campaign_id = @campaign_id
    AND r.is_enabled = 1
    AND r.limit_value IS NOT NULL
    AND (r.valid_from IS NULL OR r.valid_from <= l.today)
    AND (r.valid_to IS NULL OR r.valid_to >= l.today);
