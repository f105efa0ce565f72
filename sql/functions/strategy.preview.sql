/*
strategy.preview          version 1.1.0          2026-11-26

What a changed strategy would do to the phones of a campaign at a moment, before it is saved: its version has been written but is
not in force (its writer rolls it back). Open are the phones of classes that the rules let through whatever the hour of the day:
segment, limits, type. Ready are those that could be dialled at the moment itself: in the hours of their schedule, under the
limit of the day, their delay over, no call promised. From the counts of classes, like dialing.campaign_explain: whether the
campaign is active, who is out, whose promised call is due or who is held by a cap that no block has met is not looked at.

Called by  app/procedures/strategy.py
Reads      strategy.version_class_state, strategy.dial_class_state, strategy.dial_class_count, core.phone
Returns    rows: phones_free bigint, phones_open_before bigint, phones_open_after bigint, phones_opening bigint, phones_closing
           bigint, phones_ready_before bigint, phones_ready_after bigint
Example    SELECT v.phones_opening, v.phones_closing FROM strategy.preview(7, 12, SYSUTCDATETIME()) AS v;
*/
CREATE OR ALTER FUNCTION strategy.preview
(
    @campaign_id int, /* core.campaign.campaign_id */
    @strategy_version_id int, /* strategy.version.strategy_version_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    COALESCE(SUM(CAST(x.is_free * x.phones AS bigint)), 0) AS phones_free,
    COALESCE(SUM(CAST(x.is_allowed_before * x.phones AS bigint)), 0) AS phones_open_before,
    COALESCE(SUM(CAST(x.is_allowed_after * x.phones AS bigint)), 0) AS phones_open_after,
    COALESCE(SUM(CAST((1 - x.is_allowed_before) * x.is_allowed_after * x.phones AS bigint)), 0) AS phones_opening,
    COALESCE(SUM(CAST(x.is_allowed_before * (1 - x.is_allowed_after) * x.phones AS bigint)), 0) AS phones_closing,
    COALESCE(SUM(CAST(x.may_ring_before * (x.phones - x.waiting_before) AS bigint)), 0) AS phones_ready_before,
    COALESCE(SUM(CAST(x.may_ring_after * (x.phones - x.waiting_after) AS bigint)), 0) AS phones_ready_after
FROM (
    SELECT
        n.phones AS phones,
        CASE WHEN a.bar_id = 0 THEN 1 ELSE 0 END AS is_free,
        b.is_allowed AS is_allowed_before,
        a.is_allowed AS is_allowed_after,
        CASE WHEN b.is_promised = 1 THEN 0 ELSE b.is_open END AS may_ring_before,
        CASE WHEN a.is_promised = 1 THEN 0 ELSE a.is_open END AS may_ring_after,
        d.waiting AS waiting_before,
        c.waiting AS waiting_after
    FROM strategy.dial_class_count AS n
    JOIN strategy.version_class_state(@campaign_id, @strategy_version_id, @now) AS a
        ON a.dial_class_id = n.dial_class_id
    JOIN strategy.dial_class_state(@campaign_id, @now) AS b
        ON b.dial_class_id = n.dial_class_id
    CROSS APPLY (
        SELECT COUNT(*) AS waiting
        FROM core.phone AS p
        WHERE p.dial_class_id = n.dial_class_id
            AND p.waits_from > a.ready_before
            AND a.is_open = 1
            AND a.delay_minutes > 0
    ) AS c
    CROSS APPLY (
        SELECT COUNT(*) AS waiting
        FROM core.phone AS p
        WHERE p.dial_class_id = n.dial_class_id
            AND p.waits_from > b.ready_before
            AND b.is_open = 1
            AND b.delay_minutes > 0
    ) AS d
    WHERE n.campaign_id = @campaign_id
) AS x;
