"""Dates: boundaries, ends of months, leap days, truncation to parts."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.sql.house_tsql import run, value


def _d(text: str) -> str:
    return f"CAST(N'{text}' AS date)"


def _m(text: str) -> str:
    return f"CAST(N'{text}' AS datetime2(3))"


@pytest.mark.parametrize(
    ("unit", "first", "second", "expected"),
    [
        ("year", "2025-12-31 23:59:59.999", "2026-01-01", 1),  # one boundary, a millisecond apart
        ("year", "2026-01-01", "2026-12-31", 0),
        ("month", "2026-01-31", "2026-02-01", 1),
        ("month", "2026-02-01", "2026-01-31", -1),
        ("month", "2025-11-15", "2026-02-14", 3),
        ("day", "2026-01-01 23:59:59.999", "2026-01-02", 1),
        ("day", "2026-01-02", "2026-01-01 23:59:59.999", -1),
        ("day", "2024-02-28", "2024-03-01", 2),
        ("day", "2026-02-28", "2026-03-01", 1),
        ("hour", "2026-01-01 10:59:59", "2026-01-01 11:00:00", 1),
        ("hour", "2026-01-01 10:00:00", "2026-01-01 10:59:59.999", 0),
        ("minute", "2026-01-01 10:00:59.999", "2026-01-01 10:01:00", 1),
        ("minute", "2026-01-01 10:01:00", "2026-01-01 10:00:59.999", -1),
        ("minute", "2026-01-01", "2026-01-02", 1440),
        ("second", "2026-01-01 10:00:00.999", "2026-01-01 10:00:01.000", 1),
        ("second", "2026-01-01 10:00:00.000", "2026-01-01 10:00:00.999", 0),
        ("millisecond", "2026-01-01 10:00:00.001", "2026-01-01 10:00:01.000", 999),
    ],
)
def test_datediff_counts_boundaries(connection: Connection, unit: str, first: str, second: str, expected: int) -> None:
    assert value(connection, f"DATEDIFF({unit}, {_m(first)}, {_m(second)})", "int") == expected


def test_datediff_of_dates_and_of_null(connection: Connection) -> None:
    body = f"""
DECLARE @none datetime2(3), @day date = {_d("2026-03-01")};
SELECT DATEDIFF(day, {_d("2026-02-28")}, @day) AS days, DATEDIFF(minute, @day, {_m("2026-03-01 01:30:00")}) AS mixed,
    DATEDIFF(day, @none, @day) AS nothing;"""
    assert run(connection, body, "one row: days int, mixed int, nothing int") == [(1, 90, None)]


def test_datediff_out_of_range_is_an_error(connection: Connection) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        value(connection, f"DATEDIFF(millisecond, {_m('2000-01-01')}, {_m('2026-01-01')})", "int")


@pytest.mark.parametrize(
    ("unit", "count", "start", "expected"),
    [
        ("month", "1", "2026-01-31", datetime(2026, 2, 28)),
        ("month", "1", "2024-01-31", datetime(2024, 2, 29)),
        ("month", "-1", "2024-03-31", datetime(2024, 2, 29)),
        ("month", "@n", "2026-01-31", datetime(2026, 4, 30)),
        ("year", "1", "2024-02-29", datetime(2025, 2, 28)),
        ("year", "4", "2024-02-29", datetime(2028, 2, 29)),
        ("day", "1", "2026-02-28 10:00:00", datetime(2026, 3, 1, 10)),
        ("day", "-1", "2026-01-01", datetime(2025, 12, 31)),
        ("hour", "@n", "2026-01-01 22:00:00", datetime(2026, 1, 2, 1)),
        ("hour", "- @n", "2026-01-01 02:00:00", datetime(2025, 12, 31, 23)),
        ("minute", "90", "2026-01-01", datetime(2026, 1, 1, 1, 30)),
        ("minute", "@n * 2 - 1", "2026-01-01", datetime(2026, 1, 1, 0, 5)),
        ("second", "-1", "2026-01-01", datetime(2025, 12, 31, 23, 59, 59)),
        ("millisecond", "5", "2026-01-01 00:00:00.999", datetime(2026, 1, 1, 0, 0, 1, 4000)),
    ],
)
def test_dateadd(connection: Connection, unit: str, count: str, start: str, expected: datetime) -> None:
    assert (
        value(connection, f"DATEADD({unit}, {count}, {_m(start)})", "datetime2(3)", "DECLARE @n int = 3;") == expected
    )


def test_dateadd_keeps_a_date_and_null(connection: Connection) -> None:
    body = f"""
DECLARE @day date = {_d("2026-01-31")}, @none int, @nothing date;
SELECT DATEADD(month, 1, @day) AS a, DATEADD(day, @none, @day) AS b, DATEADD(day, 1, @nothing) AS c,
    DATEDIFF(day, @day, DATEADD(day, 7, @day)) AS d;"""
    assert run(connection, body, "one row: a date, b date, c date, d int") == [(date(2026, 2, 28), None, None, 7)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("YEAR(@m)", 2026),
        ("MONTH(@m)", 2),
        ("DAY(@m)", 28),
        ("DATEPART(year, @m)", 2026),
        ("DATEPART(month, @m)", 2),
        ("DATEPART(day, @m)", 28),
        ("DATEPART(hour, @m)", 23),
        ("DATEPART(minute, @m)", 59),
        ("DATEPART(second, @m)", 58),  # not rounded up to 59
        ("DATEPART(millisecond, @m)", 997),
        ("DATEPART(hour, @t)", 9),
        ("DATEPART(minute, @t)", 30),
        ("DATEPART(second, @t)", 15),
        ("DATEPART(hour, @d)", 0),
        ("YEAR(@none)", None),
        ("DATEPART(hour, @none)", None),
    ],
)
def test_datepart(connection: Connection, expression: str, expected: int | None) -> None:
    declare = f"""
DECLARE @m datetime2(3) = {_m("2026-02-28 23:59:58.997")}, @d date = {_d("2026-02-28")}, @none datetime2(3);
DECLARE @t time(0) = CAST(N'09:30:15' AS time(0));"""
    assert value(connection, expression, "int", declare) == expected


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("EOMONTH(CAST(N'2024-02-10' AS date))", date(2024, 2, 29)),
        ("EOMONTH(CAST(N'2026-02-10' AS date))", date(2026, 2, 28)),
        ("EOMONTH(CAST(N'2026-12-31 23:59:59' AS datetime2(3)))", date(2026, 12, 31)),
        ("EOMONTH(CAST(N'2026-01-31' AS date), 1)", date(2026, 2, 28)),
        ("EOMONTH(CAST(N'2026-03-31' AS date), -1)", date(2026, 2, 28)),
        ("EOMONTH(@none)", None),
        ("DATEFROMPARTS(2024, 2, 29)", date(2024, 2, 29)),
        ("DATEFROMPARTS(2024, NULL, 29)", None),
        ("CAST(CAST(N'2026-02-28 23:59:59.999' AS datetime2(3)) AS date)", date(2026, 2, 28)),
    ],
)
def test_dates_made(connection: Connection, expression: str, expected: date | None) -> None:
    assert value(connection, expression, "date", "DECLARE @none date;") == expected


def test_impossible_date_is_an_error(connection: Connection) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        value(connection, "DATEFROMPARTS(2026, 2, 29)", "date")


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-01-01 09:00:00", time(9)),
        ("2026-01-01 09:00:00.500", time(9, 0, 1)),
        ("2026-01-01 23:59:59.700", time(0)),  # rounds over midnight, not to 24:00:00
        ("2026-01-01 23:59:59.400", time(23, 59, 59)),
    ],
)
def test_time_of_a_moment_is_rounded(connection: Connection, moment: str, expected: time) -> None:
    assert value(connection, f"CAST({_m(moment)} AS time(0))", "time(0)") == expected


def test_moments_compare_and_order(connection: Connection) -> None:
    body = f"""
DECLARE @t table (m datetime2(3), d date);
INSERT INTO @t (m, d) VALUES ({_m("2026-01-01 00:00:00.001")}, {_d("2026-01-02")}), ({_m("2026-01-03")}, N'2026-01-03');
SELECT t.d FROM @t AS t WHERE t.m >= t.d AND t.m < DATEADD(day, 1, t.d) AND t.m BETWEEN N'2026-01-02' AND N'2026-01-04';"""
    assert run(connection, body, "rows: d date") == [(date(2026, 1, 3),)]


def test_clock_is_utc_and_moves_within_a_transaction(connection: Connection) -> None:
    first = value(connection, "SYSUTCDATETIME()", "datetime2(3)")
    second = value(connection, "SYSUTCDATETIME()", "datetime2(3)")
    now = datetime.now(UTC).replace(tzinfo=None)
    assert first <= second and abs(now - second) < timedelta(minutes=5)
    assert (value(connection, "CAST(SYSUTCDATETIME() AS datetime2(3))", "datetime2(3)").microsecond % 1000) == 0
