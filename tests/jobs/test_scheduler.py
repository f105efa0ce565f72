"""The scheduler, tick by tick: jumps of the clock, troubles said once, services of this release."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy import Engine

from app.database.engine import DatabaseUnavailable, create_engine
from app.models.ops import Lease, Service, ServiceRun, ServiceSchedule
from app.procedures import ops
from app.settings import get_settings
from jobs import queue, scheduler, services
from jobs.scheduler import Scheduler


@pytest.fixture
def engine(fresh_database: str, monkeypatch: pytest.MonkeyPatch, valkey_url: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests")
    with engine.begin() as connection:
        connection.execute(sa.update(Service).values(is_enabled=False, next_run_at=None, running_run_id=None))
        connection.execute(sa.delete(ServiceRun))
        connection.execute(sa.delete(Lease))
    monkeypatch.setattr(queue, "redis_url", lambda: valkey_url)
    yield engine
    engine.dispose()


def schedule(engine: Engine, cron: str) -> None:
    with engine.begin() as connection:
        made = connection.execute(sa.insert(ServiceSchedule).values(name=f"t {time.time()}", cron=cron))
        connection.execute(
            sa.update(Service)
            .where(Service.code == "data_purge")
            .values(is_enabled=True, next_run_at=None, schedule_id=made.inserted_primary_key[0])
        )


def next_run_at(engine: Engine) -> datetime | None:
    with engine.connect() as connection:
        return connection.scalar(sa.select(Service.next_run_at).where(Service.code == "data_purge"))


def test_a_next_run_that_a_clock_set_back_left_far_away_is_brought_near(engine: Engine) -> None:
    schedule(engine, "* * * * *")
    one = Scheduler(engine)
    one.tick()
    planned = next_run_at(engine)
    with engine.begin() as connection:
        connection.execute(sa.update(Service).values(next_run_at=planned + timedelta(hours=1)))
    one.tick()
    assert next_run_at(engine) in (planned, planned + timedelta(minutes=1))


def test_a_schedule_changed_without_the_screen_is_seen_too(engine: Engine) -> None:
    schedule(engine, "0 0 1 1 *")
    one = Scheduler(engine)
    one.tick()
    far = next_run_at(engine)
    with engine.begin() as connection:  # by hand, as a DBA does it
        connection.execute(sa.update(ServiceSchedule).values(cron="* * * * *"))
    one.tick()
    assert next_run_at(engine) < far


@pytest.mark.parametrize("hours", [1, -1])
def test_after_a_jump_of_the_clock_no_run_is_lost_at_once(engine: Engine, monkeypatch: Any, hours: int) -> None:
    monkeypatch.setenv("ACM_RUN_LEASE_SECONDS", "2")
    get_settings.cache_clear()
    lost: list[int] = []
    monkeypatch.setattr(ops, "run_lose", lambda connection, lease: lost.append(lease) or [])
    one = Scheduler(engine)
    one._lose_from = 0
    original = ops.scheduler_beat
    shift = timedelta()

    def shifted(*values: Any) -> Any:
        row = original(*values)
        return Place(row.is_active, row.active_owner, row.moment + shift)

    monkeypatch.setattr(ops, "scheduler_beat", shifted)
    one.tick()
    assert lost == [2]
    shift = timedelta(hours=hours)
    one.tick()
    one.tick()
    assert lost == [2]
    time.sleep(2.1)
    one.tick()
    assert lost == [2, 2]
    get_settings.cache_clear()


class Place(NamedTuple):
    """What ops.scheduler_beat gives."""

    is_active: int
    active_owner: str
    moment: datetime


def test_a_fresh_scheduler_gives_silent_runs_time_to_beat(engine: Engine) -> None:
    with engine.begin() as connection:
        run_id = ops.run_request(connection, "data_purge", "test").run_id
        ops.run_claim(connection, run_id, "test", 60)
        connection.execute(sa.update(ServiceRun).values(heartbeat_at=datetime(2020, 1, 1)))
    one = Scheduler(engine)
    one.tick()
    with engine.connect() as connection:
        assert connection.scalar(sa.select(ServiceRun.state_id)) == 2
    one._lose_from = 0
    one.tick()
    with engine.connect() as connection:
        assert connection.scalars(sa.select(ServiceRun.state_id).order_by(ServiceRun.run_id)).all() == [5, 1]


def test_troubles_are_said_once_and_their_end_too(engine: Engine, monkeypatch: Any) -> None:
    words: list[str] = []
    monkeypatch.setattr(scheduler.log, "warning", lambda message, **_values: words.append(message), raising=False)
    monkeypatch.setattr(scheduler.log, "info", lambda message, **_values: words.append(message), raising=False)
    one = Scheduler(engine, tick_seconds=0.01)
    original = ops.scheduler_beat
    ticks: list[int] = []

    def sometimes(*values: Any) -> Any:
        ticks.append(1)
        if 3 <= len(ticks) <= 6:
            raise DatabaseUnavailable("There is no answer from the database.")
        if len(ticks) > 8:
            one.stop()
        return original(*values)

    monkeypatch.setattr(ops, "scheduler_beat", sometimes)
    one.run()
    assert words == [
        "scheduler started",
        "scheduler is active",
        "The scheduler waits for the database.",
        "well again",
        "scheduler stopped",
    ]


def test_an_unforeseen_error_does_not_end_the_scheduler(engine: Engine, monkeypatch: Any) -> None:
    one = Scheduler(engine, tick_seconds=0.01)
    ticks: list[int] = []

    def tick() -> bool:
        ticks.append(1)
        if len(ticks) == 2:
            raise KeyError("a mistake of ours")
        if len(ticks) == 4:
            one.stop()
        return True

    monkeypatch.setattr(one, "tick", tick)
    one.run()
    assert len(ticks) == 4


def test_a_run_waits_in_the_database_while_redis_is_away(engine: Engine, monkeypatch: Any, valkey_url: str) -> None:
    with engine.begin() as connection:
        run_id = ops.run_request(connection, "data_purge", "test").run_id
    monkeypatch.setattr(queue, "redis_url", lambda: "redis://127.0.0.1:1/0")
    one = Scheduler(engine)
    assert one.tick()
    monkeypatch.setattr(queue, "redis_url", lambda: valkey_url)
    assert one.tick()
    with redis.Redis.from_url(valkey_url) as client:
        assert client.lrange("rq:queue:acm", 0, -1) == [f"run-{run_id}".encode()]
        data = client.hget(f"rq:job:run-{run_id}", "data")
        assert zlib.decompress(data).startswith(b'["jobs.run.execute"')  # JSON: nothing of Redis is unpickled


def test_every_service_of_the_list_can_be_loaded() -> None:
    services.load_all()
    for code in services.SERVICES:
        assert callable(services.load(code))
