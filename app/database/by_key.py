"""Rows of views that are named by key: a page of a list, one card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, TextClause, text

# The views join from the row that is named to the tables that tell of it, so there is nothing to find out: PostgreSQL
# would take twenty times as long to choose an order for twenty joins (app/database/engine.py, SESSION) as to read.
_AS_WRITTEN = text("SELECT set_config('join_collapse_limit', '1', true), set_config('from_collapse_limit', '1', true)")
_AS_BEFORE = text("RESET join_collapse_limit; RESET from_collapse_limit")


def read(connection: Connection, statement: TextClause, parameters: Mapping[str, Any]) -> Sequence[Any]:
    """The rows of a statement that names rows of a view by key; its tables are joined in the order of the view."""
    if connection.dialect.name != "postgresql":
        return connection.execute(statement, parameters).all()
    connection.execute(_AS_WRITTEN)
    rows = connection.execute(statement, parameters).all()
    connection.execute(_AS_BEFORE)
    return rows
