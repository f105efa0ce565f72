"""`acm scheduler`: queues the runs of services when their schedules say so."""

from __future__ import annotations

import click

from app.log import setup_logging


@click.command()
@click.option("--die-with-parent", is_flag=True, help="Stop when the process that started this one ends.")
def scheduler(die_with_parent: bool) -> None:
    """Queue the runs of services by their schedules, until SIGTERM or Ctrl-C.

    One scheduler is active; further ones stand by and take over within seconds.
    """
    from app.database.engine import create_engine
    from jobs.scheduler import serve
    from jobs.worker import die_with_parent as end_with_parent

    setup_logging("acm scheduler")
    if die_with_parent:
        end_with_parent()
    serve(create_engine(program="acm scheduler", pool_size=2, max_overflow=1))
