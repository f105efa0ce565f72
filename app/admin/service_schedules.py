"""The dictionary of schedules of services (M230-M235): a form that makes a cron line, and its next runs in words."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Connection

from app.admin.base import Screen
from app.admin.schedules import weekdays
from app.auth import sessions
from app.database.web import db
from app.errors import AcmError, ProcedureError
from app.services import cron_words, schedules
from app.services.cron_form import CronForm, form_of
from app.services.schedules import NextRun

BUILDER, LINE = "builder", "line"
_LINE_LENGTH = 200
_NAME_TAKEN, _IN_USE = 50161, 50162


@dataclass
class Draft:
    """A schedule as its page holds it, with what is wrong beside its fields. `form` None: the line has no form."""

    name: str = ""
    mode: str = BUILDER
    line: str = ""
    form: CronForm | None = None
    words: str = ""
    runs: list[NextRun] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, name: str, line: str) -> Draft:
        form = form_of(line)
        return cls(name, BUILDER if form else LINE, line, form).looked_at()

    @classmethod
    def sent(cls, values: Any) -> Draft:
        """What the page sent: the form makes the line, or the line was typed and fills the form."""
        draft = cls(values.get("name", "").strip(), LINE if values.get("mode") == LINE else BUILDER)
        if draft.mode == LINE:
            draft.line = " ".join(values.get("line", "").split())
            draft.form = form_of(draft.line)
        else:
            draft.form = CronForm.sent(values)
            draft.line = draft.form.line() or ""
            draft.errors = dict(draft.form.errors)
        return draft.looked_at()

    def looked_at(self) -> Draft:
        """With words, next runs, and what is wrong with the line."""
        if self.errors:
            return self
        try:
            if len(self.line) > _LINE_LENGTH:
                raise AcmError(_("The line has at most %(count)s characters.", count=_LINE_LENGTH))
            self.runs = schedules.next_runs(self.line)
            self.words = cron_words.words(self.line)
            if not self.runs:
                self.errors["line"] = _("By this line no run would ever come.")
        except AcmError as error:
            self.errors["line"] = str(error)
        return self

    def check_name(self) -> None:
        if not self.name:
            self.errors["name"] = _("Give the schedule a name.")
        elif len(self.name) > 200:
            self.errors["name"] = _("The name has at most 200 characters.")

    def as_json(self) -> dict[str, Any]:
        """For the script of the page."""
        return {
            "line": self.line, "words": self.words, "runs": [asdict(run) for run in self.runs], "errors": self.errors,
            "form": self.form.as_json() if self.form else None,
        }  # fmt: skip


class ServiceSchedulesScreen(Screen):
    """The list of schedules, and the page of one."""

    screen = "service_schedules"
    group = "dictionaries"
    icon = "alarm-clock"
    help_section = "services-and-their-schedules"
    actions: ClassVar = {"index": "view", "preview": "view", "create": "edit", "edit": "view", "delete": "edit"}

    @expose("/")
    def index(self) -> Any:
        with db.engine.connect() as connection:
            rows = schedules.schedules(connection)
            users = schedules.users(connection)
        return self.render(
            "screens/service_schedules.html", schedules=rows, users=users, may=sessions.may,
            words={row.schedule_id: cron_words.words(row.cron) for row in rows},
            next_runs={row.schedule_id: _first_run(row.cron) for row in rows}, zone=schedules.zone_name(),
        )  # fmt: skip

    @expose("/preview.json")
    def preview(self) -> Any:
        """The line, its words and its next runs for the page as it is filled in now."""
        return jsonify(Draft.sent(request.args).as_json())

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        draft = Draft.sent(request.form) if request.method == "POST" else Draft.of("", "*/5 * * * *")
        if request.method == "POST" and self._saved(draft, None):
            return redirect(url_for(".index"))
        return self._show(draft, None, [])

    @expose("/<int:schedule_id>", methods=["GET", "POST"])
    def edit(self, schedule_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.connect() as connection:
            row = _schedule_or_404(connection, schedule_id)
            users = schedules.users(connection).get(schedule_id, [])
        draft = Draft.sent(request.form) if request.method == "POST" else Draft.of(row.name, row.cron)
        if request.method == "POST" and self._saved(draft, schedule_id):
            return redirect(url_for(".index"))
        return self._show(draft, schedule_id, users, row.name)

    @expose("/<int:schedule_id>/delete", methods=["POST"])
    def delete(self, schedule_id: int) -> Any:
        """Remove a schedule that no service uses."""
        try:
            with db.engine.begin() as connection:
                row = _schedule_or_404(connection, schedule_id)
                schedules.delete(connection, row)
        except ProcedureError as error:
            if error.number != _IN_USE:
                raise
            flash(_("The schedule “%(name)s” is used by a service and stays.", name=row.name), "error")
        else:
            flash(_("The schedule “%(name)s” is deleted.", name=row.name), "success")
        return redirect(url_for(".index"))

    def _saved(self, draft: Draft, schedule_id: int | None) -> bool:
        draft.check_name()
        if draft.errors:
            return False
        try:
            with db.engine.begin() as connection:
                saved = schedules.save(connection, schedule_id, draft.name, draft.line)
        except ProcedureError as error:
            if error.number != _NAME_TAKEN:
                raise
            draft.errors["name"] = _("There is a schedule “%(name)s” already.", name=draft.name)
            return False
        flash(_("The schedule “%(name)s” is saved.", name=draft.name), "success")
        if saved.services:
            flash(ngettext("%(num)s service is planned anew within seconds.",
                           "%(num)s services are planned anew within seconds.", saved.services), "info")  # fmt: skip
        return True

    def _show(self, draft: Draft, schedule_id: int | None, users: list[Any], name: str = "") -> Any:
        return self.render(
            "screens/service_schedule.html", draft=draft, form=draft.form or CronForm(), schedule_id=schedule_id,
            name=name, users=users, may=sessions.may, weekdays=weekdays(), zone=schedules.zone_name(),
        )  # fmt: skip


def _schedule_or_404(connection: Connection, schedule_id: int) -> Any:
    return schedules.schedule_row(connection, schedule_id) or abort(404)


def _first_run(line: str) -> NextRun | None:
    """The next run of a line that is in the database; None where it never comes or cannot be read."""
    try:
        return next(iter(schedules.next_runs(line, 1)), None)
    except AcmError:
        return None
