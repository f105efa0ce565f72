"""A read of results begins before the last one ended, and further on the night when an hour comes twice."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from app.dialer.hds import DialerRow, HdsReader

ENGINE = sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:1/nowhere")  # nothing here connects


@pytest.mark.parametrize(
    ("zone", "since", "minutes"),
    [
        (None, datetime(2026, 10, 25, 2, 59), 5),
        ("Europe/Moscow", datetime(2026, 10, 25, 2, 59), 5),  # no daylight saving there
        ("Europe/Berlin", datetime(2026, 10, 24, 23, 0), 5),
        ("Europe/Berlin", datetime(2026, 10, 25, 1, 50), 5),  # the hour that repeats is still ahead
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 0), 65),
        ("Europe/Berlin", datetime(2026, 10, 25, 2, 59, 59), 65),  # the clock goes back to 2:00 from here
        ("Europe/Berlin", datetime(2026, 10, 25, 3, 30), 65),  # the second of the two hours may just be coming in
        ("Europe/Berlin", datetime(2026, 10, 25, 4, 30), 5),
        ("Europe/Berlin", datetime(2026, 3, 29, 3, 10), 5),  # an hour that is left out does no harm
        ("America/New_York", datetime(2026, 11, 1, 1, 30), 65),
    ],
)
def test_overlap_is_wide_only_after_the_hour_that_comes_twice(zone: str, since: datetime, minutes: int) -> None:
    assert HdsReader(ENGINE, zone=zone).overlap_at(since) == timedelta(minutes=minutes)


def test_local_time_becomes_utc_by_the_rows_own_offset() -> None:
    values = dict.fromkeys(DialerRow.__slots__)
    row = DialerRow(
        **{
            **values,
            "generated_at": datetime(2026, 11, 23, 10, 1, 27),
            "time_zone_minutes": -180,
            "call_duration_ms": 27_000,
        }
    )
    assert row.ended_at_utc == datetime(2026, 11, 23, 7, 1, 27)
    assert row.started_at_utc == datetime(2026, 11, 23, 7, 1)
