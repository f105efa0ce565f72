"""`make model [WORLDS=500] [SEED=12345] [JOBS=2]`: random worlds on an embedded database of its own.

World number n of seed s is world 0 of seed s + n: what is printed for a world can be run again alone.
"""

from __future__ import annotations

import multiprocessing
import os
import secrets
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from sqlalchemy import NullPool

from app.database.deploy import upgrade
from app.database.embedded import NOT_DURABLE, EmbeddedPostgres
from app.database.engine import create_engine

from .database import Database
from .plan import random_plan, shown, smaller
from .play import play, warm
from .worker import begin, play_all

CHUNK = 10
MOST_SHOWN = 5


@contextmanager
def databases(count: int) -> Iterator[list[str]]:
    """URLs of so many databases with all of sql/, on a server of this run's own."""
    with tempfile.TemporaryDirectory(prefix="acm-model-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)
        os.environ["ACM_HOME"] = str(Path(folder) / "home")
        with EmbeddedPostgres(Path(folder) / "postgresql", settings=NOT_DURABLE | {"acm.check_keys": "on"}) as server:
            url = server.create_database("model")
            engine = create_engine(url, "acm model", poolclass=NullPool)
            upgrade(engine)
            engine.dispose()
            yield [server.create_database(f"model_{number}", "model") for number in range(count)]


class Played(NamedTuple):
    """What a run has played: how many worlds, those that did not agree by their seed, and whether it was stopped early."""

    worlds: int
    wrong: dict[int, str]
    is_whole: bool


def _run(urls: list[str], worlds: int, seed: int, console: Console) -> Played:
    """Play them all, or as many as there is time for until Ctrl-C or SIGTERM."""
    context = multiprocessing.get_context("spawn")
    queue: multiprocessing.Queue[str] = context.Queue()
    for url in urls:
        queue.put(url)
    chunks = [range(start, min(start + CHUNK, seed + worlds)) for start in range(seed, seed + worlds, CHUNK)]
    wrong: dict[int, str] = {}
    done, said, start = 0, 0, time.monotonic()
    columns = (TextColumn("worlds"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with ExitStack() as stack:
        progress = stack.enter_context(Progress(*columns, console=console))
        task = progress.add_task("worlds", total=worlds)
        try:
            if len(urls) == 1:
                begin(queue)
                results: Iterable[list[tuple[int, str | None]]] = map(play_all, chunks)
            else:
                pool = ProcessPoolExecutor(len(urls), context, begin, (queue,))
                stack.callback(pool.shutdown, cancel_futures=True)
                results = (each.result() for each in as_completed([pool.submit(play_all, chunk) for chunk in chunks]))
            for found in results:
                done += len(found)
                progress.advance(task, len(found))
                for world, what in found:
                    if what is not None:
                        wrong[world] = what
                        if len(wrong) <= MOST_SHOWN:
                            progress.console.print(f"world {world}: {what}", markup=False, soft_wrap=True)
                if not console.is_terminal and done - said >= worlds / 50:  # a file has no bar that moves
                    said = done
                    progress.console.print(
                        f"{done} of {worlds}, agreed {done - len(wrong)}, {time.monotonic() - start:.0f} s"
                    )
        except KeyboardInterrupt:
            return Played(done, wrong, is_whole=False)
    return Played(done, wrong, is_whole=True)


def _show_smallest(url: str, seed: int, console: Console) -> None:
    """The world made smaller as long as it is still wrong."""
    database = Database(create_engine(url, "acm model", poolclass=NullPool))
    warm(database)
    plan = random_plan(seed)

    def is_wrong(candidate: object) -> bool:
        try:
            return play(database, candidate) is not None  # type: ignore[arg-type]
        except Exception:
            database.connection.close()
            database.connection = database.connection.engine.connect()
            return False

    if is_wrong(plan):
        plan = smaller(plan, is_wrong)
        console.print(
            f"\nthe smallest like world {seed}:\n{shown(plan)}\n{play(database, plan)}", markup=False, soft_wrap=True
        )
    database.close()


@click.command()
@click.option("--worlds", default=500, show_default=True, help="How many worlds.")
@click.option("--seed", type=int, help="Seed of the first world; a fresh one where none is given.")
@click.option("--jobs", default=1, show_default=True, help="Processes side by side.")
def main(worlds: int, seed: int | None, jobs: int) -> None:
    """Play random worlds in the model and in the database, and compare."""
    console = Console()
    seed = secrets.randbelow(10**9) if seed is None else seed
    jobs = max(1, min(jobs, worlds // CHUNK or 1))
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with databases(jobs + 1) as urls:
        start = time.monotonic()
        played = _run(urls[:jobs], worlds, seed, console)
        seconds = time.monotonic() - start
        wrong = played.wrong
        if wrong and played.is_whole:
            _show_smallest(urls[-1], min(wrong), console)
    if len(wrong) > 1:
        console.print(f"seeds of the worlds that did not agree: {', '.join(map(str, sorted(wrong)[:50]))}")
    stopped = "" if played.is_whole else f", stopped before {worlds - played.worlds} more"
    agreed = played.worlds - len(wrong)
    console.print(f"worlds {played.worlds}, agreed {agreed}, seed {seed}, {seconds:.0f} s{stopped}")
    sys.exit(1 if wrong or not played.is_whole else 0)


if __name__ == "__main__":
    main()
