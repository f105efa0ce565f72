"""One run of a service: claimed, kept alive by a heartbeat, recorded with its progress, counts, log and error.

The row in ops.service_run is the run. Whoever executes it (a worker, or `acm service run`) claims it first, so it is
never executed twice; a heartbeat thread tells that it lives. A run without one for ACM_RUN_LEASE_SECONDS is marked lost
and queued again, and its process, should it still be alive, finds that out at the next beat and stops.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import sqlalchemy.exc
from sqlalchemy import Engine
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from app.database.engine import DatabaseUnavailable, create_engine
from app.errors import AcmError
from app.i18n import gettext as _
from app.log import get_logger
from app.procedures import ops
from app.settings import get_settings
from jobs import services

log = get_logger(__name__)

#: After the first, second, ... failure in a row a run is tried again in so many seconds, if the schedule is not sooner.
RETRY_SECONDS = (60, 300, 900, 1800)
LOG_CHARACTERS = 200_000
ERROR_CHARACTERS = 1000

# A plain flag: a signal handler must not take the lock that an Event has.
_stop = False


class RunEnded(BaseException):
    """The run must end now. Not an Exception: a service that bears the errors of one campaign must not bear this."""


class RunLost(RunEnded):
    """The run was given up for dead and is another process's now: nothing more may be done in its name."""


class RunStopped(RunEnded):
    """The worker is asked to stop."""


class RunTimeout(RunEnded):
    """The run took longer than its service may."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `state`: done, failed, lost, or refused when it was not to be executed here."""

    run_id: int
    state: str
    counts: dict[str, int]
    error: str = ""


class Run:
    """A running run, as a service sees it: `engine`, `campaign_id` (None: all), and a place for what it has to tell."""

    def __init__(
        self,
        engine: Engine,
        run_id: int,
        code: str,
        campaign_id: int | None = None,
        requested_by: str | None = None,
        lease_seconds: float = 60.0,
        on_change: Callable[[Run], None] | None = None,
    ) -> None:
        self.engine = engine
        self.run_id = run_id
        self.code = code
        self.campaign_id = campaign_id
        self.requested_by = requested_by
        self.counts: Counter[str] = Counter()
        self.done = 0
        self.total: int | None = None
        self._lease_seconds = lease_seconds
        self._on_change = on_change
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._characters = 0
        self._changed = False
        self._lost = False
        self._beaten_at = time.monotonic()
        self._end = threading.Event()
        self._heart = threading.Thread(target=self._beat_on, name=f"heart of run {run_id}", daemon=True)

    # What a service says

    def count(self, **numbers: int) -> None:
        """Add to the counts of the run: `run.count(blocks=1, records=500)`."""
        with self._lock:
            self.counts.update(numbers)
            self._changed = True

    def progress(self, done: int, total: int | None = None) -> None:
        """Say how much is done, of how much."""
        with self._lock:
            self.done = done
            self.total = self.total if total is None else total
            self._changed = True
        if self._on_change:
            self._on_change(self)

    def info(self, message: str) -> None:
        self._say("INFO", message)

    def warning(self, message: str) -> None:
        self._say("WARNING", message)

    def error(self, message: str) -> None:
        """Something failed that does not end the run; it is counted."""
        self.count(errors=1)
        self._say("ERROR", message)

    def _say(self, level: str, message: str) -> None:
        moment = time.time()
        stamp = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(moment)) + f".{int(moment % 1 * 1000):03d}"
        line = f"{stamp} {level} {message}\n"
        log.log(_LEVELS[level], message, run_id=self.run_id, service=self.code)
        with self._lock:
            if self._characters > LOG_CHARACTERS:
                return
            self._characters += len(line)
            if self._characters > LOG_CHARACTERS:
                line = f"{stamp} {level} ...\n"
            self._lines.append(line)
            self._changed = True

    # What a service asks

    @property
    def stopping(self) -> bool:
        """Whether the worker was asked to stop: a service whose next run goes on where it left may simply return."""
        return _stop

    def check(self, stop: bool = True) -> None:
        """To be called between steps: raises RunLost when the run is not ours any more, RunStopped on a stop."""
        if self._lost:
            raise RunLost
        if stop and _stop:
            raise RunStopped

    def sleep(self, seconds: float) -> None:
        """Wait, but not past a stop or a loss."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.check()
            time.sleep(min(left, 0.2))
        self.check()

    @contextmanager
    def hold(self, name: str, wait_seconds: float = 0.0) -> Iterator[bool]:
        """Work alone on the thing of this name; gives False when another run still does after `wait_seconds`."""
        until = time.monotonic() + wait_seconds
        while not (taken := self._take(name)) and time.monotonic() < until:
            self.sleep(min(0.5, wait_seconds))
        try:
            yield taken
        finally:
            if taken:
                try:
                    with self.engine.begin() as connection:
                        ops.hold_drop(connection, name, self.run_id)
                except (sqlalchemy.exc.DBAPIError, DatabaseUnavailable):
                    log.warning("a hold is not let go before the end of its run", name=name, run_id=self.run_id)

    def _take(self, name: str) -> bool:
        try:
            with self.engine.begin() as connection:
                return bool(ops.hold_take(connection, name, self.run_id).is_taken)
        except sqlalchemy.exc.IntegrityError:  # two runs made the row of a new name at once
            return False

    # The heartbeat

    def start(self) -> None:
        self._beaten_at = time.monotonic()
        self._heart.start()

    def stop(self) -> None:
        """End the heartbeat; what was not written yet goes with the next `flush`."""
        self._end.set()
        if self._heart.is_alive():
            self._heart.join(timeout=30)

    def _beat_on(self) -> None:
        pause = min(1.0, self._lease_seconds / 4)
        while not self._end.wait(pause):
            silent = time.monotonic() - self._beaten_at
            if not self._changed and silent < self._lease_seconds / 4:
                continue
            try:
                self.flush()
            except (sqlalchemy.exc.SQLAlchemyError, AcmError) as error:
                # Who is silent for as long as the lease has to take himself for dead, as all others do.
                if time.monotonic() - self._beaten_at > self._lease_seconds:
                    self._lost = True
                log.warning("no heartbeat", run_id=self.run_id, error=type(error).__name__)
            if self._lost:
                return

    def flush(self) -> None:
        """Write what is new, as a sign of life."""
        with self._lock:
            lines, self._lines = self._lines, []
            changed, self._changed = self._changed, False
            counts = json.dumps(self.counts, ensure_ascii=False) if changed and self.counts else None
            done, total = (self.done, self.total) if changed else (None, None)
        began = time.monotonic()
        try:
            with self.engine.begin() as connection:
                mine = ops.run_beat(connection, self.run_id, done, total, counts, "".join(lines) or None)
        except BaseException:
            with self._lock:
                self._lines = lines + self._lines
                self._changed = True
            raise
        self._beaten_at = began
        if not mine:
            self._lost = True


_LEVELS = {"INFO": 20, "WARNING": 30, "ERROR": 40}


def request_stop(_signal: int = 0, _frame: FrameType | None = None) -> None:
    """Ask the runs of this process to stop at their next step. Fits as a signal handler."""
    global _stop
    _stop = True


def execute(run_id: int) -> None:
    """The job of the queue: execute a run, if it is still to be executed. Its outcome is in the database."""
    engine = create_engine(program="acm worker", pool_size=3, max_overflow=2)
    try:
        perform(engine, run_id)
    finally:
        engine.dispose()


def perform(engine: Engine, run_id: int, on_change: Callable[[Run], None] | None = None) -> Outcome:
    """Claim a run, execute its service here and now, and record how it ended.

    Raises AcmError or SQLAlchemyError when the database cannot be reached for longer than the lease.
    """
    lease = get_settings().run_lease_seconds
    claim = _persistently(lambda: _claim(engine, run_id, lease), lease)
    if claim is None or not claim.is_claimed:
        log.debug("the run is not to be executed", run_id=run_id, state=claim.state_id if claim else None)
        return Outcome(run_id, "refused", {})
    run = Run(engine, run_id, claim.code, claim.campaign_id, claim.requested_by, lease, on_change)
    retry: int | None = RETRY_SECONDS[min(claim.attempt_no, len(RETRY_SECONDS)) - 1]
    error = ""
    run.start()
    try:
        with _time_limit(claim.timeout_seconds):
            services.load(claim.code)(run)
    except RunLost:
        error = _("The run was given up for dead, and another one goes on.")
    except RunStopped:
        error, retry = _("Stopped together with its process; goes on by itself."), 0
    except RunTimeout:
        error = _("Not finished in %(seconds)s seconds.", seconds=claim.timeout_seconds)
    except KeyboardInterrupt:
        error, retry = _("Stopped by hand."), None
    except AcmError as failure:
        error = str(failure)
    except Exception as failure:
        log.exception("the run failed", run_id=run_id, service=claim.code)
        error = explain(failure)
    run.stop()
    if error:
        run.error(error)
    outcome = _persistently(lambda: _finish(run, error, retry), lease)
    log.info("run ended", run_id=run_id, service=run.code, state=outcome.state, **dict(run.counts))
    return outcome


def _claim(engine: Engine, run_id: int, lease: int) -> Any:
    with engine.begin() as connection:
        return ops.run_claim(connection, run_id, process_name(), lease)


def _finish(run: Run, error: str, retry: int | None) -> Outcome:
    run.flush()
    with run.engine.begin() as connection:
        done = ops.run_finish(connection, run.run_id, not error, error[:ERROR_CHARACTERS] or None, retry)
    state = "lost" if not done.is_finished else "failed" if error else "done"
    return Outcome(run.run_id, state, dict(run.counts), error)


def process_name() -> str:
    """This process, for people: machine and number."""
    return f"{socket.gethostname()[:48]} {os.getpid()}"


def explain(error: BaseException) -> str:
    """An unforeseen error in one line, without the values that a SQL statement or an address carried."""
    if isinstance(error, AcmError):
        return str(error)
    if isinstance(error, sqlalchemy.exc.DBAPIError) and error.orig is not None:
        error = error.orig
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}"[:ERROR_CHARACTERS].removesuffix(": ")


def is_passing(error: BaseException) -> bool:
    """Whether an error of the database is one that passes: away, restarting, or a deadlock."""
    if isinstance(error, DatabaseUnavailable):
        return not error.permanent
    if isinstance(error, sqlalchemy.exc.OperationalError | sqlalchemy.exc.InterfaceError):
        return True
    if not isinstance(error, sqlalchemy.exc.DBAPIError) or error.orig is None:
        return False
    # 40001: SQL Server chose this transaction as the victim of a deadlock.
    return error.connection_invalidated or bool(error.orig.args and error.orig.args[0] == "40001")


def _persistently(action: Callable[[], Any], seconds: float) -> Any:
    """Do something in the database, again and again while it is away, for at most so long."""

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        log.warning("the database is away", error=type(error).__name__, attempt=state.attempt_number)

    retrying = Retrying(
        retry=retry_if_exception(is_passing),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        stop=stop_after_delay(seconds),
        before_sleep=tell,
        reraise=True,
    )
    return retrying(action)


@contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    """Raise RunTimeout in the block after so many seconds. Works in the main thread, elsewhere there is no limit."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        raise RunTimeout

    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring)
    others, _interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if others:  # RQ's own limit goes on: it ends a process that cannot even record its end
            signal.setitimer(signal.ITIMER_REAL, max(others - (time.monotonic() - began), 0.01))
