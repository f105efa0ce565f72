"""Sources of files (M165-M182): where they lie, what becomes of them, and «Проверить соединение»."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, render_template, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, pgettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import Connection, select
from wtforms import BooleanField, PasswordField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.admin import campaign_data, export
from app.admin.base import Screen
from app.admin.import_templates import ENCODINGS
from app.auth import audit, campaign_access, sessions
from app.database.web import db
from app.errors import AcmError
from app.frame import inputs
from app.i18n import mark
from app.importing.sources import SourceError, check, store
from app.importing.sources.store import DELETE, MOVE, RENAME, FieldError, SourceValues
from app.models.importing import ImportTemplate
from app.models.ops import ServiceSchedule

ACTIONS = {RENAME: mark("Rename"), MOVE: mark("Move"), DELETE: mark("Delete")}
_SHOWN = 10


class SourceForm(FlaskForm):
    name = StringField(
        lazy_gettext("Source name"), [InputRequired(lazy_gettext("Give the source a name.")), Length(max=200)]
    )
    description = TextAreaField(lazy_gettext("Source description"), [Length(max=1000)])
    is_enabled = BooleanField(lazy_gettext("Files are fetched"))
    template_id = SelectField(
        lazy_gettext("Import template"), [InputRequired(lazy_gettext("Choose a template."))], validate_choice=False
    )
    encoding = SelectField(lazy_gettext("Encoding"), validate_choice=False)
    campaign_id = SelectField(lazy_gettext("Campaign"), validate_choice=False)
    root_url = StringField(
        lazy_gettext("Path to the root folder"),
        [InputRequired(lazy_gettext("Give the path to the root folder.")), Length(max=500)],
    )
    file_mask = StringField(lazy_gettext("File mask"), [Length(max=200)])
    username = StringField(lazy_gettext("Login for access"), [Length(max=200)])
    password = PasswordField(lazy_gettext("Password for access"), [Length(max=200)])
    checks_certificate = BooleanField(lazy_gettext("The certificate of the server is checked"))
    host_key = StringField(lazy_gettext("Accepted key of the server"), [Length(max=200)])
    schedule_id = SelectField(lazy_gettext("Synchronisation schedule"), validate_choice=False)
    success_action_id = SelectField(lazy_gettext("Action after a successful import"), validate_choice=False)
    success_target = StringField(lazy_gettext("What is put behind the name, or the folder"), [Length(max=200)])
    failure_action_id = SelectField(lazy_gettext("Action after an unsuccessful import"), validate_choice=False)
    failure_target = StringField(lazy_gettext("What is put behind the name, or the folder"), [Length(max=200)])

    def values(self) -> SourceValues:
        """What the form says, as the store takes it."""

        def text(field: Any) -> str | None:
            return str(field.data or "").strip() or None

        def key(field: Any) -> int | None:
            return inputs.small(str(field.data or ""))

        return SourceValues(
            name=text(self.name) or "",
            description=text(self.description),
            template_id=key(self.template_id) or 0,
            encoding=text(self.encoding),
            campaign_id=key(self.campaign_id),
            root_url=text(self.root_url) or "",
            file_mask=text(self.file_mask) or "*",
            username=text(self.username),
            password=str(self.password.data or "") or None,
            checks_certificate=bool(self.checks_certificate.data),
            host_key=text(self.host_key),
            schedule_id=key(self.schedule_id),
            success_action_id=_action(key(self.success_action_id)),
            success_target=text(self.success_target),
            failure_action_id=_action(key(self.failure_action_id)),
            failure_target=text(self.failure_target),
            is_enabled=bool(self.is_enabled.data),
        )


def _action(action_id: int | None) -> int:
    return action_id if action_id in ACTIONS else RENAME


class ImportSourcesScreen(Screen):
    """The list of sources, and the form of one."""

    screen = "import_sources"
    group = "import"
    icon = "refresh-cw"
    help_page = "loading"
    help_section = "sources"
    actions: ClassVar = {
        "index": "view", "export": "export", "create": "edit", "edit": "view", "copy": "edit", "delete": "edit",
        "check": "edit", "check_new": "edit",
    }  # fmt: skip

    @expose("/")
    def index(self) -> Any:
        with db.engine.connect() as connection:
            rows = _seen(connection)
        return self.render("screens/import_sources.html", sources=rows, actions=ACTIONS, may=sessions.may)

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The list of sources, as CSV or Excel; of login, password and key nothing."""
        with db.engine.connect() as connection:
            rows = _seen(connection)
        headers = [
            _("Source name"), _("State"), _("Path to the root folder"), _("File mask"), _("File format"),
            _("Import template"), _("Campaign"), _("Synchronisation schedule"), _("After success"), _("After failure"),
        ]  # fmt: skip
        written = (
            [
                row.name, pgettext("source", "On") if row.is_enabled else pgettext("source", "Off"), row.root_url,
                row.file_mask, row.format.upper(), row.template_name, row.campaign_code or _("from the file"),
                row.schedule_name or _("by hand"), _(ACTIONS[row.success_action_id]), _(ACTIONS[row.failure_action_id]),
            ]
            for row in rows
        )  # fmt: skip
        return export.send("import-sources", kind, headers, written)

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        form = SourceForm(
            file_mask="*.txt", checks_certificate=True, is_enabled=True, success_target=".done",
            failure_target=".failed",
        )  # fmt: skip
        with db.engine.begin() as connection:
            _fill_choices(connection, form)
            if form.validate_on_submit() and self._saved(connection, form, None):
                return redirect(url_for(".index"))
        return self._show(form, None)

    @expose("/<int:source_id>", methods=["GET", "POST"])
    def edit(self, source_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.begin() as connection:
            row = _row_or_404(connection, source_id)
            known = {name: getattr(row, name) for name in SourceValues.__dataclass_fields__ if name != "password"}
            form = SourceForm(**{name: "" if value is None else value for name, value in known.items()})
            _fill_choices(connection, form)
            if form.validate_on_submit() and self._saved(connection, form, row):
                return redirect(url_for(".index"))
        return self._show(form, row)

    @expose("/<int:source_id>/copy", methods=["POST"])
    def copy(self, source_id: int) -> Any:
        """A copy that is switched off, to be changed."""
        with db.engine.begin() as connection:
            row = _row_or_404(connection, source_id)
            new_id = store.copy(connection, row, current_user.username)
            audit.record(
                connection, "source_add", "import_source", new_id, after=store.told(_row_or_404(connection, new_id))
            )
        flash(_("This is a copy of “%(name)s”. Change what differs.", name=row.name), "success")
        return redirect(url_for(".edit", source_id=new_id))

    @expose("/<int:source_id>/delete", methods=["POST"])
    def delete(self, source_id: int) -> Any:
        with db.engine.begin() as connection:
            row = _row_or_404(connection, source_id)
            store.remove(connection, source_id)
            audit.record(connection, "source_delete", "import_source", source_id, before=store.told(row))
        flash(_("The source “%(name)s” is deleted.", name=row.name), "success")
        return redirect(url_for(".index"))

    @expose("/check", methods=["POST"])
    def check_new(self) -> Any:
        return _checked(None)

    @expose("/<int:source_id>/check", methods=["POST"])
    def check(self, source_id: int) -> Any:
        """Try the connection as the form describes it, saved or not; nothing is written."""
        with db.engine.connect() as connection:
            return _checked(_row_or_404(connection, source_id))

    def _saved(self, connection: Connection, form: SourceForm, row: Any) -> bool:
        source_id = row.source_id if row is not None else None
        if str(form.campaign_id.data or "") not in [value for value, __ in form.campaign_id.choices]:
            form.campaign_id.errors = [_("Choose the campaign that the file is for.")]
            return False
        try:
            source_id = store.save(connection, form.values(), source_id, current_user.username)
        except FieldError as error:
            form[error.name].errors = [f"{error.message} {error.hint}".strip()]
            return False
        audit.record(
            connection, "source_change" if row is not None else "source_add", "import_source", source_id,
            before=store.told(row) if row is not None else None,
            after=store.told(_row_or_404(connection, source_id)),
        )  # fmt: skip
        flash(_("Saved."), "success")
        return True

    def _show(self, form: SourceForm, row: Any) -> Any:
        return self.render(
            "screens/import_source.html", form=form, row=row, may=sessions.may,
            has_templates=bool(form.template_id.choices),
        )  # fmt: skip


def _seen(connection: Connection) -> Sequence[Any]:
    """The sources but for those of campaigns that the user does not see."""
    seen = campaign_access.visible(connection)
    return [row for row in store.sources(connection) if row.campaign_id is None or row.campaign_id in seen]


def _checked(row: Any) -> Any:
    """The outcome of a check as a piece of the page."""
    form = SourceForm()
    found, field = None, ""
    problem: AcmError | None = None
    try:
        place = store.place_from(form.values(), row)
        found = check(place, form.values().file_mask)
    except FieldError as error:
        problem, field = error, str(form[error.name].label.text)
    except AcmError as error:
        problem = error
    fingerprint = problem.fingerprint if isinstance(problem, SourceError) else ""
    return render_template(
        "screens/import_source_checked.html", found=found, problem=problem, field=field, fingerprint=fingerprint,
        mask=form.values().file_mask, shown=_SHOWN,
    )  # fmt: skip


def _fill_choices(connection: Connection, form: SourceForm) -> None:
    kinds: dict[str, list[tuple[str, str]]] = {}
    for row in connection.execute(
        select(ImportTemplate.template_id, ImportTemplate.name, ImportTemplate.format).order_by(ImportTemplate.name)
    ):
        kinds.setdefault(row.format.upper(), []).append((str(row.template_id), row.name))
    form.template_id.choices = kinds
    form.encoding.choices = [("", _("as the template says")), *[(name, name.upper()) for name in ENCODINGS]]
    form.campaign_id.choices = [("", _("as the file says"))] + [
        (str(row.campaign_id), f"[{row.code}] {row.name}")
        for row in campaign_data.campaigns(connection)
        if row.state_id != 3 or str(row.campaign_id) == str(form.campaign_id.data)
    ]
    form.schedule_id.choices = [("", _("none: only by hand"))] + [
        (str(row.schedule_id), row.name)
        for row in connection.execute(
            select(ServiceSchedule.schedule_id, ServiceSchedule.name).order_by(ServiceSchedule.name)
        )
    ]
    for field in (form.success_action_id, form.failure_action_id):
        field.choices = [(str(action_id), _(name)) for action_id, name in ACTIONS.items()]
    for field in (form.template_id, form.campaign_id, form.schedule_id, form.success_action_id, form.failure_action_id):
        field.data = "" if field.data is None else str(field.data)


def _row_or_404(connection: Connection, source_id: int) -> Any:
    row = store.source(connection, source_id)
    if row is None or (row.campaign_id is not None and not campaign_access.is_visible(connection, row.campaign_id)):
        abort(404)
    return row
