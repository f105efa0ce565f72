"""Clearing the queue (M186, M191, M229 e): all that the dialer holds of a campaign comes back.

In Cisco's order, since a record that rings cannot be taken back and a single one cannot be deleted: pause the campaign,
wait until nothing rings, delete its records, see that they are gone, read the results of what was dialled meanwhile,
take back the rest, and let the campaign dial again. A clearing that dies in between is done again from the start.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import timedelta

from sqlalchemy import select

from app import clock
from app.dialer.client import CiscoClient
from app.dialer.errors import DialerNotFound, DialerUnknown
from app.dialer.hds import HdsReader
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.dialing import Record
from app.models.strategy import Campaign
from app.procedures import dialing
from app.zones import FAR_PAST
from jobs import dialers
from jobs.dialers import DialerAccess
from jobs.run import Run, explain

ACTIVE = 2
#: All of the application's clock.
RINGING_LIMIT = timedelta(minutes=3)
DELETED_LIMIT = timedelta(minutes=2)
#: So long after the deletion a result may still be on its way into the historical database.
STRAGGLERS = timedelta(seconds=45)
#: Above so many records the dialer's list is not read to see what rings: the time limit passes instead.
LIST_LIMIT = 5000


def run(run: Run) -> None:
    """Clear the campaign of the run, or, on a schedule, every campaign of which the dialer holds something.

    All campaigns go through each step together, so that they wait for the dialer at the same time.
    """
    chosen = select(Campaign.campaign_id, Campaign.code).order_by(Campaign.campaign_id)
    if run.campaign_id is not None:
        chosen = chosen.where(Campaign.campaign_id == run.campaign_id)
    else:
        chosen = chosen.where(Campaign.campaign_id.in_(select(Record.campaign_id)))
    with run.engine.connect() as connection:
        campaigns = connection.execute(chosen).all()
    steps = (
        Clearing.pause,
        Clearing.await_silence,
        Clearing.delete,
        Clearing.await_results,
        Clearing.recall,
        Clearing.start,
    )
    run.progress(0, len(campaigns) * len(steps))
    failure: Exception | None = None
    with ExitStack() as stack:
        links: dict[int, Link] = {}
        clearings = [Clearing(run, campaign.campaign_id, campaign.code, stack, links) for campaign in campaigns]
        for number, step in enumerate(steps):
            for place, clearing in enumerate(list(clearings)):
                run.check()
                try:
                    step(clearing)
                except Exception as error:  # another campaign's queue is not to wait for it
                    run.error(f"{clearing.code}: {explain(error)}")
                    clearings.remove(clearing)
                    failure = error
                run.progress(number * len(campaigns) + place + 1)
    run.progress(len(campaigns) * len(steps))
    if failure is not None:
        raise failure


class Link:
    """A dialer in use, and when its results were read last."""

    def __init__(self, dialer: DialerAccess, client: CiscoClient, reader: HdsReader) -> None:
        self.dialer = dialer
        self.client = client
        self.reader = reader
        self.read_at = FAR_PAST


class Clearing:
    """The clearing of one campaign's queue, step by step. One that the dialer does not have skips what it can."""

    def __init__(self, run: Run, campaign_id: int, code: str, stack: ExitStack, links: dict[int, Link]) -> None:
        self.run = run
        self.campaign_id = campaign_id
        self.code = code
        self._stack = stack
        self._links = links
        self._link: Link | None = None
        self._number: int | None = None
        self._until = FAR_PAST
        self._began = clock.now()

    def pause(self) -> None:
        """Hold the campaign, so that no block goes out meanwhile, and have the dialer dial nothing more."""
        name = dialers.hold_name(self.campaign_id)
        if not self._stack.enter_context(self.run.hold(name, wait_seconds=120)):
            raise AcmError(_("Another run works with the campaign."), _("Try again in a minute."))
        self._link, number = self._reach()
        if self._link is None or number is None:
            return  # nothing was ever handed over
        try:
            cisco = self._link.client.get_campaign(number)
        except DialerNotFound:
            self._say(_("the dialer does not have the campaign any more."))
            return
        self._number = number
        if cisco.enabled:
            self._link.client.pause_campaign(number)
            dialers.set_dialer_state(self.run.engine, self.campaign_id, dialer_state=dialers.state_name(False))
        self._until = clock.now() + RINGING_LIMIT
        self._say(_("paused at the dialer."))

    def await_silence(self) -> None:
        """Wait until none of the campaign's records is with a dialer, but not for ever."""
        if self._link is None or self._number is None:
            return
        client, number = self._link.client, self._number
        can_list = client.count_records(number) <= LIST_LIMIT
        while True:
            if can_list and not any(record.is_at_dialer for record in client.list_records(number)):
                self._say(_("nothing rings any more."))
                return
            if clock.now() >= self._until:
                self.run.warning(f"{self.code}: " + _("some records may still ring."))
                return
            self._wait()

    def delete(self) -> None:
        """Delete the records at the dialer, and see that none is left."""
        if self._link is None or self._number is None:
            return
        client, number = self._link.client, self._number
        self._until = clock.now() + DELETED_LIMIT
        while True:
            try:
                client.delete_records(number)
            except DialerUnknown as error:
                self.run.warning(f"{self.code}: {error.message}")  # how many are left tells
            left = client.count_records(number)
            if not left:
                break
            if clock.now() >= self._until:
                raise AcmError(_("The dialer still has %(count)s records after they were deleted.", count=left))
            self._wait()
        self._until = clock.now() + STRAGGLERS
        self._say(_("the dialer's records are deleted."))

    def await_results(self) -> None:
        """Wait for the last results, and read them: what they do not name was not dialled."""
        if self._link is None:
            return
        while self._number is not None and clock.now() < self._until:
            self._wait()
        if self._link.read_at <= self._until:
            self._read(self._link)
        # A hand-over that was under way before the pause may have come in after the deletion.
        if self._number is not None and self._link.client.count_records(self._number):
            self.delete()
        self._say(_("the last results are read."))

    def recall(self) -> None:
        """Take back what is out."""
        with self.run.engine.begin() as connection:
            recalled = dialing.block_recall(connection, self.campaign_id, clock.now())
        self.run.count(records_recalled=recalled)
        seconds = round((clock.now() - self._began).total_seconds())
        self._say(_("%(count)s records are taken back in %(seconds)s s.", count=recalled, seconds=seconds))

    def start(self) -> None:
        """Let the dialer dial again, when the campaign is active."""
        if self._link is None or self._number is None:
            return
        with self.run.engine.connect() as connection:
            state = connection.scalar(select(Campaign.state_id).where(Campaign.campaign_id == self.campaign_id))
        if state == ACTIVE:
            self._link.client.start_campaign(self._number)
            dialers.set_dialer_state(self.run.engine, self.campaign_id, dialer_state=dialers.state_name(True))
            self._say(_("started at the dialer."))

    def _reach(self) -> tuple[Link | None, int | None]:
        """The campaign's dialer and its id there."""
        with self.run.engine.connect() as connection:
            row = connection.execute(
                select(Campaign.dialer_id, Campaign.dialer_campaign_id).where(Campaign.campaign_id == self.campaign_id)
            ).one()
            found = dialers.read_dialers(connection, row.dialer_id) if row.dialer_id else []
        if not found or row.dialer_campaign_id is None:
            return None, None
        if row.dialer_id not in self._links:
            client = self._stack.enter_context(found[0].client())
            reader, _real_time = self._stack.enter_context(found[0].hds())
            self._links[row.dialer_id] = Link(found[0], client, reader)
        return self._links[row.dialer_id], row.dialer_campaign_id

    def _read(self, link: Link) -> None:
        """Read results, unless another run does just now. Without them nothing may be taken back: errors pass on."""
        with self.run.hold(dialers.reading_name(link.dialer.dialer_id), wait_seconds=60) as held:
            if not held:
                raise AcmError(_("Another run reads the results of the dialer."), _("Try again in a minute."))
            began = clock.now()
            dialers.read_results(self.run, link.dialer, link.reader)
            link.read_at = began

    def _wait(self) -> None:
        self.run.sleep(_pause((self._until - clock.now()).total_seconds(), 5))

    def _say(self, message: str) -> None:
        self.run.info(f"{self.code}: {message}")


def _pause(seconds_left: float, seconds: float) -> float:
    """Real seconds to wait, where the application's clock wants `seconds`, at most what is left of its time."""
    return max(0.1, min(seconds, seconds_left) / clock.speed())
