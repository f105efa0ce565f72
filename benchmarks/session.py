"""Measuring statements: how long they take, and how long the server was busy with them."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString, TypeVar

import psycopg
import sqlalchemy
from sqlalchemy.pool import StaticPool

from app.database.embedded import EmbeddedPostgres
from app.database.engine import SESSION

T = TypeVar("T")


@dataclass(frozen=True)
class Cost:
    """Milliseconds of the server's processor and on the clock; medians over runs."""

    busy: float
    wall: float

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.busy + other.busy, self.wall + other.wall)

    @staticmethod
    def median(costs: Sequence[Cost]) -> Cost:
        """The median of each."""
        return Cost(statistics.median(c.busy for c in costs), statistics.median(c.wall for c in costs))


class Session:
    """A session of its own on a database, as the application opens it.

    The time that the server was busy comes from the kernel's books of its process. Unlike the clock it does not count
    what other programs of a busy machine take; where the kernel keeps no such books, the clock must do.
    """

    def __init__(self, server: EmbeddedPostgres, database: str) -> None:
        self.connection: psycopg.Connection[Any] = server.connect(database)
        for setting in SESSION.split("-c ")[1:]:  # as the application opens it
            name, _, value = setting.strip().partition("=")
            self.connection.execute("SELECT set_config(%s, %s, false)", (name, value))
        self.connection.autocommit = False
        self._schedule = Path(f"/proc/{self.connection.info.backend_pid}/schedstat")

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.connection.close()

    def run(self, statement: LiteralString, **values: Any) -> list[Any]:
        """Run and commit. Returns the rows."""
        rows = self.execute(statement, values)
        self.connection.commit()
        return rows

    def cost(self, statement: LiteralString, values: Mapping[str, Any]) -> tuple[Cost, list[Any]]:
        """Run and fetch, then roll back, so that the next run finds the same; what it cost, and the rows."""
        cost, rows = self.measured(self.execute, statement, values)
        self.connection.rollback()
        return cost, rows

    def commit_cost(self, statement: LiteralString, values: Mapping[str, Any]) -> Cost:
        """Run, then commit; what the commit cost."""
        self.execute(statement, values)
        return self.measured(self.connection.commit)[0]

    def measured(self, work: Callable[..., T], *arguments: Any) -> tuple[Cost, T]:
        """What the work cost that this session does, and what it returns."""
        busy, began = self._busy(), time.perf_counter()
        result = work(*arguments)
        wall = (time.perf_counter() - began) * 1000
        after = self._busy()
        return Cost(wall if busy is None or after is None else after - busy, wall), result

    @contextmanager
    def sqlalchemy(self) -> Iterator[sqlalchemy.Connection]:
        """The session as functions of the application take it. What is not committed is rolled back at the end."""
        engine = sqlalchemy.create_engine(
            "postgresql+psycopg://", creator=lambda: self.connection, poolclass=StaticPool, pool_reset_on_return=None
        )
        with engine.connect() as connection:
            yield connection
        self.connection.rollback()

    def vacuum(self, *tables: str) -> None:
        """VACUUM the tables and their indexes. The server's own vacuum is off, so that it does not meet a run."""
        self.connection.autocommit = True
        names = psycopg.sql.SQL(", ").join(psycopg.sql.Identifier(*table.split(".")) for table in tables)
        self.connection.execute(psycopg.sql.SQL("VACUUM (INDEX_CLEANUP ON, PARALLEL 0) {}").format(names))
        self.connection.autocommit = False

    def execute(self, statement: LiteralString, values: Mapping[str, Any]) -> list[Any]:
        """Run, without a commit. Returns the rows."""
        cursor = self.connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []

    def _busy(self) -> float | None:
        with suppress(OSError, ValueError):
            return int(self._schedule.read_text().split()[0]) / 1e6
        return None
