"""access.campaign_visible: a campaign that is limited to groups is there for their users alone."""

from __future__ import annotations

from access_rows import group, user
from sqlalchemy import insert, text
from world import World

from app.models.access import CampaignGroup


def visible(world: World, user_id: int | None) -> set[int]:
    rows = world.connection.scalars(
        text("SELECT v.campaign_id FROM access.campaign_visible(:user_id) AS v"), {"user_id": user_id}
    )
    found = list(rows)
    assert len(found) == len(set(found))
    return set(found)


def test_a_campaign_without_groups_is_seen_by_all_and_a_limited_one_by_its_groups(world: World) -> None:
    connection = world.connection
    free, limited, of_two = world.campaign(), world.campaign(), world.campaign()
    north, south, east = group(connection), group(connection), group(connection)
    for campaign, groups in ((limited, [north]), (of_two, [north, south])):
        for group_id in groups:
            connection.execute(insert(CampaignGroup).values(campaign_id=campaign, group_id=group_id))
    ours = {free, limited, of_two}
    assert visible(world, user(connection, north)) & ours == {free, limited, of_two}
    assert visible(world, user(connection, south)) & ours == {free, of_two}
    assert visible(world, user(connection, north, south)) & ours == {free, limited, of_two}
    assert visible(world, user(connection, east)) & ours == {free}
    assert visible(world, user(connection)) & ours == {free}
    assert visible(world, 0) & ours == {free}


def test_services_see_all(world: World) -> None:
    campaign = world.campaign()
    world.connection.execute(insert(CampaignGroup).values(campaign_id=campaign, group_id=group(world.connection)))
    assert campaign in visible(world, None)
