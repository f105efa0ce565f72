"""What the tests of schedulers and workers share: processes that can be killed, services of their own, their runs."""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jobs_process
import psutil
import sqlalchemy as sa

from app.models.ops import Lease, Service, ServiceRun, ServiceSchedule
from app.procedures import ops

ROOT = Path(__file__).parents[2]
QUEUED, RUNNING, DONE, FAILED, LOST, CANCELLED = 1, 2, 3, 4, 5, 6


class Process:
    """A scheduler or a worker with everything that it forked."""

    def __init__(self, log: Path, environment: dict[str, str], *words: str) -> None:
        self.log = log
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                [sys.executable, str(Path(jobs_process.__file__)), *words],
                env=os.environ | environment | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
            )

    def children(self) -> list[psutil.Process]:
        """All processes below, the oldest generation first. The embedded servers are none of them here."""
        try:
            return psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    def kill_all(self) -> None:
        """Kill -9 of the process and of everything below it at once, as when the machine dies."""
        everybody = [psutil.Process(self.process.pid), *self.children()]
        for one in everybody:  # nobody may notice the death of another
            with contextlib.suppress(psutil.NoSuchProcess):
                one.send_signal(signal.SIGSTOP)
        for one in [*everybody, *self.children()]:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
        self.process.wait(30)

    def terminate(self, timeout: float = 30) -> int:
        """SIGTERM; returns the exit code."""
        self.process.terminate()
        return self.process.wait(timeout)

    def text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


class Installation:
    """A database and a Valkey for schedulers and workers, and what happens in them."""

    def __init__(self, engine: sa.Engine, redis_url: str, folder: Path, environment: dict[str, str]) -> None:
        self.engine = engine
        self.redis_url = redis_url
        self.folder = folder
        self.environment = environment
        self.processes: list[Process] = []
        with engine.begin() as connection:
            connection.execute(sa.update(Service).values(is_enabled=False, next_run_at=None))
            connection.execute(sa.delete(ServiceRun))
            connection.execute(sa.delete(Lease))
            jobs_process.mark.drop(connection, checkfirst=True)
            jobs_process.mark.create(connection)

    def start(self, *words: str, **environment: str) -> Process:
        log = self.folder / f"{words[0]}-{len(self.processes)}.log"
        self.processes.append(Process(log, self.environment | environment, *words))
        return self.processes[-1]

    def scheduler(self, **environment: str) -> Process:
        return self.start("scheduler", **environment)

    def worker(self, count: int = 1, **environment: str) -> Process:
        return self.start("worker", str(count), **environment)

    def close(self) -> None:
        for one in self.processes:
            if one.process.poll() is None:
                one.kill_all()

    # Services

    def add(self, code: str, cron: str | None = None, **columns: Any) -> int:
        """A service; without a cron line it runs by hand only."""
        with self.engine.begin() as connection:
            schedule_id = None
            if cron is not None:
                schedule_id = connection.execute(
                    sa.insert(ServiceSchedule).values(name=f"{code} {time.time()}", cron=cron)
                ).inserted_primary_key[0]
            values = {"timeout_seconds": 60, "is_enabled": True, "name": code, "name_en": code} | columns
            connection.execute(sa.delete(Service).where(Service.code == code))
            made = connection.execute(sa.insert(Service).values(code=code, schedule_id=schedule_id, **values))
            return int(made.inserted_primary_key[0])

    def add_schedule(self, code: str, cron: str) -> None:
        """Switch a service of the seed on, with a schedule of its own."""
        with self.engine.begin() as connection:
            made = connection.execute(sa.insert(ServiceSchedule).values(name=f"{code} {time.time()}", cron=cron))
            connection.execute(
                sa.update(Service)
                .where(Service.code == code)
                .values(is_enabled=True, next_run_at=None, schedule_id=made.inserted_primary_key[0])
            )

    def change(self, code: str, **columns: Any) -> None:
        """Save the form of a service."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(Service).where(Service.code == code).values(next_run_at=None, **columns))

    def change_cron(self, code: str, cron: str) -> None:
        """Save the form of a schedule."""
        with self.engine.begin() as connection:
            schedule = sa.select(Service.schedule_id).where(Service.code == code).scalar_subquery()
            connection.execute(
                sa.update(ServiceSchedule).where(ServiceSchedule.schedule_id == schedule).values(cron=cron)
            )

    def request(self, code: str, campaign_id: int | None = None) -> int:
        with self.engine.begin() as connection:
            return int(ops.run_request(connection, code, "ivanov", campaign_id).run_id)

    def runs(self, code: str | None = None) -> list[Any]:
        query = sa.select(*ServiceRun.__table__.columns, Service.code).join(
            Service, Service.service_id == ServiceRun.service_id
        )
        if code is not None:
            query = query.where(Service.code == code)
        with self.engine.connect() as connection:
            return list(connection.execute(query.order_by(ServiceRun.run_id)).all())

    def run(self, run_id: int) -> Any:
        return next(run for run in self.runs() if run.run_id == run_id)

    def marks(self, code: str | None = None) -> list[Any]:
        query = sa.select(jobs_process.mark).order_by(jobs_process.mark.c.began)
        if code is not None:
            query = query.where(jobs_process.mark.c.code == code)
        with self.engine.connect() as connection:
            return list(connection.execute(query).all())

    def wait(self, condition: Callable[[], Any], seconds: float, what: str = "") -> Any:
        """Return what the condition gives once it is true; fail after so many seconds."""
        until = time.monotonic() + seconds
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > until:
                logs = "\n".join(f"--- {one.log.name}\n{one.text()[-3000:]}" for one in self.processes)
                raise AssertionError(f"not within {seconds} s: {what or condition}\n{self.runs()[-10:]}\n{logs}")
            time.sleep(0.05)

    def wait_state(self, run_id: int, state: int, seconds: float) -> Any:
        self.wait(lambda: self.run(run_id).state_id == state, seconds, f"run {run_id} in state {state}")
        return self.run(run_id)


def overlaps(marks: list[Any]) -> list[tuple[Any, Any]]:
    """Pairs of marks of one service that were at work at the same time. A mark without end was killed."""
    found = []
    by_code: dict[str, list[Any]] = {}
    for mark in marks:
        by_code.setdefault(mark.code, []).append(mark)
    for several in by_code.values():
        several.sort(key=lambda mark: mark.began)
        for before, after in itertools.pairwise(several):
            if before.ended is not None and after.began < before.ended:
                found.append((before, after))
    return found
