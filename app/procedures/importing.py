"""Procedures of loads: contacts.import_*."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from app.database.procedure import call

DONE, FAILED = 2, 3


def import_start(
    connection: Connection,
    *,
    kind_id: int,
    campaign_code: str | None,
    template_id: int | None,
    file_name: str | None,
    file_path: str | None,
    file_hash: str | None,
    file_bytes: int,
    restarts_clients: bool | None = None,
    corrects_batch_id: int | None = None,
    form: str | None,
    owner: str,
    created_by: str,
    message: str | None,
    now: datetime,
) -> int:
    """Open a load; returns its batch_id. kind_id: 1 by hand, 2 source, 3 API. ProcedureError: a wrong campaign.

    `restarts_clients`: finished clients start a new round, or are only updated; None: as their campaign says.
    `corrects_batch_id`: the load whose rejected lines, corrected, are this file."""
    rows = call(
        connection,
        "contacts.import_start",
        kind_id=kind_id,
        campaign_code=campaign_code,
        template_id=template_id,
        file_name=file_name,
        file_path=file_path,
        file_hash=file_hash,
        file_bytes=file_bytes,
        restarts_clients=None if restarts_clients is None else int(restarts_clients),
        corrects_batch_id=corrects_batch_id,
        form=form,
        owner=owner,
        created_by=created_by,
        message=message,
        now=now,
    )
    return int(rows[0].batch_id)


def import_unfinished(
    connection: Connection, *, batch_id: int | None = None, file_hash: str | None = None
) -> Sequence[Any]:
    """The batch, or the running and failed ones of a file. Rows: batch_id, state_id, campaign_code, template_id,
    file_name, file_hash, restarts_clients, form, owner, silent_seconds (real ones), lines_done, bytes_done; latest
    first."""
    return call(connection, "contacts.import_unfinished", batch_id=batch_id, file_hash=file_hash)


def import_resume(
    connection: Connection,
    *,
    batch_id: int,
    previous_owner: str | None,
    owner: str,
    message: str | None,
    now: datetime,
) -> Any:
    """Take a load over. Row: lines_done, bytes_done. ProcedureError: it ended, or somebody else was faster."""
    return call(
        connection,
        "contacts.import_resume",
        batch_id=batch_id,
        previous_owner=previous_owner,
        owner=owner,
        message=message,
        now=now,
    )[0]


def import_apply(
    connection: Connection, *, batch_id: int, owner: str, lines_done: int, bytes_done: int, now: datetime
) -> Any:
    """Apply the staged part. Row: clients_loaded, clients_updated, clients_blocked, clients_rejected, phones_loaded,
    lines_rejected, warnings (of this part). Raises ProcedureError when the load is another process's by now."""
    return call(
        connection,
        "contacts.import_apply",
        batch_id=batch_id,
        owner=owner,
        lines_done=lines_done,
        bytes_done=bytes_done,
        now=now,
    )[0]


def import_finish(
    connection: Connection,
    *,
    batch_id: int,
    owner: str,
    state_id: int,
    file_message: str | None,
    message: str | None,
    now: datetime,
) -> None:
    """Close a load as DONE or FAILED with the last lines of its journal."""
    call(
        connection,
        "contacts.import_finish",
        batch_id=batch_id,
        owner=owner,
        state_id=state_id,
        file_message=file_message,
        message=message,
        now=now,
    )


def import_log_add(connection: Connection, *, batch_id: int, level: str, message: str, now: datetime) -> None:
    """Write a line into the journal of a load. level: Info, Warning or Error."""
    call(connection, "contacts.import_log_add", batch_id=batch_id, level=level, message=message[:1000], now=now)


def import_undo_start(
    connection: Connection,
    *,
    batch_id: int,
    previous_owner: str | None,
    owner: str,
    by: str,
    days: int,
    message: str | None,
    now: datetime,
) -> None:
    """Begin to undo a load, or take its undoing over. ProcedureError: it cannot be undone, or somebody was faster."""
    call(
        connection,
        "contacts.import_undo_start",
        batch_id=batch_id,
        previous_owner=previous_owner,
        owner=owner,
        by=by,
        days=days,
        message=message,
        now=now,
    )


def import_undo(
    connection: Connection, *, batch_id: int, owner: str, batch_size: int, message: str | None, now: datetime
) -> Any:
    """Undo one part of a load. Row: clients_undone, phones_undone, clients_restored, clients_kept, is_finished."""
    return call(
        connection,
        "contacts.import_undo",
        batch_id=batch_id,
        owner=owner,
        batch_size=batch_size,
        message=message,
        now=now,
    )[0]


def import_undo_forget(connection: Connection, *, days: int, now: datetime, batch_size: int = 5000) -> bool:
    """Forget some of what loads of more than so many days ago changed. Returns whether nothing is left of it."""
    row = call(connection, "contacts.import_undo_forget", days=days, batch_size=batch_size, now=now)[0]
    return bool(row.is_finished)
