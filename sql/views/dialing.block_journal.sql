/*
dialing.block_journal          version 1.0.0          2026-11-26

The hand-over journal: blocks with their campaign, and what became of their records: how many are out, came back undialled, and
have their result. A record that came back and has a late result counts as returned. Meant for a page of blocks, by block_id.

Called by  app/admin/hand_over.py
Reads      dialing.block, dialing.record, dialing.record_returned, core.campaign
Returns    rows: block_id bigint, campaign_id int, campaign_code nvarchar(64), campaign_name nvarchar(200), state_id smallint,
           size int, taken_at datetime2(3), sent_at datetime2(3), settled_at datetime2(3), message nvarchar(1000),
           records_out int, records_returned int, results_in int
Example    SELECT TOP (50) j.block_id, j.size, j.results_in FROM dialing.block_journal AS j ORDER BY j.block_id DESC;
*/
CREATE OR ALTER VIEW dialing.block_journal
AS
SELECT
    b.block_id AS block_id,
    b.campaign_id AS campaign_id,
    k.code AS campaign_code,
    k.name AS campaign_name,
    b.state_id AS state_id,
    b.size AS size,
    b.taken_at AS taken_at,
    b.sent_at AS sent_at,
    b.settled_at AS settled_at,
    b.message AS message,
    n.records_out AS records_out,
    n.records_returned AS records_returned,
    b.size - n.records_out - n.records_returned AS results_in
FROM dialing.block AS b
JOIN core.campaign AS k
    ON k.campaign_id = b.campaign_id
CROSS APPLY (
    SELECT
        (SELECT COUNT(*) AS n FROM dialing.record AS r WHERE r.block_id = b.block_id) AS records_out,
        (SELECT COUNT(*) AS n FROM dialing.record_returned AS x WHERE x.block_id = b.block_id) AS records_returned
) AS n;
