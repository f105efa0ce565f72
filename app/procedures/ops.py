"""Services and their runs: ops.*. Moments are real ones (UTC without a zone) of the database server's clock, which all
processes share, so no function here takes the clock of the application."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection

from app.database.procedure import call


def scheduler_beat(connection: Connection, owner: str, lease_seconds: int) -> Any:
    """Take or keep the place of the active scheduler. Row: is_active, active_owner, moment."""
    return call(connection, "ops.scheduler_beat", owner=owner, lease_seconds=lease_seconds)[0]


def scheduler_leave(connection: Connection, owner: str) -> None:
    """Give the place of the active scheduler up."""
    call(connection, "ops.scheduler_leave", owner=owner)


def service_due(connection: Connection) -> Sequence[Any]:
    """Enabled services with a schedule. Rows: service_id, code, cron, next_run_at (None: unknown), is_due, moment."""
    return call(connection, "ops.service_due")


def service_plan(connection: Connection, service_id: int, seen_run_at: Any, next_run_at: Any, is_due: bool) -> Any:
    """Set a service's next run, and queue the one that is due. Row: is_planned (False when somebody else was first),
    run_id (None when none was queued)."""
    return call(
        connection,
        "ops.service_plan",
        service_id=service_id,
        seen_run_at=seen_run_at,
        next_run_at=next_run_at,
        is_due=int(is_due),
    )[0]


def run_request(connection: Connection, code: str, requested_by: str, campaign_id: int | None = None) -> Any:
    """Queue a run by hand, of everything or of one campaign. Row: run_id, is_new, timeout_seconds.

    The scheduler puts it into the job queue within a second. Raises ProcedureError for an unknown service.
    """
    return call(connection, "ops.run_request", code=code, campaign_id=campaign_id, requested_by=requested_by)[0]


def run_waiting(connection: Connection) -> Sequence[Any]:
    """Queued runs whose moment has come. Rows: run_id, code, timeout_seconds."""
    return call(connection, "ops.run_waiting")


def run_lose(connection: Connection, lease_seconds: int) -> Sequence[Any]:
    """Mark silent runs lost and queue them again. Rows: run_id, code, worker."""
    return call(connection, "ops.run_lose", lease_seconds=lease_seconds)


def run_claim(connection: Connection, run_id: int, worker: str, lease_seconds: int) -> Any | None:
    """Begin a queued run. Row: is_claimed, state_id, code, campaign_id, attempt_no, requested_by, timeout_seconds; None
    when there is no such run."""
    rows = call(connection, "ops.run_claim", run_id=run_id, worker=worker, lease_seconds=lease_seconds)
    return rows[0] if rows else None


def run_beat(
    connection: Connection,
    run_id: int,
    progress: int | None = None,
    progress_total: int | None = None,
    counts: str | None = None,
    log: str | None = None,
) -> bool:
    """Give a sign of life, with what is new (None: as before; `log` is added). False: the run was marked lost."""
    row = call(
        connection,
        "ops.run_beat",
        run_id=run_id,
        progress=progress,
        progress_total=progress_total,
        counts=counts,
        log=log,
    )[0]
    return bool(row.is_mine)


def run_finish(
    connection: Connection,
    run_id: int,
    is_done: bool,
    error: str | None = None,
    retry_seconds: int | None = None,
) -> Any:
    """End a run. Row: is_finished (False when it was marked lost before), retry_run_id (None: not tried again)."""
    return call(
        connection,
        "ops.run_finish",
        run_id=run_id,
        is_done=int(is_done),
        error=error,
        retry_seconds=retry_seconds,
    )[0]


def hold_take(connection: Connection, name: str, run_id: int) -> Any:
    """Hold a thing for a running run. Row: is_taken, holder_run_id."""
    return call(connection, "ops.hold_take", name=name, run_id=run_id)[0]


def hold_drop(connection: Connection, name: str, run_id: int) -> None:
    """Let go of a thing."""
    call(connection, "ops.hold_drop", name=name, run_id=run_id)


def run_cancel(connection: Connection, run_id: int, cancelled_by: str) -> bool:
    """Cancel a run that has not begun. False: it runs or has ended."""
    return bool(call(connection, "ops.run_cancel", run_id=run_id, cancelled_by=cancelled_by)[0].is_cancelled)


def service_change(
    connection: Connection, service_id: int, is_enabled: bool, schedule_id: int | None, timeout_seconds: int
) -> None:
    """Change a service. Raises ProcedureError for an unknown service or schedule, or an impossible time limit."""
    call(
        connection,
        "ops.service_change",
        service_id=service_id,
        is_enabled=int(is_enabled),
        schedule_id=schedule_id,
        timeout_seconds=timeout_seconds,
    )


def service_schedule_save(connection: Connection, schedule_id: int | None, name: str, cron: str) -> Any:
    """Add a schedule (None) or change one. Row: schedule_id, services (planned anew). Raises ProcedureError where there
    is none, or the name is taken."""
    return call(connection, "ops.service_schedule_save", schedule_id=schedule_id, name=name, cron=cron)[0]


def service_schedule_delete(connection: Connection, schedule_id: int) -> None:
    """Remove a schedule. Raises ProcedureError where there is none, or a service uses it."""
    call(connection, "ops.service_schedule_delete", schedule_id=schedule_id)
