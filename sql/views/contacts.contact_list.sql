/*
contacts.contact_list          version 1.1.0          2026-11-25

Contacts as the list of a campaign shows them (M118-M134): a row per phone, with its client, the results of its last call, the
promised call, and what the strategy in force says of it. phone_status_id: 1 active, 2 attempts exhausted (M146), 3 blocked,
4 do not call. To be asked for named phones (WHERE phone_id IN ...); the screens pick and page them by key first.

Called by  app/admin/contacts.py
Reads      core.phone, core.client, core.segment, core.phone_type, core.client_status, core.technical_result,
           core.agent_result, strategy.dial_class_rule, dialing.record, dialing.callback
Returns    rows: phone_id bigint, client_id bigint, campaign_id int, loaded_at datetime2(3), number nvarchar(20),
           type_code nvarchar(64), type_name nvarchar(200), type_name_en nvarchar(200), client_code nvarchar(64),
           client_status_id smallint, client_status nvarchar(200), client_status_en nvarchar(200), is_client_blocked bit,
           segment_id int, segment_code nvarchar(64), technical_result nvarchar(200), technical_result_en nvarchar(200),
           agent_result_1 nvarchar(200), agent_result_1_en nvarchar(200), agent_result_2 nvarchar(200),
           agent_result_2_en nvarchar(200), last_attempt_at datetime2(3), callback_at datetime2(3),
           callback_agent nvarchar(64), attempts smallint, phone_status_id int, postponed_until datetime2(3), is_in_work int,
           do_not_call_after datetime2(3)
Example    SELECT c.number, c.client_status FROM contacts.contact_list AS c WHERE c.phone_id IN (1, 2, 3);
*/
CREATE OR ALTER VIEW contacts.contact_list
AS
SELECT
    p.phone_id AS phone_id,
    p.client_id AS client_id,
    p.campaign_id AS campaign_id,
    p.loaded_at AS loaded_at,
    p.number AS number,
    y.code AS type_code,
    y.name AS type_name,
    COALESCE(y.name_en, y.name) AS type_name_en,
    c.client_code AS client_code,
    c.status_id AS client_status_id,
    s.name AS client_status,
    s.name_en AS client_status_en,
    c.is_blocked AS is_client_blocked,
    c.segment_id AS segment_id,
    g.code AS segment_code,
    t.name AS technical_result,
    COALESCE(t.name_en, t.name) AS technical_result_en,
    COALESCE(a1.name, a.name) AS agent_result_1,
    COALESCE(a1.name_en, a1.name, a.name_en, a.name) AS agent_result_1_en,
    CASE WHEN a1.agent_result_id IS NULL THEN NULL ELSE a.name END AS agent_result_2,
    CASE WHEN a1.agent_result_id IS NULL THEN NULL ELSE COALESCE(a.name_en, a.name) END AS agent_result_2_en,
    p.last_attempt_at AS last_attempt_at,
    b.due_at AS callback_at,
    b.agent AS callback_agent,
    p.attempts AS attempts,
    CASE
        WHEN p.is_do_not_call = 1 THEN 4
        WHEN p.is_blocked = 1 THEN 3
        WHEN r.is_type_under = 0 THEN 2
        ELSE 1
    END AS phone_status_id,
    CASE
        WHEN c.status_id = 1 AND r.delay_minutes > 0 THEN DATEADD(MINUTE, r.delay_minutes, p.waits_from)
        ELSE NULL
    END AS postponed_until,
    CASE WHEN w.record_key IS NULL THEN 0 ELSE 1 END AS is_in_work,
    c.do_not_call_after AS do_not_call_after
FROM core.phone AS p
JOIN core.client AS c
    ON c.client_id = p.client_id
JOIN core.client_status AS s
    ON s.status_id = c.status_id
JOIN core.segment AS g
    ON g.segment_id = c.segment_id
JOIN core.phone_type AS y
    ON y.phone_type_id = p.phone_type_id
LEFT JOIN core.technical_result AS t
    ON t.technical_result_id = p.last_technical_result_id
LEFT JOIN core.agent_result AS a
    ON a.agent_result_id = p.last_agent_result_id
LEFT JOIN core.agent_result AS a1
    ON a1.agent_result_id = a.parent_id
LEFT JOIN strategy.dial_class_rule AS r
    ON r.dial_class_id = p.dial_class_id
LEFT JOIN dialing.record AS w
    ON w.client_id = p.client_id
    AND w.phone_id = p.phone_id
OUTER APPLY (
    SELECT TOP (1)
        b1.due_at AS due_at,
        b1.agent AS agent
    FROM dialing.callback AS b1
    WHERE b1.client_id = p.client_id
        AND b1.state_id IN (1, 2)
        AND b1.phone_id = p.phone_id
    ORDER BY b1.due_at, b1.callback_id
) AS b;
