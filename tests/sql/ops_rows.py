"""Rows of services and runs, and their state in full, for the tests of ops.*."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from app.models.ops import Service, ServiceRun, ServiceSchedule

NOON = datetime(2026, 11, 23, 12, 0, 0)
QUEUED, RUNNING, DONE, FAILED, LOST, CANCELLED = 1, 2, 3, 4, 5, 6


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def no_services(connection: Connection) -> None:
    """Switch the services of the seed off, so that a test sees its own only."""
    connection.execute(update(Service).values(is_enabled=False, next_run_at=None))


def add_service(connection: Connection, code: str, cron: str | None = "* * * * *", **columns: Any) -> int:
    schedule_id = None
    if cron is not None:
        schedule_id = connection.execute(
            insert(ServiceSchedule).values(name=f"schedule of {code}", cron=cron)
        ).inserted_primary_key[0]
    values = {"timeout_seconds": 600, "is_enabled": True, "name": code, "name_en": code} | columns
    return int(
        connection.execute(insert(Service).values(code=code, schedule_id=schedule_id, **values)).inserted_primary_key[0]
    )


def add_run(connection: Connection, service_id: int, state_id: int = QUEUED, **columns: Any) -> int:
    values: dict[str, Any] = {"planned_at": NOON, "attempt_no": 1} | columns
    if state_id == RUNNING:
        values = {"started_at": NOON, "heartbeat_at": NOON, "worker": "host 1"} | values
    return int(
        connection.execute(
            insert(ServiceRun).values(service_id=service_id, state_id=state_id, **values)
        ).inserted_primary_key[0]
    )


def run_of(connection: Connection, run_id: int) -> Any:
    return connection.execute(select(ServiceRun.__table__).where(ServiceRun.run_id == run_id)).one()


def runs_of(connection: Connection, service_id: int) -> list[tuple[Any, ...]]:
    """(state_id, planned_at, attempt_no, campaign_id, requested_by) of all runs of a service, oldest first."""
    columns = (
        ServiceRun.state_id,
        ServiceRun.planned_at,
        ServiceRun.attempt_no,
        ServiceRun.campaign_id,
        ServiceRun.requested_by,
    )
    rows = connection.execute(
        select(*columns).where(ServiceRun.service_id == service_id).order_by(ServiceRun.run_id)
    ).all()
    return [tuple(row) for row in rows]


def service_of(connection: Connection, service_id: int) -> Any:
    return connection.execute(select(Service.__table__).where(Service.service_id == service_id)).one()
