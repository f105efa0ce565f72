"""Procedures of the schema strategy."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.database.procedure import call


def version_publish(connection: Connection, strategy_version_id: int) -> None:
    """Check a version whose rows were just written and put it in force. ProcedureError 50030 to 50037."""
    call(connection, "strategy.version_publish", strategy_version_id=strategy_version_id)


def version_return(
    connection: Connection,
    campaign_id: int,
    strategy_version_id: int,
    created_by: str,
    reason: str | None,
    now: datetime | None = None,
) -> Any:
    """Put an earlier version in force again, as a new one. One row: strategy_version_id, version_no.

    ProcedureError 50130 when the campaign has no such version, 50131 when it is in force already.
    """
    return call(
        connection, "strategy.version_return", campaign_id=campaign_id, strategy_version_id=strategy_version_id,
        created_by=created_by, reason=reason, now=now,
    )[0]  # fmt: skip
