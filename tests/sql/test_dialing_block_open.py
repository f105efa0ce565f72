"""dialing.block_open: blocks whose hand-over is to be carried on after a crash."""

from __future__ import annotations

from world import World

from app.procedures import dialing


def test_blocks_that_were_taken_or_sent_are_open_in_full(world: World) -> None:
    campaign = world.campaign(block_size=2)
    world.many_clients(campaign, 10)
    taken, sent, confirmed, failed = (world.take(campaign) for _ in range(4))
    for rows in (sent, confirmed):
        dialing.block_send(world.connection, rows[0].block_id, world.at(minutes=1))
    dialing.block_confirm(world.connection, confirmed[0].block_id, world.at(minutes=2))
    dialing.block_fail(world.connection, failed[0].block_id, "HTTP 400", world.at(minutes=2))
    world.result(sent[0].record_key)
    assert world.query("SELECT b.* FROM dialing.block_open AS b ORDER BY b.block_id") == [
        {
            "campaign_id": campaign, "block_id": taken[0].block_id, "state_id": 1, "size": 2, "taken_at": world.now,
            "sent_at": None, "records_out": 2,
        },
        {
            "campaign_id": campaign, "block_id": sent[0].block_id, "state_id": 2, "size": 2, "taken_at": world.now,
            "sent_at": world.at(minutes=1), "records_out": 1,
        },
    ]  # fmt: skip


def test_a_recalled_block_is_not_open(world: World) -> None:
    world.client(campaign := world.campaign())
    world.take(campaign)
    assert len(world.query("SELECT b.block_id FROM dialing.block_open AS b")) == 1
    dialing.block_recall(world.connection, campaign, world.now)
    assert world.query("SELECT b.block_id FROM dialing.block_open AS b") == []
