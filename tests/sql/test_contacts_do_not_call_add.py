"""contacts.do_not_call_add: a number or a person goes on the list, and nothing but its lifting takes it off."""

from __future__ import annotations

from typing import Any

import pytest
from import_rows import Load
from test_contacts_phone_block import clearings, journal
from world import FAILURE, World

from app.models.contact import Person
from app.models.dictionary import DoNotCall
from app.procedures import dialing
from app.procedures.contacts import client_block, do_not_call_add, number_block, phone_block, segment_block

NUMBER = "79165550001"


def add(world: World, **values: Any) -> tuple[int, int, int]:
    values = {"by": "ivanov", "reason": "a letter", "now": world.now} | values
    row = do_not_call_add(world.connection, **values)
    return row.phones_changed, row.records_out, row.run_requested


def test_a_number_on_the_list_is_not_dialled_anywhere(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    client = world.client(one, "MH", numbers=(NUMBER,))
    world.client(two, numbers=(NUMBER,))
    other = world.client(two)
    assert add(world, number=NUMBER) == (2, 0, 0)
    assert world.dialled(one) == [client.numbers[1]]
    assert world.dialled(two) == [other.number]
    (entry,) = world.rows(DoNotCall)
    assert (entry["number"], entry["person_id"], entry["added_by"], entry["reason"]) == (
        NUMBER, None, "ivanov", "a letter",
    )  # fmt: skip
    (row,) = journal(world)
    assert (row["kind_id"], row["is_blocked"], row["number"], row["phones"]) == (6, True, NUMBER, 2)
    assert row["do_not_call_id"] == entry["do_not_call_id"]


def test_a_person_on_the_list_is_not_dialled_on_any_number_of_any_of_its_clients(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    person = world.person("CRM-7")
    world.client(one, "MH", person_id=person)
    world.client(two, person_id=person)
    other = world.client(two)
    assert add(world, crm_id=" crm-7 ") == (3, 0, 0)
    assert world.dialled(one) == []
    assert world.dialled(two) == [other.number]
    load = Load(world, two)
    load.line("new", "79165550005", crm_id="CRM-7")
    load.line("else", "79165550006", crm_id="CRM-8")
    load.apply()
    assert sorted(world.dialled(two, world.at(1))) == sorted([other.number, "79165550006"])


def test_a_person_that_nobody_has_loaded_yet_is_on_the_list_when_it_comes(world: World) -> None:
    campaign = world.campaign()
    assert add(world, crm_id="CRM-9") == (0, 0, 0)
    assert [row["crm_id"] for row in world.rows(Person)] == ["CRM-9"]
    load = Load(world, campaign)
    load.line("new", "79165550005", crm_id="crm-9")
    load.line("else", "79165550006", crm_id="CRM-8")
    load.apply()
    assert world.dialled(campaign, world.at(1)) == ["79165550006"]


def test_no_load_lifts_it(world: World) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": True})
    client = world.client(campaign, numbers=(NUMBER,))
    add(world, number=NUMBER)
    load = Load(world, campaign, restarts_clients=True)
    load.line(client.code, NUMBER)
    load.line("new", NUMBER)
    load.line("else", "79165550006")
    load.apply()
    assert world.dialled(campaign, world.at(1)) == ["79165550006"]


def test_no_restart_of_a_finished_client_lifts_it(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH", numbers=(NUMBER, "79165550006"))
    add(world, number=NUMBER)
    world.agent_says("11", campaign_id=campaign, client_code=client.code)
    assert world.status(client) == FAILURE
    load = Load(world, campaign, restarts_clients=True)
    load.line(client.code, NUMBER, "79165550006")
    load.apply(world.at(days=1))
    assert world.client_row(client).round_no == 2
    assert world.dialled(campaign, world.at(days=1, minutes=1)) == ["79165550006"]


def test_no_result_lifts_it(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, numbers=(NUMBER,))
    (row,) = world.dial(campaign)
    assert add(world, number=NUMBER) == (1, 1, 1)
    world.result(row.record_key, "VOICE", world.at(1), wrapup="12")
    world.agent_says("14", campaign_id=campaign, client_code=client.code, at=world.at(2), callback_at=world.at(10))
    assert world.phone_row(client).is_do_not_call
    assert world.dialled(campaign, world.at(days=1)) == []


def test_no_unblocking_and_no_recall_lifts_it(world: World) -> None:
    campaign = world.campaign()
    client, other = world.client(campaign, numbers=(NUMBER,)), world.client(campaign)
    world.dial(campaign)
    assert add(world, number=NUMBER) == (1, 1, 1)
    assert clearings(world) == [(campaign, "ivanov")]
    dialing.block_recall(world.connection, campaign, world.now)
    who = {"by": "ivanov", "now": world.now}
    for is_blocked in (True, False):
        phone_block(world.connection, client.phone_id, is_blocked, **who)
        client_block(world.connection, client.client_id, is_blocked, **who)
        number_block(world.connection, NUMBER, is_blocked, **who)
        for kind_id in (1, 2):
            segment_block(world.connection, campaign, world.segment(campaign), kind_id, is_blocked, **who)
    assert world.dialled(campaign) == [other.number]


def test_no_stop_and_start_of_the_campaign_lifts_it(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, numbers=(NUMBER,))
    other = world.client(campaign)
    add(world, number=NUMBER)
    dialing.campaign_stop(world.connection, campaign, world.now)
    dialing.campaign_start(world.connection, campaign, world.now)
    world.strategy(campaign, max_client_attempts=9)
    assert world.dialled(campaign) == [other.number]


def test_what_is_on_the_list_is_not_listed_twice(world: World) -> None:
    world.client(world.campaign(), numbers=(NUMBER,))
    first = do_not_call_add(world.connection, number=NUMBER, by="ivanov", now=world.now)
    again = do_not_call_add(world.connection, number=NUMBER, by="petrova", now=world.now)
    assert (again.do_not_call_id, again.phones_changed) == (first.do_not_call_id, 0)
    assert [row["added_by"] for row in world.rows(DoNotCall)] == ["ivanov"]


@pytest.mark.parametrize("values", [{}, {"number": NUMBER, "crm_id": "1"}, {"crm_id": "  "}])
def test_exactly_one_of_number_and_person_is_given(world: World, values: dict[str, str]) -> None:
    with world.refused(50106):
        add(world, **values)


def test_what_is_no_number_is_refused(world: World) -> None:
    with world.refused(50105):
        add(world, number="12")
