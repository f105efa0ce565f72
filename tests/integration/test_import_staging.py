"""Staging rows are the same whether they are copied or inserted."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, select

from app.importing import cleaning, staging
from app.importing import templates as t
from app.importing.formats import Part, Record
from app.models.importing import ImportPhone, ImportReject, ImportRow

LINE = ";".join(
    f"${{{name}}}"
    for name in (t.CLIENT_CODE, t.LAST_NAME, f"{t.ATTRIBUTE}(A)", t.DO_NOT_CALL_AFTER, t.PHONE_NUMBER, t.PHONE_TYPE)
)
FIELDS = [
    ["c1", "Ёлкин \\ \t'x'", '"quoted"', "31.12.2026 18:00", "+7 916", "M"],
    ["c2", "", "", "", "123", ""],
    ["c3", "😀", "line\none", "2026-12-31T10:00Z", "12", ""],
    ["c4", "NULL", "\\N", "", "79161234567", "h"],
]
COLUMNS = {ImportRow: cleaning.ROW_COLUMNS, ImportPhone: cleaning.PHONE_COLUMNS, ImportReject: cleaning.REJECT_COLUMNS}


def read(connection: Connection, model: Any) -> list[tuple[Any, ...]]:
    table = model.__table__
    columns = [table.c[name] for name in COLUMNS[model]]
    return [tuple(row) for row in connection.execute(select(*columns).order_by(*table.primary_key.columns))]


@pytest.mark.parametrize("inserted", [False, True])
def test_what_is_staged_is_what_was_cleaned(connection: Connection, inserted: bool) -> None:
    records = [Record(number, ";".join(fields), fields) for number, fields in enumerate(FIELDS, 1)]
    staged = cleaning.Cleaner(t.parse(LINE)).clean(Part(records, 4, 0, True), 77)
    rows = {ImportRow: staged.rows, ImportPhone: staged.phones, ImportReject: staged.rejects}
    if inserted:
        for model, given in rows.items():
            staging.insert_rows(connection, model.__table__, COLUMNS[model], given)  # type: ignore[arg-type]
    else:
        staging.copy(connection, staged)
    assert {model: read(connection, model) for model in rows} == rows
    assert [len(given) for given in rows.values()] == [3, 3, 1]


def test_nothing_to_stage(connection: Connection) -> None:
    staging.copy(connection, cleaning.Staged())
    assert read(connection, ImportRow) == []
