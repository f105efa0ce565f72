"""The services: switched, scheduled, run by hand; what the table says of them, live."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select, text, update

from app.admin import services as screen
from app.models.access import Audit
from app.models.ops import Lease, Service, ServiceRun

NOW = datetime.now(UTC).replace(tzinfo=None)
DECK = [
    "Импорт данных с FTP", "Обновление статусов клиентов", "Обновление статусов callback", "Очистка данных",
    "Очистка очереди звонков", "Синхронизация пользователей", "Синхронизация с Cisco Dialer",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _as_it_was(web_engine: Engine) -> Iterator[None]:
    screen._memory.forget()
    with web_engine.connect() as connection:
        services = connection.execute(select(Service.__table__)).all()
        newest = connection.scalar(select(ServiceRun.run_id).order_by(ServiceRun.run_id.desc()).limit(1)) or 0
    yield
    with web_engine.begin() as connection:
        connection.execute(delete(ServiceRun).where(ServiceRun.run_id > newest))
        connection.execute(delete(Lease))
        for row in services:
            connection.execute(
                update(Service).where(Service.service_id == row.service_id).values(
                    is_enabled=row.is_enabled, schedule_id=row.schedule_id, timeout_seconds=row.timeout_seconds,
                    next_run_at=row.next_run_at)
            )  # fmt: skip


def service(engine: Engine, code: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Service.__table__).where(Service.code == code)).one()


def add_run(engine: Engine, code: str, state_id: int, **values: Any) -> int:
    columns = {"planned_at": NOW, "started_at": NOW, "attempt_no": 1} | values
    with engine.begin() as connection:
        service_id = connection.scalar(select(Service.service_id).where(Service.code == code))
        made = connection.execute(insert(ServiceRun).values(service_id=service_id, state_id=state_id, **columns))
        return int(made.inserted_primary_key[0])


def shown(browser: Any, engine: Engine, code: str) -> dict[str, Any]:
    screen._memory.forget()
    found = browser.get("/services/services.json").get_json()["services"]
    return dict(found[str(service(engine, code).service_id)])


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


@pytest.mark.mission("M229")
def test_the_seven_services_of_the_deck_stand_there_with_their_state(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    with web_engine.begin() as connection:  # what other tests have asked for
        connection.execute(text("DELETE FROM ops.service_run WHERE state_id = 1"))
    browser = signed_in("monitoring")
    browser.post("/language/ru")
    page = browser.text("/services/")
    browser.post("/language/en")
    places = [page.index(f"<strong>{name}</strong>") for name in DECK]
    assert places == sorted(places)
    assert "data-sheet" not in page and page.count("disabled") >= 7  # monitoring changes nothing
    assert shown(browser, web_engine, "client_status")["state"] == "Waits"
    assert shown(browser, web_engine, "queue_clear")["state"] == "Switched off"


def test_a_service_that_this_release_does_not_have_is_shown_as_such_and_not_run(
    signed_in: Callable[..., Any], web_engine: Engine, monkeypatch: Any
) -> None:
    monkeypatch.delitem(screen.SERVICES, "dialer_sync")
    browser = signed_in("dictionary_editor")
    row = service(web_engine, "dialer_sync")
    assert shown(browser, web_engine, "dialer_sync")["state"] == "not in this release"
    assert f'href="/services/{row.service_id}/run"' not in browser.text("/services/")
    assert browser.get(f"/services/{row.service_id}/run").status_code == 404
    assert browser.post(f"/services/{row.service_id}/run").status_code == 404
    assert "This release does not have" in browser.text(f"/services/{row.service_id}")


def test_the_table_follows_a_run_from_the_queue_to_its_end(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("reviewer")
    failed = add_run(web_engine, "client_status", 4, error="Dialer <b>refuses</b>", finished_at=NOW)
    now = shown(browser, web_engine, "client_status")
    assert (now["last_id"], now["last_state"], now["error_id"], now["is_fresh"]) == (failed, "Failed", failed, True)
    assert "&lt;b&gt;refuses" in browser.text("/services/")

    queued = add_run(web_engine, "client_status", 1, started_at=None)
    assert shown(browser, web_engine, "client_status")["state"] == "Queued"
    with web_engine.begin() as connection:
        later = datetime.now(UTC).replace(tzinfo=None) + timedelta(seconds=300)
        connection.execute(update(ServiceRun).where(ServiceRun.run_id == queued).values(planned_at=later))
    assert re.fullmatch("Tried again in [45] min", shown(browser, web_engine, "client_status")["state"])
    with web_engine.begin() as connection:
        connection.execute(update(ServiceRun).where(ServiceRun.run_id == queued)
                           .values(state_id=2, started_at=NOW, progress=1200, progress_total=3000))  # fmt: skip
    now = shown(browser, web_engine, "client_status")
    assert (now["state"], now["note"], now["share"], now["run_id"]) == ("Running", "1,200 of 3,000", 40, queued)
    with web_engine.begin() as connection:
        connection.execute(update(ServiceRun).where(ServiceRun.run_id == queued)
                           .values(state_id=3, finished_at=NOW + timedelta(seconds=75)))  # fmt: skip
    now = shown(browser, web_engine, "client_status")
    assert (now["state"], now["last_id"], now["last_state"], now["last_seconds"]) == (
        "Waits", queued, "Done", "1 min 15 s",
    )  # fmt: skip
    assert (now["error_id"], now["is_fresh"]) == (failed, False)


def test_the_page_says_when_no_scheduler_is_at_work(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("reviewer")
    assert "No scheduler is at work" in browser.text("/services/")
    with web_engine.begin() as connection:
        connection.execute(
            insert(Lease).values(
                name="scheduler", owner="host 1", taken_at=NOW, beat_at=datetime.now(UTC).replace(tzinfo=None)
            )
        )
    assert "No scheduler is at work" not in browser.text("/services/")
    with web_engine.begin() as connection:
        connection.execute(update(Lease).values(beat_at=NOW - timedelta(hours=1)))
    assert "The scheduler has been silent since" in browser.text("/services/")


@pytest.mark.mission("M229")
def test_a_switch_works_at_once_and_is_audited(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    row = service(web_engine, "queue_clear")
    for wanted in (True, False):
        answer = browser.fetch(f"/services/{row.service_id}/switch", {"is_enabled": wanted})
        assert answer.get_json() == {"is_enabled": wanted}
        assert service(web_engine, "queue_clear").is_enabled is wanted
        assert json.loads(last_audit(web_engine, "service_change").after)["is_enabled"] is wanted
    assert browser.fetch(f"/services/{row.service_id}/switch", {"is_enabled": "yes"}).status_code == 400
    assert browser.fetch("/services/999999/switch", {"is_enabled": True}).status_code == 404
    assert signed_in("reviewer").fetch(f"/services/{row.service_id}/switch", {"is_enabled": True}).status_code == 403


def test_schedule_and_time_limit_are_given_in_the_dialog(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    row, other = service(web_engine, "queue_clear"), service(web_engine, "data_purge")
    values = {"is_enabled": "1", "schedule_id": str(other.schedule_id), "timeout_seconds": "120"}
    answer = browser.post(f"/services/{row.service_id}", values, headers={"X-Acm-Sheet": "1"})
    assert answer.get_json() == {"next": "/services/"}
    now = service(web_engine, "queue_clear")
    assert (now.is_enabled, now.schedule_id, now.timeout_seconds, now.next_run_at) == (
        True,
        other.schedule_id,
        120,
        None,
    )
    audit = last_audit(web_engine, "service_change")
    assert json.loads(audit.before)["timeout_seconds"] == row.timeout_seconds
    for written in ("0", "86401", "x", ""):
        answer = browser.post(f"/services/{row.service_id}", values | {"timeout_seconds": written})
        assert "A whole number of seconds from 1 to 86,400." in answer.get_data(as_text=True)
    assert browser.post(f"/services/{row.service_id}", values | {"schedule_id": "999999"}).status_code == 404
    assert browser.post(f"/services/{row.service_id}", {"timeout_seconds": "60"}).status_code == 302
    now = service(web_engine, "queue_clear")
    assert (now.is_enabled, now.schedule_id, now.timeout_seconds) == (False, None, 60)


def test_a_run_is_asked_for_once_of_all_or_of_one_campaign(
    signed_in: Callable[..., Any], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    browser = signed_in("campaign_administrator")
    row = service(web_engine, "dialer_sync")
    page = browser.text(f"/services/{row.service_id}/run")
    assert "[ALPHA] Первая" in page and 'name="campaign"' in page
    answer = browser.post(f"/services/{row.service_id}/run", {"campaign": str(campaigns["ALPHA"])})
    page = browser.text(answer.location)
    assert "is asked for." in page and "Queued" in page
    run_id = int(answer.location.rstrip("/").rsplit("/", 1)[1])
    with web_engine.connect() as connection:
        run = connection.execute(select(ServiceRun.__table__).where(ServiceRun.run_id == run_id)).one()
    assert (run.state_id, run.campaign_id, run.requested_by) == (1, campaigns["ALPHA"], "campaign_administrator")
    assert json.loads(last_audit(web_engine, "service_run").after) == {
        "code": "dialer_sync", "run_id": run_id, "campaign": "ALPHA",
    }  # fmt: skip
    again = browser.post(f"/services/{row.service_id}/run", {"campaign": str(campaigns["ALPHA"])})
    assert again.location == answer.location
    assert "The same run is on its way already" in browser.text(again.location)
    assert browser.post(f"/services/{row.service_id}/run", {"campaign": "999999"}).status_code == 404

    callback = service(web_engine, "callback_status")
    assert 'name="campaign"' not in browser.text(f"/services/{callback.service_id}/run")
    clear = service(web_engine, "queue_clear")
    assert "Dialer holds 30 contacts." in browser.text(f"/services/{clear.service_id}/run")
