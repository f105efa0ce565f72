"""A load by hand for the tests of contacts.import_*: lines are staged as the loader stages them, and applied."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert
from world import World

from app.models.importing import ImportBatch, ImportLog, ImportPhone, ImportReject, ImportRow
from app.procedures import importing

OWNER = "a test"
COUNTERS = (
    "clients_loaded", "clients_updated", "clients_blocked", "clients_rejected", "phones_loaded", "lines_rejected",
    "warnings",
)  # fmt: skip


class Load:
    """A load of a campaign; lines are numbered from 1 and staged one after another."""

    def __init__(self, world: World, campaign: int | str | None = None, **start: Any) -> None:
        self.world = world
        world.has_clients = True
        code = world.campaign_row(campaign).code if isinstance(campaign, int) else campaign
        values = {
            "kind_id": 1, "campaign_code": code, "template_id": None, "file_name": "a.txt", "file_path": "/a.txt",
            "file_hash": None, "file_bytes": 100, "form": None, "owner": OWNER, "created_by": "tests", "message": None,
            "now": world.now,
        }  # fmt: skip
        self.batch_id = importing.import_start(world.connection, **(values | start))
        self.lines = 0

    def line(self, client_code: str, *phones: str, **columns: Any) -> int:
        """Stage a line; a phone is its digits, with its type behind a colon where it has one. Returns its number."""
        self.lines += 1
        key = {"batch_id": self.batch_id, "line_no": self.lines}
        values = {"client_code": client_code, "raw_line": f"line {self.lines}"} | columns
        self.world.connection.execute(insert(ImportRow).values(**key, **values))
        for position, phone in enumerate(phones, 1):
            number, _, type_code = phone.partition(":")
            self.world.connection.execute(
                insert(ImportPhone).values(
                    **key, position=position, number=number, number_raw=f"+{number}", type_code=type_code or None
                )
            )
        return self.lines

    def apply(self, at: datetime | None = None, *, owner: str = OWNER, lines_done: int | None = None) -> dict[str, int]:
        """Apply what is staged; returns the counters that are not 0."""
        row = importing.import_apply(
            self.world.connection, batch_id=self.batch_id, owner=owner,
            lines_done=self.lines if lines_done is None else lines_done, bytes_done=10 * self.lines,
            now=at or self.world.now,
        )  # fmt: skip
        return {name: getattr(row, name) for name in COUNTERS if getattr(row, name)}

    @property
    def batch(self) -> dict[str, Any]:
        (row,) = self.world.rows(ImportBatch, ImportBatch.batch_id == self.batch_id)
        return row

    @property
    def rejects(self) -> list[tuple[int, str, str | None, bool]]:
        """(line, reason, value, is it a warning) of what was rejected or loaded with something left out."""
        rows = self.world.rows(ImportReject, ImportReject.batch_id == self.batch_id)
        return [(row["line_no"], row["reason_code"], row["value"], row["is_warning"]) for row in rows]

    @property
    def journal(self) -> list[tuple[str, str]]:
        """(level, message) of the journal, oldest first."""
        return [
            (row["level"], row["message"]) for row in self.world.rows(ImportLog, ImportLog.batch_id == self.batch_id)
        ]
