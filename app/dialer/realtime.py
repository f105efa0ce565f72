"""Agents at work: the real-time tables of the administration workstation's database (AW)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from app.database.engine import create_engine

_COUNTS = (
    "LoggedOn", "Ready", "NotReady", "Avail", "TalkingAutoOut", "TalkingPreview", "TalkingReserve", "TalkingOut",
    "WorkReady", "WorkNotReady", "ReservedAgents",
)  # fmt: skip


@dataclass(frozen=True)
class AgentCounts:
    """Agents of the skill groups of a campaign, at this moment."""

    logged_on: int = 0
    ready: int = 0
    not_ready: int = 0
    available: int = 0
    talking: int = 0
    wrapping_up: int = 0
    reserved: int = 0

    @property
    def working(self) -> int:
        """Agents on a call of the campaign, before or after one: reserved, talking, wrapping up."""
        return self.reserved + self.talking + self.wrapping_up


class RealTimeReader:
    """Reads the real-time tables (PostgreSQL or SQL Server). Poll it no oftener than every 15 seconds.

    `engine`: a SQLAlchemy engine, or the URL of one. `schema`: where the tables are not in the login's own.
    """

    def __init__(self, engine: sa.Engine | str, *, schema: str | None = None) -> None:
        self.engine = create_engine(engine, program="acm dialer", pool_size=1) if isinstance(engine, str) else engine
        metadata = sa.MetaData(schema=schema)
        keys = (sa.Column("CampaignID", sa.Integer), sa.Column("SkillTargetID", sa.Integer))
        self._groups = sa.Table("Campaign_Skill_Group", metadata, *keys)
        self._agents = sa.Table(
            "Skill_Group_Real_Time",
            metadata,
            sa.Column("SkillTargetID", sa.Integer),
            *(sa.Column(name, sa.Integer) for name in _COUNTS),
        )

    def agent_counts(self, campaign_ids: Collection[int]) -> dict[int, AgentCounts]:
        """Counts by campaign id of the dialer; zeros for a campaign without skill groups.

        Agents of a skill group that several campaigns share are counted for each of them.
        """
        found = dict.fromkeys(campaign_ids, AgentCounts())
        if not found:
            return found
        groups, agents = self._groups, self._agents
        sums = [sa.func.sum(sa.func.coalesce(agents.c[name], 0)).label(name) for name in _COUNTS]
        query = (
            sa.select(groups.c.CampaignID, *sums)
            .join(agents, agents.c.SkillTargetID == groups.c.SkillTargetID)
            .where(groups.c.CampaignID.in_(sorted(found)))
            .group_by(groups.c.CampaignID)
        )
        with self.engine.connect() as connection:
            for row in connection.execute(query).mappings():
                found[row["CampaignID"]] = AgentCounts(
                    logged_on=row["LoggedOn"],
                    ready=row["Ready"],
                    not_ready=row["NotReady"],
                    available=row["Avail"],
                    talking=sum(row[name] for name in _COUNTS if name.startswith("Talking")),
                    wrapping_up=row["WorkReady"] + row["WorkNotReady"],
                    reserved=row["ReservedAgents"],
                )
        return found
