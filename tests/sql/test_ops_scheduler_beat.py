"""ops.scheduler_beat and ops.scheduler_leave: one scheduler holds the place, the next takes it when it falls silent."""

from __future__ import annotations

from ops_rows import after
from sqlalchemy import Connection

from app.database.procedure import call


def beat(connection: Connection, owner: str, seconds: float) -> tuple[bool, str]:
    row = call(connection, "ops.scheduler_beat", owner=owner, lease_seconds=5, now=after(seconds))[0]
    assert row.moment == after(seconds)
    return bool(row.is_active), row.active_owner


def test_the_first_caller_holds_the_place_and_the_second_stands_by(connection: Connection) -> None:
    assert beat(connection, "one", 0) == (True, "one")
    assert beat(connection, "two", 1) == (False, "one")
    assert beat(connection, "one", 4) == (True, "one")
    assert beat(connection, "two", 8) == (False, "one")


def test_a_silent_scheduler_loses_its_place_and_finds_that_out(connection: Connection) -> None:
    beat(connection, "one", 0)
    assert beat(connection, "two", 5) == (False, "one")
    assert beat(connection, "two", 5.001) == (True, "two")
    assert beat(connection, "one", 5.002) == (False, "two")


def test_a_scheduler_that_leaves_frees_the_place_at_once(connection: Connection) -> None:
    beat(connection, "one", 0)
    call(connection, "ops.scheduler_leave", owner="two")
    assert beat(connection, "two", 0.1) == (False, "one")
    call(connection, "ops.scheduler_leave", owner="one")
    assert beat(connection, "two", 0.2) == (True, "two")


def test_a_clock_that_was_set_back_frees_the_place(connection: Connection) -> None:
    beat(connection, "one", 3600)
    assert beat(connection, "two", 0) == (True, "two")


def test_without_a_moment_the_clock_of_the_server_counts(connection: Connection) -> None:
    first = call(connection, "ops.scheduler_beat", owner="one", lease_seconds=5)[0]
    second = call(connection, "ops.scheduler_beat", owner="two", lease_seconds=5)[0]
    assert (first.is_active, second.is_active) == (1, 0)
    assert first.moment <= second.moment
