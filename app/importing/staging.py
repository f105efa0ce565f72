"""Bulk copy of staging rows into the database, in the transaction of their part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Connection, Table, insert

from app.importing.cleaning import PHONE_COLUMNS, REJECT_COLUMNS, ROW_COLUMNS, Staged
from app.models.base import Base
from app.models.importing import ImportPhone, ImportReject, ImportRow


def copy(connection: Connection, staged: Staged) -> None:
    """Write the rows of a part: COPY on PostgreSQL, fast_executemany on SQL Server."""
    for model, columns, rows in (
        (ImportRow, ROW_COLUMNS, staged.rows),
        (ImportPhone, PHONE_COLUMNS, staged.phones),
        (ImportReject, REJECT_COLUMNS, staged.rejects),
    ):
        if rows:
            copy_rows(connection, model, columns, rows)


def copy_rows(connection: Connection, model: type[Base], columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Write rows of one table, the values in the order of `columns`."""
    table = cast(Table, model.__table__)
    if connection.dialect.name != "postgresql":
        insert_rows(connection, table, columns, rows)
        return
    driver: Any = connection.connection.driver_connection
    statement = f"COPY {table.fullname} ({', '.join(columns)}) FROM STDIN"
    with driver.cursor() as cursor, cursor.copy(statement) as target:
        for row in rows:
            target.write_row(row)


def insert_rows(connection: Connection, table: Table, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
    """Insert rows by one statement with many parameters, on any engine."""
    connection.execute(insert(table).inline(), [dict(zip(columns, row, strict=True)) for row in rows])
