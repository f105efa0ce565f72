"""dialing.campaign_connect: by which dialer a campaign is dialled, and under which name there (M193)."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from world import World

from app.models.strategy import Campaign
from app.procedures import dialing

READ = {"dialer_campaign_id": 5001, "dialer_state": "enabled", "agents_working": 7}


def connected(world: World, campaign: int, **values: object) -> None:
    given = {"dialer_id": world.dialer(), "dialer_campaign_name": f"ACM_{campaign}"} | values
    dialing.campaign_connect(world.connection, campaign, **given)


def read_from_the_dialer(world: World, campaign: int) -> None:
    """What the synchronisation writes."""
    world.connection.execute(update(Campaign).where(Campaign.campaign_id == campaign).values(**READ))


@pytest.mark.mission("M193")
def test_a_campaign_is_connected_and_looked_for_anew(world: World) -> None:
    campaign = world.campaign()
    connected(world, campaign, dialer_skill_groups="5001,5002", dialer_number="7001")
    row = world.campaign_row(campaign)
    assert (row.dialer_id, row.dialer_campaign_name) == (world.dialer(), f"ACM_{campaign}")
    assert (row.dialer_skill_groups, row.dialer_number, row.dialer_campaign_id) == ("5001,5002", "7001", None)
    read_from_the_dialer(world, campaign)
    connected(world, campaign, dialer_campaign_name="OTHER")
    row = world.campaign_row(campaign)
    assert (row.dialer_campaign_name, row.dialer_campaign_id, row.dialer_state) == ("OTHER", None, None)
    assert row.agents_working is None


def test_what_else_is_changed_leaves_what_the_dialer_said(world: World) -> None:
    campaign = world.campaign()
    connected(world, campaign)
    read_from_the_dialer(world, campaign)
    connected(world, campaign, dialer_skill_groups="5009")
    row = world.campaign_row(campaign)
    assert row.dialer_skill_groups == "5009"
    assert {name: getattr(row, name) for name in READ} == READ


@pytest.mark.parametrize("change", [{"dialer_campaign_name": "OTHER"}, {"dialer_id": None}])
def test_another_dialer_is_refused_while_contacts_are_there(world: World, change: dict[str, object]) -> None:
    campaign = world.campaign()
    connected(world, campaign)
    world.client(campaign)
    assert len(world.dial(campaign)) == 1
    with world.refused(50123):
        connected(world, campaign, **change)


def test_the_number_may_change_while_contacts_are_there_and_the_name_afterwards(world: World) -> None:
    campaign = world.campaign()
    connected(world, campaign)
    world.client(campaign)
    (out,) = world.dial(campaign)
    connected(world, campaign, dialer_number="7002")  # of the next blocks, and nothing of those that are there
    world.result(out.record_key)
    connected(world, campaign, dialer_campaign_name="OTHER")
    assert world.campaign_row(campaign).dialer_campaign_name == "OTHER"


def test_two_campaigns_do_not_share_a_name_at_one_dialer(world: World) -> None:
    first, second = world.campaign(), world.campaign()
    connected(world, first, dialer_campaign_name="SHARED")
    connected(world, second, dialer_campaign_name=None)
    assert world.campaign_row(second).dialer_campaign_name is None
    with world.refused(50124):
        connected(world, second, dialer_campaign_name="shared")


def test_an_unknown_campaign(world: World) -> None:
    with world.refused(50001):
        dialing.campaign_connect(world.connection, 999_999)


def test_an_unknown_dialer(world: World) -> None:
    campaign = world.campaign()
    with world.refused(50122):
        dialing.campaign_connect(world.connection, campaign, dialer_id=999_999)
