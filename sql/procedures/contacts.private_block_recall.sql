/*
contacts.private_block_recall          version 1.0.0          2026-11-25

The end of every block and lifting: writes into its journal row how many phones it reached and how many of them the dialer
holds now, and, for a block, asks for a clearing of the queue of each campaign that has some of them out. That service
recalls what the dialer holds of the campaign; the hand-over gives the rest to it again.

Called by  sql/procedures/contacts.phone_block.sql, sql/procedures/contacts.client_block.sql,
           sql/procedures/contacts.segment_block.sql, sql/procedures/contacts.number_block.sql,
           sql/procedures/contacts.do_not_call_add.sql, sql/procedures/contacts.do_not_call_lift.sql
Reads      core.work_phone, core.client, core.segment, dialing.record, ops.run_request
Writes     contacts.block_journal, core.work_phone
Returns    nothing
*/
CREATE OR ALTER PROCEDURE contacts.private_block_recall
    @journal_id bigint, /* contacts.block_journal.journal_id */
    @phones int, /* how many phones the block or lifting changed */
    @work_id bigint = NULL, /* core.work_set.work_id: the phones of core.work_phone that it is about */
    @segment_id int = NULL /* or all clients of this segment */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @is_blocked bit;
DECLARE @done_by nvarchar(200);
DECLARE @records_out int;
DECLARE @runs int = 0;
DECLARE @run_id bigint;
DECLARE @campaign_id int;
DECLARE @campaign table (campaign_id int NOT NULL PRIMARY KEY, records int NOT NULL);
DECLARE @run table (run_id bigint NOT NULL, is_new bit NOT NULL, timeout_seconds int NOT NULL);

BEGIN TRANSACTION;

SELECT
    @is_blocked = j.is_blocked,
    @done_by = j.done_by
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;

INSERT INTO @campaign (campaign_id, records)
SELECT
    x.campaign_id,
    COUNT(*)
FROM (
    SELECT r.campaign_id AS campaign_id
    FROM core.work_phone AS w
    JOIN dialing.record AS r
        ON r.phone_id = w.phone_id
    WHERE w.work_id = @work_id
    UNION ALL
    SELECT r.campaign_id AS campaign_id
    FROM dialing.record AS r
    JOIN core.client AS c
        ON c.client_id = r.client_id
    JOIN core.segment AS g
        ON g.segment_id = c.segment_id
        AND g.campaign_id = r.campaign_id
    WHERE g.segment_id = @segment_id
) AS x
GROUP BY x.campaign_id;

SELECT @records_out = COALESCE(SUM(k.records), 0)
FROM @campaign AS k;

IF @is_blocked = 1
    SELECT @campaign_id = MIN(k.campaign_id)
    FROM @campaign AS k;

WHILE @campaign_id IS NOT NULL
BEGIN
    INSERT INTO @run (run_id, is_new, timeout_seconds)
    EXECUTE ops.run_request @code = N'queue_clear', @requested_by = @done_by, @campaign_id = @campaign_id;

    SET @runs = @runs + 1;

    SELECT @campaign_id = MIN(k.campaign_id)
    FROM @campaign AS k
    WHERE k.campaign_id > @campaign_id;
END;

SELECT @run_id = MAX(r.run_id)
FROM @run AS r;

UPDATE j
SET
    phones = @phones,
    records_out = @records_out,
    runs_requested = @runs,
    run_id = @run_id
FROM contacts.block_journal AS j
WHERE j.journal_id = @journal_id;

DELETE FROM core.work_phone
WHERE work_id = @work_id;

COMMIT TRANSACTION;
