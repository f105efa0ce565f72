"""The next block, every status and every phone are what a plain reading of the strategy says, in worlds made at random.

Here hypothesis makes them, so that a world that shows a difference is made as small as it can be. test_worlds_more.py
plays others, and `make model WORLDS=50000` as many as wanted.
"""

from __future__ import annotations

import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.database import DirectoryBasedExampleDatabase

from .database import Database
from .plan import Chance, shown
from .play import play

WORLDS = 250


class HypothesisDraw:
    """Chance as hypothesis gives it."""

    def __init__(self, data: st.DataObject) -> None:
        self._data = data

    def integer(self, low: int, high: int) -> int:
        return self._data.draw(st.integers(low, high))


@pytest.mark.timeout(900)
@pytest.mark.mission("M12", "M38", "M56", "M57", "M58", "M66", "M67", "M136")
@settings(
    max_examples=WORLDS,
    deadline=None,
    derandomize=False,
    print_blob=True,
    database=DirectoryBasedExampleDatabase(f"{tempfile.gettempdir()}/acm-model-examples"),
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_the_model_and_the_procedures_agree(database: Database, data: st.DataObject) -> None:
    plan = Chance(HypothesisDraw(data)).plan()
    difference = play(database, plan)
    assert difference is None, f"{difference}\n{shown(plan)}"
