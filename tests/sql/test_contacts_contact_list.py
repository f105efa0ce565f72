"""contacts.contact_list: one row per phone, with what the list of contacts shows (M118-M134)."""

from __future__ import annotations

from typing import Any

import pytest
from world import NOON, World

from app.campaigns import PhoneTypeForm, ResultForm


def row_of(world: World, phone_id: int) -> dict[str, Any]:
    (row,) = world.query("SELECT c.* FROM contacts.contact_list AS c WHERE c.phone_id = :id", id=phone_id)
    return row


@pytest.mark.mission("M118", "M119", "M120", "M121", "M122", "M123", "M129", "M130", "M132", "M133")
def test_a_new_phone_has_no_history(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "M", segment="new", do_not_call_after=world.at(days=9), client_code="2100_a1")
    row = row_of(world, client.phone_id)
    assert row == {
        "phone_id": client.phone_id, "client_id": client.client_id, "campaign_id": campaign, "loaded_at": NOON,
        "number": client.number, "type_code": "M", "type_name": "Мобильный", "type_name_en": "Mobile",
        "client_code": "2100_a1", "client_status_id": 1, "client_status": "Активный", "client_status_en": "Active",
        "is_client_blocked": 0, "segment_id": world.segment(campaign, "new"), "segment_code": "new",
        "technical_result": None, "technical_result_en": None, "agent_result_1": None, "agent_result_1_en": None,
        "agent_result_2": None, "agent_result_2_en": None, "last_attempt_at": None, "callback_at": None,
        "callback_agent": None, "attempts": 0, "phone_status_id": 1, "postponed_until": None, "is_in_work": 0,
        "do_not_call_after": world.at(days=9),
    }  # fmt: skip


@pytest.mark.mission("M124", "M127", "M131")
def test_a_dialled_phone_shows_its_result_and_the_delay_that_follows(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(priority=3, delay_minutes=45)})
    client = world.client(campaign, "M")
    world.attempt(campaign, "BUSY", world.at(minutes=10))
    row = row_of(world, client.phone_id)
    assert (row["technical_result"], row["technical_result_en"], row["attempts"]) == ("Занято", "Busy", 1)
    assert (row["last_attempt_at"], row["postponed_until"]) == (world.at(minutes=10), world.at(minutes=55))
    world.strategy(campaign, technical_results={"BUSY": ResultForm(priority=3, delay_minutes=5)})
    assert row_of(world, client.phone_id)["postponed_until"] == world.at(minutes=15)


def test_a_finished_client_is_postponed_to_no_moment(world: World) -> None:
    campaign = world.campaign(technical_results={"VOICE": ResultForm(priority=3, delay_minutes=45)})
    client = world.client(campaign, "M")
    world.attempt(campaign, "VOICE", world.at(minutes=10))
    assert row_of(world, client.phone_id)["postponed_until"] == world.at(minutes=55)
    world.agent_says("20", world.at(minutes=11), campaign_id=campaign, client_code=client.code)
    row = row_of(world, client.phone_id)
    assert (row["client_status"], row["postponed_until"]) == ("Обработан (успешно)", None)


@pytest.mark.mission("M125", "M126")
def test_agent_results_of_one_and_of_two_levels(world: World) -> None:
    world.agent_result("121", parent="12", name="Подумает до зарплаты", name_en="Until payday")
    campaign = world.campaign()
    one, two = world.client(campaign, "M"), world.client(campaign, "M")
    records = {row.number: row.record_key for row in world.dial(campaign)}
    for client, wrapup in ((one, "12"), (two, "121")):
        world.result(records[client.number], "VOICE", world.at(minutes=1), wrapup=wrapup, agent="3001")
    first, second = row_of(world, one.phone_id), row_of(world, two.phone_id)
    assert (first["agent_result_1"], first["agent_result_2"]) == ("Подумает", None)
    assert (second["agent_result_1"], second["agent_result_2"]) == ("Подумает", "Подумает до зарплаты")
    assert (second["agent_result_1_en"], second["agent_result_2_en"]) == ("Will think", "Until payday")


@pytest.mark.mission("M128")
def test_the_callback_of_the_phone_is_shown_while_it_is_promised(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.callback(client, world.at(hours=3), agent="3001")
    world.callback(client, world.at(hours=2), agent="3002")
    world.callback(client, world.at(hours=1), state_id=3)
    row = row_of(world, client.phones[0])
    assert (row["callback_at"], row["callback_agent"]) == (world.at(hours=2), "3002")
    assert row_of(world, client.phones[1])["callback_at"] is None


def test_a_phone_that_is_out_is_in_work_and_its_sister_is_not(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.dial(campaign)
    assert [row_of(world, phone)["is_in_work"] for phone in client.phones] == [1, 0]


@pytest.mark.mission("M130", "M146")
def test_the_status_of_a_phone(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=1, weight=1), "H": PhoneTypeForm(weight=3)})
    client = world.client(campaign, "MHHH")
    world.attempt(campaign, "BUSY")
    world.phone_facts(client, 1, is_blocked=True)
    world.phone_facts(client, 2, is_do_not_call=True, is_blocked=True)
    assert [row_of(world, phone)["phone_status_id"] for phone in client.phones] == [2, 3, 4, 1]


def test_a_campaign_without_a_strategy_is_listed_all_the_same(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "M", is_blocked=True)
    world.without_strategy(campaign)
    row = row_of(world, client.phone_id)
    assert (row["phone_status_id"], row["postponed_until"], row["is_client_blocked"]) == (1, None, 1)
