"""ops.run_lose: silent runs are lost, what they held is free, and they are queued again."""

from __future__ import annotations

import pytest
from ops_rows import DONE, LOST, QUEUED, RUNNING, add_run, add_service, after, run_of, runs_of, service_of
from sqlalchemy import Connection, delete, update

from app.database.procedure import call
from app.models.ops import Service, ServiceRun


@pytest.fixture(autouse=True)
def no_other_runs(connection: Connection) -> None:
    connection.execute(delete(ServiceRun))


def lose(connection: Connection, seconds: float) -> list[tuple]:
    rows = call(connection, "ops.run_lose", lease_seconds=60, now=after(seconds))
    return [tuple(row) for row in rows]


def test_only_runs_without_a_heartbeat_within_the_lease_are_lost(connection: Connection) -> None:
    one, two = add_service(connection, "one"), add_service(connection, "two")
    silent = add_run(connection, one, RUNNING, worker="host 1")
    lively = add_run(connection, two, RUNNING, heartbeat_at=after(0.002))
    assert lose(connection, 60) == []
    assert lose(connection, 60.001) == [(silent, "one", "host 1")]
    assert (run_of(connection, silent).state_id, run_of(connection, lively).state_id) == (LOST, RUNNING)
    assert run_of(connection, silent).finished_at == after(60.001)


def test_a_lost_run_frees_its_service_and_is_queued_again_as_it_was(connection: Connection) -> None:
    service = add_service(connection, "x")
    silent = add_run(connection, service, RUNNING)
    connection.execute(update(Service).where(Service.service_id == service).values(running_run_id=silent))
    add_run(connection, service, RUNNING, campaign_id=7, requested_by="ivanov", attempt_no=4)
    lose(connection, 100)
    assert service_of(connection, service).running_run_id is None
    assert [row for row in runs_of(connection, service) if row[0] == QUEUED] == [
        (QUEUED, after(100), 2, None, None),
        (QUEUED, after(100), 5, 7, "ivanov"),
    ]


def test_a_run_lost_for_the_fifth_time_is_not_queued_again(connection: Connection) -> None:
    service = add_service(connection, "x")
    add_run(connection, service, RUNNING, attempt_no=5)
    lose(connection, 100)
    assert [row[0] for row in runs_of(connection, service)] == [LOST]


def test_a_lost_run_is_not_queued_beside_one_that_waits(connection: Connection) -> None:
    service = add_service(connection, "x")
    add_run(connection, service, RUNNING)
    add_run(connection, service, QUEUED)
    add_run(connection, service, DONE)
    lose(connection, 100)
    assert sorted(row[0] for row in runs_of(connection, service)) == [QUEUED, DONE, LOST]
