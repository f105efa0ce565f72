"""strategy.technical_rule: what a version says of each technical result."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from app.campaigns import ResultForm
from app.models.dictionary import TechnicalResult


def rule(world: World, campaign: int, code: str) -> dict[str, Any]:
    rows = world.query(
        "SELECT r.priority, r.delay_minutes, r.counts_as_attempt FROM strategy.technical_rule AS r"
        " WHERE r.strategy_version_id = :version AND r.technical_result_id = :result",
        version=world.version_id(campaign),
        result=world.technical(code),
    )
    assert len(rows) == 1
    return rows[0] | {"counts_as_attempt": bool(rows[0]["counts_as_attempt"])}


def test_a_result_without_a_row_has_the_values_of_the_dictionary(world: World) -> None:
    campaign = world.campaign()
    assert rule(world, campaign, "BUSY") == {"priority": 3, "delay_minutes": 120, "counts_as_attempt": True}
    assert rule(world, campaign, "CALLBACK") == {"priority": 2, "delay_minutes": None, "counts_as_attempt": True}
    assert rule(world, campaign, "NETWORK_DISCONNECT") == {
        "priority": 2, "delay_minutes": 60, "counts_as_attempt": False,
    }  # fmt: skip


def test_the_row_of_the_version_takes_the_place_of_the_dictionary(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(9, 15, counts_as_attempt=False)})
    assert rule(world, campaign, "BUSY") == {"priority": 9, "delay_minutes": 15, "counts_as_attempt": False}
    assert rule(world, campaign, "NO_ANSWER") == {"priority": 4, "delay_minutes": 120, "counts_as_attempt": True}


def test_an_empty_delay_of_the_version_is_no_delay_whatever_the_dictionary_says(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(3, None)})
    assert rule(world, campaign, "BUSY")["delay_minutes"] is None
    other = world.campaign(technical_results={"CALLBACK": ResultForm(3, 7)})
    assert rule(world, other, "CALLBACK")["delay_minutes"] == 7


def test_each_version_has_its_own_rows(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(1, 1)})
    old_version = world.version_id(campaign)
    world.strategy(campaign, technical_results={"BUSY": ResultForm(2, 2)})
    rows = world.query(
        "SELECT r.strategy_version_id, r.priority FROM strategy.technical_rule AS r"
        " WHERE r.technical_result_id = :result ORDER BY r.strategy_version_id",
        result=world.technical("BUSY"),
    )
    assert rows == [
        {"strategy_version_id": old_version, "priority": 1},
        {"strategy_version_id": world.version_id(campaign), "priority": 2},
    ]


@pytest.mark.mission("M96", "M97", "M98", "M99", "M100", "M101", "M102", "M103", "M104")
def test_the_dictionary_begins_with_the_rows_of_the_deck(world: World) -> None:
    campaign = world.campaign()
    names = {row["name"]: row["code"] for row in world.rows(TechnicalResult)}
    deck = {
        "Abandoned": (1, 30),
        "CallBack": (2, None),
        "Автоответчик": (5, 240),
        "Вызов сброшен Dialer (нет агентов)": (2, 30),
        "Занято": (3, 120),
        "Запрос CallBack": (1, None),
        "Звонок сброшен агентом": (2, 120),
        "Звонок сброшен агентом (close)": (2, 120),
        "Звонок сброшен, проблемы сети": (2, 60),
    }
    rules = {name: rule(world, campaign, names[name]) for name in deck}
    assert {name: (row["priority"], row["delay_minutes"]) for name, row in rules.items()} == deck
    assert "Сеть недоступна" in names  # M105


def test_the_results_of_cisco_that_are_no_attempts_do_not_count(world: World) -> None:
    campaign = world.campaign()
    rows = world.query(
        "SELECT t.cisco_code FROM strategy.technical_rule AS r JOIN core.technical_result AS t"
        " ON t.technical_result_id = r.technical_result_id"
        " WHERE r.strategy_version_id = :version AND r.counts_as_attempt = :counts AND t.cisco_code > 0"
        " ORDER BY t.cisco_code",
        version=world.version_id(campaign),
        counts=0,
    )
    assert [row["cisco_code"] for row in rows] == [2, 17, 18, 19, 25, 26, 27, 28, 33]


def test_a_result_added_to_the_dictionary_has_a_rule_at_once(world: World) -> None:
    campaign = world.campaign()
    world.technical_result("LINE_NOISE", priority=6, delay_minutes=45)
    assert rule(world, campaign, "LINE_NOISE") == {"priority": 6, "delay_minutes": 45, "counts_as_attempt": True}
