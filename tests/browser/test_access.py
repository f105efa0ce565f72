"""Access in Chromium: a user who is made there signs in, a campaign that is limited there is gone for others."""

from __future__ import annotations

from typing import Any

import pytest
from browser_site import sign_in
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import delete, select
from web_users import add_user

from app.auth import accounts
from app.models.access import ApiKey, CampaignGroup, Group, User, UserGroup


@pytest.fixture
def guard(site: Any) -> str:
    """A security administrator, Russian."""
    with site.engine.begin() as connection:
        if connection.scalar(select(User.user_id).where(User.username == "guard")) is None:
            add_user(connection, "guard", "security_administrator", language="ru")
    return "guard"


def test_a_user_is_made_signs_in_and_is_switched_off(page: Page, site: Any, chromium: Browser, guard: str) -> None:
    sign_in(page, guard)
    page.goto("/access/users/")
    page.get_by_role("link", name="Добавить").click()
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".field.has-error .field-error")).to_have_text("Укажите имя пользователя.")
    page.get_by_label("Фамилия").fill("Орлова")
    page.get_by_label("Имя пользователя").fill("orlova")
    page.get_by_label("E-mail").fill("orlova@bank.ru")
    page.get_by_label("Мониторинг").check()
    page.get_by_role("button", name="Сохранить").click()
    password = page.locator("#secret").input_value()
    page.get_by_role("button", name="Копировать").click()
    expect(page.get_by_role("button", name="Скопировано")).to_be_visible()
    with site.engine.connect() as connection:
        made = accounts.find_user(connection, "orlova")
        groups = list(
            connection.scalars(
                select(Group.name)
                .join(UserGroup, UserGroup.group_id == Group.group_id)
                .where(UserGroup.user_id == made.user_id)
            )
        )
    assert (made.last_name, made.email, groups) == ("Орлова", "orlova@bank.ru", ["Мониторинг"])

    theirs = chromium.new_context(base_url=site.url, locale="ru-RU").new_page()
    sign_in(theirs, "orlova", password)
    expect(theirs.locator("#new")).to_be_visible()

    page.goto("/access/users/?q=orlova")
    page.get_by_role("button", name="Отключить").click()
    expect(page.locator("#confirm")).to_contain_text("Отключить пользователя orlova?")
    page.locator("#confirm").get_by_role("button", name="Да").click()
    expect(page.locator("#users")).to_contain_text("Отключён")
    theirs.reload()
    expect(theirs.locator("form.sign-in")).to_be_visible()
    theirs.context.close()

    page.goto("/journals/audit/?object_type=user")
    page.locator("#audit tbody tr", has_text="Пользователь включён или отключён").first.get_by_role("link").click()
    dialog = page.locator("dialog.sheet-dialog")
    expect(dialog.locator("#values tr.is-changed")).to_contain_text(["Включён"])
    expect(dialog.locator("#values tr.is-changed").first).to_contain_text("нет")
    dialog.get_by_role("link", name="Закрыть").click()
    expect(dialog).to_be_hidden()


def test_a_campaign_is_limited_to_a_group(page: Page, site: Any, chromium: Browser, guard: str) -> None:
    campaign_id = site.campaigns["BETA"]
    theirs = chromium.new_context(base_url=site.url, locale="ru-RU").new_page()
    sign_in(theirs, "campaign_administrator")
    theirs.goto("/campaigns/")
    expect(theirs.get_by_role("link", name="Вторая")).to_be_visible()
    try:
        sign_in(page, guard)
        page.goto("/access/groups/")
        page.get_by_role("link", name="Кому видна кампания").click()
        page.get_by_role("link", name="Вторая").click()
        page.get_by_label("Редакторы").check()
        expect(page.get_by_label("только пользователям отмеченных групп")).to_be_checked()
        page.get_by_role("button", name="Сохранить").click()
        expect(page.locator("#campaigns tr", has_text="BETA")).to_contain_text("Редакторы")
        theirs.reload()
        expect(theirs.get_by_role("link", name="Первая")).to_be_visible()
        expect(theirs.get_by_role("link", name="Вторая")).to_have_count(0)
        answer = theirs.goto(f"/monitor/{campaign_id}/")
        assert answer is not None and answer.status == 404
    finally:
        with site.engine.begin() as connection:
            connection.execute(delete(CampaignGroup))
        theirs.context.close()


def test_a_key_is_made_and_revoked(page: Page, site: Any, guard: str) -> None:
    sign_in(page, guard)
    page.goto("/access/keys/")
    page.get_by_role("link", name="Добавить").first.click()
    page.get_by_label("Название").fill("CRM")
    page.get_by_label("Загружать задания").check()
    page.get_by_role("button", name="Создать").click()
    assert page.locator("#secret").input_value().startswith("acm_")
    page.get_by_role("link", name="Готово").click()
    page.get_by_role("button", name="Отозвать").click()
    page.locator("#confirm").get_by_role("button", name="Да").click()
    expect(page.locator("#keys")).to_contain_text("Отозван")
    with site.engine.connect() as connection:
        assert connection.scalar(select(ApiKey.revoked_by).where(ApiKey.name == "CRM")) == guard


@pytest.mark.parametrize("width", [1366, 1920])
def test_no_page_is_wider_than_the_window(page: Page, site: Any, guard: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 768})
    sign_in(page, guard)
    for path in ("/access/users/", "/access/users/1", "/access/groups/", "/access/groups/1", "/access/campaigns/",
                 f"/access/campaigns/{site.campaigns['ALPHA']}", "/access/roles/", "/access/sessions/", "/access/keys/",
                 "/access/keys/new", "/journals/audit/", "/journals/audit/?object_type=user"):  # fmt: skip
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
