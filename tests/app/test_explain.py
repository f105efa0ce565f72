"""«Why is it not dialled?»: the page of a phone, and `acm explain`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import web_scene
from click.testing import CliRunner
from sqlalchemy import Engine, select, text, update

from app import clock
from app.admin.reasons import WORDS
from app.cli import cli, main
from app.commands import explain as command
from app.models.contact import Client, Phone
from app.models.dialing import Record
from app.models.strategy import Campaign
from app.procedures import dialing


@pytest.fixture(scope="module")
def dialled(web_engine: Engine) -> int:
    """A campaign of this module's own: dialled, with a block out."""
    now = clock.now()
    with web_engine.begin() as connection:
        campaign_id = web_scene.campaign(connection, "EXPLAINED", "Своя", now - timedelta(hours=2), clients=120)
        web_scene.dial(connection, campaign_id, now - timedelta(minutes=1), 4)
    return campaign_id


@pytest.fixture
def ready(web_engine: Engine, campaigns: dict[str, int]) -> Any:
    """A phone of the stopped campaign BETA that nobody has called; its campaign is active while the test goes on."""
    beta = campaigns["BETA"]
    with web_engine.begin() as connection:
        before = connection.scalar(select(Campaign.state_id).where(Campaign.campaign_id == beta))
        connection.execute(update(Campaign).where(Campaign.campaign_id == beta).values(state_id=2))
        row = connection.execute(
            select(Phone.phone_id, Phone.campaign_id, Phone.number, Client.client_code)
            .join(Client, Client.client_id == Phone.client_id)
            .where(Phone.campaign_id == beta)
            .order_by(Phone.phone_id)
            .limit(1)
        ).one()
    yield row
    with web_engine.begin() as connection:
        connection.execute(update(Campaign).where(Campaign.campaign_id == beta).values(state_id=before))


def rules(page: str) -> dict[str, str]:
    """The classes of the rules that a page shows, by rule."""
    return dict(re.findall(r'<li data-rule="(\w+)" class="([^"]+)"', page))


def test_a_phone_that_may_be_dialled_keeps_every_rule(signed_in: Callable[..., Any], ready: Any) -> None:
    page = signed_in("reviewer").text(f"/contacts/{ready.campaign_id}/phones/{ready.phone_id}/explain")
    assert f"{ready.number} may be dialled" in page
    assert set(rules(page).values()) == {"is-kept"} and len(rules(page)) >= 18
    assert 'id="next-at"' not in page and 'id="reason"' not in page


def test_the_first_rule_that_is_not_kept_is_marked_as_the_reason(
    signed_in: Callable[..., Any], web_engine: Engine, dialled: int
) -> None:
    with web_engine.connect() as connection:
        phone_id = connection.scalar(
            select(Record.phone_id).where(Record.campaign_id == dialled).order_by(Record.phone_id).limit(1)
        )
    page = signed_in().text(f"/contacts/{dialled}/phones/{phone_id}/explain")
    shown = rules(page)
    assert shown["campaign_active"] == "is-kept" and shown["in_work"] == "is-broken is-binding"
    assert sum("is-binding" in one for one in shown.values()) == 1
    assert '<dd id="reason">the client is in work</dd>' in page
    assert '<dd id="next-at">not by time alone</dd>' in page  # a result has to come


def test_the_moment_from_which_it_may_be_dialled_is_in_the_users_time(
    signed_in: Callable[..., Any], web_engine: Engine, dialled: int
) -> None:
    now = clock.now()
    with web_engine.connect() as connection:
        phones = connection.scalars(select(Phone.phone_id).where(Phone.campaign_id == dialled)).all()
        phone_id, next_at = next(
            (phone_id, row.next_at)
            for phone_id in phones
            if (row := dialing.phone_reason(connection, phone_id, now)).reason_code == "delay"
        )
    page = signed_in().text(f"/contacts/{dialled}/phones/{phone_id}/explain")
    found = re.search(r'<dd id="next-at">(\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d)</dd>', page)
    local = next_at.replace(tzinfo=UTC).astimezone(ZoneInfo("Europe/Moscow"))
    assert found and found[1] == local.strftime("%d.%m.%Y %H:%M:%S")
    assert "is-broken is-binding" in rules(page)["delay"]


def test_both_lists_link_to_it_and_a_phone_of_another_campaign_is_not_there(
    signed_in: Callable[..., Any], ready: Any, campaigns: dict[str, int]
) -> None:
    browser = signed_in("reviewer")
    address = f"/contacts/{ready.campaign_id}/phones/{ready.phone_id}/explain"
    assert address in browser.text(f"/contacts/{ready.campaign_id}/?number={ready.number}")
    assert address in browser.text(f"/clients/{ready.campaign_id}/?q={ready.number}")
    assert browser.get(f"/contacts/{campaigns['ALPHA']}/phones/{ready.phone_id}/explain").status_code == 404


def test_every_reason_of_the_procedures_has_its_words(web_engine: Engine, ready: Any) -> None:
    with web_engine.connect() as connection:
        codes = set(connection.scalars(text("SELECT q.reason_code FROM strategy.reason AS q")))
    assert codes == set(WORDS) | {"ready"}


@pytest.fixture
def run(web_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    monkeypatch.setattr(command, "_engine", lambda: web_engine)

    def call(*arguments: str) -> str:
        result = CliRunner().invoke(cli, ["explain", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return str(result.output)

    return call


def test_the_command_says_the_same_for_each_phone_of_a_client(run: Callable[..., str], ready: Any) -> None:
    body = json.loads(run(ready.client_code, "--campaign", "beta", "--json"))
    assert [phone["number"][:4] for phone in body["phones"]] == ["7916", "7495"]
    assert all(phone["is_dialable"] and phone["reason_code"] == "ready" for phone in body["phones"])
    said = run(ready.client_code, "--campaign", "BETA")
    assert f"{ready.number}: may be dialled now" in said and "✓ The campaign is active" in said and "✗" not in said


def test_the_command_marks_the_reason(
    run: Callable[..., str], web_engine: Engine, ready: Any, campaigns: dict[str, int]
) -> None:
    with web_engine.begin() as connection:
        connection.execute(update(Campaign).where(Campaign.campaign_id == campaigns["BETA"]).values(state_id=1))
    body = json.loads(run(ready.client_code, "--campaign", "BETA", "--json"))
    assert {phone["reason_code"] for phone in body["phones"]} == {"campaign_active"}
    assert [rule["rule_code"] for rule in body["phones"][0]["rules"] if rule["is_binding"]] == ["campaign_active"]
    assert "✗ The campaign is active ← the reason" in run(ready.client_code, "--campaign", "BETA")


def test_an_unknown_campaign_or_client_is_refused(run: Callable[..., str], capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, said in (
        (["explain", "x", "--campaign", "NONE"], "There is no campaign NONE."),
        (["explain", "x", "--campaign", "BETA"], "There is no client x in this campaign."),
    ):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 1 and said in capsys.readouterr().err
