"""ops.run_cancel: a run that has not begun does not begin."""

from __future__ import annotations

import pytest
from ops_rows import CANCELLED, DONE, FAILED, LOST, NOON, QUEUED, RUNNING, add_run, add_service, after, run_of
from sqlalchemy import Connection

from app.database.procedure import call
from app.procedures import ops


def cancel(connection: Connection, run_id: int) -> bool:
    return bool(call(connection, "ops.run_cancel", run_id=run_id, cancelled_by="ivanov", now=after(5))[0].is_cancelled)


def test_a_queued_run_is_cancelled_once_with_who_and_when(connection: Connection) -> None:
    service = add_service(connection, "x")
    run_id, other = add_run(connection, service, QUEUED), add_run(connection, service, QUEUED, campaign_id=7)
    assert cancel(connection, run_id)
    row = run_of(connection, run_id)
    assert (row.state_id, row.finished_at, row.cancelled_by) == (CANCELLED, after(5), "ivanov")
    assert not cancel(connection, run_id)
    assert run_of(connection, other).state_id == QUEUED


@pytest.mark.parametrize("state_id", [RUNNING, DONE, FAILED, LOST, CANCELLED])
def test_a_run_that_began_or_ended_stays_as_it_is(connection: Connection, state_id: int) -> None:
    run_id = add_run(connection, add_service(connection, "x"), state_id)
    before = run_of(connection, run_id)
    assert not cancel(connection, run_id)
    assert run_of(connection, run_id) == before


def test_a_cancelled_run_is_not_begun_and_makes_room_for_the_next_request(connection: Connection) -> None:
    add_service(connection, "x")
    run_id = ops.run_request(connection, "x", "ivanov").run_id
    assert cancel(connection, run_id)
    claim = call(connection, "ops.run_claim", run_id=run_id, worker="host 1", now=NOON)[0]
    assert (claim.is_claimed, claim.state_id) == (0, CANCELLED)
    again = ops.run_request(connection, "x", "ivanov")
    assert again.is_new and again.run_id != run_id
