"""ops.service_schedule_delete: a schedule goes when no service uses it."""

from __future__ import annotations

import pytest
from ops_rows import add_service
from refusal import refused
from sqlalchemy import Connection, select, update

from app.errors import ProcedureError
from app.models.ops import Service, ServiceSchedule
from app.procedures import ops


def is_there(connection: Connection, schedule_id: int) -> bool:
    found = select(ServiceSchedule.schedule_id).where(ServiceSchedule.schedule_id == schedule_id)
    return connection.scalar(found) is not None


def test_it_stays_while_a_service_uses_it_even_one_that_is_off(connection: Connection) -> None:
    service = add_service(connection, "x", is_enabled=False)
    schedule_id = connection.scalar(select(Service.schedule_id).where(Service.service_id == service))
    with refused(connection, 50162):
        ops.service_schedule_delete(connection, schedule_id)


def test_it_goes_when_its_service_has_none_any_more(connection: Connection) -> None:
    service = add_service(connection, "x", is_enabled=False)
    schedule_id = connection.scalar(select(Service.schedule_id).where(Service.service_id == service))
    connection.execute(update(Service).where(Service.service_id == service).values(schedule_id=None))
    ops.service_schedule_delete(connection, schedule_id)
    assert not is_there(connection, schedule_id)


def test_the_others_stay(connection: Connection) -> None:
    one = ops.service_schedule_save(connection, None, "1", "* * * * *").schedule_id
    two = ops.service_schedule_save(connection, None, "2", "* * * * *").schedule_id
    ops.service_schedule_delete(connection, one)
    assert not is_there(connection, one) and is_there(connection, two)


def test_one_that_is_not_there_is_refused(connection: Connection) -> None:
    with pytest.raises(ProcedureError) as refusal:
        ops.service_schedule_delete(connection, 999_999)
    assert refusal.value.number == 50160
