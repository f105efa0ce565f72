"""The process of one load that was begun on a screen: `python -m app.admin.load_process FOLDER`."""

from __future__ import annotations

import signal
import sys
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from app.admin import uploads
from app.database.engine import create_engine
from app.errors import AcmError
from app.importing.loader import LoadProgress, load_file
from app.log import get_logger, setup_logging


def main(folder: Path) -> int:
    """Load what the folder's order names; the journal of the load tells how it went. Returns the exit code."""
    setup_logging("acm load")
    log = get_logger(__name__)
    order = uploads.order_of(folder)
    if order is None:
        log.error("no order", folder=str(folder))
        return 2
    signal.signal(signal.SIGTERM, _stop)
    values = asdict(order) | {"mapping": order.mapping}
    path = Path(values.pop("path"))
    if order.resume_batch_id is not None:
        uploads.tell(folder, batch_id=order.resume_batch_id)
    known: set[int] = set()

    def progressed(progress: LoadProgress) -> None:
        if progress.batch_id not in known:
            known.add(progress.batch_id)
            uploads.tell(folder, batch_id=progress.batch_id)

    engine = create_engine(program="acm load", pool_size=2)
    try:
        result = load_file(engine, path, **values, on_progress=progressed)
    except AcmError as error:
        log.warning("load refused", error=str(error))
        uploads.tell(folder, error=error.message, hint=error.hint)
        return 1
    finally:
        engine.dispose()
    uploads.tell(folder, batch_id=result.batch_id, finished=True)
    return 0


def _stop(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
