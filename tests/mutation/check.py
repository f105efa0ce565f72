"""Planting a bug in a copy of sql/ and in a database, and playing random worlds until one shows it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.database import Database
from model.hours import different
from model.plan import random_plan
from model.play import play

from app.database.deploy.objects import SQL_FOLDER, catalog

from .bugs import Bug

#: So many worlds are played before a bug counts as not found.
MOST_WORLDS = 600


class Misplaced(Exception):
    """The text of a bug is not there exactly once: the object has changed."""


def planted(bug: Bug, folder: Path) -> str:
    """The script of the object with its bug, compiled from a copy of sql/ in `folder` as the runner compiles it."""
    copy = folder / "sql"
    if not copy.exists():
        shutil.copytree(SQL_FOLDER, copy)
    (path,) = copy.rglob(f"{bug.name}.sql")
    text = path.read_text(encoding="utf-8")
    if text.count(bug.text) != 1:
        raise Misplaced(f"{bug.name} has {text.count(bug.text)} times, not once: {bug.text!r}")
    path.write_text(text.replace(bug.text, bug.replacement), encoding="utf-8")
    try:
        return catalog(copy).compiled(bug.name).sql
    finally:
        path.write_text(text, encoding="utf-8")


@contextmanager
def in_place(database: Database, wrong: str, sound: str) -> Iterator[None]:
    """The database with one object replaced, until it is put back."""
    with database.connection.begin():
        database.connection.exec_driver_sql(wrong.replace("%", "%%"))
    try:
        yield
    finally:
        with database.connection.begin():
            database.connection.exec_driver_sql(sound.replace("%", "%%"))


def finder(database: Database, bug: Bug, folder: Path) -> str | None:
    """What shows the bug, the first world or the sweep over schedules; None where nothing does."""
    with in_place(database, planted(bug, folder), catalog(SQL_FOLDER).compiled(bug.name).sql):
        if bug.name == "strategy.schedule_open":
            return "the schedules" if different(database)[0] else None
        for seed in dict.fromkeys([bug.world, *range(MOST_WORLDS)]):
            try:
                difference = play(database, random_plan(seed))
            except Exception as error:  # a refusal, or rows that cannot be: red all the same
                difference = f"{type(error).__name__}: {error}".splitlines()[0]
            if difference is not None:
                return f"world {seed}"
    return None
