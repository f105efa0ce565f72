"""The rows of a base in SQL: what each client is, follows from its number n; views have the columns of the tables."""

from __future__ import annotations

import re
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, text

SCHEMA = """
DROP SCHEMA IF EXISTS bench CASCADE;
CREATE SCHEMA bench;
CREATE TABLE bench.call (
    history_id int, seq int, phone int, technical_result_id int, agent_result_id int, is_counted smallint, days_ago int
);
CREATE TABLE bench.campaign (campaign_no int, campaign_id int, segments int[]);
CREATE FUNCTION bench.pick(n bigint, what int, below int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT ((hashint8extended(n, what) & 9223372036854775807) % below)::int $$;
"""

# Facts of a history, for clients with one phone (the second phone's calls then went to the first) and with two.
HISTORY_FACTS = """
CREATE TABLE bench.history AS
SELECT
    h.history_id,
    f.phones,
    COALESCE(sum(c.is_counted), 0) AS attempts,
    COALESCE(sum(c.is_counted) FILTER (WHERE c.days_ago = 0), 0) AS day_attempts,
    min(c.seq) FILTER (WHERE c.is_counted = 1) AS first_seq,
    max(c.days_ago) FILTER (WHERE c.is_counted = 1) AS first_days,
    max(c.seq) AS last_seq,
    min(c.days_ago) AS last_days,
    (array_agg(c.technical_result_id ORDER BY c.seq DESC))[1] AS technical_result_id,
    (array_agg(c.agent_result_id ORDER BY c.seq DESC))[1] AS last_agent_result_id,
    (array_agg(c.agent_result_id ORDER BY c.seq DESC) FILTER (WHERE c.agent_result_id > 0))[1] AS agent_result_id,
    count(c.agent_result_id) AS agent_result_attempts,
    max(c.seq) FILTER (WHERE c.agent_result_id > 0) AS agent_seq,
    min(c.days_ago) FILTER (WHERE c.agent_result_id > 0) AS agent_days,
    COALESCE(max(a.final_status_id), 1) AS status_id
FROM generate_series(0, :last_history) AS h (history_id)
CROSS JOIN (VALUES (1), (2)) AS f (phones)
LEFT JOIN bench.call AS c ON c.history_id = h.history_id
LEFT JOIN core.agent_result AS r ON r.agent_result_id = c.agent_result_id
LEFT JOIN strategy.agent_action AS a ON a.action_id = r.action_id
GROUP BY h.history_id, f.phones;

CREATE TABLE bench.history_phone AS
SELECT
    h.history_id,
    h.phones,
    p.phone,
    COALESCE(sum(c.is_counted), 0) AS attempts,
    max(c.seq) AS last_seq,
    min(c.days_ago) AS last_days,
    (array_agg(c.technical_result_id ORDER BY c.seq DESC))[1] AS technical_result_id,
    (array_agg(c.agent_result_id ORDER BY c.seq DESC))[1] AS agent_result_id,
    CASE WHEN COALESCE(max(c.seq), 0) <= h.agent_seq THEN h.agent_result_id END AS hold_agent_result_id,
    greatest(max(c.seq), h.agent_seq) AS wait_seq,
    least(min(c.days_ago), h.agent_days) AS wait_days,
    COALESCE(max(CASE WHEN r.action_id = 5 THEN 1 ELSE 0 END), 0) AS is_do_not_call
FROM bench.history AS h
CROSS JOIN (VALUES (1), (2)) AS p (phone)
LEFT JOIN bench.call AS c ON c.history_id = h.history_id AND least(c.phone, h.phones) = p.phone
LEFT JOIN core.agent_result AS r ON r.agent_result_id = c.agent_result_id
WHERE p.phone <= h.phones
GROUP BY h.history_id, h.phones, h.agent_seq, h.agent_days, h.agent_result_id, p.phone;
"""

# shape_no: clients with the same one are alike in all that the strategy reads.
CLIENTS = """
CREATE UNLOGGED TABLE bench.client AS
SELECT
    x.*,
    (((x.segment_id::bigint * 1000 + COALESCE(x.zone_id, 0)) * 11 + COALESCE(x.load_priority, 0)) * 100 + x.history_id) * 4
        + x.phones * 2 - 2 + CASE WHEN x.phones = 2 AND x.home_zone_id IS NOT NULL THEN 1 ELSE 0 END AS shape_no,
    CASE WHEN x.history_id = ANY (:of_today::int[]) THEN 0 ELSE bench.pick(x.n, 15, :days) END AS shift
FROM (
    SELECT
        n,
        k.campaign_id,
        k.segments[1 + bench.pick(n, 1, 100)] AS segment_id,
        (:zones::int[])[1 + bench.pick(n, 2, 100)] AS zone_id,
        CASE WHEN bench.pick(n, 3, 10) = 0 THEN 2 END::smallint AS load_priority,
        (:histories::int[])[1 + bench.pick(n, 4, :draws)] AS history_id,
        1 + bench.pick(n, 5, 2) AS phones,
        CASE WHEN bench.pick(n, 6, 5) = 0 THEN :moscow END AS home_zone_id,
        bench.pick(n, 7, 6000000) AS jitter
    FROM generate_series(1::bigint, :clients) AS n
    JOIN bench.campaign AS k ON k.campaign_no = ((n - 1) / :file_size) % :campaigns
) AS x;
ANALYZE bench.client;

CREATE UNLOGGED TABLE bench.shape AS
SELECT shape_no, min(n) AS prototype, count(*) AS clients FROM bench.client GROUP BY shape_no;
ANALYZE bench.shape;

-- Calls are made between 9:00 in Moscow and 8:40 at UTC, eight minutes apart.
CREATE FUNCTION bench.moment(days_ago int, seq int, jitter int) RETURNS timestamp LANGUAGE sql IMMUTABLE AS
$$ SELECT (:now)::date - days_ago + interval '6 hours' + seq * interval '8 minutes' + jitter * interval '1 millisecond' $$;

CREATE FUNCTION bench.loaded(n bigint) RETURNS timestamp LANGUAGE sql IMMUTABLE AS
$$ SELECT (:now)::date - 20 + n * interval '10 milliseconds' $$;

CREATE VIEW bench.new_client AS
SELECT
    b.n AS client_id,
    b.campaign_id,
    'C-' || lpad(b.n::text, 9, '0') AS client_code,
    'C-' || lpad(b.n::text, 9, '0') AS client_code_key,
    b.segment_id,
    -- A fifth of the persons are clients of two campaigns.
    1 + b.n % greatest(:clients * 5 / 6, 1) AS person_id,
    (ARRAY['Иванов', 'Петров', 'Сидоров', 'Смирнов', 'Кузнецов'])[1 + bench.pick(b.n, 8, 5)] AS last_name,
    (ARRAY['Анна', 'Иван', 'Мария', 'Пётр', 'Ольга', 'Сергей'])[1 + bench.pick(b.n, 9, 6)] AS first_name,
    'Сергеевич' AS middle_name,
    '{"product": "card", "limit": ' || bench.pick(b.n, 10, 500) * 1000 || ', "branch": "0017", "rate": "19.9"}'
        AS attributes,
    b.zone_id,
    b.load_priority,
    1 AS round_no,
    bench.loaded(b.n) AS loaded_at,
    bench.loaded(b.n) AS updated_at,
    i.batch_id AS import_batch_id,
    i.batch_id AS updated_batch_id,
    CASE WHEN bench.pick(b.n, 11, 10) = 0 THEN (:now)::timestamp + interval '30 days' END AS do_not_call_after,
    h.status_id AS status_id,
    COALESCE(bench.moment(h.last_days + b.shift, h.last_seq, b.jitter), bench.loaded(b.n)) AS status_at,
    h.attempts,
    CASE WHEN h.day_attempts > 0 THEN (:now)::date END AS attempt_day,
    h.day_attempts,
    bench.moment(h.first_days + b.shift, h.first_seq, b.jitter) AS first_attempt_at,
    bench.moment(h.last_days + b.shift, h.last_seq, b.jitter) AS last_attempt_at,
    h.technical_result_id AS last_technical_result_id,
    h.last_agent_result_id,
    h.agent_result_id,
    h.agent_result_attempts,
    bench.moment(h.agent_days + b.shift, h.agent_seq, b.jitter) AS agent_result_at,
    b.shape_no
FROM bench.client AS b
JOIN bench.history AS h ON h.history_id = b.history_id AND h.phones = b.phones
JOIN contacts.import_batch AS i ON i.campaign_id = b.campaign_id;

CREATE VIEW bench.new_phone AS
SELECT
    2 * b.n + p.phone - 2 AS phone_id,
    b.n AS client_id,
    b.campaign_id,
    CASE WHEN p.phone = 1 THEN :mobile ELSE :home END AS phone_type_id,
    CASE WHEN p.phone = 1 THEN '79' ELSE '74' END || lpad(b.n::text, 9, '0') AS number,
    CASE WHEN p.phone = 1 THEN '+7 9' ELSE '+7 4' END || lpad(b.n::text, 9, '0') AS number_raw,
    CASE WHEN p.phone = 2 THEN b.home_zone_id END AS zone_id,
    bench.loaded(b.n) AS loaded_at,
    i.batch_id AS import_batch_id,
    p.is_do_not_call,
    p.attempts,
    bench.moment(p.last_days + b.shift, p.last_seq, b.jitter) AS last_attempt_at,
    p.technical_result_id AS last_technical_result_id,
    p.agent_result_id AS last_agent_result_id,
    p.hold_agent_result_id,
    COALESCE(bench.moment(p.wait_days + b.shift, p.wait_seq, b.jitter), bench.loaded(b.n)) AS waits_from,
    b.shape_no
FROM bench.client AS b
JOIN bench.history_phone AS p ON p.history_id = b.history_id AND p.phones = b.phones
JOIN contacts.import_batch AS i ON i.campaign_id = b.campaign_id;

CREATE VIEW bench.new_attempt AS
SELECT
    'B' || b.n || '-' || c.seq AS record_key,
    b.campaign_id,
    b.n AS client_id,
    2 * b.n + least(c.phone, b.phones) - 2 AS phone_id,
    1 + b.n % greatest(:clients * 5 / 6, 1) AS person_id,
    CASE WHEN least(c.phone, b.phones) = 1 THEN '79' ELSE '74' END || lpad(b.n::text, 9, '0') AS number,
    k.block_id,
    k.strategy_version_id,
    1 AS processing_id,
    1 AS round_no,
    bench.moment(c.days_ago + b.shift, c.seq, b.jitter) - interval '2 minutes' AS taken_at,
    bench.moment(c.days_ago + b.shift, c.seq, b.jitter) AS ended_at,
    c.technical_result_id,
    c.is_counted,
    20000 AS duration_ms,
    bench.moment(c.days_ago + b.shift, c.seq, b.jitter) + interval '10 seconds' AS applied_at,
    c.agent_result_id,
    CASE WHEN c.days_ago + b.shift = 0 THEN 1 ELSE 0 END AS is_today
FROM bench.client AS b
JOIN bench.call AS c ON c.history_id = b.history_id
JOIN dialing.block AS k ON k.campaign_id = b.campaign_id;
"""

# Promised today. At most twenty callbacks of a campaign are due, in a base of any size; the others come later today.
CALLBACK_ROWS = """
INSERT INTO dialing.callback (campaign_id, client_id, phone_id, due_at, agent, state_id, source_id, created_at)
SELECT
    b.campaign_id, b.n, 2 * b.n - 1,
    (:now)::timestamp + CASE
        WHEN row_number() OVER (PARTITION BY b.campaign_id ORDER BY b.n) <= 20 THEN -interval '10 minutes'
        ELSE interval '1 minute' + bench.pick(b.n, 12, 600) * interval '1 minute'
    END,
    CASE WHEN bench.pick(b.n, 13, 3) = 0 THEN 'agent' || bench.pick(b.n, 14, 50) END, 1, 1,
    bench.moment(c.days_ago + b.shift, c.seq, b.jitter)
FROM bench.client AS b
JOIN bench.call AS c ON c.history_id = b.history_id AND c.seq = 1
WHERE b.history_id = ANY (:callback_histories::int[]) AND c.days_ago + b.shift = 0;
"""

# What books count: rows of counts, sizes of blocks and loads. And identity columns go on after the rows.
COUNTS = """
INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT q.dial_class_id, sum(s.clients - 1)
FROM bench.shape AS s
JOIN bench.settled_phone AS q ON q.shape_no = s.shape_no
WHERE s.clients > 1
GROUP BY q.dial_class_id;

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT c.campaign_id, c.segment_id, c.status_id, sum(s.clients - 1)
FROM bench.shape AS s
JOIN core.client AS c ON c.client_id = s.prototype
WHERE s.clients > 1
GROUP BY c.campaign_id, c.segment_id, c.status_id;

UPDATE dialing.block AS k SET size = n.attempts
FROM (SELECT block_id, count(*) AS attempts FROM core.attempt GROUP BY block_id) AS n
WHERE n.block_id = k.block_id;
UPDATE contacts.import_batch AS i SET clients_loaded = n.clients, phones_loaded = n.phones
FROM (SELECT campaign_id, count(*) AS clients, sum(phones) AS phones FROM bench.client GROUP BY campaign_id) AS n
WHERE n.campaign_id = i.campaign_id;
-- All clients have the status of the strategy in force.
UPDATE core.campaign SET status_version_id = strategy_version_id;
INSERT INTO core.status_run (campaign_id, first_calls_seen_until)
SELECT k.campaign_id, (:now)::timestamp - v.first_call_minutes * interval '1 minute'
FROM core.campaign AS k JOIN strategy.version AS v ON v.strategy_version_id = k.strategy_version_id;

SELECT setval(pg_get_serial_sequence('core.client', 'client_id'), max(client_id)) FROM core.client;
SELECT setval(pg_get_serial_sequence('core.phone', 'phone_id'), max(phone_id)) FROM core.phone;
SELECT setval(pg_get_serial_sequence('core.person', 'person_id'), max(person_id)) FROM core.person;
"""


def run(connection: Connection, script: str, **values: Any) -> None:
    """Run statements with `:name` replaced by literals: views and functions take no parameters."""

    def literal(match: re.Match[str]) -> str:
        return sql.Literal(values[match[1]]).as_string(None)

    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a session that is open
    driver.execute(re.sub(r"(?<!:):([a-z_]+)\b", literal, script))


def columns(connection: Connection, schema: str, table: str) -> list[str]:
    """The columns of a table or view, in their order."""
    return list(
        connection.scalars(
            text(
                "SELECT column_name FROM information_schema.columns"
                " WHERE table_schema = :schema AND table_name = :table ORDER BY ordinal_position"
            ),
            {"schema": schema, "table": table},
        )
    )


def shared_columns(connection: Connection, table: str) -> list[str]:
    """The columns that core.TABLE has of the view bench.new_TABLE; the view may have more, to join by."""
    own = set(columns(connection, "core", table))
    return [name for name in columns(connection, "bench", f"new_{table}") if name in own]
