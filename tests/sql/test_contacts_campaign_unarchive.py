"""contacts.campaign_unarchive: an archived campaign comes back, stopped."""

from __future__ import annotations

from world import World

from app.procedures import dialing
from app.procedures.contacts import campaign_archive, campaign_unarchive


def test_an_archived_campaign_comes_back_and_dials_again(world: World) -> None:
    campaign = world.campaign(started=False)
    client = world.client(campaign)
    campaign_archive(world.connection, campaign)
    campaign_unarchive(world.connection, campaign)
    assert world.campaign_row(campaign).state_id == 1
    dialing.campaign_start(world.connection, campaign, world.now)
    assert world.dialled(campaign) == [client.number]


def test_a_campaign_that_is_not_archived_stays_as_it_is(world: World) -> None:
    campaign = world.campaign()
    campaign_unarchive(world.connection, campaign)
    assert world.campaign_row(campaign).state_id == 2


def test_an_unknown_campaign_is_refused(world: World) -> None:
    with world.refused(50001):
        campaign_unarchive(world.connection, -1)
