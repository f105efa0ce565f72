"""The simulator as a process: it says where it listens, keeps up with a fast clock, and a kill loses nothing of it."""

from __future__ import annotations

import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
import sqlalchemy as sa
from contact_centre import USER, make_records, wait_until

from app.database.engine import create_engine
from app.dialer.client import CiscoClient, Retries
from app.dialer.items import CampaignSettings, SkillGroupInfo
from app.simulator import tables

PROGRAM = [sys.executable, "-m", "app.cli", "simulator"]
PASSWORD = "process-password"


class Process:
    """`acm simulator` on a clock that runs `speed` times as fast."""

    def __init__(self, url: str, port: int, speed: float, began: float, *settings: str) -> None:
        environment = {
            **os.environ,
            "ACM_CLOCK": f"2026-11-23T08:00:00/{began}/{speed}",
            "ACM_SIMULATOR_PASSWORD": PASSWORD,
        }
        words = [*PROGRAM, "--database-url", url, "--port", str(port), *settings]
        self.process = subprocess.Popen(
            words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            cwd=Path(__file__).parents[2],
        )  # fmt: skip
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        found = re.search(r"http://\S+:\d+", self.line)
        assert found, f"it did not start: {self.line!r}"
        self.url = found[0]
        retries = Retries(8, first_seconds=0.2, most_seconds=1)
        self.client = CiscoClient(self.url, USER, PASSWORD, retries=retries, timeout=20)

    def end(self, number: int) -> int:
        self.client.close()
        self.process.send_signal(number)
        code = self.process.wait(timeout=30)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


@pytest.fixture
def database(server) -> Iterator[str]:
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def make_campaign(client: CiscoClient, name: str, group: int, lines: float = 2.0) -> int:
    info = SkillGroupInfo(group, "7001", records_to_cache=10)
    settings = CampaignSettings(name, enabled=True, lines_per_agent=lines, skill_groups=(info,))
    return client.create_campaign(settings)


def test_it_says_where_it_listens_and_ends_when_asked(database: str) -> None:
    process = Process(database, 0, 1, time.time(), "--agents", "3")
    assert re.fullmatch(r"The simulated contact centre listens on http://127\.0\.0\.1:\d+\.\n", process.line)
    assert process.client.count_records(make_campaign(process.client, "one", 5001)) == 0
    assert process.end(signal.SIGTERM) == 0


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {**os.environ, **environment}
    folder = Path(__file__).parents[2]
    return subprocess.run(
        [*PROGRAM, *words], env=given, cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--time-zone", "Mars/Olympus"), "error: The simulator's setting time_zone is wrong"),
        (("--agents", "-1"), "error: The simulator's setting agents is wrong"),
        (("--set", "shift=21:00-09:00"), "error: The simulator's setting shift is wrong"),
        (
            ("--set", 'faults={"flood": {}}'),
            "error: The simulator's setting faults is wrong: Value error, no fault 'flood'",
        ),
        (("--set", "colour=red"), "error: The simulator's setting colour is wrong"),
        (("--set", "colour"), "error: --set needs NAME=VALUE, not colour."),
    ],
)
def test_a_wrong_setting_is_one_clear_line(words: tuple[str, ...], error: str) -> None:
    done = run(*words, "--database-url", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    assert done.returncode == 1
    assert done.stderr.startswith(error)
    assert "Traceback" not in done.stderr


def test_a_port_that_is_taken_and_a_database_that_is_away_are_one_clear_line(database: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--port", port, "--database-url", database, ACM_SIMULATOR_PASSWORD="x")
    assert (done.returncode, done.stderr.splitlines()[-2]) == (
        1,
        f"error: The simulator cannot listen on 127.0.0.1:{port}: Address already in use.",
    )
    url = "postgresql+psycopg://nobody:secret@127.0.0.1:1/none"
    done = run("--port", "0", "--database-url", url, ACM_SIMULATOR_PASSWORD="x")
    assert done.returncode == 1 and "Traceback" not in done.stderr and "secret" not in done.stderr
    assert done.stderr.startswith("error: There is no answer from the database at 127.0.0.1:1.")


def test_all_settings_are_listed() -> None:
    done = run("--settings")
    assert done.returncode == 0
    assert "ACM_SIMULATOR_TALK_SECONDS\n    Average conversation.\n" in done.stdout


def test_a_kill_at_any_moment_loses_no_record_and_no_row(database: str, port: int) -> None:
    """Killed six times at random moments while it dials, imports and delivers: the books balance after it."""
    chance, began = random.Random(7), time.time()
    settings = ("--agents", "40", "--skill-groups", "2", "--set", "unknown_minutes=3", "--set", "login_seconds=5")
    settings += ("--set", 'outcomes={"20": 1}', "--set", "commit_delay_seconds=[20, 240]")
    engine = create_engine(database, "acm tests", pool_size=1)
    accepted: dict[int, int] = {}
    promised: set[float] = set()  # keys that were on their way, or written, when it was killed

    def keys(*of: sa.Table) -> set[float]:
        with engine.connect() as connection:
            return {key for table in of for key in connection.scalars(sa.select(table.c.RecoveryKey))}

    def statuses() -> dict[str, int]:
        query = sa.text('SELECT "CallStatusZone1", COUNT(*) FROM "Dialing_List" GROUP BY "CallStatusZone1"')
        with engine.connect() as connection:
            return {row[0]: row[1] for row in connection.execute(query)}

    process = Process(database, port, 60, began, *settings)
    for group in (5001, 5002):
        accepted[make_campaign(process.client, f"kill_{group}", group)] = 0
    for _ in range(6):
        for campaign in accepted:
            block = make_records(campaign, 150, start=accepted[campaign])
            accepted[campaign] += process.client.import_records(campaign, block)
        time.sleep(chance.uniform(0.3, 1.8))
        assert process.end(signal.SIGKILL) == -signal.SIGKILL
        promised |= keys(tables.dialer_detail, tables.delayed_row)
        assert sum(statuses().values()) == sum(accepted.values())
        process = Process(database, port, 60, began, *settings)
    assert len(promised) > 200

    wait_until(lambda: not set(statuses()) & set("PADU"), seconds=90)
    for campaign in accepted:
        process.client.pause_campaign(campaign)
    wait_until(lambda: not keys(tables.delayed_row), seconds=30)
    assert process.end(signal.SIGTERM) == 0
    assert promised <= keys(tables.dialer_detail)
    assert sum(statuses().values()) == sum(accepted.values())
    with engine.connect() as connection:
        detail, listed = tables.dialer_detail.c, tables.dialing_list.c
        rows = connection.execute(sa.select(detail.AccountNumber, detail.CallStatusZone1)).all()
        ended = listed.CallStatusZone1.in_(["C", "M"])
        closed = connection.execute(sa.select(listed.AccountNumber, listed.CallStatusZone1).where(ended)).all()
    assert {row[0] for row in rows} == {r.account_number for c, n in accepted.items() for r in make_records(c, n)}
    assert set(map(tuple, closed)) <= set(map(tuple, rows))  # what the list says is closed has a row that says so
    engine.dispose()


def test_it_keeps_up_with_150_agents_on_a_clock_60_times_as_fast(database: str, port: int) -> None:
    settings = ("--agents", "150", "--skill-groups", "5", "--set", "login_seconds=1")
    process = Process(database, port, 60, time.time(), *settings)
    for group in range(5001, 5006):
        campaign = make_campaign(process.client, f"fast_{group}", group)
        process.client.import_records(campaign, make_records(campaign, 6000))
    control = f"{process.url}/simulator/control"

    def attempts() -> int:
        report = requests.get(control, auth=(USER, PASSWORD)).json()["engine"]
        return int(report["attempts"])

    wait_until(lambda: attempts() > 100)
    cpu = psutil.Process(process.process.pid)
    used, done, began = sum(cpu.cpu_times()[:2]), attempts(), time.monotonic()
    time.sleep(5)
    used, done, seconds = sum(cpu.cpu_times()[:2]) - used, attempts() - done, time.monotonic() - began
    process.end(signal.SIGKILL)
    print(f"{done / seconds:.0f} attempts a second with {used / seconds:.2f} of a core")
    assert done / seconds > 100
    assert used / done < 0.005  # half a core at a hundred attempts a second
