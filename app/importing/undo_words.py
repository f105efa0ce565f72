"""Why a client of an undone load stays, in words: reason_id of contacts.import_undo_state."""

from __future__ import annotations

from app.i18n import mark

KEPT: dict[int, str] = {
    1: mark("was dialled"),
    2: mark("is at the dialer"),
    3: mark("was loaded again later"),
    4: mark("has an agent result or a promised call"),
    5: mark("was moved to another campaign, or from one"),
    6: mark("is blocked by hand"),
    7: mark("has phones of another load"),
}
