/*
contacts.client_status_count          version 1.0.0          2026-11-23

How many clients of each segment have each status, from the counts that events keep: no client row is read.

Called by  app/admin/monitor.py, app/admin/contacts.py, sql/views/contacts.segment_overview.sql,
           sql/views/dialing.campaign_overview.sql
Reads      core.client_count_change
Returns    rows: campaign_id int, segment_id int, status_id smallint, clients int
Example    SELECT n.status_id, n.clients FROM contacts.client_status_count AS n WHERE n.campaign_id = 7;
*/
CREATE OR ALTER VIEW contacts.client_status_count
AS
SELECT
    x.campaign_id AS campaign_id,
    x.segment_id AS segment_id,
    x.status_id AS status_id,
    CAST(SUM(x.clients) AS int) AS clients
FROM core.client_count_change AS x
GROUP BY x.campaign_id, x.segment_id, x.status_id
HAVING SUM(x.clients) <> 0;
