"""Procedures of the schema contacts, but for those of loads (app/procedures/importing.py)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.database.procedure import call


def client_status_update(connection: Connection, campaign_id: int, now: datetime, batch_size: int = 10_000) -> Any:
    """The status service for one campaign. One row: clients_checked, clients_changed, is_finished."""
    return call(connection, "contacts.client_status_update", campaign_id=campaign_id, batch_size=batch_size, now=now)[0]


def phone_zone_update(
    connection: Connection, campaign_id: int | None, batch_size: int, now: datetime, after_client_id: int = 0
) -> Any:
    """Bring the zones of phones in line with the numbering plan, for the next clients behind `after_client_id`. One
    row: last_client_id, clients_checked, phones_changed, is_finished. ProcedureError 50001, 50082."""
    return call(
        connection,
        "contacts.phone_zone_update",
        campaign_id=campaign_id,
        batch_size=batch_size,
        now=now,
        after_client_id=after_client_id,
    )[0]


def count_fold(connection: Connection) -> int:
    """Fold the appended changes of counts. Returns how many rows were folded."""
    return int(call(connection, "contacts.count_fold")[0].rows_folded)


def segment_switch(connection: Connection, campaign_id: int, segment_id: int, is_enabled: bool) -> None:
    """Switch a segment on or off. ProcedureError 50060 when the campaign has no such segment."""
    call(
        connection,
        "contacts.segment_switch",
        campaign_id=campaign_id,
        segment_id=segment_id,
        is_enabled=int(is_enabled),
    )
