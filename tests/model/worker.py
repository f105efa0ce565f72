"""A process of `make model` that plays worlds (a module of its own: a new process cannot import functions of `__main__`)."""

from __future__ import annotations

import atexit
import multiprocessing
import signal
import traceback

from sqlalchemy import NullPool

from app.database.engine import create_engine

from .database import Database
from .plan import random_plan
from .play import play, warm

#: After so many worlds the temporary tables are emptied.
TIDY = 300

_database: Database | None = None


def begin(urls: multiprocessing.Queue[str]) -> None:
    """Take one of the databases as this process's own."""
    global _database
    if multiprocessing.parent_process() is not None:  # Ctrl-C is the parent's to answer
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    _database = Database(create_engine(urls.get(), "acm model", poolclass=NullPool))
    atexit.register(_database.close)
    warm(_database)


def play_all(seeds: range) -> list[tuple[int, str | None]]:
    """What is wrong with the worlds of these seeds."""
    assert _database is not None
    found = []
    for seed in seeds:
        if seed % TIDY == 0:
            _database.tidy()
        try:
            found.append((seed, play(_database, random_plan(seed))))
        except Exception:
            found.append((seed, traceback.format_exc(limit=-4)))
            _database.connection.close()
            _database.connection = _database.connection.engine.connect()
            warm(_database)
    return found
