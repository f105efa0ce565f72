/*
contacts.client_settle          version 2.3.0          2026-11-26

Brings everything that follows from a client's facts in line with them, for the clients of one work set: the client's status,
the dial class of each phone, and the counts of clients and phones. Writes only what differs and empties the work set. Every
procedure that changes a fact (load, result, agent result, block, move) ends with it.

The caller has locked the rows of the clients, so that nobody changes or takes them meanwhile.

Called by  sql/procedures/dialing.result_apply.sql, sql/procedures/dialing.agent_result_apply.sql,
           sql/procedures/contacts.import_apply.sql, sql/procedures/contacts.client_status_update.sql
Reads      core.work_client, core.work_phone_fact, strategy.client_status_now, strategy.phone_fact
Writes     core.client, core.phone, core.dial_class, core.dial_class_change, core.client_count_change, core.work_set,
           core.work_client, core.work_phone_fact, ops.setting (the lock under which classes are made)
Returns    nothing
Example    EXECUTE contacts.client_settle @work_id = 17;
*/
CREATE OR ALTER PROCEDURE contacts.client_settle
    @work_id bigint, /* core.work_set.work_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @work table (client_id bigint NOT NULL);
DECLARE @client table (
    client_id bigint NOT NULL PRIMARY KEY,
    campaign_id int NOT NULL,
    old_segment_id int NOT NULL,
    old_status_id smallint NOT NULL,
    segment_id int NOT NULL,
    status_id smallint NOT NULL,
    is_new_status bit NOT NULL
);
/* Of the facts that no class has, one phone that has them. */
DECLARE @missing table (phone_id bigint NOT NULL);
DECLARE @phone table (
    phone_id bigint NOT NULL,
    client_id bigint NOT NULL,
    old_class_id int NOT NULL,
    is_type_reached smallint NULL,
    facts_key nvarchar(200) NOT NULL,
    campaign_id int NOT NULL,
    segment_id int NOT NULL,
    phone_type_id int NOT NULL,
    zone_id int NOT NULL,
    client_zone_id int NOT NULL,
    load_priority smallint NOT NULL,
    client_attempts smallint NOT NULL,
    phone_attempts smallint NOT NULL,
    client_technical_result_id int NOT NULL,
    client_agent_result_id int NOT NULL,
    limit_agent_result_id int NOT NULL,
    limit_agent_attempts smallint NOT NULL,
    phone_technical_result_id int NOT NULL,
    phone_agent_result_id int NOT NULL,
    hold_agent_result_id int NOT NULL,
    attempt_day date NOT NULL,
    day_attempts smallint NOT NULL,
    bar_id smallint NOT NULL,
    time_status_id smallint NOT NULL,
    held_until datetime2(3) NOT NULL,
    is_promised bit NOT NULL
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

INSERT INTO @work (client_id)
SELECT w.client_id
FROM core.work_client AS w
WHERE w.work_id = @work_id
ORDER BY w.client_id;

INSERT INTO @phone (
    phone_id, client_id, old_class_id, is_type_reached, facts_key, campaign_id, segment_id, phone_type_id, zone_id,
    client_zone_id, load_priority, client_attempts, phone_attempts, client_technical_result_id, client_agent_result_id,
    limit_agent_result_id, limit_agent_attempts, phone_technical_result_id, phone_agent_result_id, hold_agent_result_id,
    attempt_day, day_attempts, bar_id, time_status_id, held_until, is_promised
)
SELECT
    f.phone_id,
    f.client_id,
    f.dial_class_id,
    f.is_type_reached,
    f.facts_key,
    f.campaign_id,
    f.segment_id,
    f.phone_type_id,
    f.zone_id,
    f.client_zone_id,
    f.load_priority,
    f.client_attempts,
    f.phone_attempts,
    f.client_technical_result_id,
    f.client_agent_result_id,
    f.limit_agent_result_id,
    f.limit_agent_attempts,
    f.phone_technical_result_id,
    f.phone_agent_result_id,
    f.hold_agent_result_id,
    f.attempt_day,
    f.day_attempts,
    f.bar_id,
    f.time_status_id,
    f.held_until,
    f.is_promised
FROM @work AS w
JOIN strategy.phone_fact AS f
    ON f.client_id = w.client_id;

INSERT INTO @client (client_id, campaign_id, old_segment_id, old_status_id, segment_id, status_id, is_new_status)
SELECT
    n.client_id,
    n.campaign_id,
    n.counted_segment_id,
    n.counted_status_id,
    n.segment_id,
    n.status_id,
    CASE WHEN n.status_id = n.old_status_id THEN 0 ELSE 1 END
FROM @work AS w
LEFT JOIN (
    SELECT
        p.client_id AS client_id,
        MIN(p.is_type_reached) AS is_type_reached
    FROM @phone AS p
    GROUP BY p.client_id
) AS a
    ON a.client_id = w.client_id
CROSS APPLY strategy.client_status_now(w.client_id, a.is_type_reached, @now) AS n
WHERE n.status_id <> n.old_status_id
    OR n.status_id <> n.counted_status_id
    OR n.segment_id <> n.counted_segment_id;

UPDATE c
SET
    status_id = n.status_id,
    status_at = CASE WHEN n.is_new_status = 1 THEN @now ELSE c.status_at END,
    counted_status_id = n.status_id,
    counted_segment_id = n.segment_id
FROM core.client AS c
JOIN @client AS n
    ON n.client_id = c.client_id;

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT
    x.campaign_id,
    x.segment_id,
    x.status_id,
    SUM(x.clients)
FROM (
    SELECT n.campaign_id AS campaign_id, n.segment_id AS segment_id, n.status_id AS status_id, 1 AS clients
    FROM @client AS n
    UNION ALL
    SELECT n.campaign_id AS campaign_id, n.old_segment_id AS segment_id, n.old_status_id AS status_id, -1 AS clients
    FROM @client AS n
    WHERE n.old_status_id <> 0
) AS x
GROUP BY x.campaign_id, x.segment_id, x.status_id
HAVING SUM(x.clients) <> 0;

/* A new status is a fact of all phones of its client. */
DELETE p
FROM @phone AS p
JOIN @client AS n
    ON n.client_id = p.client_id
WHERE n.is_new_status = 1;

INSERT INTO @phone (
    phone_id, client_id, old_class_id, is_type_reached, facts_key, campaign_id, segment_id, phone_type_id, zone_id,
    client_zone_id, load_priority, client_attempts, phone_attempts, client_technical_result_id, client_agent_result_id,
    limit_agent_result_id, limit_agent_attempts, phone_technical_result_id, phone_agent_result_id, hold_agent_result_id,
    attempt_day, day_attempts, bar_id, time_status_id, held_until, is_promised
)
SELECT
    f.phone_id,
    f.client_id,
    f.dial_class_id,
    f.is_type_reached,
    f.facts_key,
    f.campaign_id,
    f.segment_id,
    f.phone_type_id,
    f.zone_id,
    f.client_zone_id,
    f.load_priority,
    f.client_attempts,
    f.phone_attempts,
    f.client_technical_result_id,
    f.client_agent_result_id,
    f.limit_agent_result_id,
    f.limit_agent_attempts,
    f.phone_technical_result_id,
    f.phone_agent_result_id,
    f.hold_agent_result_id,
    f.attempt_day,
    f.day_attempts,
    f.bar_id,
    f.time_status_id,
    f.held_until,
    f.is_promised
FROM @client AS w
JOIN strategy.phone_fact AS f
    ON f.client_id = w.client_id
WHERE w.is_new_status = 1;

INSERT INTO @missing (phone_id)
SELECT MIN(p.phone_id)
FROM @phone AS p
WHERE NOT EXISTS (SELECT 1 AS found FROM core.dial_class AS d WHERE d.facts_key = p.facts_key)
GROUP BY p.facts_key;

/*
New classes are rare. Their makers queue at one row, so that none is made twice. In order, since classes of one rank take turns in
that of their ids: the same load gives the same blocks on every server.
*/
IF EXISTS (SELECT m.phone_id AS phone_id FROM @missing AS m)
BEGIN
    UPDATE g
    SET value = g.value
    FROM ops.setting AS g
    WHERE g.name = N'dial_class_lock';

    INSERT INTO core.dial_class (
        facts_key, campaign_id, segment_id, phone_type_id, zone_id, client_zone_id, load_priority, client_attempts,
        phone_attempts, client_technical_result_id, client_agent_result_id, limit_agent_result_id, limit_agent_attempts,
        phone_technical_result_id, phone_agent_result_id, hold_agent_result_id, attempt_day, day_attempts, bar_id,
        time_status_id, held_until, is_promised, created_at
    )
    SELECT
        f.facts_key,
        f.campaign_id,
        f.segment_id,
        f.phone_type_id,
        f.zone_id,
        f.client_zone_id,
        f.load_priority,
        f.client_attempts,
        f.phone_attempts,
        f.client_technical_result_id,
        f.client_agent_result_id,
        f.limit_agent_result_id,
        f.limit_agent_attempts,
        f.phone_technical_result_id,
        f.phone_agent_result_id,
        f.hold_agent_result_id,
        f.attempt_day,
        f.day_attempts,
        f.bar_id,
        f.time_status_id,
        f.held_until,
        f.is_promised,
        @now
    FROM @missing AS m
    JOIN @phone AS f
        ON f.phone_id = m.phone_id
    WHERE NOT EXISTS (SELECT 1 AS found FROM core.dial_class AS d WHERE d.facts_key = f.facts_key)
    ORDER BY f.facts_key;
END;

/* What the event has left in core.work_phone_fact is written in the same turn: a phone's indexes are changed once. */
UPDATE p
SET
    dial_class_id = d.dial_class_id,
    attempts = CASE WHEN w.phone_id IS NULL THEN p.attempts ELSE w.attempts END,
    last_attempt_at = CASE WHEN w.phone_id IS NULL THEN p.last_attempt_at ELSE w.last_attempt_at END,
    last_technical_result_id = CASE WHEN w.phone_id IS NULL THEN p.last_technical_result_id ELSE w.last_technical_result_id END,
    last_agent_result_id = CASE WHEN w.phone_id IS NULL THEN p.last_agent_result_id ELSE w.last_agent_result_id END,
    hold_agent_result_id = CASE WHEN w.phone_id IS NULL THEN p.hold_agent_result_id ELSE w.hold_agent_result_id END,
    waits_from = CASE WHEN w.phone_id IS NULL THEN p.waits_from ELSE w.waits_from END,
    held_until = CASE WHEN w.phone_id IS NULL THEN p.held_until ELSE w.held_until END
FROM core.phone AS p
JOIN @phone AS x
    ON x.phone_id = p.phone_id
JOIN core.dial_class AS d
    ON d.facts_key = x.facts_key
LEFT JOIN core.work_phone_fact AS w
    ON w.phone_id = x.phone_id
WHERE p.dial_class_id <> d.dial_class_id
    OR w.phone_id IS NOT NULL;

DELETE w
FROM core.work_phone_fact AS w
JOIN @phone AS x
    ON x.phone_id = w.phone_id;

INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT
    y.dial_class_id,
    SUM(y.phones)
FROM (
    SELECT d.dial_class_id AS dial_class_id, 1 AS phones
    FROM @phone AS x
    JOIN core.dial_class AS d
        ON d.facts_key = x.facts_key
    UNION ALL
    SELECT x.old_class_id AS dial_class_id, -1 AS phones
    FROM @phone AS x
    WHERE x.old_class_id <> 0
) AS y
GROUP BY y.dial_class_id
HAVING SUM(y.phones) <> 0;

DELETE FROM core.work_client
WHERE work_id = @work_id;

DELETE FROM core.work_set
WHERE work_id = @work_id;

COMMIT TRANSACTION;
