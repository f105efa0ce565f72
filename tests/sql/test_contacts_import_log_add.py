"""contacts.import_log_add: lines of the journal."""

from __future__ import annotations

from datetime import timedelta

import pytest
from import_rows import Load
from world import World

from app.models.importing import ImportLog
from app.procedures import importing


@pytest.mark.mission("M161", "M162", "M163")
def test_a_line_has_its_moment_level_and_message(world: World) -> None:
    load, other = Load(world, None, message="begins"), Load(world, None)
    at = world.now + timedelta(milliseconds=123)
    importing.import_log_add(
        world.connection, batch_id=load.batch_id, level="Warning", message="Сегмент «новый»", now=at
    )
    rows = world.rows(ImportLog, ImportLog.batch_id == load.batch_id)
    assert [(row["logged_at"], row["level"], row["message"]) for row in rows] == [
        (world.now, "Info", "begins"),
        (at, "Warning", "Сегмент «новый»"),
    ]
    assert other.journal == []


def test_a_long_message_is_cut(world: World) -> None:
    load = Load(world, None)
    importing.import_log_add(world.connection, batch_id=load.batch_id, level="Info", message="x" * 5000, now=world.now)
    assert load.journal == [("Info", "x" * 1000)]
