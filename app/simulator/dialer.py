"""The Campaign Manager: sends records to the dialer, lets the calls happen, and stores what came of them.

`Dialer.step(now)` plays everything that happens up to `now` of the centre's clock, in slices of simulated time; each
slice ends with one transaction, so a kill at any moment loses no more than the calls that were in the air, and their
records are unknown (U) at the next start, as Cisco's are.
"""

from __future__ import annotations

import logging
import time
from collections import Counter, deque
from datetime import datetime, timedelta
from math import ceil
from typing import Any

import sqlalchemy as sa

from app.simulator import directory, displays, lists, tables, zones
from app.simulator.agents import Mood
from app.simulator.calls import PREDICTIVE_MODE, Calls
from app.simulator.centre import DATABASE_ERRORS, ContactCentre
from app.simulator.details import History
from app.simulator.faults import read_state, write_state
from app.simulator.journal import Journal
from app.simulator.records import Campaign, Record
from app.simulator.timeline import Timeline
from app.simulator.zones import LONG_AGO

log = logging.getLogger(__name__)


class Dialer:
    """One contact centre at work. Not safe for threads: one thread steps it."""

    def __init__(self, centre: ContactCentre) -> None:
        self.centre = centre
        self._timeline = Timeline()
        self.history = History(centre)
        self.journal = Journal(self.history)
        self.calls = Calls(centre, self._timeline, self.history, self.journal)
        self.floor, self.campaigns = self.calls.floor, self.calls.campaigns
        self._stride = timedelta()
        self._uncertain = False  # a transaction failed, and may have been committed all the same
        self._real_time_at = 0.0
        self._days: dict[str, str] = {}

    @property
    def time(self) -> datetime:
        """How far the simulation has come (naive UTC)."""
        return self._timeline.time

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
        self._timeline.time = now
        self._timeline.at(now, self._release_unknown)
        self._timeline.at(now, self._minute)
        self.floor.match(now)

    # -- the loop

    def step(self, now: datetime | None = None) -> int:
        """Play on to `now` (naive UTC; the centre's clock without it). Returns how many events were played."""
        now = now or self.centre.now()
        if self.time - now > timedelta(minutes=5):
            self._timeline.set_back(now)
            for campaign in self.campaigns.values():
                campaign.next_look = campaign.hold_until = LONG_AGO
        # A clock that leapt ahead is followed in longer strides, at most 500 of them.
        self._stride = max(timedelta(seconds=self.centre.settings.step_seconds), (now - self.time) / 500)
        played = 0
        while True:
            target = min(max(now, self.time), self.time + self._stride)
            self._take_changes(target)
            self.calls.dial_all(self.time)
            played += self._timeline.play(target)
            self._write(target)
            if target >= now or self.centre.stopping.is_set():
                return played

    # -- what others changed, and what the clock brings

    def _take_changes(self, moment: datetime) -> None:
        """Read campaigns again that the API changed, return what a disabled one has at the dialer, drop what was
        deleted, and match the number of agents."""
        centre = self.centre
        self.floor.match(moment)
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
        for group in self.floor.groups.values():
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
            self.calls.give_back(campaign, moment)

    def _minute(self, moment: datetime) -> None:
        """Once a simulated minute: the do-not-call list, personal callbacks, and the jobs of the night."""
        centre = self.centre
        with centre.list_lock, centre.engine.begin() as connection:
            files = directory.read_dnc_files(connection)
            self.calls.do_not_call = frozenset(connection.scalars(sa.select(tables.do_not_call.c.Phone)))
            self.calls.callbacks += lists.fetch_callbacks(connection, zones.to_local(centre.zone, moment), moment)
        directory.put_dnc_files_away(files)
        self.calls.call_back(moment)
        self._night(moment)
        self._timeline.at(moment + max(timedelta(minutes=1), self._stride), self._minute)

    def _night(self, moment: datetime) -> None:
        local = zones.to_local(self.centre.zone, moment)
        today = local.date().isoformat()
        reset_day = (local - timedelta(minutes=30)).date().isoformat()
        if self._days["purged"] != today:
            self._days["purged"] = today
            with self.centre.list_lock, self.centre.engine.begin() as connection:
                lists.purge(connection, local - timedelta(days=self.centre.settings.purge_days))
                self.history.purge(connection, local - timedelta(days=self.centre.settings.history_days))
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
            self._timeline.at(following, self._release_unknown)

    # -- the transaction at the end of a slice

    def _write(self, now: datetime) -> None:
        """Store all that happened, send more records to the dialer, and deliver historical rows: one transaction."""
        hungry = self._hungry(now)
        due = self.history.next_due is not None and self.history.next_due <= now
        real_time = time.monotonic() - self._real_time_at >= 1
        if not (self.journal or hungry or due or real_time):
            return
        local = zones.to_local(self.centre.zone, now)
        fetched: dict[int, list[Record]] = {}
        try:
            with self.centre.list_lock, self.centre.engine.begin() as connection:
                if self._uncertain:
                    self._after_failure(connection)
                self.journal.write(connection, local)
                for campaign, wanted in hungry:
                    fetched[campaign.identity] = lists.fetch(connection, campaign, wanted, now)
                self.history.deliver(connection, now)
                if real_time:
                    displays.show(connection, self.floor.groups, self.campaigns.values(), local)
        except DATABASE_ERRORS:
            self._uncertain = True
            self.history.next_due = LONG_AGO
            self.centre.changed_campaigns.update(self.campaigns)
            raise
        self._uncertain = False
        self.journal.clear()
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
                groups = self.calls.groups_of(campaign)
                agents = sum(len(group.agents) - group.count(Mood.OFF) for group in groups)
            lines = campaign.document["maximumLinesPerAgent" if campaign.mode == PREDICTIVE_MODE else "linesPerAgent"]
            target = max(campaign.records_to_cache(), ceil(agents * lines)) if agents else 0
            if len(campaign.cache) < (target + 1) // 2:
                found.append((campaign, target - len(campaign.cache)))
        return found

    def _after_failure(self, connection: sa.Connection) -> None:
        """A transaction broke off, perhaps after its commit: do not write it twice, and return what it fetched."""
        self.journal.forget_written(connection)
        held = {record.list_id for campaign in self.campaigns.values() for record in campaign.cache}
        held |= self.calls.in_air | set(self.journal.records)
        stray = [row.DialingListID for row in lists.at_dialer(connection, list(self.campaigns))]
        lists.set_status(connection, [identity for identity in stray if identity not in held], "P")

    # -- for the control

    def report(self) -> dict[str, Any]:
        """What the engine does at the moment, in numbers."""
        moods = Counter(agent.mood.value for agent in list(self.floor.agents.values()))
        return {
            "time": self.time.isoformat(timespec="milliseconds"),
            "behind_seconds": round((self.centre.now() - self.time).total_seconds(), 3),
            "attempts": self.calls.attempts,
            "in_air": len(self.calls.in_air),
            "cached": sum(len(campaign.cache) for campaign in list(self.campaigns.values())),
            "agents": dict(moods),
            "campaigns_enabled": sum(campaign.enabled for campaign in list(self.campaigns.values())),
        }
