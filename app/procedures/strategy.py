"""Procedures of the schema strategy."""

from __future__ import annotations

from sqlalchemy import Connection

from app.database.procedure import call


def version_publish(connection: Connection, strategy_version_id: int) -> None:
    """Check a version whose rows were just written and put it in force. ProcedureError 50030 to 50037."""
    call(connection, "strategy.version_publish", strategy_version_id=strategy_version_id)
