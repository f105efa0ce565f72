"""The hand-over journal: blocks given to Cisco, what became of each, and the records of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from flask import abort, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy import Connection, bindparam, column, select, table, text

from app.admin import campaign_data, export, pages
from app.admin.base import Screen
from app.admin.pages import Page
from app.auth import audit, campaign_access, sessions
from app.database.web import db
from app.frame import inputs
from app.i18n import mark
from app.models.ops import Setting

STATES = {1: mark("Taken"), 2: mark("Sent"), 3: mark("Confirmed"), 4: mark("Not accepted"), 5: mark("Recalled")}
STATE_CLASSES = {1: "run", 2: "run", 3: "on", 4: "bad", 5: "archived"}
RECORD_STATES = {1: mark("At the dialer"), 2: mark("Came back"), 3: mark("Has a result")}
REASONS = {1: mark("the block was not accepted"), 2: mark("recalled"), 3: mark("lost by the dialer")}
_PAGE = 50
_RECORDS = 100

_blocks = table(
    "block_journal",
    *(
        column(name)
        for name in (
            "block_id", "campaign_id", "campaign_code", "campaign_name", "state_id", "size", "taken_at", "sent_at",
            "settled_at", "message", "records_out", "records_returned", "results_in",
        )
    ),
    schema="dialing",
)  # fmt: skip


class HandOverScreen(Screen):
    """Blocks, the newest first, paged by key."""

    screen = "hand_over"
    group = "journals"
    icon = "arrow-right-left"
    help_page = "operations"
    help_section = "the-hand-over-journal"
    actions: ClassVar = {"index": "view", "export": "export", "block": "view", "export_block": "export"}

    @expose("/")
    def index(self) -> Any:
        filters = _filters()
        after = request.args.get("after", "")
        with db.engine.connect() as connection:
            page = _find(connection, filters, after, _PAGE)
            campaigns = campaign_data.campaigns(connection)
        kept: dict[str, Any] = {name: value for name, value in filters.items() if value}
        return self.render(
            "screens/hand_over.html", blocks=page.rows, states=STATES, state_classes=STATE_CLASSES, filters=filters,
            campaigns=campaigns, may=sessions.may, kept=kept, is_first=not inputs.big(after),
            first_url=url_for(".index", **kept),
            next_url=page.next_key and url_for(".index", **kept, after=page.next_key),
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The blocks that are filtered, as CSV or Excel, up to a million rows."""
        headers = [
            pgettext("hand-over", "Block"), _("Campaign code"), _("Campaign"), _("State"), _("Taken at"), _("Sent at"),
            _("Settled at"), _("Contacts"), _("At the dialer"), _("Results in"), _("Came back"), _("Message"),
        ]  # fmt: skip
        return export.send("hand-over-journal", kind, headers, _lines(_filters()))

    @expose("/<big:block_id>")
    def block(self, block_id: int) -> Any:
        after = request.args.get("after", "")
        with db.engine.connect() as connection:
            row = _block_or_404(connection, block_id)
            page = _records(connection, row, after, _RECORDS)
        return self.render(
            "screens/hand_over_block.html", block=row, records=page.rows, states=STATES, state_classes=STATE_CLASSES,
            record_states=RECORD_STATES, reasons=REASONS, processing=campaign_data.processing_names(),
            named=campaign_data.named, may=sessions.may, is_first=not inputs.small(after),
            next_url=page.next_key and url_for(".block", block_id=block_id, after=page.next_key),
        )  # fmt: skip

    @expose("/<big:block_id>/export.<export:kind>")
    def export_block(self, block_id: int, kind: str) -> Any:
        """The records of a block, as CSV or Excel."""
        with db.engine.begin() as connection:
            row = _block_or_404(connection, block_id)
            audit.record(
                connection, "records_export", "campaign", row.campaign_id, after={"kind": kind, "block_id": block_id}
            )
        headers = [
            _("Position"), _("Form number"), _("Phone"), _("Processing"), _("State"), _("Reason"), _("Finished at"),
            _("Technical result"), _("Agent result"), _("Record key"),
        ]  # fmt: skip
        return export.send(f"block-{block_id}", kind, headers, _record_lines(row))


def _filters() -> dict[str, str]:
    """The filters of the address; empty where it names none."""
    found = {name: request.args.get(name, "") for name in ("campaign", "state")}
    return {name: value if inputs.small(value) is not None else "" for name, value in found.items()}


def _find(connection: Connection, filters: Mapping[str, str], key: str, size: int) -> Page:
    """The blocks behind a key, the newest first."""
    query = select(_blocks).order_by(_blocks.c.block_id.desc()).limit(size + 1)
    for name, filtered in (("campaign", "campaign_id"), ("state", "state_id")):
        if filters[name]:
            query = query.where(_blocks.c[filtered] == int(filters[name]))
    after = inputs.big(key)
    if after is not None:
        query = query.where(_blocks.c.block_id < after)
    if not campaign_access.sees_all(connection):
        query = query.where(_blocks.c.campaign_id.in_(campaign_access.visible(connection)))
    return pages.cut(connection.execute(query).all(), size, "block_id")


def _lines(filters: Mapping[str, str]) -> Iterator[list[Any]]:
    with db.engine.connect() as connection:
        for row in export.paged(lambda key: _find(connection, filters, key, export.PAGE)):
            yield [
                row.block_id, row.campaign_code, row.campaign_name, _(STATES[row.state_id]), row.taken_at, row.sent_at,
                row.settled_at, row.size, row.records_out, row.results_in, row.records_returned, row.message,
            ]  # fmt: skip


def _block_or_404(connection: Connection, block_id: int) -> Any:
    row = connection.execute(select(_blocks).where(_blocks.c.block_id == block_id)).one_or_none()
    if row is None or not campaign_access.is_visible(connection, row.campaign_id):
        abort(404)
    return row


def _record_lines(block: Any) -> Iterator[list[Any]]:
    processing, named = campaign_data.processing_names(), campaign_data.named
    with db.engine.connect() as connection:
        for position, row in export.paged(lambda key: _records(connection, block, key, export.PAGE)):
            yield [
                position, row.client_code, row.number, processing[row.processing_id], _(RECORD_STATES[row.state_id]),
                _(REASONS[row.reason_id]) if row.reason_id else None, row.ended_at,
                named(row, "technical_result") if row.technical_result else None,
                named(row, "agent_result") if row.agent_result else None, row.record_key,
            ]  # fmt: skip


def _records(connection: Connection, block: Any, key: str, size: int) -> Page:
    """The records behind a position, each with its own. Their keys are made of the block and the position, so that they
    are found by key wherever they are by now."""
    first = (inputs.small(key) or 0) + 1
    last = min(first + size - 1, block.size)
    prefix = connection.scalar(select(Setting.value).where(Setting.name == "record_key_prefix")) or ""
    keys = {f"{prefix}{block.block_id}-{position}": position for position in range(first, last + 1)}
    if not keys:
        return Page([])
    found = connection.execute(
        text("SELECT r.* FROM dialing.block_record AS r WHERE r.record_key IN :keys").bindparams(
            bindparam("keys", expanding=True)
        ),
        {"keys": list(keys)},
    )
    rows = sorted(((keys[row.record_key], row) for row in found), key=lambda one: one[0])
    return Page(rows, str(last) if last < block.size else None)
