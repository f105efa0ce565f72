/*
strategy.cap_attempt          version 1.0.0          2026-11-25

The attempts that each frequency cap counts, over all campaigns that obey it: every attempt that counts, those that a live person
answered, conversations with an agent, or those with a result of the rule's own list. To be asked for one person or client.

Called by  sql/functions/strategy.cap_state.sql, sql/procedures/dialing.block_take.sql
Reads      core.attempt, core.technical_result, strategy.campaign_cap, strategy.cap_rule, strategy.cap_rule_result
Returns    rows: cap_rule_id int, attempt_id bigint, client_id bigint, person_id bigint, number nvarchar(20),
           ended_at datetime2(3)
Example    SELECT COUNT(*) AS calls FROM strategy.cap_attempt AS a WHERE a.person_id = 12 AND a.cap_rule_id = 1;
*/
CREATE OR ALTER VIEW strategy.cap_attempt
AS
SELECT
    m.cap_rule_id AS cap_rule_id,
    a.attempt_id AS attempt_id,
    a.client_id AS client_id,
    a.person_id AS person_id,
    a.number AS number,
    a.ended_at AS ended_at
FROM core.attempt AS a
JOIN strategy.campaign_cap AS m
    ON m.campaign_id = a.campaign_id
JOIN strategy.cap_rule AS r
    ON r.cap_rule_id = m.cap_rule_id
JOIN core.technical_result AS t
    ON t.technical_result_id = a.technical_result_id
LEFT JOIN strategy.cap_rule_result AS x
    ON x.cap_rule_id = r.cap_rule_id
    AND x.technical_result_id = a.technical_result_id
WHERE 1 = CASE
    WHEN r.counts_id = 1 THEN CASE WHEN a.is_counted = 1 THEN 1 ELSE 0 END
    WHEN r.counts_id = 2 THEN CASE WHEN t.is_contact = 1 THEN 1 ELSE 0 END
    WHEN r.counts_id = 3 THEN CASE WHEN t.is_contact = 1 AND a.agent IS NOT NULL THEN 1 ELSE 0 END
    WHEN x.cap_rule_id IS NOT NULL THEN 1
    ELSE 0
END;
