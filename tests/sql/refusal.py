"""What a procedure refuses, on both engines."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from sqlalchemy import Connection

from app.errors import ProcedureError


@contextlib.contextmanager
def refused(connection: Connection, number: int) -> Iterator[None]:
    """What is inside is refused with this error number. The last thing of a test: SQL Server then undoes all of it."""
    savepoint = connection.begin_nested() if connection.dialect.name == "postgresql" else None
    with pytest.raises(ProcedureError) as caught:
        yield
    assert caught.value.number == number, str(caught.value)
    if savepoint:
        savepoint.rollback()
