"""`make mutation [ARGS="-k word"]`: plants every bug, one at a time, and says what found it."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import click
from model.__main__ import databases
from model.database import Database
from model.play import warm
from rich.console import Console
from sqlalchemy import NullPool

from app.database.engine import create_engine

from .bugs import BUGS
from .check import Misplaced, failing, finder


@click.command()
@click.option("-k", "word", default="", help="Only bugs with this word.")
def main(word: str) -> None:
    """Plant bugs in the strategy, and look for the random world, or the test, that shows each."""
    console = Console()
    bugs = [bug for bug in BUGS if word.lower() in bug.id.lower()]
    found = 0
    start = time.monotonic()
    with (
        databases(2) as (url, clean_url),
        tempfile.TemporaryDirectory(prefix="acm-mutation-") as folder,
        create_engine(clean_url, "acm mutation", poolclass=NullPool).connect() as clean,
    ):
        database = Database(create_engine(url, "acm mutation", poolclass=NullPool))
        warm(database)
        files = sorted({bug.tests for bug in bugs if bug.tests})
        if files and (red := failing(clean, *files)):
            raise click.ClickException(f"{red} is red without a bug")
        for bug in bugs:
            begun = time.monotonic()
            try:
                shown = finder(database, clean, bug, Path(folder))
            except Misplaced as error:
                console.print(f"MISPLACED {error}", markup=False, soft_wrap=True)
                continue
            found += shown is not None
            by = f"{shown}, {time.monotonic() - begun:.1f} s" if shown else "NOTHING"
            console.print(f"{bug.id}: found by {by}", markup=False, soft_wrap=True)
        database.close()
    console.print(f"planted {len(bugs)}, found {found}, {time.monotonic() - start:.0f} s")
    sys.exit(0 if found == len(bugs) else 1)


if __name__ == "__main__":
    main()
