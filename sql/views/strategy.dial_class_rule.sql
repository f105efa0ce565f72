/*
strategy.dial_class_rule          version 2.1.0          2026-11-26

What the strategy in force says of each dial class of every campaign: strategy.version_class_rule of the version in force.

Called by  sql/procedures/contacts.client_status_update.sql, sql/views/contacts.contact_list.sql
Reads      core.campaign, strategy.version_class_rule
Returns    rows: dial_class_id int, campaign_id int, strategy_version_id int, segment_id int, phone_type_id int, zone_id int,
           client_zone_id int, is_campaign_active int, is_segment_open int, bar_id smallint, time_status_id smallint,
           is_time_open int, is_type_dialled int, is_client_under int, is_type_under int, is_agent_under int, max_day_attempts
           smallint, attempt_day date, day_attempts smallint, held_until datetime2(3), is_promised bit, schedule_id int,
           closing_margin_minutes smallint, delay_minutes int, client_priority smallint, client_order int, phone_key_1 int,
           phone_key_2 int, phone_key_3 int
Example    SELECT r.dial_class_id, r.delay_minutes FROM strategy.dial_class_rule AS r WHERE r.campaign_id = 7;
*/
CREATE OR ALTER VIEW strategy.dial_class_rule
AS
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
    r.phone_key_1 AS phone_key_1,
    r.phone_key_2 AS phone_key_2,
    r.phone_key_3 AS phone_key_3
FROM core.campaign AS k
CROSS APPLY strategy.version_class_rule(k.campaign_id, k.strategy_version_id) AS r;
