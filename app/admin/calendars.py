"""Production calendars (M21): a year as twelve months, filled from the library, days corrected by hand."""

from __future__ import annotations

from calendar import Calendar as Weeks
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Connection, func, or_, select

from app import calendars, clock
from app.admin.base import Screen
from app.auth import audit, sessions
from app.calendars import CALENDARS, CLOSED, FIRST_YEAR, FRIDAY, LAST_YEAR, SATURDAY, SUNDAY, Day
from app.database.web import db
from app.errors import AcmError
from app.frame import inputs
from app.frame.formats import local
from app.models.strategy import ARCHIVED, Calendar, Campaign, Schedule, StrategyVersion, VersionPhoneType

DEFAULT = "RU"
MOST_NAME = 200
MONTHS: tuple[Any, ...] = (
    lazy_gettext("January"), lazy_gettext("February"), lazy_gettext("March"), lazy_gettext("April"),
    lazy_gettext("May"), lazy_gettext("June"), lazy_gettext("July"), lazy_gettext("August"), lazy_gettext("September"),
    lazy_gettext("October"), lazy_gettext("November"), lazy_gettext("December"),
)  # fmt: skip
WEEKDAYS: tuple[Any, ...] = (
    lazy_gettext("Monday"), lazy_gettext("Tuesday"), lazy_gettext("Wednesday"), lazy_gettext("Thursday"),
    lazy_gettext("Friday"), lazy_gettext("Saturday"), lazy_gettext("Sunday"),
)  # fmt: skip
SHORT: tuple[Any, ...] = (
    lazy_gettext("Mon"), lazy_gettext("Tue"), lazy_gettext("Wed"), lazy_gettext("Thu"), lazy_gettext("Fri"),
    lazy_gettext("Sat"), lazy_gettext("Sun"),
)  # fmt: skip


class CalendarsScreen(Screen):
    """The year of a calendar, and the dialog of a day."""

    screen = "calendars"
    group = "dictionaries"
    icon = "calendar-check"
    help_page = "dictionaries"
    help_section = "calendars"
    actions: ClassVar = {"index": "view", "day": "view", "load": "edit", "restore": "edit"}

    @expose("/")
    def index(self) -> Any:
        today = local(clock.now()).date()
        asked = inputs.small(request.args.get("year"))
        year = asked if asked is not None and FIRST_YEAR <= asked <= LAST_YEAR else today.year
        code = _code_or_404(request.args.get("code", DEFAULT))
        with db.engine.connect() as connection:
            days = {day.on_date: day for day in calendars.read_days(connection, code) if day.on_date.year == year}
            campaigns = _campaigns(connection, code)
        return self.render(
            "screens/calendars.html", code=code, codes=list(CALENDARS), calendar_name=CALENDARS[code][0], year=year,
            today=today, days=days, months=[(MONTHS[month - 1], _weeks(year, month)) for month in range(1, 13)],
            short=SHORT, kind=kind, words=lambda on_date: day_words(on_date, days), said=kind_words,
            campaigns=campaigns, first=FIRST_YEAR, last=LAST_YEAR, editable=sessions.may(self.screen, "edit"),
        )  # fmt: skip

    @expose("/<code>/<on_date>", methods=["GET", "POST"])
    def day(self, code: str, on_date: str) -> Any:
        """The dialog of one day."""
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        code, moment = _code_or_404(code), _date_or_404(on_date)
        with db.engine.begin() as connection:
            known = {day.on_date: day for day in calendars.read_days(connection, code)}.get(moment)
            before = known or Day(moment, moment.isoweekday(), "")
            name, name_error = before.name, ""
            if request.method == "POST":
                asked = request.form.get("as_weekday", "")
                as_weekday = int(asked) if asked in set("01234567") else abort(400)
                name = request.form.get("name", "").strip()
                if len(name) > MOST_NAME:
                    name_error = _("At most %(most)s characters.", most=MOST_NAME)
                else:
                    calendars.correct_day(connection, code, moment, as_weekday, name)
                    _audit(connection, code, before, Day(moment, as_weekday, name))
                    flash(_("%(day)s is corrected.", day=f"{moment:%d.%m.%Y}"), "success")
                    return self.leave_sheet(url_for(".index", code=code, year=moment.year))
        return self.render_sheet(
            "screens/calendar_day.html", code=code, on_date=moment, day=before, name=name, name_error=name_error,
            weekdays=WEEKDAYS, is_past=moment < local(clock.now()).date(), most_name=MOST_NAME,
            editable=sessions.may(self.screen, "edit"), takes=takes_words,
        )  # fmt: skip

    @expose("/<code>/<on_date>/restore", methods=["POST"])
    def restore(self, code: str, on_date: str) -> Any:
        """Undo the correction of a day."""
        code, moment = _code_or_404(code), _date_or_404(on_date)
        with db.engine.begin() as connection:
            before = {day.on_date: day for day in calendars.read_days(connection, code)}.get(moment) or abort(404)
            calendars.restore_day(connection, code, moment)
            after = {day.on_date: day for day in calendars.read_days(connection, code)}.get(moment)
            _audit(connection, code, before, after or Day(moment, moment.isoweekday(), ""))
        flash(_("%(day)s is as the library has it.", day=f"{moment:%d.%m.%Y}"), "success")
        return self.leave_sheet(url_for(".index", code=code, year=moment.year))

    @expose("/<code>/<int:year>/load", methods=["POST"])
    def load(self, code: str, year: int) -> Any:
        """Fill a year from the library; days corrected by hand stay."""
        code = _code_or_404(code)
        try:
            with db.engine.begin() as connection:
                found = calendars.load_calendar(connection, code, [year])
                audit.record(
                    connection, "calendar_load", "calendar", code,
                    after={"year": year, "days_off": found.days_off, "worked_weekends": found.worked_weekends},
                )  # fmt: skip
        except AcmError as error:
            flash(error.message, "error")
            return redirect(url_for(".index", code=code))
        flash(
            _(
                "Days off: %(off)s, worked weekends: %(worked)s, left as corrected by hand: %(kept)s.",
                off=found.days_off, worked=found.worked_weekends, kept=found.kept,
            ),
            "success",
        )  # fmt: skip
        return redirect(url_for(".index", code=code, year=year))


def kind(on_date: date, day: Day | None) -> str:
    """How a day is drawn: work, weekend, off, worked, closed, or other where it takes another weekday's periods."""
    is_weekend = on_date.isoweekday() in (SATURDAY, SUNDAY)
    if day is None or day.as_weekday == on_date.isoweekday() != SUNDAY:
        return "weekend" if is_weekend else "work"
    if day.as_weekday == CLOSED:
        return "closed"
    if day.as_weekday == SUNDAY:
        return "off"
    return "worked" if is_weekend and day.as_weekday <= FRIDAY else "other"


def takes_words(as_weekday: int) -> str:
    """Whose periods a day takes, in words."""
    if as_weekday == CLOSED:
        return _("no dialling")
    return _("as on %(weekday)s", weekday=str(WEEKDAYS[as_weekday - 1]))


def kind_words(on_date: date, day: Day | None) -> str:
    """What makes a day another than its weekday, in words; empty for one that is like all others."""
    return {
        "off": _("day off"), "worked": _("worked weekend"), "closed": _("no dialling"),
        "other": takes_words(day.as_weekday) if day else "",
    }.get(kind(on_date, day), "")  # fmt: skip


def day_words(on_date: date, days: Mapping[date, Day]) -> str:
    """A day in words, for those who do not see its colour."""
    day = days.get(on_date)
    said = f"{on_date:%d.%m.%Y}, {WEEKDAYS[on_date.weekday()]}"
    parts = [said, kind_words(on_date, day), day.name if day else "", _("by hand") if day and day.is_corrected else ""]
    return ", ".join(part for part in parts if part)


def _weeks(year: int, month: int) -> list[list[date | None]]:
    return [
        [one if one.month == month else None for one in week] for week in Weeks().monthdatescalendar(year, month)
    ]  # fmt: skip


def _code_or_404(code: str) -> str:
    return code.upper() if code.upper() in CALENDARS else abort(404)


def _date_or_404(written: str) -> date:
    try:
        found = datetime.strptime(written, "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        abort(404)
    return found if FIRST_YEAR <= found.year <= LAST_YEAR else abort(404)


def _audit(connection: Connection, code: str, before: Day, after: Day) -> None:
    def told(day: Day) -> dict[str, Any]:
        return {"date": day.on_date, "as_weekday": day.as_weekday, "name": day.name}

    audit.record(connection, "calendar_day", "calendar", code, before=told(before), after=told(after))


def _campaigns(connection: Connection, code: str) -> int:
    """Campaigns whose strategy in force obeys the calendar, by its common schedule or by that of a phone type."""
    schedules = (
        select(Schedule.schedule_id)
        .join(Calendar, Calendar.calendar_id == Schedule.calendar_id)
        .where(Calendar.code_key == code)
    )
    by_type = select(VersionPhoneType.strategy_version_id).where(VersionPhoneType.schedule_id.in_(schedules))
    return int(
        connection.scalar(
            select(func.count())
            .select_from(Campaign)
            .join(StrategyVersion, StrategyVersion.strategy_version_id == Campaign.strategy_version_id)
            .where(
                Campaign.state_id != ARCHIVED,
                or_(StrategyVersion.schedule_id.in_(schedules), StrategyVersion.strategy_version_id.in_(by_type)),
            )
        )
        or 0
    )
