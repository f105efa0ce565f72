"""The fields of a cron line, taken apart: how often, or at which values. For the form and for the words."""

from __future__ import annotations

import re
from dataclasses import dataclass

from croniter import croniter

from app.errors import AcmError
from jobs import schedule

_MONTHS = dict(zip("JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(), range(1, 13), strict=True))
_DAYS = {"SUN": 7, "MON": 1, "TUE": 2, "WED": 3, "THU": 4, "FRI": 5, "SAT": 6}
_ITEM = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?\Z")


@dataclass(frozen=True)
class Field:
    """One field: every `step` (values empty), or at `values`. Every 1 is `*`."""

    step: int = 1
    values: tuple[int, ...] = ()

    @property
    def is_any(self) -> bool:
        return not self.values and self.step == 1


@dataclass(frozen=True)
class CronFields:
    """A line of minutes, hours, days, months, weekdays (1 Monday to 7 Sunday), and seconds where it has them."""

    minutes: Field
    hours: Field
    days: Field
    months: Field
    weekdays: Field
    seconds: Field | None = None


def read(line: str) -> CronFields | None:
    """The fields of a line that can be read; None where it says more than lists, ranges and steps, such as L or #."""
    try:
        schedule.check(line)
    except AcmError:
        return None
    words = line.upper().split()
    fields = [
        _field(word, low, high, names)
        for word, (low, high, names) in zip(
            words, ((0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, _MONTHS), (0, 7, _DAYS), (0, 59, {})), strict=False
        )
    ]
    if any(field is None for field in fields):
        return None
    minutes, hours, days, months, weekdays, *seconds = fields
    assert minutes and hours and days and months and weekdays  # noqa: S101 - none is None
    weekdays = Field(values=tuple(sorted({value or 7 for value in weekdays.values}))) if weekdays.values else weekdays
    # Days written in full are not the same as `*`: cron takes a day of either kind. Weekdays begin with Sunday.
    if weekdays.step > 1 or words[4] == "*/1":
        weekdays = Field(values=tuple(sorted({value or 7 for value in range(0, 7, weekdays.step)})))
    if words[2] == "*/1":
        days = Field(values=tuple(range(1, 32)))
    return CronFields(minutes, hours, days, months, weekdays, seconds[0] if seconds else None)


def _field(word: str, low: int, high: int, names: dict[str, int]) -> Field | None:
    if word == "*":
        return Field()
    if match := re.match(r"\*/(\d+)\Z", word):
        return Field(step=int(match[1]))
    values: set[int] = set()
    for item in word.split(","):
        match = _ITEM.match(item)
        if not match:
            return None
        step = int(match["step"] or 1)
        if match["first"] == "*":
            first, last = low, high
        else:
            first = _value(match["first"], names)
            last = _value(match["last"], names) if match["last"] else high if match["step"] else first
        if not low <= first <= high or not low <= last <= high or step < 1:
            return None
        if last < first and names is _DAYS and last == 0:
            last = 7
        if last < first:  # such as 22-6
            return None
        values |= set(range(first, last + 1, step))
    return Field(values=tuple(sorted(values)))


def _value(word: str, names: dict[str, int]) -> int:
    return names.get(word, int(word) if word.isdigit() else -1)


def runs_of(values: tuple[int, ...]) -> list[tuple[int, int]]:
    """1, 2, 3, 5 are the runs 1–3 and 5–5."""
    runs: list[tuple[int, int]] = []
    for value in values:
        if runs and runs[-1][1] == value - 1:
            runs[-1] = (runs[-1][0], value)
        else:
            runs.append((value, value))
    return runs


def written(values: tuple[int, ...]) -> str:
    """Values as a field of a line: 1-5, 7 is written 1-5,7."""
    return ",".join(
        str(first) if first == last else f"{first},{last}" if last == first + 1 else f"{first}-{last}"
        for first, last in runs_of(values)
    )


def means_the_same(one: str, two: str) -> bool:
    """Whether two lines come at the same moments for the same reason."""
    return [sorted(map(str, field)) for field in croniter(one).expanded] == [
        sorted(map(str, field)) for field in croniter(two).expanded
    ]
