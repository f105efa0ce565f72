/*
ops.run_request          version 1.0.0          2026-11-23

Queues a run of a service that a person or another service asks for, of everything or of one campaign. Where the same run is
queued or running already, that one is given back, and comes at once if it was to wait.

Called by  app/admin/commands.py, app/commands/services.py
Reads      ops.service, ops.service_run
Writes     ops.service_run
Returns    one row: run_id bigint, is_new bit, timeout_seconds int
Example    EXECUTE ops.run_request @code = N'queue_clear', @requested_by = N'ivanov', @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE ops.run_request
    @code nvarchar(64), /* ops.service.code */
    @requested_by nvarchar(200), /* who asks */
    @campaign_id int = NULL, /* the run is for this campaign only */
    @now datetime2(3) = NULL /* UTC; NULL means the server's clock */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @service_id int;
DECLARE @timeout_seconds int;
DECLARE @run_id bigint;
DECLARE @is_new bit = 0;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

/* The lock makes requests for one service come one after another. */
SELECT
    @service_id = s.service_id,
    @timeout_seconds = s.timeout_seconds
FROM ops.service AS s WITH (ROWLOCK, UPDLOCK)
WHERE s.code = @code;

IF @service_id IS NULL
    THROW 50001, N'The value for the parameter @code is not supported. There is no such service.', 1;

SELECT @run_id = MAX(r.run_id)
FROM ops.service_run AS r
WHERE r.service_id = @service_id
    AND r.state_id IN (1, 2)
    AND (r.campaign_id = @campaign_id OR (r.campaign_id IS NULL AND @campaign_id IS NULL));

IF @run_id IS NULL
BEGIN
    INSERT INTO ops.service_run (service_id, planned_at, state_id, attempt_no, campaign_id, requested_by)
    VALUES (@service_id, @now, 1, 1, @campaign_id, @requested_by);

    SET @run_id = SCOPE_IDENTITY();
    SET @is_new = 1;
END
ELSE
    UPDATE r
    SET
        planned_at = CASE WHEN r.planned_at > @now THEN @now ELSE r.planned_at END,
        requested_by = COALESCE(r.requested_by, @requested_by)
    FROM ops.service_run AS r
    WHERE r.run_id = @run_id
        AND r.state_id = 1;

COMMIT TRANSACTION;

SELECT
    @run_id AS run_id,
    @is_new AS is_new,
    @timeout_seconds AS timeout_seconds;
