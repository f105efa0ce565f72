"""What clients of a base look like: their segments, zones and histories, and the strategy that looks at them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from app.campaigns import AgentResultForm, PhoneTypeForm, ScheduleForm, StrategyForm

#: UTC. Noon in Moscow; in Kamchatka it is 21:00 and the schedule has just closed.
NOW = datetime(2026, 11, 23, 9)

# What a floor can call: the working day has begun three hours ago, and each of 600 agents gets a call through for every
# three that are dialled, with some minutes of talk and writing between two of them.
AGENTS = 600
CALLS_OF_AGENT_AND_HOUR = 60
HOURS_OF_TODAY = 3
HOURS_OF_DAY = 12
CALLS_TODAY = AGENTS * CALLS_OF_AGENT_AND_HOUR * HOURS_OF_TODAY
CALLS_OF_DAY = AGENTS * CALLS_OF_AGENT_AND_HOUR * HOURS_OF_DAY

# (segment, share in per cent, is it switched on)
SEGMENTS = [("standard", 50, 1), ("silver", 30, 1), ("gold", 16, 1), ("paused", 4, 0)]
# (zone of the client, share); None: the campaign's, Moscow.
ZONES = [(None, 60), ("Asia/Yekaterinburg", 15), ("Asia/Omsk", 10), ("Asia/Irkutsk", 8), ("Asia/Kamchatka", 7)]


class Call(NamedTuple):
    """A call of a history: to phone 1 or 2, its technical and agent result, and how many days ago."""

    phone: int
    technical_result: str
    agent_result: str | None
    days_ago: int


#: (share in per cent, calls in their order)
HISTORIES: list[tuple[int, Sequence[tuple[int, str, str | None, int]]]] = [
    (30, []),
    (11, [(1, "NO_ANSWER", None, 3)]),
    (8, [(1, "BUSY", None, 3)]),
    (8, [(1, "NO_ANSWER", None, 4), (2, "NO_ANSWER", None, 3)]),
    (6, [(1, "ANSWERING_MACHINE", None, 3)]),
    (5, [(1, "NO_ANSWER", None, 5), (1, "BUSY", None, 4), (2, "NO_ANSWER", None, 3)]),
    (5, [(1, "NO_ANSWER", None, 0)]),
    (4, [(1, "BUSY", None, 3), (1, "NO_ANSWER", None, 0)]),
    (4, [(1, "VOICE", "12", 3)]),
    (3, [(1, "VOICE", "12", 0)]),
    (1, [(1, "VOICE", "14", 0)]),  # with a callback: a dozen promises of each agent
    (3, [(1, "ANSWERING_MACHINE", None, 5), (2, "NO_ANSWER", None, 4), (1, "BUSY", None, 3)]),
    (2, [(1, "NO_ANSWER", None, 5)] * 2 + [(1, "BUSY", None, 4)] * 2 + [(2, "NO_ANSWER", None, 3)] * 2),
    (3, [(1, "VOICE", "20", 3)]),
    (2, [(1, "NO_ANSWER", None, 4), (1, "VOICE", "11", 3)]),
    (1, [(1, "VOICE", "15", 3)]),
    (2, [(1, "INVALID_NUMBER", None, 3)]),
    (1, [(1, "NETWORK_UNAVAILABLE", None, 3), (1, "NO_ANSWER", None, 0)]),
    (1, [(1, "NETWORK_DISCONNECT", None, 3)]),
]
CALLBACK_RESULT = "14"
#: Shares of histories are drawn in ten-thousandths.
DRAWS = 10_000

STRATEGY = StrategyForm(
    schedule=ScheduleForm.daily("9-21", 9 * 60, 21 * 60),
    block_size=1000,
    queue_depth=10_000,
    max_client_attempts=6,
    max_day_attempts=3,
    first_call_minutes=30 * 24 * 60,
    created_minutes=90 * 24 * 60,
    phone_types={"M": PhoneTypeForm(max_attempts=5, weight=1), "H": PhoneTypeForm(max_attempts=3, weight=3)},
    agent_results={
        "20": AgentResultForm(action_id=1),
        "14": AgentResultForm(action_id=2, priority=3),
        "12": AgentResultForm(action_id=3, priority=5, max_attempts=3, delay_minutes=240),
        "11": AgentResultForm(action_id=4),
        "15": AgentResultForm(action_id=5),
    },
)


class History(NamedTuple):
    """A history of a base: how many of 10,000 clients have it, and its calls. promises: it ended with a callback."""

    draws: int
    calls: list[Call]

    @property
    def is_of_today(self) -> bool:
        """Whether a call of it was made today."""
        return any(call.days_ago == 0 for call in self.calls)

    @property
    def has_callback(self) -> bool:
        """Whether it ended with a promised call."""
        return bool(self.calls) and self.calls[-1].agent_result == CALLBACK_RESULT


def histories(clients: int) -> list[History]:
    """The histories of a base of so many clients, their draws together 10,000.

    No more clients were called today than the agents could call. In a large base the others that have a history of today
    have the same one of three days ago.
    """
    given = [(share, [Call(*call) for call in calls]) for share, calls in HISTORIES]
    of_today = sum(share for share, calls in given if any(call.days_ago == 0 for call in calls)) / 100
    part = min(1.0, CALLS_TODAY / (clients * of_today))
    found = []
    for share, calls in given:
        draws = round(share * DRAWS / 100)
        if not any(call.days_ago == 0 for call in calls):
            found.append(History(draws, calls))
            continue
        today = max(1, round(draws * part))
        found.append(History(today, calls))
        if today < draws:
            earlier = [call._replace(days_ago=call.days_ago + 3) for call in calls]
            found.append(History(draws - today, earlier))
    return found


def days_of_calls(clients: int) -> int:
    """Over how many days the earlier calls of a base are spread, at the rate that the agents can make."""
    calls = sum(share * len(calls) for share, calls in HISTORIES) / 100 * clients
    return max(1, math.ceil(calls / CALLS_OF_DAY))
