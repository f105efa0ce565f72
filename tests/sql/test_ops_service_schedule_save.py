"""ops.service_schedule_save: schedules of services are added and changed, and their services planned anew."""

from __future__ import annotations

from typing import Any

import pytest
from ops_rows import NOON, QUEUED, add_run, add_service, after, no_services, runs_of
from refusal import refused
from sqlalchemy import Connection, select, update

from app.errors import ProcedureError
from app.models.ops import Service, ServiceSchedule
from app.procedures import ops


def schedule_of(connection: Connection, schedule_id: int) -> tuple[Any, ...]:
    row = connection.execute(
        select(ServiceSchedule.name, ServiceSchedule.cron).where(ServiceSchedule.schedule_id == schedule_id)
    ).one()
    return tuple(row)


def next_run_at(connection: Connection, service_id: int) -> Any:
    return connection.scalar(select(Service.next_run_at).where(Service.service_id == service_id))


def schedule_id_of(connection: Connection, service_id: int) -> int:
    return int(connection.scalar(select(Service.schedule_id).where(Service.service_id == service_id)) or 0)


@pytest.mark.mission("M230")
def test_a_schedule_is_added_and_found_again(connection: Connection) -> None:
    saved = ops.service_schedule_save(connection, None, "По будням", "0 9 * * 1-5")
    assert saved.services == 0
    assert schedule_of(connection, saved.schedule_id) == ("По будням", "0 9 * * 1-5")


def test_another_line_has_the_enabled_services_planned_anew_and_no_others(connection: Connection) -> None:
    no_services(connection)
    service = add_service(connection, "x", next_run_at=after(60))
    other = add_service(connection, "y", next_run_at=after(60))
    off = add_service(connection, "z", next_run_at=None, is_enabled=False)
    schedule_id = schedule_id_of(connection, service)
    connection.execute(update(Service).where(Service.service_id == off).values(schedule_id=schedule_id))
    run_id = add_run(connection, service, QUEUED)
    saved = ops.service_schedule_save(connection, schedule_id, "schedule of x", "*/5 * * * *")
    assert (saved.schedule_id, saved.services) == (schedule_id, 1)
    assert next_run_at(connection, service) is None
    assert next_run_at(connection, other) == after(60)
    assert runs_of(connection, service) == [(QUEUED, NOON, 1, None, None)] and run_id > 0


def test_another_name_alone_plans_nothing_anew(connection: Connection) -> None:
    service = add_service(connection, "x", next_run_at=after(60))
    saved = ops.service_schedule_save(connection, schedule_id_of(connection, service), "Другое", "* * * * *")
    assert saved.services == 0
    assert next_run_at(connection, service) == after(60)
    assert schedule_of(connection, saved.schedule_id)[0] == "Другое"


@pytest.mark.parametrize("is_new", [True, False])
def test_a_name_that_is_taken_is_refused_whatever_its_case(connection: Connection, is_new: bool) -> None:
    ops.service_schedule_save(connection, None, "Ночью", "30 3 * * *")
    other = ops.service_schedule_save(connection, None, "Днём", "30 13 * * *").schedule_id
    with refused(connection, 50161):
        ops.service_schedule_save(connection, None if is_new else other, "НОЧЬЮ", "* * * * *")


def test_a_name_may_change_its_case(connection: Connection) -> None:
    first = ops.service_schedule_save(connection, None, "Ночью", "30 3 * * *")
    own = ops.service_schedule_save(connection, first.schedule_id, "НОЧЬЮ", "30 3 * * *")
    assert schedule_of(connection, own.schedule_id)[0] == "НОЧЬЮ"


def test_a_schedule_that_is_not_there_is_refused(connection: Connection) -> None:
    with pytest.raises(ProcedureError) as refusal:
        ops.service_schedule_save(connection, 999_999, "x", "* * * * *")
    assert refusal.value.number == 50160
