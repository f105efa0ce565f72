"""The services (M229): what each does now, when it comes next, how it last ended; switched, scheduled, run by hand."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, flash, jsonify, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import Connection

from app import clock
from app.admin import campaign_data
from app.admin.base import Screen
from app.admin.cache import ShortMemory
from app.auth import campaign_access, sessions
from app.database.web import db
from app.frame.formats import moment, number, zone_name
from app.frame.formats import zone as user_zone
from app.frame.languages import language
from app.services import cron_words, data, schedules
from app.services.data import ServiceView
from jobs.services import OF_ONE_CAMPAIGN, SERVICES

_MOST_SECONDS = 86_400
#: A scheduler that has not called for so long is not there.
_SILENT_SECONDS = 15


class ServicesScreen(Screen):
    """The table of the services, live, and the dialogs of one."""

    screen = "services"
    group = "journals"
    icon = "cog"
    help_section = "services-and-their-schedules"
    actions: ClassVar = {"index": "view", "live": "view", "edit": "edit", "switch": "edit", "run": "run"}

    @expose("/")
    def index(self) -> Any:
        with db.engine.connect() as connection:
            views = data.services(connection)
            trouble = _trouble(connection)
            visible = campaign_access.visible(connection)
        return self.render(
            "screens/services.html", services=views,
            live={view.row.service_id: _shown(view, visible) for view in views},
            may=sessions.may, words={view.row.service_id: cron_words.words(view.row.cron or "") for view in views},
            trouble=trouble, is_virtual=clock.speed() != 1.0, of_one=OF_ONE_CAMPAIGN,
        )  # fmt: skip

    @expose("/services.json")
    def live(self) -> Any:
        """What changes by itself, by service."""
        with db.engine.connect() as connection:
            visible = campaign_access.visible(connection)
        return jsonify(_memory.get((language(), zone_name(), visible), lambda: _read(visible)))

    @expose("/<int:service_id>", methods=["GET", "POST"])
    def edit(self, service_id: int) -> Any:
        """The dialog of one service: switch, schedule, time limit."""
        with db.engine.begin() as connection:
            row = _service_or_404(connection, service_id)
            values = request.form if request.method == "POST" else {
                "is_enabled": "1" if row.is_enabled else "", "schedule_id": str(row.schedule_id or ""),
                "timeout_seconds": str(row.timeout_seconds),
            }  # fmt: skip
            known = schedules.schedules(connection)
            error = ""
            if request.method == "POST":
                written, chosen = values.get("timeout_seconds", "").strip(), values.get("schedule_id", "")
                if not written.isascii() or not written.isdigit() or not 1 <= int(written) <= _MOST_SECONDS:
                    error = _("A whole number of seconds from 1 to %(most)s.", most=number(_MOST_SECONDS))
                elif chosen and chosen not in {str(one.schedule_id) for one in known}:
                    abort(404)
                else:
                    data.change(connection, row, bool(values.get("is_enabled")), int(chosen) if chosen else None,
                                int(written))  # fmt: skip
                    _memory.forget()
                    flash(_("Saved. The service is planned anew within seconds."), "success")
                    return self.leave_sheet(url_for(".index"))
        return self.render_sheet(
            "screens/service_edit.html", service=row, values=values, schedules=known, error=error,
            words={one.schedule_id: cron_words.words(one.cron) for one in known}, is_built=row.code in SERVICES,
        )  # fmt: skip

    @expose("/<int:service_id>/switch", methods=["POST"])
    def switch(self, service_id: int) -> Any:
        """Switch a service on or off: {"is_enabled": true}."""
        body = request.get_json(silent=True)
        wanted = body.get("is_enabled") if isinstance(body, dict) else None
        if not isinstance(wanted, bool):
            abort(400)
        with db.engine.begin() as connection:
            row = _service_or_404(connection, service_id)
            data.change(connection, row, wanted, row.schedule_id, row.timeout_seconds)
        _memory.forget()
        return jsonify(is_enabled=wanted)

    @expose("/<int:service_id>/run", methods=["GET", "POST"])
    def run(self, service_id: int) -> Any:
        """The dialog that asks for a run now, of everything or, where the service can, of one campaign."""
        with db.engine.begin() as connection:
            row = _service_or_404(connection, service_id)
            if row.code not in SERVICES:
                abort(404)
            has_campaigns = row.code in OF_ONE_CAMPAIGN
            campaigns = campaign_data.campaigns(connection) if has_campaigns else []
            if request.method == "POST":
                chosen = request.form.get("campaign", "")
                campaign = next((one for one in campaigns if str(one.campaign_id) == chosen), None)
                if chosen and campaign is None:
                    abort(404)
                asked = data.request_run(connection, row, current_user.username, campaign)
                flash(_("Run %(id)s is asked for.", id=asked.run_id) if asked.is_new
                      else _("The same run is on its way already: %(id)s.", id=asked.run_id), "success")  # fmt: skip
                _memory.forget()
                return self.leave_sheet(url_for("service_runs.run", run_id=asked.run_id))
        held = sum(one.records_out for one in campaigns) if row.code == "queue_clear" else 0
        return self.render_sheet("screens/service_run_now.html", service=row, campaigns=campaigns, held=held)


_memory = ShortMemory(1.0)


def _read(visible: frozenset[int]) -> dict[str, Any]:
    with db.engine.connect() as connection:
        views = data.services(connection)
        trouble = _trouble(connection)
    return {"services": {view.row.service_id: _shown(view, visible) for view in views}, "trouble": trouble}


def _shown(view: ServiceView, visible: frozenset[int]) -> dict[str, Any]:
    """The texts of a row that change by themselves. A run of a campaign that is not visible has no name and no link."""

    def is_open(run: Any) -> bool:
        return run.campaign_id is None or run.campaign_id in visible

    def link(run: Any) -> int | None:
        return run.run_id if run is not None and is_open(run) else None

    row = view.row
    state, state_class, share, note, run_id = "", "off", 0, "", None
    if view.running:
        run = view.running[-1]
        run_id = link(run)
        state, state_class = _("Running"), "run"
        note = progress_text(run)
        share = progress_share(run)
        if run.campaign_code and is_open(run):
            note = f"[{run.campaign_code}] {note}".strip()
    elif not view.is_built:
        state = _("not in this release")
    elif view.queued:
        ahead = min(run.planned_at for run in view.queued) - clock.real_now()
        state, state_class = _("Queued"), "warn"
        if ahead.total_seconds() > 0:  # after a failure
            state = _("Tried again %(ahead)s", ahead=cron_words.ahead_words(ahead))
    elif row.is_enabled:
        state, state_class = _("Waits"), "on"
    else:
        state = _("Switched off")
    upcoming = schedules.next_run(row.next_run_at, True, user_zone()) if row.next_run_at else None
    last, failed = view.last, view.last_failed
    return {
        "is_enabled": bool(row.is_enabled), "state": state, "state_class": state_class, "share": share, "note": note,
        "run_id": run_id,
        "next": f"{upcoming.day}, {upcoming.at}" if upcoming else _next_words(view),
        "next_ahead": upcoming.ahead if upcoming else "",
        "last_id": link(last),
        "last": moment(last.started_at or last.planned_at) if last else _("never yet"),
        "last_state": _(data.STATES[last.state_id]) if last else "",
        "last_class": data.STATE_CLASSES[last.state_id] if last else "off",
        "last_seconds": duration_text(last) if last else "",
        "error_id": link(failed),
        "error": (failed.error if is_open(failed) and failed.error else _(data.STATES[failed.state_id])) if failed
        else "",
        "error_at": moment(failed.finished_at or failed.planned_at) if failed else "",
        "is_fresh": bool(failed and last and failed.run_id == last.run_id),
    }  # fmt: skip


def _next_words(view: ServiceView) -> str:
    if not view.row.is_enabled:
        return "—"
    return _("by hand only") if view.row.schedule_id is None else _("being planned")


def _trouble(connection: Connection) -> str:
    """What keeps all services from running; empty where nothing does."""
    place = data.scheduler(connection)
    if place is None or not place.owner:
        return _("No scheduler is at work: nothing runs by itself, and runs that are asked for wait.")
    silent = (clock.real_now() - place.beat_at).total_seconds()
    if silent > _SILENT_SECONDS:
        return _("The scheduler has been silent since %(moment)s: nothing runs by itself.",
                 moment=moment(place.beat_at))  # fmt: skip
    return ""


def progress_text(run: Any) -> str:
    """3 of 30; the number alone where the whole is not known; empty before the first word."""
    if run.progress_total:
        return _("%(done)s of %(total)s", done=number(run.progress), total=number(run.progress_total))
    return number(run.progress) if run.progress else ""


def progress_share(run: Any) -> int:
    """Hundredths of the work that are done."""
    if run.state_id == data.DONE:
        return 100
    return min(100, run.progress * 100 // run.progress_total) if run.progress_total else 0


def duration_text(run: Any) -> str:
    """How long a run took, or has taken so far."""
    if run.started_at is None:
        return ""
    seconds = ((run.finished_at or clock.real_now()) - run.started_at).total_seconds()
    if seconds < 60:
        return _("%(count)s s", count=number(max(seconds, 0.0), 1))
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return _("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=rest)
    return _("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)


def _service_or_404(connection: Connection, service_id: int) -> Any:
    return data.service(connection, service_id) or abort(404)
