"""dialing.block_fail: a block that the dialer surely does not have is closed, and its records come back."""

from __future__ import annotations

import pytest
from world import World

from app.models.dialing import Block, Callback, Record, RecordReturned
from app.procedures import dialing


@pytest.mark.parametrize("is_sent", [False, True])
def test_the_records_of_the_block_come_back_in_full(world: World, is_sent: bool) -> None:
    campaign = world.campaign(block_size=2)
    clients = [world.client(campaign) for _ in range(3)]
    failing, other = world.take(campaign), world.take(campaign, world.at(minutes=1))
    block_id = failing[0].block_id
    if is_sent:
        dialing.block_send(world.connection, block_id, world.at(minutes=1))
    dialing.block_fail(world.connection, block_id, "HTTP 400", world.at(minutes=2))
    assert world.rows(Block)[0] == {
        "block_id": block_id, "campaign_id": campaign, "strategy_version_id": world.version_id(campaign), "state_id": 4,
        "size": 2, "taken_at": world.now, "sent_at": world.at(minutes=1) if is_sent else None,
        "settled_at": world.at(minutes=2), "recalled": 2, "message": "HTTP 400",
    }  # fmt: skip
    assert world.rows(RecordReturned) == [
        {
            "record_key": row.record_key, "block_id": block_id, "campaign_id": campaign, "client_id": client.client_id,
            "phone_id": client.phone_id, "number": client.number, "strategy_version_id": world.version_id(campaign),
            "processing_id": 1, "taken_at": world.now, "returned_at": world.at(minutes=2), "reason_id": 1,
        }
        for row, client in zip(failing, clients[:2], strict=True)
    ]  # fmt: skip
    assert [row["record_key"] for row in world.rows(Record)] == [other[0].record_key]
    assert [world.is_free(client) for client in clients] == [True, True, False]


def test_the_phones_that_came_back_are_taken_again_with_new_keys(world: World) -> None:
    campaign = world.campaign()
    world.many_clients(campaign, 3)
    first = world.take(campaign)
    dialing.block_fail(world.connection, first[0].block_id, "HTTP 400", world.at(minutes=1))
    second = world.take(campaign, world.at(minutes=2))
    assert [row.number for row in second] == [row.number for row in first]
    assert {row.record_key for row in first} & {row.record_key for row in second} == set()


def test_coming_back_is_no_attempt_and_no_result(world: World) -> None:
    client = world.client(campaign := world.campaign())
    before = (world.client_row(client), world.phone_row(client))
    block_id = world.take(campaign)[0].block_id
    assert world.is_out(client)
    dialing.block_fail(world.connection, block_id, "HTTP 400", world.at(minutes=1))
    assert not world.is_out(client)
    assert (world.client_row(client), world.phone_row(client)) == before


def test_a_callback_waits_again_at_its_own_moment(world: World) -> None:
    client = world.client(campaign := world.campaign())
    world.callback(client, world.now, "3001")
    block_id = world.take(campaign)[0].block_id
    assert [(row["state_id"], row["record_key"] is None) for row in world.rows(Callback)] == [(2, False)]
    dialing.block_fail(world.connection, block_id, "HTTP 400", world.at(minutes=1))
    assert [(row["state_id"], row["record_key"], row["due_at"]) for row in world.rows(Callback)] == [
        (1, None, world.now)
    ]
    assert [row.processing_id for row in world.take(campaign, world.at(minutes=2))] == [3]


def test_a_block_that_the_dialer_confirmed_does_not_fail(world: World) -> None:
    client = world.client(campaign := world.campaign())
    block_id = world.dial(campaign)[0].block_id
    dialing.block_fail(world.connection, block_id, "HTTP 400", world.at(minutes=1))
    assert [(row["state_id"], row["settled_at"], row["recalled"], row["message"]) for row in world.rows(Block)] == [
        (3, world.now, 0, None)
    ]
    assert world.is_free(client) is False


def test_a_failed_block_fails_once(world: World) -> None:
    world.client(campaign := world.campaign())
    block_id = world.take(campaign)[0].block_id
    dialing.block_fail(world.connection, block_id, "HTTP 400", world.at(minutes=1))
    again = world.take(campaign, world.at(minutes=2))
    dialing.block_fail(world.connection, block_id, "HTTP 500", world.at(minutes=3))
    assert (world.rows(Block)[0]["message"], world.rows(Block)[0]["settled_at"]) == ("HTTP 400", world.at(minutes=1))
    assert [row["record_key"] for row in world.rows(Record)] == [again[0].record_key]


def test_records_with_a_result_stay_with_it(world: World) -> None:
    campaign = world.campaign()
    world.many_clients(campaign, 2)
    rows = world.take(campaign)
    dialing.block_send(world.connection, rows[0].block_id, world.now)
    world.result(rows[0].record_key, at=world.at(minutes=1))
    dialing.block_fail(world.connection, rows[0].block_id, "unknown", world.at(minutes=2))
    assert [row["record_key"] for row in world.rows(RecordReturned)] == [rows[1].record_key]
    assert world.rows(Block)[0]["recalled"] == 1
