"""ops.hold_take and ops.hold_drop: a thing is worked on by one running run."""

from __future__ import annotations

import pytest
from ops_rows import DONE, FAILED, LOST, NOON, QUEUED, RUNNING, add_run, add_service
from sqlalchemy import Connection, update

from app.database.procedure import call
from app.models.ops import ServiceRun


def take(connection: Connection, name: str, run_id: int) -> tuple[int, int | None]:
    row = call(connection, "ops.hold_take", name=name, run_id=run_id, now=NOON)[0]
    return row.is_taken or 0, row.holder_run_id


@pytest.fixture
def two_runs(connection: Connection) -> tuple[int, int]:
    service = add_service(connection, "x")
    return (
        add_run(connection, service, RUNNING, campaign_id=1),
        add_run(connection, service, RUNNING, campaign_id=2),
    )


def test_a_thing_is_held_by_the_first_until_it_lets_go(connection: Connection, two_runs: tuple[int, int]) -> None:
    one, two = two_runs
    assert take(connection, "campaign 7", one) == (1, one)
    assert take(connection, "campaign 7", two) == (0, one)
    assert take(connection, "campaign 8", two) == (1, two)
    assert take(connection, "campaign 7", one) == (1, one)
    call(connection, "ops.hold_drop", name="campaign 7", run_id=two)
    assert take(connection, "campaign 7", two) == (0, one)
    call(connection, "ops.hold_drop", name="campaign 7", run_id=one)
    assert take(connection, "campaign 7", two) == (1, two)


@pytest.mark.parametrize("end", [DONE, FAILED, LOST])
def test_a_run_that_ended_holds_nothing(connection: Connection, two_runs: tuple[int, int], end: int) -> None:
    one, two = two_runs
    take(connection, "campaign 7", one)
    connection.execute(update(ServiceRun).where(ServiceRun.run_id == one).values(state_id=end))
    assert take(connection, "campaign 7", two) == (1, two)


@pytest.mark.parametrize("state", [QUEUED, LOST])
def test_only_a_running_run_holds_anything(connection: Connection, state: int) -> None:
    run_id = add_run(connection, add_service(connection, "y"), state)
    assert take(connection, "campaign 7", run_id) == (0, None)
