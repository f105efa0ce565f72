/*
strategy.phone_fact          version 3.0.0          2026-11-26

The facts of each phone that the strategy reads, as they follow from the phone, its client and its campaign, with their text
form facts_key (the name of the dial class).

bar_id is what bars the phone whatever the strategy says: 0 nothing, 1 its client is processed, 2 its client is blocked, 3 number
or person is on the do-not-call list, 4 the phone is blocked; the first of them. time_status_id is the client's status when only
time brought it (6, 7 or 9), else 0. held_until is when the frequency cap that a block met lets go, down to quarters of an hour,
or 1900-01-01. is_promised: the client was promised a call that is still to be made, due or not, or that is being made.

Beside the facts, is_type_reached: 1 when the phone has had the attempts of its type (M140), 0 when not, NULL where nobody dials
it, since the strategy does not dial its type or it is barred by 3 or 4.

Called by  sql/procedures/contacts.client_settle.sql, sql/views/ops.books.sql, sql/functions/strategy.phone_state.sql
Reads      contacts.phone_now, core.client, core.campaign, core.client_status, strategy.version_phone_type, dialing.callback
Returns    rows: phone_id bigint, client_id bigint, campaign_id int, dial_class_id int, is_type_reached int, segment_id int,
           phone_type_id int, zone_id int, client_zone_id int, load_priority smallint, client_attempts smallint,
           phone_attempts smallint, client_technical_result_id int, client_agent_result_id int, limit_agent_result_id int,
           limit_agent_attempts smallint, phone_technical_result_id int, phone_agent_result_id int,
           hold_agent_result_id int, attempt_day date, day_attempts smallint, bar_id int, time_status_id int,
           held_until datetime2(3), is_promised int, facts_key nvarchar(200)
*/
CREATE OR ALTER VIEW strategy.phone_fact
AS
SELECT
    f.phone_id AS phone_id,
    f.client_id AS client_id,
    f.campaign_id AS campaign_id,
    f.dial_class_id AS dial_class_id,
    f.is_type_reached AS is_type_reached,
    f.segment_id AS segment_id,
    f.phone_type_id AS phone_type_id,
    f.zone_id AS zone_id,
    f.client_zone_id AS client_zone_id,
    f.load_priority AS load_priority,
    f.client_attempts AS client_attempts,
    f.phone_attempts AS phone_attempts,
    f.client_technical_result_id AS client_technical_result_id,
    f.client_agent_result_id AS client_agent_result_id,
    f.limit_agent_result_id AS limit_agent_result_id,
    f.limit_agent_attempts AS limit_agent_attempts,
    f.phone_technical_result_id AS phone_technical_result_id,
    f.phone_agent_result_id AS phone_agent_result_id,
    f.hold_agent_result_id AS hold_agent_result_id,
    f.attempt_day AS attempt_day,
    f.day_attempts AS day_attempts,
    f.bar_id AS bar_id,
    f.time_status_id AS time_status_id,
    DATEADD(MINUTE, f.held_quarters * 15, CAST(DATEFROMPARTS(1900, 1, 1) AS datetime2(3))) AS held_until,
    f.is_promised AS is_promised,
    CONCAT(
        f.segment_id, N'.', f.phone_type_id, N'.', f.zone_id, N'.', f.client_zone_id, N'.', f.load_priority,
        N'.', f.client_attempts, N'.', f.phone_attempts, N'.', f.client_technical_result_id,
        N'.', f.client_agent_result_id, N'.', f.limit_agent_result_id, N'.', f.limit_agent_attempts,
        N'.', f.phone_technical_result_id, N'.', f.phone_agent_result_id, N'.', f.hold_agent_result_id,
        N'.', DATEDIFF(DAY, DATEFROMPARTS(1900, 1, 1), f.attempt_day), N'.', f.day_attempts,
        N'.', f.bar_id, N'.', f.time_status_id, N'.', f.held_quarters, N'.', f.is_promised
    ) AS facts_key
FROM (
    SELECT
        p.phone_id AS phone_id,
        p.client_id AS client_id,
        p.campaign_id AS campaign_id,
        p.dial_class_id AS dial_class_id,
        CASE
            WHEN p.is_do_not_call = 1 OR p.is_blocked = 1 OR t.phone_type_id IS NULL THEN NULL
            WHEN t.max_attempts <= p.attempts THEN 1
            ELSE 0
        END AS is_type_reached,
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
            WHEN s.is_final = 1 THEN 1
            WHEN c.is_blocked = 1 THEN 2
            WHEN p.is_do_not_call = 1 THEN 3
            WHEN p.is_blocked = 1 THEN 4
            ELSE 0
        END AS bar_id,
        CASE WHEN c.status_id IN (6, 7, 9) THEN c.status_id ELSE 0 END AS time_status_id,
        COALESCE(DATEDIFF(MINUTE, DATEFROMPARTS(1900, 1, 1), p.held_until) / 15, 0) AS held_quarters,
        CASE
            WHEN (
                SELECT COUNT(*) AS n
                FROM dialing.callback AS b
                WHERE b.client_id = p.client_id
                    AND b.state_id IN (1, 2)
            ) > 0 THEN 1
            ELSE 0
        END AS is_promised
    FROM contacts.phone_now AS p
    JOIN core.client AS c
        ON c.client_id = p.client_id
    JOIN core.campaign AS k
        ON k.campaign_id = c.campaign_id
    LEFT JOIN strategy.version_phone_type AS t
        ON t.strategy_version_id = k.strategy_version_id
        AND t.phone_type_id = p.phone_type_id
        AND t.is_dialled = 1
    JOIN core.client_status AS s
        ON s.status_id = c.status_id
) AS f;
