/*
strategy.version_setting          version 1.0.0          2026-11-25

Every setting of a strategy version as a row of text: the general ones (M47-M49, M52-M63), those of each phone type (M50, M51,
M64, M65), technical result (M93-M105) and agent result (M76-M92), and the periods and dates of each schedule (M19-M25). Results
have the values that the version goes by: its own, else the dictionary's. part names the type, result, weekday (1 Monday) or date
that a setting is of; in a schedule of a phone type the code of the type stands before it. A day with several periods has several
rows, in their order.

Called by  sql/functions/strategy.version_compare.sql
Reads      strategy.version, strategy.version_phone_type, strategy.schedule, strategy.schedule_period, strategy.schedule_date,
           strategy.technical_rule, strategy.agent_rule, strategy.agent_action, core.phone_type, core.technical_result,
           core.agent_result, strategy.calendar
Returns    rows: setting_code nvarchar(64), part nvarchar(100), position bigint, value nvarchar(200)
Example    SELECT s.setting_code, s.part, s.position, s.value FROM strategy.version_setting(12) AS s;
*/
CREATE OR ALTER FUNCTION strategy.version_setting
(
    @strategy_version_id int /* strategy.version.strategy_version_id */
)
RETURNS TABLE
AS
RETURN
WITH schedule_used AS (
    SELECT
        v.schedule_id AS schedule_id,
        N'' AS setting_prefix,
        N'' AS part_prefix
    FROM strategy.version AS v
    WHERE v.strategy_version_id = @strategy_version_id
    UNION ALL
    SELECT
        p.schedule_id AS schedule_id,
        N'type_' AS setting_prefix,
        CONCAT(t.code, N' ') AS part_prefix
    FROM strategy.version_phone_type AS p
    JOIN core.phone_type AS t
        ON t.phone_type_id = p.phone_type_id
    WHERE p.strategy_version_id = @strategy_version_id
        AND p.schedule_id IS NOT NULL
),
period_used AS (
    SELECT
        CONCAT(u.setting_prefix, N'period') AS setting_code,
        CONCAT(u.part_prefix, p.weekday) AS part,
        p.start_minute AS start_minute,
        p.end_minute AS end_minute,
        0 AS is_excluded
    FROM schedule_used AS u
    JOIN strategy.schedule_period AS p
        ON p.schedule_id = u.schedule_id
    UNION ALL
    SELECT
        CONCAT(u.setting_prefix, N'date') AS setting_code,
        CONCAT(u.part_prefix, d.on_date) AS part,
        d.start_minute AS start_minute,
        d.end_minute AS end_minute,
        CAST(d.is_excluded AS int) AS is_excluded
    FROM schedule_used AS u
    JOIN strategy.schedule_date AS d
        ON d.schedule_id = u.schedule_id
)
SELECT
    CAST(s.setting_code AS nvarchar(64)) AS setting_code,
    CAST(s.part AS nvarchar(100)) AS part,
    s.position AS position,
    CAST(s.value AS nvarchar(200)) AS value
FROM (
    SELECT
        x.setting_code AS setting_code,
        N'' AS part,
        CAST(1 AS bigint) AS position,
        x.value AS value
    FROM strategy.version AS v
    CROSS APPLY (
        SELECT N'block_size' AS setting_code, CAST(v.block_size AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'queue_depth' AS setting_code, CAST(v.queue_depth AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'max_client_attempts' AS setting_code, CAST(v.max_client_attempts AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'max_day_attempts' AS setting_code, CAST(v.max_day_attempts AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'first_call_minutes' AS setting_code, CAST(v.first_call_minutes AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'created_minutes' AS setting_code, CAST(v.created_minutes AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'created_names_status' AS setting_code, CAST(v.created_names_status AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'client_most_first' AS setting_code, CAST(v.client_most_first AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'no_result_priority' AS setting_code, CAST(v.no_result_priority AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'attempts_position' AS setting_code, CAST(v.attempts_position AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'result_position' AS setting_code, CAST(v.result_position AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'type_position' AS setting_code, CAST(v.type_position AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'phone_most_first' AS setting_code, CAST(v.phone_most_first AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'leaf_mandatory' AS setting_code, CAST(v.leaf_mandatory AS nvarchar(200)) AS value
    ) AS x
    WHERE v.strategy_version_id = @strategy_version_id
    UNION ALL
    SELECT
        CONCAT(u.setting_prefix, N'schedule') AS setting_code,
        RTRIM(u.part_prefix) AS part,
        CAST(1 AS bigint) AS position,
        s.name AS value
    FROM schedule_used AS u
    JOIN strategy.schedule AS s
        ON s.schedule_id = u.schedule_id
    UNION ALL
    SELECT
        CONCAT(u.setting_prefix, N'calendar') AS setting_code,
        RTRIM(u.part_prefix) AS part,
        CAST(1 AS bigint) AS position,
        c.code AS value
    FROM schedule_used AS u
    JOIN strategy.schedule AS s
        ON s.schedule_id = u.schedule_id
    JOIN strategy.calendar AS c
        ON c.calendar_id = s.calendar_id
    UNION ALL
    SELECT
        p.setting_code AS setting_code,
        p.part AS part,
        ROW_NUMBER() OVER (PARTITION BY p.setting_code, p.part ORDER BY p.start_minute) AS position,
        CASE
            WHEN p.is_excluded = 1 THEN N'excluded'
            ELSE CONCAT(
                RIGHT(CONCAT(N'0', p.start_minute / 60), 2), N':', RIGHT(CONCAT(N'0', p.start_minute % 60), 2), N'-',
                RIGHT(CONCAT(N'0', p.end_minute / 60), 2), N':', RIGHT(CONCAT(N'0', p.end_minute % 60), 2)
            )
        END AS value
    FROM period_used AS p
    UNION ALL
    SELECT
        x.setting_code AS setting_code,
        t.code AS part,
        CAST(1 AS bigint) AS position,
        x.value AS value
    FROM strategy.version AS v
    CROSS JOIN core.phone_type AS t
    LEFT JOIN strategy.version_phone_type AS p
        ON p.phone_type_id = t.phone_type_id
        AND p.strategy_version_id = v.strategy_version_id
    CROSS APPLY (
        SELECT N'type_is_dialled' AS setting_code, CAST(COALESCE(p.is_dialled, 0) AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'type_max_attempts' AS setting_code, CAST(p.max_attempts AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'type_weight' AS setting_code, CAST(COALESCE(p.weight, 5) AS nvarchar(200)) AS value
    ) AS x
    WHERE v.strategy_version_id = @strategy_version_id
    UNION ALL
    SELECT
        x.setting_code AS setting_code,
        t.code AS part,
        CAST(1 AS bigint) AS position,
        x.value AS value
    FROM strategy.technical_rule AS r
    JOIN core.technical_result AS t
        ON t.technical_result_id = r.technical_result_id
    CROSS APPLY (
        SELECT N'technical_priority' AS setting_code, CAST(r.priority AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'technical_delay_minutes' AS setting_code, CAST(r.delay_minutes AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'technical_counts_as_attempt' AS setting_code, CAST(r.counts_as_attempt AS nvarchar(200)) AS value
    ) AS x
    WHERE r.strategy_version_id = @strategy_version_id
    UNION ALL
    SELECT
        x.setting_code AS setting_code,
        t.code AS part,
        CAST(1 AS bigint) AS position,
        x.value AS value
    FROM strategy.agent_rule AS r
    JOIN core.agent_result AS t
        ON t.agent_result_id = r.agent_result_id
    JOIN strategy.agent_action AS a
        ON a.action_id = r.action_id
    CROSS APPLY (
        SELECT N'agent_action' AS setting_code, a.code AS value
        UNION ALL
        SELECT N'agent_priority' AS setting_code, CAST(r.priority AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'agent_max_attempts' AS setting_code, CAST(r.max_attempts AS nvarchar(200)) AS value
        UNION ALL
        SELECT N'agent_delay_minutes' AS setting_code, CAST(r.delay_minutes AS nvarchar(200)) AS value
    ) AS x
    WHERE r.strategy_version_id = @strategy_version_id
) AS s;
