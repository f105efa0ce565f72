"""Templates of files: the deck's line of placeholders (M169-M172), with the form of the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import Connection, delete, select
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app.admin import export
from app.admin.base import Screen
from app.auth import audit, sessions
from app.database.web import db
from app.errors import AcmError
from app.importing import templates
from app.models.importing import ImportTemplate

ENCODINGS = ("utf-8", "cp1251", "koi8-r")


class TemplateForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [InputRequired(), Length(max=200)])
    format = SelectField(lazy_gettext("Format of the file"), choices=[("txt", "TXT"), ("csv", "CSV")])
    encoding = SelectField(lazy_gettext("Encoding"))
    has_header = BooleanField(lazy_gettext("The first line holds the names of the columns"))
    line = TextAreaField(lazy_gettext("Template"), [InputRequired(), Length(max=templates.MAX_LINE)])

    def values(self) -> dict[str, Any]:
        """What the form says, as app.importing.templates takes it."""
        return {
            "name": str(self.name.data).strip(),
            "format": self.format.data,
            "encoding": self.encoding.data or None,
            "has_header": bool(self.has_header.data),
            "line": str(self.line.data).strip(),
        }


class ImportTemplatesScreen(Screen):
    """The list of templates, and the form of one."""

    screen = "import_templates"
    group = "import"
    icon = "file-text"
    help_page = "loading"
    help_section = "the-template"
    actions: ClassVar = {"index": "view", "export": "export", "create": "edit", "edit": "view", "delete": "edit"}

    @expose("/")
    def index(self) -> Any:
        with db.engine.connect() as connection:
            rows = _templates(connection)
        return self.render("screens/import_templates.html", templates=rows, may=sessions.may)

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The list of templates, as CSV or Excel."""
        with db.engine.connect() as connection:
            rows = _templates(connection)
        headers = [_("Name"), _("Format"), _("Encoding"), _("Template"), _("Made by"), _("Made at")]
        written = (
            [
                row.name, row.format.upper(), row.encoding.upper() if row.encoding else _("detect"), row.line,
                row.created_by, row.created_at,
            ]
            for row in rows
        )  # fmt: skip
        return export.send("import-templates", kind, headers, written)

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        form = self._form(has_header=True, format="txt")
        if form.validate_on_submit():
            with db.engine.begin() as connection:
                if self._saved(connection, form, None):
                    return redirect(url_for(".index"))
        return self._show(form, None)

    @expose("/<int:template_id>", methods=["GET", "POST"])
    def edit(self, template_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.begin() as connection:
            row = connection.execute(
                select(ImportTemplate.__table__).where(ImportTemplate.template_id == template_id)
            ).one_or_none()
            if row is None:
                abort(404)
            form = self._form(
                name=row.name,
                format=row.format,
                encoding=row.encoding or "",
                has_header=bool(row.has_header),
                line=row.line,
            )
            if form.validate_on_submit() and self._saved(connection, form, row):
                return redirect(url_for(".index"))
        return self._show(form, row)

    @expose("/<int:template_id>/delete", methods=["POST"])
    def delete(self, template_id: int) -> Any:
        """Remove a template. Loads that used it keep the form that they were read with."""
        with db.engine.begin() as connection:
            row = connection.execute(
                select(ImportTemplate.__table__).where(ImportTemplate.template_id == template_id)
            ).one_or_none()
            if row is None:
                abort(404)
            connection.execute(delete(ImportTemplate).where(ImportTemplate.template_id == template_id))
            audit.record(connection, "template_delete", "import_template", template_id, before=_told(row))
        flash(_("The template %(name)s is deleted.", name=row.name), "success")
        return redirect(url_for(".index"))

    def _form(self, **values: Any) -> TemplateForm:
        form = TemplateForm(**values)
        known = [values["encoding"]] if values.get("encoding") and values["encoding"] not in ENCODINGS else []
        form.encoding.choices = [("", _("Detect")), *[(name, name.upper()) for name in (*ENCODINGS, *known)]]
        return form

    def _saved(self, connection: Connection, form: TemplateForm, row: Any) -> bool:
        values = form.values()
        try:
            if row is None:
                template_id = templates.create(connection, **values, created_by=current_user.username)
            else:
                template_id = row.template_id
                templates.change(connection, template_id, **values)
        except templates.TemplateError as error:
            form.line.errors = [f"{error.message} {error.hint}".strip()]
            return False
        except AcmError as error:
            form.name.errors = [f"{error.message} {error.hint}".strip()]
            return False
        audit.record(
            connection, "template_change" if row is not None else "template_add", "import_template", template_id,
            before=_told(row) if row is not None else None, after=values,
        )  # fmt: skip
        flash(_("Saved."), "success")
        return True

    def _show(self, form: TemplateForm, row: Any) -> Any:
        columns = None
        if form.line.data and not form.line.errors:
            try:
                columns = templates.parse(str(form.line.data), str(form.format.data)).columns
            except AcmError:
                columns = None
        return self.render(
            "screens/import_template.html", form=form, row=row, columns=columns, names=templates.NAMES,
            attribute=templates.ATTRIBUTE, may=sessions.may, column_name=column_name,
        )  # fmt: skip


def _templates(connection: Connection) -> Sequence[Any]:
    return connection.execute(select(ImportTemplate.__table__).order_by(ImportTemplate.name)).all()


def column_name(column: str) -> str:
    """What a placeholder means, in the language of the page."""
    attribute = templates.attribute_name(column)
    if attribute:
        return _("Extended attribute %(name)s", name=attribute)
    meanings = {
        templates.CLIENT_CODE: _("Form number"),
        templates.CAMPAIGN_CODE: _("Campaign code"),
        templates.SEGMENT_CODE: _("Segment"),
        templates.CRM_ID: _("CRM id"),
        templates.LAST_NAME: _("Last name"),
        templates.FIRST_NAME: _("First name"),
        templates.MIDDLE_NAME: _("Middle name"),
        templates.PRIORITY: _("Priority, 1 to 10"),
        templates.ZONE_CODE: _("Time zone"),
        templates.DO_NOT_CALL_AFTER: _("Do not call after"),
        templates.PHONE_NUMBER: _("Phone"),
        templates.PHONE_TYPE: _("Phone type"),
        templates.CALLBACK_TIME: _("Callback time"),
        templates.CALLBACK_AGENT: _("Agent of the callback"),
        templates.IGNORED: _("Not loaded"),
    }
    return meanings.get(column, column)


def _told(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("name", "format", "encoding", "has_header", "line")}
