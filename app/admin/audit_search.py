"""The audit journal's search: the newest first, by filters that an index serves, paged by key.

The most telling filter is answered by its index (access.audit has one for each, ordered by moment); what is left is
looked for among at most LOOKED_AT rows of it. So a page takes a moment with years of audit, however rare what is asked
for is: where it is not filled, it says from where to search on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import Connection, and_, or_, select

from app.auth.accounts import key
from app.frame import inputs
from app.frame.formats import to_utc
from app.models.access import Audit, User

LOOKED_AT = 5000

#: The filters, the most telling first: the first one that is given chooses the index.
_COLUMNS = {
    "object_id": Audit.object_id, "username": Audit.username, "action": Audit.action,
    "object_type": Audit.object_type,
}  # fmt: skip


@dataclass(frozen=True)
class Filters:
    """What is asked for, as it was typed; what is wrong with the days stands in day_error."""

    username: str = ""
    action: str = ""
    object_type: str = ""
    object_id: str = ""
    day_from: str = ""
    day_to: str = ""
    begin: datetime | None = None
    end: datetime | None = None
    day_error: str = ""

    @classmethod
    def of(cls, values: Any) -> Filters:
        """What an address asks for. An object's number counts only beside the kind of the object."""
        typed = {
            name: values.get(name, "").strip()[:200]
            for name in ("action", "object_type", "object_id", "day_from", "day_to")
        }
        if not typed["object_type"]:
            typed["object_id"] = ""
        found = cls(username=values.get("user", "").strip()[:200], **typed)
        try:
            begin, end = _day(found.day_from), _day(found.day_to)
        except ValueError:
            return replace(found, day_error=_("Write a day like 31.12.2026."))
        if begin and end and end < begin:
            return replace(found, day_error=_("The last day lies before the first."))
        return replace(found, begin=begin and to_utc(begin), end=end and to_utc(end + timedelta(days=1)))

    @property
    def is_set(self) -> bool:
        return any((self.username, self.action, self.object_type, self.day_from, self.day_to))

    def arguments(self) -> dict[str, str]:
        """The same as arguments of an address."""
        values = {
            "user": self.username, "action": self.action, "object_type": self.object_type, "object_id": self.object_id,
            "day_from": self.day_from, "day_to": self.day_to,
        }  # fmt: skip
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True)
class Page:
    """Rows of access.audit without before and after, and where the next page begins."""

    rows: Sequence[Any]
    next_key: str | None
    #: Whether the search stopped before it had a page or came to the end.
    is_cut: bool = False


def find(connection: Connection, filters: Filters, after: str, size: int, *, with_values: bool = False) -> Page:
    """At most `size` rows that fit, behind the key `after`. Nothing where a day is wrong."""
    if filters.day_error:
        return Page([], None)
    given = {name: getattr(filters, name) for name in _COLUMNS if getattr(filters, name)}
    if "username" in given:
        given["username"] = _spelled(connection, given["username"])
    # The kind stands beside the number in one index.
    first = next((name for name in _COLUMNS if name in given), None)
    served = {name for name in (first, "object_type" if first == "object_id" else None) if name}
    rest = [_COLUMNS[name] == value for name, value in given.items() if name not in served]
    keys = _behind(
        select(Audit.audit_id, Audit.at, Audit.username, Audit.action, Audit.object_type, Audit.object_id)
        .where(*(_COLUMNS[name] == given[name] for name in served)), filters, after,
    ).order_by(Audit.at.desc(), Audit.audit_id.desc())  # fmt: skip
    looked: Sequence[Any] = connection.execute(keys.limit(LOOKED_AT if rest else size + 1)).all()
    fit = looked if not rest else [row for row in looked if _fits(row, given, served)]
    if len(fit) > size:
        page, next_key, is_cut = fit[:size], _key(fit[size - 1]), False
    elif rest and len(looked) == LOOKED_AT:
        page, next_key, is_cut = fit, _key(looked[-1]), True
    else:
        page, next_key, is_cut = fit, None, False
    return Page(_read(connection, page, with_values), next_key, is_cut)


def _fits(row: Any, given: dict[str, str], served: set[str]) -> bool:
    return all(getattr(row, name) == value for name, value in given.items() if name not in served)


def _behind(query: Any, filters: Filters, after: str) -> Any:
    if filters.begin:
        query = query.where(Audit.at >= filters.begin)
    if filters.end:
        query = query.where(Audit.at < filters.end)
    moment, __, audit_id = after.rpartition("_")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        return query
    last = inputs.big(audit_id)
    if at.tzinfo is not None or last is None:
        return query
    # The first condition is what an index can begin at; the second leaves out what stands at that moment already.
    return query.where(Audit.at <= at, or_(Audit.at < at, and_(Audit.at == at, Audit.audit_id < last)))


def _read(connection: Connection, page: Sequence[Any], with_values: bool) -> Sequence[Any]:
    """The whole rows of a page, in its order."""
    columns = [Audit.audit_id, Audit.at, Audit.username, Audit.address, Audit.action, Audit.object_type,
               Audit.object_id, Audit.before, Audit.after]  # fmt: skip
    found: dict[int, Any] = {}
    ids = [row.audit_id for row in page]
    for start in range(0, len(ids), 1000):
        rows = connection.execute(
            select(*(columns if with_values else columns[:7])).where(Audit.audit_id.in_(ids[start : start + 1000]))
        )
        found |= {row.audit_id: row for row in rows}
    return [found[audit_id] for audit_id in ids]


def _spelled(connection: Connection, username: str) -> str:
    """The name as the user has it: people need not heed upper and lower case."""
    known: str | None = connection.scalar(select(User.username).where(User.username_key == key(username)))
    return known or username


def _key(row: Any) -> str:
    return f"{row.at.isoformat()}_{row.audit_id}"


def _day(written: str) -> datetime | None:
    if not written:
        return None
    for pattern in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            found = datetime.strptime(written, pattern)  # noqa: DTZ007 - the user's zone is put to it by the caller
        except ValueError:
            continue
        if 2000 <= found.year <= 2100:
            return found
    raise ValueError(written)
