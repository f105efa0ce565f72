"""ops.run_beat: the sign of life carries what is new, and tells a lost run that it is lost."""

from __future__ import annotations

import pytest
from ops_rows import CANCELLED, DONE, FAILED, LOST, NOON, QUEUED, RUNNING, add_run, add_service, after, run_of
from sqlalchemy import Connection

from app.database.procedure import call


def test_a_beat_moves_the_heartbeat_and_keeps_what_it_does_not_name(connection: Connection) -> None:
    run_id = add_run(
        connection, add_service(connection, "x"), RUNNING, progress=3, progress_total=9, counts="{}", log="a\n"
    )
    assert call(connection, "ops.run_beat", run_id=run_id, now=after(5))[0].is_mine == 1
    run = run_of(connection, run_id)
    assert (run.heartbeat_at, run.progress, run.progress_total, run.counts, run.log) == (after(5), 3, 9, "{}", "a\n")


def test_progress_and_counts_are_replaced_and_lines_are_added(connection: Connection) -> None:
    run_id = add_run(connection, add_service(connection, "x"), RUNNING)
    for part in ("первая\n", "second\n"):
        call(
            connection,
            "ops.run_beat",
            run_id=run_id,
            progress=4,
            progress_total=10,
            counts='{"a": 1}',
            log=part,
            now=NOON,
        )
    run = run_of(connection, run_id)
    assert (run.progress, run.progress_total, run.counts, run.log) == (4, 10, '{"a": 1}', "первая\nsecond\n")


@pytest.mark.parametrize("state", [QUEUED, DONE, FAILED, LOST, CANCELLED])
def test_a_run_that_does_not_run_is_nobodys(connection: Connection, state: int) -> None:
    run_id = add_run(connection, add_service(connection, "x"), state)
    assert call(connection, "ops.run_beat", run_id=run_id, log="late\n", now=after(5))[0].is_mine == 0
    assert run_of(connection, run_id).log is None
