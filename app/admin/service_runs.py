"""The journal of services: runs, the newest first, and one run live with its counts, log and attempts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Connection, select

from app import clock
from app.admin import campaign_data, export, pages
from app.admin.base import Screen
from app.admin.pages import Page
from app.admin.services import duration_text, progress_share, progress_text
from app.auth import campaign_access, sessions
from app.database.web import db
from app.frame import inputs
from app.frame.formats import moment, moment_ms, number
from app.frame.languages import language
from app.models.ops import Service
from app.services import data

_PAGE = 50
_LOG_LINES = 1000
_LOG_LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}) (INFO|WARNING|ERROR) (.*)\Z", re.DOTALL)


class ServiceRunsScreen(Screen):
    """Runs of all services, paged by key, and the page of one."""

    screen = "service_runs"
    group = "journals"
    icon = "history"
    help_section = "services-and-their-schedules"
    actions: ClassVar = {"index": "view", "export": "export", "run": "view", "live": "view", "cancel": "cancel"}

    @expose("/")
    def index(self) -> Any:
        filters = _filters()
        before = request.args.get("before", "")
        with db.engine.connect() as connection:
            page = _find(connection, filters, before, _PAGE)
            names = connection.execute(select(Service.__table__).order_by(Service.service_id)).all()
            campaigns = campaign_data.campaigns(connection)
        kept: dict[str, Any] = {name: value for name, value in filters.items() if value}
        return self.render(
            "screens/service_runs.html", runs=page.rows, services=names, campaigns=campaigns, filters=filters,
            states=data.STATES, state_classes=data.STATE_CLASSES, is_first=not inputs.big(before),
            may=sessions.may, durations={row.run_id: duration_text(row) for row in page.rows}, progress=progress_text,
            told={row.run_id: _told(row) for row in page.rows}, kept=kept,
            first_url=url_for(".index", **kept),
            next_url=page.next_key and url_for(".index", **kept, before=page.next_key),
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The runs that are filtered, as CSV or Excel, up to a million rows."""
        headers = [
            _("Run"), _("Service"), _("State"), _("Planned for"), _("Began"), _("Ended"), _("Took, s"), _("Attempt"),
            _("Campaign"), _("Asked by"), _("Counted"), _("Error"),
        ]  # fmt: skip
        return export.send("service-journal", kind, headers, _lines(_filters()))

    @expose("/<big:run_id>/")
    def run(self, run_id: int) -> Any:
        with db.engine.connect() as connection:
            row = _run_or_404(connection, run_id)
            live = _live(connection, row)
            attempts = data.chain(connection, row)
        return self.render(
            "screens/service_run.html", run=row, live=live, attempts=attempts, states=data.STATES,
            state_classes=data.STATE_CLASSES, may=sessions.may, durations=duration_text,
        )  # fmt: skip

    @expose("/<big:run_id>/run.json")
    def live(self, run_id: int) -> Any:
        """What changes while the run goes on."""
        with db.engine.connect() as connection:
            return jsonify(_live(connection, _run_or_404(connection, run_id)))

    @expose("/<big:run_id>/cancel", methods=["POST"])
    def cancel(self, run_id: int) -> Any:
        """Cancel a run that has not begun."""
        with db.engine.begin() as connection:
            row = _run_or_404(connection, run_id)
            is_cancelled = data.cancel_run(connection, row, current_user.username)
        if is_cancelled:
            flash(_("The run is cancelled."), "success")
        else:
            flash(_("The run has begun or ended meanwhile; it is not cancelled."), "error")
        return redirect(url_for(".run", run_id=run_id))


def _filters() -> dict[str, str]:
    """The filters of the address; empty where it names none."""
    found = {name: request.args.get(name, "") for name in ("service", "state", "campaign")}
    return {name: value if inputs.small(value) is not None else "" for name, value in found.items()}


def _find(connection: Connection, filters: Mapping[str, str], key: str, size: int) -> Page:
    """The runs behind a key, the newest first."""
    asked = {name: inputs.small(value) for name, value in filters.items()}
    rows = data.journal(
        connection, size + 1, service_id=asked["service"], state_id=asked["state"], campaign_id=asked["campaign"],
        visible=campaign_access.visible(connection), before=inputs.big(key),
    )  # fmt: skip
    return pages.cut(rows, size, "run_id")


def _lines(filters: Mapping[str, str]) -> Iterator[list[Any]]:
    with db.engine.connect() as connection:
        for row in export.paged(lambda key: _find(connection, filters, key, export.PAGE)):
            is_over = row.started_at and row.finished_at
            yield [
                row.run_id, row.service_name if language() == "ru" else row.service_name_en,
                _(data.STATES[row.state_id]), row.planned_at, row.started_at, row.finished_at,
                round((row.finished_at - row.started_at).total_seconds()) if is_over else None, row.attempt_no,
                row.campaign_code, row.requested_by or _("schedule"), _told(row), row.error,
            ]  # fmt: skip


def _told(row: Any) -> str:
    return ", ".join(f"{name}: {number(value)}" for name, value in data.counts(row))


def _run_or_404(connection: Connection, run_id: int) -> Any:
    """The run; answers 404 when there is none, or it is one of a campaign that the user does not see."""
    row = (data.run(connection, run_id) if run_id < 2**63 else None) or abort(404)
    if row.campaign_id is not None and not campaign_access.is_visible(connection, row.campaign_id):
        abort(404)
    return row


def _live(connection: Connection, row: Any) -> dict[str, Any]:
    waits = row.state_id == data.QUEUED and row.planned_at > clock.real_now()
    return {
        "state": _(data.STATES[row.state_id]), "state_class": data.STATE_CLASSES[row.state_id],
        "is_over": row.state_id not in (data.QUEUED, data.RUNNING), "is_queued": row.state_id == data.QUEUED,
        "waits": _("begins %(moment)s", moment=moment(row.planned_at)) if waits else "",
        "share": progress_share(row), "progress": progress_text(row),
        "started_at": moment(row.started_at), "finished_at": moment(row.finished_at), "duration": duration_text(row),
        "heartbeat_at": moment(row.heartbeat_at), "worker": row.worker or "", "error": row.error or "",
        "counts": [{"name": name, "value": value} for name, value in data.counts(row)],
        "log": log_lines(data.log_of(connection, row.run_id)),
    }  # fmt: skip


def log_lines(log: str) -> list[dict[str, str]]:
    """The last lines of a log, the newest first: moment in the reader's zone, level, message. A message may have line
    ends of its own."""
    lines: list[dict[str, str]] = []
    for text in log.splitlines():
        match = _LOG_LINE.match(text)
        if match:
            at = datetime.strptime(match[1], "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=UTC).replace(tzinfo=None)
            lines.append({"at": moment_ms(at), "level": match[2].capitalize(), "message": match[3]})
        elif lines:
            lines[-1]["message"] += f"\n{text}"
    return lines[::-1][:_LOG_LINES]
