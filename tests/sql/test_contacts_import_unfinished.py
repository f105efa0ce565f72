"""contacts.import_unfinished: loads that began and did not end."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from import_rows import OWNER, Load
from sqlalchemy import update
from world import World

from app.models.importing import ImportBatch
from app.procedures import importing


def test_running_and_failed_loads_of_a_file_latest_first(world: World) -> None:
    campaign = world.campaign("LOANS")
    running, failed, done, other = (
        Load(world, campaign, file_hash=file_hash, form="{}") for file_hash in ("same", "same", "same", "other")
    )
    for load, state_id in ((failed, importing.FAILED), (done, importing.DONE)):
        importing.import_finish(
            world.connection, batch_id=load.batch_id, owner=OWNER, state_id=state_id, file_message=None, message=None,
            now=world.now,
        )  # fmt: skip
    rows = importing.import_unfinished(world.connection, file_hash="same")
    assert [(row.batch_id, row.state_id) for row in rows] == [(failed.batch_id, 3), (running.batch_id, 1)]
    row = rows[1]
    assert (row.campaign_code, row.file_name, row.owner, row.form) == ("LOANS", "a.txt", OWNER, "{}")
    assert (row.lines_done, row.bytes_done) == (0, 0)
    assert [row.batch_id for row in importing.import_unfinished(world.connection, file_hash="other")] == [
        other.batch_id
    ]
    assert importing.import_unfinished(world.connection, file_hash="none such") == []


def test_one_load_by_its_id_in_any_state(world: World) -> None:
    load = Load(world, None, file_hash="h")
    importing.import_finish(
        world.connection,
        batch_id=load.batch_id,
        owner=OWNER,
        state_id=2,
        file_message=None,
        message=None,
        now=world.now,
    )
    (row,) = importing.import_unfinished(world.connection, batch_id=load.batch_id)
    assert (row.batch_id, row.state_id, row.owner, row.campaign_code) == (load.batch_id, 2, None, None)
    assert importing.import_unfinished(world.connection, batch_id=-1) == []


def test_silence_is_counted_in_real_seconds(world: World) -> None:
    load = Load(world, None, file_hash="h")
    world.connection.execute(
        update(ImportBatch)
        .where(ImportBatch.batch_id == load.batch_id)
        .values(heartbeat_at=datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=100))
    )
    (row,) = importing.import_unfinished(world.connection, batch_id=load.batch_id)
    assert 100 <= row.silent_seconds < 200
