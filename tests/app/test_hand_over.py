"""The hand-over journal: blocks by key and filter, and the records of one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from access_pages import last_audit
from exports import csv_lines, xlsx_rows
from sqlalchemy import Engine, text

from app.admin import export


def test_blocks_are_listed_filtered_and_paged(
    signed_in: Callable[..., Any], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    with web_engine.connect() as connection:
        ids = connection.scalars(text("SELECT b.block_id FROM dialing.block AS b ORDER BY b.block_id DESC")).all()
    browser = signed_in("reviewer")
    page = browser.text("/journals/hand-over/")
    shown = [int(number) for number in re.findall(r'href="/journals/hand-over/(\d+)"', page)]
    assert shown == list(ids[:50]) and "ALPHA" in page and "At the dialer" in page
    last = ids[3]
    rest = browser.text(f"/journals/hand-over/?after={last}")
    assert [int(number) for number in re.findall(r'href="/journals/hand-over/(\d+)"', rest)] == list(ids[4:54])
    assert "Nothing fits the filter" in browser.text(f"/journals/hand-over/?campaign={campaigns['BETA']}&state=5")
    assert browser.text(f"/journals/hand-over/?campaign={campaigns['ALPHA']}&state=3").count("is-on") >= 1
    assert browser.text("/journals/hand-over/?campaign=x&state=99999999999999&after=99999999999999999999999")


def test_one_block_shows_each_of_its_records(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("reviewer")
    with web_engine.connect() as connection:
        blocks = connection.execute(
            text("SELECT j.block_id, j.size, j.records_out, j.results_in FROM dialing.block_journal AS j"
                 " ORDER BY j.block_id")
        ).all()  # fmt: skip
    done = next(block for block in blocks if block.results_in == block.size)
    out = next(block for block in blocks if block.records_out == block.size)
    page = browser.text(f"/journals/hand-over/{done.block_id}")
    assert page.count("Has a result") == done.size
    positions = [int(number) for number in re.findall(r'<tr><td class="num">(\d+)</td>', page)]
    assert positions == list(range(1, done.size + 1))
    assert browser.text(f"/journals/hand-over/{out.block_id}").count(">At the dialer") >= out.size
    assert browser.get("/journals/hand-over/999999").status_code == 404
    later = browser.text(f"/journals/hand-over/{done.block_id}?after=2")
    assert '<td class="num">2</td>' not in later and '<td class="num">3</td>' in later


def test_the_file_of_blocks_holds_what_is_filtered(
    signed_in: Callable[..., Any], web_engine: Engine, campaigns: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 2)
    with web_engine.connect() as connection:
        rows = connection.execute(
            text("SELECT j.* FROM dialing.block_journal AS j ORDER BY j.block_id DESC")
        ).all()  # fmt: skip
    browser = signed_in("reviewer")
    head, *lines = csv_lines(browser, "/journals/hand-over/export.csv")
    assert head[:4] == ["Block", "Campaign code", "Campaign", "State"]
    assert [line[0] for line in lines] == [str(row.block_id) for row in rows] and len(lines) > 4
    assert [line[7:11] for line in lines] == [
        [str(value) for value in (row.size, row.records_out, row.results_in, row.records_returned)] for row in rows
    ]
    filtered = f"campaign={campaigns['ALPHA']}&state=3"
    sheet = xlsx_rows(browser, f"/journals/hand-over/export.xlsx?{filtered}")
    assert [row[0] for row in sheet[1:]] == [row.block_id for row in rows if row.state_id == 3]
    assert {row[1:4] for row in sheet[1:]} == {("ALPHA", "Первая", "Confirmed")}
    assert len(csv_lines(browser, f"/journals/hand-over/export.csv?campaign={campaigns['BETA']}")) == 1
    page = browser.text(f"/journals/hand-over/?{filtered}")
    assert f'href="/journals/hand-over/export.csv?{filtered}"'.replace("&", "&amp;") in page
    assert browser.get("/journals/hand-over/export.pdf").status_code == 404


def test_the_file_of_one_block_has_all_of_its_records_and_is_audited(
    signed_in: Callable[..., Any], web_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 7)
    with web_engine.connect() as connection:
        block = connection.execute(
            text("SELECT j.* FROM dialing.block_journal AS j WHERE j.results_in = j.size ORDER BY j.block_id")
        ).first()
        assert block is not None
        numbers = {
            row.record_key: row.number
            for row in connection.execute(
                text("SELECT a.record_key, a.number FROM core.attempt AS a WHERE a.block_id = :id"),
                {"id": block.block_id},
            )
        }
    browser = signed_in("reviewer")
    path = f"/journals/hand-over/{block.block_id}"
    head, *lines = csv_lines(browser, f"{path}/export.csv")
    assert [line[0] for line in lines] == [str(number) for number in range(1, block.size + 1)]
    assert {line[head.index("Record key")]: line[head.index("Phone")] for line in lines} == numbers
    assert {line[head.index("State")] for line in lines} == {"Has a result"}
    assert all(line[head.index("Technical result")] for line in lines)
    row, __, after = last_audit(web_engine, "records_export")
    assert (row.username, row.object_id) == ("reviewer", str(block.campaign_id))
    assert after == {"kind": "csv", "block_id": block.block_id}
    assert len(xlsx_rows(browser, f"{path}/export.xlsx")) == block.size + 1
    assert f'href="{path}/export.xlsx"' in browser.text(f"{path}?after=2")
    assert browser.get(f"{path}/export.pdf").status_code == 404
    assert browser.get("/journals/hand-over/999999/export.csv").status_code == 404
