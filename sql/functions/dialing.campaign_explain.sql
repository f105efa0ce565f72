/*
dialing.campaign_explain          version 1.0.1          2026-11-26

Why the phones of a campaign are not dialled now, summed: a row for each reason with the number of phones whose first rule not
kept it is; reason_code «ready» is the phones that may be dialled. The same rules as dialing.phone_explain, at the price of the
classes:

- phones of clients that are out, that were promised a call, or whose stop date or durations have passed since the status service
  last looked, are asked one by one (strategy.phone_state);
- all others go by the rules of their class (strategy.dial_class_state) times its count; those that still wait for their delay are
  counted by index.

What the calls that a frequency cap counts hold back is known once a block has met it.

Called by  app/procedures/dialing.py
Reads      core.campaign, strategy.version, core.client, core.phone, dialing.record, dialing.callback, strategy.phone_state,
           strategy.dial_class_state, strategy.dial_class_count, strategy.reason
Returns    rows: rule_no int, reason_code nvarchar(64), phones bigint
Example    SELECT e.reason_code, e.phones FROM dialing.campaign_explain(7, SYSUTCDATETIME()) AS e ORDER BY e.rule_no;
*/
CREATE OR ALTER FUNCTION dialing.campaign_explain
(
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
WITH special AS (
    SELECT r.client_id AS client_id
    FROM dialing.record AS r
    WHERE r.campaign_id = @campaign_id
    UNION
    SELECT c.client_id AS client_id
    FROM core.campaign AS k
    CROSS JOIN dialing.record AS r
    JOIN core.client AS c
        ON c.person_id = r.person_id
    WHERE k.campaign_id = @campaign_id
        AND k.one_call_per_person = 1
        AND c.campaign_id = @campaign_id
    UNION
    SELECT b.client_id AS client_id
    FROM dialing.callback AS b
    WHERE b.campaign_id = @campaign_id
        AND b.state_id = 1
    UNION
    SELECT c.client_id AS client_id
    FROM core.client AS c
    WHERE c.campaign_id = @campaign_id
        AND c.status_id IN (1, 4, 5, 6, 7, 8)
        AND c.do_not_call_after <= @now
    UNION
    SELECT c.client_id AS client_id
    FROM core.campaign AS k
    JOIN strategy.version AS v
        ON v.strategy_version_id = k.strategy_version_id
    JOIN core.client AS c
        ON c.campaign_id = k.campaign_id
        AND c.loaded_at <= DATEADD(MINUTE, -v.created_minutes, @now)
    WHERE k.campaign_id = @campaign_id
        AND c.status_id = 1
    UNION
    SELECT c.client_id AS client_id
    FROM core.campaign AS k
    JOIN strategy.version AS v
        ON v.strategy_version_id = k.strategy_version_id
    JOIN core.client AS c
        ON c.campaign_id = k.campaign_id
        AND c.first_attempt_at <= DATEADD(MINUTE, -v.first_call_minutes, @now)
    WHERE k.campaign_id = @campaign_id
        AND c.status_id = 1
    UNION
    SELECT c.client_id AS client_id
    FROM core.campaign AS k
    JOIN strategy.version AS v
        ON v.strategy_version_id = k.strategy_version_id
    JOIN core.client AS c
        ON c.campaign_id = k.campaign_id
        AND c.status_id IN (4, 5, 6, 7, 8)
    WHERE k.campaign_id = @campaign_id
        AND (k.status_version_id IS NULL OR k.status_version_id <> k.strategy_version_id)
        AND (
            c.status_id IN (6, 7)
            OR c.loaded_at <= DATEADD(MINUTE, -v.created_minutes, @now)
            OR c.first_attempt_at <= DATEADD(MINUTE, -v.first_call_minutes, @now)
        )
),
one_by_one AS (
    SELECT
        s.phone_id AS phone_id,
        s.dial_class_id AS dial_class_id,
        s.reason_no AS reason_no,
        s.delay_over_at AS delay_over_at
    FROM special AS x
    JOIN strategy.phone_state(@campaign_id, @now) AS s
        ON s.client_id = x.client_id
),
apart AS (
    SELECT
        o.dial_class_id AS dial_class_id,
        COUNT(*) AS phones,
        SUM(CASE WHEN o.delay_over_at > @now THEN 1 ELSE 0 END) AS waiting
    FROM one_by_one AS o
    GROUP BY o.dial_class_id
),
by_class AS (
    SELECT
        n.dial_class_id AS dial_class_id,
        n.phones - COALESCE(a.phones, 0) AS phones,
        COALESCE(a.waiting, 0) AS waiting_apart,
        s.ready_before AS ready_before,
        s.delay_minutes AS delay_minutes,
        CASE
            WHEN s.is_campaign_active = 0 THEN 101
            WHEN s.is_segment_open = 0 THEN 201
            WHEN s.bar_id = 1 THEN 301
            WHEN s.bar_id = 2 THEN 302
            WHEN s.time_status_id = 9 THEN 401
            WHEN s.bar_id = 3 THEN 501
            WHEN s.bar_id = 4 THEN 601
            WHEN s.is_type_dialled = 0 THEN 602
            WHEN s.is_client_under = 0 THEN 801
            WHEN s.is_type_under = 0 THEN 802
            WHEN s.is_agent_under = 0 THEN 803
            WHEN s.is_day_under = 0 THEN 901
            WHEN s.time_status_id = 6 THEN 1001
            WHEN s.time_status_id = 7 THEN 1002
            ELSE 0
        END AS early_no,
        CASE
            WHEN s.is_in_schedule = 0 THEN 1201
            WHEN s.is_in_cap_hours = 0 THEN 1301
            WHEN s.is_cap_free = 0 THEN 1302
            ELSE 0
        END AS late_no
    FROM strategy.dial_class_count AS n
    JOIN strategy.dial_class_state(@campaign_id, @now) AS s
        ON s.dial_class_id = n.dial_class_id
    LEFT JOIN apart AS a
        ON a.dial_class_id = n.dial_class_id
    WHERE n.campaign_id = @campaign_id
)
SELECT
    z.reason_no / 100 AS rule_no,
    q.reason_code AS reason_code,
    SUM(z.phones) AS phones
FROM (
    SELECT
        o.reason_no AS reason_no,
        COUNT(*) AS phones
    FROM one_by_one AS o
    GROUP BY o.reason_no
    UNION ALL
    SELECT
        CASE WHEN b.early_no <> 0 THEN b.early_no ELSE b.late_no END AS reason_no,
        b.phones - CASE WHEN b.early_no <> 0 OR b.delay_minutes = 0 THEN 0 ELSE w.waiting - b.waiting_apart END AS phones
    FROM by_class AS b
    CROSS APPLY (
        SELECT COUNT(*) AS waiting
        FROM core.phone AS p
        WHERE p.dial_class_id = b.dial_class_id
            AND p.waits_from > b.ready_before
            AND b.early_no = 0
            AND b.delay_minutes > 0
    ) AS w
    UNION ALL
    SELECT
        1101 AS reason_no,
        w.waiting - b.waiting_apart AS phones
    FROM by_class AS b
    CROSS APPLY (
        SELECT COUNT(*) AS waiting
        FROM core.phone AS p
        WHERE p.dial_class_id = b.dial_class_id
            AND p.waits_from > b.ready_before
    ) AS w
    WHERE b.early_no = 0
        AND b.delay_minutes > 0
) AS z
JOIN strategy.reason AS q
    ON q.reason_no = z.reason_no
GROUP BY z.reason_no, q.reason_code
HAVING SUM(z.phones) <> 0;
