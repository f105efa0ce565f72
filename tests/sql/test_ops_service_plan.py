"""ops.service_plan: a due service is queued at most once at a time, and only by the scheduler that came first."""

from __future__ import annotations

from datetime import datetime

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
    runs_of,
    service_of,
)
from sqlalchemy import Connection

from app.database.procedure import call


def plan(
    connection: Connection, service_id: int, seen: datetime | None, following: datetime | None, is_due: bool
) -> tuple[int, int | None]:
    row = call(
        connection,
        "ops.service_plan",
        service_id=service_id,
        seen_run_at=seen,
        next_run_at=following,
        is_due=int(is_due),
        now=NOON,
    )[0]
    return row.is_planned, row.run_id


def test_a_due_service_is_queued_once_and_its_next_run_is_set(connection: Connection) -> None:
    service = add_service(connection, "x", next_run_at=after(-3600))
    planned, run_id = plan(connection, service, after(-3600), after(60), True)
    assert planned == 1
    assert run_id is not None
    assert runs_of(connection, service) == [(QUEUED, NOON, 1, None, None)]
    assert service_of(connection, service).next_run_at == after(60)


def test_the_second_of_two_schedulers_queues_nothing(connection: Connection) -> None:
    service = add_service(connection, "x", next_run_at=NOON)
    plan(connection, service, NOON, after(60), True)
    assert plan(connection, service, NOON, after(60), True) == (0, None)
    assert len(runs_of(connection, service)) == 1


def test_a_new_schedule_sets_the_next_run_and_queues_nothing(connection: Connection) -> None:
    service = add_service(connection, "x")
    assert plan(connection, service, None, after(30), False) == (1, None)
    assert service_of(connection, service).next_run_at == after(30)
    assert runs_of(connection, service) == []


def test_a_schedule_that_never_comes_again_has_no_next_run(connection: Connection) -> None:
    service = add_service(connection, "x", next_run_at=NOON)
    assert plan(connection, service, NOON, None, True)[0] == 1
    assert service_of(connection, service).next_run_at is None
    assert len(runs_of(connection, service)) == 1


@pytest.mark.parametrize("state", [QUEUED, RUNNING])
def test_a_service_that_waits_or_runs_is_not_queued_again(connection: Connection, state: int) -> None:
    service = add_service(connection, "x", next_run_at=NOON)
    add_run(connection, service, state)
    assert plan(connection, service, NOON, after(60), True) == (1, None)
    assert [row[0] for row in runs_of(connection, service)] == [state]


@pytest.mark.parametrize("state", [DONE, FAILED, LOST, CANCELLED])
def test_a_service_whose_last_run_ended_is_queued(connection: Connection, state: int) -> None:
    service = add_service(connection, "x", next_run_at=NOON)
    add_run(connection, service, state)
    assert plan(connection, service, NOON, after(60), True)[1] is not None


def test_a_run_for_one_campaign_does_not_keep_the_run_of_all_away(connection: Connection) -> None:
    service = add_service(connection, "x", next_run_at=NOON)
    add_run(connection, service, QUEUED, campaign_id=7, requested_by="ivanov")
    assert plan(connection, service, NOON, after(60), True)[1] is not None


def test_a_retry_that_waits_comes_at_once_when_the_schedule_says_so(connection: Connection) -> None:
    service = add_service(connection, "x", next_run_at=NOON)
    add_run(connection, service, QUEUED, planned_at=after(300), attempt_no=3)
    plan(connection, service, NOON, after(60), True)
    assert runs_of(connection, service) == [(QUEUED, NOON, 3, None, None)]


def test_a_service_that_was_switched_off_meanwhile_is_left_alone(connection: Connection) -> None:
    service = add_service(connection, "x", next_run_at=NOON, is_enabled=False)
    assert plan(connection, service, NOON, after(60), True) == (0, None)
    assert runs_of(connection, service) == []
