/*
ops.run_lose          version 1.0.1          2026-11-26

Marks the runs lost whose process has given no sign of life for @lease_seconds, lets go of what they held, and queues each once
more, up to @max_attempts in a row.

Called by  jobs/scheduler.py, sql/procedures/ops.run_claim.sql
Reads      ops.service, ops.service_run
Writes     ops.service, ops.service_run
Returns    rows: run_id bigint, code nvarchar(64), worker nvarchar(64)
Example    EXECUTE ops.run_lose @lease_seconds = 60;
*/
CREATE OR ALTER PROCEDURE ops.run_lose
    @lease_seconds int = 60, /* so long may a run be silent */
    @service_id int = NULL, /* of this service only */
    @max_attempts smallint = 5, /* a run that was lost or failed so often in a row is not tried again */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @silent_since datetime2(3);
DECLARE @service table (service_id int NOT NULL PRIMARY KEY);
DECLARE @lost table (run_id bigint NOT NULL PRIMARY KEY, service_id int NOT NULL);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

SET @silent_since = DATEADD(SECOND, -@lease_seconds, @now);

BEGIN TRANSACTION;

/* Services before runs, as every procedure here locks them. */
INSERT INTO @service (service_id)
SELECT s.service_id
FROM ops.service AS s WITH (ROWLOCK, UPDLOCK)
WHERE (@service_id IS NULL OR s.service_id = @service_id)
    AND EXISTS (
        SELECT 1 AS found
        FROM ops.service_run AS r
        WHERE r.service_id = s.service_id
            AND r.state_id = 2
            AND r.heartbeat_at < @silent_since
    )
ORDER BY s.service_id;

INSERT INTO @lost (run_id, service_id)
SELECT
    r.run_id,
    r.service_id
FROM ops.service_run AS r WITH (ROWLOCK, UPDLOCK)
WHERE r.service_id IN (SELECT s.service_id FROM @service AS s)
    AND r.state_id = 2
    AND r.heartbeat_at < @silent_since
ORDER BY r.run_id;

UPDATE r
SET
    state_id = 5,
    finished_at = @now
FROM ops.service_run AS r
JOIN @lost AS t
    ON t.run_id = r.run_id;

UPDATE s
SET running_run_id = NULL
FROM ops.service AS s
JOIN @lost AS t
    ON t.run_id = s.running_run_id;

INSERT INTO ops.service_run (service_id, planned_at, state_id, attempt_no, campaign_id, requested_by)
SELECT
    r.service_id,
    @now,
    1,
    r.attempt_no + 1,
    r.campaign_id,
    r.requested_by
FROM ops.service_run AS r
JOIN @lost AS t
    ON t.run_id = r.run_id
WHERE r.attempt_no < @max_attempts
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM ops.service_run AS o
        WHERE o.service_id = r.service_id
            AND o.state_id = 1
            AND (o.campaign_id = r.campaign_id OR (o.campaign_id IS NULL AND r.campaign_id IS NULL))
    )
ORDER BY r.run_id; /* what began first is claimed first again */

COMMIT TRANSACTION;

SELECT
    r.run_id AS run_id,
    s.code AS code,
    r.worker AS worker
FROM @lost AS t
JOIN ops.service_run AS r
    ON r.run_id = t.run_id
JOIN ops.service AS s
    ON s.service_id = t.service_id
ORDER BY r.run_id;
