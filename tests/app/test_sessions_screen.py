"""The list of sessions: who is signed in, and signed out by an administrator."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from access_pages import last_audit
from sqlalchemy import Engine, update
from web_users import Browser, add_user

from app import clock
from app.admin.session_list import browser_name
from app.models.access import Session

LIST = "/access/sessions/"


@pytest.fixture
def admin(signed_in: Callable[..., Browser]) -> Browser:
    return signed_in("security_administrator")


def tokens(page: str) -> list[str]:
    return re.findall(r'name="session" value="([0-9a-f]{64})"', page)


def test_one_session_is_ended_and_the_other_goes_on(
    admin: Browser, signed_in: Callable[..., Browser], web_engine: Engine
) -> None:
    with web_engine.begin() as connection:
        user_id = add_user(connection, "sitter", "reviewer")
    first = signed_in("sitter")
    second = signed_in("sitter")
    page = admin.text(f"{LIST}?q=sitter")
    newest, oldest = tokens(page)
    assert "this session</span>" not in page
    assert admin.post(f"{LIST}end", {"session": newest}).status_code == 302
    assert (first.get("/campaigns/").status_code, second.get("/campaigns/").status_code) == (200, 302)
    assert tokens(admin.text(f"{LIST}?q=sitter")) == [oldest]
    entry, __, after = last_audit(web_engine, "sessions_end")
    assert entry.object_id == str(user_id) and newest not in str(after)
    admin.post(f"{LIST}end-all/{user_id}")
    assert first.get("/campaigns/").status_code == 302
    assert "Nothing fits the filter" in admin.text(f"{LIST}?q=sitter")


def test_the_own_session_is_marked_once(admin: Browser, signed_in: Callable[..., Browser]) -> None:
    signed_in("security_administrator")
    assert admin.text(LIST).count("this session</span>") == 1


@pytest.mark.parametrize("case", ["idle", "too old", "ended", "signed out everywhere"])
def test_a_session_that_is_over_is_not_listed(
    admin: Browser, signed_in: Callable[..., Browser], web_engine: Engine, case: str
) -> None:
    name = f"gone{['idle', 'too old', 'ended', 'signed out everywhere'].index(case)}"
    with web_engine.begin() as connection:
        user_id = add_user(connection, name, "reviewer")
    signed_in(name)
    assert len(tokens(admin.text(f"{LIST}?q={name}"))) == 1
    values = {
        "idle": {"seen_at": clock.real_now() - timedelta(minutes=61)},
        "too old": {"started_at": clock.real_now() - timedelta(hours=13)},
        "ended": {"ended_at": clock.real_now()},
        "signed out everywhere": {"session_epoch": -1},
    }[case]
    with web_engine.begin() as connection:
        connection.execute(update(Session).where(Session.user_id == user_id).values(**values))
    assert tokens(admin.text(f"{LIST}?q={name}")) == []


def test_pages_go_by_key(
    admin: Browser, signed_in: Callable[..., Browser], web_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with web_engine.begin() as connection:
        add_user(connection, "many", "reviewer")
    for _ in range(5):
        signed_in("many")
    monkeypatch.setattr("app.admin.session_list.SIZE", 2)
    seen, path = [], f"{LIST}?q=many"
    while path:
        page = admin.text(path)
        seen += tokens(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else ""
    assert len(seen) == len(set(seen)) == 5
    assert admin.get(LIST, query_string={"after": "x_y"}).status_code == 200


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:143.0) Gecko/20100101 Firefox/143.0", "Firefox 143, Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
         "Chrome 141, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge 141, Windows"),
        ("something else", "something else"), ("", ""), (None, ""),
    ],
)  # fmt: skip
def test_browsers_are_named(told: str | None, name: str) -> None:
    assert browser_name(told) == name
