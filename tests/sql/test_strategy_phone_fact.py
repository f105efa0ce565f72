"""strategy.phone_fact: the facts of each phone that the strategy reads, and what bars it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import update
from world import (
    ACTIVE,
    AGENT_ATTEMPTS,
    CLIENT_ATTEMPTS,
    CREATED,
    FAILURE,
    FIRST_CALL,
    NO_DAY,
    NO_MOMENT,
    STOP_DATE,
    SUCCESS,
    TYPE_ATTEMPTS,
    MadeClient,
    World,
)

from app.campaigns import PhoneTypeForm
from app.models.contact import Client, Phone
from app.models.dialing import Callback
from app.models.strategy import DialClass


def fact(world: World, client: MadeClient, position: int = 0) -> dict[str, Any]:
    rows = world.query("SELECT f.* FROM strategy.phone_fact AS f WHERE f.phone_id = :id", id=client.phones[position])
    assert len(rows) == 1
    return rows[0]


def test_a_client_that_was_never_dialled_in_full(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    moscow, mobile, segment = world.zone("Europe/Moscow"), world.type("M"), world.segment(campaign)
    assert fact(world, client) == {
        "phone_id": client.phone_id,
        "client_id": client.client_id,
        "campaign_id": campaign,
        "dial_class_id": world.phone_row(client).dial_class_id,
        "is_type_reached": 0,
        "segment_id": segment,
        "phone_type_id": mobile,
        "zone_id": moscow,
        "client_zone_id": moscow,
        "load_priority": 0,
        "client_attempts": 0,
        "phone_attempts": 0,
        "client_technical_result_id": 0,
        "client_agent_result_id": 0,
        "limit_agent_result_id": 0,
        "limit_agent_attempts": 0,
        "phone_technical_result_id": 0,
        "phone_agent_result_id": 0,
        "hold_agent_result_id": 0,
        "attempt_day": NO_DAY,
        "day_attempts": 0,
        "bar_id": 0,
        "time_status_id": 0,
        "held_until": NO_MOMENT,
        "is_promised": 0,
        "facts_key": f"{segment}.{mobile}.{moscow}.{moscow}.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0",
    }


def test_a_client_with_a_history_in_full(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "H", zone="Europe/Samara", phone_zones=("Asia/Omsk",), load_priority=3)
    busy, silent = world.technical("BUSY"), world.technical("NO_ANSWER")
    thinks, later, asked = world.agent("12"), world.agent("14"), world.agent("11")
    world.facts(
        client, attempts=4, last_technical_result_id=busy, last_agent_result_id=thinks, agent_result_id=later,
        agent_result_attempts=2, attempt_day=date(2026, 11, 23), day_attempts=1,
    )  # fmt: skip
    world.phone_facts(
        client, attempts=3, last_technical_result_id=silent, last_agent_result_id=asked, hold_agent_result_id=thinks
    )
    segment, home, omsk, samara = (
        world.segment(campaign), world.type("H"), world.zone("Asia/Omsk"), world.zone("Europe/Samara"),
    )  # fmt: skip
    found = fact(world, client)
    days = (date(2026, 11, 23) - NO_DAY).days
    assert found == {
        "phone_id": client.phone_id,
        "client_id": client.client_id,
        "campaign_id": campaign,
        "dial_class_id": world.phone_row(client).dial_class_id,
        "is_type_reached": 0,
        "segment_id": segment,
        "phone_type_id": home,
        "zone_id": omsk,
        "client_zone_id": samara,
        "load_priority": 3,
        "client_attempts": 4,
        "phone_attempts": 3,
        "client_technical_result_id": busy,
        "client_agent_result_id": thinks,
        "limit_agent_result_id": later,
        "limit_agent_attempts": 2,
        "phone_technical_result_id": silent,
        "phone_agent_result_id": asked,
        "hold_agent_result_id": thinks,
        "attempt_day": date(2026, 11, 23),
        "day_attempts": 1,
        "bar_id": 0,
        "time_status_id": 0,
        "held_until": NO_MOMENT,
        "is_promised": 0,
        "facts_key": f"{segment}.{home}.{omsk}.{samara}.3.4.3."
        f"{busy}.{thinks}.{later}.2.{silent}.{asked}.{thinks}.{days}.1.0.0.0.0",
    }


@pytest.mark.mission("M16", "M18")
@pytest.mark.parametrize(
    ("phone_zone", "client_zone", "expected", "expected_of_client"),
    [
        (None, None, "Europe/Moscow", "Europe/Moscow"),
        (None, "Europe/Samara", "Europe/Samara", "Europe/Samara"),
        ("Asia/Omsk", None, "Asia/Omsk", "Europe/Moscow"),
        ("Asia/Omsk", "Europe/Samara", "Asia/Omsk", "Europe/Samara"),
    ],
)
def test_the_zone_is_that_of_the_phone_else_of_the_client_else_of_the_campaign(
    world: World, phone_zone: str | None, client_zone: str | None, expected: str, expected_of_client: str
) -> None:
    client = world.client(world.campaign(), zone=client_zone, phone_zones=(phone_zone,))
    found = fact(world, client)
    assert (found["zone_id"], found["client_zone_id"]) == (world.zone(expected), world.zone(expected_of_client))


@pytest.mark.mission("M45", "M107")
@pytest.mark.parametrize(
    ("of_client", "of_phone", "bar", "time_status"),
    [
        ({}, {}, 0, 0),
        ({}, {"is_blocked": True}, 4, 0),
        ({}, {"is_do_not_call": True}, 3, 0),
        ({}, {"is_do_not_call": True, "is_blocked": True}, 3, 0),
        ({"is_blocked": True}, {}, 2, 0),
        ({"is_blocked": True}, {"is_do_not_call": True, "is_blocked": True}, 2, 0),
        ({"status_id": SUCCESS}, {}, 1, 0),
        ({"status_id": FAILURE, "is_blocked": True}, {}, 1, 0),
        ({"status_id": CLIENT_ATTEMPTS}, {}, 0, 0),  # limits that the rules of classes look at
        ({"status_id": TYPE_ATTEMPTS}, {}, 0, 0),
        ({"status_id": AGENT_ATTEMPTS}, {}, 0, 0),
        ({"status_id": FIRST_CALL}, {}, 0, FIRST_CALL),
        ({"status_id": CREATED}, {}, 0, CREATED),
        ({"status_id": STOP_DATE}, {"is_blocked": True}, 4, STOP_DATE),
    ],
)
def test_what_bars_a_phone_and_the_status_that_time_brought(
    world: World, of_client: dict[str, Any], of_phone: dict[str, Any], bar: int, time_status: int
) -> None:
    client = world.client(world.campaign())
    for model, key, values in ((Client, Client.client_id, of_client), (Phone, Phone.phone_id, of_phone)):
        if values:
            value = client.client_id if model is Client else client.phone_id
            world.connection.execute(update(model).where(key == value).values(**values))
    found = fact(world, client)
    assert (found["bar_id"], found["time_status_id"]) == (bar, time_status)
    # back to what the books expect
    world.connection.execute(
        update(Client).where(Client.client_id == client.client_id).values(is_blocked=False, status_id=ACTIVE)
    )
    world.connection.execute(
        update(Phone).where(Phone.phone_id == client.phone_id).values(is_blocked=False, is_do_not_call=False)
    )
    world.settle(client.client_id)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        (None, NO_MOMENT),
        (datetime(2026, 11, 24, 0, 0), datetime(2026, 11, 24, 0, 0)),
        (datetime(2026, 11, 24, 0, 14, 59), datetime(2026, 11, 24, 0, 0)),
        (datetime(2026, 11, 24, 0, 15), datetime(2026, 11, 24, 0, 15)),
    ],
)
def test_the_moment_of_a_cap_is_a_fact_in_quarters_of_an_hour(
    world: World, until: datetime | None, expected: datetime
) -> None:
    client = world.client(world.campaign())
    world.phone_facts(client, held_until=until)
    assert fact(world, client)["held_until"] == expected


@pytest.mark.parametrize(("state_id", "expected"), [(1, 1), (2, 1), (3, 0), (4, 0), (5, 0)])
def test_a_promised_call_is_a_fact_of_all_phones_of_its_client_until_it_is_over(
    world: World, state_id: int, expected: int
) -> None:
    campaign = world.campaign()
    client, other = world.client(campaign, "MH"), world.client(campaign)
    callback = world.callback(client, world.at(days=1), state_id=state_id)
    found = [fact(world, client, 0), fact(world, client, 1), fact(world, other)]
    assert [row["is_promised"] for row in found] == [expected, expected, 0]
    # back to what the books expect
    world.connection.execute(update(Callback).where(Callback.callback_id == callback).values(state_id=5))
    world.settle(client.client_id)
    assert fact(world, client)["is_promised"] == 0


def test_being_out_is_no_fact_of_a_phone(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    before = [fact(world, client, position) for position in (0, 1)]
    (row,) = world.take(campaign)
    assert row.number == client.numbers[0]
    assert [fact(world, client, position) for position in (0, 1)] == before


def test_phones_with_the_same_facts_have_the_same_key_and_others_another(world: World) -> None:
    campaign = world.campaign()
    one, two = world.client(campaign, "MH"), world.client(campaign, "MH")
    far = world.client(campaign, "M", zone="Europe/Samara")
    other = world.client(campaign, "M", segment="2")
    keys = [fact(world, *each)["facts_key"] for each in ((one, 0), (two, 0), (one, 1), (far, 0), (other, 0))]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 4
    assert {row["facts_key"] for row in world.rows(DialClass)} == set(keys)


@pytest.mark.mission("M140")
def test_a_phone_has_had_the_attempts_of_its_type_or_not_or_nobody_dials_it(world: World) -> None:
    campaign = world.campaign(
        phone_types={"M": PhoneTypeForm(max_attempts=2), "H": PhoneTypeForm(), "W": PhoneTypeForm(is_dialled=False)}
    )
    client = world.client(campaign, "MHW")
    assert [fact(world, client, position)["is_type_reached"] for position in range(3)] == [0, 0, None]
    for position in range(3):
        world.phone_facts(client, position, attempts=2)
    assert [fact(world, client, position)["is_type_reached"] for position in range(3)] == [1, 0, None]
    world.phone_facts(client, 0, is_blocked=True)
    world.phone_facts(client, 1, is_do_not_call=True)
    assert [fact(world, client, position)["is_type_reached"] for position in range(3)] == [None, None, None]
    world.phone_facts(client, 0, is_blocked=False)
    world.without_strategy(campaign)
    assert fact(world, client)["is_type_reached"] is None
