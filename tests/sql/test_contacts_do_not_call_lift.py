"""contacts.do_not_call_lift: an entry is taken off the list with a reason, and frees what nothing else holds."""

from __future__ import annotations

from typing import Any

import pytest
from import_rows import Load
from test_contacts_phone_block import journal
from world import World

from app.models.dictionary import DoNotCall
from app.procedures.contacts import do_not_call_add, do_not_call_lift, phone_block

NUMBER = "79165550001"


def add(world: World, **values: Any) -> int:
    return int(do_not_call_add(world.connection, by="ivanov", now=world.now, **values).do_not_call_id)


def lift(world: World, do_not_call_id: int, reason: str = "asked in writing") -> tuple[int, ...]:
    return tuple(do_not_call_lift(world.connection, do_not_call_id, by="petrova", reason=reason, now=world.at(1)))


def test_a_lifted_number_is_dialled_again_now_and_when_it_is_loaded(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, numbers=(NUMBER,))
    entry_id = add(world, number=NUMBER)
    assert world.dialled(campaign) == []
    assert lift(world, entry_id) == (1, 0, 0)
    assert world.dialled(campaign) == [NUMBER]
    (entry,) = world.rows(DoNotCall)
    assert (entry["lifted_at"], entry["lifted_by"], entry["lift_reason"]) == (
        world.at(1), "petrova", "asked in writing",
    )  # fmt: skip
    first, second = journal(world)
    assert (first["lifted_at"], first["lifted_by"]) == (world.at(1), "petrova")
    assert (second["kind_id"], second["is_blocked"], second["phones"], second["reason"]) == (
        6, False, 1, "asked in writing",
    )  # fmt: skip
    load = Load(world, campaign)
    load.line("new", NUMBER)
    load.apply()
    assert world.dialled(campaign, world.at(2)) == [NUMBER, NUMBER]


def test_a_lifted_person_is_dialled_again(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH", person_id=world.person("CRM-7"))
    entry_id = add(world, crm_id="CRM-7")
    assert world.dialled(campaign) == []
    assert lift(world, entry_id) == (2, 0, 0)
    assert world.dialled(campaign) == [client.number]


def test_a_number_that_its_person_still_holds_stays_on_the_list(world: World) -> None:
    campaign = world.campaign()
    person = world.person("CRM-7")
    world.client(campaign, person_id=person, numbers=(NUMBER,))
    world.client(campaign, numbers=(NUMBER,))
    number_entry, person_entry = add(world, number=NUMBER), add(world, crm_id="CRM-7")
    assert lift(world, number_entry) == (1, 0, 0)
    assert world.dialled(campaign) == [NUMBER]
    assert lift(world, person_entry) == (1, 0, 0)
    assert world.dialled(campaign) == [NUMBER, NUMBER]


def test_phones_of_a_person_whose_numbers_are_listed_stay_on_the_list(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH", person_id=world.person("CRM-7"), numbers=(NUMBER,))
    number_entry, person_entry = add(world, number=NUMBER), add(world, crm_id="CRM-7")
    assert lift(world, person_entry) == (1, 0, 0)
    assert world.dialled(campaign) == [client.numbers[1]]
    assert lift(world, number_entry) == (1, 0, 0)
    assert world.dialled(campaign) == [NUMBER]


def test_what_an_agent_put_on_the_list_can_be_lifted_but_the_client_stays_processed(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    client = world.client(campaign, numbers=(NUMBER,))
    world.client(other, numbers=(NUMBER,))
    world.agent_says("15", campaign_id=campaign, client_code=client.code)
    assert world.dialled(other) == []
    (entry,) = world.rows(DoNotCall)
    assert lift(world, entry["do_not_call_id"]) == (2, 0, 0)
    assert world.dialled(other) == [NUMBER]
    assert world.dialled(campaign) == []


def test_blocks_of_other_kinds_stay(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, numbers=(NUMBER,))
    phone_block(world.connection, client.phone_id, True, by="ivanov", now=world.now)
    assert lift(world, add(world, number=NUMBER)) == (1, 0, 0)
    assert world.dialled(campaign) == []
    phone_block(world.connection, client.phone_id, False, by="ivanov", now=world.now)
    assert world.dialled(campaign) == [NUMBER]


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_it_is_not_lifted_without_a_reason(world: World, reason: str | None) -> None:
    entry_id = add(world, number=NUMBER)
    with world.refused(50107):
        lift(world, entry_id, reason)  # type: ignore[arg-type]


def test_an_entry_that_was_lifted_is_refused(world: World) -> None:
    entry_id = add(world, number=NUMBER)
    lift(world, entry_id)
    with world.refused(50108):
        lift(world, entry_id)
