"""Clearing the queue (M186, M191, M229 e): all that the dialer holds of a campaign comes back.

In Cisco's order, since a record that rings cannot be taken back and a single one cannot be deleted: pause the campaign,
wait until nothing rings, delete its records, see that they are gone, read the results of what was dialled meanwhile,
take back the rest, and let the campaign dial again. A clearing that dies in between is done again from the start.
"""

from __future__ import annotations

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
from jobs import dialers
from jobs.dialers import DialerAccess
from jobs.run import Run, explain

ACTIVE = 2
STEPS = 6
#: All of the application's clock.
RINGING_LIMIT = timedelta(minutes=3)
DELETED_LIMIT = timedelta(minutes=2)
#: So long after the deletion a result may still be on its way into the historical database.
STRAGGLERS = timedelta(seconds=45)
#: Above so many records the dialer's list is not read to see what rings: the time limit passes instead.
LIST_LIMIT = 5000


def run(run: Run) -> None:
    """Clear the campaign of the run, or, on a schedule, every campaign of which the dialer holds something."""
    chosen = select(Campaign.campaign_id, Campaign.code).order_by(Campaign.campaign_id)
    if run.campaign_id is not None:
        chosen = chosen.where(Campaign.campaign_id == run.campaign_id)
    else:
        chosen = chosen.where(Campaign.campaign_id.in_(select(Record.campaign_id)))
    with run.engine.connect() as connection:
        campaigns = connection.execute(chosen).all()
    run.progress(0, len(campaigns) * STEPS)
    failure = None
    for number, campaign in enumerate(campaigns):
        run.check()
        try:
            Clearing(run, campaign.campaign_id, campaign.code, number * STEPS).work()
        except Exception as error:  # another campaign's queue is not to wait for it
            run.error(f"{campaign.code}: {explain(error)}")
            failure = error
        run.progress((number + 1) * STEPS)
    if failure is not None:
        raise failure


class Clearing:
    """The clearing of one campaign's queue."""

    def __init__(self, run: Run, campaign_id: int, code: str, steps_done: int) -> None:
        self.run = run
        self.campaign_id = campaign_id
        self.code = code
        self.steps_done = steps_done

    def work(self) -> None:
        """Hold the campaign, so that no block goes out meanwhile, and clear it."""
        with self.run.hold(dialers.hold_name(self.campaign_id), wait_seconds=120) as held:
            if not held:
                raise AcmError(_("Another run works with the campaign."), _("Try again in a minute."))
            with self.run.engine.connect() as connection:
                row = connection.execute(
                    select(Campaign.dialer_id, Campaign.dialer_campaign_id).where(
                        Campaign.campaign_id == self.campaign_id
                    )
                ).one()
                found = dialers.read_dialers(connection, row.dialer_id) if row.dialer_id else []
            if not found or row.dialer_campaign_id is None:
                self._recall()  # nothing was ever handed over
                return
            with found[0].client() as client, found[0].hds() as (reader, _real_time):
                self._clear(client, found[0], reader, row.dialer_campaign_id)

    def _clear(self, client: CiscoClient, dialer: DialerAccess, reader: HdsReader, number: int) -> None:
        try:
            cisco = client.get_campaign(number)
        except DialerNotFound:
            self._say(_("the dialer does not have the campaign any more."))
            self._read(dialer, reader)
            self._recall()
            return
        if cisco.enabled:
            client.pause_campaign(number)
            dialers.set_dialer_state(self.run.engine, self.campaign_id, dialer_state=dialers.state_name(False))
        self._step(1, _("paused at the dialer."))
        self._await_silence(client, number)
        self._step(2, _("nothing rings any more."))
        self._delete(client, number)
        self._step(3, _("the dialer's records are deleted."))
        until = clock.now() + STRAGGLERS
        while clock.now() < until:
            self._read(dialer, reader)
            self.run.sleep(_pause((until - clock.now()).total_seconds(), 5))
        self._read(dialer, reader)
        # A hand-over that was under way before the pause may have come in after the deletion.
        if client.count_records(number):
            self._delete(client, number)
        self._step(4, _("the last results are read."))
        self._recall()
        self._step(5)
        with self.run.engine.connect() as connection:
            state = connection.scalar(select(Campaign.state_id).where(Campaign.campaign_id == self.campaign_id))
        if state == ACTIVE:
            client.start_campaign(number)
            dialers.set_dialer_state(self.run.engine, self.campaign_id, dialer_state=dialers.state_name(True))
            self._say(_("started at the dialer."))

    def _await_silence(self, client: CiscoClient, number: int) -> None:
        """Wait until none of the campaign's records is with a dialer, but not for ever."""
        until = clock.now() + RINGING_LIMIT
        can_list = client.count_records(number) <= LIST_LIMIT
        while True:
            if can_list and not any(record.is_at_dialer for record in client.list_records(number)):
                return
            left = (until - clock.now()).total_seconds()
            if left <= 0:
                self.run.warning(f"{self.code}: " + _("some records may still ring."))
                return
            self.run.sleep(_pause(left, 5))

    def _delete(self, client: CiscoClient, number: int) -> None:
        """Delete the records, and see that none is left."""
        until = clock.now() + DELETED_LIMIT
        while True:
            try:
                client.delete_records(number)
            except DialerUnknown as error:
                self.run.warning(f"{self.code}: {error.message}")  # how many are left tells
            left = client.count_records(number)
            if not left:
                return
            if clock.now() >= until:
                raise AcmError(_("The dialer still has %(count)s records after they were deleted.", count=left))
            self.run.sleep(_pause((until - clock.now()).total_seconds(), 5))

    def _read(self, dialer: DialerAccess, reader: HdsReader) -> None:
        """Read results, unless another run does just now. Without them nothing may be taken back: errors pass on."""
        with self.run.hold(dialers.reading_name(dialer.dialer_id), wait_seconds=60) as held:
            if not held:
                raise AcmError(_("Another run reads the results of the dialer."), _("Try again in a minute."))
            dialers.read_results(self.run, dialer, reader)

    def _recall(self) -> None:
        with self.run.engine.begin() as connection:
            recalled = dialing.block_recall(connection, self.campaign_id, clock.now())
        self.run.count(records_recalled=recalled)
        self._say(_("%(count)s records are taken back.", count=recalled))

    def _step(self, number: int, message: str = "") -> None:
        self.run.check()
        self.run.progress(self.steps_done + number)
        if message:
            self._say(message)

    def _say(self, message: str) -> None:
        self.run.info(f"{self.code}: {message}")


def _pause(seconds_left: float, seconds: float) -> float:
    """Real seconds to wait, where the application's clock wants `seconds`, at most what is left of its time."""
    return max(0.1, min(seconds, seconds_left) / clock.speed())
