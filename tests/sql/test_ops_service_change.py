"""ops.service_change: switch, schedule and time limit of a service."""

from __future__ import annotations

from typing import Any

import pytest
from ops_rows import add_service, after
from refusal import refused
from sqlalchemy import Connection, select

from app.errors import ProcedureError
from app.models.ops import Service
from app.procedures import ops


def state(connection: Connection, service_id: int) -> tuple[Any, ...]:
    columns = (Service.is_enabled, Service.schedule_id, Service.timeout_seconds, Service.next_run_at)
    return tuple(connection.execute(select(*columns).where(Service.service_id == service_id)).one())


@pytest.fixture
def services(connection: Connection) -> tuple[int, int]:
    """Two services that are planned."""
    return (
        add_service(connection, "x", next_run_at=after(60)),
        add_service(connection, "y", next_run_at=after(60)),
    )


@pytest.mark.mission("M229")
def test_a_switch_forgets_the_next_run_and_touches_no_other_service(
    connection: Connection, services: tuple[int, int]
) -> None:
    one, two = services
    before = state(connection, two)
    schedule_id = state(connection, one)[1]
    ops.service_change(connection, one, False, schedule_id, 600)
    assert state(connection, one) == (False, schedule_id, 600, None)
    ops.service_change(connection, one, True, schedule_id, 600)
    assert state(connection, one) == (True, schedule_id, 600, None)
    assert state(connection, two) == before


def test_another_schedule_or_none_forgets_the_next_run(connection: Connection, services: tuple[int, int]) -> None:
    one, two = services
    other = state(connection, two)[1]
    ops.service_change(connection, one, True, other, 600)
    assert state(connection, one) == (True, other, 600, None)
    ops.service_change(connection, two, True, None, 600)
    assert state(connection, two) == (True, None, 600, None)


def test_another_time_limit_alone_keeps_the_next_run(connection: Connection, services: tuple[int, int]) -> None:
    one, _two = services
    schedule_id = state(connection, one)[1]
    ops.service_change(connection, one, True, schedule_id, 86_400)
    assert state(connection, one) == (True, schedule_id, 86_400, after(60))


@pytest.mark.parametrize(("values", "number"), [
    ((None, 600), None), ((999_999, 600), 50160), ((None, 0), 50164), ((None, 86_401), 50164), ((None, 1), None),
])  # fmt: skip
def test_what_is_impossible_is_refused(
    connection: Connection, services: tuple[int, int], values: tuple[int | None, int], number: int | None
) -> None:
    one, _two = services
    if number is None:
        ops.service_change(connection, one, True, *values)
        assert state(connection, one)[1:3] == values
        return
    with refused(connection, number):
        ops.service_change(connection, one, True, *values)


def test_a_service_that_is_not_there_is_refused(connection: Connection) -> None:
    with pytest.raises(ProcedureError) as refusal:
        ops.service_change(connection, 999_999, True, None, 60)
    assert refusal.value.number == 50163
