/*
dialing.phone_reason          version 2.1.0          2026-11-26

Whether a phone may be dialled at a moment, the first rule that stands in the way, and the next moment when it may be dialled if
nothing happens until then: all that only time lifts is over, and both the schedule of its type, or the campaign's, and the hours
of the frequency caps are open. Empty where time alone does not bring it back. No row where there is no such phone.

Called by  app/procedures/dialing.py
Reads      core.phone, strategy.dial_class_rule, dialing.phone_explain, strategy.schedule_next, strategy.campaign_cap,
           strategy.cap_rule
Returns    rows: is_dialable int, reason_code nvarchar(64), next_at datetime2(3)
Example    EXECUTE dialing.phone_reason @phone_id = 12;
*/
CREATE OR ALTER PROCEDURE dialing.phone_reason
    @phone_id bigint, /* core.phone.phone_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @failed int;
DECLARE @unknown int;
DECLARE @passes_at datetime2(3);
DECLARE @reason_code nvarchar(64);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

SELECT
    @failed = SUM(1 - e.is_passed),
    @unknown = SUM(CASE WHEN e.is_passed = 0 AND e.passes_at IS NULL THEN 1 ELSE 0 END),
    @passes_at = MAX(e.passes_at),
    @reason_code = MAX(CASE WHEN e.is_passed = 0 AND e.turn = 1 THEN e.rule_code ELSE NULL END)
FROM (
    SELECT
        f.rule_code AS rule_code,
        f.is_passed AS is_passed,
        f.passes_at AS passes_at,
        ROW_NUMBER() OVER (ORDER BY f.is_passed, f.rule_no, f.step_no) AS turn
    FROM dialing.phone_explain(@phone_id, @now) AS f
) AS e;

SELECT
    CASE WHEN @failed = 0 THEN 1 ELSE 0 END AS is_dialable,
    @reason_code AS reason_code,
    CASE WHEN @failed = 0 THEN @now WHEN @unknown > 0 THEN NULL ELSE m.next_at END AS next_at
FROM core.phone AS p
JOIN strategy.dial_class_rule AS r
    ON r.dial_class_id = p.dial_class_id
OUTER APPLY strategy.schedule_next(r.schedule_id, r.zone_id, @passes_at) AS n
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
