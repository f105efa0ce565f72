"""Loading without a template, and the check of a whole file, on their page."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, select
from test_import_screens import _the_process_of_a_load_finds_the_database as _process  # noqa: F401
from test_import_screens import finished, follow, upload

from app.models.contact import Client
from app.models.importing import ImportBatch, ImportTemplate

FILE = "Номер анкеты;Фамилия;Мобильный;Продукт;Хвост\nLC1;Иванов;79167000001;карта;x\nLC2;Петров;нет;вклад;y\n".encode()


@pytest.fixture
def place(signed_in: Callable[..., Any]) -> Iterator[tuple[Any, str]]:
    """A browser, and the address of an upload that is read by its columns."""
    browser = signed_in("administrator")
    answer = upload(browser, FILE, template="*")
    yield browser, answer.location.split("?")[0]


def chosen(page: str) -> list[str]:
    return re.findall(r'<input type="hidden" name="column" value="([^"]*)">', page.split('id="check"')[0])


def test_columns_are_guessed_chosen_and_loaded(place: tuple[Any, str], web_engine: Engine) -> None:
    browser, path = place
    guessed = html.unescape(browser.text(f"{path}?template=*&campaign=BETA"))
    assert chosen(guessed) == [
        "contact.client.code", "contact.client.lastName", "contact.phone.number", "attribute", "attribute",
    ]  # fmt: skip
    columns = ["contact.client.code", "contact.client.lastName", "contact.phone.number", "attribute", "contact.ignored"]
    query = "&".join(f"column={name}" for name in columns)
    page = html.unescape(browser.text(f"{path}?template=*&campaign=BETA&{query}"))
    assert chosen(page) == columns and "This is not a phone number of 3 to 20 digits: нет." in page
    values = {"template": "*", "campaign": "BETA", "column": columns}
    browser.post(f"{path}start", values)
    done = finished(browser, follow(browser, f"{path}state.json")["journal"])
    assert (done["counters"]["clients_loaded"], done["counters"]["lines_rejected"]) == (1, 1)
    with web_engine.connect() as connection:
        row = connection.execute(select(Client.__table__).where(Client.client_code == "LC1")).one()
        batch = connection.execute(select(ImportBatch.__table__).order_by(ImportBatch.batch_id.desc()).limit(1)).one()
    assert (row.last_name, row.attributes) == ("Иванов", '{"Продукт": "карта"}') and batch.template_id is None


def test_columns_that_cannot_be_right_are_told(place: tuple[Any, str]) -> None:
    browser, path = place
    page = html.unescape(browser.text(f"{path}?template=*&campaign=BETA" + "&column=contact.ignored" * 5))
    assert "The template has no ${contact.client.code}." in page and re.search(r'id="load" disabled', page)
    assert "Иванов" in page and "Хвост" in page  # what there is to choose from stays in sight


def test_the_choice_is_kept_as_a_template(place: tuple[Any, str], web_engine: Engine, signed_in: Any) -> None:
    browser, path = place
    values = {
        "template": "*", "campaign": "BETA", "name": "Из столбцов",
        "column": ["contact.client.code", "contact.client.lastName", "contact.phone.number", "attribute", "contact.ignored"],
    }  # fmt: skip
    answer = browser.post(f"{path}template", values)
    with web_engine.connect() as connection:
        row = connection.execute(select(ImportTemplate.__table__).where(ImportTemplate.name == "Из столбцов")).one()
    assert row.line == (
        "${contact.client.code};${contact.client.lastName};${contact.phone.number};"
        "${contact.client.extendedAttributes(Продукт)};${contact.ignored}"
    )
    assert (row.format, row.has_header) == ("txt", True)
    assert "Not loaded" in browser.text(answer.location)
    other = signed_in("campaign_administrator")
    own = upload(other, FILE, template="*").location.split("?")[0]
    assert "save-template" not in other.text(f"{own}?template=*&campaign=BETA")
    assert other.post(f"{own}template", values).status_code == 403


def test_the_whole_file_is_checked_without_a_client_being_written(place: tuple[Any, str], web_engine: Engine) -> None:
    browser, __ = place
    lines = "".join(f"LD{number};Имя;{'нет' if number % 4 else f'7916{number:07}'};x;y\n" for number in range(400))
    path = upload(browser, f"код клиента;имя;телефон;а;б\n{lines}".encode(), template="*").location.split("?")[0]
    values = {"template": "*", "campaign": "BETA"}
    answer = browser.post(f"{path}check", values)
    until = time.monotonic() + 60
    while not (state := browser.get(f"{path}check.json").json)["is_over"] and time.monotonic() < until:
        time.sleep(0.1)
    assert (state["lines_read"], state["lines_rejected"], state["share"]) == (401, 300, 100)
    page = html.unescape(browser.text(answer.location))
    part = page[page.index('id="checked"') : page.index("preview")]
    assert part.count("This is not a phone number") == 101 and ">300<" in part
    # With other choices it is another check.
    assert 'id="checked"' not in browser.text(f"{path}?template=*&campaign=ALPHA")
    with web_engine.connect() as connection:
        assert connection.scalar(select(Client.client_id).where(Client.client_code == "LD0")) is None
