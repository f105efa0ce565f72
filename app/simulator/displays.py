"""The real-time tables: what supervisors see of agents and of the dialer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.simulator import tables
from app.simulator.agents import SkillGroup
from app.simulator.centre import DIALER
from app.simulator.records import Campaign

MODES = {1: "A", 3: "P", 5: "R", 7: "P"}


def show(
    connection: sa.Connection, groups: Mapping[int, SkillGroup], campaigns: Iterable[Campaign], local: datetime
) -> None:
    """Write the real-time tables as things are at `local` (local time of the centre)."""
    for group in groups.values():
        values = {**group.real_time(), "DateTime": local}
        _put(connection, tables.skill_group_real_time, {"SkillTargetID": group.identity}, values)
    for campaign in campaigns:
        for identity in campaign.skill_groups():
            ready = identity in groups and bool(groups[identity].ready)
            key = {"DialerID": DIALER, "SkillGroupSkillTargetID": identity, "CampaignID": campaign.identity}
            values = {
                "DateTime": local,
                "DialerSkillGroupEnabled": "Y" if campaign.enabled and ready else "N",
                "DialerSkillGroupMode": MODES.get(campaign.mode, "N"),
                "LinesPerAgent": campaign.pace,
                "IdleRecords": len(campaign.cache),
                "UsedRecords": campaign.lines,
            }
            _put(connection, tables.dialer_skill_group_real_time, key, values)


def _put(connection: sa.Connection, table: sa.Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    condition = sa.and_(*(table.c[name] == value for name, value in key.items()))
    if connection.execute(sa.update(table).where(condition).values(values)).rowcount == 0:
        connection.execute(sa.insert(table).values({**key, **values}))
