"""dialing.record_overdue: records without a result for long, each asked for in its turn."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert

from app.database.procedure import call
from app.models.dialing import Record

NOW = datetime(2026, 11, 23, 12, 0, 0)


def add_record(
    connection: Connection, key: str, minutes: float, campaign_id: int = 7, checked: float | None = None
) -> None:
    number = sum(map(ord, key)) * 1000 + len(key)
    connection.execute(
        insert(Record).values(
            block_id=number,
            position=1,
            record_key=key,
            campaign_id=campaign_id,
            client_id=number,
            phone_id=number,
            dial_class_id=1,
            number="79990000000",
            strategy_version_id=1,
            processing_id=1,
            taken_at=NOW - timedelta(minutes=minutes),
            checked_at=None if checked is None else NOW - timedelta(minutes=checked),
        )
    )


def overdue(connection: Connection, minutes: float = 0, **values: int) -> list[tuple[str, datetime]]:
    now = NOW + timedelta(minutes=minutes)
    rows = call(connection, "dialing.record_overdue", campaign_id=7, wait_minutes=240, now=now, **values)
    return sorted((row.record_key, row.taken_at) for row in rows)


def test_records_of_the_campaign_that_are_out_for_long_are_given(connection: Connection) -> None:
    add_record(connection, "a", 240)
    add_record(connection, "b", 600)
    add_record(connection, "c", 239.99)
    add_record(connection, "d", 600, campaign_id=8)
    assert overdue(connection) == [("a", NOW - timedelta(minutes=240)), ("b", NOW - timedelta(minutes=600))]


def test_a_record_is_asked_for_once_an_hour(connection: Connection) -> None:
    add_record(connection, "a", 600, checked=59.99)
    add_record(connection, "b", 600, checked=60)
    assert [key for key, _ in overdue(connection)] == ["b"]
    assert [key for key, _ in overdue(connection, 0.01)] == ["a"]
    assert overdue(connection, 59) == []
    assert [key for key, _ in overdue(connection, 60)] == ["b"]


def test_a_run_gets_no_more_than_its_share_the_oldest_first(connection: Connection) -> None:
    for key, minutes in (("a", 300), ("b", 301), ("c", 302)):
        add_record(connection, key, minutes)
    assert [key for key, _ in overdue(connection, batch_size=2)] == ["b", "c"]
    assert [key for key, _ in overdue(connection, batch_size=2)] == ["a"]
