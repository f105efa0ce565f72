"""Cron lines as a form, and the form as a line: whatever the form shows comes at the same moments as the line."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from app.services import cron_fields
from app.services.cron_form import CronForm, form_of
from jobs import schedule

MOSCOW = ZoneInfo("Europe/Moscow")
NOW = datetime(2026, 11, 26, 8, 3, 17)


def moments(line: str) -> list[datetime]:
    return schedule.next_runs(line, MOSCOW, NOW, 40)


@pytest.mark.mission("M232", "M233", "M234", "M235")
@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("* * * * *", CronForm(minute_step="1")),
        ("*/15 * * * *", CronForm(minute_step="15")),
        ("0,30 9,18 * * *", CronForm("at", "5", (0, 30), "at", "1", (9, 18))),
        ("0 */2 * * 1-5", CronForm("at", "5", (0,), "every", "2", (9,), (1, 2, 3, 4, 5))),
        ("5 9 1,15 * *", CronForm("at", "5", (5,), "at", "1", (9,), (), (1, 15))),
        ("5 9 1 * 7", CronForm("at", "5", (5,), "at", "1", (9,), (7,), (1,))),
        ("* * * * * */15", CronForm(minute_step="1", second="*/15")),
        ("0 9 * 1,6 *", CronForm("at", "5", (0,), "at", "1", (9,), month="1,6")),
        ("0 10-18/2 * * mon-fri", CronForm("at", "5", (0,), "at", "1", (10, 12, 14, 16, 18), (1, 2, 3, 4, 5))),
        ("0 9 * * 0", CronForm("at", "5", (0,), "at", "1", (9,), (7,))),
        ("0 9 * * 0-6", CronForm("at", "5", (0,), "at", "1", (9,), (1, 2, 3, 4, 5, 6, 7))),
    ],
)
def test_a_line_fills_the_form(line: str, shown: CronForm) -> None:
    form = form_of(line)
    assert form == shown
    assert moments(form.line() or "") == moments(line)


@pytest.mark.parametrize(
    "line", ["0 9 L * *", "0 9 * * 1#2", "0 9 * * L5", "0 22-6 * * *", "0 9 1-31 * 1", "0 9 1 * */1", "0 9 */2 * *"]
)
def test_a_line_that_says_more_than_the_form_stays_a_line(line: str) -> None:
    assert moments(line)
    assert form_of(line) is None


@pytest.mark.parametrize("line", ["", "x", "* * *", "60 * * * *", "* 24 * * *", "* * 0 * *", "R * * * *", "@daily"])
def test_what_is_no_line_has_no_form(line: str) -> None:
    assert cron_fields.read(line) is None
    assert form_of(line) is None


def sent(**values: object) -> CronForm:
    pairs = [(name, one) for name, value in values.items() for one in (value if isinstance(value, list) else [value])]
    return CronForm.sent(MultiDict(pairs))


def test_the_form_makes_the_line() -> None:
    form = sent(minute_kind="at", minute=["30", "0"], hour_kind="every", hour_step="3", weekday=["1", "2", "3", "7"])
    assert form.line() == "0,30 */3 * * 1-3,7"
    assert sent(minute_kind="every", minute_step="1", hour_kind="every", hour_step="1").line() == "* * * * *"
    everything = sent(minute_kind="every", minute_step="5", hour_kind="every", hour_step="1", day=[str(day) for day in range(1, 32)],
                      weekday=["all"], month="1", second="10")  # fmt: skip
    assert everything.line() == "*/5 * * 1 * 10"


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ({"minute_kind": "at", "hour_step": "1"}, {"minute"}),
        ({"minute_kind": "at", "minute": ["60", "-1", "x"], "hour_step": "1"}, {"minute"}),
        ({"minute_step": "0", "hour_step": "24"}, {"minute", "hour"}),
        ({"minute_step": "60", "hour_kind": "at"}, {"minute", "hour"}),
        ({"minute_step": "five", "hour_step": "٣"}, {"minute", "hour"}),
        ({"minute_step": "5", "hour_step": ""}, {"hour"}),
    ],
)
def test_what_is_wrong_is_told_by_its_field(values: dict[str, object], wrong: set[str], app_context: None) -> None:
    form = sent(**values)
    assert form.line() is None
    assert set(form.errors) == wrong


@pytest.fixture
def app_context() -> object:
    import sqlalchemy

    from app.web import create_app

    with create_app(sqlalchemy.create_engine("sqlite://")).test_request_context():
        yield


steps = st.integers(1, 59)
part = st.one_of(st.just("*"), steps.map("*/{}".format))


@given(
    minute=st.one_of(part, st.sets(st.integers(0, 59), min_size=1, max_size=8).map(lambda v: cron_fields.written(tuple(sorted(v))))),
    hour=st.one_of(st.just("*"), st.integers(1, 23).map("*/{}".format), st.sets(st.integers(0, 23), min_size=1).map(lambda v: cron_fields.written(tuple(sorted(v))))),
    day=st.one_of(st.just("*"), st.sets(st.integers(1, 28), min_size=1).map(lambda v: cron_fields.written(tuple(sorted(v))))),
    weekday=st.one_of(st.just("*"), st.sets(st.integers(0, 7), min_size=1).map(lambda v: ",".join(map(str, sorted(v))))),
    month=st.sampled_from(["*", "1-6", "2,12", "jan-mar"]),
)  # fmt: skip
def test_every_line_of_lists_and_steps_comes_as_its_form_does(
    minute: str, hour: str, day: str, weekday: str, month: str
) -> None:
    line = f"{minute} {hour} {day} {month} {weekday}"
    form = form_of(line)
    if form is None:  # all weekdays by name beside days of the month: every day, which the form says otherwise
        assert day != "*" and len({int(one) % 7 for one in weekday.split(",")}) == 7
        return
    again = form.line()
    assert again is not None
    assert schedule.next_runs(again, MOSCOW, NOW, 5) == schedule.next_runs(line, MOSCOW, NOW, 5)


@given(st.text(alphabet="0123456789*/,-LW#?RHmonjan ", max_size=30))
def test_no_text_breaks_the_reading(line: str) -> None:
    fields = cron_fields.read(line)
    if fields is not None:
        schedule.check(line)
    form_of(line)
