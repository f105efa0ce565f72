/*
ops.run_claim          version 1.0.0          2026-11-23

Lets one process begin a queued run. It may begin when no other run of the service is at the same work: a run of everything is
alone, runs of different campaigns go side by side. A silent run of the service is marked lost first. A run that nobody asked
for by hand is cancelled when its service was switched off meanwhile. A job that comes twice is told no the second time.

Called by  jobs/run.py
Reads      ops.service, ops.service_run
Writes     ops.service, ops.service_run
Returns    one row: is_claimed bit, state_id smallint, code nvarchar(64), campaign_id int, attempt_no smallint,
           requested_by nvarchar(200), timeout_seconds int
Example    EXECUTE ops.run_claim @run_id = 12, @worker = N'server-1 4711';
*/
CREATE OR ALTER PROCEDURE ops.run_claim
    @run_id bigint, /* ops.service_run.run_id */
    @worker nvarchar(64), /* the caller: machine and process */
    @lease_seconds int = 60, /* so long may a run be silent */
    @max_attempts smallint = 5, /* a run that was lost or failed so often in a row is not tried again */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @service_id int;
DECLARE @campaign_id int;
DECLARE @is_enabled bit;
DECLARE @claimed int = 0;
DECLARE @lost table (run_id bigint NOT NULL, code nvarchar(64) NOT NULL, worker nvarchar(64) NULL);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

SELECT
    @service_id = r.service_id,
    @campaign_id = r.campaign_id
FROM ops.service_run AS r
WHERE r.run_id = @run_id;

/* The lock makes claims of one service come one after another. */
SELECT @is_enabled = s.is_enabled
FROM ops.service AS s WITH (ROWLOCK, UPDLOCK)
WHERE s.service_id = @service_id;

INSERT INTO @lost (run_id, code, worker)
EXECUTE ops.run_lose @lease_seconds = @lease_seconds, @service_id = @service_id, @max_attempts = @max_attempts, @now = @now;

UPDATE r
SET
    state_id = 6,
    finished_at = @now
FROM ops.service_run AS r
WHERE r.run_id = @run_id
    AND r.state_id = 1
    AND r.requested_by IS NULL
    AND @is_enabled = 0;

UPDATE r
SET
    state_id = 2,
    started_at = @now,
    heartbeat_at = @now,
    worker = @worker
FROM ops.service_run AS r
WHERE r.run_id = @run_id
    AND r.state_id = 1
    AND r.planned_at <= @now
    AND NOT EXISTS (
        SELECT 1 AS found
        FROM ops.service_run AS o
        WHERE o.service_id = @service_id
            AND o.state_id = 2
            AND (o.campaign_id IS NULL OR @campaign_id IS NULL OR o.campaign_id = @campaign_id)
    );

SET @claimed = @@ROWCOUNT;

IF @claimed = 1
    UPDATE s
    SET
        last_run_id = @run_id,
        running_run_id = CASE WHEN @campaign_id IS NULL THEN @run_id ELSE s.running_run_id END
    FROM ops.service AS s
    WHERE s.service_id = @service_id;

COMMIT TRANSACTION;

SELECT
    @claimed AS is_claimed,
    r.state_id AS state_id,
    s.code AS code,
    r.campaign_id AS campaign_id,
    r.attempt_no AS attempt_no,
    r.requested_by AS requested_by,
    s.timeout_seconds AS timeout_seconds
FROM ops.service_run AS r
JOIN ops.service AS s
    ON s.service_id = r.service_id
WHERE r.run_id = @run_id;
