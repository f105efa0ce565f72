"""`acm worker`: executes the runs of services."""

from __future__ import annotations

import click

from app.log import setup_logging


@click.command()
@click.option("--count", default=1, show_default=True, type=click.IntRange(1, 64), help="Runs at a time.")
@click.option("--die-with-parent", is_flag=True, help="Stop when the process that started this one ends.")
def worker(count: int, die_with_parent: bool) -> None:
    """Execute runs of services, as many at a time as asked for, until SIGTERM or Ctrl-C.

    As many workers as wanted may run, on any machine that reaches the database and Redis.
    """
    from jobs import worker as workers

    setup_logging("acm worker")
    if die_with_parent:
        workers.die_with_parent()
    workers.Pool(count).serve()
