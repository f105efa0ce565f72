"""contacts.import_undo_preview: the counts of a dialog are what undoing then does."""

from __future__ import annotations

from import_rows import Load
from import_undo import BLOCKED, finish, undo
from sqlalchemy import column, func, select
from world import World

from app.importing.undo import preview
from app.models.contact import Client
from app.procedures.contacts import client_block


def test_what_it_says_is_what_is_done(world: World) -> None:
    campaign = world.campaign()
    first = Load(world, campaign)
    for code in "ab":
        first.line(code, f"7916000000{ord(code) % 10}:M")
    first.apply()
    finish(first)
    load = Load(world, campaign)
    load.line("a", "74950000001:H", last_name="x")
    load.line("b", "74950000002:H")
    for code in "cde":
        load.line(code, f"7916000000{ord(code) % 10}:M", f"7495000000{ord(code) % 10}:H")
    load.apply()
    finish(load)
    (last,) = world.rows(Client, Client.client_code == "e")
    client_block(world.connection, last["client_id"], True, by="x", now=world.now, reason="y")
    found = func.contacts.import_undo_preview(load.batch_id).table_valued(
        column("is_new"), column("reason_id"), column("clients"), column("phones")
    )
    rows = {tuple(row) for row in world.connection.execute(select(found))}
    assert rows == {(0, 0, 2, 2), (1, 0, 2, 4), (1, BLOCKED, 1, 2)}
    said = preview(world.connection, load.batch_id)
    assert (said.clients, said.phones, said.restored, said.kept) == (2, 6, 2, {BLOCKED: 1})
    assert undo(load) == (2, 6, 2, 1)


def test_a_load_of_nothing(world: World) -> None:
    load = Load(world, world.campaign())
    said = preview(world.connection, load.batch_id)
    assert (said.clients, said.phones, said.restored, said.kept) == (0, 0, 0, {})
