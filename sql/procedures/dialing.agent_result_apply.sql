/*
dialing.agent_result_apply          version 1.2.1          2026-11-25

Gives a client the result of its agent (M6, M68, M69, M238): by the key of the record, or by campaign and client code, which
means the record that is out, else the last attempt of this round where it has no agent result yet, else the client alone. The
same result again changes nothing; another one for the same record is refused. A callback may be promised with it, personal
where an agent is named.

Called by  app/procedures/dialing.py
Reads      dialing.record, dialing.record_returned, core.attempt, core.attempt_outcome, core.agent_result, core.client,
           core.client_archive, core.campaign, core.phone, strategy.version
Writes     core.attempt_outcome, dialing.callback, core.work_set, core.work_client, core.work_outcome
Returns    one row: client_id bigint, status_id smallint
Example    EXECUTE dialing.agent_result_apply @record_key = N'A41-7', @agent_result_code = N'20', @source_id = 2;
*/
CREATE OR ALTER PROCEDURE dialing.agent_result_apply
    @agent_result_code nvarchar(64), /* core.agent_result.code */
    @source_id smallint, /* 2 agent page, 3 API, 4 administrator */
    @record_key nvarchar(30) = NULL, /* dialing.record.record_key, or NULL */
    @campaign_id int = NULL, /* with @client_code where the key is not known */
    @client_code nvarchar(64) = NULL, /* core.client.client_code */
    @agent nvarchar(64) = NULL, /* who gives it */
    @comment nvarchar(1000) = NULL, /* anything the agent wrote */
    @callback_at datetime2(3) = NULL, /* UTC; a promised call */
    @callback_agent nvarchar(64) = NULL, /* names the agent of a personal callback */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @client_id bigint;
DECLARE @phone_id bigint;
DECLARE @round_no smallint;
DECLARE @round_began_at datetime2(3);
DECLARE @status_id smallint;
DECLARE @agent_result_id int;
DECLARE @has_leaves bit = 0;
DECLARE @leaf_mandatory bit = 0;
DECLARE @given_result_id int;
DECLARE @work_id bigint;
DECLARE @outcome_id bigint;
DECLARE @promised int = 0;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

IF @record_key IS NOT NULL
BEGIN
    SELECT
        @client_id = x.client_id,
        @phone_id = x.phone_id,
        @campaign_id = x.campaign_id
    FROM (
        SELECT r.client_id AS client_id, r.phone_id AS phone_id, r.campaign_id AS campaign_id
        FROM dialing.record AS r
        WHERE r.record_key = @record_key
        UNION
        SELECT a.client_id AS client_id, a.phone_id AS phone_id, a.campaign_id AS campaign_id
        FROM core.attempt AS a
        WHERE a.record_key = @record_key
        UNION
        SELECT t.client_id AS client_id, t.phone_id AS phone_id, t.campaign_id AS campaign_id
        FROM dialing.record_returned AS t
        WHERE t.record_key = @record_key
    ) AS x;

    IF @client_id IS NULL
        THROW 50010, N'The value for the parameter @record_key is not supported. There is no record with this key.', 1;
END
ELSE
BEGIN
    SELECT @client_id = c.client_id
    FROM core.client AS c
    WHERE c.campaign_id = @campaign_id
        AND c.client_code_key = UPPER(LTRIM(RTRIM(@client_code)));

    IF @client_id IS NULL
        THROW 50011, N'The value for the parameter @client_code is not supported. The campaign has no client with this code.', 1;
END;

SELECT
    @round_no = c.round_no,
    @round_began_at = c.loaded_at,
    @campaign_id = c.campaign_id
FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
WHERE c.client_id = @client_id;

/* A result for a call of a client in the archive is written down, but there is nobody left to call back. */
IF @round_no IS NULL
BEGIN
    SELECT
        @round_no = h.round_no,
        @campaign_id = h.campaign_id
    FROM core.client_archive AS h
    WHERE h.client_id = @client_id;

    IF @callback_at IS NOT NULL
        THROW 50115, N'The value for the parameter @callback_at is not supported. The client is in the archive.', 1;
END;

SELECT @agent_result_id = g.agent_result_id
FROM core.agent_result AS g
WHERE g.code_key = UPPER(LTRIM(RTRIM(@agent_result_code)))
    AND g.is_enabled = 1;

IF @agent_result_id IS NULL
    THROW 50012, N'The value for the parameter @agent_result_code is not supported. The dictionary has no such agent result.', 1;

SELECT @has_leaves = 1
FROM core.agent_result AS g
WHERE g.parent_id = @agent_result_id
    AND g.is_enabled = 1;

SELECT @leaf_mandatory = v.leaf_mandatory
FROM core.campaign AS k
JOIN strategy.version AS v
    ON v.strategy_version_id = k.strategy_version_id
WHERE k.campaign_id = @campaign_id;

IF @has_leaves = 1 AND @leaf_mandatory = 1
    THROW 50013,
        N'The value for the parameter @agent_result_code is not supported. This campaign wants a result of the second level.',
        1;

IF @record_key IS NULL
    SELECT
        @record_key = r.record_key,
        @phone_id = r.phone_id
    FROM dialing.record AS r
    WHERE r.client_id = @client_id;

IF @record_key IS NULL
    SELECT
        @record_key = a.record_key,
        @phone_id = a.phone_id
    FROM (
        SELECT TOP (1) t.record_key AS record_key, t.phone_id AS phone_id
        FROM core.attempt AS t
        WHERE t.client_id = @client_id
            AND t.round_no = @round_no
        ORDER BY t.ended_at DESC, t.attempt_id DESC
    ) AS a
    WHERE NOT EXISTS (SELECT 1 AS found FROM core.attempt_outcome AS o WHERE o.record_key = a.record_key);

/* A call of an earlier round: its result stays in the journal and changes nothing. */
IF EXISTS (
    SELECT 1 AS found
    FROM dialing.record AS r
    WHERE r.record_key = @record_key
        AND r.taken_at < @round_began_at
    UNION ALL
    SELECT 1 AS found
    FROM core.attempt AS a
    WHERE a.record_key = @record_key
        AND a.taken_at < @round_began_at
    UNION ALL
    SELECT 1 AS found
    FROM dialing.record_returned AS t
    WHERE t.record_key = @record_key
        AND t.taken_at < @round_began_at
)
    SET @round_no = @round_no - 1;

IF @record_key IS NOT NULL
    SELECT @given_result_id = o.agent_result_id
    FROM core.attempt_outcome AS o
    WHERE o.record_key = @record_key;

IF @given_result_id IS NOT NULL AND @given_result_id <> @agent_result_id
    THROW 50014, N'This call already has another agent result. An attempt has at most one.', 1;

IF @given_result_id IS NULL
BEGIN
    INSERT INTO core.attempt_outcome (
        record_key, campaign_id, client_id, phone_id, round_no, agent_result_id, source_id, agent, comment, given_at, applied_at
    )
    VALUES (
        @record_key, @campaign_id, @client_id, @phone_id, @round_no, @agent_result_id, @source_id, @agent, @comment, @now, @now
    );

    SET @outcome_id = SCOPE_IDENTITY();

    /* The dialer may have brought the same promise, but without the agent. */
    IF @callback_at IS NOT NULL
    BEGIN
        UPDATE b
        SET agent = COALESCE(@callback_agent, b.agent)
        FROM dialing.callback AS b
        WHERE b.client_id = @client_id
            AND b.state_id = 1
            AND b.due_at = @callback_at;

        SET @promised = @@ROWCOUNT;
    END;

    IF @callback_at IS NOT NULL AND @promised = 0
        INSERT INTO dialing.callback (campaign_id, client_id, phone_id, due_at, agent, state_id, source_id, created_at)
        SELECT TOP (1)
            @campaign_id,
            @client_id,
            p.phone_id,
            @callback_at,
            @callback_agent,
            1,
            @source_id,
            @now
        FROM core.phone AS p
        WHERE p.client_id = @client_id
        ORDER BY CASE WHEN p.phone_id = @phone_id THEN 0 ELSE 1 END, p.phone_id;

    INSERT INTO core.work_set (created_at)
    VALUES (@now);

    SET @work_id = SCOPE_IDENTITY();

    INSERT INTO core.work_client (work_id, client_id)
    VALUES (@work_id, @client_id);

    INSERT INTO core.work_outcome (work_id, outcome_id, is_new)
    VALUES (@work_id, @outcome_id, 1);

    EXECUTE dialing.private_outcome_apply @work_id = @work_id, @now = @now;

    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
END;

SELECT @status_id = c.status_id
FROM core.client AS c
WHERE c.client_id = @client_id;

IF @status_id IS NULL
    SELECT @status_id = h.status_id
    FROM core.client_archive AS h
    WHERE h.client_id = @client_id;

COMMIT TRANSACTION;

SELECT
    @client_id AS client_id,
    @status_id AS status_id;
