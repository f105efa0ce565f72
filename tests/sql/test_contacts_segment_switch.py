"""contacts.segment_switch: a segment is switched off and on, and the next block obeys."""

from __future__ import annotations

import pytest
from world import World

from app.procedures.contacts import segment_switch


@pytest.mark.mission("M44", "M187")
def test_a_segment_that_is_off_is_not_dialled_and_one_that_is_on_again_is(world: World) -> None:
    campaign = world.campaign()
    off, on = world.client(campaign, segment="off"), world.client(campaign, segment="on")
    segment_switch(world.connection, campaign, world.segment(campaign, "off"), False)
    assert world.dialled(campaign) == [on.number]
    segment_switch(world.connection, campaign, world.segment(campaign, "off"), True)
    assert sorted(world.dialled(campaign)) == sorted([off.number, on.number])


def test_no_phone_is_written(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    before = world.phone_row(client)
    segment_switch(world.connection, campaign, world.segment(campaign), False)
    assert world.phone_row(client) == before


def test_a_segment_of_another_campaign_is_refused(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    segment = world.segment(other, "1")
    with world.refused(50060):
        segment_switch(world.connection, campaign, segment, False)
