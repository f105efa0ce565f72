/*
strategy.client_status_now          version 1.4.0          2026-11-26

The status that a client should have at a moment (M136-M144). A processed client keeps its status. The stop date goes before every
other limit, then attempts with the agent result that have run out, so that it does not matter whether the agent's or the
technical result of a call comes first. Else a client that a limit stopped keeps that status for as long as that same limit
holds. Anyone else gets the first limit that is reached: the two durations in the precedence that the strategy names (M53),
attempts of the client, attempts of every phone that the strategy still allows (M140); or is active.

Called by  sql/procedures/contacts.client_settle.sql
Reads      core.client, core.client_status, core.campaign, strategy.version, strategy.agent_rule,
           strategy.client_time_open
Returns    rows: client_id bigint, campaign_id int, segment_id int, old_status_id smallint, counted_segment_id int,
           counted_status_id smallint, status_id smallint
Example    SELECT n.status_id FROM strategy.client_status_now(12, 0, SYSUTCDATETIME()) AS n;
*/
CREATE OR ALTER FUNCTION strategy.client_status_now
(
    @client_id bigint, /* core.client.client_id */
    @is_type_reached int, /* 1 when every open phone of a type that is dialled has had its attempts; NULL: there is none */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    f.client_id AS client_id,
    f.campaign_id AS campaign_id,
    f.segment_id AS segment_id,
    f.status_id AS old_status_id,
    f.counted_segment_id AS counted_segment_id,
    f.counted_status_id AS counted_status_id,
    CASE
        WHEN f.is_final = 1 THEN f.status_id
        WHEN f.is_stop_reached = 1 THEN 9
        WHEN f.is_agent_reached = 1 THEN 8
        WHEN f.status_id = 6 AND f.is_first_call_reached = 1 THEN 6
        WHEN f.status_id = 7 AND f.is_created_reached = 1 THEN 7
        WHEN f.status_id = 4 AND f.is_client_reached = 1 THEN 4
        WHEN f.status_id = 5 AND f.is_type_reached = 1 THEN 5
        WHEN f.created_names_status = 1 AND f.is_created_reached = 1 THEN 7
        WHEN f.is_first_call_reached = 1 THEN 6
        WHEN f.is_created_reached = 1 THEN 7
        WHEN f.is_client_reached = 1 THEN 4
        WHEN f.is_type_reached = 1 THEN 5
        ELSE 1
    END AS status_id
FROM (
    SELECT
        c.client_id AS client_id,
        c.campaign_id AS campaign_id,
        c.segment_id AS segment_id,
        c.status_id AS status_id,
        c.counted_segment_id AS counted_segment_id,
        c.counted_status_id AS counted_status_id,
        s.is_final AS is_final,
        v.created_names_status AS created_names_status,
        CASE
            WHEN a.action_id = 3 AND a.max_attempts IS NOT NULL AND c.agent_result_attempts >= a.max_attempts THEN 1
            ELSE 0
        END AS is_agent_reached,
        1 - u.is_before_stop AS is_stop_reached,
        1 - u.is_in_first_call AS is_first_call_reached,
        1 - u.is_in_created AS is_created_reached,
        CASE WHEN c.attempts >= v.max_client_attempts THEN 1 ELSE 0 END AS is_client_reached,
        COALESCE(@is_type_reached, 0) AS is_type_reached
    FROM core.client AS c
    JOIN core.client_status AS s
        ON s.status_id = c.status_id
    JOIN core.campaign AS k
        ON k.campaign_id = c.campaign_id
    LEFT JOIN strategy.version AS v
        ON v.strategy_version_id = k.strategy_version_id
    LEFT JOIN strategy.agent_rule AS a
        ON a.strategy_version_id = v.strategy_version_id
        AND a.agent_result_id = c.agent_result_id
    CROSS APPLY strategy.client_time_open(
        c.do_not_call_after, c.loaded_at, c.first_attempt_at, v.created_minutes, v.first_call_minutes, @now
    ) AS u
    WHERE c.client_id = @client_id
) AS f;
