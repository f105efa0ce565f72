"""contacts.import_resume: a load that did not end goes to a new process, and to one only."""

from __future__ import annotations

from typing import Any

from import_rows import OWNER, Load
from world import World

from app.procedures import importing


def resume(world: World, load: Load, previous_owner: str | None = OWNER, owner: str = "new", **values: Any) -> Any:
    return importing.import_resume(
        world.connection, batch_id=load.batch_id, previous_owner=previous_owner, owner=owner, message=None,
        now=world.now, **values,
    )  # fmt: skip


def finish(world: World, load: Load, state_id: int) -> None:
    importing.import_finish(
        world.connection, batch_id=load.batch_id, owner=OWNER, state_id=state_id, file_message=None, message="end",
        now=world.now,
    )  # fmt: skip


def test_the_new_process_goes_on_behind_what_is_done(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567")
    load.apply()
    row = importing.import_resume(
        world.connection, batch_id=load.batch_id, previous_owner=OWNER, owner="new", message="goes on", now=world.now
    )
    assert (row.lines_done, row.bytes_done) == (1, 10)
    assert (load.batch["owner"], load.batch["state_id"]) == ("new", 1)
    assert load.journal == [("Info", "goes on")]
    load.line("b", "79161234568")
    assert load.apply(owner="new") == {"clients_loaded": 1, "phones_loaded": 1}


def test_the_old_process_cannot_write_any_more(world: World) -> None:
    load = Load(world, world.campaign())
    resume(world, load)
    load.line("a", "79161234567")
    with world.refused(50073):
        load.apply(owner=OWNER)


def test_the_old_process_cannot_close_it_any_more(world: World) -> None:
    load = Load(world, world.campaign())
    resume(world, load)
    with world.refused(50073):
        finish(world, load, importing.FAILED)


def test_only_one_of_two_processes_gets_it(world: World) -> None:
    load = Load(world, world.campaign())
    resume(world, load, owner="first")
    with world.refused(50073):
        resume(world, load, owner="second")


def test_a_failed_load_has_no_owner_and_runs_again(world: World) -> None:
    load = Load(world, world.campaign())
    finish(world, load, importing.FAILED)
    assert load.batch["message"] == "end"
    resume(world, load, previous_owner=None)
    batch = load.batch
    assert (batch["state_id"], batch["finished_at"], batch["message"], batch["owner"]) == (1, None, None, "new")


def test_a_finished_load_is_refused(world: World) -> None:
    load = Load(world, world.campaign())
    finish(world, load, importing.DONE)
    with world.refused(50072):
        resume(world, load, previous_owner=None)


def test_an_unknown_load_is_refused(world: World) -> None:
    load = Load(world, world.campaign())
    load.batch_id = -1
    with world.refused(50072):
        resume(world, load)
