"""The journal of services: pages by key, filters, one run with its log and attempts, cancelling."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from exports import csv_lines, xlsx_rows
from sqlalchemy import Connection, Engine, delete, insert, select, text

from app.admin import export
from app.admin.service_runs import log_lines
from app.models.access import Audit
from app.models.ops import Service, ServiceRun
from app.services import data

LIST = "/journals/services/"
BEGIN = datetime(2026, 3, 1, 12, 0, 0)


@pytest.fixture
def services(web_engine: Engine) -> Any:
    """Ids of the services by code, in a journal that is empty."""
    with web_engine.begin() as connection:
        connection.execute(delete(ServiceRun))
        found = {row.code: row.service_id for row in connection.execute(select(Service.code, Service.service_id))}
    yield found
    with web_engine.begin() as connection:
        connection.execute(delete(ServiceRun))


def add(engine: Engine, service_id: int, state_id: int, number: int = 0, **values: Any) -> int:
    at = BEGIN + timedelta(minutes=number)
    columns = {"planned_at": at, "started_at": at, "finished_at": at + timedelta(seconds=3), "attempt_no": 1} | values
    with engine.begin() as connection:
        made = connection.execute(insert(ServiceRun).values(service_id=service_id, state_id=state_id, **columns))
        return int(made.inserted_primary_key[0])


def ids(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'<td class="num"><a href="/journals/services/(\d+)/">', page)]


def test_runs_are_paged_by_key_the_newest_first(
    signed_in: Callable[..., Any], web_engine: Engine, services: dict[str, int]
) -> None:
    browser = signed_in("monitoring")
    assert "No service has run yet" in browser.text(LIST)
    made = [
        add(web_engine, services["client_status" if number % 2 else "dialer_sync"], 3, number) for number in range(120)
    ]
    seen: list[int] = []
    address = LIST
    while True:
        page = browser.text(address)
        seen += ids(page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        if not following:
            break
        address = following[1]
        add(web_engine, services["dialer_sync"], 3)  # what comes meanwhile moves no page
    assert seen == made[::-1]


def test_each_filter_alone_and_together_finds_what_a_plain_look_finds(
    signed_in: Callable[..., Any], web_engine: Engine, services: dict[str, int], campaigns: dict[str, int]
) -> None:
    browser = signed_in("reviewer")
    rows = []
    for number in range(60):
        code = ("client_status", "dialer_sync", "queue_clear")[number % 3]
        campaign = campaigns["ALPHA"] if number % 4 == 0 else campaigns["BETA"] if number % 4 == 1 else None
        state = (3, 3, 4, 5, 6)[number % 5]
        rows.append((add(web_engine, services[code], state, number, campaign_id=campaign), code, state, campaign))
    for code in ("", "client_status", "dialer_sync"):
        for state in ("", 3, 4, 6, 1):
            for campaign in ("", campaigns["ALPHA"]):
                wanted = [run_id for run_id, *facts in rows[::-1]
                          if code in ("", facts[0]) and state in ("", facts[1]) and campaign in ("", facts[2])]  # fmt: skip
                page = browser.text(f"{LIST}?service={services.get(code, '')}&state={state}&campaign={campaign}")
                assert ids(page) == wanted[:50], (code, state, campaign)
    assert "Nothing fits the filter" in browser.text(f"{LIST}?state=1")
    assert len(ids(browser.text(f"{LIST}?service=x&state=-1&campaign=99999999999999999999&before=x"))) == 50


def test_the_file_holds_the_runs_that_are_filtered(
    signed_in: Callable[..., Any],
    web_engine: Engine,
    services: dict[str, int],
    campaigns: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(export, "PAGE", 4)
    made = [
        add(
            web_engine, services["client_status" if number % 2 else "dialer_sync"], 4 if number % 3 == 0 else 3, number,
            campaign_id=campaigns["ALPHA"], counts='{"clients_checked": 1234}', error="=cmd" if number == 3 else None,
        )
        for number in range(20)
    ]  # fmt: skip
    waiting = add(web_engine, services["dialer_sync"], 1, started_at=None, finished_at=None)
    browser = signed_in("monitoring")
    head, *lines = csv_lines(browser, f"{LIST}export.csv")
    assert [int(line[0]) for line in lines] == [waiting, *made[::-1]] and lines[0][4:7] == ["", "", ""]
    filtered = f"service={services['client_status']}&state=4"
    wanted = [run_id for number, run_id in enumerate(made) if number % 2 and number % 3 == 0][::-1]
    lines = csv_lines(browser, f"{LIST}export.csv?{filtered}")[1:]
    assert [int(line[0]) for line in lines] == wanted
    found = dict(zip(head, lines[-1], strict=True))
    assert (found["State"], found["Took, s"], found["Campaign"]) == ("Failed", "3", "ALPHA")
    assert (found["Counted"], found["Error"]) == ("clients checked: 1,234", "'=cmd")
    rows = xlsx_rows(browser, f"{LIST}export.xlsx?{filtered}")
    assert rows[0] == tuple(head) and [row[0] for row in rows[1:]] == wanted
    assert rows[1][4] == BEGIN + timedelta(minutes=15, hours=3)  # Moscow
    assert f'href="{LIST}export.csv?{filtered}"'.replace("&", "&amp;") in browser.text(f"{LIST}?{filtered}")
    assert browser.get(f"{LIST}export.pdf").status_code == 404


def test_a_run_shows_counts_log_and_error(
    signed_in: Callable[..., Any], web_engine: Engine, services: dict[str, int]
) -> None:
    browser = signed_in("reviewer")
    log = (
        "2026-03-01 09:00:00.120 INFO ALPHA: started\n2026-03-01 09:00:01.000 WARNING slow <b>\n  at line two\n"
        "2026-03-01 09:00:02.000 ERROR it failed\n"
    )
    run_id = add(web_engine, services["dialer_sync"], 4, log=log, error="it <i>failed</i>", worker="host 7",
                 counts='{"blocks_confirmed": 1234, "own": 5}', requested_by="ivanov")  # fmt: skip
    page = browser.text(f"{LIST}{run_id}/")
    for words in (
        "blocks handed over",
        "1,234",
        "own",
        "host 7",
        "ivanov",
        "it &lt;i&gt;failed&lt;/i&gt;",
        "slow &lt;b&gt;\n  at line two",
    ):
        assert words in page, words
    live = browser.get(f"{LIST}{run_id}/run.json").get_json()
    assert [line["level"] for line in live["log"]] == ["Error", "Warning", "Info"]
    assert live["log"][2] == {"at": "01.03.2026 12:00:00.120", "level": "Info", "message": "ALPHA: started"}  # Moscow
    assert live["is_over"] and live["duration"] == "3.0 s" and not live["is_queued"]
    assert browser.get(f"{LIST}999999999/").status_code == 404
    assert browser.get(f"{LIST}{2**63}/run.json").status_code == 404


def test_a_long_log_shows_its_end_and_counts_that_are_no_json_break_nothing(services: dict[str, int], app: Any) -> None:
    with app.test_request_context():
        lines = log_lines("\n".join(f"2026-03-01 09:00:00.000 INFO {number}" for number in range(3000)))
        assert len(lines) == 1000 and lines[0]["message"] == "2999"
        assert log_lines("no moment at all\n") == []

    class Row:
        counts = "{broken"

    assert data.counts(Row) == []


def test_attempts_of_the_same_work_stand_together_and_others_do_not(
    signed_in: Callable[..., Any], web_engine: Engine, services: dict[str, int], campaigns: dict[str, int]
) -> None:
    browser = signed_in("reviewer")
    service_id, campaign_id = services["dialer_sync"], campaigns["ALPHA"]
    before = add(web_engine, service_id, 4, 0)
    chain = [add(web_engine, service_id, 4, 1)]
    other = add(web_engine, service_id, 4, 2, campaign_id=campaign_id)
    chain.append(add(web_engine, service_id, 5, 3, attempt_no=2))
    other_retry = add(web_engine, service_id, 3, 4, campaign_id=campaign_id, attempt_no=2)
    chain.append(add(web_engine, service_id, 3, 5, attempt_no=3))
    after = add(web_engine, service_id, 3, 6)
    with web_engine.connect() as connection:
        for run_ids in (chain, [other, other_retry], [before], [after]):
            for run_id in run_ids:
                found = data.chain(connection, data.run(connection, run_id))
                assert [one.run_id for one in found] == run_ids
    page = browser.text(f"{LIST}{chain[1]}/")
    assert f'href="{LIST}{chain[0]}/"' in page and f'href="{LIST}{chain[2]}/"' in page
    assert "tried again" not in browser.text(f"{LIST}{before}/")


def test_a_queued_run_is_cancelled_and_one_that_began_is_not(
    signed_in: Callable[..., Any], web_engine: Engine, services: dict[str, int]
) -> None:
    browser = signed_in("campaign_administrator")
    run_id = add(web_engine, services["dialer_sync"], 1, started_at=None, finished_at=None)
    assert "Cancel the run" in browser.text(f"{LIST}{run_id}/")
    assert "Cancel the run" not in signed_in("reviewer").text(f"{LIST}{run_id}/")
    answer = browser.post(f"{LIST}{run_id}/cancel")
    page = browser.text(answer.location)
    assert "The run is cancelled." in page and "Cancelled by" in page and "Cancel the run" not in page
    with web_engine.connect() as connection:
        assert data.run(connection, run_id).state_id == data.CANCELLED
        row = connection.execute(
            select(Audit.__table__).where(Audit.action == "service_run_cancel").order_by(Audit.audit_id.desc()).limit(1)
        ).one()
    assert (row.object_id, json.loads(row.before)) == (str(run_id), {"code": "dialer_sync"})
    running = add(web_engine, services["dialer_sync"], 2, finished_at=None)
    page = browser.text(browser.post(f"{LIST}{running}/cancel").location)
    assert "it is not cancelled." in page
    with web_engine.connect() as connection:
        assert data.run(connection, running).state_id == data.RUNNING


def scanned(connection: Connection, **filters: int) -> int:
    """Rows of ops.service_run that a page of the journal reads, by the plans of its queries."""
    read = 0
    original = connection.scalars

    def explain(query: Any, *values: Any, **options: Any) -> Any:
        nonlocal read
        if "service_run" in str(query):
            sql = query.compile(connection.engine, compile_kwargs={"literal_binds": True})
            plan = connection.execute(text(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}")).scalar()
            read += _rows(plan[0]["Plan"])
        return original(query, *values, **options)

    connection.scalars = explain  # type: ignore[method-assign]
    try:
        data.journal(connection, 51, **filters)
    finally:
        del connection.scalars
    return read


def _rows(plan: dict[str, Any]) -> int:
    own = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0) if "Scan" in plan["Node Type"] else 0
    return int(own) + sum(_rows(child) for child in plan.get("Plans", []))


def test_a_page_of_a_long_journal_reads_a_page(web_engine: Engine, services: dict[str, int]) -> None:
    if web_engine.dialect.name != "postgresql":
        pytest.skip("plans are read as PostgreSQL writes them")
    with web_engine.connect() as connection, connection.begin() as transaction:
        connection.execute(
            text(
                "INSERT INTO ops.service_run (service_id, planned_at, state_id, attempt_no, campaign_id)"
                " SELECT :service_id, CAST(:now AS timestamp), CASE WHEN g % 5000 = 0 THEN 4 ELSE 3 END, 1,"
                " CASE WHEN g % 1000 = 3 THEN 7 END FROM generate_series(1, 60000) AS g"
            ),
            {"service_id": services["client_status"], "now": datetime.now(UTC).replace(tzinfo=None)},
        )
        connection.execute(text("ANALYZE ops.service_run"))
        quiet = services["dialer_sync"]
        for filters in (
            {}, {"service_id": services["client_status"]}, {"service_id": quiet}, {"state_id": 4}, {"state_id": 5},
            {"state_id": 3, "service_id": quiet}, {"state_id": 4, "service_id": services["client_status"]},
            {"campaign_id": 7}, {"campaign_id": 8}, {"state_id": 3, "before": 1000},
        ):  # fmt: skip
            assert scanned(connection, **filters) <= 400, filters
        transaction.rollback()
