"""dialing.callback_settle: promised calls that nobody needs any more, or that were missed."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import delete, update
from world import CLIENT_ATTEMPTS, FAILURE, SUCCESS, World

from app.database.procedure import call
from app.models.dialing import Callback
from app.models.ops import Setting
from app.models.strategy import DialClass
from app.procedures import dialing

pytestmark = pytest.mark.mission("M229")


def settle(world: World, at: datetime) -> tuple[int, int]:
    row = dialing.callback_settle(world.connection, at)
    assert row.is_finished == 1
    return row.callbacks_missed, row.callbacks_closed


def callbacks(world: World) -> list[tuple[int, Any]]:
    return [(row["state_id"], row["closed_at"]) for row in world.rows(Callback)]


def test_a_call_that_is_overdue_for_a_day_is_missed(world: World) -> None:
    client = world.client(world.campaign())
    world.callback(client, world.now)
    world.callback(client, world.at(minutes=1))
    assert settle(world, world.at(days=1, minutes=-0.01)) == (0, 0)
    assert callbacks(world) == [(1, None), (1, None)]
    assert settle(world, world.at(days=1)) == (1, 0)
    assert callbacks(world) == [(4, world.at(days=1)), (1, None)]
    assert settle(world, world.at(days=1)) == (0, 0)


@pytest.mark.parametrize(("value", "minutes"), [("60", 60), ("not a number", 1440), (None, 1440)])
def test_how_long_it_may_be_overdue_is_a_setting(world: World, value: str | None, minutes: int) -> None:
    setting = Setting.name == "callback_missed_minutes"
    world.connection.execute(
        delete(Setting).where(setting) if value is None else update(Setting).where(setting).values(value=value)
    )
    world.callback(world.client(world.campaign()), world.now)
    assert settle(world, world.at(minutes - 1)) == (0, 0)
    assert settle(world, world.at(minutes)) == (1, 0)


@pytest.mark.parametrize(
    ("status", "state_id"), [(SUCCESS, 5), (FAILURE, 5), (CLIENT_ATTEMPTS, 1)], ids=["success", "failure", "limit"]
)
def test_the_call_of_a_processed_client_is_cancelled(world: World, status: int, state_id: int) -> None:
    campaign = world.campaign(max_client_attempts=1)
    client, other = world.client(campaign), world.client(campaign)
    for each in (client, other):
        world.callback(each, world.at(hours=1))
    if status == CLIENT_ATTEMPTS:
        world.facts(client, attempts=1)
    else:
        world.facts(client, status_id=status)
    assert world.status(client) == status
    assert settle(world, world.now) == (0, 1 if state_id == 5 else 0)
    assert callbacks(world) == [(state_id, world.now if state_id == 5 else None), (1, None)]


def test_the_missed_call_of_a_processed_client_is_cancelled(world: World) -> None:
    client = world.client(world.campaign())
    world.callback(client, world.now)
    world.facts(client, status_id=SUCCESS)
    assert settle(world, world.at(days=3)) == (0, 1)
    assert callbacks(world) == [(5, world.at(days=3))]


def test_calls_that_are_in_work_or_over_are_left_as_they_are(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.callback(client, world.now)
    (row,) = world.dial(campaign)
    for state_id in (3, 4, 5):
        world.callback(client, world.now, state_id=state_id)
    before = world.rows(Callback)
    assert [callback["state_id"] for callback in before] == [2, 3, 4, 5]
    assert settle(world, world.at(days=3)) == (0, 0)
    assert world.rows(Callback) == before
    world.result(row.record_key, "RETURNED", world.at(days=3))
    assert settle(world, world.at(days=3)) == (1, 0)


def test_a_run_takes_so_many_and_says_whether_there_are_more(world: World) -> None:
    campaign = world.campaign()
    clients = [world.client(campaign) for _ in range(3)]
    for client in clients:
        world.callback(client, world.now)
    world.facts(clients[1], status_id=SUCCESS)
    ask = {"batch_size": 2, "now": world.at(days=1)}
    found = [tuple(call(world.connection, "dialing.callback_settle", **ask)[0]) for _ in range(3)]
    # missed, closed, finished
    assert found == [(1, 1, 0), (1, 0, 1), (0, 0, 1)]


def test_the_class_of_the_phones_forgets_the_promise(world: World) -> None:
    client, other = (world.client(world.campaign(), "MH") for _ in range(2))
    world.callback(client, world.now)
    world.callback(other, world.at(days=2))
    promised = [world.phone_row(each, position).dial_class_id for each in (client, other) for position in (0, 1)]
    assert settle(world, world.at(days=1)) == (1, 0)
    now = [world.phone_row(each, position).dial_class_id for each in (client, other) for position in (0, 1)]
    facts = {row["dial_class_id"]: row["is_promised"] for row in world.rows(DialClass)}
    assert [facts[each] for each in promised] == [1, 1, 1, 1]
    assert [facts[each] for each in now] == [0, 0, 1, 1]


def test_a_client_whose_call_was_missed_is_dialled_in_the_ordinary_order_again(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.callback(client, world.now)
    settle(world, world.at(days=1))
    assert [(row.number, row.processing_id) for row in world.take(campaign, world.at(days=1))] == [(client.number, 1)]
