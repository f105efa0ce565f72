"""Typed items of the dialer's REST resources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import quote, unquote
from xml.etree.ElementTree import Element

from app.dialer import wire

ROOT = "/unifiedconfig/config"


class DialingMode(StrEnum):
    """How a campaign dials."""

    INBOUND = "INBOUND"
    PREDICTIVE = "PREDICTIVEONLY"
    PREVIEW = "PREVIEWONLY"
    PROGRESSIVE = "PROGRESSIVEONLY"
    PREVIEW_DIRECT = "PREVIEWDIRECTONLY"


@dataclass(frozen=True)
class SkillGroup:
    """A skill group that agents belong to."""

    skill_group_id: int
    name: str


@dataclass(frozen=True)
class SkillGroupInfo:
    """A skill group of a campaign."""

    skill_group_id: int
    dialed_number: str = ""
    records_to_cache: int = 1
    overflow_agents: int = 0
    ivr_ports: int = 0
    ivr_route_point: str = ""
    abandoned_route_point: str = ""

    def values(self) -> dict[str, Any]:
        """As the API takes it."""
        return {
            "skillGroup": {"refURL": f"{ROOT}/skillgroup/{self.skill_group_id}"},
            "overflowAgents": self.overflow_agents,
            "dialedNumber": self.dialed_number or None,
            "recordsToCache": self.records_to_cache,
            "ivrPorts": self.ivr_ports,
            "ivrRoutePoint": self.ivr_route_point or None,
            "abandonedRoutePoint": self.abandoned_route_point or None,
        }

    @classmethod
    def of(cls, element: Element) -> SkillGroupInfo:
        return cls(
            wire.reference_id(element, "skillGroup/refURL") or 0,
            wire.text(element, "dialedNumber"),
            wire.number(element, "recordsToCache", 1),
            wire.number(element, "overflowAgents"),
            wire.number(element, "ivrPorts"),
            wire.text(element, "ivrRoutePoint"),
            wire.text(element, "abandonedRoutePoint"),
        )


#: Repeating is our work: the dialer's own delays are the longest that it takes (minutes, more than two months), so that
#: a record that it would try again (status R) is not dialled outside of the strategy's schedule and order.
NO_RETRIES: Mapping[str, int] = dict.fromkeys(
    (
        "noAnswerDelay",
        "busySignalDelay",
        "customerAbandonedDelay",
        "dialerAbandonedDelay",
        "answeringMachineDelay",
        "customerNotHomeDelay",
    ),
    99_999,
)


@dataclass(frozen=True)
class CampaignSettings:
    """What we set on a campaign of the dialer. `extra` takes any further element by Cisco's name.

    Times are HH:MM in the customer's zone; `time_zone` is a Windows name such as `Russian Standard Time`.
    maxAttempts is 1 by default and the dialer's delays are NO_RETRIES: repeating is our work, not the dialer's.
    """

    name: str
    description: str = ""
    enabled: bool = False
    dialing_mode: DialingMode = DialingMode.PROGRESSIVE
    lines_per_agent: float | None = None
    maximum_lines_per_agent: float | None = None
    max_attempts: int = 1
    no_answer_ring_limit: int | None = None
    start_time: str = "00:00"
    end_time: str = "23:59"
    time_zone: str = "UTC"
    skill_groups: tuple[SkillGroupInfo, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        """As the API takes it."""
        lines, most = self.lines_per_agent, self.maximum_lines_per_agent
        if lines is not None and most is None:
            most = max(lines, 2.0)  # the dialer refuses a maximum below the lines
        return {
            "name": self.name,
            "description": self.description or None,
            "enabled": self.enabled,
            "dialingMode": self.dialing_mode.value,
            "linesPerAgent": lines,
            "maximumLinesPerAgent": most,
            "maxAttempts": self.max_attempts,
            "noAnswerRingLimit": self.no_answer_ring_limit,
            "retries": dict(NO_RETRIES),
            "startTime": self.start_time,
            "endTime": self.end_time,
            "timeZone": time_zone_reference(self.time_zone),
            "skillGroupInfos": {"skillGroupInfo": [group.values() for group in self.skill_groups]},
            **self.extra,
        }


def time_zone_reference(name: str) -> dict[str, str]:
    """A time zone by its Windows name, as the API refers to it."""
    return {"refURL": f"{ROOT}/timezone/{quote(name)}"}


@dataclass(frozen=True)
class Campaign:
    """A campaign of the dialer. `values` holds every element as the dialer printed it."""

    campaign_id: int
    name: str
    description: str
    enabled: bool
    dialing_mode: str
    change_stamp: str
    max_attempts: int
    start_time: str
    end_time: str
    time_zone: str
    skill_groups: tuple[SkillGroupInfo, ...]
    values: Mapping[str, Any] = field(repr=False)

    @classmethod
    def of(cls, element: Element) -> Campaign:
        return cls(
            wire.reference_id(element) or 0,
            wire.text(element, "name"),
            wire.text(element, "description"),
            wire.flag(element, "enabled"),
            wire.text(element, "dialingMode", DialingMode.INBOUND.value),
            wire.text(element, "changeStamp"),
            wire.number(element, "maxAttempts", 3),
            wire.text(element, "startTime"),
            wire.text(element, "endTime"),
            unquote(wire.text(element, "timeZone/refURL").rsplit("/", 1)[-1]),
            tuple(SkillGroupInfo.of(each) for each in element.findall("skillGroupInfos/skillGroupInfo")),
            wire.plain(element),
        )


@dataclass(frozen=True)
class ImportedRecord:
    """A record that the dialer holds. `status` is Cisco's word (pending, active, closed, ...)."""

    record_id: int
    account_number: str
    phones: tuple[str, ...]
    status: str
    call_result: int
    calls_made: int
    imported_at: datetime | None  # local time of the central controller

    @classmethod
    def of(cls, element: Element) -> ImportedRecord:
        phones = (wire.text(element, f"phone{number:02}/number") for number in range(1, 11))
        return cls(
            wire.reference_id(element) or 0,
            wire.text(element, "accountNumber"),
            tuple(phone for phone in phones if phone),
            wire.text(element, "callStatus"),
            wire.number(element, "callResultOverall"),
            wire.number(element, "callsMade"),
            wire.moment(element, "importDate"),
        )

    @property
    def is_released(self) -> bool:
        """Whether the dialer has done with the record. All other states are still the dialer's."""
        return self.status in ("closed", "maxAttemptsReached", "agentRejected", "agentNotAvailable")

    @property
    def is_at_dialer(self) -> bool:
        """Whether the record was sent to a dialer and may ring at this moment."""
        return self.status not in ("pending", "retry", "callbackRequested") and not self.is_released


@dataclass(frozen=True)
class RuntimeStats:
    """Counters of a campaign. `total`, `total_voice` and `closed` since the last overwriting import, the rest of today.

    `counts` has all of them by Cisco's names.
    """

    updated_at: datetime | None  # local time of the central controller
    attempted: int
    voice: int
    total: int
    total_voice: int
    closed: int
    counts: Mapping[str, int] = field(repr=False)

    @property
    def remaining(self) -> int:
        """Records not yet closed, roughly: the dialer's own arithmetic."""
        return max(self.total - self.total_voice - self.closed, 0)

    @classmethod
    def of(cls, element: Element) -> RuntimeStats:
        counts = {child.tag: wire.number(element, child.tag) for child in element if child.tag != "dateTime"}
        return cls(
            wire.moment(element, "dateTime"),
            counts.get("attemptedCount", 0),
            counts.get("voiceCount", 0),
            counts.get("totalCount", 0),
            counts.get("totalVoiceCount", 0),
            counts.get("closedCount", 0),
            counts,
        )


@dataclass(frozen=True)
class TimeZone:
    """A time zone of the dialer. `bias` is the minutes to add to local time to get UTC, now."""

    name: str
    display_name: str
    dst_observed: bool
    bias: int

    @classmethod
    def of(cls, element: Element) -> TimeZone:
        return cls(
            wire.text(element, "name") or unquote(wire.text(element, "refURL").rsplit("/", 1)[-1]),
            wire.text(element, "displayName"),
            wire.flag(element, "dstObserved"),
            wire.number(element, "bias"),
        )


@dataclass(frozen=True)
class Agent:
    """An agent: `agent_skill_target_id` is what callbacks refer to, `agent_id` what agents type and reports show."""

    agent_skill_target_id: int
    agent_id: str
    user_name: str

    @classmethod
    def of(cls, element: Element) -> Agent:
        return cls(
            wire.reference_id(element) or 0, wire.text(element, "agentId"), wire.text(element, "person/userName")
        )


@dataclass(frozen=True)
class NewPersonalCallback:
    """A personal callback to be made. `callback_at` is naive, in the Logger's local time."""

    campaign_id: int
    agent_skill_target_id: int
    phone: str
    account_number: str
    callback_at: datetime
    max_attempts: int = 1
    campaign_dn: str = ""
    first_name: str = ""
    last_name: str = ""

    def values(self) -> dict[str, Any]:
        """As the API takes it."""
        return {
            "campaign": {"refURL": f"{ROOT}/campaign/{self.campaign_id}"},
            "agent": {"refURL": f"{ROOT}/agent/{self.agent_skill_target_id}"},
            "campaignDn": self.campaign_dn or None,
            "phone": self.phone,
            "accountNumber": self.account_number,
            "maxAttempts": self.max_attempts,
            "callbackDateTime": self.callback_at,
            "callStatus": "pending",
            "firstName": self.first_name,
            "lastName": self.last_name,
        }


@dataclass(frozen=True)
class PersonalCallback:
    """A personal callback that the dialer holds. `callback_at` is in the Logger's local time."""

    callback_id: int
    change_stamp: str
    campaign_id: int
    agent_id: str
    phone: str
    account_number: str
    callback_at: datetime | None
    max_attempts: int
    status: str
    call_result: int

    @classmethod
    def of(cls, element: Element) -> PersonalCallback:
        return cls(
            wire.reference_id(element) or 0,
            wire.text(element, "changeStamp"),
            wire.number(element, "campaignId") or wire.reference_id(element, "campaign/refURL") or 0,
            wire.text(element, "agentId"),
            wire.text(element, "phone"),
            wire.text(element, "accountNumber"),
            wire.moment(element, "callbackDateTime"),
            wire.number(element, "maxAttempts"),
            wire.text(element, "callStatus"),
            wire.number(element, "callResult"),
        )
