"""The do-not-call list, and the numbers that are blocked in all campaigns (M111): finding entries, and what they hold.

Pages go by key, and each way through a list has an index: what is in force and what was lifted, the newest first; a
number or its beginning; a person by CRM id.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, distinct, func, literal, or_, select, true

from app.models.contact import Client, NumberBlock, Person, Phone
from app.models.dialing import Record
from app.models.dictionary import DoNotCall

DO_NOT_CALL, NUMBER_BLOCK = "do_not_call", "number_block"
LISTS: dict[str, Any] = {DO_NOT_CALL: DoNotCall, NUMBER_BLOCK: NumberBlock}
#: The least that a search by the beginning of a number takes.
LEAST_DIGITS = 3
_LONGEST = 20
_FAR = "9999-12-31T00:00:00"


@dataclass(frozen=True)
class Filters:
    """What is asked for. `is_lifted`: the entries that were lifted, instead of those in force."""

    list_name: str = DO_NOT_CALL
    number: str = ""
    crm_id: str = ""
    is_lifted: bool = False

    @classmethod
    def of(cls, values: Mapping[str, str]) -> Filters:
        name = values.get("list", DO_NOT_CALL)
        return cls(
            list_name=name if name in LISTS else DO_NOT_CALL,
            number=re.sub(r"\D", "", values.get("number", ""))[:_LONGEST],
            crm_id=values.get("crm_id", "").strip()[:64] if name == DO_NOT_CALL or name not in LISTS else "",
            is_lifted=values.get("state") == "lifted",
        )

    @property
    def is_too_short(self) -> bool:
        """Whether the number has too few digits to be looked for."""
        return 0 < len(self.number) < LEAST_DIGITS

    def arguments(self) -> dict[str, str]:
        """The filters as arguments of an address."""
        found = {"number": self.number, "crm_id": self.crm_id, "state": "lifted" if self.is_lifted else ""}
        if self.list_name != DO_NOT_CALL:
            found["list"] = self.list_name
        return {name: value for name, value in found.items() if value}


@dataclass
class Page:
    """Entries of one page; `next_key` is where the next one begins, None on the last."""

    rows: Sequence[Any] = field(default_factory=list)
    next_key: str | None = None


@dataclass(frozen=True)
class Touched:
    """What a number or a person means now: its phones, in how many campaigns, and how many are at the dialer."""

    phones: int
    campaigns: int
    records_out: int


def find(connection: Connection, filters: Filters, key: str = "", size: int = 50) -> Page:
    """The page that begins after `key`. Rows: entry_id, number, crm_id, added_*, reason, lifted_*, lift_reason."""
    if filters.is_too_short:
        return Page()
    rows = connection.execute(_walk(filters, key).limit(size + 1)).all()
    return Page(rows[:size], _key(filters, rows[size - 1]) if len(rows) > size else None)


def entry(connection: Connection, list_name: str, entry_id: int) -> Any:
    """One entry, or None."""
    columns, __ = _columns(LISTS[list_name])
    return connection.execute(columns.where(_id_of(LISTS[list_name]) == entry_id)).one_or_none()


def in_force(connection: Connection, list_name: str, number: str | None, crm_id: str | None) -> Any:
    """The entry of exactly this number or person that is in force, or None."""
    model = LISTS[list_name]
    columns, person = _columns(model)
    named = model.number == number if number else person.crm_id_key == (crm_id or "").upper()
    return connection.execute(columns.where(named, model.lifted_at.is_(None)).limit(1)).one_or_none()


def held(connection: Connection, rows: Sequence[Any]) -> dict[int, tuple[int, int]]:
    """By entry_id how many phones it is about, in how many campaigns: counted by number, or by person."""
    numbers = {row.number for row in rows if row.number}
    people = {row.person_id for row in rows if row.person_id}
    counted = (func.count(), func.count(distinct(Phone.campaign_id)))
    by_number = {
        number: (int(phones), int(campaigns))
        for number, phones, campaigns in connection.execute(
            select(Phone.number, *counted).where(Phone.number.in_(numbers)).group_by(Phone.number)
        )
    }
    by_person = {
        person_id: (int(phones), int(campaigns))
        for person_id, phones, campaigns in connection.execute(
            select(Client.person_id, *counted)
            .join(Phone, Phone.client_id == Client.client_id)
            .where(Client.person_id.in_(people))
            .group_by(Client.person_id)
        )
    }
    return {
        row.entry_id: (by_number.get(row.number) if row.number else by_person.get(row.person_id)) or (0, 0)
        for row in rows
    }


def touched(connection: Connection, number: str | None, crm_id: str | None) -> Touched:
    """What an entry of this number or person would be about."""
    phones = select(Phone.phone_id, Phone.campaign_id, Phone.client_id)
    if number:
        phones = phones.where(Phone.number == number)
    else:
        phones = (
            phones.join(Client, Client.client_id == Phone.client_id)
            .join(Person, Person.person_id == Client.person_id)
            .where(Person.crm_id_key == (crm_id or "").upper())
        )
    found = phones.subquery("p")
    row = connection.execute(
        select(func.count(), func.count(distinct(found.c.campaign_id)), func.count(Record.record_key))
        .select_from(found)
        .outerjoin(Record, and_(Record.client_id == found.c.client_id, Record.phone_id == found.c.phone_id))
    ).one()
    return Touched(int(row[0]), int(row[1]), int(row[2]))


def _id_of(model: Any) -> Any:
    return next(iter(model.__table__.primary_key.columns))


def _columns(model: Any) -> tuple[Select[Any], Any]:
    """The columns of a list, the person's CRM id among them where the list knows persons."""
    columns = [
        _id_of(model).label("entry_id"), model.number, model.added_at, model.added_by, model.reason, model.lifted_at,
        model.lifted_by, model.lift_reason,
    ]  # fmt: skip
    if model is NumberBlock:
        return select(*columns, literal(None).label("person_id"), literal(None).label("crm_id")), Person
    query = select(*columns, DoNotCall.person_id, Person.crm_id).outerjoin(
        Person, Person.person_id == DoNotCall.person_id
    )
    return query, Person


def _walk(filters: Filters, key: str) -> Select[Any]:
    model = LISTS[filters.list_name]
    query, __ = _columns(model)
    entry_id = _id_of(model)
    query = query.where(model.lifted_at.is_not(None) if filters.is_lifted else model.lifted_at.is_(None))
    first, __, last = key.rpartition("~")
    after = int(last) if re.fullmatch("[0-9]{1,18}", last) else None
    if filters.crm_id and filters.list_name == DO_NOT_CALL:
        query = query.where(
            DoNotCall.person_id.in_(select(Person.person_id).where(Person.crm_id_key == filters.crm_id.upper()))
        )
    if filters.number:
        start: ColumnElement[bool] = true()
        if after is not None and re.fullmatch("[0-9]{1,20}", first):
            start = or_(model.number > first, and_(model.number == first, entry_id > after))
        return query.where(
            model.number >= filters.number,
            model.number <= filters.number + "9" * (_LONGEST - len(filters.number)),
            start,
        ).order_by(model.number, entry_id)
    if filters.is_lifted:
        if after is not None:
            at = datetime.fromisoformat(first if re.fullmatch(r"[0-9T:.\-]{19,26}", first) else _FAR)
            query = query.where(or_(model.lifted_at < at, and_(model.lifted_at == at, entry_id < after)))
        return query.order_by(model.lifted_at.desc(), entry_id.desc())
    return query.where(true() if after is None else entry_id < after).order_by(entry_id.desc())


def _key(filters: Filters, row: Any) -> str:
    first = row.number if filters.number else row.lifted_at.isoformat() if filters.is_lifted else ""
    return f"{first}~{row.entry_id}"
