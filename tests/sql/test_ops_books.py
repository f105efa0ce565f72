"""ops.books: the books balance after real work, and each check goes red when its fault is planted, alone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, delete, insert, update
from world import NOON, World

from app.books import BookCheck, read_books
from app.commands.books import TITLES
from app.models.contact import Attempt, AttemptOutcome, Client, Phone
from app.models.dialing import Block, Callback, Record, RecordReturned
from app.models.importing import ImportBatch
from app.models.strategy import ClientCountChange, DialClass, DialClassChange
from app.procedures import dialing


@pytest.fixture
def busy(connection: Connection) -> World:
    """A world where everything has happened once, whose books are not looked at in the end."""
    world = World(connection)
    load = world._insert(
        ImportBatch, kind_id=1, state_id=2, started_at=NOON, created_by="tests", clients_loaded=6, phones_loaded=12
    )
    campaign = world.campaign(block_size=3)
    clients = [world.client(campaign, "MH", import_batch_id=load) for _ in range(6)]
    world.connection.execute(update(Phone).values(import_batch_id=load))
    world.callback(clients[5], world.now)
    first = world.dial(campaign)
    world.result(first[0].record_key, "BUSY", world.at(minutes=1))
    world.result(first[1].record_key, "VOICE", world.at(minutes=1), wrapup="12")
    dialing.record_return(world.connection, first[2].record_key, 3, world.at(minutes=2))
    second = world.dial(campaign, world.at(minutes=3))
    dialing.block_recall(world.connection, campaign, world.at(minutes=4))
    assert world.result(second[0].record_key, "BUSY", world.at(minutes=5)) == (1, 0, 0, 0)  # late
    world.callback(clients[4], world.now)
    third = world.dial(campaign, world.at(minutes=6))
    assert (len(first), len(second), len(third)) == (3, 3, 3)
    return world


def checks(world: World) -> dict[str, BookCheck]:
    return {check.code: check for check in read_books(world.connection)}


def test_the_books_balance_after_real_work_and_have_something_to_count(busy: World) -> None:
    found = checks(busy)
    assert busy.unbalanced() == {}
    assert {code: found[code].found for code in list(found)[:4]} == {
        "clients_loaded": 6, "phones_loaded": 12, "attempts_with_one_result": 3, "records_of_blocks": 9,
    }  # fmt: skip


def test_an_empty_database_balances(world: World) -> None:
    found = checks(world)
    assert len(found) == 13
    assert {(check.expected, check.found, check.is_balanced) for check in found.values()} == {(0, 0, True)}


def test_every_check_has_a_title_for_people(world: World) -> None:
    assert list(checks(world)) == list(TITLES)


# -- Faults, each with the one check that has to find it

Plant = Callable[[World], None]
FAULTS: dict[str, tuple[str, Plant]] = {}


def fault(code: str) -> Callable[[Plant], Plant]:
    def register(plant: Plant) -> Plant:
        FAULTS[plant.__name__.replace("_", " ")] = (code, plant)
        return plant

    return register


def first(world: World, model: Any, *conditions: Any) -> dict[str, Any]:
    return world.rows(model, *conditions)[0]


def change(world: World, model: Any, *conditions: Any, **values: Any) -> None:
    """Change the first row that meets the conditions."""
    row, key = first(world, model, *conditions), list(model.__table__.primary_key.columns)
    world.connection.execute(update(model).where(*(column == row[column.name] for column in key)).values(**values))


def add(world: World, model: Any, **values: Any) -> None:
    world.connection.execute(insert(model).values(**values))


@fault("clients_loaded")
def a_load_says_that_it_brought_one_client_more(world: World) -> None:
    change(world, ImportBatch, clients_loaded=7)


@fault("clients_loaded")
def a_client_belongs_to_no_load_any_more(world: World) -> None:
    change(world, Client, import_batch_id=None)


@fault("phones_loaded")
def a_load_says_that_it_brought_one_phone_more(world: World) -> None:
    change(world, ImportBatch, phones_loaded=13)


@fault("phones_loaded")
def a_phone_belongs_to_no_load_any_more(world: World) -> None:
    change(world, Phone, import_batch_id=None)


@fault("attempts_with_one_result")
def an_attempt_has_no_known_result(world: World) -> None:
    change(world, Attempt, technical_result_id=0)


@fault("records_of_blocks")
def a_block_says_that_it_handed_over_one_record_more(world: World) -> None:
    change(world, Block, size=4)


@fault("records_of_blocks")
def a_record_that_came_back_is_forgotten(world: World) -> None:
    keys = [row["record_key"] for row in world.rows(Attempt)]
    row = first(world, RecordReturned, RecordReturned.record_key.not_in(keys))
    world.connection.execute(delete(RecordReturned).where(RecordReturned.record_key == row["record_key"]))


@fault("phones_out_twice_at_once")
def a_phone_was_taken_while_its_call_went_on(world: World) -> None:
    attempt = first(world, Attempt)
    del attempt["attempt_id"]
    taken = attempt["taken_at"] + timedelta(seconds=30)
    add(world, Attempt, **(attempt | {"record_key": "TWICE", "taken_at": taken, "is_counted": False}))
    change(world, Block, Block.block_id == attempt["block_id"], size=4)


@fault("phones_out_twice_at_once")
def a_phone_was_taken_while_its_record_is_out(world: World) -> None:
    record = first(world, Record)
    names = ("campaign_id", "client_id", "phone_id", "number", "block_id", "strategy_version_id", "processing_id")
    add(
        world, RecordReturned, record_key="AGAIN", taken_at=record["taken_at"] + timedelta(minutes=5),
        returned_at=record["taken_at"] + timedelta(minutes=6), reason_id=3, **{name: record[name] for name in names},
    )  # fmt: skip
    change(world, Block, Block.block_id == record["block_id"], size=4)


@fault("clients_with_other_attempts")
def a_client_has_an_attempt_that_is_not_there(world: World) -> None:
    client_id = first(world, Client, Client.attempts == 0)["client_id"]
    change(world, Client, Client.client_id == client_id, attempts=1)
    world.settle(client_id)


@fault("phones_with_other_attempts")
def a_phone_has_an_attempt_that_is_not_there(world: World) -> None:
    phone = first(world, Phone, Phone.attempts == 0)
    change(world, Phone, Phone.phone_id == phone["phone_id"], attempts=1)
    world.settle(phone["client_id"])


@fault("attempts_outside_schedule")
def a_call_ended_outside_of_the_hours(world: World) -> None:
    change(world, Attempt, ended_at=NOON + timedelta(hours=12))


@fault("attempts_outside_schedule")
def a_call_began_outside_of_the_hours(world: World) -> None:
    change(world, Attempt, ended_at=NOON - timedelta(hours=2, minutes=59), duration_ms=70_000)


@fault("phones_in_another_class")
def a_phone_is_blocked_and_nobody_settled_it(world: World) -> None:
    change(world, Phone, is_blocked=True)


@fault("phones_in_another_class")
def a_fact_changed_and_nobody_settled_it(world: World) -> None:
    change(world, Client, load_priority=7)


@fault("phones_in_another_class")
def a_phone_has_a_class_that_is_not_there(world: World) -> None:
    phone = first(world, Phone)
    change(world, Phone, Phone.phone_id == phone["phone_id"], dial_class_id=999_999)
    add(world, DialClassChange, dial_class_id=phone["dial_class_id"], phones=-1)
    add(world, DialClassChange, dial_class_id=999_999, phones=1)


@fault("classes_with_another_count")
def a_class_is_said_to_have_one_phone_more(world: World) -> None:
    add(world, DialClassChange, dial_class_id=first(world, DialClass)["dial_class_id"], phones=1)


@fault("statuses_with_another_count")
def a_status_is_said_to_have_one_client_more(world: World) -> None:
    client = first(world, Client)
    add(
        world,
        ClientCountChange,
        campaign_id=client["campaign_id"],
        segment_id=client["segment_id"],
        status_id=1,
        clients=1,
    )


@fault("callbacks_in_work_without_record")
def a_callback_is_in_work_and_its_record_is_not(world: World) -> None:
    callback = first(world, Callback, Callback.state_id == 2)
    del callback["callback_id"]
    add(world, Callback, **(callback | {"record_key": "GONE"}))


@fault("callbacks_in_work_without_record")
def a_record_is_out_for_a_callback_that_still_waits(world: World) -> None:
    change(world, Callback, Callback.state_id == 2, state_id=1)


@fault("calls_with_two_agent_results")
def a_call_has_two_agent_results(world: World) -> None:
    outcome = first(world, AttemptOutcome)
    del outcome["outcome_id"]
    add(world, AttemptOutcome, **outcome)


def test_every_check_has_a_fault_here(world: World) -> None:
    assert {code for code, _plant in FAULTS.values()} == set(checks(world))


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_turns_its_check_red_and_no_other(busy: World, name: str) -> None:
    code, plant = FAULTS[name]
    plant(busy)
    assert list(busy.unbalanced()) == [code]
