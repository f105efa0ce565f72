"""Services in Chromium: a cron schedule is edited and seen to run, by the real scheduler and a real worker."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser_site import sign_in
from playwright.sync_api import Page, expect
from sqlalchemy import func, select, update
from web_users import add_user

from app.models.ops import Service, ServiceRun, ServiceSchedule

CODE = "client_status"
NAME = "Обновление статусов клиентов"
LIST = "/dictionaries/service-schedules/"


@pytest.fixture
def only_one_service(site: Any) -> Iterator[None]:
    """The others of the site rest meanwhile, and nothing that was asked for before is executed."""
    with site.engine.begin() as connection:
        before = connection.execute(select(Service.__table__)).all()
        schedules = connection.execute(select(ServiceSchedule.__table__)).all()
        connection.execute(update(Service).where(Service.code != CODE).values(is_enabled=False, next_run_at=None))
        connection.execute(update(ServiceRun).where(ServiceRun.state_id == 1).values(state_id=6))
    yield
    with site.engine.begin() as connection:
        for row in before:
            connection.execute(update(Service).where(Service.service_id == row.service_id).values(
                is_enabled=row.is_enabled, schedule_id=row.schedule_id, next_run_at=None))  # fmt: skip
        for row in schedules:
            connection.execute(update(ServiceSchedule).where(ServiceSchedule.schedule_id == row.schedule_id).values(
                cron=row.cron))  # fmt: skip


@pytest.fixture
def at_work(site: Any, only_one_service: None, valkey_url: str, home: Path) -> Iterator[None]:
    """A scheduler and a worker, as an installation has them."""
    environment = os.environ | {
        "ACM_HOME": str(home), "ACM_DATABASE_URL": site.engine.url.render_as_string(hide_password=False),
        "ACM_REDIS_URL": valkey_url, "ACM_LANGUAGE": "ru", "ACM_SCHEDULER_LEASE_SECONDS": "2",
    }  # fmt: skip
    processes = []
    for words in (["scheduler"], ["worker"]):
        with (home / f"{words[0]}.log").open("wb") as log:
            processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "app.cli", *words], env=environment, stdin=subprocess.DEVNULL, stdout=log,
                    stderr=log, start_new_session=True,
                )
            )  # fmt: skip
    yield
    for one in processes:
        one.terminate()
    for one in processes:
        one.wait(30)


def runs(site: Any) -> list[Any]:
    with site.engine.connect() as connection:
        return list(
            connection.execute(
                select(ServiceRun.__table__)
                .join(Service, Service.service_id == ServiceRun.service_id)
                .where(Service.code == CODE)
                .order_by(ServiceRun.run_id)
            ).all()
        )


@pytest.mark.mission("M229", "M230", "M231", "M232", "M233", "M234", "M235")
def test_a_cron_schedule_is_edited_and_seen_to_run(page: Page, site: Any, at_work: None) -> None:
    sign_in(page, "dictionary_editor")
    page.click("text=Расписания служб")
    page.get_by_role("link", name=NAME).click()
    expect(page.locator("h1")).to_have_text(NAME)
    expect(page.locator("[data-words]")).to_have_text("каждую минуту")

    # The builder makes the line, the words and the next runs.
    page.locator("[data-part=minute]").get_by_label("в конкретное время").check()
    page.locator(".chips.is-minute .chip", has_text="30").click()
    page.locator("[data-part=hour]").get_by_label("в конкретное время").check()
    page.locator(".chips.is-weekday .chip", has_text="Пн").click()
    expect(page.locator("[data-line]")).to_have_text("0,30 9 * * 1")
    expect(page.locator("[data-words]")).to_have_text("в 09:00, 09:30, Пн")
    expect(page.locator("[data-runs] tr")).to_have_count(5)
    for row in page.locator("[data-runs] tr").all():
        expect(row).to_have_text(re.compile(r"\d\d\.\d\d\.\d{4} 09:(00|30)"))
    expect(page.locator(".chips.is-weekday input[value=all]")).not_to_be_checked()
    page.locator(".chips.is-weekday .chip", has_text="Пн").click()
    expect(page.locator(".chips.is-weekday input[value=all]")).to_be_checked()

    # A typed line fills the builder; what cannot be read is told beside the field and is not saved.
    page.get_by_role("tab", name="Строка cron").click()
    page.fill("#line", "*/10 8-20 * * 6,7")
    expect(page.locator("[data-words]")).to_have_text("каждые 10 минут, часы 08–20, Сб, Вс")
    page.get_by_role("tab", name="Конструктор").click()
    expect(page.locator("[name=minute_step]")).to_have_value("10")
    expect(page.locator(".chips.is-hour input:checked")).to_have_count(13)
    page.get_by_role("tab", name="Строка cron").click()
    page.fill("#line", "по средам")
    expect(page.locator("#error-line")).to_contain_text("Это не расписание: по средам.")
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".notice.is-error")).to_contain_text("Расписание не сохранено.")
    page.fill("#line", "* * * * * */2")
    expect(page.locator("[data-words]")).to_have_text("каждые 2 секунды")
    known = max([run.run_id for run in runs(site)], default=0)
    page.get_by_role("button", name="Сохранить").click()
    expect(page.locator(".notice.is-success")).to_contain_text(f"Расписание «{NAME}» сохранено.")
    expect(page.locator("tr", has_text=NAME)).to_contain_text("каждые 2 секунды")

    # The service runs by it, seen without a reload.
    page.locator(".menu-item", has_text="Службы").first.click()
    row = page.locator("tr", has_text=CODE)
    page.evaluate("window.stillHere = true")
    expect(row.locator("[data-live=last_state]")).to_have_text("Завершён", timeout=20000)
    done = [run for run in runs(site) if run.run_id > known and run.state_id == 3 and run.requested_by is None]
    assert done
    first = row.locator("[data-live=last]").inner_text()
    expect(row.locator("[data-live=last]")).not_to_have_text(first, timeout=10000)
    assert page.evaluate("window.stillHere") is True
    expect(page.locator("#trouble")).to_be_hidden()

    # Switched off it rests.
    with page.expect_response(re.compile("/switch")):
        row.locator(".toggle").click()
    expect(row.locator("[data-live=state]")).to_have_text("Выключена", timeout=10000)
    with site.engine.connect() as connection:
        assert connection.scalar(select(Service.is_enabled).where(Service.code == CODE)) is False

    row.get_by_role("link", name="Запуски").click()
    expect(page.locator("tbody tr").first).to_contain_text(NAME)
    page.locator("tbody tr", has_text="Завершён").first.locator("a").click()
    expect(page.locator("[data-live=state]")).to_have_text("Завершён")
    expect(page.locator(".facts")).to_contain_text("расписание")


def test_a_run_is_asked_for_and_cancelled_before_it_begins(page: Page, site: Any, only_one_service: None) -> None:
    sign_in(page, "campaign_administrator")
    page.goto("/services/")
    expect(page.locator("#trouble")).to_contain_text("Планировщик")
    row = page.locator("tr", has_text="queue_clear")
    row.get_by_role("link", name="Запустить сейчас").click()
    expect(page.locator("dialog[open]")).to_contain_text("Запустить сейчас: Очистка очереди звонков")
    page.select_option("#campaign", str(site.campaigns["BETA"]))
    page.locator("dialog[open] button.btn-primary").click()
    expect(page).to_have_url(re.compile(r"/journals/services/\d+/$"))
    expect(page.locator("[data-live=state]")).to_have_text("В очереди")
    expect(page.locator(".facts")).to_contain_text("campaign_administrator")
    page.get_by_role("button", name="Отменить запуск").click()
    page.locator("#confirm button[value=yes]").click()
    expect(page.locator(".notice.is-success")).to_contain_text("Запуск отменён.")
    expect(page.locator("[data-live=state]")).to_have_text("Отменён")
    with site.engine.connect() as connection:
        newest = connection.execute(
            select(ServiceRun.__table__).where(
                ServiceRun.run_id == select(func.max(ServiceRun.run_id)).scalar_subquery()
            )
        ).one()
    assert (newest.state_id, newest.campaign_id, newest.cancelled_by) == (
        6, site.campaigns["BETA"], "campaign_administrator",
    )  # fmt: skip


def test_a_service_gets_its_schedule_with_the_keyboard_alone(page: Page, site: Any, only_one_service: None) -> None:
    sign_in(page, "dictionary_editor")
    page.goto("/services/")
    row = page.locator("tr", has_text="queue_clear")
    row.locator("a[data-sheet]").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#schedule_id")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("#timeout_seconds")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("0")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open] .field-error")).to_contain_text("Целое число секунд от 1 до")
    page.fill("#timeout_seconds", "901")
    page.keyboard.press("Enter")
    expect(page.locator(".notice.is-success")).to_contain_text("Сохранено.")
    with site.engine.begin() as connection:
        assert connection.scalar(select(Service.timeout_seconds).where(Service.code == "queue_clear")) == 901
        connection.execute(update(Service).where(Service.code == "queue_clear").values(timeout_seconds=900))


def test_chips_are_walked_with_the_arrow_keys(page: Page, site: Any) -> None:
    sign_in(page, "dictionary_editor")
    page.goto(f"{LIST}new")
    page.locator(".chips.is-weekday input").first.focus()
    for key in ("ArrowRight", "ArrowRight", "Space"):
        page.keyboard.press(key)
    expect(page.locator(".chips.is-weekday input[value='2']")).to_be_checked()
    expect(page.locator("[data-line]")).to_have_text("*/5 * * * 2")
    page.keyboard.press("Tab")
    expect(page.locator(".chips.is-day input").first).to_be_focused()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Space")
    expect(page.locator("[data-line]")).to_have_text("*/5 * 31 * 2")
    expect(page.locator("[data-either]")).to_be_visible()


def test_the_dba_looks_at_an_object(page: Page, site: Any) -> None:
    with site.engine.begin() as connection:
        add_user(connection, "dba_looks", "security_administrator", language="ru")
    sign_in(page, "dba_looks")
    page.click("text=База данных")
    expect(page.locator("tbody tr").first).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("run_lose")
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.click("text=ops.run_lose")
    expect(page.locator("pre.code")).to_contain_text("CREATE OR ALTER PROCEDURE ops.run_lose")
    page.click("text=Для сервера")
    expect(page.locator("pre.code")).to_contain_text("CREATE OR REPLACE FUNCTION ops.run_lose")
    page.click("text=Отличия")
    expect(page.locator(".card-note")).to_have_text("Отличий нет.")
    page.goto("/dba/")
    page.get_by_role("link", name="Таблицы").click()
    expect(page.locator("tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Миграции").click()
    expect(page.locator(".notice.is-success")).to_contain_text("на последней ревизии")
