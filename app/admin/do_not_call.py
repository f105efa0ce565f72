"""The do-not-call list, and the numbers blocked in all campaigns (M111): two lists, clearly apart, of one form.

Campaign administrators add to both and lift number blocks; do-not-call is lifted by the security administrator alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, flash, jsonify, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Connection

from app import blocklists, clock
from app.admin import blocking, export
from app.admin.base import Screen
from app.auth import audit, sessions
from app.blocklists import DO_NOT_CALL, NUMBER_BLOCK, Filters
from app.database.web import db
from app.frame.formats import moment
from app.importing.cleaning import clean_number
from app.procedures import contacts

PAGE = 50


@dataclass
class EntryForm:
    """What the dialog of a new entry holds, as it was typed, with what is wrong beside it."""

    list_name: str = DO_NOT_CALL
    kind: str = "number"
    number: str = ""
    crm_id: str = ""
    reason: str = ""
    number_error: str = ""
    crm_id_error: str = ""
    reason_error: str = ""

    @classmethod
    def of(cls, list_name: str, values: Any) -> EntryForm:
        kind = "person" if values.get("kind") == "person" and list_name == DO_NOT_CALL else "number"
        return cls(
            list_name, kind, values.get("number", "").strip()[:64], values.get("crm_id", "").strip()[:64],
            values.get("reason", "").strip()[: blocking.REASON_LENGTH],
        )  # fmt: skip

    def subject(self) -> dict[str, str]:
        """The number in digits, or the person; empty where what was typed is neither."""
        if self.kind == "person":
            return {"crm_id": self.crm_id} if self.crm_id else {}
        number = clean_number(self.number)
        return {"number": number} if number else {}

    def check(self, connection: Connection) -> bool:
        """Whether it can be done; what is wrong then stands beside its field."""
        subject = self.subject()
        if not subject and self.kind == "person":
            self.crm_id_error = _("Fill this in.")
        elif not subject:
            self.number_error = _("A number has 3 to 20 digits.")
        else:
            known = blocklists.in_force(connection, self.list_name, subject.get("number"), subject.get("crm_id"))
            if known is not None:
                said = _("It is on the list since %(at)s: %(by)s.", at=moment(known.added_at), by=known.added_by)
                self.number_error, self.crm_id_error = (said, "") if self.kind == "number" else ("", said)
        if not self.reason:
            self.reason_error = _("Say why.")
        return not (self.number_error or self.crm_id_error or self.reason_error)


class DoNotCallScreen(Screen):
    """Both lists, the newest entries first, what was lifted, and the dialogs of adding and lifting."""

    screen = "do_not_call"
    group = "dictionaries"
    icon = "phone-off"
    help_page = "dictionaries"
    help_section = "do-not-call"
    actions: ClassVar = {
        "index": "view", "export": "export", "create": "add", "count": "add", "lift": "lift",
        "block_number": "block", "lift_number": "block",
    }  # fmt: skip

    @expose("/")
    def index(self) -> Any:
        filters = Filters.of(request.args)
        after = request.args.get("after", "")
        with db.engine.connect() as connection:
            page = blocklists.find(connection, filters, after, PAGE)
            held = blocklists.held(connection, page.rows)
        arguments: dict[str, Any] = {**filters.arguments()}
        return self.render(
            "screens/do_not_call.html", filters=filters, page=page, held=held, may=sessions.may, arguments=arguments,
            is_first=not after, least_digits=blocklists.LEAST_DIGITS,
            next_url=url_for(".index", **arguments, after=page.next_key) if page.next_key else "",
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """What is filtered, as CSV or Excel, up to a million rows."""
        filters = Filters.of(request.args)
        with db.engine.begin() as connection:
            audit.record(connection, f"{filters.list_name}_export", filters.list_name, after={
                "kind": kind, **filters.arguments(),
            })  # fmt: skip
        headers = [
            _("Phone number"), _("CRM id"), _("Added at"), _("Added by"), _("Reason"), _("Lifted at"), _("Lifted by"),
            _("Reason of the lifting"),
        ]  # fmt: skip
        return export.send(filters.list_name, kind, headers, _lines(filters))

    # -- adding

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        """Put a number or a person on the do-not-call list."""
        return self._add(DO_NOT_CALL)

    @expose("/numbers/new", methods=["GET", "POST"])
    def block_number(self) -> Any:
        """Block a number in all campaigns."""
        return self._add(NUMBER_BLOCK)

    def _add(self, list_name: str) -> Any:
        form = EntryForm.of(list_name, request.form if request.method == "POST" else request.args)
        with db.engine.begin() as connection:
            if request.method == "POST" and form.check(connection):
                _do_add(connection, form)
                return self.leave_sheet(url_for(".index", list=None if list_name == DO_NOT_CALL else list_name))
            subject = form.subject()
            touched = blocklists.touched(connection, subject.get("number"), subject.get("crm_id")) if subject else None
        return self.render_sheet(
            "screens/do_not_call_add.html", form=form, touched=touched, reason_length=blocking.REASON_LENGTH
        )

    @expose("/touched.json")
    def count(self) -> Any:
        """How many phones the dialog is about as it is filled in now; null while it names nothing."""
        subject = EntryForm.of(DO_NOT_CALL, request.args).subject()
        if not subject:
            return jsonify(phones=None, campaigns=None, records_out=None)
        with db.engine.connect() as connection:
            found = blocklists.touched(connection, subject.get("number"), subject.get("crm_id"))
        return jsonify(phones=found.phones, campaigns=found.campaigns, records_out=found.records_out)

    # -- lifting

    @expose("/<big:entry_id>/lift", methods=["GET", "POST"])
    def lift(self, entry_id: int) -> Any:
        """Take an entry off the do-not-call list."""
        return self._lift(DO_NOT_CALL, entry_id)

    @expose("/numbers/<big:entry_id>/lift", methods=["GET", "POST"])
    def lift_number(self, entry_id: int) -> Any:
        """Lift the block of a number."""
        return self._lift(NUMBER_BLOCK, entry_id)

    def _lift(self, list_name: str, entry_id: int) -> Any:
        reason = request.form.get("reason", "").strip()[: blocking.REASON_LENGTH]
        error = ""
        back = url_for(".index", list=None if list_name == DO_NOT_CALL else list_name)
        with db.engine.begin() as connection:
            entry = blocklists.entry(connection, list_name, entry_id) or abort(404)
            if request.method == "POST" and entry.lifted_at is not None:
                flash(_("Somebody has lifted it already."), "warning")
                return self.leave_sheet(back)
            if request.method == "POST" and reason:
                _do_lift(connection, list_name, entry, reason)
                return self.leave_sheet(back)
            if request.method == "POST":
                error = _("Say why.")
            held = blocklists.held(connection, [entry])[entry.entry_id]
        return self.render_sheet(
            "screens/do_not_call_lift.html", entry=entry, list_name=list_name, held=held, reason=reason, error=error,
            reason_length=blocking.REASON_LENGTH, back=back,
        )  # fmt: skip


def _do_add(connection: Connection, form: EntryForm) -> None:
    by, now, subject = current_user.username, clock.now(), form.subject()
    if form.list_name == DO_NOT_CALL:
        done = contacts.do_not_call_add(connection, by=by, now=now, reason=form.reason, **subject)
        audit.record(
            connection, "do_not_call_add", DO_NOT_CALL, done.do_not_call_id,
            after={**subject, "reason": form.reason, "phones": done.phones_changed},
        )  # fmt: skip
    else:
        done = contacts.number_block(connection, subject["number"], True, by=by, now=now, reason=form.reason)
        audit.record(
            connection, "number_block", NUMBER_BLOCK, subject["number"],
            after={**subject, "reason": form.reason, "phones": done.phones_changed},
        )  # fmt: skip
    blocking.tell(True, done)


def _do_lift(connection: Connection, list_name: str, entry: Any, reason: str) -> None:
    by, now = current_user.username, clock.now()
    told = {"number": entry.number} if entry.number else {"crm_id": entry.crm_id}
    if list_name == DO_NOT_CALL:
        done = contacts.do_not_call_lift(connection, entry.entry_id, by=by, reason=reason, now=now)
        action, object_id = "do_not_call_lift", str(entry.entry_id)
    else:
        done = contacts.number_block(connection, entry.number, False, by=by, now=now, reason=reason)
        action, object_id = "number_unblock", entry.number
    audit.record(
        connection, action, list_name, object_id, before={**told, "reason": entry.reason},
        after={**told, "reason": reason, "phones": done.phones_changed},
    )  # fmt: skip
    flash(
        ngettext(
            "It is lifted: %(num)s phone may be dialled again.", "It is lifted: %(num)s phones may be dialled again.",
            done.phones_changed,
        ),
        "success",
    )  # fmt: skip


def _lines(filters: Filters) -> Iterator[list[Any]]:
    with db.engine.connect() as connection:
        for row in export.paged(lambda key: blocklists.find(connection, filters, key, export.PAGE)):
            yield [
                row.number, row.crm_id, row.added_at, row.added_by, row.reason, row.lifted_at, row.lifted_by,
                row.lift_reason,
            ]  # fmt: skip
