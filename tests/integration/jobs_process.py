"""A scheduler or a worker as a process of its own, with services that exist for tests only.

    python jobs_process.py scheduler | worker COUNT

test_mark   writes a row into test_mark, waits TEST_MARK_SECONDS, and completes the row
test_steps  60 steps of 0.1 s with progress, each of which asks whether it may go on
test_deaf   sleeps for an hour in one piece
test_fails  fails with an AcmError
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent))

from app.errors import AcmError
from app.log import setup_logging
from jobs import services
from jobs.run import Run

mark = sa.Table(
    "test_mark",
    sa.MetaData(),
    sa.Column("mark_id", sa.Integer, sa.Identity(), primary_key=True),
    sa.Column("code", sa.Unicode(64), nullable=False),
    sa.Column("run_id", sa.BigInteger, nullable=False),
    sa.Column("process", sa.Integer, nullable=False),
    sa.Column("began", sa.Float(53), nullable=False),
    sa.Column("ended", sa.Float(53)),
)


def run(run: Run) -> None:
    """The service of every code that begins with test_."""
    kind = run.code.split("-")[0]
    if kind == "test_fails":
        raise AcmError("It cannot work.", "Mend it.")
    if kind == "test_deaf":
        time.sleep(3600)
    with run.engine.begin() as connection:
        made = connection.execute(
            sa.insert(mark).values(code=run.code, run_id=run.run_id, process=os.getpid(), began=time.time())
        ).inserted_primary_key
    if kind == "test_steps":
        for step in range(60):
            run.check()
            run.progress(step, 60)
            time.sleep(0.1)
    else:
        time.sleep(float(os.environ.get("TEST_MARK_SECONDS", "0")))
    run.count(marks=1)
    run.info("отметка поставлена")
    with run.engine.begin() as connection:
        connection.execute(sa.update(mark).where(mark.c.mark_id == made[0]).values(ended=time.time()))


class _Any(dict):
    """Every code that begins with test_ is this module's service."""

    def get(self, code: str, default: object = None) -> object:
        return "jobs_process" if code.startswith("test_") else super().get(code, default)


def main() -> None:
    services.SERVICES = _Any(services.SERVICES)
    if sys.argv[1] == "scheduler":
        from app.database.engine import create_engine
        from jobs.scheduler import serve

        setup_logging("test scheduler")
        serve(create_engine(program="test scheduler", pool_size=2))
    else:
        from jobs.worker import Pool

        setup_logging("test worker")
        Pool(int(sys.argv[2]), stop_seconds=20).serve()


if __name__ == "__main__":
    main()
