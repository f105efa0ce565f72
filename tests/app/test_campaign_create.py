"""«Кампании»: a new campaign, and a copy of one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
from sqlalchemy import Engine, select, update

from app.campaigns import compare_versions
from app.models.access import Audit
from app.models.dictionary import TimeZone
from app.models.strategy import Campaign, Segment, StrategyVersion


@pytest.fixture(autouse=True)
def _lists_of_other_modules_stay(web_engine: Engine, campaigns: dict[str, int]) -> Iterator[None]:
    """What a test makes is archived after it."""
    yield
    with web_engine.begin() as connection:
        connection.execute(update(Campaign).where(Campaign.code.like("MADE%")).values(state_id=3))


def row(engine: Engine, code: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Campaign.__table__, TimeZone.code.label("zone"))
            .join(TimeZone, TimeZone.zone_id == Campaign.default_zone_id)
            .where(Campaign.code == code)
        ).one_or_none()


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


def test_a_new_campaign_is_stopped_and_asks_for_its_strategy(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("campaign_administrator")
    assert 'href="/campaigns/new"' in browser.text("/campaigns/")
    answer = browser.post("/campaigns/new", {"code": " MADE1 ", "name": "Новая <b>", "zone": "Asia/Omsk"})
    made = row(web_engine, "MADE1")
    assert (made.code_key, made.name, made.zone, made.state_id, made.strategy_version_id, made.created_by) == (
        "MADE1", "Новая <b>", "Asia/Omsk", 1, None, "campaign_administrator",
    )  # fmt: skip
    assert answer.location == f"/strategy/{made.campaign_id}/"
    page = browser.text(answer.location)
    assert "The campaign Новая &lt;b&gt; is created. It is stopped." in page
    assert "The campaign has no strategy yet." in page
    assert json.loads(last_audit(web_engine, "campaign_create").after) == {
        "code": "MADE1", "name": "Новая <b>", "zone_code": "Asia/Omsk",
    }  # fmt: skip


def test_a_copy_has_the_strategy_and_neither_clients_nor_the_dialer(
    signed_in: Callable[..., Any], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    with web_engine.begin() as connection:
        connection.execute(
            update(Campaign).where(Campaign.code == "ALPHA").values(one_call_per_person=True, closing_margin_minutes=7)
        )
    browser = signed_in("campaign_administrator")
    path = f"/campaigns/{campaigns['ALPHA']}/clone"
    shown = browser.text(path)
    assert f'href="{path}"' in browser.text("/campaigns/")
    assert re.search(r'<option selected value="Europe/Moscow"', shown) and 'value="Первая"' in shown
    answer = browser.post(path, {"code": "MADE2", "name": "Копия", "zone": "Europe/Moscow"})
    source, made = row(web_engine, "ALPHA"), row(web_engine, "MADE2")
    assert answer.location == f"/strategy/{made.campaign_id}/"
    assert (made.state_id, made.one_call_per_person, made.closing_margin_minutes) == (1, True, 7)
    assert (made.dialer_id, made.dialer_campaign_id, made.dialer_campaign_name) == (None, None, None)
    with web_engine.begin() as connection:
        assert compare_versions(connection, source.strategy_version_id, made.strategy_version_id) == []
        version = connection.execute(
            select(StrategyVersion.__table__).where(StrategyVersion.strategy_version_id == made.strategy_version_id)
        ).one()
        assert (version.campaign_id, version.version_no) == (made.campaign_id, 1)
        assert version.reason == "Copy of the campaign ALPHA"
        assert connection.scalar(select(Segment.segment_id).where(Segment.campaign_id == made.campaign_id)) is None
        connection.execute(
            update(Campaign).where(Campaign.code == "ALPHA").values(one_call_per_person=False, closing_margin_minutes=0)
        )
    assert json.loads(last_audit(web_engine, "campaign_clone").after)["copy_of"] == "ALPHA"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"code": "", "name": "x"}, "This field is required."),
        ({"code": "  ", "name": "x"}, "Fill this in."),
        ({"code": "alpha", "name": "x"}, "There is a campaign with this code already."),
        ({"code": "MADE" * 20, "name": "x"}, "Field cannot be longer than 64 characters."),
        ({"code": "MADE3", "name": "x" * 201}, "Field cannot be longer than 200 characters."),
        ({"code": "MADE3", "name": "x", "zone": "Mars/Base"}, "Not a valid choice."),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(
    signed_in: Callable[..., Any], web_engine: Engine, fields: dict[str, str], said: str
) -> None:
    browser = signed_in("campaign_administrator")
    answer = browser.post("/campaigns/new", {"zone": "Europe/Moscow", **fields})
    page = unescape(answer.get_data(as_text=True))
    assert answer.status_code == 200 and f'role="alert">{said}<' in page
    assert row(web_engine, "MADE3") is None


def test_there_is_no_copy_of_what_is_not_there(signed_in: Callable[..., Any]) -> None:
    assert signed_in("campaign_administrator").get("/campaigns/999999/clone").status_code == 404
    page = signed_in("reviewer").text("/campaigns/")
    assert "/clone" not in page and "/campaigns/new" not in page
