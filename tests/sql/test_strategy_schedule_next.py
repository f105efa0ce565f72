"""strategy.schedule_next: when a schedule opens next. It agrees with strategy.schedule_open, on nights of clock changes too."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import World

from app.campaigns import ScheduleForm
from app.procedures.strategy import schedule_next

MON, TUE, WED, THU, FRI, SAT, SUN = range(1, 8)
NINE, TWENTY_ONE = 9 * 60, 21 * 60
BERLIN, NEW_YORK, MOSCOW = "Europe/Berlin", "America/New_York", "Europe/Moscow"

pytestmark = pytest.mark.mission("M20", "M21", "M22", "M24")


def next_at(world: World, form: ScheduleForm, at: str, zone: str = "UTC") -> str | None:
    found = schedule_next(world.connection, world.schedule(form), world.zone(zone), datetime.fromisoformat(at))
    return found and found.isoformat(" ", "milliseconds")


def test_an_open_schedule_is_open_now(world: World) -> None:
    form = ScheduleForm.daily("Daytime", NINE, TWENTY_ONE)
    for at in ("2026-11-23 09:00:00.000", "2026-11-23 12:34:56.789", "2026-11-23 20:59:59.999"):
        assert next_at(world, form, at) == at


def test_a_closed_schedule_opens_with_its_next_period(world: World) -> None:
    form = ScheduleForm("Mondays", [(MON, 540, 720), (MON, 780, 1080)])
    assert next_at(world, form, "2026-11-23 08:59:59.999") == "2026-11-23 09:00:00.000"
    assert next_at(world, form, "2026-11-23 12:00") == "2026-11-23 13:00:00.000"
    assert next_at(world, form, "2026-11-23 18:00") == "2026-11-30 09:00:00.000"


def test_the_time_is_that_of_the_zone(world: World) -> None:
    form = ScheduleForm.daily("Daytime", NINE, TWENTY_ONE)
    assert next_at(world, form, "2026-11-22 23:30", "Asia/Kamchatka") == "2026-11-22 23:30:00.000"
    assert next_at(world, form, "2026-11-23 10:00", "Asia/Kamchatka") == "2026-11-23 21:00:00.000"
    assert next_at(world, form, "2026-11-23 19:00", "Europe/Kaliningrad") == "2026-11-24 07:00:00.000"


def test_dates_and_the_calendar_are_obeyed(world: World) -> None:
    calendar = world.calendar({date(2026, 11, 24): 0, date(2026, 11, 26): SUN, date(2026, 11, 28): FRI})
    dates = [(date(2026, 11, 25), None, None), (date(2026, 11, 27), 600, 660)]
    form = ScheduleForm("Workdays", [(weekday, 540, 1080) for weekday in range(MON, SAT)], dates, calendar)
    opened = [next_at(world, form, f"2026-11-{day} 18:00") for day in (23, 27, 28)]
    assert opened == ["2026-11-27 10:00:00.000", "2026-11-28 09:00:00.000", "2026-11-30 09:00:00.000"]


def test_sixty_days_are_looked_at(world: World) -> None:
    form = ScheduleForm("One date", [], [(date(2026, 12, 31), NINE, TWENTY_ONE)])
    assert next_at(world, form, "2026-11-01 09:00") == "2026-12-31 09:00:00.000"
    assert next_at(world, form, "2026-11-01 08:59:59.999") is None
    assert next_at(world, ScheduleForm("Never", []), "2026-11-01 09:00") is None


def test_a_zone_without_offsets_and_a_schedule_that_is_not_there_give_nothing(world: World) -> None:
    schedule_id = world.schedule(ScheduleForm.daily("Daytime", NINE, TWENTY_ONE))
    assert schedule_next(world.connection, schedule_id, 1_000_000, world.now) is None
    assert schedule_next(world.connection, 1_000_000, world.zone("UTC"), world.now) is None


def test_the_hour_that_the_clocks_skip_opens_what_began_in_it(world: World) -> None:
    """On 29 March 2026 Berlin goes from 02:00 to 03:00, at 01:00 UTC."""
    world.add_zone(BERLIN)
    form = ScheduleForm("Night", [(SUN, 150, 240)])
    assert next_at(world, form, "2026-03-29 00:30", BERLIN) == "2026-03-29 01:00:00.000"
    assert next_at(world, form, "2026-03-29 02:00", BERLIN) == "2026-04-05 00:30:00.000"


def test_the_hour_that_comes_twice_opens_twice(world: World) -> None:
    """On 25 October 2026 Berlin goes from 03:00 back to 02:00, at 01:00 UTC."""
    world.add_zone(BERLIN)
    form = ScheduleForm("Night", [(SUN, 120, 150)])
    assert next_at(world, form, "2026-10-24 23:00", BERLIN) == "2026-10-25 00:00:00.000"
    assert next_at(world, form, "2026-10-25 00:30", BERLIN) == "2026-10-25 01:00:00.000"
    assert next_at(world, form, "2026-10-25 01:30", BERLIN) == "2026-11-01 01:00:00.000"


# -- agreement with strategy.schedule_open -------------------------------------------------------------------------

# Weeks around the nights on which the clocks of Berlin and New York change in 2026, with room for sixty days.
FIRST_DAYS = [date(2026, 3, 4), date(2026, 3, 26), date(2026, 10, 22), date(2026, 10, 29)]
minutes = st.integers(0, 96).map(lambda quarter: quarter * 15)
bounds = st.tuples(minutes.filter(lambda minute: minute < 1440), minutes).filter(lambda pair: pair[0] != pair[1])
offsets = st.integers(0, 9)


@st.composite
def cases(draw: st.DrawFn) -> tuple[list[tuple[int, int, int]], list[tuple[date, int | None, int | None]], dict[date, int], datetime]:
    first = draw(st.sampled_from(FIRST_DAYS))
    weekdays = draw(st.lists(st.tuples(st.integers(1, 7), bounds), max_size=4, unique_by=lambda x: (x[0], x[1][0])))
    dates = draw(st.dictionaries(offsets, st.none() | bounds, max_size=3))
    calendar = draw(st.dictionaries(offsets, st.sampled_from([0, 5, 7]), max_size=3))
    at = datetime.combine(first, datetime.min.time()) + timedelta(seconds=draw(st.integers(0, 5 * 86_400)))
    day = lambda offset: first + timedelta(days=offset)  # noqa: E731
    return (
        [(weekday, start, end) for weekday, (start, end) in weekdays],
        [(day(offset), *(pair or (None, None))) for offset, pair in dates.items()],
        {day(offset): weekday for offset, weekday in calendar.items()},
        at,
    )


@pytest.fixture
def zones(world: World) -> dict[str, int]:
    return {BERLIN: world.add_zone(BERLIN), NEW_YORK: world.add_zone(NEW_YORK), MOSCOW: world.zone(MOSCOW)}


def open_moments(world: World, schedule_id: int, zone_id: int, at: datetime, count: int) -> list[datetime]:
    """Those of the next `count` minutes, counted from `at`, at which strategy.schedule_open says open."""
    if world.connection.dialect.name == "mssql":
        join, moment = "CROSS APPLY", "DATEADD(MINUTE, a.n * 401 + b.n, CAST(:at AS datetime2(3)))"
    else:
        join, moment = "CROSS JOIN LATERAL", "CAST(:at AS timestamp) + (a.n * 401 + b.n) * INTERVAL '1 minute'"
    rows = world.query(
        f"SELECT {moment} AS moment FROM core.number_row AS a CROSS JOIN core.number_row AS b"
        f" {join} strategy.schedule_open(:schedule_id, :zone_id, {moment}) AS o"
        " WHERE a.n <= :last AND a.n * 401 + b.n < :count AND o.is_open = 1",
        schedule_id=schedule_id, zone_id=zone_id, at=at, count=count, last=count // 401,
    )  # fmt: skip
    return sorted(row["moment"] for row in rows)


def is_open(world: World, schedule_id: int, zone_id: int, at: datetime) -> bool:
    return open_moments(world, schedule_id, zone_id, at, 1) == [at]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases(), zone=st.sampled_from([BERLIN, NEW_YORK, MOSCOW]))
def test_it_says_what_schedule_open_says(world: World, zones: dict[str, int], case, zone: str) -> None:  # type: ignore[no-untyped-def]
    periods, dates, calendar, at = case
    schedule_id = world.schedule(ScheduleForm("Any", periods, dates, world.calendar(calendar)))
    zone_id = zones[zone]
    found = schedule_next(world.connection, schedule_id, zone_id, at)
    if found is None:
        assert open_moments(world, schedule_id, zone_id, at, 60 * 1440) == []
        return
    assert at <= found <= at + timedelta(days=60)
    assert is_open(world, schedule_id, zone_id, found)
    closed = int((found - at) / timedelta(minutes=1))
    assert open_moments(world, schedule_id, zone_id, at, closed) == []
    if found > at:
        assert not is_open(world, schedule_id, zone_id, found - timedelta(milliseconds=1))
