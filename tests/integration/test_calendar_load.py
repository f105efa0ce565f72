"""`acm calendar` and app.calendars: the days of the library `holidays`, and those that are corrected by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, delete

from app.calendars import correct_day, load_calendar, read_days
from app.cli import main
from app.database.engine import create_engine
from app.errors import AcmError
from app.models.strategy import Calendar, CalendarDay
from app.settings import get_settings

pytestmark = pytest.mark.mission("M21")

FRIDAY, SUNDAY = 5, 7


def days(connection: Connection) -> dict[date, int]:
    return {day.on_date: day.as_weekday for day in read_days(connection, "RU")}


def test_days_off_take_the_periods_of_sunday_moved_ones_too(connection: Connection) -> None:
    summary = load_calendar(connection, "ru", range(2026, 2028))
    found = days(connection)
    assert found[date(2026, 11, 4)] == SUNDAY
    assert found[date(2026, 1, 9)] == found[date(2026, 12, 31)] == SUNDAY  # moved from weekends
    assert found[date(2027, 2, 22)] == SUNDAY
    assert date(2026, 11, 5) not in found
    assert {day.year for day in found} == {2026, 2027}
    names = {day.on_date: day.name for day in read_days(connection, "RU")}
    assert names[date(2026, 11, 4)] == "День народного единства"
    assert summary.days_off == sum(weekday == SUNDAY for weekday in found.values()) > 30


def test_a_worked_weekend_takes_the_periods_of_friday(connection: Connection) -> None:
    assert load_calendar(connection, "RU", [2027]).worked_weekends == 1
    found = days(connection)
    assert {day: weekday for day, weekday in found.items() if weekday == FRIDAY} == {date(2027, 2, 20): FRIDAY}


def test_a_corrected_day_outlives_a_load(connection: Connection) -> None:
    load_calendar(connection, "RU", [2026])
    before = days(connection)
    correct_day(connection, "RU", date(2026, 11, 4), 3, "worked here")
    correct_day(connection, "RU", date(2026, 11, 5), 0, "closed here")
    summary = load_calendar(connection, "RU", [2026])
    assert summary.kept == 2
    assert days(connection) == before | {date(2026, 11, 4): 3, date(2026, 11, 5): 0}


def test_years_that_are_not_loaded_stay(connection: Connection) -> None:
    load_calendar(connection, "RU", [2026])
    first = days(connection)
    load_calendar(connection, "RU", [2027])
    assert {day: weekday for day, weekday in days(connection).items() if day.year == 2026} == first


@pytest.mark.parametrize(("code", "years"), [("XX", [2026]), ("RU", []), ("RU", [1900]), ("RU", [9999])])
def test_what_cannot_be_loaded_is_refused(connection: Connection, code: str, years: list[int]) -> None:
    with pytest.raises(AcmError):
        load_calendar(connection, code, years)


def test_a_weekday_is_0_to_7(connection: Connection) -> None:
    with pytest.raises(AcmError):
        correct_day(connection, "RU", date(2026, 11, 4), 8, "")


# -- the command ---------------------------------------------------------------------------------------------------


@pytest.fixture
def acm(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, home: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Any]:
    url = engine.url.render_as_string(hide_password=False)
    for name, value in {"DATABASE_URL": url, "HOME": str(home), "LANGUAGE": "en"}.items():
        monkeypatch.setenv(f"ACM_{name}", value)
    get_settings.cache_clear()

    def acm(*words: str) -> tuple[int, str, str]:
        """Exit code, standard output and standard error of `acm calendar` with these words."""
        code = 0
        try:
            main(["calendar", *words])
        except SystemExit as end:
            code = int(end.code or 0)
        output, errors = capsys.readouterr()
        return code, output, errors

    yield acm
    get_settings.cache_clear()
    own = create_engine(url, "acm tests")
    with own.begin() as connection:
        connection.execute(delete(CalendarDay))
        connection.execute(delete(Calendar))
    own.dispose()


def test_a_calendar_is_loaded_corrected_and_shown(acm: Any) -> None:
    assert acm("show", "RU")[0] == 1
    code, output, errors = acm("load", "RU", "--years", "2026-2027")
    assert (code, errors) == (0, "")
    assert "worked weekends: 1, left as corrected by hand: 0" in output
    assert acm("set", "RU", "05.11.2026", "--as", "0", "--name", "closed") == (0, "05.11.2026: no dialling\n", "")
    assert "left as corrected by hand: 1" in acm("load", "RU", "--years", "2026")[1]
    output = acm("show", "RU")[1]
    lines = {line.split("│")[1].strip(): line for line in output.splitlines() if line.startswith("│")}
    assert "no dialling" in lines["05.11.2026"] and "by hand" in lines["05.11.2026"]
    assert "Sunday" in lines["04.11.2026"] and "Friday" in lines["20.02.2027"]


@pytest.mark.parametrize("years", ["26", "2027-2026", "all"])
def test_wrong_years_are_a_wrong_option(acm: Any, years: str) -> None:
    code, _, errors = acm("load", "RU", "--years", years)
    assert code == 2 and years in errors
