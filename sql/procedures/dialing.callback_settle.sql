/*
dialing.callback_settle          version 2.0.0          2026-11-26

The callback status service (M229 c): a waiting callback of a client that is processed is cancelled; one that is overdue for
longer than the setting callback_missed_minutes (a day by default) is missed. Campaigns are joined so that the index on campaign,
state and moment serves: callbacks that are over are never read. The clients are settled, since a promised call is a fact of
their phones.

At most @batch_size callbacks in a run, whose clients are locked before they are closed.

Called by  jobs/callback_status.py
Reads      dialing.callback, core.campaign, core.client, core.client_status, ops.setting
Writes     dialing.callback, core.work_set, core.work_client
Returns    one row: callbacks_missed int, callbacks_closed int, is_finished bit
Example    EXECUTE dialing.callback_settle;
*/
CREATE OR ALTER PROCEDURE dialing.callback_settle
    @batch_size int = 10000, /* most callbacks of one run */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @missed_minutes int = 1440;
DECLARE @due int;
DECLARE @missed int;
DECLARE @closed int;
DECLARE @work_id bigint;
DECLARE @callback table (
    callback_id bigint NOT NULL,
    client_id bigint NOT NULL
);
DECLARE @client table (
    client_id bigint NOT NULL PRIMARY KEY,
    is_final bit NOT NULL
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

SELECT @missed_minutes = COALESCE(TRY_CONVERT(int, g.value), 1440)
FROM ops.setting AS g
WHERE g.name = N'callback_missed_minutes';

BEGIN TRANSACTION;

INSERT INTO @callback (callback_id, client_id)
SELECT TOP (@batch_size)
    b.callback_id,
    b.client_id
FROM dialing.callback AS b
JOIN core.campaign AS k
    ON k.campaign_id = b.campaign_id
JOIN core.client AS c
    ON c.client_id = b.client_id
JOIN core.client_status AS s
    ON s.status_id = c.status_id
WHERE b.state_id = 1
    AND (s.is_final = 1 OR b.due_at <= DATEADD(MINUTE, -@missed_minutes, @now))
ORDER BY b.callback_id;

SET @due = @@ROWCOUNT;

INSERT INTO @client (client_id, is_final)
SELECT
    c.client_id,
    s.is_final
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
JOIN core.client_status AS s
    ON s.status_id = c.status_id
WHERE c.client_id IN (SELECT x.client_id FROM @callback AS x)
ORDER BY c.client_id;

UPDATE b
SET
    state_id = 5,
    closed_at = @now
FROM dialing.callback AS b
JOIN @callback AS x
    ON x.callback_id = b.callback_id
JOIN @client AS c
    ON c.client_id = b.client_id
WHERE b.state_id = 1
    AND c.is_final = 1;

SET @closed = @@ROWCOUNT;

UPDATE b
SET
    state_id = 4,
    closed_at = @now
FROM dialing.callback AS b
JOIN @callback AS x
    ON x.callback_id = b.callback_id
JOIN @client AS c
    ON c.client_id = b.client_id
WHERE b.state_id = 1
    AND b.due_at <= DATEADD(MINUTE, -@missed_minutes, @now);

SET @missed = @@ROWCOUNT;

IF @due > 0
BEGIN
    INSERT INTO core.work_set (created_at)
    VALUES (@now);

    SET @work_id = SCOPE_IDENTITY();

    INSERT INTO core.work_client (work_id, client_id)
    SELECT
        @work_id,
        c.client_id
    FROM @client AS c;

    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
END;

COMMIT TRANSACTION;

SELECT
    @missed AS callbacks_missed,
    @closed AS callbacks_closed,
    CASE WHEN @due < @batch_size THEN 1 ELSE 0 END AS is_finished;
