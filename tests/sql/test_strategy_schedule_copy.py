"""strategy.schedule_copy: templates are copied, not linked; and the templates that are there from the start."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, update
from world import World

from app.campaigns import ScheduleForm
from app.models.strategy import Calendar, Schedule, ScheduleDate, SchedulePeriod
from app.procedures.strategy import schedule_copy

pytestmark = pytest.mark.mission("M23")

DATES = [(date(2026, 12, 31), 600, 660), (date(2026, 12, 31), 720, 780), (date(2027, 1, 1), None, None)]


def rows_of(world: World, schedule_id: int) -> tuple[list[Any], list[Any]]:
    """Periods and dates of a schedule."""
    periods = world.rows(SchedulePeriod, SchedulePeriod.schedule_id == schedule_id)
    dates = world.rows(ScheduleDate, ScheduleDate.schedule_id == schedule_id)
    return (
        [(row["weekday"], row["start_minute"], row["end_minute"]) for row in periods],
        [(row["on_date"], row["start_minute"], row["end_minute"], row["is_excluded"]) for row in dates],
    )


def schedule_row(world: World, schedule_id: int) -> dict[str, Any]:
    (row,) = world.rows(Schedule, Schedule.schedule_id == schedule_id)
    return row


def test_a_copy_has_all_rows_and_the_calendar(world: World) -> None:
    calendar = world.calendar({date(2027, 1, 4): 7})
    source = world.schedule(ScheduleForm("Source", [(1, 540, 720), (1, 780, 1080), (7, 1320, 120)], DATES, calendar))
    campaign = world.campaign()
    copy = schedule_copy(world.connection, source, campaign, " Copy ", "tests", world.at(5))
    assert copy != source
    assert rows_of(world, copy) == rows_of(world, source)
    assert [len(rows) for rows in rows_of(world, copy)] == [3, 3]
    row = schedule_row(world, copy)
    assert (row["name"], row["campaign_id"], row["created_by"]) == ("Copy", campaign, "tests")
    assert row["created_at"] == world.at(5)
    (of_calendar,) = world.rows(Calendar, Calendar.code == calendar)
    assert row["calendar_id"] == of_calendar["calendar_id"]


def test_a_copy_without_a_campaign_is_a_template(world: World) -> None:
    source = world.schedule(ScheduleForm.daily("Source", 540, 1080))
    copy = schedule_copy(world.connection, source, None, "Template", "tests", world.now)
    row = schedule_row(world, copy)
    assert (row["campaign_id"], row["calendar_id"]) == (None, None)
    assert rows_of(world, copy) == rows_of(world, source)


def test_a_copy_is_not_linked(world: World) -> None:
    source = world.schedule(ScheduleForm("Source", [(1, 540, 1080)], DATES))
    copy = schedule_copy(world.connection, source, None, "Template", "tests", world.now)
    before = rows_of(world, copy)
    world.connection.execute(delete(ScheduleDate).where(ScheduleDate.schedule_id == source))
    world.connection.execute(
        update(SchedulePeriod).where(SchedulePeriod.schedule_id == source).values(end_minute=600)
    )
    assert rows_of(world, copy) == before
    assert rows_of(world, source) == ([(1, 540, 600)], [])


def template(world: World, name: str) -> tuple[list[Any], list[Any]]:
    (row,) = world.rows(Schedule, Schedule.name == name)
    assert row["campaign_id"] is None
    return rows_of(world, row["schedule_id"])


def test_there_are_templates_from_the_start(world: World) -> None:
    assert template(world, "Рабочие дни 9-18") == ([(weekday, 540, 1080) for weekday in range(1, 6)], [])
    assert template(world, "Ежедневно 9-21") == ([(weekday, 540, 1260) for weekday in range(1, 8)], [])


@pytest.mark.mission("M26", "M28", "M32", "M34", "M35", "M36")
def test_the_new_year_of_the_deck_is_one_of_them(world: World) -> None:
    periods, dates = template(world, "Новый год")
    assert periods == [(weekday, 540, 1260) for weekday in range(1, 8)]
    assert dates == [
        (date(2019, 1, 1), 540, 1260, False),
        (date(2020, 2, 6), 540, 1080, False),
        (date(2020, 3, 8), 0, 0, True),
    ]


def test_a_schedule_that_does_not_exist_is_refused(world: World) -> None:
    with world.refused(50080):
        schedule_copy(world.connection, 1_000_000, None, "Copy", "tests", world.now)


def test_a_campaign_that_does_not_exist_is_refused(world: World) -> None:
    source = world.schedule(ScheduleForm.daily("Source", 540, 1080))
    with world.refused(50001):
        schedule_copy(world.connection, source, 1_000_000, "Copy", "tests", world.now)


@pytest.mark.parametrize("name", ["", "  "])
def test_a_copy_has_a_name(world: World, name: str) -> None:
    source = world.schedule(ScheduleForm.daily("Source", 540, 1080))
    with world.refused(50081):
        schedule_copy(world.connection, source, None, name, "tests", world.now)
