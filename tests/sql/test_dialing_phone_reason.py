"""dialing.phone_reason: the first rule that stands in the way of a phone, and when it may be dialled next."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from situations import LATER, NEXT, campaign_of_all
from world import AROUND_THE_CLOCK, World

from app.campaigns import ResultForm
from app.procedures import dialing


def reason(world: World, phone_id: int, at: datetime | None = None) -> tuple[Any, ...]:
    return tuple(dialing.phone_reason(world.connection, phone_id, at or world.now))


def test_an_unknown_phone_has_no_reason(world: World) -> None:
    assert dialing.phone_reason(world.connection, 0, world.now) is None


def test_each_situation_is_named_with_the_moment_that_ends_it(world: World) -> None:
    _, phones = campaign_of_all(world)
    at = world.at(LATER)
    for code, group in phones.items():
        for client, position in group:
            expected = (1, None, at) if code == "ready" else (0, code, NEXT.get(code))
            assert (code, *reason(world, client.phones[position], at)) == (code, *expected)


def test_a_phone_is_dialled_just_when_it_says_so(world: World) -> None:
    campaign, phones = campaign_of_all(world)
    for code, at in NEXT.items():
        (client, position) = phones[code][0]
        phone_id = client.phones[position]
        taken = world.dialled(campaign, at)
        assert reason(world, phone_id, at) == (1, None, at), code
        assert client.numbers[position] in taken, code


def test_the_first_rule_of_several_is_the_reason_and_the_last_of_them_ends_it(world: World) -> None:
    campaign = world.campaign(max_day_attempts=2, technical_results={"BUSY": ResultForm(5, 26 * 60)})
    client = world.client(campaign)
    world.facts(client, attempt_day=date(2026, 11, 23), day_attempts=2)
    busy = world.technical("BUSY")
    world.phone_facts(client, last_technical_result_id=busy)
    assert reason(world, client.phone_id) == (0, "day_attempts", world.at(hours=26))
    world.strategy(campaign, technical_results={"BUSY": ResultForm(5, 60)})
    assert reason(world, client.phone_id) == (0, "day_attempts", datetime(2026, 11, 24, 6))
    world.phone_facts(client, is_blocked=True)
    assert reason(world, client.phone_id) == (0, "phone_free", None)


def test_a_delay_that_ends_at_night_ends_when_the_schedule_opens(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(5, 14 * 60)})
    client = world.client(campaign)
    world.phone_facts(client, last_technical_result_id=world.technical("BUSY"))
    assert reason(world, client.phone_id) == (0, "delay", datetime(2026, 11, 24, 6))


def test_a_delay_that_ends_outside_the_hours_of_a_cap_ends_when_they_open(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK, technical_results={"BUSY": ResultForm(5, 14 * 60)})
    world.cap(campaign, "RU_230_HOURS")
    client = world.client(campaign)
    world.phone_facts(client, last_technical_result_id=world.technical("BUSY"))
    assert reason(world, client.phone_id) == (0, "delay", datetime(2026, 11, 24, 5))
