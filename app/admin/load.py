"""Loading a file by hand (M148): choose it, see its first lines as the template reads them, load it."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import Connection, select
from wtforms import SelectField
from wtforms.validators import InputRequired

from app.admin import campaign_data, uploads
from app.admin.base import Screen
from app.admin.import_templates import ENCODINGS, column_name
from app.auth import audit, campaign_access, sessions
from app.database.web import db
from app.errors import AcmError
from app.importing import templates
from app.importing.loader import preview
from app.models.importing import ImportBatch, ImportTemplate

PREVIEW_LINES = 20


class LoadForm(FlaskForm):
    file = FileField(lazy_gettext("File"), [FileRequired(lazy_gettext("Choose a file."))])
    template = SelectField(
        lazy_gettext("Import template"), [InputRequired(lazy_gettext("Choose a template."))], validate_choice=False
    )
    campaign = SelectField(lazy_gettext("Campaign"), validate_choice=False)


class LoadScreen(Screen):
    """Upload, preview, start. The load itself is followed in its journal."""

    screen = "import"
    group = "import"
    icon = "upload"
    help_page = "loading"
    actions: ClassVar = {"index": "load", "upload": "load", "start": "load", "started": "load", "state": "load"}

    def is_accessible(self) -> bool:
        return sessions.may("import", "load")

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        with db.engine.connect() as connection:
            chosen = _campaign_code(connection, request.args.get("campaign", ""))
            form = LoadForm(campaign=chosen or "")
            names = _choices(connection, form)
        if form.validate_on_submit():
            upload = uploads.keep(form.file.data, current_user.username)
            return redirect(
                url_for(".upload", token=upload.token, template=form.template.data, campaign=form.campaign.data or None)
            )
        return self.render("screens/load.html", form=form, has_templates=bool(names), may=sessions.may)

    @expose("/<token>/")
    def upload(self, token: str) -> Any:
        """The first lines, as they would be loaded; nothing is written."""
        upload = uploads.find(token, current_user.username) or abort(404)
        asked = _asked(request.args)
        form = LoadForm(template=asked["template"], campaign=asked["campaign"])
        seen, problem = None, None
        with db.engine.connect() as connection:
            _choices(connection, form)
            try:
                template = templates.get(connection, asked["template"])
                seen = preview(upload.path, template, PREVIEW_LINES, asked["encoding"] or None)
                _check_campaign(connection, template, asked["campaign"])
            except AcmError as error:
                problem = error
        return self.render(
            "screens/load_preview.html", upload=upload, form=form, seen=seen, problem=problem, asked=asked,
            size=upload.path.stat().st_size, encodings=ENCODINGS, column_name=column_name,
            started=uploads.is_started(upload.folder),
        )  # fmt: skip

    @expose("/<token>/start", methods=["POST"])
    def start(self, token: str) -> Any:
        upload = uploads.find(token, current_user.username) or abort(404)
        asked = _asked(request.form)
        if not uploads.is_started(upload.folder):
            with db.engine.begin() as connection:
                template = templates.get(connection, asked["template"])
                _check_campaign(connection, template, asked["campaign"])
                audit.record(
                    connection, "import_start", "import_batch", None, after={"file": upload.file_name, **asked}
                )
            uploads.start(
                upload.folder,
                uploads.Order(
                    path=str(upload.path), file_name=upload.file_name, created_by=current_user.username,
                    campaign_code=asked["campaign"] or None, template_name=asked["template"],
                    encoding=asked["encoding"] or None,
                ),
            )  # fmt: skip
        return redirect(url_for(".started", token=token))

    @expose("/<token>/started")
    def started(self, token: str) -> Any:
        """Waits until the load has its journal, and goes there."""
        upload = uploads.find(token, current_user.username) or abort(404)
        return self.render("screens/load_started.html", upload=upload)

    @expose("/<token>/state.json")
    def state(self, token: str) -> Any:
        """Where the journal of the load is, or why there is none."""
        upload = uploads.find(token, current_user.username) or abort(404)
        known = uploads.outcome(upload.folder)
        batch_id = known.get("batch_id")
        if batch_id is None:
            with db.engine.connect() as connection:
                batch_id = connection.scalar(
                    select(ImportBatch.batch_id)
                    .where(ImportBatch.file_path == str(upload.path.absolute())[:1000])
                    .order_by(ImportBatch.batch_id.desc())
                    .limit(1)
                )
        if batch_id is not None:
            return jsonify(journal=url_for("imports.batch", batch_id=batch_id))
        error = str(known.get("error") or "")
        if error == "crashed":
            error = _("The load could not begin. The log of the server says why.")
        return jsonify(error=error, hint=known.get("hint") or "")


def _asked(arguments: Any) -> dict[str, str]:
    asked = {name: arguments.get(name, "").strip()[:200] for name in ("template", "campaign", "encoding")}
    if asked["encoding"] not in ENCODINGS:
        asked["encoding"] = ""
    return asked


def _choices(connection: Connection, form: LoadForm) -> list[str]:
    """Fill the lists of the form; returns the names of the templates."""
    names = list(connection.scalars(select(ImportTemplate.name).order_by(ImportTemplate.name)))
    form.template.choices = [(name, name) for name in names]
    form.campaign.choices = [("", _("as the file says"))] + [
        (row.code, f"[{row.code}] {row.name}") for row in campaign_data.campaigns(connection) if row.state_id != 3
    ]
    return names


def _campaign_code(connection: Connection, campaign_id: str) -> str | None:
    if not campaign_id.isdigit():
        return None
    rows = campaign_data.campaigns(connection)
    return next((row.code for row in rows if row.campaign_id == int(campaign_id)), None)


def _check_campaign(connection: Connection, template: templates.Template, campaign: str) -> None:
    """Say before the load, not after it, that nobody names the campaign, or that the user may not load into it."""
    in_file = templates.CAMPAIGN_CODE in templates.parse(template.line, template.format).columns
    if campaign and campaign.upper() not in {row.code.upper() for row in campaign_data.campaigns(connection)}:
        raise AcmError(
            _("There is no campaign %(code)s.", code=campaign), _("Choose the campaign that the file is for.")
        )
    if in_file and not campaign_access.sees_all(connection):
        raise AcmError(
            _("The lines of the file name their campaigns, and some campaigns are not open to you."),
            _("Choose a template without the campaign code."),
        )
    if not campaign and not in_file:
        raise AcmError(_("The template has no campaign code."), _("Choose the campaign that the file is for."))
