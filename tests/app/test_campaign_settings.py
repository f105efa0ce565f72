"""The settings of a campaign and its dialer (M193), and its archive."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from sqlalchemy import Engine, select, text

from app import clock, secrets
from app.models.access import Audit
from app.models.dialing import Dialer
from app.models.strategy import Campaign

DIALER = {
    "name": "CCE Moscow", "base_url": "https://aw1.corp.example", "username": "acm@corp.example",
    "password": "Secret-of-REST", "timeout_seconds": "15", "verify_certificate": "y", "is_enabled": "y",
    "hds_kind": "mssql", "hds_host": "hds1.corp.example", "hds_port": "", "hds_database": "ucce_hds",
    "hds_username": "acm_reader", "hds_password": "Secret-of-HDS", "overlap_minutes": "5",
}  # fmt: skip


@pytest.fixture(scope="module")
def campaign(web_engine: Engine) -> Iterator[int]:
    """A campaign of this module, dialled."""
    now = clock.now()
    with web_engine.begin() as connection:
        campaign_id = web_scene.campaign(connection, "SETT", "Настройки", now - timedelta(hours=2), clients=10)
        web_scene.dial(connection, campaign_id, now, 1)
    yield campaign_id
    with web_engine.begin() as connection:  # other modules count campaigns
        connection.execute(text("UPDATE core.campaign SET state_id = 3 WHERE code = 'SETT'"))


@pytest.fixture(scope="module")
def dialer_id(web_engine: Engine) -> int:
    with web_engine.begin() as connection:
        return web_scene.the_dialer(connection)


def row_of(engine: Engine, campaign_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Campaign.__table__).where(Campaign.campaign_id == campaign_id)).one()


def last_audit(engine: Engine) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Audit.__table__).order_by(Audit.audit_id.desc())).first()


def dialer_named(engine: Engine, name: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Dialer.__table__).where(Dialer.name == name)).one_or_none()


@pytest.mark.mission("M193")
def test_a_campaign_is_connected_to_its_dialer(
    signed_in: Callable[..., Any], web_engine: Engine, campaign: int, dialer_id: int
) -> None:
    with web_engine.begin() as connection:  # nothing is out
        connection.execute(text("DELETE FROM dialing.record WHERE campaign_id = :id"), {"id": campaign})
    form = {
        "name": "Другое имя", "dialer_id": str(dialer_id), "dialer_campaign_name": "ACM_SETT",
        "dialer_skill_groups": "5001,5002", "dialer_number": "74951112233", "closing_margin_minutes": "10",
        "one_call_per_person": "y",
    }  # fmt: skip
    browser = signed_in("campaign_administrator")
    answer = browser.post(f"/campaign/{campaign}/", form)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    row = row_of(web_engine, campaign)
    assert (row.name, row.dialer_id, row.dialer_campaign_name) == ("Другое имя", dialer_id, "ACM_SETT")
    assert (row.dialer_skill_groups, row.dialer_number) == ("5001, 5002", "74951112233")
    assert (bool(row.one_call_per_person), row.closing_margin_minutes, bool(row.restarts_on_reload)) == (
        True,
        10,
        False,
    )
    audit = last_audit(web_engine)
    assert (audit.action, audit.object_id) == ("campaign_change", str(campaign))
    assert json.loads(audit.before)["name"] == "Настройки" and json.loads(audit.after)["name"] == "Другое имя"
    page = browser.text(f"/campaign/{campaign}/")
    assert 'value="ACM_SETT"' in page and 'value="5001, 5002"' in page


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "This field is required."),
        ("dialer_campaign_name", "Имя кириллицей", "Cisco takes Latin letters"),
        ("dialer_campaign_name", "x" * 33, "at most 32"),
        ("dialer_skill_groups", "5001; abc", "with commas between: 5001, 5002"),
        ("dialer_number", "+7 495", "Write digits only."),
        ("closing_margin_minutes", "-1", "between 0 and 240"),
        ("dialer_id", "999999", "Choose"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(
    signed_in: Callable[..., Any], web_engine: Engine, campaign: int, field: str, value: str, words: str
) -> None:
    before = row_of(web_engine, campaign)
    form = {"name": "Имя", "dialer_id": "", "closing_margin_minutes": "0"} | {field: value}
    page = signed_in().post(f"/campaign/{campaign}/", form).get_data(as_text=True)
    around = page[page.index(f'id="{field}-help"') :][:600]
    assert "field-error" in around and (words in around or field == "dialer_id"), around
    assert row_of(web_engine, campaign) == before


def test_another_dialer_is_refused_while_contacts_are_there(
    signed_in: Callable[..., Any], web_engine: Engine, campaign: int
) -> None:
    with web_engine.begin() as connection:
        assert web_scene.take(connection, campaign, clock.now())
    page = signed_in().post(f"/campaign/{campaign}/", {"name": "Имя", "dialer_id": "", "closing_margin_minutes": "0"})
    assert "Clear its queue first." in page.get_data(as_text=True)
    assert row_of(web_engine, campaign).dialer_id is not None


def test_a_campaign_goes_to_the_archive_and_comes_back(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        done = web_scene.campaign(connection, "DONE", "Готова", clock.now())
    browser = signed_in("campaign_administrator")
    assert "Into the archive" in browser.text(f"/campaign/{done}/")
    assert browser.post(f"/campaign/{done}/archive").status_code == 302
    assert row_of(web_engine, done).state_id == 3
    assert last_audit(web_engine).action == "campaign_archive"
    assert "Готова" not in browser.text("/campaigns/")
    page = browser.text(f"/campaign/{done}/")
    assert "<fieldset disabled>" in page and "Back from the archive" in page
    browser.post(f"/campaign/{done}/unarchive")
    assert row_of(web_engine, done).state_id == 1
    assert last_audit(web_engine).action == "campaign_unarchive"
    browser.post(f"/campaign/{done}/archive")


def test_an_active_campaign_is_not_archived(signed_in: Callable[..., Any], web_engine: Engine, campaign: int) -> None:
    browser = signed_in()
    browser.post(f"/campaign/{campaign}/archive")
    assert "The campaign is active. Stop it first." in browser.text(f"/campaign/{campaign}/")
    assert row_of(web_engine, campaign).state_id == 2


def test_a_dialer_is_added_and_its_passwords_are_kept_encrypted(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    answer = browser.post("/dictionaries/dialers/new", DIALER)
    assert answer.status_code == 302, answer.get_data(as_text=True)
    row = dialer_named(web_engine, "CCE Moscow")
    assert secrets.decrypt(row.password_encrypted) == "Secret-of-REST"
    assert secrets.decrypt(row.hds_url_encrypted) == (
        "mssql+pyodbc://acm_reader:Secret-of-HDS@hds1.corp.example:1433/ucce_hds"
    )
    audit = last_audit(web_engine)
    assert audit.action == "dialer_add" and "Secret" not in audit.after
    assert "Secret" not in browser.text(f"/dictionaries/dialers/{row.dialer_id}") + browser.text(
        "/dictionaries/dialers/"
    )

    kept = {**DIALER, "password": "", "hds_password": "", "username": "other", "hds_database": "hds2"}
    assert browser.post(f"/dictionaries/dialers/{row.dialer_id}", kept).status_code == 302
    changed = dialer_named(web_engine, "CCE Moscow")
    assert (changed.username, changed.password_encrypted) == ("other", row.password_encrypted)
    assert secrets.decrypt(changed.hds_url_encrypted).endswith("acm_reader:Secret-of-HDS@hds1.corp.example:1433/hds2")


@pytest.mark.parametrize("field", ["base_url", "hds_host"])
def test_a_stored_password_is_never_sent_to_another_address(
    signed_in: Callable[..., Any], web_engine: Engine, field: str
) -> None:
    """Else who may edit dialers could read the password on a host of his own."""
    browser = signed_in("dictionary_editor")
    name = f"CCE {field}"
    assert browser.post("/dictionaries/dialers/new", {**DIALER, "name": name}).status_code == 302
    row = dialer_named(web_engine, name)
    moved = {**DIALER, "name": name, "password": "", "hds_password": "", field: "https://evil.example"}
    page = browser.post(f"/dictionaries/dialers/{row.dialer_id}", moved).get_data(as_text=True)
    assert "Give the password of this address." in page
    assert dialer_named(web_engine, name) == row
    answer = browser.post(f"/dictionaries/dialers/{row.dialer_id}/check", moved)
    assert answer.status_code == 400 and "Give the password of this address." in answer.get_json()["error"]


def test_two_dialers_do_not_share_a_name(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in()
    browser.post("/dictionaries/dialers/new", {**DIALER, "name": "Twin"})
    page = browser.post("/dictionaries/dialers/new", {**DIALER, "name": "TWIN"}).get_data(as_text=True)
    assert "There is a dialer of this name already." in page


def test_a_connection_that_does_not_answer_is_told_in_words(signed_in: Callable[..., Any]) -> None:
    dead = {
        **DIALER, "base_url": "http://127.0.0.1:9", "hds_kind": "postgresql", "hds_host": "127.0.0.1", "hds_port": "9",
    }  # fmt: skip
    answer = signed_in().post("/dictionaries/dialers/0/check", dead)
    steps = answer.get_json()["steps"]
    assert [step["is_ok"] for step in steps] == [False, False]
    assert all(step["words"] and "Secret" not in step["words"] for step in steps)
