"""core.utc_moment: what a local time of a file means."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from world import World


def utc(world: World, zone: str, moment: datetime | None, is_utc: int = 0) -> datetime | None:
    """What the function makes of a moment. The casts give the parameters the types of its header."""
    at, bit = ("timestamp", "smallint") if world.connection.dialect.name == "postgresql" else ("datetime2(3)", "bit")
    arguments = f"CAST(:zone_id AS int), CAST(:moment AS {at}), CAST(:is_utc AS {bit})"
    query = text(f"SELECT m.utc_at FROM core.utc_moment({arguments}) AS m")
    values = {"zone_id": world.zone(zone), "moment": moment, "is_utc": is_utc}
    return world.connection.execute(query, values).scalar_one()


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Moscow", datetime(2026, 11, 23, 12), datetime(2026, 11, 23, 9)),
        ("Asia/Kamchatka", datetime(2026, 11, 23, 12), datetime(2026, 11, 23, 0)),
        ("Asia/Kamchatka", datetime(2026, 11, 23, 11, 59, 59), datetime(2026, 11, 22, 23, 59, 59)),
        ("UTC", datetime(2026, 11, 23, 12), datetime(2026, 11, 23, 12)),
        ("Europe/Moscow", datetime(9999, 12, 30, 23, 59, 59), datetime(9999, 12, 30, 20, 59, 59)),
        ("Europe/Moscow", datetime(1901, 1, 1), datetime(1900, 12, 31, 21)),
    ],
)
def test_a_local_moment_becomes_utc(world: World, zone: str, local: datetime, expected: datetime) -> None:
    assert utc(world, zone, local) == expected


@pytest.mark.parametrize(
    ("local", "expected"),
    [
        (datetime(2026, 3, 29, 1, 59), datetime(2026, 3, 29, 0, 59)),  # before the change
        (datetime(2026, 3, 29, 2, 30), datetime(2026, 3, 29, 1, 30)),  # an hour that the clocks skip
        (datetime(2026, 3, 29, 3, 0), datetime(2026, 3, 29, 1, 0)),
        (datetime(2026, 10, 25, 1, 59), datetime(2026, 10, 24, 23, 59)),
        (datetime(2026, 10, 25, 2, 30), datetime(2026, 10, 25, 1, 30)),  # an hour that comes twice: the second
        (datetime(2026, 10, 25, 3, 0), datetime(2026, 10, 25, 2, 0)),
    ],
)
def test_nights_when_the_clocks_change(world: World, local: datetime, expected: datetime) -> None:
    world.add_zone("Europe/Berlin")
    assert utc(world, "Europe/Berlin", local) == expected


def test_what_is_utc_or_nothing_stays(world: World) -> None:
    moment = datetime(2026, 11, 23, 12, 0, 0, 500_000)
    assert utc(world, "Asia/Omsk", moment, is_utc=1) == moment
    assert utc(world, "Asia/Omsk", None) is None
    assert utc(world, "Asia/Omsk", None, is_utc=1) is None


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(["Europe/Moscow", "Europe/Samara", "Asia/Omsk", "Asia/Magadan", "Europe/Kaliningrad"]),
    local=st.datetimes(datetime(2017, 1, 1), datetime(2045, 1, 1)).map(lambda at: at.replace(microsecond=0)),
)
def test_it_agrees_with_the_zone_database(zone: str, local: datetime, connection: Connection) -> None:
    expected = local.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")).replace(tzinfo=None)
    assert utc(World(connection), zone, local) == expected
