"""For how long a load can be undone, and forgetting what it changed when that time is over."""

from __future__ import annotations

from sqlalchemy import Engine

from app import clock
from app.procedures import importing as procedures

#: A load can be undone for so long; what it changed is kept for as long, as its file is (app/admin/uploads.py).
UNDO_DAYS = 7


def forget_old(engine: Engine) -> None:
    """Forget what loads changed that are too old to be undone."""
    while True:
        with engine.begin() as connection:
            if procedures.import_undo_forget(connection, days=UNDO_DAYS, now=clock.now()):
                return
