"""When a service comes next: cron lines, read in the zone of the installation (M230-M235).

Five fields (minute, hour, day of the month, month, day of the week), or six with seconds last. A time that the spring
night leaves out comes at the first moment after it; a time of fixed hours that the autumn night has twice comes once.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import CroniterBadDateError, CroniterError, croniter

from app.errors import AcmError
from app.i18n import gettext as _
from app.settings import get_settings

# croniter draws a time by lot for R and H; a schedule has to say when.
_RANDOM = re.compile(r"(?<![A-Za-z])[RHrh](?![A-Za-z])")


def installation_zone() -> ZoneInfo:
    """The zone that schedules are read in (ACM_TIME_ZONE). Raises AcmError when there is no such zone."""
    name = get_settings().time_zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise AcmError(
            _("ACM_TIME_ZONE is not a time zone: %(name)s.", name=name),
            _("Write it as in the zone database: Europe/Moscow, Asia/Yekaterinburg, UTC."),
        ) from error


def check(cron: str) -> None:
    """Raise AcmError, for people, when a cron line cannot be read."""
    readable = len(cron.split()) in (5, 6) and not _RANDOM.search(cron) and croniter.is_valid(cron)
    if not readable:
        raise AcmError(
            _("This is not a schedule: %(cron)s.", cron=cron or "-"),
            _("Write five fields: minute, hour, day, month, day of the week; a sixth field is the seconds."),
        )


def next_run(cron: str, zone: ZoneInfo, after: datetime) -> datetime | None:
    """The first moment of the schedule after `after` (both naive UTC), or None when there is none.

    Raises AcmError when the line cannot be read.
    """
    runs = next_runs(cron, zone, after, 1)
    return runs[0] if runs else None


def next_runs(cron: str, zone: ZoneInfo, after: datetime, count: int) -> list[datetime]:
    """The next moments (naive UTC), at most `count` of them. Raises AcmError when the line cannot be read."""
    check(cron)
    found: list[datetime] = []
    try:
        walk = croniter(cron, after.replace(tzinfo=UTC).astimezone(zone))
        fixed_hours = "*" not in cron.split()[1]
        while len(found) < count:
            moment = walk.get_next(datetime)
            if fixed_hours and _is_repeated(moment):
                continue
            found.append(moment.astimezone(UTC).replace(tzinfo=None))
    except CroniterBadDateError:
        pass  # such as the 30th of February
    except (CroniterError, OverflowError, ValueError) as error:
        raise AcmError(_("This is not a schedule: %(cron)s.", cron=cron)) from error
    return found


def _is_repeated(moment: datetime) -> bool:
    """Whether the wall clock shows this time for the second time, as in an autumn night."""
    return moment.fold == 1 and moment.replace(fold=0).utcoffset() != moment.utcoffset()
