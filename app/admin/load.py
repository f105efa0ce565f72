"""Loading a file by hand (M148): choose it, see its first lines as the template reads them, load it."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, flash, jsonify, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from sqlalchemy import Connection, select
from wtforms import SelectField
from wtforms.validators import InputRequired

from app.admin import campaign_data, corrections, dry_runs, uploads
from app.admin.base import Screen
from app.admin.import_templates import ENCODINGS, column_name
from app.admin.load_asked import BY_COLUMNS, Asked, Columns
from app.auth import audit, campaign_access, sessions
from app.database.web import db
from app.errors import AcmError
from app.frame import inputs
from app.frame.formats import number
from app.importing import mapping, templates
from app.importing.loader import preview
from app.importing.reasons import describe
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
    actions: ClassVar = {
        "index": "load", "upload": "load", "start": "load", "started": "load", "state": "load",
        "check": "load", "check_state": "load", "save_template": "load",
    }  # fmt: skip

    def is_accessible(self) -> bool:
        return sessions.may("import", "load")

    @expose("/", methods=["GET", "POST"])
    def index(self) -> Any:
        with db.engine.connect() as connection:
            chosen = _campaign_code(connection, request.args.get("campaign", ""))
            form = LoadForm(campaign=chosen or "")
            _choices(connection, form)
        if form.validate_on_submit():
            upload = uploads.keep(form.file.data, current_user.username)
            return redirect(
                url_for(".upload", token=upload.token, template=form.template.data, campaign=form.campaign.data or None)
            )
        return self.render("screens/load.html", form=form)

    @expose("/<token>/")
    def upload(self, token: str) -> Any:
        """The first lines, as they would be loaded; nothing is written."""
        upload = uploads.find(token, current_user.username) or abort(404)
        asked = Asked.of(request.args)
        guessed = corrections.guess(upload.file_name)
        if "corrects" not in request.args and guessed is not None:
            asked.corrects = guessed
        form = LoadForm(template=asked.template, campaign=asked.campaign)
        seen, problem, columns = None, None, None
        with db.engine.connect() as connection:
            _choices(connection, form)
            offered = corrections.offered(connection, guessed)
            try:
                if asked.is_mapping:
                    columns = Columns.of(upload, asked)
                template = _template(connection, asked, columns)
                seen = preview(upload.path, template, PREVIEW_LINES, asked.encoding or None)
                _check_campaign(connection, template, asked.campaign)
            except AcmError as error:
                problem = error
        checked = None if problem else dry_runs.outcome(upload.folder, _order(upload, asked, columns))
        return self.render(
            "screens/load_preview.html", upload=upload, form=form, seen=seen, problem=problem, asked=asked,
            size=upload.path.stat().st_size, encodings=ENCODINGS, column_name=column_name, columns=columns,
            started=uploads.is_started(upload.folder), offered=offered, checked=checked, describe=describe,
            may=sessions.may, number=number, meanings=[templates.IGNORED, mapping.AS_ATTRIBUTE, *templates.NAMES[:-1]],
        )  # fmt: skip

    @expose("/<token>/check", methods=["POST"])
    def check(self, token: str) -> Any:
        """Read the whole file as a load would, without writing a client."""
        upload, asked, columns = self._sent(token)
        with db.engine.connect() as connection:
            _check_campaign(connection, _template(connection, asked, columns), asked.campaign)
        dry_runs.start(upload.folder, _order(upload, asked, columns))
        return redirect(url_for(".upload", token=token, _anchor="checked", **asked.arguments()))

    @expose("/<token>/check.json")
    def check_state(self, token: str) -> Any:
        """How far the dry run is."""
        upload = uploads.find(token, current_user.username) or abort(404)
        known = dry_runs.outcome(upload.folder) or {"is_over": True, "share": 0.0, "lines_read": 0, "lines_rejected": 0}
        return jsonify(
            is_over=known["is_over"], share=round(known["share"], 1), share_text=f"{number(known['share'], 1)} %",
            lines_read=known["lines_read"], lines_rejected=known["lines_rejected"],
        )  # fmt: skip

    @expose("/<token>/template", methods=["POST"])
    def save_template(self, token: str) -> Any:
        """Keep the chosen columns as a template."""
        __, asked, columns = self._sent(token)
        sessions.require("import_templates", "edit")
        name = request.form.get("name", "").strip()
        try:
            with db.engine.begin() as connection:
                made = _template(connection, asked, columns)
                values: dict[str, Any] = {
                    "name": name, "format": made.format, "line": made.line, "encoding": made.encoding,
                    "has_header": made.has_header,
                }  # fmt: skip
                template_id = templates.create(connection, **values, created_by=current_user.username)
                audit.record(connection, "template_add", "import_template", template_id, after=values)
        except AcmError as error:
            flash(f"{error.message} {error.hint}".strip(), "error")
        else:
            flash(_("The template “%(name)s” is saved.", name=name), "success")
            asked.template, asked.columns = name, []
        return redirect(url_for(".upload", token=token, **asked.arguments()))

    @expose("/<token>/start", methods=["POST"])
    def start(self, token: str) -> Any:
        upload, asked, columns = self._sent(token)
        if not uploads.is_started(upload.folder):
            with db.engine.begin() as connection:
                _check_campaign(connection, _template(connection, asked, columns), asked.campaign)
                audit.record(
                    connection, "import_start", "import_batch", None,
                    after={"file": upload.file_name, **asked.arguments()},
                )  # fmt: skip
            uploads.start(upload.folder, _order(upload, asked, columns))
        return redirect(url_for(".started", token=token))

    def _sent(self, token: str) -> tuple[uploads.Upload, Asked, Columns | None]:
        upload = uploads.find(token, current_user.username) or abort(404)
        asked = Asked.of(request.form)
        return upload, asked, Columns.of(upload, asked) if asked.is_mapping else None

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


def _template(connection: Connection, asked: Asked, columns: Columns | None) -> templates.Template:
    return columns.template() if columns is not None else templates.get(connection, asked.template)


def _order(upload: uploads.Upload, asked: Asked, columns: Columns | None) -> uploads.Order:
    return uploads.Order(
        path=str(upload.path), file_name=upload.file_name, created_by=current_user.username,
        campaign_code=asked.campaign or None, template_name=None if columns is not None else asked.template,
        encoding=asked.encoding or None, corrects_batch_id=asked.corrects or None,
        mapping=columns.template() if columns is not None else None,
    )  # fmt: skip


def _choices(connection: Connection, form: LoadForm) -> list[str]:
    """Fill the lists of the form; returns the names of the templates."""
    names = list(connection.scalars(select(ImportTemplate.name).order_by(ImportTemplate.name)))
    form.template.choices = [(name, name) for name in names] + [
        (BY_COLUMNS, _("without a template: choose the columns"))
    ]
    form.campaign.choices = [("", _("as the file says"))] + [
        (row.code, f"[{row.code}] {row.name}") for row in campaign_data.campaigns(connection) if row.state_id != 3
    ]
    return names


def _campaign_code(connection: Connection, campaign_id: str) -> str | None:
    wanted = inputs.small(campaign_id)
    return next((row.code for row in campaign_data.campaigns(connection) if row.campaign_id == wanted), None)


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
