"""Dictionaries in Chromium: rows are added, dragged, moved by keys and switched; the do-not-call list; a day of a calendar."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from browser_site import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app import calendars
from app.models.contact import Phone
from app.models.dictionary import AgentResult, DoNotCall


def tree(site: Any) -> list[tuple[str, str | None, bool]]:
    """Code, code of the parent and switch of each agent result, in the order of the table."""
    with site.engine.connect() as connection:
        rows = connection.execute(
            select(AgentResult.__table__).order_by(AgentResult.sort_order, AgentResult.code)
        ).all()
    names = {row.agent_result_id: row.code for row in rows}
    return [
        (row.code, names.get(row.parent_id), row.is_enabled)
        for top in rows
        if top.parent_id is None
        for row in (top, *(leaf for leaf in rows if leaf.parent_id == top.agent_result_id))
    ]


@pytest.mark.mission("M69", "M76", "M77", "M78")
def test_the_tree_of_agent_results_is_built_by_hand_and_mouse(page: Page, site: Any) -> None:
    sign_in(page, "dictionary_editor")
    page.goto("/dictionaries/agent-results/")
    dialog = page.locator("dialog.sheet-dialog")
    row = page.locator("#dictionary tbody tr")

    for code, name in (("12-1", "Подумает до завтра"), ("12-2", "Ждёт письмо")):
        row.filter(has_text="Подумает").first.get_by_title("Добавить лист").click()
        expect(dialog.locator(".dialog-head")).to_have_text("Новый агентский результат")
        expect(dialog.locator("#code")).to_be_focused()
        dialog.get_by_role("button", name="Сохранить").click()
        expect(dialog.locator(".field-error").first).to_have_text("Заполните поле.")
        dialog.locator("#code").fill(code)
        dialog.locator("#name").fill(name)
        dialog.locator("#action_id").select_option(label="Активный")
        dialog.get_by_role("button", name="Сохранить").click()
        expect(page.locator(".notice.is-success")).to_contain_text(name)
    assert [code for code, parent, __ in tree(site) if parent == "12"] == ["12-1", "12-2"]

    # By the keyboard: the second leaf goes up, and the focus stays where it was.
    up = page.get_by_role("button", name="Выше: Ждёт письмо")
    up.focus()
    with page.expect_response(re.compile("/move$")):
        page.keyboard.press("Enter")
    expect(up).to_be_focused()
    assert [code for code, parent, __ in tree(site) if parent == "12"] == ["12-2", "12-1"]

    # By the mouse: the leaf goes under another result.
    grip = row.filter(has_text="Подумает до завтра").locator(".grip")
    with page.expect_response(re.compile("/move$")):
        grip.drag_to(row.filter(has_text="Согласен"), target_position={"x": 120, "y": 18})
    assert ("12-1", "20", True) in tree(site)
    expect(row.filter(has_text="Подумает до завтра")).to_have_class(re.compile("is-leaf"))

    # A result takes its leaf along, and a leaf waits for its result.
    switch = page.get_by_role("switch", name="Согласен: включено")
    switch.click()
    expect(page.locator("#confirm")).to_contain_text("Выключить «Согласен» и 1 лист под ним?")
    with page.expect_response(re.compile("/switch$")):
        page.locator("#confirm").get_by_role("button", name="Да").click()
    assert {("20", None, False), ("12-1", "20", False)} <= set(tree(site))
    page.allowed.append("409")  # type: ignore[attr-defined]
    page.get_by_role("switch", name="Подумает до завтра: включено").click()
    expect(page.locator("#lost")).to_contain_text("Сначала включите его")
    with page.expect_response(re.compile("/switch$")):
        switch.click()
    assert ("20", None, True) in tree(site)

    for name in ("Подумает до завтра", "Ждёт письмо"):
        row.filter(has_text=name).get_by_title("Удалить").click()
        page.locator("#confirm").get_by_role("button", name="Да").click()
        expect(page.locator(".notice.is-success")).to_contain_text(f"«{name}» удалено.")
    assert [code for code, __, ___ in tree(site)] == ["20", "14", "12", "11", "15"]


@pytest.mark.mission("M92")
def test_a_number_goes_on_the_do_not_call_list(page: Page, site: Any) -> None:
    with site.engine.connect() as connection:
        number = connection.scalar(
            select(Phone.number)
            .where(Phone.campaign_id == site.campaigns["BETA"], Phone.is_do_not_call == False)  # noqa: E712 - SQL
            .order_by(Phone.phone_id.desc())
            .limit(1)
        )
    sign_in(page, "campaign_administrator")
    page.goto("/dictionaries/do-not-call/")
    page.get_by_role("link", name="Добавить в список").click()
    dialog = page.locator("dialog.sheet-dialog")
    dialog.get_by_label("Человек, со всеми номерами").check()
    expect(dialog.locator("#number")).to_be_hidden()
    dialog.get_by_label("Номер", exact=True).check()
    dialog.locator("#number").fill(f"+{number[:1]} {number[1:4]} {number[4:]}")
    expect(dialog.locator("[data-phones]")).to_have_text("1")
    dialog.get_by_role("button", name="Добавить в список").click()
    expect(dialog.locator(".field-error")).to_have_text("Укажите причину.")
    dialog.locator("#reason").fill("письмо клиента")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.is-success")).to_be_visible()
    expect(page.locator("#entries tbody tr").first).to_contain_text(number)
    with site.engine.connect() as connection:
        assert connection.scalar(select(Phone.is_do_not_call).where(Phone.number == number))
        assert connection.scalar(select(DoNotCall.reason).where(DoNotCall.number == number)) == "письмо клиента"


@pytest.mark.mission("M21")
def test_a_day_of_the_calendar_is_corrected_in_its_dialog(page: Page, site: Any) -> None:
    sign_in(page, "dictionary_editor")
    page.goto("/dictionaries/calendars/?year=2027")
    page.get_by_role("link", name=re.compile(r"^09\.03\.2027")).click()
    dialog = page.locator("dialog.sheet-dialog")
    expect(dialog.locator("#as_weekday")).to_be_focused()
    dialog.locator("#as_weekday").select_option("0")
    dialog.locator("#name").fill("Ремонт")
    dialog.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".day.is-closed.is-corrected").last).to_have_text("9")
    with site.engine.connect() as connection:
        (day,) = (one for one in calendars.read_days(connection, "RU") if one.on_date == date(2027, 3, 9))
    assert (day.as_weekday, day.name, day.is_corrected) == (0, "Ремонт", True)
