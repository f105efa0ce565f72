"""The pages of the DBA: state of the objects, texts and differences, tables, revisions; nothing is changed, no secret shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from web_users import PASSWORD, Browser, add_user

from app.database import statistics
from app.database.deploy import look, migrations
from app.database.deploy.objects import wanted
from app.database.engine import create_engine
from app.procedures import ops
from app.web import create_app

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def engine(server: Any, template_url: str) -> Iterator[Engine]:
    """A database of its own, whose objects these tests change."""
    engine = create_engine(server.create(template_url), "acm tests dba")
    if engine.dialect.name != "postgresql":
        pytest.skip("the changes by hand are written for PostgreSQL")
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def browser(engine: Engine) -> Browser:
    app: Flask = create_app(engine, TESTING=True)
    with engine.begin() as connection:
        add_user(connection, "security_administrator", "security_administrator")
    browser = Browser(app.test_client())
    browser.post("/sign-in", {"username": "security_administrator", "password": PASSWORD}, at="/sign-in")
    return browser


def row_of(page: str, name: str) -> str:
    found = re.search(rf"<tr>(?:(?!</tr>).)*>{re.escape(name)}<.*?</tr>", page, re.DOTALL)
    assert found, name
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


@pytest.fixture
def by_hand(engine: Engine) -> Iterator[Callable[[str], None]]:
    """A function that changes the server by hand; everything is as before afterwards."""
    done: list[str] = []

    def change(script: str) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql(script)
        done.append(script)

    yield change
    if done:
        from app.database.deploy import upgrade

        names = [name for name in wanted("postgresql") if any(name in script for script in done)]
        upgrade(engine, overwrite=names)


def test_every_object_of_sql_stands_there_with_its_state(browser: Browser) -> None:
    page = browser.text("/dba/")
    for name, item in wanted("postgresql").items():
        row = row_of(page, name)
        assert f"{item.kind} current {item.version} {item.version}" in row, row
    assert "All is current" in page and f"revision {migrations.head()} of {migrations.head()}" in page


def test_a_change_by_hand_a_loss_and_a_guest_are_told_apart(browser: Browser, by_hand: Callable[[str], None]) -> None:
    by_hand("DROP FUNCTION ops.hold_drop(varchar, bigint)")
    by_hand("CREATE VIEW ops.of_the_dba AS SELECT 1 AS one")
    by_hand(wanted("postgresql")["ops.run_waiting"].script.replace("r.state_id = 1", "r.state_id = 1 AND 1 = 1"))
    try:
        page = browser.text("/dba/")
        assert "The server differs from the files" in page
        assert "missing" in row_of(page, "ops.hold_drop")
        assert "not ours" in row_of(page, "ops.of_the_dba")
        assert "changed on the server by hand" in row_of(page, "ops.run_waiting")
        filtered = browser.text("/dba/?state=missing")
        assert "ops.hold_drop" in filtered and "ops.run_waiting" not in filtered
        page = browser.text("/dba/objects/ops.run_waiting")
        assert re.search(r'class="add">\+[^<]*1 = 1', page) and re.search(r'class="cut">-[^<]*r\.state_id = 1', page)
        assert "The object is not on the server." in browser.text("/dba/objects/ops.hold_drop?show=server")
        assert browser.get("/dba/objects/ops.of_the_dba").status_code == 404
    finally:
        by_hand("DROP VIEW ops.of_the_dba")


def test_one_object_shows_its_file_what_the_server_gets_and_who_calls_it(browser: Browser, engine: Engine) -> None:
    page = browser.text("/dba/objects/ops.run_lose")
    assert "@lease_seconds int = 60, /* so long may a run be silent */" in page
    assert "jobs/scheduler.py, sql/procedures/ops.run_claim.sql" in page
    assert 'href="/dba/objects/ops.run_claim"' in page  # who uses it
    assert "p_lease_seconds integer DEFAULT 60" in browser.text("/dba/objects/ops.run_lose?show=compiled")
    assert "CREATE OR REPLACE FUNCTION ops.run_lose(" in browser.text("/dba/objects/ops.run_lose?show=server")
    assert "No difference." in browser.text("/dba/objects/ops.run_lose?show=difference")
    assert "cannot be compared here" in browser.text("/dba/objects/ops.books?show=difference")
    assert browser.get("/dba/objects/ops.nothing").status_code == 404
    assert browser.get("/dba/objects/x'; DROP TABLE ops.service; --").status_code == 404
    with engine.connect() as connection:
        for name in wanted("postgresql"):
            item = look.object_text(connection, name)
            assert item is not None and (item.difference == "" or (item.kind == "view" and item.difference is None)), (
                name
            )


def test_calls_are_counted_where_the_server_counts_them(browser: Browser, engine: Engine) -> None:
    with engine.begin() as connection:
        assert connection.scalar(text("SHOW track_functions")) == "pl"
        for _call in range(3):
            ops.run_waiting(connection)
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_stat_force_next_flush()"))
        connection.commit()
        costs = statistics.costs(connection)
    assert costs is not None and costs["ops.run_waiting"].calls >= 3 and costs["ops.run_waiting"].mean_ms > 0
    page = browser.text("/dba/?sort=calls")
    assert re.search(r"procedure current [\d.]+ [\d.]+ .* \d+ \d+\.\d \d+\.\d\d —$", row_of(page, "ops.run_waiting"))
    assert "not called" in row_of(page, "contacts.campaign_archive")
    assert "not measured" in row_of(page, "ops.books")


def test_a_server_that_counts_nothing_is_told_in_words(browser: Browser, monkeypatch: Any) -> None:
    monkeypatch.setattr(statistics, "costs", lambda connection: None)
    page = browser.text("/dba/")
    assert "The server does not measure calls" in page
    assert "not measured" in row_of(page, "ops.run_waiting")
    assert "not measured" in browser.text("/dba/objects/ops.run_waiting")


def test_a_login_that_may_not_look_gets_no_costs_and_no_error(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SET LOCAL track_functions = 'none'"))
        assert statistics.costs(connection) is None
        assert connection.scalar(text("SELECT 1")) == 1


def test_tables_come_with_rows_and_bytes_the_largest_first(browser: Browser, engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("ANALYZE core.time_zone"))
        sizes = statistics.table_sizes(connection)
        zones = connection.scalar(text("SELECT COUNT(*) FROM core.time_zone"))
    assert [size.total_bytes for size in sizes] == sorted((size.total_bytes for size in sizes), reverse=True)
    known = {size.name: size for size in sizes}
    assert known["core.time_zone"].rows == zones and known["core.time_zone"].index_bytes > 0
    page = browser.text("/dba/tables")
    assert "core.time_zone" in page and "Rows are the estimate of the server." in page


def test_revisions_are_told_done_or_to_be_done(browser: Browser, engine: Engine) -> None:
    page = browser.text("/dba/migrations")
    head = migrations.head()
    assert f"The tables are at the newest revision, {head}." in page
    with engine.begin() as connection:
        known = look.revisions(connection)
        assert known[0].number == head and known[0].is_current and all(one.is_done for one in known)
        older = known[1].number
        connection.execute(text("UPDATE ops.alembic_version SET version_num = :older"), {"older": older})
    try:
        page = browser.text("/dba/migrations")
        assert f"The tables are at revision {older}, the newest is {head}." in page and "to be done" in page
    finally:
        with engine.begin() as connection:
            connection.execute(text("UPDATE ops.alembic_version SET version_num = :head"), {"head": head})


def test_no_page_shows_the_password_of_the_database(browser: Browser, engine: Engine) -> None:
    secret = str(engine.url.password)
    assert secret
    for address in ("/dba/", "/dba/tables", "/dba/migrations", "/dba/objects/ops.run_lose"):
        assert secret not in browser.text(address)
