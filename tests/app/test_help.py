"""«? Справка»: every screen leads to its page, pages are docs/, and nothing in them can do harm."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import handbook


@pytest.mark.mission("M27")
def test_every_screen_links_to_a_page_and_a_section_that_are_there(app: Flask) -> None:
    for view in app.extensions["acm_admin"].guarded:
        page = handbook.page(view.help_page, "en")
        assert page is not None, view
        if view.help_section:
            assert view.help_section in {heading.anchor for heading in page.headings}, view


@pytest.mark.mission("M27")
def test_a_screen_shows_the_link_and_the_link_opens_the_page(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("dictionary_editor")
    link = re.search(r'class="help-link" href="([^"]+)"', browser.text("/dictionaries/schedules/"))
    assert link and link[1] == "/help/schedules"
    page = browser.text(link[1])
    assert "<h1 id=" in page and "Several periods stand with commas between" in page
    assert browser.get("/help/").location == "/help/administrator"
    assert 'class="help-link" href="/help/"' in browser.text("/account")


def test_a_page_comes_in_the_readers_language_where_it_has_one(signed_in: Callable[..., Any]) -> None:
    browser = signed_in()
    browser.post("/language/ru")
    page = browser.text("/help/schedules")
    assert "Дата заменяет день недели" in page and "ещё не переведена" not in page
    assert "Эта страница ещё не переведена." in browser.text("/help/engines")
    browser.post("/language/en")
    assert "A date takes the place" in browser.text("/help/schedules")
    assert "has not been translated" not in browser.text("/help/engines")


@pytest.mark.parametrize(
    "name", ["nothing", "..", "../README", "README", "ru/schedules", "Administrator", "%2e%2e%2fREADME"]
)
def test_only_pages_of_docs_are_shown(signed_in: Callable[..., Any], name: str) -> None:
    assert handbook.page(name, "ru") is None
    assert signed_in().get(f"/help/{name}").status_code in (404, 308, 302)


@pytest.mark.parametrize("language", ["ru", "en"])
def test_links_between_pages_lead_somewhere(language: str) -> None:
    pages = handbook.pages(language)
    assert len(pages) == len(list(handbook.FOLDER.glob("*.md"))) > 5
    for page in pages:
        for address in re.findall(r'href="([^"]+)"', page.html):
            assert address.startswith(("https://", "#", "/help/")), (page.name, address)
            if address.startswith("/help/"):
                assert handbook.page(address.removeprefix("/help/").partition("#")[0], language) is not None


def test_tables_become_tables_and_headings_have_anchors() -> None:
    page = handbook.page("administrator", "en")
    assert page is not None
    assert "<th>Security administrator</th>" in page.html and '<h2 id="finding-contacts">' in page.html
    assert "finding-contacts" in {heading.anchor for heading in page.headings}


def test_what_could_do_harm_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bad.md").write_text(
        "# Bad <script>alert(1)</script>\n\n<script>alert(2)</script>\n\n<!-- a note -->\n\n"
        "text <img src=x onerror=alert(3)> more\n\n[one](javascript:alert(4)) [two](http://evil.example/) "
        "[three](//evil.example) [four](/campaigns/1/stop) [five](bad.md#part) ![p](https://evil.example/x.png)\n"
    )
    monkeypatch.setattr(handbook, "FOLDER", tmp_path)
    page = handbook.page("bad", "en")
    assert page is not None
    for harm in ("<script", "onerror", '="javascript:', "evil.example", "/campaigns", "<img", "a note"):
        assert harm not in page.html, harm
    for text in ("text", "more", "two", "three", "four", '<a href="/help/bad#part">five</a>'):
        assert text in page.html, text


def test_pictures_of_the_documentation_are_shown_and_no_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "monitor.png").write_bytes(b"\x89PNG")
    (tmp_path / "page.md").write_text(
        "# Page\n\n![The monitor](images/monitor.png)\n\n![Else](images/else.png)\n\n![Away](https://evil.example/x.png)\n"
    )
    monkeypatch.setattr(handbook, "FOLDER", tmp_path)
    shown = handbook.page("page", "en")
    assert shown is not None
    assert '<img src="/help/images/monitor.png" alt="The monitor" loading="lazy">' in shown.html
    assert "else.png" not in shown.html and "evil" not in shown.html
    assert handbook.picture("../settings.py") is None and handbook.picture("monitor.png") is not None


def test_a_translated_page_has_the_anchors_of_the_english_one() -> None:
    own, english = handbook.page("dictionaries", "ru"), handbook.page("dictionaries", "en")
    assert own is not None and english is not None and own.language == "ru"
    assert [one.anchor for one in own.headings] == [one.anchor for one in english.headings]
    assert own.headings[0].text == "Результаты агентов"
    assert '<h2 id="agent-results">Результаты агентов</h2>' in own.html
