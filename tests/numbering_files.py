"""Files of the numbering registry: our own small sample, and the real one where the machine has it.

The real file is looked for under ACM_TEST_NUMBERING_PLAN (a folder), else in shared/data/numbering-plan beside the
checkout or beside a folder above it.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "data" / "numbering-sample.csv"
REAL_FILE = "DEF-9xx.csv"


def real_file() -> Path | None:
    """The registry's own file of mobile numbers, if it is here."""
    named = os.environ.get("ACM_TEST_NUMBERING_PLAN")
    folders = [Path(named)] if named else [parent / "shared/data/numbering-plan" for parent in ROOT.parents]
    return next((folder / REAL_FILE for folder in folders if (folder / REAL_FILE).is_file()), None)
