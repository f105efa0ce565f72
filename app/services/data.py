"""Services and their runs as screens show them, and what people do to them. Every read ends at an index, whatever the
number of runs: a year of services that run every minute is five million."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, Select, func, literal, or_, select, union_all

from app.auth import audit
from app.i18n import mark
from app.models.ops import Lease, Service, ServiceRun, ServiceSchedule
from app.models.strategy import Campaign
from app.procedures import ops
from jobs import services as built

QUEUED, RUNNING, DONE, FAILED, LOST, CANCELLED = 1, 2, 3, 4, 5, 6
STATES = {
    QUEUED: mark("Queued"), RUNNING: mark("Running"), DONE: mark("Done"), FAILED: mark("Failed"), LOST: mark("Lost"),
    CANCELLED: mark("Cancelled"),
}  # fmt: skip
STATE_CLASSES = {QUEUED: "warn", RUNNING: "run", DONE: "on", FAILED: "bad", LOST: "bad", CANCELLED: "archived"}
#: What services count, for people; a name that is not here is shown as it is.
COUNTS = {
    "errors": mark("errors"),
    "clients_checked": mark("clients checked"),
    "clients_changed": mark("clients changed"),
    "callbacks_missed": mark("callbacks missed"),
    "callbacks_closed": mark("callbacks closed"),
    "rows_folded": mark("rows of counters folded"),
    "blocks_confirmed": mark("blocks handed over"),
    "blocks_failed": mark("blocks refused"),
    "blocks_carried_on": mark("blocks carried on"),
    "records_handed_over": mark("contacts handed over"),
    "records_recalled": mark("contacts taken back"),
    "records_asked_for": mark("overdue contacts asked for"),
    "records_lost": mark("contacts that Dialer lost"),
    "results_applied": mark("results applied"),
    "results_repeated": mark("results that came again"),
    "campaigns_started": mark("campaigns started in Dialer"),
    "campaigns_paused": mark("campaigns paused in Dialer"),
    "campaigns_made": mark("campaigns made in Dialer"),
}
#: A retry belongs to the run of the same work just before it.
_LONGEST_CHAIN = 6


@dataclass
class ServiceView:
    """A service with its running, queued, last and last failed run; a run is None where there is none."""

    row: Any
    running: list[Any]
    queued: list[Any]
    last: Any | None
    last_failed: Any | None

    @property
    def is_built(self) -> bool:
        """Whether this release has what the service runs."""
        return self.row.code in built.SERVICES


def services(connection: Connection) -> list[ServiceView]:
    """All services in their order (M229)."""
    rows = connection.execute(
        select(Service.__table__, ServiceSchedule.name.label("schedule_name"), ServiceSchedule.cron)
        .join(ServiceSchedule, ServiceSchedule.schedule_id == Service.schedule_id, isouter=True)
        .order_by(Service.service_id)
    ).all()
    newest: dict[tuple[int, int], int] = {}
    for row in rows:
        query = union_all(
            *(
                select(func.max(ServiceRun.run_id).label("run_id"), literal(state_id).label("state_id")).where(
                    ServiceRun.state_id == state_id, ServiceRun.service_id == row.service_id
                )
                for state_id in (DONE, FAILED, LOST, CANCELLED)
            )
        )
        for run in connection.execute(query):
            if run.run_id is not None:
                newest[row.service_id, run.state_id] = run.run_id
    known = {run.run_id: run for run in _runs_of(connection, list(newest.values()))}
    open_runs = connection.execute(
        _runs().where(ServiceRun.state_id.in_((QUEUED, RUNNING))).order_by(ServiceRun.run_id)
    ).all()
    found = []
    for row in rows:
        ended = {state: known[newest[row.service_id, state]] for state in (DONE, FAILED, LOST, CANCELLED)
                 if (row.service_id, state) in newest}  # fmt: skip
        bad = [ended[state] for state in (FAILED, LOST) if state in ended]
        own = [run for run in open_runs if run.service_id == row.service_id]
        found.append(
            ServiceView(
                row, [run for run in own if run.state_id == RUNNING], [run for run in own if run.state_id == QUEUED],
                max((run for state, run in ended.items() if state != CANCELLED), key=lambda run: run.run_id,
                    default=None),
                max(bad, key=lambda run: run.run_id, default=None),
            )
        )  # fmt: skip
    return found


def scheduler(connection: Connection) -> Any | None:
    """Who plans the runs: owner, beat_at; None when no scheduler has ever been there."""
    return connection.execute(select(Lease.owner, Lease.beat_at).where(Lease.name == "scheduler")).one_or_none()


def service(connection: Connection, service_id: int) -> Any | None:
    return connection.execute(select(Service.__table__).where(Service.service_id == service_id)).one_or_none()


def change(connection: Connection, row: Any, is_enabled: bool, schedule_id: int | None, timeout_seconds: int) -> None:
    """Switch a service, give it a schedule and a time limit. Raises ProcedureError."""
    ops.service_change(connection, row.service_id, is_enabled, schedule_id, timeout_seconds)
    audit.record(
        connection, "service_change", "service", row.service_id,
        before={"code": row.code, "is_enabled": bool(row.is_enabled), "schedule_id": row.schedule_id,
                "timeout_seconds": row.timeout_seconds},
        after={"code": row.code, "is_enabled": is_enabled, "schedule_id": schedule_id,
               "timeout_seconds": timeout_seconds},
    )  # fmt: skip


def request_run(connection: Connection, row: Any, by: str, campaign: Any | None) -> Any:
    """Ask for a run now. Row: run_id, is_new."""
    asked = ops.run_request(connection, row.code, by, campaign.campaign_id if campaign else None)
    audit.record(
        connection, "service_run", "service", row.service_id,
        after={"code": row.code, "run_id": asked.run_id, "campaign": campaign.code if campaign else None},
    )  # fmt: skip
    return asked


def cancel_run(connection: Connection, run: Any, by: str) -> bool:
    """Cancel a queued run. False: it has begun, or ended."""
    if not ops.run_cancel(connection, run.run_id, by):
        return False
    audit.record(connection, "service_run_cancel", "service_run", run.run_id, before={"code": run.service_code})
    return True


# -- the journal -------------------------------------------------------------------------------------------------------


def _runs() -> Select[Any]:
    """Runs without their logs, which are long."""
    columns = [column for column in ServiceRun.__table__.columns if column.name != "log"]
    return select(
        *columns, Service.code.label("service_code"), Service.name.label("service_name"),
        Service.name_en.label("service_name_en"), Service.timeout_seconds, Campaign.code.label("campaign_code"),
        Campaign.name.label("campaign_name"),
    ).join(Service, Service.service_id == ServiceRun.service_id).join(
        Campaign, Campaign.campaign_id == ServiceRun.campaign_id, isouter=True
    )  # fmt: skip


def _runs_of(connection: Connection, run_ids: Sequence[int]) -> Sequence[Any]:
    """The runs with these ids, the newest first."""
    if not run_ids:
        return []
    return connection.execute(_runs().where(ServiceRun.run_id.in_(run_ids)).order_by(ServiceRun.run_id.desc())).all()


def journal(
    connection: Connection,
    limit: int,
    service_id: int | None = None,
    state_id: int | None = None,
    campaign_id: int | None = None,
    before: int | None = None,
    visible: frozenset[int] | None = None,
) -> Sequence[Any]:
    """A page of runs, the newest first, from `before` on (its id not included).

    With `visible` the runs of no other campaign are among them."""

    def newest(*conditions: Any) -> Select[Any]:
        query = select(ServiceRun.run_id).where(*conditions).order_by(ServiceRun.run_id.desc()).limit(limit)
        if visible is not None:
            query = query.where(or_(ServiceRun.campaign_id.is_(None), ServiceRun.campaign_id.in_(visible)))
        return query.where(ServiceRun.run_id < before) if before is not None else query

    # Each branch reads its rows from the end of one index, and stops at the limit.
    if campaign_id is not None:
        conditions = [ServiceRun.campaign_id == campaign_id]
        if service_id is not None:
            conditions.append(ServiceRun.service_id == service_id)
        if state_id is not None:
            conditions.append(ServiceRun.state_id == state_id)
        queries = [newest(*conditions)]
    elif state_id is not None:
        chosen = [service_id] if service_id is not None else connection.scalars(select(Service.service_id)).all()
        queries = [newest(ServiceRun.state_id == state_id, ServiceRun.service_id == one) for one in chosen]
    elif service_id is not None:
        queries = [newest(ServiceRun.service_id == service_id)]
    else:
        queries = [newest()]
    found = [run_id for query in queries for run_id in connection.scalars(query)]
    return _runs_of(connection, sorted(found, reverse=True)[:limit])


def run(connection: Connection, run_id: int) -> Any | None:
    """One run; its log is `log_of`."""
    found = _runs_of(connection, [run_id])
    return found[0] if found else None


def log_of(connection: Connection, run_id: int) -> str:
    return connection.scalar(select(ServiceRun.log).where(ServiceRun.run_id == run_id)) or ""


def chain(connection: Connection, found: Any) -> list[Any]:
    """The attempts that a run belongs to, the first one first; the run alone where there was one only."""
    same = [ServiceRun.service_id == found.service_id]
    same.append(ServiceRun.campaign_id == found.campaign_id if found.campaign_id is not None
                else ServiceRun.campaign_id.is_(None))  # fmt: skip
    earlier = connection.scalars(
        select(ServiceRun.run_id).where(*same, ServiceRun.run_id < found.run_id)
        .order_by(ServiceRun.run_id.desc()).limit(_LONGEST_CHAIN)
    ).all() if found.attempt_no > 1 else []  # fmt: skip
    later = connection.scalars(
        select(ServiceRun.run_id).where(*same, ServiceRun.run_id > found.run_id)
        .order_by(ServiceRun.run_id).limit(_LONGEST_CHAIN)
    ).all()  # fmt: skip
    runs = {one.run_id: one for one in _runs_of(connection, [*earlier, *later])}
    attempts = [found]
    for run_id in earlier:
        if runs[run_id].attempt_no != attempts[0].attempt_no - 1:
            break
        attempts.insert(0, runs[run_id])
    for run_id in later:
        if runs[run_id].attempt_no != attempts[-1].attempt_no + 1:
            break
        attempts.append(runs[run_id])
    return attempts


def counts(found: Any) -> list[tuple[str, int]]:
    """What a run counted: name for people, number."""
    try:
        values = json.loads(found.counts or "{}")
    except ValueError:
        return []
    return [(_(COUNTS[name]) if name in COUNTS else str(name), value) for name, value in values.items()]
