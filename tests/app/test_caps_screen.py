"""Frequency caps on the screen: rules are listed, changed and added, and campaigns choose which they obey."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import web_scene
from exports import csv_lines, xlsx_rows
from sqlalchemy import Engine, delete, select, text, update

from app import clock
from app.models.access import Audit
from app.models.caps import CampaignCap, CapRule
from app.models.strategy import Campaign

CAPS = "/dictionaries/caps/"
SHEET = {"X-Acm-Sheet": "1"}


@pytest.fixture(autouse=True)
def _as_it_was(web_engine: Engine) -> Iterator[None]:
    """The rules are those of the installation again after each test, and nobody obeys them."""
    with web_engine.connect() as connection:
        kept = [dict(row._mapping) for row in connection.execute(select(CapRule.__table__))]
    yield
    with web_engine.begin() as connection:
        connection.execute(delete(CampaignCap))
        connection.execute(delete(CapRule).where(CapRule.cap_rule_id.not_in([row["cap_rule_id"] for row in kept])))
        for row in kept:
            connection.execute(update(CapRule).where(CapRule.cap_rule_id == row["cap_rule_id"]).values(**row))


def rule(engine: Engine, code: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(CapRule.__table__).where(CapRule.code == code)).one()


def form(**changes: str) -> dict[str, str]:
    return {
        "limit_value": "1", "valid_from": "01.01.2017", "valid_to": "", "is_hold": "1", "is_enabled": "y", **changes,
    }  # fmt: skip


def audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


def obeying(engine: Engine, code: str) -> set[int]:
    with engine.connect() as connection:
        return set(
            connection.scalars(
                select(CampaignCap.campaign_id)
                .join(CapRule, CapRule.cap_rule_id == CampaignCap.cap_rule_id)
                .where(CapRule.code == code)
            )
        )


def test_the_list_says_what_each_preset_counts(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("reviewer")
    page = browser.text(CAPS)
    day = page[page.index('data-rule="RU_230_DAY"') :].split("</tr>")[0]
    assert "Calls that a person answered" in day and "Local calendar day" in day and '<td class="num">1</td>' in day
    talk = page[page.index('data-rule="US_REG_F_TALK"') :].split("</tr>")[0]
    assert "The last 7 days" in talk and "Conversations with an agent" in talk
    machine = page[page.index('data-rule="UK_OFCOM_MACHINE"') :].split("</tr>")[0]
    assert "Answering machine" in machine and "Network answering machine" in machine
    assert f"{CAPS}new" not in page and '/campaigns"' not in page


def test_the_file_has_the_rules_in_the_order_shown(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    head, *lines = csv_lines(browser, f"{CAPS}export.csv")
    page = browser.text(CAPS)
    assert [line[0] for line in lines] == re.findall(r'data-rule="(\w+)"', page)
    known = rule(web_engine, "RU_230_DAY")
    day = next(dict(zip(head, line, strict=True)) for line in lines if line[0] == "RU_230_DAY")
    assert (day["Whose calls"], day["Window"], day["Calls allowed"]) == ("Person", "Local calendar day", "1")
    assert (day["First day"], day["State"]) == (known.valid_from.strftime("%d.%m.%Y"), "Holds")
    rows = xlsx_rows(browser, f"{CAPS}export.xlsx")
    assert rows[0] == tuple(head) and [row[0] for row in rows[1:]] == [line[0] for line in lines]
    assert f'href="{CAPS}export.csv"' in page and browser.get(f"{CAPS}export.pdf").status_code == 404


def test_a_rule_is_changed_and_the_audit_has_what_differs(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser, known = signed_in("dictionary_editor"), rule(web_engine, "RU_230_DAY")
    address = f"{CAPS}{known.cap_rule_id}"
    changed = form(limit_value="2", valid_to="31.12.2030", is_hold="")
    assert browser.post(address, changed, headers=SHEET).get_json() == {"next": CAPS}
    after = rule(web_engine, "RU_230_DAY")
    assert (after.limit_value, after.valid_to, after.is_hold) == (2, date(2030, 12, 31), False)
    row = audit(web_engine, "cap_change")
    assert set(json.loads(row.before)) == {"limit_value", "valid_to", "is_hold"}
    assert row.username == "dictionary_editor"
    off = form(limit_value="2", valid_to="31.12.2030", is_hold="")
    off.pop("is_enabled")
    browser.post(address, off)
    assert not rule(web_engine, "RU_230_DAY").is_enabled


def test_what_is_wrong_is_said_and_nothing_is_changed(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser, known = signed_in("dictionary_editor"), rule(web_engine, "RU_230_DAY")
    address = f"{CAPS}{known.cap_rule_id}"
    for changed, words in (
        (form(limit_value="0"), "A whole number from 1 to 32767."),
        (form(valid_from="soon"), "is not a date"),
        (form(valid_to="31.12.2016"), "The last day is before the first."),
    ):
        assert words in browser.post(address, changed, headers=SHEET).get_data(as_text=True)
    assert rule(web_engine, "RU_230_DAY") == known


def test_a_rule_of_hours_has_no_limit_to_change(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser, known = signed_in("dictionary_editor"), rule(web_engine, "RU_230_HOURS")
    page = browser.text(f"{CAPS}{known.cap_rule_id}")
    assert 'name="limit_value"' not in page and "Hours of calls" in page
    browser.post(f"{CAPS}{known.cap_rule_id}", form(limit_value="5", valid_from="01.02.2017"))
    after = rule(web_engine, "RU_230_HOURS")
    assert after.limit_value is None and after.valid_from == date(2017, 2, 1)


def test_a_rule_of_ones_own_is_added_and_obeyed_by_nobody(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    new = form(
        code="OWN", name="Своё", name_en="Own", subject_id="2", counts_id="1", window_id="4", window_minutes="",
        source="Приказ 7",
    )  # fmt: skip
    assert "Fill this in." in browser.post(f"{CAPS}new", new, headers=SHEET).get_data(as_text=True)
    browser.post(f"{CAPS}new", {**new, "window_minutes": "2880"})
    made = rule(web_engine, "OWN")
    assert (made.subject_id, made.counts_id, made.window_id, made.window_minutes) == (2, 1, 4, 2880)
    assert obeying(web_engine, "OWN") == set()
    answer = browser.post(f"{CAPS}new", {**new, "code": "own", "window_minutes": "5"}, headers=SHEET)
    assert "There is a frequency cap own already." in answer.get_data(as_text=True)
    browser.post(f"{CAPS}new", {**new, "code": "OTHER", "window_id": "1", "window_minutes": "7"})
    assert rule(web_engine, "OTHER").window_minutes is None


def test_the_campaign_administrator_chooses_who_obeys(
    signed_in: Callable[..., Any], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    browser, known = signed_in("campaign_administrator"), rule(web_engine, "RU_230_WEEK")
    address = f"{CAPS}{known.cap_rule_id}/campaigns"
    assert "Первая" in browser.text(address)
    browser.post(address, {"campaign": [campaigns["ALPHA"], campaigns["BETA"]]})
    assert obeying(web_engine, "RU_230_WEEK") == {campaigns["ALPHA"], campaigns["BETA"]}
    assert json.loads(audit(web_engine, "cap_obey").after) == {"cap": "RU_230_WEEK", "obeys": True}
    page = browser.text(CAPS)
    assert '<span class="tag">ALPHA</span>' in page[page.index('data-rule="RU_230_WEEK"') :].split("</tr>")[0]
    lines = {line[0]: line for line in csv_lines(browser, f"{CAPS}export.csv")}
    assert lines["RU_230_WEEK"][9] == "BETA, ALPHA" and lines["RU_230_DAY"][9] == ""
    browser.post(address, {"campaign": [campaigns["BETA"], "nobody"]})
    assert obeying(web_engine, "RU_230_WEEK") == {campaigns["BETA"]}
    assert browser.post(f"{CAPS}{known.cap_rule_id}", form()).status_code == 403


def test_phones_that_are_held_are_counted_and_let_go_by_a_rule_that_is_switched_off(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    now, known = clock.now(), rule(web_engine, "RU_230_DAY")
    with web_engine.begin() as connection:
        campaign = web_scene.campaign(connection, "HELD", "Удержана", now - timedelta(hours=2), clients=4)
        connection.execute(CampaignCap.__table__.insert().values(campaign_id=campaign, cap_rule_id=known.cap_rule_id))
        phone_id, client_id = connection.execute(
            text("SELECT p.phone_id, p.client_id FROM core.phone AS p WHERE p.campaign_id = :id ORDER BY p.phone_id"),
            {"id": campaign},
        ).first()  # type: ignore[misc]
        connection.execute(
            text("UPDATE core.phone SET held_until = :until WHERE phone_id = :id"),
            {"until": now + timedelta(hours=5), "id": phone_id},
        )
        web_scene.settle(connection, [client_id], now)
    try:
        browser = signed_in("dictionary_editor")
        page = browser.text(CAPS)
        assert "Phones held by caps now: 1." in page
        assert '<td class="num">1</td>\n    <td><div class="row-actions">' in page[page.index("RU_230_DAY") :]
        off = form()
        off.pop("is_enabled")
        answer = browser.post(f"{CAPS}{known.cap_rule_id}", off, follow_redirects=True).get_data(as_text=True)
        assert "1 phone is held otherwise now." in answer and "Phones held by caps now: 0." in answer
    finally:
        with web_engine.begin() as connection:
            connection.execute(update(Campaign).where(Campaign.campaign_id == campaign).values(state_id=3))
