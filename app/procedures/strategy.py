"""Procedures of the schema strategy."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, text

from app.database.procedure import call


def version_publish(connection: Connection, strategy_version_id: int) -> None:
    """Check a version whose rows were just written and put it in force. ProcedureError 50030 to 50037."""
    call(connection, "strategy.version_publish", strategy_version_id=strategy_version_id)


def schedule_copy(
    connection: Connection, schedule_id: int, campaign_id: int | None, name: str, created_by: str, now: datetime
) -> int:
    """Copy a schedule with all its rows for a campaign, or as a template (M23). Returns the id of the copy.

    ProcedureError 50001, 50080, 50081."""
    row = call(
        connection,
        "strategy.schedule_copy",
        schedule_id=schedule_id,
        campaign_id=campaign_id,
        name=name,
        created_by=created_by,
        now=now,
    )[0]
    return int(row.schedule_id)


def schedule_next(connection: Connection, schedule_id: int, zone_id: int, at: datetime) -> datetime | None:
    """The first moment, not before `at`, at which the schedule is open in the zone; None: not within 60 days."""
    statement = text("SELECT n.next_at FROM strategy.schedule_next(:schedule_id, :zone_id, :at) AS n")
    values = {"schedule_id": schedule_id, "zone_id": zone_id, "at": at}
    found: datetime | None = connection.execute(statement, values).scalar_one()
    return found
