"""The hand-over journal: blocks given to Cisco, what became of each, and the records of one."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, request, url_for
from flask_admin import expose
from sqlalchemy import Connection, bindparam, column, select, table, text

from app.admin import campaign_data
from app.admin.base import Screen
from app.auth import campaign_access, sessions
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
    actions: ClassVar = {"index": "view", "block": "view"}

    @expose("/")
    def index(self) -> Any:
        filters = {name: request.args.get(name, "") for name in ("campaign", "state")}
        filters = {name: value if inputs.small(value) is not None else "" for name, value in filters.items()}
        query = select(_blocks).order_by(_blocks.c.block_id.desc()).limit(_PAGE + 1)
        for name, key in (("campaign", "campaign_id"), ("state", "state_id")):
            if filters[name]:
                query = query.where(_blocks.c[key] == int(filters[name]))
        after = inputs.big(request.args.get("after"))
        if after is not None:
            query = query.where(_blocks.c.block_id < after)
        with db.engine.connect() as connection:
            if not campaign_access.sees_all(connection):
                query = query.where(_blocks.c.campaign_id.in_(campaign_access.visible(connection)))
            rows = connection.execute(query).all()
            campaigns = campaign_data.campaigns(connection)
        kept: dict[str, Any] = {name: value for name, value in filters.items() if value}
        return self.render(
            "screens/hand_over.html", blocks=rows[:_PAGE], states=STATES, state_classes=STATE_CLASSES,
            filters=filters, campaigns=campaigns, is_first=not after, first_url=url_for(".index", **kept),
            next_url=url_for(".index", **kept, after=rows[_PAGE - 1].block_id) if len(rows) > _PAGE else None,
        )  # fmt: skip

    @expose("/<big:block_id>")
    def block(self, block_id: int) -> Any:
        first = (inputs.small(request.args.get("after")) or 0) + 1
        with db.engine.connect() as connection:
            row = connection.execute(select(_blocks).where(_blocks.c.block_id == block_id)).one_or_none()
            if row is None or not campaign_access.is_visible(connection, row.campaign_id):
                abort(404)
            last = min(first + _RECORDS - 1, row.size)
            records = _records(connection, block_id, first, last)
        return self.render(
            "screens/hand_over_block.html", block=row, records=records, states=STATES, state_classes=STATE_CLASSES,
            record_states=RECORD_STATES, reasons=REASONS, processing=campaign_data.processing_names(),
            named=campaign_data.named, may=sessions.may, is_first=first == 1,
            next_url=url_for(".block", block_id=block_id, after=last) if last < row.size else None,
        )  # fmt: skip


def _records(connection: Connection, block_id: int, first: int, last: int) -> list[tuple[int, Any]]:
    """The records with these positions. Their keys are made of the block and the position, so that they are found by
    key wherever they are by now."""
    prefix = connection.scalar(select(Setting.value).where(Setting.name == "record_key_prefix")) or ""
    keys = {f"{prefix}{block_id}-{position}": position for position in range(first, last + 1)}
    if not keys:
        return []
    found = connection.execute(
        text("SELECT r.* FROM dialing.block_record AS r WHERE r.record_key IN :keys").bindparams(
            bindparam("keys", expanding=True)
        ),
        {"keys": list(keys)},
    )
    return sorted(((keys[row.record_key], row) for row in found), key=lambda one: one[0])
