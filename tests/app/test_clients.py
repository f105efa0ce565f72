"""The list of clients, exclusion of contacts, and moving phones to another campaign."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from exports import csv_lines, xlsx_rows
from sqlalchemy import Connection, Engine, delete, insert, select, text, update

from app import clock
from app.admin import client_search, export
from app.models.access import Audit
from app.models.contact import Client, Person, Phone

SHEET = {"X-Acm-Sheet": "1"}


@pytest.fixture(scope="module")
def own(web_engine: Engine) -> dict[str, int]:
    """Two campaigns of this module: SRC with 60 clients (80 phones), dialled, and DST, empty."""
    now = clock.now()
    with web_engine.begin() as connection:
        source = web_scene.campaign(connection, "SRC", "Откуда", now - timedelta(hours=2), clients=60)
        target = web_scene.campaign(connection, "DST", "Куда <b>", now - timedelta(hours=2))
        web_scene.dial(connection, source, now, 1)
        first = connection.scalars(
            select(Client.client_id).where(Client.campaign_id == source).order_by(Client.client_id)
        ).first()
        person = connection.execute(
            insert(Person).values(crm_id="crm-77", crm_id_key="CRM-77", created_at=now).returning(Person.person_id)
        ).scalar_one()
        connection.execute(update(Client).where(Client.client_id == first).values(person_id=person))
    return {"SRC": source, "DST": target}


def phones_of(engine: Engine, campaign_id: int) -> list[Any]:
    with engine.connect() as connection:
        return list(
            connection.execute(select(Phone.__table__).where(Phone.campaign_id == campaign_id).order_by(Phone.phone_id))
        )


def phone(engine: Engine, phone_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Phone.__table__).where(Phone.phone_id == phone_id)).one()


def out_of(engine: Engine, campaign_id: int) -> set[int]:
    with engine.connect() as connection:
        return set(
            connection.scalars(text("SELECT phone_id FROM dialing.record WHERE campaign_id = :id"), {"id": campaign_id})
        )


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


# -- finding -----------------------------------------------------------------------------------------------------------


def all_pages(connection: Connection, campaign_id: int, wanted: str, size: int) -> list[int]:
    ids: list[int] = []
    key = ""
    for _ in range(500):
        page = client_search.find(connection, campaign_id, wanted, key, size)
        ids += [row.client_id for row in page.clients]
        for row in page.clients:
            assert all(phone.client_id == row.client_id for phone in page.phones[row.client_id])
        if page.next_key is None:
            return ids
        assert page.next_key != key
        key = page.next_key
    raise AssertionError("the pages never end")


def plainly(connection: Connection, campaign_id: int, wanted: str) -> set[int]:
    digits = re.sub(r"[\s()+-]", "", wanted)
    rows = connection.execute(
        select(Client.client_id, Client.client_code_key, Person.crm_id_key)
        .join(Person, Person.person_id == Client.person_id, isouter=True)
        .where(Client.campaign_id == campaign_id)
    ).all()
    numbers: dict[int, list[str]] = {}
    for row in connection.execute(select(Phone.client_id, Phone.number)):
        numbers.setdefault(row.client_id, []).append(row.number)
    return {
        row.client_id
        for row in rows
        if not wanted
        or row.crm_id_key == wanted.upper()
        or row.client_code_key.startswith(wanted.upper())
        or (
            digits.isdigit()
            and len(digits) >= 3
            and any(one.startswith(digits) for one in numbers.get(row.client_id, []))
        )
    }


@pytest.mark.mission("M204")
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_search_finds_what_a_plain_reading_finds_and_nobody_twice(
    web_engine: Engine, own: dict[str, int], size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_search, "SCAN", 11)
    source = own["SRC"]
    with web_engine.connect() as connection:
        number = connection.scalar(select(Phone.number).where(Phone.campaign_id == source).limit(1))
        code = connection.scalar(select(Client.client_code).where(Client.campaign_id == source).limit(1))
        for wanted in ("", "crm-77", "CRM-7", str(code), str(code)[:-1], str(source), "791", "+7 (495)", str(number), "7",
                       "nothing", "%", "_", "79", "749"):  # fmt: skip
            ids = all_pages(connection, source, wanted, size)
            assert len(ids) == len(set(ids)), wanted
            assert set(ids) == plainly(connection, source, wanted), wanted
        assert len(all_pages(connection, source, "", size)) == 60
        assert len(all_pages(connection, source, "crm-77", size)) == 1


@pytest.mark.parametrize(
    "key", ["x", "number:", "number:9-x", "code:", "crm:x", "crm:99999999999999999999", "9" * 40, "'"]
)
def test_a_made_up_key_is_a_page_and_not_a_failure(web_engine: Engine, own: dict[str, int], key: str) -> None:
    with web_engine.connect() as connection:
        for wanted in ("", "7916", "crm-77"):
            client_search.find(connection, own["SRC"], wanted, key, 10)


@pytest.mark.mission("M204", "M205", "M206", "M207", "M208", "M209", "M210")
def test_the_page_has_the_decks_words(signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine) -> None:
    browser = signed_in()
    browser.post("/language/ru")
    page = browser.text(f"/clients/{own['SRC']}/?q=crm-77")
    browser.post("/language/en")
    assert ">Список клиентов</a>" in page and "Искать" in page
    table = page[page.index('<table class="table clients">') :]
    heads = re.findall(r"<th[^>]*>([^<]*)</th>", table)
    assert [one for one in heads[:7] if one] == [
        "Дата загрузки клиента", "Номер анкеты", "ID в CRM", "Статус клиента", "Блокировка",
    ]  # fmt: skip
    assert [one for one in heads[7:] if one] == [
        "Телефон", "Результат звонка", "Тип обработки", "Статус телефона", "Блокировка",
    ]  # fmt: skip
    assert re.search(r"<td>\d+ \(Мобильный\)", table) and "Исходящий" in table and "crm-77" in table
    assert len(re.findall(r'type="checkbox" name="phone"', table)) == 2
    assert "Переместить выбранные телефоны в кампанию:" in page and ">Переместить</button>" in page
    assert "[DST] Куда &lt;b&gt;</option>" in page and "[SRC]" not in page
    assert "Общее количество контактов в кампании: 80." in page
    assert 'aria-expanded="true"' in page  # what was searched for is open
    assert 'aria-expanded="true"' not in browser.text(f"/clients/{own['SRC']}/")


def test_pages_follow_each_other_by_links(signed_in: Callable[..., Any], own: dict[str, int]) -> None:
    browser = signed_in()
    path, codes = f"/clients/{own['SRC']}/", []
    for _ in range(5):
        page = browser.text(path)
        codes += re.findall(r'data-open="phones-(\d+)"', page)
        link = re.search(r'rel="next" href="([^"]+)"', page)
        if not link:
            break
        path = html.unescape(link[1])
    assert len(codes) == len(set(codes)) == 60
    assert "No client was found" in browser.text(f"/clients/{own['SRC']}/?q=qwerty")


def test_the_file_has_the_phones_of_the_clients_that_are_found_and_is_audited(
    signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, source = signed_in("reviewer"), own["SRC"]
    head, *lines = csv_lines(browser, f"/clients/{source}/export.csv?q=crm-77")
    assert head[1:4] == ["Form number", "ID in CRM", "Last name"] and head[8] == "Phone"
    with web_engine.connect() as connection:
        client, phones = client_search.read(connection, [row.client_id for row in phones_of(web_engine, source)[:1]])
    assert [line[8] for line in lines] == [one.number for one in phones[client[0].client_id]] and len(lines) == 2
    assert {tuple(line[1:4]) for line in lines} == {(client[0].client_code, "crm-77", "Иванов")}
    audit = last_audit(web_engine, "clients_export")
    assert (audit.username, audit.object_id) == ("reviewer", str(source))
    assert json.loads(audit.after) == {"kind": "csv", "wanted": "crm-77"}

    # A client that has no phones here has a line too. Read in small pages, nobody is lost and nobody comes twice.
    now = clock.now()
    with web_engine.begin() as connection:
        bare = connection.execute(
            insert(Client)
            .values(
                campaign_id=source, client_code="BARE", client_code_key="BARE", loaded_at=now, updated_at=now,
                segment_id=connection.scalar(select(Client.segment_id).where(Client.campaign_id == source).limit(1)),
                status_id=1, status_at=now,
            )
            .returning(Client.client_id)
        ).scalar_one()  # fmt: skip
        web_scene.settle(connection, [bare], now)
    try:
        monkeypatch.setattr(export, "PAGE", 7)
        rows = xlsx_rows(browser, f"/clients/{source}/export.xlsx")
        with web_engine.connect() as connection:
            page = client_search.find(connection, source, "", "", 1000)
        shown = [
            (one.client_code, phone and phone.number)
            for one in page.clients
            for phone in page.phones[one.client_id] or [None]
        ]
        assert [(row[1], row[8]) for row in rows[1:]] == shown and ("BARE", None) in shown and len(shown) == 81
        assert {len(line) for line in csv_lines(browser, f"/clients/{source}/export.csv?q=BARE")} == {len(head)}
    finally:
        with web_engine.begin() as connection:
            connection.execute(delete(Client).where(Client.client_id == bare))
    assert f'href="/clients/{source}/export.csv?q=crm-77"' in browser.text(f"/clients/{source}/?q=crm-77")
    assert browser.get(f"/clients/{source}/export.pdf").status_code == 404


# -- blocking ----------------------------------------------------------------------------------------------------------


@pytest.mark.mission("M107", "M199")
def test_a_contact_is_excluded_with_a_reason_and_taken_back(
    signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")
    source = own["SRC"]
    out = out_of(web_engine, source)
    one = next(row for row in phones_of(web_engine, source) if row.phone_id in out)
    path = f"/contacts/{source}/phones/{one.phone_id}/block"
    sheet = browser.get(path, headers=SHEET).get_data(as_text=True)
    assert f"Exclusion of the contact {one.number}" in sheet and "The dialer holds it now" in sheet
    answer = browser.post(path, {"is_blocked": "1", "reason": " "}, headers=SHEET)
    assert 'class="field-error"' in answer.get_data(as_text=True) and "Say why." in answer.get_data(as_text=True)
    assert not phone(web_engine, one.phone_id).is_blocked

    back = f"/contacts/{source}/?number={one.number}"
    answer = browser.post(path, {"is_blocked": "1", "reason": "просил не звонить", "next": back})
    assert answer.location == back
    page = browser.text(back)
    assert "1 phone is blocked. 1 of them is at the dialer and comes back." in page and "Lift the block" in page
    row = phone(web_engine, one.phone_id)
    assert (row.is_blocked, row.blocked_by, row.block_reason) == (True, "campaign_administrator", "просил не звонить")
    audit = last_audit(web_engine, "phone_block")
    assert json.loads(audit.before)["is_blocked"] is False and json.loads(audit.after)["is_blocked"] is True
    assert json.loads(audit.after)["number"] == one.number

    sheet = browser.get(path, headers=SHEET).get_data(as_text=True)
    assert "campaign_administrator" in sheet and "просил не звонить" in sheet and "Lift the block" in sheet
    answer = browser.post(path, {"is_blocked": "0", "next": "https://evil.example/"}, headers=SHEET)
    assert answer.json == {"next": f"/contacts/{source}/"}
    assert not phone(web_engine, one.phone_id).is_blocked
    assert json.loads(last_audit(web_engine, "phone_unblock").before)["reason"] == "просил не звонить"


@pytest.mark.mission("M106")
def test_a_client_is_blocked_and_freed(signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine) -> None:
    browser = signed_in("campaign_administrator")
    source = own["SRC"]
    with web_engine.connect() as connection:
        client_id = connection.scalar(select(Client.client_id).join(Person, Person.person_id == Client.person_id).where(
            Client.campaign_id == source
        ))  # fmt: skip
    path = f"/clients/{source}/{client_id}/block"
    assert "Blocking of the client" in browser.text(path)
    answer = browser.post(path, {"is_blocked": "1", "reason": "суд"})
    assert "2 phones are blocked." in browser.text(answer.location)
    page = browser.text(f"/clients/{source}/?q=crm-77")
    assert re.search(r'<span class="tag is-bad" title="Blocked by campaign_administrator, [^"]*: суд">blocked', page)
    with web_engine.connect() as connection:
        assert connection.scalar(select(Client.is_blocked).where(Client.client_id == client_id)) is True
    browser.post(path, {"is_blocked": "0"})
    with web_engine.connect() as connection:
        assert connection.scalar(select(Client.is_blocked).where(Client.client_id == client_id)) is False
    assert json.loads(last_audit(web_engine, "client_unblock").before)["is_blocked"] is True


@pytest.mark.mission("M198", "M202")
def test_a_row_in_work_has_both_marks_and_an_exhausted_one_only_the_cross(
    signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")
    source = own["SRC"]
    out = out_of(web_engine, source)
    with web_engine.connect() as connection:
        rows = connection.execute(
            text("SELECT c.phone_id, c.phone_status_id FROM contacts.contact_list AS c WHERE c.campaign_id = :id"),
            {"id": source},
        ).all()
    page = browser.text(f"/contacts/{source}/?size=100")

    def actions(phone_id: int) -> str:
        cells = page[: page.index(f"/phones/{phone_id}/block")]
        return page[cells.rindex("<tr>") : page.index("</tr>", len(cells))].rsplit('<td class="stick-end">', 1)[1]

    working = next(row for row in rows if row.phone_id in out)
    assert "In work" in actions(working.phone_id) and "Exclude from dialling" in actions(working.phone_id)
    with web_engine.begin() as connection:
        idle = next(row for row in rows if row.phone_id not in out)
        connection.execute(text("UPDATE core.phone SET attempts = 9 WHERE phone_id = :id"), {"id": idle.phone_id})
        client_id = connection.scalar(select(Phone.client_id).where(Phone.phone_id == idle.phone_id))
        web_scene.settle(connection, [client_id], clock.now())
    page = browser.text(f"/contacts/{source}/?size=100")
    cell = actions(idle.phone_id)
    assert "In work" not in cell and "Exclude from dialling" in cell
    reader = signed_in("reviewer").text(f"/contacts/{source}/?size=100")
    assert "Exclude from dialling" not in reader and "In work" in reader


# -- moving ------------------------------------------------------------------------------------------------------------


@pytest.mark.mission("M200", "M208", "M209")
def test_ticked_phones_are_moved_and_those_at_the_dialer_stay(
    signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")
    source, target = own["SRC"], own["DST"]
    out = out_of(web_engine, source)
    idle = [row for row in phones_of(web_engine, source) if row.phone_id not in out]
    out_clients = {row.client_id for row in phones_of(web_engine, source) if row.phone_id in out}
    idle = [row for row in idle if row.client_id not in out_clients][:3]
    working = next(iter(out))
    page = browser.text(f"/clients/{source}/")
    assert 'data-question="Move phones ({count}) to the campaign {campaign}?"' in page
    answer = browser.post(
        f"/clients/{source}/move?q=7916",
        {"phone": [str(row.phone_id) for row in idle] + [str(working)], "campaign": str(target)},
    )
    assert answer.location == f"/clients/{source}/?q=7916"
    page = browser.text(answer.location)
    assert "3 phones are moved to [DST] Куда &lt;b&gt;." in page and "1 phone stays: it is at the dialer." in page
    assert {row.number for row in phones_of(web_engine, target)} == {row.number for row in idle}
    assert phone(web_engine, working).campaign_id == source
    audit = last_audit(web_engine, "phone_move")
    assert (audit.object_type, audit.object_id) == ("campaign", str(source))
    assert len(json.loads(audit.before)["phones"]) == 4
    assert json.loads(audit.after) == {"campaign": "DST", "moved": 3, "left": 1}
    assert "Contacts in the campaign in all: 3." in browser.text(f"/clients/{target}/")


def test_a_move_that_cannot_be_says_why_and_keeps_what_was_ticked(
    signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    browser = signed_in("campaign_administrator")
    source, target = own["SRC"], own["DST"]
    one = phones_of(web_engine, source)[-1].phone_id
    foreign = phones_of(web_engine, campaigns["ALPHA"])[0].phone_id
    for values, said in (
        ({"campaign": str(target)}, "Tick the phones that are to be moved."),
        ({"phone": [str(one)]}, "Choose the campaign."),
        ({"phone": [str(one)], "campaign": str(source)}, "Choose the campaign."),
        ({"phone": [str(one)], "campaign": "x"}, "Choose the campaign."),
        ({"phone": ["x", "9" * 30], "campaign": str(target)}, "Tick the phones that are to be moved."),
        ({"phone": [str(one), str(foreign)], "campaign": str(target)}, "Some of these phones are not in this campaign"),
        ({"phone": [str(number) for number in range(1001)], "campaign": str(target)}, "At most 1000 phones"),
    ):
        answer = browser.post(f"/clients/{source}/move", values)
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200 and said in page, values
        if values.get("phone") == [str(one)]:
            assert re.search(rf'name="phone" value="{one}" checked', page)
    assert phone(web_engine, one).campaign_id == source
    assert phone(web_engine, foreign).campaign_id == campaigns["ALPHA"]


def test_clients_and_phones_of_another_campaign_are_not_there(
    signed_in: Callable[..., Any], own: dict[str, int], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    browser = signed_in("campaign_administrator")
    one = phones_of(web_engine, own["SRC"])[0]
    alpha = campaigns["ALPHA"]
    for path in (f"/contacts/{alpha}/phones/{one.phone_id}/block", f"/clients/{alpha}/{one.client_id}/block"):
        assert browser.get(path).status_code == 404
        assert browser.post(path, {"is_blocked": "1", "reason": "x"}).status_code == 404
    assert not phone(web_engine, one.phone_id).is_blocked


def test_who_only_reads_sees_no_ticks_and_no_move(signed_in: Callable[..., Any], own: dict[str, int]) -> None:
    page = signed_in("reviewer").text(f"/clients/{own['SRC']}/")
    assert 'name="phone"' not in page and "move-bar" not in page
    assert page.count("data-sheet") == page.count('data-sheet title="Why is it not dialled?"') > 0


@pytest.mark.mission("M198")
def test_the_card_of_a_client_tells_all_of_it(
    signed_in: Callable[..., Any], web_engine: Engine, own: dict[str, int]
) -> None:
    with web_engine.connect() as connection:
        called = connection.execute(
            text(
                "SELECT a.client_id, a.number, t.name_en FROM core.attempt AS a"
                " JOIN core.technical_result AS t ON t.technical_result_id = a.technical_result_id"
                " JOIN core.client AS c ON c.client_id = a.client_id AND c.campaign_id = a.campaign_id"
                " WHERE a.campaign_id = :id ORDER BY a.attempt_id"
            ),
            {"id": own["SRC"]},
        ).first()
    assert called is not None
    page = signed_in("reviewer").text(f"/client/{own['SRC']}/{called.client_id}/")
    history = page[page.index('id="history"') :]
    assert called.number in page[page.index('id="phones"') : page.index('id="history"')]
    assert re.search(f'data-event="attempt".*?{called.number}.*?{called.name_en}', history, re.S)
    assert 'data-event="status"' in history
    assert "Block the client" not in page  # a reviewer only looks
    calls = signed_in("reviewer").text(f"/client/{own['SRC']}/{called.client_id}/?show=calls")
    assert 'data-event="attempt"' in calls and 'data-event="status"' not in calls
    page = signed_in().text(f"/client/{own['SRC']}/{called.client_id}/")
    assert "Block the client" in page


def test_the_card_says_why_each_phone_is_not_dialled(
    signed_in: Callable[..., Any], web_engine: Engine, own: dict[str, int]
) -> None:
    client_id = phones_of(web_engine, own["SRC"])[-1].client_id
    page = signed_in().text(f"/client/{own['SRC']}/{client_id}/")
    assert "may be dialled now" in page
    with web_engine.begin() as connection:
        connection.execute(text("UPDATE core.campaign SET state_id = 1 WHERE campaign_id = :id"), {"id": own["SRC"]})
    try:
        page = signed_in().text(f"/client/{own['SRC']}/{client_id}/")
        assert "the campaign is stopped" in page and "may be dialled now" not in page
    finally:
        with web_engine.begin() as connection:
            connection.execute(
                text("UPDATE core.campaign SET state_id = 2 WHERE campaign_id = :id"), {"id": own["SRC"]}
            )


def test_a_client_has_its_card_in_its_own_campaign_only(
    signed_in: Callable[..., Any], web_engine: Engine, own: dict[str, int]
) -> None:
    client_id = phones_of(web_engine, own["SRC"])[0].client_id
    browser = signed_in()
    assert browser.get(f"/client/{own['SRC']}/{client_id}/").status_code == 200
    assert browser.get(f"/client/{own['DST']}/{client_id}/").status_code == 404
    assert browser.get(f"/client/{own['SRC']}/999999999/").status_code == 404


def test_the_card_shows_the_person_in_other_campaigns(
    signed_in: Callable[..., Any], web_engine: Engine, own: dict[str, int]
) -> None:
    with web_engine.begin() as connection:
        row = connection.execute(
            text(
                "SELECT c.client_id, c.person_id FROM core.client AS c WHERE c.person_id IS NOT NULL AND c.campaign_id = :id"
            ),
            {"id": own["SRC"]},
        ).first()
        assert row is not None
        other = connection.execute(
            text("SELECT c.client_id, c.client_code, c.campaign_id FROM core.client AS c JOIN core.campaign AS k"
                 " ON k.campaign_id = c.campaign_id WHERE k.code = 'BETA' ORDER BY c.client_id")
        ).first()  # fmt: skip
        assert other is not None
        connection.execute(update(Client).where(Client.client_id == other.client_id).values(person_id=row.person_id))
    page = signed_in().text(f"/client/{own['SRC']}/{row.client_id}/")
    assert f"/client/{other.campaign_id}/{other.client_id}/" in page and other.client_code in page
    with web_engine.begin() as connection:
        connection.execute(update(Client).where(Client.client_id == other.client_id).values(person_id=None))
    assert other.client_code not in signed_in().text(f"/client/{own['SRC']}/{row.client_id}/")
