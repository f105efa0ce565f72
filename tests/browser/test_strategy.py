"""The strategy form in Chromium: tabs, the order of the phone keys by mouse and keyboard, preview, save, return."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browser_site import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import select

from app.campaigns import StrategyForm, read_strategy
from app.models.strategy import Campaign


def strategy(site: Any) -> StrategyForm:
    with site.engine.connect() as connection:
        version_id = connection.scalar(
            select(Campaign.strategy_version_id).where(Campaign.campaign_id == site.campaigns["BETA"])
        )
        return read_strategy(connection, version_id)


def open_form(page: Page, site: Any) -> None:
    sign_in(page, "campaign_administrator")
    page.goto(f"/strategy/{site.campaigns['BETA']}/")


def keys(page: Page) -> list[str]:
    return [str(item.get_attribute("data-key")) for item in page.locator(".keys li").all()]


@pytest.mark.mission("M4", "M70", "M71", "M72", "M73", "M74")
def test_tabs_are_changed_by_mouse_and_keyboard_and_nothing_typed_is_lost(page: Page, site: Any) -> None:
    open_form(page, site)
    page.fill("[name=block_size]", "17")
    panels = {
        "Интервалы и время обзвона": "times", "Приоритеты": "priorities", "Технические результаты звонка": "technical",
        "Агентские результаты звонка": "agent",
    }  # fmt: skip
    for name, code in panels.items():
        page.get_by_role("tab", name=name).click()
        expect(page.locator(f"#panel-{code}")).to_be_visible()
        expect(page.locator("[role=tabpanel]:visible")).to_have_count(1)
        expect(page).to_have_url(re.compile(f"tab={code}"))
    page.keyboard.press("ArrowRight")
    expect(page.locator("#panel-general")).to_be_visible()
    expect(page.get_by_role("tab", name="Общие сведения")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#panel-agent")).to_be_visible()
    page.get_by_role("tab", name="Общие сведения").click()
    expect(page.locator("[name=block_size]")).to_have_value("17")
    page.once("dialog", lambda dialog: dialog.dismiss())  # the browser asks before typed changes are left
    page.click("text=Отмена")
    expect(page.locator("[name=block_size]")).to_have_value("17")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("text=Отмена")
    expect(page.locator("[name=block_size]")).to_have_value("30")


@pytest.mark.mission("M38", "M58", "M59", "M60", "M61")
def test_the_order_of_the_phone_keys_is_dragged_moved_by_arrows_and_saved(page: Page, site: Any) -> None:
    open_form(page, site)
    page.get_by_role("tab", name="Приоритеты").click()
    assert keys(page) == ["attempts", "result", "type"]
    page.locator("[data-key=type]").drag_to(page.locator("[data-key=attempts]"), target_position={"x": 40, "y": 4})
    assert keys(page) == ["type", "attempts", "result"]
    page.locator("[data-key=result]").focus()
    page.keyboard.press("ArrowUp")
    assert keys(page) == ["type", "result", "attempts"]
    expect(page.locator("[data-key=result]")).to_be_focused()
    expect(page.locator("[data-keys-said]")).to_have_text("по результату звонка: 2")
    page.locator("[data-key=result] [data-move='-1']").click()
    assert keys(page) == ["result", "type", "attempts"]
    page.fill("#reason", "Сначала по результату")
    page.click(".form-foot button[value=save]")
    expect(page.locator(".notice.is-success")).to_contain_text("действует. Следующий блок будет по ней.")
    expect(page.locator("#panel-priorities")).to_be_visible()
    assert keys(page) == ["result", "type", "attempts"]
    assert strategy(site).phone_keys == ("result", "type", "attempts")


@pytest.mark.mission("M23", "M25", "M35")
def test_a_schedule_is_edited_with_its_dates_and_a_type_gets_its_own(page: Page, site: Any) -> None:
    open_form(page, site)
    page.get_by_role("tab", name="Интервалы и время обзвона").click()
    week = page.locator("[data-schedule=general]")
    week.locator("[data-day='1']").fill("9-13, 14-20")
    expect(week.locator("[data-day='1'] >> xpath=ancestor::tr >> css=rect")).to_have_count(2)
    week.locator("[data-copy-day='5']").click()
    expect(week.locator("[data-day='5']")).to_have_value("9-13, 14-20")
    week.locator("[data-day='7']").fill("")
    week.get_by_role("button", name="Добавить").click()
    page.keyboard.type("08.03.2027")
    week.get_by_label("Исключен").check()
    week.get_by_role("button", name="Добавить").click()
    week.locator("tbody tr.date-row").last.get_by_role("button", name="Удалить").click()
    expect(page.locator("[data-own-schedule]:visible")).to_have_count(0)
    page.get_by_label("Своё расписание типа телефона: Домашний").check()
    own = page.locator("[data-own-schedule]:visible")
    expect(own.locator("[data-day='3']")).to_have_value("9-13, 14-20")
    own.locator("[data-day='3']").fill("")
    page.fill("#reason", "Обед и 8 Марта")
    page.click(".form-foot button[value=save]")
    expect(page.locator(".notice.is-success")).to_be_visible()
    saved = strategy(site)
    assert [row for row in saved.schedule.periods if row[0] in (5, 7)] == [(5, 540, 780), (5, 840, 1200)]
    assert [str(row[0]) for row in saved.schedule.dates] == ["2027-03-08"] and saved.schedule.dates[0][1] is None
    home = saved.phone_types["H"].schedule
    assert home is not None and {row[0] for row in home.periods} == {1, 2, 4, 5, 6}


def test_a_wrong_value_opens_its_tab_and_takes_the_focus(page: Page, site: Any) -> None:
    open_form(page, site)
    page.get_by_role("tab", name="Агентские результаты звонка").click()
    page.locator("#panel-agent .is-short").first.fill("11")
    page.get_by_role("tab", name="Общие сведения").click()
    page.fill("#reason", "проверка")
    page.click(".form-foot button[value=save]")
    expect(page.locator("#panel-agent")).to_be_visible()
    expect(page.locator("#panel-agent .is-wrong")).to_be_focused()
    expect(page.locator("#panel-agent .field-error")).to_have_text("Целое число от 1 до 10.")
    page.locator("#panel-agent tr", has=page.locator(".is-wrong")).get_by_role(
        "button", name="Как в справочнике"
    ).click()
    expect(page.locator("#panel-agent .is-wrong")).not_to_have_value("11")


def test_what_would_change_is_shown_before_it_is_saved_and_a_version_is_returned_to(page: Page, site: Any) -> None:
    open_form(page, site)
    before = strategy(site)
    page.get_by_role("tab", name="Интервалы и время обзвона").click()
    page.locator("#panel-times .table.is-form tr", has_text="Домашний").locator("[type=checkbox]").first.uncheck()
    page.click(".form-foot button[value=preview]")
    card = page.locator("#preview")
    expect(card).to_contain_text("станет доступно")
    expect(card).to_contain_text("закроется")
    expect(card.locator("tbody tr")).to_have_text([re.compile("Тип телефона обзванивается: Домашний\\s*да\\s*нет")])
    assert strategy(site) == before
    page.fill("#reason", "Без домашних")
    page.click(".form-foot button[value=save]")
    assert not strategy(site).phone_types["H"].is_dialled
    page.get_by_role("tab", name="Общие сведения").click()
    expect(page.locator(".versions tbody tr").first).to_contain_text("Без домашних")
    page.click("button[form=compare]")
    expect(page.locator(".differences tbody tr")).to_have_count(1)
    page.get_by_placeholder("Причина возврата").fill("С домашними лучше")
    page.locator(".return button").click()
    expect(page.locator(".notice.is-success")).to_be_visible()
    assert strategy(site) == before
