"""strategy.client_time_open: the rules of a client that only time breaks."""

from __future__ import annotations

from datetime import datetime

import pytest
from world import NOON, World


def kept(world: World, at: datetime, **values: object) -> tuple[int, int, int]:
    """Whether the stop date, the duration since the first call and the one since creation are kept."""
    values = {
        "stop": None, "loaded_at": NOON, "first_attempt_at": None, "created_minutes": None, "first_call_minutes": None,
    } | values  # fmt: skip
    moment = "datetime2(3)" if world.connection.dialect.name == "mssql" else "timestamp"
    (row,) = world.query(
        f"SELECT t.is_before_stop, t.is_in_first_call, t.is_in_created FROM strategy.client_time_open(CAST(:stop AS {moment}),"
        f" :loaded_at, CAST(:first_attempt_at AS {moment}), CAST(:created_minutes AS int), CAST(:first_call_minutes AS int),"
        " :at) AS t",
        at=at, **values,
    )  # fmt: skip
    return row["is_before_stop"], row["is_in_first_call"], row["is_in_created"]


def test_what_is_not_set_is_kept_for_ever(world: World) -> None:
    assert kept(world, world.at(days=9999)) == (1, 1, 1)
    assert kept(world, world.at(days=9999), first_call_minutes=1) == (1, 1, 1)  # never called
    assert kept(world, world.at(days=9999), first_attempt_at=NOON) == (1, 1, 1)


@pytest.mark.mission("M52", "M54", "M133")
def test_each_is_broken_at_its_very_moment(world: World) -> None:
    just_before, then = world.at(59.99), world.at(60)
    stop = {"stop": world.at(60)}
    first = {"first_attempt_at": NOON, "first_call_minutes": 60}
    created = {"created_minutes": 60}
    assert (kept(world, just_before, **stop), kept(world, then, **stop)) == ((1, 1, 1), (0, 1, 1))
    assert (kept(world, just_before, **first), kept(world, then, **first)) == ((1, 1, 1), (1, 0, 1))
    assert (kept(world, just_before, **created), kept(world, then, **created)) == ((1, 1, 1), (1, 1, 0))
    assert kept(world, then, **stop, **first, **created) == (0, 0, 0)
