"""Every screen there is, found by following the links as a person does, and what is asked of each: accessible, in
Russian, as wide as the window. Complaints in the console and requests to other hosts are watched for every page anyway.

Half of the screens are looked at in light colours, half in dark ones, by two tests that can go on at the same time; the
colours are the same everywhere.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from html import unescape
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from browser_site import sign_in
from playwright.sync_api import Page
from web_users import ALL_ROLES, add_user

#: Links that are no screens: files to download.
FILES = re.compile(r"/export\.|/rejects$|\.csv|\.xlsx|\.json")
#: axe's words for a fault that keeps somebody from working.
SERIOUS = {"serious", "critical"}
#: What may stand in Latin letters on a Russian page: names of the field, codes, addresses, what people typed.
LATIN = re.compile(
    r"\b(ACM|Cisco|Dialer(_Detail)?|CRM|ID|API|DBA|CSV|Excel|XLSX|TXT|SQL|REST|HDS|HTTP|FTP|FTPS|SFTP|Active|Directory"
    r"|ALPHA|BETA|alpha_out|beta_out|new|RU|EN|UTC|CallBack|callback|Callback|VOICE|cron|IP|AD|E-mail|Enter|JSON|Ctrl)\b"
)


def _pattern(address: str) -> str:
    """The screen behind an address: numbers and objects of sql/ are one like another, and what is asked of a list does
    not matter."""
    return re.sub(r"\d+|(?<=/objects/)[\w.]+", "N", urlsplit(address).path)


def walk(page: Page, start: str = "/") -> Iterator[str]:
    """Every screen that links lead to, each once. The pages are read without the browser: their links stand in them."""
    seen, waiting = {_pattern(start)}, deque([start])
    while waiting:
        address = waiting.popleft()
        answer = page.request.get(address)
        assert answer.status == 200, (address, answer.status)
        yield address
        for link in map(unescape, re.findall(r'<a[^>]* href="([^"]+)"', answer.text())):
            if link.startswith("/") and not FILES.search(link) and _pattern(link) not in seen:
                seen.add(_pattern(link))
                waiting.append(link)


#: Texts of a page that belong to the frame or the screen.
TEXTS = """() => [...document.querySelectorAll('h1, h2, h3, th, label, button, .btn, dt, .muted, .field-hint, .menu-item,'
    + ' .menu-group, .notice, .empty, .state, .tag, option, [title], [aria-label], [placeholder]')]
    .filter((one) => one.closest('.code-cell, code, pre, [lang=en], [data-plain], .user-menu') === null)
    .flatMap((one) => [[...one.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join(' '),
        one.title, one.getAttribute('aria-label'), one.placeholder])
    .filter((text) => text && text.trim())"""


def _inaccessible(page: Page, axe: Axe) -> list[str]:
    # Rows of a list are alike: the first of them are looked at.
    context = {"include": [["html"]], "exclude": [["tbody > tr:nth-child(n+6)"], ["pre"]]}
    found = axe.run(page, context, {"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]}" for one in found if one["impact"] in SERIOUS for node in one["nodes"][:3]
    ]


def _english(page: Page) -> list[str]:
    texts = [str(text).strip() for text in page.evaluate(TEXTS)]
    return [f"English: {text[:90]}" for text in texts if re.search("[A-Za-z]{3,} +[a-z]{2,}", LATIN.sub("", text))]


def look_at_half(page: Page, site: Any, theme: str) -> None:
    """Visit every second screen in these colours, with all rights; all faults are told together."""
    name = f"sees_{theme}"
    with site.engine.begin() as connection:
        add_user(connection, name, ALL_ROLES, language="ru")
    sign_in(page, name)
    axe = Axe()
    faults: list[str] = []
    addresses = list(walk(page))
    assert len(addresses) >= 60, addresses  # the walk found the screens
    for address in addresses[theme == "dark" :: 2]:
        answer = page.goto(address)
        assert answer is not None and answer.status == 200, (address, answer and answer.status)
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        found = _inaccessible(page, axe)
        if not address.startswith("/help/"):  # what people typed and pages of docs/ may be in English
            found += _english(page)
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            found.append("wider than the window")
        faults += [f"{address} ({theme}) {one}" for one in dict.fromkeys(found)]
    assert not faults, "\n".join(faults)
