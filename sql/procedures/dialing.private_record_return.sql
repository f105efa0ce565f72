/*
dialing.private_record_return          version 2.0.0          2026-11-25

Takes records that are out back: of one block, of one campaign, or one record. Their phones may be taken again, their callbacks
wait again, and the records are kept in dialing.record_returned, so that a late result still finds its phone. No fact of a client
or phone changes.

Called by  sql/procedures/dialing.block_fail.sql, sql/procedures/dialing.block_recall.sql,
           sql/procedures/dialing.record_return.sql
Reads      dialing.record, core.client
Writes     dialing.record, dialing.record_returned, dialing.block, dialing.callback
Returns    nothing
*/
CREATE OR ALTER PROCEDURE dialing.private_record_return
    @reason_id smallint, /* 1 block failed, 2 recalled, 3 lost by the dialer */
    @now datetime2(3), /* UTC */
    @block_id bigint = NULL, /* all records of this block */
    @campaign_id int = NULL, /* all records of this campaign */
    @record_key nvarchar(30) = NULL /* this record */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @record table (client_id bigint NOT NULL PRIMARY KEY, record_key nvarchar(30) NOT NULL);
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);

BEGIN TRANSACTION;

INSERT INTO @client (client_id)
SELECT c.client_id
FROM dialing.record AS r
JOIN core.client AS c WITH (ROWLOCK, UPDLOCK)
    ON c.client_id = r.client_id
WHERE r.block_id = @block_id
    OR r.campaign_id = @campaign_id
    OR r.record_key = @record_key
ORDER BY c.client_id;

/* Read again under the locks: a result may have come for some of them meanwhile. */
INSERT INTO @record (client_id, record_key)
SELECT
    r.client_id,
    r.record_key
FROM dialing.record AS r
JOIN @client AS c
    ON c.client_id = r.client_id
WHERE r.block_id = @block_id
    OR r.campaign_id = @campaign_id
    OR r.record_key = @record_key;

INSERT INTO dialing.record_returned (
    record_key, block_id, campaign_id, client_id, phone_id, number, strategy_version_id, processing_id, taken_at,
    returned_at, reason_id
)
SELECT
    r.record_key,
    r.block_id,
    r.campaign_id,
    r.client_id,
    r.phone_id,
    r.number,
    r.strategy_version_id,
    r.processing_id,
    r.taken_at,
    @now,
    @reason_id
FROM dialing.record AS r
JOIN @record AS x
    ON x.record_key = r.record_key;

UPDATE b
SET
    state_id = 1,
    record_key = NULL
FROM dialing.callback AS b
JOIN dialing.record AS r
    ON r.callback_id = b.callback_id
JOIN @record AS x
    ON x.record_key = r.record_key
WHERE b.state_id = 2;

UPDATE b
SET recalled = b.recalled + n.records
FROM dialing.block AS b
JOIN (
    SELECT
        r.block_id AS block_id,
        COUNT(*) AS records
    FROM dialing.record AS r
    JOIN @record AS x
        ON x.record_key = r.record_key
    GROUP BY r.block_id
) AS n
    ON n.block_id = b.block_id;

DELETE r
FROM dialing.record AS r
JOIN @record AS x
    ON x.record_key = r.record_key;

COMMIT TRANSACTION;
