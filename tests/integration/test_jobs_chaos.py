"""Workers and schedulers are killed at random moments while a contact centre dials; afterwards the books balance.

ACM_TEST_KILLS says how many kills (12), ACM_TEST_SEED which moments.
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa
from contact_centre import PASSWORD, wipe
from dialing_scene import CONFIRMED, FAILED, FINAL, Scene, clean
from jobs_control import QUEUED, RUNNING, Installation, Process

from app import clock
from app.database.engine import create_engine
from app.models.contact import Attempt
from app.models.dialing import Record, RecordReturned
from app.simulator.server import create_simulator

KILLS = int(os.environ.get("ACM_TEST_KILLS", "12"))
SEED = int(os.environ.get("ACM_TEST_SEED", "7"))
SPEED = 20


class Centre:
    """A simulated centre that runs by itself, as far as the scene needs it."""

    def __init__(self, simulator: Any) -> None:
        self.simulator = simulator
        self.engine = simulator.centre.engine

    @staticmethod
    def clock() -> datetime:
        return clock.now()

    def rows(self, statement: str) -> list[Any]:
        with self.engine.connect() as connection:
            return list(connection.execute(sa.text(statement)).all())


@pytest.mark.chaos
@pytest.mark.timeout(900)
def test_kills_at_random_moments_lose_nothing_and_repeat_nothing(
    server: Any, make_database: Callable[[], str], valkey_url: str, home: Path, tmp_path: Path, monkeypatch: Any
) -> None:
    chance = random.Random(SEED)
    url, hds_url = make_database(), server.create()
    wipe(hds_url)
    monkeypatch.setenv("ACM_CLOCK", f"2026-11-23T08:00:00/{time.time()}/{SPEED}")
    monkeypatch.setenv("ACM_SECRET_KEY", "of this test")
    from app.settings import get_settings

    get_settings.cache_clear()
    engine = create_engine(url, "acm tests")
    clean(engine)
    environment = {
        "ACM_DATABASE_URL": url,
        "ACM_REDIS_URL": valkey_url,
        "ACM_RUN_LEASE_SECONDS": "2",
        "ACM_SCHEDULER_LEASE_SECONDS": "2",
        "ACM_DIALER_GRACE_SECONDS": "3",
    }
    simulator = create_simulator(
        hds_url,
        password=PASSWORD,
        agents=40,
        skill_groups=4,
        login_seconds=0,
        talk_seconds=40,
        commit_delay_seconds=(5, 20),
    )
    installation = Installation(engine, valkey_url, tmp_path, environment)
    try:
        with simulator:
            scene = Scene(engine, Centre(simulator), hds_url)  # type: ignore[arg-type]
            campaigns = [
                scene.add_campaign(
                    f"C{number}", 400, block_size=20, queue_depth=60, dialer_skill_groups=str(5001 + number)
                )
                for number in range(4)
            ]
            for code in ("dialer_sync", "client_status", "callback_status"):
                installation.add_schedule(code, "* * * * * */2" if code == "dialer_sync" else "* * * * * */5")
            worker, schedulers = installation.worker(2), [installation.scheduler(), installation.scheduler()]
            for kill in range(KILLS):
                time.sleep(chance.uniform(0.5, 3))
                worker = strike(chance, kill, installation, worker, schedulers, simulator)
            simulator.centre.faults.remove()
            attempts = scene.attempts(campaigns[0])
            installation.wait(lambda: scene.attempts(campaigns[0]) > attempts + 10, 60, "work goes on")
            calm_down(scene, installation, simulator, campaigns)
            balance(scene, campaigns)
    finally:
        installation.close()
        engine.dispose()
        server.drop(hds_url)
        get_settings.cache_clear()


def strike(
    chance: random.Random,
    kill: int,
    installation: Installation,
    worker: Process,
    schedulers: list[Process],
    simulator: Any,
) -> Process:
    """One misfortune: a kill, an emptied Redis, or a dialer that answers badly for a while."""
    kind = ("worker", "run", "scheduler", "redis", "dialer")[kill % 5]
    if kind == "worker":
        worker.kill_all()
        return installation.worker(2)
    if kind == "run":
        children = [child for child in worker.children() if child.ppid() != worker.process.pid]
        if children:
            chance.choice(children).kill()
    elif kind == "scheduler":
        place = chance.randrange(len(schedulers))
        schedulers[place].kill_all()
        schedulers[place] = installation.scheduler()
    elif kind == "redis":
        with redis.Redis.from_url(installation.redis_url) as client:
            client.flushall()
    else:
        name = chance.choice(["error500_after", "busy", "lose_import", "hang_after"])
        simulator.centre.faults.put(name, {"rate": 0.5, "count": 3, "seconds": 2.0}, clock.now())
    return worker


def calm_down(scene: Scene, installation: Installation, simulator: Any, campaigns: list[int]) -> None:
    """Stop handing over, let all calls end, and read what came of them."""
    with scene.engine.begin() as connection:
        from app.procedures import dialing

        for campaign_id in campaigns:
            dialing.campaign_stop(connection, campaign_id, clock.now())
    installation.wait(
        lambda: {scene.campaign(campaign_id).dialer_state for campaign_id in campaigns} == {"disabled"}, 60, "paused"
    )
    installation.wait(
        lambda: all(state in (CONFIRMED, FAILED) for one in campaigns for state, _size in scene.blocks(one)),
        60,
        "settled",
    )
    installation.wait(lambda: not unread(scene), 90, "all results read")
    for process in installation.processes:
        if process.process.poll() is None and "scheduler" in process.log.name:
            process.terminate()
    installation.wait(lambda: not [run for run in installation.runs() if run.state_id == RUNNING], 30, "no run is left")
    assert not [run for run in installation.runs() if run.state_id == QUEUED and run.attempt_no == 1 and run.worker]


def unread(scene: Scene) -> set[str]:
    """Final rows of our records that have no attempt yet; rows on their way into the table count too."""
    on_the_way = scene.rig.rows('SELECT COUNT(*) FROM "Simulator_Delayed_Row"')[0][0]
    rows = scene.rig.rows('SELECT "AccountNumber", "CallStatusZone1" FROM "Dialer_Detail"')
    final = {row[0] for row in rows if row[0] and row[1] in FINAL}
    with scene.engine.connect() as connection:
        attempted = set(connection.scalars(sa.select(Attempt.record_key)))
    return (final - attempted) | ({"on the way"} if on_the_way else set())


def balance(scene: Scene, campaigns: list[int]) -> None:
    """Every record handed over is out, attempted or returned, once; the dialer never had a phone twice."""
    scene.assert_books_balance()
    with scene.engine.connect() as connection:
        out = set(connection.scalars(sa.select(Record.record_key)))
        attempted = list(connection.scalars(sa.select(Attempt.record_key)))
        returned = set(connection.scalars(sa.select(RecordReturned.record_key)))
    assert len(attempted) == len(set(attempted))
    assert not out & set(attempted)
    assert not out & returned
    stored = scene.rig.rows('SELECT "AccountNumber" FROM "Dialing_List"')
    keys = [row[0] for row in stored]
    assert len(keys) == len(set(keys))
    assert set(keys) <= out | set(attempted) | returned
    assert out <= set(keys)
    for campaign_id in campaigns:
        assert scene.attempts(campaign_id) > 20
