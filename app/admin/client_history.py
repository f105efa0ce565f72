"""What happened to a client, in words: rows of contacts.client_history as the card of a client shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, text

from app.admin.campaign_data import named, processing_names
from app.auth import campaign_access
from app.frame.formats import minute, moment
from app.i18n import mark

#: Rows that a card shows at most; a client has tens of them.
MOST = 500
#: Names of events, and the icon of each.
EVENTS: dict[str, tuple[str, str]] = {
    "attempt": (mark("Call"), "phone-outgoing"),
    "agent_result": (mark("Agent result"), "headset"),
    "in_work": (mark("At the dialer"), "activity"),
    "callback": (mark("Callback"), "clock"),
    "block": (mark("Block"), "lock"),
    "lifting": (mark("Lifting of a block"), "lock-open"),
    "number_block": (mark("Block of the number"), "lock"),
    "do_not_call": (mark("Do-not-call list"), "ban"),
    "moved_in": (mark("Moved here"), "arrow-right-left"),
    "moved_out": (mark("Moved away"), "arrow-right-left"),
    "loaded": (mark("Loading"), "upload"),
    "reloaded": (mark("Loaded again"), "upload"),
    "status": (mark("Status"), "info"),
}
#: What the history may be narrowed to.
KINDS: dict[str, tuple[str, frozenset[str]]] = {
    "calls": (mark("Calls"), frozenset({"attempt", "agent_result", "in_work", "callback"})),
    "changes": (mark("Blocks, loads, moves"), frozenset(EVENTS) - {"attempt", "agent_result", "in_work", "callback"}),
}
SOURCES = {
    1: mark("the dialer"), 2: mark("the agent page"), 3: mark("the API"), 4: mark("an administrator"),
    5: mark("a load"),
}  # fmt: skip
_CALLBACK_STATES = {
    1: mark("is waited for"), 2: mark("is in work"), 3: mark("kept"), 4: mark("missed"), 5: mark("cancelled"),
}  # fmt: skip
_BLOCKED = {
    1: mark("the phone"), 2: mark("the client"), 3: mark("all clients of the segment"),
    4: mark("phones of the segment by the date of their load"),
}  # fmt: skip


@dataclass(frozen=True)
class Event:
    """One line of the history: when, what, on which number, with which outcome, by whom."""

    code: str
    at: datetime
    name: str
    icon: str
    number: str
    outcome: str
    agent_result: str
    who: str
    detail: str
    tone: str = ""
    batch_id: int | None = None


def read(connection: Connection, client_id: int) -> tuple[list[Event], bool]:
    """The events of a client, the latest first, and whether there are more than MOST."""
    rows = connection.execute(
        text(
            "SELECT h.* FROM contacts.client_history(:client_id) AS h"
            " ORDER BY h.happened_at DESC, h.event_code, h.object_id DESC"
        ),
        {"client_id": client_id},
    ).fetchmany(MOST + 1)
    visible = campaign_access.visible(connection)
    return [event(row, visible) for row in rows[:MOST]], len(rows) > MOST


def event(row: Any, visible: frozenset[int]) -> Event:
    """A row of contacts.client_history in the language of the page. No campaign is named but those that are visible."""
    code = "lifting" if row.event_code == "block" and row.is_lifting else row.event_code
    name, icon = EVENTS[code]
    agent_result = " / ".join(
        named(row, column) for column in ("agent_result_1", "agent_result_2") if getattr(row, column)
    )
    outcome, detail, tone = _TOLD[row.event_code](row)
    if row.event_code in ("moved_in", "moved_out") and row.campaign_id not in visible:
        outcome = _("a campaign that is not open to you")
    who = row.done_by or row.agent or ""
    return Event(
        code, row.happened_at, _(name), icon, row.number or "", outcome, agent_result, who,
        "; ".join(part for part in detail if part), tone,
        row.object_id if code in ("loaded", "reloaded") else None,
    )  # fmt: skip


def _source(row: Any) -> str:
    return _("from %(source)s", source=_(SOURCES[row.source_id])) if row.source_id in SOURCES else ""


def _duration(milliseconds: int | None) -> str:
    if not milliseconds:
        return ""
    seconds = milliseconds // 1000
    return f"{seconds // 60}:{seconds % 60:02}"


def _attempt(row: Any) -> tuple[str, Sequence[str], str]:
    return named(row, "technical_result"), (
        processing_names()[row.processing_id] if row.processing_id != 1 else "",
        _duration(row.duration_ms),
        "" if row.is_counted else _("does not count as an attempt"),
        _source(row) if (row.source_id or 1) != 1 else "",
        row.reason or "",
        _("strategy, version %(number)s", number=row.version_no) if row.version_no else "",
    ), ""  # fmt: skip


def _in_work(row: Any) -> tuple[str, Sequence[str], str]:
    return _("in work"), (processing_names()[row.processing_id],), "good"


def _callback(row: Any) -> tuple[str, Sequence[str], str]:
    state = _(_CALLBACK_STATES[row.state_id])
    return _("for %(at)s", at=minute(row.due_at)), (
        _("personal") if row.processing_id == 3 else "",
        f"{state} {moment(row.closed_at)}".strip(),
        _source(row),
    ), {3: "good", 4: "bad"}.get(row.state_id, "")  # fmt: skip


def _block(row: Any) -> tuple[str, Sequence[str], str]:
    return _(_BLOCKED[row.kind_id]), (row.reason or "", _lifted(row)), "" if row.is_lifting or row.closed_at else "bad"


def _everywhere(row: Any) -> tuple[str, Sequence[str], str]:
    what = _("in all campaigns") if row.number else _("the person, in all campaigns")
    return what, (row.reason or "", _lifted(row)), "" if row.closed_at else "bad"


def _moved(row: Any) -> tuple[str, Sequence[str], str]:
    return row.campaign or "", (), ""


def _loaded(row: Any) -> tuple[str, Sequence[str], str]:
    return row.reason or "", (), ""


def _status(row: Any) -> tuple[str, Sequence[str], str]:
    return "", (), ""


def _agent_result(row: Any) -> tuple[str, Sequence[str], str]:
    return "", (_source(row), row.reason or ""), ""


def _lifted(row: Any) -> str:
    return _("lifted %(at)s", at=moment(row.closed_at)) if row.closed_at else ""


_TOLD = {
    "attempt": _attempt, "agent_result": _agent_result, "in_work": _in_work, "callback": _callback, "block": _block,
    "number_block": _everywhere, "do_not_call": _everywhere, "moved_in": _moved, "moved_out": _moved,
    "loaded": _loaded, "reloaded": _loaded, "status": _status,
}  # fmt: skip
