"""The overview, the list of campaigns and the monitor: what they show, and what their buttons do."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from exports import csv_lines, xlsx_rows
from sqlalchemy import Engine, select, text

from app import clock
from app.admin import monitor, overview
from app.models.access import Audit
from app.models.ops import Service, ServiceRun
from app.models.strategy import Campaign, Segment


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """Answers are remembered for a second or two; each test wants its own."""
    for memory in (monitor._numbers, monitor._day_results, monitor._reasons, overview._memory):
        memory.forget()


@pytest.fixture(scope="module")
def running(web_engine: Engine) -> int:
    """A campaign of this module's own: dialled, with a block out."""
    now = clock.now()
    with web_engine.begin() as connection:
        campaign_id = web_scene.campaign(
            connection, "GAMMA", "Третья <b>", now - timedelta(hours=2), clients=120, segments=("s1", "s2")
        )
        web_scene.dial(connection, campaign_id, now - timedelta(minutes=1), 4)
    return campaign_id


def state(engine: Engine, campaign_id: int) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(select(Campaign.state_id).where(Campaign.campaign_id == campaign_id)))


def live(browser: Any, campaign_id: int, query: str = "") -> dict[str, Any]:
    answer = browser.get(f"/monitor/{campaign_id}/monitor.json{query}", headers={"X-Requested-With": "fetch"})
    assert answer.status_code == 200
    return dict(answer.json)


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


@pytest.mark.mission("M188", "M189", "M190", "M192", "M193", "M194", "M195", "M196", "M197")
def test_the_monitor_shows_what_the_tables_say(signed_in: Callable[..., Any], running: int, web_engine: Engine) -> None:
    answer = live(signed_in(), running)
    with web_engine.connect() as connection:

        def count(statement: str, **values: int) -> int:
            return int(connection.scalar(text(statement), {"id": running, **values}) or 0)

        assert answer["records_out"] == count("SELECT COUNT(*) FROM dialing.record WHERE campaign_id = :id") == 30
        assert answer["clients_active"] == count(
            "SELECT COUNT(*) FROM core.client WHERE campaign_id = :id AND status_id = 1"
        )
        assert answer["clients"] == 120
        attempts = count("SELECT COUNT(*) FROM core.attempt WHERE campaign_id = :id")
        assert answer["attempts_hour"] == attempts == 120
        assert sum(one["count"] for one in answer["results"]) == attempts
        assert sum(one[0] for one in answer["pace"]) == attempts
        assert sum(one[1] for one in answer["pace"]) == answer["contacts_hour"]
        assert sum(one["count"] for one in answer["results"] if one["is_contact"]) == answer["contacts_hour"]
        for status_id, clients in answer["statuses"].items():
            assert clients == count(
                "SELECT COUNT(*) FROM core.client WHERE campaign_id = :id AND status_id = :status",
                status=int(status_id),
            )
    assert sum(answer["statuses"].values()) == 120
    assert (answer["agents_working"], answer["block_size"], answer["queue_depth"]) == (14, 30, 120)
    assert (answer["state_id"], answer["dialer_state"], answer["blocks_confirmed"]) == (2, "enabled", 1)
    assert [one["clients"] for one in answer["segments"].values()] == [60, 60]


def test_the_page_says_it_in_words_and_escapes_what_people_wrote(signed_in: Callable[..., Any], running: int) -> None:
    page = signed_in().text(f"/monitor/{running}/")
    for label in (
        "State of dialling", "Contacts in the queue", "Contacts to be processed (active)", "Agents at work",
        "General", "Campaign name in Dialer", "ACM campaign status", "Cisco campaign status", "Block size",
        "Phones in the dialling queue", "Clear queue", "Stop", "gamma_out",
    ):  # fmt: skip
        assert label in page, label
    assert "Третья &lt;b&gt;" in page and "Третья <b>" not in page


def test_the_monitor_says_why_phones_are_not_dialled(
    signed_in: Callable[..., Any], running: int, web_engine: Engine
) -> None:
    browser = signed_in()
    reasons = {one["code"]: one for one in live(browser, running)["reasons"]}
    with web_engine.connect() as connection:
        phones = connection.scalar(text("SELECT COUNT(*) FROM core.phone WHERE campaign_id = :id"), {"id": running})
    assert sum(one["phones"] for one in reasons.values()) == phones
    assert reasons["in_work"]["phones"] >= 30 and reasons["in_work"]["name"] == "the client is in work"
    assert reasons["ready"]["name"] == "may be dialled now"
    page = browser.text(f"/monitor/{running}/")
    assert f"the client is in work <strong>{reasons['in_work']['phones']}</strong>" in page
    assert browser.post(f"/monitor/{running}/stop").status_code == 302
    stopped = {one["code"]: one["phones"] for one in live(browser, running)["reasons"]}
    assert stopped == {"ready": 0, "campaign_active": phones}
    assert browser.post(f"/monitor/{running}/start").status_code == 302


def test_results_of_a_day_and_of_an_hour_are_two_spans(
    signed_in: Callable[..., Any], running: int, web_engine: Engine
) -> None:
    with web_engine.begin() as connection:
        connection.execute(
            text(
                "UPDATE core.attempt SET ended_at = :then WHERE attempt_id ="
                " (SELECT MIN(attempt_id) FROM core.attempt WHERE campaign_id = :id)"
            ),
            {"then": clock.now() - timedelta(hours=5), "id": running},
        )  # fmt: skip
    browser = signed_in()
    assert sum(one["count"] for one in live(browser, running)["results"]) == 119
    assert sum(one["count"] for one in live(browser, running, "?span=day")["results"]) == 120
    assert sum(one["count"] for one in live(browser, running, "?span=nonsense")["results"]) == 119


def test_start_and_stop_change_the_state_and_are_audited(
    signed_in: Callable[..., Any], campaigns: dict[str, int], web_engine: Engine
) -> None:
    beta = campaigns["BETA"]
    browser = signed_in("campaign_administrator")
    assert state(web_engine, beta) == 1
    for where in (f"/monitor/{beta}", f"/campaigns/{beta}"):
        answer = browser.post(f"{where}/start")
        assert answer.status_code == 302
        assert "The campaign is started." in browser.text(answer.location)
        assert state(web_engine, beta) == 2
        row = last_audit(web_engine, "campaign_start")
        assert (row.username, row.object_type, row.object_id) == ("campaign_administrator", "campaign", str(beta))
        assert json.loads(row.before)["state"] == "stopped" and json.loads(row.after)["state"] == "active"
        answer = browser.post(f"{where}/stop")
        assert "The campaign is stopped." in browser.text(answer.location)
        assert state(web_engine, beta) == 1
        assert json.loads(last_audit(web_engine, "campaign_stop").after)["state"] == "stopped"


def test_a_refusal_of_the_procedure_is_told_on_the_page(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        archived = web_scene.campaign(connection, "OLD", "Старая", clock.now())
        connection.execute(text("UPDATE core.campaign SET state_id = 3 WHERE campaign_id = :id"), {"id": archived})
    browser = signed_in()
    answer = browser.post(f"/campaigns/{archived}/start")
    page = browser.text(answer.location)
    assert "The campaign cannot be started: it is archived or has no strategy in force." in page
    assert state(web_engine, archived) == 3
    browser.post("/language/ru")
    browser.post(f"/campaigns/{archived}/start")
    assert "Кампанию нельзя запустить" in browser.text("/campaigns/")
    browser.post("/language/en")


@pytest.mark.mission("M186", "M191")
def test_clearing_the_queue_asks_for_a_run_of_the_service_once(
    signed_in: Callable[..., Any], running: int, web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")
    page = browser.text(f"/monitor/{running}/")
    assert re.search(r'Contacts that come back from the dialer: <strong[^>]*data-live="records_out">30<', page)
    for _ in range(2):
        answer = browser.post(f"/monitor/{running}/clear-queue")
        assert "The queue is being cleared: 30 contacts come back from the dialer." in browser.text(answer.location)
    with web_engine.connect() as connection:
        runs = connection.execute(
            select(ServiceRun.campaign_id, ServiceRun.requested_by)
            .join(Service, Service.service_id == ServiceRun.service_id)
            .where(Service.code == "queue_clear", ServiceRun.campaign_id == running)
        ).all()
    assert [tuple(run) for run in runs] == [(running, "campaign_administrator")]
    row = last_audit(web_engine, "queue_clear")
    assert json.loads(row.before) == {"code": "GAMMA", "contacts": 30}


@pytest.mark.mission("M44", "M187")
def test_a_segment_is_switched_by_its_switch(
    signed_in: Callable[..., Any], running: int, campaigns: dict[str, int], web_engine: Engine
) -> None:
    with web_engine.connect() as connection:
        segment_id = connection.scalar(select(Segment.segment_id).where(Segment.campaign_id == running))

    def is_enabled() -> bool:
        with web_engine.connect() as connection:
            return bool(connection.scalar(select(Segment.is_enabled).where(Segment.segment_id == segment_id)))

    browser = signed_in("campaign_administrator")
    path = f"/monitor/{running}/segments/{segment_id}"
    assert browser.fetch(path, {"is_enabled": False}).json == {"is_enabled": False}
    assert not is_enabled()
    assert live(browser, running)["segments"][str(segment_id)]["is_enabled"] is False
    row = last_audit(web_engine, "segment_switch")
    assert json.loads(row.before)["is_enabled"] is True and json.loads(row.after)["is_enabled"] is False
    for wrong in ({}, {"is_enabled": "yes"}, []):
        assert browser.fetch(path, wrong).status_code == 400
    assert browser.fetch(f"/monitor/{campaigns['BETA']}/segments/{segment_id}", {"is_enabled": True}).status_code == 404
    assert not is_enabled()
    assert browser.fetch(path, {"is_enabled": True}).status_code == 200
    assert is_enabled()


def test_the_overview_adds_up(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    answer = signed_in("monitoring").get("/overview.json", headers={"X-Requested-With": "fetch"}).json
    with web_engine.connect() as connection:
        clients = connection.scalar(
            text(
                "SELECT COUNT(*) FROM core.client AS c JOIN core.campaign AS k ON k.campaign_id = c.campaign_id"
                " WHERE k.state_id <> 3"
            )
        )
        out = connection.scalar(
            text(
                "SELECT COUNT(*) FROM dialing.record AS r JOIN core.campaign AS k ON k.campaign_id = r.campaign_id"
                " WHERE k.state_id <> 3"
            )
        )
    assert answer["totals"]["clients"] == clients == sum(row["clients"] for row in answer["campaigns"])
    assert answer["totals"]["records_out"] == out
    assert answer["totals"]["active"] == sum(1 for row in answer["campaigns"] if row["state_id"] == 2)


def test_the_list_of_campaigns_filters_and_sorts(
    signed_in: Callable[..., Any], running: int, web_engine: Engine
) -> None:
    browser = signed_in()
    with web_engine.connect() as connection:
        rows = connection.execute(
            text("SELECT k.code, k.clients, k.state_id FROM dialing.campaign_overview AS k WHERE k.state_id <> 3")
        ).all()
    assert {"ALPHA", "BETA", "GAMMA"} <= {row.code for row in rows}
    assert len({row.clients for row in rows}) > 1

    def codes(query: str) -> list[str]:
        page = browser.text(f"/campaigns/{query}")
        return re.findall(r"<tr>\s*<td>(\w+)</td>", page)

    assert codes("") == sorted(row.code for row in rows)
    assert codes("?sort=code&desc=1") == sorted((row.code for row in rows), reverse=True)
    assert codes("?sort=clients") == [row.code for row in sorted(rows, key=lambda row: (-row.clients, row.code))]
    assert codes("?q=трет") == ["GAMMA"] and codes("?q=gamma_OUT") == ["GAMMA"]
    assert codes("?state=stopped") == sorted(row.code for row in rows if row.state_id == 1)
    assert "OLD" not in codes("") and "OLD" in codes("?state=archived")
    assert codes("?sort=nonsense&state=nonsense") == codes("")
    assert "Nothing fits the filter" in browser.text("/campaigns/?q=qwertyuiop")


def test_the_file_of_campaigns_holds_what_is_filtered(
    signed_in: Callable[..., Any], running: int, campaigns: dict[str, int], web_engine: Engine
) -> None:
    browser = signed_in("reviewer")
    with web_engine.connect() as connection:
        row = connection.execute(
            text("SELECT o.* FROM dialing.campaign_overview AS o WHERE o.campaign_id = :id"), {"id": running}
        ).one()
    head, line = csv_lines(browser, "/campaigns/export.csv?q=gamma_OUT")
    assert head[:5] == ["Code", "Name", "ACM status", "Cisco status", "Campaign name in Dialer"]
    assert line[:5] == ["GAMMA", "Третья <b>", "Active", "Enabled", "gamma_out"]
    assert line[5:11] == [
        str(getattr(row, name))
        for name in ("records_out", "queue_depth", "block_size", "clients_active", "clients_success", "clients")
    ]
    shown = browser.text("/campaigns/?sort=code&desc=1")
    codes = [line[0] for line in csv_lines(browser, "/campaigns/export.csv?sort=code&desc=1")[1:]]
    assert codes == re.findall(r"<tr>\s*<td>(\w+)</td>", shown) and "OLD" not in codes
    assert 'href="/campaigns/export.xlsx?sort=code&amp;desc=1"' in shown
    rows = xlsx_rows(browser, "/campaigns/export.xlsx?state=archived")
    assert rows[0] == tuple(head) and "OLD" in [one[0] for one in rows] and {one[2] for one in rows[1:]} == {"Archived"}
    assert browser.get("/campaigns/export.pdf").status_code == 404


def test_many_viewers_cost_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading
    import time

    from app.admin.cache import ShortMemory

    memory = ShortMemory(0.3)
    reads: list[int] = []

    def read() -> int:
        reads.append(1)
        time.sleep(0.1)
        return len(reads)

    answers: list[int] = []
    threads = [threading.Thread(target=lambda: answers.append(memory.get("x", read))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [1] * 20
    assert memory.get("y", read) == 2
    time.sleep(0.35)
    assert memory.get("x", read) == 3
