"""The books: what went in is there, what was dialled was allowed, what is derived agrees with its sources."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, column, select, table

_books = table(
    "books", *(column(name) for name in ("check_no", "check_code", "expected", "found", "is_balanced")), schema="ops"
)


@dataclass(frozen=True)
class BookCheck:
    """One check: its code, what it expects, what it found."""

    code: str
    expected: int
    found: int
    is_balanced: bool


def read_books(connection: Connection) -> list[BookCheck]:
    """All checks of ops.books, in order. Reads the whole base."""
    rows = connection.execute(select(_books).order_by(_books.c.check_no)).all()
    return [BookCheck(row.check_code, row.expected, row.found, bool(row.is_balanced)) for row in rows]
