"""ops.run_claim: a run begins once, alone at its work, and only when it is still wanted."""

from __future__ import annotations

import pytest
from ops_rows import (
    CANCELLED,
    DONE,
    FAILED,
    LOST,
    NOON,
    QUEUED,
    RUNNING,
    add_run,
    add_service,
    after,
    run_of,
    runs_of,
    service_of,
)
from sqlalchemy import Connection

from app.database.procedure import call


def claim(connection: Connection, run_id: int, worker: str = "host 2", seconds: float = 0) -> bool:
    rows = call(connection, "ops.run_claim", run_id=run_id, worker=worker, lease_seconds=60, now=after(seconds))
    return bool(rows[0].is_claimed)


def test_a_queued_run_begins_with_its_worker_and_heartbeat(connection: Connection) -> None:
    service = add_service(connection, "x", timeout_seconds=99)
    run_id = add_run(connection, service, QUEUED, campaign_id=7, requested_by="ivanov", attempt_no=2)
    row = call(connection, "ops.run_claim", run_id=run_id, worker="host 2", lease_seconds=60, now=after(3))[0]
    assert tuple(row) == (1, RUNNING, "x", 7, 2, "ivanov", 99)
    run = run_of(connection, run_id)
    assert (run.state_id, run.started_at, run.heartbeat_at, run.worker) == (RUNNING, after(3), after(3), "host 2")


def test_the_run_of_all_holds_the_service_and_that_of_a_campaign_does_not(connection: Connection) -> None:
    service = add_service(connection, "x")
    one = add_run(connection, service, QUEUED, campaign_id=7)
    assert claim(connection, one)
    assert service_of(connection, service).running_run_id is None
    assert service_of(connection, service).last_run_id == one
    other = add_service(connection, "y")
    whole = add_run(connection, other, QUEUED)
    assert claim(connection, whole)
    assert service_of(connection, other).running_run_id == whole


@pytest.mark.parametrize("state", [RUNNING, DONE, FAILED, LOST, CANCELLED])
def test_a_run_that_began_or_ended_does_not_begin_again(connection: Connection, state: int) -> None:
    service = add_service(connection, "x")
    run_id = add_run(connection, service, state)
    assert not claim(connection, run_id)
    assert run_of(connection, run_id).state_id == state


def test_a_run_does_not_begin_before_its_moment(connection: Connection) -> None:
    service = add_service(connection, "x")
    run_id = add_run(connection, service, QUEUED, planned_at=after(10))
    assert not claim(connection, run_id, seconds=9.999)
    assert claim(connection, run_id, seconds=10)


@pytest.mark.parametrize(
    ("running", "queued", "begins"),
    [(None, None, False), (None, 7, False), (7, None, False), (7, 7, False), (7, 8, True)],
)
def test_two_runs_are_never_at_the_same_work(
    connection: Connection, running: int | None, queued: int | None, begins: bool
) -> None:
    service = add_service(connection, "x")
    add_run(connection, service, RUNNING, campaign_id=running)
    waiting = add_run(connection, service, QUEUED, campaign_id=queued)
    assert claim(connection, waiting, seconds=60) is begins
    assert run_of(connection, waiting).state_id == (RUNNING if begins else QUEUED)


def test_another_service_is_no_hindrance(connection: Connection) -> None:
    one, two = add_service(connection, "one"), add_service(connection, "two")
    add_run(connection, one, RUNNING)
    assert claim(connection, add_run(connection, two, QUEUED))


def test_a_silent_run_is_lost_and_the_next_one_begins(connection: Connection) -> None:
    service = add_service(connection, "x")
    silent = add_run(connection, service, RUNNING)
    waiting = add_run(connection, service, QUEUED)
    assert not claim(connection, waiting, seconds=60)
    assert claim(connection, waiting, seconds=60.001)
    assert run_of(connection, silent).state_id == LOST
    assert [row[0] for row in runs_of(connection, service)] == [LOST, RUNNING]
    assert service_of(connection, service).running_run_id == waiting


def test_a_silent_run_of_another_service_is_not_touched(connection: Connection) -> None:
    one, two = add_service(connection, "one"), add_service(connection, "two")
    silent = add_run(connection, one, RUNNING)
    claim(connection, add_run(connection, two, QUEUED), seconds=600)
    assert run_of(connection, silent).state_id == RUNNING


def test_a_service_that_was_switched_off_does_not_begin_unless_somebody_asked(connection: Connection) -> None:
    service = add_service(connection, "x", is_enabled=False)
    planned = add_run(connection, service, QUEUED)
    assert not claim(connection, planned, seconds=5)
    assert run_of(connection, planned).state_id == CANCELLED
    assert run_of(connection, planned).finished_at == after(5)
    asked = add_run(connection, service, QUEUED, requested_by="ivanov")
    assert claim(connection, asked)


def test_a_run_that_is_not_there_gives_no_row(connection: Connection) -> None:
    assert call(connection, "ops.run_claim", run_id=999_999_999, worker="host 2", now=NOON) == []
