"""Undoing a load on its screen: whether it may be undone, the process that does it, and the clients that stayed."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

from flask_login import current_user
from sqlalchemy import Connection, func, select

from app import clock
from app.admin import processes
from app.auth import audit
from app.importing.forget import UNDO_DAYS
from app.importing.owner import is_alive
from app.importing.undo import UNDOING, UndoPreview, check
from app.models.contact import Client, ClientArchive
from app.models.importing import ImportUndoKept
from app.models.strategy import Campaign
from app.procedures import importing
from app.settings import get_settings

SHOWN = 100
_STATES = (1, 2, 3, 5)


def is_possible(connection: Connection, batch: Any) -> bool:
    """Whether the load may be undone as far as its age and its process say; the database has the last word."""
    if batch.state_id not in _STATES or (batch.state_id == 3 and not batch.lines_done):
        return False
    if batch.state_id != UNDOING and batch.started_at < clock.now() - timedelta(days=UNDO_DAYS):
        return False
    if batch.state_id in (1, UNDOING):
        row = importing.import_unfinished(connection, batch_id=batch.batch_id)[0]
        return not is_alive(row.owner, row.silent_seconds)
    return True


def begin(connection: Connection, batch: Any, planned: UndoPreview | None = None) -> str:
    """Mark the load as being undone and write the audit. Returns the owner that the process takes it over from.

    Raises AcmError, its ProcedureError where the database refuses."""
    previous = check(connection, batch.batch_id)
    # Nobody's process: until the real one takes over it counts as alive for as long as it is not silent.
    owner = f"starting:{secrets.token_hex(8)}"
    importing.import_undo_start(
        connection, batch_id=batch.batch_id, previous_owner=previous, owner=owner, by=current_user.username,
        days=UNDO_DAYS, message=None, now=clock.now(),
    )  # fmt: skip
    audit.record(
        connection, "import_undo", "import_batch", batch.batch_id,
        before={
            "file": batch.file_name, "clients_loaded": batch.clients_loaded, "clients_updated": batch.clients_updated,
            "phones_loaded": batch.phones_loaded,
        },
        after=None if planned is None else {
            "clients": planned.clients, "phones": planned.phones, "restored": planned.restored,
            "kept": sum(planned.kept.values()),
        },
    )  # fmt: skip
    return owner


def run(batch_id: int, owner: str) -> None:
    """Begin the process that undoes the load; its journal tells how far it is."""
    folder = get_settings().resolved_home() / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    processes.start("undo_process", str(batch_id), owner, current_user.username, log=folder / "undo.log")


def kept(connection: Connection, batch: Any, limit: int = SHOWN) -> list[Any]:
    """The first clients that stayed: client_id, client_code, campaign_id, campaign_code, reason_id."""
    if not batch.clients_kept:
        return []
    return list(
        connection.execute(
            select(
                ImportUndoKept.client_id,
                ImportUndoKept.reason_id,
                func.coalesce(Client.client_code, ClientArchive.client_code).label("client_code"),
                Campaign.campaign_id,
                Campaign.code.label("campaign_code"),
            )
            .join(Client, Client.client_id == ImportUndoKept.client_id, isouter=True)
            .join(ClientArchive, ClientArchive.client_id == ImportUndoKept.client_id, isouter=True)
            .join(
                Campaign,
                Campaign.campaign_id == func.coalesce(Client.campaign_id, ClientArchive.campaign_id),
                isouter=True,
            )
            .where(ImportUndoKept.batch_id == batch.batch_id)
            .order_by(ImportUndoKept.client_id)
            .limit(limit)
        )
    )
