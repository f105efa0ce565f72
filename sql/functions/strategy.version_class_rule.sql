/*
strategy.version_class_rule          version 1.1.0          2026-11-26

What a strategy version, in force or not, says of each dial class of its campaign, whatever the time: where the class stands in
the order, how long its phones wait after their last result, which limits they have reached and which schedule they obey.

Order, smallest first: client_priority, client_order, then phone_key_1 to phone_key_3 (strategy.md, «Which one first?»).

A class of clients whose status only time brought (is_time_open) is closed, unless the status service has not looked at them since
the strategy changed: then a block looks at each of them, so that a raised limit is obeyed at once.

The rules of the results that a class names are gathered by one APPLY for technical and one for agent results, not by a join for
each of the six: there are few combinations of results, which PostgreSQL looks up once each and remembers, and a join of twenty
tables takes it longer to plan than to run.

Called by  sql/views/strategy.dial_class_rule.sql, sql/functions/strategy.version_class_state.sql
Reads      core.dial_class, core.campaign, core.segment, strategy.version, strategy.version_phone_type,
           strategy.technical_rule, strategy.agent_rule
Returns    rows: dial_class_id int, campaign_id int, strategy_version_id int, segment_id int, phone_type_id int, zone_id int,
           client_zone_id int, is_campaign_active int, is_segment_open int, bar_id smallint, time_status_id smallint,
           is_time_open int, is_type_dialled int, is_client_under int, is_type_under int, is_agent_under int, max_day_attempts
           smallint, attempt_day date, day_attempts smallint, held_until datetime2(3), is_promised bit, schedule_id int,
           closing_margin_minutes smallint, delay_minutes int, client_priority smallint, client_order int, phone_key_1 int,
           phone_key_2 int, phone_key_3 int
Example    SELECT r.dial_class_id, r.client_priority FROM strategy.version_class_rule(7, 12) AS r;
*/
CREATE OR ALTER FUNCTION strategy.version_class_rule
(
    @campaign_id int, /* core.campaign.campaign_id */
    @strategy_version_id int /* strategy.version.strategy_version_id */
)
RETURNS TABLE
AS
RETURN
SELECT
    r.dial_class_id AS dial_class_id,
    r.campaign_id AS campaign_id,
    r.strategy_version_id AS strategy_version_id,
    r.segment_id AS segment_id,
    r.phone_type_id AS phone_type_id,
    r.zone_id AS zone_id,
    r.client_zone_id AS client_zone_id,
    r.is_campaign_active AS is_campaign_active,
    r.is_segment_open AS is_segment_open,
    r.bar_id AS bar_id,
    r.time_status_id AS time_status_id,
    r.is_time_open AS is_time_open,
    r.is_type_dialled AS is_type_dialled,
    r.is_client_under AS is_client_under,
    r.is_type_under AS is_type_under,
    r.is_agent_under AS is_agent_under,
    r.max_day_attempts AS max_day_attempts,
    r.attempt_day AS attempt_day,
    r.day_attempts AS day_attempts,
    r.held_until AS held_until,
    r.is_promised AS is_promised,
    r.schedule_id AS schedule_id,
    r.closing_margin_minutes AS closing_margin_minutes,
    r.delay_minutes AS delay_minutes,
    r.client_priority AS client_priority,
    r.client_order AS client_order,
    CASE
        WHEN r.attempts_position = 1 THEN r.attempts_key
        WHEN r.result_position = 1 THEN r.result_key
        ELSE r.type_key
    END AS phone_key_1,
    CASE
        WHEN r.attempts_position = 2 THEN r.attempts_key
        WHEN r.result_position = 2 THEN r.result_key
        ELSE r.type_key
    END AS phone_key_2,
    CASE
        WHEN r.attempts_position = 3 THEN r.attempts_key
        WHEN r.result_position = 3 THEN r.result_key
        ELSE r.type_key
    END AS phone_key_3
FROM (
    SELECT
        d.dial_class_id AS dial_class_id,
        d.campaign_id AS campaign_id,
        v.strategy_version_id AS strategy_version_id,
        d.segment_id AS segment_id,
        d.phone_type_id AS phone_type_id,
        d.zone_id AS zone_id,
        d.client_zone_id AS client_zone_id,
        CASE WHEN k.state_id = 2 THEN 1 ELSE 0 END AS is_campaign_active,
        CASE WHEN g.is_enabled = 1 AND g.is_blocked = 0 THEN 1 ELSE 0 END AS is_segment_open,
        d.bar_id AS bar_id,
        d.time_status_id AS time_status_id,
        CASE
            WHEN d.time_status_id = 0 THEN 1
            WHEN d.time_status_id = 9 THEN 0
            WHEN v.strategy_version_id = k.status_version_id THEN 0
            ELSE 1
        END AS is_time_open,
        CASE WHEN t.is_dialled = 1 THEN 1 ELSE 0 END AS is_type_dialled,
        CASE WHEN d.client_attempts >= v.max_client_attempts THEN 0 ELSE 1 END AS is_client_under,
        CASE WHEN d.phone_attempts >= t.max_attempts THEN 0 ELSE 1 END AS is_type_under,
        CASE WHEN d.limit_agent_attempts >= y.max_attempts THEN 0 ELSE 1 END AS is_agent_under,
        v.max_day_attempts AS max_day_attempts,
        d.attempt_day AS attempt_day,
        d.day_attempts AS day_attempts,
        d.held_until AS held_until,
        d.is_promised AS is_promised,
        COALESCE(t.schedule_id, v.schedule_id) AS schedule_id,
        k.closing_margin_minutes AS closing_margin_minutes,
        CASE
            WHEN d.hold_agent_result_id <> 0 THEN COALESCE(y.hold_delay, 0)
            WHEN d.phone_technical_result_id <> 0 THEN COALESCE(x.phone_delay, 0)
            ELSE 0
        END AS delay_minutes,
        CASE
            WHEN d.client_agent_result_id <> 0 THEN y.client_priority
            WHEN d.client_technical_result_id <> 0 THEN x.client_priority
            WHEN d.load_priority <> 0 THEN d.load_priority
            ELSE v.no_result_priority
        END AS client_priority,
        CASE WHEN v.client_most_first = 1 THEN -d.client_attempts ELSE d.client_attempts END AS client_order,
        CASE WHEN v.phone_most_first = 1 THEN -d.phone_attempts ELSE d.phone_attempts END AS attempts_key,
        CASE
            WHEN d.phone_agent_result_id <> 0 THEN y.phone_priority
            WHEN d.phone_technical_result_id <> 0 THEN x.phone_priority
            ELSE v.no_result_priority
        END AS result_key,
        COALESCE(t.weight, 10) AS type_key,
        v.attempts_position AS attempts_position,
        v.result_position AS result_position
    FROM core.dial_class AS d
    JOIN core.campaign AS k
        ON k.campaign_id = d.campaign_id
    JOIN core.segment AS g
        ON g.segment_id = d.segment_id
    CROSS JOIN strategy.version AS v
    LEFT JOIN strategy.version_phone_type AS t
        ON t.strategy_version_id = v.strategy_version_id
        AND t.phone_type_id = d.phone_type_id
    CROSS APPLY (
        SELECT
            MAX(CASE WHEN z.technical_result_id = z.of_client THEN z.priority ELSE NULL END) AS client_priority,
            MAX(CASE WHEN z.technical_result_id = z.of_phone THEN z.priority ELSE NULL END) AS phone_priority,
            MAX(CASE WHEN z.technical_result_id = z.of_phone THEN z.delay_minutes ELSE NULL END) AS phone_delay
        FROM (
            SELECT
                u.technical_result_id AS technical_result_id,
                u.priority AS priority,
                u.delay_minutes AS delay_minutes,
                d.client_technical_result_id AS of_client,
                d.phone_technical_result_id AS of_phone
            FROM strategy.technical_rule AS u
            WHERE u.strategy_version_id = @strategy_version_id
                AND u.technical_result_id IN (d.client_technical_result_id, d.phone_technical_result_id)
        ) AS z
    ) AS x
    CROSS APPLY (
        SELECT
            MAX(CASE WHEN z.agent_result_id = z.of_client THEN z.priority ELSE NULL END) AS client_priority,
            MAX(CASE WHEN z.agent_result_id = z.of_phone THEN z.priority ELSE NULL END) AS phone_priority,
            MAX(CASE WHEN z.agent_result_id = z.that_holds THEN z.delay_minutes ELSE NULL END) AS hold_delay,
            MAX(CASE WHEN z.agent_result_id = z.of_limit AND z.action_id = 3 THEN z.max_attempts ELSE NULL END) AS max_attempts
        FROM (
            SELECT
                u.agent_result_id AS agent_result_id,
                u.action_id AS action_id,
                u.priority AS priority,
                u.max_attempts AS max_attempts,
                u.delay_minutes AS delay_minutes,
                d.client_agent_result_id AS of_client,
                d.phone_agent_result_id AS of_phone,
                d.hold_agent_result_id AS that_holds,
                d.limit_agent_result_id AS of_limit
            FROM strategy.agent_rule AS u
            WHERE u.strategy_version_id = @strategy_version_id
                AND u.agent_result_id IN (
                    d.client_agent_result_id, d.phone_agent_result_id, d.hold_agent_result_id, d.limit_agent_result_id
                )
        ) AS z
    ) AS y
    WHERE d.campaign_id = @campaign_id
        AND v.strategy_version_id = @strategy_version_id
) AS r;
