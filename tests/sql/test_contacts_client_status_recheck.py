"""contacts.client_status_recheck: the dictionary's values of an agent result were changed, and statuses follow."""

from __future__ import annotations

import pytest
from sqlalchemy import update
from world import ACTIVE, AGENT_ATTEMPTS, World

from app.campaigns import AgentResultForm
from app.models.dictionary import AgentResult
from app.models.strategy import Campaign
from app.procedures import contacts

pytestmark = pytest.mark.mission("M68", "M80")


def change(world: World, code: str, **values: int | None) -> int:
    """Change the dictionary's row, as the screen does. Returns how many campaigns read it."""
    world.connection.execute(update(AgentResult).where(AgentResult.code == code).values(**values))
    return contacts.client_status_recheck(world.connection, world.agent(code))


def run(world: World, campaign: int) -> tuple[int, int]:
    row = contacts.client_status_update(world.connection, campaign, world.now)
    return row.clients_checked, row.clients_changed


def test_a_raised_limit_brings_back_whom_it_stopped(world: World) -> None:
    campaign = world.campaign()
    stopped, free = world.client(campaign), world.client(campaign)
    world.facts(stopped, agent_result_id=world.agent("12"), agent_result_at=world.at(-600), agent_result_attempts=3)
    assert [world.status(one) for one in (stopped, free)] == [AGENT_ATTEMPTS, ACTIVE]
    run(world, campaign)
    assert run(world, campaign) == (0, 0)

    assert change(world, "12", max_attempts=4) == 1
    assert run(world, campaign) == (1, 1)
    assert world.status(stopped) == ACTIVE
    assert run(world, campaign) == (0, 0)
    assert sorted(world.dialled(campaign)) == sorted([stopped.number, free.number])


def test_the_next_block_obeys_before_the_service_has_run(world: World) -> None:
    campaign = world.campaign()
    stopped = world.client(campaign)
    world.facts(stopped, agent_result_id=world.agent("12"), agent_result_at=world.at(-600), agent_result_attempts=3)
    run(world, campaign)
    assert world.dialled(campaign) == []
    change(world, "12", max_attempts=4)
    assert world.dialled(campaign) == [stopped.number]


def test_a_lowered_limit_stops_whom_it_reaches(world: World) -> None:
    campaign = world.campaign()
    reached, below = world.client(campaign), world.client(campaign)
    for client, times in ((reached, 2), (below, 1)):
        world.facts(
            client, agent_result_id=world.agent("12"), agent_result_at=world.at(-600), agent_result_attempts=times
        )
    run(world, campaign)
    change(world, "12", max_attempts=2)
    assert run(world, campaign)[1] == 1
    assert [world.status(one) for one in (reached, below)] == [AGENT_ATTEMPTS, ACTIVE]


def test_an_action_without_a_limit_lets_go(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.facts(client, agent_result_id=world.agent("12"), agent_result_at=world.at(-600), agent_result_attempts=3)
    run(world, campaign)
    change(world, "12", action_id=2)
    run(world, campaign)
    assert world.status(client) == ACTIVE


def test_a_campaign_whose_strategy_names_the_result_is_left_alone(world: World) -> None:
    own = world.campaign(agent_results={"12": AgentResultForm(3, priority=5, max_attempts=3)})
    reads, archived = world.campaign(), world.campaign()
    world.connection.execute(update(Campaign).where(Campaign.campaign_id == archived).values(state_id=3))
    client = world.client(own)
    world.facts(client, agent_result_id=world.agent("12"), agent_result_at=world.at(-600), agent_result_attempts=3)
    run(world, own)
    settled = world.campaign_row(own).status_version_id
    assert change(world, "12", max_attempts=9) == 1
    assert world.campaign_row(own).status_version_id == settled
    assert world.campaign_row(archived).status_version_id is None
    assert world.campaign_row(reads).status_version_id == -1
    run(world, own)
    assert world.status(client) == AGENT_ATTEMPTS


def test_each_change_leaves_another_mark_so_that_a_run_under_way_does_not_take_it_for_done(world: World) -> None:
    campaign = world.campaign()
    run(world, campaign)
    marks = []
    for limit in (4, 5):
        change(world, "12", max_attempts=limit)
        marks.append(world.campaign_row(campaign).status_version_id)
    assert marks == [-1, -2]
    run(world, campaign)
    assert world.campaign_row(campaign).status_version_id == world.version_id(campaign)
