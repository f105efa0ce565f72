"""What the tests of dialer and simulator share: a simulated contact centre on a clock that the test turns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import requests
import sqlalchemy as sa

from app.database.engine import create_engine
from app.dialer.client import CiscoClient, Retries
from app.dialer.items import CampaignSettings, SkillGroupInfo
from app.dialer.records import ImportRecord
from app.simulator import tables
from app.simulator.server import Simulator, create_simulator

PASSWORD = "test-password"
USER = "administrator@simulator.test"
MONDAY = datetime(2026, 11, 23, 8, 0)  # 11:00 in Moscow
QUICK = Retries(attempts=3, first_seconds=0.01, most_seconds=0.05)


class Clock:
    """A clock that stands still until it is turned (naive UTC)."""

    def __init__(self, moment: datetime = MONDAY) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment

    def turn(self, **duration: float) -> datetime:
        self.moment += timedelta(**duration)
        return self.moment


class Rig:
    """One simulated centre, whose dialer moves only when the test says so, and a client to it."""

    def __init__(self, simulator: Simulator, clock: Clock) -> None:
        self.simulator, self.clock = simulator, clock
        self.engine = simulator.centre.engine
        self.dialer = simulator.engine.dialer
        self.client = CiscoClient(simulator.base_url, USER, PASSWORD, timeout=10, retries=QUICK)
        self.http = requests.Session()
        self.http.auth = (USER, PASSWORD)
        self.root = f"{simulator.base_url}/unifiedconfig/config"
        self._names = 0

    def play(self, **duration: float) -> None:
        """Turn the clock in steps of at most 30 simulated seconds, the dialer following."""
        until = self.clock.moment + timedelta(**duration)
        self.dialer.step(self.clock.moment)
        while self.clock.moment < until:
            self.clock.moment = min(self.clock.moment + timedelta(seconds=30), until)
            self.dialer.step(self.clock.moment)

    def campaign(self, records: int = 0, enabled: bool = True, skill_group: int = 5001, **values: Any) -> int:
        """A campaign of one skill group with so many records; returns its id."""
        self._names += 1
        extra = values.pop("extra", {})
        settings = CampaignSettings(
            values.pop("name", f"campaign_{self._names}"),
            enabled=enabled,
            skill_groups=(SkillGroupInfo(skill_group, "7001", **values.pop("skill_group_info", {})),),
            extra=extra,
            **values,
        )
        identity = self.client.create_campaign(settings)
        if records:
            self.client.import_records(identity, make_records(identity, records))
        return identity

    def fault(self, name: str, **values: Any) -> None:
        answer = self.http.put(f"{self.simulator.base_url}/simulator/control/faults/{name}", json=values)
        assert answer.status_code == 200, answer.text

    def clear_faults(self) -> None:
        assert self.http.delete(f"{self.simulator.base_url}/simulator/control/faults").status_code == 200

    def control(self, path: str = "") -> Any:
        return self.http.get(f"{self.simulator.base_url}/simulator/control{path}").json()

    def rows(self, statement: str, **values: Any) -> list[sa.Row[Any]]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(statement), values).all())

    def statuses(self, campaign: int) -> dict[str, int]:
        """Records by Cisco's letter."""
        found = self.rows(
            'SELECT "CallStatusZone1", COUNT(*) FROM "Dialing_List" WHERE "CampaignID" = :c GROUP BY "CallStatusZone1"',
            c=campaign,
        )
        return {row[0]: row[1] for row in found}

    def details(self, campaign: int) -> list[Any]:
        """Rows of Dialer_Detail of a campaign in the order of their keys."""
        with self.engine.connect() as connection:
            query = sa.text('SELECT * FROM "Dialer_Detail" WHERE "CampaignID" = :c ORDER BY "RecoveryKey"')
            return list(connection.execute(query, {"c": campaign}).mappings().all())

    def close(self) -> None:
        self.client.close()
        self.http.close()
        self.simulator.close()


def make_records(campaign: int, count: int, start: int = 0, bias: int = -180) -> list[ImportRecord]:
    """Records with keys and numbers of their own."""
    return [
        ImportRecord(f"K{campaign}-{n:06}", (f"79{campaign % 1000:03}{n:06}",), bias)
        for n in range(start, start + count)
    ]


def wipe(url: str) -> None:
    """Empty a simulator's database and let its ids begin anew, so that a test does not depend on those before it."""
    engine = create_engine(url, "acm tests", poolclass=sa.NullPool)
    tables.metadata.drop_all(engine)
    tables.create_tables(engine, side_b=False)
    engine.dispose()


@contextmanager
def rig(url: str, clock: Clock | None = None, **settings: Any) -> Iterator[Rig]:
    """A centre in this process whose dialer the test steps; its agents never take a break unless told to."""
    clock = clock or Clock()
    values = {
        "password": PASSWORD,
        "login_seconds": 0,
        "break_share": 0,
        "agents": 8,
        "skill_groups": 2,
        "step_seconds": 10,
        **settings,
    }
    simulator = create_simulator(url, now=clock, runs_by_itself=False, **values)
    made = Rig(simulator, clock)
    try:
        yield made
    finally:
        made.close()


def wait_until(condition: Any, seconds: float = 20, every: float = 0.05) -> Any:
    """The first true value of `condition()`. Fails after `seconds`."""
    until = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(every)
