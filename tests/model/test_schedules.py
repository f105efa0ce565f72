"""Whether a schedule is open is what a plain reading says, for every schedule and zone of the worlds at many moments."""

from __future__ import annotations

import pytest

from .database import Database
from .hours import different


@pytest.mark.mission("M20", "M21", "M22", "M35")
def test_a_schedule_is_open_when_the_model_says_so(database: Database) -> None:
    wrong, opened = different(database)
    assert wrong == []
    assert opened > 1000
