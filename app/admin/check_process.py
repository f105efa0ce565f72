"""The process of a dry run that was begun on a screen: `python -m app.admin.check_process FOLDER`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from app.admin import dry_runs
from app.database.engine import create_engine
from app.errors import AcmError
from app.importing import templates
from app.importing.dry_run import Findings, check_file
from app.log import get_logger, setup_logging


def main(folder: Path) -> int:
    """Read the file that the folder's order names; check.json tells how far it is, and what was found."""
    setup_logging("acm check")
    order = dry_runs.order_of(folder)
    if order is None:
        get_logger(__name__).error("no order", folder=str(folder))
        return 2
    told = [0.0]

    def progressed(done: int, size: int, found: Findings) -> None:
        if time.monotonic() - told[0] > 0.3:
            told[0] = time.monotonic()
            dry_runs.tell(folder, order, found, share=100.0 * done / max(size, 1))

    engine = create_engine(program="acm check", pool_size=1)
    try:
        if order.mapping is not None:
            template = order.mapping
        else:
            with engine.connect() as connection:
                template = templates.get(connection, str(order.template_name))
        found = check_file(
            engine, order.path, template, campaign_code=order.campaign_code, encoding=order.encoding,
            on_progress=progressed,
        )  # fmt: skip
    except AcmError as error:
        dry_runs.tell(folder, order, Findings(), share=100.0, error=f"{error.message} {error.hint}".strip())
        return 1
    finally:
        engine.dispose()
    dry_runs.tell(folder, order, found, share=100.0, finished=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
