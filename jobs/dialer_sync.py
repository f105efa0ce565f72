"""The dialer synchronisation (M229 g): results in, blocks out, campaigns started and paused as ours are.

For each dialer: its results are read first, since they free phones and room in the queues. Then, campaign by campaign:
blocks whose hand-over a crash or a silent dialer left open are settled, the campaign is made at the dialer if it is not
there, started or paused, records that are out for too long are asked for, and whole blocks are handed over until the
queue depth is met.

A block is never sent twice. It is marked as sent before the request goes out; from then on only the dialer's own
answer, or asking it for the block's keys, tells whether it has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import select

from app import clock
from app.dialer.client import CiscoClient
from app.dialer.errors import (
    DialerBusy,
    DialerNotFound,
    DialerRefused,
    DialerUnavailable,
    DialerUnknown,
    RecordInvalid,
)
from app.dialer.items import NO_RETRIES, CampaignSettings, SkillGroupInfo
from app.dialer.items import Campaign as CiscoCampaign
from app.dialer.realtime import RealTimeReader
from app.dialer.records import ImportRecord, safe_name
from app.errors import AcmError, ProcedureError
from app.i18n import gettext as _
from app.models.dialing import Record
from app.models.strategy import ACTIVE, ARCHIVED, Campaign
from app.procedures import dialing
from app.settings import get_settings
from jobs import dialers
from jobs.dialers import DialerAccess
from jobs.run import Run, explain

TAKEN, SENT = 1, 2
LOST_BY_DIALER = 3
#: A block that was taken and not sent is still sent within this time; after it, its phones are chosen anew.
FRESH = timedelta(minutes=5)
#: So many campaigns of a dialer that cannot be reached, and the others of this run are left for the next.
UNREACHABLE_LIMIT = 2
#: So many single keys are asked for one by one; more are read as a list.
SINGLE_KEYS = 5
#: A record that the dialer closed, and whose result does not come, is given up after so many times the usual wait.
CLOSED_PATIENCE = 2
#: Records that a dialer keeps ready for each skill group of a campaign that we make.
CACHED = 20
_UNSAFE_NAME = re.compile(r"[^A-Za-z0-9._]")
_BIAS = range(-780, 721)


@dataclass(frozen=True)
class Target:
    """A campaign as it stands in the database when its turn comes."""

    campaign_id: int
    code: str
    name: str
    state_id: int
    dialer_campaign_id: int | None
    dialer_campaign_name: str | None
    skill_groups: str | None
    number: str | None
    dialer_state: str | None


def run(run: Run) -> None:
    """Synchronise every enabled dialer, or the campaign of the run alone."""
    with run.engine.connect() as connection:
        found = dialers.read_dialers(connection)
        plan = [(dialer, _campaign_ids(connection, dialer.dialer_id, run.campaign_id)) for dialer in found]
    plan = [(dialer, campaigns) for dialer, campaigns in plan if campaigns]
    total = sum(len(campaigns) + 1 for _dialer, campaigns in plan)
    done = successes = 0
    run.progress(0, total)
    for dialer, campaigns in plan:
        try:
            for step in DialerSync(run, dialer).steps(campaigns):
                done += 1
                successes += step
                run.progress(done)
                if run.stopping:
                    run.info(_("Stopped before the end; the next run goes on."))
                    return
        except Exception as error:  # one dialer's trouble is not the others'
            run.error(f"{dialer.name}: {explain(error)}")
    if total and not successes:
        raise AcmError(_("Nothing could be synchronised; the log says why."))


def _campaign_ids(connection: sa.Connection, dialer_id: int, only: int | None) -> list[int]:
    """Campaigns that concern the dialer: those not archived, and archived ones that still dial or wait for results."""
    chosen = select(Campaign.campaign_id).where(
        Campaign.dialer_id == dialer_id,
        sa.or_(
            Campaign.state_id != ARCHIVED,
            Campaign.dialer_state == dialers.state_name(True),
            sa.exists().where(Record.campaign_id == Campaign.campaign_id),
        ),
    )
    if only is not None:
        chosen = chosen.where(Campaign.campaign_id == only)
    return list(connection.scalars(chosen.order_by(Campaign.campaign_id)))


class DialerSync:
    """The work of a run with one dialer."""

    def __init__(self, run: Run, dialer: DialerAccess) -> None:
        self.run = run
        self.dialer = dialer

    def steps(self, campaign_ids: list[int]) -> Iterator[bool]:
        """Read the results, then go through the campaigns; yields for each step whether it came to its end."""
        agents: dict[int, int] = {}
        yield self._read(agents)
        unreachable = 0
        with self.dialer.client() as client:
            for campaign_id in campaign_ids:
                self.run.check(stop=False)
                if unreachable >= UNREACHABLE_LIMIT:
                    yield False
                    continue
                try:
                    yield self._campaign(client, campaign_id, agents)
                except DialerUnavailable as error:
                    unreachable += 1
                    self._fail(campaign_id, error)
                    if unreachable == UNREACHABLE_LIMIT:
                        self.run.warning(
                            _("The dialer %(name)s is left alone until the next run.", name=self.dialer.name)
                        )
                    yield False
                except Exception as error:  # one campaign's trouble is not the others'
                    self._fail(campaign_id, error)
                    yield False

    def _fail(self, campaign_id: int, error: Exception) -> None:
        with self.run.engine.connect() as connection:
            code = connection.scalar(select(Campaign.code).where(Campaign.campaign_id == campaign_id))
        self.run.error(f"{code}: {explain(error)}")

    def _read(self, agents: dict[int, int]) -> bool:
        """Apply the results, and learn how many agents work for each campaign of the dialer."""
        name = dialers.reading_name(self.dialer.dialer_id)
        try:
            with self.run.hold(name, wait_seconds=5) as held, self.dialer.hds() as (reader, real_time):
                if held:
                    dialers.read_results(self.run, self.dialer, reader)
                self._count_agents(real_time, agents)
            return True
        except Exception as error:
            reason = error.message if isinstance(error, AcmError) else explain(error)
            self.run.error(dialers.no_reading(self.dialer, reason))
            return False

    def _count_agents(self, real_time: RealTimeReader, agents: dict[int, int]) -> None:
        chosen = select(Campaign.dialer_campaign_id).where(
            Campaign.dialer_id == self.dialer.dialer_id, Campaign.dialer_campaign_id.is_not(None)
        )
        with self.run.engine.connect() as connection:
            numbers = [number for number in connection.scalars(chosen) if number is not None]
        try:
            counts = real_time.agent_counts(numbers)
        except Exception as error:  # a database without the real-time tables: an HDS that is no AW
            self.run.info(_("Agents at work are not known: %(reason)s", reason=explain(error)))
            return
        agents.update({number: count.working for number, count in counts.items()})

    def _campaign(self, client: CiscoClient, campaign_id: int, agents: dict[int, int]) -> bool:
        with self.run.hold(dialers.hold_name(campaign_id)) as held:
            if not held:
                self.run.info(_("Campaign %(id)s: another run works with it now.", id=campaign_id))
                return True
            CampaignSync(self.run, self.dialer, client, campaign_id).work(agents)
        return True


class CampaignSync:
    """The work of a run with one campaign, which it holds."""

    def __init__(self, run: Run, dialer: DialerAccess, client: CiscoClient, campaign_id: int) -> None:
        self.run = run
        self.dialer = dialer
        self.client = client
        self.target = self._read(campaign_id)

    def _read(self, campaign_id: int) -> Target:
        columns = Campaign.__table__.columns
        with self.run.engine.connect() as connection:
            row = connection.execute(select(*columns).where(Campaign.campaign_id == campaign_id)).one()
        return Target(
            row.campaign_id,
            row.code,
            row.name,
            row.state_id,
            row.dialer_campaign_id,
            row.dialer_campaign_name,
            row.dialer_skill_groups,
            row.dialer_number,
            row.dialer_state,
        )

    def work(self, agents: dict[int, int]) -> None:
        """All steps, in order."""
        if self.target.dialer_campaign_id is None:
            if self.target.state_id != ACTIVE:
                return
            self._make()
        number = self.target.dialer_campaign_id
        assert number is not None  # noqa: S101 - made just now
        try:
            cisco = self.client.get_campaign(number)
        except DialerNotFound:
            dialers.set_dialer_state(self.run.engine, self.target.campaign_id, dialer_state="missing", agents_working=0)
            raise AcmError(
                _("The dialer has no campaign %(number)s any more.", number=number),
                _("Empty the campaign's id in the dialer, and it is made anew."),
            ) from None
        is_settled = self._settle_open()
        self._follow(cisco, agents.get(number))
        self._reconcile()
        if self.target.state_id == ACTIVE and is_settled:
            self._hand_over()

    # The campaign at the dialer

    def _make(self) -> None:
        """Find the campaign at the dialer by its name, or make it. One whose making was not answered is found later."""
        name = self.target.dialer_campaign_name or cisco_name(self.target.code, self.target.campaign_id)
        found = self.client.find_campaign(name)
        if found is not None:
            self._refuse_taken(found)
            number = found.campaign_id
            # The dialer must not repeat on its own. While it dials, its attempts are not changed: it would stand still.
            changes: dict[str, object] = {"retries": dict(NO_RETRIES)}
            if found.max_attempts != 1:
                if found.enabled:
                    self.client.pause_campaign(number)
                changes["maxAttempts"] = 1
            self.client.update_campaign(number, changes)
            self.run.info(f"{self.target.code}: " + _("found at the dialer as campaign %(number)s.", number=number))
        else:
            number = self.client.create_campaign(
                CampaignSettings(
                    name=name,
                    description=self.target.name[:255],
                    skill_groups=skill_groups(self.target.skill_groups, self.target.number),
                )
            )
            self.run.count(campaigns_made=1)
            self.run.info(f"{self.target.code}: " + _("made at the dialer as campaign %(number)s.", number=number))
        dialers.set_dialer_state(
            self.run.engine, self.target.campaign_id, dialer_campaign_id=number, dialer_campaign_name=name
        )
        self.target = replace(self.target, dialer_campaign_id=number)

    def _refuse_taken(self, found: CiscoCampaign) -> None:
        with self.run.engine.connect() as connection:
            other = connection.scalar(
                select(Campaign.code).where(
                    Campaign.dialer_id == self.dialer.dialer_id, Campaign.dialer_campaign_id == found.campaign_id
                )
            )
        if other is not None:
            raise AcmError(
                _("The dialer's campaign %(name)s is that of campaign %(code)s already.", name=found.name, code=other),
                _("Give this campaign another name in the dialer."),
            )

    def _follow(self, cisco: CiscoCampaign, agents: int | None) -> None:
        """Start or pause the campaign at the dialer as ours is, and record how it stands there."""
        number, wanted = cisco.campaign_id, self.target.state_id == ACTIVE
        if cisco.enabled != wanted:
            (self.client.start_campaign if wanted else self.client.pause_campaign)(number)
            self.run.count(**{"campaigns_started" if wanted else "campaigns_paused": 1})
            message = _("started at the dialer.") if wanted else _("paused at the dialer.")
            self.run.info(f"{self.target.code}: {message}")
        state: dict[str, object] = {"dialer_state": dialers.state_name(wanted)}
        if agents is not None:
            state["agents_working"] = agents
        dialers.set_dialer_state(self.run.engine, self.target.campaign_id, **state)

    # Handing over

    def _hand_over(self) -> None:
        """Hand blocks over until the queue depth is met; one that is not confirmed ends it for this run."""
        while not self.run.stopping:
            self.run.check(stop=False)
            with self.run.engine.begin() as connection:
                rows = dialing.block_take(connection, self.target.campaign_id, clock.now())
            if not rows or not self._send(rows[0].block_id, rows):
                return

    def _send(self, block_id: int, rows: Any) -> bool:
        """Send a taken block. True: the dialer has it."""
        self.run.check(stop=False)
        records = [_record(row) for row in rows]
        try:
            with self.run.engine.begin() as connection:
                dialing.block_send(connection, block_id, clock.now())
        except ProcedureError:
            self.run.warning(f"{self.target.code}: " + _("block %(id)s was sent by somebody else.", id=block_id))
            return False
        try:
            self.client.import_records(self._number, records)
        except (RecordInvalid, DialerRefused, DialerBusy, DialerUnavailable) as error:
            self._fail(block_id, str(error))
            return False
        except DialerUnknown as error:
            self.run.warning(
                f"{self.target.code}: "
                + _("block %(id)s: %(reason)s The next run asks for it.", id=block_id, reason=error.message)
            )
            return False
        # A page that is not the dialer's, or a dialer that forgets what it accepted, is noticed here.
        if self.client.find_record(self._number, records[-1].account_number) is None:
            self.run.warning(
                f"{self.target.code}: " + _("block %(id)s was accepted, but is not there yet.", id=block_id)
            )
            return False
        self._confirm(block_id, len(records))
        return True

    def _confirm(self, block_id: int, records: int) -> None:
        with self.run.engine.begin() as connection:
            dialing.block_confirm(connection, block_id, clock.now())
        self.run.count(blocks_confirmed=1, records_handed_over=records)

    def _fail(self, block_id: int, message: str) -> None:
        with self.run.engine.begin() as connection:
            dialing.block_fail(connection, block_id, message, clock.now())
        self.run.count(blocks_failed=1)
        self.run.error(f"{self.target.code}: " + _("block %(id)s: %(reason)s", id=block_id, reason=message))

    # Settling

    def _settle_open(self) -> bool:
        """Carry on the blocks that a crash or a silent dialer left. False: one is still not known."""
        columns = ("block_id", "state_id", "size", "taken_at", "sent_at", "records_out")
        view = sa.table("block_open", *(sa.column(name) for name in ("campaign_id", *columns)), schema="dialing")
        with self.run.engine.connect() as connection:
            blocks = connection.execute(
                select(*(view.c[name] for name in columns))
                .where(view.c.campaign_id == self.target.campaign_id)
                .order_by(view.c.block_id)
            ).all()
        is_settled = True
        for block in blocks:
            self.run.check(stop=False)
            if block.state_id == TAKEN:
                is_settled &= self._settle_taken(block)
            else:
                is_settled &= self._settle_sent(block)
        return is_settled

    def _settle_taken(self, block: Any) -> bool:
        """A block that was taken and surely not sent: sent now if it is fresh, else its phones are chosen anew."""
        now = clock.now()
        with self.run.engine.begin() as connection:
            rows = dialing.block_read(connection, block.block_id, now)
        is_fresh = now - block.taken_at <= FRESH * clock.speed()
        if rows and is_fresh and self.target.state_id == ACTIVE:
            self.run.count(blocks_carried_on=1)
            return self._send(block.block_id, rows)
        with self.run.engine.begin() as connection:
            dialing.block_fail(connection, block.block_id, _("It was taken, but not sent in time."), now)
        self.run.count(blocks_failed=1)
        return True

    def _settle_sent(self, block: Any) -> bool:
        """A block that was sent without a clear answer: the dialer is asked for its keys."""
        now = clock.now()
        with self.run.engine.begin() as connection:
            keys = [row.record_key for row in dialing.block_read(connection, block.block_id, now)]
        missing = self._missing(keys)
        has_waited = now - block.sent_at >= timedelta(seconds=get_settings().dialer_grace_seconds) * clock.speed()
        code, block_id = self.target.code, block.block_id
        if not missing:  # all are there, or have their results
            self._confirm(block_id, len(keys))
            self.run.info(f"{code}: " + _("block %(id)s is at the dialer.", id=block_id))
            return True
        if not has_waited:
            self.run.info(f"{code}: " + _("block %(id)s is not at the dialer yet.", id=block_id))
            return False
        if len(missing) == block.size:
            self._fail(block_id, _("The dialer did not accept it: none of its records is there."))
            return True
        self._confirm(block_id, len(keys) - len(missing))
        self._give_up(missing, now)
        return True

    def _missing(self, keys: list[str]) -> list[str]:
        """Those keys of a block that the dialer does not hold."""
        missing = keys
        if len(keys) > SINGLE_KEYS:
            # All keys of a block begin alike, so one search finds them all, a hundred a page.
            common = _common_start(keys[0], keys[-1])
            there = {record.account_number for record in self.client.list_records(self._number, common)}
            missing = [key for key in keys if key not in there]
            if len(missing) == len(keys) and not any(
                self.client.find_record(self._number, key) for key in (keys[0], keys[-1])
            ):
                return keys
        return [key for key in missing if self.client.find_record(self._number, key) is None]

    def _give_up(self, keys: list[str], now: datetime) -> None:
        """Take records back that the dialer does not have."""
        for key in keys:
            with self.run.engine.begin() as connection:
                dialing.record_return(connection, key, LOST_BY_DIALER, now)
        self.run.count(records_lost=len(keys))
        self.run.warning(
            f"{self.target.code}: " + _("the dialer lost %(count)s records; they are free again.", count=len(keys))
        )

    def _reconcile(self) -> None:
        """Ask for records that have been out for long: what the dialer does not have, or never reports, comes back."""
        wait = get_settings().result_wait_minutes
        now = clock.now()
        with self.run.engine.begin() as connection:
            overdue = dialing.record_overdue(connection, self.target.campaign_id, wait, now)
        lost = []
        for record in overdue:
            self.run.check(stop=False)
            found = self.client.find_record(self._number, record.record_key)
            patience = timedelta(minutes=wait * CLOSED_PATIENCE)
            if found is None or (found.is_released and now - record.taken_at >= patience):
                lost.append(record.record_key)
        if overdue:
            self.run.count(records_asked_for=len(overdue))
        if lost:
            self._give_up(lost, now)

    @property
    def _number(self) -> int:
        number = self.target.dialer_campaign_id
        assert number is not None  # noqa: S101 - set before any block is touched
        return number


def _record(row: Any) -> ImportRecord:
    """A row of dialing.block_take as the dialer takes it. Offsets beyond the dialer's range leave the zone to it."""
    bias = -row.offset_minutes
    return ImportRecord(
        account_number=row.record_key,
        phones=(row.number,),
        time_zone_bias=bias if bias in _BIAS else None,
        first_name=safe_name(row.first_name or ""),
        last_name=safe_name(row.last_name or ""),
    )


def _common_start(first: str, second: str) -> str:
    """What two keys begin with alike."""
    length = 0
    while length < min(len(first), len(second)) and first[length] == second[length]:
        length += 1
    return first[:length]


def cisco_name(code: str, campaign_id: int) -> str:
    """A campaign's code as a name that the dialer takes: at most 32 of A-Z, a-z, 0-9, point and underscore.

    A code that had to be changed for it gets the campaign's number, so that two codes never become one name.
    """
    safe = _UNSAFE_NAME.sub("_", code)
    if safe == code and len(code) <= 32 and safe[0].isalnum() and safe.lower() not in ("dnc", "none"):
        return safe
    tail = f"_{campaign_id}"
    letters = safe.strip("._")
    return f"{letters[: 32 - len(tail)]}{tail}" if letters else f"acm{tail}"


def skill_groups(numbers: str | None, dialed_number: str | None) -> tuple[SkillGroupInfo, ...]:
    """The skill groups of a campaign from `5001, 5002`. Raises AcmError for what is not a list of numbers."""
    found = [part.strip() for part in (numbers or "").split(",") if part.strip()]
    if any(not part.isdigit() for part in found):
        raise AcmError(
            _("The campaign's skill groups are not a list of numbers: %(text)s.", text=numbers),
            _("Write them as 5001, 5002."),
        )
    return tuple(
        SkillGroupInfo(int(part), dialed_number=dialed_number or "", records_to_cache=CACHED) for part in found
    )
