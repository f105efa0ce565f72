"""contacts.import_start: a load is opened with its journal."""

from __future__ import annotations

import pytest
from import_rows import Load
from sqlalchemy import update
from world import World

from app.models.strategy import Campaign


@pytest.mark.mission("M153", "M154", "M161", "M162", "M164")
def test_a_load_is_one_batch_with_its_first_line_in_the_journal(world: World) -> None:
    campaign = world.campaign("Loans")
    load = Load(world, " loans ", file_hash="abc", form='{"line": "x"}', message="Loading begins", kind_id=2)
    batch = load.batch
    assert batch["campaign_id"] == campaign
    assert (batch["kind_id"], batch["state_id"], batch["file_name"]) == (2, 1, "a.txt")
    assert (batch["started_at"], batch["finished_at"], batch["owner"]) == (world.now, None, "a test")
    assert (batch["file_hash"], batch["form"], batch["heartbeat_at"] is None) == ("abc", '{"line": "x"}', False)
    assert [batch[name] for name in ("lines_done", "bytes_done", "clients_loaded", "lines_rejected")] == [0, 0, 0, 0]
    assert load.journal == [("Info", "Loading begins")]


def test_a_load_without_a_campaign_and_a_message(world: World) -> None:
    load = Load(world, None)
    assert load.batch["campaign_id"] is None
    assert load.journal == []


def test_an_unknown_campaign_is_refused(world: World) -> None:
    with world.refused(50070):
        Load(world, "no such")


def test_an_archived_campaign_is_refused(world: World) -> None:
    campaign = world.campaign("OLD")
    world.connection.execute(update(Campaign).where(Campaign.campaign_id == campaign).values(state_id=3))
    with world.refused(50071):
        Load(world, "OLD")


def test_a_correction_names_the_load_that_it_corrects(world: World) -> None:
    campaign = world.campaign()
    first = Load(world, campaign)
    assert first.batch["corrects_batch_id"] is None
    assert Load(world, campaign, corrects_batch_id=first.batch_id).batch["corrects_batch_id"] == first.batch_id
