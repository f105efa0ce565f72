"""Why a phone is not dialled, in words: the rules of dialing.phone_explain and the reasons of dialing.campaign_explain.

The screens and `acm explain` say the same, in the language of the page or of the installation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from app.i18n import gettext as _
from app.i18n import mark
from app.procedures import dialing

READY = "ready"
#: Of each rule_code: what the rule asks for, and what is said shortly of a phone that does not keep it.
WORDS: dict[str, tuple[str, str]] = {
    "campaign_active": (mark("The campaign is active"), mark("the campaign is stopped")),
    "segment_open": (mark("The segment is enabled and not blocked"), mark("the segment is off or blocked")),
    "client_unprocessed": (mark("The client is not processed yet"), mark("the client is processed")),
    "client_free": (mark("The client is not blocked"), mark("the client is blocked")),
    "stop_date": (mark("The date to stop dialling has not come"), mark("the date to stop dialling has come")),
    "do_not_call": (mark("Neither number nor person is on the do-not-call list"), mark("on the do-not-call list")),
    "phone_free": (mark("The phone is not blocked"), mark("the phone is blocked")),
    "type_dialled": (mark("Phones of this type are dialled"), mark("the phone type is not dialled")),
    "in_work": (mark("No phone of the client is in work"), mark("the client is in work")),
    "person_in_work": (mark("No phone of the person is in work in other clients"), mark("the person is in work")),
    "client_attempts": (mark("Attempts for the client are left"), mark("attempts for the client are exhausted")),
    "type_attempts": (mark("Attempts for the phone type are left"), mark("attempts for the phone type are exhausted")),
    "agent_attempts": (
        mark("Attempts for the agent result are left"),
        mark("attempts for the agent result are exhausted"),
    ),
    "day_attempts": (mark("Attempts for today are left"), mark("the limit of attempts per day")),
    "first_call_duration": (
        mark("The attempt period since the first call goes on"),
        mark("the attempt period since the first call is over"),
    ),
    "created_duration": (
        mark("The attempt period since creation goes on"),
        mark("the attempt period since creation is over"),
    ),
    "delay": (mark("The delay after the last result is over"), mark("the delay after the last result")),
    "promised": (mark("No callback is promised for later"), mark("a callback is promised")),
    "schedule": (
        mark("It is dialling time by the schedule and the zone of the phone"),
        mark("outside of the schedule"),
    ),
    "cap_hours": (
        mark("The hours of the frequency caps allow a call"),
        mark("outside of the hours of the frequency caps"),
    ),
    "caps": (mark("The frequency caps allow a call"), mark("a frequency cap")),
}


@dataclass(frozen=True)
class Rule:
    """One rule for one phone: in words, whether it is kept, and when it will be, as far as that is known."""

    code: str
    words: str
    is_passed: bool
    is_binding: bool  # the first rule that is not kept: the reason
    passes_at: datetime | None
    detail: str


@dataclass(frozen=True)
class Explanation:
    """Why a phone is, or is not, dialled at a moment."""

    is_dialable: bool
    reason_code: str
    reason: str
    next_at: datetime | None
    rules: list[Rule]


def phone_reason(connection: Connection, phone_id: int, now: datetime, language: str) -> Explanation | None:
    """The reason alone, without the rules; None where there is no such phone."""
    found = dialing.phone_reason(connection, phone_id, now)
    if found is None:
        return None
    code = found.reason_code or READY
    is_rule = code in WORDS or code == READY
    reason = reason_words(code) if is_rule else _cap(code, _cap_names(connection, language))
    return Explanation(bool(found.is_dialable), code, reason, found.next_at, [])


def explain_phone(connection: Connection, phone_id: int, now: datetime, language: str) -> Explanation | None:
    """The rules for a phone in their order; None where there is no such phone."""
    told = phone_reason(connection, phone_id, now, language)
    if told is None:
        return None
    caps = _cap_names(connection, language)
    rules: list[Rule] = []
    for row in dialing.phone_explain(connection, phone_id, now):
        is_passed = bool(row.is_passed)
        words = _(WORDS[row.rule_code][0]) if row.rule_code in WORDS else _cap(row.rule_code, caps)
        is_binding = not is_passed and all(rule.is_passed for rule in rules)
        rules.append(
            Rule(row.rule_code, words, is_passed, is_binding, None if is_passed else row.passes_at, row.detail or "")
        )
    return replace(told, rules=rules)


def explain_campaign(connection: Connection, campaign_id: int, now: datetime) -> list[tuple[str, int]]:
    """Phones of a campaign by reason: those that may be dialled first, then the most frequent reason."""
    counted: dict[str, int] = {READY: 0}
    for row in dialing.campaign_explain(connection, campaign_id, now):
        counted[row.reason_code] = counted.get(row.reason_code, 0) + int(row.phones)
    order = {code: place for place, code in enumerate(WORDS)}
    return sorted(counted.items(), key=lambda one: (one[0] != READY, -one[1], order.get(one[0], 0)))


def reason_words(code: str) -> str:
    """What is said shortly of phones with this reason."""
    return _("may be dialled now") if code == READY else _(WORDS[code][1])


def _cap(code: str, names: dict[str, str]) -> str:
    return _("Frequency cap: %(name)s", name=names.get(code, code))


def _cap_names(connection: Connection, language: str) -> dict[str, str]:
    rows: Sequence[Any] = connection.execute(text("SELECT r.code, r.name, r.name_en FROM strategy.cap_rule AS r")).all()
    return {row.code: row.name_en if language == "en" else row.name for row in rows}
