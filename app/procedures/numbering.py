"""Functions of sql/ about the numbering plan."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text


def number_zone(connection: Connection, number: str) -> Any:
    """What core.number_zone says of a number in digits. Row: number_from, number_to, operator, region_text, region_id,
    zone_id, reason_code; None when the plan has no such number."""
    statement = text(
        "SELECT z.number_from, z.number_to, z.operator, z.region_text, z.region_id, z.zone_id, z.reason_code"
        " FROM core.number_zone(:number) AS z"
    )
    return connection.execute(statement, {"number": number}).one_or_none()
