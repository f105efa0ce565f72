"""The lines of a load that were not loaded, as a file in the load's own format: to be corrected and loaded again."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from sqlalchemy import Connection, select

from app.importing.formats import Form
from app.models.importing import ImportBatch, ImportReject
from app.settings import get_settings


def write(connection: Connection, batch_id: int, stream: BinaryIO) -> int:
    """Write the rejected lines of a load, with the header of its file if it had one; returns how many there are.

    Lines stand as they stood in the file, in its encoding and with its line ends; what was no text is a question mark.
    """
    text = connection.execute(select(ImportBatch.form).where(ImportBatch.batch_id == batch_id)).scalar_one_or_none()
    form = Form.from_json(text) if text else Form("", "txt", "utf-8", False)
    end = form.newline

    def encode(line: str) -> bytes:
        return (line.replace("\n", end) + end).encode(form.encoding, "replace")

    if form.has_bom:
        stream.write("\ufeff".encode())
    if form.has_header:
        stream.write(encode(form.header))
    rows = connection.execution_options(yield_per=1000).execute(
        select(ImportReject.raw_line)
        .where(ImportReject.batch_id == batch_id, ImportReject.is_warning == False)  # noqa: E712 - SQL
        .order_by(ImportReject.line_no)
    )
    count = 0
    for (line,) in rows:
        stream.write(encode(line or ""))
        count += 1
    return count


def save(connection: Connection, batch_id: int, path: Path | None = None) -> Path:
    """Write the rejected lines into a file, by default HOME/rejects/BATCH-NAME; returns its path."""
    if path is None:
        folder = get_settings().resolved_home() / "rejects"
        folder.mkdir(mode=0o700, exist_ok=True)
        name = connection.execute(select(ImportBatch.file_name).where(ImportBatch.batch_id == batch_id)).scalar_one()
        path = folder / f"{batch_id}-{Path(name or 'load.txt').name}"
    unfinished = path.with_name(path.name + ".part")
    with unfinished.open("wb") as stream:
        write(connection, batch_id, stream)
    unfinished.replace(path)
    return path
