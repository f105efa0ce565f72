"""Dictionaries of rows with a code, names and a place in the order: phone types, technical and agent results.

Each change is one transaction with its row in the audit. Whoever changes a dictionary locks its rows first, so that
two people at once cannot give one code, or one code of Cisco, twice. A code is never changed: files, the API and the
dialer name the row by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, exists, insert, select, update

from app.auth import audit
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.caps import CapRuleResult
from app.models.contact import Attempt, AttemptOutcome, PhoneArchive
from app.models.dictionary import AgentResult, PhoneType, TechnicalResult
from app.models.strategy import DialClass, VersionAgentResult, VersionPhoneType, VersionTechnicalResult
from app.procedures import contacts

#: The technical result of what Cisco says with a code that no row has (dialing.result_apply).
OTHER = "OTHER"


class DictionaryError(AcmError):
    """A change that is refused. `field` is the field of the form that is wrong, where it is one."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field


Rows = Sequence[Any]
Check = Callable[[Rows, Any, Mapping[str, Any]], None]


@dataclass(frozen=True)
class Dictionary:
    """One table. `used_by`: columns that name a row of it, the quickest to be asked first; `check` refuses values."""

    model: Any
    object_type: str
    fields: tuple[str, ...]
    used_by: tuple[Any, ...]
    check: Check
    has_parents: bool = False

    @property
    def key(self) -> Any:
        """The column of the ids."""
        return next(iter(self.model.__table__.primary_key.columns))

    def id_of(self, row: Any) -> int:
        return int(getattr(row, self.key.name))

    def parent_of(self, row: Any) -> int | None:
        """The id of the row above it; None on the first level."""
        return row.parent_id if self.has_parents else None


# -- reading


def read(connection: Connection, dictionary: Dictionary) -> list[Any]:
    """All rows in their order; in a tree each row of the first level is followed by its leaves."""
    return _tree(dictionary, connection.execute(_ordered(dictionary)).all())


def find(rows: Rows, dictionary: Dictionary, row_id: int | None) -> Any:
    """The row with this id, or None."""
    return next((row for row in rows if dictionary.id_of(row) == row_id), None)


def leaves(rows: Rows, dictionary: Dictionary, row_id: int) -> list[Any]:
    """The rows under a row of the first level."""
    return [row for row in rows if dictionary.parent_of(row) == row_id]


def _ordered(dictionary: Dictionary) -> Any:
    table = dictionary.model.__table__
    return select(table).order_by(table.c.sort_order, table.c.code)


def _tree(dictionary: Dictionary, rows: Rows) -> list[Any]:
    if not dictionary.has_parents:
        return list(rows)
    return [
        row
        for parent in rows
        if parent.parent_id is None
        for row in (parent, *leaves(rows, dictionary, dictionary.id_of(parent)))
    ]


def _locked(connection: Connection, dictionary: Dictionary) -> list[Any]:
    """All rows; nobody else changes the dictionary until the transaction ends."""
    table = dictionary.model.__table__
    connection.execute(
        select(dictionary.key)
        .order_by(dictionary.key)
        .with_for_update(key_share=True)
        .with_hint(table, "WITH (ROWLOCK, UPDLOCK)", "mssql")
    )
    return read(connection, dictionary)


def _wanted(rows: Rows, dictionary: Dictionary, row_id: int) -> Any:
    found = find(rows, dictionary, row_id)
    if found is None:
        raise DictionaryError(_("This row is not there any more."))
    return found


# -- changing


def add(connection: Connection, dictionary: Dictionary, code: str, values: Mapping[str, Any]) -> int:
    """Add a row behind the others, switched on. Returns its id. DictionaryError for a code that is taken."""
    rows = _locked(connection, dictionary)
    taken = next((row for row in rows if row.code_key == code.upper()), None)
    if taken is not None:
        raise DictionaryError(_("The code %(code)s is taken: %(name)s.", code=code, name=taken.name), "code")
    dictionary.check(rows, None, values)
    siblings = [row for row in rows if dictionary.parent_of(row) == values.get("parent_id")]
    place = max((row.sort_order for row in siblings), default=-1) + 1
    made = connection.execute(
        insert(dictionary.model).values(
            code=code, code_key=code.upper(), sort_order=place, is_enabled=True, **_own(dictionary, values)
        )
    ).inserted_primary_key
    row_id = int(made[0])  # type: ignore[index]
    audit.record(
        connection, f"{dictionary.object_type}_add", dictionary.object_type, row_id,
        after={"code": code, **_own(dictionary, values)},
    )  # fmt: skip
    return row_id


def change(connection: Connection, dictionary: Dictionary, row_id: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Change a row. Returns what was changed: the values of before, by column; nothing where all is as it was."""
    rows = _locked(connection, dictionary)
    row = _wanted(rows, dictionary, row_id)
    dictionary.check(rows, row, values)
    after = {name: value for name, value in _own(dictionary, values).items() if getattr(row, name) != value}
    before = {name: getattr(row, name) for name in after}
    if not after:
        return {}
    if "parent_id" in after:
        siblings = [one for one in rows if dictionary.parent_of(one) == after["parent_id"]]
        after["sort_order"] = max((one.sort_order for one in siblings), default=-1) + 1
    connection.execute(update(dictionary.model).where(dictionary.key == row_id).values(**after))
    audit.record(
        connection, f"{dictionary.object_type}_change", dictionary.object_type, row_id,
        before={"code": row.code, **before}, after={"code": row.code, **after},
    )  # fmt: skip
    if dictionary is AGENT_RESULTS and {"action_id", "max_attempts"} & after.keys():
        contacts.client_status_recheck(connection, row_id)
    return before


def switch(connection: Connection, dictionary: Dictionary, row_id: int, is_enabled: bool) -> int:
    """Switch a row on or off; with a row of the first level its leaves go off too. Returns how many were switched."""
    rows = _locked(connection, dictionary)
    row = _wanted(rows, dictionary, row_id)
    if is_enabled:
        parent = find(rows, dictionary, dictionary.parent_of(row))
        if parent is not None and not parent.is_enabled:
            raise DictionaryError(_("“%(name)s” above it is off. Switch that on first.", name=parent.name))
    elif dictionary is PHONE_TYPES and not any(one.is_enabled for one in rows if one is not row):
        raise DictionaryError(_("At least one phone type stays on: loads need it."))
    switched = [row, *([] if is_enabled else leaves(rows, dictionary, row_id))]
    switched = [one for one in switched if one.is_enabled != is_enabled]
    for one in switched:
        connection.execute(
            update(dictionary.model)
            .where(dictionary.key == dictionary.id_of(one))
            .values(is_enabled=is_enabled)
        )  # fmt: skip
        audit.record(
            connection, f"{dictionary.object_type}_switch", dictionary.object_type, dictionary.id_of(one),
            before={"code": one.code, "is_enabled": one.is_enabled}, after={"code": one.code, "is_enabled": is_enabled},
        )  # fmt: skip
    return len(switched)


def place(
    connection: Connection, dictionary: Dictionary, row_id: int, parent_id: int | None, before: int | None
) -> None:
    """Put a row in front of another one under the same parent; `before` None: behind all of them."""
    rows = _locked(connection, dictionary)
    row = _wanted(rows, dictionary, row_id)
    if parent_id != dictionary.parent_of(row):
        if not dictionary.has_parents:
            raise DictionaryError(_("This dictionary has one level."))
        dictionary.check(rows, row, {"parent_id": parent_id})
    order = [
        dictionary.id_of(one) for one in rows if dictionary.parent_of(one) == parent_id and one is not row
    ]  # fmt: skip
    order.insert(order.index(before) if before in order else len(order), row_id)
    old = {dictionary.id_of(one): one.sort_order for one in rows}
    for number, one_id in enumerate(order):
        values: dict[str, Any] = {"sort_order": number} if old[one_id] != number else {}
        if one_id == row_id and parent_id != dictionary.parent_of(row):
            values["parent_id"] = parent_id
        if values:
            connection.execute(update(dictionary.model).where(dictionary.key == one_id).values(**values))
    audit.record(
        connection, f"{dictionary.object_type}_order", dictionary.object_type, row_id,
        before={"code": row.code, "place": row.sort_order, "parent_id": dictionary.parent_of(row)},
        after={"code": row.code, "place": order.index(row_id), "parent_id": parent_id},
    )  # fmt: skip


def step(connection: Connection, dictionary: Dictionary, row_id: int, by: int) -> None:
    """Move a row one place up (-1) or down (1) among those under the same parent; at the end it stays."""
    rows = _locked(connection, dictionary)
    row = _wanted(rows, dictionary, row_id)
    parent_id = dictionary.parent_of(row)
    siblings = [dictionary.id_of(one) for one in rows if dictionary.parent_of(one) == parent_id]
    at = siblings.index(row_id)
    if not 0 <= at + by < len(siblings):
        return
    behind = siblings[at + 2] if at + 2 < len(siblings) else None
    place(connection, dictionary, row_id, parent_id, siblings[at - 1] if by < 0 else behind)


def remove(connection: Connection, dictionary: Dictionary, row_id: int) -> None:
    """Delete a row that nothing has ever named. DictionaryError for one in use: that one is switched off."""
    rows = _locked(connection, dictionary)
    row = _wanted(rows, dictionary, row_id)
    if dictionary is TECHNICAL_RESULTS and row.code_key == OTHER:
        raise DictionaryError(_("“%(name)s” takes what Cisco says with an unknown code, and stays.", name=row.name))
    if leaves(rows, dictionary, row_id):
        raise DictionaryError(_("“%(name)s” has leaves. Delete or move them first.", name=row.name))
    if dictionary is PHONE_TYPES and not any(one.is_enabled for one in rows if one is not row):
        raise DictionaryError(_("At least one phone type stays on: loads need it."))
    # Column by column: an early hit spares the later, larger tables.
    if any(connection.scalar(select(exists().where(column == row_id))) for column in dictionary.used_by):
        raise DictionaryError(_("“%(name)s” is in use and cannot be deleted. Switch it off instead.", name=row.name))
    connection.execute(delete(dictionary.model).where(dictionary.key == row_id))
    audit.record(
        connection, f"{dictionary.object_type}_delete", dictionary.object_type, row_id,
        before={"code": row.code, **{name: getattr(row, name) for name in dictionary.fields}},
    )  # fmt: skip


def _own(dictionary: Dictionary, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: values[name] for name in dictionary.fields if name in values}


# -- what a dictionary refuses


def _anything(rows: Rows, row: Any, values: Mapping[str, Any]) -> None:
    """No value that a form lets through is wrong."""


def _one_cisco_code(rows: Rows, row: Any, values: Mapping[str, Any]) -> None:
    """A CallResult stands for one row, else nobody could say which of them a call becomes (M96-M105)."""
    wanted = values.get("cisco_code")
    for one in rows:
        if one is not row and wanted is not None and one.cisco_code == wanted:
            raise DictionaryError(
                _("Cisco's code %(code)s stands for “%(name)s” already.", code=wanted, name=one.name), "cisco_code"
            )


def _two_levels(rows: Rows, row: Any, values: Mapping[str, Any]) -> None:
    """A leaf stands under a row of the first level, and has no leaves itself (M69)."""
    parent_id = values.get("parent_id")
    if parent_id is None:
        return
    parent = find(rows, AGENT_RESULTS, parent_id)
    if parent is None:
        raise DictionaryError(_("This row is not there any more."), "parent_id")
    if parent.parent_id is not None or parent is row:
        raise DictionaryError(_("The tree has two levels: choose a row of the first."), "parent_id")
    if not parent.is_enabled and (row is None or row.is_enabled):
        raise DictionaryError(_("“%(name)s” above it is off. Switch that on first.", name=parent.name), "parent_id")
    if row is not None and leaves(rows, AGENT_RESULTS, AGENT_RESULTS.id_of(row)):
        raise DictionaryError(_("It has leaves itself, and the tree has two levels. Move them first."), "parent_id")


PHONE_TYPES = Dictionary(
    PhoneType, "phone_type", ("name", "name_en"),
    (DialClass.phone_type_id, VersionPhoneType.phone_type_id, PhoneArchive.phone_type_id), _anything,
)  # fmt: skip
TECHNICAL_RESULTS = Dictionary(
    TechnicalResult,
    "technical_result",
    ("name", "name_en", "cisco_code", "counts_as_attempt", "is_contact", "priority", "delay_minutes"),
    (
        VersionTechnicalResult.technical_result_id, CapRuleResult.technical_result_id,
        DialClass.phone_technical_result_id, DialClass.client_technical_result_id, Attempt.technical_result_id,
    ),
    _one_cisco_code,
)  # fmt: skip
AGENT_RESULTS = Dictionary(
    AgentResult,
    "agent_result",
    ("parent_id", "name", "name_en", "action_id", "priority", "max_attempts", "delay_minutes"),
    (
        VersionAgentResult.agent_result_id, DialClass.limit_agent_result_id, DialClass.phone_agent_result_id,
        AttemptOutcome.agent_result_id,
    ),
    _two_levels,
    has_parents=True,
)  # fmt: skip
