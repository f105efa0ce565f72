/*
strategy.preview          version 1.0.0          2026-11-25

What a campaign's phones would be under a strategy version that is written, in force or not: how many the strategy allows now and
then, how many become available and how many are closed, and how many of them stand inside their hours at the moment. Counted by
dial class, so that no phone is read; which of the phones wait for the delay of their last result is therefore left out.

Called by  app/admin/campaign_data.py
Reads      strategy.version_class_state, core.campaign, core.dial_class_change
Returns    one row: phones_free int, phones_open_before int, phones_open_after int, phones_opening int, phones_closing int,
           phones_ready_before int, phones_ready_after int
Example    SELECT p.phones_opening, p.phones_closing FROM strategy.preview(7, 12, SYSUTCDATETIME()) AS p;
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
WITH state AS (
    SELECT
        a.dial_class_id AS dial_class_id,
        a.is_open AS is_open_after,
        a.is_ready AS is_ready_after,
        COALESCE(b.is_open, 0) AS is_open_before,
        COALESCE(b.is_ready, 0) AS is_ready_before
    FROM (
        SELECT
            s.dial_class_id AS dial_class_id,
            SIGN(s.is_type_dialled * s.is_client_under * s.is_type_under * s.is_agent_under * s.is_time_open) AS is_open,
            SIGN(
                s.is_type_dialled * s.is_client_under * s.is_type_under * s.is_agent_under * s.is_time_open * s.is_campaign_active
                * s.is_segment_open * s.is_day_under * s.is_in_schedule * s.is_cap_free * s.is_in_cap_hours
            ) AS is_ready
        FROM strategy.version_class_state(@campaign_id, @strategy_version_id, @now) AS s
        WHERE s.bar_id = 0
    ) AS a
    LEFT JOIN (
        SELECT
            s.dial_class_id AS dial_class_id,
            SIGN(s.is_type_dialled * s.is_client_under * s.is_type_under * s.is_agent_under * s.is_time_open) AS is_open,
            SIGN(
                s.is_type_dialled * s.is_client_under * s.is_type_under * s.is_agent_under * s.is_time_open * s.is_campaign_active
                * s.is_segment_open * s.is_day_under * s.is_in_schedule * s.is_cap_free * s.is_in_cap_hours
            ) AS is_ready
        FROM core.campaign AS k
        CROSS APPLY strategy.version_class_state(@campaign_id, k.strategy_version_id, @now) AS s
        WHERE k.campaign_id = @campaign_id
    ) AS b
        ON b.dial_class_id = a.dial_class_id
),
counted AS (
    SELECT
        c.dial_class_id AS dial_class_id,
        SUM(c.phones) AS phones
    FROM core.dial_class_change AS c
    WHERE c.dial_class_id IN (SELECT s.dial_class_id FROM state AS s)
    GROUP BY c.dial_class_id
)
SELECT
    CAST(COALESCE(SUM(n.phones), 0) AS int) AS phones_free,
    CAST(COALESCE(SUM(n.phones * s.is_open_before), 0) AS int) AS phones_open_before,
    CAST(COALESCE(SUM(n.phones * s.is_open_after), 0) AS int) AS phones_open_after,
    CAST(COALESCE(SUM(n.phones * s.is_open_after * (1 - s.is_open_before)), 0) AS int) AS phones_opening,
    CAST(COALESCE(SUM(n.phones * s.is_open_before * (1 - s.is_open_after)), 0) AS int) AS phones_closing,
    CAST(COALESCE(SUM(n.phones * s.is_ready_before), 0) AS int) AS phones_ready_before,
    CAST(COALESCE(SUM(n.phones * s.is_ready_after), 0) AS int) AS phones_ready_after
FROM state AS s
JOIN counted AS n
    ON n.dial_class_id = s.dial_class_id;
