"""Segments of a campaign: the list, adding and renaming, and the dialog of blocking, click by click."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import web_scene
from exports import csv_lines, xlsx_rows
from sqlalchemy import Engine, select, text, update

from app import clock
from app.admin.segments import BlockForm
from app.models.access import Audit
from app.models.contact import Client, Phone
from app.models.strategy import Segment

SHEET = {"X-Acm-Sheet": "1"}


@pytest.fixture(scope="module")
def campaign(web_engine: Engine) -> int:
    """A campaign of this module's own, dialled, with two segments of 60 clients and 80 phones each."""
    now = clock.now()
    with web_engine.begin() as connection:
        campaign_id = web_scene.campaign(
            connection, "SEG", "Сегменты", now - timedelta(hours=2), clients=120, segments=("ANT", "new")
        )
        web_scene.dial(connection, campaign_id, now - timedelta(minutes=1), 1)
    return campaign_id


@pytest.fixture
def segment_id(web_engine: Engine, campaign: int) -> int:
    with web_engine.connect() as connection:
        return int(
            connection.scalar(select(Segment.segment_id).where(Segment.campaign_id == campaign, Segment.code == "new"))
        )


def segment(engine: Engine, segment_id: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(select(Segment.__table__).where(Segment.segment_id == segment_id)).one()


def blocked_phones(engine: Engine, segment_id: int) -> int:
    with engine.connect() as connection:
        return len(
            connection.execute(
                select(Phone.phone_id)
                .join(Client, Client.client_id == Phone.client_id)
                .where(Client.segment_id == segment_id, Phone.is_blocked == True)  # noqa: E712 - SQL
            ).all()
        )


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


# -- the list ----------------------------------------------------------------------------------------------------------


@pytest.mark.mission("M40", "M43", "M44", "M45", "M46")
def test_the_list_has_the_decks_columns_and_sorts_by_code(
    signed_in: Callable[..., Any], campaign: int, web_engine: Engine
) -> None:
    browser = signed_in()
    browser.post("/language/ru")
    page = browser.text(f"/segments/{campaign}/")
    backwards = browser.text(f"/segments/{campaign}/?sort=code&desc=1")
    browser.post("/language/en")
    head = page[page.index('<table class="table is-roomy" id="segments">') : page.index("</thead>")]
    names = [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<th[^>]*>(.*?)</th>", head)]
    assert names[0] == "Код ↓" and names[2:4] == ["Включен", "Блокировка"]

    def codes(text_: str) -> list[str]:
        return re.findall(r'segment=\d+">([^<]+)</a>', text_)

    assert codes(page) == ["ANT", "new"] and codes(backwards) == ["new", "ANT"]
    assert 'aria-sort="ascending"' in page and "Код ↑" in backwards and 'aria-sort="descending"' in backwards
    assert page.count('class="toggle"') == 2 and page.count('aria-checked="false"') == 2
    assert re.findall(r'<td class="num">(\d+)</td>', page)[1::2] == ["60", "60"]
    for sort in ("name", "active", "clients", "nonsense"):
        assert codes(browser.text(f"/segments/{campaign}/?sort={sort}")) == ["ANT", "new"]


def test_the_file_has_the_segments_in_the_order_shown(signed_in: Callable[..., Any], campaign: int) -> None:
    browser = signed_in("reviewer")
    head, *lines = csv_lines(browser, f"/segments/{campaign}/export.csv?sort=code&desc=1")
    assert head[:4] == ["Code", "Name", "Enabled", "Block"] and head[-1] == "All clients"
    assert [(line[0], line[2], line[3], line[-1]) for line in lines] == [
        ("new", "yes", "", "60"),
        ("ANT", "yes", "", "60"),
    ]
    rows = xlsx_rows(browser, f"/segments/{campaign}/export.xlsx")
    assert [(row[0], row[-1]) for row in rows[1:]] == [("ANT", 60), ("new", 60)]
    page = browser.text(f"/segments/{campaign}/?sort=code&desc=1")
    assert f'href="/segments/{campaign}/export.csv?sort=code&amp;desc=1"' in page
    assert browser.get(f"/segments/{campaign}/export.pdf").status_code == 404


def test_a_segment_is_added_and_renamed_with_its_audit(
    signed_in: Callable[..., Any], web_engine: Engine, campaigns: dict[str, int]
) -> None:
    browser = signed_in("campaign_administrator")
    beta = campaigns["BETA"]
    answer = browser.post(f"/segments/{beta}/new", {"code": " TMIpotekaAR1 ", "name": "Ипотека <b>"})
    assert answer.status_code == 302 and answer.location == f"/segments/{beta}/"
    page = browser.text(answer.location)
    assert "The segment TMIpotekaAR1 is added." in page and "Ипотека &lt;b&gt;" in page and "Ипотека <b>" not in page
    row = last_audit(web_engine, "segment_add")
    assert json.loads(row.after) == {"campaign_id": beta, "code": "TMIpotekaAR1", "name": "Ипотека <b>"}
    added = segment(web_engine, int(row.object_id))
    assert (added.code, added.code_key, added.is_enabled, added.is_blocked) == (
        "TMIpotekaAR1",
        "TMIPOTEKAAR1",
        True,
        False,
    )

    answer = browser.post(f"/segments/{beta}/{added.segment_id}", {"name": "Ипотека", "code": "other"})
    assert answer.status_code == 302
    renamed = segment(web_engine, added.segment_id)
    assert (renamed.code, renamed.name) == ("TMIpotekaAR1", "Ипотека")
    row = last_audit(web_engine, "segment_change")
    assert json.loads(row.before)["name"] == "Ипотека <b>" and json.loads(row.after)["name"] == "Ипотека"


def test_a_wrong_segment_is_said_beside_its_field(signed_in: Callable[..., Any], campaign: int) -> None:
    browser = signed_in("campaign_administrator")
    for code, said in (
        ("", "Give the segment a code."),
        ("   ", "Give the segment a code."),
        ("NEW", "The campaign has a segment NEW already."),
        ("x" * 65, "Field cannot be longer than 64 characters."),
    ):
        answer = browser.post(f"/segments/{campaign}/new", {"code": code, "name": ""})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 200 and said in page and 'class="field has-error' in page, code
    answer = browser.post(f"/segments/{campaign}/new", {"code": "ok", "name": "x" * 201})
    assert "Field cannot be longer than 200 characters." in answer.get_data(as_text=True)


# -- the dialog of blocking --------------------------------------------------------------------------------------------


@pytest.mark.mission("M106", "M112", "M113", "M114", "M115", "M116", "M117")
def test_the_dialog_has_the_decks_words_and_closing_it_changes_nothing(
    signed_in: Callable[..., Any], campaign: int, segment_id: int, web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")
    browser.post("/language/ru")
    before = segment(web_engine, segment_id)
    page = browser.text(f"/segments/{campaign}/{segment_id}/block")
    sheet = browser.get(f"/segments/{campaign}/{segment_id}/block", headers=SHEET).get_data(as_text=True)
    browser.post("/language/en")
    for part in (page, sheet):
        assert 'Блокировка клиентов в сегменте "new"' in part
        assert "Тип блокировки" in part and "Все клиенты" in part and "По дате загрузки телефона" in part
        assert ">Блокировать</button>" in part
        assert re.search(rf'<a class="btn" href="/segments/{campaign}/" data-close>Закрыть</a>', part)
        assert re.search(r'Будет заблокировано телефонов: <strong class="number" data-phones>80</strong>', part)
    assert "<html" in page and "<html" not in sheet
    assert segment(web_engine, segment_id) == before


@pytest.mark.mission("M108", "M114", "M116")
def test_all_clients_are_blocked_and_freed_in_the_same_place(
    signed_in: Callable[..., Any], campaign: int, segment_id: int, web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")
    with web_engine.connect() as connection:
        out = connection.scalar(
            text(
                "SELECT COUNT(*) FROM dialing.record AS r JOIN core.client AS c ON c.client_id = r.client_id"
                " WHERE c.segment_id = :id"
            ),
            {"id": segment_id},
        )
    assert out and out > 1
    path = f"/segments/{campaign}/{segment_id}"
    assert browser.get(f"{path}/block.json?kind=1", headers={"X-Requested-With": "fetch"}).json == {
        "phones": 80, "records_out": out, "error": "",
    }  # fmt: skip
    answer = browser.post(f"{path}/block", {"kind": "1", "reason": "жалобы <i>"})
    page = browser.text(answer.location)
    assert f"80 phones are blocked. {out} of them are at the dialer and come back." in page
    assert 'aria-checked="true"' in page and "campaign_administrator" in page and "жалобы &lt;i&gt;" in page
    found = segment(web_engine, segment_id)
    assert (found.is_blocked, found.blocked_by, found.block_reason) == (True, "campaign_administrator", "жалобы <i>")
    row = last_audit(web_engine, "segment_block")
    assert json.loads(row.before)["is_blocked"] is False
    after = json.loads(row.after)
    assert (after["is_blocked"], after["kind"], after["code"], after["phones"]) == (True, "all", "new", 80)

    page = browser.text(f"{path}/block")
    assert "Blocked by campaign_administrator" in page and "жалобы &lt;i&gt;" in page and "Lift the block" in page
    assert "Block them" not in page
    answer = browser.post(f"{path}/lift")
    assert "The block is lifted: 80 phones." in browser.text(answer.location)
    assert segment(web_engine, segment_id).is_blocked is False
    row = last_audit(web_engine, "segment_unblock")
    assert json.loads(row.before)["is_blocked"] is True and json.loads(row.after)["is_blocked"] is False


@pytest.mark.mission("M109", "M115")
def test_a_range_of_load_moments_is_blocked_in_the_users_time_and_freed(
    signed_in: Callable[..., Any], campaign: int, segment_id: int, web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")  # in Moscow, three hours before UTC
    path = f"/segments/{campaign}/{segment_id}"
    ids = select(Client.client_id).where(Client.segment_id == segment_id)
    with web_engine.begin() as connection:
        some = connection.scalars(
            select(Phone.phone_id).where(Phone.client_id.in_(ids)).order_by(Phone.phone_id).limit(5)
        ).all()
        moments = (
            datetime(2026, 3, 1, 5, 59, 59), datetime(2026, 3, 1, 6, 0), datetime(2026, 3, 1, 7, 30),
            datetime(2026, 3, 1, 9, 0, 59, 999000), datetime(2026, 3, 1, 9, 1),
        )  # fmt: skip
        for phone_id, moment in zip(some, moments, strict=True):
            connection.execute(update(Phone).where(Phone.phone_id == phone_id).values(loaded_at=moment))
    asked = {"kind": "2", "loaded_from": "2026-03-01T09:00", "loaded_to": "01.03.2026 12:00", "reason": "старые"}
    query = "&".join(f"{name}={value}" for name, value in asked.items() if name != "reason")
    assert browser.get(f"{path}/block.json?{query}").json["phones"] == 3
    answer = browser.post(f"{path}/block", asked)
    assert "3 phones are blocked." in browser.text(answer.location)
    assert "By load date: 1" in browser.text(answer.location)
    with web_engine.connect() as connection:
        rows = connection.execute(select(Phone.phone_id, Phone.is_blocked).where(Phone.phone_id.in_(some))).all()
    assert [bool(row.is_blocked) for row in sorted(rows)] == [False, True, True, True, False]
    after = json.loads(last_audit(web_engine, "segment_block").after)
    assert after["loaded_from"] == "2026-03-01 06:00:00" and after["loaded_to"] == "2026-03-01 09:01:00"

    page = browser.text(f"{path}/block")
    assert "from 01.03.2026 09:00" in page and "to 01.03.2026 12:00" in page and "старые" in page
    journal = re.search(r'name="journal_id" value="(\d+)"', page)
    assert journal
    answer = browser.post(f"{path}/lift", {"journal_id": journal[1]})
    assert "The block is lifted: 3 phones." in browser.text(answer.location)
    assert blocked_phones(web_engine, segment_id) == 0
    assert browser.post(f"{path}/lift", {"journal_id": journal[1]}).status_code == 404
    assert browser.post(f"{path}/lift", {"journal_id": "x"}).status_code == 404


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "1"}, "Say why."),
        ({"kind": "1", "reason": "   "}, "Say why."),
        ({"kind": "2", "reason": "x"}, "Give at least one end of the range."),
        ({"kind": "2", "reason": "x", "loaded_from": "yesterday"}, "Write a date and a time like"),
        ({"kind": "2", "reason": "x", "loaded_to": "2026-02-31T10:00"}, "Write a date and a time like"),
        (
            {"kind": "2", "reason": "x", "loaded_from": "2026-03-02T10:00", "loaded_to": "2026-03-02T09:59"},
            "The range ends before it begins.",
        ),
        ({"kind": "2", "reason": "x", "loaded_from": "9999-12-31T23:59"}, "Write a date and a time like"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nobody_is_blocked(
    signed_in: Callable[..., Any], campaign: int, segment_id: int, web_engine: Engine, values: dict[str, str], said: str
) -> None:
    browser = signed_in("campaign_administrator")
    answer = browser.post(f"/segments/{campaign}/{segment_id}/block", values, headers=SHEET)
    sheet = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "<html" not in sheet
    assert re.search(rf'class="field-error"[^>]*>{re.escape(said)}', sheet)
    for name in ("loaded_from", "loaded_to"):
        assert f'value="{values.get(name, "")}"' in sheet
    assert segment(web_engine, segment_id).is_blocked is False and blocked_phones(web_engine, segment_id) == 0


def test_a_done_dialog_says_where_to_go(signed_in: Callable[..., Any], campaign: int, segment_id: int) -> None:
    browser = signed_in("campaign_administrator")
    for name, data in (("block", {"kind": "1", "reason": "x"}), ("lift", {})):
        answer = browser.post(f"/segments/{campaign}/{segment_id}/{name}", data, headers=SHEET)
        assert answer.json == {"next": f"/segments/{campaign}/"}


def test_a_segment_of_another_campaign_is_not_there(
    signed_in: Callable[..., Any], campaigns: dict[str, int], segment_id: int, web_engine: Engine
) -> None:
    browser = signed_in("campaign_administrator")
    path = f"/segments/{campaigns['ALPHA']}/{segment_id}"
    for answer in (
        browser.get(path), browser.get(f"{path}/block"), browser.get(f"{path}/block.json"),
        browser.post(f"{path}/block", {"kind": "1", "reason": "x"}), browser.post(f"{path}/lift"),
        browser.post(path, {"name": "x"}),
    ):  # fmt: skip
        assert answer.status_code == 404
    assert segment(web_engine, segment_id).is_blocked is False


def test_who_only_reads_sees_states_and_no_buttons(signed_in: Callable[..., Any], campaign: int) -> None:
    page = signed_in("reviewer").text(f"/segments/{campaign}/")
    assert "data-sheet" not in page and page.count(" disabled>") == 2 and 'aria-disabled="true"' in page
    assert "data-sheet" in signed_in("campaign_administrator").text(f"/segments/{campaign}/")


def test_a_date_alone_is_the_whole_day(app: Any) -> None:
    with app.test_request_context():
        form = BlockForm(2, "29.03.2026", "29.03.2026", "x")
        span = form.range()
        assert span is not None and span[0] is not None and span[1] is not None
        assert span[1] - span[0] == timedelta(days=1)
