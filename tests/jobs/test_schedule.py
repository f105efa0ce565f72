"""When a service comes next: cron lines in a zone, summer time included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import AcmError
from app.settings import get_settings
from jobs.schedule import check, installation_zone, next_run, next_runs

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("30 3 * * *", "2026-11-23T00:00", "2026-11-23T00:30"),  # 03:30 in Moscow
        ("30 3 * * *", "2026-11-23T00:30", "2026-11-24T00:30"),  # strictly after
        ("*/15 * * * *", "2026-11-23T10:01", "2026-11-23T10:15"),
        ("0 9 * * 1", "2026-11-23T06:00", "2026-11-30T06:00"),
        ("0 9 * * 0", "2026-11-23T06:00", "2026-11-29T06:00"),
        ("0 9 * * 7", "2026-11-23T06:00", "2026-11-29T06:00"),
        ("0 9 1 * *", "2026-11-23T06:00", "2026-12-01T06:00"),
        ("0 9 1 * 1", "2026-11-23T06:00", "2026-11-30T06:00"),  # day of the month or of the week, as cron has it
        ("* * * * * */15", "2026-11-23T10:00:01", "2026-11-23T10:00:15"),  # seconds come last
        ("5 * * * * 30", "2026-11-23T10:00", "2026-11-23T10:05:30"),
    ],
)
def test_the_next_run_is_read_in_the_zone(cron: str, after: str, expected: str) -> None:
    assert next_run(cron, MOSCOW, utc(after)) == utc(expected)


def test_a_fixed_time_of_the_night_that_is_left_out_comes_right_after_it() -> None:
    runs = next_runs("30 2 * * *", BERLIN, utc("2026-03-28T12:00"), 2)
    assert runs == [utc("2026-03-29T01:00"), utc("2026-03-30T00:30")]


def test_a_fixed_time_of_the_night_that_comes_twice_runs_once() -> None:
    runs = next_runs("30 2 * * *", BERLIN, utc("2026-10-24T12:00"), 2)
    assert runs == [utc("2026-10-25T00:30"), utc("2026-10-26T01:30")]


def test_every_half_hour_of_that_night_runs_each_time() -> None:
    runs = next_runs("*/30 * * * *", BERLIN, utc("2026-10-25T00:00"), 4)
    assert runs == [utc("2026-10-25T00:30"), utc("2026-10-25T01:00"), utc("2026-10-25T01:30"), utc("2026-10-25T02:00")]


def test_a_day_that_never_comes_has_no_run() -> None:
    assert next_run("0 0 30 2 *", MOSCOW, utc("2026-11-23T00:00")) is None


@pytest.mark.parametrize(
    "cron",
    [
        "", "*", "* * * *", "* * * * * * *", "@daily", "60 * * * *", "* 24 * * *", "* * 32 * *", "* * * 13 *",
        "*/0 * * * *", "5-1/0 * * * *", "a b c d e", "R * * * *", "H H * * *", "* * * * * 60", "1,,2 * * * *",
        "9" * 500 + " * * * *", "\x00 * * * *", "; DROP TABLE x", "٣ * * * *",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused_in_words(cron: str) -> None:
    with pytest.raises(AcmError, match="This is not a schedule"):
        check(cron)


@given(st.text(max_size=40))
def test_any_text_is_either_a_schedule_or_refused(text: str) -> None:
    try:
        found = next_runs(text, BERLIN, utc("2026-10-24T12:00"), 2)
    except AcmError:
        return
    assert found == sorted(found)
    assert all(moment > utc("2026-10-24T12:00") for moment in found)


FIELD = st.one_of(st.just("*"), st.integers(1, 5).map(lambda number: f"*/{number}"))


@given(
    st.tuples(FIELD | st.integers(0, 59).map(str), FIELD | st.integers(0, 23).map(str)),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),
    st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Europe/Moscow"]),
)
def test_runs_move_on_and_fit_the_wall_clock(fields: tuple[str, str], after: datetime, zone: str) -> None:
    """Against the wall clock: minute and hour match, or the hour is one that the night left out."""
    minute, hour = fields
    info = ZoneInfo(zone)
    moments = next_runs(f"{minute} {hour} * * *", info, after, 5)
    assert len(moments) == 5
    before = after
    for moment in moments:
        assert moment > before
        local = moment.replace(tzinfo=UTC).astimezone(info)
        shifted = local.utcoffset() != (local - timedelta(hours=3)).replace(tzinfo=info).utcoffset()
        if minute.isdigit() and hour.isdigit() and not shifted:
            assert (local.minute, local.hour) == (int(minute), int(hour))
        before = moment


@pytest.mark.parametrize("name", ["Moscow", "", "../etc/passwd", "Europe/Москва"])
def test_a_zone_that_is_none_is_refused_in_words(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_TIME_ZONE", name)
    get_settings.cache_clear()
    try:
        with pytest.raises(AcmError, match="ACM_TIME_ZONE"):
            installation_zone()
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
    assert installation_zone().key == "Europe/Moscow"
