"""dialing.campaign_start and dialing.campaign_stop."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from world import World

from app.models.strategy import Campaign
from app.procedures import dialing


def state(world: World, campaign: int) -> tuple[int, object, object]:
    row = world.campaign_row(campaign)
    return row.state_id, row.started_at, row.stopped_at


def test_a_campaign_starts_and_stops(world: World) -> None:
    campaign, other = world.campaign(started=False), world.campaign(started=False)
    assert state(world, campaign) == (1, None, None)
    dialing.campaign_start(world.connection, campaign, world.at(minutes=1))
    assert state(world, campaign) == (2, world.at(minutes=1), None)
    dialing.campaign_stop(world.connection, campaign, world.at(minutes=2))
    assert state(world, campaign) == (1, world.at(minutes=1), world.at(minutes=2))
    dialing.campaign_start(world.connection, campaign, world.at(minutes=3))
    assert state(world, campaign) == (2, world.at(minutes=3), world.at(minutes=2))
    assert state(world, other) == (1, None, None)


def test_starting_an_active_campaign_keeps_its_start(world: World) -> None:
    campaign = world.campaign()
    dialing.campaign_start(world.connection, campaign, world.at(hours=1))
    assert state(world, campaign) == (2, world.now, None)


def test_stopping_a_campaign_that_is_not_active_changes_nothing(world: World) -> None:
    stopped, archived = world.campaign(started=False), world.campaign(started=False)
    world.connection.execute(update(Campaign).where(Campaign.campaign_id == archived).values(state_id=3))
    for campaign in (stopped, archived):
        dialing.campaign_stop(world.connection, campaign, world.now)
    assert [state(world, campaign) for campaign in (stopped, archived)] == [(1, None, None), (3, None, None)]


@pytest.mark.parametrize("case", ["archived", "without a strategy", "unknown"])
def test_a_campaign_that_cannot_be_dialled_is_not_started(world: World, case: str) -> None:
    campaign = world.campaign(started=False) if case != "unknown" else 0
    if case == "archived":
        world.connection.execute(update(Campaign).where(Campaign.campaign_id == campaign).values(state_id=3))
    if case == "without a strategy":
        world.without_strategy(campaign)
    with world.refused(50020):
        dialing.campaign_start(world.connection, campaign, world.now)
