"""Headers and markup: a strict content policy, no inline handlers, nothing from another host, safe cookies."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

PAGES = (
    "/", "/campaigns/", "/campaigns/?q=nothing-like-this", "/monitor/{a}/", "/contacts/", "/contacts/{a}/", "/import/",
    "/import/templates/", "/import/templates/new", "/journals/import/", "/account", "/account/password", "/nowhere",
)  # fmt: skip


@pytest.fixture(scope="module")
def pages(app: Flask, campaigns: dict[str, int]) -> dict[str, Any]:
    from web_users import ALL_ROLES, PASSWORD, Browser

    browser = Browser(app.test_client())
    browser.post("/sign-in", {"username": ALL_ROLES, "password": PASSWORD}, at="/sign-in")
    found = {path: browser.get(path.format(a=campaigns["ALPHA"])) for path in PAGES}
    found["/sign-in"] = app.test_client().get("/sign-in")
    return found


@pytest.mark.parametrize("path", [*PAGES, "/sign-in"])
def test_every_page_has_a_strict_policy_and_markup_that_obeys_it(pages: dict[str, Any], path: str) -> None:
    answer = pages[path]
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy
    nonce = re.search(r"script-src 'self' 'nonce-([^']+)'", policy)
    assert nonce
    page = answer.get_data(as_text=True)
    assert re.search(r"<[^>]*\son\w+\s*=", page) is None, "an inline handler"
    assert "javascript:" not in page
    assert re.search(r"<[^>]*\sstyle\s*=", page) is None, "an inline style"
    assert "<style" not in page
    for tag in re.findall(r"<script\b[^>]*>", page):
        assert f'nonce="{nonce[1]}"' in tag or 'type="application/json"' in tag, tag
    for address in re.findall(r'\b(?:src|href|action)="([^"]*)"', page):
        assert address.startswith(("/", "?", "#")) and not address.startswith("//"), address


@pytest.mark.parametrize("path", [*PAGES, "/sign-in"])
def test_every_page_has_the_other_headers(pages: dict[str, Any], path: str) -> None:
    headers = pages[path].headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Permissions-Policy" in headers and "Cross-Origin-Opener-Policy" in headers


def test_a_nonce_is_used_once(client: Any) -> None:
    first, second = (client.get("/sign-in").headers["Content-Security-Policy"] for _ in range(2))
    assert first != second


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(client: Any) -> None:
    cookie = client.get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_behind_tls_the_cookie_goes_over_tls_only(monkeypatch: Any, web_engine: Any) -> None:
    from app.settings import get_settings
    from app.web import create_app

    monkeypatch.setenv("ACM_WEB_SECURE_COOKIES", "1")
    get_settings.cache_clear()
    try:
        answer = create_app(web_engine).test_client().get("/sign-in", base_url="https://acm.example")
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert answer.headers["Set-Cookie"].startswith("__Host-acm=")
    assert "Secure" in answer.headers["Set-Cookie"] and "Domain" not in answer.headers["Set-Cookie"]
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


def test_assets_are_kept_by_their_version(client: Any) -> None:
    page = client.get("/sign-in").get_data(as_text=True)
    sheet = re.search(r'href="(/static/css/acm\.css\?v=\w+)"', page)
    assert sheet
    answer = client.get(sheet[1])
    assert answer.status_code == 200 and "immutable" in answer.headers["Cache-Control"]
    assert client.get("/static/css/acm.css").headers["Cache-Control"] != answer.headers["Cache-Control"]


def test_no_file_of_ours_names_another_host() -> None:
    from pathlib import Path

    import app.web

    root = Path(app.web.__file__).parent
    for path in [*root.glob("static/css/*"), *root.glob("static/js/*"), *root.glob("templates/**/*.html")]:
        found = re.findall(r"(?:https?:)?//[\w.-]+\.\w+", path.read_text())
        assert [one for one in found if "www.w3.org" not in one] == [], path


def test_errors_tell_a_person_what_to_do_and_nothing_of_the_inside(
    app: Flask, signed_in: Callable[..., Any], monkeypatch: Any
) -> None:
    from app.admin import campaign_data

    browser = signed_in()
    missing = browser.get("/monitor/999999/")
    assert missing.status_code == 404 and "There is no such page" in missing.get_data(as_text=True)

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError("the inside")

    monkeypatch.setattr(campaign_data, "campaigns", broken)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    failed = browser.get("/campaigns/")
    page = failed.get_data(as_text=True)
    assert failed.status_code == 500 and "Something went wrong" in page
    assert "ZeroDivisionError" not in page and "the inside" not in page


def test_a_database_that_is_away_is_told_as_such(app: Flask, monkeypatch: Any, signed_in: Callable[..., Any]) -> None:
    from app.admin import campaign_data
    from app.database.engine import DatabaseUnavailable

    def away(*_: Any) -> Any:
        raise DatabaseUnavailable("no answer")

    browser = signed_in()
    monkeypatch.setattr(campaign_data, "campaigns", away)
    answer = browser.get("/campaigns/")
    assert answer.status_code == 503
    assert "The database does not answer" in answer.get_data(as_text=True)
    script = browser.get("/overview.json", headers={"X-Requested-With": "fetch"})
    assert script.status_code in (200, 503)


def test_health_is_open_to_who_watches_and_says_nothing_else(client: Any) -> None:
    assert client.get("/health/live").json == {"status": "ok"}
    assert client.get("/health/ready").json == {"status": "ok"}
