"""Corrected rejects: which load a file corrects, guessed by its name, and the links between the two journals."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from app.admin import batch_access
from app.models.importing import ImportBatch

#: Loads that a form offers, the latest ones.
OFFERED = 20
_NAME = re.compile(r"-rejects-(\d{1,18})(?!\d)")


def reject_name(batch: Any) -> str:
    """The name of the reject file of a load; it names the load, so that the corrected file is recognised."""
    name = Path(batch.file_name or "load.txt")
    # A file that was itself a reject file does not grow a tail at each turn.
    return f"{_NAME.sub('', name.stem)}-rejects-{batch.batch_id}{name.suffix}"


def guess(file_name: str) -> int | None:
    """The load that a file corrects, by its name."""
    found = _NAME.search(file_name)
    return int(found[1]) if found else None


def offered(connection: Connection, guessed: int | None) -> list[Any]:
    """Loads with rejected lines, the latest first, and the guessed one: batch_id, file_name, started_at,
    lines_rejected."""
    columns = (ImportBatch.batch_id, ImportBatch.file_name, ImportBatch.started_at, ImportBatch.lines_rejected)
    latest = select(*columns).where(ImportBatch.lines_rejected > 0, ImportBatch.state_id != 1)
    latest = batch_access.seen(connection, latest)
    rows = list(connection.execute(latest.order_by(ImportBatch.batch_id.desc()).limit(OFFERED)))
    if guessed is not None and guessed not in [row.batch_id for row in rows]:
        rows += connection.execute(latest.where(ImportBatch.batch_id == guessed)).all()
    return rows


def links(connection: Connection, batch: Any) -> tuple[Any, list[Any]]:
    """The load that this one corrects, or None, and those that correct it: batch_id, file_name, started_at."""
    columns = (ImportBatch.batch_id, ImportBatch.file_name, ImportBatch.started_at)
    corrected = None
    if batch.corrects_batch_id is not None:
        query = select(*columns).where(ImportBatch.batch_id == batch.corrects_batch_id)
        corrected = connection.execute(batch_access.seen(connection, query)).one_or_none()
    by = select(*columns).where(ImportBatch.corrects_batch_id == batch.batch_id).order_by(ImportBatch.batch_id)
    return corrected, list(connection.execute(batch_access.seen(connection, by).limit(OFFERED)))
