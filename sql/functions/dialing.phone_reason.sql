/*
dialing.phone_reason          version 1.1.0          2026-11-25

Whether a phone may be dialled at a moment, the first rule that stands in the way, and the next moment when it may be dialled if
nothing happens until then: all that only time lifts is over, and both the schedule of its type, or the campaign's, and the hours
of the frequency caps are open. Empty where time alone does not bring it back.

Called by  app/procedures/dialing.py
Reads      core.phone, strategy.dial_class_rule, dialing.phone_explain, strategy.schedule_next, strategy.campaign_cap,
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
    x.reason_code AS reason_code,
    CASE WHEN x.failed = 0 THEN @now WHEN x.unknown > 0 THEN NULL ELSE m.next_at END AS next_at
FROM core.phone AS p
JOIN strategy.dial_class_rule AS r
    ON r.dial_class_id = p.dial_class_id
CROSS APPLY (
    SELECT
        SUM(1 - e.is_passed) AS failed,
        SUM(CASE WHEN e.is_passed = 0 AND e.passes_at IS NULL THEN 1 ELSE 0 END) AS unknown,
        MAX(e.passes_at) AS passes_at,
        MAX(CASE WHEN e.is_passed = 0 AND e.turn = 1 THEN e.rule_code ELSE NULL END) AS reason_code
    FROM (
        SELECT
            f.rule_code AS rule_code,
            f.is_passed AS is_passed,
            f.passes_at AS passes_at,
            ROW_NUMBER() OVER (ORDER BY f.is_passed, f.rule_no, f.step_no) AS turn
        FROM dialing.phone_explain(@phone_id, @now) AS f
    ) AS e
) AS x
OUTER APPLY strategy.schedule_next(r.schedule_id, r.zone_id, x.passes_at) AS n
OUTER APPLY (
    SELECT MAX(y.next_at) AS next_at
    FROM strategy.campaign_cap AS k
    JOIN strategy.cap_rule AS c
        ON c.cap_rule_id = k.cap_rule_id
    CROSS APPLY strategy.schedule_next(c.schedule_id, r.zone_id, n.next_at) AS y
    WHERE k.campaign_id = p.campaign_id
        AND c.is_enabled = 1
        AND c.is_hold = 1
        AND (c.valid_from IS NULL OR c.valid_from <= CAST(n.next_at AS date))
        AND (c.valid_to IS NULL OR c.valid_to >= CAST(n.next_at AS date))
) AS h
OUTER APPLY strategy.schedule_next(r.schedule_id, r.zone_id, COALESCE(h.next_at, n.next_at)) AS m
WHERE p.phone_id = @phone_id;
