"""One run, in this process: what it records, and when it takes itself for lost."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, select

from app.database.engine import DatabaseUnavailable, create_engine
from app.errors import AcmError
from app.models.ops import Hold, Service, ServiceRun
from app.procedures import ops
from app.settings import get_settings
from jobs import run as runs
from jobs import services


@pytest.fixture
def engine(fresh_database: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests")
    with engine.begin() as connection:
        connection.execute(sa.delete(Hold))
        connection.execute(sa.update(Service).values(running_run_id=None, last_run_id=None, timeout_seconds=600))
        connection.execute(sa.delete(ServiceRun))
    yield engine
    engine.dispose()


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[runs.Run], None]], None]:
    """Make a function the service `data_purge`."""

    def plant(function: Callable[[runs.Run], None]) -> None:
        monkeypatch.setattr(services, "load", lambda code: function)

    return plant


@pytest.fixture
def lease(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], None]]:
    def shorten(seconds: int) -> None:
        monkeypatch.setenv("ACM_RUN_LEASE_SECONDS", str(seconds))
        get_settings.cache_clear()

    yield shorten
    get_settings.cache_clear()


def request(engine: Engine, campaign_id: int | None = None) -> int:
    with engine.begin() as connection:
        return int(ops.run_request(connection, "data_purge", "ivanov", campaign_id).run_id)


def row(engine: Engine, run_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(*ServiceRun.__table__.columns).where(ServiceRun.run_id == run_id)).one()


def test_a_run_records_its_counts_progress_and_log(engine: Engine, serve: Any) -> None:
    def service(run: runs.Run) -> None:
        run.progress(1, 4)
        run.count(rows=3)
        run.info("начато")
        run.progress(4)
        run.count(rows=2, files=1)
        run.warning("осторожно")

    serve(service)
    run_id = request(engine)
    outcome = runs.perform(engine, run_id)
    assert outcome == runs.Outcome(run_id, "done", {"rows": 5, "files": 1})
    record = row(engine, run_id)
    assert (record.state_id, record.progress, record.progress_total) == (3, 4, 4)
    assert json.loads(record.counts) == {"rows": 5, "files": 1}
    first, second = record.log.splitlines()
    assert first.endswith(" INFO начато")
    assert second.endswith(" WARNING осторожно")
    assert record.worker == runs.process_name()


def test_what_a_run_tells_is_seen_while_it_runs(engine: Engine, serve: Any) -> None:
    seen: list[Any] = []

    def service(run: runs.Run) -> None:
        run.progress(2, 9)
        run.info("half way")
        until = time.monotonic() + 5
        while not seen and time.monotonic() < until:
            record = row(engine, run.run_id)
            if record.log:
                seen.append((record.progress, record.progress_total, record.log[-9:]))
            time.sleep(0.05)

    serve(service)
    runs.perform(engine, request(engine))
    assert seen == [(2, 9, "half way\n")]


def test_a_run_is_executed_by_one_only(engine: Engine, serve: Any) -> None:
    done: list[int] = []
    serve(lambda run: done.append(run.run_id))
    run_id = request(engine)
    threads = [threading.Thread(target=runs.perform, args=(engine, run_id)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [run_id]
    assert runs.perform(engine, run_id).state == "refused"
    assert runs.perform(engine, 999_999_999).state == "refused"


def test_a_log_does_not_grow_without_bound(engine: Engine, serve: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "LOG_CHARACTERS", 1000)

    def service(run: runs.Run) -> None:
        for number in range(100):
            run.info(f"line {number}")

    serve(service)
    run_id = request(engine)
    runs.perform(engine, run_id)
    log = row(engine, run_id).log
    assert len(log) < 1100
    assert log.endswith(" INFO ...\n")


def test_the_errors_of_a_run_count_but_do_not_end_it(engine: Engine, serve: Any) -> None:
    serve(lambda run: run.error("one campaign failed"))
    outcome = runs.perform(engine, request(engine))
    assert (outcome.state, outcome.counts) == ("done", {"errors": 1})


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (AcmError("It is broken.", "Mend it."), "It is broken. Mend it."),
        (ValueError("one\ntwo"), "ValueError: one"),
        (RuntimeError(), "RuntimeError"),
    ],
)
def test_a_failure_is_one_line(engine: Engine, serve: Any, error: Exception, words: str) -> None:
    def service(run: runs.Run) -> None:
        raise error

    serve(service)
    run_id = request(engine)
    assert runs.perform(engine, run_id).error == words
    assert row(engine, run_id).error == words


def test_a_failed_statement_does_not_show_its_values(engine: Engine, serve: Any) -> None:
    def service(run: runs.Run) -> None:
        with run.engine.begin() as connection:
            connection.execute(sa.text("SELECT CAST(:phone AS int) FROM no_such_table"), {"phone": "79161234567"})

    serve(service)
    run_id = request(engine)
    error = runs.perform(engine, run_id).error
    assert "no_such_table" in error
    record = row(engine, run_id)
    assert "79161234567" not in record.error + record.log


def test_a_service_takes_no_longer_than_it_may(engine: Engine, serve: Any) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(Service).where(Service.code == "data_purge").values(timeout_seconds=1))

    def service(run: runs.Run) -> None:
        try:
            time.sleep(30)
        except Exception as error:  # what a service bears must not bear the end of its time
            run.error(str(error))

    serve(service)
    before, began = signal.getsignal(signal.SIGALRM), time.monotonic()
    outcome = runs.perform(engine, request(engine))
    assert time.monotonic() - began < 5
    assert (outcome.state, outcome.error) == ("failed", "Not finished in 1 seconds.")
    assert signal.getsignal(signal.SIGALRM) is before


def test_pauses_grow_from_failure_to_failure(engine: Engine, serve: Any) -> None:
    def service(run: runs.Run) -> None:
        raise AcmError("no")

    serve(service)
    request(engine)
    pauses = []
    for _attempt in range(5):
        with engine.begin() as connection:
            waiting = connection.execute(select(ServiceRun.run_id).where(ServiceRun.state_id == 1)).scalar_one()
            connection.execute(
                sa.update(ServiceRun)
                .where(ServiceRun.run_id == waiting)
                .values(planned_at=sa.func.now() if engine.dialect.name != "mssql" else sa.func.sysutcdatetime())
            )
        runs.perform(engine, waiting)
        with engine.connect() as connection:
            following = connection.execute(
                select(ServiceRun.planned_at).where(ServiceRun.state_id == 1)
            ).scalar_one_or_none()
        if following is not None:
            pauses.append(round((following - row(engine, waiting).finished_at).total_seconds()))
    assert pauses == [60, 300, 900, 1800]  # and the fifth failure is the last


def test_a_run_that_cannot_beat_takes_itself_for_lost(engine: Engine, serve: Any, lease: Any, monkeypatch: Any) -> None:
    lease(1)
    found: list[float] = []

    def no_beat(*_values: object, **_named: object) -> bool:
        raise DatabaseUnavailable("There is no answer from the database.")

    def service(run: runs.Run) -> None:
        began = time.monotonic()
        monkeypatch.setattr(ops, "run_beat", no_beat)
        try:
            run.sleep(10)
        finally:
            found.append(time.monotonic() - began)
            monkeypatch.undo()

    serve(service)
    outcome = runs.perform(engine, request(engine))
    assert outcome.error == "The run was given up for dead, and another one goes on."
    assert 1 < found[0] < 3


def test_a_run_marked_lost_learns_it_at_its_next_beat(engine: Engine, serve: Any, lease: Any) -> None:
    lease(1)

    def service(run: runs.Run) -> None:
        with engine.begin() as connection:
            connection.execute(sa.update(ServiceRun).where(ServiceRun.run_id == run.run_id).values(state_id=5))
        run.sleep(10)

    serve(service)
    run_id = request(engine)
    began = time.monotonic()
    assert runs.perform(engine, run_id).state == "lost"
    assert time.monotonic() - began < 3
    assert row(engine, run_id).state_id == 5


def test_a_thing_is_held_by_one_run_and_free_after_it(engine: Engine, serve: Any) -> None:
    told: list[bool] = []

    def inner(run: runs.Run) -> None:
        with run.hold("campaign 1") as held:
            told.append(held)

    def outer(run: runs.Run) -> None:
        serve(inner)
        with run.hold("campaign 1") as held:
            told.append(held)
            runs.perform(engine, request(engine, 2))
        runs.perform(engine, request(engine, 3))

    serve(outer)
    runs.perform(engine, request(engine, 1))
    assert told == [True, False, True]


def test_a_hold_can_be_waited_for(engine: Engine, serve: Any) -> None:
    order: list[str] = []
    taken = threading.Event()

    def first(run: runs.Run) -> None:
        with run.hold("campaign 1") as held:
            order.append(f"first {held}")
            taken.set()
            time.sleep(1)
        order.append("first lets go")

    def second(run: runs.Run) -> None:
        with run.hold("campaign 1", wait_seconds=10) as held:
            order.append(f"second {held}")

    by_campaign = {1: first, 2: second}
    serve(lambda run: by_campaign[run.campaign_id](run))
    thread = threading.Thread(target=runs.perform, args=(engine, request(engine, 1)))
    thread.start()
    assert taken.wait(10)
    runs.perform(engine, request(engine, 2))
    thread.join()
    assert order == ["first True", "first lets go", "second True"]


def test_a_passing_absence_of_the_database_is_waited_for(engine: Engine, serve: Any, monkeypatch: Any) -> None:
    serve(lambda run: None)
    calls: list[int] = []
    original = ops.run_finish

    def away_twice(*values: Any, **named: Any) -> Any:
        calls.append(1)
        if len(calls) <= 2:
            raise DatabaseUnavailable("There is no answer from the database.")
        return original(*values, **named)

    monkeypatch.setattr(ops, "run_finish", away_twice)
    run_id = request(engine)
    assert runs.perform(engine, run_id).state == "done"
    assert row(engine, run_id).state_id == 3


def test_a_database_that_refuses_for_good_is_not_waited_for(engine: Engine, monkeypatch: Any) -> None:
    def refuse(*_values: Any) -> Any:
        raise DatabaseUnavailable("The database refuses the login.", permanent=True)

    monkeypatch.setattr(ops, "run_claim", refuse)
    began = time.monotonic()
    with pytest.raises(DatabaseUnavailable):
        runs.perform(engine, 1)
    assert time.monotonic() - began < 1
