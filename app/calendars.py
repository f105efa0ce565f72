"""Production calendars: filled with the days of the library `holidays`, corrected by hand where it is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, delete, insert, select, update

from app.errors import AcmError
from app.i18n import gettext as _
from app.models.strategy import Calendar, CalendarDay

#: Calendars that can be loaded, by country: name, language of the names of days, and what a worked weekend is called.
CALENDARS = {"RU": ("Производственный календарь России", "ru", "Рабочий день (перенос выходного)")}
FRIDAY, SATURDAY, SUNDAY = 5, 6, 7
CLOSED = 0
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class Day:
    """A day that takes the periods of another weekday than its own. 0: no dialling at all."""

    on_date: date
    as_weekday: int
    name: str
    is_corrected: bool = False


@dataclass(frozen=True)
class CalendarSummary:
    """What a load of a calendar did."""

    days_off: int
    worked_weekends: int
    kept: int  # days that were corrected by hand, and left alone


def library_days(code: str, years: Iterable[int]) -> list[Day]:
    """Days off, moved ones included, and worked weekends of the years. A day off takes the periods of Sunday, a
    Saturday or Sunday that is worked those of Friday."""
    import holidays

    _name, language, worked_name = _known(code)
    found = holidays.country_holidays(code.strip().upper(), years=list(years), language=language, expand=False)
    days = [Day(day, SUNDAY, name) for day, name in found.items()]
    worked: Iterable[date] = getattr(found, "weekend_workdays", ())
    days += [Day(day, FRIDAY, worked_name) for day in worked if day.year in found.years]
    return sorted(days, key=lambda day: day.on_date)


def load_calendar(connection: Connection, code: str, years: Iterable[int]) -> CalendarSummary:
    """Fill a calendar with the days of these years, in place of those that it had, but for days corrected by hand."""
    years = sorted(set(years))
    if not years or years[0] < FIRST_YEAR or years[-1] > LAST_YEAR:
        raise AcmError(_("Years are from %(first)s to %(last)s.", first=FIRST_YEAR, last=LAST_YEAR))
    days = library_days(code, years)
    calendar_id = _calendar_id(connection, code)
    corrected = set()
    for year in years:
        of_year = (
            CalendarDay.calendar_id == calendar_id,
            CalendarDay.on_date >= date(year, 1, 1),
            CalendarDay.on_date <= date(year, 12, 31),
        )
        corrected |= set(
            connection.scalars(select(CalendarDay.on_date).where(*of_year, CalendarDay.is_corrected == True))  # noqa: E712 - SQL
        )
        connection.execute(delete(CalendarDay).where(*of_year, CalendarDay.is_corrected == False))  # noqa: E712
    fresh = [day for day in days if day.on_date not in corrected]
    if fresh:
        connection.execute(
            insert(CalendarDay),
            [
                {
                    "calendar_id": calendar_id,
                    "on_date": day.on_date,
                    "as_weekday": day.as_weekday,
                    "name": day.name,
                    "is_corrected": False,
                }
                for day in fresh
            ],
        )
    return CalendarSummary(
        days_off=sum(day.as_weekday == SUNDAY for day in fresh),
        worked_weekends=sum(day.as_weekday == FRIDAY for day in fresh),
        kept=len(corrected),
    )


def correct_day(connection: Connection, code: str, on_date: date, as_weekday: int, name: str) -> None:
    """Set a day by hand: the weekday whose periods it takes, or 0 for no dialling. Loading leaves it alone."""
    if not CLOSED <= as_weekday <= SUNDAY:
        raise AcmError(_("A weekday is 1 (Monday) to 7 (Sunday), or 0 for no dialling."))
    calendar_id = _calendar_id(connection, code)
    values = {"as_weekday": as_weekday, "name": name[:200], "is_corrected": True}
    changed = connection.execute(
        update(CalendarDay)
        .where(CalendarDay.calendar_id == calendar_id, CalendarDay.on_date == on_date)
        .values(**values)
    )
    if not changed.rowcount:
        connection.execute(insert(CalendarDay).values(calendar_id=calendar_id, on_date=on_date, **values))


def restore_day(connection: Connection, code: str, on_date: date) -> None:
    """Undo a correction by hand: the day is what the library says again, or a day like others of its weekday."""
    calendar_id = _calendar_id(connection, code)
    connection.execute(
        delete(CalendarDay).where(CalendarDay.calendar_id == calendar_id, CalendarDay.on_date == on_date)
    )
    known = next((day for day in library_days(code, [on_date.year]) if day.on_date == on_date), None)
    if known is not None:
        connection.execute(
            insert(CalendarDay).values(
                calendar_id=calendar_id, on_date=on_date, as_weekday=known.as_weekday, name=known.name,
                is_corrected=False,
            )
        )  # fmt: skip


def read_days(connection: Connection, code: str) -> list[Day]:
    """The days of a calendar, in their order."""
    rows = connection.execute(
        select(CalendarDay.on_date, CalendarDay.as_weekday, CalendarDay.name, CalendarDay.is_corrected)
        .join(Calendar, Calendar.calendar_id == CalendarDay.calendar_id)
        .where(Calendar.code_key == code.strip().upper())
        .order_by(CalendarDay.on_date)
    )
    return [Day(row.on_date, row.as_weekday, row.name or "", row.is_corrected) for row in rows]


def _known(code: str) -> tuple[str, str, str]:
    found = CALENDARS.get(code.strip().upper())
    if found is None:
        raise AcmError(
            _("There is no calendar %(code)s.", code=code), _("Calendars: %(names)s.", names=", ".join(CALENDARS))
        )
    return found


def _calendar_id(connection: Connection, code: str) -> int:
    """The calendar's id; the calendar is made when it is new."""
    name, *_rest = _known(code)
    key = code.strip().upper()
    found = connection.scalar(select(Calendar.calendar_id).where(Calendar.code_key == key))
    if found is not None:
        return int(found)
    made = connection.execute(insert(Calendar).values(code=key, code_key=key, name=name)).inserted_primary_key
    return int(made[0])  # type: ignore[index]
