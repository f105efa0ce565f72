"""Finding clients of a campaign of millions for their list (M204-M206): pages by key, each walk along an index.

Without a text, the newest clients come first. With one, three walks follow each other: the clients of the person with
that CRM id, then those whose form number begins with the text, then those with a phone that begins with its digits. A
client that more than one walk would find belongs to the first of them, so that no client comes twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, or_, select, text, true, union_all

from app.database import by_key
from app.models.contact import Client, Person, Phone
from app.numbering.search import begins, beyond

#: Rows of the index of numbers that one page reads at most: other campaigns have numbers in it too.
SCAN = 5000
LEAST_DIGITS = 3


@dataclass
class ClientPage:
    """Clients of one page with their phones. `next_key` is where the next one begins; None: this is the last."""

    clients: list[Any] = field(default_factory=list)
    phones: dict[int, list[Any]] = field(default_factory=dict)
    next_key: str | None = None
    is_partial: bool = False


def find(connection: Connection, campaign_id: int, wanted: str, key: str, size: int) -> ClientPage:
    """The page after `key` (empty: the first). `wanted`: a form number, a CRM id or a phone, whole or its beginning."""
    wanted = wanted.strip()[:64]
    if wanted:
        found = _Search(connection, campaign_id, wanted, size).page(key)
    else:
        found = _newest(connection, campaign_id, key, size)
    ids, page = found
    page.clients, page.phones = read(connection, ids)
    return page


def read(connection: Connection, ids: Sequence[int]) -> tuple[list[Any], dict[int, list[Any]]]:
    """Clients in the order of the ids, and the phones of each."""
    if not ids:
        return [], {}
    clients = _rows(connection, "SELECT c.* FROM contacts.client_list AS c WHERE c.client_id IN :ids", ids)
    by_id = {row.client_id: row for row in clients}
    phones: dict[int, list[Any]] = {client_id: [] for client_id in ids}
    statement = "SELECT p.* FROM contacts.client_phone AS p WHERE p.client_id IN :ids ORDER BY p.phone_id"
    for row in _rows(connection, statement, ids):
        phones[row.client_id].append(row)
    return [by_id[client_id] for client_id in ids if client_id in by_id], phones


def _rows(connection: Connection, statement: str, ids: Sequence[int]) -> Sequence[Any]:
    return by_key.read(connection, text(statement).bindparams(bindparam("ids", expanding=True)), {"ids": list(ids)})


def _newest(connection: Connection, campaign_id: int, key: str, size: int) -> tuple[list[int], ClientPage]:
    """The newest clients, one walk of ix_client_list for each segment and status, merged."""
    pairs = connection.execute(
        text(
            "SELECT n.segment_id, n.status_id FROM contacts.client_status_count AS n"
            " WHERE n.campaign_id = :campaign_id ORDER BY n.segment_id, n.status_id"
        ),
        {"campaign_id": campaign_id},
    ).all()
    if not pairs:
        return [], ClientPage()
    before = int(key) if re.fullmatch("[0-9]{1,18}", key) else None
    branches = [
        select(Client.client_id)
        .where(
            Client.campaign_id == campaign_id,
            Client.segment_id == pair.segment_id,
            Client.status_id == pair.status_id,
            true() if before is None else Client.client_id < before,
        )
        .order_by(Client.client_id.desc())
        .limit(size + 1)
        .subquery()
        for pair in pairs
    ]
    merged = union_all(*[select(branch.c.client_id) for branch in branches]).subquery("m")
    ids = list(connection.scalars(select(merged.c.client_id).order_by(merged.c.client_id.desc()).limit(size + 1)))
    return _cut(ids, size)


def _cut(ids: list[int], size: int) -> tuple[list[int], ClientPage]:
    return ids[:size], ClientPage(next_key=str(ids[size - 1]) if len(ids) > size else None)


class _Search:
    """The walks of a text. A key is the name of the walk, a colon, and where the walk goes on."""

    def __init__(self, connection: Connection, campaign_id: int, wanted: str, size: int) -> None:
        self.connection = connection
        self.campaign_id = campaign_id
        self.code = wanted.upper()
        self.digits = re.sub(r"[\s()+-]", "", wanted)
        self.size = size
        self.person_id = connection.scalar(select(Person.person_id).where(Person.crm_id_key == self.code))

    def page(self, key: str) -> tuple[list[int], ClientPage]:
        walk, __, place = key.partition(":")
        walks = {"crm": self._by_crm, "code": self._by_code, "number": self._by_number}
        names = list(walks)
        ids: list[int] = []
        for name in names[names.index(walk) if walk in walks else 0 :]:
            found, next_place = walks[name](place, self.size - len(ids))
            place = ""
            ids += found
            if next_place is not None:
                return ids, ClientPage(next_key=f"{name}:{next_place}", is_partial=len(ids) < self.size)
        return ids, ClientPage()

    def _by_crm(self, place: str, room: int) -> tuple[list[int], str | None]:
        if self.person_id is None:
            return [], None
        after = int(place) if re.fullmatch("[0-9]{1,18}", place) else 0
        ids = list(
            self.connection.scalars(
                select(Client.client_id)
                .where(
                    Client.person_id == self.person_id,
                    Client.campaign_id == self.campaign_id,
                    Client.client_id > after,
                )
                .order_by(Client.client_id)
                .limit(room + 1)
            )
        )
        return ids[:room], str(ids[room - 1] if room else after) if len(ids) > room else None

    def _by_code(self, place: str, room: int) -> tuple[list[int], str | None]:
        rows = self.connection.execute(
            select(Client.client_id, Client.client_code_key)
            .where(
                Client.campaign_id == self.campaign_id,
                Client.client_code_key.startswith(self.code, autoescape=True),
                Client.client_code_key > place if place else true(),
                self._not_of_person(),
            )
            .order_by(Client.client_code_key)
            .limit(room + 1)
        ).all()
        last = rows[room - 1].client_code_key if room and len(rows) > room else place
        return [row.client_id for row in rows[:room]], last if len(rows) > room else None

    def _by_number(self, place: str, room: int) -> tuple[list[int], str | None]:
        digits = self.digits
        if not re.fullmatch("[0-9]{1,20}", digits) or len(digits) < LEAST_DIGITS:
            return [], None
        after, __, last = place.partition("-")
        walked = (
            select(Phone.number, Phone.phone_id, Phone.client_id, Phone.campaign_id)
            .where(*begins(Phone.number, digits), *beyond(Phone.number, Phone.phone_id, after, last))
            .order_by(Phone.number, Phone.phone_id)
            .limit(SCAN)
            .subquery("p")
        )
        # A client with several phones that fit is found by the first of them.
        other = select(Phone.phone_id).where(
            Phone.client_id == walked.c.client_id, Phone.number >= digits, Phone.number < walked.c.number
        )
        rows = self.connection.execute(
            select(walked.c.number, walked.c.phone_id, walked.c.client_id)
            .join(Client, Client.client_id == walked.c.client_id)
            .where(
                walked.c.campaign_id == self.campaign_id,
                self._not_of_person(),
                ~Client.client_code_key.startswith(self.code, autoescape=True),
                ~other.exists(),
            )
            .order_by(walked.c.number, walked.c.phone_id)
            .limit(room + 1)
        ).all()
        ids = [row.client_id for row in rows[:room]]
        if len(rows) > room:
            return ids, f"{rows[room - 1].number}-{rows[room - 1].phone_id}" if room else place
        end = self.connection.execute(
            select(func.count().label("rows"), func.max(walked.c.number).label("number")).select_from(walked)
        ).one()
        if end.rows < SCAN:
            return ids, None
        behind = self.connection.scalar(select(func.max(walked.c.phone_id)).where(walked.c.number == end.number))
        return ids, f"{end.number}-{behind}"

    def _not_of_person(self) -> ColumnElement[bool]:
        if self.person_id is None:
            return true()
        return or_(Client.person_id.is_(None), Client.person_id != self.person_id)
