"""dialing.block_send: a block is marked as sent before the request goes out, once."""

from __future__ import annotations

import pytest
from world import World

from app.models.dialing import Block
from app.procedures import dialing


def test_a_taken_block_is_sent_and_no_other(world: World) -> None:
    campaign = world.campaign(block_size=1)
    world.many_clients(campaign, 2)
    blocks = [world.take(campaign)[0].block_id for _ in range(2)]
    dialing.block_send(world.connection, blocks[0], world.at(minutes=1))
    assert [(row["block_id"], row["state_id"], row["sent_at"]) for row in world.rows(Block)] == [
        (blocks[0], 2, world.at(minutes=1)),
        (blocks[1], 1, None),
    ]


@pytest.mark.parametrize("step", ["sent", "confirmed", "failed", "recalled"])
def test_a_block_that_is_no_longer_just_taken_is_refused(world: World, step: str) -> None:
    world.client(campaign := world.campaign())
    block_id = world.take(campaign)[0].block_id
    if step in ("sent", "confirmed"):
        dialing.block_send(world.connection, block_id, world.now)
    if step == "confirmed":
        dialing.block_confirm(world.connection, block_id, world.now)
    if step == "failed":
        dialing.block_fail(world.connection, block_id, "HTTP 400", world.now)
    if step == "recalled":
        dialing.block_recall(world.connection, campaign, world.now)
    with world.refused(50002):
        dialing.block_send(world.connection, block_id, world.now)


def test_an_unknown_block_is_refused(world: World) -> None:
    with world.refused(50002):
        dialing.block_send(world.connection, 0, world.now)
