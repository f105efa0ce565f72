"""Cron lines and moments in words, in the reader's language: «каждые 15 минут, пн–пт», «завтра», «через 3 мин»."""

from __future__ import annotations

from datetime import date, timedelta

from flask_babel import gettext as _
from flask_babel import ngettext

from app.services import cron_fields
from app.services.cron_fields import CronFields, Field, runs_of

#: So many times of the day are named one by one; more are told by their minutes and hours.
_TIMES_NAMED = 8


def weekday_names() -> list[str]:
    """Monday to Sunday, short."""
    return [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]


def month_names() -> list[str]:
    """January to December, short."""
    return [
        _("Jan"), _("Feb"), _("Mar"), _("Apr"), _("May"), _("Jun"), _("Jul"), _("Aug"), _("Sep"), _("Oct"), _("Nov"),
        _("Dec"),
    ]  # fmt: skip


def words(line: str) -> str:
    """What a line means; empty where words would say less than the line itself does."""
    fields = cron_fields.read(line)
    if fields is None:
        return ""
    days = _days(fields)
    seconds = _seconds(fields.seconds)
    if not days and _named_times(fields) and not seconds:
        return _("every day at %(times)s", times=_named_times(fields))
    return ", ".join(filter(None, (seconds, _time(fields, bool(seconds)), days)))


def _time(fields: CronFields, has_seconds: bool) -> str:
    minutes, hours = fields.minutes, fields.hours
    if named := _named_times(fields):
        return _("at %(times)s", times=named)
    if minutes.is_any and hours.is_any:
        return "" if has_seconds else _("every minute")
    if not minutes.values:
        often = _every_minutes(minutes.step)
        if hours.is_any:
            return often
        return _("%(often)s, hours %(hours)s", often=often, hours=_hours(_hour_values(hours)))
    at = ", ".join(_spans(minutes.values, ":{:02}"))
    if hours.values:
        return _("at %(minutes)s of the hours %(hours)s", minutes=at, hours=_hours(hours.values))
    often = _every_hours(hours.step)
    return often if minutes.values == (0,) else _("%(often)s at %(minutes)s", often=often, minutes=at)


def _named_times(fields: CronFields) -> str:
    """09:00, 18:00 where both hours and minutes are set and few."""
    hours, minutes = fields.hours.values, fields.minutes.values
    if not hours or not minutes or len(hours) * len(minutes) > _TIMES_NAMED:
        return ""
    return ", ".join(f"{hour:02}:{minute:02}" for hour in hours for minute in minutes)


def _every_minutes(step: int) -> str:
    if step == 1:
        return _("every minute")
    if 60 % step:
        return ngettext("every %(num)s minute from the full hour", "every %(num)s minutes from the full hour", step)
    return ngettext("every %(num)s minute", "every %(num)s minutes", step)


def _every_hours(step: int) -> str:
    if step == 1:
        return _("every hour")
    if 24 % step:
        return ngettext("every %(num)s hour from midnight", "every %(num)s hours from midnight", step)
    return ngettext("every %(num)s hour", "every %(num)s hours", step)


def _seconds(field: Field | None) -> str:
    if field is None or field.values == (0,):
        return ""
    if field.is_any:
        return _("every second")
    if not field.values:
        return ngettext("every %(num)s second", "every %(num)s seconds", field.step)
    return _("at second %(seconds)s", seconds=", ".join(_spans(field.values, "{:02}")))


def _days(fields: CronFields) -> str:
    weekdays, days, parts = fields.weekdays.values, fields.days, []
    numbers = days.values
    if len(weekdays) == 7 or len(numbers) == 31:  # each day is one of these, whatever the other field says
        weekdays, numbers, days = (), (), Field()
    names = ["", *weekday_names()]
    by_weekday = ", ".join(
        f"{names[first]}–{names[last]}" if last > first + 1 else ", ".join(names[one] for one in range(first, last + 1))
        for first, last in runs_of(weekdays)
    )
    by_number = ngettext("day %(days)s of the month", "days %(days)s of the month", len(numbers),
                         days=", ".join(_spans(numbers, "{}"))) if numbers else ""  # fmt: skip
    if days.step > 1:
        by_number = ngettext("every %(num)s day from the 1st", "every %(num)s days from the 1st", days.step)
    # Cron takes either where both are set; people have to know.
    parts.append(_("%(numbers)s or %(weekdays)s", numbers=by_number, weekdays=by_weekday)
                 if by_number and by_weekday else by_number or by_weekday)  # fmt: skip
    months = fields.months
    chosen = months.values or (tuple(range(1, 13, months.step)) if months.step > 1 else ())
    if 0 < len(chosen) < 12:
        parts.append(", ".join(month_names()[number - 1] for number in chosen))
    return ", ".join(filter(None, parts))


def _hour_values(field: Field) -> tuple[int, ...]:
    return field.values or tuple(range(0, 24, field.step))


def _hours(values: tuple[int, ...]) -> str:
    """08–20, 23: whole hours, the last one included."""
    return ", ".join(_spans(values, "{:02}"))


def _spans(values: tuple[int, ...], pattern: str) -> list[str]:
    return [
        f"{pattern.format(first)}–{pattern.format(last)}"
        if last > first + 1
        else ", ".join(pattern.format(one) for one in range(first, last + 1))
        for first, last in runs_of(values)
    ]


def day_words(day: date, today: date) -> str:
    """today, tomorrow, or the short name of the weekday."""
    if day == today:
        return _("today")
    if day == today + timedelta(days=1):
        return _("tomorrow")
    return weekday_names()[day.weekday()]


def ahead_words(ahead: timedelta) -> str:
    """in 3 min; in 2 h 5 min; in 4 d; now, where the moment has passed."""
    seconds = round(ahead.total_seconds())
    if seconds <= 0:
        return _("now")
    if seconds < 60:
        return _("in %(count)s s", count=seconds)
    minutes = seconds // 60
    if minutes < 60:
        return _("in %(count)s min", count=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return _("in %(hours)s h %(minutes)s min", hours=hours, minutes=minutes) if minutes else _(
            "in %(hours)s h", hours=hours
        )  # fmt: skip
    return _("in %(count)s d", count=hours // 24)
