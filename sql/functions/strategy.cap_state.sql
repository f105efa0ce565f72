/*
strategy.cap_state          version 1.1.0          2026-11-26

Where one phone of a client stands with each frequency cap that its campaign obeys: how many calls the rule has counted in its
window, how many are out that may yet be counted, whether one more is allowed, and when the rule lets go: its window ends or the
rule does (empty while only calls that are out stand in the way).

Called by  sql/functions/dialing.phone_explain.sql, sql/procedures/dialing.cap_release.sql
Reads      strategy.cap_window, strategy.cap_attempt, strategy.campaign_cap, dialing.record
Returns    rows: cap_rule_id int, code nvarchar(64), is_hold bit, limit_value smallint, used int, pending int, is_under int,
           free_at datetime2(3)
Example    SELECT s.code, s.used FROM strategy.cap_state(7, 12, NULL, N'79161234567', 2, SYSUTCDATETIME()) AS s;
*/
CREATE OR ALTER FUNCTION strategy.cap_state
(
    @campaign_id int, /* core.campaign.campaign_id */
    @client_id bigint, /* core.client.client_id */
    @person_id bigint, /* core.client.person_id */
    @number nvarchar(20), /* core.phone.number */
    @zone_id int, /* the zone of the client */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    w.cap_rule_id AS cap_rule_id,
    w.code AS code,
    w.is_hold AS is_hold,
    w.limit_value AS limit_value,
    u.used AS used,
    o.pending AS pending,
    CASE WHEN u.used + o.pending < w.limit_value THEN 1 ELSE 0 END AS is_under,
    CASE
        WHEN u.used < w.limit_value THEN NULL
        WHEN w.valid_until < f.window_over_at THEN w.valid_until
        ELSE f.window_over_at
    END AS free_at
FROM strategy.cap_window(@campaign_id, @zone_id, @now) AS w
CROSS APPLY (
    SELECT
        COUNT(*) AS used,
        MIN(CASE WHEN y.turn = y.limit_value THEN y.ended_at ELSE NULL END) AS limit_at
    FROM (
        SELECT
            x.ended_at AS ended_at,
            w.limit_value AS limit_value,
            ROW_NUMBER() OVER (ORDER BY x.ended_at DESC, x.attempt_id DESC) AS turn
        FROM (
            SELECT a.attempt_id AS attempt_id, a.client_id AS client_id, a.number AS number, a.ended_at AS ended_at
            FROM strategy.cap_attempt AS a
            WHERE a.person_id = @person_id
                AND a.cap_rule_id = w.cap_rule_id
                AND a.ended_at >= w.starts_at
            UNION ALL
            SELECT a.attempt_id AS attempt_id, a.client_id AS client_id, a.number AS number, a.ended_at AS ended_at
            FROM strategy.cap_attempt AS a
            WHERE a.client_id = @client_id
                AND (@person_id IS NULL OR a.person_id IS NULL OR a.person_id <> @person_id)
                AND a.cap_rule_id = w.cap_rule_id
                AND a.ended_at >= w.starts_at
        ) AS x
        WHERE w.subject_id = 1
            OR (w.subject_id = 2 AND x.client_id = @client_id)
            OR (w.subject_id = 3 AND x.number = @number)
    ) AS y
) AS u
CROSS APPLY (
    SELECT CASE WHEN w.window_minutes IS NULL THEN w.ends_at ELSE DATEADD(MINUTE, w.window_minutes, u.limit_at) END
        AS window_over_at
) AS f
CROSS APPLY (
    SELECT COUNT(*) AS pending
    FROM dialing.record AS q
    JOIN strategy.campaign_cap AS m
        ON m.campaign_id = q.campaign_id
    WHERE q.person_id = @person_id
        AND q.client_id <> @client_id
        AND m.cap_rule_id = w.cap_rule_id
        AND (w.subject_id = 1 OR (w.subject_id = 3 AND q.number = @number))
) AS o;
