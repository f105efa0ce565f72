"""contacts.import_undo_start: which loads may be undone, and the word that refuses the others."""

from __future__ import annotations

from import_rows import Load
from import_undo import finish, start, undo
from world import World

from app.models.importing import ImportBatch


def loaded(world: World) -> tuple[int, Load]:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line("a", "79160000001:M")
    load.apply()
    finish(load)
    return campaign, load


def test_the_load_has_an_owner_and_a_line_in_its_journal(world: World) -> None:
    _, load = loaded(world)
    start(load)
    batch = load.batch
    assert (batch["state_id"], batch["owner"], batch["undone_by"]) == (5, "who undoes", "ivanov")
    assert load.journal == [("Info", "begins")]


def test_a_load_that_broke_off_can_be_undone(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79160000001:M")
    load.apply()
    with_owner = load.batch["owner"]
    start(load, previous=with_owner)
    assert load.batch["state_id"] == 5 and load.batch["finished_at"] == world.now


def test_a_running_load_is_another_process_s(world: World) -> None:
    load = Load(world, world.campaign())
    with world.refused(50073):
        start(load)


def test_dialled_phones_refuse_it(world: World) -> None:
    campaign, load = loaded(world)
    world.attempt(campaign, "NO_ANSWER", world.at(1))
    with world.refused(50078):
        start(load)


def test_phones_at_the_dialer_refuse_it(world: World) -> None:
    campaign, load = loaded(world)
    world.dial(campaign)
    with world.refused(50079):
        start(load)


def test_dialled_phones_that_the_load_did_not_bring_refuse_nothing(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign)
    world.attempt(campaign, "NO_ANSWER", world.at(1))
    load = Load(world, campaign)
    load.line("a", "79160000001:M")
    load.apply(world.at(2))
    finish(load, world.at(2))
    start(load, world.at(3))


def test_an_old_load_is_refused_until_it_was_begun(world: World) -> None:
    _, load = loaded(world)
    with world.refused(50085):
        start(load, world.at(days=8))


def test_what_was_begun_is_carried_on_whatever_happened(world: World) -> None:
    campaign, load = loaded(world)
    start(load)
    world.attempt(campaign, "NO_ANSWER", world.at(1))
    start(load, world.at(days=8), previous="who undoes", owner="another")
    assert load.batch["owner"] == "another"


def test_an_undone_load_is_refused(world: World) -> None:
    _, load = loaded(world)
    undo(load)
    with world.refused(50077):
        start(load)


def test_no_load_is_refused(world: World) -> None:
    _, load = loaded(world)
    load.batch_id = max(row["batch_id"] for row in world.rows(ImportBatch)) + 1
    with world.refused(50077):
        start(load)
