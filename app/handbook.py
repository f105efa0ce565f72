"""The pages of docs/ as the application shows them: Markdown made into HTML of text, links and our own pictures.

A page in the reader's language stands under docs/<language>/; where there is none, docs/ has the English one. Raw
HTML of a page is left out, and so is every address that is not a page of docs/ or an https address.
"""

from __future__ import annotations

import re
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from app.database.deploy.migrations import ROOT

FOLDER = ROOT / "docs"
_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")
_PAGE = re.compile(r"(?:docs/|\.\./|\./)*(?P<name>[a-z][a-z0-9-]*)\.md(?:#(?P<section>[\w-]+))?\Z")

_PICTURE = re.compile(r"(?:\.\./|\./)*images/([a-z0-9-]+\.png)")


@dataclass(frozen=True)
class Heading:
    """A heading of the second level, with its anchor."""

    text: str
    anchor: str


@dataclass(frozen=True)
class Page:
    """A page, ready to be shown. `language` is that of its text."""

    name: str
    title: str
    html: str
    headings: tuple[Heading, ...]
    language: str


def pages(language: str) -> list[Page]:
    """All pages, by title."""
    found = [page(path.stem, language) for path in FOLDER.glob("*.md")]
    return sorted((one for one in found if one is not None), key=lambda one: one.title.casefold())


def page(name: str, language: str) -> Page | None:
    """The page docs/<name>.md in the language where it has one, else in English; None when there is no such page."""
    if not _NAME.match(name):
        return None
    english, own = (_found(folder / f"{name}.md", tongue) for folder, tongue in _folders(language))
    if own is None or english is None or len(own.headings) != len(english.headings):
        return own or english
    return _with_anchors(own, english)


def _folders(language: str) -> tuple[tuple[Path, str], tuple[Path, str]]:
    return (FOLDER, "en"), (FOLDER / language, language)


def _found(path: Path, tongue: str) -> Page | None:
    return _rendered(path, tongue, path.stat().st_mtime_ns) if path.is_file() else None


def _with_anchors(page: Page, english: Page) -> Page:
    """A translated page whose sections have the anchors of the English one: a screen names a section in one way."""
    html, headings = page.html, []
    for own, other in zip(page.headings, english.headings, strict=True):
        html = html.replace(f'<h2 id="{own.anchor}">', f'<h2 id="{other.anchor}">', 1)
        headings.append(Heading(own.text, other.anchor))
    return replace(page, html=html, headings=tuple(headings))


def anchor(text: str) -> str:
    """The anchor of a heading: «Finding contacts» is finding-contacts."""
    return re.sub(r"[^\w]+", "-", text.lower()).strip("-")


@lru_cache(maxsize=64)
def _rendered(path: Path, language: str, changed: int) -> Page:
    """The page of a file; `changed` is when it was written, so that a new text is seen."""
    tokens = _markdown().parse(path.read_text(encoding="utf-8"))
    title, headings = path.stem, []
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            text = "".join(child.content for child in inline.children or [])
            token.attrSet("id", anchor(text))
            if token.tag == "h1":
                title = text
            elif token.tag == "h2":
                headings.append(Heading(text, anchor(text)))
    html = _markdown().renderer.render(tokens, _markdown().options, {})
    return Page(path.stem, title, html, tuple(headings), language)


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": True}, renderer_cls=_Renderer).enable("table")


class _Renderer(RendererHTML):
    """Leaves raw HTML out, shows pictures of docs/images only, and shows the text alone of a link whose address leads
    nowhere a reader may go."""

    def html_block(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        return ""

    def html_inline(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        return ""

    def image(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        found = _PICTURE.fullmatch(str(tokens[index].attrGet("src") or ""))
        if not found or picture(found[1]) is None:
            return ""
        return f'<img src="/help/images/{found[1]}" alt="{escapeHtml(tokens[index].content)}" loading="lazy">'

    def fence(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        # A long line scrolls; who has no mouse gets there with the Tab key.
        return super().fence(tokens, index, options, env).replace("<pre>", '<pre tabindex="0">', 1)

    def link_open(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        address = _address(str(tokens[index].attrGet("href") or ""))
        tokens[index].attrs = {"href": address} if address else {}
        if not address:
            tokens[index].tag = "span"
        elif address.startswith("https:"):
            tokens[index].attrs.update(rel="noopener noreferrer", target="_blank")
        env.setdefault("links", []).append(tokens[index].tag)
        return self.renderToken(tokens, index, options, env)

    def link_close(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        tokens[index].tag = env["links"].pop()
        return self.renderToken(tokens, index, options, env)

    def table_open(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        return '<div class="table-wrap"><table class="table is-roomy">\n'

    def table_close(self, tokens: Sequence[Token], index: int, options: Any, env: MutableMapping[str, Any]) -> str:
        return "</table></div>\n"


def picture(name: str) -> Path | None:
    """The file of a picture of docs/images; None where there is none of that name."""
    path = FOLDER / "images" / name
    return path if re.fullmatch(r"[a-z0-9-]+\.png", name) and path.is_file() else None


def _address(written: str) -> str:
    """Where a link may lead: a page or a section of docs/, or an https address. Empty: nowhere."""
    if written.startswith(("https://", "#")):
        return written
    found = _PAGE.match(written)
    if found and (FOLDER / f"{found['name']}.md").is_file():
        return f"/help/{found['name']}" + (f"#{found['section']}" if found["section"] else "")
    return ""
