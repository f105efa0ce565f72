"""dialing.block_confirm: the dialer has accepted a block."""

from __future__ import annotations

from world import World

from app.models.dialing import Block, Record
from app.procedures import dialing


def states(world: World) -> list[tuple[int, object]]:
    return [(row["state_id"], row["settled_at"]) for row in world.rows(Block)]


def test_a_sent_block_is_confirmed_and_its_records_stay_out(world: World) -> None:
    campaign = world.campaign(block_size=2)
    world.many_clients(campaign, 4)
    first, second = (world.take(campaign)[0].block_id for _ in range(2))
    for block_id in (first, second):
        dialing.block_send(world.connection, block_id, world.now)
    dialing.block_confirm(world.connection, first, world.at(minutes=1))
    assert states(world) == [(3, world.at(minutes=1)), (2, None)]
    assert len(world.rows(Record)) == 4


def test_confirming_again_changes_nothing(world: World) -> None:
    world.client(campaign := world.campaign())
    block_id = world.dial(campaign)[0].block_id
    dialing.block_confirm(world.connection, block_id, world.at(minutes=5))
    assert states(world) == [(3, world.now)]


def test_a_block_that_was_never_sent_or_has_failed_is_not_confirmed(world: World) -> None:
    campaign = world.campaign(block_size=1)
    world.many_clients(campaign, 2)
    taken, failed = (world.take(campaign)[0].block_id for _ in range(2))
    dialing.block_fail(world.connection, failed, "HTTP 400", world.at(minutes=1))
    for block_id in (taken, failed):
        dialing.block_confirm(world.connection, block_id, world.at(minutes=2))
    assert states(world) == [(1, None), (4, world.at(minutes=1))]
