"""The dictionary of schedules of services: the form, the line, the next runs, who may, what is audited."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, delete, select, update

from app.models.access import Audit
from app.models.ops import Service, ServiceSchedule

LIST = "/dictionaries/service-schedules/"
FORM: dict[str, Any] = {
    "name": "По будням", "mode": "builder", "minute_kind": "at", "minute": ["0", "30"], "hour_kind": "at",
    "hour": ["9", "18"], "weekday": ["1", "2", "3", "4", "5"], "day": ["all"], "month": "*", "second": "",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_schedules(web_engine: Engine) -> Iterator[None]:
    with web_engine.connect() as connection:
        before = {row.schedule_id: row for row in connection.execute(select(ServiceSchedule.__table__))}
        services = connection.execute(select(Service.__table__)).all()
    yield
    with web_engine.begin() as connection:
        for row in services:
            connection.execute(update(Service).where(Service.service_id == row.service_id).values(
                schedule_id=row.schedule_id, is_enabled=row.is_enabled, next_run_at=None))  # fmt: skip
        connection.execute(delete(ServiceSchedule).where(ServiceSchedule.schedule_id.not_in(before)))
        for row in before.values():
            connection.execute(update(ServiceSchedule).where(ServiceSchedule.schedule_id == row.schedule_id)
                               .values(name=row.name, cron=row.cron))  # fmt: skip


def kept(engine: Engine, name: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(ServiceSchedule.__table__).where(ServiceSchedule.name == name)).one_or_none()


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


@pytest.mark.mission("M230", "M231", "M232", "M233", "M234", "M235")
def test_the_decks_form_makes_a_schedule(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    answer = browser.post(f"{LIST}new", FORM)
    assert answer.status_code == 302 and answer.location == LIST
    row = kept(web_engine, "По будням")
    assert row.cron == "0,30 9,18 * * 1-5"
    audit = last_audit(web_engine, "service_schedule_add")
    assert (audit.username, audit.object_type, audit.object_id) == (
        "dictionary_editor", "service_schedule", str(row.schedule_id),
    )  # fmt: skip
    assert audit.before is None and json.loads(audit.after) == {"name": "По будням", "cron": "0,30 9,18 * * 1-5"}

    browser.post("/language/ru")
    page = browser.text(f"{LIST}{row.schedule_id}")
    listed = browser.text(LIST)
    browser.post("/language/en")
    for label in (
        "Название расписания", "Минуты", "Часы", "каждые", "в конкретное время", "День недели", "День месяца", "Все",
        "Строка cron", "Ближайшие пять запусков", "Сохранить", "Отмена", "Europe/Moscow",
    ):  # fmt: skip
        assert label in page, label
    crumbs = page[page.index('class="crumbs"') : page.index("topbar-actions")]
    assert re.findall(r">([^<>]+)</(?:a|h1|span)>", crumbs) == ["Справочники", "Расписания служб", "По будням"]
    checked = re.findall(r'name="(\w+)" value="(\w+)" checked', page)
    assert [value for name, value in checked if name == "weekday"] == ["1", "2", "3", "4", "5"]
    assert [value for name, value in checked if name == "hour"] == ["9", "18"]
    assert [value for name, value in checked if name == "day"] == ["all"]
    assert "в 09:00, 09:30, 18:00, 18:30, Пн–Пт" in page
    assert len(re.findall(r'<td class="number">\d\d\.\d\d\.\d{4} \d\d:\d\d</td>', page)) == 5
    assert "в 09:00, 09:30, 18:00, 18:30, Пн–Пт" in listed and "нет служб" in listed


def test_the_preview_keeps_form_and_line_in_step(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("dictionary_editor")
    found = browser.get(f"{LIST}preview.json", query_string=FORM).get_json()
    assert (found["line"], found["errors"]) == ("0,30 9,18 * * 1-5", {})
    assert found["words"] == "at 09:00, 09:30, 18:00, 18:30, Mon–Fri"
    assert len(found["runs"]) == 5 and all(run["ahead"].startswith("in ") for run in found["runs"])

    found = browser.get(f"{LIST}preview.json?mode=line&line=*/10 8-20 * 6 mon-fri */30").get_json()
    assert found["form"]["hour"] == list(range(8, 21)) and found["form"]["weekday"] == [1, 2, 3, 4, 5]
    assert (found["form"]["month"], found["form"]["second"]) == ("6", "*/30")
    found = browser.get(f"{LIST}preview.json?mode=line&line=0 9 L * *").get_json()
    assert found["form"] is None and len(found["runs"]) == 5 and found["errors"] == {}
    found = browser.get(f"{LIST}preview.json?mode=line&line=0 9 30 2 *").get_json()
    assert found["errors"] == {"line": "By this line no run would ever come."}
    assert browser.get(f"{LIST}preview.json").get_json()["errors"].keys() == {"minute", "hour"}


@pytest.mark.mission("M230")
def test_a_changed_line_has_its_services_planned_anew(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        service = connection.execute(select(Service.__table__).where(Service.code == "client_status")).one()
        connection.execute(update(Service).where(Service.service_id == service.service_id).values(
            is_enabled=True, next_run_at=service.next_run_at))  # fmt: skip
        row = connection.execute(
            select(ServiceSchedule.__table__).where(ServiceSchedule.schedule_id == service.schedule_id)
        ).one()
    browser = signed_in("dictionary_editor")
    answer = browser.post(f"{LIST}{row.schedule_id}", {"name": row.name, "mode": "line", "line": " */3  * * * * "})
    page = browser.text(answer.location)
    assert "is saved." in page and "1 service is planned anew within seconds." in page
    assert kept(web_engine, row.name).cron == "*/3 * * * *"
    audit = last_audit(web_engine, "service_schedule_change")
    assert json.loads(audit.before)["cron"] == row.cron and json.loads(audit.after)["cron"] == "*/3 * * * *"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "Give the schedule a name."),
        ({"name": "x" * 201}, "The name has at most 200 characters."),
        ({"minute": []}, "Choose at least one."),
        ({"hour_kind": "every", "hour_step": "25"}, "A whole number from 1 to 23."),
        ({"mode": "line", "line": "every day"}, "This is not a schedule: every day."),
        ({"mode": "line", "line": ""}, "This is not a schedule: -."),
        ({"mode": "line", "line": "0 9 31 2 *"}, "By this line no run would ever come."),
        ({"mode": "line", "line": "0," * 110 + "0 * * * *"}, "The line has at most 200 characters."),
        ({"month": "13"}, "This is not a schedule"),
    ],
)
def test_what_is_wrong_stands_beside_its_field_and_nothing_is_kept(
    signed_in: Callable[..., Any], web_engine: Engine, change: dict[str, Any], words: str
) -> None:
    browser = signed_in("dictionary_editor")
    answer = browser.post(f"{LIST}new", FORM | change)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 200 and words in page and "The schedule is not saved." in page
    assert kept(web_engine, str((FORM | change)["name"])) is None


def test_a_name_that_is_taken_is_refused(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{LIST}new", FORM)
    answer = browser.post(f"{LIST}new", FORM | {"name": "ПО БУДНЯМ"})
    assert answer.status_code == 200
    assert "There is a schedule “ПО БУДНЯМ” already." in answer.get_data(as_text=True)


def test_only_a_schedule_without_services_is_deleted(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{LIST}new", FORM)
    schedule_id = kept(web_engine, "По будням").schedule_id
    page = browser.text(LIST)
    assert "A service uses it: it cannot be deleted." in page and f"{LIST}{schedule_id}/delete" in page
    with web_engine.begin() as connection:
        connection.execute(update(Service).where(Service.code == "data_purge").values(schedule_id=schedule_id))
    answer = browser.post(f"{LIST}{schedule_id}/delete")
    assert "is used by a service and stays." in browser.text(answer.location)
    assert kept(web_engine, "По будням")
    with web_engine.begin() as connection:
        connection.execute(update(Service).where(Service.code == "data_purge").values(schedule_id=None))
    answer = browser.post(f"{LIST}{schedule_id}/delete")
    assert "is deleted." in browser.text(answer.location)
    assert kept(web_engine, "По будням") is None
    assert json.loads(last_audit(web_engine, "service_schedule_delete").before)["cron"] == "0,30 9,18 * * 1-5"
    assert browser.post(f"{LIST}{schedule_id}/delete").status_code == 404


def test_who_only_reads_sees_no_buttons_and_changes_nothing(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    signed_in("dictionary_editor").post(f"{LIST}new", FORM)
    schedule_id = kept(web_engine, "По будням").schedule_id
    browser = signed_in("reviewer")
    page = browser.text(f"{LIST}{schedule_id}")
    assert "Save" not in page and "disabled" in page
    assert f"{LIST}{schedule_id}/delete" not in browser.text(LIST)
    assert browser.post(f"{LIST}{schedule_id}", FORM | {"name": "x"}).status_code == 403
    assert kept(web_engine, "По будням")


def test_a_line_that_was_written_by_hand_into_the_table_breaks_no_page(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    with web_engine.begin() as connection:
        made = connection.execute(ServiceSchedule.__table__.insert().values(name="<b>Сломано", cron="по средам"))
    browser = signed_in("dictionary_editor")
    page = browser.text(LIST)
    assert "&lt;b&gt;Сломано" in page and "never" in page
    page = browser.text(f"{LIST}{made.inserted_primary_key[0]}")
    assert "This is not a schedule: по средам." in page
