"""Time zones as Windows names them, and the local time of customers and of the central controller."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.core import get_global

LONG_AGO = datetime.fromisoformat("1900-01-01")


@dataclass(frozen=True)
class WindowsZone:
    """A time zone of the Time Zone API. `bias` is the minutes to add to local time to get UTC."""

    name: str
    iana: str
    display_name: str
    std_name: str
    dst_name: str
    dst_observed: bool
    bias: int


def offset_minutes(zone: ZoneInfo, moment: datetime) -> int:
    """Minutes that `zone` is ahead of UTC at a naive UTC moment."""
    offset = moment.replace(tzinfo=UTC).astimezone(zone).utcoffset()
    return int((offset or timedelta()).total_seconds() // 60)


def is_summer_time(zone: ZoneInfo, moment: datetime) -> bool:
    """Whether daylight saving is in force in `zone` at a naive UTC moment."""
    return bool(moment.replace(tzinfo=UTC).astimezone(zone).dst())


def observes_summer_time(zone: ZoneInfo, moment: datetime) -> bool:
    """Whether `zone` has daylight saving in the year of `moment`."""
    return any(is_summer_time(zone, datetime(moment.year, month, 1)) for month in (1, 7))  # noqa: DTZ001


def standard_bias(zone: ZoneInfo, moment: datetime) -> int:
    """Minutes to add to the standard (not summer) local time of `zone` to get UTC."""
    aware = moment.replace(tzinfo=UTC).astimezone(zone)
    standard = (aware.utcoffset() or timedelta()) - (aware.dst() or timedelta())
    return -int(standard.total_seconds() // 60)


def to_local(zone: ZoneInfo, moment: datetime) -> datetime:
    """The naive local time of `zone` at a naive UTC moment."""
    return moment.replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)


def to_utc(zone: ZoneInfo, local: datetime) -> datetime:
    """The naive UTC moment of a naive local time; the earlier one where the clock repeats it."""
    return local.replace(tzinfo=zone).astimezone(UTC).replace(tzinfo=None)


@lru_cache
def windows_names() -> dict[str, str]:
    """Windows time zone name to IANA name."""
    names = dict(get_global("windows_zone_mapping"))
    names["UTC"] = "Etc/UTC"
    return names


def windows_zone(name: str, moment: datetime) -> WindowsZone | None:
    """The zone of a Windows name with its bias at `moment` (naive UTC), or None."""
    iana = windows_names().get(name)
    if iana is None:
        return None
    zone = ZoneInfo(iana)
    ahead = offset_minutes(zone, moment)
    sign, size = "+" if ahead >= 0 else "-", abs(ahead)
    return WindowsZone(
        name=name,
        iana=iana,
        display_name=f"(UTC{sign}{size // 60:02}:{size % 60:02}) {iana.rsplit('/', 1)[-1].replace('_', ' ')}",
        std_name=name,
        dst_name=name.replace("Standard", "Daylight"),
        dst_observed=observes_summer_time(zone, moment),
        bias=-ahead,
    )


def windows_zones(moment: datetime) -> list[WindowsZone]:
    """All zones, west to east."""
    found = [windows_zone(name, moment) for name in windows_names()]
    return sorted((zone for zone in found if zone), key=lambda zone: (-zone.bias, zone.name))
