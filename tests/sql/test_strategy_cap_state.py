"""strategy.cap_state: where a phone stands with each frequency cap of its campaign."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from world import MadeClient, World

DAY_END = datetime(2026, 11, 23, 21)
PERSON, CLIENT, NUMBER = 1, 2, 3


def state(world: World, client: MadeClient, position: int = 0, at: datetime | None = None) -> tuple[Any, ...]:
    """used, pending, is_under and free_at of the one cap of a client's campaign."""
    row = world.client_row(client)
    (found,) = world.query(
        "SELECT s.* FROM strategy.cap_state(:campaign, :client, :person, :number, :zone, :at) AS s",
        campaign=row.campaign_id, client=client.client_id, person=row.person_id, number=client.numbers[position],
        zone=world.zone("Europe/Moscow"), at=at or world.now,
    )  # fmt: skip
    return found["used"], found["pending"], found["is_under"], found["free_at"]


def test_a_cap_in_full(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, person_id=world.person())
    rule = world.cap(campaign, "RU_230_DAY")
    world.attempt(campaign, "VOICE")
    rows = world.query(
        "SELECT s.* FROM strategy.cap_state(:campaign, :client, :person, :number, :zone, :at) AS s",
        campaign=campaign, client=client.client_id, person=world.client_row(client).person_id, number=client.number,
        zone=world.zone("Europe/Moscow"), at=world.at(1),
    )  # fmt: skip
    assert rows == [
        {
            "cap_rule_id": rule, "code": "RU_230_DAY", "is_hold": True, "limit_value": 1, "used": 1, "pending": 0,
            "is_under": 0, "free_at": DAY_END,
        }
    ]  # fmt: skip


def test_a_campaign_without_caps_has_no_rows(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    assert world.query(
        "SELECT s.code FROM strategy.cap_state(:campaign, :client, NULL, :number, :zone, :at) AS s",
        campaign=campaign, client=client.client_id, number=client.number, zone=world.zone("Europe/Moscow"), at=world.now,
    ) == []  # fmt: skip


def test_a_person_is_counted_across_the_campaigns_that_obey_the_rule(world: World) -> None:
    one, two, three = (world.campaign() for _ in range(3))
    person = world.person()
    rule = world.cap(one, limit_value=2)
    world.cap(two, rule)
    world.cap(three)
    clients = [world.client(campaign, person_id=person) for campaign in (one, two, three)]
    stranger = world.client(two)
    assert state(world, clients[1]) == (0, 0, 1, None)
    world.attempt(one)
    assert [state(world, client) for client in (*clients, stranger)] == [
        (1, 0, 1, None), (1, 0, 1, None), (0, 0, 1, None), (0, 0, 1, None),
    ]  # fmt: skip
    for row in world.dial(two):
        world.result(row.record_key)
    assert [state(world, client)[:3] for client in (*clients, stranger)] == [(2, 0, 0), (2, 0, 0), (0, 0, 1), (1, 0, 1)]


def test_a_client_without_a_person_is_counted_by_itself(world: World) -> None:
    campaign = world.campaign()
    world.cap(campaign)
    client = world.client(campaign)
    world.attempt(campaign)
    other = world.client(campaign)
    assert state(world, client) == (1, 0, 0, DAY_END)
    assert state(world, other) == (0, 0, 1, None)


def test_calls_of_a_client_from_before_its_person_was_known_are_counted_once(world: World) -> None:
    campaign = world.campaign()
    world.cap(campaign, limit_value=5)
    client = world.client(campaign)
    world.attempt(campaign)
    world.facts(client, person_id=world.person())
    assert state(world, client)[0] == 1
    world.attempt(campaign, at=world.at(days=0, hours=3))
    assert state(world, client, at=world.at(hours=3))[0] == 2


def test_a_client_of_a_person_is_a_debt_of_its_own(world: World) -> None:
    campaign = world.campaign()
    person = world.person()
    world.cap(campaign, subject_id=CLIENT)
    one = world.client(campaign, person_id=person)
    world.attempt(campaign)
    two = world.client(campaign, person_id=person)
    assert state(world, one) == (1, 0, 0, DAY_END)
    assert state(world, two) == (0, 0, 1, None)


def test_a_number_is_counted_for_itself(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    person = world.person()
    world.cap(two, world.cap(one, subject_id=NUMBER))
    first = world.client(one, "MH", person_id=person)
    world.attempt(one)
    second = world.client(two, "MH", person_id=person, numbers=(first.numbers[0],))
    assert [state(world, first, position)[:3] for position in (0, 1)] == [(1, 0, 0), (0, 0, 1)]
    assert [state(world, second, position)[:3] for position in (0, 1)] == [(1, 0, 0), (0, 0, 1)]


def test_a_call_of_the_person_that_is_out_is_pending(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    person = world.person()
    world.cap(two, world.cap(one, limit_value=2))
    first = world.client(one, person_id=person)
    second = world.client(two, person_id=person)
    (row,) = world.dial(one)
    assert state(world, second) == (0, 1, 1, None)
    assert state(world, first) == (0, 0, 1, None)  # its own call is rule 7
    world.result(row.record_key)
    assert state(world, second) == (1, 0, 1, None)
    other = world.client(one, person_id=person)
    world.dial(one)
    assert state(world, other) == (1, 0, 1, None)
    assert state(world, second) == (1, 1, 0, None)  # nothing is known of when it lets go


def test_a_call_that_is_out_is_pending_for_its_number_alone_where_the_number_is_counted(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    person = world.person()
    world.cap(two, world.cap(one, subject_id=NUMBER))
    first = world.client(one, person_id=person)
    second = world.client(two, "MH", person_id=person, numbers=(first.number,))
    world.dial(one)
    assert [state(world, second, position)[:3] for position in (0, 1)] == [(0, 1, 0), (0, 0, 1)]


def test_a_call_that_came_back_without_a_result_is_not_pending(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    person = world.person()
    world.cap(two, world.cap(one))
    world.client(one, person_id=person)
    second = world.client(two, person_id=person)
    world.dialled(one)
    assert state(world, second) == (0, 0, 1, None)


def test_the_last_minutes_let_go_when_the_call_that_fills_the_limit_is_so_long_ago(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    rule = world.cap(campaign, window_id=4, window_minutes=600, limit_value=9)
    for hours in (0, 3, 6):
        world.attempt(campaign, "NO_ANSWER", world.at(hours=hours))
    assert state(world, client, at=world.at(hours=6)) == (3, 0, 1, None)
    world.cap(world.campaign(), rule, limit_value=2)
    assert state(world, client, at=world.at(hours=6)) == (3, 0, 0, world.at(hours=13))
    just_before, then = world.at(hours=13, minutes=-1), world.at(hours=13)
    assert state(world, client, at=just_before)[:3] == (2, 0, 0)
    assert state(world, client, at=then)[:3] == (1, 0, 1)


def test_a_new_day_begins_with_nothing_used(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.cap(campaign)
    world.attempt(campaign)
    assert state(world, client, at=datetime(2026, 11, 23, 20, 59, 59))[:3] == (1, 0, 0)
    assert state(world, client, at=DAY_END) == (0, 0, 1, None)


def test_a_rule_lets_go_when_it_is_over_itself_before_its_window(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    rule = world.cap(campaign, window_id=2, valid_to=date(2026, 11, 24))
    world.attempt(campaign)
    assert state(world, client) == (1, 0, 0, datetime(2026, 11, 24, 21))
    for changes in ({"valid_to": date(2026, 12, 24)}, {"valid_to": None}):
        world.cap(world.campaign(), rule, **changes)
        assert state(world, client) == (1, 0, 0, datetime(2026, 11, 29, 21))
    world.cap(world.campaign(), rule, window_id=4, window_minutes=7 * 1440, valid_to=date(2026, 11, 24))
    assert state(world, client) == (1, 0, 0, datetime(2026, 11, 24, 21))
    world.cap(world.campaign(), rule, valid_to=None)
    assert state(world, client) == (1, 0, 0, world.at(days=7))
