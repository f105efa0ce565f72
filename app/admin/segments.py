"""Segments of a campaign (M40, M43-M46): switched, blocked, added, renamed. The dialog of blocking is M106 to M117."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from flask import abort, flash, jsonify, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, pgettext
from flask_wtf import FlaskForm
from sqlalchemy import Connection, text
from wtforms import StringField
from wtforms.validators import InputRequired, Length

from app.admin import blocking, campaign_data, commands, export
from app.admin.campaign_screen import CampaignScreen
from app.auth import sessions
from app.database.web import db
from app.frame import inputs
from app.frame.formats import to_utc

ALL_CLIENTS, BY_LOAD = 1, 2
_MINUTE = timedelta(minutes=1)
_SORTS = {
    "code": lambda row: row.code.casefold(),
    "name": lambda row: ((row.name or "").casefold(), row.code.casefold()),
    "active": lambda row: (-row.clients_active, row.code.casefold()),
    "clients": lambda row: (-row.clients, row.code.casefold()),
}


class SegmentForm(FlaskForm):
    code = StringField(lazy_gettext("Code"), [InputRequired(lazy_gettext("Give the segment a code.")), Length(max=64)])
    name = StringField(lazy_gettext("Name"), [Length(max=200)])


class RenameForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [Length(max=200)])


@dataclass
class BlockForm:
    """What the dialog of blocking holds, as it was typed, with what is wrong beside it."""

    kind_id: int = ALL_CLIENTS
    loaded_from: str = ""
    loaded_to: str = ""
    reason: str = ""
    range_error: str = ""
    reason_error: str = ""

    @classmethod
    def of(cls, values: Any) -> BlockForm:
        return cls(
            BY_LOAD if values.get("kind") == str(BY_LOAD) else ALL_CLIENTS,
            values.get("loaded_from", "").strip(), values.get("loaded_to", "").strip(),
            values.get("reason", "").strip()[:blocking.REASON_LENGTH],
        )  # fmt: skip

    def range(self) -> tuple[datetime | None, datetime | None] | None:
        """The range in UTC, its end not included; None where it is wrong. People give the last minute of it."""
        if self.kind_id == ALL_CLIENTS:
            return None, None
        try:
            begin, end = _moment(self.loaded_from), _moment(self.loaded_to, is_end=True)
        except ValueError:
            self.range_error = _("Write a date and a time like 31.12.2026 09:00.")
            return None
        if begin is None and end is None:
            self.range_error = _("Give at least one end of the range.")
            return None
        if begin is not None and end is not None and end < begin:
            self.range_error = _("The range ends before it begins.")
            return None
        return begin, end and end + _MINUTE

    def check(self) -> bool:
        """Whether it can be done; what is wrong then stands beside its field."""
        is_right = self.range() is not None
        if not self.reason:
            self.reason_error = _("Say why.")
        return is_right and not self.reason_error


def _moment(written: str, is_end: bool = False) -> datetime | None:
    """A moment of the user's zone in UTC; None for an empty text. A date alone is the first or last minute of it."""
    if not written:
        return None
    for pattern in ("%d.%m.%Y %H:%M", "%Y-%m-%dT%H:%M", "%d.%m.%Y", "%Y-%m-%d"):
        try:
            found = datetime.strptime(written, pattern)  # noqa: DTZ007 - the user's zone is put to it below
        except ValueError:
            continue
        if is_end and "%H" not in pattern:
            found += timedelta(hours=23, minutes=59)
        if 2000 <= found.year <= 2100:
            return to_utc(found)
    raise ValueError(written)


class SegmentsScreen(CampaignScreen):
    """The list of one campaign's segments, and the dialogs of one segment."""

    screen = "segments"
    under = "campaigns"
    help_page = "blocking"
    actions: ClassVar = {
        "choose": "view", "index": "view", "export": "export", "create": "edit", "rename": "edit", "block": "block",
        "count": "block", "lift": "block",
    }  # fmt: skip

    @expose("/<int:campaign_id>/")
    def index(self, campaign_id: int) -> Any:
        sort = request.args.get("sort", "code")
        with db.engine.connect() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            rows = _shown(connection, campaign_id)
            ranges = _ranges_in_force(connection, campaign_id)
        return self.render(
            "screens/segments.html", campaign=campaign, segments=rows, ranges=ranges, may=sessions.may,
            sort=sort if sort in _SORTS else "code", desc=bool(request.args.get("desc")),
            export_arguments={"campaign_id": campaign_id, **inputs.kept("sort", "desc")},
        )  # fmt: skip

    @expose("/<int:campaign_id>/export.<export:kind>")
    def export(self, campaign_id: int, kind: str) -> Any:
        """The segments of the campaign, as CSV or Excel."""
        with db.engine.connect() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            rows = _shown(connection, campaign_id)
            ranges = _ranges_in_force(connection, campaign_id)
        yes = _("yes")
        headers = [
            _("Code"), _("Name"), pgettext("segment", "Enabled"), _("Block"), _("Blocked by"), _("Blocked at"),
            _("Reason"), _("Blocks by load date"), pgettext("clients", "Active"), _("All clients"),
        ]  # fmt: skip
        written = (
            [
                row.code, row.name, yes if row.is_enabled else "", yes if row.is_blocked else "", row.blocked_by,
                row.blocked_at, row.block_reason, len(ranges.get(row.segment_id, [])), row.clients_active, row.clients,
            ]
            for row in rows
        )  # fmt: skip
        return export.send(f"segments-{campaign.code}", kind, headers, written)

    @expose("/<int:campaign_id>/new", methods=["GET", "POST"])
    def create(self, campaign_id: int) -> Any:
        form = SegmentForm()
        with db.engine.begin() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            if form.validate_on_submit():
                code, name = str(form.code.data).strip(), str(form.name.data or "").strip()
                if not code:
                    form.code.errors = [_("Give the segment a code.")]
                elif commands.add_segment(connection, campaign_id, code, name or None):
                    flash(_("The segment %(code)s is added.", code=code), "success")
                    return self.leave_sheet(url_for(".index", campaign_id=campaign_id))
                else:
                    form.code.errors = [_("The campaign has a segment %(code)s already.", code=code)]
        return self.render_sheet("screens/segment_edit.html", campaign=campaign, segment=None, form=form)

    @expose("/<int:campaign_id>/<int:segment_id>", methods=["GET", "POST"])
    def rename(self, campaign_id: int, segment_id: int) -> Any:
        with db.engine.begin() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            segment = _segment_or_404(connection, campaign_id, segment_id)
            form = RenameForm(name=segment.name)
            if form.validate_on_submit():
                commands.rename_segment(connection, campaign_id, segment, str(form.name.data or "").strip() or None)
                flash(_("Saved."), "success")
                return self.leave_sheet(url_for(".index", campaign_id=campaign_id))
        return self.render_sheet("screens/segment_edit.html", campaign=campaign, segment=segment, form=form)

    @expose("/<int:campaign_id>/<int:segment_id>/block", methods=["GET", "POST"])
    def block(self, campaign_id: int, segment_id: int) -> Any:
        """The dialog of blocking: block all clients of the segment, or phones by the moment of their load."""
        form = BlockForm.of(request.form if request.method == "POST" else request.args)
        with db.engine.begin() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            segment = _segment_or_404(connection, campaign_id, segment_id)
            if request.method == "POST" and form.check():
                span = form.range() or (None, None)
                done = commands.block_segment(connection, campaign_id, segment, form.kind_id, True, form.reason, *span)
                blocking.tell(True, done)
                return self.leave_sheet(url_for(".index", campaign_id=campaign_id))
            touched = None if segment.is_blocked else _touched(connection, campaign_id, segment_id, form)
            ranges = _ranges_in_force(connection, campaign_id).get(segment_id, [])
        return self.render_sheet(
            "screens/segment_block.html", campaign=campaign, segment=segment, form=form, touched=touched,
            ranges=ranges, reason_length=blocking.REASON_LENGTH, last_minute=last_minute,
        )  # fmt: skip

    @expose("/<int:campaign_id>/<int:segment_id>/block.json")
    def count(self, campaign_id: int, segment_id: int) -> Any:
        """How many phones the dialog would block as it is filled in now; null where its range is not right yet."""
        form = BlockForm.of(request.args)
        with db.engine.connect() as connection:
            _segment_or_404(connection, campaign_id, segment_id)
            touched = _touched(connection, campaign_id, segment_id, form)
        if touched is None:
            return jsonify(phones=None, records_out=None, error=form.range_error)
        return jsonify(phones=touched.phones, records_out=touched.records_out, error="")

    @expose("/<int:campaign_id>/<int:segment_id>/lift", methods=["POST"])
    def lift(self, campaign_id: int, segment_id: int) -> Any:
        """Lift the block of all clients, or that of a range, which the number of its journal row names."""
        journal_id = request.form.get("journal_id", "")
        with db.engine.begin() as connection:
            campaign_data.campaign_or_404(connection, campaign_id)
            segment = _segment_or_404(connection, campaign_id, segment_id)
            if not journal_id:
                done = commands.block_segment(connection, campaign_id, segment, ALL_CLIENTS, False, None)
            else:
                known = _ranges_in_force(connection, campaign_id).get(segment_id, [])
                row = next((one for one in known if str(one.journal_id) == journal_id), None) or abort(404)
                done = commands.block_segment(
                    connection, campaign_id, segment, BY_LOAD, False, None, row.loaded_from, row.loaded_to
                )
        blocking.tell(False, done)
        return self.leave_sheet(url_for(".index", campaign_id=campaign_id))


def _shown(connection: Connection, campaign_id: int) -> list[Any]:
    """The segments in the order that the address asks for."""
    order = _SORTS.get(request.args.get("sort", "code"), _SORTS["code"])
    return sorted(
        campaign_data.segments(connection, campaign_id), key=order, reverse=bool(request.args.get("desc"))
    )  # fmt: skip


def _segment_or_404(connection: Connection, campaign_id: int, segment_id: int) -> Any:
    row = connection.execute(
        text(
            "SELECT s.segment_id, s.campaign_id, s.code, s.name, s.is_enabled, s.is_blocked, s.blocked_at,"
            " s.blocked_by, s.block_reason FROM core.segment AS s"
            " WHERE s.segment_id = :segment_id AND s.campaign_id = :campaign_id"
        ),
        {"segment_id": segment_id, "campaign_id": campaign_id},
    ).one_or_none()
    return row if row is not None else abort(404)


def _touched(connection: Connection, campaign_id: int, segment_id: int, form: BlockForm) -> Any:
    """The row of contacts.segment_block_preview; None where the range is not right."""
    span = form.range()
    if span is None:
        return None
    return connection.execute(
        text(
            "SELECT b.phones, b.records_out"
            " FROM contacts.segment_block_preview(:campaign_id, :segment_id, :kind_id, :loaded_from, :loaded_to) AS b"
        ),
        {
            "campaign_id": campaign_id, "segment_id": segment_id, "kind_id": form.kind_id,
            "loaded_from": span[0], "loaded_to": span[1],
        },
    ).one()  # fmt: skip


def _ranges_in_force(connection: Connection, campaign_id: int) -> dict[int, list[Any]]:
    """Blocks by load moment that nobody has lifted, by segment, the latest first."""
    rows = connection.execute(
        text(
            "SELECT j.journal_id, j.segment_id, j.loaded_from, j.loaded_to, j.phones, j.done_at, j.done_by, j.reason"
            " FROM contacts.block_journal AS j WHERE j.campaign_id = :campaign_id AND j.kind_id = 4"
            " AND j.is_blocked = 1 AND j.lifted_at IS NULL ORDER BY j.journal_id DESC"
        ),
        {"campaign_id": campaign_id},
    )
    found: dict[int, list[Any]] = {}
    for row in rows:
        found.setdefault(row.segment_id, []).append(row)
    return found


def last_minute(end: datetime | None) -> datetime | None:
    """The last minute of a range, as people gave it."""
    return end and end - _MINUTE
