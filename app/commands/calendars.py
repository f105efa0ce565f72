"""`acm calendar`: production calendars, which days are off and which weekends are worked."""

from __future__ import annotations

import re
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table

from app.calendars import correct_day, load_calendar, read_days
from app.database.engine import create_engine
from app.errors import AcmError
from app.i18n import gettext as _

_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?")


class Years(click.ParamType[range]):
    """2026 or 2026-2027."""

    name = "years"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> range:
        found = _YEARS.fullmatch(str(value).strip())
        if not found or int(found[2] or found[1]) < int(found[1]):
            self.fail(_("«%(value)s» is neither a year nor two years such as 2026-2027.", value=value), param, ctx)
        return range(int(found[1]), int(found[2] or found[1]) + 1)


@click.group()
def calendar() -> None:
    """Production calendars: days off, moved ones included, and worked weekends."""


@calendar.command()
@click.argument("code")
@click.option("--years", type=Years(), required=True, help="2026 or 2026-2027.")
def load(code: str, years: range) -> None:
    """Fill the calendar CODE (RU) with the days of some years. Days corrected by hand stay as they are."""
    with create_engine(program="acm calendar").begin() as connection:
        found = load_calendar(connection, code, years)
    click.echo(
        _(
            "Days off: %(off)s, worked weekends: %(worked)s, left as corrected by hand: %(kept)s.",
            off=found.days_off,
            worked=found.worked_weekends,
            kept=found.kept,
        )
    )


@calendar.command()
@click.argument("code")
def show(code: str) -> None:
    """List the days of the calendar CODE."""
    with create_engine(program="acm calendar").connect() as connection:
        days = read_days(connection, code)
    if not days:
        raise AcmError(
            _("The calendar %(code)s has no days.", code=code), _("Load it: acm calendar load RU --years 2026-2027.")
        )
    table = Table(_("Date"), _("Takes the periods of"), _("Name"), "")
    for day in days:
        mark = _("by hand") if day.is_corrected else ""
        table.add_row(f"{day.on_date:%d.%m.%Y}", weekday_name(day.as_weekday), day.name, mark)
    Console().print(table)


@calendar.command("set")
@click.argument("code")
@click.argument("day", type=click.DateTime(["%Y-%m-%d", "%d.%m.%Y"]), metavar="DATE")
@click.option("--as", "as_weekday", type=click.IntRange(0, 7), required=True,
              help="Weekday whose periods the day takes, 1 to 7; 0: no dialling.")  # fmt: skip
@click.option("--name", default="", help="What the day is.")
def set_day(code: str, day: datetime, as_weekday: int, name: str) -> None:
    """Correct a day of the calendar CODE by hand. Loading the calendar again leaves it alone."""
    with create_engine(program="acm calendar").begin() as connection:
        correct_day(connection, code, day.date(), as_weekday, name)
    click.echo(f"{day:%d.%m.%Y}: {weekday_name(as_weekday)}")


def weekday_name(weekday: int) -> str:
    """The weekday whose periods a day takes, in words."""
    return (
        _("no dialling"), _("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"),
        _("Sunday"),
    )[weekday]  # fmt: skip
