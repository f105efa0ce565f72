"""Further random worlds, each named by a seed that is new in every run: `make model WORLDS=1 SEED=...` plays one again."""

from __future__ import annotations

import secrets

import pytest

from .database import Database
from .plan import random_plan, shown, smaller
from .play import play

WORLDS = 300


@pytest.mark.timeout(900)
def test_the_model_and_the_procedures_agree_on_worlds_of_a_fresh_seed(database: Database) -> None:
    first = secrets.randbelow(10**9)
    for seed in range(first, first + WORLDS):
        difference = play(database, random_plan(seed))
        if difference is not None:
            plan = smaller(random_plan(seed), lambda plan: play(database, plan) is not None, 300)
            raise AssertionError(f"world {seed}: {difference}\n{shown(plan)}")
