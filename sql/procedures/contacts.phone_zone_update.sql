/*
contacts.phone_zone_update          version 1.0.0          2026-11-25

Brings the zones of phones in line with the numbering plan (M17), for phones that were loaded before it or before its present
edition. One call looks at the phones of the next @batch_size clients behind @after_client_id; the caller goes on with
last_client_id until is_finished. A phone of whose number the plan knows no zone keeps the one that it has. Only clients one of
whose phones changes are locked and settled.

Called by  app/numbering/plan.py
Reads      core.client, core.phone, core.number_zone, core.campaign, dialing.record
Writes     core.phone, core.phone_zone_change, core.work_set, core.work_client
Returns    one row: last_client_id bigint, clients_checked int, phones_changed int, is_finished bit
Example    EXECUTE contacts.phone_zone_update @campaign_id = 7, @batch_size = 5000, @after_client_id = 0;
*/
CREATE OR ALTER PROCEDURE contacts.phone_zone_update
    @campaign_id int = NULL, /* core.campaign.campaign_id; NULL means all campaigns */
    @batch_size int = 5000, /* clients of one call */
    @now datetime2(3) = NULL, /* UTC; NULL means now */
    @after_client_id bigint = 0 /* last_client_id of the call before */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @checked int;
DECLARE @changed int = 0;
DECLARE @last_client_id bigint;
DECLARE @work_id bigint;
DECLARE @client table (client_id bigint NOT NULL PRIMARY KEY);
DECLARE @phone table (
    phone_id bigint NOT NULL PRIMARY KEY,
    client_id bigint NOT NULL,
    zone_id int NOT NULL
);
DECLARE @work table (client_id bigint NOT NULL PRIMARY KEY);

IF @batch_size < 1
    THROW 50082, N'The value for the parameter @batch_size is not supported. A batch has at least one client.', 1;

IF @campaign_id IS NOT NULL AND NOT EXISTS (SELECT 1 AS found FROM core.campaign AS k WHERE k.campaign_id = @campaign_id)
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

INSERT INTO @client (client_id)
SELECT TOP (@batch_size) c.client_id
FROM core.client AS c
WHERE c.client_id > @after_client_id
    AND (@campaign_id IS NULL OR c.campaign_id = @campaign_id)
ORDER BY c.client_id;

SET @checked = @@ROWCOUNT;

SELECT @last_client_id = COALESCE(MAX(x.client_id), @after_client_id)
FROM @client AS x;

INSERT INTO @phone (phone_id, client_id, zone_id)
SELECT
    p.phone_id,
    p.client_id,
    z.zone_id
FROM @client AS x
JOIN core.phone AS p
    ON p.client_id = x.client_id
CROSS APPLY core.number_zone(p.number) AS z
WHERE z.zone_id IS NOT NULL
    AND (p.zone_id IS NULL OR p.zone_id <> z.zone_id);

IF EXISTS (SELECT 1 AS found FROM @phone)
BEGIN
    INSERT INTO @work (client_id)
    SELECT c.client_id
    FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
    WHERE c.client_id IN (SELECT f.client_id FROM @phone AS f)
    ORDER BY c.client_id;

    /* Calls of the past, and those that are under way, are judged by the zone in which they were allowed. */
    INSERT INTO core.phone_zone_change (phone_id, changed_at, old_zone_id)
    SELECT
        p.phone_id,
        @now,
        p.zone_id
    FROM @phone AS f
    JOIN core.phone AS p
        ON p.phone_id = f.phone_id
    WHERE (
        p.last_attempt_at IS NOT NULL
        OR EXISTS (SELECT 1 AS found FROM dialing.record AS r WHERE r.client_id = p.client_id AND r.phone_id = p.phone_id)
    )
        AND NOT EXISTS (
            SELECT 1 AS found
            FROM core.phone_zone_change AS h
            WHERE h.phone_id = p.phone_id
                AND h.changed_at = @now
        );

    UPDATE p
    SET zone_id = f.zone_id
    FROM core.phone AS p
    JOIN @phone AS f
        ON f.phone_id = p.phone_id;

    SET @changed = @@ROWCOUNT;

    INSERT INTO core.work_set (created_at)
    VALUES (@now);

    SET @work_id = SCOPE_IDENTITY();

    INSERT INTO core.work_client (work_id, client_id)
    SELECT
        @work_id,
        w.client_id
    FROM @work AS w;

    EXECUTE contacts.client_settle @work_id = @work_id, @now = @now;
END;

COMMIT TRANSACTION;

SELECT
    @last_client_id AS last_client_id,
    @checked AS clients_checked,
    @changed AS phones_changed,
    CASE WHEN @checked < @batch_size THEN 1 ELSE 0 END AS is_finished;
