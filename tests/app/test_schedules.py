"""The dictionary of schedules: what may be written, what is kept, who may, and what is audited."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select

from app import clock, schedules
from app.campaigns import ScheduleForm, save_schedule
from app.models.access import Audit
from app.models.strategy import Campaign, Schedule, ScheduleDate, SchedulePeriod
from app.schedules import ScheduleError, parse_date, parse_periods, period_text

LIST = "/dictionaries/schedules/"
NEW_YEAR: dict[str, Any] = {
    "name": "Новый год 2019",
    **{f"week_{number}": "" for number in range(1, 8)},
    "on_date": ["01.01.2019", "08.03.2020", "06.02.2020"],
    "kind": ["open", "excluded", "open"],
    "periods": ["09:00 - 21:00", "", "09:00 - 18:00"],
}


@pytest.fixture(autouse=True)
def _own_templates(web_engine: Engine) -> Iterator[None]:
    """Each test has the dictionary for itself."""
    with web_engine.connect() as connection:
        before = {row.schedule_id for row in schedules.templates(connection)}
    yield
    with web_engine.begin() as connection:
        for row in schedules.templates(connection):
            if row.schedule_id not in before:
                schedules.delete_template(connection, row.schedule_id)


def template_id(engine: Engine, name: str) -> int:
    with engine.connect() as connection:
        return int(next(row.schedule_id for row in schedules.templates(connection) if row.name == name))


def kept(engine: Engine, schedule_id: int) -> ScheduleForm | None:
    with engine.connect() as connection:
        return schedules.template(connection, schedule_id)


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


# -- what may be written -----------------------------------------------------------------------------------------------


@pytest.mark.mission("M34")
@pytest.mark.parametrize(
    ("written", "periods"),
    [
        ("", []),
        ("09:00 - 21:00", [(540, 1260)]),
        ("9-21", [(540, 1260)]),
        ("09:00–21:00", [(540, 1260)]),
        ("14:00 - 18:00; 9:30-13:00", [(570, 780), (840, 1080)]),
        ("09:00 - 13:00, 13:00 - 18:00", [(540, 780), (780, 1080)]),
        ("22:00 - 06:00", [(1320, 360)]),
        ("08:00 - 12:00, 22:00 - 6", [(480, 720), (1320, 360)]),
        ("00:00 - 24:00", [(0, 1440)]),
        ("00:00 - 00:00", [(0, 1440)]),
        ("20:00 - 24:00", [(1200, 1440)]),
        ("20:00 - 00:00", [(1200, 0)]),
    ],
)
def test_periods_are_read_as_people_write_them(written: str, periods: list[tuple[int, int]]) -> None:
    assert parse_periods(written) == periods
    assert parse_periods(schedules.periods_text(periods)) == periods


@pytest.mark.parametrize(
    "written",
    [
        "9", "09:00", "-", "09:00 - ", "25:00 - 26:00", "24:00 - 25:00", "09:60 - 10:00", "09:00 - 24:30", "a - b",
        "09:00 - 12:00 - 15:00", "09:00 - 12:00, 11:00 - 15:00", "22:00 - 06:00, 23:00 - 23:30", "10:00 - 10:00",
        "٠٩:٠٠ - 21:٠٠x", ",".join(f"{hour}:00-{hour}:30" for hour in range(11)),
    ],
)  # fmt: skip
def test_what_is_not_a_period_is_refused(written: str) -> None:
    with pytest.raises(ScheduleError):
        parse_periods(written)


def test_dates_are_read_and_nonsense_is_refused() -> None:
    assert parse_date(" 08.03.2020 ") == parse_date("2020-03-08") == date(2020, 3, 8)
    for written in ("", "31.02.2020", "8 марта", "08.03.20", "01.01.1999", "01.01.2101", "2020"):
        with pytest.raises(ScheduleError):
            parse_date(written)
    assert period_text((540, 1260)) == "09:00 - 21:00"


# -- the page ----------------------------------------------------------------------------------------------------------


@pytest.mark.mission("M22", "M26", "M28", "M29", "M30", "M31", "M32", "M33", "M35", "M36")
def test_the_decks_schedule_is_made_and_shown_as_in_the_deck(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    answer = browser.post(f"{LIST}new", NEW_YEAR)
    assert answer.status_code == 302
    schedule_id = template_id(web_engine, "Новый год 2019")
    with web_engine.connect() as connection:
        rows = connection.execute(
            select(ScheduleDate.on_date, ScheduleDate.start_minute, ScheduleDate.end_minute, ScheduleDate.is_excluded)
            .where(ScheduleDate.schedule_id == schedule_id)
            .order_by(ScheduleDate.on_date)
        ).all()
    assert [tuple(row) for row in rows] == [
        (date(2019, 1, 1), 540, 1260, False), (date(2020, 2, 6), 540, 1080, False), (date(2020, 3, 8), 0, 0, True),
    ]  # fmt: skip

    browser.post("/language/ru")
    page = browser.text(f"{LIST}{schedule_id}")
    browser.post("/language/en")
    crumbs = page[page.index('class="crumbs"') : page.index("topbar-actions")]
    assert re.findall(r">([^<>]+)</(?:a|h1|span)>", crumbs) == ["Справочники", "Расписания обзвона", "Новый год 2019"]
    table = page[page.index('id="dates"') : page.index("</table>", page.index('id="dates"'))]
    assert re.findall(r"<th>([^<]*)</th>", table) == ["Дата", "Период", ""]
    shown = [
        re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in re.findall(r'<td class="shown">(.*?)</td>', table, re.S)
    ]
    assert shown == ["01.01.2019", "09:00 - 21:00", "06.02.2020", "09:00 - 18:00", "08.03.2020", "Исключен"]
    assert table.count(">Изменить</button>") == 3
    for label in ("Название расписания", "Добавить", "Сохранить", "Отмена", "Справка"):
        assert label in page, label


def test_a_schedule_is_changed_and_the_audit_says_from_what_to_what(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{LIST}new", NEW_YEAR)
    schedule_id = template_id(web_engine, "Новый год 2019")
    row = last_audit(web_engine, "schedule_add")
    assert (row.username, row.object_type, row.object_id) == ("dictionary_editor", "schedule", str(schedule_id))
    assert row.before is None and json.loads(row.after)["dates"]["2020-03-08"] == "excluded"

    changed = {
        **NEW_YEAR, "name": "Новый год 2020", "week_1": "9-13, 14-18", "week_5": "22:00 - 06:00", "on_date": ["31.12.2030"],
        "kind": ["open"], "periods": ["10-12"],
    }  # fmt: skip
    answer = browser.post(f"{LIST}{schedule_id}", changed)
    assert "The schedule “Новый год 2020” is saved." in browser.text(answer.location)
    assert kept(web_engine, schedule_id) == ScheduleForm(
        "Новый год 2020", [(1, 540, 780), (1, 840, 1080), (5, 1320, 360)], [(date(2030, 12, 31), 600, 720)]
    )
    row = last_audit(web_engine, "schedule_change")
    assert json.loads(row.before)["name"] == "Новый год 2019" and json.loads(row.before)["week"] == [""] * 7
    assert json.loads(row.after)["week"][4] == "22:00 - 06:00" and "2020-03-08" not in json.loads(row.after)["dates"]

    page = browser.text(f"{LIST}{schedule_id}")
    assert "until 06:00 of the next day" in page
    page = browser.text(LIST)
    assert "Mon 09:00 - 13:00, 14:00 - 18:00; Fri 22:00 - 06:00 (until 06:00 of the next day)" in page
    assert "1 date ahead: 31.12.2030 10:00 - 12:00" in page


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept_or_lost(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    wrong = {
        **NEW_YEAR, "name": "<b>x", "week_2": "9-12, 11-15", "on_date": ["31.02.2020", "08.03.2020", "08.03.2020", "1.1.2020"],
        "kind": ["excluded", "open", "excluded", "open"], "periods": ["", "nonsense", "", ""],
    }  # fmt: skip
    answer = browser.post(f"{LIST}new", wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    for text in (
        "Periods overlap: 09:00 - 12:00 and 11:00 - 15:00.", "“31.02.2020” is not a date.",
        "“nonsense” is not a period.", "This date stands in the table twice.", "Give the hours, or choose “Excluded”.",
    ):  # fmt: skip
        assert text in page, text
    assert page.count('class="field-error"') == 5 and page.count("is-editing") == 4 + 1  # and the template of a row
    assert 'value="nonsense"' in page and 'value="9-12, 11-15"' in page
    assert "&lt;b&gt;x" in page and "<b>x" not in page
    for name, text in (("", "Give the schedule a name."), ("x" * 201, "The name has at most 200 characters.")):
        assert text in browser.post(f"{LIST}new", {**NEW_YEAR, "name": name}).get_data(as_text=True)
    with web_engine.connect() as connection:
        assert not [row for row in schedules.templates(connection) if row.name in ("<b>x", "", "x" * 201)]


def test_two_schedules_of_one_name_are_refused_and_the_own_name_is_not(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{LIST}new", NEW_YEAR)
    again = browser.post(f"{LIST}new", {**NEW_YEAR, "name": "новый ГОД 2019"})
    assert again.status_code == 200 and "There is a schedule “новый ГОД 2019” already." in again.get_data(as_text=True)
    schedule_id = template_id(web_engine, "Новый год 2019")
    assert browser.post(f"{LIST}{schedule_id}", {**NEW_YEAR, "name": "НОВЫЙ год 2019"}).status_code == 302


def test_a_schedule_without_hours_is_kept_with_a_warning(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    answer = browser.post(f"{LIST}new", {"name": "Пусто"})
    assert "It has no hours: nobody is dialled by it." in browser.text(answer.location)
    assert kept(web_engine, template_id(web_engine, "Пусто")) == ScheduleForm("Пусто", [], [])


def test_a_copy_gets_a_free_name_and_the_same_rows(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{LIST}new", NEW_YEAR)
    first = template_id(web_engine, "Новый год 2019")
    for name in ("Новый год 2019 (copy)", "Новый год 2019 (copy 2)"):
        answer = browser.post(f"{LIST}{first}/copy")
        copied = template_id(web_engine, name)
        assert answer.location == f"{LIST}{copied}"
        assert kept(web_engine, copied).dates == kept(web_engine, first).dates  # type: ignore[union-attr]
        assert json.loads(last_audit(web_engine, "schedule_add").after)["name"] == name


def test_a_deleted_schedule_is_gone_with_its_rows_and_stands_in_the_audit(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{LIST}new", {**NEW_YEAR, "week_1": "9-18"})
    schedule_id = template_id(web_engine, "Новый год 2019")
    assert "Delete the schedule “Новый год 2019”?" in browser.text(LIST)
    answer = browser.post(f"{LIST}{schedule_id}/delete")
    assert "The schedule “Новый год 2019” is deleted." in browser.text(answer.location)
    with web_engine.connect() as connection:
        for table in (Schedule, ScheduleDate, SchedulePeriod):
            assert not connection.execute(select(table.schedule_id).where(table.schedule_id == schedule_id)).all()
    assert json.loads(last_audit(web_engine, "schedule_delete").before)["week"][0] == "09:00 - 18:00"
    assert browser.post(f"{LIST}{schedule_id}/delete").status_code == 404


def test_a_schedule_of_a_campaign_is_no_template(
    signed_in: Callable[..., Any], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    with web_engine.begin() as connection:
        own = save_schedule(connection, campaigns["ALPHA"], ScheduleForm.daily("Своё", 540, 1260), "tests", clock.now())
    browser = signed_in("dictionary_editor")
    assert "Своё" not in browser.text(LIST)
    assert browser.get(f"{LIST}{own}").status_code == 404
    assert browser.post(f"{LIST}{own}", NEW_YEAR).status_code == 404
    assert browser.post(f"{LIST}{own}/delete").status_code == 404
    with web_engine.begin() as connection:
        assert connection.scalar(select(Schedule.name).where(Schedule.schedule_id == own)) == "Своё"
        connection.execute(delete(SchedulePeriod).where(SchedulePeriod.schedule_id == own))
        connection.execute(delete(Schedule).where(Schedule.schedule_id == own))
        assert connection.scalar(select(Campaign.code).where(Campaign.campaign_id == campaigns["ALPHA"])) == "ALPHA"


def test_who_only_reads_sees_no_buttons_and_changes_nothing(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    signed_in("dictionary_editor").post(f"{LIST}new", NEW_YEAR)
    schedule_id = template_id(web_engine, "Новый год 2019")
    browser = signed_in("campaign_administrator")
    page = browser.text(f"{LIST}{schedule_id}")
    assert "<fieldset disabled>" in page and "Save" not in page and "data-edit-row" not in page
    assert "/delete" not in browser.text(LIST)
    assert browser.post(f"{LIST}{schedule_id}", {**NEW_YEAR, "name": "x"}).status_code == 403
    assert kept(web_engine, schedule_id).name == "Новый год 2019"  # type: ignore[union-attr]


def test_the_list_is_searched_by_name_and_says_when_nothing_fits(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{LIST}new", NEW_YEAR)
    browser.post(f"{LIST}new", {"name": "Лето", "week_1": "9-18", "week_2": "9-18", "week_3": "9-18", "week_7": "0-24"})
    assert "Новый год 2019" in browser.text(f"{LIST}?q=НОВЫЙ год 2019") and "Лето" not in browser.text(
        f"{LIST}?q=НОВЫЙ год 2019"
    )
    assert "Nothing fits the filter" in browser.text(f"{LIST}?q=qwerty")
    page = browser.text(LIST)
    assert "Mon–Wed 09:00 - 18:00; Sun 00:00 - 24:00 (around the clock)" in page
    assert "3 dates, all past" in page
    browser.post(f"{LIST}new", {"name": "Всегда", **{f"week_{number}": "9-18" for number in range(1, 8)}})
    assert "every day 09:00 - 18:00" in browser.text(f"{LIST}?q=всегда")


def test_dates_that_have_passed_are_told_from_those_ahead(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    today = clock.now().date()
    ahead = [today + timedelta(days=days) for days in (40, 30)]
    sent = {"name": "Даты", "on_date": [f"{one:%d.%m.%Y}" for one in (*ahead, today - timedelta(days=30))]}
    browser.post(f"{LIST}new", {**sent, "kind": ["excluded"] * 3, "periods": [""] * 3})
    assert f"2 dates ahead, next {ahead[1]:%d.%m.%Y} Excluded" in browser.text(LIST)
    page = browser.text(f"{LIST}{template_id(web_engine, 'Даты')}")
    assert page.count("date-row is-past") == 1
