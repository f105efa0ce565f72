"""strategy.agent_rule: what a version says of each agent result."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from app.campaigns import AgentResultForm
from app.models.dictionary import AgentResult


def rule(world: World, campaign: int, code: str) -> dict[str, Any]:
    rows = world.query(
        "SELECT r.action_id, r.priority, r.max_attempts, r.delay_minutes FROM strategy.agent_rule AS r"
        " WHERE r.strategy_version_id = :version AND r.agent_result_id = :result",
        version=world.version_id(campaign),
        result=world.agent(code),
    )
    assert len(rows) == 1
    return rows[0]


@pytest.mark.mission("M83", "M84", "M85", "M86", "M87")
def test_a_result_without_a_row_has_the_values_of_the_dictionary_which_are_those_of_the_deck(world: World) -> None:
    campaign = world.campaign()
    names = {row["name"]: row["code"] for row in world.rows(AgentResult)}
    assert names == {
        "Согласен": "20",
        "Перезвонить": "14",
        "Подумает": "12",
        "3-е лицо": "11",
        "Отказ от предложений": "15",
    }
    assert rule(world, campaign, "20")["action_id"] == 1
    assert rule(world, campaign, "14") == {"action_id": 2, "priority": 3, "max_attempts": None, "delay_minutes": None}
    assert rule(world, campaign, "12") == {"action_id": 3, "priority": 5, "max_attempts": 3, "delay_minutes": 240}
    assert rule(world, campaign, "11")["action_id"] == 4
    assert rule(world, campaign, "15")["action_id"] == 5


def test_the_row_of_the_version_takes_the_place_of_the_dictionary(world: World) -> None:
    campaign = world.campaign(agent_results={"12": AgentResultForm(4, priority=9, max_attempts=2, delay_minutes=10)})
    assert rule(world, campaign, "12") == {"action_id": 4, "priority": 9, "max_attempts": 2, "delay_minutes": 10}
    assert rule(world, campaign, "14") == {"action_id": 2, "priority": 3, "max_attempts": None, "delay_minutes": None}


def test_an_empty_limit_or_delay_of_the_version_is_none_whatever_the_dictionary_says(world: World) -> None:
    campaign = world.campaign(agent_results={"12": AgentResultForm(3, priority=5)})
    assert rule(world, campaign, "12") == {"action_id": 3, "priority": 5, "max_attempts": None, "delay_minutes": None}


def test_each_version_has_its_own_rows(world: World) -> None:
    campaign = world.campaign(agent_results={"12": AgentResultForm(3, priority=1)})
    old_version = world.version_id(campaign)
    world.strategy(campaign, agent_results={"12": AgentResultForm(1, priority=2)})
    rows = world.query(
        "SELECT r.strategy_version_id, r.action_id, r.priority FROM strategy.agent_rule AS r"
        " WHERE r.agent_result_id = :result ORDER BY r.strategy_version_id",
        result=world.agent("12"),
    )
    assert rows == [
        {"strategy_version_id": old_version, "action_id": 3, "priority": 1},
        {"strategy_version_id": world.version_id(campaign), "action_id": 1, "priority": 2},
    ]


@pytest.mark.mission("M69")
def test_a_result_of_the_second_level_has_a_rule_of_its_own(world: World) -> None:
    campaign = world.campaign()
    world.agent_result("12-1", parent="12", action_id=3, priority=2, max_attempts=1, delay_minutes=60)
    assert rule(world, campaign, "12-1") == {"action_id": 3, "priority": 2, "max_attempts": 1, "delay_minutes": 60}
    assert rule(world, campaign, "12") == {"action_id": 3, "priority": 5, "max_attempts": 3, "delay_minutes": 240}
