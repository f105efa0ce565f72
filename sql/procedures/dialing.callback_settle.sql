/*
dialing.callback_settle          version 1.1.0          2026-11-23

The callback status service (M229 c): a waiting callback of a client that is processed is cancelled; one that is overdue for
longer than the setting callback_missed_minutes (a day by default) is missed. Campaigns are joined so that the index on campaign,
state and moment serves: callbacks that are over are never read.

Called by  jobs/callback_status.py
Reads      dialing.callback, core.campaign, core.client, core.client_status, ops.setting
Writes     dialing.callback
Returns    one row: callbacks_missed int, callbacks_closed int
Example    EXECUTE dialing.callback_settle;
*/
CREATE OR ALTER PROCEDURE dialing.callback_settle
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @missed_minutes int = 1440;
DECLARE @missed int;
DECLARE @closed int;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

SELECT @missed_minutes = COALESCE(TRY_CONVERT(int, g.value), 1440)
FROM ops.setting AS g
WHERE g.name = N'callback_missed_minutes';

BEGIN TRANSACTION;

UPDATE b
SET
    state_id = 5,
    closed_at = @now
FROM dialing.callback AS b
JOIN core.campaign AS k
    ON k.campaign_id = b.campaign_id
JOIN core.client AS c
    ON c.client_id = b.client_id
JOIN core.client_status AS s
    ON s.status_id = c.status_id
WHERE b.state_id = 1
    AND s.is_final = 1;

SET @closed = @@ROWCOUNT;

UPDATE b
SET
    state_id = 4,
    closed_at = @now
FROM dialing.callback AS b
JOIN core.campaign AS k
    ON k.campaign_id = b.campaign_id
WHERE b.state_id = 1
    AND b.due_at <= DATEADD(MINUTE, -@missed_minutes, @now);

SET @missed = @@ROWCOUNT;

COMMIT TRANSACTION;

SELECT
    @missed AS callbacks_missed,
    @closed AS callbacks_closed;
