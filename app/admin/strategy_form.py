"""The strategy form as texts: a strategy becomes texts of fields, and what a person typed a strategy or errors.

Names of fields: `block_size`, `type.3.weight`, `technical.8.priority`, `agent.2.action`, and for a schedule, whose
owner is `general` or a phone type, `schedule.general.day.1`, `schedule.type3.date.0`. A flag is "1" or empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection, select

from app.campaigns import PHONE_KEYS, AgentResultForm, PhoneTypeForm, ResultForm, ScheduleForm, StrategyForm
from app.i18n import gettext as _
from app.models.dictionary import AgentAction, AgentResult, PhoneType, TechnicalResult

#: Minutes of the units in which a duration may be given.
UNITS = {"day": 24 * 60, "hour": 60, "minute": 1}
MAX_MINUTES = 5_256_000  # ten years, as strategy.version_publish allows
MAX_ATTEMPTS = 32_767
MAX_PHONES = 1_000_000
MAX_NAME = 200
MAX_REASON = 1000
WEEKDAYS = range(1, 8)
GENERAL = "general"

_PERIOD = re.compile(r"(\d{1,2})(?:[:.](\d\d))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d\d))?\Z")
_DATE_ROW = re.compile(r"schedule\.(\w+)\.(?:date|period)\.(\d{1,6})\Z")


@dataclass(frozen=True)
class Item:
    """A row of a dictionary with what a new strategy would say of it."""

    id: int
    code: str
    name: str
    is_enabled: bool
    parent_id: int | None = None
    default: ResultForm | AgentResultForm | None = None


@dataclass(frozen=True)
class Dictionaries:
    """What a strategy speaks about, in the order of the form. `actions` are those of agent results (M88-M92)."""

    phone_types: Sequence[Item]
    technical_results: Sequence[Item]
    agent_results: Sequence[Item]
    actions: Sequence[Item]


@dataclass
class Parsed:
    """What the form says, or what is wrong with it: an error for each field, by its name."""

    strategy: StrategyForm | None
    errors: dict[str, str] = field(default_factory=dict)


def read_dictionaries(
    connection: Connection, named: Callable[[Any], str], strategies: Iterable[StrategyForm]
) -> Dictionaries:
    """All enabled rows, and those that one of the strategies names all the same."""
    used = list(strategies)

    def rows(model: Any, own: str) -> Sequence[Any]:
        kept = {code for strategy in used for code in getattr(strategy, own)}
        found = connection.execute(select(model.__table__).order_by(model.sort_order, model.code))
        return [row for row in found if row.is_enabled or row.code in kept]

    agents = rows(AgentResult, "agent_results")
    known = {row.agent_result_id for row in agents}
    tree = []
    for parent in agents:
        if parent.parent_id not in known:
            tree.append(parent)
            tree.extend(child for child in agents if child.parent_id == parent.agent_result_id)
    return Dictionaries(
        phone_types=[
            Item(row.phone_type_id, row.code, named(row), row.is_enabled) for row in rows(PhoneType, "phone_types")
        ],
        technical_results=[
            Item(
                row.technical_result_id, row.code, named(row), row.is_enabled,
                default=ResultForm(row.priority, row.delay_minutes, row.counts_as_attempt),
            )
            for row in rows(TechnicalResult, "technical_results")
        ],
        agent_results=[
            Item(
                row.agent_result_id, row.code, named(row), row.is_enabled,
                row.parent_id if row.parent_id in known else None,
                AgentResultForm(row.action_id, row.priority, row.max_attempts, row.delay_minutes),
            )
            for row in tree
        ],
        actions=[
            Item(row.action_id, row.code, named(row), True)
            for row in connection.execute(select(AgentAction.__table__).order_by(AgentAction.action_id))
        ],
    )  # fmt: skip


# -- a strategy as texts


def texts(strategy: StrategyForm, dictionaries: Dictionaries) -> dict[str, str]:
    """The fields of the form for a strategy."""
    values = {
        "block_size": str(strategy.block_size),
        "queue_depth": str(strategy.queue_depth),
        "max_client_attempts": _optional(strategy.max_client_attempts),
        "max_day_attempts": _optional(strategy.max_day_attempts),
        "names_status": "created" if strategy.created_names_status else "first_call",
        "client_order": _order(strategy.client_most_first),
        "no_result_priority": str(strategy.no_result_priority),
        "phone_keys": ",".join(strategy.phone_keys),
        "phone_order": _order(strategy.phone_most_first),
        "leaf_mandatory": _flag(strategy.leaf_mandatory),
        **_duration_texts("first_call", strategy.first_call_minutes),
        **_duration_texts("created", strategy.created_minutes),
        **schedule_texts(GENERAL, strategy.schedule),
    }
    for item in dictionaries.phone_types:
        phone_type = strategy.phone_types.get(item.code, PhoneTypeForm(is_dialled=False))
        values |= {
            f"type.{item.id}.dialled": _flag(phone_type.is_dialled),
            f"type.{item.id}.max_attempts": _optional(phone_type.max_attempts),
            f"type.{item.id}.weight": str(phone_type.weight),
            f"type.{item.id}.own": _flag(phone_type.schedule is not None),
            **schedule_texts(f"type{item.id}", phone_type.schedule or ScheduleForm("", [])),
        }
    for item in dictionaries.technical_results:
        values |= technical_texts(item, strategy.technical_results.get(item.code, item.default))  # type: ignore[arg-type]
    for item in dictionaries.agent_results:
        values |= agent_texts(item, strategy.agent_results.get(item.code, item.default))  # type: ignore[arg-type]
    return values


def technical_texts(item: Item, result: ResultForm) -> dict[str, str]:
    """The fields of a technical result."""
    return {
        f"technical.{item.id}.priority": str(result.priority),
        f"technical.{item.id}.delay": _optional(result.delay_minutes),
        f"technical.{item.id}.counts": _flag(result.counts_as_attempt),
    }


def agent_texts(item: Item, result: AgentResultForm) -> dict[str, str]:
    """The fields of an agent result."""
    return {
        f"agent.{item.id}.action": str(result.action_id),
        f"agent.{item.id}.priority": str(result.priority),
        f"agent.{item.id}.max_attempts": _optional(result.max_attempts),
        f"agent.{item.id}.delay": _optional(result.delay_minutes),
    }


def schedule_texts(owner: str, schedule: ScheduleForm) -> dict[str, str]:
    """The fields of a schedule: a text of periods for each weekday, and rows of dates."""
    prefix = f"schedule.{owner}"
    values = {f"{prefix}.name": schedule.name, f"{prefix}.calendar": schedule.calendar or ""}
    for weekday in WEEKDAYS:
        values[f"{prefix}.day.{weekday}"] = periods_text(
            [(start, end) for day, start, end in schedule.periods if day == weekday]
        )
    dates: dict[date, list[tuple[int, int]]] = {}
    for on_date, start, end in schedule.dates:
        periods = dates.setdefault(on_date, [])
        if start is not None and end is not None:
            periods.append((start, end))
    for number, (on_date, periods) in enumerate(dates.items()):
        values |= {
            f"{prefix}.date.{number}": on_date.strftime("%d.%m.%Y"),
            f"{prefix}.period.{number}": periods_text(periods),
            f"{prefix}.excluded.{number}": _flag(not periods),
        }
    return values


def date_rows(values: Mapping[str, str], owner: str) -> list[int]:
    """Numbers of the date rows of a schedule, in their order."""
    found = {int(match[2]) for name in values if (match := _DATE_ROW.match(name)) and match[1] == owner}
    return sorted(found)


def periods_text(periods: Iterable[tuple[int, int]]) -> str:
    """09:00–13:00, 14:00–21:00."""
    return ", ".join(f"{clock_text(start)}–{clock_text(end)}" for start, end in periods)


def clock_text(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def _optional(value: int | None) -> str:
    return "" if value is None else str(value)


def _flag(value: bool) -> str:
    return "1" if value else ""


def _order(most_first: bool) -> str:
    return "most" if most_first else "fewest"


def _duration_texts(name: str, minutes: int | None) -> dict[str, str]:
    if minutes is None:
        return {name: "", f"{name}_unit": "day"}
    unit = next(unit for unit, length in UNITS.items() if minutes % length == 0)
    return {name: str(minutes // UNITS[unit]), f"{name}_unit": unit}


# -- texts as a strategy


def parse(values: Mapping[str, str], dictionaries: Dictionaries) -> Parsed:
    """The strategy that the fields describe; without one where a field is wrong."""
    read = _Reader(values)
    phone_types = {}
    for item in dictionaries.phone_types:
        prefix = f"type.{item.id}"
        phone_types[item.code] = PhoneTypeForm(
            is_dialled=read.flag(f"{prefix}.dialled"),
            max_attempts=read.whole(f"{prefix}.max_attempts", 1, MAX_ATTEMPTS, required=False),
            weight=read.priority(f"{prefix}.weight"),
            schedule=read.schedule(f"type{item.id}") if read.flag(f"{prefix}.own") else None,
        )
    if not any(phone_type.is_dialled for phone_type in phone_types.values()):
        read.errors["types"] = _("At least one phone type is dialled.")
    technical_results = {
        item.code: ResultForm(
            priority=read.priority(f"technical.{item.id}.priority"),
            delay_minutes=read.whole(f"technical.{item.id}.delay", 0, MAX_MINUTES, required=False),
            counts_as_attempt=read.flag(f"technical.{item.id}.counts"),
        )
        for item in dictionaries.technical_results
    }
    actions = {str(action.id): action.id for action in dictionaries.actions}
    agent_results = {
        item.code: AgentResultForm(
            action_id=read.choice(f"agent.{item.id}.action", actions),
            priority=read.priority(f"agent.{item.id}.priority"),
            max_attempts=read.whole(f"agent.{item.id}.max_attempts", 1, MAX_ATTEMPTS, required=False),
            delay_minutes=read.whole(f"agent.{item.id}.delay", 0, MAX_MINUTES, required=False),
        )
        for item in dictionaries.agent_results
    }
    order = {"fewest": False, "most": True}
    strategy = StrategyForm(
        schedule=read.schedule(GENERAL),
        block_size=read.whole("block_size", 1, MAX_PHONES) or 1,
        queue_depth=read.whole("queue_depth", 1, MAX_PHONES) or 1,
        max_client_attempts=read.whole("max_client_attempts", 1, MAX_ATTEMPTS, required=False),
        max_day_attempts=read.whole("max_day_attempts", 1, MAX_ATTEMPTS, required=False),
        first_call_minutes=read.duration("first_call"),
        created_minutes=read.duration("created"),
        created_names_status=read.choice("names_status", {"first_call": False, "created": True}),
        client_most_first=read.choice("client_order", order),
        no_result_priority=read.priority("no_result_priority"),
        phone_keys=read.phone_keys(),
        phone_most_first=read.choice("phone_order", order),
        leaf_mandatory=read.flag("leaf_mandatory"),
        phone_types=phone_types,
        technical_results=technical_results,
        agent_results=agent_results,
    )
    return Parsed(None if read.errors else strategy, read.errors)


def parse_periods(text: str) -> list[tuple[int, int]]:
    """Periods as people write them: «9-13, 14:00–21:00». ValueError with what is wrong, in the reader's language."""
    periods = []
    for part in re.split(r"[,;\n]", text):
        if not part.strip():
            continue
        match = _PERIOD.match(part.strip())
        if not match:
            raise ValueError(_("Write periods as 09:00–13:00, 14:00–21:00."))
        start, end = (int(hour) * 60 + int(minute or 0) for hour, minute in (match.group(1, 2), match.group(3, 4)))
        if any(int(minute or 0) > 59 for minute in match.group(2, 4)) or start >= 24 * 60 or end > 24 * 60:
            raise ValueError(_("There is no such time of day: %(period)s.", period=part.strip()))
        if start == end:
            raise ValueError(_("A period begins and ends at different times; around the clock is 00:00–24:00."))
        periods.append((start, end))
    periods.sort()
    for (start, end), (following, _end) in pairwise(periods):
        if following < end or end < start:
            raise ValueError(_("The periods of a day do not overlap."))
    return periods


class _Reader:
    """Reads fields one by one and keeps an error for each that is wrong. A wrong field reads as its least value."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.errors: dict[str, str] = {}

    def text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def flag(self, name: str) -> bool:
        return self.text(name) == "1"

    def whole(self, name: str, least: int, most: int, *, required: bool = True) -> int | None:
        """A whole number; None where the field is empty and may be, or is wrong."""
        text = re.sub(r"\s", "", self.text(name))
        if not text:
            if required:
                self.errors[name] = _("Fill this in.")
            return None
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            self.errors[name] = _("A whole number from %(least)s to %(most)s.", least=least, most=most)
            return None
        return int(text)

    def priority(self, name: str) -> int:
        return self.whole(name, 1, 10) or 1

    def choice(self, name: str, choices: Mapping[str, Any]) -> Any:
        if self.text(name) not in choices:
            self.errors[name] = _("Choose one of the list.")
            return next(iter(choices.values()))
        return choices[self.text(name)]

    def duration(self, name: str) -> int | None:
        length = self.choice(f"{name}_unit", UNITS)
        if f"{name}_unit" in self.errors:
            self.errors[name] = self.errors.pop(f"{name}_unit")
            return None
        count = self.whole(name, 1, MAX_MINUTES // length, required=False)
        return None if count is None else count * int(length)

    def phone_keys(self) -> tuple[str, str, str]:
        keys = tuple(self.text("phone_keys").split(","))
        if sorted(keys) != sorted(PHONE_KEYS):
            self.errors["phone_keys"] = _("The three keys of the phone order stand at positions 1, 2 and 3.")
            return ("attempts", "result", "type")
        return keys  # type: ignore[return-value]

    def schedule(self, owner: str) -> ScheduleForm:
        prefix = f"schedule.{owner}"
        name = self.text(f"{prefix}.name")
        if not name:
            self.errors[f"{prefix}.name"] = _("Fill this in.")
        elif len(name) > MAX_NAME:
            self.errors[f"{prefix}.name"] = _("At most %(most)s characters.", most=MAX_NAME)
        periods = [
            (weekday, start, end)
            for weekday in WEEKDAYS
            for start, end in self._periods(f"{prefix}.day.{weekday}")
        ]  # fmt: skip
        dates: list[tuple[date, int | None, int | None]] = []
        seen: set[date] = set()
        for number in date_rows(self.values, owner):
            dates.extend(self._date_row(prefix, number, seen))
        if not periods and not any(start is not None for _date, start, _end in dates) and not self._has_errors(prefix):
            self.errors[f"{prefix}.day.1"] = _("A schedule has at least one period.")
        return ScheduleForm(name, periods, dates, self.text(f"{prefix}.calendar") or None)

    def _date_row(self, prefix: str, number: int, seen: set[date]) -> Iterable[tuple[date, int | None, int | None]]:
        names = {part: f"{prefix}.{part}.{number}" for part in ("date", "period", "excluded")}
        is_excluded = self.flag(names["excluded"])
        if not self.text(names["date"]) and not self.text(names["period"]) and not is_excluded:
            return
        on_date = _date(self.text(names["date"]))
        if on_date is None:
            self.errors[names["date"]] = _("A date, dd.mm.yyyy.")
            return
        if on_date in seen:
            self.errors[names["date"]] = _("This date is there already.")
            return
        seen.add(on_date)
        if is_excluded:
            yield on_date, None, None
            return
        periods = self._periods(names["period"])
        if not periods and names["period"] not in self.errors:
            self.errors[names["period"]] = _("Give a period or tick “Excluded”.")
        for start, end in periods:
            yield on_date, start, end

    def _periods(self, name: str) -> list[tuple[int, int]]:
        try:
            return parse_periods(self.text(name))
        except ValueError as error:
            self.errors[name] = str(error)
            return []

    def _has_errors(self, prefix: str) -> bool:
        return any(name.startswith(f"{prefix}.") for name in self.errors)


def _date(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            found = datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        return found if 2000 <= found.year <= 2100 else None
    return None
