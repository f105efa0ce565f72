"""Calls: records are dialled, people answer or do not, agents talk, and what came of it goes into the journal."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from app.simulator import lists, zones
from app.simulator.agents import Agent, Mood, SkillGroup
from app.simulator.callbacks import TIME_LIMIT
from app.simulator.centre import PERIPHERAL, ContactCentre
from app.simulator.details import Call, History
from app.simulator.floor import Floor
from app.simulator.journal import Journal
from app.simulator.people import HANG_UP, VOICE, People, Reaction, around, fractions, pick, weighted
from app.simulator.records import COUNTED_AS, NOT_AN_ATTEMPT, VOICE_RESULTS, Campaign, Record
from app.simulator.timeline import Timeline

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


class Calls:
    """All calls of a contact centre: who is dialled next, who talks, what it comes to."""

    def __init__(self, centre: ContactCentre, timeline: Timeline, history: History, journal: Journal) -> None:
        settings = centre.settings
        self.centre = centre
        self.history, self.journal = history, journal
        self._at = timeline.at
        self.people = People(
            settings.seed, settings.answer_share, settings.bad_number_share, settings.hang_up_share, settings.unanswered
        )
        self.floor = Floor(centre, timeline, self._dial)
        self.talk_seconds, self.wrapup_seconds = settings.talk_seconds, settings.wrapup_seconds
        self.set_outcomes(settings.outcomes)
        self.attempts = 0
        self.campaigns: dict[int, Campaign] = {}
        self.do_not_call: frozenset[str] = frozenset()
        self.callbacks: deque[Record] = deque()  # personal callbacks that wait for their agent
        self.in_air: set[int] = set()  # list ids that ring or talk

    def set_outcomes(self, outcomes: dict[str, float]) -> None:
        """Give the agents other wrap-up texts, with weights."""
        self._outcomes = weighted(outcomes)

    def groups_of(self, campaign: Campaign) -> list[SkillGroup]:
        """The skill groups of a campaign, as far as there are any."""
        return [self.floor.groups[identity] for identity in campaign.skill_groups() if identity in self.floor.groups]

    def dial_all(self, moment: datetime) -> None:
        """Start all calls for which there are agents, or ports, at `moment`."""
        for group in self.floor.groups.values():
            self._dial(group, moment)
        self._dial_ivr(moment)

    def give_back(self, campaign: Campaign, moment: datetime) -> None:
        """Return what the dialer holds of a campaign unattempted (25): pending, each with a row that says so."""
        while campaign.cache:
            record = campaign.cache.popleft()
            self.journal.records[record.list_id] = {"CallStatusZone1": "P", "CallResult": 25, "DueAt": None}
            call = Call(result=25, status="P", started=moment, ended=moment)
            self.journal.rows += self.history.row(campaign, record, call)

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
                self.journal.records[record.list_id] = {"CallStatusZone1": "P", "DueAt": None}
        return None

    def _start(self, campaign: Campaign, group: SkillGroup | None, record: Record, moment: datetime) -> None:
        self.in_air.add(record.list_id)
        local = campaign.customer_time(record.bias, record.summer, moment)
        reaction = self.people.call(record.phone, local, campaign.document["noAnswerRingLimit"] * RING_CYCLE)
        attempt = Attempt(record, campaign, group, moment, reaction)
        if group and campaign.mode in PREVIEW_MODES:
            self._preview(attempt, group, moment)
            return
        if group:
            group.lines += 1
        campaign.lines += 1
        self.journal.records[record.list_id] = {"CallStatusZone1": "D"}
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
            self.journal.records[attempt.record.list_id] = {"CallStatusZone1": "D"}
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
            self.floor.become_free(moment, attempt.agent)
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
        self.journal.count(record.campaign_id, "TalkTimeCount", round(talked))
        self.journal.count(record.campaign_id, "WrapupTimeCount", round(worked))
        self._finish(attempt, result, moment, agent, wraps, callback_at)
        self.floor.after_call(moment, agent)

    def _callback_time(self, attempt: Attempt, moment: datetime, fraction: float) -> datetime:
        """When the customer wants to be called again: their local time, in one hour to two days, by day."""
        record = attempt.record
        local = attempt.campaign.customer_time(record.bias, record.summer, moment)
        wanted = local + timedelta(minutes=60 + int(fraction * 2 * 1440) // 5 * 5)
        wanted = wanted.replace(minute=wanted.minute // 5 * 5, second=0, microsecond=0)
        settings = self.centre.settings
        if not settings.callback_from_hour <= wanted.hour < settings.callback_to_hour:
            late = wanted.hour >= settings.callback_to_hour
            wanted = (wanted + timedelta(days=late)).replace(hour=settings.callback_from_hour + 1)
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
        if record.personal:
            status = self._finish_personal(record, campaign, result, moment)
        else:
            self.in_air.discard(record.list_id)
            status = self._finish_listed(record, campaign, result, moment, agent, callback_at)
        self._count(record.campaign_id, result, status)
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
        self.journal.rows += self.history.row(campaign, record, call)

    def _count(self, campaign: int, result: int, status: str) -> None:
        counted = COUNTED_AS.get(result)
        if counted:
            self.journal.count(campaign, "PersonalCallbackCount" if status == "S" else counted)
        if result not in NOT_AN_ATTEMPT:
            self.attempts += 1
            self.journal.count(campaign, "AttemptedCount")
        if result in VOICE_RESULTS and status in "CS":
            self.journal.count(campaign, "TotalVoiceCount")
        elif status in "CMJX":
            self.journal.count(campaign, "ClosedCount")

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
            self.journal.new_callbacks.append(self._personal_callback(record, campaign, agent, callback_at, moment))
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
        self.journal.records[record.list_id] = {
            **changes,
            "CallStatusZone1": status,
            "CallsMadeToZone1": made,
            "DueAt": due,
        }
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
        self.journal.callbacks[record.list_id] = {**changes, "CallStatus": status}
        return status

    # -- personal callbacks

    def call_back(self, moment: datetime) -> None:
        """Dial the personal callbacks whose agents are ready; give up on those who were not for 15 minutes."""
        waiting, self.callbacks = self.callbacks, deque()
        for record in waiting:
            campaign = self.campaigns.get(record.campaign_id)
            if campaign is None:
                continue
            agent = self.floor.agents.get(record.personal)
            signed_in = agent is not None and agent.mood is not Mood.OFF
            overdue = moment - (record.sent or moment) >= TIME_LIMIT
            if overdue and campaign.document["rescheduleCallbackMode"] == "useCampaignDN":
                group = next((group for group in self.groups_of(campaign) if group.ready), None)
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
