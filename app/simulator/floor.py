"""The floor: agents come, work, rest and go home."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from app.simulator import zones
from app.simulator.agents import Agent, Mood, Shift, SkillGroup
from app.simulator.centre import ContactCentre
from app.simulator.people import around, fractions
from app.simulator.timeline import Timeline


class Floor:
    """All agents of a centre. `on_ready` is called with a skill group and the moment when an agent became ready."""

    def __init__(
        self, centre: ContactCentre, timeline: Timeline, on_ready: Callable[[SkillGroup, datetime], None]
    ) -> None:
        self._settings, self._centre, self._timeline, self._on_ready = centre.settings, centre, timeline, on_ready
        self._shift = Shift.read(centre.settings.shift, lambda moment: zones.to_local(centre.zone, moment))
        self._staff = 0  # how many agents there should be
        self.groups = {identity: SkillGroup(identity) for identity in sorted(centre.skill_groups)}
        self.agents: dict[str, Agent] = {}

    def match(self, moment: datetime) -> None:
        """Hire or send home agents until there are as many as the centre wants."""
        if self._staff == self._centre.agents:
            return
        self._staff = self._centre.agents
        wanted = {self._centre.agent_login(identity): identity for identity in self._centre.agent_ids()}
        fresh = [login for login in wanted if login not in self.agents or self.agents[login].leaving]
        for number, login in enumerate(fresh):
            agent = self.agents.get(login) or self._hire(wanted[login], login)
            agent.leaving = False
            if agent.mood is Mood.OFF:
                wait = timedelta(seconds=self._settings.login_seconds * number / len(fresh))
                self._timeline.at(moment + wait, self._sign_in, agent)
        for login, agent in self.agents.items():
            if login not in wanted and not agent.leaving:
                agent.leaving = True
                if agent.mood in (Mood.READY, Mood.NOT_READY):
                    agent.group.set_mood(agent, Mood.OFF)

    def _hire(self, identity: int, login: str) -> Agent:
        group = self.groups[self._centre.agent_skill_group(identity)]
        agent = self.agents[login] = Agent(identity, login, group)
        group.agents.append(agent)
        return agent

    def _sign_in(self, moment: datetime, agent: Agent) -> None:
        if agent.mood is Mood.OFF:
            self.become_free(moment, agent)

    def become_free(self, moment: datetime, agent: Agent) -> None:
        """An agent has nothing to do: goes home, or is ready for the next call."""
        if agent.leaving:
            agent.group.set_mood(agent, Mood.OFF)
        elif not self._shift.is_on(moment):
            agent.group.set_mood(agent, Mood.OFF)
            self._timeline.at(self._shift.next_change(moment), self._sign_in, agent)
        else:
            if agent.mood is Mood.OFF and not self._shift.is_endless:
                self._timeline.at(self._shift.next_change(moment), self._end_shift, agent)
            agent.group.set_mood(agent, Mood.READY)
            self._on_ready(agent.group, moment)

    def _end_shift(self, moment: datetime, agent: Agent) -> None:
        if agent.mood in (Mood.READY, Mood.NOT_READY):
            self.become_free(moment, agent)

    def after_call(self, moment: datetime, agent: Agent) -> None:
        """An agent has wrapped up: takes a break now and then, else is free."""
        share, length, *_ = fractions(self._settings.seed, agent.login, moment, "break")
        if share < self._settings.break_share and not agent.leaving:
            agent.group.set_mood(agent, Mood.NOT_READY)
            until = moment + timedelta(minutes=around(self._settings.break_minutes, length))
            self._timeline.at(until, self._end_break, agent)
        else:
            self.become_free(moment, agent)

    def _end_break(self, moment: datetime, agent: Agent) -> None:
        if agent.mood is Mood.NOT_READY:
            self.become_free(moment, agent)
