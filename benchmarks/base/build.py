"""Making a base, step by step, and looking whether it is sound."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, text

from app.campaigns import create_campaign
from app.database.deploy import upgrade
from app.procedures import contacts, dialing
from benchmarks.base.fill import fill
from benchmarks.base.recipe import DRAWS, NOW, SEGMENTS, STRATEGY, ZONES, History, days_of_calls, histories
from benchmarks.base.rows import CALLBACK_ROWS, CLIENTS, COUNTS, HISTORY_FACTS, SCHEMA, run
from benchmarks.base.settle import insert_prototypes, settle_prototypes


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

    def step(line: str) -> None:
        say(f"  {time.monotonic() - began:5.0f} s  {line}")

    upgrade(engine)
    found = histories(clients)
    with engine.begin() as connection:
        run(connection, SCHEMA)
        _campaigns(connection, campaigns)
        _histories(connection, found)
        file_size = math.ceil(clients / campaigns / math.ceil(clients / campaigns / 1000))
        values = _dictionary(connection, found) | {"days": days_of_calls(clients)}
        run(connection, CLIENTS, clients=clients, campaigns=campaigns, file_size=file_size, now=NOW, **values)
        # A promised call is a fact of the dial class, so the prototypes need theirs.
        callbacks = [number for number, history in enumerate(found) if history.has_callback]
        run(connection, CALLBACK_ROWS, now=NOW, callback_histories=callbacks)
        shapes = insert_prototypes(connection)
    step(f"{shapes} shapes of clients")
    settle_prototypes(engine)
    step("their statuses and dial classes, by contacts.client_settle")
    fill(engine, clients)
    step("clients, phones and attempts")
    with engine.begin() as connection:
        run(connection, COUNTS, now=NOW)
        run(connection, "DROP SCHEMA bench CASCADE")
        changes = connection.execute(text("SELECT count(*) FROM core.dial_class_change")).scalar_one()
        for _ in range(2 + changes // 20_000):
            contacts.count_fold(connection)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("VACUUM (ANALYZE, PARALLEL 0)")
        connection.exec_driver_sql("CHECKPOINT")
    step("counts and statistics")
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


def check(connection: Connection, thousands: int = 5) -> dict[str, int]:
    """How many phones and clients are not as their facts say, in so many thousands of clients from all over the base.

    All zero in a sound base. ops.books reads the whole base and finds more; it takes longer than making one.
    """
    # Else the function's tables are more than PostgreSQL plans at once, and it works out the status of all clients first.
    connection.execute(text("SET LOCAL join_collapse_limit TO 30; SET LOCAL from_collapse_limit TO 30"))
    last = connection.scalar(text("SELECT max(client_id) FROM core.client"))
    wrong = {"phones_in_another_class": 0, "clients_in_another_status": 0}
    for number in range(thousands):
        first = number * (last - 1000) // max(1, thousands - 1)
        ids = list(range(first + 1, first + 1001))
        wrong["clients_in_another_status"] += connection.execute(
            text(CHECK_STATUS), {"ids": ids, "now": NOW}
        ).scalar_one()
        row = connection.execute(text(CHECK_CLASS), {"ids": ids}).one()
        if not row.phones:
            raise RuntimeError("the sample is empty")
        wrong["phones_in_another_class"] += row.wrong_phones
    return wrong


CHECK_STATUS = """
SELECT count(*) FILTER (WHERE n.status_id <> c.status_id)
FROM unnest(CAST(:ids AS bigint[])) AS w (client_id)
JOIN core.client AS c ON c.client_id = w.client_id
CROSS JOIN LATERAL (SELECT min(f.is_type_reached) AS is_type_reached FROM strategy.phone_fact AS f WHERE f.client_id = c.client_id) AS f
CROSS JOIN LATERAL strategy.client_status_now(c.client_id, f.is_type_reached, :now) AS n
"""
CHECK_CLASS = """
SELECT count(*) AS phones, count(*) FILTER (WHERE d.facts_key IS DISTINCT FROM f.facts_key) AS wrong_phones
FROM unnest(CAST(:ids AS bigint[])) AS w (client_id)
JOIN strategy.phone_fact AS f ON f.client_id = w.client_id
LEFT JOIN core.dial_class AS d ON d.dial_class_id = f.dial_class_id
"""


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
        run(
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


def _histories(connection: Connection, found: list[History]) -> None:
    rows = [
        {"history_id": number, "seq": seq, **call._asdict()}
        for number, history in enumerate(found)
        for seq, call in enumerate(history.calls, start=1)
    ]
    connection.execute(
        text(
            """
            INSERT INTO bench.call
            SELECT :history_id, :seq, :phone, t.technical_result_id, a.agent_result_id, t.counts_as_attempt, :days_ago
            FROM core.technical_result AS t
            LEFT JOIN core.agent_result AS a ON a.code = :agent_result
            WHERE t.code = :technical_result
            """
        ),
        rows,
    )
    run(connection, HISTORY_FACTS, last_history=len(found) - 1)


def _dictionary(connection: Connection, found: list[History]) -> dict[str, Any]:
    zones = {row.code: row.zone_id for row in connection.execute(text("SELECT code, zone_id FROM core.time_zone"))}
    types = {
        row.code: row.phone_type_id
        for row in connection.execute(text("SELECT code, phone_type_id FROM core.phone_type"))
    }
    return {
        "zones": [None if code is None else zones[code] for code, share in ZONES for _ in range(share)],
        "histories": [number for number, history in enumerate(found) for _ in range(history.draws)],
        "draws": DRAWS,
        "of_today": [number for number, history in enumerate(found) if history.is_of_today],
        "moscow": zones["Europe/Moscow"],
        "mobile": types["M"],
        "home": types["H"],
    }
