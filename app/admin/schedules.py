"""The dictionary of dialling schedules (M26-M36): templates that campaigns are made from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Connection

from app import clock, schedules
from app.admin.base import Screen
from app.auth import audit, sessions
from app.campaigns import ScheduleForm
from app.database.web import db
from app.frame.formats import local
from app.schedules import NameTaken, Period, ScheduleError


@dataclass
class DateRow:
    """A row of the table of dates, as it was typed, with what is wrong with it."""

    on_date: str = ""
    is_excluded: bool = False
    periods: str = ""
    date_error: str = ""
    periods_error: str = ""
    is_past: bool = False

    @property
    def is_wrong(self) -> bool:
        return bool(self.date_error or self.periods_error)


@dataclass
class Draft:
    """A schedule as the page holds it: texts, and beside each what is wrong with it."""

    name: str = ""
    week: list[str] = field(default_factory=lambda: [""] * 7)
    calendar: str = ""
    dates: list[DateRow] = field(default_factory=list)
    name_error: str = ""
    week_errors: list[str] = field(default_factory=lambda: [""] * 7)
    dates_error: str = ""
    calendar_error: str = ""

    @classmethod
    def of(cls, form: ScheduleForm) -> Draft:
        today = local(clock.now()).date()
        return cls(
            form.name,
            [schedules.periods_text(periods) for periods in schedules.by_weekday(form)],
            form.calendar or "",
            [
                DateRow(
                    on_date.strftime("%d.%m.%Y"), not periods, schedules.periods_text(periods), is_past=on_date < today
                )
                for on_date, periods in schedules.by_date(form).items()
            ],
        )

    @classmethod
    def sent(cls) -> Draft:
        """What the form of the page sent."""
        rows = zip(
            request.form.getlist("on_date"), request.form.getlist("kind"), request.form.getlist("periods"), strict=False
        )
        return cls(
            request.form.get("name", "").strip(),
            [request.form.get(f"week_{number}", "").strip() for number in range(1, 8)],
            request.form.get("calendar", "").strip(),
            [
                DateRow(on_date.strip(), kind == "excluded", periods.strip())
                for on_date, kind, periods in rows
                if on_date.strip() or periods.strip()
            ],
        )

    def form(self) -> ScheduleForm | None:
        """The schedule; None where something is wrong, which then stands beside its field."""
        self.name_error = "" if self.name else _("Give the schedule a name.")
        if len(self.name) > 200:
            self.name_error = _("The name has at most 200 characters.")
        periods = []
        for number, written in enumerate(self.week, start=1):
            try:
                periods += [(number, *period) for period in schedules.parse_periods(written)]
            except ScheduleError as error:
                self.week_errors[number - 1] = error.message
        dates = self._read_dates()
        if self.is_wrong:
            return None
        return ScheduleForm(self.name, periods, dates, self.calendar or None)

    def _read_dates(self) -> list[tuple[date, int | None, int | None]]:
        if len(self.dates) > schedules.MOST_DATES:
            self.dates_error = _("A schedule has at most %(count)s dates.", count=schedules.MOST_DATES)
        seen: set[date] = set()
        dates: list[tuple[date, int | None, int | None]] = []
        for row in self.dates:
            try:
                on_date = schedules.parse_date(row.on_date)
                if on_date in seen:
                    row.date_error = _("This date stands in the table twice.")
                seen.add(on_date)
            except ScheduleError as error:
                on_date, row.date_error = date.min, error.message
            if row.is_excluded:
                dates.append((on_date, None, None))
                continue
            try:
                found: list[Period] = schedules.parse_periods(row.periods)
                if not found:
                    row.periods_error = _("Give the hours, or choose “Excluded”.")
                dates += [(on_date, start, end) for start, end in found]
            except ScheduleError as error:
                row.periods_error = error.message
        return dates

    @property
    def is_wrong(self) -> bool:
        return bool(
            self.name_error
            or self.calendar_error
            or self.dates_error
            or any(self.week_errors)
            or any(row.is_wrong for row in self.dates)
        )


class SchedulesScreen(Screen):
    """The list of templates, and the page of one."""

    screen = "schedules"
    group = "dictionaries"
    icon = "calendar-days"
    help_page = "schedules"
    actions: ClassVar = {"index": "view", "create": "edit", "edit": "view", "copy": "edit", "delete": "edit"}

    @expose("/")
    def index(self) -> Any:
        wanted = request.args.get("q", "").strip()
        with db.engine.connect() as connection:
            rows = schedules.templates(connection)
            shown = [row for row in rows if wanted.casefold() in row.name.casefold()]
            forms = schedules.read(connection, [(row.schedule_id, row.name) for row in shown])
        today = local(clock.now()).date()
        return self.render(
            "screens/schedules.html", schedules=shown, total=len(rows), wanted=wanted, may=sessions.may,
            week={key: week_words(form) for key, form in forms.items()},
            dates={key: date_words(form, today) for key, form in forms.items()},
        )  # fmt: skip

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        draft = Draft.sent() if request.method == "POST" else Draft(week=["09:00 - 21:00"] * 5 + [""] * 2)
        if request.method == "POST" and self._saved(draft, None):
            return redirect(url_for(".index"))
        return self._show(draft, None)

    @expose("/<int:schedule_id>", methods=["GET", "POST"])
    def edit(self, schedule_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.connect() as connection:
            form = _template_or_404(connection, schedule_id)
        draft = Draft.sent() if request.method == "POST" else Draft.of(form)
        if request.method == "POST" and self._saved(draft, schedule_id):
            return redirect(url_for(".index"))
        return self._show(draft, schedule_id, form.name)

    @expose("/<int:schedule_id>/copy", methods=["POST"])
    def copy(self, schedule_id: int) -> Any:
        """Make another template with the same rows, and open it."""
        with db.engine.begin() as connection:
            form = _template_or_404(connection, schedule_id)
            copied = replace(form, name=schedules.copy_name(connection, form.name))
            new_id = schedules.copy_template(connection, schedule_id, copied.name, current_user.username, clock.now())
            audit.record(connection, "schedule_add", "schedule", new_id, after=schedules.as_values(copied))
        flash(_("This is a copy of “%(name)s”. Change what differs.", name=form.name), "success")
        return redirect(url_for(".edit", schedule_id=new_id))

    @expose("/<int:schedule_id>/delete", methods=["POST"])
    def delete(self, schedule_id: int) -> Any:
        """Remove a template. Campaigns have copies of their own, so that nothing depends on it."""
        with db.engine.begin() as connection:
            form = _template_or_404(connection, schedule_id)
            schedules.delete_template(connection, schedule_id)
            audit.record(connection, "schedule_delete", "schedule", schedule_id, before=schedules.as_values(form))
        flash(_("The schedule “%(name)s” is deleted.", name=form.name), "success")
        return redirect(url_for(".index"))

    def _saved(self, draft: Draft, schedule_id: int | None) -> bool:
        with db.engine.connect() as connection:
            known = {row.code for row in schedules.calendars(connection)}
        form = draft.form()
        if draft.calendar and draft.calendar not in known:
            draft.calendar_error = _("There is no such calendar any more.")
        if form is None or draft.calendar_error:
            return False
        try:
            with db.engine.begin() as connection:
                if schedule_id is None:
                    new_id = schedules.add_template(connection, form, current_user.username, clock.now())
                    audit.record(connection, "schedule_add", "schedule", new_id, after=schedules.as_values(form))
                else:
                    before = _template_or_404(connection, schedule_id)
                    schedules.change_template(connection, schedule_id, form)
                    audit.record(
                        connection, "schedule_change", "schedule", schedule_id,
                        before=schedules.as_values(before), after=schedules.as_values(form),
                    )  # fmt: skip
        except NameTaken as error:
            draft.name_error = error.message
            return False
        if any(not row.is_excluded for row in draft.dates) or any(draft.week):
            flash(_("The schedule “%(name)s” is saved.", name=form.name), "success")
        else:
            flash(_("The schedule “%(name)s” is saved. It has no hours: nobody is dialled by it.", name=form.name),
                  "warning")  # fmt: skip
        return True

    def _show(self, draft: Draft, schedule_id: int | None, name: str = "") -> Any:
        with db.engine.connect() as connection:
            calendars = schedules.calendars(connection)
        return self.render(
            "screens/schedule.html", calendars=calendars, draft=draft, schedule_id=schedule_id, name=name,
            weekdays=weekdays(), may=sessions.may, words=period_words, empty_row=DateRow(),
        )  # fmt: skip


def _template_or_404(connection: Connection, schedule_id: int) -> ScheduleForm:
    return schedules.template(connection, schedule_id) or abort(404)


def weekdays() -> list[tuple[str, str]]:
    """Monday to Sunday: name and short name."""
    return [
        (_("Monday"), _("Mon")), (_("Tuesday"), _("Tue")), (_("Wednesday"), _("Wed")), (_("Thursday"), _("Thu")),
        (_("Friday"), _("Fri")), (_("Saturday"), _("Sat")), (_("Sunday"), _("Sun")),
    ]  # fmt: skip


def period_words(written: str) -> str:
    """What periods mean where it is not plain: the whole day, or hours of the next day. Empty where it is."""
    try:
        periods = schedules.parse_periods(written)
    except ScheduleError:
        return ""
    if periods == [(0, schedules.DAY)]:
        return _("around the clock")
    late = [period for period in periods if schedules.crosses_midnight(period)]
    return _("until %(time)s of the next day", time=schedules.time_text(late[0][1])) if late else ""


def week_words(form: ScheduleForm) -> str:
    """Mon–Fri 09:00 - 21:00; Sat, Sun 10:00 - 18:00."""
    short = [name for __, name in weekdays()]
    days: dict[str, list[int]] = {}
    for number, periods in enumerate(schedules.by_weekday(form)):
        if periods:
            text = schedules.periods_text(periods)
            days.setdefault(f"{text} ({period_words(text)})" if period_words(text) else text, []).append(number)
    return "; ".join(f"{_runs(numbers, short)} {text}" for text, numbers in days.items())


def _runs(numbers: list[int], names: list[str]) -> str:
    """Mon–Fri for days in a row, Sat, Sun for two or apart."""
    if len(numbers) == len(names):
        return _("every day")
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{names[run[0]]}–{names[run[-1]]}" if len(run) > 2 else ", ".join(names[number] for number in run)
        for run in runs
    )


def date_words(form: ScheduleForm, today: date) -> str:
    """How many dates lie ahead, and the next one with its hours."""
    days = schedules.by_date(form)
    ahead = {on_date: periods for on_date, periods in days.items() if on_date >= today}
    if not ahead:
        return ngettext("%(num)s date, past", "%(num)s dates, all past", len(days)) if days else ""
    first = min(ahead)
    hours = schedules.periods_text(ahead[first]) or _("Excluded")
    return ngettext(
        "%(num)s date ahead: %(first)s %(hours)s", "%(num)s dates ahead, next %(first)s %(hours)s", len(ahead),
        first=first.strftime("%d.%m.%Y"), hours=hours,
    )  # fmt: skip
