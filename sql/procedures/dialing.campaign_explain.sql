/*
dialing.campaign_explain          version 3.0.0          2026-11-26

Why the phones of a campaign are not dialled now, summed: a row for each reason with the number of phones whose first rule not
kept it is; reason_code «ready» is the phones that may be dialled. The same rules as dialing.phone_explain, at the price of the
classes. Reasons are numbered in the order of the rules, so that the first rule not kept is the least number.

- Most phones go by the rules of their class (strategy.dial_class_state) times its count; those that still wait for their delay
  are counted by index.
- Phones of clients that are out go by their class too, each counted by itself.
- Clients with a due call, a person that is out, a stop date or duration that has passed since the status service last looked, or
  a limit that a new version may have moved, are looked at one by one.

What the calls that a frequency cap counts hold back is known once a block has met it. Figures are of one moment each: a block
that is taken meanwhile may be in one and not yet in another.

Called by  app/procedures/dialing.py
Reads      core.campaign, strategy.version, core.client, core.phone, core.attempt, core.status_run, dialing.record,
           dialing.callback, dialing.client_hold, strategy.client_time_open, strategy.dial_class_state, strategy.dial_class_count,
           strategy.reason
Returns    rows: rule_no int, reason_code nvarchar(64), phones bigint
Example    EXECUTE dialing.campaign_explain @campaign_id = 7;
*/
CREATE OR ALTER PROCEDURE dialing.campaign_explain
    @campaign_id int, /* core.campaign.campaign_id */
    @now datetime2(3) = NULL /* UTC; NULL means now */
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

DECLARE @first_call_minutes int;
DECLARE @created_minutes int;
DECLARE @created_names_status bit;
DECLARE @one_call_per_person bit;
DECLARE @has_new_version bit; /* and the status service has not looked since */
DECLARE @first_call_seen datetime2(3); /* as in contacts.client_status_update */
/*
early_no: the first rule not kept before the delay, without those of time; time_no: that of a status that time brought; late_no:
the first one behind the delay. 10000: none.
*/
DECLARE @class table (
    dial_class_id int NOT NULL PRIMARY KEY,
    phones bigint NOT NULL,
    ready_before datetime2(3) NOT NULL,
    early_no int NOT NULL,
    time_no int NOT NULL,
    late_no int NOT NULL,
    is_promised bit NOT NULL
);
DECLARE @client table (
    client_id bigint NOT NULL,
    is_alone bit NOT NULL /* looked at one by one; else it is out */
);
DECLARE @apart table (
    dial_class_id int NOT NULL,
    reason_no int NOT NULL,
    phones bigint NOT NULL,
    waiting bigint NOT NULL
);
/* What is left of each class. */
DECLARE @rest table (
    dial_class_id int NOT NULL PRIMARY KEY,
    phones bigint NOT NULL,
    waiting bigint NOT NULL
);

IF @now IS NULL
    SET @now = SYSUTCDATETIME();

SELECT
    @first_call_minutes = v.first_call_minutes,
    @created_minutes = v.created_minutes,
    @created_names_status = v.created_names_status,
    @one_call_per_person = k.one_call_per_person,
    @has_new_version = CASE WHEN k.status_version_id = k.strategy_version_id THEN 0 ELSE 1 END,
    @first_call_seen = DATEADD(MINUTE, -10, COALESCE(u.first_calls_seen_until, CAST(DATEFROMPARTS(1900, 1, 1) AS datetime2(3))))
FROM core.campaign AS k
JOIN strategy.version AS v
    ON v.strategy_version_id = k.strategy_version_id
LEFT JOIN core.status_run AS u
    ON u.campaign_id = k.campaign_id
WHERE k.campaign_id = @campaign_id;

INSERT INTO @class (dial_class_id, phones, ready_before, early_no, time_no, late_no, is_promised)
SELECT
    n.dial_class_id,
    n.phones,
    s.ready_before,
    CASE
        WHEN s.is_campaign_active = 0 THEN 101
        WHEN s.is_segment_open = 0 THEN 201
        WHEN s.bar_id = 1 THEN 301
        WHEN s.bar_id = 2 THEN 302
        WHEN s.bar_id = 3 THEN 501
        WHEN s.bar_id = 4 THEN 601
        WHEN s.is_type_dialled = 0 THEN 602
        WHEN s.is_client_under = 0 THEN 801
        WHEN s.is_type_under = 0 THEN 802
        WHEN s.is_agent_under = 0 THEN 803
        WHEN s.is_day_under = 0 THEN 901
        ELSE 10000
    END,
    CASE
        WHEN s.time_status_id = 9 THEN 401
        WHEN s.time_status_id = 6 THEN 1001
        WHEN s.time_status_id = 7 THEN 1002
        ELSE 10000
    END,
    CASE
        WHEN s.is_in_schedule = 0 THEN 1201
        WHEN s.is_in_cap_hours = 0 THEN 1301
        WHEN s.is_cap_free = 0 THEN 1302
        ELSE 10000
    END,
    s.is_promised
FROM strategy.dial_class_count AS n
JOIN strategy.dial_class_state(@campaign_id, @now) AS s
    ON s.dial_class_id = n.dial_class_id
WHERE n.campaign_id = @campaign_id;

INSERT INTO @client (client_id, is_alone)
SELECT
    x.client_id,
    MAX(x.is_alone)
FROM (
    SELECT r.client_id AS client_id, 0 AS is_alone
    FROM dialing.record AS r
    WHERE r.campaign_id = @campaign_id
    UNION ALL
    SELECT c.client_id AS client_id, 1 AS is_alone
    FROM core.campaign AS k
    CROSS JOIN dialing.record AS r
    JOIN core.client AS c
        ON c.person_id = r.person_id
        AND c.client_id <> r.client_id
    WHERE k.campaign_id = @campaign_id
        AND k.one_call_per_person = 1
        AND c.campaign_id = @campaign_id
    UNION ALL
    SELECT b.client_id AS client_id, 1 AS is_alone
    FROM dialing.callback AS b
    WHERE b.campaign_id = @campaign_id
        AND b.state_id = 1
        AND b.due_at <= @now
    UNION ALL
    SELECT c.client_id AS client_id, 1 AS is_alone
    FROM core.client AS c
    WHERE c.campaign_id = @campaign_id
        AND c.status_id IN (1, 4, 5, 6, 7, 8)
        AND c.do_not_call_after <= @now
    UNION ALL
    SELECT c.client_id AS client_id, 1 AS is_alone
    FROM core.client AS c
    WHERE c.campaign_id = @campaign_id
        AND c.status_id = 1
        AND c.loaded_at <= DATEADD(MINUTE, -@created_minutes, @now)
    UNION ALL
    SELECT c.client_id AS client_id, 1 AS is_alone
    FROM core.attempt AS a
    JOIN core.client AS c
        ON c.client_id = a.client_id
    WHERE a.campaign_id = @campaign_id
        AND a.ended_at > @first_call_seen
        AND a.ended_at <= DATEADD(MINUTE, -@first_call_minutes, @now)
        AND c.campaign_id = @campaign_id
        AND c.status_id = 1
        AND c.first_attempt_at <= DATEADD(MINUTE, -@first_call_minutes, @now)
    UNION ALL
    SELECT c.client_id AS client_id, 1 AS is_alone
    FROM core.client AS c
    WHERE c.campaign_id = @campaign_id
        AND c.status_id IN (4, 5, 6, 7, 8)
        AND @has_new_version = 1
        AND (
            c.status_id IN (6, 7)
            OR c.loaded_at <= DATEADD(MINUTE, -@created_minutes, @now)
            OR c.first_attempt_at <= DATEADD(MINUTE, -@first_call_minutes, @now)
        )
) AS x
GROUP BY x.client_id;

INSERT INTO @apart (dial_class_id, reason_no, phones, waiting)
SELECT
    b.dial_class_id,
    CASE
        WHEN b.early_no < 701 AND b.early_no < b.time_no THEN b.early_no
        WHEN b.time_no < 701 THEN b.time_no
        ELSE 701
    END,
    y.phones,
    y.phones * y.is_waiting
FROM (
    SELECT
        p.dial_class_id AS dial_class_id,
        CASE WHEN p.waits_from > d.ready_before THEN 1 ELSE 0 END AS is_waiting,
        COUNT(*) AS phones
    FROM @client AS x
    CROSS APPLY (
        SELECT TOP (1000)
            h.dial_class_id AS dial_class_id,
            h.waits_from AS waits_from
        FROM core.phone AS h
        WHERE h.client_id = x.client_id
        ORDER BY h.number
    ) AS p
    JOIN @class AS d
        ON d.dial_class_id = p.dial_class_id
    WHERE x.is_alone = 0
    GROUP BY p.dial_class_id, CASE WHEN p.waits_from > d.ready_before THEN 1 ELSE 0 END
) AS y
JOIN @class AS b
    ON b.dial_class_id = y.dial_class_id;

INSERT INTO @apart (dial_class_id, reason_no, phones, waiting)
SELECT
    b.dial_class_id,
    (
        SELECT MIN(r.reason_no) AS reason_no
        FROM (
            VALUES
                (b.early_no),
                (CASE WHEN t.is_before_stop = 0 THEN 401 ELSE 10000 END),
                (CASE WHEN h.phones_out > 0 THEN 701 ELSE 10000 END),
                (CASE WHEN h.person_out > 0 THEN 702 ELSE 10000 END),
                (
                    CASE
                        WHEN t.is_in_first_call = 1 AND t.is_in_created = 1 THEN 10000
                        WHEN t.is_in_first_call = 1 THEN 1002
                        WHEN t.is_in_created = 1 THEN 1001
                        WHEN c.status_id = 7 OR (c.status_id <> 6 AND @created_names_status = 1) THEN 1002
                        ELSE 1001
                    END
                ),
                (CASE WHEN p.waits_from <= b.ready_before OR d.due_at <= @now THEN 10000 ELSE 1101 END),
                (CASE WHEN h.calls_promised = 0 OR d.due_at <= @now THEN 10000 ELSE 1102 END),
                (b.late_no)
        ) AS r (reason_no)
    ) AS reason_no,
    1,
    CASE WHEN p.waits_from > b.ready_before THEN 1 ELSE 0 END
FROM @client AS x
JOIN core.client AS c
    ON c.client_id = x.client_id
JOIN core.phone AS p
    ON p.client_id = x.client_id
JOIN @class AS b
    ON b.dial_class_id = p.dial_class_id
CROSS APPLY strategy.client_time_open(
    c.do_not_call_after, c.loaded_at, c.first_attempt_at, @created_minutes, @first_call_minutes, @now
) AS t
CROSS APPLY dialing.client_hold(c.client_id, c.person_id, @one_call_per_person, @now) AS h
OUTER APPLY (
    SELECT MIN(q.due_at) AS due_at
    FROM dialing.callback AS q
    WHERE q.client_id = p.client_id
        AND q.phone_id = p.phone_id
        AND q.state_id = 1
) AS d
WHERE x.is_alone = 1;

INSERT INTO @rest (dial_class_id, phones, waiting)
SELECT
    b.dial_class_id,
    b.phones - COALESCE(a.phones, 0),
    CASE WHEN b.early_no = 10000 AND b.time_no = 10000 THEN n.waiting - COALESCE(a.waiting, 0) ELSE 0 END
FROM @class AS b
LEFT JOIN (
    SELECT
        o.dial_class_id AS dial_class_id,
        SUM(o.phones) AS phones,
        SUM(o.waiting) AS waiting
    FROM @apart AS o
    GROUP BY o.dial_class_id
) AS a
    ON a.dial_class_id = b.dial_class_id
CROSS APPLY (
    SELECT COUNT(*) AS waiting
    FROM core.phone AS p
    WHERE p.dial_class_id = b.dial_class_id
        AND p.waits_from > b.ready_before
        AND b.early_no = 10000
        AND b.time_no = 10000
) AS n;

SELECT
    q.reason_no / 100 AS rule_no,
    q.reason_code AS reason_code,
    SUM(z.phones) AS phones
FROM (
    SELECT o.reason_no AS reason_no, o.phones AS phones
    FROM @apart AS o
    UNION ALL
    SELECT 1101 AS reason_no, r.waiting AS phones
    FROM @rest AS r
    UNION ALL
    SELECT
        CASE
            WHEN b.early_no < b.time_no THEN b.early_no
            WHEN b.time_no < 10000 THEN b.time_no
            WHEN b.is_promised = 1 THEN 1102
            ELSE b.late_no
        END AS reason_no,
        r.phones - r.waiting AS phones
    FROM @rest AS r
    JOIN @class AS b
        ON b.dial_class_id = r.dial_class_id
) AS z
JOIN strategy.reason AS q
    ON q.reason_no = CASE WHEN z.reason_no = 10000 THEN 0 ELSE z.reason_no END
GROUP BY q.reason_no, q.reason_code
HAVING SUM(z.phones) <> 0
ORDER BY q.reason_no;
