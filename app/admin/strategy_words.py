"""What a setting of a strategy version is called, and how its values are said, in the language of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.admin.strategy_form import UNITS, Dictionaries
from app.frame.formats import NONE, number

#: The five tabs of the form (M70-M74), by code, in their order.
TABS: dict[str, Any] = {
    "general": lazy_gettext("General"),
    "times": lazy_gettext("Intervals and time of dialling"),
    "priorities": lazy_gettext("Priorities"),
    "technical": lazy_gettext("Technical call results"),
    "agent": lazy_gettext("Agent call results"),
}
FEWEST = lazy_gettext("the fewer attempts were made, the higher the priority")
MOST = lazy_gettext("the more attempts were made, the higher the priority")
PHONE_KEYS: dict[str, Any] = {
    "attempts": lazy_gettext("by the number of attempts"),
    "result": lazy_gettext("by the call result"),
    "type": lazy_gettext("by the phone type"),
}
WEEKDAYS: dict[int, Any] = {
    1: lazy_gettext("Monday"),
    2: lazy_gettext("Tuesday"),
    3: lazy_gettext("Wednesday"),
    4: lazy_gettext("Thursday"),
    5: lazy_gettext("Friday"),
    6: lazy_gettext("Saturday"),
    7: lazy_gettext("Sunday"),
}
#: Of each setting of strategy.version_setting: its tab and its name.
SETTINGS: dict[str, tuple[str, Any]] = {
    "block_size": ("general", lazy_gettext("Size of the block handed to Dialer")),
    "queue_depth": ("general", lazy_gettext("Phones in the dialling queue")),
    "max_client_attempts": ("times", lazy_gettext("Maximum attempts per client")),
    "max_day_attempts": ("times", lazy_gettext("Maximum attempts per day")),
    "type_is_dialled": ("times", lazy_gettext("The phone type is dialled")),
    "type_max_attempts": ("times", lazy_gettext("Attempts by phone type")),
    "first_call_minutes": ("times", lazy_gettext("Attempt period (since the first call)")),
    "created_minutes": ("times", lazy_gettext("Attempt period (since creation)")),
    "created_names_status": ("times", lazy_gettext("Priority of the attempt period")),
    "schedule": ("times", lazy_gettext("Dialling schedule")),
    "calendar": ("times", lazy_gettext("Production calendar")),
    "period": ("times", lazy_gettext("Dialling schedule")),
    "date": ("times", lazy_gettext("Dialling schedule")),
    "type_schedule": ("times", lazy_gettext("Own schedule of the phone type")),
    "type_calendar": ("times", lazy_gettext("Own schedule of the phone type")),
    "type_period": ("times", lazy_gettext("Own schedule of the phone type")),
    "type_date": ("times", lazy_gettext("Own schedule of the phone type")),
    "client_most_first": ("priorities", lazy_gettext("Priority of clients by the number of attempts")),
    "no_result_priority": ("priorities", lazy_gettext("Priority of a client without a result")),
    "attempts_position": ("priorities", lazy_gettext("Place of a key in the order of phones")),
    "result_position": ("priorities", lazy_gettext("Place of a key in the order of phones")),
    "type_position": ("priorities", lazy_gettext("Place of a key in the order of phones")),
    "phone_most_first": ("priorities", lazy_gettext("Priority of phones by the number of attempts")),
    "type_weight": ("priorities", lazy_gettext("Priority of the phone type")),
    "technical_priority": ("technical", lazy_gettext("Priority")),
    "technical_delay_minutes": ("technical", lazy_gettext("Delay between attempts (min)")),
    "technical_counts_as_attempt": ("technical", lazy_gettext("Counts as an attempt")),
    "leaf_mandatory": ("agent", lazy_gettext("The leaf level is mandatory")),
    "agent_action": ("agent", lazy_gettext("Status")),
    "agent_priority": ("agent", lazy_gettext("Priority")),
    "agent_max_attempts": ("agent", lazy_gettext("Maximum number of dialling attempts")),
    "agent_delay_minutes": ("agent", lazy_gettext("Delay between attempts (min)")),
}
_ORDER = {code: order for order, code in enumerate(SETTINGS)}
_FLAGS = {"type_is_dialled", "technical_counts_as_attempt", "leaf_mandatory"}
_LIMITS = {
    "max_client_attempts", "max_day_attempts", "type_max_attempts", "agent_max_attempts", "first_call_minutes",
    "created_minutes",
}  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One line of a comparison in words: the tab, what it is about, the setting, and its two values."""

    tab: str
    about: str
    setting: str
    before: str
    after: str


def differences(rows: Sequence[Any], dictionaries: Dictionaries) -> list[Difference]:
    """Rows of strategy.version_compare in words, in the order of the form. Periods of one day stand in one line."""
    ordered = sorted(rows, key=lambda row: (_ORDER[row.setting_code], row.part, row.position))
    told = []
    for (code, part), group in groupby(ordered, key=lambda row: (row.setting_code, row.part)):
        values = list(group)
        before, after = (
            [value for value in column if value is not None] or [None]
            for column in ([row.value_a for row in values], [row.value_b for row in values])
        )
        told.append(
            Difference(
                str(TABS[SETTINGS[code][0]]),
                _about(code, part, dictionaries),
                str(SETTINGS[code][1]),
                ", ".join(_value(code, value, dictionaries) for value in before),
                ", ".join(_value(code, value, dictionaries) for value in after),
            )
        )
    return told


def duration(minutes: int) -> str:
    """10 d, 5 h or 20 min: in the largest unit that divides it."""
    unit = next(unit for unit, length in UNITS.items() if minutes % length == 0)
    count = number(minutes // UNITS[unit])
    if unit == "day":
        return _("%(count)s d", count=count)
    return _("%(count)s h", count=count) if unit == "hour" else _("%(count)s min", count=count)


def _about(code: str, part: str, dictionaries: Dictionaries) -> str:
    if code.endswith("_position"):
        return str(PHONE_KEYS[code.removesuffix("_position")])
    if code.startswith("technical_"):
        return _name(dictionaries.technical_results, part)
    if code.startswith("agent_"):
        return f"{part} {_name(dictionaries.agent_results, part)}"
    if code in ("period", "date"):
        return _day(code, part)
    if code in ("type_period", "type_date"):
        type_code, day = part.rsplit(" ", 1)
        return f"{_name(dictionaries.phone_types, type_code)}, {_day(code.removeprefix('type_'), day)}"
    if code.startswith("type_"):
        return _name(dictionaries.phone_types, part)
    return ""


def _name(items: Sequence[Any], code: str) -> str:
    return next((item.name for item in items if item.code == code), code)


def _day(kind: str, part: str) -> str:
    return str(WEEKDAYS[int(part)]) if kind == "period" else date.fromisoformat(part).strftime("%d.%m.%Y")


def _value(code: str, value: str | None, dictionaries: Dictionaries) -> str:
    if value is None:
        return _("without a limit") if code in _LIMITS else NONE
    if value == "excluded":
        return _("Excluded")
    if code in ("period", "date", "type_period", "type_date"):
        return value.replace("-", "–")
    if code in _FLAGS:
        return _("yes") if value == "1" else _("no")
    if code == "created_names_status":
        return _("since creation") if value == "1" else _("since the first call")
    if code in ("client_most_first", "phone_most_first"):
        return str(MOST if value == "1" else FEWEST)
    if code in ("first_call_minutes", "created_minutes"):
        return duration(int(value))
    if code == "agent_action":
        return _name(dictionaries.actions, value)
    return value
