"""contacts.import_finish: a load is closed, and nothing that went on the do-not-call list meanwhile is missed."""

from __future__ import annotations

import pytest
from import_rows import OWNER, Load
from sqlalchemy import insert
from world import World

from app.models.contact import Client, Phone, WorkClient, WorkSet
from app.models.dictionary import DoNotCall
from app.procedures import importing


def finish(world: World, load: Load, state_id: int = importing.DONE, owner: str = OWNER) -> None:
    importing.import_finish(
        world.connection, batch_id=load.batch_id, owner=owner, state_id=state_id, file_message="read",
        message="outcome", now=world.at(minutes=5),
    )  # fmt: skip


@pytest.mark.mission("M155", "M160", "M164")
def test_a_load_is_done(world: World) -> None:
    load = Load(world, world.campaign(), message="begins")
    finish(world, load)
    batch = load.batch
    assert (batch["state_id"], batch["finished_at"], batch["message"]) == (2, world.at(minutes=5), "outcome")
    assert batch["owner"] is None
    assert load.journal == [("Info", "begins"), ("Info", "read"), ("Info", "outcome")]


def test_a_load_failed(world: World) -> None:
    load = Load(world, world.campaign())
    finish(world, load, importing.FAILED)
    assert load.batch["state_id"] == 3
    assert load.journal == [("Info", "read"), ("Error", "outcome")]


def test_a_load_ends_once(world: World) -> None:
    load = Load(world, world.campaign())
    finish(world, load)
    with world.refused(50072):
        finish(world, load)


def test_only_its_process_may_close_it(world: World) -> None:
    load = Load(world, world.campaign())
    with world.refused(50073):
        finish(world, load, owner="somebody")


def test_other_states_are_refused(world: World) -> None:
    load = Load(world, world.campaign())
    with world.refused(50075):
        finish(world, load, 4)


def test_a_number_listed_while_the_file_was_loaded_is_not_called(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    for code, number in (("a", "79160000001"), ("b", "79160000002"), ("c", "79160000003")):
        load.line(code, number)
    load.apply()
    world.connection.execute(
        insert(DoNotCall),
        [
            {"number": "79160000001", "added_at": world.at(minutes=1), "added_by": "x", "lifted_at": None},
            {
                "number": "79160000002",
                "added_at": world.at(minutes=1),
                "added_by": "x",
                "lifted_at": world.at(minutes=2),
            },
        ],
    )
    finish(world, load)
    phones = {row["number"]: (row["is_do_not_call"], row["is_blocked"]) for row in world.rows(Phone)}
    assert phones == {
        "79160000001": (True, False),
        "79160000002": (False, False),
        "79160000003": (False, False),
    }
    assert world.rows(WorkSet) == world.rows(WorkClient) == []


def test_a_person_listed_while_the_file_was_loaded_is_not_called(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79160000001", "79160000002", crm_id="P1")
    load.line("b", "79160000003", crm_id="P2")
    load.apply()
    (person_id,) = (row["person_id"] for row in world.rows(Client, Client.client_code == "a"))
    world.connection.execute(insert(DoNotCall).values(person_id=person_id, added_at=world.at(minutes=1), added_by="x"))
    finish(world, load)
    assert {row["number"]: row["is_do_not_call"] for row in world.rows(Phone)} == {
        "79160000001": True,
        "79160000002": True,
        "79160000003": False,
    }
