/*
dialing.phone_explain          version 1.1.0          2026-11-26

Why a phone is, or is not, dialled now: a row for each rule of strategy.md, «May this phone be dialled now?», in its order,
whether it is kept, and the moment when it would be, as far as the rule itself knows one (the moment asked for where it is kept;
empty where somebody has to act, a result has to come, or nothing brings it back). The first rule that is not kept is the
phone's reason. Rule 13 has a row for each frequency cap of the campaign: detail is «used + out of limit»; a cap that only warns
does not stop the phone. A phone that a block has marked as held has one more, «caps», with the moment of the mark: it holds the
phone also when the cap was lifted since, until dialing.cap_release lets it go.

Called by  app/procedures/dialing.py, sql/procedures/dialing.phone_reason.sql
Reads      core.phone, strategy.phone_state, strategy.cap_state, strategy.schedule_open, strategy.schedule_next, core.utc_moment,
           strategy.campaign_cap, strategy.cap_rule, dialing.callback
Returns    rows: rule_no int, step_no int, rule_code nvarchar(64), is_passed int, passes_at datetime2(3), detail nvarchar(200)
Example    SELECT e.rule_no, e.rule_code, e.is_passed FROM dialing.phone_explain(12, SYSUTCDATETIME()) AS e;
*/
CREATE OR ALTER FUNCTION dialing.phone_explain
(
    @phone_id bigint, /* core.phone.phone_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    e.rule_no AS rule_no,
    e.step_no AS step_no,
    e.rule_code AS rule_code,
    e.is_passed AS is_passed,
    CASE WHEN e.is_passed = 1 THEN @now ELSE e.passes_at END AS passes_at,
    e.detail AS detail
FROM core.phone AS p
CROSS APPLY strategy.phone_state(p.campaign_id, @now) AS s
CROSS APPLY core.utc_moment(s.client_zone_id, CAST(DATEADD(DAY, 1, s.attempt_day) AS datetime2(3)), 0) AS d
CROSS APPLY strategy.schedule_open(s.schedule_id, s.zone_id, @now) AS o
CROSS APPLY strategy.schedule_next(
    s.schedule_id, s.zone_id, DATEADD(MINUTE, CASE WHEN o.is_open = 1 THEN s.closing_margin_minutes ELSE 0 END, @now)
) AS n
CROSS APPLY (
    SELECT MAX(y.next_at) AS next_at
    FROM strategy.campaign_cap AS m
    JOIN strategy.cap_rule AS r
        ON r.cap_rule_id = m.cap_rule_id
    CROSS APPLY strategy.schedule_next(r.schedule_id, s.zone_id, @now) AS y
    WHERE m.campaign_id = s.campaign_id
        AND r.is_enabled = 1
        AND r.is_hold = 1
        AND (r.valid_from IS NULL OR r.valid_from <= CAST(o.local_time AS date))
        AND (r.valid_to IS NULL OR r.valid_to >= CAST(o.local_time AS date))
) AS h
CROSS APPLY (
    SELECT MAX(q.due_at) AS last_at
    FROM dialing.callback AS q
    WHERE q.client_id = s.client_id
        AND q.state_id = 1
) AS b
CROSS APPLY (
    SELECT 1 AS rule_no, 1 AS step_no, N'campaign_active' AS rule_code, s.is_campaign_active AS is_passed,
        CAST(NULL AS datetime2(3)) AS passes_at, CAST(NULL AS nvarchar(200)) AS detail
    UNION ALL
    SELECT 2, 1, N'segment_open', s.is_segment_open, NULL, NULL
    UNION ALL
    SELECT 3, 1, N'client_unprocessed', s.is_unprocessed, NULL, NULL
    UNION ALL
    SELECT 3, 2, N'client_free', s.is_client_free, NULL, NULL
    UNION ALL
    SELECT 4, 1, N'stop_date', s.is_before_stop, NULL, NULL
    UNION ALL
    SELECT 5, 1, N'do_not_call', s.is_off_list, NULL, NULL
    UNION ALL
    SELECT 6, 1, N'phone_free', s.is_phone_free, NULL, NULL
    UNION ALL
    SELECT 6, 2, N'type_dialled', s.is_type_dialled, NULL, NULL
    UNION ALL
    SELECT 7, 1, N'in_work', s.is_not_out, NULL, NULL
    UNION ALL
    SELECT 7, 2, N'person_in_work', s.is_person_not_out, NULL, NULL
    UNION ALL
    SELECT 8, 1, N'client_attempts', s.is_client_under, NULL, NULL
    UNION ALL
    SELECT 8, 2, N'type_attempts', s.is_type_under, NULL, NULL
    UNION ALL
    SELECT 8, 3, N'agent_attempts', s.is_agent_under, NULL, NULL
    UNION ALL
    SELECT 9, 1, N'day_attempts', s.is_day_under, d.utc_at, NULL
    UNION ALL
    SELECT 10, 1 + s.is_created_named, N'first_call_duration', s.is_in_first_call, NULL, NULL
    UNION ALL
    SELECT 10, 2 - s.is_created_named, N'created_duration', s.is_in_created, NULL, NULL
    UNION ALL
    SELECT 11, 1, N'delay', s.is_delay_over,
        CASE WHEN s.promised_at > @now AND s.promised_at < s.delay_over_at THEN s.promised_at ELSE s.delay_over_at END, NULL
    UNION ALL
    SELECT 11, 2, N'promised', s.is_not_promised, COALESCE(s.promised_at, b.last_at), NULL
    UNION ALL
    SELECT 12, 1, N'schedule', s.is_in_schedule, n.next_at, NULL
    UNION ALL
    SELECT 13, 1, N'cap_hours', s.is_in_cap_hours, h.next_at, NULL
    UNION ALL
    SELECT 13, 2, c.code, CASE WHEN c.is_hold = 0 THEN 1 ELSE c.is_under END, c.free_at,
        CONCAT(c.used, N' + ', c.pending, N' / ', c.limit_value)
    FROM strategy.cap_state(s.campaign_id, s.client_id, s.person_id, s.number, s.client_zone_id, @now) AS c
    UNION ALL
    SELECT 13, 3, N'caps', 0, s.held_until, NULL
    WHERE s.is_cap_free = 0
) AS e
WHERE p.phone_id = @phone_id
    AND s.phone_id = @phone_id;
