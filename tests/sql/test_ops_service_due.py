"""ops.service_due: which services the schedule may start, and which are due."""

from __future__ import annotations

from ops_rows import NOON, add_service, after, no_services, service_of
from sqlalchemy import Connection

from app.database.procedure import call


def due(connection: Connection) -> list[tuple]:
    return [tuple(row) for row in call(connection, "ops.service_due", now=NOON)]


def test_enabled_services_with_a_schedule_are_given_with_what_is_due(connection: Connection) -> None:
    no_services(connection)
    past = add_service(connection, "past", "1 * * * *", next_run_at=after(-1))
    present = add_service(connection, "present", "2 * * * *", next_run_at=NOON)
    future = add_service(connection, "future", "3 * * * *", next_run_at=after(0.001))
    unknown = add_service(connection, "unknown", "4 * * * *")
    add_service(connection, "unplanned", None)
    add_service(connection, "off", is_enabled=False)
    assert due(connection) == [
        (past, "past", "1 * * * *", after(-1), 1, NOON),
        (present, "present", "2 * * * *", NOON, 1, NOON),
        (future, "future", "3 * * * *", after(0.001), 0, NOON),
        (unknown, "unknown", "4 * * * *", None, 0, NOON),
    ]


def test_a_service_without_schedule_or_switched_off_forgets_its_next_run(connection: Connection) -> None:
    no_services(connection)
    off = add_service(connection, "off", is_enabled=False, next_run_at=after(-60))
    unplanned = add_service(connection, "unplanned", None, next_run_at=after(-60))
    on = add_service(connection, "on", next_run_at=after(-60))
    due(connection)
    assert service_of(connection, off).next_run_at is None
    assert service_of(connection, unplanned).next_run_at is None
    assert service_of(connection, on).next_run_at == after(-60)
