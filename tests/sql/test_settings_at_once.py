"""What a saved strategy changes is obeyed by the next block, and the save writes no row of core.phone (M185)."""

from __future__ import annotations

from typing import Any

import pytest
from world import DAYTIME, World

from app.campaigns import ResultForm, ScheduleForm
from app.models.contact import Phone

pytestmark = pytest.mark.mission("M185")

BUSY_FIRST = {"BUSY": ResultForm(1, None), "NO_ANSWER": ResultForm(9, None)}
NO_ANSWER_FIRST = {"BUSY": ResultForm(9, None), "NO_ANSWER": ResultForm(1, None)}


def phone_rows(world: World) -> list[Any]:
    """All rows of core.phone as they lie: PostgreSQL's own marks of a written row, elsewhere all that is in them."""
    if world.connection.dialect.name == "postgresql":
        return world.query(
            "SELECT p.phone_id, CAST(p.xmin AS text) AS by, CAST(p.ctid AS text) AS at FROM core.phone AS p"
        )
    return world.rows(Phone)


def save(world: World, campaign: int, **changes: Any) -> None:
    """Save a changed strategy; no row of core.phone is written."""
    before = phone_rows(world)
    assert before
    world.strategy(campaign, **changes)
    assert phone_rows(world) == before


def test_the_proof_sees_a_row_that_is_written(world: World) -> None:
    client = world.client(world.campaign())
    before = phone_rows(world)
    assert phone_rows(world) == before
    world.phone_facts(client, is_blocked=True)
    assert phone_rows(world) != before


def test_a_changed_delay(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(5, 120)})
    client = world.client(campaign)
    world.attempt(campaign, "BUSY")
    assert world.dialled(campaign, world.at(5)) == []
    save(world, campaign, technical_results={"BUSY": ResultForm(5, 5)})
    assert world.dialled(campaign, world.at(5)) == [client.number]
    save(world, campaign, technical_results={"BUSY": ResultForm(5, 6)})
    assert world.dialled(campaign, world.at(5)) == []


def test_a_changed_priority(world: World) -> None:
    campaign = world.campaign(technical_results=BUSY_FIRST)
    results = [world.client(campaign).number for _ in range(2)]
    given = dict(zip(results, ("BUSY", "NO_ANSWER"), strict=True))
    world.apply(*(world.row(row.record_key, given[row.number]) for row in world.dial(campaign)))
    assert world.dialled(campaign, world.at(1)) == results
    save(world, campaign, technical_results=NO_ANSWER_FIRST)
    assert world.dialled(campaign, world.at(1)) == results[::-1]


def test_a_changed_schedule(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    assert world.dialled(campaign) == [client.number]
    save(world, campaign, schedule=ScheduleForm.daily("Evening", 18 * 60, 21 * 60))
    assert world.dialled(campaign) == []
    save(world, campaign, schedule=DAYTIME)
    assert world.dialled(campaign) == [client.number]


def test_a_changed_limit(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1, technical_results={"BUSY": ResultForm(5, None)})
    client = world.client(campaign)
    world.attempt(campaign, "BUSY")
    assert world.dialled(campaign, world.at(1)) == []
    save(world, campaign, max_client_attempts=2)
    assert world.dialled(campaign, world.at(1)) == [client.number]
    save(world, campaign, max_client_attempts=1)
    assert world.dialled(campaign, world.at(1)) == []
