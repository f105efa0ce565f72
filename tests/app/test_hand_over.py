"""The hand-over journal: blocks by key and filter, and the records of one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine, text


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
