"""The texts of the strategy form: what was shown is what is read, and what is wrong is said of its own field."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.admin.strategy_form import (
    Dictionaries,
    Item,
    agent_texts,
    date_rows,
    parse,
    parse_periods,
    periods_text,
    schedule_texts,
    technical_texts,
    texts,
)
from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm, ScheduleForm, StrategyForm

TYPES = [Item(1, "M", "Mobile", True), Item(2, "H", "Home", True)]
TECHNICAL = [
    Item(9, "BUSY", "Busy", True, default=ResultForm(3, 120)),
    Item(10, "OTHER", "Other", True, default=ResultForm(5, None)),
]
AGENT = [
    Item(5, "20", "Agreed", True, default=AgentResultForm(1)),
    Item(6, "201", "Agreed, by post", True, 5, AgentResultForm(1)),
]
ACTIONS = [Item(number, str(number), f"action {number}", True) for number in range(1, 6)]
DICTIONARIES = Dictionaries(TYPES, TECHNICAL, AGENT, ACTIONS)


def paired(minutes: list[int]) -> list[tuple[int, int]]:
    """Periods that do not overlap; of an odd number of moments the last begins one that ends at midnight or later."""
    ordered = sorted(minutes)
    return list(zip(ordered[::2], [*ordered[1::2], 0][: (len(ordered) + 1) // 2], strict=True))


days = st.lists(st.integers(1, 1439), min_size=1, max_size=4, unique=True).map(paired)


@st.composite
def schedules(draw: st.DrawFn) -> ScheduleForm:
    week = draw(st.dictionaries(st.integers(1, 7), days, min_size=1, max_size=2))
    dates = draw(st.dictionaries(st.dates(date(2000, 1, 1), date(2100, 12, 31)), st.just([]) | days, max_size=2))
    name = draw(st.text('Абв xyz09«»"<>&%', min_size=1, max_size=30).map(str.strip).filter(bool))
    return ScheduleForm(
        name,
        [(day, *period) for day, periods in week.items() for period in periods],
        [
            row
            for on_date, periods in dates.items()
            for row in [(on_date, *period) for period in periods] or [(on_date, None, None)]
        ],
    )


limits = st.none() | st.integers(1, 32_767)
weights = st.integers(1, 10)
delays = st.none() | st.integers(0, 5_256_000)
types = st.builds(PhoneTypeForm, st.booleans(), limits, weights, st.none() | schedules())
forms = st.builds(
    StrategyForm,
    schedule=schedules(),
    block_size=st.integers(1, 1_000_000),
    queue_depth=st.integers(1, 1_000_000),
    max_client_attempts=limits,
    max_day_attempts=limits,
    first_call_minutes=st.none() | st.integers(1, 5_256_000),
    created_minutes=st.none() | st.integers(1, 5_256_000),
    created_names_status=st.booleans(),
    client_most_first=st.booleans(),
    no_result_priority=weights,
    phone_keys=st.permutations(["attempts", "result", "type"]).map(tuple),
    phone_most_first=st.booleans(),
    leaf_mandatory=st.booleans(),
    phone_types=st.fixed_dictionaries({"M": types.map(lambda one: replace(one, is_dialled=True)), "H": types}),
    technical_results=st.fixed_dictionaries(
        {
            "BUSY": st.builds(ResultForm, weights, delays, st.booleans()),
            "OTHER": st.builds(ResultForm, weights, delays, st.booleans()),
        }
    ),
    agent_results=st.fixed_dictionaries(
        {code: st.builds(AgentResultForm, st.integers(1, 5), weights, limits, delays) for code in ("20", "201")}
    ),
)
FORM = StrategyForm(
    schedule=ScheduleForm("Common", [(day, 540, 1260) for day in range(1, 8)], [(date(2027, 1, 1), None, None)]),
    phone_types={"M": PhoneTypeForm(schedule=ScheduleForm("Own", [(1, 540, 600)])), "H": PhoneTypeForm()},
    technical_results={"BUSY": ResultForm(3, 120), "OTHER": ResultForm(5, None)},
    agent_results={"20": AgentResultForm(1), "201": AgentResultForm(1)},
)


@given(form=forms)
def test_what_is_shown_is_what_is_read(form: StrategyForm) -> None:
    parsed = parse(texts(form, DICTIONARIES), DICTIONARIES)
    assert parsed.errors == {}
    assert parsed.strategy == form


@given(st.dictionaries(st.sampled_from(sorted(texts(FORM, DICTIONARIES))), st.text("019-–:.,; x\u00a0\n", max_size=12)))
def test_whatever_is_typed_is_read_or_refused_beside_a_field_of_the_form(typed: dict[str, str]) -> None:
    values = texts(FORM, DICTIONARIES) | typed
    parsed = parse(values, DICTIONARIES)
    assert (parsed.strategy is None) == bool(parsed.errors)
    assert set(parsed.errors) <= set(values) | {"types"}
    if parsed.strategy is not None:
        assert parse(texts(parsed.strategy, DICTIONARIES), DICTIONARIES).strategy == parsed.strategy


def test_results_without_a_row_are_shown_as_the_dictionary_has_them() -> None:
    shown = texts(replace(FORM, technical_results={}, agent_results={}, phone_types={}), DICTIONARIES)
    assert shown.items() >= technical_texts(TECHNICAL[0], ResultForm(3, 120)).items()
    assert shown.items() >= agent_texts(AGENT[1], AgentResultForm(1)).items()
    assert (shown["type.1.dialled"], shown["type.1.weight"]) == ("", "5")


@pytest.mark.parametrize(
    ("minutes", "count", "unit"),
    [
        (None, "", "day"),
        (1, "1", "minute"),
        (60, "1", "hour"),
        (90, "90", "minute"),
        (1440, "1", "day"),
        (1500, "25", "hour"),
    ],
)
def test_a_duration_is_shown_in_its_largest_whole_unit(minutes: int | None, count: str, unit: str) -> None:
    shown = texts(replace(FORM, first_call_minutes=minutes), DICTIONARIES)
    assert (shown["first_call"], shown["first_call_unit"]) == (count, unit)


@pytest.mark.parametrize(
    ("typed", "periods"),
    [
        ("9-21", [(540, 1260)]),
        ("09:00 - 13:00; 14.30—21:00", [(540, 780), (870, 1260)]),
        ("14-21, 9-13", [(540, 780), (840, 1260)]),
        ("0-24", [(0, 1440)]),
        ("22:00–02:00", [(1320, 120)]),
        ("9-13, 20-2", [(540, 780), (1200, 120)]),
        ("", []),
        (" , ", []),
    ],
)
def test_periods_are_read_as_people_write_them(typed: str, periods: list[tuple[int, int]]) -> None:
    assert parse_periods(typed) == periods
    assert parse_periods(periods_text(periods)) == periods


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("9", "Write periods as"), ("9-", "Write periods as"), ("с девяти", "Write periods as"), ("9-21-22", "Write periods as"),
        ("25-26", "no such time"), ("24-25", "no such time"), ("9-24:30", "no such time"), ("9:60-12", "no such time"),
        ("9-9", "around the clock"), ("9-13, 12-15", "do not overlap"), ("9-13, 9-13", "do not overlap"),
        ("20-2, 21-22", "do not overlap"),
    ],
)  # fmt: skip
def test_periods_that_cannot_be_are_refused(typed: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_periods(typed)


@pytest.mark.parametrize(
    ("field", "typed", "said"),
    [
        ("block_size", "", "Fill this in"), ("block_size", "0", "from 1 to"), ("block_size", "-3", "from 1 to"),
        ("block_size", "three", "from 1 to"), ("block_size", "1.5", "from 1 to"), ("queue_depth", "", "Fill this in"),
        ("queue_depth", "1000001", "from 1 to 1000000"), ("max_client_attempts", "0", "from 1 to"),
        ("max_day_attempts", "99999999999999999999", "from 1 to"), ("first_call", "0", "from 1 to"),
        ("first_call", "3651", "from 1 to 3650"), ("created_unit", "year", ""), ("names_status", "both", "Choose"),
        ("client_order", "", "Choose"), ("no_result_priority", "11", "from 1 to 10"), ("no_result_priority", "", "Fill"),
        ("phone_keys", "attempts,result", "three keys"), ("phone_keys", "type,type,type", "three keys"),
        ("phone_order", "x", "Choose"), ("type.1.max_attempts", "0", "from 1"), ("type.2.weight", "0", "from 1 to 10"),
        ("technical.9.priority", "11", "from 1 to 10"), ("technical.9.delay", "-1", "from 0"),
        ("technical.10.delay", "5256001", "from 0 to 5256000"), ("agent.5.action", "6", "Choose"),
        ("agent.5.priority", "", "Fill"), ("agent.6.max_attempts", "0", "from 1"), ("agent.6.delay", "x", "from 0"),
        ("schedule.general.name", " ", "Fill"), ("schedule.general.name", "x" * 201, "At most 200"),
        ("schedule.general.day.3", "9-9", "around the clock"), ("schedule.type1.day.1", "soon", "Write periods"),
        ("schedule.general.date.0", "31.02.2027", "dd.mm.yyyy"), ("schedule.general.date.0", "", "dd.mm.yyyy"),
        ("schedule.general.excluded.0", "", "Give a period"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_said_of_its_field(field: str, typed: str, said: str) -> None:
    values = texts(FORM, DICTIONARIES)
    assert field in values
    parsed = parse({**values, "first_call_unit": "day", "created_unit": "day", field: typed}, DICTIONARIES)
    wrong = {"schedule.general.excluded.0": "schedule.general.period.0", "created_unit": "created"}.get(field, field)
    assert list(parsed.errors) == [wrong] and said in parsed.errors[wrong]


def test_the_schedule_of_a_type_without_an_own_one_is_not_looked_at() -> None:
    values = texts(FORM, DICTIONARIES) | {"schedule.type2.day.1": "nonsense"}
    assert parse(values, DICTIONARIES).errors == {}
    assert list(parse(values | {"type.2.own": "1"}, DICTIONARIES).errors) == [
        "schedule.type2.name", "schedule.type2.day.1",
    ]  # fmt: skip


def test_a_schedule_without_any_period_and_a_strategy_without_any_type_are_refused() -> None:
    values = texts(FORM, DICTIONARIES)
    empty = {name: "" for name in values if ".general.day." in name}
    assert list(parse(values | empty, DICTIONARIES).errors) == ["schedule.general.day.1"]
    one = {"schedule.general.date.1": "2027-02-06", "schedule.general.period.1": "9-18"}
    assert parse(values | empty | one, DICTIONARIES).errors == {}
    assert list(parse(values | {"type.1.dialled": "", "type.2.dialled": ""}, DICTIONARIES).errors) == ["types"]


def test_a_date_stands_in_one_row_and_empty_rows_are_passed_over() -> None:
    values = texts(FORM, DICTIONARIES) | {"schedule.general.date.7": "", "schedule.general.period.7": ""}
    assert parse(values, DICTIONARIES).errors == {}
    values |= {"schedule.general.date.7": "01.01.2027", "schedule.general.excluded.7": "1"}
    assert list(parse(values, DICTIONARIES).errors) == ["schedule.general.date.7"]
    assert date_rows(values, "general") == [0, 7] and date_rows(values, "type1") == []


@pytest.mark.mission("M36")
def test_the_decks_dates_are_read_and_shown() -> None:
    values = texts(FORM, DICTIONARIES) | {
        "schedule.general.date.0": "01.01.2019", "schedule.general.period.0": "09:00 - 21:00",
        "schedule.general.excluded.0": "", "schedule.general.date.1": "08.03.2020", "schedule.general.period.1": "",
        "schedule.general.excluded.1": "1", "schedule.general.date.2": "06.02.2020",
        "schedule.general.period.2": "09:00 - 18:00",
    }  # fmt: skip
    strategy = parse(values, DICTIONARIES).strategy
    assert strategy is not None
    assert strategy.schedule.dates == (
        (date(2019, 1, 1), 540, 1260), (date(2020, 2, 6), 540, 1080), (date(2020, 3, 8), None, None),
    )  # fmt: skip
    shown = schedule_texts("general", strategy.schedule)
    assert shown["schedule.general.date.1"] == "06.02.2020" and shown["schedule.general.period.1"] == "09:00–18:00"
