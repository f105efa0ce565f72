/*
contacts.phone_now          version 1.0.0          2026-11-26

The phones as the event in hand leaves them: core.phone, and in its place what core.work_phone_fact holds of a phone. A result
changes facts of a phone, and these its dial class: both are written in one turn by contacts.client_settle, and what decides until
then reads this view. Outside of an event it is core.phone.

Called by  sql/views/strategy.phone_fact.sql, sql/procedures/dialing.private_outcome_apply.sql
Reads      core.phone, core.work_phone_fact
Returns    rows: phone_id bigint, client_id bigint, campaign_id int, phone_type_id int, zone_id int, dial_class_id int,
           is_blocked bit, is_do_not_call bit, attempts smallint, last_attempt_at datetime2(3), last_technical_result_id int,
           last_agent_result_id int, hold_agent_result_id int, waits_from datetime2(3), held_until datetime2(3), is_in_work int
*/
CREATE OR ALTER VIEW contacts.phone_now
AS
SELECT
    p.phone_id AS phone_id,
    p.client_id AS client_id,
    p.campaign_id AS campaign_id,
    p.phone_type_id AS phone_type_id,
    p.zone_id AS zone_id,
    p.dial_class_id AS dial_class_id,
    p.is_blocked AS is_blocked,
    p.is_do_not_call AS is_do_not_call,
    CASE WHEN w.phone_id IS NULL THEN p.attempts ELSE w.attempts END AS attempts,
    CASE WHEN w.phone_id IS NULL THEN p.last_attempt_at ELSE w.last_attempt_at END AS last_attempt_at,
    CASE
        WHEN w.phone_id IS NULL THEN p.last_technical_result_id
        ELSE w.last_technical_result_id
    END AS last_technical_result_id,
    CASE WHEN w.phone_id IS NULL THEN p.last_agent_result_id ELSE w.last_agent_result_id END AS last_agent_result_id,
    CASE WHEN w.phone_id IS NULL THEN p.hold_agent_result_id ELSE w.hold_agent_result_id END AS hold_agent_result_id,
    CASE WHEN w.phone_id IS NULL THEN p.waits_from ELSE w.waits_from END AS waits_from,
    CASE WHEN w.phone_id IS NULL THEN p.held_until ELSE w.held_until END AS held_until,
    CASE WHEN w.phone_id IS NULL THEN 0 ELSE 1 END AS is_in_work
FROM core.phone AS p
LEFT JOIN core.work_phone_fact AS w
    ON w.phone_id = p.phone_id;
