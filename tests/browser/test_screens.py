"""The web interface in Chromium: what people do most, click by click."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from browser_site import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from app import clock
from app.models.ops import Service, ServiceRun
from app.models.strategy import Campaign, Segment
from app.procedures import dialing


def test_the_first_sign_in_wants_an_own_password(page: Page, site: Any) -> None:
    page.goto("/campaigns/")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.allowed.append("401")  # the wrong password below is a 401
    page.fill("#username", "admin")
    page.fill("#password", "wrong")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.is-error")).to_contain_text("Неверное имя пользователя или пароль.")
    page.fill("#password", site.one_time_password)
    page.keyboard.press("Enter")
    expect(page.locator("h2")).to_have_text("Сменить пароль")
    page.fill("#old", site.one_time_password)
    page.fill("#new", "short")
    page.fill("#again", "short")
    page.click("form.sign-in button.btn-primary")
    expect(page.locator(".field-error")).to_have_text("В пароле должно быть не меньше 10 знаков.")
    page.fill("#old", site.one_time_password)
    page.fill("#new", "Надёжный пароль 1")
    page.fill("#again", "Надёжный пароль 1")
    page.click("form.sign-in button.btn-primary")
    expect(page.locator("h1")).to_have_text("Все кампании")
    expect(page.locator(".notice.is-success")).to_have_text(re.compile("Пароль изменён."))
    page.click(".user-menu summary")
    page.click("text=Выйти")
    expect(page).to_have_url(re.compile("/sign-in"))
    page.goto("/")
    expect(page).to_have_url(re.compile("/sign-in"))


def test_a_campaign_is_stopped_and_started_on_its_monitor(page: Page, site: Any) -> None:
    campaign_id = site.campaigns["ALPHA"]
    sign_in(page, "campaign_administrator")
    page.click("text=Первая")
    expect(page.locator("h1")).to_have_text("Первая")
    for label in ("Состояние обзвона", "Общие сведения", "Клиенты по статусам", "Результаты звонков", "Сегменты"):
        expect(page.locator("h2", has_text=label)).to_be_visible()
    expect(page.locator("#results canvas")).to_be_visible()
    expect(page.locator("#pace canvas")).to_be_visible()

    page.click("#stop")
    expect(page.locator("#stop-dialog")).to_be_visible()
    expect(page.locator("#stop-dialog [data-live=records_out]")).to_have_text("30")
    page.keyboard.press("Escape")
    expect(page.locator("#stop-dialog")).to_be_hidden()
    assert _state(site, campaign_id) == 2
    page.click("#stop")
    page.click("#stop-yes")
    expect(page.locator("#acm-state")).to_have_text("Остановлена")
    assert _state(site, campaign_id) == 1
    page.click("#start")
    expect(page.locator("#acm-state")).to_have_text("Активна")
    assert _state(site, campaign_id) == 2


@pytest.mark.mission("M5", "M184")
def test_the_monitor_lives_without_a_reload_and_nothing_jumps(page: Page, site: Any) -> None:
    campaign_id = site.campaigns["ALPHA"]
    sign_in(page, "monitoring")
    page.goto(f"/monitor/{campaign_id}/")
    expect(page.locator("#results canvas")).to_be_visible()
    page.evaluate("window.stillHere = true")
    places = "[...document.querySelectorAll('.card')].map(c => JSON.stringify(c.getBoundingClientRect())).join()"
    page.wait_for_timeout(2500)
    before = page.evaluate(places)
    with site.engine.begin() as connection:
        connection.execute(
            text("UPDATE core.campaign SET agents_working = 4321 WHERE campaign_id = :id"), {"id": campaign_id}
        )
    expect(page.locator("[data-live=agents_working]")).to_have_text(re.compile(r"4\s321"), timeout=8000)
    assert page.evaluate("window.stillHere") is True
    assert page.evaluate(places) == before
    expect(page.locator("#stop")).to_have_count(0)
    expect(page.locator("#clear")).to_have_count(0)
    expect(page.locator("#segments .toggle").first).to_be_disabled()
    page.click("[data-span=day]")
    expect(page.locator("[data-span=day]")).to_have_attribute("aria-pressed", "true")


def test_the_queue_is_cleared_after_a_question_that_says_how_many(page: Page, site: Any) -> None:
    campaign_id = site.campaigns["ALPHA"]
    sign_in(page, "campaign_administrator")
    page.goto(f"/monitor/{campaign_id}/")
    with site.engine.connect() as connection:
        out = connection.scalar(
            text("SELECT COUNT(*) FROM dialing.record WHERE campaign_id = :id"), {"id": campaign_id}
        )
    assert out == 30
    page.click("#clear")
    expect(page.locator("#clear-dialog")).to_contain_text("Из Dialer вернётся контактов: 30")
    page.click("#clear-dialog [data-close]")
    assert _clearings(site) == []
    page.click("#clear")
    page.click("#clear-yes")
    expect(page.locator(".notice.is-success")).to_contain_text("из Dialer возвращаются 30 контактов")
    assert _clearings(site) == [(campaign_id, "campaign_administrator")]
    with site.engine.begin() as connection:  # what the worker does in the end
        assert dialing.block_recall(connection, campaign_id, clock.now()) == 30
    expect(page.locator(".tile [data-live=records_out]")).to_have_text("0", timeout=8000)
    expect(page.locator("#clear")).to_be_disabled()


def test_a_segment_is_switched_off_and_on(page: Page, site: Any) -> None:
    campaign_id = site.campaigns["ALPHA"]
    sign_in(page, "campaign_administrator")
    page.goto(f"/monitor/{campaign_id}/")
    toggle = page.get_by_label("Сегмент new включен")
    expect(toggle).to_be_checked()
    for is_enabled in (False, True):
        with page.expect_response(re.compile("/segments/")) as answer:
            toggle.click()
        assert answer.value.json() == {"is_enabled": is_enabled}
        with site.engine.connect() as connection:
            found = connection.scalar(
                select(Segment.is_enabled).where(Segment.campaign_id == campaign_id, Segment.code == "new")
            )
        assert bool(found) is is_enabled
    expect(toggle).to_be_checked()


def test_a_template_is_made_and_a_file_is_loaded_with_its_journal_live(page: Page, site: Any, tmp_path: Path) -> None:
    sign_in(page, "dictionary_editor")
    expect(page.locator(".menu-item span").first).to_have_text("Шаблоны загрузки")
    page.click(".menu-item")
    page.locator("a.btn-primary", has_text="Добавить").first.click()
    page.fill("#name", "CRM")
    for name in ("contact.client.code", "contact.phone.number", "contact.phone.type.code"):
        page.click(f'[data-insert="${{{name}}}"]')
    assert page.input_value("#line") == ("${contact.client.code};${contact.phone.number};${contact.phone.type.code}")
    page.click("form.form button.btn-primary")
    expect(page.locator("table")).to_contain_text("CRM")

    file = tmp_path / "клиенты.txt"
    lines = [f"L{number};7916333{number:04};M" for number in range(2000)]
    lines[1] = "L1;не номер;M"
    file.write_text("\n".join(["code;phone;type", *lines]) + "\n", encoding="utf-8")
    page.context.clear_cookies()
    sign_in(page, "campaign_administrator")
    page.click("text=Ручная загрузка")
    page.set_input_files("#file", file)
    page.select_option("#campaign", "BETA")
    page.click("form.form button.btn-primary")
    expect(page.locator("h1")).to_have_text("клиенты.txt")
    expect(page.locator(".preview tbody tr")).to_have_count(20)
    expect(page.locator(".preview tr.is-bad")).to_have_count(1)
    expect(page.locator(".notice.is-warning")).to_contain_text("Из показанных не загрузится 1 строка.")
    page.click("#load")
    expect(page).to_have_url(re.compile(r"/journals/import/\d+/$"), timeout=30000)
    expect(page.locator("#log tr").last).to_contain_text("Начинается загрузка файла")
    expect(page.locator("#state")).to_have_text("Завершена", timeout=60000)
    expect(page.locator("#message")).to_contain_text("Импорт контактов завершен успешно.")
    expect(page.locator("[data-counter=clients_loaded]")).to_have_text(re.compile(r"1\s999"))
    expect(page.locator("[data-counter=clients_rejected]")).to_have_text("1")
    expect(page.locator("#log tr").first).to_contain_text("Импорт контактов завершен успешно.")
    with page.expect_download() as download:
        page.click("#reject-file")
    assert Path(download.value.path()).read_text() == "code;phone;type\nL1;не номер;M\n"

    page.goto(f"/contacts/{site.campaigns['BETA']}/?code=L19")
    expect(page.locator("tbody tr")).to_have_count(50)
    page.click("a[rel=next]")
    expect(page.locator("tbody tr").first).to_be_visible()


@pytest.mark.mission("M134", "M135")
def test_contacts_have_the_columns_of_the_deck_with_moments_to_the_second(page: Page, site: Any) -> None:
    sign_in(page, "campaign_administrator")
    page.goto(f"/contacts/{site.campaigns['ALPHA']}/")
    expect(page.locator("thead th")).to_have_text([
        "Дата загрузки телефона", "Телефон", "Тип", "Номер анкеты", "Статус клиента", "Сегмент",
        "Результат последнего звонка (Dialer)", "Результат последнего звонка (агентский - уровень 1)",
        "Результат последнего звонка (агентский - уровень 2)", "Дата последнего звонка", "Перезвон", "Кол-во попыток",
        "Статус телефона", "Обзвон отложен до", "В работе", "Не звонить после", "Действия",
    ])  # fmt: skip
    row = page.locator("tbody tr").first.locator("td")
    expect(row.first).to_have_text(re.compile(r"^\s*\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d\s*$"))
    expect(row.last.locator("a, button").first).to_be_visible()


def test_contacts_are_filtered_with_the_keyboard_alone(page: Page, site: Any) -> None:
    sign_in(page, "campaign_administrator")
    page.goto(f"/contacts/{site.campaigns['ALPHA']}/")
    expect(page.locator("thead th")).to_have_count(17)
    page.keyboard.press("/")
    expect(page.locator("[name=number]")).to_be_focused()
    page.keyboard.type("7495")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"\?number=7495$"))
    expect(page.locator("tbody mark").first).to_have_text("7495")
    page.select_option("[name=status]", "1")
    expect(page).to_have_url(re.compile("number=7495&status=1"))
    page.click("text=Сбросить")
    expect(page).to_have_url(re.compile(r"/contacts/\d+/$"))


def test_thirty_rows_stand_on_a_laptops_screen(page: Page, site: Any) -> None:
    sign_in(page, "campaign_administrator")
    page.goto(f"/contacts/{site.campaigns['ALPHA']}/")
    shown = page.evaluate(
        """() => { const box = document.querySelector('.table-wrap').getBoundingClientRect();
        return [...document.querySelectorAll('tbody tr')].filter(
            (row) => row.getBoundingClientRect().bottom <= Math.min(box.bottom, innerHeight)).length; }"""
    )
    assert shown >= 30
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_role_without_the_right_gets_a_403_it_can_read(page: Page, site: Any) -> None:
    sign_in(page, "monitoring")
    page.allowed.append("403")
    expect(page.locator(".menu-item span").first).to_have_text("Все кампании")
    expect(page.locator(".menu .menu-item")).to_have_count(3)  # campaigns, services, their journal
    for path in ("/campaigns/", f"/contacts/{site.campaigns['ALPHA']}/", "/import/", "/journals/import/"):
        answer = page.goto(path)
        assert answer is not None and answer.status == 403
        expect(page.locator("h2")).to_have_text("У вас нет на это прав")


def test_language_and_colours_change_at_a_click(page: Page, site: Any) -> None:
    sign_in(page, "monitoring")
    expect(page.locator("h1")).to_have_text("Все кампании")
    page.click("button[lang=en]")
    expect(page.locator("h1")).to_have_text("All campaigns")
    page.click("button[lang=ru]")
    expect(page.locator("h1")).to_have_text("Все кампании")
    light = page.evaluate("getComputedStyle(document.body.querySelector('.topbar')).backgroundColor")
    page.click("[title='Тёмная тема']")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    dark = page.evaluate("getComputedStyle(document.body.querySelector('.topbar')).backgroundColor")
    assert light != dark
    page.click("[title='Только значки']")
    expect(page.locator(".app.is-narrow")).to_have_count(1)
    page.click("[title='Показать названия']")
    expect(page.locator(".app.is-narrow")).to_have_count(0)


def test_a_session_that_ended_is_told_on_a_living_page(page: Page, site: Any) -> None:
    sign_in(page, "monitoring")
    page.allowed.append("401")
    expect(page.locator("#overview")).to_be_visible()
    with site.engine.begin() as connection:
        connection.execute(text("UPDATE access.session SET ended_at = seen_at"))
    expect(page.locator("#lost")).to_contain_text("Сеанс закончился. Войдите снова.", timeout=10000)


def _state(site: Any, campaign_id: int) -> int:
    with site.engine.connect() as connection:
        return int(connection.scalar(select(Campaign.state_id).where(Campaign.campaign_id == campaign_id)))


def _clearings(site: Any) -> list[tuple[int, str]]:
    with site.engine.connect() as connection:
        rows = connection.execute(
            select(ServiceRun.campaign_id, ServiceRun.requested_by)
            .join(Service, Service.service_id == ServiceRun.service_id)
            .where(Service.code == "queue_clear", ServiceRun.requested_by.is_not(None))
        )
        return [tuple(row) for row in rows]


@pytest.mark.parametrize("width", [1366, 1920])
def test_no_page_is_wider_than_the_window(page: Page, site: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    sign_in(page, "campaign_administrator")
    campaign_id = site.campaigns["ALPHA"]
    for path in ("/", "/campaigns/", f"/monitor/{campaign_id}/", f"/contacts/{campaign_id}/", "/import/",
                 f"/clients/{campaign_id}/", f"/segments/{campaign_id}/", "/dictionaries/schedules/", "/help/schedules",
                 "/import/templates/", "/journals/import/", "/account"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
