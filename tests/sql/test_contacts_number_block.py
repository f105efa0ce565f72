"""contacts.number_block: a number in all campaigns, whoever its clients are, now and later."""

from __future__ import annotations

from typing import Any

import pytest
from import_rows import OWNER, Load
from sqlalchemy import update
from test_contacts_phone_block import clearings, journal
from world import World

from app.models.contact import NumberBlock, Phone
from app.procedures import importing
from app.procedures.contacts import do_not_call_add, number_block, phone_block

NUMBER = "79165550001"


def block(world: World, is_blocked: bool = True, number: str = NUMBER, **values: Any) -> tuple[int, ...]:
    values = {"by": "ivanov", "reason": "a fax", "now": world.now} | values
    return tuple(number_block(world.connection, number, is_blocked, **values))


@pytest.mark.mission("M111")
def test_a_number_is_blocked_in_all_campaigns_and_lifted(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    first = world.client(one, "MH", numbers=(NUMBER, "79165550002"))
    world.client(two, numbers=(NUMBER,))
    other = world.client(two)
    assert block(world) == (2, 0, 0)
    assert world.dialled(one) == [first.numbers[1]]
    assert world.dialled(two) == [other.number]
    assert block(world, False, by="petrova", reason="a telephone now", now=world.at(1)) == (2, 0, 0)
    assert world.dialled(one) == [NUMBER]
    assert sorted(world.dialled(two)) == sorted([NUMBER, other.number])
    (entry,) = world.rows(NumberBlock)
    assert (entry["number"], entry["added_by"], entry["reason"]) == (NUMBER, "ivanov", "a fax")
    assert (entry["lifted_at"], entry["lifted_by"], entry["lift_reason"]) == (world.at(1), "petrova", "a telephone now")
    kinds = [(row["kind_id"], row["is_blocked"], row["number"], row["lifted_by"]) for row in journal(world)]
    assert kinds == [(5, True, NUMBER, "petrova"), (5, False, NUMBER, None)]
    assert {row["number_block_id"] for row in journal(world)} == {entry["number_block_id"]}


@pytest.mark.mission("M111")
def test_later_loads_obey_it_until_it_is_lifted(world: World) -> None:
    campaign = world.campaign()
    known = world.client(campaign)
    assert block(world) == (0, 0, 0)
    load = Load(world, campaign)
    load.line("new", NUMBER, "79165550002")
    load.line(known.code, NUMBER)
    load.apply()
    assert sorted(world.dialled(campaign, world.at(1))) == sorted(["79165550002", known.number])
    assert block(world, False) == (2, 0, 0)
    assert NUMBER in world.dialled(campaign, world.at(1))
    load = Load(world, campaign)
    load.line("later", NUMBER)
    load.apply()
    assert world.dialled(campaign, world.at(1)).count(NUMBER) == 2


def test_a_phone_with_a_block_of_its_own_keeps_it(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, numbers=(NUMBER,))
    phone_block(world.connection, client.phone_id, True, by="sidorov", reason="own", now=world.now)
    assert block(world) == (1, 0, 0)
    assert block(world, False) == (1, 0, 0)
    assert world.dialled(campaign) == []
    assert world.phone_row(client).blocked_by == "sidorov"
    phone_block(world.connection, client.phone_id, False, by="sidorov", now=world.now)
    assert world.dialled(campaign) == [NUMBER]


def test_lifting_it_does_not_lift_do_not_call(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, numbers=(NUMBER,))
    block(world)
    do_not_call_add(world.connection, number=NUMBER, by="ivanov", now=world.now)
    block(world, False)
    assert world.phone_row(client).is_do_not_call
    assert world.dialled(campaign) == []


def test_every_campaign_that_has_it_out_is_recalled(world: World) -> None:
    campaigns = [world.campaign() for _ in range(3)]
    for campaign in campaigns[:2]:
        world.client(campaign, numbers=(NUMBER,))
    world.client(campaigns[2])
    for campaign in campaigns:
        world.dial(campaign)
    assert block(world) == (2, 2, 2)
    assert clearings(world) == [(campaign, "ivanov") for campaign in campaigns[:2]]
    assert block(world, False) == (2, 2, 0)


def test_the_same_block_again_is_not_listed_twice(world: World) -> None:
    world.client(world.campaign(), numbers=(NUMBER,))
    assert block(world) == (1, 0, 0)
    assert block(world, by="petrova") == (0, 0, 0)
    assert [row["added_by"] for row in world.rows(NumberBlock)] == ["ivanov"]
    block(world, False)
    assert block(world, by="petrova") == (1, 0, 0)
    assert [row["added_by"] for row in world.rows(NumberBlock)] == ["ivanov", "petrova"]


def test_a_number_blocked_while_a_part_was_loaded_is_found_when_the_load_ends(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line("a", NUMBER)
    load.line("b", "79165550002")
    load.apply()
    block(world)
    world.connection.execute(update(Phone).values(is_blocked=False, number_block_id=None))  # the part did not see it
    importing.import_finish(
        world.connection, batch_id=load.batch_id, owner=OWNER, state_id=2, file_message=None, message=None,
        now=world.now,
    )  # fmt: skip
    assert world.dialled(campaign, world.at(1)) == ["79165550002"]
    assert block(world, False) == (1, 0, 0)


@pytest.mark.parametrize("number", ["", "12"])
def test_what_is_no_number_is_refused(world: World, number: str) -> None:
    with world.refused(50105):
        block(world, number=number)
