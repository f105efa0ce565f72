/*
contacts.client_phone          version 1.0.0          2026-11-25

Phones of clients as the list of clients shows them (M201, M207). processing_id is how the phone is dialled now, or would be
next: 1 outbound, 2 callback, 3 personal callback. phone_status_id: 1 active, 2 attempts exhausted, 4 do not call; a block is
a flag beside it, of the phone itself (blocked_at), of its number in all campaigns (number_blocked_at), or of both.

Called by  app/admin/client_search.py, app/admin/contacts.py
Reads      core.phone, core.number_block, core.phone_type, core.technical_result, strategy.dial_class_rule, dialing.record,
           dialing.callback
Returns    rows: phone_id bigint, client_id bigint, campaign_id int, number nvarchar(20), type_name nvarchar(200),
           type_name_en nvarchar(200), technical_result nvarchar(200), technical_result_en nvarchar(200), processing_id int,
           phone_status_id int, is_in_work int, is_blocked bit, blocked_at datetime2(3), blocked_by nvarchar(200),
           block_reason nvarchar(1000), number_blocked_at datetime2(3), number_blocked_by nvarchar(200),
           number_block_reason nvarchar(1000)
Example    SELECT p.number, p.phone_status_id FROM contacts.client_phone AS p WHERE p.client_id IN (1, 2, 3);
*/
CREATE OR ALTER VIEW contacts.client_phone
AS
SELECT
    p.phone_id AS phone_id,
    p.client_id AS client_id,
    p.campaign_id AS campaign_id,
    p.number AS number,
    y.name AS type_name,
    COALESCE(y.name_en, y.name) AS type_name_en,
    t.name AS technical_result,
    COALESCE(t.name_en, t.name) AS technical_result_en,
    CASE
        WHEN w.record_key IS NOT NULL THEN CAST(w.processing_id AS int)
        WHEN b.callback_id IS NULL THEN 1
        WHEN b.agent IS NULL THEN 2
        ELSE 3
    END AS processing_id,
    CASE
        WHEN p.is_do_not_call = 1 THEN 4
        WHEN r.is_type_under = 0 THEN 2
        ELSE 1
    END AS phone_status_id,
    CASE WHEN w.record_key IS NULL THEN 0 ELSE 1 END AS is_in_work,
    p.is_blocked AS is_blocked,
    p.blocked_at AS blocked_at,
    p.blocked_by AS blocked_by,
    p.block_reason AS block_reason,
    m.added_at AS number_blocked_at,
    m.added_by AS number_blocked_by,
    m.reason AS number_block_reason
FROM core.phone AS p
JOIN core.phone_type AS y
    ON y.phone_type_id = p.phone_type_id
LEFT JOIN core.technical_result AS t
    ON t.technical_result_id = p.last_technical_result_id
LEFT JOIN strategy.dial_class_rule AS r
    ON r.dial_class_id = p.dial_class_id
LEFT JOIN dialing.record AS w
    ON w.phone_id = p.phone_id
LEFT JOIN core.number_block AS m
    ON m.number_block_id = p.number_block_id
OUTER APPLY (
    SELECT TOP (1)
        b1.callback_id AS callback_id,
        b1.agent AS agent
    FROM dialing.callback AS b1
    WHERE b1.client_id = p.client_id
        AND b1.state_id IN (1, 2)
        AND b1.phone_id = p.phone_id
    ORDER BY b1.due_at, b1.callback_id
) AS b;
