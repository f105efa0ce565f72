"""Records at the dialer, and what Cisco's rules make of a call result: the record's next status and when it is due."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.simulator import zones
from app.simulator.campaign_fields import DIALING_MODES, PURPOSES
from app.simulator.zones import LONG_AGO

# Source: Outbound Option Guide 12.6(2), Dialer_Detail: CallResult with its retry rule.
RETRY = {
    4: "noAnswerDelay", 6: "noAnswerDelay", 8: "noAnswerDelay", 18: "noAnswerDelay", 27: "noAnswerDelay",
    28: "noAnswerDelay", 33: "noAnswerDelay", 9: "busySignalDelay", 12: "answeringMachineDelay",
    22: "answeringMachineDelay", 13: "dialerAbandonedDelay", 16: "dialerAbandonedDelay",
    20: "dialerAbandonedDelay", 21: "customerAbandonedDelay", 24: "customerNotHomeDelay",
}  # fmt: skip
NOT_AN_ATTEMPT = frozenset({2, 17, 18, 19, 25, 26, 27, 28, 33})
VOICE_RESULTS = frozenset({10, 14})
COUNTED_AS = {
    4: "NoRingBackDetectCount", 5: "SITToneDetectCount", 6: "NoDialToneDetectCount", 7: "SITToneDetectCount",
    8: "NoAnswerDetectCount", 9: "BusyCount", 10: "VoiceCount", 11: "FaxDetectCount", 12: "AnsweringMachineCount",
    13: "CancelledDetectCount", 14: "CallBackCount", 15: "CallBackCount", 16: "AbandonDetectCount",
    18: "AgentRejectedCount", 19: "AgentClosedCount", 20: "AbandonToIVRCount", 21: "CustomerAbandonDetectCount",
    22: "NetworkAnsMachineCount", 23: "WrongNumberCount", 24: "CustomerNotHomeCount",
    27: "NoRingBackDetectCount", 28: "NoRingBackDetectCount", 32: "CancelledDetectCount",
}  # fmt: skip


@dataclass(slots=True)
class Record:
    """One record at the dialer. `personal` is the agent's login of a personal callback, else empty."""

    list_id: int
    campaign_id: int
    account: str
    first_name: str
    last_name: str
    phones: list[str]
    results: list[str]
    phone_index: int
    bias: int
    summer: bool
    status: str
    calls_made: int
    callback_number: str
    imported: datetime | None
    fetched: datetime
    personal: str = ""
    attempts_left: int = 0
    sent: datetime | None = None  # personal callbacks: when it first went to the dialer

    @classmethod
    def of_list(cls, row: sa.Row, fetched: datetime) -> Record:
        """A row of the dialing list, as it goes to the dialer."""
        return cls(
            row.DialingListID,
            row.CampaignID,
            row.AccountNumber or "",
            row.FirstName or "",
            row.LastName or "",
            row.Phones.split("|"),
            row.Results.split("|"),
            row.PhoneIndex,
            row.TimeZoneBias,
            row.DstObserved == "Y",
            row.CallStatusZone1,
            row.CallsMadeToZone1,
            (row.CallbackNumber or "") if row.CallStatusZone1 == "B" else "",
            row.ImportRuleDate,
            fetched,
        )

    @classmethod
    def of_callback(cls, row: sa.Row, fetched: datetime) -> Record:
        """A row of the personal callback list, as it goes to the dialer."""
        return cls(
            row.PersonalCallbackListID,
            row.CampaignID,
            row.AccountNumber or "",
            row.FirstName or "",
            row.LastName or "",
            [row.Phone],
            ["0"],
            0,
            0,
            False,
            row.CallStatus,
            0,
            "",
            None,
            fetched,
            personal=str(row.AgentID),
            attempts_left=row.MaxAttempts,
            sent=fetched,
        )

    @property
    def phone(self) -> str:
        return self.callback_number or self.phones[self.phone_index]

    def next_phone(self) -> int | None:
        """The index of the phone after this one, or None after the last."""
        later = range(self.phone_index + 1, len(self.phones))
        return next((index for index in later if self.phones[index]), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a record after a result. `due` (naive UTC) is set for R and B."""

    status: str
    calls_made: int
    phone_index: int
    due: datetime | None


@dataclass(slots=True)
class Campaign:
    """A campaign as the dialer runs it."""

    identity: int
    document: dict[str, Any]
    enabled: bool
    zone: ZoneInfo
    cache: deque[Record] = field(default_factory=deque)
    lines: int = 0  # calls that ring
    talking: int = 0  # of an IVR campaign
    customer_zones: set[tuple[int, bool]] = field(default_factory=set)
    next_look: datetime = LONG_AGO
    next_retry: datetime | None = None  # the earliest R or B
    hold_until: datetime = LONG_AGO
    pace: float = 1.0
    connected: float = 1.0
    abandoned: float = 0.0

    @classmethod
    def of_row(cls, row: sa.Row) -> Campaign:
        """A campaign as the API wrote it."""
        document = json.loads(row.Simulator_Settings)
        zone = ZoneInfo(zones.windows_names().get(document["timeZone"], "Etc/UTC"))
        enabled = row.Enabled == "Y" and row.Deleted == "N"
        return cls(row.CampaignID, document, enabled, zone, pace=document["linesPerAgent"])

    def update(self, fresh: Campaign) -> None:
        """Take over settings that were changed while it runs."""
        self.document, self.enabled, self.zone = fresh.document, fresh.enabled, fresh.zone
        self.next_look = LONG_AGO
        self.pace = min(max(self.pace, 1.0), self.document["maximumLinesPerAgent"])

    @property
    def mode(self) -> int:
        return DIALING_MODES[self.document["dialingMode"]]

    @property
    def is_ivr(self) -> bool:
        return PURPOSES[self.document["campaignPurposeType"]] == PURPOSES["ivrCampaign"]

    @property
    def ports(self) -> int:
        return sum(info["ivrPorts"] for info in self.document["skillGroupInfos"])

    def skill_groups(self) -> Iterator[int]:
        return (info["skillGroup"] for info in self.document["skillGroupInfos"])

    def records_to_cache(self) -> int:
        return max((info["recordsToCache"] for info in self.document["skillGroupInfos"]), default=1)

    def has_abandon_route(self) -> bool:
        return any(info["abandonedRoutePoint"] for info in self.document["skillGroupInfos"])

    def customer_time(self, bias: int, summer: bool, moment: datetime) -> datetime:
        """The naive local time of a customer. Summer time follows the calendar of the campaign's zone."""
        ahead = -bias + (60 if summer and zones.is_summer_time(self.zone, moment) else 0)
        return moment + timedelta(minutes=ahead)

    def may_call(self, local: datetime) -> bool:
        """Whether a customer's local time lies in the campaign's hours and dates."""
        minute = f"{local.hour:02}:{local.minute:02}"
        day = date(local.year, local.month, local.day).isoformat()
        first, last = self.document["startDate"], self.document["endDate"]
        end = self.document["endTime"]
        return (
            self.document["startTime"] <= minute
            and (minute < end or end == "23:59")
            and (not first or first <= day)
            and (not last or day <= last)
        )

    def judge(self, record: Record, result: int, moment: datetime) -> Verdict:
        """What `result` at `moment` (naive UTC) makes of a record of the dialing list."""
        made = record.calls_made + (result not in NOT_AN_ATTEMPT)
        index = record.phone_index
        if result == 19:
            return Verdict("J", made, index, None)
        if result not in RETRY:
            return Verdict("C", made, index, None)
        if made >= self.document["maxAttempts"]:
            return Verdict("M", made, index, None)
        following = record.next_phone() if result not in NOT_AN_ATTEMPT and not record.callback_number else None
        if following is not None:
            return Verdict("P", made, following, None)
        first = next(n for n, phone in enumerate(record.phones) if phone)
        delay = timedelta(minutes=self.document["retries"][RETRY[result]])
        return Verdict("R", made, first, moment + delay)
