"""contacts.campaign_archive: a campaign that is done is put away, unless something of it is under way."""

from __future__ import annotations

import pytest
from import_rows import Load
from world import World

from app.procedures import dialing
from app.procedures.contacts import campaign_archive


def test_a_stopped_campaign_is_archived_and_takes_no_loads(world: World) -> None:
    campaign = world.campaign("OLD")
    dialing.campaign_stop(world.connection, campaign, world.now)
    load = Load(world, "OLD")
    campaign_archive(world.connection, campaign)
    assert world.campaign_row(campaign).state_id == 3
    load.line("A", "79160000001")
    load.apply()
    assert [reject[1] for reject in load.rejects] == ["campaign_archived"]


def test_an_archived_campaign_cannot_be_started(world: World) -> None:
    campaign = world.campaign(started=False)
    campaign_archive(world.connection, campaign)
    with world.refused(50020):
        dialing.campaign_start(world.connection, campaign, world.now)


def test_an_active_campaign_is_refused(world: World) -> None:
    campaign = world.campaign()
    with world.refused(50120):
        campaign_archive(world.connection, campaign)


def test_a_campaign_that_has_contacts_at_the_dialer_is_refused_until_its_queue_is_cleared(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign)
    world.dial(campaign)
    dialing.campaign_stop(world.connection, campaign, world.now)
    if world.connection.dialect.name == "postgresql":
        with world.refused(50121):
            campaign_archive(world.connection, campaign)
    dialing.block_recall(world.connection, campaign, world.now)
    campaign_archive(world.connection, campaign)
    assert world.campaign_row(campaign).state_id == 3


@pytest.mark.parametrize("campaign", [-1, 0])
def test_an_unknown_campaign_is_refused(world: World, campaign: int) -> None:
    with world.refused(50001):
        campaign_archive(world.connection, campaign)
