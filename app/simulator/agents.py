"""Agents and skill groups: who is signed in, ready, talking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum

from app.simulator.settings import parse_shift


class Mood(Enum):
    """What an agent does."""

    OFF = "off"
    NOT_READY = "not ready"
    READY = "ready"
    RESERVED = "reserved"
    TALKING = "talking"
    WORK = "work"


@dataclass(slots=True, eq=False)
class Agent:
    """One agent. `leaving` agents go home when they are free and do not come back."""

    identity: int
    login: str
    group: SkillGroup
    mood: Mood = Mood.OFF
    leaving: bool = False


@dataclass(slots=True, eq=False)
class SkillGroup:
    """One skill group. `ready` keeps its agents in the order in which they became ready."""

    identity: int
    agents: list[Agent] = field(default_factory=list)
    ready: dict[Agent, None] = field(default_factory=dict)
    campaigns: list[int] = field(default_factory=list)
    turn: int = 0
    lines: int = 0  # calls that ring for its agents

    def take(self) -> Agent | None:
        """The agent who is ready longest, no longer ready, or None."""
        agent = next(iter(self.ready), None)
        if agent:
            del self.ready[agent]
        return agent

    def set_mood(self, agent: Agent, mood: Mood) -> None:
        self.ready.pop(agent, None)
        if mood is Mood.READY:
            self.ready[agent] = None
        agent.mood = mood

    def count(self, mood: Mood) -> int:
        return sum(agent.mood is mood for agent in self.agents)

    def real_time(self) -> dict[str, int]:
        """The columns of Skill_Group_Real_Time."""
        counts = {mood: self.count(mood) for mood in Mood}
        ready = counts[Mood.READY]
        reserved = min(ready, self.lines)  # a ringing call keeps an agent reserved
        return {
            "LoggedOn": len(self.agents) - counts[Mood.OFF],
            "Ready": len(self.agents) - counts[Mood.OFF] - counts[Mood.NOT_READY],
            "NotReady": counts[Mood.NOT_READY],
            "Avail": ready - reserved,
            "IcmAvailable": ready - reserved,
            "TalkingAutoOut": counts[Mood.TALKING],
            "WorkReady": counts[Mood.WORK],
            "ReservedAgents": reserved + counts[Mood.RESERVED],
        }


@dataclass(frozen=True)
class Shift:
    """When agents are signed in, in local minutes of the day. `local` turns naive UTC into local time."""

    first: int
    last: int
    local: Callable[[datetime], datetime]

    @classmethod
    def read(cls, text: str, local: Callable[[datetime], datetime]) -> Shift:
        return cls(*parse_shift(text), local)

    @property
    def is_endless(self) -> bool:
        return (self.first, self.last) == (0, 1440)

    def is_on(self, moment: datetime) -> bool:
        local = self.local(moment)
        return self.first <= local.hour * 60 + local.minute < self.last

    def next_change(self, moment: datetime) -> datetime:
        """The moment (naive UTC) at which the shift next begins or ends, give or take a daylight saving night."""
        local = self.local(moment)
        minute = local.hour * 60 + local.minute
        border = next((edge for edge in (self.first, self.last) if edge > minute), self.first + 1440)
        return (
            moment
            + timedelta(minutes=border - minute)
            - timedelta(seconds=local.second, microseconds=local.microsecond)
        )
