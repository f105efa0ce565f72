"""Phone types, technical and agent results: one pattern of table and form, and what each refuses."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import web_scene
from sqlalchemy import Engine, delete, select, text, update

from app import clock
from app.admin import dictionary as screen
from app.models.access import Audit
from app.models.caps import CampaignCap, CapRule
from app.models.dictionary import AgentResult, PhoneType, TechnicalResult
from app.models.strategy import Campaign

AGENTS, TECHNICAL, TYPES = (f"/dictionaries/{name}/" for name in ("agent-results", "technical-results", "phone-types"))
SHEET = {"X-Acm-Sheet": "1"}
MODELS: dict[str, Any] = {AGENTS: AgentResult, TECHNICAL: TechnicalResult, TYPES: PhoneType}
NEW: dict[str, dict[str, Any]] = {
    AGENTS: {"code": "70", "name": "Новый", "parent_id": "0", "action_id": "3", "priority": "4"},
    TECHNICAL: {"code": "NEW", "name": "Новый", "priority": "4"},
    TYPES: {"code": "X", "name": "Новый"},
}


@pytest.fixture(autouse=True)
def _as_it_was(web_engine: Engine) -> Iterator[None]:
    """The dictionaries are those of the installation again after each test."""
    kept = {}
    with web_engine.connect() as connection:
        for model in MODELS.values():
            kept[model] = [dict(row._mapping) for row in connection.execute(select(model.__table__))]
    screen._uses.forget()
    yield
    with web_engine.begin() as connection:
        for model, rows in kept.items():
            key = next(iter(model.__table__.primary_key.columns))
            connection.execute(delete(model).where(key.not_in([row[key.name] for row in rows])))
            for row in rows:
                connection.execute(update(model).where(key == row[key.name]).values(**row))


def rows(engine: Engine, address: str) -> list[Any]:
    table = MODELS[address].__table__
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(table.c.sort_order, table.c.code)))


def row(engine: Engine, address: str, code: str) -> Any:
    return next(one for one in rows(engine, address) if one.code == code)


def id_of(one: Any) -> int:
    return int(one[0])


def of(engine: Engine, address: str, code: str) -> str:
    return f"{address}{id_of(row(engine, address, code))}"


def audits(engine: Engine, action: str) -> list[Any]:
    with engine.connect() as connection:
        return list(
            connection.execute(select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()))
        )


def values(one: Any, **changes: Any) -> dict[str, Any]:
    """The form of a row as the page sends it, with some fields changed."""
    found = {
        name: str(value)
        for name, value in one._mapping.items()
        if value is not None and value is not False and name not in ("code", "code_key", "sort_order", "is_enabled")
    }
    if "action_id" in one._mapping:
        found.setdefault("parent_id", "0")
    return {**found, **changes}


# -- what all of them do


@pytest.mark.parametrize("address", MODELS)
def test_a_row_is_added_behind_the_others_and_switched_on(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    answer = signed_in("dictionary_editor").post(f"{address}new", NEW[address], headers=SHEET)
    assert answer.get_json() == {"next": address}
    last = [one for one in rows(web_engine, address) if not getattr(one, "parent_id", None)][-1]
    assert (last.code, last.name, last.is_enabled) == (NEW[address]["code"], "Новый", True)
    audit = audits(web_engine, f"{MODELS[address].__tablename__}_add")[0]
    assert json.loads(audit.after)["code"] == last.code and audit.username == "dictionary_editor"


@pytest.mark.parametrize("address", MODELS)
def test_a_code_that_is_taken_is_said_beside_the_code(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    taken = rows(web_engine, address)[0]
    answer = signed_in().post(f"{address}new", {**NEW[address], "code": f" {taken.code.lower()} "}, headers=SHEET)
    assert f"is taken: {taken.name}." in answer.get_data(as_text=True)
    assert len(rows(web_engine, address)) == len([one for one in rows(web_engine, address) if one.name != "Новый"])


@pytest.mark.parametrize("address", MODELS)
def test_what_is_missing_is_said_beside_its_field(signed_in: Callable[..., Any], address: str) -> None:
    page = signed_in().post(f"{address}new", {"code": "", "name": "x" * 201}, headers=SHEET).get_data(as_text=True)
    assert "Fill this in." in page and "At most 200 characters." in page


@pytest.mark.parametrize("address", MODELS)
def test_the_code_of_a_row_never_changes(signed_in: Callable[..., Any], web_engine: Engine, address: str) -> None:
    first = rows(web_engine, address)[0]
    signed_in().post(f"{address}{id_of(first)}", values(first, name="Иначе", code="OTHERWISE"), headers=SHEET)
    changed = next(one for one in rows(web_engine, address) if id_of(one) == id_of(first))
    assert (changed.code, changed.code_key, changed.name) == (first.code, first.code_key, "Иначе")
    audit = audits(web_engine, f"{MODELS[address].__tablename__}_change")[0]
    assert json.loads(audit.before) == {"code": first.code, "name": first.name}
    assert json.loads(audit.after) == {"code": first.code, "name": "Иначе"}


@pytest.mark.parametrize("address", MODELS)
def test_saving_what_is_as_it_was_writes_nothing(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    first = rows(web_engine, address)[0]
    action = f"{MODELS[address].__tablename__}_change"
    before = len(audits(web_engine, action))
    signed_in().post(f"{address}{id_of(first)}", values(first), headers=SHEET)
    assert len(audits(web_engine, action)) == before


@pytest.mark.parametrize("address", MODELS)
def test_rows_are_moved_one_place_and_stay_at_the_ends(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    browser = signed_in("dictionary_editor")
    codes = [one.code for one in rows(web_engine, address)]
    browser.post(f"{of(web_engine, address, codes[2])}/move", {"step": "-1"})
    assert [one.code for one in rows(web_engine, address)] == [codes[0], codes[2], codes[1], *codes[3:]]
    browser.post(f"{of(web_engine, address, codes[0])}/move", {"step": "1"})
    assert [one.code for one in rows(web_engine, address)] == [codes[2], codes[0], codes[1], *codes[3:]]
    order = [one.code for one in rows(web_engine, address)]
    browser.post(f"{of(web_engine, address, order[0])}/move", {"step": "-1"})
    browser.post(f"{of(web_engine, address, order[-1])}/move", {"step": "1"})
    assert [one.code for one in rows(web_engine, address)] == order


@pytest.mark.parametrize("address", MODELS)
def test_a_row_is_put_in_front_of_another_or_behind_all(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    codes = [one.code for one in rows(web_engine, address)]
    browser = signed_in("dictionary_editor")
    first, last = of(web_engine, address, codes[0]), row(web_engine, address, codes[-1])
    assert browser.fetch(f"{first}/move", {"parent": None, "before": None}).get_json() == {"done": True}
    assert [one.code for one in rows(web_engine, address)] == [*codes[1:], codes[0]]
    browser.fetch(f"{first}/move", {"parent": None, "before": id_of(last)})
    assert [one.code for one in rows(web_engine, address)] == [*codes[1:-1], codes[0], codes[-1]]
    assert browser.fetch(f"{first}/move", {"parent": "1", "before": None}).status_code == 400


@pytest.mark.parametrize("address", MODELS)
def test_a_row_is_switched_off_and_on(signed_in: Callable[..., Any], web_engine: Engine, address: str) -> None:
    browser, first = signed_in("dictionary_editor"), rows(web_engine, address)[0]
    for is_enabled in (False, True):
        answer = browser.fetch(f"{address}{id_of(first)}/switch", {"is_enabled": is_enabled})
        assert answer.get_json() == {"done": True}
        assert row(web_engine, address, first.code).is_enabled is is_enabled
    assert browser.fetch(f"{address}{id_of(first)}/switch", {"is_enabled": "no"}).status_code == 400
    assert browser.fetch(f"{address}999999/switch", {"is_enabled": False}).status_code == 409


@pytest.mark.parametrize("address", MODELS)
def test_a_new_row_is_deleted_and_one_in_use_is_not(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    browser = signed_in("dictionary_editor")
    browser.post(f"{address}new", NEW[address])
    browser.post(f"{of(web_engine, address, NEW[address]['code'])}/delete")
    assert NEW[address]["code"] not in [one.code for one in rows(web_engine, address)]
    used = {AGENTS: "12", TECHNICAL: "BUSY", TYPES: "M"}[address]
    answer = browser.post(f"{of(web_engine, address, used)}/delete", follow_redirects=True)
    assert "is in use and cannot be deleted" in answer.get_data(as_text=True)
    assert row(web_engine, address, used).is_enabled


@pytest.mark.parametrize("address", MODELS)
def test_the_search_and_the_file_hold_the_same_rows(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    browser = signed_in("reviewer")
    wanted = rows(web_engine, address)[1]
    page = browser.text(f"{address}?q={wanted.name}")
    assert wanted.code in page and 'href="?' not in page
    answer = browser.get(f"{address}export.csv?q={wanted.name}").get_data(as_text=True)
    lines = list(csv.reader(io.StringIO(answer.lstrip("\ufeff")), delimiter=";"))
    assert [line[0] for line in lines[1:]] == [
        one.code for one in rows(web_engine, address) if wanted.name.casefold() in one.name.casefold()
    ]
    assert "Nothing fits the filter" in browser.text(f"{address}?q=zzzz")
    assert browser.get(f"{address}export.pdf").status_code == 404


@pytest.mark.parametrize("address", MODELS)
def test_who_may_only_look_has_no_buttons_and_cannot_save(
    signed_in: Callable[..., Any], web_engine: Engine, address: str
) -> None:
    browser, first = signed_in("campaign_administrator"), rows(web_engine, address)[0]
    page = browser.text(address)
    assert "data-move" not in page and "/delete" not in page and "disabled data-disabled" in page
    assert '<fieldset class="dictionary-fields" disabled>' in browser.text(f"{address}{id_of(first)}")
    assert browser.post(f"{address}{id_of(first)}", values(first)).status_code == 403


# -- phone types


@pytest.mark.mission("M13", "M50")
def test_a_phone_type_says_how_many_strategies_dial_it_and_how_many_phones_have_it(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    page = signed_in().text(TYPES)
    line = page[page.index(">Mobile<") : page.index(">Home<")]
    with web_engine.connect() as connection:
        phones = connection.scalar(
            text(
                "SELECT COUNT(*) FROM core.phone AS p JOIN core.phone_type AS t"
                " ON t.phone_type_id = p.phone_type_id WHERE t.code = 'M'"
            )
        )
        campaigns = connection.scalar(text("SELECT COUNT(*) FROM core.campaign AS k WHERE k.state_id <> 3"))
    assert f'<td class="num">{campaigns}</td><td class="num">{phones:,}</td>' in line


def test_the_last_phone_type_stays_on(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    browser = signed_in("dictionary_editor")
    answers = [
        browser.fetch(f"{of(web_engine, TYPES, code)}/switch", {"is_enabled": False}) for code in ("M", "H", "W")
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 409]
    assert "At least one phone type stays on" in answers[2].get_json()["error"]


# -- technical results


@pytest.mark.mission("M96", "M97", "M98", "M99", "M100", "M101", "M102", "M103", "M104", "M105")
def test_the_table_shows_the_decks_results_with_priority_delay_and_cisco_code(signed_in: Callable[..., Any]) -> None:
    browser = signed_in()
    browser.post("/language/ru")
    page = browser.text(TECHNICAL)
    browser.post("/language/en")
    for name, cisco, priority, delay in (
        ("Abandoned", 16, 1, "30"), ("CallBack", 15, 2, "—"), ("Автоответчик", 12, 5, "240"),
        ("Вызов сброшен Dialer (нет агентов)", 13, 2, "30"), ("Занято", 9, 3, "120"), ("Запрос CallBack", 14, 1, "—"),
        ("Звонок сброшен агентом", 18, 2, "120"), ("Звонок сброшен агентом (close)", 19, 2, "120"),
        ("Звонок сброшен, проблемы сети", 27, 2, "60"), ("Сеть недоступна", 6, 5, "60"),
    ):  # fmt: skip
        line = page[page.index(f">{name}</a>") :].split("</tr>")[0]
        cells = [part.split("</td>")[0] for part in line.split('<td class="num">')[1:4]]
        assert cells == [str(cisco), str(priority), delay], name


@pytest.mark.mission("M105")
def test_the_dictionary_is_open_but_a_code_of_cisco_stands_for_one_result(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    form = {**NEW[TECHNICAL], "cisco_code": "9", "delay_minutes": "1 440", "counts_as_attempt": "y"}
    page = browser.post(f"{TECHNICAL}new", form, headers=SHEET).get_data(as_text=True)
    assert "Cisco&#39;s code 9 stands for “Занято” already." in page
    browser.post(f"{TECHNICAL}new", {**form, "cisco_code": "40"}, headers=SHEET)
    made = row(web_engine, TECHNICAL, "NEW")
    assert (made.cisco_code, made.delay_minutes, made.counts_as_attempt, made.is_contact) == (40, 1440, True, False)


def test_numbers_out_of_range_are_said(signed_in: Callable[..., Any]) -> None:
    form = {**NEW[TECHNICAL], "cisco_code": "x", "priority": "11", "delay_minutes": "-5"}
    page = signed_in().post(f"{TECHNICAL}new", form, headers=SHEET).get_data(as_text=True)
    for words in ("A whole number from 0 to 999.", "A whole number from 1 to 10.", "A whole number from 0 to 5256000."):
        assert words in page
    assert 'value="-5"' in page


def test_what_takes_unknown_codes_cannot_be_deleted(signed_in: Callable[..., Any], web_engine: Engine) -> None:
    answer = signed_in().post(f"{of(web_engine, TECHNICAL, 'OTHER')}/delete", follow_redirects=True)
    assert "unknown code, and stays" in answer.get_data(as_text=True)


def test_whom_a_cap_held_for_a_result_that_is_no_contact_any_more_is_let_go(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    now = clock.now()
    with web_engine.begin() as connection:
        campaign = web_scene.campaign(connection, "CAPPED", "С пределом", now - timedelta(hours=2), clients=5)
        rule_id = connection.scalar(select(CapRule.cap_rule_id).where(CapRule.code == "RU_230_DAY"))
        connection.execute(CampaignCap.__table__.insert().values(campaign_id=campaign, cap_rule_id=rule_id))
        held = connection.scalar(
            text("SELECT MIN(p.phone_id) FROM core.phone AS p WHERE p.campaign_id = :id"), {"id": campaign}
        )
        client = connection.scalar(text("SELECT p.client_id FROM core.phone AS p WHERE p.phone_id = :id"), {"id": held})
        connection.execute(
            text("UPDATE core.phone SET held_until = :until WHERE phone_id = :id"),
            {"until": now + timedelta(hours=5), "id": held},
        )
        web_scene.settle(connection, [client], now)
    try:
        voice = row(web_engine, TECHNICAL, "VOICE")
        form = values(voice)
        form.pop("is_contact")
        answer = signed_in("dictionary_editor").post(
            of(web_engine, TECHNICAL, "VOICE"), form, follow_redirects=True
        )  # fmt: skip
        assert "Frequency caps let 1 phone go." in answer.get_data(as_text=True)
        with web_engine.connect() as connection:
            assert connection.scalar(
                text("SELECT COUNT(*) FROM core.phone AS p WHERE p.phone_id = :id AND p.held_until IS NULL"),
                {"id": held},
            )
    finally:
        with web_engine.begin() as connection:
            connection.execute(delete(CampaignCap).where(CampaignCap.campaign_id == campaign))
            connection.execute(update(Campaign).where(Campaign.campaign_id == campaign).values(state_id=3))


# -- the tree of agent results


@pytest.fixture
def leaf(signed_in: Callable[..., Any], web_engine: Engine) -> str:
    """The address of a new leaf 12-1 under 12."""
    form = {**NEW[AGENTS], "code": "12-1", "parent_id": str(id_of(row(web_engine, AGENTS, "12")))}
    signed_in("dictionary_editor").post(f"{AGENTS}new", form)
    return of(web_engine, AGENTS, "12-1")


@pytest.mark.mission("M69", "M76", "M77")
def test_leaves_stand_under_their_parent(signed_in: Callable[..., Any], web_engine: Engine, leaf: str) -> None:
    browser = signed_in()
    page = browser.text(AGENTS)
    order = [page.index(f'code-cell">{code}</td>') for code in ("20", "14", "12", "12-1", "11", "15")]
    assert order == sorted(order)
    assert page.count("is-leaf") == 1
    assert ">12-1</td>" in browser.text(f"{AGENTS}?q=12-1") and ">12</td>" in browser.text(f"{AGENTS}?q=12-1")


@pytest.mark.mission("M78", "M88", "M89", "M90", "M91", "M92")
def test_the_five_statuses_are_offered(signed_in: Callable[..., Any]) -> None:
    browser = signed_in()
    browser.post("/language/ru")
    page = browser.text(f"{AGENTS}new")
    browser.post("/language/en")
    for name in ("Успешно", "Пропустить", "Активный", "Неудача", "Не звонить"):
        assert f">{name}</option>" in page


@pytest.mark.mission("M69")
def test_the_tree_never_has_a_third_level(signed_in: Callable[..., Any], web_engine: Engine, leaf: str) -> None:
    browser = signed_in("dictionary_editor")
    leaf_id, twelve = int(leaf.rsplit("/", 1)[1]), row(web_engine, AGENTS, "12")
    under_a_leaf = {**NEW[AGENTS], "parent_id": str(leaf_id)}
    page = browser.post(f"{AGENTS}new", under_a_leaf, headers=SHEET).get_data(as_text=True)
    assert "Not a valid choice" in page or "Choose one of the list." in page
    answer = browser.fetch(f"{of(web_engine, AGENTS, '14')}/move", {"parent": leaf_id, "before": None})
    assert answer.status_code == 409 and "two levels" in answer.get_json()["error"]
    twenty = id_of(row(web_engine, AGENTS, "20"))
    answer = browser.fetch(f"{AGENTS}{id_of(twelve)}/move", {"parent": twenty, "before": None})
    assert answer.status_code == 409 and "Move them first" in answer.get_json()["error"]
    page = browser.post(
        f"{AGENTS}{id_of(twelve)}", values(twelve, parent_id=str(twenty)), headers=SHEET
    ).get_data(as_text=True)  # fmt: skip
    assert "Move them first" in page
    assert row(web_engine, AGENTS, "12").parent_id is None


def test_a_leaf_moves_to_another_parent_by_its_form_and_by_dragging(
    signed_in: Callable[..., Any], web_engine: Engine, leaf: str
) -> None:
    browser = signed_in("dictionary_editor")
    eleven, twelve = (id_of(row(web_engine, AGENTS, code)) for code in ("11", "12"))
    browser.post(leaf, values(row(web_engine, AGENTS, "12-1"), parent_id=str(eleven)))
    assert row(web_engine, AGENTS, "12-1").parent_id == eleven
    assert browser.fetch(f"{leaf}/move", {"parent": twelve, "before": None}).get_json() == {"done": True}
    assert row(web_engine, AGENTS, "12-1").parent_id == twelve
    assert json.loads(audits(web_engine, "agent_result_order")[0].after)["parent_id"] == twelve


def test_a_parent_takes_its_leaves_along_when_it_is_switched_off(
    signed_in: Callable[..., Any], web_engine: Engine, leaf: str
) -> None:
    browser, twelve = signed_in("dictionary_editor"), of(web_engine, AGENTS, "12")
    assert "Switch off “Will think” and the 1 leaf under it?" in browser.text(AGENTS)
    browser.fetch(f"{twelve}/switch", {"is_enabled": False})
    assert not row(web_engine, AGENTS, "12-1").is_enabled
    answer = browser.fetch(f"{leaf}/switch", {"is_enabled": True})
    assert answer.status_code == 409 and "Switch that on first" in answer.get_json()["error"]
    browser.fetch(f"{twelve}/switch", {"is_enabled": True})
    assert not row(web_engine, AGENTS, "12-1").is_enabled
    assert browser.fetch(f"{leaf}/switch", {"is_enabled": True}).status_code == 200


def test_a_parent_with_leaves_cannot_be_deleted(signed_in: Callable[..., Any], web_engine: Engine, leaf: str) -> None:
    browser = signed_in("dictionary_editor")
    answer = browser.post(f"{of(web_engine, AGENTS, '12')}/delete", follow_redirects=True)
    assert "Delete or move them first" in answer.get_data(as_text=True)


@pytest.mark.mission("M68", "M80")
def test_a_new_limit_makes_the_status_service_look_again_where_the_dictionary_is_read(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    def marks() -> set[int | None]:
        with web_engine.connect() as connection:
            return set(connection.scalars(select(Campaign.status_version_id).where(Campaign.state_id != 3)))

    browser = signed_in("dictionary_editor")
    before = marks()
    twelve, twenty = row(web_engine, AGENTS, "12"), row(web_engine, AGENTS, "20")
    browser.post(f"{AGENTS}{id_of(twelve)}", values(twelve, max_attempts="9"))  # every strategy here names 12
    assert marks() == before
    answer = browser.post(f"{AGENTS}{id_of(twenty)}", values(twenty, priority="2"), follow_redirects=True)
    assert "follow within a minute" not in answer.get_data(as_text=True) and marks() == before
    answer = browser.post(
        f"{AGENTS}{id_of(twenty)}", values(twenty, action_id="3", max_attempts="2"), follow_redirects=True
    )
    assert "follow within a minute" in answer.get_data(as_text=True)
    assert all(mark is not None and mark < 0 for mark in marks())


def test_the_form_says_how_many_strategies_keep_their_own_values(
    signed_in: Callable[..., Any], web_engine: Engine
) -> None:
    browser = signed_in("dictionary_editor")
    with web_engine.connect() as connection:
        count = connection.scalar(text("SELECT COUNT(*) FROM core.campaign AS k WHERE k.state_id <> 3"))
    assert f"{count} strategies in force have values of their own" in browser.text(of(web_engine, AGENTS, "12"))
    assert f"{count} strategies read what stands here" in browser.text(of(web_engine, AGENTS, "20"))
