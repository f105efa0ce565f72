"""contacts.segment_block: a segment as a whole, or the phones that were loaded into it between two moments."""

from __future__ import annotations

from typing import Any

import pytest
from test_contacts_phone_block import clearings, journal, who_blocked
from world import World

from app.models.strategy import Segment
from app.procedures import dialing
from app.procedures.contacts import phone_block, segment_block, segment_switch

ALL, BY_LOAD = 1, 2


def block(
    world: World, campaign: int, segment: str, kind_id: int, is_blocked: bool = True, **values: Any
) -> tuple[int, ...]:
    values = {"by": "ivanov", "reason": "wrong list", "now": world.now} | values
    return tuple(
        segment_block(world.connection, campaign, world.segment(campaign, segment), kind_id, is_blocked, **values)
    )


def segment_row(world: World, campaign: int, code: str) -> dict[str, Any]:
    (row,) = world.rows(Segment, Segment.segment_id == world.segment(campaign, code))
    return row


@pytest.mark.mission("M45", "M108", "M114")
def test_all_clients_of_a_segment_are_blocked_and_lifted_and_no_phone_is_written(world: World) -> None:
    campaign = world.campaign()
    blocked, other = world.client(campaign, "MH", segment="new"), world.client(campaign, segment="old")
    before = world.phone_row(blocked)
    assert block(world, campaign, "new", ALL) == (2, 0, 0)
    assert world.dialled(campaign) == [other.number]
    row = segment_row(world, campaign, "new")
    assert (row["is_blocked"], row["blocked_at"], row["blocked_by"], row["block_reason"]) == (
        True, world.now, "ivanov", "wrong list",
    )  # fmt: skip
    assert world.phone_row(blocked) == before
    later = world.client(campaign, segment="new")
    assert later.number not in world.dialled(campaign)
    assert block(world, campaign, "new", ALL, False, by="petrova") == (3, 0, 0)
    assert sorted(world.dialled(campaign)) == sorted([blocked.numbers[0], other.number, later.number])
    row = segment_row(world, campaign, "new")
    assert (row["is_blocked"], row["blocked_at"], row["blocked_by"], row["block_reason"]) == (False, None, None, None)
    first, second = journal(world)
    assert (first["kind_id"], first["segment_id"], first["lifted_by"]) == (3, row["segment_id"], "petrova")
    assert (second["is_blocked"], second["phones"]) == (False, 3)


def test_a_segment_that_is_blocked_and_off_needs_both_to_be_lifted(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, segment="new")
    segment_switch(world.connection, campaign, world.segment(campaign, "new"), False)
    block(world, campaign, "new", ALL)
    assert block(world, campaign, "new", ALL) == (0, 0, 0)
    block(world, campaign, "new", ALL, False)
    assert world.dialled(campaign) == []
    segment_switch(world.connection, campaign, world.segment(campaign, "new"), True)
    assert world.dialled(campaign) == [client.number]


def test_what_the_dialer_holds_of_the_segment_is_recalled(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, segment="new")
    world.client(campaign, segment="new")
    other = world.client(campaign, segment="old")
    world.dial(campaign)
    assert block(world, campaign, "new", ALL) == (2, 2, 1)
    assert clearings(world) == [(campaign, "ivanov")]
    dialing.block_recall(world.connection, campaign, world.at(1))
    assert world.dialled(campaign, world.at(2)) == [other.number]


def test_nothing_is_asked_for_where_only_another_segment_is_out(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, segment="old")
    world.dial(campaign)
    world.client(campaign, segment="new")
    assert block(world, campaign, "new", ALL) == (1, 0, 0)
    assert block(world, campaign, "new", BY_LOAD, now=world.at(1)) == (1, 0, 0)
    assert clearings(world) == []


@pytest.mark.mission("M109", "M115")
def test_phones_loaded_between_two_moments_are_blocked_and_lifted(world: World) -> None:
    campaign = world.campaign()
    early, first, last, late = (
        world.client(campaign, segment="new", loaded_at=world.at(days=-day)) for day in (4, 3, 2, 1)
    )
    other = world.client(campaign, segment="old", loaded_at=world.at(days=-3))
    span = {"loaded_from": world.at(days=-3), "loaded_to": world.at(days=-1)}
    assert block(world, campaign, "new", BY_LOAD, **span) == (2, 0, 0)
    assert sorted(world.dialled(campaign)) == sorted([early.number, late.number, other.number])
    assert who_blocked(world, first) == (True, world.now, "ivanov", "wrong list")
    assert not segment_row(world, campaign, "new")["is_blocked"]
    assert block(world, campaign, "new", BY_LOAD, False, by="petrova", **span) == (2, 0, 0)
    assert len(world.dialled(campaign)) == 5
    assert who_blocked(world, last) == (False, None, None, None)
    entry, lifting = journal(world)
    assert (entry["kind_id"], entry["loaded_from"], entry["loaded_to"]) == (4, *span.values())
    assert (entry["lifted_by"], lifting["is_blocked"], lifting["phones"]) == ("petrova", False, 2)


def test_a_range_may_be_open_at_either_end(world: World) -> None:
    campaign = world.campaign()
    early, late = (world.client(campaign, loaded_at=world.at(days=-day)) for day in (4, 1))
    assert block(world, campaign, "1", BY_LOAD, loaded_to=world.at(days=-2)) == (1, 0, 0)
    assert world.dialled(campaign) == [late.number]
    assert block(world, campaign, "1", BY_LOAD, loaded_from=world.at(days=-2)) == (1, 0, 0)
    assert world.dialled(campaign) == []
    assert block(world, campaign, "1", BY_LOAD, False) == (2, 0, 0)
    assert sorted(world.dialled(campaign)) == sorted([early.number, late.number])
    assert [entry["lifted_by"] for entry in journal(world)] == ["ivanov", "ivanov", None]


def test_lifting_a_range_leaves_a_phone_that_somebody_blocked_by_itself(world: World) -> None:
    campaign = world.campaign()
    alone, other = world.client(campaign), world.client(campaign)
    phone_block(world.connection, alone.phone_id, True, by="sidorov", reason="a neighbour", now=world.now)
    assert block(world, campaign, "1", BY_LOAD) == (1, 0, 0)
    assert block(world, campaign, "1", BY_LOAD, False) == (1, 0, 0)
    assert world.dialled(campaign) == [other.number]
    assert who_blocked(world, alone) == (True, world.now, "sidorov", "a neighbour")
    phone_block(world.connection, alone.phone_id, False, by="sidorov", now=world.now)
    assert len(world.dialled(campaign)) == 2


def test_one_phone_of_a_blocked_range_can_be_lifted_alone(world: World) -> None:
    campaign = world.campaign()
    alone, other = world.client(campaign), world.client(campaign)
    block(world, campaign, "1", BY_LOAD)
    phone_block(world.connection, alone.phone_id, False, by="ivanov", now=world.now)
    assert world.dialled(campaign) == [alone.number]
    assert block(world, campaign, "1", BY_LOAD, False) == (1, 0, 0)
    assert sorted(world.dialled(campaign)) == sorted([alone.number, other.number])


def test_a_range_with_phones_at_the_dialer_is_recalled(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, loaded_at=world.at(days=-3))
    world.client(campaign, loaded_at=world.at(days=-1))
    world.dial(campaign)
    assert block(world, campaign, "1", BY_LOAD, loaded_to=world.at(days=-2)) == (1, 1, 1)
    assert clearings(world) == [(campaign, "ivanov")]


def test_thousands_of_clients_are_blocked_and_lifted_at_once(world: World) -> None:
    campaign = world.campaign()
    world.many_clients(campaign, 3000)
    assert block(world, campaign, "1", BY_LOAD) == (3000, 0, 0)
    assert world.dialled(campaign) == []
    assert block(world, campaign, "1", BY_LOAD, False) == (3000, 0, 0)
    assert len(world.dialled(campaign)) == 100


@pytest.mark.parametrize("kind_id", [ALL, BY_LOAD])
def test_a_segment_of_another_campaign_is_refused(world: World, kind_id: int) -> None:
    campaign, other = world.campaign(), world.campaign()
    segment = world.segment(other, "1")
    with world.refused(50102):
        segment_block(world.connection, campaign, segment, kind_id, True, by="ivanov", now=world.now)


def test_an_unknown_kind_is_refused(world: World) -> None:
    campaign = world.campaign()
    world.segment(campaign)
    with world.refused(50103):
        block(world, campaign, "1", 3)


def test_an_empty_range_is_refused(world: World) -> None:
    campaign = world.campaign()
    world.segment(campaign)
    with world.refused(50104):
        block(world, campaign, "1", BY_LOAD, loaded_from=world.now, loaded_to=world.now)
