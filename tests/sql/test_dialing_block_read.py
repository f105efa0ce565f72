"""dialing.block_read: the records of a block that are still out, as block_take gave them."""

from __future__ import annotations

from datetime import datetime

from world import World

from app.procedures import dialing


def test_a_block_is_read_as_it_was_taken(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, first_name="Пётр", last_name="Иванов")
    world.client(campaign, zone="Asia/Omsk", phone_zones=("Asia/Yekaterinburg",))
    called = world.client(campaign, zone="Europe/Samara")
    world.callback(called, world.now, "3001")
    taken = world.take(campaign)
    found = dialing.block_read(world.connection, taken[0].block_id, world.at(minutes=7))
    assert [tuple(row) for row in found] == [tuple(row) for row in taken]
    assert [row._fields for row in found] == [row._fields for row in taken]
    assert sorted(row.offset_minutes for row in found) == [180, 240, 300]


def test_records_that_have_a_result_are_not_read(world: World) -> None:
    campaign = world.campaign()
    world.many_clients(campaign, 3)
    rows = world.dial(campaign)
    world.result(rows[1].record_key)
    found = dialing.block_read(world.connection, rows[0].block_id, world.now)
    assert [(row.position, row.record_key) for row in found] == [
        (1, rows[0].record_key),
        (3, rows[2].record_key),
    ]


def test_other_and_unknown_blocks_are_not_read(world: World) -> None:
    campaign = world.campaign(block_size=1)
    world.many_clients(campaign, 2)
    one, two = world.take(campaign), world.take(campaign)
    assert [row.record_key for row in dialing.block_read(world.connection, two[0].block_id, world.now)] == [
        two[0].record_key
    ]
    assert one[0].record_key != two[0].record_key
    assert list(dialing.block_read(world.connection, 0, world.now)) == []


def test_the_offset_is_that_of_the_moment(world: World) -> None:
    world.add_zone("Europe/Berlin")
    campaign = world.campaign()
    world.client(campaign, zone="Europe/Berlin")
    (row,) = world.take(campaign)
    summer = datetime(2026, 7, 1)
    assert row.offset_minutes == 60
    assert [each.offset_minutes for each in dialing.block_read(world.connection, row.block_id, summer)] == [120]
