/*
dialing.block_open          version 1.0.0          2026-11-23

Blocks whose hand-over is not settled: taken and not yet sent, or sent and neither confirmed nor failed.

Called by  jobs/dialer_sync.py
Reads      dialing.block, dialing.record
Returns    rows: campaign_id int, block_id bigint, state_id smallint, size int, taken_at datetime2(3), sent_at datetime2(3),
           records_out int
*/
CREATE OR ALTER VIEW dialing.block_open
AS
SELECT
    b.campaign_id AS campaign_id,
    b.block_id AS block_id,
    b.state_id AS state_id,
    b.size AS size,
    b.taken_at AS taken_at,
    b.sent_at AS sent_at,
    (SELECT COUNT(*) AS records FROM dialing.record AS r WHERE r.block_id = b.block_id) AS records_out
FROM dialing.block AS b
WHERE b.state_id IN (1, 2);
