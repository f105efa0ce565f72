"""The import journal (M151-M164): batches with their counters, the log of one live, its rejected lines as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from flask import abort, flash, jsonify, redirect, request, send_file, url_for
from flask_admin import expose
from flask_babel import gettext as _
from sqlalchemy import Connection, select

from app.admin import batch_access, campaign_data, corrections, export, import_undo, pages, uploads
from app.admin.base import Screen
from app.admin.pages import Page
from app.auth import audit, sessions
from app.database.web import db
from app.errors import AcmError, ProcedureError
from app.frame import inputs
from app.frame.formats import moment, moment_ms, number
from app.i18n import mark
from app.importing import rejects, undo
from app.importing.owner import is_alive
from app.importing.reasons import describe
from app.importing.undo_words import KEPT
from app.models.importing import ImportBatch, ImportLog, ImportReject, ImportTemplate
from app.models.strategy import Campaign
from app.procedures import importing

KINDS = {1: mark("Manual load"), 2: mark("Source"), 3: mark("API")}
STATES = {1: mark("Running"), 2: mark("Finished"), 3: mark("Failed"), 4: mark("Undone"), 5: mark("Being undone")}
STATE_CLASSES = {1: "run", 2: "on", 3: "bad", 4: "archived", 5: "run"}
_PAGE = 50
_LOG_LINES = 500
_REJECTS_SHOWN = 100


class ImportsScreen(Screen):
    """Batches, the newest first, paged by key."""

    screen = "import"
    group = "journals"
    icon = "scroll-text"
    help_page = "loading"
    help_section = "counters"
    actions: ClassVar = {
        "index": "view", "export": "export", "batch": "view", "live": "view", "rejects": "rejects", "resume": "load",
        "undo": "undo",
    }  # fmt: skip

    @expose("/")
    def index(self) -> Any:
        filters = _filters()
        after = request.args.get("after", "")
        with db.engine.connect() as connection:
            page = _find(connection, filters, after, _PAGE)
            campaigns = campaign_data.campaigns(connection)
        kept: dict[str, Any] = {name: value for name, value in filters.items() if value}
        return self.render(
            "screens/imports.html", batches=page.rows, kinds=KINDS, states=STATES, state_classes=STATE_CLASSES,
            filters=filters, campaigns=campaigns, may=sessions.may, kept=kept, first_url=url_for(".index", **kept),
            next_url=page.next_key and url_for(".index", **kept, after=page.next_key),
            is_first=not inputs.big(after),
        )  # fmt: skip

    @expose("/export.<export:file_kind>")
    def export(self, file_kind: str) -> Any:
        """The loads that are filtered, as CSV or Excel, up to a million rows. `kind` is a filter here."""
        headers = [
            _("Operation started at"), _("Operation finished at"), _("State"), _("Kind"), _("File"), _("Campaign"),
            _("Clients loaded"), _("Clients updated"), _("Clients blocked"), _("Clients not loaded"), _("By"),
        ]  # fmt: skip
        return export.send("import-journal", file_kind, headers, _lines(_filters()))

    @expose("/<int:batch_id>/")
    def batch(self, batch_id: int) -> Any:
        with db.engine.connect() as connection:
            row = _batch_or_404(connection, batch_id)
            live = _live(connection, row, 0)
            rejected = _rejects(connection, row)
            can_resume = sessions.may("import", "load") and _resumable(connection, row) is not None
            can_undo = sessions.may("import", "undo") and import_undo.is_possible(connection, row)
            kept = import_undo.kept(connection, row)
            corrects, corrected_by = corrections.links(connection, row)
        return self.render(
            "screens/import_batch.html", batch=row, live=live, rejects=rejected, can_resume=can_resume,
            can_undo=can_undo, corrects=corrects, corrected_by=corrected_by, kept=kept, kept_reasons=KEPT, kinds=KINDS,
            states=STATES, state_classes=STATE_CLASSES, may=sessions.may, describe=describe, shown=_REJECTS_SHOWN,
        )  # fmt: skip

    @expose("/<int:batch_id>/batch.json")
    def live(self, batch_id: int) -> Any:
        """Counters, and the log lines that are newer than ?after."""
        after = inputs.big(request.args.get("after")) or 0
        with db.engine.connect() as connection:
            row = _batch_or_404(connection, batch_id)
            return jsonify(_live(connection, row, after))

    @expose("/<int:batch_id>/rejects")
    def rejects(self, batch_id: int) -> Any:
        """The rejected lines, as they stood in the file, to be corrected and loaded again."""
        with db.engine.connect() as connection:
            row = _batch_or_404(connection, batch_id)
            if not row.lines_rejected:
                abort(404)
            target = tempfile.TemporaryFile()  # noqa: SIM115 - send_file closes it
            rejects.write(connection, batch_id, target)
        with db.engine.begin() as connection:
            audit.record(connection, "rejects_download", "import_batch", batch_id)
        target.seek(0)
        return send_file(
            target,
            as_attachment=True,
            download_name=corrections.reject_name(row),
            mimetype="application/octet-stream",
        )

    @expose("/<int:batch_id>/resume", methods=["POST"])
    def resume(self, batch_id: int) -> Any:
        """Carry a load on whose process died, or that broke off."""
        with db.engine.begin() as connection:
            row = _batch_or_404(connection, batch_id)
            folder = _resumable(connection, row)
            if folder is None:
                flash(_("This load cannot be carried on here."), "error")
                return redirect(url_for(".batch", batch_id=batch_id))
            audit.record(connection, "import_resume", "import_batch", batch_id)
        order = uploads.Order(
            path=row.file_path, file_name=row.file_name, created_by=row.created_by, resume_batch_id=batch_id
        )
        uploads.start(folder, order)
        flash(_("The load goes on."), "success")
        return redirect(url_for(".batch", batch_id=batch_id))

    @expose("/<int:batch_id>/undo", methods=["GET", "POST"])
    def undo(self, batch_id: int) -> Any:
        """The dialog that says what undoing the load would do, and its beginning."""
        here = url_for(".batch", batch_id=batch_id)
        with db.engine.connect() as connection:
            row = _batch_or_404(connection, batch_id)
            if not import_undo.is_possible(connection, row):
                flash(_("This load cannot be undone any more."), "error")
                return self.leave_sheet(here)
            planned = undo.preview(connection, batch_id)
            campaigns = [one for one in campaign_data.campaigns(connection) if one.state_id == 2]
        if request.method == "GET":
            return self.render_sheet(
                "screens/import_undo.html", batch=row, planned=planned, kept_reasons=KEPT,
                is_active=row.campaign_id is None or row.campaign_id in [one.campaign_id for one in campaigns],
            )  # fmt: skip
        try:
            with db.engine.begin() as connection:
                owner = import_undo.begin(connection, row, planned)
        except ProcedureError as error:
            flash(_(error.message), "error")
        except AcmError as error:
            flash(f"{error.message} {error.hint}".strip(), "error")
        else:
            import_undo.run(batch_id, owner)
        return self.leave_sheet(here)


def _filters() -> dict[str, str]:
    """The filters of the address; empty where it names none."""
    found = {name: request.args.get(name, "") for name in ("kind", "state", "campaign")}
    return {name: value if inputs.small(value) is not None else "" for name, value in found.items()}


def _find(connection: Connection, filters: Mapping[str, str], key: str, size: int) -> Page:
    """The batches behind a key, the newest first."""
    query = _batches().order_by(ImportBatch.batch_id.desc()).limit(size + 1)
    for column, name in (
        (ImportBatch.kind_id, "kind"), (ImportBatch.state_id, "state"), (ImportBatch.campaign_id, "campaign"),
    ):  # fmt: skip
        if filters[name]:
            query = query.where(column == int(filters[name]))
    after = inputs.big(key)
    if after is not None:
        query = query.where(ImportBatch.batch_id < after)
    return pages.cut(connection.execute(batch_access.seen(connection, query)).all(), size, "batch_id")


def _lines(filters: Mapping[str, str]) -> Iterator[list[Any]]:
    with db.engine.connect() as connection:
        for row in export.paged(lambda key: _find(connection, filters, key, export.PAGE)):
            yield [
                row.started_at, row.finished_at, _(STATES[row.state_id]), _(KINDS[row.kind_id]), row.file_name,
                row.campaign_code, row.clients_loaded, row.clients_updated, row.clients_blocked, row.clients_rejected,
                row.created_by,
            ]  # fmt: skip


def _batches() -> Any:
    return (
        select(
            ImportBatch.__table__,
            Campaign.code.label("campaign_code"),
            Campaign.name.label("campaign_name"),
            ImportTemplate.name.label("template_name"),
        )
        .join(Campaign, Campaign.campaign_id == ImportBatch.campaign_id, isouter=True)
        .join(ImportTemplate, ImportTemplate.template_id == ImportBatch.template_id, isouter=True)
    )


def _batch_or_404(connection: Connection, batch_id: int) -> Any:
    row = connection.execute(
        batch_access.seen(connection, _batches().where(ImportBatch.batch_id == batch_id))
    ).one_or_none()
    return row if row is not None else abort(404)


_COUNTERS = (
    "clients_loaded", "clients_updated", "clients_blocked", "clients_rejected", "phones_loaded", "lines_done",
    "lines_rejected", "warnings", "clients_undone", "phones_undone", "clients_restored", "clients_kept",
)  # fmt: skip


def _live(connection: Connection, row: Any, after: int) -> dict[str, Any]:
    lines = connection.execute(
        select(ImportLog.log_id, ImportLog.logged_at, ImportLog.level, ImportLog.message)
        .where(ImportLog.batch_id == row.batch_id, ImportLog.log_id > after)
        .order_by(ImportLog.log_id.desc())
        .limit(_LOG_LINES)
    ).all()
    share = _share(row)
    return {
        "state_id": row.state_id,
        "state": _(STATES[row.state_id]),
        "state_class": STATE_CLASSES[row.state_id],
        "is_over": row.state_id not in (1, 5),
        "finished_at": moment(row.finished_at),
        "message": row.message or "",
        "share": round(min(share, 100.0), 1),
        "share_text": f"{number(min(share, 100.0), 1)} %",
        "counters": {name: getattr(row, name) for name in _COUNTERS},
        "log": [
            {"id": line.log_id, "at": moment_ms(line.logged_at), "level": line.level, "message": line.message}
            for line in lines
        ],
    }


def _share(row: Any) -> float:
    """How much of the file is loaded, or of what was loaded undone, in percent."""
    if row.state_id in (4, 5):
        whole = row.phones_loaded + row.clients_updated
        return 100.0 * (row.phones_undone + row.clients_restored) / whole if whole and row.state_id == 5 else 100.0
    return 100.0 if row.state_id == 2 else 100.0 * row.bytes_done / row.file_bytes if row.file_bytes else 0.0


def _rejects(connection: Connection, row: Any) -> list[Any]:
    """The first rejected lines, then the first warnings, as many as the page shows."""
    query = select(ImportReject.__table__).where(ImportReject.batch_id == row.batch_id).order_by(ImportReject.line_no)
    shown: list[Any] = []
    for is_warning, count in ((False, row.lines_rejected), (True, row.warnings)):
        # Never more than there are, so that the database need not look for the next one to the end.
        wanted = min(count, _REJECTS_SHOWN - len(shown))
        if wanted > 0:
            shown += connection.execute(query.where(ImportReject.is_warning == is_warning).limit(wanted)).all()
    return shown


def _resumable(connection: Connection, row: Any) -> Path | None:
    """The folder of the upload, when the load broke off or its process died and the file is still there."""
    if row.state_id not in (1, 3) or (not row.lines_done and row.state_id == 3) or not row.file_path:
        return None
    path = Path(row.file_path)
    if not path.is_file() or not uploads.is_started(path.parent):
        return None
    unfinished = importing.import_unfinished(connection, batch_id=row.batch_id)
    if not unfinished or (row.state_id == 1 and is_alive(unfinished[0].owner, unfinished[0].silent_seconds)):
        return None
    return path.parent
