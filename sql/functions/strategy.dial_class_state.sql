/*
strategy.dial_class_state          version 2.1.0          2026-11-26

strategy.version_class_state of the version that is in force in a campaign.

Called by  sql/functions/strategy.dial_class_open.sql
Reads      core.campaign, strategy.version_class_state
Returns    rows: dial_class_id int, strategy_version_id int, segment_id int, phone_type_id int, zone_id int, is_campaign_active
           int, is_segment_open int, bar_id smallint, time_status_id smallint, is_time_open int, is_type_dialled int,
           is_client_under int, is_type_under int, is_agent_under int, is_day_under int, is_in_schedule int, is_cap_free int,
           is_in_cap_hours int, held_until datetime2(3), is_promised bit, schedule_id int, delay_minutes int, ready_before
           datetime2(3), client_priority smallint, client_order int, phone_key_1 int, phone_key_2 int, phone_key_3 int,
           is_allowed int, is_open int
Example    SELECT s.dial_class_id, s.is_in_schedule FROM strategy.dial_class_state(7, SYSUTCDATETIME()) AS s;
*/
CREATE OR ALTER FUNCTION strategy.dial_class_state
(
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    s.dial_class_id AS dial_class_id,
    s.strategy_version_id AS strategy_version_id,
    s.segment_id AS segment_id,
    s.phone_type_id AS phone_type_id,
    s.zone_id AS zone_id,
    s.is_campaign_active AS is_campaign_active,
    s.is_segment_open AS is_segment_open,
    s.bar_id AS bar_id,
    s.time_status_id AS time_status_id,
    s.is_time_open AS is_time_open,
    s.is_type_dialled AS is_type_dialled,
    s.is_client_under AS is_client_under,
    s.is_type_under AS is_type_under,
    s.is_agent_under AS is_agent_under,
    s.is_day_under AS is_day_under,
    s.is_in_schedule AS is_in_schedule,
    s.is_cap_free AS is_cap_free,
    s.is_in_cap_hours AS is_in_cap_hours,
    s.held_until AS held_until,
    s.is_promised AS is_promised,
    s.schedule_id AS schedule_id,
    s.delay_minutes AS delay_minutes,
    s.ready_before AS ready_before,
    s.client_priority AS client_priority,
    s.client_order AS client_order,
    s.phone_key_1 AS phone_key_1,
    s.phone_key_2 AS phone_key_2,
    s.phone_key_3 AS phone_key_3,
    s.is_allowed AS is_allowed,
    s.is_open AS is_open
FROM core.campaign AS k
CROSS APPLY strategy.version_class_state(k.campaign_id, k.strategy_version_id, @now) AS s
WHERE k.campaign_id = @campaign_id;
