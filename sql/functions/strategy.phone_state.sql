/*
strategy.phone_state          version 1.0.0          2026-11-25

Each rule of strategy.md, «May this phone be dialled now?», for each phone of a campaign at a moment, 1 where it is kept, and
the first that is not: reason_no is its number there times 100 plus a step, 0 when the phone may be dialled as far as nothing
but the calls that the frequency caps count is asked. It is the block selection's own rules of classes with those of the phone
and its client. To be asked for named phones or clients (WHERE phone_id = ...).

«The client is active» (rule 3) means that it is neither processed nor blocked: a limit that stopped it is named by its own
rule. A due callback keeps rule 11 at its own moment. Of two durations that are over, the reason is the one that names the
status.

Called by  sql/functions/dialing.phone_explain.sql
Reads      core.phone, core.client, core.client_status, core.campaign, strategy.version, strategy.dial_class_state,
           strategy.client_time_open, dialing.client_hold, dialing.callback
Returns    rows: phone_id bigint, client_id bigint, campaign_id int, person_id bigint, number nvarchar(20), dial_class_id int,
           zone_id int, client_zone_id int, schedule_id int, status_id smallint, is_campaign_active int, is_segment_open int,
           is_unprocessed int, is_client_free int, is_before_stop int, is_off_list int, is_phone_free int, is_type_dialled int,
           is_not_out int, is_person_not_out int, is_client_under int, is_type_under int, is_agent_under int, is_day_under int,
           is_in_first_call int, is_in_created int, is_created_named int, is_delay_over int, is_not_promised int, is_in_schedule
           int, is_in_cap_hours int, is_cap_free int, delay_over_at datetime2(3), promised_at datetime2(3), held_until
           datetime2(3), attempt_day date, closing_margin_minutes smallint, reason_no int
Example    SELECT s.reason_no FROM strategy.phone_state(7, SYSUTCDATETIME()) AS s WHERE s.phone_id = 12;
*/
CREATE OR ALTER FUNCTION strategy.phone_state
(
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    x.phone_id AS phone_id,
    x.client_id AS client_id,
    x.campaign_id AS campaign_id,
    x.person_id AS person_id,
    x.number AS number,
    x.dial_class_id AS dial_class_id,
    x.zone_id AS zone_id,
    x.client_zone_id AS client_zone_id,
    x.schedule_id AS schedule_id,
    x.status_id AS status_id,
    x.is_campaign_active AS is_campaign_active,
    x.is_segment_open AS is_segment_open,
    x.is_unprocessed AS is_unprocessed,
    x.is_client_free AS is_client_free,
    x.is_before_stop AS is_before_stop,
    x.is_off_list AS is_off_list,
    x.is_phone_free AS is_phone_free,
    x.is_type_dialled AS is_type_dialled,
    x.is_not_out AS is_not_out,
    x.is_person_not_out AS is_person_not_out,
    x.is_client_under AS is_client_under,
    x.is_type_under AS is_type_under,
    x.is_agent_under AS is_agent_under,
    x.is_day_under AS is_day_under,
    x.is_in_first_call AS is_in_first_call,
    x.is_in_created AS is_in_created,
    x.is_created_named AS is_created_named,
    x.is_delay_over AS is_delay_over,
    x.is_not_promised AS is_not_promised,
    x.is_in_schedule AS is_in_schedule,
    x.is_in_cap_hours AS is_in_cap_hours,
    x.is_cap_free AS is_cap_free,
    x.delay_over_at AS delay_over_at,
    x.promised_at AS promised_at,
    x.held_until AS held_until,
    x.attempt_day AS attempt_day,
    x.closing_margin_minutes AS closing_margin_minutes,
    CASE
        WHEN x.is_campaign_active = 0 THEN 101
        WHEN x.is_segment_open = 0 THEN 201
        WHEN x.is_unprocessed = 0 THEN 301
        WHEN x.is_client_free = 0 THEN 302
        WHEN x.is_before_stop = 0 THEN 401
        WHEN x.is_off_list = 0 THEN 501
        WHEN x.is_phone_free = 0 THEN 601
        WHEN x.is_type_dialled = 0 THEN 602
        WHEN x.is_not_out = 0 THEN 701
        WHEN x.is_person_not_out = 0 THEN 702
        WHEN x.is_client_under = 0 THEN 801
        WHEN x.is_type_under = 0 THEN 802
        WHEN x.is_agent_under = 0 THEN 803
        WHEN x.is_day_under = 0 THEN 901
        WHEN x.is_in_first_call = 0 AND x.is_in_created = 0 AND x.is_created_named = 1 THEN 1002
        WHEN x.is_in_first_call = 0 THEN 1001
        WHEN x.is_in_created = 0 THEN 1002
        WHEN x.is_delay_over = 0 THEN 1101
        WHEN x.is_not_promised = 0 THEN 1102
        WHEN x.is_in_schedule = 0 THEN 1201
        WHEN x.is_in_cap_hours = 0 THEN 1301
        WHEN x.is_cap_free = 0 THEN 1302
        ELSE 0
    END AS reason_no
FROM (
    SELECT
        p.phone_id AS phone_id,
        p.client_id AS client_id,
        p.campaign_id AS campaign_id,
        c.person_id AS person_id,
        p.number AS number,
        p.dial_class_id AS dial_class_id,
        s.zone_id AS zone_id,
        COALESCE(c.zone_id, k.default_zone_id) AS client_zone_id,
        s.schedule_id AS schedule_id,
        c.status_id AS status_id,
        s.is_campaign_active AS is_campaign_active,
        s.is_segment_open AS is_segment_open,
        CASE WHEN y.is_final = 1 THEN 0 ELSE 1 END AS is_unprocessed,
        CASE WHEN c.is_blocked = 1 THEN 0 ELSE 1 END AS is_client_free,
        t.is_before_stop AS is_before_stop,
        CASE WHEN p.is_do_not_call = 1 THEN 0 ELSE 1 END AS is_off_list,
        CASE WHEN p.is_blocked = 1 THEN 0 ELSE 1 END AS is_phone_free,
        s.is_type_dialled AS is_type_dialled,
        CASE WHEN h.phones_out > 0 THEN 0 ELSE 1 END AS is_not_out,
        CASE WHEN h.person_out > 0 THEN 0 ELSE 1 END AS is_person_not_out,
        s.is_client_under AS is_client_under,
        s.is_type_under AS is_type_under,
        s.is_agent_under AS is_agent_under,
        s.is_day_under AS is_day_under,
        t.is_in_first_call AS is_in_first_call,
        t.is_in_created AS is_in_created,
        CASE WHEN c.status_id = 7 OR (c.status_id <> 6 AND v.created_names_status = 1) THEN 1 ELSE 0 END AS is_created_named,
        CASE WHEN p.waits_from <= s.ready_before OR b.due_at <= @now THEN 1 ELSE 0 END AS is_delay_over,
        CASE WHEN h.calls_promised = 0 OR b.due_at <= @now THEN 1 ELSE 0 END AS is_not_promised,
        s.is_in_schedule AS is_in_schedule,
        s.is_in_cap_hours AS is_in_cap_hours,
        s.is_cap_free AS is_cap_free,
        DATEADD(MINUTE, s.delay_minutes, p.waits_from) AS delay_over_at,
        b.due_at AS promised_at,
        s.held_until AS held_until,
        c.attempt_day AS attempt_day,
        k.closing_margin_minutes AS closing_margin_minutes
    FROM core.phone AS p
    JOIN core.client AS c
        ON c.client_id = p.client_id
    JOIN core.client_status AS y
        ON y.status_id = c.status_id
    JOIN core.campaign AS k
        ON k.campaign_id = p.campaign_id
    JOIN strategy.version AS v
        ON v.strategy_version_id = k.strategy_version_id
    JOIN strategy.dial_class_state(@campaign_id, @now) AS s
        ON s.dial_class_id = p.dial_class_id
    CROSS APPLY strategy.client_time_open(
        c.do_not_call_after, c.loaded_at, c.first_attempt_at, v.created_minutes, v.first_call_minutes, @now
    ) AS t
    CROSS APPLY dialing.client_hold(c.client_id, c.person_id, k.one_call_per_person, @now) AS h
    OUTER APPLY (
        SELECT MIN(q.due_at) AS due_at
        FROM dialing.callback AS q
        WHERE q.client_id = p.client_id
            AND q.phone_id = p.phone_id
            AND q.state_id = 1
    ) AS b
    WHERE p.campaign_id = @campaign_id
) AS x;
