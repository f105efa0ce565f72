/*
dialing.campaign_overview          version 1.0.0          2026-11-23

All campaigns at a glance: the two statuses (of ACM and of the dialer, M194, M195), the settings of the hand-over (M196, M197),
and what is where: contacts in the queue (M188), clients to be processed (M189), agents at work (M190), promised calls.

Called by  app/admin/overview.py, app/admin/campaigns.py, sql/functions/dialing.campaign_monitor.sql
Reads      core.campaign, strategy.version, dialing.dialer, dialing.record, dialing.callback, contacts.client_status_count
Returns    rows: campaign_id int, code nvarchar(64), name nvarchar(200), state_id smallint, dialer_name nvarchar(200),
           dialer_campaign_name nvarchar(200), dialer_state nvarchar(200), dialer_state_at datetime2(3), agents_working int,
           has_strategy int, version_no int, block_size int, queue_depth int, records_out int, clients int,
           clients_active int, clients_success int, callbacks_waiting int, started_at datetime2(3),
           stopped_at datetime2(3), created_at datetime2(3)
Example    SELECT o.code, o.records_out, o.clients_active FROM dialing.campaign_overview AS o;
*/
CREATE OR ALTER VIEW dialing.campaign_overview
AS
SELECT
    k.campaign_id AS campaign_id,
    k.code AS code,
    k.name AS name,
    k.state_id AS state_id,
    d.name AS dialer_name,
    k.dialer_campaign_name AS dialer_campaign_name,
    k.dialer_state AS dialer_state,
    k.dialer_state_at AS dialer_state_at,
    k.agents_working AS agents_working,
    CASE WHEN v.strategy_version_id IS NULL THEN 0 ELSE 1 END AS has_strategy,
    v.version_no AS version_no,
    v.block_size AS block_size,
    v.queue_depth AS queue_depth,
    COALESCE(r.records, 0) AS records_out,
    COALESCE(n.clients, 0) AS clients,
    COALESCE(n.clients_active, 0) AS clients_active,
    COALESCE(n.clients_success, 0) AS clients_success,
    COALESCE(b.callbacks, 0) AS callbacks_waiting,
    k.started_at AS started_at,
    k.stopped_at AS stopped_at,
    k.created_at AS created_at
FROM core.campaign AS k
LEFT JOIN strategy.version AS v
    ON v.strategy_version_id = k.strategy_version_id
LEFT JOIN dialing.dialer AS d
    ON d.dialer_id = k.dialer_id
LEFT JOIN (
    SELECT r1.campaign_id AS campaign_id, CAST(COUNT(*) AS int) AS records
    FROM dialing.record AS r1
    GROUP BY r1.campaign_id
) AS r
    ON r.campaign_id = k.campaign_id
LEFT JOIN (
    SELECT
        x.campaign_id AS campaign_id,
        CAST(SUM(x.clients) AS int) AS clients,
        CAST(SUM(CASE WHEN x.status_id = 1 THEN x.clients ELSE 0 END) AS int) AS clients_active,
        CAST(SUM(CASE WHEN x.status_id = 2 THEN x.clients ELSE 0 END) AS int) AS clients_success
    FROM contacts.client_status_count AS x
    GROUP BY x.campaign_id
) AS n
    ON n.campaign_id = k.campaign_id
LEFT JOIN (
    SELECT c.campaign_id AS campaign_id, CAST(COUNT(*) AS int) AS callbacks
    FROM dialing.callback AS c
    WHERE c.state_id = 1
    GROUP BY c.campaign_id
) AS b
    ON b.campaign_id = k.campaign_id;
