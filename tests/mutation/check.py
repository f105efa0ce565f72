"""Planting a bug in a copy of sql/ and in a database, and playing random worlds, or running tests, until one shows it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from model.database import Database
from model.hours import different
from model.plan import random_plan
from model.play import play
from sqlalchemy import Connection

from app.database.deploy.objects import SQL_FOLDER, catalog

from .bugs import Bug

#: So many worlds are played before a bug counts as not found.
MOST_WORLDS = 600
ROOT = Path(__file__).parents[2]


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
def in_place(connection: Connection, wrong: str, sound: str) -> Iterator[None]:
    """A database with one object replaced, until it is put back."""
    with connection.begin():
        connection.exec_driver_sql(wrong.replace("%", "%%"))
    try:
        yield
    finally:
        with connection.begin():
            connection.exec_driver_sql(sound.replace("%", "%%"))


def failing(connection: Connection, *files: str) -> str | None:
    """The first test of these files of tests/sql that fails in a deployed database; None where all pass."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "mutation.plugin", "-p", "no:cacheprovider", "-q", "-x", "-rfE", "--tb=no",
         *(f"tests/sql/{file}" for file in files)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env=kept | {
            "ACM_TEST_DATABASE_URL": connection.engine.url.render_as_string(hide_password=False),
            "PYTHONPATH": os.pathsep.join((str(ROOT / "tests"), str(ROOT))),
        },
    )  # fmt: skip
    if done.returncode == 0:
        return None
    found = re.search(r"^(?:FAILED|ERROR) tests/sql/(\S+)", done.stdout, re.MULTILINE)
    if done.returncode != 1 or found is None:
        raise RuntimeError(f"the tests did not run:\n{done.stdout}{done.stderr}")
    return found[1]


def finder(database: Database, clean: Connection, bug: Bug, folder: Path) -> str | None:
    """What shows the bug: the first world, the sweep over schedules or a test; None where nothing does. Tests need a
    deployed database that is otherwise empty, which `clean` is connected to."""
    wrong, sound = planted(bug, folder), catalog(SQL_FOLDER).compiled(bug.name).sql
    if bug.tests is not None:
        with in_place(clean, wrong, sound):
            return failing(clean, bug.tests)
    with in_place(database.connection, wrong, sound):
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
