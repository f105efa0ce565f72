"""The list of sources and the form of one: what is kept, what is refused beside which field, and the check."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exports import csv_lines, xlsx_rows
from sqlalchemy import Engine, select

from app import secrets
from app.importing import templates
from app.models.access import Audit
from app.models.importing import ImportSource, ImportTemplate

LINE = "${contact.client.code};${contact.phone.number}"


@pytest.fixture(scope="module")
def template_id(web_engine: Engine) -> int:
    with web_engine.begin() as connection:
        templates.create(connection, name="SOURCE", line=LINE, created_by="tests", has_header=False)
        return int(connection.scalars(select(ImportTemplate.template_id).where(ImportTemplate.name == "SOURCE")).one())


@pytest.fixture
def values(template_id: int, request: pytest.FixtureRequest) -> dict[str, str]:
    return {
        "name": f"ftp_test {request.node.name}"[:200], "description": "Ночная выгрузка", "template_id": str(template_id),
        "root_url": "ftp://127.0.0.1:1/outbound", "file_mask": "*.txt", "username": "bank", "password": "very secret",
        "checks_certificate": "y", "is_enabled": "y", "success_action_id": "1", "success_target": ".done",
        "failure_action_id": "2", "failure_target": "failed",
    }  # fmt: skip


def row(engine: Engine, name: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(ImportSource.__table__).where(ImportSource.name == name)).one_or_none()


@pytest.mark.mission(
    "M165", "M166", "M167", "M169", "M173", "M175", "M176", "M177", "M178", "M179", "M180", "M181", "M182"
)
def test_a_source_is_added_changed_copied_and_deleted(
    signed_in: Callable[..., Any], web_engine: Engine, values: dict[str, str]
) -> None:
    browser = signed_in("campaign_administrator")
    assert browser.post("/import/sources/new", values).location == "/import/sources/"
    first = row(web_engine, values["name"])
    assert secrets.decrypt(first.password_encrypted) == "very secret" and "secret" not in first.password_encrypted
    page = browser.text("/import/sources/")
    assert values["name"] in page and "ftp://127.0.0.1:1/outbound" in page and "very secret" not in page
    lines = csv_lines(browser, "/import/sources/export.csv")
    assert [values["name"], "On", "ftp://127.0.0.1:1/outbound", "*.txt", "TXT"] in [line[:5] for line in lines]
    for secret in ("very secret", first.password_encrypted, "bank"):
        assert not any(secret in str(cell) for line in lines for cell in line)
    assert xlsx_rows(browser, "/import/sources/export.xlsx")[0] == tuple(lines[0])

    path = f"/import/sources/{first.source_id}"
    form = browser.text(path)
    assert "very secret" not in form and first.password_encrypted not in form and "Leave it empty to keep it." in form

    # An empty password keeps the stored one; deleting needs no target.
    changed = {**values, "password": "", "description": "", "success_action_id": "3", "success_target": ""}
    assert browser.post(path, changed).location == "/import/sources/"
    second = row(web_engine, values["name"])
    assert second.password_encrypted == first.password_encrypted
    assert (second.success_action_id, second.success_target, second.description) == (3, None, None)

    copied = browser.post(f"{path}/copy")
    copy = row(web_engine, f"{values['name']} (copy)")
    assert copied.location == f"/import/sources/{copy.source_id}" and not copy.is_enabled
    assert browser.post(f"{path}/delete").location == "/import/sources/"
    assert row(web_engine, values["name"]) is None and browser.get(path).status_code == 404
    with web_engine.connect() as connection:
        rows = connection.execute(
            select(Audit.action, Audit.before, Audit.after).where(Audit.object_type == "import_source")
            .order_by(Audit.audit_id)
        ).all()  # fmt: skip
    assert [one.action for one in rows][-4:] == ["source_add", "source_change", "source_add", "source_delete"]
    assert json.loads(rows[-4].after)["has_password"] is True
    assert not any("secret" in f"{one.before}{one.after}" or "password_encrypted" in f"{one.after}" for one in rows)


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": ""}, "name", "Give the source a name."),
        ({"root_url": ""}, "root_url", "Give the path to the root folder."),
        ({"root_url": "http://bank/in"}, "root_url", "The address begins with ftp://"),
        ({"username": ""}, "username", "Give the login."),
        ({"password": ""}, "password", "Give the password."),
        ({"success_target": ""}, "success_target", "Give what is put behind the name"),
        ({"success_target": ".txt"}, "success_target", "The renamed file would fit the mask again."),
        ({"file_mask": "*"}, "success_target", "The renamed file would fit the mask again."),
        ({"failure_target": "../x"}, "failure_target", "The folder lies below the root folder"),
        ({"failure_target": ""}, "failure_target", "Give the folder."),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    signed_in: Callable[..., Any], web_engine: Engine, values: dict[str, str], changes: dict[str, str], field: str,
    said: str,
) -> None:  # fmt: skip
    answer = signed_in("campaign_administrator").post("/import/sources/new", {**values, **changes})
    page = html.unescape(answer.get_data(as_text=True))
    assert answer.status_code == 200 and said in page
    part = page[page.index(f'id="{field}"') :]
    assert said in part[: part.index("</div>\n") if "field-error" in part[:600] else 900]
    assert row(web_engine, values["name"]) is None


def test_a_password_never_goes_to_another_server(
    signed_in: Callable[..., Any], web_engine: Engine, values: dict[str, str]
) -> None:
    browser = signed_in("campaign_administrator")
    browser.post("/import/sources/new", values)
    path = f"/import/sources/{row(web_engine, values['name']).source_id}"
    for change in (
        {"root_url": "ftp://thief.example/outbound"},
        {"username": "thief"},
        {"root_url": "ftp://127.0.0.1:2/"},
    ):
        changed = {**values, "password": "", **change}
        assert "give the password again" in browser.post(path, changed).get_data(as_text=True)
        assert "give the password again" in browser.post(f"{path}/check", changed).get_data(as_text=True)
    assert browser.post(path, {**values, "password": "", "root_url": "ftp://127.0.0.1:1/other"}).status_code == 302


def test_the_check_tells_what_fits_and_what_is_wrong(
    signed_in: Callable[..., Any], values: dict[str, str], tmp_path: Path
) -> None:
    browser = signed_in("campaign_administrator")
    (tmp_path / "a.txt").write_text("x")
    (tmp_path / "b.csv").write_text("x")
    found = browser.post("/import/sources/check", {**values, "root_url": f"file://{tmp_path}"}).get_data(as_text=True)
    assert "The connection works. 1 file fits the mask." in found and "a.txt" in found and "b.csv" not in found
    for change, said in (
        ({"root_url": f"file://{tmp_path}/none"}, "There is no folder"),
        ({"root_url": "ftp://127.0.0.1:1/x"}, "does not accept connections on port 1."),
        ({"password": ""}, "Password for access: Give the password."),
    ):
        page = browser.post("/import/sources/check", {**values, **change}).get_data(as_text=True)
        assert said in html.unescape(page) and "is-error" in page


def test_a_folder_needs_no_login(
    signed_in: Callable[..., Any], web_engine: Engine, values: dict[str, str], tmp_path: Path
) -> None:
    changed = {**values, "root_url": f"file://{tmp_path}", "username": "", "password": ""}
    assert signed_in("campaign_administrator").post("/import/sources/new", changed).status_code == 302
    kept = row(web_engine, values["name"])
    assert kept.password_encrypted is None and kept.username is None


def test_a_reader_sees_and_cannot_change(
    signed_in: Callable[..., Any], web_engine: Engine, values: dict[str, str]
) -> None:
    signed_in("campaign_administrator").post("/import/sources/new", values)
    browser = signed_in("reviewer")
    path = f"/import/sources/{row(web_engine, values['name']).source_id}"
    page = browser.text(path)
    assert "<fieldset disabled>" in page and 'id="check"' not in page
    assert browser.post(path, values).status_code == 403 and browser.post(f"{path}/check", values).status_code == 403
    assert not re.search(r'title="Delete"', browser.text("/import/sources/"))
