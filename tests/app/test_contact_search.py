"""The contact list against a plain reading of the tables: every filter, every page, no row twice, none left out."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from sqlalchemy import Connection, Engine, select, text

from app import clock
from app.admin import contact_search
from app.admin.contact_search import Filters
from app.database.engine import create_engine
from app.models.contact import Client, Phone


@pytest.fixture(scope="module")
def base(server: Any, template_url: str) -> Iterator[tuple[Engine, int]]:
    """A campaign that was dialled for a while, beside another one with the same numbers."""
    engine = create_engine(server.create(template_url), "acm tests")
    now = clock.now()
    with engine.begin() as connection:
        other = web_scene.campaign(connection, "OTHER", "Чужая", now - timedelta(hours=2), clients=40)
        own = web_scene.campaign(
            connection, "OWN", "Своя", now - timedelta(hours=2), clients=150, segments=("a", "b", "c")
        )
        connection.execute(
            text("UPDATE core.client SET client_code = 'X_1', client_code_key = 'X_1' WHERE client_id = 60")
        )
        connection.execute(
            text("UPDATE core.client SET client_code = 'xA1b', client_code_key = 'XA1B' WHERE client_id = 61")
        )
        web_scene.dial(connection, own, now, 8)
        web_scene.dial(connection, other, now, 1)
    yield engine, own
    engine.dispose()


@pytest.fixture
def searched(base: tuple[Engine, int]) -> Iterator[tuple[Connection, int]]:
    with base[0].connect() as connection:
        yield connection, base[1]


def all_pages(connection: Connection, campaign_id: int, filters: Filters, size: int) -> list[Any]:
    """Walk through all pages, and check each on the way."""
    rows: list[Any] = []
    key = ""
    for _ in range(1000):
        page = contact_search.find(connection, campaign_id, filters, key, size)
        assert page.is_partial or page.next_key is None or len(page.rows) >= size
        rows += page.rows
        if page.next_key is None:
            return rows
        assert page.next_key != key
        key = page.next_key
    raise AssertionError("the pages never end")


def all_phones(connection: Connection, campaign_id: int) -> list[Any]:
    return list(connection.execute(
        select(
            Phone.phone_id, Phone.number, Phone.last_technical_result_id, Client.segment_id, Client.status_id,
            Client.client_code_key,
        ).join(Client, Client.client_id == Phone.client_id).where(Phone.campaign_id == campaign_id)
    ))  # fmt: skip


def plainly(phones: list[Any], filters: Filters) -> set[int]:
    """Ids that fit, one row after another."""
    return {
        row.phone_id
        for row in phones
        if row.number.startswith(filters.number)
        and row.client_code_key.startswith(filters.client_code.upper())
        and filters.segment_id in (None, row.segment_id)
        and filters.status_id in (None, row.status_id)
        and filters.result_id in (None, row.last_technical_result_id or 0)
    }


def some_filters(connection: Connection, campaign_id: int) -> list[Filters]:
    segments = connection.scalars(
        text("SELECT segment_id FROM core.segment WHERE campaign_id = :id ORDER BY segment_id"), {"id": campaign_id}
    ).all()
    results = connection.scalars(
        select(Phone.last_technical_result_id).where(Phone.campaign_id == campaign_id).distinct()
    ).all()
    numbers = ["", "7", "7916", connection.scalar(select(Phone.number).where(Phone.campaign_id == campaign_id)), "8"]
    found = []
    for segment, status, result, number, code in itertools.product(
        (None, segments[1]),
        (None, 1, 2, 5),
        (None, 0, next(one for one in results if one)),
        numbers,
        ("", str(campaign_id), "x"),
    ):
        found.append(Filters(segment, status, str(number), code, result))
    return found


@pytest.mark.parametrize("size", [3, 50, 10_000])
def test_every_filter_finds_what_a_plain_reading_finds(searched: tuple[Connection, int], size: int) -> None:
    connection, campaign_id = searched
    phones = all_phones(connection, campaign_id)
    not_empty = 0
    for filters in some_filters(connection, campaign_id):
        if size == 3 and filters.number and filters.client_code:
            continue
        rows = all_pages(connection, campaign_id, filters, size)
        ids = [row.phone_id for row in rows]
        assert len(ids) == len(set(ids)), filters
        assert set(ids) == plainly(phones, filters), filters
        not_empty += bool(ids)
    assert not_empty > 20


def test_a_page_reads_so_many_rows_and_no_more(
    searched: tuple[Connection, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection, campaign_id = searched
    monkeypatch.setattr(contact_search, "SCAN", 10)
    filters = Filters(segment_id=connection.scalar(text("SELECT MAX(segment_id) FROM core.segment")), number="7916")
    page = contact_search.find(connection, campaign_id, filters, "", 50)
    assert page.is_partial and page.next_key is not None and len(page.rows) < 10
    rows = all_pages(connection, campaign_id, filters, 50)
    assert {row.phone_id for row in rows} == plainly(all_phones(connection, campaign_id), filters)


def test_underscore_and_percent_in_a_code_mean_themselves(searched: tuple[Connection, int]) -> None:
    connection, campaign_id = searched
    assert {row.client_code for row in all_pages(connection, campaign_id, Filters(client_code="x_"), 50)} == {"X_1"}
    assert all_pages(connection, campaign_id, Filters(client_code="%"), 50) == []
    assert {row.client_code for row in all_pages(connection, campaign_id, Filters(client_code="XA1"), 50)} == {"xA1b"}


@pytest.mark.parametrize("key", ["x", "-", "9" * 40, "1-x", "'; DROP TABLE core.phone; --", "79991-"])
def test_a_made_up_key_is_a_page_and_not_a_failure(searched: tuple[Connection, int], key: str) -> None:
    connection, campaign_id = searched
    for filters in (
        Filters(),
        Filters(number="7"),
        Filters(client_code="1"),
        Filters(status_id=1),
        Filters(result_id=0),
    ):
        contact_search.find(connection, campaign_id, filters, key, 50)


def test_filters_come_from_the_address_and_nonsense_is_no_filter() -> None:
    asked = {"segment": "7", "status": "x", "number": "+7 (916) 000-1", "code": "  ab ", "result": "-1"}
    assert Filters.of(asked) == Filters(7, None, "79160001", "ab", None)
    assert not Filters.of({"segment": "", "other": "1"})


def test_the_newest_contacts_come_first(searched: tuple[Connection, int]) -> None:
    connection, campaign_id = searched
    ids = [row.phone_id for row in all_pages(connection, campaign_id, Filters(), 7)]
    assert ids == sorted(ids, reverse=True)
    clients = [row.client_id for row in all_pages(connection, campaign_id, Filters(status_id=1), 7)]
    assert clients == sorted(clients, reverse=True)


def test_the_count_is_that_of_the_phones(searched: tuple[Connection, int]) -> None:
    connection, campaign_id = searched
    plain = connection.scalar(text("SELECT COUNT(*) FROM core.phone WHERE campaign_id = :id"), {"id": campaign_id})
    assert contact_search.count(connection, campaign_id) == plain == 200


# -- the screen --------------------------------------------------------------------------------------------------------


def test_the_list_has_the_seventeen_columns_in_their_order(
    signed_in: Callable[..., Any], campaigns: dict[str, int]
) -> None:
    import re

    page = signed_in().text(f"/contacts/{campaigns['ALPHA']}/")
    table = page[page.index('<table class="table contacts">') :]
    assert re.findall(r"<th[^>]*>([^<]*)</th>", table[: table.index("</thead>")]) == [
        "Phone loaded at", "Phone", "Type", "Form number", "Client status", "Segment",
        "Result of the last call (Dialer)", "Result of the last call (agent, level 1)",
        "Result of the last call (agent, level 2)", "Last call at", "Callback", "Attempts", "Phone status",
        "Dialling postponed until", "In work", "Do not call after", "Actions",
    ]  # fmt: skip
    assert table.count("<tr>") == 51


def test_pages_follow_each_other_by_links(signed_in: Callable[..., Any], campaigns: dict[str, int]) -> None:
    import html
    import re

    browser = signed_in()
    path = f"/contacts/{campaigns['ALPHA']}/?size=100"
    numbers: list[str] = []
    pages = 0
    while pages < 20:
        pages += 1
        page = browser.text(path)
        numbers += re.findall(r'<td class="stick">(\d+)</td>', page)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        if not link:
            break
        path = html.unescape(link[1])
    assert pages == 4 and len(numbers) == len(set(numbers)) == 400


def test_states_of_an_empty_list_say_what_to_do(signed_in: Callable[..., Any], campaigns: dict[str, int]) -> None:
    browser = signed_in()
    page = browser.text(f"/contacts/{campaigns['ALPHA']}/?number=5550000")
    assert "Nothing fits the filter" in page and "Reset" in page
    assert "No contacts yet" not in page


def test_the_export_holds_what_is_filtered(signed_in: Callable[..., Any], campaigns: dict[str, int]) -> None:
    import csv
    import io

    import openpyxl

    browser = signed_in()
    alpha = campaigns["ALPHA"]
    answer = browser.get(f"/contacts/{alpha}/export.csv?number=7495")
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=contacts-ALPHA-")
    content = answer.get_data()
    assert content.startswith("\ufeff".encode())
    lines = list(csv.reader(io.StringIO(content.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) == 101 and lines[0][1] == "Phone" and all(line[1].startswith("7495") for line in lines[1:])

    book = openpyxl.load_workbook(io.BytesIO(browser.get(f"/contacts/{alpha}/export.xlsx?number=7495").get_data()))
    sheet = book.active
    rows = list(sheet.iter_rows(values_only=True))
    assert len(rows) == 101 and rows[0] == tuple(lines[0])
    assert isinstance(rows[1][0], type(clock.now())) and isinstance(rows[1][1], str) and isinstance(rows[1][11], int)
    assert sheet.freeze_panes == "A2" and sheet.auto_filter.ref
    assert browser.get(f"/contacts/{alpha}/export.exe").status_code == 404


@pytest.mark.parametrize("text_", ["=1+1", "+7", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_becomes_a_formula(text_: str) -> None:
    from app.admin.export import safe_text

    assert safe_text(text_) == f"'{text_}"
    assert safe_text("Иванов") == "Иванов"
