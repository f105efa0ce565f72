"""strategy.cap_window: the limits of calls that a campaign obeys, and where their windows begin and end."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from world import World

DAY, WEEK, MONTH, LAST_MINUTES = 1, 2, 3, 4


def windows(world: World, campaign: int, zone: str | int = "Europe/Moscow", at: datetime | None = None) -> list[Any]:
    return world.query(
        "SELECT w.* FROM strategy.cap_window(:campaign, :zone, :at) AS w ORDER BY w.cap_rule_id",
        campaign=campaign, zone=zone if isinstance(zone, int) else world.zone(zone), at=at or world.now,
    )  # fmt: skip


def window(
    world: World, campaign: int, zone: str | int = "Europe/Moscow", at: datetime | None = None
) -> tuple[Any, Any]:
    (row,) = windows(world, campaign, zone, at)
    return row["starts_at"], row["ends_at"]


def test_a_window_in_full(world: World) -> None:
    campaign = world.campaign()
    rule = world.cap(campaign, subject_id=2, window_id=LAST_MINUTES, window_minutes=90, limit_value=3, is_hold=False)
    assert windows(world, campaign) == [
        {
            "cap_rule_id": rule, "code": windows(world, campaign)[0]["code"], "subject_id": 2, "limit_value": 3,
            "window_minutes": 90, "is_hold": False, "starts_at": datetime(2026, 11, 23, 7, 30, 0, 1000), "ends_at": None,
            "valid_until": None,
        }
    ]  # fmt: skip


def test_the_presets_of_russia_are_a_day_a_week_and_a_month_and_hours_have_no_window(world: World) -> None:
    campaign = world.campaign()
    for code in ("RU_230_DAY", "RU_230_WEEK", "RU_230_MONTH", "RU_230_HOURS"):
        world.cap(campaign, code)
    found = {row["code"]: (row["limit_value"], row["starts_at"], row["ends_at"]) for row in windows(world, campaign)}
    assert found == {
        "RU_230_DAY": (1, datetime(2026, 11, 22, 21), datetime(2026, 11, 23, 21)),
        "RU_230_WEEK": (2, datetime(2026, 11, 22, 21), datetime(2026, 11, 29, 21)),
        "RU_230_MONTH": (8, datetime(2026, 10, 31, 21), datetime(2026, 11, 30, 21)),
    }


def test_a_day_is_that_of_the_zone(world: World) -> None:
    campaign = world.campaign()
    world.cap(campaign, window_id=DAY)
    assert window(world, campaign, "Asia/Vladivostok") == (datetime(2026, 11, 22, 14), datetime(2026, 11, 23, 14))
    last = datetime(2026, 11, 23, 13, 59, 59)
    assert window(world, campaign, "Asia/Vladivostok", last)[1] == datetime(2026, 11, 23, 14)
    midnight = datetime(2026, 11, 23, 14)
    assert window(world, campaign, "Asia/Vladivostok", midnight) == (midnight, datetime(2026, 11, 24, 14))


@pytest.mark.parametrize(
    ("at", "monday"),
    [
        (datetime(2026, 11, 22, 20, 59), 15),  # Sunday 23:59 in Moscow
        (datetime(2026, 11, 22, 21, 0), 22),  # Monday 00:00
        (datetime(2026, 11, 29, 20, 59), 22),
    ],
)
def test_a_week_begins_on_monday(world: World, at: datetime, monday: int) -> None:
    campaign = world.campaign()
    world.cap(campaign, window_id=WEEK)
    assert window(world, campaign, at=at) == (datetime(2026, 11, monday, 21), datetime(2026, 11, monday + 7, 21))


def test_a_month_ends_with_its_last_day_also_that_of_a_year(world: World) -> None:
    campaign = world.campaign()
    world.cap(campaign, window_id=MONTH)
    last = datetime(2026, 12, 31, 20, 59)
    assert window(world, campaign, at=last) == (datetime(2026, 11, 30, 21), datetime(2026, 12, 31, 21))
    assert window(world, campaign, at=datetime(2026, 12, 31, 21))[0] == datetime(2026, 12, 31, 21)
    february = datetime(2027, 2, 10)
    assert window(world, campaign, at=february) == (datetime(2027, 1, 31, 21), datetime(2027, 2, 28, 21))


def test_the_day_on_which_the_clocks_change_is_as_long_as_it_is(world: World) -> None:
    campaign = world.campaign()
    berlin = world.add_zone("Europe/Berlin")
    rule = world.cap(campaign, window_id=DAY)
    spring = window(world, campaign, berlin, datetime(2026, 3, 29, 12))
    assert spring == (datetime(2026, 3, 28, 23), datetime(2026, 3, 29, 22))
    autumn = window(world, campaign, berlin, datetime(2026, 10, 25, 12))
    assert autumn == (datetime(2026, 10, 24, 22), datetime(2026, 10, 25, 23))
    other = world.campaign()
    world.cap(other, rule, window_id=MONTH)
    assert window(world, other, berlin, datetime(2026, 10, 30)) == (
        datetime(2026, 9, 30, 22),
        datetime(2026, 10, 31, 23),
    )


def test_the_last_minutes_begin_right_behind_the_moment_that_is_so_long_ago(world: World) -> None:
    campaign = world.campaign()
    world.cap(campaign, window_id=LAST_MINUTES, window_minutes=1440)
    assert window(world, campaign) == (datetime(2026, 11, 22, 9, 0, 0, 1000), None)
    assert window(world, campaign, "Asia/Vladivostok") == (datetime(2026, 11, 22, 9, 0, 0, 1000), None)


def test_a_rule_holds_from_its_first_to_its_last_local_day(world: World) -> None:
    campaign = world.campaign()
    world.cap(campaign, valid_from=date(2026, 11, 23), valid_to=date(2026, 11, 24))

    def holds(at: datetime, zone: str = "Europe/Moscow") -> bool:
        return bool(windows(world, campaign, zone, at))

    assert [holds(datetime(2026, 11, 22, 20, 59)), holds(datetime(2026, 11, 22, 21))] == [False, True]
    assert [holds(datetime(2026, 11, 24, 20, 59)), holds(datetime(2026, 11, 24, 21))] == [True, False]
    assert [
        holds(datetime(2026, 11, 22, 13, 59), "Asia/Vladivostok"),
        holds(datetime(2026, 11, 22, 14), "Asia/Vladivostok"),
    ] == [
        False,
        True,
    ]


def test_a_rule_is_over_when_its_last_local_day_is(world: World) -> None:
    campaign = world.campaign()
    rule = world.cap(campaign, window_id=LAST_MINUTES, window_minutes=60, valid_to=date(2026, 11, 24))

    def valid_until(zone: str) -> datetime | None:
        (row,) = windows(world, campaign, zone)
        return row["valid_until"]

    assert valid_until("Europe/Moscow") == datetime(2026, 11, 24, 21)
    assert valid_until("Asia/Vladivostok") == datetime(2026, 11, 24, 14)
    for last in (None, date(9999, 12, 31)):
        world.cap(world.campaign(), rule, valid_to=last)
        assert valid_until("Europe/Moscow") is None


def test_a_rule_that_is_off_has_no_window(world: World) -> None:
    campaign = world.campaign()
    world.cap(campaign, is_enabled=False)
    on = world.cap(campaign)
    assert [row["cap_rule_id"] for row in windows(world, campaign)] == [on]


def test_only_the_rules_of_the_campaign_are_given(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    shared = world.cap(one)
    own = world.cap(two)
    world.cap(two, shared)
    assert [row["cap_rule_id"] for row in windows(world, one)] == [shared]
    assert [row["cap_rule_id"] for row in windows(world, two)] == [shared, own]
    assert windows(world, world.campaign()) == []
