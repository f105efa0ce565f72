"""dialing.block_recall: all records of a campaign that are out come back («Очистить очередь»)."""

from __future__ import annotations

import pytest
from world import World

from app.models.dialing import Block, Record, RecordReturned
from app.procedures import dialing

pytestmark = pytest.mark.mission("M186", "M191")


def test_everything_of_the_campaign_that_is_out_comes_back_in_full(world: World) -> None:
    campaign, other = world.campaign(block_size=2), world.campaign(block_size=2)
    clients = [world.client(campaign) for _ in range(4)]
    world.many_clients(other, 2)
    confirmed, taken, theirs = world.dial(campaign), world.take(campaign), world.dial(other)
    assert dialing.block_recall(world.connection, campaign, world.at(minutes=5)) == 4
    assert [
        (row["block_id"], row["state_id"], row["settled_at"], row["recalled"]) for row in world.rows(Block)
    ] == [
        (confirmed[0].block_id, 5, world.at(minutes=5), 2),
        (taken[0].block_id, 5, world.at(minutes=5), 2),
        (theirs[0].block_id, 3, world.now, 0),
    ]  # fmt: skip
    assert [
        (row["record_key"], row["client_id"], row["returned_at"], row["reason_id"])
        for row in world.rows(RecordReturned)
    ] == sorted(
        (row.record_key, client.client_id, world.at(minutes=5), 2)
        for row, client in zip(confirmed + taken, clients, strict=True)
    )
    assert [row["record_key"] for row in world.rows(Record)] == [row.record_key for row in theirs]
    assert [world.is_free(client) for client in clients] == [True] * 4


def test_what_came_back_is_dialled_again_when_the_campaign_goes_on(world: World) -> None:
    campaign = world.campaign()
    world.many_clients(campaign, 3)
    first = [row.number for row in world.dial(campaign)]
    dialing.block_recall(world.connection, campaign, world.at(minutes=5))
    assert [row.number for row in world.dial(campaign, world.at(minutes=6))] == first


def test_a_block_whose_records_all_have_results_is_left_as_it_is(world: World) -> None:
    campaign = world.campaign(block_size=1)
    world.many_clients(campaign, 2)
    done, out = world.dial(campaign), world.dial(campaign)
    world.result(done[0].record_key, at=world.at(minutes=1))
    assert dialing.block_recall(world.connection, campaign, world.at(minutes=5)) == 1
    assert [(row["block_id"], row["state_id"]) for row in world.rows(Block)] == [
        (done[0].block_id, 3), (out[0].block_id, 5),
    ]  # fmt: skip


def test_nothing_out_is_nothing_recalled(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign)
    assert dialing.block_recall(world.connection, campaign, world.now) == 0
    world.take(campaign)
    assert dialing.block_recall(world.connection, campaign, world.now) == 1
    assert dialing.block_recall(world.connection, campaign, world.now) == 0
