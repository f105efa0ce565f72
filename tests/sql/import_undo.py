"""Undoing a load by hand, for the tests of contacts.import_undo*."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from import_rows import Load
from sqlalchemy import column, func, select
from world import World

from app.models.contact import Client, Phone
from app.models.importing import ImportUndoCallback, ImportUndoClient, ImportUndoKept, ImportUndoPhone
from app.procedures import importing

OWNER = "who undoes"
DIALLED, OUT, LATER_LOAD, PROMISED, MOVED, BLOCKED, OTHERS = range(1, 8)


def finish(load: Load, at: datetime | None = None) -> None:
    importing.import_finish(
        load.world.connection, batch_id=load.batch_id, owner="a test", state_id=2, file_message=None, message=None,
        now=at or load.world.now,
    )  # fmt: skip


def start(load: Load, at: datetime | None = None, *, owner: str = OWNER, previous: str | None = None) -> None:
    importing.import_undo_start(
        load.world.connection, batch_id=load.batch_id, previous_owner=previous, owner=owner, by="ivanov", days=7,
        message="begins", now=at or load.world.now,
    )  # fmt: skip


def part(load: Load, at: datetime | None = None, *, owner: str = OWNER, batch_size: int = 5000) -> Any:
    return importing.import_undo(
        load.world.connection, batch_id=load.batch_id, owner=owner, batch_size=batch_size, message="is undone",
        now=at or load.world.now,
    )  # fmt: skip


def undo(load: Load, at: datetime | None = None, *, batch_size: int = 5000) -> tuple[int, int, int, int]:
    """Undo it to the end. Returns clients and phones that went, clients that came back, clients that stayed."""
    start(load, at)
    while not part(load, at, batch_size=batch_size).is_finished:
        pass
    batch = load.batch
    assert batch["state_id"] == 4 and batch["owner"] is None
    for model in (ImportUndoClient, ImportUndoPhone, ImportUndoCallback):
        assert load.world.rows(model, model.batch_id == load.batch_id) == []
    return batch["clients_undone"], batch["phones_undone"], batch["clients_restored"], batch["clients_kept"]


def kept(load: Load) -> dict[str, int]:
    """Codes of the clients that stayed, with the reason."""
    codes = {row["client_id"]: row["client_code"] for row in load.world.rows(Client)}
    rows = load.world.rows(ImportUndoKept, ImportUndoKept.batch_id == load.batch_id)
    return {codes[row["client_id"]]: row["reason_id"] for row in rows}


def state(load: Load, code: str) -> tuple[int, int, int]:
    """(is_new, reason_id, phones) of contacts.import_undo_state for a client."""
    (client,) = load.world.rows(Client, Client.client_code == code)
    found = func.contacts.import_undo_state(load.batch_id, client["client_id"]).table_valued(
        column("is_new"), column("reason_id"), column("phones")
    )
    row = load.world.connection.execute(select(found)).one()
    return row.is_new, row.reason_id, row.phones


def facts(world: World) -> dict[str, list[dict[str, Any]]]:
    """Clients and phones but for what only says when somebody last wrote them, and the class, which follows."""
    skip = {"updated_at", "dial_class_id"}
    return {
        model.__tablename__: [
            {name: value for name, value in row.items() if name not in skip} for row in world.rows(model)
        ]
        for model in (Client, Phone)
    }
