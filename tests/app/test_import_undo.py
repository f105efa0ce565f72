"""Undoing a load: the dialog that counts, the process that does it, what its journal tells; and the command."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select, update

from app import clock
from app.books import read_books
from app.cli import cli
from app.importing import templates, undo
from app.importing.loader import load_file
from app.models.access import Audit
from app.models.contact import Client, Phone
from app.models.importing import ImportBatch, ImportUndoKept
from app.settings import get_settings

LINE = "${contact.client.code};${contact.client.lastName};${contact.phone.number};${contact.phone.type.code}"


@pytest.fixture(scope="module", autouse=True)
def _the_process_finds_the_database(web_engine: Engine) -> Iterator[None]:
    os.environ["ACM_DATABASE_URL"] = web_engine.url.render_as_string(hide_password=False)
    get_settings.cache_clear()
    yield
    del os.environ["ACM_DATABASE_URL"]
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def template(web_engine: Engine) -> str:
    with web_engine.begin() as connection:
        templates.create(connection, name="UNDO", line=LINE, created_by="tests", has_header=False)
    return "UNDO"


@pytest.fixture
def load(web_engine: Engine, template: str, tmp_path: Path) -> Callable[..., int]:
    """`load("X", 5, "Иванов")`: load clients X0 to X4 into BETA; returns the load."""

    def make(prefix: str, count: int, name: str = "a", area: str = "7921") -> int:
        path = tmp_path / f"{prefix}-{name}-{time.monotonic_ns()}.txt"
        first = sum(map(ord, prefix)) * 1000
        path.write_text("".join(f"{prefix}{i};{name};{area}{first + i:07};M\n" for i in range(count)), "utf-8")
        return load_file(web_engine, path, campaign_code="BETA", template_name=template, created_by="tests").batch_id

    return make


def codes(engine: Engine, prefix: str) -> dict[str, str]:
    with engine.connect() as connection:
        rows = connection.execute(
            select(Client.client_code, Client.last_name).where(Client.client_code.like(f"{prefix}%"))
        )
        return {row.client_code: row.last_name for row in rows}


def unbalanced(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [check.code for check in read_books(connection) if not check.is_balanced]


def finished(browser: Any, batch_id: int) -> dict[str, Any]:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        answer = browser.get(f"/journals/import/{batch_id}/batch.json").json
        if answer["is_over"]:
            return dict(answer)
        time.sleep(0.2)
    raise AssertionError("the undoing does not end")


def test_a_load_is_undone_on_its_journal(
    signed_in: Callable[..., Any], load: Callable[..., int], web_engine: Engine
) -> None:
    first = load("UA", 3, "before")
    batch_id = load("UA", 5, "after", area="7922")
    assert codes(web_engine, "UA") == dict.fromkeys([f"UA{i}" for i in range(5)], "after")
    browser = signed_in("campaign_administrator")
    here = f"/journals/import/{batch_id}/"
    assert 'id="undo"' in browser.text(here)
    dialog = browser.text(f"{here}undo")
    for name, count in (("Clients that go", 2), ("Phones that go", 5), ("Known clients that get back", 3)):
        assert f">{count}</dd>" in dialog[dialog.index(name) :][:160], name
    assert "Stop the campaign first" not in dialog  # BETA is stopped
    assert browser.post(f"{here}undo").location == here
    done = finished(browser, batch_id)
    assert done["state"] == "Undone" and done["message"] == "The load was undone."
    counts = [done["counters"][f"{name}"] for name in ("clients_undone", "phones_undone", "clients_restored")]
    assert counts == [2, 5, 3]
    assert codes(web_engine, "UA") == dict.fromkeys(["UA0", "UA1", "UA2"], "before")
    page = browser.text(here)
    assert 'id="undo"' not in page and "Clients that went" in page
    assert 'id="undo"' in browser.text(f"/journals/import/{first}/")
    assert unbalanced(web_engine) == []
    with web_engine.connect() as connection:
        row = connection.execute(select(Audit.__table__).where(Audit.action == "import_undo")).one()
    assert row.object_id == str(batch_id) and json.loads(row.after)["clients"] == 2
    again = browser.post(f"{here}undo", follow_redirects=True).get_data(as_text=True)
    assert "This load cannot be undone any more." in again


def test_dialled_phones_refuse_it_with_a_word(
    signed_in: Callable[..., Any], load: Callable[..., int], web_engine: Engine
) -> None:
    batch_id = load("UB", 2)
    with web_engine.begin() as connection:
        connection.execute(update(Phone).where(Phone.import_batch_id == batch_id).values(last_attempt_at=clock.now()))
    browser = signed_in("campaign_administrator")
    dialog = browser.text(f"/journals/import/{batch_id}/undo")
    assert "was dialled" in dialog
    page = browser.post(f"/journals/import/{batch_id}/undo", follow_redirects=True).get_data(as_text=True)
    assert "The load cannot be undone: phones of it were dialled." in page
    assert len(codes(web_engine, "UB")) == 2
    with web_engine.begin() as connection:
        connection.execute(update(Phone).where(Phone.import_batch_id == batch_id).values(last_attempt_at=None))


def test_an_old_load_has_no_button(signed_in: Callable[..., Any], load: Callable[..., int], web_engine: Engine) -> None:
    batch_id = load("UC", 1)
    with web_engine.begin() as connection:
        connection.execute(
            update(ImportBatch)
            .where(ImportBatch.batch_id == batch_id)
            .values(started_at=clock.now() - timedelta(days=8))
        )
    assert 'id="undo"' not in signed_in("campaign_administrator").text(f"/journals/import/{batch_id}/")


def test_a_reader_has_no_button(signed_in: Callable[..., Any], load: Callable[..., int]) -> None:
    batch_id = load("UD", 1)
    browser = signed_in("reviewer")
    assert 'id="undo"' not in browser.text(f"/journals/import/{batch_id}/")
    assert browser.post(f"/journals/import/{batch_id}/undo").status_code == 403


def test_an_undoing_that_broke_off_is_carried_on(
    signed_in: Callable[..., Any], load: Callable[..., int], web_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = load("UE", 30)
    monkeypatch.setattr(undo, "PART", 7)
    parts = iter(range(2))

    def progress(gone: int, total: int) -> None:
        assert total == 30
        if next(parts, None) is None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        undo.undo_load(web_engine, batch_id, by="tests", on_progress=progress)
    assert 0 < len(codes(web_engine, "UE")) < 30 and unbalanced(web_engine) == []
    with web_engine.begin() as connection:  # the process of the test lives on; that of a crash does not
        connection.execute(
            update(ImportBatch).where(ImportBatch.batch_id == batch_id).values(owner="elsewhere:1:1:x",
            heartbeat_at=clock.now() - timedelta(hours=1))
        )  # fmt: skip
    browser = signed_in("campaign_administrator")
    assert "Carry on undoing" in browser.text(f"/journals/import/{batch_id}/")
    browser.post(f"/journals/import/{batch_id}/undo")
    assert finished(browser, batch_id)["counters"]["clients_undone"] == 30
    assert codes(web_engine, "UE") == {} and unbalanced(web_engine) == []


def test_who_stays_is_named(signed_in: Callable[..., Any], load: Callable[..., int], web_engine: Engine) -> None:
    batch_id = load("UF", 3)
    load("UF", 1, "later")
    undo.undo_load(web_engine, batch_id, by="tests")
    page = signed_in("reviewer").text(f"/journals/import/{batch_id}/")
    assert "UF0" in page and "was loaded again later" in page
    assert list(codes(web_engine, "UF")) == ["UF0"]
    with web_engine.connect() as connection:
        assert connection.scalar(
            select(func.count()).select_from(ImportUndoKept).where(ImportUndoKept.batch_id == batch_id)
        ) == 1  # fmt: skip


def test_the_command_undoes_too(load: Callable[..., int], web_engine: Engine) -> None:
    batch_id = load("UG", 4)
    run = CliRunner().invoke
    said = run(cli, ["import", "undo", str(batch_id), "--dry-run", "--json"], catch_exceptions=False)
    assert json.loads(said.stdout) == {"clients": 4, "phones": 4, "restored": 0, "kept": {}}
    assert len(codes(web_engine, "UG")) == 4
    asked = run(cli, ["import", "undo", str(batch_id)], input="n\n")
    assert asked.exception is not None and str(asked.exception) == "Nothing was undone."
    done = run(cli, ["import", "undo", str(batch_id), "--yes"], catch_exceptions=False)
    assert done.exit_code == 0 and "The load was undone." in done.stdout
    assert codes(web_engine, "UG") == {}
    again = run(cli, ["import", "undo", str(batch_id), "--json"])
    assert "it is undone already" in str(again.exception)
    assert "Usage: cli import [OPTIONS] FILE" in run(cli, ["import", "--help"]).output
