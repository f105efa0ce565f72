"""strategy.dial_class_state: every rule that a class passes or fails as a whole, at a moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from world import AROUND_THE_CLOCK, NO_MOMENT, World

from app.campaigns import PhoneTypeForm, ResultForm, ScheduleForm
from app.models.dictionary import TimeZoneOffset
from app.models.strategy import StrategyVersion
from app.procedures import dialing

MONDAY = date(2026, 11, 23)


def states(world: World, campaign: int, at: datetime | None = None) -> dict[int, dict[str, Any]]:
    rows = world.query(
        "SELECT s.* FROM strategy.dial_class_state(:campaign_id, :at) AS s", campaign_id=campaign, at=at or world.now
    )
    assert len({row["dial_class_id"] for row in rows}) == len(rows)
    return {row["dial_class_id"]: row for row in rows}


def test_a_class_in_full(world: World) -> None:
    campaign = world.campaign(no_result_priority=4)
    class_id = world.dial_class(campaign, client_attempts=2, phone_attempts=1)
    assert states(world, campaign) == {
        class_id: {
            "dial_class_id": class_id,
            "strategy_version_id": world.version_id(campaign),
            "segment_id": world.segment(campaign),
            "phone_type_id": world.type("M"),
            "zone_id": world.zone("Europe/Moscow"),
            "is_campaign_active": 1,
            "is_segment_open": 1,
            "bar_id": 0,
            "time_status_id": 0,
            "is_time_open": 1,
            "is_type_dialled": 1,
            "is_client_under": 1,
            "is_type_under": 1,
            "is_agent_under": 1,
            "is_day_under": 1,
            "is_in_schedule": 1,
            "is_cap_free": 1,
            "is_in_cap_hours": 1,
            "held_until": NO_MOMENT,
            "is_promised": 0,
            "schedule_id": world.rows(StrategyVersion, StrategyVersion.campaign_id == campaign)[0]["schedule_id"],
            "delay_minutes": 0,
            "ready_before": world.now,
            "client_priority": 4,
            "client_order": 2,
            "phone_key_1": 1,
            "phone_key_2": 4,
            "phone_key_3": 1,
            "is_allowed": 1,
            "is_open": 1,
        }
    }


def test_only_the_classes_of_the_campaign_are_given(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    first, second, third = world.dial_class(one), world.dial_class(two), world.dial_class(one)
    assert set(states(world, one)) == {first, third}
    assert set(states(world, two)) == {second}
    assert states(world, 0) == {}


def test_rules_that_fail_are_shown_beside_those_that_pass(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1, phone_types={"M": PhoneTypeForm(max_attempts=1)})
    tired = world.dial_class(campaign, client_attempts=1, phone_attempts=1)
    work = world.dial_class(campaign, phone_type_id=world.type("W"))
    dialing.campaign_stop(world.connection, campaign, world.now)
    flags = (
        "is_campaign_active", "is_segment_open", "is_type_dialled", "is_client_under", "is_type_under",
        "is_agent_under", "is_day_under", "is_in_schedule",
    )  # fmt: skip
    found = states(world, campaign)
    assert [found[tired][flag] for flag in flags] == [0, 1, 1, 0, 0, 1, 1, 1]
    assert [found[work][flag] for flag in flags] == [0, 1, 0, 1, 1, 1, 1, 1]


# -- The day


@pytest.mark.mission("M55")
def test_the_attempts_of_a_day_have_a_limit(world: World) -> None:
    campaign = world.campaign(max_day_attempts=2)
    classes = [
        world.dial_class(campaign, attempt_day=MONDAY, day_attempts=1),
        world.dial_class(campaign, attempt_day=MONDAY, day_attempts=2),
        world.dial_class(campaign, attempt_day=MONDAY - timedelta(days=1), day_attempts=2),
    ]
    found = states(world, campaign)
    assert [found[class_id]["is_day_under"] for class_id in classes] == [1, 0, 1]
    world.strategy(campaign, max_day_attempts=None)
    found = states(world, campaign)
    assert [found[class_id]["is_day_under"] for class_id in classes] == [1, 1, 1]


@pytest.mark.mission("M55")
def test_the_day_is_the_local_one_of_the_client(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK, max_day_attempts=1)
    moscow, vladivostok = world.zone("Europe/Moscow"), world.zone("Asia/Vladivostok")
    facts = {"attempt_day": MONDAY, "day_attempts": 1}
    classes = [
        world.dial_class(campaign, zone_id=zone, client_zone_id=client_zone, **facts)
        for zone, client_zone in ((moscow, moscow), (vladivostok, vladivostok), (vladivostok, moscow))
    ]

    def is_under(at: datetime) -> list[int]:
        found = states(world, campaign, at)
        return [found[class_id]["is_day_under"] for class_id in classes]

    assert is_under(datetime(2026, 11, 23, 13, 59, 59)) == [0, 0, 0]
    assert is_under(datetime(2026, 11, 23, 14, 0)) == [0, 1, 0]  # midnight in Vladivostok
    assert is_under(datetime(2026, 11, 23, 20, 59, 59)) == [0, 1, 0]
    assert is_under(datetime(2026, 11, 23, 21, 0)) == [1, 1, 1]  # midnight in Moscow


# -- The hours


@pytest.mark.mission("M20", "M39")
def test_the_hours_are_those_of_the_zone_of_the_phone(world: World) -> None:
    campaign = world.campaign()
    moscow, vladivostok = world.zone("Europe/Moscow"), world.zone("Asia/Vladivostok")
    classes = [
        world.dial_class(campaign, zone_id=zone, client_zone_id=client_zone)
        for zone, client_zone in ((moscow, moscow), (vladivostok, vladivostok), (vladivostok, moscow))
    ]

    def is_open(at: datetime) -> list[int]:
        found = states(world, campaign, at)
        return [found[class_id]["is_in_schedule"] for class_id in classes]

    assert is_open(datetime(2026, 11, 22, 22, 59)) == [0, 0, 0]
    assert is_open(datetime(2026, 11, 22, 23, 0)) == [0, 1, 1]
    assert is_open(datetime(2026, 11, 23, 6, 0)) == [1, 1, 1]
    assert is_open(datetime(2026, 11, 23, 11, 0)) == [1, 0, 0]


@pytest.mark.mission("M25")
def test_a_type_with_hours_of_its_own_opens_and_closes_by_itself(world: World) -> None:
    evenings = ScheduleForm.daily("Evenings", 18 * 60, 22 * 60)
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(), "H": PhoneTypeForm(schedule=evenings)})
    mobile, home = world.dial_class(campaign), world.dial_class(campaign, phone_type_id=world.type("H"))

    def is_open(hour: int) -> list[int]:
        found = states(world, campaign, datetime(2026, 11, 23, hour - 3, 30))
        return [found[mobile]["is_in_schedule"], found[home]["is_in_schedule"]]

    assert [is_open(hour) for hour in (8, 12, 19, 21, 22)] == [[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]


def test_nothing_is_handed_over_in_the_closing_margin(world: World) -> None:
    campaign = world.campaign(columns={"closing_margin_minutes": 10})
    class_id = world.dial_class(campaign)

    def is_open(minutes_before_closing: float) -> int:
        at = datetime(2026, 11, 23, 18, 0) - timedelta(minutes=minutes_before_closing)
        return int(states(world, campaign, at)[class_id]["is_in_schedule"])

    assert [is_open(minutes) for minutes in (11, 10.01, 10, 1, -1)] == [1, 1, 0, 0, 0]
    assert states(world, campaign, datetime(2026, 11, 23, 5, 55))[class_id]["is_in_schedule"] == 0  # opens at 06:00 UTC


def test_a_zone_without_an_offset_is_closed(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK)
    zone_id = world.add_zone("Europe/Berlin")
    known, unknown = world.dial_class(campaign), world.dial_class(campaign, zone_id=zone_id)
    assert [states(world, campaign)[class_id]["is_in_schedule"] for class_id in (known, unknown)] == [1, 1]
    world.connection.execute(TimeZoneOffset.__table__.delete().where(TimeZoneOffset.zone_id == zone_id))
    assert [states(world, campaign)[class_id]["is_in_schedule"] for class_id in (known, unknown)] == [1, 0]


# -- The delay


@pytest.mark.mission("M67")
def test_phones_are_ready_that_have_waited_for_the_delay_of_the_class(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(3, 90), "NO_ANSWER": ResultForm(3, None)})
    busy, none = (
        world.dial_class(campaign, phone_technical_result_id=world.technical(code)) for code in ("BUSY", "NO_ANSWER")
    )
    found = states(world, campaign, world.at(minutes=0.5))
    assert found[busy]["ready_before"] == world.at(minutes=-89.5)
    assert found[none]["ready_before"] == world.at(minutes=0.5)
