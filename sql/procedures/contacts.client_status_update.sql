/*
contacts.client_status_update          version 1.2.1          2026-11-26

The status service for one campaign (M229 b): finds the clients whose status only time or a new strategy version changes, and
settles them. Time: clients not processed whose stop date has come, active ones one of whose durations has been reached. The
duration since the first call is looked for among the attempts that have become so old since the last run: core.status_run keeps
up to when. A new version since the last run, or new values of the dictionary that it reads: clients that a limit stopped, and
active clients in classes whose limits are reached. Clients whose last attempt was on an earlier day lose their count of that
day, so that classes do not pile up day by day.

Costs what it changes, and at most @batch_size clients a run.

Called by  jobs/client_status.py
Reads      core.campaign, strategy.version, core.client, core.attempt, core.status_run, core.client_status, core.phone,
           core.dial_class, strategy.dial_class_rule, core.time_zone_offset
Writes     core.client, core.campaign, core.status_run, core.work_set, core.work_client
Returns    one row: clients_checked int, clients_changed int, is_finished bit
Example    EXECUTE contacts.client_status_update @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE contacts.client_status_update
    @campaign_id int, /* core.campaign.campaign_id */
    @batch_size int = 10000, /* most clients of one run */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @version_id int;
DECLARE @status_version_id int;
DECLARE @first_call_before datetime2(3);
DECLARE @first_call_seen datetime2(3); /* until then the attempts were looked at before */
DECLARE @first_call_until datetime2(3); /* and until then in this run */
DECLARE @attempts int = 0;
DECLARE @runs int;
DECLARE @created_before datetime2(3);
DECLARE @work_id bigint;
DECLARE @checked int = 0;
DECLARE @changed int = 0;
DECLARE @oldest_day date;
DECLARE @due table (client_id bigint NOT NULL);
DECLARE @client table (
    client_id bigint NOT NULL PRIMARY KEY,
    status_id smallint NOT NULL
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

/* The earliest local day anywhere that may still be going on, with a day to spare. */
SET @oldest_day = DATEADD(DAY, -2, CAST(@now AS date));

BEGIN TRANSACTION;

SELECT
    @version_id = k.strategy_version_id,
    @status_version_id = k.status_version_id,
    @first_call_seen = COALESCE(w.first_calls_seen_until, CAST(DATEFROMPARTS(1900, 1, 1) AS datetime2(3)))
FROM core.campaign AS k
LEFT JOIN core.status_run AS w
    ON w.campaign_id = k.campaign_id
WHERE k.campaign_id = @campaign_id;

SELECT
    @first_call_before = DATEADD(MINUTE, -v.first_call_minutes, @now),
    @created_before = DATEADD(MINUTE, -v.created_minutes, @now)
FROM strategy.version AS v
WHERE v.strategy_version_id = @version_id;

INSERT INTO @due (client_id)
SELECT TOP (@batch_size) c.client_id
FROM core.client AS c
WHERE c.campaign_id = @campaign_id
    AND c.status_id IN (1, 4, 5, 6, 7, 8)
    AND c.do_not_call_after <= @now;

IF @created_before IS NOT NULL
    INSERT INTO @due (client_id)
    SELECT TOP (@batch_size) c.client_id
    FROM core.client AS c
    WHERE c.campaign_id = @campaign_id
        AND c.status_id = 1
        AND c.loaded_at <= @created_before;

IF @first_call_before IS NOT NULL
BEGIN
    SELECT
        @first_call_until = MAX(z.ended_at),
        @attempts = COUNT(*)
    FROM (
        SELECT TOP (@batch_size) a.ended_at AS ended_at
        FROM core.attempt AS a
        WHERE a.campaign_id = @campaign_id
            AND a.ended_at > @first_call_seen
            AND a.ended_at <= @first_call_before
        ORDER BY a.ended_at
    ) AS z;

    /* Further back than before, when the duration was made longer: if it is made shorter again, no attempt is left out. */
    IF @attempts < @batch_size
        SET @first_call_until = @first_call_before;

    /* Ten minutes are looked at twice: a result of then may have been on its way. */
    INSERT INTO @due (client_id)
    SELECT c.client_id
    FROM core.attempt AS a
    JOIN core.client AS c
        ON c.client_id = a.client_id
    WHERE a.campaign_id = @campaign_id
        AND a.ended_at > DATEADD(MINUTE, -10, @first_call_seen)
        AND a.ended_at <= @first_call_until
        AND c.campaign_id = @campaign_id
        AND c.status_id = 1
        AND c.first_attempt_at <= @first_call_before;
END;

INSERT INTO @due (client_id)
SELECT TOP (@batch_size) p.client_id
FROM core.dial_class AS d
JOIN core.phone AS p
    ON p.dial_class_id = d.dial_class_id
WHERE d.campaign_id = @campaign_id
    AND d.attempt_day > DATEFROMPARTS(1900, 1, 1)
    AND d.attempt_day < @oldest_day;

IF @status_version_id IS NULL OR @status_version_id <> @version_id
BEGIN
    INSERT INTO @due (client_id)
    SELECT c.client_id
    FROM core.client AS c
    JOIN core.client_status AS s
        ON s.status_id = c.status_id
        AND s.is_limit = 1
    WHERE c.campaign_id = @campaign_id;

    INSERT INTO @due (client_id)
    SELECT p.client_id
    FROM strategy.dial_class_rule AS r
    JOIN core.phone AS p
        ON p.dial_class_id = r.dial_class_id
    JOIN core.client AS c
        ON c.client_id = p.client_id
    WHERE r.campaign_id = @campaign_id
        AND c.status_id = 1
        AND (r.is_client_under = 0 OR r.is_type_under = 0 OR r.is_agent_under = 0);
END;

IF EXISTS (SELECT 1 AS found FROM @due)
BEGIN
    INSERT INTO @client (client_id, status_id)
    SELECT
        c.client_id,
        c.status_id
    FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
    WHERE c.client_id IN (SELECT d.client_id FROM @due AS d)
    ORDER BY c.client_id;

    SET @checked = @@ROWCOUNT;

    UPDATE c
    SET
        attempt_day = NULL,
        day_attempts = 0
    FROM core.client AS c
    JOIN @client AS x
        ON x.client_id = c.client_id
    WHERE c.attempt_day < @oldest_day;

    INSERT INTO core.work_set (created_at)
    VALUES (@now);

    SET @work_id = SCOPE_IDENTITY();

    INSERT INTO core.work_client (work_id, client_id)
    SELECT
        @work_id,
        x.client_id
    FROM @client AS x;

    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;

    SELECT @changed = COUNT(*)
    FROM @client AS x
    JOIN core.client AS c
        ON c.client_id = x.client_id
    WHERE c.status_id <> x.status_id;
END;

IF @status_version_id IS NULL OR @status_version_id <> @version_id
    /* A dictionary that was changed meanwhile has left another mark (contacts.client_status_recheck): the next run looks. */
    UPDATE k
    SET status_version_id = @version_id
    FROM core.campaign AS k
    WHERE k.campaign_id = @campaign_id
        AND (k.status_version_id = @status_version_id OR (k.status_version_id IS NULL AND @status_version_id IS NULL));

UPDATE w
SET first_calls_seen_until = @first_call_until
FROM core.status_run AS w
WHERE w.campaign_id = @campaign_id;

SET @runs = @@ROWCOUNT;

IF @runs = 0
    INSERT INTO core.status_run (campaign_id, first_calls_seen_until)
    VALUES (@campaign_id, @first_call_until);

COMMIT TRANSACTION;

SELECT
    @checked AS clients_checked,
    @changed AS clients_changed,
    CASE WHEN @checked < @batch_size AND @attempts < @batch_size THEN 1 ELSE 0 END AS is_finished;
