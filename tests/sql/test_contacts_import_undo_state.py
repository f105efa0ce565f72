"""contacts.import_undo_state: what becomes of one client of a load, and why it stays."""

from __future__ import annotations

import pytest
from import_rows import Load
from import_undo import DIALLED, LATER_LOAD, OUT, PROMISED, finish, state, undo
from world import World

from app.models.contact import Client, Phone
from app.models.dialing import Callback


@pytest.fixture
def campaign(world: World) -> int:
    return world.campaign()


def load_of(world: World, campaign: int, *phones: str, code: str = "a", minutes: float = 0, **columns: object) -> Load:
    load = Load(world, campaign)
    load.line(code, *(phones or ("79160000001:M",)), **columns)
    load.apply(world.at(minutes))
    finish(load, world.at(minutes))
    return load


def test_a_new_client_goes_and_a_known_one_comes_back(world: World, campaign: int) -> None:
    first = load_of(world, campaign)
    second = load_of(world, campaign, "79160000001:M", "79160000002:M", last_name="x")
    assert state(second, "a") == (0, 0, 1)
    assert state(first, "a") == (1, LATER_LOAD, 1)


def test_a_dialled_phone(world: World, campaign: int) -> None:
    load = load_of(world, campaign)
    world.attempt(campaign, "BUSY", world.at(1))
    assert state(load, "a") == (1, DIALLED, 1)


def test_a_phone_at_the_dialer(world: World, campaign: int) -> None:
    load = load_of(world, campaign)
    world.dial(campaign)
    assert state(load, "a") == (1, OUT, 1)


def test_a_known_client_may_be_dialled_on_its_old_phones(world: World, campaign: int) -> None:
    load_of(world, campaign)
    load = load_of(world, campaign, "79160000001:M", "79160000002:M", last_name="x", minutes=1)
    world.dial(campaign, world.at(2))
    assert state(load, "a") == (0, 0, 1)


def test_an_agent_result_of_the_client_alone(world: World, campaign: int) -> None:
    load = load_of(world, campaign)
    world.agent_says("20", campaign_id=campaign, client_code="a")
    assert state(load, "a") == (1, PROMISED, 1)


def test_a_promised_call(world: World, campaign: int) -> None:
    load = load_of(world, campaign)
    (client,), (phone,) = world.rows(Client), world.rows(Phone)
    world._insert(
        Callback, campaign_id=campaign, client_id=client["client_id"], phone_id=phone["phone_id"],
        due_at=world.at(days=1), state_id=1, source_id=2, created_at=world.now,
    )  # fmt: skip
    world.settle(client["client_id"])
    assert state(load, "a") == (1, PROMISED, 1)


def test_a_later_load_that_is_undone_is_none(world: World, campaign: int) -> None:
    first = load_of(world, campaign)
    undo(load_of(world, campaign))
    assert state(first, "a") == (1, 0, 1)
