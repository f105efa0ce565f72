"""The form of a schedule of services (M231-M235): minutes and hours «every» or «at a set time», weekdays, days.

A form makes a cron line, and a line fills the form. Months and seconds have no field of their own: they are kept as the
line has them. A line that the form cannot show stays a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from app.services import cron_fields
from app.services.cron_fields import Field, written

EVERY, AT = "every", "at"
_ALL_WEEK, _ALL_MONTH = tuple(range(1, 8)), tuple(range(1, 32))


@dataclass
class CronForm:
    """What the form holds. `weekdays` and `days` empty: all of them."""

    minute_kind: str = EVERY
    minute_step: str = "5"
    minutes: tuple[int, ...] = (0,)
    hour_kind: str = EVERY
    hour_step: str = "1"
    hours: tuple[int, ...] = (9,)
    weekdays: tuple[int, ...] = ()
    days: tuple[int, ...] = ()
    month: str = "*"
    second: str = ""
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def sent(cls, values: Any) -> CronForm:
        """What a page sent (a MultiDict). Numbers that no page offers are left out."""
        return cls(
            AT if values.get("minute_kind") == AT else EVERY, values.get("minute_step", "").strip()[:4],
            _chosen(values, "minute", 0, 59),
            AT if values.get("hour_kind") == AT else EVERY, values.get("hour_step", "").strip()[:4],
            _chosen(values, "hour", 0, 23), _chosen(values, "weekday", 1, 7), _chosen(values, "day", 1, 31),
            values.get("month", "").strip()[:60] or "*", values.get("second", "").strip()[:60],
        )  # fmt: skip

    def line(self) -> str | None:
        """The cron line; None where something is wrong, which then stands in `errors` under the name of its field."""
        self.errors = {}
        minute = self._part("minute", self.minute_kind, self.minute_step, self.minutes, 59)
        hour = self._part("hour", self.hour_kind, self.hour_step, self.hours, 23)
        if self.errors:
            return None
        day = written(self.days) if self.days and self.days != _ALL_MONTH else "*"
        weekday = written(self.weekdays) if self.weekdays and self.weekdays != _ALL_WEEK else "*"
        return " ".join(filter(None, (minute, hour, day, self.month, weekday, self.second)))

    def _part(self, name: str, kind: str, step: str, values: tuple[int, ...], highest: int) -> str:
        if kind == AT:
            if not values:
                self.errors[name] = _("Choose at least one.")
            return written(values)
        if not step.isascii() or not step.isdigit() or not 1 <= int(step) <= highest:
            self.errors[name] = _("A whole number from 1 to %(highest)s.", highest=highest)
            return ""
        return "*" if int(step) == 1 else f"*/{int(step)}"

    def as_json(self) -> Mapping[str, Any]:
        """For the script of the page."""
        return {
            "minute_kind": self.minute_kind, "minute_step": self.minute_step, "minute": self.minutes,
            "hour_kind": self.hour_kind, "hour_step": self.hour_step, "hour": self.hours, "weekday": self.weekdays,
            "day": self.days, "month": self.month, "second": self.second,
        }  # fmt: skip


def form_of(line: str) -> CronForm | None:
    """The form that makes this line, or one that means the same; None where there is none."""
    fields = cron_fields.read(line)
    if fields is None or fields.days.step > 1:
        return None
    words = line.split()
    made = CronForm(month=words[3], second=words[5] if len(words) == 6 else "")
    made.minute_kind, made.minute_step, made.minutes = _kind(fields.minutes, made.minute_step, made.minutes)
    made.hour_kind, made.hour_step, made.hours = _kind(fields.hours, made.hour_step, made.hours)
    made.weekdays, made.days = fields.weekdays.values, fields.days.values
    again = made.line()
    return made if again is not None and cron_fields.means_the_same(again, line) else None


def _kind(part: Field, step: str, values: tuple[int, ...]) -> tuple[str, str, tuple[int, ...]]:
    """Kind, step and values; what the kind does not use stays as the form begins with it."""
    return (AT, step, part.values) if part.values else (EVERY, str(part.step), values)


def _chosen(values: Any, name: str, low: int, high: int) -> tuple[int, ...]:
    found = {int(one) for one in values.getlist(name) if one.isascii() and one.isdigit() and len(one) < 3}
    return tuple(sorted(value for value in found if low <= value <= high))
