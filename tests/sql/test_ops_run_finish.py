"""ops.run_finish: the end of a run, and the next attempt after a failure."""

from __future__ import annotations

from typing import Any

import pytest
from ops_rows import DONE, FAILED, LOST, QUEUED, RUNNING, add_run, add_service, after, run_of, runs_of, service_of
from sqlalchemy import Connection, update

from app.database.procedure import call
from app.models.ops import Service


def finish(connection: Connection, run_id: int, is_done: int, **values: Any) -> Any:
    return call(connection, "ops.run_finish", run_id=run_id, is_done=is_done, now=after(9), **values)[0]


def running(connection: Connection, **columns: Any) -> tuple[int, int]:
    service = add_service(connection, "x")
    run_id = add_run(connection, service, RUNNING, **columns)
    connection.execute(update(Service).where(Service.service_id == service).values(running_run_id=run_id))
    return service, run_id


def test_a_run_that_is_done_frees_its_service(connection: Connection) -> None:
    service, run_id = running(connection)
    assert tuple(finish(connection, run_id, 1, retry_seconds=60)) == (1, None)
    run = run_of(connection, run_id)
    assert (run.state_id, run.finished_at, run.error) == (DONE, after(9), None)
    assert service_of(connection, service).running_run_id is None
    assert len(runs_of(connection, service)) == 1


def test_a_failed_run_is_tried_again_after_its_pause(connection: Connection) -> None:
    service, run_id = running(connection, attempt_no=2, requested_by="ivanov")
    row = finish(connection, run_id, 0, error="Не вышло.", retry_seconds=60)
    assert row.retry_run_id is not None
    assert (run_of(connection, run_id).state_id, run_of(connection, run_id).error) == (FAILED, "Не вышло.")
    assert runs_of(connection, service)[1] == (QUEUED, after(69), 3, None, "ivanov")


@pytest.mark.parametrize(("attempt", "retry"), [(5, 60), (1, None)])
def test_a_failed_run_is_not_tried_for_ever_nor_against_its_will(
    connection: Connection, attempt: int, retry: int | None
) -> None:
    service, run_id = running(connection, attempt_no=attempt)
    assert finish(connection, run_id, 0, error="no", retry_seconds=retry).retry_run_id is None
    assert len(runs_of(connection, service)) == 1


def test_a_failed_run_is_not_queued_beside_one_that_waits(connection: Connection) -> None:
    service, run_id = running(connection)
    add_run(connection, service, QUEUED)
    assert finish(connection, run_id, 0, error="no", retry_seconds=60).retry_run_id is None
    assert len(runs_of(connection, service)) == 2


def test_a_lost_run_stays_lost_and_does_not_free_what_another_one_holds(connection: Connection) -> None:
    service = add_service(connection, "x")
    lost = add_run(connection, service, LOST)
    other = add_run(connection, service, RUNNING)
    connection.execute(update(Service).where(Service.service_id == service).values(running_run_id=other))
    assert tuple(finish(connection, lost, 1)) == (0, None)
    assert run_of(connection, lost).state_id == LOST
    assert service_of(connection, service).running_run_id == other
