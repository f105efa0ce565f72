"""Schedules of services (M230-M235) in the database, and when they come next. Moments are real ones, whatever the clock
of the application says: services do not run faster in a rehearsal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from sqlalchemy import Connection, select

from app import clock
from app.auth import audit
from app.models.ops import Service, ServiceSchedule
from app.procedures import ops
from app.services import cron_words
from jobs import schedule

NEXT_RUNS = 5


@dataclass(frozen=True)
class NextRun:
    """A run to come: its moment in the zone of the installation, the day and the distance in words."""

    day: str
    at: str
    ahead: str


def zone_name() -> str:
    """The zone that schedules are read in."""
    return str(schedule.installation_zone())


def next_runs(line: str, count: int = NEXT_RUNS) -> list[NextRun]:
    """The next runs of a line. Raises AcmError when it cannot be read."""
    moments = schedule.next_runs(line, schedule.installation_zone(), clock.real_now(), count)
    return [next_run(moment, with_seconds=len(line.split()) == 6) for moment in moments]


def next_run(moment: datetime, with_seconds: bool = False, zone: tzinfo | None = None) -> NextRun:
    """A moment (naive UTC) for people, in `zone` (None: that of the installation)."""
    zone, now = zone or schedule.installation_zone(), clock.real_now()
    local = moment.replace(tzinfo=UTC).astimezone(zone)
    today = now.replace(tzinfo=UTC).astimezone(zone).date()
    return NextRun(
        cron_words.day_words(local.date(), today),
        local.strftime("%d.%m.%Y %H:%M:%S" if with_seconds or local.second else "%d.%m.%Y %H:%M"),
        cron_words.ahead_words(moment - now + timedelta(seconds=0.5)),
    )


def schedules(connection: Connection) -> Sequence[Any]:
    """All schedules by name. Rows: schedule_id, name, cron."""
    return connection.execute(select(ServiceSchedule.__table__).order_by(ServiceSchedule.name)).all()


def schedule_row(connection: Connection, schedule_id: int) -> Any | None:
    return connection.execute(
        select(ServiceSchedule.__table__).where(ServiceSchedule.schedule_id == schedule_id)
    ).one_or_none()


def users(connection: Connection) -> dict[int, list[Any]]:
    """The services of each schedule: service_id, code, name, name_en, is_enabled."""
    rows = connection.execute(
        select(
            Service.schedule_id, Service.service_id, Service.code, Service.name, Service.name_en, Service.is_enabled,
            Service.next_run_at,
        )
        .where(Service.schedule_id.is_not(None))
        .order_by(Service.service_id)
    )  # fmt: skip
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.schedule_id, []).append(row)
    return found


def save(connection: Connection, schedule_id: int | None, name: str, cron: str) -> Any:
    """Add (None) or change a schedule. Row: schedule_id, services (planned anew). Raises ProcedureError."""
    before = schedule_row(connection, schedule_id) if schedule_id is not None else None
    saved = ops.service_schedule_save(connection, schedule_id, name, cron)
    audit.record(
        connection, "service_schedule_change" if before else "service_schedule_add", "service_schedule",
        saved.schedule_id, before={"name": before.name, "cron": before.cron} if before else None,
        after={"name": name, "cron": cron},
    )  # fmt: skip
    return saved


def delete(connection: Connection, row: Any) -> None:
    """Remove a schedule that no service uses. Raises ProcedureError."""
    ops.service_schedule_delete(connection, row.schedule_id)
    audit.record(
        connection, "service_schedule_delete", "service_schedule", row.schedule_id,
        before={"name": row.name, "cron": row.cron},
    )  # fmt: skip
