"""The do-not-call list and the numbers blocked in all campaigns: who adds, who lifts, what is found."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from sqlalchemy import Engine, select, text

from app import blocklists, clock
from app.blocklists import Filters
from app.models.access import Audit
from app.models.contact import NumberBlock, Phone
from app.models.dictionary import DoNotCall
from app.procedures import contacts

LIST = "/dictionaries/do-not-call/"
NUMBERS = f"{LIST}?list=number_block"
SHEET = {"X-Acm-Sheet": "1"}


@pytest.fixture(scope="module")
def campaign(web_engine: Engine) -> Iterator[int]:
    now = clock.now()
    with web_engine.begin() as connection:
        campaign_id = web_scene.campaign(connection, "DNC", "Не звонить", now - timedelta(hours=2), clients=40)
    yield campaign_id
    with web_engine.begin() as connection:
        connection.execute(text("UPDATE core.campaign SET state_id = 3 WHERE campaign_id = :id"), {"id": campaign_id})


@pytest.fixture
def number(web_engine: Engine, campaign: int) -> str:
    """A number of the campaign that nothing stops yet."""
    with web_engine.connect() as connection:
        return str(
            connection.scalar(
                select(Phone.number)
                .where(Phone.campaign_id == campaign, Phone.is_do_not_call == False, Phone.is_blocked == False)  # noqa: E712
                .order_by(Phone.phone_id)
                .limit(1)
            )
        )


def phone(engine: Engine, number: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Phone.__table__).where(Phone.number == number)).one()


def entries(engine: Engine, model: Any, number: str) -> list[Any]:
    with engine.connect() as connection:
        return list(connection.execute(select(model.__table__).where(model.number == number)))


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


@pytest.mark.mission("M92")
def test_a_number_is_added_as_people_write_it_and_its_phones_are_stopped(
    signed_in: Callable[..., Any], web_engine: Engine, number: str
) -> None:
    browser = signed_in("campaign_administrator")
    written = f"+{number[0]} ({number[1:4]}) {number[4:7]}-{number[7:]}"
    form = {"kind": "number", "number": written, "reason": "письмо"}
    assert browser.post(f"{LIST}new", form, headers=SHEET).get_json() == {"next": LIST}
    assert phone(web_engine, number).is_do_not_call
    (entry,) = entries(web_engine, DoNotCall, number)
    assert (entry.added_by, entry.reason) == ("campaign_administrator", "письмо")
    assert json.loads(last_audit(web_engine, "do_not_call_add").after) == {
        "number": number, "reason": "письмо", "phones": 1,
    }  # fmt: skip
    page = browser.text(LIST)
    line = page[page.index(f'data-entry="{entry.do_not_call_id}"') :].split("</tr>")[0]
    assert f"<td>{number}</td>" in line and line.count('<td class="num">1</td>') == 2


def test_what_is_wrong_is_said_beside_its_field(signed_in: Callable[..., Any], web_engine: Engine, number: str) -> None:
    browser = signed_in("campaign_administrator")
    page = browser.post(f"{LIST}new", {"kind": "number", "number": "abc"}, headers=SHEET).get_data(as_text=True)
    assert "A number has 3 to 20 digits." in page and "Say why." in page
    page = browser.post(f"{LIST}new", {"kind": "person", "reason": "x"}, headers=SHEET).get_data(as_text=True)
    assert "Fill this in." in page
    browser.post(f"{LIST}new", {"kind": "number", "number": number, "reason": "x"})
    page = browser.post(
        f"{LIST}new", {"kind": "number", "number": number, "reason": "y"}, headers=SHEET
    ).get_data(as_text=True)  # fmt: skip
    assert "It is on the list since" in page
    assert len(entries(web_engine, DoNotCall, number)) == 1


def test_a_person_is_added_by_crm_id_and_found_by_it(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("campaign_administrator")
    browser.post(f"{LIST}new", {"kind": "person", "crm_id": "crm-501", "reason": "отзыв"})
    assert "<td>crm-501</td>" in browser.text(f"{LIST}?crm_id=CRM-501")
    assert "Nothing fits the filter" in browser.text(f"{LIST}?crm_id=CRM-50")


def test_the_dialog_says_how_many_phones_it_stops(signed_in: Callable[..., Any], number: str) -> None:
    browser = signed_in("campaign_administrator")
    asked = f"{LIST}touched.json?number={number}"
    assert browser.get(asked).get_json() == {"phones": 1, "campaigns": 1, "records_out": 0}
    assert browser.get(f"{LIST}touched.json?number=12").get_json()["phones"] is None
    assert browser.get(f"{LIST}touched.json?kind=person&crm_id=nobody").get_json()["phones"] == 0


def test_the_security_administrator_lifts_with_a_reason_and_it_stays_in_the_history(
    signed_in: Callable[..., Any], web_engine: Engine, number: str
) -> None:
    signed_in("campaign_administrator").post(f"{LIST}new", {"number": number, "reason": "письмо"})
    (entry,) = entries(web_engine, DoNotCall, number)
    address, browser = f"{LIST}{entry.do_not_call_id}/lift", signed_in("security_administrator")
    page = browser.post(address, {"reason": " "}, headers=SHEET).get_data(as_text=True)
    assert "Say why." in page and "It is about 1 phone." in page
    assert phone(web_engine, number).is_do_not_call
    browser.post(address, {"reason": "клиент просил звонить"})
    assert not phone(web_engine, number).is_do_not_call
    (entry,) = entries(web_engine, DoNotCall, number)
    assert (entry.lifted_by, entry.lift_reason) == ("security_administrator", "клиент просил звонить")
    assert json.loads(last_audit(web_engine, "do_not_call_lift").after)["phones"] == 1
    assert f"<td>{number}</td>" not in browser.text(f"{LIST}?number={number}")
    lifted = browser.text(f"{LIST}?state=lifted")
    assert f"<td>{number}</td>" in lifted and "клиент просил звонить" in lifted
    assert "already" in browser.post(address, {"reason": "ещё раз"}, follow_redirects=True).get_data(as_text=True)


@pytest.mark.mission("M111")
def test_a_number_is_blocked_everywhere_and_lifted_by_the_campaign_administrator(
    signed_in: Callable[..., Any], web_engine: Engine, number: str
) -> None:
    browser = signed_in("campaign_administrator")
    browser.post(f"{LIST}numbers/new", {"number": number, "reason": "факс"})
    assert phone(web_engine, number).is_blocked and not phone(web_engine, number).is_do_not_call
    (entry,) = entries(web_engine, NumberBlock, number)
    assert f"<td>{number}</td>" in browser.text(NUMBERS)
    assert f"<td>{number}</td>" not in browser.text(LIST)
    address = f"{LIST}numbers/{entry.number_block_id}/lift"
    assert signed_in("security_administrator").get(address).status_code == 403
    browser.post(address, {"reason": "ошибка"})
    assert not phone(web_engine, number).is_blocked
    assert last_audit(web_engine, "number_unblock").object_id == number
    assert f"<td>{number}</td>" in browser.text(f"{NUMBERS}&state=lifted")


def test_each_role_sees_the_buttons_it_may_press(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        contacts.do_not_call_add(connection, by="t", now=clock.now(), number="79990000001", reason="r")
    for role, adds, lifts in (
        ("campaign_administrator", True, False), ("security_administrator", False, True), ("reviewer", False, False),
    ):  # fmt: skip
        page = signed_in(role).text(LIST)
        assert (f"{LIST}new" in page, "/lift" in page) == (adds, lifts), role


def test_pages_go_by_key_and_none_is_lost(web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        for index in range(7):
            made = contacts.do_not_call_add(
                connection, by="t", now=clock.now(), number=f"7888000000{index}", reason="r"
            )
            if index < 4:
                contacts.do_not_call_lift(connection, made.do_not_call_id, by="t", now=clock.now(), reason="r")
        for filters in (
            Filters(), Filters(is_lifted=True), Filters(number="7888"), Filters(number="7888", is_lifted=True),
        ):  # fmt: skip
            found, key = [], ""
            while True:
                page = blocklists.find(connection, filters, key, 2)
                found += [row.entry_id for row in page.rows]
                if page.next_key is None:
                    break
                key = page.next_key
            whole = [row.entry_id for row in blocklists.find(connection, filters, "", 10_000).rows]
            assert found == whole and len(set(found)) == len(found) > 2
        assert len(blocklists.find(connection, Filters(number="7888"), "", 99).rows) == 3
        newest = blocklists.find(connection, Filters(), "", 99).rows
        assert [row.entry_id for row in newest] == sorted((row.entry_id for row in newest), reverse=True)
        for key in ("x", "~", "9999~x", "a~1"):
            assert blocklists.find(connection, Filters(is_lifted=True), key, 99).rows


def test_a_number_takes_three_digits(signed_in: Callable[..., Any]) -> None:
    assert "Give at least 3 digits" in signed_in().text(f"{LIST}?number=79")


def test_the_file_holds_what_is_filtered_and_is_audited(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        contacts.do_not_call_add(connection, by="t", now=clock.now(), number="76660000001", reason="=1+1")
    answer = signed_in("reviewer").get(f"{LIST}export.csv?number=7666").get_data(as_text=True)
    lines = list(csv.reader(io.StringIO(answer.lstrip("\ufeff")), delimiter=";"))
    assert [line[0] for line in lines[1:]] == ["76660000001"] and lines[1][4] == "'=1+1"
    audit = last_audit(web_engine, "do_not_call_export")
    assert audit.username == "reviewer" and json.loads(audit.after) == {"kind": "csv", "number": "7666"}
