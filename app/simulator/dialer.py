"""The dialer and its Campaign Manager: dials records, gives calls to agents, and writes down what came of it.

`Dialer.step(now)` plays everything that happens up to `now` of the centre's clock, in slices of simulated time; each
slice ends with one transaction, so a kill at any moment loses no more than the calls that were in the air, and their
records are unknown (U) at the next start, as Cisco's are.
"""

from __future__ import annotations

import heapq
import logging
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

import sqlalchemy as sa

from app.simulator import directory, lists, tables, zones
from app.simulator.agents import Agent, Mood, Shift, SkillGroup
from app.simulator.callbacks import TIME_LIMIT
from app.simulator.centre import DATABASE_ERRORS, DIALER, PERIPHERAL, QUERY_RULE, ContactCentre
from app.simulator.details import Call, Delayed, History
from app.simulator.faults import read_state, write_state
from app.simulator.people import HANG_UP, VOICE, People, Reaction, around, fractions, pick, weighted
from app.simulator.records import COUNTED_AS, NOT_AN_ATTEMPT, VOICE_RESULTS, Campaign, Record
from app.simulator.zones import LONG_AGO

log = logging.getLogger(__name__)

RING_CYCLE = 6.0  # seconds of one ring
MACHINE = 12
PREVIEW_MODES = (3, 7)
PREDICTIVE_MODE = 1
SECOND = timedelta(seconds=1)
CALLBACK_RETRY = {8: 20, 9: 1}  # minutes, registry of the Campaign Manager; other results: 20


@dataclass(slots=True, eq=False)
class Attempt:
    """One call in the air."""

    record: Record
    campaign: Campaign
    group: SkillGroup | None
    started: datetime
    reaction: Reaction
    agent: Agent | None = None
    reserved: datetime | None = None
    preview_ms: int | None = None


class Dialer:
    """All dialling of one contact centre. Not safe for threads: one thread steps it, `Engine` below."""

    def __init__(self, centre: ContactCentre) -> None:
        self.centre = centre
        settings = centre.settings
        self.people = People(
            settings.seed, settings.answer_share, settings.bad_number_share, settings.hang_up_share, settings.unanswered
        )
        self.history = History(centre)
        self.shift = Shift.read(settings.shift, lambda moment: zones.to_local(centre.zone, moment))
        self.talk_seconds, self.wrapup_seconds = settings.talk_seconds, settings.wrapup_seconds
        self.set_outcomes(settings.outcomes)
        self.time: datetime = LONG_AGO  # how far the simulation has come
        self.attempts = 0
        self.campaigns: dict[int, Campaign] = {}
        self.groups = {identity: SkillGroup(identity) for identity in sorted(centre.skill_groups)}
        self.agents: dict[str, Agent] = {}
        self._staff = 0  # how many of them there should be
        self.do_not_call: frozenset[str] = frozenset()
        self.callbacks: deque[Record] = deque()  # personal callbacks that wait for their agent
        self._events: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = count()
        self._in_air: set[int] = set()  # list ids that ring or talk
        # What the next transaction writes
        self._changes: dict[int, dict[str, Any]] = {}
        self._rows: list[Delayed] = []
        self._statistics: dict[int, Counter[str]] = {}
        self._callback_changes: dict[int, dict[str, Any]] = {}
        self._new_callbacks: list[dict[str, Any]] = []
        self._stride = timedelta()
        self._uncertain = False  # a transaction failed, and may have been committed all the same
        self._real_time_at = 0.0
        self._days: dict[str, str] = {}

    # -- settings that may change while it runs

    def set_outcomes(self, outcomes: dict[str, float]) -> None:
        self._outcomes = weighted(outcomes)

    # -- start

    def start(self) -> None:
        """Take up the work where the last process left it."""
        centre = self.centre
        now = centre.now()
        for name in ("purged", "reset"):
            self._days[name] = read_state(centre.engine, name) or ""
        with centre.list_lock, centre.engine.begin() as connection:
            for row in connection.execute(sa.select(tables.campaign).where(tables.campaign.c.APIGenerated == "Y")):
                self.campaigns[row.CampaignID] = Campaign.of_row(row)
            lost = lists.recover(
                connection,
                list(self.campaigns),
                now + timedelta(minutes=centre.settings.unknown_minutes),
                centre.settings.stuck_dialed_share,
                centre.settings.seed,
            )
            self.history.recover(connection)
        if lost:
            log.info("%s records were at the dialer when it stopped; they are unknown now", lost)
        centre.changed_campaigns.update(self.campaigns)
        self.time = now
        self._at(now, self._release_unknown)
        self._at(now, self._minute)
        self._match_agents(now)

    # -- the loop

    def step(self, now: datetime | None = None) -> int:
        """Play on to `now` (naive UTC; the centre's clock without it). Returns how many events were played."""
        now = now or self.centre.now()
        if self.time - now > timedelta(minutes=5):
            self._shift_clock(now)
        played = 0
        while True:
            # A clock that leapt ahead is followed in longer strides.
            self._stride = max(timedelta(seconds=self.centre.settings.step_seconds), (now - self.time) / 500)
            target = min(max(now, self.time), self.time + self._stride)
            self._take_changes(target)
            played += self._play(target)
            self.time = target
            self._write(target)
            if target >= now or self.centre.stopping.is_set():
                return played

    def _shift_clock(self, now: datetime) -> None:
        """The clock was set back: all that is to come moves with it."""
        back = self.time - now
        self._events = [(moment - back, *rest) for moment, *rest in self._events]  # type: ignore[misc]
        self.time = now
        for campaign in self.campaigns.values():
            campaign.next_look = campaign.hold_until = LONG_AGO

    def _play(self, target: datetime) -> int:
        for group in self.groups.values():
            self._dial(group, self.time)
        self._dial_ivr(self.time)
        played = 0
        while self._events and self._events[0][0] <= target:
            moment, _, action, arguments = heapq.heappop(self._events)
            try:
                action(moment, *arguments)
            except DATABASE_ERRORS:  # what the clock brings is tried again when the database is back
                self._at(moment, action, *arguments)
                raise
            played += 1
        return played

    def _at(self, moment: datetime, action: Callable[..., None], *arguments: Any) -> None:
        heapq.heappush(self._events, (moment, next(self._order), action, arguments))

    # -- agents

    def _match_agents(self, moment: datetime) -> None:
        """Hire or send home agents until there are as many as the centre wants."""
        self._staff = self.centre.agents
        wanted = {self.centre.agent_login(identity): identity for identity in self.centre.agent_ids()}
        fresh = [login for login in wanted if login not in self.agents or self.agents[login].leaving]
        for number, login in enumerate(fresh):
            group = self.groups[self.centre.agent_skill_group(wanted[login])]
            agent = self.agents.get(login)
            if agent is None:
                agent = self.agents[login] = Agent(wanted[login], login, group)
                group.agents.append(agent)
            agent.leaving = False
            if agent.mood is Mood.OFF:
                wait = self.centre.settings.login_seconds * number / max(len(fresh), 1)
                self._at(moment + wait * SECOND, self._sign_in, agent)
        for login, agent in self.agents.items():
            if login not in wanted and not agent.leaving:
                agent.leaving = True
                if agent.mood in (Mood.READY, Mood.NOT_READY):
                    agent.group.set_mood(agent, Mood.OFF)

    def _sign_in(self, moment: datetime, agent: Agent) -> None:
        if agent.mood is Mood.OFF:
            self._become_free(moment, agent)

    def _become_free(self, moment: datetime, agent: Agent) -> None:
        """An agent has nothing to do: goes home, or is ready for the next call."""
        if agent.leaving:
            agent.group.set_mood(agent, Mood.OFF)
        elif not self.shift.is_on(moment):
            agent.group.set_mood(agent, Mood.OFF)
            self._at(self.shift.next_change(moment), self._sign_in, agent)
        else:
            if agent.mood is Mood.OFF and not self.shift.is_endless:
                self._at(self.shift.next_change(moment), self._end_shift, agent)
            agent.group.set_mood(agent, Mood.READY)
            self._dial(agent.group, moment)

    def _end_shift(self, moment: datetime, agent: Agent) -> None:
        if agent.mood in (Mood.READY, Mood.NOT_READY):
            self._become_free(moment, agent)

    def _after_call(self, moment: datetime, agent: Agent) -> None:
        share, length, *_ = fractions(self.centre.settings.seed, agent.login, moment, "break")
        if share < self.centre.settings.break_share and not agent.leaving:
            agent.group.set_mood(agent, Mood.NOT_READY)
            until = moment + timedelta(minutes=around(self.centre.settings.break_minutes, length))
            self._at(until, self._end_break, agent)
        else:
            self._become_free(moment, agent)

    def _end_break(self, moment: datetime, agent: Agent) -> None:
        if agent.mood is Mood.NOT_READY:
            self._become_free(moment, agent)

    # -- dialling

    def _dial(self, group: SkillGroup, moment: datetime) -> None:
        """Start calls for the agents of a group who are ready, its campaigns in turn."""
        while group.ready and group.campaigns:
            for offset in range(len(group.campaigns)):
                turn = (group.turn + offset) % len(group.campaigns)
                campaign = self.campaigns[group.campaigns[turn]]
                if self._has_room(campaign, group, moment):
                    record = self._next_record(campaign, moment)
                    if record:
                        group.turn = turn + 1
                        self._start(campaign, group, record, moment)
                        break
            else:
                return

    def _has_room(self, campaign: Campaign, group: SkillGroup, moment: datetime) -> bool:
        if not campaign.enabled or not campaign.cache or campaign.is_ivr or moment < campaign.hold_until:
            return False
        ready = ceil(len(group.ready) * campaign.document["reservationPercentage"] / 100)
        if campaign.mode in PREVIEW_MODES:
            return ready > 0
        if campaign.mode == PREDICTIVE_MODE:
            soon = group.count(Mood.TALKING) * RING_CYCLE / (self.talk_seconds + self.wrapup_seconds)
            return group.lines < int(campaign.pace * (ready + soon))
        return campaign.mode != 0 and group.lines < max(int(campaign.document["linesPerAgent"] * ready), min(ready, 1))

    def _dial_ivr(self, moment: datetime) -> None:
        for campaign in self.campaigns.values():
            if campaign.is_ivr and campaign.enabled and campaign.mode != 0:
                while campaign.cache and campaign.lines + campaign.talking < campaign.ports:
                    record = self._next_record(campaign, moment)
                    if record:
                        self._start(campaign, None, record, moment)

    def _next_record(self, campaign: Campaign, moment: datetime) -> Record | None:
        """The next record from the dialer's cache whose customer may be called now."""
        while campaign.cache:
            record = campaign.cache.popleft()
            if record.phone in self.do_not_call:
                self._finish(Attempt(record, campaign, None, moment, Reaction(26, 0, 0)), 26, moment)
            elif campaign.may_call(campaign.customer_time(record.bias, record.summer, moment)):
                return record
            else:
                self._changes[record.list_id] = {"CallStatusZone1": "P", "DueAt": None}
        return None

    def _start(self, campaign: Campaign, group: SkillGroup | None, record: Record, moment: datetime) -> None:
        self._in_air.add(record.list_id)
        local = campaign.customer_time(record.bias, record.summer, moment)
        reaction = self.people.call(record.phone, local, campaign.document["noAnswerRingLimit"] * RING_CYCLE)
        attempt = Attempt(record, campaign, group, moment, reaction)
        if group and campaign.mode in PREVIEW_MODES:
            self._preview(attempt, group, moment)
            return
        if group:
            group.lines += 1
        campaign.lines += 1
        self._changes[record.list_id] = {"CallStatusZone1": "D"}
        self._at(moment + reaction.seconds * SECOND, self._result, attempt)

    def _preview(self, attempt: Attempt, group: SkillGroup, moment: datetime) -> None:
        """The agent looks at the record first, and may reject it."""
        agent = attempt.agent = group.take()
        if agent is None:  # cannot be: a record is taken only for a ready agent
            raise RuntimeError("no agent is ready for a preview")
        agent.mood = Mood.RESERVED
        attempt.reserved = moment
        chance, length, *_ = fractions(self.centre.settings.seed, attempt.record.phone, moment, "preview")
        wait = around(10, length)
        attempt.preview_ms = int(wait * 1000)
        result = 18 if chance < 0.02 else 19 if chance < 0.03 else 33 if chance < 0.04 else None
        if result is None:
            self._at(moment + wait * SECOND, self._accepted, attempt)
        else:
            self._at(moment + wait * SECOND, self._without_agent, attempt, result)

    def _accepted(self, moment: datetime, attempt: Attempt) -> None:
        attempt.started = moment
        if not attempt.record.personal:
            self._changes[attempt.record.list_id] = {"CallStatusZone1": "D"}
        if attempt.group:
            attempt.group.lines += 1
        attempt.campaign.lines += 1
        self._at(moment + attempt.reaction.seconds * SECOND, self._result, attempt)

    def _result(self, moment: datetime, attempt: Attempt) -> None:
        """The call is answered, or is over."""
        campaign, group, result = attempt.campaign, attempt.group, attempt.reaction.result
        if group:
            group.lines -= 1
        campaign.lines -= 1
        to_agent = result == VOICE or (result == MACHINE and campaign.document["amdTreatmentMode"] == "transferToAgent")
        if not to_agent:
            if result == 8 and group and not attempt.agent and group.count(Mood.OFF) == len(group.agents):
                result = 13  # everybody went home while it rang
            self._without_agent(moment, attempt, result)
            return
        if campaign.is_ivr and not attempt.record.personal:
            campaign.talking += 1
            length = around(self.talk_seconds / 2, fractions(attempt.record.phone, moment, "ivr")[0])
            self._at(moment + length * SECOND, self._ivr_done, attempt)
            return
        if attempt.agent is None and group:
            attempt.agent = group.take()
            attempt.reserved = attempt.started
        if attempt.agent is None and result == MACHINE:
            self._without_agent(moment, attempt, MACHINE)
        elif attempt.agent is None:
            campaign.abandoned += 1
            self._without_agent(moment, attempt, 20 if campaign.has_abandon_route() else 16)
        else:
            campaign.connected += 1
            self._talk(moment, attempt, attempt.agent)
        self._set_pace(campaign)

    @staticmethod
    def _set_pace(campaign: Campaign) -> None:
        """Predictive dialling holds the share of abandoned calls near its limit."""
        share = 100 * campaign.abandoned / (campaign.abandoned + campaign.connected)
        limit = campaign.document["abandonPercent"] if campaign.document["abandonEnabled"] else 100
        factor = 0.97 if share > limit else 1.01
        campaign.pace = min(max(campaign.pace * factor, 1.0), campaign.document["maximumLinesPerAgent"])
        campaign.abandoned *= 0.99  # old calls are forgotten little by little
        campaign.connected *= 0.99

    def _without_agent(self, moment: datetime, attempt: Attempt, result: int) -> None:
        self._finish(attempt, result, moment)
        if attempt.agent:
            self._become_free(moment, attempt.agent)
        elif attempt.group:
            self._dial(attempt.group, moment)
        elif attempt.campaign.is_ivr:
            self._dial_ivr(moment)

    def _ivr_done(self, moment: datetime, attempt: Attempt) -> None:
        attempt.campaign.talking -= 1
        self._finish(attempt, VOICE, moment)
        self._dial_ivr(moment)

    def _talk(self, moment: datetime, attempt: Attempt, agent: Agent) -> None:
        agent.group.set_mood(agent, Mood.TALKING)
        machine = attempt.reaction.result == MACHINE
        seed, record = self.centre.settings.seed, attempt.record
        talk, wrapup, outcome, books, *_ = fractions(seed, record.phone, record.account, moment, "talk")
        talked = 5.0 if machine else around(self.talk_seconds, talk)
        worked = around(self.wrapup_seconds, wrapup) if self.wrapup_seconds else 0.0
        wraps = "" if machine else pick(self._outcomes, outcome)
        self._at(moment + talked * SECOND, self._wrap_up, agent)
        end = moment + (talked + worked) * SECOND
        self._at(end, self._talked, attempt, agent, talked, worked, wraps, books)

    def _wrap_up(self, moment: datetime, agent: Agent) -> None:
        agent.group.set_mood(agent, Mood.WORK)

    def _talked(
        self, moment: datetime, attempt: Attempt, agent: Agent, talked: float, worked: float, wraps: str, books: float
    ) -> None:
        settings, record = self.centre.settings, attempt.record
        result, callback_at = attempt.reaction.result, None
        if wraps == settings.callback_outcome and books < settings.callback_share and not record.personal:
            result = 15 if result == MACHINE else 14
            callback_at = self._callback_time(attempt, moment, books / settings.callback_share)
        statistics = self._statistics.setdefault(record.campaign_id, Counter())
        statistics["TalkTimeCount"] += round(talked)
        statistics["WrapupTimeCount"] += round(worked)
        self._finish(attempt, result, moment, agent, wraps, callback_at)
        self._after_call(moment, agent)

    def _callback_time(self, attempt: Attempt, moment: datetime, fraction: float) -> datetime:
        """When the customer wants to be called again: their local time, in one hour to two days, by day."""
        record = attempt.record
        local = attempt.campaign.customer_time(record.bias, record.summer, moment)
        wanted = local + timedelta(minutes=60 + int(fraction * 2 * 1440) // 5 * 5)
        wanted = wanted.replace(minute=wanted.minute // 5 * 5, second=0, microsecond=0)
        if not 9 <= wanted.hour < 20:
            wanted = (wanted + timedelta(days=wanted.hour >= 20)).replace(hour=10)
        return wanted

    # -- results

    def _finish(
        self,
        attempt: Attempt,
        result: int,
        moment: datetime,
        agent: Agent | None = None,
        wraps: str = "",
        callback_at: datetime | None = None,
        detail: int = 0,
    ) -> None:
        """Write down what came of an attempt: the record's new state, the counters and the historical row."""
        record, campaign = attempt.record, attempt.campaign
        agent = agent or attempt.agent
        self.attempts += result not in NOT_AN_ATTEMPT
        if record.personal:
            status = self._finish_personal(record, campaign, result, moment)
        else:
            self._in_air.discard(record.list_id)
            status = self._finish_listed(record, campaign, result, moment, agent, callback_at)
        statistics = self._statistics.setdefault(record.campaign_id, Counter())
        counted = COUNTED_AS.get(result)
        if counted:
            statistics["PersonalCallbackCount" if status == "S" else counted] += 1
        statistics["AttemptedCount"] += result not in NOT_AN_ATTEMPT
        if result in VOICE_RESULTS and status in "CS":
            statistics["TotalVoiceCount"] += 1
        elif status in "CMJX":
            statistics["ClosedCount"] += 1
        call = Call(
            result=result,
            status=status,
            started=attempt.started,
            ended=moment,
            sip=attempt.reaction.sip if result == attempt.reaction.result else 0,
            detail=detail,
            agent=agent.login if agent else "",
            skill_group=attempt.group.identity if attempt.group else None,
            reserved_ms=int((moment - attempt.reserved) / SECOND * 1000) if attempt.reserved else 0,
            preview_ms=attempt.preview_ms,
            pickup_ms=int(attempt.reaction.seconds * 1000) if attempt.reaction.result in (VOICE, HANG_UP) else None,
            wrapup=wraps,
            callback_phone=record.phone if callback_at else "",
            callback_at=callback_at,
        )
        self._rows += self.history.row(campaign, record, call)

    def _finish_listed(
        self,
        record: Record,
        campaign: Campaign,
        result: int,
        moment: datetime,
        agent: Agent | None,
        callback_at: datetime | None,
    ) -> str:
        verdict = campaign.judge(record, result, moment)
        status, due, made = verdict.status, verdict.due, verdict.calls_made
        record.results[record.phone_index] = str(result)
        changes: dict[str, Any] = {"CallResult": result, "Results": "|".join(record.results)}
        changes["PhoneIndex"] = verdict.phone_index
        if callback_at and campaign.document["personalizedCallbackEnabled"] and agent:
            status = "S"
            self._new_callbacks.append(self._personal_callback(record, campaign, agent, callback_at, moment))
        elif callback_at and self.centre.settings.callback_keeps_record:
            status, made = "B", 0  # a regular callback starts the count afresh
            ahead = campaign.customer_time(record.bias, record.summer, moment) - moment
            due = callback_at - ahead
            changes["CallbackNumber"] = record.phone
        if due:
            campaign.next_retry = min(due, campaign.next_retry or due)
            campaign.next_look = min(due, campaign.next_look)
        elif status == "P":
            campaign.next_look = moment
        self._changes[record.list_id] = {**changes, "CallStatusZone1": status, "CallsMadeToZone1": made, "DueAt": due}
        return status

    def _personal_callback(
        self, record: Record, campaign: Campaign, agent: Agent, callback_at: datetime, moment: datetime
    ) -> dict[str, Any]:
        """The row that an agent's own callback adds to the personal callback list."""
        ahead = campaign.customer_time(record.bias, record.summer, moment) - moment
        numbers = (info["dialedNumber"] for info in campaign.document["skillGroupInfos"])
        return {
            "DialingListID": record.list_id,
            "CampaignID": record.campaign_id,
            "PeripheralID": PERIPHERAL,
            "AgentID": int(agent.login),
            "CampaignDN": next(numbers, None),
            "Phone": record.phone,
            "AccountNumber": record.account,
            "MaxAttempts": 5,
            "CallbackDateTime": zones.to_local(self.centre.zone, callback_at - ahead),
            "CallStatus": "P",
            "CallResult": 0,
            "FirstName": record.first_name,
            "LastName": record.last_name,
            "InsertedIntoDBDateTime": zones.to_local(self.centre.zone, moment),
            "ChangeStamp": 0,
        }

    def _finish_personal(self, record: Record, campaign: Campaign, result: int, moment: datetime) -> str:
        """The new status of a personal callback after a result."""
        left = record.attempts_left - (result not in NOT_AN_ATTEMPT)
        changes: dict[str, Any] = {"CallResult": result, "MaxAttempts": left}
        local = zones.to_local(self.centre.zone, moment)
        mode = campaign.document["rescheduleCallbackMode"]
        if result == 17:
            if mode == "sameTimeNextBusinessDay":
                status = "P"
                changes["CallbackDateTime"] = lists.next_business_day(local)
            else:
                status = "X"
        elif result in VOICE_RESULTS or result in (3, 5, 7, 11):
            status = "C"
        elif left <= 0:
            status = "M"
        else:
            status = "R"
            changes["CallbackDateTime"] = local + timedelta(minutes=CALLBACK_RETRY.get(result, 20))
        self._callback_changes[record.list_id] = {**changes, "CallStatus": status}
        return status

    # -- personal callbacks

    def _call_back(self, moment: datetime) -> None:
        """Dial the personal callbacks whose agents are ready; give up on those who were not for 15 minutes."""
        waiting, self.callbacks = self.callbacks, deque()
        for record in waiting:
            campaign = self.campaigns.get(record.campaign_id)
            if campaign is None:
                continue
            agent = self.agents.get(record.personal)
            signed_in = agent is not None and agent.mood is not Mood.OFF
            overdue = moment - (record.sent or moment) >= TIME_LIMIT
            if overdue and campaign.document["rescheduleCallbackMode"] == "useCampaignDN":
                groups = [self.groups[identity] for identity in campaign.skill_groups() if identity in self.groups]
                group = next((group for group in groups if group.ready), None)
                agent = next(iter(group.ready), None) if group else None
            if agent and agent.mood is Mood.READY:
                agent.group.set_mood(agent, Mood.RESERVED)
                local = zones.to_local(self.centre.zone, moment)
                reaction = self.people.call(record.phone, local, RING_CYCLE * 4)
                attempt = Attempt(record, campaign, agent.group, moment, reaction, agent, moment)
                self._accepted(moment, attempt)
            elif overdue and campaign.document["rescheduleCallbackMode"] != "useCampaignDN":
                attempt = Attempt(record, campaign, None, moment, Reaction(17, 0, 0))
                self._finish(attempt, 17, moment, detail=20_001 if signed_in else 20_000)
            else:
                self.callbacks.append(record)

    # -- what others changed, and what the clock brings

    def _take_changes(self, moment: datetime) -> None:
        """Read campaigns again that the API changed, return what a disabled one has at the dialer, drop what was
        deleted, and match the number of agents."""
        centre = self.centre
        if self._staff != centre.agents:
            self._match_agents(moment)
        changed, cleared = set(centre.changed_campaigns), set(centre.cleared_campaigns)
        if not changed and not cleared:
            return
        centre.changed_campaigns -= changed  # before they are read: a change that comes meanwhile stays noted
        centre.cleared_campaigns -= cleared
        try:
            with centre.engine.connect() as connection:
                for identity in cleared & set(self.campaigns):
                    campaign = self.campaigns[identity]
                    left = lists.existing(connection, [record.list_id for record in campaign.cache])
                    campaign.cache = deque(record for record in campaign.cache if record.list_id in left)
                query = sa.select(tables.campaign).where(tables.campaign.c.CampaignID.in_(changed))
                for row in connection.execute(query).all():
                    self._update_campaign(connection, row, moment)
        except DATABASE_ERRORS:
            centre.changed_campaigns |= changed
            centre.cleared_campaigns |= cleared
            raise
        for group in self.groups.values():
            group.campaigns = [
                identity
                for identity, campaign in self.campaigns.items()
                if campaign.enabled and group.identity in campaign.skill_groups()
            ]

    def _update_campaign(self, connection: sa.Connection, row: sa.Row, moment: datetime) -> None:
        fresh = Campaign.of_row(row)
        campaign = self.campaigns.setdefault(row.CampaignID, fresh)
        before = campaign.document["maxAttempts"]
        campaign.update(fresh)
        campaign.customer_zones = lists.customer_zones(connection, row.CampaignID)
        campaign.next_retry = lists.next_retry(connection, row.CampaignID)
        if campaign.enabled and campaign.document["maxAttempts"] != before:
            # The Campaign Manager rewrites unreached records at about 20 a second and delivers nothing meanwhile.
            unreached = connection.scalar(
                sa.select(sa.func.count()).where(
                    tables.dialing_list.c.CampaignID == row.CampaignID,
                    tables.dialing_list.c.CallStatusZone1.in_([*"PR"]),
                )
            )
            campaign.hold_until = moment + timedelta(seconds=(unreached or 0) / 20)
        if not campaign.enabled:
            while campaign.cache:
                record = campaign.cache.popleft()
                attempt = Attempt(record, campaign, None, moment, Reaction(25, 0, 0))
                self._give_back(attempt, moment)

    def _give_back(self, attempt: Attempt, moment: datetime) -> None:
        """Return a record unattempted (25): pending, with a row that says so."""
        record = attempt.record
        self._changes[record.list_id] = {"CallStatusZone1": "P", "CallResult": 25, "DueAt": None}
        call = Call(result=25, status="P", started=moment, ended=moment)
        self._rows += self.history.row(attempt.campaign, record, call)

    def _minute(self, moment: datetime) -> None:
        """Once a simulated minute: the do-not-call list, personal callbacks, and the jobs of the night."""
        centre = self.centre
        directory.read_dnc_files(centre.engine)
        with centre.list_lock, centre.engine.begin() as connection:
            self.do_not_call = frozenset(connection.scalars(sa.select(tables.do_not_call.c.Phone)))
            self.callbacks += lists.fetch_callbacks(connection, zones.to_local(centre.zone, moment), moment)
        self._call_back(moment)
        self._night(moment)
        self._at(moment + max(timedelta(minutes=1), self._stride), self._minute)

    def _night(self, moment: datetime) -> None:
        local = zones.to_local(self.centre.zone, moment)
        today = local.date().isoformat()
        reset_day = (local - timedelta(minutes=30)).date().isoformat()
        if self._days["purged"] != today:
            self._days["purged"] = today
            with self.centre.list_lock, self.centre.engine.begin() as connection:
                lists.purge(connection, local - timedelta(days=self.centre.settings.purge_days))
            write_state(self.centre.engine, "purged", today)
        if self._days["reset"] != reset_day:
            self._days["reset"] = reset_day
            daily = {name: 0 for name in tables.STATISTICS if name not in tables.LASTING}
            with self.centre.list_lock, self.centre.engine.begin() as connection:
                connection.execute(sa.update(tables.campaign_real_time).values(daily))
            write_state(self.centre.engine, "reset", reset_day)

    def _release_unknown(self, moment: datetime) -> None:
        with self.centre.list_lock, self.centre.engine.begin() as connection:
            following = lists.release_unknown(connection, list(self.campaigns), moment)
        self.centre.changed_campaigns.update(self.campaigns)
        if following:
            self._at(following, self._release_unknown)

    # -- the transaction at the end of a slice

    def _write(self, now: datetime) -> None:
        """Store all that happened, send more records to the dialer, and deliver historical rows: one transaction."""
        hungry = self._hungry(now)
        due = self.history.next_due is not None and self.history.next_due <= now
        real_time = time.monotonic() - self._real_time_at >= 1
        happened = self._changes or self._rows or self._statistics or self._callback_changes or self._new_callbacks
        if not (happened or hungry or due or real_time):
            return
        fetched: dict[int, list[Record]] = {}
        try:
            with self.centre.list_lock, self.centre.engine.begin() as connection:
                if self._uncertain:
                    self._after_failure(connection)
                self._store(connection)
                for campaign, wanted in hungry:
                    fetched[campaign.identity] = lists.fetch(connection, campaign, wanted, now)
                self.history.deliver(connection, now)
                if real_time:
                    self._show(connection, now)
        except DATABASE_ERRORS:
            self._uncertain = True
            self.history.next_due = LONG_AGO
            self.centre.changed_campaigns.update(self.campaigns)
            raise
        self._uncertain = False
        self._changes, self._rows, self._statistics = {}, [], {}
        self._callback_changes, self._new_callbacks = {}, []
        if real_time:
            self._real_time_at = time.monotonic()
        for campaign, wanted in hungry:
            found = fetched[campaign.identity]
            campaign.cache.extend(found)
            if len(found) < wanted:  # nothing more to be had until a change, a retry, or another hour in some zone
                following = now + timedelta(minutes=1)
                campaign.next_look = min(following, campaign.next_retry or following)

    def _hungry(self, now: datetime) -> list[tuple[Campaign, int]]:
        """Campaigns that want more records at the dialer, and how many."""
        found = []
        for campaign in self.campaigns.values():
            if not campaign.enabled or campaign.mode == 0 or now < campaign.next_look or now < campaign.hold_until:
                continue
            if campaign.is_ivr:
                agents = campaign.ports
            else:
                groups = (self.groups.get(identity) for identity in campaign.skill_groups())
                agents = sum(len(group.agents) - group.count(Mood.OFF) for group in groups if group)
            lines = campaign.document["maximumLinesPerAgent" if campaign.mode == PREDICTIVE_MODE else "linesPerAgent"]
            target = max(campaign.records_to_cache(), ceil(agents * lines)) if agents else 0
            if len(campaign.cache) < (target + 1) // 2:
                found.append((campaign, target - len(campaign.cache)))
        return found

    def _store(self, connection: sa.Connection) -> None:
        lists.write_back(connection, self._changes)
        self.history.keep(connection, self._rows)
        statistics = tables.campaign_real_time
        local = zones.to_local(self.centre.zone, self.time)
        for identity, counts in sorted(self._statistics.items()):
            added = {name: statistics.c[name] + number for name, number in counts.items() if number}
            connection.execute(
                sa.update(statistics)
                .where(statistics.c.CampaignID == identity, statistics.c.QueryRuleID == QUERY_RULE)
                .values({**added, "DateTime": local})
            )
        callbacks = tables.personal_callback_list
        for identity, values in sorted(self._callback_changes.items()):
            connection.execute(
                sa.update(callbacks)
                .where(callbacks.c.PersonalCallbackListID == identity)
                .values({**values, "ChangeStamp": callbacks.c.ChangeStamp + 1})
            )
        if self._new_callbacks:
            connection.execute(sa.insert(callbacks), self._new_callbacks)

    def _after_failure(self, connection: sa.Connection) -> None:
        """A transaction broke off, perhaps after its commit: do not write it twice, and return what it fetched."""
        if self._rows and self.history.known(connection, self._rows):
            self._rows, self._statistics, self._new_callbacks = [], {}, []
        held = {record.list_id for campaign in self.campaigns.values() for record in campaign.cache}
        held |= self._in_air | set(self._changes)
        stray = [row.DialingListID for row in lists.at_dialer(connection, list(self.campaigns))]
        lists.set_status(connection, [identity for identity in stray if identity not in held], "P")

    def _show(self, connection: sa.Connection, now: datetime) -> None:
        """The real-time tables."""
        local = zones.to_local(self.centre.zone, now)
        table = tables.skill_group_real_time
        for group in self.groups.values():
            self._put(connection, table, {"SkillTargetID": group.identity}, {**group.real_time(), "DateTime": local})
        table = tables.dialer_skill_group_real_time
        for campaign in self.campaigns.values():
            for identity in campaign.skill_groups():
                ready = identity in self.groups and bool(self.groups[identity].ready)
                key = {"DialerID": DIALER, "SkillGroupSkillTargetID": identity, "CampaignID": campaign.identity}
                values = {
                    "DateTime": local,
                    "DialerSkillGroupEnabled": "Y" if campaign.enabled and ready else "N",
                    "DialerSkillGroupMode": {1: "A", 3: "P", 5: "R", 7: "P"}.get(campaign.mode, "N"),
                    "LinesPerAgent": campaign.pace,
                    "IdleRecords": len(campaign.cache),
                    "UsedRecords": campaign.lines,
                }
                self._put(connection, table, key, values)

    @staticmethod
    def _put(connection: sa.Connection, table: sa.Table, key: dict[str, Any], values: dict[str, Any]) -> None:
        condition = sa.and_(*(table.c[name] == value for name, value in key.items()))
        if connection.execute(sa.update(table).where(condition).values(values)).rowcount == 0:
            connection.execute(sa.insert(table).values({**key, **values}))

    # -- for the control

    def report(self) -> dict[str, Any]:
        """What the engine does at the moment, in numbers."""
        moods = Counter(agent.mood.value for agent in list(self.agents.values()))
        return {
            "time": self.time.isoformat(timespec="milliseconds"),
            "behind_seconds": round((self.centre.now() - self.time).total_seconds(), 3),
            "attempts": self.attempts,
            "in_air": len(self._in_air),
            "cached": sum(len(campaign.cache) for campaign in list(self.campaigns.values())),
            "agents": dict(moods),
            "campaigns_enabled": sum(campaign.enabled for campaign in list(self.campaigns.values())),
        }


class Engine:
    """The thread that steps the dialer in real time."""

    def __init__(self, centre: ContactCentre) -> None:
        self.centre = centre
        self.dialer = Dialer(centre)
        self.paused = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulated dialer", daemon=True)

    def start(self, in_thread: bool = True) -> None:
        """Take up the work, and step on in real time unless the caller does."""
        self.dialer.start()
        if in_thread:
            self._thread.start()

    def stop(self) -> None:
        """Stop stepping; what was played is stored already."""
        self.centre.stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self.centre.stopping.wait(self.centre.settings.tick_real_seconds):
            if self.paused.is_set():
                continue
            try:
                self.dialer.step()
            except DATABASE_ERRORS as error:
                log.warning("the simulator's database does not answer: %s", type(error).__name__)
                self.centre.stopping.wait(0.5)
            except Exception:
                log.exception("the simulated dialer stumbled")
                self.centre.stopping.wait(0.5)
