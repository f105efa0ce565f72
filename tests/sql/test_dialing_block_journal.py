"""dialing.block_journal and dialing.block_record: what became of blocks and of each of their records."""

from __future__ import annotations

import pytest
from world import World

from app.procedures import dialing


def test_a_block_says_what_became_of_its_records(world: World) -> None:
    campaign = world.campaign(block_size=3)
    world.many_clients(campaign, 6)
    rows = world.dial(campaign)
    failed = world.take(campaign)
    dialing.block_fail(world.connection, failed[0].block_id, "HTTP 400", world.at(minutes=1))
    world.result(rows[0].record_key, "NO_ANSWER", world.at(minutes=2))
    found = world.query("SELECT b.* FROM dialing.block_journal AS b ORDER BY b.block_id")
    code = world.campaign_row(campaign).code
    counts = [
        (row["campaign_code"], row["state_id"], row["size"], row["records_out"], row["records_returned"],
         row["results_in"], row["message"])
        for row in found
    ]  # fmt: skip
    assert counts == [(code, 3, 3, 2, 0, 1, None), (code, 4, 3, 0, 3, 0, "HTTP 400")]


def test_a_record_is_out_or_back_or_has_its_result(world: World) -> None:
    campaign = world.campaign(block_size=3)
    client = world.client(campaign)
    world.many_clients(campaign, 2)
    first = world.dial(campaign)
    world.result(first[0].record_key, "VOICE", world.at(minutes=1), wrapup="20")
    dialing.record_return(world.connection, first[1].record_key, 3, world.at(minutes=2))
    keys = {row.record_key: place for place, row in enumerate(first)}
    found = sorted(world.query("SELECT r.* FROM dialing.block_record AS r"), key=lambda row: keys[row["record_key"]])
    assert [(row["state_id"], row["reason_id"]) for row in found] == [(3, None), (2, 3), (1, None)]
    done = next(row for row in found if row["state_id"] == 3)
    assert done["technical_result_en"] and done["agent_result"] and done["ended_at"] == world.at(minutes=1)
    assert client.code in {row["client_code"] for row in found}
    # Its result comes late: it is no longer one that only came back.
    world.result(first[1].record_key, "BUSY", world.at(minutes=3))
    (late,) = world.query(
        "SELECT r.* FROM dialing.block_record AS r WHERE r.record_key = :key", key=first[1].record_key
    )
    assert (late["state_id"], late["reason_id"]) == (3, None)


@pytest.mark.parametrize("position", [1, 3])
def test_the_key_of_a_record_is_made_of_block_and_position(world: World, position: int) -> None:
    """The journal finds the records of a block that way."""
    campaign = world.campaign(block_size=3)
    world.many_clients(campaign, 3)
    rows = world.take(campaign)
    (prefix,) = world.query("SELECT s.value FROM ops.setting AS s WHERE s.name = 'record_key_prefix'")
    row = next(row for row in rows if row.position == position)
    assert row.record_key == f"{prefix['value']}{row.block_id}-{position}"
