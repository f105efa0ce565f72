"""The dictionary of time zones: what is shown, adding one from the IANA database, switching, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from exports import csv_lines, xlsx_rows
from sqlalchemy import Engine, delete, select, update

from app.admin.time_zones import offset_text
from app.models.dictionary import TimeZone, TimeZoneOffset

ZONES = "/dictionaries/time-zones/"
SHEET = {"X-Acm-Sheet": "1"}


@pytest.fixture(autouse=True)
def _as_it_was(web_engine: Engine) -> Iterator[None]:
    with web_engine.connect() as connection:
        kept = [dict(row._mapping) for row in connection.execute(select(TimeZone.__table__))]
    yield
    with web_engine.begin() as connection:
        new = TimeZone.zone_id.not_in([row["zone_id"] for row in kept])
        connection.execute(
            delete(TimeZoneOffset).where(TimeZoneOffset.zone_id.in_(select(TimeZone.zone_id).where(new)))
        )
        connection.execute(delete(TimeZone).where(new))
        for row in kept:
            connection.execute(update(TimeZone).where(TimeZone.zone_id == row["zone_id"]).values(**row))


def zone(engine: Engine, code: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(TimeZone.__table__).where(TimeZone.code == code)).one_or_none()


@pytest.mark.parametrize(("minutes", "words"), [(180, "UTC+03:00"), (-210, "UTC−03:30"), (0, "UTC+00:00"), (None, "")])
def test_an_offset_is_written_as_hours_and_minutes(minutes: int | None, words: str) -> None:
    assert offset_text(minutes) == words


@pytest.mark.mission("M16", "M17")
def test_the_list_has_offset_uses_and_no_change_where_none_is_foreseen(signed_in: Callable[..., Any]) -> None:
    page = signed_in("reviewer").text(ZONES)
    moscow = page[page.index(">Europe/Moscow<") :].split("</tr>")[0]
    assert "UTC+03:00" in moscow and "not foreseen" in moscow
    assert page.index(">Europe/Kaliningrad<") < page.index(">Europe/Moscow<") < page.index(">Asia/Kamchatka<")
    assert ">Asia/Omsk<" not in signed_in("reviewer").text(f"{ZONES}?q=moscow")


def test_the_file_holds_the_zones_that_are_filtered(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("dictionary_editor")
    head, moscow = csv_lines(browser, f"{ZONES}export.csv?q=moscow")
    assert head[1:3] == ["Code", "Offset now"] and moscow[1:3] == ["Europe/Moscow", "UTC+03:00"] and moscow[-1] == "yes"
    rows = xlsx_rows(browser, f"{ZONES}export.xlsx")
    page = browser.text(ZONES)
    assert [row[1] for row in rows[1:]] == re.findall(r'<td class="code-cell">([^<]+)</td>', page)
    assert isinstance(rows[1][5], int)
    assert f'href="{ZONES}export.csv?q=moscow"' in browser.text(f"{ZONES}?q=moscow")
    assert browser.get(f"{ZONES}export.pdf").status_code == 404


def test_a_zone_is_added_with_its_offsets(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{ZONES}new", {"code": "europe/berlin", "name": "Берлин"})
    made = zone(web_engine, "Europe/Berlin")
    assert (made.code_key, made.name, made.is_enabled) == ("EUROPE/BERLIN", "Берлин", True)
    with web_engine.connect() as connection:
        summer = connection.scalar(
            select(TimeZoneOffset.offset_minutes).where(
                TimeZoneOffset.zone_id == made.zone_id,
                TimeZoneOffset.valid_from <= datetime(2027, 7, 1),
                TimeZoneOffset.valid_to > datetime(2027, 7, 1),
            )
        )
    assert summer == 120
    page = browser.text(ZONES)
    line = page[page.index(">Europe/Berlin<") :].split("</tr>")[0]
    assert "not foreseen" not in line
    assert "UTC+02:00" in browser.text(f"{ZONES}{made.zone_id}")


def test_what_is_no_zone_or_is_there_is_said(signed_in: Callable[..., Any]) -> None:
    browser = signed_in("dictionary_editor")
    for code, words in (
        ("Europe/Atlantis", "The IANA database has no such zone."), ("europe/moscow", "The dictionary has this zone"),
        ("", "Fill this in."),
    ):  # fmt: skip
        page = browser.post(f"{ZONES}new", {"code": code, "name": "x"}, headers=SHEET).get_data(as_text=True)
        assert words in page


def test_a_zone_is_renamed_and_switched(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser, omsk = signed_in("dictionary_editor"), zone(web_engine, "Asia/Omsk")
    browser.post(f"{ZONES}{omsk.zone_id}", {"name": "Омск", "code": "Asia/Other"})
    assert (zone(web_engine, "Asia/Omsk").name, zone(web_engine, "Asia/Other")) == ("Омск", None)
    assert browser.fetch(f"{ZONES}{omsk.zone_id}/switch", {"is_enabled": False}).get_json() == {"done": True}
    assert not zone(web_engine, "Asia/Omsk").is_enabled
    assert browser.fetch(f"{ZONES}{omsk.zone_id}/switch", {}).status_code == 400
    assert signed_in("reviewer").post(f"{ZONES}{omsk.zone_id}", {"name": "x"}).status_code == 403
