/*
strategy.version_class_state          version 1.1.0          2026-11-26

Each rule that a dial class can pass or fail as a whole by a strategy version, in force or not, for every class of a campaign at
a moment, and the moment up to which a phone of the class must have waited for its delay to be over. strategy.md, «May this
phone be dialled now?», rules 1, 2, 3, 5, 6, 8, 9, 11, 12 and 13. The block selection, the explanations and the preview all read
this one function. is_open is all of them but the first, whether the campaign is active; is_allowed leaves out as well what
only the hour of the day lifts.

Whether a schedule is open is worked out once for each schedule and zone, at both moments that count: now, and at the end of the
campaign's margin.

Called by  sql/functions/strategy.dial_class_state.sql
Reads      strategy.version_class_rule, strategy.schedule_open, core.time_zone_offset, core.dial_class, core.campaign,
           strategy.version, strategy.version_phone_type, strategy.campaign_cap, strategy.cap_rule
Returns    rows: dial_class_id int, strategy_version_id int, segment_id int, phone_type_id int, zone_id int, is_campaign_active
           int, is_segment_open int, bar_id smallint, time_status_id smallint, is_time_open int, is_type_dialled int,
           is_client_under int, is_type_under int, is_agent_under int, is_day_under int, is_in_schedule int, is_cap_free int,
           is_in_cap_hours int, held_until datetime2(3), is_promised bit, schedule_id int, delay_minutes int, ready_before
           datetime2(3), client_priority smallint, client_order int, phone_key_1 int, phone_key_2 int, phone_key_3 int,
           is_allowed int, is_open int
Example    SELECT s.dial_class_id, s.is_in_schedule FROM strategy.version_class_state(7, 12, SYSUTCDATETIME()) AS s;
*/
CREATE OR ALTER FUNCTION strategy.version_class_state
(
    @campaign_id int, /* core.campaign.campaign_id */
    @strategy_version_id int, /* strategy.version.strategy_version_id */
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
        FROM strategy.version AS v
        WHERE v.strategy_version_id = @strategy_version_id
        UNION
        SELECT t.schedule_id AS schedule_id
        FROM strategy.version_phone_type AS t
        WHERE t.strategy_version_id = @strategy_version_id
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
),
cap_hours AS (
    SELECT
        x.zone_id AS zone_id,
        MIN(o.is_open) AS is_open
    FROM strategy.campaign_cap AS m
    JOIN strategy.cap_rule AS r
        ON r.cap_rule_id = m.cap_rule_id
    CROSS JOIN (
        SELECT DISTINCT d.zone_id AS zone_id
        FROM core.dial_class AS d
        WHERE d.campaign_id = @campaign_id
    ) AS x
    CROSS APPLY strategy.schedule_open(r.schedule_id, x.zone_id, @now) AS o
    WHERE m.campaign_id = @campaign_id
        AND r.schedule_id IS NOT NULL
        AND r.is_enabled = 1
        AND r.is_hold = 1
        AND (r.valid_from IS NULL OR r.valid_from <= CAST(o.local_time AS date))
        AND (r.valid_to IS NULL OR r.valid_to >= CAST(o.local_time AS date))
    GROUP BY x.zone_id
)
SELECT
    x.dial_class_id AS dial_class_id,
    x.strategy_version_id AS strategy_version_id,
    x.segment_id AS segment_id,
    x.phone_type_id AS phone_type_id,
    x.zone_id AS zone_id,
    x.is_campaign_active AS is_campaign_active,
    x.is_segment_open AS is_segment_open,
    x.bar_id AS bar_id,
    x.time_status_id AS time_status_id,
    x.is_time_open AS is_time_open,
    x.is_type_dialled AS is_type_dialled,
    x.is_client_under AS is_client_under,
    x.is_type_under AS is_type_under,
    x.is_agent_under AS is_agent_under,
    x.is_day_under AS is_day_under,
    x.is_in_schedule AS is_in_schedule,
    x.is_cap_free AS is_cap_free,
    x.is_in_cap_hours AS is_in_cap_hours,
    x.held_until AS held_until,
    x.is_promised AS is_promised,
    x.schedule_id AS schedule_id,
    x.delay_minutes AS delay_minutes,
    x.ready_before AS ready_before,
    x.client_priority AS client_priority,
    x.client_order AS client_order,
    x.phone_key_1 AS phone_key_1,
    x.phone_key_2 AS phone_key_2,
    x.phone_key_3 AS phone_key_3,
    CASE
        WHEN x.bar_id <> 0 THEN 0
        ELSE x.is_segment_open * x.is_time_open * x.is_type_dialled * x.is_client_under * x.is_type_under * x.is_agent_under
    END AS is_allowed,
    CASE
        WHEN x.bar_id <> 0 THEN 0
        ELSE x.is_segment_open * x.is_time_open * x.is_type_dialled * x.is_client_under * x.is_type_under * x.is_agent_under
            * x.is_day_under * x.is_in_schedule * x.is_cap_free * x.is_in_cap_hours
    END AS is_open
FROM (
    SELECT
        r.dial_class_id AS dial_class_id,
        r.strategy_version_id AS strategy_version_id,
        r.segment_id AS segment_id,
        r.phone_type_id AS phone_type_id,
        r.zone_id AS zone_id,
        r.is_campaign_active AS is_campaign_active,
        r.is_segment_open AS is_segment_open,
        r.bar_id AS bar_id,
        r.time_status_id AS time_status_id,
        r.is_time_open AS is_time_open,
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
        CASE WHEN r.held_until > @now THEN 0 ELSE 1 END AS is_cap_free,
        COALESCE(q.is_open, 1) AS is_in_cap_hours,
        r.held_until AS held_until,
        r.is_promised AS is_promised,
        r.schedule_id AS schedule_id,
        r.delay_minutes AS delay_minutes,
        DATEADD(MINUTE, -r.delay_minutes, @now) AS ready_before,
        r.client_priority AS client_priority,
        r.client_order AS client_order,
        r.phone_key_1 AS phone_key_1,
        r.phone_key_2 AS phone_key_2,
        r.phone_key_3 AS phone_key_3
    FROM strategy.version_class_rule(@campaign_id, @strategy_version_id) AS r
    LEFT JOIN core.time_zone_offset AS o
        ON o.zone_id = r.client_zone_id
        AND o.valid_from <= @now
        AND o.valid_to > @now
    LEFT JOIN hours AS h
        ON h.schedule_id = r.schedule_id
        AND h.zone_id = r.zone_id
    LEFT JOIN cap_hours AS q
        ON q.zone_id = r.zone_id
) AS x;
