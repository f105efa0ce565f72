/*
contacts.client_list          version 1.0.0          2026-11-25

Clients as the list of a campaign shows them (M205, M206). To be asked for named clients (WHERE client_id IN ...); the screen
picks and pages them by key first.

Called by  app/admin/client_search.py
Reads      core.client, core.person, core.client_status, core.segment
Returns    rows: client_id bigint, campaign_id int, loaded_at datetime2(3), client_code nvarchar(64), crm_id nvarchar(64),
           last_name nvarchar(100), first_name nvarchar(100), middle_name nvarchar(100), segment_code nvarchar(64),
           status_id smallint, status nvarchar(200), status_en nvarchar(200), is_blocked bit, blocked_at datetime2(3),
           blocked_by nvarchar(200), block_reason nvarchar(1000)
Example    SELECT c.client_code, c.status FROM contacts.client_list AS c WHERE c.client_id IN (1, 2, 3);
*/
CREATE OR ALTER VIEW contacts.client_list
AS
SELECT
    c.client_id AS client_id,
    c.campaign_id AS campaign_id,
    c.loaded_at AS loaded_at,
    c.client_code AS client_code,
    e.crm_id AS crm_id,
    c.last_name AS last_name,
    c.first_name AS first_name,
    c.middle_name AS middle_name,
    g.code AS segment_code,
    c.status_id AS status_id,
    s.name AS status,
    s.name_en AS status_en,
    c.is_blocked AS is_blocked,
    c.blocked_at AS blocked_at,
    c.blocked_by AS blocked_by,
    c.block_reason AS block_reason
FROM core.client AS c
JOIN core.client_status AS s
    ON s.status_id = c.status_id
JOIN core.segment AS g
    ON g.segment_id = c.segment_id
LEFT JOIN core.person AS e
    ON e.person_id = c.person_id;
