"""«Журналы / Аудит»: who changed what, when, from where, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from flask import abort, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from sqlalchemy import Connection, select

from app.admin import audit_search, export
from app.admin.audit_search import Filters
from app.admin.audit_words import ACTIONS, OBJECTS, action_name, compare, object_name
from app.admin.base import Screen
from app.auth import audit, sessions
from app.database.web import db
from app.frame import inputs
from app.frame.languages import local_address
from app.models.access import ApiKey, Audit, Group, User
from app.models.strategy import Campaign, Segment

SIZE = 100

#: Kinds of objects that have a name for people: the table's key, and the column with the name.
_NAMED: dict[str, tuple[Any, Any]] = {
    "user": (User.user_id, User.username),
    "group": (Group.group_id, Group.name),
    "api_key": (ApiKey.api_key_id, ApiKey.name),
    "campaign": (Campaign.campaign_id, Campaign.code),
    "segment": (Segment.segment_id, Segment.code),
}


class AuditScreen(Screen):
    """The journal, the newest first. Nobody changes it."""

    screen = "audit"
    group = "journals"
    icon = "history"
    help_section = "audit-journal"
    actions: ClassVar = {"index": "view", "entry": "view", "export": "export"}

    @expose("/")
    def index(self) -> Any:
        filters = Filters.of(request.args)
        after = request.args.get("after", "")[:60]
        with db.engine.connect() as connection:
            page = audit_search.find(connection, filters, after, SIZE)
            names = _names(connection, page.rows)
        kept: dict[str, Any] = filters.arguments()
        return self.render(
            "screens/audit.html", page=page, filters=filters, actions=_sorted(ACTIONS), objects=_sorted(OBJECTS),
            names=names, action_name=action_name, object_name=object_name, may=sessions.may, kept=kept,
            is_first=not after, first_url=url_for(".index", **kept), size=audit_search.LOOKED_AT,
            next_url=page.next_key and url_for(".index", **kept, after=page.next_key),
        )  # fmt: skip

    @expose("/<big:audit_id>")
    def entry(self, audit_id: int) -> Any:
        """One row with what was before and what came after."""
        with db.engine.connect() as connection:
            row = connection.execute(select(Audit.__table__).where(Audit.audit_id == audit_id)).one_or_none()
            if row is None:
                abort(404)
            names = _names(connection, [row])
        back = local_address(request.args.get("next"), url_for(".index"))
        return self.render_sheet(
            "screens/audit_entry.html", row=row, values=compare(row.before, row.after), names=names, back=back,
            action_name=action_name, object_name=object_name,
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """What is filtered, as CSV or Excel, up to a million rows."""
        filters = Filters.of(request.args)
        if filters.day_error:
            abort(400)
        with db.engine.begin() as connection:
            audit.record(connection, "audit_export", "audit", after={"kind": kind, **filters.arguments()})
        headers = [
            _("At"), _("User name"), _("Address"), _("Action"), _("Object"), _("Object's number"), _("Before"),
            _("After"),
        ]  # fmt: skip
        return export.send("audit", kind, headers, _rows(filters))


def _rows(filters: Filters) -> Iterator[list[Any]]:
    with db.engine.connect() as connection:
        for row in export.paged(lambda key: audit_search.find(connection, filters, key, export.PAGE, with_values=True)):
            yield [
                row.at, row.username, row.address, action_name(row.action), object_name(row.object_type),
                row.object_id, _cell(row.before), _cell(row.after),
            ]  # fmt: skip


def _cell(written: str | None) -> str | None:
    """The JSON text; a spreadsheet's cell has room for 32,767 characters."""
    return written and written[:32_000]


def _sorted(names: dict[str, str]) -> list[tuple[str, str]]:
    """Codes with their words, by the words."""
    return sorted(((code, _(name)) for code, name in names.items()), key=lambda one: one[1].casefold())


def _names(connection: Connection, rows: Any) -> dict[tuple[str, str], str]:
    """Names of the objects of some rows, where they have names and are still there."""
    found: dict[tuple[str, str], str] = {}
    for kind, (id_column, name_column) in _NAMED.items():
        ids = {inputs.big(row.object_id) for row in rows if row.object_type == kind} - {None}
        if ids:
            for object_id, name in connection.execute(select(id_column, name_column).where(id_column.in_(ids))):
                found[kind, str(object_id)] = name
    return found
