/*
strategy.dial_class_state          version 1.1.0          2026-11-23

Each rule that a dial class can pass or fail as a whole, for every class of a campaign at a moment, and the moment up to which a
phone of the class must have waited for its delay to be over. strategy.md, «May this phone be dialled now?», rules 1, 2, 6, 8, 9,
11 and 12. The block selection, the explanations and the preview all read this one function.

Whether a schedule is open is worked out once for each schedule and zone, at both moments that count: now, and at the end of the
campaign's margin.

Called by  sql/functions/strategy.dial_class_open.sql, sql/functions/dialing.campaign_monitor.sql
Reads      strategy.dial_class_rule, strategy.schedule_open, core.time_zone_offset, core.dial_class, core.campaign,
           strategy.version, strategy.version_phone_type
Returns    rows: dial_class_id int, strategy_version_id int, segment_id int, phone_type_id int, zone_id int,
           is_campaign_active int, is_segment_open int, is_type_dialled int, is_client_under int, is_type_under int,
           is_agent_under int, is_day_under int, is_in_schedule int, ready_before datetime2(3), client_priority smallint,
           client_order int, phone_key_1 int, phone_key_2 int, phone_key_3 int
*/
CREATE OR ALTER FUNCTION strategy.dial_class_state
(
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
WITH hours AS (
    SELECT
        y.schedule_id AS schedule_id,
        x.zone_id AS zone_id,
        MIN(o.is_open) AS is_open
    FROM (
        SELECT v.schedule_id AS schedule_id
        FROM core.campaign AS k
        JOIN strategy.version AS v
            ON v.strategy_version_id = k.strategy_version_id
        WHERE k.campaign_id = @campaign_id
        UNION
        SELECT t.schedule_id AS schedule_id
        FROM core.campaign AS k
        JOIN strategy.version_phone_type AS t
            ON t.strategy_version_id = k.strategy_version_id
        WHERE k.campaign_id = @campaign_id
            AND t.schedule_id IS NOT NULL
    ) AS y
    CROSS JOIN (
        SELECT DISTINCT d.zone_id AS zone_id
        FROM core.dial_class AS d
        WHERE d.campaign_id = @campaign_id
    ) AS x
    CROSS JOIN (
        SELECT @now AS at_moment
        UNION
        SELECT DATEADD(MINUTE, k.closing_margin_minutes, @now) AS at_moment
        FROM core.campaign AS k
        WHERE k.campaign_id = @campaign_id
    ) AS m
    CROSS APPLY strategy.schedule_open(y.schedule_id, x.zone_id, m.at_moment) AS o
    GROUP BY y.schedule_id, x.zone_id
)
SELECT
    r.dial_class_id AS dial_class_id,
    r.strategy_version_id AS strategy_version_id,
    r.segment_id AS segment_id,
    r.phone_type_id AS phone_type_id,
    r.zone_id AS zone_id,
    r.is_campaign_active AS is_campaign_active,
    r.is_segment_open AS is_segment_open,
    r.is_type_dialled AS is_type_dialled,
    r.is_client_under AS is_client_under,
    r.is_type_under AS is_type_under,
    r.is_agent_under AS is_agent_under,
    CASE
        WHEN r.max_day_attempts IS NULL OR r.day_attempts < r.max_day_attempts THEN 1
        WHEN r.attempt_day < CAST(DATEADD(MINUTE, o.offset_minutes, @now) AS date) THEN 1
        ELSE 0
    END AS is_day_under,
    COALESCE(h.is_open, 0) AS is_in_schedule,
    DATEADD(MINUTE, -r.delay_minutes, @now) AS ready_before,
    r.client_priority AS client_priority,
    r.client_order AS client_order,
    r.phone_key_1 AS phone_key_1,
    r.phone_key_2 AS phone_key_2,
    r.phone_key_3 AS phone_key_3
FROM strategy.dial_class_rule AS r
LEFT JOIN core.time_zone_offset AS o
    ON o.zone_id = r.client_zone_id
    AND o.valid_from <= @now
    AND o.valid_to > @now
LEFT JOIN hours AS h
    ON h.schedule_id = r.schedule_id
    AND h.zone_id = r.zone_id
WHERE r.campaign_id = @campaign_id;
