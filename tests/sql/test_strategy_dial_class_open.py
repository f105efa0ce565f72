"""strategy.dial_class_open: the classes that may be dialled, ranked."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from world import World

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm
from app.procedures import dialing


def ranks(world: World, campaign: int, at: datetime | None = None) -> dict[int, int]:
    rows = world.query(
        "SELECT o.* FROM strategy.dial_class_open(:campaign_id, :at) AS o", campaign_id=campaign, at=at or world.now
    )
    return {row["dial_class_id"]: row["rank_no"] for row in rows}


def test_an_open_class_in_full(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(3, 90)})
    class_id = world.dial_class(campaign, phone_technical_result_id=world.technical("BUSY"))
    ask = "SELECT o.* FROM strategy.dial_class_open(:campaign_id, :at) AS o"
    assert world.query(ask, campaign_id=campaign, at=world.now) == [
        {
            "dial_class_id": class_id,
            "rank_no": 1,
            "zone_id": world.zone("Europe/Moscow"),
            "is_promised": 0,
            "ready_before": world.at(minutes=-90),
        }
    ]


@pytest.mark.parametrize(
    "facts",
    [
        {"client_attempts": 5},
        {"phone_attempts": 3},
        {"limit_agent_attempts": 2},
        {"attempt_day": date(2026, 11, 23), "day_attempts": 2},
        {"phone_type_id": "W"},
        {"segment_id": "closed"},
        {"zone_id": "Asia/Kamchatka"},
    ],
    ids=["client attempts", "phone attempts", "agent result", "day", "type", "segment", "schedule"],
)
def test_each_rule_closes_a_class_by_itself(world: World, facts: dict[str, Any]) -> None:
    campaign = world.campaign(
        max_client_attempts=5,
        max_day_attempts=2,
        phone_types={"M": PhoneTypeForm(max_attempts=3)},
        agent_results={"12": AgentResultForm(3, max_attempts=2)},
    )
    world.segment(campaign, "closed", is_enabled=False)
    ids = {
        "phone_type_id": lambda code: world.type(code),
        "segment_id": lambda code: world.segment(campaign, code),
        "zone_id": lambda code: world.zone(code),
    }
    facts = {name: ids[name](value) if name in ids else value for name, value in facts.items()}
    near = {"client_attempts": 4, "phone_attempts": 2, "limit_agent_attempts": 1, "day_attempts": 1}
    near |= {"limit_agent_result_id": world.agent("12"), "attempt_day": date(2026, 11, 23)}
    passing, failing = world.dial_class(campaign, **near), world.dial_class(campaign, **(near | facts))
    assert failing != passing
    assert ranks(world, campaign) == {passing: 1}


def test_a_stopped_campaign_has_no_open_class(world: World) -> None:
    campaign = world.campaign()
    class_id = world.dial_class(campaign)
    assert ranks(world, campaign) == {class_id: 1}
    dialing.campaign_stop(world.connection, campaign, world.now)
    assert ranks(world, campaign) == {}


@pytest.mark.mission("M37", "M38")
def test_the_order_is_client_priority_client_attempts_then_the_keys_of_the_phone(world: World) -> None:
    campaign = world.campaign(
        phone_keys=("type", "result", "attempts"),
        phone_types={"M": PhoneTypeForm(weight=2), "H": PhoneTypeForm(weight=1)},
        technical_results={"BUSY": ResultForm(2, None), "NO_ANSWER": ResultForm(4, None)},
    )
    busy, silent, home = world.technical("BUSY"), world.technical("NO_ANSWER"), world.type("H")
    facts: list[dict[str, Any]] = [  # each is before the next by one key, though the keys after it say otherwise
        {"client_technical_result_id": busy, "client_attempts": 9},
        {"client_attempts": 0, "phone_type_id": home, "phone_technical_result_id": busy, "phone_attempts": 9},
        {"client_attempts": 0, "phone_type_id": home, "phone_technical_result_id": silent, "phone_attempts": 8},
        {"client_attempts": 0, "phone_type_id": home, "phone_technical_result_id": silent, "phone_attempts": 9},
        {"client_attempts": 0, "phone_technical_result_id": busy, "phone_attempts": 0},
        {"client_attempts": 1, "phone_type_id": home, "phone_technical_result_id": busy, "phone_attempts": 0},
    ]
    classes = [world.dial_class(campaign, **each) for each in reversed(facts)][::-1]
    found = ranks(world, campaign)
    assert [found[class_id] for class_id in classes] == [1, 2, 3, 4, 5, 6]


def test_classes_that_are_equal_in_all_keys_share_a_rank_and_leave_no_gap(world: World) -> None:
    campaign = world.campaign()
    zones = ["Europe/Moscow", "Europe/Samara", "Asia/Yekaterinburg"]
    equal = [world.dial_class(campaign, zone_id=world.zone(code)) for code in zones]
    later = world.dial_class(campaign, client_attempts=1)
    assert ranks(world, campaign) == {class_id: 1 for class_id in equal} | {later: 2}


def test_closed_classes_take_no_rank(world: World) -> None:
    campaign = world.campaign(max_client_attempts=2)
    world.dial_class(campaign, client_attempts=2)
    last = world.dial_class(campaign, client_attempts=1)
    first = world.dial_class(campaign, client_attempts=0)
    assert ranks(world, campaign) == {first: 1, last: 2}
    world.strategy(campaign, client_most_first=True)
    assert ranks(world, campaign) == {last: 1, first: 2}
