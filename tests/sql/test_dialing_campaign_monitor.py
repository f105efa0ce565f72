"""dialing.campaign_monitor, dialing.campaign_result and dialing.campaign_pace: the numbers of the live monitor."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from world import World


def monitor(world: World, campaign: int, now: datetime) -> dict[str, Any]:
    (row,) = world.query("SELECT m.* FROM dialing.campaign_monitor(:id, :now) AS m", id=campaign, now=now)
    return row


@pytest.fixture
def dialled(world: World) -> int:
    """A campaign with attempts that ended 90, 59, 30 and half a minute ago; the last two reached somebody."""
    campaign = world.campaign(block_size=1)
    for minutes, result in ((0, "BUSY"), (31, "BUSY"), (60, "VOICE"), (89.5, "VOICE")):
        world.client(campaign)
        world.attempt(campaign, result, world.at(minutes=minutes))
    return campaign


def test_the_last_hour_and_the_last_minute_are_counted(world: World, dialled: int) -> None:
    row = monitor(world, dialled, world.at(minutes=90))
    assert (row["attempts_hour"], row["contacts_hour"], row["attempts_minute"]) == (3, 2, 1)
    row = monitor(world, dialled, world.at(hours=10))
    assert (row["attempts_hour"], row["contacts_hour"], row["attempts_minute"]) == (0, 0, 0)
    other = world.campaign()
    assert monitor(world, other, world.at(minutes=90))["attempts_hour"] == 0


def test_blocks_under_way_are_those_with_records_out(world: World) -> None:
    campaign = world.campaign(block_size=1)
    for _ in range(4):
        world.client(campaign)
    (answered,) = world.dial(campaign)
    world.dial(campaign)
    world.take(campaign)
    row = monitor(world, campaign, world.now)
    assert (row["blocks_taken"], row["blocks_sent"], row["blocks_confirmed"], row["records_out"]) == (1, 0, 2, 3)
    world.result(answered.record_key, "BUSY")
    row = monitor(world, campaign, world.now)
    assert (row["blocks_taken"], row["blocks_sent"], row["blocks_confirmed"], row["records_out"]) == (1, 0, 1, 2)


def test_callbacks_are_waiting_until_their_moment_and_due_after_it(world: World) -> None:
    campaign = world.campaign()
    world.callback(world.client(campaign), world.at(hours=1))
    world.callback(world.client(campaign), world.at(hours=2))
    assert [(monitor(world, campaign, world.at(hours=hours))["callbacks_due"], 2) for hours in (0, 1, 2)] == [
        (0, 2),
        (1, 2),
        (2, 2),
    ]
    assert monitor(world, campaign, world.now)["callbacks_waiting"] == 2


def test_there_is_no_row_for_no_campaign(world: World) -> None:
    assert world.query("SELECT m.* FROM dialing.campaign_monitor(:id, :now) AS m", id=999_999, now=world.now) == []


def test_results_are_counted_in_the_span_that_begins_after_from_and_ends_with_to(world: World, dialled: int) -> None:
    def counted(begin: datetime, end: datetime) -> dict[str, int]:
        rows = world.query(
            "SELECT r.code, r.attempts, r.is_contact FROM dialing.campaign_result(:id, :begin, :end) AS r",
            id=dialled, begin=begin, end=end,
        )  # fmt: skip
        assert all(row["is_contact"] == (row["code"] == "VOICE") for row in rows)
        return {row["code"]: row["attempts"] for row in rows}

    assert counted(world.at(minutes=-1), world.at(minutes=90)) == {"BUSY": 2, "VOICE": 2}
    assert counted(world.at(minutes=31), world.at(minutes=60)) == {"VOICE": 1}
    assert counted(world.at(minutes=30), world.at(minutes=59)) == {"BUSY": 1}
    assert counted(world.at(minutes=90), world.at(minutes=99)) == {}


def test_the_pace_is_that_of_each_minute(world: World, dialled: int) -> None:
    rows = world.query(
        "SELECT p.minute_no, p.attempts, p.contacts FROM dialing.campaign_pace(:id, :begin, :end) AS p ORDER BY 1",
        id=dialled, begin=world.at(minutes=31), end=world.at(minutes=31) + timedelta(hours=1),
    )  # fmt: skip
    assert [tuple(row.values()) for row in rows] == [(0, 1, 0), (29, 1, 1), (58, 1, 1)]
    before = world.query(
        "SELECT p.minute_no FROM dialing.campaign_pace(:id, :begin, :end) AS p",
        id=dialled, begin=world.at(minutes=1), end=world.at(minutes=31),
    )  # fmt: skip
    assert before == []
