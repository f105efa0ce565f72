"""Workers: a parent that keeps so many RQ workers alive, each of which forks a process for every run.

RQ's worker ends when Redis goes away at a bad moment; ours waits until Redis is back. A run in hand goes on meanwhile,
since all that it needs is in the database. On SIGTERM the runs in hand are asked to stop at their next step, the
workers end after them, and what was not finished is queued in the database.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import os
import random
import signal
import sys
import time
from types import FrameType
from typing import Any, NoReturn

import redis
import rq
from rq.job import Job
from rq.serializers import JSONSerializer
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_random_exponential

from app.errors import AcmError
from app.i18n import gettext as _
from app.log import get_logger
from jobs import queue, run, services

log = get_logger(__name__)

PR_SET_PDEATHSIG = 1
#: A worker that ended sooner than this after its start is started again only after a pause.
PROVED_SECONDS = 10.0
LONGEST_PAUSE = 30.0
#: How long runs may take to come to their next step when the worker is told to stop.
STOP_SECONDS = 60.0


class Worker(rq.Worker):
    """RQ's forking worker, taught to bear the absence of Redis and to end its runs gently."""

    max_connection_wait_time = 5.0

    def __init__(self, connection: redis.Redis) -> None:
        super().__init__(
            [queue.job_queue(connection)],
            connection=connection,
            serializer=JSONSerializer,
            # Also how long a dead connection may go unnoticed: the worker waits for a job for 15 seconds less.
            worker_ttl=75,
            job_monitoring_interval=10,
            log_job_description=False,
        )
        self.log_result_lifespan = False
        self.told_to_stop = False

    def monitor_work_horse(self, job: Job, queue: rq.Queue, execution: Any) -> None:
        try:
            super().monitor_work_horse(job, queue, execution)
        except redis.RedisError as error:
            # The run needs no Redis. Without this the worker would end and leave it behind.
            log.warning("Redis is away during a run", error=type(error).__name__)
            self._await_horse(float(job.timeout or 0) + 60)
            raise

    def _await_horse(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while self.horse_pid:
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(self.horse_pid, os.WNOHANG)[0] == 0:
                    if time.monotonic() > until:
                        self.kill_horse()
                    time.sleep(0.1)
                    continue
            self._horse_pid = 0

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        self.told_to_stop = True
        super().request_stop(signum, frame)

    def handle_warm_shutdown_request(self) -> None:
        if self.horse_pid:
            self.kill_horse(signal.SIGTERM)

    def setup_work_horse_signals(self) -> None:
        """In the forked process of a run: SIGTERM asks the run to stop, also when this worker is killed."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, run.request_stop)
        die_with_parent()


def die_with_parent() -> None:
    """Have this process told to stop (SIGTERM) when its parent ends, however that ends. Linux only."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)


def work() -> None:
    """Be one worker until SIGTERM or SIGINT, through any absence of Redis."""
    logging.getLogger("rq.worker").setLevel(logging.WARNING)

    def leave(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(0)

    while True:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, leave)
        worker = Worker(_connect())
        try:
            worker.work(logging_level="WARNING")
        except redis.RedisError as error:
            log.warning("worker begins anew", error=type(error).__name__)
        if worker.told_to_stop:
            return


def _connect() -> redis.Redis:
    """A connection to Redis that answers, whenever that is."""

    def connected() -> redis.Redis:
        connection = queue.connect(worker=True)
        connection.ping()
        return connection

    def tell(state: RetryCallState) -> None:
        if state.attempt_number == 1:
            log.warning(_("The worker waits for Redis."))

    retrying = Retrying(
        retry=retry_if_exception_type((redis.RedisError, AcmError)),
        wait=wait_random_exponential(multiplier=0.2, max=5),
        before_sleep=tell,
    )
    return retrying(connected)


class Pool:
    """The parent of `count` workers."""

    def __init__(self, count: int, stop_seconds: float = STOP_SECONDS) -> None:
        self.count = count
        self.stop_seconds = stop_seconds
        self._workers: dict[int, float] = {}

    def serve(self) -> None:
        """Keep the workers alive until SIGTERM or SIGINT, then end them in order. A second signal ends them at once."""
        queue.connect()  # the embedded server starts here, and lives as long as this process
        services.load_all()
        signals = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT}
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        pause, start_at = 0.5, 0.0
        while True:
            if len(self._workers) < self.count and time.monotonic() >= start_at:
                self._start()
                continue
            received = signal.sigtimedwait(signals, 1.0)
            if received is not None and received.si_signo != signal.SIGCHLD:
                break
            for began in self._reap():
                if time.monotonic() - began < PROVED_SECONDS:
                    start_at = time.monotonic() + pause
                    pause = min(pause * 2, LONGEST_PAUSE)
                else:
                    pause = 0.5
                log.warning("worker ended", seconds=round(time.monotonic() - began))
        self._end(signals)

    def _start(self) -> None:
        pid = os.fork()
        if pid:
            self._workers[pid] = time.monotonic()
            log.info("worker started", worker=pid)
            return
        code = 1
        try:
            die_with_parent()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT})
            random.seed()
            work()
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 1
        except BaseException:
            log.exception("worker failed")
        finally:
            sys.stderr.flush()
            os._exit(code)  # not the parent's clean-up

    def _reap(self) -> list[float]:
        """The starts of the workers that have ended."""
        ended = []
        for pid in list(self._workers):
            with contextlib.suppress(ChildProcessError):
                if os.waitpid(pid, os.WNOHANG)[0] == 0:
                    continue
            ended.append(self._workers.pop(pid))
        return ended

    def _end(self, signals: set[signal.Signals]) -> None:
        log.info("workers are told to stop", count=len(self._workers))
        self._signal(signal.SIGTERM)
        until = time.monotonic() + self.stop_seconds
        while self._workers:
            left = until - time.monotonic()
            received = signal.sigtimedwait(signals, max(0.0, min(left, 1.0)))
            self._reap()
            again = received is not None and received.si_signo != signal.SIGCHLD and left < self.stop_seconds - 1
            if left <= 0 or again:
                # Runs die with their workers; they are marked lost, and queued, after their lease.
                log.warning("workers are killed", count=len(self._workers))
                self._signal(signal.SIGKILL)
                until = time.monotonic() + 10
        log.info("workers stopped")

    def _signal(self, number: signal.Signals) -> None:
        for pid in self._workers:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
