"""ops.run_request: a run by hand, once however often it is asked for."""

from __future__ import annotations

import pytest
from ops_rows import DONE, NOON, QUEUED, RUNNING, add_run, add_service, after, runs_of
from sqlalchemy import Connection

from app.database.procedure import call
from app.errors import ProcedureError


def request(connection: Connection, code: str, campaign_id: int | None = None, by: str = "ivanov") -> tuple:
    row = call(connection, "ops.run_request", code=code, campaign_id=campaign_id, requested_by=by, now=NOON)[0]
    return row.run_id, row.is_new, row.timeout_seconds


def test_a_request_queues_a_run_with_who_asked(connection: Connection) -> None:
    service = add_service(connection, "x", is_enabled=False, timeout_seconds=77)
    run_id, is_new, timeout = request(connection, "x", 7)
    assert (is_new, timeout) == (1, 77)
    assert run_id > 0
    assert runs_of(connection, service) == [(QUEUED, NOON, 1, 7, "ivanov")]


@pytest.mark.parametrize("state", [QUEUED, RUNNING])
@pytest.mark.parametrize("campaign", [None, 7])
def test_the_same_request_gives_the_run_that_is_there(connection: Connection, state: int, campaign: int | None) -> None:
    service = add_service(connection, "x")
    there = add_run(connection, service, state, campaign_id=campaign)
    assert request(connection, "x", campaign)[:2] == (there, 0)
    assert len(runs_of(connection, service)) == 1


def test_runs_of_other_campaigns_and_ended_ones_are_other_runs(connection: Connection) -> None:
    service = add_service(connection, "x")
    add_run(connection, service, DONE, campaign_id=7)
    add_run(connection, service, RUNNING, campaign_id=8)
    add_run(connection, service, QUEUED)
    assert request(connection, "x", 7)[1] == 1
    assert len(runs_of(connection, service)) == 4


def test_a_request_brings_a_waiting_retry_forward_and_signs_it(connection: Connection) -> None:
    service = add_service(connection, "x")
    add_run(connection, service, QUEUED, planned_at=after(900), attempt_no=2)
    request(connection, "x")
    assert runs_of(connection, service) == [(QUEUED, NOON, 2, None, "ivanov")]


def test_a_request_does_not_delay_or_sign_over_what_waits(connection: Connection) -> None:
    service = add_service(connection, "x")
    add_run(connection, service, QUEUED, planned_at=after(-5), requested_by="petrova")
    request(connection, "x")
    assert runs_of(connection, service) == [(QUEUED, after(-5), 1, None, "petrova")]


def test_an_unknown_service_is_refused(connection: Connection) -> None:
    with pytest.raises(ProcedureError, match="no such service") as refusal:
        request(connection, "no_such")
    assert refusal.value.number == 50001
