"""What the procedures of the core cost does not grow with the base (embedded engine; benchmarks/ measures finely)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select, text
from sqlalchemy.engine import Connection
from world import NOON, World

from app.campaigns import PhoneTypeForm, ResultForm
from app.models.strategy import Campaign
from app.procedures import contacts, dialing

SMALL, LARGE = 2_000, 100_000
TIMES = 3  # generous: a scan of the larger base would cost many times as much

COPY_CLIENTS = """
WITH made AS (
    INSERT INTO core.client (
        campaign_id, client_code, client_code_key, segment_id, loaded_at, updated_at, status_id, status_at,
        counted_status_id, counted_segment_id
    )
    SELECT c.campaign_id, 'N' || n, 'N' || n, c.segment_id, c.loaded_at, c.updated_at, c.status_id, c.status_at,
        c.counted_status_id, c.counted_segment_id
    FROM core.client AS c CROSS JOIN generate_series(CAST(:first AS int), CAST(:last AS int)) AS n
    WHERE c.client_id = :client_id
    RETURNING client_id
), phones AS (
    INSERT INTO core.phone (
        client_id, campaign_id, phone_type_id, number, number_raw, loaded_at, waits_from, dial_class_id
    )
    SELECT m.client_id, p.campaign_id, p.phone_type_id, '7' || m.client_id, '', p.loaded_at, p.waits_from,
        p.dial_class_id
    FROM made AS m CROSS JOIN core.phone AS p
    WHERE p.client_id = :client_id
), classes AS (
    INSERT INTO core.dial_class_change (dial_class_id, phones)
    SELECT p.dial_class_id, :count FROM core.phone AS p WHERE p.client_id = :client_id
)
INSERT INTO core.client_count_change (campaign_id, segment_id, status_id, clients)
SELECT c.campaign_id, c.segment_id, c.status_id, :count FROM core.client AS c WHERE c.client_id = :client_id
"""


@pytest.fixture(scope="module")
def base(fresh_database: str) -> Iterator[Engine]:
    """A database of its own with one campaign."""
    if not fresh_database.startswith("postgresql"):
        pytest.skip("the base is made by statements of PostgreSQL")
    engine = create_engine(fresh_database)
    with engine.begin() as connection:
        world = World(connection)
        campaign = world.campaign(
            block_size=100, queue_depth=100_000, max_client_attempts=5, created_minutes=100_000,
            phone_types={"M": PhoneTypeForm(max_attempts=3)}, technical_results={"BUSY": ResultForm(3, 600)},
        )  # fmt: skip
        world.client(campaign)
    yield engine
    engine.dispose()


def grow(engine: Engine, first: int, last: int) -> None:
    with engine.begin() as connection:
        client_id = connection.scalar(text("SELECT MIN(client_id) FROM core.client"))
        connection.execute(
            text(COPY_CLIENTS), {"first": first, "last": last, "client_id": client_id, "count": last - first + 1}
        )
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def least(engine: Engine, work: Callable[[Connection], Any], times: int = 5) -> float:
    """Seconds of the quickest run; each is undone."""
    seconds = []
    with engine.connect() as connection:
        for _ in range(times):
            with connection.begin() as transaction:
                began = time.perf_counter()
                work(connection)
                seconds.append(time.perf_counter() - began)
                transaction.rollback()
    return min(seconds)


def measure(engine: Engine) -> dict[str, float]:
    with engine.begin() as connection:
        campaign = connection.scalar(select(Campaign.campaign_id))
        assert campaign is not None
        contacts.client_status_update(connection, campaign, NOON)
        world = World(connection)
        rows = world.dial(campaign)
        batch = world.batch(*(world.row(row.record_key, "BUSY", NOON + timedelta(minutes=1)) for row in rows))
        assert len(rows) == 100

    def apply(connection: Connection) -> None:
        assert dialing.result_apply(connection, batch, NOON).rows_applied == 100

    def take(connection: Connection) -> None:
        assert len(dialing.block_take(connection, campaign, NOON)) == 100

    def agent(connection: Connection) -> None:
        World(connection).agent_says("12", record_key=rows[0].record_key)

    def recall(connection: Connection) -> None:
        assert dialing.block_recall(connection, campaign, NOON) == 100

    def status(connection: Connection) -> None:
        assert contacts.client_status_update(connection, campaign, NOON).clients_checked == 0

    steps = {"result_apply": apply, "block_take": take, "agent_result_apply": agent, "block_recall": recall}
    found = {name: least(engine, work) for name, work in (steps | {"client_status_update": status}).items()}
    with engine.begin() as connection:
        dialing.block_recall(connection, campaign, NOON)
    return found


def test_a_base_fifty_times_as_large_costs_the_same(base: Engine) -> None:
    grow(base, 1, SMALL)
    small = measure(base)
    grow(base, SMALL + 1, LARGE)
    large = measure(base)
    ratios = {name: round(large[name] / small[name], 2) for name in small}
    milliseconds = {name: (round(small[name] * 1000, 1), round(large[name] * 1000, 1)) for name in small}
    assert {name: ratio for name, ratio in ratios.items() if ratio > TIMES} == {}, milliseconds
    with base.connect() as connection:
        assert World(connection).unbalanced() == {}
