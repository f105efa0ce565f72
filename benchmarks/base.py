"""Bases to measure on: clients with histories, phones, attempts and dial classes, made by set-based SQL.

A base has `clients` clients with 1.5 phones each, in `campaigns` campaigns of equal size. What is random about a client
follows from its number by a hash, so that every base of a size is the same. Clients come in files of about a thousand, one
campaign after another, and each has one of the histories below; facts of clients and phones are summed up from the calls.

Clients alike in all that the strategy reads are one shape. The first client of each shape is settled by
contacts.client_settle itself; its followers are written with the status, the dial classes and the freedom that it got.
check() then compares a sample (or, by ops.books, everything) with what follows from the facts.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import sql
from sqlalchemy import Connection, Engine, text

from app.campaigns import AgentResultForm, PhoneTypeForm, ScheduleForm, StrategyForm, create_campaign
from app.database.deploy import upgrade
from app.procedures import contacts, dialing

#: UTC. Noon in Moscow; in Kamchatka it is 21:00 and the schedule has just closed.
NOW = datetime(2026, 11, 23, 9)
#: A base that was built by another recipe is not used again.
RECIPE = 1
SETTLE_CHUNK = 5000

# (segment, share in per cent, is it switched on)
SEGMENTS = [("standard", 50, 1), ("silver", 30, 1), ("gold", 16, 1), ("paused", 4, 0)]
# (zone of the client, share); None: the campaign's, Moscow.
ZONES = [(None, 60), ("Asia/Yekaterinburg", 15), ("Asia/Omsk", 10), ("Asia/Irkutsk", 8), ("Asia/Kamchatka", 7)]
# (share, calls), a call: phone 1 or 2, technical result, agent result, days ago. All calls of a client are in this order.
HISTORIES: list[tuple[int, list[tuple[int, str, str | None, int]]]] = [
    (30, []),
    (11, [(1, "NO_ANSWER", None, 3)]),
    (8, [(1, "BUSY", None, 3)]),
    (8, [(1, "NO_ANSWER", None, 4), (2, "NO_ANSWER", None, 3)]),
    (6, [(1, "ANSWERING_MACHINE", None, 3)]),
    (5, [(1, "NO_ANSWER", None, 5), (1, "BUSY", None, 4), (2, "NO_ANSWER", None, 3)]),
    (5, [(1, "NO_ANSWER", None, 0)]),
    (4, [(1, "BUSY", None, 3), (1, "NO_ANSWER", None, 0)]),
    (4, [(1, "VOICE", "12", 3)]),
    (2, [(1, "VOICE", "12", 0)]),
    (2, [(1, "VOICE", "14", 0)]),  # with a callback
    (3, [(1, "ANSWERING_MACHINE", None, 5), (2, "NO_ANSWER", None, 4), (1, "BUSY", None, 3)]),
    (2, [(1, "NO_ANSWER", None, 5)] * 2 + [(1, "BUSY", None, 4)] * 2 + [(2, "NO_ANSWER", None, 3)] * 2),
    (3, [(1, "VOICE", "20", 3)]),
    (2, [(1, "NO_ANSWER", None, 4), (1, "VOICE", "11", 3)]),
    (1, [(1, "VOICE", "15", 3)]),
    (2, [(1, "INVALID_NUMBER", None, 3)]),
    (1, [(1, "NETWORK_UNAVAILABLE", None, 3), (1, "NO_ANSWER", None, 0)]),
    (1, [(1, "NETWORK_DISCONNECT", None, 3)]),
]
CALLBACKS = ("VOICE", "14")
STRATEGY = StrategyForm(
    schedule=ScheduleForm.daily("9-21", 9 * 60, 21 * 60),
    block_size=1000,
    queue_depth=10_000,
    max_client_attempts=6,
    max_day_attempts=3,
    first_call_minutes=30 * 24 * 60,
    created_minutes=90 * 24 * 60,
    phone_types={"M": PhoneTypeForm(max_attempts=5, weight=1), "H": PhoneTypeForm(max_attempts=3, weight=3)},
    agent_results={
        "20": AgentResultForm(action_id=1),
        "14": AgentResultForm(action_id=2, priority=3),
        "12": AgentResultForm(action_id=3, priority=5, max_attempts=3, delay_minutes=240),
        "11": AgentResultForm(action_id=4),
        "15": AgentResultForm(action_id=5),
    },
)

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

CLIENTS = """
CREATE UNLOGGED TABLE bench.client AS
SELECT
    n,
    k.campaign_id,
    k.segments[1 + bench.pick(n, 1, 100)] AS segment_id,
    (:zones::int[])[1 + bench.pick(n, 2, 100)] AS zone_id,
    CASE WHEN bench.pick(n, 3, 10) = 0 THEN 2 END::smallint AS load_priority,
    (:histories::int[])[1 + bench.pick(n, 4, 100)] AS history_id,
    1 + bench.pick(n, 5, 2) AS phones,
    CASE WHEN bench.pick(n, 6, 5) = 0 THEN :moscow END AS home_zone_id,
    bench.pick(n, 7, 6000000) AS jitter
FROM generate_series(1::bigint, :clients) AS n
JOIN bench.campaign AS k ON k.campaign_no = ((n - 1) / :file_size) % :campaigns;

CREATE UNLOGGED TABLE bench.shape AS
SELECT
    min(n) AS prototype, campaign_id, segment_id, zone_id, load_priority, history_id, phones,
    CASE WHEN phones = 2 THEN home_zone_id END AS home_zone_id, 0::smallint AS status_id
FROM bench.client
GROUP BY campaign_id, segment_id, zone_id, load_priority, history_id, phones, CASE WHEN phones = 2 THEN home_zone_id END;

CREATE UNLOGGED TABLE bench.followed AS
SELECT b.*, s.prototype
FROM bench.client AS b
JOIN bench.shape AS s
    ON s.campaign_id = b.campaign_id AND s.segment_id = b.segment_id AND s.history_id = b.history_id
    AND s.phones = b.phones AND COALESCE(s.zone_id, 0) = COALESCE(b.zone_id, 0)
    AND COALESCE(s.load_priority, 0) = COALESCE(b.load_priority, 0)
    AND COALESCE(s.home_zone_id, 0) = COALESCE(CASE WHEN b.phones = 2 THEN b.home_zone_id END, 0);
DROP TABLE bench.client;
ANALYZE bench.followed, bench.shape;

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
    COALESCE(bench.moment(h.last_days, h.last_seq, b.jitter), bench.loaded(b.n)) AS status_at,
    h.attempts,
    CASE WHEN h.day_attempts > 0 THEN (:now)::date END AS attempt_day,
    h.day_attempts,
    bench.moment(h.first_days, h.first_seq, b.jitter) AS first_attempt_at,
    bench.moment(h.last_days, h.last_seq, b.jitter) AS last_attempt_at,
    h.technical_result_id AS last_technical_result_id,
    h.last_agent_result_id,
    h.agent_result_id,
    h.agent_result_attempts,
    bench.moment(h.agent_days, h.agent_seq, b.jitter) AS agent_result_at
FROM bench.followed AS b
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
    bench.moment(p.last_days, p.last_seq, b.jitter) AS last_attempt_at,
    p.technical_result_id AS last_technical_result_id,
    p.agent_result_id AS last_agent_result_id,
    p.hold_agent_result_id,
    COALESCE(bench.moment(p.wait_days, p.wait_seq, b.jitter), bench.loaded(b.n)) AS waits_from
FROM bench.followed AS b
JOIN bench.history_phone AS p ON p.history_id = b.history_id AND p.phones = b.phones
JOIN contacts.import_batch AS i ON i.campaign_id = b.campaign_id;

CREATE VIEW bench.new_attempt AS
SELECT
    'B' || b.n || '-' || c.seq AS record_key,
    b.campaign_id,
    b.n AS client_id,
    2 * b.n + least(c.phone, b.phones) - 2 AS phone_id,
    CASE WHEN least(c.phone, b.phones) = 1 THEN '79' ELSE '74' END || lpad(b.n::text, 9, '0') AS number,
    k.block_id,
    k.strategy_version_id,
    1 AS processing_id,
    1 AS round_no,
    bench.moment(c.days_ago, c.seq, b.jitter) - interval '2 minutes' AS taken_at,
    bench.moment(c.days_ago, c.seq, b.jitter) AS ended_at,
    c.technical_result_id,
    c.is_counted,
    20000 AS duration_ms,
    bench.moment(c.days_ago, c.seq, b.jitter) + interval '10 seconds' AS applied_at,
    c.agent_result_id
FROM bench.followed AS b
JOIN bench.call AS c ON c.history_id = b.history_id
JOIN dialing.block AS k ON k.campaign_id = b.campaign_id;
"""

FOLLOWERS = """
UPDATE bench.shape AS s SET status_id = c.status_id FROM core.client AS c WHERE c.client_id = s.prototype;
ANALYZE bench.shape;
CREATE UNLOGGED TABLE bench.phone_class AS
SELECT s.prototype, p.phone_id - 2 * s.prototype AS phone, p.dial_class_id
FROM bench.shape AS s
JOIN core.phone AS p ON p.client_id = s.prototype;
ANALYZE bench.phone_class;

INSERT INTO core.dial_class_change (dial_class_id, phones)
SELECT q.dial_class_id, count(*)
FROM bench.followed AS b
JOIN bench.phone_class AS q ON q.prototype = b.prototype
WHERE b.n <> b.prototype
GROUP BY q.dial_class_id;

INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT s.campaign_id, s.segment_id, s.status_id, count(*)
FROM bench.followed AS b
JOIN bench.shape AS s ON s.prototype = b.prototype
WHERE b.n <> b.prototype
GROUP BY s.campaign_id, s.segment_id, s.status_id;
"""

# At most twenty callbacks of a campaign are due, in a base of any size; the others come later today.
CALLBACK_ROWS = """
INSERT INTO dialing.callback (campaign_id, client_id, phone_id, due_at, agent, state_id, source_id, created_at)
SELECT
    b.campaign_id, b.n, 2 * b.n - 1,
    (:now)::timestamp + CASE
        WHEN row_number() OVER (PARTITION BY b.campaign_id ORDER BY b.n) <= 20 THEN -interval '10 minutes'
        ELSE interval '1 minute' + bench.pick(b.n, 12, 600) * interval '1 minute'
    END,
    CASE WHEN bench.pick(b.n, 13, 3) = 0 THEN 'agent' || bench.pick(b.n, 14, 50) END, 1, 1, a.ended_at
FROM bench.followed AS b
JOIN core.attempt AS a ON a.record_key = 'B' || b.n || '-1'
WHERE b.history_id = :callback_history;
"""


@dataclass(frozen=True)
class Base:
    """A base that is there: what was asked for, what it holds, and how long it took to make."""

    clients: int
    campaigns: int
    phones: int
    classes: int
    campaign_ids: list[int]
    built_seconds: float

    @property
    def stopped_campaign(self) -> int:
        """A campaign without clients that was never started."""
        return self.campaign_ids[-1] + 1


def build(engine: Engine, clients: int, campaigns: int, say: Callable[[str], None] = lambda line: None) -> Base:
    """Make the base in the empty database of `engine`: tables, sql/, rows, statistics."""
    began = time.monotonic()
    upgrade(engine)
    with engine.begin() as connection:
        _run(connection, SCHEMA)
        _campaigns(connection, campaigns)
        _histories(connection)
        values = _dictionary(connection)
        file_size = math.ceil(clients / campaigns / math.ceil(clients / campaigns / 1000))
        _run(connection, CLIENTS, clients=clients, campaigns=campaigns, file_size=file_size, now=NOW, **values)
        _persons(connection, clients)
        shapes = _insert_prototypes(connection)
    say(f"  {shapes} shapes of clients")
    _settle_prototypes(engine)
    say("  their statuses and dial classes by contacts.client_settle")
    with engine.begin() as connection:
        indexes = _drop_indexes(connection)
        _insert_followers(connection)
        for statement in indexes:
            connection.exec_driver_sql(statement)
        _run(connection, CALLBACK_ROWS, now=NOW, callback_history=_callback_history())
        _finish(connection)
    say("  clients, phones and attempts")
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("DROP SCHEMA bench CASCADE")
        connection.exec_driver_sql("VACUUM (ANALYZE, PARALLEL 0)")
    with engine.begin() as connection:
        for _ in range(clients // 20_000 + 10):
            contacts.count_fold(connection)
    return describe(engine, time.monotonic() - began)


def describe(engine: Engine, built_seconds: float = 0.0) -> Base:
    """What the base of `engine` holds."""
    with engine.connect() as connection:
        ids = connection.scalars(
            text("SELECT campaign_id FROM core.campaign WHERE state_id = 2 ORDER BY campaign_id")
        ).all()
        count = connection.execute(
            text(
                "SELECT (SELECT count(*) FROM core.client), (SELECT count(*) FROM core.phone),"
                " (SELECT count(*) FROM core.dial_class)"
            )
        ).one()
    return Base(count[0], len(ids), count[1], count[2], list(ids), round(built_seconds, 1))


def check(connection: Connection, sample: int = 100) -> dict[str, int]:
    """How many phones and clients of each `sample`-th thousand are not as their facts say; all zero in a sound base.

    sample 1 reads ops.books instead, the whole base.
    """
    if sample == 1:
        rows = connection.execute(text("SELECT check_code, found - expected FROM ops.books")).all()
        return {code: difference for code, difference in rows}
    rows = connection.execute(
        text(
            """
            SELECT count(*) AS phones,
                count(*) FILTER (WHERE d.facts_key IS DISTINCT FROM f.facts_key) AS wrong_phones,
                count(*) FILTER (WHERE n.status_id <> c.status_id) AS wrong_clients
            FROM generate_series(0, (SELECT max(client_id) FROM core.client) / 1000, :sample) AS g (n)
            JOIN core.client AS c ON c.client_id BETWEEN g.n * 1000 + 1 AND g.n * 1000 + 1000
            CROSS JOIN LATERAL strategy.client_status_now(c.client_id, :now) AS n
            JOIN strategy.phone_fact AS f ON f.client_id = c.client_id
            LEFT JOIN core.dial_class AS d ON d.dial_class_id = f.dial_class_id
            """
        ),
        {"sample": sample, "now": NOW},
    ).one()
    if not rows.phones:
        raise RuntimeError("the sample is empty")
    return {"phones_in_another_class": rows.wrong_phones, "clients_in_another_status": rows.wrong_clients}


# The steps of build


def _campaigns(connection: Connection, campaigns: int) -> None:
    """Make the campaigns, and one more that stays empty and stopped."""
    for number in range(campaigns + 1):
        campaign_id = create_campaign(
            connection,
            code=f"BENCH{number + 1}",
            name=f"Bench {number + 1}",
            zone_code="Europe/Moscow",
            strategy=STRATEGY,
            created_by="bench",
            now=NOW,
        )
        if number == campaigns:
            return
        dialing.campaign_start(connection, campaign_id, NOW)
        _run(
            connection,
            """
            INSERT INTO core.segment (campaign_id, code, code_key, name, is_enabled, created_at)
            SELECT :campaign_id, s.code, upper(s.code), s.code, s.is_enabled, :now
            FROM unnest(:codes::text[], :enabled::smallint[]) AS s (code, is_enabled);
            INSERT INTO bench.campaign (campaign_no, campaign_id, segments)
            SELECT :number, :campaign_id, array_agg(s.segment_id ORDER BY t.place)
            FROM unnest(:shares::text[]) WITH ORDINALITY AS t (code, place)
            JOIN core.segment AS s ON s.campaign_id = :campaign_id AND s.code = t.code;
            INSERT INTO contacts.import_batch (kind_id, campaign_id, state_id, started_at, finished_at, created_by)
            VALUES (1, :campaign_id, 2, :now, :now, 'bench');
            INSERT INTO dialing.block (campaign_id, strategy_version_id, state_id, size, taken_at)
            SELECT campaign_id, strategy_version_id, 3, 0, :now FROM core.campaign WHERE campaign_id = :campaign_id;
            """,
            campaign_id=campaign_id,
            number=number,
            now=NOW,
            codes=[code for code, _, _ in SEGMENTS],
            enabled=[enabled for _, _, enabled in SEGMENTS],
            shares=[code for code, share, _ in SEGMENTS for _ in range(share)],
        )


def _histories(connection: Connection) -> None:
    rows = [
        (number, seq, phone, result, agent, days_ago)
        for number, (_, calls) in enumerate(HISTORIES)
        for seq, (phone, result, agent, days_ago) in enumerate(calls, start=1)
    ]
    connection.execute(
        text(
            """
            INSERT INTO bench.call
            SELECT :history_id, :seq, :phone, t.technical_result_id, a.agent_result_id, t.counts_as_attempt, :days_ago
            FROM core.technical_result AS t
            LEFT JOIN core.agent_result AS a ON a.code = :agent
            WHERE t.code = :result
            """
        ),
        [dict(zip(("history_id", "seq", "phone", "result", "agent", "days_ago"), row, strict=True)) for row in rows],
    )
    _run(connection, HISTORY_FACTS, last_history=len(HISTORIES) - 1)


def _dictionary(connection: Connection) -> dict[str, Any]:
    zones = dict(connection.execute(text("SELECT code, zone_id FROM core.time_zone")).all())
    types = dict(connection.execute(text("SELECT code, phone_type_id FROM core.phone_type")).all())
    return {
        "zones": [None if code is None else zones[code] for code, share in ZONES for _ in range(share)],
        "histories": [number for number, (share, _) in enumerate(HISTORIES) for _ in range(share)],
        "moscow": zones["Europe/Moscow"],
        "mobile": types["M"],
        "home": types["H"],
    }


def _callback_history() -> int:
    return next(number for number, (_, calls) in enumerate(HISTORIES) if calls and calls[0][1:3] == CALLBACKS)


def _persons(connection: Connection, clients: int) -> None:
    _run(
        connection,
        """
        INSERT INTO core.person (person_id, crm_id, crm_id_key, created_at) OVERRIDING SYSTEM VALUE
        SELECT n, 'CRM' || n, 'CRM' || n, :now FROM generate_series(1, greatest(:clients * 5 / 6, 1)) AS n;
        """,
        clients=clients,
        now=NOW,
    )


def _insert_prototypes(connection: Connection) -> int:
    """Insert the first client of each shape, to be settled. Returns how many there are."""
    _insert(connection, "core.client", "bench.new_client", where="client_id IN (SELECT prototype FROM bench.shape)")
    _insert(connection, "core.phone", "bench.new_phone", where="client_id IN (SELECT prototype FROM bench.shape)")
    return int(connection.execute(text("SELECT count(*) FROM bench.shape")).scalar_one())


def _settle_prototypes(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE core.client, core.phone")
        prototypes = connection.scalars(text("SELECT prototype FROM bench.shape ORDER BY prototype")).all()
        connection.commit()
        for start in range(0, len(prototypes), SETTLE_CHUNK):
            settle(connection, list(prototypes[start : start + SETTLE_CHUNK]))
            connection.commit()


def settle(connection: Connection, client_ids: list[int]) -> None:
    """contacts.client_settle for these clients, as a procedure that changed them would call it."""
    work_id = connection.execute(
        text("INSERT INTO core.work_set (created_at) VALUES (:now) RETURNING work_id"), {"now": NOW}
    ).scalar_one()
    connection.execute(
        text("INSERT INTO core.work_client (work_id, client_id) SELECT :work_id, unnest(CAST(:ids AS bigint[]))"),
        {"work_id": work_id, "ids": client_ids},
    )
    connection.execute(
        text("SELECT * FROM contacts.client_settle(p_work_id => :work_id, p_now => :now)"),
        {"work_id": work_id, "now": NOW},
    )


def _insert_followers(connection: Connection) -> None:
    _run(connection, FOLLOWERS)
    _insert(
        connection,
        "core.client",
        "bench.new_client AS v JOIN bench.followed AS b ON b.n = v.client_id AND b.n <> b.prototype"
        " JOIN bench.shape AS s ON s.prototype = b.prototype",
        status_id="s.status_id",
        counted_status_id="s.status_id",
        counted_segment_id="v.segment_id",
    )
    _insert(
        connection,
        "core.phone",
        "bench.new_phone AS v JOIN bench.followed AS b ON b.n = v.client_id AND b.n <> b.prototype"
        " JOIN bench.phone_class AS q ON q.prototype = b.prototype AND q.phone = v.phone_id - 2 * v.client_id",
        dial_class_id="q.dial_class_id",
    )
    _insert(connection, "core.attempt", "bench.new_attempt AS v", leave_out="agent_result_id")
    _run(
        connection,
        """
        INSERT INTO core.attempt_outcome (
            record_key, campaign_id, client_id, phone_id, round_no, agent_result_id, source_id, given_at, applied_at
        )
        SELECT v.record_key, v.campaign_id, v.client_id, v.phone_id, 1, v.agent_result_id, 1, v.ended_at, v.applied_at
        FROM bench.new_attempt AS v
        WHERE v.agent_result_id > 0;
        """,
    )


def _insert(
    connection: Connection, table: str, source: str, where: str = "true", leave_out: str = "", **instead: str
) -> None:
    """Insert the columns of a bench view (called v in `source`, if it is joined) into the table of the same columns."""
    view = source.split(" ")[0].partition(".")[2]
    columns = connection.scalars(
        text(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = 'bench' AND table_name = :view AND column_name <> :leave_out"
        ),
        {"view": view, "leave_out": leave_out},
    ).all()
    source = source if " " in source else f"{source} AS v"
    values = {column: f"v.{column}" for column in columns} | instead
    _run(
        connection,
        f"INSERT INTO {table} ({', '.join(values)}) OVERRIDING SYSTEM VALUE"  # noqa: S608 - names of our own
        f" SELECT {', '.join(values.values())} FROM {source} WHERE {where}",
    )


def _drop_indexes(connection: Connection) -> list[str]:
    """Drop the secondary indexes of the big tables, which are made again faster than they are filled; return how."""
    found = connection.execute(
        text(
            """
            SELECT i.schemaname, i.indexname, i.indexdef
            FROM pg_indexes AS i
            WHERE (i.schemaname, i.tablename) IN (('core', 'client'), ('core', 'phone'), ('core', 'attempt'))
                AND NOT EXISTS (SELECT 1 FROM pg_constraint AS c WHERE c.conname = i.indexname)
            """
        )
    ).all()
    for schema, name, _ in found:
        connection.exec_driver_sql(f'DROP INDEX {schema}."{name}"')
    return [definition for _, _, definition in found]


def _finish(connection: Connection) -> None:
    """What books count: sizes of blocks and loads. And identity columns go on after the rows."""
    _run(
        connection,
        """
        UPDATE dialing.block AS k
        SET size = (SELECT count(*) FROM core.attempt AS a WHERE a.block_id = k.block_id);
        UPDATE contacts.import_batch AS i SET
            clients_loaded = (SELECT count(*) FROM core.client AS c WHERE c.import_batch_id = i.batch_id),
            phones_loaded = (SELECT count(*) FROM core.phone AS p WHERE p.import_batch_id = i.batch_id);
        SELECT setval(pg_get_serial_sequence('core.client', 'client_id'), max(client_id)) FROM core.client;
        SELECT setval(pg_get_serial_sequence('core.phone', 'phone_id'), max(phone_id)) FROM core.phone;
        SELECT setval(pg_get_serial_sequence('core.person', 'person_id'), max(person_id)) FROM core.person;
        """,
    )


def _run(connection: Connection, script: str, **values: Any) -> None:
    """Run statements with `:name` replaced by literals: views and functions take no parameters."""

    def literal(match: re.Match[str]) -> str:
        return sql.Literal(values[match[1]]).as_string(None)

    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - a session that is open
    driver.execute(re.sub(r"(?<!:):([a-z_]+)\b", literal, script))
