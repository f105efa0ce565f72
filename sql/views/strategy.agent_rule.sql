/*
strategy.agent_rule          version 1.0.0          2026-11-23

What each strategy version says of each agent result: the version's own row, else the dictionary's values (M76-M92).

Called by  sql/views/strategy.dial_class_rule.sql, sql/functions/strategy.client_status_now.sql
Reads      strategy.version, strategy.version_agent_result, core.agent_result
Returns    rows: strategy_version_id int, agent_result_id int, action_id smallint, priority smallint, max_attempts smallint,
           delay_minutes int
*/
CREATE OR ALTER VIEW strategy.agent_rule
AS
SELECT
    v.strategy_version_id AS strategy_version_id,
    a.agent_result_id AS agent_result_id,
    COALESCE(s.action_id, a.action_id) AS action_id,
    COALESCE(s.priority, a.priority) AS priority,
    CASE WHEN s.agent_result_id IS NULL THEN a.max_attempts ELSE s.max_attempts END AS max_attempts,
    CASE WHEN s.agent_result_id IS NULL THEN a.delay_minutes ELSE s.delay_minutes END AS delay_minutes
FROM strategy.version AS v
CROSS JOIN core.agent_result AS a
LEFT JOIN strategy.version_agent_result AS s
    ON s.strategy_version_id = v.strategy_version_id
    AND s.agent_result_id = a.agent_result_id;
