"""Which campaigns a user sees. The rule is access.campaign_visible; whoever shows campaigns asks here.

A campaign that is limited to other groups is not there for a user: not in lists, not in totals, and its addresses
answer 404 as those of a campaign that does not exist (quality.md, «Safety»).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import has_request_context
from flask_login import current_user
from sqlalchemy import Connection, delete, insert, select, text

from app.models.access import CampaignGroup, Group


def viewer() -> int | None:
    """The user whose eyes look: that of the request; None for services and the command line, who see all."""
    if has_request_context() and current_user and current_user.is_authenticated:
        return int(current_user.account.user_id)
    return None


def visible(connection: Connection) -> frozenset[int]:
    """Ids of the campaigns that the viewer sees."""
    return frozenset(
        connection.scalars(
            text("SELECT v.campaign_id FROM access.campaign_visible(:user_id) AS v"), {"user_id": viewer()}
        )
    )


def is_visible(connection: Connection, campaign_id: int) -> bool:
    """Whether the viewer sees the campaign; False also where there is none."""
    return campaign_id in visible(connection)


def sees_all(connection: Connection) -> bool:
    """Whether no campaign is hidden from the viewer."""
    hidden = text(
        "SELECT k.campaign_id FROM core.campaign AS k WHERE NOT EXISTS ("
        "SELECT 1 FROM access.campaign_visible(:user_id) AS v WHERE v.campaign_id = k.campaign_id)"
    )
    return connection.execute(hidden, {"user_id": viewer()}).first() is None


def groups_of(connection: Connection) -> dict[int, list[Any]]:
    """The groups that each limited campaign is limited to, by name: group_id, name, name_en."""
    found: dict[int, list[Any]] = {}
    for row in connection.execute(
        select(CampaignGroup.campaign_id, Group.group_id, Group.name, Group.name_en)
        .join(Group, Group.group_id == CampaignGroup.group_id)
        .order_by(Group.name)
    ):
        found.setdefault(row.campaign_id, []).append(row)
    return found


def limit(connection: Connection, campaign_id: int, group_ids: Sequence[int]) -> None:
    """Let only users of these groups see the campaign; without groups, all who have the right."""
    connection.execute(delete(CampaignGroup).where(CampaignGroup.campaign_id == campaign_id))
    for group_id in dict.fromkeys(group_ids):
        connection.execute(insert(CampaignGroup).values(campaign_id=campaign_id, group_id=group_id))
