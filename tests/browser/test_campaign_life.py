"""From nothing to the first block: a campaign is made, given a strategy and started; a change of it is seen before it is
saved and obeyed by the next block; why a client is not called is read on its card."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from browser_site import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from app import clock
from app.models.strategy import Campaign


def campaign_of(site: Any, code: str) -> Any:
    with site.engine.connect() as connection:
        return connection.execute(select(Campaign.__table__).where(Campaign.code == code)).one()


def types_of_next_block(site: Any, campaign_id: int) -> set[str]:
    """The phone types of the phones that the next block takes; nothing of it stays."""
    with site.engine.connect() as connection:
        rows = web_scene.take(connection, campaign_id, clock.now())
        types = set(
            connection.scalars(
                text(
                    "SELECT DISTINCT y.code FROM dialing.record AS r JOIN core.phone AS p ON p.phone_id = r.phone_id"
                    " JOIN core.phone_type AS y ON y.phone_type_id = p.phone_type_id WHERE r.block_id = :id"
                ),
                {"id": rows[0].block_id if rows else 0},
            )
        )
        connection.rollback()
        return types


@pytest.mark.mission("M1", "M2", "M185")
def test_a_campaign_is_made_from_nothing_started_and_its_strategy_changed(page: Page, site: Any) -> None:
    sign_in(page, "campaign_administrator")
    page.click("text=Кампании >> nth=0")
    page.goto("/campaigns/")
    page.locator("a.btn-primary", has_text="Создать").click()
    page.fill("#code", "NEW26")
    page.fill("#name", "Новая кампания")
    page.click("form.form button.btn-primary")
    expect(page.locator(".notice.is-success")).to_contain_text("Кампания Новая кампания создана. Она остановлена.")
    expect(page.locator(".notice.is-warning")).to_contain_text("У кампании ещё нет стратегии.")
    row = campaign_of(site, "NEW26")
    assert (row.state_id, row.strategy_version_id) == (1, None)

    page.get_by_role("tab", name="Интервалы и время обзвона").click()
    page.fill("[name='schedule.general.name']", "Круглосуточно")
    for day in range(1, 8):
        page.fill(f"[name='schedule.general.day.{day}']", "00:00–24:00")
    page.fill("#reason", "Первая")
    page.click(".form-foot button[value=save]")
    expect(page.locator(".notice.is-success")).to_be_visible()
    assert campaign_of(site, "NEW26").strategy_version_id is not None
    with site.engine.begin() as connection:
        web_scene.add_clients(connection, row.campaign_id, 30, ("1",), clock.now() - timedelta(minutes=1))

    page.get_by_role("link", name="Монитор").first.click()
    page.click("#start")
    expect(page.locator("#acm-state")).to_have_text("Активна")
    assert campaign_of(site, "NEW26").state_id == 2
    assert types_of_next_block(site, row.campaign_id) == {"M", "H"}

    page.get_by_role("link", name="Стратегия").first.click()
    page.get_by_role("tab", name="Интервалы и время обзвона").click()
    page.locator("#panel-times .table.is-form tr", has_text="Домашний").locator("[type=checkbox]").first.uncheck()
    page.click(".form-foot button[value=preview]")
    expect(page.locator("#preview")).to_contain_text(re.compile(r"закроется 10\b"))  # every third has a phone at home
    assert types_of_next_block(site, row.campaign_id) == {"M", "H"}  # nothing is saved yet
    page.fill("#reason", "Домашние телефоны не обзваниваем")
    page.click(".form-foot button[value=save]")
    expect(page.locator(".notice.is-success")).to_be_visible()
    assert types_of_next_block(site, row.campaign_id) == {"M"}


@pytest.mark.mission("M198", "M199")
def test_why_a_client_is_not_called_is_read_on_its_card(page: Page, site: Any) -> None:
    campaign_id = site.campaigns["BETA"]
    with site.engine.connect() as connection:
        code = connection.scalar(
            text("SELECT MIN(c.client_code) FROM core.client AS c WHERE c.campaign_id = :id"), {"id": campaign_id}
        )
    sign_in(page, "campaign_administrator")
    page.goto(f"/clients/{campaign_id}/?q={code}")
    page.get_by_role("link", name=str(code), exact=True).click()
    expect(page.locator("#status")).to_have_text("Активный")
    phone = page.locator("#phones tbody tr").first
    expect(phone).to_contain_text("кампания остановлена")
    phone.get_by_title("Все правила").click()
    rules = page.locator(".sheet-dialog .rules")
    expect(rules.locator("[data-rule=campaign_active]")).to_contain_text("причина")
    page.locator(".sheet-dialog [data-close]").last.click()

    phone.get_by_title("Исключить из обзвона").click()
    page.fill(".sheet-dialog #reason", "Просил не звонить")
    page.click(".sheet-dialog .btn-danger")
    expect(page.locator("#history tbody tr").first).to_contain_text("Просил не звонить")
    expect(page.locator("#history tbody tr").first).to_contain_text("campaign_administrator")
    expect(phone).to_contain_text("заблокирован")
    phone.get_by_title("Снять блокировку").click()
    page.click(".sheet-dialog .btn-primary")
    expect(page.locator("#history tbody tr").first).to_contain_text("Снятие блокировки")
