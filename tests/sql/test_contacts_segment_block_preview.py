"""contacts.segment_block_preview: it says beforehand what contacts.segment_block then does."""

from __future__ import annotations

from datetime import datetime

import pytest
from world import World

from app.procedures.contacts import phone_block, segment_block


def preview(
    world: World, campaign: int, segment: int, kind: int, begin: datetime | None = None, end: datetime | None = None
) -> tuple[int, int]:
    (row,) = world.query(
        "SELECT b.phones, b.records_out FROM contacts.segment_block_preview(:campaign, :segment, :kind, :begin, :end) AS b",
        campaign=campaign, segment=segment, kind=kind, begin=begin, end=end,
    )  # fmt: skip
    return row["phones"], row["records_out"]


@pytest.mark.mission("M108", "M114")
def test_all_clients_of_a_segment_are_all_of_its_phones_and_what_is_out_of_them(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, "MH", segment="new")
    world.client(campaign, "M", segment="new")
    world.client(campaign, "M", segment="other")
    segment = world.segment(campaign, "new")
    assert preview(world, campaign, segment, 1) == (3, 0)
    world.take(campaign)
    assert preview(world, campaign, segment, 1) == (3, 2)
    done = segment_block(world.connection, campaign, segment, 1, True, by="tests", now=world.now, reason="why")
    assert (done.phones_changed, done.records_out) == (3, 2)
    assert preview(world, campaign, segment, 1) == (0, 0)


@pytest.mark.mission("M109", "M115")
def test_a_range_counts_phones_that_were_loaded_in_it_and_are_not_blocked(world: World) -> None:
    campaign = world.campaign()
    for hours in (-3, -2, -1):
        world.client(campaign, "MH", segment="new", loaded_at=world.at(hours=hours))
    blocked = world.client(campaign, "M", segment="new", loaded_at=world.at(hours=-2))
    world.client(campaign, "M", segment="other", loaded_at=world.at(hours=-2))
    phone_block(world.connection, blocked.phone_id, True, by="tests", now=world.now, reason="why")
    segment = world.segment(campaign, "new")
    assert preview(world, campaign, segment, 2) == (6, 0)
    assert preview(world, campaign, segment, 2, world.at(hours=-2), world.at(hours=-1)) == (2, 0)
    assert preview(world, campaign, segment, 2, world.at(hours=-2)) == (4, 0)
    assert preview(world, campaign, segment, 2, None, world.at(hours=-2)) == (2, 0)
    assert preview(world, campaign, segment, 2, world.at(hours=1)) == (0, 0)
    done = segment_block(
        world.connection, campaign, segment, 2, True, by="tests", now=world.now, reason="why",
        loaded_from=world.at(hours=-2), loaded_to=world.at(hours=-1),
    )  # fmt: skip
    assert done.phones_changed == 2
    assert preview(world, campaign, segment, 2) == (4, 0)


def test_a_segment_of_another_campaign_has_nothing_to_block(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    world.client(other, "M", segment="1")
    segment = world.segment(other, "1")
    assert preview(world, other, segment, 1) == preview(world, other, segment, 2) == (1, 0)
    assert preview(world, campaign, segment, 1) == preview(world, campaign, segment, 2) == (0, 0)
