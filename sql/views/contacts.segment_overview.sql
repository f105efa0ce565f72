/*
contacts.segment_overview          version 1.1.0          2026-11-25

The segments of all campaigns with their switches (M43-M45) and how many clients they hold.

Called by  app/admin/monitor.py, app/admin/segments.py
Reads      core.segment, contacts.client_status_count
Returns    rows: segment_id int, campaign_id int, code nvarchar(64), name nvarchar(200), is_enabled bit, is_blocked bit,
           clients int, clients_active int, blocked_at datetime2(3), blocked_by nvarchar(200), block_reason nvarchar(1000)
Example    SELECT s.code, s.is_enabled, s.clients FROM contacts.segment_overview AS s WHERE s.campaign_id = 7;
*/
CREATE OR ALTER VIEW contacts.segment_overview
AS
SELECT
    g.segment_id AS segment_id,
    g.campaign_id AS campaign_id,
    g.code AS code,
    g.name AS name,
    g.is_enabled AS is_enabled,
    g.is_blocked AS is_blocked,
    COALESCE(n.clients, 0) AS clients,
    COALESCE(n.clients_active, 0) AS clients_active,
    g.blocked_at AS blocked_at,
    g.blocked_by AS blocked_by,
    g.block_reason AS block_reason
FROM core.segment AS g
LEFT JOIN (
    SELECT
        x.segment_id AS segment_id,
        CAST(SUM(x.clients) AS int) AS clients,
        CAST(SUM(CASE WHEN x.status_id = 1 THEN x.clients ELSE 0 END) AS int) AS clients_active
    FROM contacts.client_status_count AS x
    GROUP BY x.segment_id
) AS n
    ON n.segment_id = g.segment_id;
