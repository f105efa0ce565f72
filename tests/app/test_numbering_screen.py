"""The numbering plan on the screen: what is loaded, and what it says of one number."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, delete, insert, select

from app import clock
from app.admin import numbering
from app.models.dictionary import TimeZone
from app.models.numbering import NumberingRange, Region

PLAN = "/dictionaries/numbering/"


@pytest.fixture
def plan(web_engine: Engine) -> Iterator[None]:
    """Two ranges: one of a region with a zone, one whose region the registry does not name."""
    with web_engine.begin() as connection:
        zone_id = connection.scalar(select(TimeZone.zone_id).where(TimeZone.code == "Asia/Omsk"))
        made = connection.execute(insert(Region).values(name="Омская область", zone_id=zone_id)).inserted_primary_key
        for first, region_id, reason in ((9130000000, made[0], None), (9140000000, None, "region_missing")):  # type: ignore[index]
            connection.execute(
                insert(NumberingRange).values(
                    country_prefix=7, number_from=first, number_to=first + 9_999_999, operator="АО «Связь»",
                    region_text="Омская обл.", region_id=region_id, reason_code=reason, loaded_at=clock.now(),
                )
            )  # fmt: skip
    numbering._status.forget()
    yield
    with web_engine.begin() as connection:
        connection.execute(delete(NumberingRange).where(NumberingRange.operator == "АО «Связь»"))
        connection.execute(delete(Region).where(Region.name == "Омская область"))
    numbering._status.forget()


@pytest.mark.mission("M17")
@pytest.mark.usefixtures("plan")
def test_a_number_shows_its_range_operator_region_and_zone(signed_in: Callable[..., Any]) -> None:
    page = signed_in("reviewer").text(f"{PLAN}?number=%2B7 (913) 000-12-34")
    for words in ("9130000000 – 9139999999", "АО «Связь»", "Омская обл.", "Омская область", "Asia/Omsk"):
        assert words in page


@pytest.mark.mission("M17", "M18")
@pytest.mark.usefixtures("plan")
def test_a_number_without_a_zone_says_why(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("reviewer")
    assert "none: the registry names no region" in browser.text(f"{PLAN}?number=79140001234")
    assert "The plan has no range for this number." in browser.text(f"{PLAN}?number=79990001234")
    assert "is not a phone number" in browser.text(f"{PLAN}?number=abc")


@pytest.mark.usefixtures("plan")
def test_the_page_counts_ranges_by_zone_and_by_reason(signed_in: Callable[..., Any]) -> None:
    page = signed_in("dictionary_editor").text(PLAN)
    assert "Омск (МСК+3)" in page and "the registry names no region" in page
    assert "acm numbering load" in page


def test_without_a_plan_the_page_says_how_to_load_it(signed_in: Callable[..., Any]) -> None:
    numbering._status.forget()
    page = signed_in("reviewer").text(PLAN)
    assert "No numbering plan is loaded" in page and "acm numbering load" in page
