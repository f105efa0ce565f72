"""Segments, clients and schedules in Chromium: dialogs over the page, ticks, rows that open."""

from __future__ import annotations

import re
from typing import Any

import pytest
from browser_site import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from app import schedules
from app.models.contact import Phone
from app.models.strategy import Segment


def is_blocked(site: Any, campaign_id: int, code: str) -> bool:
    with site.engine.connect() as connection:
        found = connection.scalar(
            select(Segment.is_blocked).where(Segment.campaign_id == campaign_id, Segment.code == code)
        )
    return bool(found)


@pytest.mark.mission("M112", "M113", "M116", "M117")
def test_a_segment_is_blocked_in_a_dialog_and_freed_there(page: Page, site: Any) -> None:
    campaign_id = site.campaigns["BETA"]
    sign_in(page, "campaign_administrator")
    page.goto(f"/segments/{campaign_id}/")
    box = page.get_by_role("checkbox", name="Блокировка new")
    expect(box).to_have_attribute("aria-checked", "false")

    box.click()
    dialog = page.locator("dialog.sheet-dialog")
    expect(dialog.locator(".dialog-head")).to_have_text('Блокировка клиентов в сегменте "new"')
    phones = int(dialog.locator("[data-phones]").inner_text())
    assert phones > 0
    expect(dialog.locator("#range")).to_be_hidden()
    dialog.locator("#kind").select_option(label="По дате загрузки телефона")
    expect(dialog.locator("#range")).to_be_visible()
    dialog.locator("#loaded_from").fill("01.01.2090")
    expect(dialog.locator("[data-phones]")).to_have_text("0")
    dialog.locator("#loaded_from").fill("01.01.2020")
    expect(dialog.locator("[data-phones]")).to_have_text(str(phones))

    dialog.get_by_role("button", name="Блокировать").click()
    expect(dialog.locator(".field-error")).to_have_text("Укажите причину.")
    dialog.get_by_text("Закрыть").click()
    expect(dialog).to_be_hidden()
    assert not is_blocked(site, campaign_id, "new")

    box.click()
    expect(dialog.locator("#kind")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.type("проверка")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.is-success")).to_contain_text("Заблокирован")
    expect(box).to_have_attribute("aria-checked", "true")
    assert is_blocked(site, campaign_id, "new")

    box.click()
    expect(dialog).to_contain_text("проверка")
    dialog.get_by_role("button", name="Снять блокировку").click()
    expect(page.locator(".notice.is-success")).to_contain_text("Блокировка снята")
    assert not is_blocked(site, campaign_id, "new")


@pytest.mark.mission("M205", "M208", "M209")
def test_phones_are_ticked_and_moved_after_a_question_that_says_how_many(page: Page, site: Any) -> None:
    source, target = site.campaigns["BETA"], site.campaigns["ALPHA"]
    sign_in(page, "campaign_administrator")
    page.goto(f"/clients/{source}/")
    expect(page.locator(".phone-rows:visible")).to_have_count(0)
    clients = page.locator(".client-row").count()  # other tests load some, too
    assert clients >= 20
    page.get_by_role("button", name="Развернуть все").click()
    expect(page.locator(".phone-rows:visible")).to_have_count(clients)
    first = page.locator(".client-row [data-open]").first
    first.click()
    expect(first).to_have_attribute("aria-expanded", "false")
    expect(page.locator(".phone-rows:visible")).to_have_count(clients - 1)

    page.get_by_role("button", name="Переместить").click()
    expect(page.locator(".move-bar .field-error")).to_have_text("Отметьте телефоны, которые надо переместить.")
    page.get_by_role("button", name="Развернуть все").click()
    ticks = page.locator("[name=phone]")
    chosen = [int(str(ticks.nth(index).get_attribute("value"))) for index in (0, 1)]
    ticks.nth(0).check()
    ticks.nth(1).check()
    expect(page.locator("#chosen")).to_have_text("2")
    page.get_by_label("Переместить выбранные телефоны в кампанию:").select_option(label="[ALPHA] Первая")
    page.get_by_role("button", name="Переместить").click()
    question = page.locator("#confirm")
    expect(question).to_contain_text("Переместить телефоны (2) в кампанию [ALPHA] Первая?")
    question.get_by_role("button", name="Отмена").click()
    assert campaigns_of(site, chosen) == {source}
    page.get_by_role("button", name="Переместить").click()
    question.get_by_role("button", name="Да").click()
    expect(page.locator(".notice.is-success")).to_contain_text("В кампанию [ALPHA] Первая перемещено 2 телефона.")
    assert campaigns_of(site, chosen) == {target}


def campaigns_of(site: Any, phone_ids: list[int]) -> set[int]:
    with site.engine.connect() as connection:
        return set(connection.scalars(select(Phone.campaign_id).where(Phone.phone_id.in_(phone_ids))))


@pytest.mark.mission("M107", "M199")
def test_a_contact_is_excluded_from_its_row(page: Page, site: Any) -> None:
    campaign_id = site.campaigns["ALPHA"]
    with site.engine.connect() as connection:
        number = connection.scalar(
            text("SELECT MAX(p.number) FROM core.phone AS p WHERE p.campaign_id = :id"), {"id": campaign_id}
        )
    sign_in(page, "campaign_administrator")
    page.goto(f"/contacts/{campaign_id}/?number={number}")
    page.get_by_title("Исключить из обзвона").click()
    dialog = page.locator("dialog.sheet-dialog")
    expect(dialog.locator("#reason")).to_be_focused()
    page.keyboard.type("жалоба")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"number={number}"))
    expect(page.locator("td.bad")).to_have_text("Заблокирован")
    page.get_by_title("Снять блокировку").click()
    expect(dialog).to_contain_text("жалоба")
    dialog.get_by_role("button", name="Снять блокировку").click()
    expect(page.get_by_title("Исключить из обзвона")).to_be_visible()


@pytest.mark.mission("M28", "M29", "M30", "M33")
def test_dates_of_a_schedule_are_added_changed_and_saved(page: Page, site: Any) -> None:
    sign_in(page, "dictionary_editor")
    page.goto("/dictionaries/schedules/new")
    page.get_by_label("Название расписания").fill("Праздники")
    add = page.get_by_role("button", name="Добавить")
    add.click()
    page.keyboard.type("01.01.2031")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.type("9-21")
    add.click()
    row = page.locator("#dates tbody tr").nth(1)
    row.locator("[name=on_date]").fill("08.03.2031")
    row.locator("[name=kind]").select_option(label="Исключен")
    expect(row.locator("[name=periods]")).to_be_hidden()
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".notice.is-success")).to_contain_text("Расписание «Праздники» сохранено.")

    page.get_by_role("link", name="Праздники").click()
    rows = page.locator("#dates tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0).locator("td.shown").nth(1)).to_have_text("09:00 - 21:00")
    rows.nth(0).get_by_role("button", name="Изменить").click()
    rows.nth(0).locator("[name=periods]").fill("22:00 - 06:00")
    rows.nth(1).get_by_title("Убрать").click()
    page.get_by_role("button", name="Сохранить").click()
    page.get_by_role("link", name="Праздники").click()
    expect(page.locator("#dates tbody tr")).to_have_count(1)
    expect(page.locator("#dates")).to_contain_text("до 06:00 следующего дня")
    with site.engine.connect() as connection:
        found = next(one for one in schedules.templates(connection) if one.name == "Праздники")
        form = schedules.template(connection, found.schedule_id)
    assert form is not None and [row[1:] for row in form.dates] == [(1320, 360)]
    page.locator(".help-link").click()
    expect(page.locator("h1").first).to_have_text("Расписания обзвона")
