"""strategy.schedule_open: whether a schedule is open in a zone at a moment."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from world import World

from app.campaigns import ScheduleForm

MON, TUE, WED, THU, FRI, SAT, SUN = range(1, 8)
NINE, TWENTY_ONE = 9 * 60, 21 * 60

pytestmark = pytest.mark.mission("M19", "M20", "M21", "M24")


@pytest.fixture
def is_open(world: World) -> Callable[..., bool | None]:
    """Whether a schedule is open at a local moment «2026-11-23 09:00:00.000» of a zone; None: there is no answer."""

    def ask(form: ScheduleForm, local: str, zone: str = "Europe/Moscow", offset_hours: float = 3) -> bool | None:
        schedule_id = world.schedule(form)
        moment = datetime.fromisoformat(local)
        rows = world.query(
            "SELECT o.local_time, o.is_open FROM strategy.schedule_open(:schedule_id, :zone_id, :at) AS o",
            schedule_id=schedule_id,
            zone_id=world.zone(zone),
            at=moment - timedelta(hours=offset_hours),
        )
        if not rows:
            return None
        assert rows == [{"local_time": moment, "is_open": rows[0]["is_open"]}]
        return {0: False, 1: True}[rows[0]["is_open"]]

    return ask


@pytest.mark.mission("M34")
@pytest.mark.parametrize(
    ("local", "expected"),
    [
        ("2026-11-23 08:59:59.999", False),
        ("2026-11-23 09:00:00.000", True),
        ("2026-11-23 20:59:59.999", True),
        ("2026-11-23 21:00:00.000", False),
        ("2026-11-24 12:00:00.000", False),
    ],
)
def test_a_period_begins_with_its_first_minute_and_ends_before_its_last(
    is_open: Callable[..., bool], local: str, expected: bool
) -> None:
    assert is_open(ScheduleForm("Mondays", [(MON, NINE, TWENTY_ONE)]), local) is expected


@pytest.mark.parametrize("weekday", range(1, 8))
def test_weekdays_are_counted_from_monday(is_open: Callable[..., bool], weekday: int) -> None:
    form = ScheduleForm("One day", [(weekday, NINE, TWENTY_ONE)])
    days = [f"2026-11-{22 + day} 12:00:00" for day in range(1, 8)]
    assert [is_open(form, day) for day in days] == [day == weekday for day in range(1, 8)]


def test_a_day_may_have_several_periods(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("With a break", [(MON, 540, 720), (MON, 780, 1080)])
    moments = ["08:59", "09:00", "11:59", "12:00", "12:59", "13:00", "17:59", "18:00"]
    assert [is_open(form, f"2026-11-23 {moment}:00") for moment in moments] == [
        False, True, True, False, False, True, True, False,
    ]  # fmt: skip


def test_a_whole_day_is_open_to_its_last_millisecond(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("Monday", [(MON, 0, 1440)])
    moments = ["2026-11-22 23:59:59.999", "2026-11-23 00:00:00", "2026-11-23 23:59:59.999", "2026-11-24 00:00:00"]
    assert [is_open(form, moment) for moment in moments] == [False, True, True, False]


def test_a_period_across_midnight_goes_on_into_the_next_day(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("Sunday night", [(SUN, 1320, 120)])
    moments = [
        "2026-11-22 21:59:59", "2026-11-22 22:00:00", "2026-11-22 23:59:59", "2026-11-23 00:00:00",
        "2026-11-23 01:59:59", "2026-11-23 02:00:00", "2026-11-23 22:00:00",
    ]  # fmt: skip
    assert [is_open(form, moment) for moment in moments] == [False, True, True, True, True, False, False]


def test_the_night_of_a_day_does_not_open_its_own_morning(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("Monday night", [(MON, 1320, 120)])
    assert is_open(form, "2026-11-23 01:00:00") is False
    assert is_open(form, "2026-11-24 01:00:00") is True


@pytest.mark.mission("M22", "M36")
def test_a_date_has_its_own_periods_instead_of_those_of_its_weekday(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("With a short day", [(MON, NINE, TWENTY_ONE), (TUE, NINE, TWENTY_ONE)], [
        (date(2026, 11, 23), 600, 660), (date(2026, 11, 23), 720, 780)
    ])  # fmt: skip
    moments = ["2026-11-23 09:30", "2026-11-23 10:30", "2026-11-23 11:30", "2026-11-23 12:30", "2026-11-24 09:30"]
    assert [is_open(form, f"{moment}:00") for moment in moments] == [False, True, False, True, True]


def test_a_date_opens_a_weekday_that_has_no_periods(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("Working Saturday", [(MON, NINE, TWENTY_ONE)], [(date(2026, 11, 28), NINE, TWENTY_ONE)])
    assert is_open(form, "2026-11-28 12:00:00") is True
    assert is_open(form, "2026-12-05 12:00:00") is False


@pytest.mark.mission("M35", "M36")
def test_an_excluded_date_is_closed_all_day(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("Without the holiday", [(MON, NINE, TWENTY_ONE)], [(date(2026, 11, 23), None, None)])
    assert is_open(form, "2026-11-23 12:00:00") is False
    assert is_open(form, "2026-11-30 12:00:00") is True


def test_an_excluded_date_cuts_the_night_before_it_and_begins_none(is_open: Callable[..., bool]) -> None:
    nightly = [(weekday, 1320, 120) for weekday in range(1, 8)]
    form = ScheduleForm("Nights", nightly, [(date(2026, 11, 24), None, None)])
    moments = ["2026-11-23 23:00", "2026-11-24 01:00", "2026-11-24 23:00", "2026-11-25 01:00", "2026-11-25 23:00"]
    assert [is_open(form, f"{moment}:00") for moment in moments] == [True, False, False, False, True]


def test_a_night_goes_on_into_a_date_that_has_periods_of_its_own(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("Nights", [(MON, 1320, 120)], [(date(2026, 11, 24), 600, 660)])
    assert is_open(form, "2026-11-24 01:00:00") is True
    assert is_open(form, "2026-11-24 03:00:00") is False
    assert is_open(form, "2026-11-24 10:30:00") is True


def test_the_night_of_a_date_goes_on_into_the_next_day(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("One night", [(TUE, NINE, TWENTY_ONE)], [(date(2026, 11, 23), 1320, 120)])
    moments = ["2026-11-23 01:00", "2026-11-23 23:00", "2026-11-24 01:59", "2026-11-24 02:00", "2026-11-24 09:00"]
    assert [is_open(form, f"{moment}:00") for moment in moments] == [False, True, True, False, True]


def test_a_schedule_without_periods_is_never_open(is_open: Callable[..., bool]) -> None:
    assert is_open(ScheduleForm("Never", []), "2026-11-23 12:00:00") is False


@pytest.mark.mission("M20")
def test_the_time_is_that_of_the_zone(is_open: Callable[..., bool]) -> None:
    form = ScheduleForm.daily("Daytime", NINE, TWENTY_ONE)
    assert is_open(form, "2026-11-23 09:00:00", "Europe/Moscow", 3) is True
    assert is_open(form, "2026-11-23 13:00:00", "Asia/Yekaterinburg", 5) is True
    assert is_open(form, "2026-11-23 20:59:00", "Asia/Vladivostok", 10) is True
    assert is_open(form, "2026-11-23 21:00:00", "Asia/Vladivostok", 10) is False
    assert is_open(form, "2026-11-23 08:59:00", "Europe/Kaliningrad", 2) is False


def test_summer_time_moves_the_hours(world: World, is_open: Callable[..., bool]) -> None:
    world.add_zone("Europe/Berlin")
    form = ScheduleForm.daily("Daytime", NINE, TWENTY_ONE)
    assert is_open(form, "2026-10-24 09:00:00", "Europe/Berlin", 2) is True
    assert is_open(form, "2026-10-25 09:00:00", "Europe/Berlin", 1) is True
    assert is_open(form, "2026-10-25 08:59:00", "Europe/Berlin", 1) is False
    assert is_open(form, "2027-03-28 09:00:00", "Europe/Berlin", 2) is True


def test_the_hour_that_comes_twice_is_open_twice(world: World, is_open: Callable[..., bool]) -> None:
    world.add_zone("Europe/Berlin")
    form = ScheduleForm("Night", [(SUN, 120, 180)])
    assert is_open(form, "2026-10-25 02:30:00", "Europe/Berlin", 2) is True
    assert is_open(form, "2026-10-25 02:30:00", "Europe/Berlin", 1) is True
    assert is_open(form, "2026-10-25 03:00:00", "Europe/Berlin", 1) is False


def test_a_zone_without_an_offset_gives_no_answer(world: World) -> None:
    schedule_id = world.schedule(ScheduleForm.daily("Daytime", NINE, TWENTY_ONE))
    ask = "SELECT o.is_open FROM strategy.schedule_open(:schedule_id, :zone_id, :at) AS o"
    values = {"schedule_id": schedule_id, "at": world.now}
    assert world.query(ask, zone_id=world.zone("Europe/Moscow"), **values) == [{"is_open": 1}]
    assert world.query(ask, zone_id=0, **values) == []


# -- production calendars ------------------------------------------------------------------------------------------

WORKDAYS = [(weekday, NINE, 18 * 60) for weekday in range(MON, SAT)]
MONDAY, TUESDAY, SATURDAY = date(2026, 11, 23), date(2026, 11, 24), date(2026, 11, 28)


def opened(is_open: Callable[..., bool], form: ScheduleForm, *moments: str) -> list[bool]:
    return [is_open(form, f"{moment}:00") for moment in moments]


@pytest.mark.mission("M21")
def test_a_day_off_takes_the_periods_of_sunday(world: World, is_open: Callable[..., bool]) -> None:
    with_sunday = [*WORKDAYS, (SUN, 720, 780)]
    form = ScheduleForm("Workdays", with_sunday, calendar=world.calendar({MONDAY: SUN}))
    moments = ("2026-11-23 09:30", "2026-11-23 12:30", "2026-11-24 09:30", "2026-11-29 12:30")
    assert opened(is_open, form, *moments) == [False, True, True, True]
    assert opened(is_open, ScheduleForm("Workdays", with_sunday), *moments) == [True, True, True, True]


@pytest.mark.mission("M21")
def test_a_worked_saturday_takes_the_periods_of_friday(world: World, is_open: Callable[..., bool]) -> None:
    form = ScheduleForm("Workdays", WORKDAYS, calendar=world.calendar({SATURDAY: FRI}))
    assert opened(is_open, form, "2026-11-28 12:00", "2026-12-05 12:00") == [True, False]


@pytest.mark.mission("M22")
def test_a_date_row_comes_before_the_calendar(world: World, is_open: Callable[..., bool]) -> None:
    calendar = world.calendar({MONDAY: 0, TUESDAY: SUN, SATURDAY: FRI})
    dates = [(MONDAY, 600, 660), (SATURDAY, None, None)]
    form = ScheduleForm("Workdays", WORKDAYS, dates, calendar)
    moments = ("2026-11-23 09:30", "2026-11-23 10:30", "2026-11-24 10:30", "2026-11-28 10:30")
    assert opened(is_open, form, *moments) == [False, True, False, False]


def test_a_day_without_dialling_cuts_the_night_before_it_and_begins_none(
    world: World, is_open: Callable[..., bool]
) -> None:
    nightly = [(weekday, 1320, 120) for weekday in range(1, 8)]
    form = ScheduleForm("Nights", nightly, calendar=world.calendar({TUESDAY: 0}))
    moments = ("2026-11-23 23:00", "2026-11-24 01:00", "2026-11-24 23:00", "2026-11-25 01:00", "2026-11-25 23:00")
    assert opened(is_open, form, *moments) == [True, False, False, False, True]


def test_a_night_goes_on_into_a_day_off_and_the_night_of_a_day_off_is_that_of_sunday(
    world: World, is_open: Callable[..., bool]
) -> None:
    form = ScheduleForm("Nights", [(MON, 1320, 120), (SUN, 1380, 60)], calendar=world.calendar({TUESDAY: SUN}))
    moments = ("2026-11-24 01:30", "2026-11-24 22:30", "2026-11-24 23:30", "2026-11-25 00:30", "2026-11-25 01:30")
    assert opened(is_open, form, *moments) == [True, False, True, True, False]


def test_a_night_goes_on_into_a_date_of_its_own_although_the_calendar_excludes_the_day(
    world: World, is_open: Callable[..., bool]
) -> None:
    calendar = world.calendar({TUESDAY: 0})
    form = ScheduleForm("Nights", [(MON, 1320, 120)], [(TUESDAY, 600, 660)], calendar)
    assert opened(is_open, form, "2026-11-24 01:00", "2026-11-24 10:30", "2026-11-24 11:30") == [True, True, False]


def test_the_calendar_of_another_schedule_does_not_count(world: World, is_open: Callable[..., bool]) -> None:
    world.schedule(ScheduleForm("Other", WORKDAYS, calendar=world.calendar({MONDAY: 0})))
    assert opened(is_open, ScheduleForm("Workdays", WORKDAYS, calendar=world.calendar({})), "2026-11-23 12:00") == [True]
