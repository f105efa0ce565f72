"""dialing.block_take under frequency caps: nobody is called more often than the rules allow, the block is still filled, and
who is held comes back by itself."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import select
from world import AROUND_THE_CLOCK, MadeClient, World

from app.campaigns import ResultForm, ScheduleForm
from app.models.contact import Phone
from app.models.dialing import Callback, Record
from app.models.strategy import DialClass

PERSON, CLIENT, NUMBER = 1, 2, 3
LAST_MINUTES = 4
DAY_END = datetime(2026, 11, 23, 21)
WEEK_END = datetime(2026, 11, 29, 21)
MONTH_END = datetime(2026, 11, 30, 21)
AT_ONCE = {code: ResultForm(5, None) for code in ("VOICE", "NO_ANSWER", "BUSY", "ANSWERING_MACHINE")}


def capped(world: World, code: str | int | None = "RU_230_DAY", count: int = 2, **columns: Any) -> list[int]:
    """Campaigns that obey one rule, open around the clock, with no delay after a result."""
    campaigns = [world.campaign(schedule=AROUND_THE_CLOCK, technical_results=AT_ONCE) for _ in range(count)]
    rule = world.cap(campaigns[0], code, **columns)
    for campaign in campaigns[1:]:
        world.cap(campaign, rule)
    return campaigns


def reached(world: World, campaign: int, client: MadeClient, at: datetime | None = None, result: str = "VOICE") -> None:
    """The client alone is dialled, with this result."""
    (row,) = world.dial(campaign, at)
    assert row.number in client.numbers
    assert world.result(row.record_key, result, at) == (1, 0, 0, 0)


def numbers(world: World, campaign: int, at: datetime | None = None) -> list[str]:
    return [row.number for row in world.take(campaign, at)]


def held(world: World, client: MadeClient, position: int = 0) -> tuple[datetime | None, datetime]:
    """Until when a phone is held, by its row and by its class."""
    row = world.phone_row(client, position)
    of_class = world.connection.scalars(
        select(DialClass.held_until).where(DialClass.dial_class_id == row.dial_class_id)
    )
    return row.held_until, of_class.one()


# -- Held


def test_a_person_that_another_campaign_reached_today_is_held_and_the_block_is_filled_with_others(world: World) -> None:
    one, two = capped(world)
    world.strategy(two, block_size=3)
    person = world.person()
    reached(world, one, world.client(one, person_id=person))
    anna = world.client(two, "MH", person_id=person)
    others = [world.client(two) for _ in range(4)]
    rows = world.take(two)
    assert [row.number for row in rows] == [client.number for client in others[:3]]
    assert world.query("SELECT b.size FROM dialing.block AS b WHERE b.block_id = :id", id=rows[0].block_id) == [
        {"size": 3}
    ]
    assert [held(world, anna, position) for position in (0, 1)] == [(DAY_END, DAY_END)] * 2
    assert not world.rows(Phone, Phone.held_until.is_not(None), Phone.client_id != anna.client_id)
    assert not world.is_out(anna)


def test_the_same_person_is_dialled_where_the_campaign_does_not_obey_the_rule(world: World) -> None:
    (one,) = capped(world, count=1)
    free = world.campaign()
    person = world.person()
    reached(world, one, world.client(one, person_id=person))
    anna = world.client(free, person_id=person)
    assert numbers(world, free) == [anna.number]


def test_a_call_of_a_campaign_that_does_not_obey_the_rule_is_not_counted(world: World) -> None:
    (one,) = capped(world, count=1)
    free = world.campaign()
    person = world.person()
    reached(world, free, world.client(free, person_id=person))
    anna = world.client(one, person_id=person)
    assert numbers(world, one) == [anna.number]


def test_a_block_does_not_come_by_again_once_it_has_met_the_cap(world: World) -> None:
    one, two = capped(world)
    person = world.person()
    reached(world, one, world.client(one, person_id=person))
    anna = world.client(two, person_id=person)
    assert numbers(world, two) == []
    (state,) = world.query(
        "SELECT s.is_cap_free, s.is_open FROM strategy.dial_class_state(:campaign, :at) AS s WHERE s.dial_class_id = :id",
        campaign=two, at=world.at(5), id=world.phone_row(anna).dial_class_id,
    )  # fmt: skip
    assert state == {"is_cap_free": 0, "is_open": 0}
    assert numbers(world, two, world.at(5)) == []


@pytest.mark.parametrize(
    ("code", "calls", "free_at"),
    [
        ("RU_230_DAY", [23], DAY_END),
        ("RU_230_WEEK", [23, 24], WEEK_END),
        ("RU_230_MONTH", [2, 3, 9, 10, 16, 17, 23, 24], MONTH_END),
    ],
)
def test_a_preset_of_russia_lets_so_many_calls_through_and_comes_back_by_itself(
    world: World, code: str, calls: list[int], free_at: datetime
) -> None:
    one, two = capped(world, code)
    person = world.person()
    loaded = datetime(2026, 11, 1)
    first = world.client(one, person_id=person, loaded_at=loaded)
    second = world.client(two, person_id=person, loaded_at=loaded)
    for turn, day in enumerate(calls):
        campaign, client = ((one, first), (two, second))[turn % 2]
        reached(world, campaign, client, datetime(2026, 11, day, 9))
    after = datetime(2026, 11, calls[-1], 10)
    assert (numbers(world, one, after), numbers(world, two, after)) == ([], [])
    assert held(world, first) == held(world, second) == (free_at, free_at)
    rows = world.rows(Phone)
    assert numbers(world, two, free_at.replace(hour=20, minute=59)) == []
    assert numbers(world, two, free_at) == [second.number]
    assert world.rows(Phone) == rows  # nothing was written for it to come back


def test_the_day_of_a_cap_is_that_of_the_client(world: World) -> None:
    one, two = capped(world)
    person = world.person()
    reached(world, one, world.client(one, person_id=person, zone="Asia/Vladivostok"))
    anna = world.client(two, person_id=person, zone="Asia/Vladivostok")
    assert numbers(world, two) == []
    assert held(world, anna)[0] == datetime(2026, 11, 23, 14)
    assert numbers(world, two, datetime(2026, 11, 23, 14)) == [anna.number]


def test_a_result_that_does_not_count_lets_the_person_be_dialled_again(world: World) -> None:
    one, two = capped(world)
    person = world.person()
    client = world.client(one, person_id=person)
    anna = world.client(two, person_id=person)
    reached(world, one, client, result="NO_ANSWER")
    reached(world, two, anna, world.at(1), result="NO_ANSWER")
    reached(world, two, anna, world.at(2), result="VOICE")
    assert numbers(world, one, world.at(3)) == []


def test_the_last_minutes_are_over_when_the_call_is_so_long_ago(world: World) -> None:
    (campaign,) = capped(world, None, 1, window_id=LAST_MINUTES, window_minutes=1440, limit_value=2)
    anna = world.client(campaign)
    reached(world, campaign, anna)
    reached(world, campaign, anna, world.at(hours=5))
    assert numbers(world, campaign, world.at(hours=6)) == []
    assert held(world, anna)[0] == world.at(hours=24)
    assert numbers(world, campaign, world.at(hours=24, minutes=-1)) == []
    assert numbers(world, campaign, world.at(hours=24)) == [anna.number]


def test_the_class_lets_go_a_little_early_and_the_cap_still_holds(world: World) -> None:
    (campaign,) = capped(world, None, 1, window_id=LAST_MINUTES, window_minutes=60)
    anna = world.client(campaign)
    reached(world, campaign, anna, world.at(7))
    assert numbers(world, campaign, world.at(8)) == []
    assert held(world, anna) == (world.at(67), world.at(60))
    assert numbers(world, campaign, world.at(66)) == []
    assert numbers(world, campaign, world.at(67)) == [anna.number]


def test_of_several_rules_the_one_that_holds_longest_counts(world: World) -> None:
    (campaign,) = capped(world, count=1)
    world.cap(campaign, "RU_230_WEEK", limit_value=1)
    world.cap(campaign, "RU_230_MONTH")
    anna = world.client(campaign)
    reached(world, campaign, anna)
    assert numbers(world, campaign, world.at(1)) == []
    assert held(world, anna)[0] == WEEK_END


@pytest.mark.parametrize(
    "window", [{"window_id": 2}, {"window_id": LAST_MINUTES, "window_minutes": 7 * 1440}], ids=["week", "minutes"]
)
def test_a_rule_that_ends_itself_holds_nobody_longer(world: World, window: dict[str, int]) -> None:
    (campaign,) = capped(world, None, 1, valid_to=date(2026, 11, 24), **window)
    anna = world.client(campaign)
    reached(world, campaign, anna)
    assert numbers(world, campaign, world.at(1)) == []
    over = datetime(2026, 11, 24, 21)
    assert held(world, anna) == (over, over)
    assert numbers(world, campaign, over) == [anna.number]


# -- Whom a rule counts


def test_two_clients_of_one_person_are_not_in_one_block_where_one_call_is_allowed(world: World) -> None:
    (campaign,) = capped(world, count=1)
    person = world.person()
    first, second = (world.client(campaign, person_id=person) for _ in range(2))
    other = world.client(campaign)
    assert numbers(world, campaign) == [first.number, other.number]
    assert held(world, second)[0] is None


def test_two_clients_of_one_person_are_in_one_block_where_two_calls_are_allowed(world: World) -> None:
    (campaign,) = capped(world, "RU_230_WEEK", 1)
    person = world.person()
    clients = [world.client(campaign, person_id=person) for _ in range(3)]
    assert numbers(world, campaign) == [client.number for client in clients[:2]]


def test_a_call_that_is_out_elsewhere_counts_until_it_comes_back(world: World) -> None:
    one, two = capped(world)
    person = world.person()
    world.client(one, person_id=person)
    anna, other = world.client(two, person_id=person), world.client(two)
    (row,) = world.dial(one)
    assert world.dialled(two) == [other.number]
    assert held(world, anna)[0] is None
    world.result(row.record_key, "NO_ANSWER", world.at(1))
    assert numbers(world, two, world.at(2)) == [anna.number, other.number]


def test_a_rule_of_a_client_does_not_hold_the_persons_other_clients(world: World) -> None:
    (campaign,) = capped(world, None, 1, subject_id=CLIENT, counts_id=1)
    person = world.person()
    first = world.client(campaign, "MH", person_id=person)
    reached(world, campaign, first)
    second = world.client(campaign, person_id=person)
    assert numbers(world, campaign, world.at(1)) == [second.number]
    assert [held(world, first, position)[0] for position in (0, 1)] == [DAY_END, DAY_END]


def test_a_rule_of_a_number_holds_the_phone_and_not_the_clients_others(world: World) -> None:
    (campaign,) = capped(world, None, 1, subject_id=NUMBER, counts_id=1)
    world.strategy(campaign, phone_keys=("type", "attempts", "result"))
    anna = world.client(campaign, "MH")
    reached(world, campaign, anna)
    world.dialled(campaign, world.at(1))
    assert [held(world, anna, position)[0] for position in (0, 1)] == [DAY_END, None]
    assert numbers(world, campaign, world.at(2)) == [anna.numbers[1]]


def test_a_phone_whose_number_is_held_longer_than_its_client_is_held_longer_alone(world: World) -> None:
    (campaign,) = capped(world, None, 1, subject_id=NUMBER, window_id=2)
    world.strategy(campaign, phone_keys=("result", "attempts", "type"), phone_most_first=True)
    world.cap(campaign, subject_id=CLIENT)
    anna = world.client(campaign, "MH")
    reached(world, campaign, anna)
    assert numbers(world, campaign, world.at(1)) == []
    assert sorted(held(world, anna, position)[0] for position in (0, 1)) == [DAY_END, WEEK_END]
    assert numbers(world, campaign, DAY_END) == [anna.numbers[1]]


@pytest.mark.parametrize(("result", "hours"), [("ABANDONED", 72), ("ANSWERING_MACHINE", 24)])
def test_the_presets_of_ofcom_hold_a_number_after_what_they_name(world: World, result: str, hours: int) -> None:
    (campaign,) = capped(world, "UK_OFCOM_ABANDONED", 1)
    world.cap(campaign, "UK_OFCOM_MACHINE")
    world.strategy(campaign, technical_results=AT_ONCE | {"ABANDONED": ResultForm(5, None)})
    anna = world.client(campaign)
    reached(world, campaign, anna, result="VOICE")
    reached(world, campaign, anna, world.at(1), result=result)
    assert numbers(world, campaign, world.at(2)) == []
    assert held(world, anna)[0] == world.at(1, hours=hours)


def test_the_preset_of_regulation_f_counts_a_talk_with_an_agent(world: World) -> None:
    (campaign,) = capped(world, "US_REG_F_TALK", 1)
    anna = world.client(campaign)
    world.attempt(campaign, "VOICE")
    world.attempt(campaign, "VOICE", world.at(1), agent="1001")
    assert numbers(world, campaign, world.at(2)) == []
    assert held(world, anna)[0] == world.at(1, days=7)


# -- What does not hold


def test_a_rule_that_only_warns_does_not_hold(world: World) -> None:
    (campaign,) = capped(world, None, 1, is_hold=False)
    anna = world.client(campaign)
    reached(world, campaign, anna)
    assert numbers(world, campaign, world.at(1)) == [anna.number]


@pytest.mark.parametrize(
    "columns", [{"is_enabled": False}, {"valid_to": date(2026, 11, 22)}, {"valid_from": date(2026, 11, 24)}]
)
def test_a_rule_that_is_not_in_force_does_not_hold(world: World, columns: dict[str, Any]) -> None:
    (campaign,) = capped(world, None, 1, **columns)
    anna = world.client(campaign)
    reached(world, campaign, anna)
    assert numbers(world, campaign, world.at(1)) == [anna.number]


# -- The hours


def test_the_hours_of_russia_are_8_to_22_and_at_weekends_9_to_20(world: World) -> None:
    (campaign,) = capped(world, "RU_230_HOURS", 1)
    anna = world.client(campaign, loaded_at=datetime(2026, 11, 1))

    def is_dialled(day: int, hour: int, minute: int) -> bool:
        return world.dialled(campaign, datetime(2026, 11, day, hour - 3, minute)) == [anna.number]

    assert [is_dialled(23, 7, 59), is_dialled(23, 8, 0), is_dialled(23, 21, 59), is_dialled(23, 22, 0)] == [
        False, True, True, False,
    ]  # fmt: skip
    for day in (28, 29):
        assert [is_dialled(day, 8, 59), is_dialled(day, 9, 0), is_dialled(day, 19, 59), is_dialled(day, 20, 0)] == [
            False, True, True, False,
        ]  # fmt: skip


def test_the_hours_of_a_rule_are_those_of_the_zone_of_the_phone(world: World) -> None:
    (campaign,) = capped(world, "RU_230_HOURS", 1)
    anna = world.client(campaign, phone_zones=("Asia/Vladivostok",), loaded_at=datetime(2026, 11, 1))
    assert world.dialled(campaign, datetime(2026, 11, 22, 22)) == [anna.number]  # Monday 8:00 there
    assert world.dialled(campaign, datetime(2026, 11, 23, 12)) == []  # 22:00 there


def test_the_hours_of_the_campaign_hold_inside_those_of_the_rule(world: World) -> None:
    (campaign,) = capped(world, "RU_230_HOURS", 1)
    world.strategy(campaign, schedule=ScheduleForm.daily("Noon", 12 * 60, 13 * 60))
    anna = world.client(campaign)
    assert world.dialled(campaign, world.at(hours=1)) == []
    assert world.dialled(campaign) == [anna.number]


# -- Callbacks


def test_a_due_callback_obeys_the_caps_and_is_dialled_when_they_let_go(world: World) -> None:
    one, two = capped(world)
    person = world.person()
    reached(world, one, world.client(one, person_id=person))
    anna, other = world.client(two, person_id=person), world.client(two)
    callback = world.callback(anna, world.at(10))
    assert world.dialled(two, world.at(10)) == [other.number]
    assert held(world, anna)[0] == DAY_END
    (row,) = world.rows(Callback, Callback.callback_id == callback)
    assert (row["state_id"], row["record_key"]) == (1, None)
    rows = world.take(two, DAY_END)
    assert [(row.number, row.processing_id) for row in rows] == [(anna.number, 2), (other.number, 1)]


def test_a_callback_and_the_queue_do_not_call_one_person_twice(world: World) -> None:
    (campaign,) = capped(world, count=1)
    person = world.person()
    world.client(campaign, person_id=person)
    promised = world.client(campaign, person_id=person)
    world.callback(promised, world.now, agent="1001")
    assert numbers(world, campaign) == [promised.number]


# -- Many


def test_a_block_looks_behind_many_that_are_held(world: World) -> None:
    one, two = capped(world)
    world.strategy(two, block_size=5)
    persons = [world.person() for _ in range(40)]
    for person in persons:
        world.client(one, person_id=person)
    rows = world.dial(one)
    world.apply(*(world.row(row.record_key, "VOICE") for row in rows))
    for person in persons:
        world.client(two, person_id=person)
    others = [world.client(two) for _ in range(5)]
    assert numbers(world, two, world.at(1)) == [client.number for client in others]


def test_no_block_is_left_where_all_are_held(world: World) -> None:
    one, two = capped(world)
    person = world.person()
    reached(world, one, world.client(one, person_id=person))
    world.client(two, person_id=person)
    assert numbers(world, two) == []
    assert world.rows(Record, Record.campaign_id == two) == []
    assert world.query("SELECT b.block_id FROM dialing.block AS b WHERE b.campaign_id = :id", id=two) == []
