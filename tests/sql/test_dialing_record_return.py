"""dialing.record_return: one record that the dialer does not have any more comes back."""

from __future__ import annotations

import pytest
from world import World

from app.models.contact import WorkClient, WorkSet
from app.models.dialing import Block, Callback, Record, RecordReturned
from app.procedures import dialing


@pytest.mark.parametrize("reason_id", [1, 2, 3])
def test_the_record_comes_back_and_the_others_of_its_block_stay_out(world: World, reason_id: int) -> None:
    campaign = world.campaign()
    clients = [world.client(campaign) for _ in range(3)]
    rows = world.dial(campaign)
    dialing.record_return(world.connection, rows[1].record_key, reason_id, world.at(hours=5))
    assert world.rows(RecordReturned) == [
        {
            "record_key": rows[1].record_key, "block_id": rows[1].block_id, "campaign_id": campaign,
            "client_id": clients[1].client_id, "phone_id": clients[1].phone_id, "number": clients[1].number,
            "strategy_version_id": world.version_id(campaign), "processing_id": 1, "taken_at": world.now,
            "returned_at": world.at(hours=5), "reason_id": reason_id,
        }
    ]  # fmt: skip
    assert [row["record_key"] for row in world.rows(Record)] == [rows[0].record_key, rows[2].record_key]
    assert [(row["state_id"], row["recalled"]) for row in world.rows(Block)] == [(3, 1)]
    assert [world.is_free(client) for client in clients] == [False, True, False]
    assert (world.rows(WorkSet), world.rows(WorkClient)) == ([], [])


def test_it_is_dialled_again_and_its_late_result_is_an_attempt_all_the_same(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    (lost,) = world.dial(campaign)
    dialing.record_return(world.connection, lost.record_key, 3, world.at(hours=5))
    (again,) = world.dial(campaign, world.at(hours=6))
    assert world.result(lost.record_key, "BUSY", world.at(minutes=1)) == (1, 0, 0, 0)
    assert world.client_row(client).attempts == 1
    assert world.is_free(client) is False
    assert world.result(again.record_key, "BUSY", world.at(hours=6)) == (1, 0, 0, 0)
    assert world.client_row(client).attempts == 2
    assert world.is_free(client) is True


def test_its_callback_waits_again(world: World) -> None:
    client = world.client(campaign := world.campaign())
    world.callback(client, world.now)
    (row,) = world.dial(campaign)
    dialing.record_return(world.connection, row.record_key, 3, world.at(hours=5))
    assert [(each["state_id"], each["record_key"]) for each in world.rows(Callback)] == [(1, None)]


def test_a_record_that_is_not_out_changes_nothing(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    (row,) = world.dial(campaign)
    world.result(row.record_key, "BUSY")
    before = (world.rows(Block), world.client_row(client), world.phone_row(client))
    for key in (row.record_key, "ACM0-0"):
        dialing.record_return(world.connection, key, 3, world.at(hours=5))
    assert (world.rows(Block), world.client_row(client), world.phone_row(client)) == before
    assert world.rows(RecordReturned) == []
    assert world.rows(WorkSet) == []
