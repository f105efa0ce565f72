/*
strategy.technical_rule          version 1.0.0          2026-11-23

What each strategy version says of each technical result: the version's own row, else the dictionary's values (M93-M105).

Called by  sql/views/strategy.dial_class_rule.sql, sql/procedures/dialing.result_apply.sql
Reads      strategy.version, strategy.version_technical_result, core.technical_result
Returns    rows: strategy_version_id int, technical_result_id int, priority smallint, delay_minutes int, counts_as_attempt bit
*/
CREATE OR ALTER VIEW strategy.technical_rule
AS
SELECT
    v.strategy_version_id AS strategy_version_id,
    t.technical_result_id AS technical_result_id,
    COALESCE(s.priority, t.priority) AS priority,
    CASE WHEN s.technical_result_id IS NULL THEN t.delay_minutes ELSE s.delay_minutes END AS delay_minutes,
    COALESCE(s.counts_as_attempt, t.counts_as_attempt) AS counts_as_attempt
FROM strategy.version AS v
CROSS JOIN core.technical_result AS t
LEFT JOIN strategy.version_technical_result AS s
    ON s.strategy_version_id = v.strategy_version_id
    AND s.technical_result_id = t.technical_result_id;
