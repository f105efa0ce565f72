"""The callback status service (M229 c): callbacks that were missed, and those whose clients need them no more."""

from __future__ import annotations

from app import clock
from app.procedures import dialing
from jobs.run import Run


def run(run: Run) -> None:
    """Settle all callbacks."""
    while True:
        run.check()
        with run.engine.begin() as connection:
            row = dialing.callback_settle(connection, now=clock.now())
        run.count(callbacks_missed=row.callbacks_missed, callbacks_closed=row.callbacks_closed)
        if row.is_finished:
            return
