/*
contacts.count_fold          version 2.0.0          2026-11-25

Folds the appended changes of counts: many rows of a class, or of a status of a segment, become one with their sum. What readers
see, the sum, stays the same at every moment.

Called by  jobs/client_status.py
Reads      core.dial_class_change, core.client_count_change
Writes     core.dial_class_change, core.client_count_change
Returns    one row: rows_folded int
Example    EXECUTE contacts.count_fold;
*/
CREATE OR ALTER PROCEDURE contacts.count_fold
    @batch_size int = 20000 /* most rows of one run, of each kind */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @folded int = 0;
DECLARE @class table (change_id bigint NOT NULL PRIMARY KEY, dial_class_id int NOT NULL, phones int NOT NULL);
DECLARE @client table (
    change_id bigint NOT NULL PRIMARY KEY,
    campaign_id int NOT NULL,
    segment_id int NOT NULL,
    status_id smallint NOT NULL,
    clients int NOT NULL
);

BEGIN TRANSACTION;

INSERT INTO @class (change_id, dial_class_id, phones)
SELECT TOP (@batch_size)
    x.change_id,
    x.dial_class_id,
    x.phones
FROM core.dial_class_change AS x WITH (ROWLOCK, UPDLOCK, READPAST)
ORDER BY x.change_id;

SET @folded = @@ROWCOUNT;

DELETE x
FROM core.dial_class_change AS x
JOIN @class AS t
    ON t.change_id = x.change_id;

INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT
    t.dial_class_id,
    SUM(t.phones)
FROM @class AS t
GROUP BY t.dial_class_id
HAVING SUM(t.phones) <> 0;

INSERT INTO @client (change_id, campaign_id, segment_id, status_id, clients)
SELECT TOP (@batch_size)
    x.change_id,
    x.campaign_id,
    x.segment_id,
    x.status_id,
    x.clients
FROM core.client_count_change AS x WITH (ROWLOCK, UPDLOCK, READPAST)
ORDER BY x.change_id;

DELETE x
FROM core.client_count_change AS x
JOIN @client AS t
    ON t.change_id = x.change_id;

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT
    t.campaign_id,
    t.segment_id,
    t.status_id,
    SUM(t.clients)
FROM @client AS t
GROUP BY t.campaign_id, t.segment_id, t.status_id
HAVING SUM(t.clients) <> 0;

COMMIT TRANSACTION;

SELECT @folded AS rows_folded;
