"""The process of an undoing that was begun on a screen: `python -m app.admin.undo_process LOAD OWNER USERNAME`."""

from __future__ import annotations

import sys

from app.database.engine import create_engine
from app.errors import AcmError
from app.importing.undo import undo_load
from app.log import get_logger, setup_logging


def main(batch_id: int, owner: str, username: str) -> int:
    """Undo the load that the screen marked; its journal tells how it went. Returns the exit code."""
    setup_logging("acm import undo")
    engine = create_engine(program="acm import undo", pool_size=2)
    try:
        undo_load(engine, batch_id, by=username, previous_owner=owner)
    except AcmError as error:
        get_logger(__name__).warning("undoing refused", batch_id=batch_id, error=str(error))
        return 1
    finally:
        engine.dispose()
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
