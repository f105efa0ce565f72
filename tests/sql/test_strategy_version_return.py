"""strategy.version_return: an earlier version is in force again, as a new one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from sqlalchemy import text
from world import World

from app.campaigns import (
    AgentResultForm,
    PhoneTypeForm,
    ResultForm,
    ScheduleForm,
    compare_versions,
    read_strategy,
)
from app.models.contact import Attempt, Phone
from app.models.strategy import DialClass, Schedule, StrategyVersion
from app.procedures.strategy import version_return

SETTINGS: dict[str, Any] = {
    "schedule": ScheduleForm("Общее", [(day, 540, 1260) for day in range(1, 8)], [(date(2027, 1, 1), None, None)]),
    "block_size": 3, "queue_depth": 30, "max_client_attempts": 10, "max_day_attempts": 2, "first_call_minutes": 600,
    "created_minutes": 6000, "created_names_status": True, "client_most_first": True, "no_result_priority": 2,
    "phone_keys": ("type", "result", "attempts"), "phone_most_first": True, "leaf_mandatory": True,
    "phone_types": {
        "M": PhoneTypeForm(max_attempts=5, weight=1),
        "H": PhoneTypeForm(weight=3, schedule=ScheduleForm("Домашние", [(6, 600, 1200)])),
        "W": PhoneTypeForm(is_dialled=False),
    },
    "technical_results": {"BUSY": ResultForm(3, 120), "OTHER": ResultForm(9, None, False)},
    "agent_results": {"12": AgentResultForm(3, 5, 3, 240)},
}  # fmt: skip


@pytest.mark.mission("M185")
def test_the_settings_come_back_as_a_new_version_with_who_when_and_why(world: World) -> None:
    campaign = world.campaign(**SETTINGS)
    first = world.version_id(campaign)
    second = world.strategy(
        campaign, block_size=8, phone_types={"M": PhoneTypeForm()}, technical_results={}, agent_results={},
        schedule=ScheduleForm.daily("Иное", 0, 1440),
    )  # fmt: skip
    schedules = len(world.rows(Schedule))
    row = version_return(world.connection, campaign, first, "anna", "так было лучше", world.at(hours=1))
    assert row.version_no == 3 and world.version_id(campaign) == row.strategy_version_id not in (first, second)
    version = world.rows(StrategyVersion, StrategyVersion.strategy_version_id == row.strategy_version_id)[0]
    assert (version["created_by"], version["created_at"], version["reason"]) == (
        "anna", world.at(hours=1), "так было лучше",
    )  # fmt: skip
    assert compare_versions(world.connection, first, row.strategy_version_id) == []
    assert read_strategy(world.connection, first) == read_strategy(world.connection, row.strategy_version_id)
    assert len(compare_versions(world.connection, second, row.strategy_version_id)) > 10
    assert len(world.rows(Schedule)) == schedules


@pytest.mark.mission("M185")
def test_the_next_block_obeys_and_no_contact_row_is_written(world: World) -> None:
    campaign = world.campaign(block_size=2)
    world.many_clients(campaign, 20)
    first = world.version_id(campaign)
    world.strategy(campaign, block_size=7)
    assert len(world.take(campaign)) == 7
    before = written(world)
    version_return(world.connection, campaign, first, "anna", None, world.now)
    assert written(world) == before
    assert len(world.take(campaign)) == 2


def written(world: World) -> list[Any]:
    """Contact rows and classes; on PostgreSQL with the version of each row, which any writing changes."""
    if world.connection.dialect.name != "postgresql":
        return [world.rows(Phone), world.rows(DialClass)]
    return [
        [
            tuple(row)
            for row in world.connection.execute(text(f"SELECT t.xmin, t.ctid, t FROM {table} AS t ORDER BY t.ctid"))
        ]
        for table in ("core.phone", "core.client", "core.dial_class", "core.dial_class_change")
    ]


@pytest.mark.mission("M185")
def test_saving_writes_a_new_version_and_neither_a_contact_nor_the_old_version(world: World) -> None:
    campaign = world.campaign(**SETTINGS)
    world.many_clients(campaign, 5)
    old = read_strategy(world.connection, world.version_id(campaign))
    first, before = world.version_id(campaign), written(world)
    second = world.strategy(campaign, max_client_attempts=1, no_result_priority=9, phone_types={"H": PhoneTypeForm()})
    assert written(world) == before
    assert read_strategy(world.connection, first) == old
    assert read_strategy(world.connection, second) == replace(
        old, max_client_attempts=1, no_result_priority=9, phone_types={"H": PhoneTypeForm()}
    )
    rows = world.rows(StrategyVersion, StrategyVersion.campaign_id == campaign)
    assert [(row["version_no"], row["created_by"], row["reason"]) for row in rows] == [
        (1, "tests", None), (2, "tests", "a test"),
    ]  # fmt: skip


@pytest.mark.mission("M185")
def test_every_attempt_names_the_version_that_allowed_it(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(3, None)})
    client = world.client(campaign)
    first = world.version_id(campaign)
    world.attempt(campaign, "BUSY", world.at(minutes=1))
    second = world.strategy(campaign, block_size=9)
    world.attempt(campaign, "BUSY", world.at(minutes=5))
    third = version_return(world.connection, campaign, first, "anna", None, world.at(minutes=6)).strategy_version_id
    world.attempt(campaign, "BUSY", world.at(minutes=9))
    attempts = world.rows(Attempt, Attempt.client_id == client.client_id)
    assert [row["strategy_version_id"] for row in attempts] == [first, second, third]


def test_versions_of_others_unknown_ones_and_that_in_force_are_refused(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    first = world.version_id(campaign)
    world.strategy(campaign, block_size=9)
    version_return(world.connection, campaign, first, "anna", None, world.now)
    assert len(world.rows(StrategyVersion, StrategyVersion.campaign_id == campaign)) == 3
    with world.refused(50130):
        version_return(world.connection, campaign, world.version_id(other), "anna", None, world.now)


@pytest.mark.parametrize(("number", "which"), [(50130, "unknown"), (50131, "in force"), (50001, "no campaign")])
def test_what_cannot_be_returned_to_is_refused(world: World, number: int, which: str) -> None:
    campaign = world.campaign()
    version = world.version_id(campaign)
    with world.refused(number):
        version_return(
            world.connection,
            0 if which == "no campaign" else campaign,
            0 if which == "unknown" else version,
            "anna",
            None,
        )
