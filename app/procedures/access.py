"""Procedures of the schema access."""

from __future__ import annotations

from sqlalchemy import Connection

from app.database.procedure import call


def way_in_lock(connection: Connection) -> None:
    """Begin a change that may take rights away: nobody else makes one until this transaction ends."""
    call(connection, "access.way_in_lock")


def way_in_check(connection: Connection) -> None:
    """ProcedureError 50150 when no active user with the role of the security administrator is left."""
    call(connection, "access.way_in_check")
