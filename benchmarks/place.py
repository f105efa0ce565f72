"""Where something is measured: a base on a server."""

from __future__ import annotations

from dataclasses import dataclass

from app.database.embedded import EmbeddedPostgres
from benchmarks.base import Base
from benchmarks.session import Session


@dataclass(frozen=True)
class Place:
    """A database with its base, and how many runs are behind a median."""

    server: EmbeddedPostgres
    database: str
    base: Base
    runs: int

    @property
    def name(self) -> str:
        """As the table says it."""
        kind = f"{self.base.campaigns} campaigns" if self.base.campaigns > 1 else "1 campaign"
        return f"{self.base.clients:,} clients".replace(",", " ") + f", {kind}"

    def session(self) -> Session:
        """A new session, as the application opens it."""
        return Session(self.server, self.database)
