"""Production calendars on the screen: a year is filled, a day corrected, a correction undone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from app import calendars
from app.admin.calendars import kind
from app.calendars import Day
from app.models.access import Audit
from app.models.strategy import CalendarDay

CALENDARS = "/dictionaries/calendars/"
SHEET = {"X-Acm-Sheet": "1"}


@pytest.fixture(autouse=True)
def _empty(web_engine: Engine) -> Iterator[None]:
    yield
    with web_engine.begin() as connection:
        connection.execute(delete(CalendarDay))


def days(engine: Engine) -> dict[date, Day]:
    with engine.connect() as connection:
        return {day.on_date: day for day in calendars.read_days(connection, "RU")}


@pytest.mark.parametrize(
    ("on_date", "as_weekday", "expected"),
    [
        (date(2026, 11, 4), 7, "off"), (date(2026, 11, 4), None, "work"), (date(2026, 11, 4), 3, "work"),
        (date(2026, 11, 4), 1, "other"), (date(2026, 11, 4), 0, "closed"), (date(2026, 11, 7), None, "weekend"),
        (date(2026, 11, 7), 5, "worked"), (date(2026, 11, 8), 7, "off"), (date(2026, 11, 7), 6, "weekend"),
    ],
)  # fmt: skip
def test_a_day_is_drawn_by_whose_hours_it_takes(on_date: date, as_weekday: int | None, expected: str) -> None:
    assert kind(on_date, None if as_weekday is None else Day(on_date, as_weekday, "")) == expected


@pytest.mark.mission("M21")
def test_a_year_is_filled_and_shown_in_words(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    assert "The year is not filled" in browser.text(f"{CALENDARS}?year=2026")
    answer = browser.post(f"{CALENDARS}RU/2026/load", follow_redirects=True).get_data(as_text=True)
    assert "Days off: " in answer
    page = browser.text(f"{CALENDARS}?year=2026")
    assert "The year is not filled" not in page
    assert 'aria-label="09.05.2026, Saturday, day off, День Победы"' in page.replace(" (выходной)", "")
    assert days(web_engine)[date(2026, 5, 9)].as_weekday == 7
    assert (
        browser.post(f"{CALENDARS}RU/1999/load", follow_redirects=True).get_data(as_text=True).count("Years are from")
    )


def test_a_day_is_corrected_and_stays_when_the_year_is_filled_again(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser, day = signed_in("dictionary_editor"), date(2027, 3, 9)
    form = {"as_weekday": "0", "name": "Ремонт"}
    answer = browser.post(f"{CALENDARS}RU/2027-03-09", form, headers=SHEET)
    assert answer.get_json() == {"next": f"{CALENDARS}?code=RU&year=2027"}
    assert days(web_engine)[day] == Day(day, 0, "Ремонт", True)
    browser.post(f"{CALENDARS}RU/2027/load")
    assert days(web_engine)[day] == Day(day, 0, "Ремонт", True)
    with web_engine.connect() as connection:
        row = connection.execute(
            select(Audit.__table__).where(Audit.action == "calendar_day").order_by(Audit.audit_id.desc()).limit(1)
        ).one()
    assert json.loads(row.before)["as_weekday"] == 2 and json.loads(row.after)["as_weekday"] == 0


def test_a_correction_is_undone_to_what_the_library_says(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    for day, as_weekday in (("2027-05-09", "5"), ("2027-03-09", "0")):
        browser.post(f"{CALENDARS}RU/{day}", {"as_weekday": as_weekday, "name": ""})
        browser.post(f"{CALENDARS}RU/{day}/restore")
    found = days(web_engine)
    assert found[date(2027, 5, 9)].as_weekday == 7 and not found[date(2027, 5, 9)].is_corrected
    assert date(2027, 3, 9) not in found


def test_what_is_wrong_is_refused(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    for as_weekday in ("", "8", "01"):
        assert browser.post(f"{CALENDARS}RU/2027-03-09", {"as_weekday": as_weekday}).status_code == 400
    for path in ("RU/2027-02-30", "XX/2027-03-09", "RU/1990-01-01"):
        assert browser.get(f"{CALENDARS}{path}").status_code == 404
    page = browser.post(f"{CALENDARS}RU/2027-03-09", {"as_weekday": "1", "name": "x" * 201}, headers=SHEET)
    assert "At most 200 characters." in page.get_data(as_text=True)
    assert days(web_engine) == {}


def test_who_may_only_look_has_no_links_to_days(signed_in: Callable[..., Any]) -> None:
    page = signed_in("reviewer").text(f"{CALENDARS}?year=2027")
    assert "data-sheet" not in page.split('class="months"')[1].split("year-days")[0]
    assert "/load" not in page
    assert signed_in("reviewer").post(f"{CALENDARS}RU/2027-03-09", {"as_weekday": "1"}).status_code == 403


def test_a_day_that_is_over_has_a_warning(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("dictionary_editor")
    assert "This day is over." in browser.text(f"{CALENDARS}RU/2020-03-09")
    assert "This day is over." not in browser.text(f"{CALENDARS}RU/2099-03-09")
