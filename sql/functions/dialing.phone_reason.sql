/*
dialing.phone_reason          version 1.1.0          2026-11-25

Whether a phone may be dialled at a moment, the first rule that stands in the way, and the next moment when it may be dialled if
nothing happens until then: all that only time lifts is over, and both the schedule of its type, or the campaign's, and the hours
of the frequency caps are open. Empty where time alone does not bring it back.

Called by  app/procedures/dialing.py
Reads      core.phone, strategy.phone_state, dialing.phone_explain, strategy.schedule_next, strategy.campaign_cap,
           strategy.cap_rule
Returns    rows: is_dialable int, reason_code nvarchar(64), next_at datetime2(3)
Example    SELECT r.reason_code, r.next_at FROM dialing.phone_reason(12, SYSUTCDATETIME()) AS r;
*/
CREATE OR ALTER FUNCTION dialing.phone_reason
(
    @phone_id bigint, /* core.phone.phone_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    CASE WHEN x.failed = 0 THEN 1 ELSE 0 END AS is_dialable,
    f.rule_code AS reason_code,
    CASE WHEN x.failed = 0 THEN @now WHEN x.unknown > 0 THEN NULL ELSE m.next_at END AS next_at
FROM core.phone AS p
CROSS APPLY strategy.phone_state(p.campaign_id, @now) AS s
CROSS APPLY (
    SELECT
        SUM(1 - e.is_passed) AS failed,
        SUM(CASE WHEN e.is_passed = 0 AND e.passes_at IS NULL THEN 1 ELSE 0 END) AS unknown,
        MAX(e.passes_at) AS passes_at
    FROM dialing.phone_explain(@phone_id, @now) AS e
) AS x
OUTER APPLY (
    SELECT TOP (1) e.rule_code AS rule_code
    FROM dialing.phone_explain(@phone_id, @now) AS e
    WHERE e.is_passed = 0
    ORDER BY e.rule_no, e.step_no
) AS f
OUTER APPLY strategy.schedule_next(s.schedule_id, s.zone_id, x.passes_at) AS n
OUTER APPLY (
    SELECT MAX(y.next_at) AS next_at
    FROM strategy.campaign_cap AS k
    JOIN strategy.cap_rule AS r
        ON r.cap_rule_id = k.cap_rule_id
    CROSS APPLY strategy.schedule_next(r.schedule_id, s.zone_id, n.next_at) AS y
    WHERE k.campaign_id = s.campaign_id
        AND r.is_enabled = 1
        AND r.is_hold = 1
        AND (r.valid_from IS NULL OR r.valid_from <= CAST(n.next_at AS date))
        AND (r.valid_to IS NULL OR r.valid_to >= CAST(n.next_at AS date))
) AS h
OUTER APPLY strategy.schedule_next(s.schedule_id, s.zone_id, COALESCE(h.next_at, n.next_at)) AS m
WHERE p.phone_id = @phone_id
    AND s.phone_id = @phone_id;
