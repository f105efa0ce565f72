"""How numbers, moments and sizes are written on pages: in the user's zone, dd.mm.yyyy, digits in groups."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from flask import Flask, has_request_context
from flask_babel import gettext as _
from flask_login import current_user

from app import clock
from app.frame.languages import language
from app.settings import get_settings

#: What stands where there is no value.
NONE = "—"
_GROUP = "\N{NO-BREAK SPACE}"


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(
        moment=moment, moment_ms=moment_ms, minute=minute, number=number, size=size, minutes=minutes
    )
    app.jinja_env.globals.update(
        zone_name=zone_name, local_now=lambda: moment(clock.now()), now_ms=_now_ms, clock_speed=clock.speed
    )


@lru_cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


@lru_cache
def zone_names() -> tuple[str, ...]:
    """Zones that a user may choose."""
    areas = ("Europe/", "Asia/", "America/", "Africa/", "Atlantic/", "Australia/", "Indian/", "Pacific/", "Antarctica/")
    return ("UTC", *sorted(name for name in available_timezones() if name.startswith(areas)))


def zone_name() -> str:
    """The zone of the user of this request, else the installation's."""
    own = None
    if has_request_context() and current_user.is_authenticated:
        own = current_user.account.time_zone
    return own or get_settings().time_zone


def zone() -> tzinfo:
    return _zone(zone_name())


def local(value: datetime) -> datetime:
    """A naive UTC moment as local time of the user."""
    return value.replace(tzinfo=UTC).astimezone(zone())


def to_utc(value: datetime) -> datetime:
    """A naive moment in the user's zone as naive UTC."""
    return value.replace(tzinfo=zone()).astimezone(UTC).replace(tzinfo=None)


def moment(value: datetime | None) -> str:
    """dd.mm.yyyy hh:mm:ss in the user's zone (M135)."""
    return local(value).strftime("%d.%m.%Y %H:%M:%S") if value else ""


def minute(value: datetime | None) -> str:
    """The same without seconds, where people gave the moment to the minute."""
    return local(value).strftime("%d.%m.%Y %H:%M") if value else ""


def moment_ms(value: datetime | None) -> str:
    """The same with milliseconds, as the import journal shows them (M163)."""
    return f"{moment(value)}.{value.microsecond // 1000:03}" if value else ""


def number(value: int | float | None, digits: int = 0) -> str:
    """12 430 in Russian, 12,430 in English; a dash where there is nothing."""
    if value is None:
        return NONE
    text = f"{value:,.{digits}f}"
    if has_request_context() and language() == "en":
        return text
    return text.replace(",", _GROUP).replace(".", ",")


def size(value: int | None) -> str:
    """A number of bytes for people."""
    if value is None:
        return NONE
    if value < 1024:
        return _("%(size)s B", size=number(value))
    if value < 1024**2:
        return _("%(size)s KB", size=number(value / 1024, 1))
    return _("%(size)s MB", size=number(value / 1024**2, 1))


def minutes(value: int | None) -> str:
    """A number of minutes, or a dash."""
    return NONE if value is None else _("%(count)s min", count=number(value))


def _now_ms() -> int:
    """The present moment for scripts: milliseconds since 1970 in UTC."""
    return int(clock.now().replace(tzinfo=UTC).timestamp() * 1000)
