/*
dialing.cap_release          version 1.0.0          2026-11-26

Lets go of whom a frequency cap holds no longer, after a rule was switched off, raised, ended or taken from a campaign: brings the
marks that blocks have left on phones (held_until) in line with the rules that hold now, a mark that still holds stays. What a
rule holds that is new or stricter is found by the blocks, as ever.

One call looks at the clients with marked phones, found by their classes, the next @batch_size behind @after_client_id; the caller
goes on with last_client_id until is_finished. Only clients one of whose marks changes are locked and settled. A rule counts the
calls of all campaigns that obey it: each of them has its marks to be looked at when it changes.

Called by  app/caps.py
Reads      core.campaign, core.dial_class, core.phone, core.client, strategy.cap_state
Writes     core.phone, core.work_set, core.work_client
Returns    one row: last_client_id bigint, clients_checked int, phones_changed int, is_finished bit
Example    EXECUTE dialing.cap_release @campaign_id = 7, @batch_size = 2000, @after_client_id = 0;
*/
CREATE OR ALTER PROCEDURE dialing.cap_release
    @campaign_id int, /* core.campaign.campaign_id */
    @batch_size int = 2000, /* clients of one call */
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
    old_held_until datetime2(3) NOT NULL,
    held_until datetime2(3) NULL
);
DECLARE @work table (client_id bigint NOT NULL PRIMARY KEY);

IF @batch_size < 1
    THROW 50082, N'The value for the parameter @batch_size is not supported. A batch has at least one client.', 1;

IF NOT EXISTS (SELECT 1 AS found FROM core.campaign AS k WHERE k.campaign_id = @campaign_id)
    THROW 50001, N'The value for the parameter @campaign_id is not supported. There is no such campaign.', 1;

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

INSERT INTO @client (client_id)
SELECT TOP (@batch_size) p.client_id
FROM core.dial_class AS d
JOIN core.phone AS p
    ON p.dial_class_id = d.dial_class_id
WHERE d.campaign_id = @campaign_id
    AND d.held_until > @now
    AND p.client_id > @after_client_id
GROUP BY p.client_id
ORDER BY p.client_id;

SET @checked = @@ROWCOUNT;

SELECT @last_client_id = COALESCE(MAX(x.client_id), @after_client_id)
FROM @client AS x;

INSERT INTO @phone (phone_id, client_id, old_held_until, held_until)
SELECT
    m.phone_id,
    m.client_id,
    m.old_held_until,
    h.held_until
FROM (
    SELECT
        p.phone_id AS phone_id,
        p.number AS number,
        p.held_until AS old_held_until,
        c.client_id AS client_id,
        c.person_id AS person_id,
        COALESCE(c.zone_id, k.default_zone_id) AS zone_id
    FROM @client AS x
    JOIN core.client AS c
        ON c.client_id = x.client_id
    JOIN core.campaign AS k
        ON k.campaign_id = c.campaign_id
    JOIN core.phone AS p
        ON p.client_id = c.client_id
    WHERE p.held_until > @now
) AS m
CROSS APPLY (
    SELECT MAX(CASE WHEN s.is_hold = 1 AND s.free_at > @now THEN s.free_at ELSE NULL END) AS held_until
    FROM strategy.cap_state(@campaign_id, m.client_id, m.person_id, m.number, m.zone_id, @now) AS s
) AS h
WHERE h.held_until IS NULL
    OR h.held_until <> m.old_held_until;

IF EXISTS (SELECT 1 AS found FROM @phone)
BEGIN
    INSERT INTO @work (client_id)
    SELECT c.client_id
    FROM core.client AS c WITH (ROWLOCK, UPDLOCK)
    WHERE c.client_id IN (SELECT f.client_id FROM @phone AS f)
        AND c.campaign_id = @campaign_id
    ORDER BY c.client_id;

    /* A phone that was marked anew or moved before the lock keeps what it has got. */
    UPDATE p
    SET held_until = f.held_until
    FROM core.phone AS p
    JOIN @phone AS f
        ON f.phone_id = p.phone_id
    WHERE p.campaign_id = @campaign_id
        AND p.held_until = f.old_held_until;

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
