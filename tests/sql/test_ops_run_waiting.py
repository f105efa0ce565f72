"""ops.run_waiting: what the job queue has to hold."""

from __future__ import annotations

from ops_rows import DONE, NOON, QUEUED, RUNNING, add_run, add_service, after
from sqlalchemy import Connection, delete

from app.database.procedure import call
from app.models.ops import ServiceRun


def waiting(connection: Connection) -> list[tuple]:
    return [tuple(row) for row in call(connection, "ops.run_waiting", now=NOON)]


def test_queued_runs_whose_moment_has_come_are_given_oldest_first(connection: Connection) -> None:
    connection.execute(delete(ServiceRun))
    one = add_service(connection, "one", timeout_seconds=11)
    two = add_service(connection, "two", timeout_seconds=22)
    later = add_run(connection, one, QUEUED, planned_at=NOON)
    first = add_run(connection, two, QUEUED, planned_at=after(-9))
    add_run(connection, one, QUEUED, planned_at=after(0.001), campaign_id=7)
    add_run(connection, one, DONE)
    assert waiting(connection) == [(first, "two", 22), (later, "one", 11)]


def test_a_run_that_another_one_keeps_from_beginning_is_left_out(connection: Connection) -> None:
    connection.execute(delete(ServiceRun))
    one = add_service(connection, "one")
    two = add_service(connection, "two")
    add_run(connection, one, RUNNING, campaign_id=7)
    add_run(connection, one, QUEUED)
    add_run(connection, one, QUEUED, campaign_id=7)
    free = add_run(connection, one, QUEUED, campaign_id=8)
    other = add_run(connection, two, QUEUED)
    assert [row[0] for row in waiting(connection)] == [free, other]
