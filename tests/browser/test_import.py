"""Loads in Chromium: errors corrected and loaded again, a load followed live, a load undone, a source checked."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from browser_site import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import func, select

from app.importing import templates
from app.models.contact import Client
from app.models.importing import ImportBatch, ImportSource, ImportTemplate

LINE = "${contact.client.code};${contact.phone.number};${contact.phone.type.code}"


@pytest.fixture(scope="module")
def template(site: Any) -> str:
    with site.engine.begin() as connection:
        if connection.scalar(select(ImportTemplate.template_id).where(ImportTemplate.name == "Телефоны")) is None:
            templates.create(connection, name="Телефоны", line=LINE, created_by="tests", has_header=False)
    return "Телефоны"


def load(page: Page, path: Path, template: str) -> None:
    """Through the pages of the load, up to its journal."""
    page.goto("/import/")
    page.set_input_files("#file", path)
    page.select_option("#template", template)
    page.select_option("#campaign", "BETA")
    page.click("text=Показать первые строки")
    page.click("#load")
    expect(page).to_have_url(re.compile(r"/journals/import/\d+/"), timeout=30_000)


def codes(site: Any, prefix: str) -> int:
    with site.engine.connect() as connection:
        return int(
            connection.scalar(select(func.count()).select_from(Client).where(Client.client_code.like(f"{prefix}%")))
            or 0
        )


def test_errors_are_corrected_and_loaded_again(page: Page, site: Any, template: str, tmp_path: Path) -> None:
    sign_in(page, "campaign_administrator")
    path = tmp_path / "с ошибками.txt"
    path.write_text("WA1;79160100001;M\nWA2;нет;M\nWA3;79160100003;NO\n", "utf-8")
    load(page, path, template)
    expect(page.locator("#state")).to_have_text("Завершена", timeout=30_000)
    expect(page.locator("[data-counter=clients_rejected]")).to_have_text("2")
    with page.expect_download() as download:
        page.click("#reject-file")
    rejects = tmp_path / download.value.suggested_filename
    download.value.save_as(rejects)
    assert rejects.read_text("utf-8") == "WA2;нет;M\nWA3;79160100003;NO\n"
    rejects.write_text("WA2;79160100002;M\nWA3;79160100003;H\n", "utf-8")
    load(page, rejects, template)
    expect(page.locator("#state")).to_have_text("Завершена", timeout=30_000)
    expect(page.locator("[data-counter=clients_loaded]")).to_have_text("2")
    assert codes(site, "WA") == 3
    page.click("#corrects")
    expect(page.locator("[data-counter=clients_rejected]")).to_have_text("2")
    page.click("#corrected-by a")
    expect(page.locator("[data-counter=clients_loaded]")).to_have_text("2")


@pytest.mark.mission("M150")
def test_a_load_is_followed_live_and_then_undone(page: Page, site: Any, template: str, tmp_path: Path) -> None:
    sign_in(page, "campaign_administrator")
    path = tmp_path / "много.txt"
    path.write_text("".join(f"WB{i};7916020{i:04};M\n" for i in range(3000)), "utf-8")
    load(page, path, template)
    page.evaluate("window.stillHere = true")
    seen = set()
    for _ in range(100):
        text = page.locator("[data-counter=lines_done]").inner_text()
        seen.add(text)
        if page.locator("#state").inner_text() == "Завершена":
            break
        page.wait_for_timeout(200)
    assert len(seen) > 1, seen
    expect(page.locator("#state")).to_have_text("Завершена", timeout=60_000)
    assert codes(site, "WB") == 3000

    page.click("#undo")
    dialog = page.locator("dialog.sheet-dialog")
    expect(dialog.locator("#goes")).to_have_text(re.compile("^3.000$"))
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert codes(site, "WB") == 3000
    page.click("#undo")
    page.click("#undo-yes")
    expect(page.locator("#state")).to_have_text("Отменена", timeout=60_000)
    expect(page.locator("[data-counter=clients_undone]")).to_have_text(re.compile("^3.000$"))
    assert codes(site, "WB") == 0
    with site.engine.connect() as connection:
        assert connection.scalar(select(ImportBatch.state_id).order_by(ImportBatch.batch_id.desc()).limit(1)) == 4


@pytest.mark.mission("M165", "M182")
def test_a_source_is_checked_and_saved(page: Page, site: Any, template: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "клиенты.txt").write_text("x")
    sign_in(page, "campaign_administrator")
    page.goto("/import/sources/new")
    page.fill("#name", "Папка банка")
    page.select_option("#template_id", label=template)
    page.fill("#root_url", f"file://{tmp_path}/in/none")
    expect(page.locator("#username")).to_be_hidden()
    page.click("#check")
    expect(page.locator("#checked")).to_contain_text("нет, или она не видна")
    page.fill("#root_url", f"file://{tmp_path}/in")
    page.click("#check")
    expect(page.locator("#checked")).to_contain_text("Маске подходит 1 файл.")
    page.select_option("#success_action_id", "2")
    page.fill("#success_target", "")
    page.click("form#source button.btn-primary")
    expect(page.locator(".field-error")).to_have_text("Укажите папку.")
    page.fill("#success_target", "архив")
    page.click("form#source button.btn-primary")
    expect(page.locator("table")).to_contain_text("Папка банка")
    with site.engine.connect() as connection:
        row = connection.execute(select(ImportSource.__table__).where(ImportSource.name == "Папка банка")).one()
    assert (row.success_action_id, row.success_target, row.root_url) == (2, "архив", f"file://{tmp_path}/in")
