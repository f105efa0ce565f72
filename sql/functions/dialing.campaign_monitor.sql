/*
dialing.campaign_monitor          version 1.0.0          2026-11-23

What the live monitor of one campaign shows in numbers (M188-M197): the row of dialing.campaign_overview, the blocks that are
under way, promised calls whose moment has come, and what the last hour and the last minute brought.

Called by  app/admin/monitor.py
Reads      dialing.campaign_overview, dialing.block, dialing.record, dialing.callback, core.attempt, core.technical_result
Returns    rows: campaign_id int, code nvarchar(64), name nvarchar(200), state_id smallint, dialer_name nvarchar(200),
           dialer_campaign_name nvarchar(200), dialer_state nvarchar(200), dialer_state_at datetime2(3), agents_working int,
           has_strategy int, version_no int, block_size int, queue_depth int, records_out int, clients int,
           clients_active int, callbacks_waiting int, callbacks_due int, blocks_taken int, blocks_sent int,
           blocks_confirmed int, attempts_hour int, contacts_hour int, attempts_minute int, started_at datetime2(3),
           stopped_at datetime2(3)
Example    SELECT m.records_out, m.clients_active FROM dialing.campaign_monitor(7, SYSUTCDATETIME()) AS m;
*/
CREATE OR ALTER FUNCTION dialing.campaign_monitor
(
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) /* UTC */
)
RETURNS TABLE
AS
RETURN
SELECT
    k.campaign_id AS campaign_id,
    k.code AS code,
    k.name AS name,
    k.state_id AS state_id,
    k.dialer_name AS dialer_name,
    k.dialer_campaign_name AS dialer_campaign_name,
    k.dialer_state AS dialer_state,
    k.dialer_state_at AS dialer_state_at,
    k.agents_working AS agents_working,
    k.has_strategy AS has_strategy,
    k.version_no AS version_no,
    k.block_size AS block_size,
    k.queue_depth AS queue_depth,
    k.records_out AS records_out,
    k.clients AS clients,
    k.clients_active AS clients_active,
    k.callbacks_waiting AS callbacks_waiting,
    COALESCE(c.callbacks_due, 0) AS callbacks_due,
    COALESCE(b.blocks_taken, 0) AS blocks_taken,
    COALESCE(b.blocks_sent, 0) AS blocks_sent,
    COALESCE(b.blocks_confirmed, 0) AS blocks_confirmed,
    COALESCE(a.attempts_hour, 0) AS attempts_hour,
    COALESCE(a.contacts_hour, 0) AS contacts_hour,
    COALESCE(a.attempts_minute, 0) AS attempts_minute,
    k.started_at AS started_at,
    k.stopped_at AS stopped_at
FROM dialing.campaign_overview AS k
CROSS JOIN (
    SELECT COUNT(*) AS callbacks_due
    FROM dialing.callback AS c1
    WHERE c1.campaign_id = @campaign_id
        AND c1.state_id = 1
        AND c1.due_at <= @now
) AS c
CROSS JOIN (
    SELECT
        SUM(CASE WHEN b1.state_id = 1 THEN 1 ELSE 0 END) AS blocks_taken,
        SUM(CASE WHEN b1.state_id = 2 THEN 1 ELSE 0 END) AS blocks_sent,
        SUM(CASE WHEN b1.state_id = 3 THEN 1 ELSE 0 END) AS blocks_confirmed
    FROM dialing.block AS b1
    WHERE b1.block_id IN (SELECT r.block_id FROM dialing.record AS r WHERE r.campaign_id = @campaign_id)
) AS b
CROSS JOIN (
    SELECT
        COUNT(*) AS attempts_hour,
        SUM(CASE WHEN t.is_contact = 1 THEN 1 ELSE 0 END) AS contacts_hour,
        SUM(CASE WHEN a1.ended_at > DATEADD(MINUTE, -1, @now) THEN 1 ELSE 0 END) AS attempts_minute
    FROM core.attempt AS a1
    JOIN core.technical_result AS t
        ON t.technical_result_id = a1.technical_result_id
    WHERE a1.campaign_id = @campaign_id
        AND a1.ended_at > DATEADD(HOUR, -1, @now)
        AND a1.ended_at <= @now
) AS a
WHERE k.campaign_id = @campaign_id;
