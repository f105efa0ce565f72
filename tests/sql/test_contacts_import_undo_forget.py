"""contacts.import_undo_forget: what loads changed is forgotten when they can no longer be undone, and not before."""

from __future__ import annotations

from import_rows import Load
from import_undo import finish, start
from world import World

from app.models.importing import ImportUndoCallback, ImportUndoClient, ImportUndoPhone
from app.procedures.importing import import_undo_forget

MODELS = (ImportUndoClient, ImportUndoPhone, ImportUndoCallback)


def changed(world: World, *codes: str) -> Load:
    """A load that changed known clients, their phones and their callbacks."""
    campaign = world.campaign()
    for kind, minutes in (("M", 0), ("H", 5)):
        load = Load(world, campaign, now=world.at(minutes))
        for number, code in enumerate(codes):
            load.line(code, f"7916000000{number}:{kind}", last_name=kind, callback_at=world.at(days=1 + minutes),
                      callback_at_is_utc=True)  # fmt: skip
        load.apply(world.at(minutes))
    finish(load, world.at(minutes))
    return load


def counts(world: World) -> list[int]:
    return [len(world.rows(model)) for model in MODELS]


def test_young_loads_keep_it(world: World) -> None:
    changed(world, "a", "b")
    assert counts(world) == [2, 2, 4]
    assert import_undo_forget(world.connection, days=7, now=world.at(days=6))
    assert counts(world) == [2, 2, 4]


def test_old_loads_lose_it_in_parts(world: World) -> None:
    changed(world, "a", "b", "c")
    assert not import_undo_forget(world.connection, days=7, now=world.at(days=8), batch_size=2)
    assert counts(world) == [1, 1, 4]
    while not import_undo_forget(world.connection, days=7, now=world.at(days=8), batch_size=2):
        pass
    assert counts(world) == [0, 0, 0]


def test_a_load_that_is_being_undone_keeps_it(world: World) -> None:
    load = changed(world, "a")
    start(load)
    assert import_undo_forget(world.connection, days=7, now=world.at(days=8))
    assert counts(world) == [1, 1, 2]


def test_a_batch_of_nothing_is_refused(world: World) -> None:
    with world.refused(50082):
        import_undo_forget(world.connection, days=7, now=world.now, batch_size=0)
