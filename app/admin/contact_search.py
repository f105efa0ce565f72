"""Finding contacts of a campaign of millions: every filter has an index, and pages go by key.

A page is found in two steps. The first picks the ids: it walks one index in the order of the list, from the key where
the last page ended, and reads at most SCAN rows that further filters then narrow. The second reads the picked rows
from contacts.contact_list. So no page costs more than the next one, however deep it is and however rare a match.

Walks, the first that fits:
    number         ix_phone_number, by number
    client code    the unique key of clients, by code
    result         ix_phone_list, by phone, the newest first
    segment,status ix_client_list, by client, the newest first, one walk for each pair of them, merged
    nothing        ix_phone_list, by phone, one walk for each result, merged
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    text,
    union_all,
)

from app.database import by_key
from app.frame import inputs
from app.models.contact import Client, Phone
from app.numbering.search import begins, beyond

#: Rows of an index that one page reads at most.
SCAN = 5000

NO_RESULT = 0


@dataclass(frozen=True)
class Filters:
    """What the user asks for; empty means any. `result_id` 0 means phones without a result."""

    segment_id: int | None = None
    status_id: int | None = None
    number: str = ""
    client_code: str = ""
    result_id: int | None = None

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> Filters:
        """Read from the arguments of a page; what is not a number is no filter."""
        return cls(
            segment_id=inputs.small(arguments.get("segment")),
            status_id=inputs.small(arguments.get("status")),
            number=re.sub(r"\D", "", arguments.get("number", ""))[:20],
            client_code=arguments.get("code", "").strip()[:64],
            result_id=inputs.small(arguments.get("result")),
        )

    def __bool__(self) -> bool:
        return any(
            value not in (None, "")
            for value in (self.segment_id, self.status_id, self.number, self.client_code, self.result_id)
        )


@dataclass
class Page:
    """Contacts of one page. `next_key` is where the next one begins; None: this is the last.

    `is_partial`: fewer rows than a page, because SCAN rows were read; there may be more behind next_key.
    """

    rows: list[Any] = field(default_factory=list)
    next_key: str | None = None
    is_partial: bool = False


def find(connection: Connection, campaign_id: int, filters: Filters, key: str = "", size: int = 50) -> Page:
    """The page that begins after `key` (empty: the first). A key that is not one begins at the beginning."""
    if filters.number:
        walk: _Walk = _ByNumber(connection, campaign_id, filters, key, size)
    elif filters.client_code:
        walk = _ByCode(connection, campaign_id, filters, key, size)
    elif filters.result_id is not None or (filters.segment_id is None and filters.status_id is None):
        walk = _ByPhone(connection, campaign_id, filters, key, size)
    else:
        walk = _ByClient(connection, campaign_id, filters, key, size)
    ids, page = walk.find()
    page.rows = read(connection, ids)
    return page


def read(connection: Connection, ids: Sequence[int]) -> list[Any]:
    """Rows of contacts.contact_list in the order of the ids."""
    if not ids:
        return []
    statement = text("SELECT c.* FROM contacts.contact_list AS c WHERE c.phone_id IN :ids").bindparams(
        bindparam("ids", expanding=True)
    )
    rows = {row.phone_id: row for row in by_key.read(connection, statement, {"ids": list(ids)})}
    return [rows[phone_id] for phone_id in ids if phone_id in rows]


def count(connection: Connection, campaign_id: int) -> int:
    """Contacts (phones) of a campaign, from the counts that events keep."""
    return int(
        connection.scalar(
            text(
                "SELECT COALESCE(SUM(x.phones), 0) FROM core.dial_class_change AS x"
                " JOIN core.dial_class AS d ON d.dial_class_id = x.dial_class_id WHERE d.campaign_id = :campaign_id"
            ),
            {"campaign_id": campaign_id},
        )
        or 0
    )


class _Walk:
    """A walk over one index: `candidates` gives (key, phone_id) in order; `residual` what else must hold."""

    #: Whether one key may have several phones, so that a page ends only where the key changes.
    grouped = False

    def __init__(self, connection: Connection, campaign_id: int, filters: Filters, key: str, size: int) -> None:
        self.connection = connection
        self.campaign_id = campaign_id
        self.filters = filters
        self.key = key
        self.size = size

    def candidates(self, limit: int) -> list[Any]:
        """At most `limit` rows (key, phone_id, is_match) of the walk."""
        raise NotImplementedError

    def is_exact(self) -> bool:
        """Whether every candidate matches, so that no more than a page of them need be read."""
        raise NotImplementedError

    def find(self) -> tuple[list[int], Page]:
        limit = self.size + 1 if self.is_exact() else SCAN
        rows = self.candidates(limit)
        keys = list(dict.fromkeys(row.key for row in rows))
        picked: list[Any] = []
        for row in rows:
            if not row.is_match:
                continue
            if len(picked) >= self.size and (not self.grouped or row.key != picked[-1].key):
                return [item.phone_id for item in picked], Page(next_key=str(picked[-1].key))
            picked.append(row)
        ids = [item.phone_id for item in picked]
        if len(keys) >= limit:  # the index goes on behind what was read
            return ids, Page(next_key=str(keys[-1]), is_partial=True)
        return ids, Page()

    def status_match(self) -> ColumnElement[bool]:
        """The filters on the client."""
        conditions = []
        if self.filters.segment_id is not None:
            conditions.append(Client.segment_id == self.filters.segment_id)
        if self.filters.status_id is not None:
            conditions.append(Client.status_id == self.filters.status_id)
        if self.filters.client_code:
            conditions.append(Client.client_code_key.startswith(self.filters.client_code.upper(), autoescape=True))
        return and_(literal_column("1") == literal_column("1"), *conditions)

    def result_match(self) -> ColumnElement[bool]:
        """The filter on the phone's last result."""
        if self.filters.result_id is None:
            return literal_column("1") == literal_column("1")
        if self.filters.result_id == NO_RESULT:
            return Phone.last_technical_result_id.is_(None)
        return Phone.last_technical_result_id == self.filters.result_id


def _flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0).label("is_match")


class _ByNumber(_Walk):
    """By number: exact or its beginning."""

    def is_exact(self) -> bool:
        return False

    def candidates(self, limit: int) -> list[Any]:
        number = self.filters.number
        after, __, last = self.key.partition("-")
        inner = (
            select(Phone.number, Phone.phone_id, Phone.client_id, Phone.campaign_id, Phone.last_technical_result_id)
            .where(*begins(Phone.number, number), *beyond(Phone.number, Phone.phone_id, after, last))
            .order_by(Phone.number, Phone.phone_id)
            .limit(limit)
            .subquery("p")
        )
        match = and_(inner.c.campaign_id == self.campaign_id, self.status_match(), _result_of(inner, self.filters))
        statement = (
            select(func.concat(inner.c.number, "-", inner.c.phone_id).label("key"), inner.c.phone_id, _flag(match))
            .join(Client, Client.client_id == inner.c.client_id)
            .order_by(inner.c.number, inner.c.phone_id)
        )
        return list(self.connection.execute(statement))


class _ByCode(_Walk):
    """By client code: exact or its beginning, in the order of the code."""

    grouped = True

    def is_exact(self) -> bool:
        filters = self.filters
        return filters.segment_id is None and filters.status_id is None and filters.result_id is None

    def candidates(self, limit: int) -> list[Any]:
        code = self.filters.client_code.upper()
        inner = (
            select(Client.client_code_key, Client.client_id, Client.segment_id, Client.status_id)
            .where(Client.campaign_id == self.campaign_id, Client.client_code_key.startswith(code, autoescape=True))
            .order_by(Client.client_code_key)
            .limit(limit)
        )
        if self.key:
            inner = inner.where(Client.client_code_key > self.key)
        found = inner.subquery("c")
        conditions: list[ColumnElement[bool]] = [Phone.phone_id.is_not(None), self.result_match()]
        if self.filters.segment_id is not None:
            conditions.append(found.c.segment_id == self.filters.segment_id)
        if self.filters.status_id is not None:
            conditions.append(found.c.status_id == self.filters.status_id)
        statement = (
            select(found.c.client_code_key.label("key"), Phone.phone_id, _flag(and_(*conditions)))
            .join(Phone, Phone.client_id == found.c.client_id, isouter=True)
            .order_by(found.c.client_code_key, Phone.phone_id)
        )
        return list(self.connection.execute(statement))


class _ByPhone(_Walk):
    """The newest phones first, with one last result or with any."""

    def is_exact(self) -> bool:
        return self.filters.segment_id is None and self.filters.status_id is None

    def candidates(self, limit: int) -> list[Any]:
        branches = [self._branch(condition, limit) for condition in self._results()]
        merged = union_all(*[select(branch.subquery()) for branch in branches]).subquery("m")
        page = (
            select(merged.c.phone_id, merged.c.client_id).order_by(merged.c.phone_id.desc()).limit(limit).subquery("p")
        )
        statement = (
            select(
                page.c.phone_id.label("key"),
                page.c.phone_id,
                _flag(self.status_match()),
            )
            .join(Client, Client.client_id == page.c.client_id)
            .order_by(page.c.phone_id.desc())
        )
        return list(self.connection.execute(statement))

    def _results(self) -> list[ColumnElement[bool]]:
        if self.filters.result_id is not None:
            return [self.result_match()]
        known = self.connection.scalars(text("SELECT t.technical_result_id FROM core.technical_result AS t"))
        return [
            Phone.last_technical_result_id.is_(None),
            *[Phone.last_technical_result_id == result_id for result_id in known],
        ]

    def _branch(self, condition: ColumnElement[bool], limit: int) -> Select[int, int]:
        branch = (
            select(Phone.phone_id, Phone.client_id)
            .where(Phone.campaign_id == self.campaign_id, condition)
            .order_by(Phone.phone_id.desc())
            .limit(limit)
        )
        after = inputs.big(self.key)
        return branch if after is None else branch.where(Phone.phone_id < after)


class _ByClient(_Walk):
    """The newest clients first, of a segment, a status, or both."""

    grouped = True

    def is_exact(self) -> bool:
        return True

    def candidates(self, limit: int) -> list[Any]:
        branches = [self._branch(segment_id, status_id, limit) for segment_id, status_id in self._pairs()]
        if not branches:
            return []
        merged = union_all(*[select(branch.subquery()) for branch in branches]).subquery("m")
        page = select(merged.c.client_id).order_by(merged.c.client_id.desc()).limit(limit).subquery("c")
        statement = (
            select(page.c.client_id.label("key"), Phone.phone_id, _flag(Phone.phone_id.is_not(None)))
            .join(Phone, Phone.client_id == page.c.client_id, isouter=True)
            .order_by(page.c.client_id.desc(), Phone.phone_id)
        )
        return list(self.connection.execute(statement))

    def _pairs(self) -> list[tuple[int, int]]:
        """Segments and statuses that have clients and fit the filters."""
        rows = self.connection.execute(
            text(
                "SELECT n.segment_id, n.status_id FROM contacts.client_status_count AS n"
                " WHERE n.campaign_id = :campaign_id ORDER BY n.segment_id, n.status_id"
            ),
            {"campaign_id": self.campaign_id},
        )
        return [
            (row.segment_id, row.status_id)
            for row in rows
            if self.filters.segment_id in (None, row.segment_id) and self.filters.status_id in (None, row.status_id)
        ]

    def _branch(self, segment_id: int, status_id: int, limit: int) -> Select[Any]:
        branch = (
            select(Client.client_id)
            .where(
                Client.campaign_id == self.campaign_id,
                Client.segment_id == segment_id,
                Client.status_id == status_id,
            )
            .order_by(Client.client_id.desc())
            .limit(limit)
        )
        after = inputs.big(self.key)
        return branch if after is None else branch.where(Client.client_id < after)


def _result_of(source: Any, filters: Filters) -> ColumnElement[bool]:
    if filters.result_id is None:
        return literal_column("1") == literal_column("1")
    if filters.result_id == NO_RESULT:
        return source.c.last_technical_result_id.is_(None)
    return source.c.last_technical_result_id == filters.result_id
