"""Templates, loading by hand, the import journal."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from exports import csv_lines, xlsx_rows
from sqlalchemy import Engine, func, select

from app.admin import export, uploads
from app.models.access import Audit
from app.models.contact import Client
from app.models.importing import ImportBatch, ImportTemplate
from app.settings import get_settings

LINE = "${contact.client.code};${contact.client.segment.code};${contact.phone.number};${contact.phone.type.code}"


@pytest.fixture(scope="module", autouse=True)
def _the_process_of_a_load_finds_the_database(web_engine: Engine) -> Iterator[None]:
    os.environ["ACM_DATABASE_URL"] = web_engine.url.render_as_string(hide_password=False)
    get_settings.cache_clear()
    yield
    del os.environ["ACM_DATABASE_URL"]
    get_settings.cache_clear()


@pytest.fixture(scope="module")
def template(web_engine: Engine, app: Any) -> str:
    from app.importing import templates

    with web_engine.begin() as connection, app.test_request_context():
        templates.create(connection, name="CRM", line=LINE, created_by="tests", has_header=True)
    return "CRM"


def upload(browser: Any, content: bytes, name: str = "clients.txt", **fields: str) -> Any:
    data = {"csrf_token": browser.token(), "file": (io.BytesIO(content), name), "template": "CRM", "campaign": "BETA"}
    return browser.client.post("/import/", data={**data, **fields}, content_type="multipart/form-data")


def follow(browser: Any, path: str, seconds: float = 60) -> dict[str, Any]:
    """Ask until there is a journal or an error, as the page does."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = browser.get(path, headers={"X-Requested-With": "fetch"}).json
        if answer.get("journal") or answer.get("error"):
            return dict(answer)
        time.sleep(0.2)
    raise AssertionError("the load told nothing")


def finished(browser: Any, journal: str, seconds: float = 60) -> dict[str, Any]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        answer = browser.get(f"{journal}batch.json", headers={"X-Requested-With": "fetch"}).json
        if answer["is_over"]:
            return dict(answer)
        time.sleep(0.2)
    raise AssertionError("the load does not end")


@pytest.mark.mission("M148", "M150", "M156", "M157", "M159", "M160", "M161", "M162", "M163")
def test_a_file_is_previewed_loaded_and_its_journal_tells_how(
    signed_in: Callable[..., Any], template: str, web_engine: Engine, campaigns: dict[str, int]
) -> None:
    browser = signed_in("campaign_administrator")
    with web_engine.connect() as connection:
        before = connection.scalar(select(func.count()).select_from(ImportBatch))
    content = (
        "code;segment;phone;type\n"
        "N1;new;+7 (916) 555-00-01;M\n"
        "N2;new;79165550002;H\n"
        "N3;new;no number;M\n"
        "N4;new;79165550004;NOSUCH\n"
        "N5;new\n"
    ).encode("cp1251")
    answer = upload(browser, content, "Клиенты «май».txt")
    assert answer.status_code == 302
    preview = browser.text(answer.location)
    assert "Клиенты _май_.txt" in preview
    assert "+7 (916) 555-00-01" in preview and "This is not a phone number" in preview
    assert "2 lines of those shown would not be loaded." in preview
    with web_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ImportBatch)) == before
    token = re.search(r"/import/([^/]+)/", answer.location)
    assert token
    begun = browser.post(f"/import/{token[1]}/start", {"template": template, "campaign": "BETA", "encoding": ""})
    assert begun.location == f"/import/{token[1]}/started"
    assert "The load begins" in browser.text(begun.location)
    journal = follow(browser, f"/import/{token[1]}/state.json")["journal"]
    done = finished(browser, journal)
    assert done["state"] == "Finished"
    counters = {name: done["counters"][name] for name in ("clients_loaded", "clients_updated", "clients_rejected")}
    assert counters == {"clients_loaded": 2, "clients_updated": 0, "clients_rejected": 3}
    assert done["share"] == 100
    assert all(re.fullmatch(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d\.\d{3}", line["at"]) for line in done["log"])
    ids = [line["id"] for line in done["log"]]
    assert (
        ids == sorted(ids, reverse=True)
        and done["log"][0]["message"] == "The import of contacts finished successfully."
    )
    assert {line["level"] for line in done["log"]} >= {"Info", "Warning"}

    page = browser.text(journal)
    assert "There is no enabled phone type with the code NOSUCH." in page and "no number" in page
    rejects = browser.get(f"{journal}rejects")
    assert rejects.headers["Content-Disposition"].startswith("attachment")
    assert rejects.get_data().decode("cp1251").splitlines() == [
        "code;segment;phone;type", "N3;new;no number;M", "N4;new;79165550004;NOSUCH", "N5;new",
    ]  # fmt: skip
    with web_engine.connect() as connection:
        codes = connection.scalars(
            select(Client.client_code).where(
                Client.campaign_id == campaigns["BETA"], Client.client_code.in_(["N1", "N2", "N3", "N4", "N5"])
            )
        ).all()
        assert sorted(codes) == ["N1", "N2"]
        row = connection.execute(select(Audit.__table__).where(Audit.action == "import_start")).one()
        assert json.loads(row.after)["file"] == "Клиенты _май_.txt"

    # The corrected lines are recognised by the name of their file, and both journals tell of each other.
    number = int(journal.rstrip("/").rsplit("/", 1)[1])
    name = re.search(r'filename\*?=(?:UTF-8\'\')?"?([^";]+)', rejects.headers["Content-Disposition"])
    assert name and f"-rejects-{number}.txt" in name[1]
    again = upload(browser, b"code;segment;phone;type\nN3;new;79165550003;M\n", f"x-rejects-{number} (1).txt")
    assert f'<option value="{number}" selected>' in browser.text(again.location)
    other = re.search(r"/import/([^/]+)/", again.location)
    assert other
    browser.post(
        f"/import/{other[1]}/start",
        {"template": template, "campaign": "BETA", "encoding": "", "corrects": str(number)},
    )
    correction = follow(browser, f"/import/{other[1]}/state.json")["journal"]
    assert finished(browser, correction)["counters"]["clients_loaded"] == 1
    assert f'id="corrects" href="{journal}"' in browser.text(correction)
    assert f'<a href="{correction}"' in browser.text(journal)

    # A second click on the button begins nothing.
    browser.post(f"/import/{token[1]}/start", {"template": template, "campaign": "BETA", "encoding": ""})
    time.sleep(1)
    with web_engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(ImportBatch)) == before + 2


def test_what_cannot_be_loaded_is_told_before_anything_is_written(signed_in: Callable[..., Any], template: str) -> None:
    browser = signed_in("campaign_administrator")
    for content, name, said in (
        (b"", "empty.txt", "is empty."),
        (b"PK\x03\x04" + b"\0" * 200, "book.xlsx", "is a workbook or an archive, not a text."),
    ):
        answer = upload(browser, content, name)
        page = browser.text(answer.location)
        assert said in page and re.search(r'id="load" disabled', page), said


def test_the_form_says_what_is_missing_beside_the_field(signed_in: Callable[..., Any], template: str) -> None:
    browser = signed_in("campaign_administrator")
    page = browser.post("/import/", {"template": ""}).get_data(as_text=True)
    assert "Choose a file." in page and "Choose a template." in page


def test_a_campaign_is_wanted_where_the_template_has_none(signed_in: Callable[..., Any], template: str) -> None:
    browser = signed_in("campaign_administrator")
    answer = upload(browser, b"code;segment;phone;type\nN9;new;79165550009;M\n", campaign="")
    page = browser.text(answer.location)
    assert "Choose the campaign that the file is for." in page and re.search(r'id="load" disabled', page)


def test_an_upload_is_seen_by_who_made_it_only(
    signed_in: Callable[..., Any], template: str, web_engine: Engine
) -> None:
    answer = upload(signed_in("campaign_administrator"), b"code;segment;phone;type\nN9;new;79165550009;M\n")
    assert signed_in("campaign_administrator").get(answer.location).status_code == 200
    assert signed_in("administrator").get(answer.location).status_code == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"), ("C:\\dir\\файл 1.txt", "файл 1.txt"), ("", "file-upload"),
        (".bashrc", "bashrc"), ("order.json", "file-order.json"), ("a\nb\0.txt", "a_b_.txt"),
        ("x" * 300 + ".txt", "x" * 120 + ".txt"),
    ],
)  # fmt: skip
def test_the_name_of_an_upload_stays_in_its_folder(given: str, kept: str) -> None:
    assert uploads.safe_name(given) == kept


@pytest.mark.parametrize("token", ["..", "../../..", "a/b", "", "x" * 200])
def test_a_token_is_never_a_path(token: str) -> None:
    assert uploads.find(token, "anybody") is None


def test_old_uploads_go(signed_in: Callable[..., Any], template: str) -> None:
    root = get_settings().resolved_home() / "uploads"
    root.mkdir(exist_ok=True)
    old = root / "old-one-that-nobody-wants"
    old.mkdir(exist_ok=True)
    os.utime(old, (0, time.time() - uploads.KEEP_SECONDS - 60))
    upload(signed_in("campaign_administrator"), b"a;b;c;d\n")
    assert not old.exists()


@pytest.mark.mission("M150")
def test_a_load_whose_process_died_is_carried_on(
    signed_in: Callable[..., Any], template: str, web_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACM_IMPORT_CHUNK", "5")
    browser = signed_in("campaign_administrator")
    lines = "".join(f"R{number};new;7916777{number:04};M\n" for number in range(3000))
    answer = upload(browser, f"code;segment;phone;type\n{lines}".encode())
    token = re.search(r"/import/([^/]+)/", answer.location)
    assert token
    folder = Path(get_settings().resolved_home()) / "uploads" / token[1]
    processes: list[Any] = []
    start = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: processes.append(start(*a, **k)) or processes[-1])
    browser.post(f"/import/{token[1]}/start", {"template": template, "campaign": "BETA", "encoding": ""})
    journal = follow(browser, f"/import/{token[1]}/state.json")["journal"]
    until = time.monotonic() + 60
    while browser.get(f"{journal}batch.json").json["counters"]["lines_done"] < 20 and time.monotonic() < until:
        time.sleep(0.05)
    processes[0].kill()
    processes[0].wait()
    half = browser.get(f"{journal}batch.json").json
    assert half["state"] == "Running" and 0 < half["counters"]["lines_done"] < 3000
    assert 'id="resume"' in browser.text(journal)
    assert 'id="resume"' not in signed_in("reviewer").text(journal)

    monkeypatch.setenv("ACM_IMPORT_CHUNK", "1000")
    assert browser.post(f"{journal}resume").location == journal
    done = finished(browser, journal)
    assert done["state"] == "Finished" and done["counters"]["clients_loaded"] == 3000
    assert 'id="resume"' not in browser.text(journal)
    assert (folder / "outcome.json").exists()
    with web_engine.connect() as connection:
        loaded = connection.scalar(select(func.count()).select_from(Client).where(Client.client_code.like("R%")))
    assert loaded == 3000


@pytest.mark.mission("M151", "M152", "M153", "M154", "M155")
def test_the_list_of_loads_filters_and_pages_by_key(
    signed_in: Callable[..., Any], template: str, web_engine: Engine, campaigns: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    from app import clock

    with web_engine.begin() as connection:
        for number in range(60):
            connection.execute(
                ImportBatch.__table__.insert().values(
                    kind_id=2, state_id=3 if number % 2 else 2, started_at=clock.now(), created_by="source",
                    file_name=f"source-{number}.txt", campaign_id=campaigns["ALPHA"], clients_rejected=number,
                )
            )  # fmt: skip
    browser = signed_in("reviewer")
    page = browser.text("/journals/import/?kind=2")
    assert page.count("source-") == 50 and "source-59.txt" in page and "source-9.txt" not in page
    link = re.search(r'rel="next" href="([^"]+)"', page)
    assert link and "after=" in link[1]
    second = browser.text(link[1].replace("&amp;", "&"))
    assert second.count("source-") == 10 and "source-9.txt" in second and 'rel="next"' not in second
    assert browser.text("/journals/import/?kind=2&state=3").count("source-") == 30
    assert "Nothing fits the filter" in browser.text("/journals/import/?kind=3")
    assert browser.text(f"/journals/import/?campaign={campaigns['ALPHA']}").count("source-") == 50
    assert browser.text("/journals/import/?kind=x&after=x")

    # The file holds what is filtered, however many pages it is read in.
    monkeypatch.setattr(export, "PAGE", 7)
    failed = "/journals/import/export.csv?kind=2&state=3"
    head, *lines = csv_lines(browser, failed)
    assert head[2:6] == ["State", "Kind", "File", "Campaign"]
    assert [line[4] for line in lines] == [f"source-{number}.txt" for number in range(59, 0, -2)]
    assert {tuple(line[2:4]) for line in lines} == {("Failed", "Source")} and {line[5] for line in lines} == {"ALPHA"}
    assert [row[9] for row in xlsx_rows(browser, "/journals/import/export.xlsx?kind=2")[1:]] == [*range(59, -1, -1)]
    assert f'href="{failed}"'.replace("&", "&amp;") in browser.text("/journals/import/?kind=2&state=3")
    assert browser.get("/journals/import/export.pdf").status_code == 404


# -- templates ---------------------------------------------------------------------------------------------------------


@pytest.mark.mission("M168", "M169", "M170")
def test_a_template_is_made_changed_and_deleted_by_the_editor(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    values = {"name": "Новый", "format": "csv", "encoding": "cp1251", "has_header": "y", "line": LINE}
    answer = browser.post("/import/templates/new", values)
    assert answer.location == "/import/templates/"
    page = browser.text("/import/templates/")
    assert "Новый" in page and "CSV" in page and "CP1251" in page
    with web_engine.connect() as connection:
        row = connection.execute(select(ImportTemplate.__table__).where(ImportTemplate.name == "Новый")).one()
    assert (row.line, row.encoding, bool(row.has_header), row.created_by) == (LINE, "cp1251", True, "dictionary_editor")

    files = csv_lines(browser, "/import/templates/export.csv"), xlsx_rows(browser, "/import/templates/export.xlsx")
    for lines in files:
        assert ["Новый", "CSV", "CP1251", LINE, "dictionary_editor"] in [list(line[:5]) for line in lines]

    path = f"/import/templates/{row.template_id}"
    form = browser.text(path)
    assert "Columns of the file" in form and "Form number" in form
    taken = browser.post(path, {**values, "name": "CRM"})
    assert taken.status_code in (200, 302)
    changed = browser.post(path, {**values, "name": "Новый 2", "has_header": ""})
    assert changed.status_code == 302
    for wrong, said in (
        ("${contact.client.code}", "The template has no ${contact.phone.number}."),
        ("${contact.client.cod};${contact.phone.number}", "There is no placeholder ${contact.client.cod}."),
        ("{% if 1 %}", "The placeholder has no $ before its brace"),
    ):
        refused = browser.post(path, {**values, "line": wrong})
        assert refused.status_code == 200
        import html

        text = html.unescape(refused.get_data(as_text=True))
        assert said in text and "field-error" in text, said
    gone = browser.post(f"{path}/delete")
    assert gone.location == "/import/templates/" and "Новый 2" in browser.text("/import/templates/")
    assert browser.get(path).status_code == 404
    with web_engine.connect() as connection:
        actions = connection.scalars(
            select(Audit.action).where(Audit.object_type == "import_template").order_by(Audit.audit_id)
        ).all()
    assert actions[:2] == ["template_add", "template_change"] and actions[-1] == "template_delete"


def test_who_may_only_read_a_template_cannot_save_it(
    signed_in: Callable[..., Any], template: str, web_engine: Engine
) -> None:
    with web_engine.connect() as connection:
        template_id = connection.scalar(select(ImportTemplate.template_id).where(ImportTemplate.name == template))
    browser = signed_in("reviewer")
    page = browser.text(f"/import/templates/{template_id}")
    assert "<fieldset disabled>" in page and "Save" not in page[page.index("<main") :]
    answer = browser.post(f"/import/templates/{template_id}", {"name": "Mine", "format": "txt", "line": LINE})
    assert answer.status_code == 403
