"""strategy.version_setting and strategy.version_compare: what two strategy versions say differently."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from world import DAYTIME, World

from app.campaigns import (
    AgentResultForm,
    PhoneTypeForm,
    ResultForm,
    ScheduleForm,
    StrategyForm,
    compare_versions,
    read_strategy,
    write_strategy,
)
from app.models.dictionary import TechnicalResult

FULL: dict[str, Any] = {
    "schedule": ScheduleForm("Общее", [(1, 540, 780), (1, 840, 1260), (2, 540, 1260)], [(date(2027, 1, 1), None, None)]),
    "block_size": 3, "queue_depth": 30, "max_client_attempts": 10, "max_day_attempts": 2, "first_call_minutes": 600,
    "created_minutes": 6000, "phone_types": {
        "M": PhoneTypeForm(max_attempts=5, weight=1),
        "H": PhoneTypeForm(weight=3, schedule=ScheduleForm("Домашние", [(6, 600, 1200)], [(date(2027, 1, 2), 600, 700)])),
    },
    "technical_results": {"BUSY": ResultForm(3, 120)},
    "agent_results": {"12": AgentResultForm(3, 5, 3, 240)},
}  # fmt: skip


def differences(world: World, campaign: int, **changes: Any) -> list[tuple[Any, ...]]:
    """What a version with the changes says otherwise than the one in force: setting, part, value before and after."""
    before = world.version_id(campaign)
    after = world.strategy(campaign, **changes)
    return [
        (row.setting_code, row.part, row.value_a, row.value_b)
        for row in compare_versions(world.connection, before, after)
    ]


def test_equal_versions_differ_in_nothing(world: World) -> None:
    campaign = world.campaign(**FULL)
    assert differences(world, campaign) == []
    assert differences(world, campaign, block_size=4) == [("block_size", "", "3", "4")]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"block_size": 5}, [("block_size", "", "3", "5")]),
        ({"queue_depth": 31}, [("queue_depth", "", "30", "31")]),
        ({"max_client_attempts": None}, [("max_client_attempts", "", "10", None)]),
        ({"max_day_attempts": 3}, [("max_day_attempts", "", "2", "3")]),
        ({"first_call_minutes": None}, [("first_call_minutes", "", "600", None)]),
        ({"created_minutes": 7000}, [("created_minutes", "", "6000", "7000")]),
        ({"created_names_status": True}, [("created_names_status", "", "0", "1")]),
        ({"client_most_first": True}, [("client_most_first", "", "0", "1")]),
        ({"no_result_priority": 1}, [("no_result_priority", "", "5", "1")]),
        (
            {"phone_keys": ("type", "attempts", "result")},
            [("attempts_position", "", "1", "2"), ("result_position", "", "2", "3"), ("type_position", "", "3", "1")],
        ),
        ({"phone_most_first": True}, [("phone_most_first", "", "0", "1")]),
        ({"leaf_mandatory": True}, [("leaf_mandatory", "", "0", "1")]),
        (
            {"phone_types": {**FULL["phone_types"], "M": PhoneTypeForm(is_dialled=False, max_attempts=None, weight=2)}},
            [("type_is_dialled", "M", "1", "0"), ("type_max_attempts", "M", "5", None), ("type_weight", "M", "1", "2")],
        ),
        (
            {"phone_types": {**FULL["phone_types"], "W": PhoneTypeForm(weight=9)}},
            [("type_is_dialled", "W", "0", "1"), ("type_weight", "W", "5", "9")],
        ),
        (
            {"phone_types": {**FULL["phone_types"], "H": PhoneTypeForm(weight=3)}},
            [
                ("type_date", "H 2027-01-02", "10:00-11:40", None), ("type_period", "H 6", "10:00-20:00", None),
                ("type_schedule", "H", "Домашние", None),
            ],
        ),
        (
            {"technical_results": {"BUSY": ResultForm(4, None, False)}},
            [
                ("technical_counts_as_attempt", "BUSY", "1", "0"), ("technical_delay_minutes", "BUSY", "120", None),
                ("technical_priority", "BUSY", "3", "4"),
            ],
        ),
        (
            {"agent_results": {"12": AgentResultForm(4, 6, None, None)}},
            [
                ("agent_action", "12", "active", "failure"), ("agent_delay_minutes", "12", "240", None),
                ("agent_max_attempts", "12", "3", None), ("agent_priority", "12", "5", "6"),
            ],
        ),
        (
            {"schedule": ScheduleForm("Иное", [(1, 540, 780), (2, 600, 1440)], [(date(2027, 1, 1), 1320, 120)])},
            [
                ("date", "2027-01-01", "excluded", "22:00-02:00"), ("period", "1", "14:00-21:00", None),
                ("period", "2", "09:00-21:00", "10:00-24:00"), ("schedule", "", "Общее", "Иное"),
            ],
        ),
    ],
)  # fmt: skip
def test_each_setting_is_compared(world: World, changes: dict[str, Any], expected: list[tuple[Any, ...]]) -> None:
    assert differences(world, world.campaign(**FULL), **changes) == expected


def test_a_result_without_a_row_has_the_dictionarys_values(world: World) -> None:
    world.technical_result("SILENCE", priority=7, delay_minutes=15)
    campaign = world.campaign(**FULL)
    assert (
        differences(world, campaign, technical_results={"SILENCE": ResultForm(7, 15), "BUSY": ResultForm(3, 120)}) == []
    )
    assert world.rows(TechnicalResult, TechnicalResult.code == "SILENCE")[0]["priority"] == 7
    assert differences(world, campaign, technical_results={"SILENCE": ResultForm(8, 15)}) == [
        ("technical_priority", "SILENCE", "7", "8")
    ]


def test_versions_of_two_campaigns_can_be_compared(world: World) -> None:
    one, two = world.campaign(**FULL), world.campaign(**{**FULL, "block_size": 8})
    rows = compare_versions(world.connection, world.version_id(one), world.version_id(two))
    assert [(row.setting_code, row.value_a, row.value_b) for row in rows] == [("block_size", "3", "8")]


# -- what was read is what was written

minutes = st.none() | st.integers(1, 5_256_000)
limits = st.none() | st.integers(1, 32_000)
weights = st.integers(1, 10)
moments = st.integers(0, 1439)


@st.composite
def schedules(draw: st.DrawFn) -> ScheduleForm:
    periods = draw(st.dictionaries(st.tuples(st.integers(1, 7), moments), st.integers(0, 1440), max_size=6))
    excluded = draw(st.sets(st.dates(date(2020, 1, 1), date(2040, 1, 1)), max_size=3))
    own = draw(
        st.dictionaries(
            st.tuples(st.dates(date(2020, 1, 1), date(2040, 1, 1)), moments), st.integers(0, 1440), max_size=3
        )
    )
    return ScheduleForm(
        draw(st.text("Абв 123", min_size=1, max_size=20)),
        [(weekday, start, end) for (weekday, start), end in periods.items()],
        [(day, None, None) for day in excluded]
        + [(day, start, end) for (day, start), end in own.items() if day not in excluded],
    )


forms = st.builds(
    StrategyForm,
    schedule=schedules(),
    block_size=st.integers(1, 100_000),
    queue_depth=st.integers(1, 100_000),
    max_client_attempts=limits,
    max_day_attempts=limits,
    first_call_minutes=minutes,
    created_minutes=minutes,
    created_names_status=st.booleans(),
    client_most_first=st.booleans(),
    no_result_priority=weights,
    phone_keys=st.permutations(["attempts", "result", "type"]).map(tuple),
    phone_most_first=st.booleans(),
    leaf_mandatory=st.booleans(),
    phone_types=st.dictionaries(
        st.sampled_from(["M", "H", "W"]),
        st.builds(PhoneTypeForm, st.booleans(), limits, weights, st.none() | schedules()),
    ),
    technical_results=st.dictionaries(
        st.sampled_from(["BUSY", "NO_ANSWER", "NETWORK_UNAVAILABLE", "OTHER"]),
        st.builds(ResultForm, weights, st.none() | st.integers(0, 5_256_000), st.booleans()),
    ),
    agent_results=st.dictionaries(
        st.sampled_from(["20", "14", "12", "11", "15"]),
        st.builds(AgentResultForm, st.integers(1, 5), weights, limits, st.none() | st.integers(0, 5_256_000)),
    ),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(form=forms)
def test_what_was_read_gives_an_equal_version(world: World, form: StrategyForm) -> None:
    campaign = world.campaign()
    first = write_strategy(world.connection, campaign, form, created_by="tests", reason=None, now=world.now)
    read = read_strategy(world.connection, first)
    assert read == form
    second = write_strategy(world.connection, campaign, read, created_by="tests", reason=None, now=world.now)
    assert compare_versions(world.connection, first, second) == []


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(one=forms, two=forms)
def test_versions_that_differ_are_told_apart(world: World, one: StrategyForm, two: StrategyForm) -> None:
    campaign = world.campaign()
    ids = [
        write_strategy(world.connection, campaign, form, created_by="tests", reason=None, now=world.now)
        for form in (one, two)
    ]
    there = [
        (row.setting_code, row.part, row.position, row.value_a, row.value_b)
        for row in compare_versions(world.connection, *ids)
    ]
    back = [
        (row.setting_code, row.part, row.position, row.value_b, row.value_a)
        for row in compare_versions(world.connection, *ids[::-1])
    ]
    assert there == back
    # Rows of results may say what the dictionary says; all else differs exactly where the forms do.
    plain = {"technical_results": {}, "agent_results": {}, "phone_types": {}}
    told = [row for row in there if not row[0].startswith(("technical", "agent", "type_"))] or [
        row for row in there if row[0] == "type_position"
    ]
    assert bool(told) == (replace(one, **plain) != replace(two, **plain))


def test_a_version_has_its_settings_and_one_that_is_not_there_has_none(world: World) -> None:
    version = world.version_id(world.campaign(schedule=DAYTIME))
    rows = world.query("SELECT s.setting_code FROM strategy.version_setting(:version) AS s", version=version)
    assert len({row["setting_code"] for row in rows}) >= 24
    assert world.query("SELECT s.setting_code FROM strategy.version_setting(0) AS s") == []
