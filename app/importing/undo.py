"""Undoing a load: what it would do, and doing it, a part at a time, each a transaction; carried on after a crash."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Engine, column, func, select

from app import clock
from app.errors import AcmError
from app.i18n import gettext as _
from app.importing.forget import UNDO_DAYS
from app.importing.owner import is_alive, make_owner
from app.importing.repeat import in_transaction
from app.models.importing import ImportBatch
from app.procedures import importing as procedures

RUNNING, UNDONE, UNDOING = 1, 4, 5
#: Clients or phones of one transaction: about half a second, so that nobody waits long for a client.
PART = 5000

#: What a last part answers whose own answer was lost.
_NOTHING_LEFT = SimpleNamespace(phones_undone=0, is_finished=True)


@dataclass(frozen=True)
class UndoPreview:
    """What undoing a load would do: clients and phones that go, known clients that get back what it changed, and how
    many stay, by reason (contacts.import_undo_state)."""

    clients: int = 0
    phones: int = 0
    restored: int = 0
    kept: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class UndoResult:
    """What undoing a load has done, over all of its parts."""

    batch_id: int
    clients_undone: int
    phones_undone: int
    clients_restored: int
    clients_kept: int
    message: str


def preview(connection: Connection, batch_id: int) -> UndoPreview:
    """Count what undoing the load would do. Reads all of its clients."""
    found = func.contacts.import_undo_preview(batch_id).table_valued(
        column("is_new"), column("reason_id"), column("clients"), column("phones")
    )
    clients = phones = restored = 0
    kept: dict[int, int] = {}
    for row in connection.execute(select(found)):
        if row.reason_id:
            kept[row.reason_id] = kept.get(row.reason_id, 0) + row.clients
            continue
        phones += row.phones
        clients += row.clients if row.is_new else 0
        restored += 0 if row.is_new else row.clients
    return UndoPreview(clients, phones, restored, kept)


def undo_load(
    engine: Engine,
    batch_id: int,
    *,
    by: str,
    previous_owner: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> UndoResult:
    """Undo a load, or carry on an undoing that did not end. `on_progress` gets the phones that went and all of them.

    `previous_owner`: who began it for this process; None: nobody, then no live process may have it. Raises AcmError,
    its ProcedureError where the database refuses: dialled, at the dialer, too old, undone already.
    """
    owner = make_owner()
    total = _begin(engine, batch_id, previous_owner, owner, by)
    message = _("The load was undone.")
    gone = 0
    while True:
        row = _part(engine, batch_id, owner, message)
        gone += row.phones_undone
        if on_progress is not None:
            on_progress(gone, total)
        if row.is_finished:
            break
    with engine.connect() as connection:
        done = connection.execute(select(ImportBatch.__table__).where(ImportBatch.batch_id == batch_id)).one()
    return UndoResult(
        batch_id, done.clients_undone, done.phones_undone, done.clients_restored, done.clients_kept, message
    )


def check(connection: Connection, batch_id: int) -> str | None:
    """The owner that an undoing would take over, None for none. Raises AcmError while a live process has the load."""
    rows = procedures.import_unfinished(connection, batch_id=batch_id)
    if not rows:
        raise AcmError(_("There is no load %(batch)s.", batch=batch_id), _("See the import journal."))
    row = rows[0]
    if row.state_id in (RUNNING, UNDOING) and is_alive(row.owner, row.silent_seconds):
        if row.state_id == RUNNING:
            raise AcmError(_("The load %(batch)s is running.", batch=batch_id), _("Wait for it, or stop it first."))
        raise AcmError(_("The load %(batch)s is being undone.", batch=batch_id), _("Its journal tells how far it is."))
    return str(row.owner) if row.owner else None


def _begin(engine: Engine, batch_id: int, previous: str | None, owner: str, by: str) -> int:
    """Take the load over. Returns how many phones it brought."""
    with engine.begin() as connection:
        procedures.import_undo_start(
            connection,
            batch_id=batch_id,
            previous_owner=previous or check(connection, batch_id),
            owner=owner,
            by=by,
            days=UNDO_DAYS,
            message=_("Undoing of the load begins."),
            now=clock.now(),
        )
        return int(connection.scalar(select(ImportBatch.phones_loaded).where(ImportBatch.batch_id == batch_id)) or 0)


def _part(engine: Engine, batch_id: int, owner: str, message: str) -> Any:
    """Undo one part. Where its answer was lost, the next one follows."""

    def undo(connection: Connection) -> Any:
        return procedures.import_undo(
            connection, batch_id=batch_id, owner=owner, batch_size=PART, message=message, now=clock.now()
        )

    return in_transaction(engine, undo, lambda: _is_undone(engine, batch_id)) or _NOTHING_LEFT


def _is_undone(engine: Engine, batch_id: int) -> bool:
    with engine.connect() as connection:
        return connection.scalar(select(ImportBatch.state_id).where(ImportBatch.batch_id == batch_id)) == UNDONE
