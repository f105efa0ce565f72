"""dialing.cap_release: whom a frequency cap holds no longer is let go, whom it still holds stays held."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import delete, select, update
from world import AROUND_THE_CLOCK, NO_MOMENT, MadeClient, World

from app.campaigns import ResultForm
from app.models.caps import CampaignCap, CapRule
from app.models.contact import Phone
from app.models.strategy import DialClass
from app.procedures.contacts import phone_block
from app.procedures.dialing import cap_release

PERSON, CLIENT, NUMBER = 1, 2, 3
DAY_END = datetime(2026, 11, 23, 21)
WEEK_END = datetime(2026, 11, 29, 21)
AT_ONCE = {code: ResultForm(5, None) for code in ("VOICE", "NO_ANSWER")}


def held_campaign(
    world: World, rule: int | None = None, phones: str = "M", **columns: Any
) -> tuple[int, int, MadeClient]:
    """A campaign with one client, whom a rule (every attempt counts, one a day unless `columns` say otherwise) holds."""
    campaign = world.campaign(schedule=AROUND_THE_CLOCK, technical_results=AT_ONCE)
    rule = world.cap(campaign, rule, **({"subject_id": CLIENT} | columns if rule is None else {}))
    client = world.client(campaign, phones)
    (row,) = world.dial(campaign)
    world.result(row.record_key, "VOICE")
    assert world.dialled(campaign, world.at(1)) == []
    assert held(world, client)[0] is not None
    return campaign, rule, client


def held(world: World, client: MadeClient, position: int = 0) -> tuple[datetime | None, datetime]:
    """Until when a phone is held, by its row and by its class."""
    row = world.phone_row(client, position)
    of_class = world.connection.scalars(
        select(DialClass.held_until).where(DialClass.dial_class_id == row.dial_class_id)
    )
    return row.held_until, of_class.one()


def rule_is(world: World, rule: int, **columns: Any) -> None:
    world.connection.execute(update(CapRule).where(CapRule.cap_rule_id == rule).values(**columns))


def released(
    world: World, campaign: int, minutes: float = 2, batch_size: int = 100, after: int = 0
) -> tuple[int, int, int]:
    """Clients looked at, phones changed, and whether that was all."""
    row = cap_release(world.connection, campaign, world.at(minutes), batch_size, after)
    return row.clients_checked, row.phones_changed, row.is_finished


def test_a_mark_that_still_holds_stays_and_no_row_is_written(world: World) -> None:
    campaign, _, client = held_campaign(world)
    rows = world.rows(Phone)
    assert released(world, campaign) == (1, 0, 1)
    assert held(world, client) == (DAY_END, DAY_END)
    assert world.rows(Phone) == rows
    assert world.dialled(campaign, world.at(3)) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"is_enabled": False},
        {"is_hold": False},
        {"limit_value": 2},
        {"valid_to": date(2026, 11, 22)},
        {"valid_from": date(2026, 11, 24)},
        {"counts_id": 3},  # conversations with an agent: there was none
    ],
)
def test_a_rule_that_was_switched_off_raised_or_ended_lets_go_at_once(world: World, columns: dict[str, Any]) -> None:
    campaign, rule, client = held_campaign(world)
    rule_is(world, rule, **columns)
    assert world.dialled(campaign, world.at(2)) == []  # the mark alone holds it
    assert released(world, campaign) == (1, 1, 1)
    assert held(world, client) == (None, NO_MOMENT)
    assert world.dialled(campaign, world.at(3)) == [client.number]


def test_a_rule_that_was_taken_from_the_campaign_lets_go_and_another_does_not(world: World) -> None:
    campaign, rule, client = held_campaign(world)
    other = world.cap(campaign, subject_id=CLIENT, window_id=2)
    world.connection.execute(delete(CampaignCap).where(CampaignCap.cap_rule_id == rule))
    assert released(world, campaign) == (1, 1, 1)
    assert held(world, client) == (WEEK_END, WEEK_END)
    world.connection.execute(delete(CampaignCap).where(CampaignCap.cap_rule_id == other))
    assert released(world, campaign) == (1, 1, 1)
    assert world.dialled(campaign, world.at(3)) == [client.number]


def test_of_two_rules_the_longer_one_lets_go_and_the_shorter_one_holds_on(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK, technical_results=AT_ONCE)
    world.cap(campaign)
    week = world.cap(campaign, window_id=2)
    client = world.client(campaign)
    world.attempt(campaign, "VOICE")
    assert world.dialled(campaign, world.at(1)) == []
    assert held(world, client)[0] == WEEK_END
    rule_is(world, week, is_enabled=False)
    released(world, campaign)
    assert held(world, client) == (DAY_END, DAY_END)
    assert world.dialled(campaign, world.at(3)) == []
    assert world.dialled(campaign, DAY_END) == [client.number]


def test_a_campaign_whose_calls_count_no_longer_holds_nobody_in_the_others(world: World) -> None:
    one, two = (world.campaign(schedule=AROUND_THE_CLOCK, technical_results=AT_ONCE) for _ in range(2))
    rule = world.cap(one)
    world.cap(two, rule)
    person = world.person()
    world.client(one, person_id=person)
    world.attempt(one, "VOICE")
    anna = world.client(two, person_id=person)
    assert world.dialled(two, world.at(1)) == []
    assert released(world, two) == (1, 0, 1)
    world.connection.execute(delete(CampaignCap).where(CampaignCap.campaign_id == one))
    assert released(world, two) == (1, 1, 1)
    assert world.dialled(two, world.at(3)) == [anna.number]


def test_other_campaigns_are_left_alone(world: World) -> None:
    one, rule, first = held_campaign(world)
    two, _, second = held_campaign(world, rule)
    rule_is(world, rule, is_enabled=False)
    assert released(world, one) == (1, 1, 1)
    assert (held(world, first)[0], held(world, second)[0]) == (None, DAY_END)
    assert released(world, two) == (1, 1, 1)
    assert held(world, second) == (None, NO_MOMENT)


def test_all_phones_of_a_client_are_let_go(world: World) -> None:
    campaign, rule, client = held_campaign(world, phones="MHM")
    rule_is(world, rule, is_enabled=False)
    assert released(world, campaign) == (1, 3, 1)
    assert [held(world, client, position) for position in range(3)] == [(None, NO_MOMENT)] * 3


def test_a_rule_of_a_number_keeps_its_phone_while_the_clients_others_are_let_go(world: World) -> None:
    campaign, rule, client = held_campaign(world, phones="MH")
    world.cap(campaign, subject_id=NUMBER)
    rule_is(world, rule, is_enabled=False)
    assert released(world, campaign) == (1, 1, 1)
    assert [held(world, client, position)[0] for position in (0, 1)] == [DAY_END, None]
    assert world.dialled(campaign, world.at(3)) == [client.numbers[1]]


def test_nobody_is_looked_at_where_no_phone_is_marked(world: World) -> None:
    campaign, _, client = held_campaign(world)
    world.client(campaign)
    assert released(world, campaign) == (1, 0, 1)
    assert released(world, campaign, minutes=24 * 60) == (0, 0, 1)  # the day is over
    assert released(world, world.campaign()) == (0, 0, 1)
    assert held(world, client)[0] == DAY_END


def test_what_bars_a_phone_else_bars_it_as_before(world: World) -> None:
    campaign, rule, client = held_campaign(world)
    phone_block(world.connection, client.phone_id, True, by="tests", now=world.at(1))
    rule_is(world, rule, is_enabled=False)
    assert released(world, campaign) == (1, 1, 1)
    assert world.dialled(campaign, world.at(3)) == []
    assert world.bar(client) == 4


def test_batches_walk_through_all_clients_also_those_that_stay_held(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK, technical_results=AT_ONCE)
    rule = world.cap(campaign)
    persons = [world.person() for _ in range(5)]
    clients = [world.client(campaign, "MH", person_id=person) for person in persons]
    rows = world.dial(campaign)
    world.apply(*(world.row(row.record_key, "VOICE") for row in rows))
    for at in (1, 2):
        assert world.dialled(campaign, world.at(at)) == []
    world.cap(campaign, subject_id=NUMBER)  # keeps the mobile phones, which were called
    rule_is(world, rule, is_enabled=False)
    walked, after = [], 0
    for _ in range(3):
        row = cap_release(world.connection, campaign, world.at(3), 2, after)
        walked.append((row.clients_checked, row.phones_changed, row.is_finished))
        after = row.last_client_id
    assert walked == [(2, 2, 0), (2, 2, 0), (1, 1, 1)]
    assert after == clients[-1].client_id
    assert [[held(world, client, position)[0] for position in (0, 1)] for client in clients] == [[DAY_END, None]] * 5


def test_a_stricter_rule_holds_a_marked_phone_longer(world: World) -> None:
    campaign, rule, client = held_campaign(world)
    rule_is(world, rule, window_id=2)
    assert released(world, campaign) == (1, 1, 1)
    assert held(world, client) == (WEEK_END, WEEK_END)


def test_an_unknown_campaign_is_refused(world: World) -> None:
    with world.refused(50001):
        cap_release(world.connection, 0, world.now)


def test_an_empty_batch_is_refused(world: World) -> None:
    campaign = world.campaign()
    with world.refused(50082):
        cap_release(world.connection, campaign, world.now, 0)
