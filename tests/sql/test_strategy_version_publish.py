"""strategy.version_publish: a version that was just written is checked and put in force."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from world import DAYTIME, World

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm, StrategyForm
from app.database.procedure import call
from app.models.contact import Client, Phone
from app.models.ops import Service
from app.models.strategy import DialClass, DialClassChange, StrategyVersion


@pytest.mark.mission("M185")
def test_the_version_is_in_force_at_once_for_its_campaign_alone(world: World) -> None:
    campaign, other = world.campaign(block_size=3), world.campaign(block_size=3)
    for each in (campaign, other):
        world.many_clients(each, 12)
    before = [world.version_id(each) for each in (campaign, other)]
    assert [len(world.take(each)) for each in (campaign, other)] == [3, 3]
    version = world.strategy(campaign, block_size=5)
    assert [world.version_id(each) for each in (campaign, other)] == [version, before[1]]
    assert [len(world.take(each)) for each in (campaign, other)] == [5, 3]
    versions = world.rows(StrategyVersion, StrategyVersion.campaign_id == campaign)
    assert [(row["version_no"], row["block_size"]) for row in versions] == [(1, 3), (2, 5)]


def test_an_old_version_may_be_put_in_force_again(world: World) -> None:
    campaign = world.campaign(block_size=3)
    old = world.version_id(campaign)
    world.strategy(campaign, block_size=5)
    call(world.connection, "strategy.version_publish", strategy_version_id=old)
    assert world.version_id(campaign) == old


@pytest.mark.mission("M185")
def test_no_contact_is_touched(world: World) -> None:
    campaign = world.campaign(max_client_attempts=5)
    clients = [world.client(campaign, "MH") for _ in range(3)]
    world.dial(campaign)
    models = (Client, Phone, DialClass, DialClassChange)
    before = [world.rows(model) for model in models]
    world.strategy(
        campaign,
        max_client_attempts=1,
        phone_types={"M": PhoneTypeForm(is_dialled=False), "H": PhoneTypeForm(max_attempts=1)},
        no_result_priority=1,
    )
    assert [world.rows(model) for model in models] == before
    assert len(before[0]) == len(clients)


def test_the_status_service_is_asked_to_run(world: World) -> None:
    planned = datetime(2030, 1, 1)
    world.connection.execute(update(Service).values(next_run_at=planned))
    world.campaign()
    assert {row["code"] for row in world.rows(Service) if row["next_run_at"] != planned} == {"client_status"}


LEAST: dict[str, Any] = {
    "block_size": 1, "queue_depth": 1, "max_client_attempts": 1, "max_day_attempts": 1, "first_call_minutes": 1,
    "created_minutes": 1, "no_result_priority": 1, "phone_types": {"M": PhoneTypeForm(weight=1, max_attempts=1)},
    "technical_results": {"BUSY": ResultForm(1, 0)},
    "agent_results": {"12": AgentResultForm(3, priority=1, max_attempts=1, delay_minutes=0)},
}  # fmt: skip
MOST: dict[str, Any] = {
    "no_result_priority": 10, "first_call_minutes": 5_256_000, "created_minutes": 5_256_000,
    "phone_types": {"M": PhoneTypeForm(weight=10), "H": PhoneTypeForm(is_dialled=False)},
    "technical_results": {"BUSY": ResultForm(10, 5_256_000)},
    "agent_results": {"12": AgentResultForm(3, priority=10, delay_minutes=5_256_000)},
}  # fmt: skip


@pytest.mark.parametrize("strategy", [LEAST, MOST], ids=["least", "most"])
def test_values_at_the_edges_are_accepted_and_can_be_dialled_by(world: World, strategy: dict[str, Any]) -> None:
    campaign = world.campaign(**strategy)
    world.client(campaign)
    world.phone_facts(world.client(campaign), last_technical_result_id=world.technical("BUSY"))
    world.phone_facts(world.client(campaign), hold_agent_result_id=world.agent("12"))
    assert len(world.take(campaign)) == 1 if strategy is LEAST else len(world.take(campaign)) > 0


@pytest.mark.parametrize(
    ("number", "changes"),
    [
        (50031, {"block_size": 0}),
        (50031, {"queue_depth": 0}),
        (50031, {"block_size": -1}),
        (50032, {"max_client_attempts": 0}),
        (50032, {"max_day_attempts": 0}),
        (50032, {"first_call_minutes": 0}),
        (50032, {"created_minutes": -5}),
        (50032, {"phone_types": {"M": PhoneTypeForm(max_attempts=0)}}),
        (50032, {"agent_results": {"12": AgentResultForm(3, max_attempts=0)}}),
        (50034, {"no_result_priority": 0}),
        (50034, {"no_result_priority": 11}),
        (50034, {"phone_types": {"M": PhoneTypeForm(weight=0)}}),
        (50034, {"phone_types": {"M": PhoneTypeForm(weight=11)}}),
        (50034, {"technical_results": {"BUSY": ResultForm(0, None)}}),
        (50034, {"technical_results": {"BUSY": ResultForm(11, None)}}),
        (50034, {"agent_results": {"12": AgentResultForm(3, priority=0)}}),
        (50034, {"agent_results": {"12": AgentResultForm(3, priority=11)}}),
        (50035, {"phone_types": {}}),
        (50035, {"phone_types": {"M": PhoneTypeForm(is_dialled=False)}}),
        (50036, {"first_call_minutes": 5_256_001}),
        (50036, {"created_minutes": 2_147_483_647}),
        (50036, {"technical_results": {"BUSY": ResultForm(3, -1)}}),
        (50036, {"technical_results": {"BUSY": ResultForm(3, 5_256_001)}}),
        (50036, {"agent_results": {"12": AgentResultForm(3, delay_minutes=-1)}}),
        (50036, {"agent_results": {"12": AgentResultForm(3, delay_minutes=5_256_001)}}),
        (50037, {"agent_results": {"12": AgentResultForm(6)}}),
        (50037, {"agent_results": {"12": AgentResultForm(0)}}),
    ],
)
def test_values_beyond_the_edges_are_refused_and_the_old_version_stays(
    world: World, number: int, changes: dict[str, Any]
) -> None:
    campaign = world.campaign()
    version = world.version_id(campaign)
    world.strategies[campaign] = replace(world.strategies[campaign])
    with world.refused(number):
        world.strategy(campaign, **changes)
    if world.connection.dialect.name == "postgresql":  # SQL Server has undone the whole test
        assert world.version_id(campaign) == version


@pytest.mark.parametrize("positions", [(0, 1, 2), (1, 2, 4), (1, 1, 2), (1, 2, 2), (2, 1, 2), (3, 3, 3)])
def test_the_keys_of_the_phone_order_stand_at_three_places(world: World, positions: tuple[int, int, int]) -> None:
    campaign = world.campaign()
    names = ("attempts_position", "result_position", "type_position")
    version = world.version_id(campaign)
    world.connection.execute(
        update(StrategyVersion)
        .where(StrategyVersion.strategy_version_id == version)
        .values(dict(zip(names, positions, strict=True)))
    )
    with world.refused(50033):
        call(world.connection, "strategy.version_publish", strategy_version_id=version)


def test_an_unknown_version_is_refused(world: World) -> None:
    with world.refused(50030):
        call(world.connection, "strategy.version_publish", strategy_version_id=0)


def test_the_defaults_of_the_form_are_a_strategy(world: World) -> None:
    form = StrategyForm(schedule=DAYTIME, phone_types={"M": PhoneTypeForm()})
    assert (form.no_result_priority, form.phone_keys) == (5, ("attempts", "result", "type"))
    campaign = world.campaign(phone_types=form.phone_types)
    assert len(world.rows(StrategyVersion, StrategyVersion.campaign_id == campaign)) == 1
