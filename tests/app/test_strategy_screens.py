"""«Кампании / <campaign> / Стратегия»: each field of the form, what is refused, who may, versions, preview."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any

import pytest
import web_scene
from sqlalchemy import Engine, func, insert, select, text, update
from web_users import PASSWORD, Browser

from app import clock
from app.campaigns import (
    AgentResultForm,
    PhoneTypeForm,
    ResultForm,
    ScheduleForm,
    StrategyForm,
    read_strategy,
    save_strategy,
)
from app.models.access import Audit
from app.models.dictionary import AgentResult, PhoneType, TechnicalResult
from app.models.strategy import Campaign, Schedule, ScheduleDate, SchedulePeriod, StrategyVersion

FIRST = StrategyForm(
    schedule=ScheduleForm("Общее <b>", [(day, 540, 1260) for day in range(1, 8)], [(date(2027, 1, 1), None, None)]),
    block_size=3,
    queue_depth=30,
    max_client_attempts=10,
    phone_types={"M": PhoneTypeForm(max_attempts=5, weight=1), "H": PhoneTypeForm(weight=3)},
    agent_results={"12": AgentResultForm(action_id=3, priority=5, max_attempts=3, delay_minutes=240)},
)


class Fields(HTMLParser):
    """The fields of the strategy form in a page, as a browser would send them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self.select, self.templates, self.is_disabled, self.is_inside = "", 0, False, False
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        has = dict(attributes)
        if tag == "form":
            self.is_inside = has.get("id") == "strategy"
        if tag == "fieldset":
            self.is_disabled = "disabled" in has
        self.templates += tag == "template"
        if not self.is_inside or self.templates or "form" in has:
            return
        name = has.get("name") or ""
        if tag == "select":
            self.select = name
        elif tag == "option" and (self.select not in self.found or "selected" in has):
            self.found[self.select] = has.get("value") or ""
        elif tag == "input" and name and (has.get("type") not in ("checkbox", "radio") or "checked" in has):
            self.found[name] = has.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        self.templates -= tag == "template"
        if tag == "form":
            self.is_inside = False


@pytest.fixture(scope="module")
def campaign(web_engine: Engine) -> int:
    """A campaign of this module's own, with clients."""
    now = clock.now()
    with web_engine.begin() as connection:
        campaign_id = web_scene.campaign(connection, "STRAT", "Со стратегией", now - timedelta(hours=1), clients=30)
        parent = connection.scalar(select(AgentResult.agent_result_id).where(AgentResult.code == "15"))
        connection.execute(
            insert(AgentResult).values(
                code="151", code_key="151", name="Дорого", name_en="Too dear", parent_id=parent, action_id=5, priority=5
            )
        )
        template = connection.execute(
            insert(Schedule).values(name="Новый год & праздники", created_at=now, created_by="tests")
        ).inserted_primary_key[0]
        connection.execute(
            insert(SchedulePeriod).values(schedule_id=template, weekday=6, start_minute=600, end_minute=900)
        )
        connection.execute(
            insert(ScheduleDate).values(
                schedule_id=template, on_date=date(2027, 1, 7), start_minute=0, end_minute=0, is_excluded=True
            )
        )
    return campaign_id


@pytest.fixture
def form(web_engine: Engine, campaign: int) -> StrategyForm:
    """The campaign's strategy is FIRST, as the form itself would have saved it: with a row for each result and type."""
    with web_engine.begin() as connection:
        technical = connection.execute(select(TechnicalResult.__table__).where(TechnicalResult.is_enabled == 1))
        agent = connection.execute(select(AgentResult.__table__).where(AgentResult.is_enabled == 1))
        types = connection.scalars(select(PhoneType.code))
        full = replace(
            FIRST,
            technical_results={row.code: ResultForm(row.priority, row.delay_minutes, row.counts_as_attempt) for row in technical},
            agent_results={
                row.code: AgentResultForm(row.action_id, row.priority, row.max_attempts, row.delay_minutes) for row in agent
            } | dict(FIRST.agent_results),
            phone_types={code: PhoneTypeForm(is_dialled=False) for code in types} | dict(FIRST.phone_types),
        )  # fmt: skip
        save_strategy(connection, campaign, full, created_by="tests", reason="first", now=clock.now())
    return full


class StrategyPage:
    """The form in the hands of a user."""

    def __init__(self, browser: Any, engine: Engine, campaign_id: int) -> None:
        self.browser, self.engine, self.campaign_id = browser, engine, campaign_id
        self.path = f"/strategy/{campaign_id}/"

    def fields(self) -> dict[str, str]:
        return Fields(self.browser.text(self.path)).found

    def send(self, do: str, **changes: str | None) -> Any:
        """The form as it is shown, with changes (None: a flag that is taken away), by one of its buttons."""
        fields = self.fields() | {"do": do} | {name: value for name, value in changes.items() if value is not None}
        return self.browser.client.post(
            self.path, data={name: value for name, value in fields.items() if changes.get(name, "") is not None}
        )

    def save(self, **changes: str | None) -> Any:
        return self.send("save", **{"reason": "проверка", **changes})

    def refused(self, answer: Any) -> dict[str, str]:
        """What the page says beside which field."""
        assert answer.status_code == 200
        page = answer.get_data(as_text=True)
        return {name: unescape(said) for name, said in re.findall(r'id="([^"]+)-error" role="alert">([^<]+)<', page)}

    @property
    def strategy(self) -> StrategyForm:
        with self.engine.connect() as connection:
            version_id = connection.scalar(
                select(Campaign.strategy_version_id).where(Campaign.campaign_id == self.campaign_id)
            )
            return read_strategy(connection, int(version_id or 0))

    def versions(self) -> list[Any]:
        with self.engine.connect() as connection:
            return list(
                connection.execute(
                    select(StrategyVersion.__table__)
                    .where(StrategyVersion.campaign_id == self.campaign_id)
                    .order_by(StrategyVersion.version_no)
                )
            )


@pytest.fixture(scope="module")
def editor(app: Any) -> Browser:
    """A browser in which a campaign administrator has signed in, once for all tests."""
    browser = Browser(app.test_client())
    answer = browser.post("/sign-in", {"username": "campaign_administrator", "password": PASSWORD}, at="/sign-in")
    assert answer.status_code == 302
    return browser


@pytest.fixture
def page(editor: Browser, web_engine: Engine, campaign: int, form: StrategyForm) -> StrategyPage:
    return StrategyPage(editor, web_engine, campaign)


@pytest.fixture(scope="module")
def ids(web_engine: Engine, campaign: int) -> dict[str, int]:
    """Ids of the dictionaries' rows by code."""
    with web_engine.connect() as connection:
        return {
            str(code): int(key)
            for model, column in (
                (PhoneType, PhoneType.phone_type_id), (TechnicalResult, TechnicalResult.technical_result_id),
                (AgentResult, AgentResult.agent_result_id),
            )
            for key, code in connection.execute(select(column, model.code))
        }  # fmt: skip


# -- what is shown, in the deck's words


@pytest.mark.mission(
    "M37", "M38", "M39", "M41", "M42", "M47", "M48", "M49", "M50", "M51", "M52", "M53", "M54", "M55", "M56", "M57", "M58",
    "M59", "M60", "M61", "M62", "M63", "M64", "M65", "M66", "M67", "M68", "M69", "M70", "M71", "M72", "M73", "M74", "M75",
    "M76", "M77", "M78", "M79", "M80", "M81", "M82", "M88", "M89", "M90", "M91", "M92", "M93", "M94", "M95",
)  # fmt: skip
def test_the_form_has_the_five_tabs_and_every_field_in_the_decks_words(page: StrategyPage) -> None:
    page.browser.post("/language/ru")
    shown = unescape(page.browser.text(page.path))
    page.browser.post("/language/en")
    tabs = re.findall(r'role="tab"[^>]*>([^<]+)<', shown)
    assert tabs == [
        "Общие сведения", "Интервалы и время обзвона", "Приоритеты", "Технические результаты звонка",
        "Агентские результаты звонка",
    ]  # fmt: skip
    for words in (
        "Размер выгружаемого блока в Dialer", "Количество телефонов в очереди на обзвон",
        "Максимальное количество попыток по клиенту", "Количество попыток по типам телефонов",
        "(для исключения из обзвона снимите флаг)",
        "Длительность совершения попыток дозвона (с момента первого вызова)",
        "Приоритет длительности совершения попыток дозвона",
        "Длительность совершения попыток дозвона (с момента создания)", "Максимальное кол-во попыток в сутки",
        "По количеству попыток", "чем меньше попыток было совершено, тем выше приоритет",
        "чем больше попыток было совершено, тем выше приоритет", "Вариант приоритезации", "по количеству попыток",
        "по результату звонка", "по типу телефона", "По типу телефона:",
        "(укажите значение от 1 до 10, где 1 - самый высокий приоритет)", "Мобильный", "Домашний",
        "Обязательность листового уровня", "Приоритезация клиентов", "Приоритезация телефонов клиента",
        "Расписание обзвона", "Показать, что изменится", "Версии", "Дорого",
    ):  # fmt: skip
        assert words in shown, words

    def columns(tab: str) -> list[str]:
        panel = shown[shown.index(f'id="panel-{tab}"') :]
        return re.findall(r"<th[^>]*>([^<]*)</th>", panel[: panel.index("</thead>")])

    assert columns("technical") == [
        "Результат звонка", "Приоритет", "Задержка между попытками (мин)", "Считается попыткой", "",
    ]  # fmt: skip
    assert columns("agent") == [
        "Результат звонка", "Код", "Статус", "Приоритет", "Максимальное количество попыток дозвона",
        "Задержка между попытками (мин)", "",
    ]  # fmt: skip
    assert re.findall(r"<option[^>]*>(Успешно|Пропустить|Активный|Неудача|Не звонить)<", shown)[:5] == [
        "Успешно", "Пропустить", "Активный", "Неудача", "Не звонить",
    ]  # fmt: skip


@pytest.mark.mission(
    "M83", "M84", "M85", "M86", "M87", "M96", "M97", "M98", "M99", "M100", "M101", "M102", "M103", "M104", "M105"
)
def test_the_rows_of_the_deck_are_there_with_their_values(
    editor: Browser, web_engine: Engine, campaign: int, ids: dict[str, int]
) -> None:
    page = StrategyPage(editor, web_engine, campaign)
    with web_engine.begin() as connection:  # no row of the version's own: what a new strategy begins with
        save_strategy(
            connection, campaign, replace(FIRST, agent_results={}), created_by="tests", reason=None, now=clock.now()
        )
    fields = page.fields()
    page.browser.post("/language/ru")
    shown = unescape(page.browser.text(page.path))
    page.browser.post("/language/en")
    agent = {
        "20": ("Согласен", "1", "5", "", ""), "14": ("Перезвонить", "2", "3", "", ""),
        "12": ("Подумает", "3", "5", "3", "240"), "11": ("3-е лицо", "4", "5", "", ""),
        "15": ("Отказ от предложений", "5", "5", "", ""),
    }  # fmt: skip
    for code, (name, *values) in agent.items():
        assert [fields[f"agent.{ids[code]}.{key}"] for key in ("action", "priority", "max_attempts", "delay")] == values
        assert f">{name}<" in shown
    technical = {
        "ABANDONED": ("Abandoned", "1", "30"), "CALLBACK": ("CallBack", "2", ""),
        "ANSWERING_MACHINE": ("Автоответчик", "5", "240"),
        "NO_AGENTS": ("Вызов сброшен Dialer (нет агентов)", "2", "30"), "BUSY": ("Занято", "3", "120"),
        "CALLBACK_REQUEST": ("Запрос CallBack", "1", ""), "AGENT_REJECTED": ("Звонок сброшен агентом", "2", "120"),
        "AGENT_CLOSED": ("Звонок сброшен агентом (close)", "2", "120"),
        "NETWORK_DISCONNECT": ("Звонок сброшен, проблемы сети", "2", "60"),
        "NETWORK_UNAVAILABLE": ("Сеть недоступна", "5", "60"),
    }  # fmt: skip
    for code, (name, *values) in technical.items():
        assert [fields[f"technical.{ids[code]}.{key}"] for key in ("priority", "delay")] == values, code
        assert f">{name}<" in shown


@pytest.mark.mission("M69")
def test_agent_results_are_shown_as_a_tree_of_two_levels(page: StrategyPage) -> None:
    shown = page.browser.text(page.path)
    parent, child = shown.index(">Refuses offers<"), shown.index('<td class="is-child">Too dear<')
    assert parent < child and "<tr" in shown[parent:child]
    assert shown[parent:child].count("<tr") == 1  # directly below


# -- each field, there and back


def test_what_is_shown_is_what_is_in_force_and_saving_it_changes_nothing(
    page: StrategyPage, form: StrategyForm
) -> None:
    before = len(page.versions())
    answer = page.save()
    assert answer.status_code == 302
    assert "Nothing is changed" in page.browser.text(answer.location)
    assert len(page.versions()) == before and page.strategy == form


@pytest.mark.mission(
    "M47", "M48", "M49", "M50", "M51", "M52", "M53", "M54", "M55", "M56", "M57", "M58", "M59", "M60", "M61", "M62", "M63",
    "M64", "M65", "M66", "M67", "M68", "M75", "M78", "M79", "M80", "M81", "M88", "M89", "M90", "M91", "M92", "M94", "M95",
)  # fmt: skip
@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ({"block_size": "7"}, {"block_size": 7}),
        ({"queue_depth": " 1 200 "}, {"queue_depth": 1200}),
        ({"max_client_attempts": ""}, {"max_client_attempts": None}),
        ({"max_client_attempts": "12"}, {"max_client_attempts": 12}),
        ({"max_day_attempts": "2"}, {"max_day_attempts": 2}),
        ({"first_call": "10", "first_call_unit": "day"}, {"first_call_minutes": 14_400}),
        ({"first_call": "5", "first_call_unit": "hour"}, {"first_call_minutes": 300}),
        ({"created": "45", "created_unit": "minute"}, {"created_minutes": 45}),
        ({"names_status": "created"}, {"created_names_status": True}),
        ({"client_order": "most"}, {"client_most_first": True}),
        ({"no_result_priority": "1"}, {"no_result_priority": 1}),
        ({"phone_keys": "type,result,attempts"}, {"phone_keys": ("type", "result", "attempts")}),
        ({"phone_order": "most"}, {"phone_most_first": True}),
        ({"leaf_mandatory": "1"}, {"leaf_mandatory": True}),
        ({"type.H.dialled": None}, {"phone_types": {"H": PhoneTypeForm(is_dialled=False, weight=3)}}),
        ({"type.H.max_attempts": "4"}, {"phone_types": {"H": PhoneTypeForm(max_attempts=4, weight=3)}}),
        ({"type.H.weight": "10"}, {"phone_types": {"H": PhoneTypeForm(weight=10)}}),
        ({"technical.BUSY.priority": "9"}, {"technical_results": {"BUSY": ResultForm(9, 120)}}),
        ({"technical.BUSY.delay": ""}, {"technical_results": {"BUSY": ResultForm(3, None)}}),
        ({"technical.BUSY.counts": None}, {"technical_results": {"BUSY": ResultForm(3, 120, False)}}),
        ({"technical.NETWORK_UNAVAILABLE.delay": "5"}, {"technical_results": {"NETWORK_UNAVAILABLE": ResultForm(5, 5)}}),
        *[
            ({"agent.12.action": str(action)}, {"agent_results": {"12": AgentResultForm(action, 5, 3, 240)}})
            for action in (1, 2, 4, 5)
        ],
        ({"agent.20.action": "3"}, {"agent_results": {"20": AgentResultForm(3, 5, None, None)}}),
        ({"agent.12.priority": "1"}, {"agent_results": {"12": AgentResultForm(3, 1, 3, 240)}}),
        ({"agent.12.max_attempts": ""}, {"agent_results": {"12": AgentResultForm(3, 5, None, 240)}}),
        ({"agent.151.delay": "30"}, {"agent_results": {"151": AgentResultForm(5, 5, None, 30)}}),
        (
            {"schedule.general.day.1": "9-13, 14-20", "schedule.general.day.7": ""},
            {
                "schedule": ScheduleForm(
                    "Общее <b>",
                    [(1, 540, 780), (1, 840, 1200), *[(day, 540, 1260) for day in range(2, 7)]],
                    [(date(2027, 1, 1), None, None)],
                )
            },
        ),
        (
            {
                "schedule.general.name": "Иное", "schedule.general.date.0": "06.02.2020",
                "schedule.general.period.0": "09:00 - 18:00", "schedule.general.excluded.0": None,
                "schedule.general.date.5": "08.03.2020", "schedule.general.period.5": "", "schedule.general.excluded.5": "1",
            },
            {
                "schedule": ScheduleForm(
                    "Иное", FIRST.schedule.periods, [(date(2020, 2, 6), 540, 1080), (date(2020, 3, 8), None, None)]
                )
            },
        ),
        (
            {"type.H.own": "1", "schedule.H.name": "Домашние", "schedule.H.day.6": "10-18"},
            {"phone_types": {"H": PhoneTypeForm(weight=3, schedule=ScheduleForm("Домашние", [(6, 600, 1080)]))}},
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_field_is_saved_in_a_new_version_and_shown_again(
    page: StrategyPage, form: StrategyForm, ids: dict[str, int], typed: dict[str, Any], expected: dict[str, Any]
) -> None:
    typed = {named_by_id(name, ids): value for name, value in typed.items()}
    before = page.versions()
    answer = page.save(**typed)
    assert answer.status_code == 302, page.refused(answer)
    wanted = replace(
        form,
        **{
            name: {**getattr(form, name), **value} if isinstance(value, dict) else value
            for name, value in expected.items()
        },
    )
    assert page.strategy == wanted
    after = page.versions()
    assert [tuple(row) for row in after[:-1]] == [tuple(row) for row in before]
    assert (after[-1].version_no, after[-1].created_by, after[-1].reason) == (
        before[-1].version_no + 1, "campaign_administrator", "проверка",
    )  # fmt: skip
    assert abs(after[-1].created_at - clock.now()) < timedelta(minutes=1)
    assert "Nothing is changed" in page.browser.text(page.save().location)  # what is shown now is what was saved


def named_by_id(name: str, ids: dict[str, int]) -> str:
    """`type.H.weight` as the field is called: `type.2.weight`."""
    first, *rest = name.split(".")
    if first in ("type", "technical", "agent"):
        return ".".join([first, str(ids[rest[0]]), *rest[1:]])
    if first == "schedule" and rest[0] in ids:
        return ".".join([first, f"type{ids[rest[0]]}", *rest[1:]])
    return name


@pytest.mark.mission("M185")
def test_saving_writes_no_contact(page: StrategyPage, web_engine: Engine) -> None:
    def written() -> Any:
        with web_engine.connect() as connection:
            return [
                connection.execute(
                    text(f"SELECT COUNT(*), MAX(t.xmin::text::bigint), SUM(hashtext(t.ctid::text)) FROM {table} AS t")
                ).one()
                for table in ("core.phone", "core.client", "core.dial_class")
            ]

    before = written()
    assert page.save(max_client_attempts="1", no_result_priority="9").status_code == 302
    assert written() == before


# -- what is refused


@pytest.mark.parametrize(
    ("typed", "wrong"),
    [
        ({"block_size": "0"}, {"block_size": "A whole number from 1 to 1000000."}),
        ({"queue_depth": ""}, {"queue_depth": "Fill this in."}),
        ({"max_client_attempts": "много"}, {"max_client_attempts": "A whole number from 1 to 32767."}),
        ({"first_call": "9999", "first_call_unit": "day"}, {"first_call": "A whole number from 1 to 3650."}),
        ({"no_result_priority": "11"}, {"no_result_priority": "A whole number from 1 to 10."}),
        ({"type.M.weight": "0"}, {"type.M.weight": "A whole number from 1 to 10."}),
        ({"type.M.dialled": None, "type.H.dialled": None}, {"types": "At least one phone type is dialled."}),
        ({"technical.BUSY.delay": "-5"}, {"technical.BUSY.delay": "A whole number from 0 to 5256000."}),
        ({"agent.12.action": "9"}, {"agent.12.action": "Choose one of the list."}),
        ({"schedule.general.day.2": "9-13, 12-18"}, {"schedule.general.day.2": "The periods of a day do not overlap."}),
        ({"schedule.general.date.0": "32.01.2027"}, {"schedule.general.date.0": "A date, dd.mm.yyyy."}),
        ({"phone_keys": "type"}, {"phone_keys": "The three keys of the phone order stand at positions 1, 2 and 3."}),
        ({"reason": ""}, {"reason": "Say why the strategy is changed."}),
        (
            {"block_size": "x", "agent.12.priority": "0", "reason": ""},
            {
                "block_size": "A whole number from 1 to 1000000.", "agent.12.priority": "A whole number from 1 to 10.",
                "reason": "Say why the strategy is changed.",
            },
        ),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_a_wrong_value_is_said_beside_its_field_and_nothing_typed_is_lost(
    page: StrategyPage, form: StrategyForm, ids: dict[str, int], typed: dict[str, Any], wrong: dict[str, str]
) -> None:
    typed = {named_by_id(name, ids): value for name, value in typed.items()}
    before = page.versions()
    answer = page.save(**{"max_day_attempts": "17", **typed})
    assert page.refused(answer) == {named_by_id(name, ids): said for name, said in wrong.items()}
    kept = Fields(answer.get_data(as_text=True)).found
    assert kept["max_day_attempts"] == "17"
    for name, value in typed.items():
        if not name.endswith(".action"):
            assert kept.get(name) == value, name
    assert page.versions() == before and page.strategy == form


def test_refusals_are_in_the_users_language_and_the_tab_is_marked(page: StrategyPage) -> None:
    page.browser.post("/language/ru")
    answer = page.save(block_size="0", tab="agent")
    page.browser.post("/language/en")
    assert page.refused(answer) == {"block_size": "Целое число от 1 до 1000000."}
    shown = answer.get_data(as_text=True)
    assert re.search(r'id="tab-general"[^>]*aria-selected="true"[^>]*>Общие сведения<span class="tab-wrong"', shown)
    assert shown.count('class="tab-wrong"') == 1
    assert "Нужно исправить 1 поле." in shown


def test_what_people_wrote_is_escaped(page: StrategyPage) -> None:
    page.save(reason='<script>alert("x")</script>', block_size="8")
    shown = page.browser.text(page.path)
    assert "<script>alert" not in shown and "&lt;script&gt;alert" in shown
    assert "Общее <b>" not in shown and "Общее &lt;b&gt;" in shown


def test_somebody_elses_version_is_not_overwritten_unseen(
    page: StrategyPage, web_engine: Engine, form: StrategyForm
) -> None:
    base = page.fields()["base"]
    with web_engine.begin() as connection:
        save_strategy(
            connection, page.campaign_id, replace(form, queue_depth=77), created_by="Пётр", reason=None, now=clock.now()
        )
    answer = page.save(base=base, block_size="9")
    shown = answer.get_data(as_text=True)
    assert answer.status_code == 200 and "While you were editing, Пётр put version" in shown
    assert page.strategy.queue_depth == 77 and page.strategy.block_size == 3
    again = Fields(shown).found
    assert again["block_size"] == "9" and again["base"] != base
    answer = page.browser.post(page.path, {**again, "do": "save"})
    assert answer.status_code == 302 and page.strategy.block_size == 9


# -- what would change


def previewed(answer: Any) -> str:
    assert answer.status_code == 200
    shown = re.sub(r"<[^>]+>", " ", unescape(answer.get_data(as_text=True)))
    return " ".join(shown[shown.index("What would change") :].split())


def test_what_would_change_is_told_in_phones_and_settings_and_nothing_is_saved(
    page: StrategyPage, form: StrategyForm, ids: dict[str, int]
) -> None:
    before = page.versions()
    answer = page.send("preview", **{f"type.{ids['H']}.dialled": None, "block_size": "9"})
    told = previewed(answer)
    assert "0 phones become available 10 are closed" in told  # 30 clients, every third with a phone at home
    assert "The strategy allows 40 → 30 of 40 free phones" in told
    assert "General Size of the block handed to Dialer 3 9" in told and "The phone type is dialled: Home yes no" in told
    assert page.versions() == before and page.strategy == form
    kept = Fields(answer.get_data(as_text=True)).found
    assert kept["block_size"] == "9" and f"type.{ids['H']}.dialled" not in kept
    page.save(**{f"type.{ids['H']}.dialled": None})
    assert "10 phones become available 0 are closed" in previewed(
        page.send("preview", **{f"type.{ids['H']}.dialled": "1"})
    )
    assert "No setting differs" in previewed(page.send("preview"))


def test_a_preview_needs_no_reason_but_valid_fields(page: StrategyPage) -> None:
    answer = page.send("preview", block_size="0")
    assert list(page.refused(answer)) == ["block_size"]
    assert "What would change" not in answer.get_data(as_text=True)


# -- templates of schedules


@pytest.mark.mission("M23", "M25")
@pytest.mark.parametrize("owner", ["general", "M"])
def test_a_schedule_is_filled_from_a_template_and_the_rest_stays(
    page: StrategyPage, web_engine: Engine, ids: dict[str, int], owner: str
) -> None:
    owner = owner if owner == "general" else f"type{ids[owner]}"
    with web_engine.connect() as connection:
        template = connection.scalar(select(Schedule.schedule_id).where(Schedule.name == "Новый год & праздники"))
    answer = page.send(f"template:{owner}", **{f"schedule.{owner}.template": str(template), "block_size": "x"})
    filled = Fields(answer.get_data(as_text=True)).found
    assert filled[f"schedule.{owner}.name"] == "Новый год & праздники"
    assert [filled[f"schedule.{owner}.day.{day}"] for day in (5, 6, 7)] == ["", "10:00–15:00", ""]
    assert (filled[f"schedule.{owner}.date.0"], filled[f"schedule.{owner}.excluded.0"]) == ("07.01.2027", "1")
    assert filled["block_size"] == "x" and page.refused(answer) == {}
    own = {} if owner == "general" else {f"type.{ids['M']}.own": "1"}
    answer = page.browser.post(page.path, {**filled, **own, "block_size": "3", "reason": "Новый год", "do": "save"})
    assert answer.status_code == 302
    schedule = page.strategy.schedule if owner == "general" else page.strategy.phone_types["M"].schedule
    assert schedule == ScheduleForm("Новый год & праздники", [(6, 600, 900)], [(date(2027, 1, 7), None, None)])
    with web_engine.connect() as connection:  # a copy of the campaign's own, not the template
        used = connection.execute(
            select(Schedule.campaign_id, Schedule.schedule_id).order_by(Schedule.schedule_id.desc()).limit(1)
        ).one()
    assert used.campaign_id == page.campaign_id and used.schedule_id != template


def test_a_template_that_is_not_there_changes_nothing(page: StrategyPage) -> None:
    answer = page.send("template:general", **{"schedule.general.template": "999999"})
    assert "Choose a template of a schedule." in answer.get_data(as_text=True)
    assert Fields(answer.get_data(as_text=True)).found["schedule.general.name"] == "Общее <b>"


# -- versions


def test_versions_are_listed_with_who_when_and_why(page: StrategyPage) -> None:
    page.save(block_size="4", reason="Меньше блок")
    for path in (page.path, f"{page.path}versions/"):
        shown = unescape(page.browser.text(path))
        listed = shown[shown.index("Reason of the change</th>") :]
        first = listed[listed.index("<tr>") :]
        first = first[: first.index("</tr>")]
        assert "in force" in first and "campaign_administrator" in first and "Меньше блок" in first
        assert re.search(r"\d\d\.\d\d\.\d{4} \d\d:\d\d:\d\d", first)


def test_two_versions_are_compared_in_words(page: StrategyPage, ids: dict[str, int]) -> None:
    page.save(**{
        "max_client_attempts": "", "first_call": "2", "first_call_unit": "day", f"agent.{ids['12']}.action": "4",
        "schedule.general.day.1": "9-13, 14-20", f"technical.{ids['BUSY']}.delay": "5", "phone_keys": "type,attempts,result",
    })  # fmt: skip
    second, first = page.versions()[:-3:-1]
    path = f"{page.path}compare/?a={second.strategy_version_id}&b={first.strategy_version_id}"
    shown = unescape(page.browser.text(path))
    table = shown[shown.index("differences") :]
    cells = [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row)]
        for row in re.findall(r"<tr>(.*?)</tr>", table)
    ]
    assert [row for row in cells if row] == [
        ["Intervals and time of dialling", "Maximum attempts per client", "10", "without a limit"],
        ["Intervals and time of dialling", "Attempt period (since the first call)", "without a limit", "2 d"],
        ["Intervals and time of dialling", "Dialling schedule: Monday", "09:00–21:00", "09:00–13:00, 14:00–20:00"],
        ["Priorities", "Place of a key in the order of phones: by the number of attempts", "1", "2"],
        ["Priorities", "Place of a key in the order of phones: by the call result", "2", "3"],
        ["Priorities", "Place of a key in the order of phones: by the phone type", "3", "1"],
        ["Technical call results", "Delay between attempts (min): Busy", "120", "5"],
        ["Agent call results", "Status: 12 Will think", "Active", "Failure"],
    ]
    equal = f"{page.path}compare/?a={first.strategy_version_id}&b={first.strategy_version_id}"
    assert "The versions are equal." in page.browser.text(equal)


def test_an_earlier_version_is_returned_to_with_a_reason(
    page: StrategyPage, web_engine: Engine, form: StrategyForm
) -> None:
    page.save(block_size="4")
    second, first = page.versions()[:-3:-1]
    path = f"{page.path}versions/{first.strategy_version_id}/"
    shown = page.browser.text(path)
    assert f"Return to version {first.version_no}" in shown and re.search(r"<fieldset disabled>", shown)
    assert Fields(shown).found["block_size"] == "3"
    answer = page.browser.post(f"{path}return", {"reason": " "})
    assert "Say why the earlier version is returned to." in page.browser.text(answer.location)
    assert page.strategy.block_size == 4
    answer = page.browser.post(f"{path}return", {"reason": "так было лучше"})
    assert f"Version {second.version_no + 1} is in force." in page.browser.text(answer.location)
    assert page.strategy == form
    last = page.versions()[-1]
    assert (last.version_no, last.reason, last.created_by) == (
        second.version_no + 1, "так было лучше", "campaign_administrator",
    )  # fmt: skip
    row = last_audit(web_engine, "strategy_return")
    assert (json.loads(row.before), json.loads(row.after)) == (
        {"version_no": second.version_no, "block_size": "4"},
        {"version_no": last.version_no, "reason": "так было лучше", "block_size": "3"},
    )
    answer = page.browser.post(f"{page.path}versions/{last.strategy_version_id}/return", {"reason": "ещё раз"})
    assert "This strategy version is in force already." in page.browser.text(answer.location)


def test_a_version_of_another_campaign_is_not_there(page: StrategyPage, campaigns: dict[str, int]) -> None:
    version = page.versions()[-1].strategy_version_id
    other = f"/strategy/{campaigns['ALPHA']}/"
    assert page.browser.get(f"{page.path}versions/{version}/").status_code == 200
    assert page.browser.get(f"{other}versions/{version}/").status_code == 404
    assert page.browser.get(f"{other}compare/?a={version}&b={version}").status_code == 404
    assert page.browser.get(f"{page.path}compare/").status_code == 404
    assert page.browser.get("/strategy/999999/").status_code == 404
    answer = page.browser.post(f"{other}versions/{version}/return", {"reason": "x"})
    assert answer.status_code == 404 or "no such strategy version" in page.browser.get(answer.location).get_data(
        as_text=True
    )


# -- rights and the audit


def last_audit(engine: Engine, action: str) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(Audit.__table__).where(Audit.action == action).order_by(Audit.audit_id.desc()).limit(1)
        ).one()


def test_saving_is_audited_with_what_was_before_and_after(
    page: StrategyPage, web_engine: Engine, ids: dict[str, int]
) -> None:
    before = page.versions()[-1].version_no
    page.save(**{"block_size": "5", f"agent.{ids['12']}.delay": "", "reason": "Быстрее"})
    row = last_audit(web_engine, "strategy_save")
    assert (row.username, row.object_type, row.object_id) == (
        "campaign_administrator", "campaign", str(page.campaign_id),
    )  # fmt: skip
    assert json.loads(row.before) == {"version_no": before, "block_size": "3", "agent_delay_minutes 12": "240"}
    assert json.loads(row.after) == {
        "version_no": before + 1, "reason": "Быстрее", "block_size": "5", "agent_delay_minutes 12": None,
    }  # fmt: skip


def test_a_reviewer_reads_and_changes_nothing(
    page: StrategyPage, signed_in: Callable[..., Any], form: StrategyForm
) -> None:
    page.save(block_size="4")
    fields, versions = page.fields(), page.versions()
    del fields["csrf_token"]  # of another session
    reviewer = signed_in("reviewer")
    shown = reviewer.text(page.path)
    assert "<fieldset disabled>" in shown and 'value="save"' not in shown and 'value="preview"' not in shown
    assert Fields(shown).found["block_size"] == "4"
    first = versions[-2].strategy_version_id
    assert "Return to version" not in reviewer.text(f"{page.path}versions/{first}/")
    for do in ("save", "preview", "template:general"):
        assert reviewer.post(page.path, {**fields, "block_size": "9", "reason": "x", "do": do}).status_code == 403
    assert reviewer.post(f"{page.path}versions/{first}/return", {"reason": "x"}).status_code == 403
    assert page.versions() == versions


def test_the_strategy_of_an_archived_campaign_is_only_read(page: StrategyPage, web_engine: Engine) -> None:
    fields, first = page.fields(), page.versions()[0].strategy_version_id

    def set_state(state_id: int) -> None:
        with web_engine.begin() as connection:
            connection.execute(
                update(Campaign).where(Campaign.campaign_id == page.campaign_id).values(state_id=state_id)
            )

    set_state(3)
    try:
        assert "<fieldset disabled>" in page.browser.text(page.path)
        assert (
            page.browser.post(page.path, {**fields, "block_size": "9", "reason": "x", "do": "save"}).status_code == 409
        )
        assert page.browser.post(f"{page.path}versions/{first}/return", {"reason": "x"}).status_code == 409
    finally:
        set_state(1)
    assert page.strategy.block_size == 3


def test_a_campaign_without_a_strategy_gets_its_first_one(page: StrategyPage, web_engine: Engine) -> None:
    with web_engine.begin() as connection:
        connection.execute(
            update(Campaign).where(Campaign.campaign_id == page.campaign_id).values(strategy_version_id=None)
        )
    assert "The campaign has no strategy yet." in page.browser.text(page.path)
    assert page.fields()["schedule.general.day.1"] == "09:00–21:00"
    assert page.save().status_code == 302
    assert page.strategy.phone_types["W"].is_dialled and page.strategy.block_size == 30
    with web_engine.connect() as connection:
        assert connection.scalar(
            select(func.count()).select_from(StrategyVersion).where(StrategyVersion.campaign_id == page.campaign_id)
        )
    assert json.loads(last_audit(web_engine, "strategy_save").after)["block_size"] == "30"


def test_the_list_of_campaigns_leads_to_the_strategy(page: StrategyPage) -> None:
    assert f'href="{page.path}"' in page.browser.text("/campaigns/")
    assert f'href="{page.path}"' in page.browser.text(f"/monitor/{page.campaign_id}/")
