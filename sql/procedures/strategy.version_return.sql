/*
strategy.version_return          version 1.0.0          2026-11-25

Returns to an earlier strategy version: writes a new version with its settings and puts that in force, so that the history goes on
and every attempt names the version that allowed it. Schedules are shared, since none is ever edited. No contact is touched.

Called by  app/campaigns.py
Reads      core.campaign, strategy.version, strategy.version_phone_type, strategy.version_technical_result,
           strategy.version_agent_result
Writes     strategy.version, strategy.version_phone_type, strategy.version_technical_result, strategy.version_agent_result;
           core.campaign and ops.service through strategy.version_publish
Returns    one row: strategy_version_id int, version_no int
Example    EXECUTE strategy.version_return @campaign_id = 7, @strategy_version_id = 11, @created_by = N'dba';
*/
CREATE OR ALTER PROCEDURE strategy.version_return
    @campaign_id int, /* core.campaign.campaign_id */
    @strategy_version_id int, /* strategy.version.strategy_version_id: the version to return to */
    @created_by nvarchar(200), /* who returns to it */
    @reason nvarchar(1000) = NULL, /* why */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @found_id int;
DECLARE @in_force_id int;
DECLARE @version_campaign_id int;
DECLARE @version_no int;
DECLARE @new_id int;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

/* The campaign's row is the lock of its versions: two that are written at once would have one number. */
SELECT
    @found_id = k.campaign_id,
    @in_force_id = k.strategy_version_id
FROM core.campaign AS k WITH (ROWLOCK, UPDLOCK)
WHERE k.campaign_id = @campaign_id;

IF @found_id IS NULL
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

SELECT @version_campaign_id = v.campaign_id
FROM strategy.version AS v
WHERE v.strategy_version_id = @strategy_version_id;

IF @version_campaign_id IS NULL OR @version_campaign_id <> @campaign_id
    THROW 50130, N'The campaign has no such strategy version.', 1;

IF @strategy_version_id = @in_force_id
    THROW 50131, N'This strategy version is in force already.', 1;

SELECT @version_no = MAX(v.version_no) + 1
FROM strategy.version AS v
WHERE v.campaign_id = @campaign_id;

INSERT INTO strategy.version (
    campaign_id, version_no, created_at, created_by, reason, block_size, queue_depth, max_client_attempts, max_day_attempts,
    first_call_minutes, created_minutes, created_names_status, client_most_first, no_result_priority, attempts_position,
    result_position, type_position, phone_most_first, leaf_mandatory, schedule_id
)
SELECT
    v.campaign_id AS campaign_id,
    @version_no AS version_no,
    @now AS created_at,
    @created_by AS created_by,
    @reason AS reason,
    v.block_size AS block_size,
    v.queue_depth AS queue_depth,
    v.max_client_attempts AS max_client_attempts,
    v.max_day_attempts AS max_day_attempts,
    v.first_call_minutes AS first_call_minutes,
    v.created_minutes AS created_minutes,
    v.created_names_status AS created_names_status,
    v.client_most_first AS client_most_first,
    v.no_result_priority AS no_result_priority,
    v.attempts_position AS attempts_position,
    v.result_position AS result_position,
    v.type_position AS type_position,
    v.phone_most_first AS phone_most_first,
    v.leaf_mandatory AS leaf_mandatory,
    v.schedule_id AS schedule_id
FROM strategy.version AS v
WHERE v.strategy_version_id = @strategy_version_id;

SET @new_id = SCOPE_IDENTITY();

INSERT INTO strategy.version_phone_type (strategy_version_id, phone_type_id, is_dialled, max_attempts, weight, schedule_id)
SELECT
    @new_id AS strategy_version_id,
    p.phone_type_id AS phone_type_id,
    p.is_dialled AS is_dialled,
    p.max_attempts AS max_attempts,
    p.weight AS weight,
    p.schedule_id AS schedule_id
FROM strategy.version_phone_type AS p
WHERE p.strategy_version_id = @strategy_version_id;

INSERT INTO strategy.version_technical_result (
    strategy_version_id, technical_result_id, priority, delay_minutes, counts_as_attempt
)
SELECT
    @new_id AS strategy_version_id,
    t.technical_result_id AS technical_result_id,
    t.priority AS priority,
    t.delay_minutes AS delay_minutes,
    t.counts_as_attempt AS counts_as_attempt
FROM strategy.version_technical_result AS t
WHERE t.strategy_version_id = @strategy_version_id;

INSERT INTO strategy.version_agent_result (
    strategy_version_id, agent_result_id, action_id, priority, max_attempts, delay_minutes
)
SELECT
    @new_id AS strategy_version_id,
    a.agent_result_id AS agent_result_id,
    a.action_id AS action_id,
    a.priority AS priority,
    a.max_attempts AS max_attempts,
    a.delay_minutes AS delay_minutes
FROM strategy.version_agent_result AS a
WHERE a.strategy_version_id = @strategy_version_id;

EXECUTE strategy.version_publish @strategy_version_id = @new_id;

COMMIT TRANSACTION;

SELECT
    @new_id AS strategy_version_id,
    @version_no AS version_no;
