/*
strategy.phone_fact          version 1.0.0          2026-11-23

The facts of each phone that the strategy reads, as they follow from the phone, its client and its campaign, with their text
form facts_key (the name of the dial class), and whether the phone is free to be dialled as far as no setting of the strategy is
asked: neither blocked nor on the do-not-call list, its client neither blocked nor processed, not out at the dialer.

Called by  sql/procedures/contacts.client_settle.sql, sql/views/ops.books.sql
Reads      core.phone, core.client, core.campaign, core.client_status, dialing.record
Returns    rows: phone_id bigint, client_id bigint, campaign_id int, dial_class_id int, was_free bit, segment_id int,
           phone_type_id int, zone_id int, client_zone_id int, load_priority smallint, client_attempts smallint,
           phone_attempts smallint, client_technical_result_id int, client_agent_result_id int, limit_agent_result_id int,
           limit_agent_attempts smallint, phone_technical_result_id int, phone_agent_result_id int,
           hold_agent_result_id int, attempt_day date, day_attempts smallint, is_free int, facts_key nvarchar(200)
*/
CREATE OR ALTER VIEW strategy.phone_fact
AS
SELECT
    p.phone_id AS phone_id,
    p.client_id AS client_id,
    p.campaign_id AS campaign_id,
    p.dial_class_id AS dial_class_id,
    p.is_free AS was_free,
    c.segment_id AS segment_id,
    p.phone_type_id AS phone_type_id,
    COALESCE(p.zone_id, c.zone_id, k.default_zone_id) AS zone_id,
    COALESCE(c.zone_id, k.default_zone_id) AS client_zone_id,
    COALESCE(c.load_priority, 0) AS load_priority,
    c.attempts AS client_attempts,
    p.attempts AS phone_attempts,
    COALESCE(c.last_technical_result_id, 0) AS client_technical_result_id,
    COALESCE(c.last_agent_result_id, 0) AS client_agent_result_id,
    COALESCE(c.agent_result_id, 0) AS limit_agent_result_id,
    c.agent_result_attempts AS limit_agent_attempts,
    COALESCE(p.last_technical_result_id, 0) AS phone_technical_result_id,
    COALESCE(p.last_agent_result_id, 0) AS phone_agent_result_id,
    COALESCE(p.hold_agent_result_id, 0) AS hold_agent_result_id,
    COALESCE(c.attempt_day, DATEFROMPARTS(1900, 1, 1)) AS attempt_day,
    c.day_attempts AS day_attempts,
    CASE
        WHEN p.is_blocked = 1 OR p.is_do_not_call = 1 OR c.is_blocked = 1 OR s.is_final = 1 THEN 0
        WHEN EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.phone_id = p.phone_id) THEN 0
        ELSE 1
    END AS is_free,
    CONCAT(
        c.segment_id, N'.', p.phone_type_id, N'.', COALESCE(p.zone_id, c.zone_id, k.default_zone_id),
        N'.', COALESCE(c.zone_id, k.default_zone_id), N'.', COALESCE(c.load_priority, 0),
        N'.', c.attempts, N'.', p.attempts, N'.', COALESCE(c.last_technical_result_id, 0),
        N'.', COALESCE(c.last_agent_result_id, 0), N'.', COALESCE(c.agent_result_id, 0), N'.', c.agent_result_attempts,
        N'.', COALESCE(p.last_technical_result_id, 0), N'.', COALESCE(p.last_agent_result_id, 0),
        N'.', COALESCE(p.hold_agent_result_id, 0),
        N'.', DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), COALESCE(c.attempt_day, DATEFROMPARTS(1900, 1, 1))),
        N'.', c.day_attempts
    ) AS facts_key
FROM core.phone AS p
JOIN core.client AS c
    ON c.client_id = p.client_id
JOIN core.campaign AS k
    ON k.campaign_id = c.campaign_id
JOIN core.client_status AS s
    ON s.status_id = c.status_id;
