/*
ops.books          version 2.1.0          2026-11-26

Whether the books balance: each row is one check with what it expects and what it finds. It reads everything and is meant for
`acm books`, not for a screen that refreshes.

A phone is out from the moment when it was taken until its record came back or its result was applied, all by our own clock:
that of the dialer may be a little off.

Called by  app/books.py
Reads      core.client, core.phone, core.client_archive, core.phone_archive, core.attempt, core.attempt_outcome,
           core.technical_result, core.campaign, dialing.block, dialing.record, dialing.record_returned, dialing.callback,
           contacts.import_batch, strategy.phone_fact, core.dial_class, core.dial_class_change, core.client_count_change,
           strategy.version, strategy.version_phone_type, strategy.schedule_open, core.phone_zone_change
Returns    rows: check_no int, check_code nvarchar(40), expected bigint, found bigint, is_balanced int
*/
CREATE OR ALTER VIEW ops.books
AS
SELECT
    b.check_no AS check_no,
    b.check_code AS check_code,
    b.expected AS expected,
    b.found AS found,
    CASE WHEN b.expected = b.found THEN 1 ELSE 0 END AS is_balanced
FROM (
    SELECT
        1 AS check_no,
        N'clients_loaded' AS check_code,
        COALESCE((SELECT SUM(i.clients_loaded - i.clients_undone) AS n FROM contacts.import_batch AS i), 0) AS expected,
        (SELECT COUNT(*) AS n FROM core.client AS c WHERE c.import_batch_id IS NOT NULL)
        + (SELECT COUNT(*) AS n FROM core.client_archive AS h WHERE h.import_batch_id IS NOT NULL) AS found
    UNION ALL
    SELECT
        2 AS check_no,
        N'phones_loaded' AS check_code,
        COALESCE((SELECT SUM(i.phones_loaded - i.phones_undone) AS n FROM contacts.import_batch AS i), 0) AS expected,
        (SELECT COUNT(*) AS n FROM core.phone AS p WHERE p.import_batch_id IS NOT NULL)
        + (SELECT COUNT(*) AS n FROM core.phone_archive AS h WHERE h.import_batch_id IS NOT NULL) AS found
    UNION ALL
    SELECT
        3 AS check_no,
        N'attempts_with_one_result' AS check_code,
        (SELECT COUNT(*) AS n FROM core.attempt) AS expected,
        (
            SELECT COUNT(DISTINCT a.record_key) AS n
            FROM core.attempt AS a
            JOIN core.technical_result AS t
                ON t.technical_result_id = a.technical_result_id
        ) AS found
    UNION ALL
    SELECT
        4 AS check_no,
        N'records_of_blocks' AS check_code,
        COALESCE((SELECT SUM(k.size) AS n FROM dialing.block AS k), 0) AS expected,
        (SELECT COUNT(*) AS n FROM dialing.record)
        + (SELECT COUNT(*) AS n FROM core.attempt)
        + (
            SELECT COUNT(*) AS n
            FROM dialing.record_returned AS x
            WHERE NOT EXISTS (SELECT 1 AS found FROM core.attempt AS a WHERE a.record_key = x.record_key)
        ) AS found
    UNION ALL
    SELECT
        5 AS check_no,
        N'phones_out_twice_at_once' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM (
                SELECT
                    u.taken_at AS taken_at,
                    LAG(u.released_at) OVER (PARTITION BY u.phone_id ORDER BY u.taken_at, u.released_at) AS released_before
                FROM (
                    SELECT a.phone_id AS phone_id, a.taken_at AS taken_at, a.applied_at AS released_at
                    FROM core.attempt AS a
                    WHERE NOT EXISTS (SELECT 1 AS found FROM dialing.record_returned AS x WHERE x.record_key = a.record_key)
                    UNION ALL
                    SELECT x.phone_id AS phone_id, x.taken_at AS taken_at, x.returned_at AS released_at
                    FROM dialing.record_returned AS x
                    UNION ALL
                    SELECT
                        r.phone_id AS phone_id,
                        r.taken_at AS taken_at,
                        CAST(DATEFROMPARTS(9999, 12, 31) AS datetime2(3)) AS released_at
                    FROM dialing.record AS r
                ) AS u
            ) AS w
            WHERE w.released_before > w.taken_at
        ) AS found
    UNION ALL
    SELECT
        6 AS check_no,
        N'clients_with_other_attempts' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM core.client AS c
            LEFT JOIN (
                SELECT a.client_id AS client_id, a.round_no AS round_no, COUNT(*) AS attempts
                FROM core.attempt AS a
                WHERE a.is_counted = 1
                GROUP BY a.client_id, a.round_no
            ) AS y
                ON y.client_id = c.client_id
                AND y.round_no = c.round_no
            WHERE c.attempts <> COALESCE(y.attempts, 0)
        ) AS found
    UNION ALL
    SELECT
        7 AS check_no,
        N'phones_with_other_attempts' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM core.phone AS p
            JOIN core.client AS c
                ON c.client_id = p.client_id
            LEFT JOIN (
                SELECT a.phone_id AS phone_id, a.client_id AS client_id, a.round_no AS round_no, COUNT(*) AS attempts
                FROM core.attempt AS a
                WHERE a.is_counted = 1
                GROUP BY a.phone_id, a.client_id, a.round_no
            ) AS y
                ON y.phone_id = p.phone_id
                AND y.client_id = p.client_id
                AND y.round_no = c.round_no
            WHERE p.attempts <> COALESCE(y.attempts, 0)
        ) AS found
    UNION ALL
    SELECT
        8 AS check_no,
        N'attempts_outside_schedule' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM core.attempt AS a
            JOIN strategy.version AS v
                ON v.strategy_version_id = a.strategy_version_id
            JOIN (
                SELECT x.phone_id AS phone_id, x.phone_type_id AS phone_type_id, x.zone_id AS zone_id
                FROM core.phone AS x
                UNION ALL
                SELECT h.phone_id AS phone_id, h.phone_type_id AS phone_type_id, h.zone_id AS zone_id
                FROM core.phone_archive AS h
            ) AS p
                ON p.phone_id = a.phone_id
            JOIN (
                SELECT x.client_id AS client_id, x.zone_id AS zone_id
                FROM core.client AS x
                UNION ALL
                SELECT h.client_id AS client_id, h.zone_id AS zone_id
                FROM core.client_archive AS h
            ) AS c
                ON c.client_id = a.client_id
            JOIN core.campaign AS k
                ON k.campaign_id = a.campaign_id
            LEFT JOIN strategy.version_phone_type AS t
                ON t.strategy_version_id = v.strategy_version_id
                AND t.phone_type_id = p.phone_type_id
            OUTER APPLY (
                SELECT TOP (1) h.phone_id AS phone_id, h.old_zone_id AS old_zone_id
                FROM core.phone_zone_change AS h
                WHERE h.phone_id = a.phone_id
                    AND h.changed_at > a.taken_at
                ORDER BY h.changed_at
            ) AS z
            CROSS APPLY strategy.schedule_open(
                COALESCE(t.schedule_id, v.schedule_id),
                COALESCE(CASE WHEN z.phone_id IS NULL THEN p.zone_id ELSE z.old_zone_id END, c.zone_id, k.default_zone_id),
                DATEADD(MILLISECOND, -COALESCE(a.duration_ms, 0), a.ended_at)
            ) AS o
            WHERE o.is_open = 0
        ) AS found
    UNION ALL
    SELECT
        9 AS check_no,
        N'phones_in_another_class' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM strategy.phone_fact AS f
            LEFT JOIN core.dial_class AS d
                ON d.dial_class_id = f.dial_class_id
            WHERE d.dial_class_id IS NULL
                OR d.facts_key <> f.facts_key
        ) AS found
    UNION ALL
    SELECT
        10 AS check_no,
        N'classes_with_another_count' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM (
                SELECT z.dial_class_id AS dial_class_id
                FROM (
                    SELECT x.dial_class_id AS dial_class_id, x.phones AS phones
                    FROM core.dial_class_change AS x
                    UNION ALL
                    SELECT p.dial_class_id AS dial_class_id, -1 AS phones
                    FROM core.phone AS p
                ) AS z
                GROUP BY z.dial_class_id
                HAVING SUM(z.phones) <> 0
            ) AS q
        ) AS found
    UNION ALL
    SELECT
        11 AS check_no,
        N'statuses_with_another_count' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM (
                SELECT z.campaign_id AS campaign_id
                FROM (
                    SELECT
                        x.campaign_id AS campaign_id, x.segment_id AS segment_id, x.status_id AS status_id, x.clients AS clients
                    FROM core.client_count_change AS x
                    UNION ALL
                    SELECT c.campaign_id AS campaign_id, c.segment_id AS segment_id, c.status_id AS status_id, -1 AS clients
                    FROM core.client AS c
                ) AS z
                GROUP BY z.campaign_id, z.segment_id, z.status_id
                HAVING SUM(z.clients) <> 0
            ) AS q
        ) AS found
    UNION ALL
    SELECT
        12 AS check_no,
        N'callbacks_in_work_without_record' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM dialing.callback AS x
            WHERE x.state_id = 2
                AND NOT EXISTS (
                    SELECT 1 AS found
                    FROM dialing.record AS r
                    WHERE r.record_key = x.record_key
                        AND r.callback_id = x.callback_id
                )
        )
        + (
            SELECT COUNT(*) AS n
            FROM dialing.record AS r
            WHERE r.callback_id IS NOT NULL
                AND NOT EXISTS (
                    SELECT 1 AS found
                    FROM dialing.callback AS x
                    WHERE x.callback_id = r.callback_id
                        AND x.record_key = r.record_key
                        AND x.state_id = 2
                )
        ) AS found
    UNION ALL
    SELECT
        13 AS check_no,
        N'calls_with_two_agent_results' AS check_code,
        0 AS expected,
        (
            SELECT COUNT(*) AS n
            FROM (
                SELECT o.record_key AS record_key
                FROM core.attempt_outcome AS o
                WHERE o.record_key IS NOT NULL
                GROUP BY o.record_key
                HAVING COUNT(*) > 1
            ) AS q
        ) AS found
) AS b;
