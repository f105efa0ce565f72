"""Nobody takes away the last way in: one security administrator who can sign in is always left."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from app.procedures import access


@contextmanager
def kept(connection: Connection) -> Iterator[None]:
    """For a change that may take rights away, in the caller's transaction. ProcedureError 50150 refuses it then."""
    access.way_in_lock(connection)
    yield
    access.way_in_check(connection)
