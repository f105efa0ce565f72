"""The scheduler: the database says what runs when, RQ only executes.

Any number of schedulers may run; one of them holds the place (ops.lease) and works, the others stand by. At every
tick the active one queues runs that are due as rows of ops.service_run, marks silent runs lost, and puts every row
that waits into the job queue if it is not there. So nothing has to be told to it: a changed schedule, a service
switched on or off, a run asked for on a screen, an emptied Redis are all seen at the next tick.
"""

from __future__ import annotations

import os
import secrets
import signal
import socket
import time
from datetime import datetime
from typing import Any

import redis
import sqlalchemy.exc
from sqlalchemy import Engine

from app.errors import AcmError
from app.i18n import gettext as _
from app.log import get_logger
from app.procedures import ops
from app.settings import get_settings
from jobs import queue, schedule
from jobs.run import is_passing

log = get_logger(__name__)

TICK_SECONDS = 0.5
#: Real time and the server's clock may differ by so much between two ticks before it counts as a jump of the clock.
JUMP_SECONDS = 2.0


class Scheduler:
    """One scheduler process. `run` works until `stop`."""

    def __init__(self, engine: Engine, tick_seconds: float = TICK_SECONDS) -> None:
        settings = get_settings()
        self.engine = engine
        self.owner = f"{socket.gethostname()[:100]} {os.getpid()} {secrets.token_hex(4)}"
        self.tick_seconds = tick_seconds
        self.zone = schedule.installation_zone()
        self.lease_seconds = settings.scheduler_lease_seconds
        self.run_lease_seconds = settings.run_lease_seconds
        self._stopped = False  # a plain flag: a signal handler must not take the lock that an Event has
        self._is_active: bool | None = None
        self._queue: Any = None
        self._taken_since: dict[int, float] = {}
        self._complained: dict[str, str] = {}
        self._last: tuple[datetime, float] | None = None
        # Runs may have been unable to beat as long as the database was away, and it may just have come back.
        self._lose_from = time.monotonic() + self.run_lease_seconds / 2

    def stop(self, *_signal: object) -> None:
        """End `run` after the tick in hand. Fits as a signal handler."""
        self._stopped = True

    def run(self) -> None:
        """Work until told to stop, through any absence of the database and of Redis."""
        log.info("scheduler started", owner=self.owner)
        while not self._stopped:
            began = time.monotonic()
            try:
                self.tick()
                self._content("database")
            except Exception as error:
                if is_passing(error) or isinstance(error, sqlalchemy.exc.IntegrityError | AcmError):
                    self._complain("database", type(error).__name__, _("The scheduler waits for the database."))
                else:  # a mistake of ours or of a table: the next tick may do better, and nobody else would try
                    log.exception("the tick failed")
                self._last = None
                self._lose_from = time.monotonic() + self.run_lease_seconds / 2
            time.sleep(max(0.0, self.tick_seconds - (time.monotonic() - began)))
        self._leave()
        log.info("scheduler stopped", owner=self.owner)

    def tick(self) -> bool:
        """One round. False: another scheduler is the active one."""
        with self.engine.begin() as connection:
            place = ops.scheduler_beat(connection, self.owner, self.lease_seconds)
        if bool(place.is_active) != self._is_active:
            self._is_active = bool(place.is_active)
            log.info("scheduler is active" if self._is_active else "scheduler stands by", active=place.active_owner)
        if not self._is_active:
            self._last = None
            return False
        self._watch_clock(place.moment)
        self._plan()
        if time.monotonic() >= self._lose_from:
            with self.engine.begin() as connection:
                for run in ops.run_lose(connection, self.run_lease_seconds):
                    log.warning("run lost", run_id=run.run_id, service=run.code, worker=run.worker)
        with self.engine.begin() as connection:
            waiting = ops.run_waiting(connection)
        self._enqueue(waiting)
        return True

    def _plan(self) -> None:
        with self.engine.begin() as connection:
            due = ops.service_due(connection)
        for service in due:
            try:
                next_run_at = schedule.next_run(service.cron, self.zone, service.moment)
                self._content(service.code)
            except AcmError as error:
                next_run_at = None
                self._complain(service.code, service.cron, str(error))
            is_due = bool(service.is_due)
            # Not only a due service gets its next moment anew: the schedule may have been changed by anybody in any
            # way, and the clock may have been set back, which would put the next run far away.
            if not is_due and service.next_run_at == next_run_at:
                continue
            with self.engine.begin() as connection:
                plan = ops.service_plan(connection, service.service_id, service.next_run_at, next_run_at, is_due)
            if plan.run_id is not None:
                log.debug("run queued", run_id=plan.run_id, service=service.code)

    def _watch_clock(self, moment: datetime) -> None:
        """After a jump of the server's clock heartbeats look older, or younger, than they are: give them time."""
        reading = (moment, time.monotonic())
        if self._last is not None:
            jump = (moment - self._last[0]).total_seconds() - (reading[1] - self._last[1])
            if abs(jump) > JUMP_SECONDS:
                log.warning("the clock of the database jumped", seconds=round(jump, 1))
                self._lose_from = time.monotonic() + self.run_lease_seconds
        self._last = reading

    def _enqueue(self, waiting: Any) -> None:
        """Put the runs that wait into Redis, those that are not there."""
        runs = {run.run_id: run for run in waiting}
        self._taken_since = {run_id: since for run_id, since in self._taken_since.items() if run_id in runs}
        if not runs:
            return
        try:
            if self._queue is None:
                self._queue = queue.job_queue(queue.connect())
            for run in runs.values():
                self._enqueue_one(run)
            self._content("redis")
        except (redis.RedisError, AcmError) as error:
            self._complain(
                "redis", type(error).__name__, _("The scheduler waits for Redis; runs wait in the database.")
            )
            self._queue = None  # the embedded one may come back on another port

    def _enqueue_one(self, run: Any) -> None:
        if queue.enqueue(self._queue, run.run_id, run.timeout_seconds) or queue.is_queued(self._queue, run.run_id):
            self._taken_since.pop(run.run_id, None)
            return
        # A worker took it, and the run is still queued: either it is just about to claim it, or it may not yet
        # because another run of the service goes on, or it died. Only time tells.
        since = self._taken_since.setdefault(run.run_id, time.monotonic())
        if time.monotonic() - since > queue.TAKEN_SECONDS:
            queue.forget(self._queue, run.run_id)
            self._taken_since.pop(run.run_id, None)

    def _leave(self) -> None:
        try:
            with self.engine.begin() as connection:
                ops.scheduler_leave(connection, self.owner)
        except (sqlalchemy.exc.DBAPIError, AcmError):
            log.info("the place of the scheduler ends with its lease")

    def _complain(self, subject: str, detail: str, message: str) -> None:
        """Log a trouble once, however many ticks it lasts."""
        if self._complained.get(subject) != detail:
            self._complained[subject] = detail
            log.warning(message, subject=subject, detail=detail)

    def _content(self, subject: str) -> None:
        if self._complained.pop(subject, None) is not None:
            log.info("well again", subject=subject)


def serve(engine: Engine) -> None:
    """Run a scheduler in this process until SIGTERM or SIGINT."""
    scheduler = Scheduler(engine)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, scheduler.stop)
    scheduler.run()
