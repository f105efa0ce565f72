"""Dialling schedules as people write them, and the templates of the dictionary (M22, M26-M36).

A period is «09:00 - 21:00» of local time; several stand with commas between. An end that is not after its start lies on
the next day. A template is a row of strategy.schedule without a campaign; a campaign that uses one gets a copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, delete, select, update

from app.campaigns import ScheduleForm, save_schedule, write_schedule_rows
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.strategy import Calendar, Schedule, ScheduleDate, SchedulePeriod
from app.procedures import strategy

DAY = 24 * 60
MOST_PERIODS = 10
MOST_DATES = 1000

Period = tuple[int, int]

_PERIOD = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*[-–—]\s*(\d{1,2})(?::(\d{2}))?")


class ScheduleError(AcmError):
    """A period or a date that cannot be read as it was written."""


class NameTaken(AcmError):
    """Another template has the name."""


def parse_periods(written: str) -> list[Period]:
    """«09:00 - 13:00, 14-18» as minutes of the day, in order. Raises ScheduleError; an empty text is no period."""
    periods = sorted(_period(part) for part in re.split("[,;]", written) if part.strip())
    if len(periods) > MOST_PERIODS:
        raise ScheduleError(_("A day has at most %(count)s periods.", count=MOST_PERIODS))
    for before, after in pairwise(periods):
        if after[0] < before[1] or crosses_midnight(before):
            raise ScheduleError(
                _("Periods overlap: %(one)s and %(other)s.", one=period_text(before), other=period_text(after))
            )
    return periods


def _period(written: str) -> Period:
    found = _PERIOD.fullmatch(written.strip())
    if not found:
        raise ScheduleError(_("“%(text)s” is not a period. Write it like 09:00 - 21:00.", text=written.strip()[:40]))
    hour, minute, last_hour, last_minute = (int(part or 0) for part in found.groups())
    start, end = hour * 60 + minute, last_hour * 60 + last_minute
    if minute > 59 or last_minute > 59 or start >= DAY or end > DAY:
        raise ScheduleError(_("“%(text)s”: there is no such time.", text=written.strip()))
    if (start, end) == (0, 0):
        return 0, DAY
    if start == end:
        raise ScheduleError(
            _("“%(text)s” begins and ends at once. The whole day is 00:00 - 24:00.", text=written.strip())
        )
    return start, end


def parse_date(written: str) -> date:
    """A date as dd.mm.yyyy, or as a browser's calendar writes it. Raises ScheduleError."""
    for pattern in ("%d.%m.%Y", "%Y-%m-%d"):
        try:
            found = datetime.strptime(written.strip(), pattern).date()  # noqa: DTZ007 - a date has no zone
        except ValueError:
            continue
        if 2000 <= found.year <= 2100:
            return found
    raise ScheduleError(_("“%(text)s” is not a date. Write it like 31.12.2026.", text=written.strip()[:40]))


def crosses_midnight(period: Period) -> bool:
    """Whether the period ends on the next day."""
    return period[1] <= period[0]


def time_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def period_text(period: Period) -> str:
    """09:00 - 21:00, as the deck writes it (M34)."""
    return f"{time_text(period[0])} - {time_text(period[1])}"


def periods_text(periods: Iterable[Period]) -> str:
    """All periods of a day, as parse_periods reads them."""
    return ", ".join(period_text(period) for period in periods)


def by_weekday(form: ScheduleForm) -> list[list[Period]]:
    """The periods of Monday to Sunday."""
    return [sorted((start, end) for weekday, start, end in form.periods if weekday == number) for number in range(1, 8)]


def by_date(form: ScheduleForm) -> dict[date, list[Period]]:
    """The periods of each date, in order; an excluded date has none."""
    days: dict[date, list[Period]] = {}
    for on_date, start, end in sorted(form.dates, key=lambda row: (row[0], row[1] or 0)):
        periods = days.setdefault(on_date, [])
        if start is not None and end is not None:
            periods.append((start, end))
    return days


def as_values(form: ScheduleForm) -> dict[str, Any]:
    """The schedule in words of the audit."""
    return {
        "name": form.name,
        "calendar": form.calendar,
        "week": [periods_text(periods) for periods in by_weekday(form)],
        "dates": {
            on_date.isoformat(): periods_text(periods) or "excluded" for on_date, periods in by_date(form).items()
        },
    }


def calendars(connection: Connection) -> Sequence[Any]:
    """Production calendars by name: code, name."""
    return connection.execute(select(Calendar.code, Calendar.name).order_by(Calendar.name, Calendar.code)).all()


def templates(connection: Connection) -> Sequence[Any]:
    """The templates by name: schedule_id, name, created_at, created_by."""
    rows = connection.execute(
        select(Schedule.schedule_id, Schedule.name, Schedule.created_at, Schedule.created_by).where(
            Schedule.campaign_id.is_(None)
        )
    ).all()
    return sorted(rows, key=lambda row: (row.name.casefold(), row.schedule_id))


def template(connection: Connection, schedule_id: int) -> ScheduleForm | None:
    """A template of the dictionary, or None. A schedule of a campaign is not one."""
    name = connection.scalar(
        select(Schedule.name).where(Schedule.schedule_id == schedule_id, Schedule.campaign_id.is_(None))
    )
    return None if name is None else read(connection, [(schedule_id, name)])[schedule_id]


def read(connection: Connection, named: Iterable[tuple[int, str]]) -> dict[int, ScheduleForm]:
    """The rows of schedules, by id. `named` gives their ids and names."""
    names = dict(named)
    periods: dict[int, list[tuple[int, int, int]]] = {schedule_id: [] for schedule_id in names}
    dates: dict[int, list[tuple[date, int | None, int | None]]] = {schedule_id: [] for schedule_id in names}
    for period in connection.execute(
        select(SchedulePeriod.__table__).where(SchedulePeriod.schedule_id.in_(list(names)))
    ):
        periods[period.schedule_id].append((period.weekday, period.start_minute, period.end_minute))
    for row in connection.execute(select(ScheduleDate.__table__).where(ScheduleDate.schedule_id.in_(list(names)))):
        times = (None, None) if row.is_excluded else (row.start_minute, row.end_minute)
        dates[row.schedule_id].append((row.on_date, *times))
    chosen: dict[int, str] = {
        row.schedule_id: row.code
        for row in connection.execute(
            select(Schedule.schedule_id, Calendar.code)
            .join(Calendar, Calendar.calendar_id == Schedule.calendar_id)
            .where(Schedule.schedule_id.in_(list(names)))
        )
    }
    return {
        schedule_id: ScheduleForm(name, sorted(periods[schedule_id]), dates[schedule_id], chosen.get(schedule_id))
        for schedule_id, name in names.items()
    }


def add_template(connection: Connection, form: ScheduleForm, created_by: str, now: datetime) -> int:
    """Make a template. Raises NameTaken."""
    _check_name(connection, form.name, None)
    return save_schedule(connection, None, form, created_by, now)


def change_template(connection: Connection, schedule_id: int, form: ScheduleForm) -> None:
    """Give a template other rows. Campaigns that were made from it keep their copies."""
    _check_name(connection, form.name, schedule_id)
    calendar_id = connection.scalar(select(Calendar.calendar_id).where(Calendar.code == form.calendar))
    connection.execute(
        update(Schedule).where(Schedule.schedule_id == schedule_id).values(name=form.name, calendar_id=calendar_id)
    )
    _delete_rows(connection, schedule_id)
    write_schedule_rows(connection, schedule_id, form)


def delete_template(connection: Connection, schedule_id: int) -> None:
    """Remove a template. Campaigns that were made from it keep their copies."""
    _delete_rows(connection, schedule_id)
    connection.execute(delete(Schedule).where(Schedule.schedule_id == schedule_id, Schedule.campaign_id.is_(None)))


def copy_template(connection: Connection, schedule_id: int, name: str, created_by: str, now: datetime) -> int:
    """Make another template with the rows of this one. Returns its id."""
    return strategy.schedule_copy(connection, schedule_id, None, name, created_by, now)


def copy_name(connection: Connection, name: str) -> str:
    """A free name for a copy of the template `name`."""
    taken = {row.name.casefold() for row in templates(connection)}
    number = 1
    while True:
        suffix = _("copy") if number == 1 else _("copy %(number)s", number=number)
        proposed = f"{name[:180]} ({suffix})"
        if proposed.casefold() not in taken:
            return proposed
        number += 1


def _check_name(connection: Connection, name: str, own_id: int | None) -> None:
    if any(row.name.casefold() == name.casefold() and row.schedule_id != own_id for row in templates(connection)):
        raise NameTaken(_("There is a schedule “%(name)s” already.", name=name))


def _delete_rows(connection: Connection, schedule_id: int) -> None:
    connection.execute(delete(SchedulePeriod).where(SchedulePeriod.schedule_id == schedule_id))
    connection.execute(delete(ScheduleDate).where(ScheduleDate.schedule_id == schedule_id))
