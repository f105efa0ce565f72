"""Schedulers and workers as processes: what is due runs once, whoever is killed, and nothing is lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa
from jobs_control import CANCELLED, DONE, FAILED, LOST, QUEUED, RUNNING, Installation, Process, overlaps

from app.database.deploy import upgrade
from app.database.embedded import NOT_DURABLE, EmbeddedPostgres
from app.database.engine import create_engine
from app.models.ops import Service
from app.valkey import EmbeddedValkey

LEASE = 3


@pytest.fixture
def installation(fresh_database: str, valkey_url: str, tmp_path: Path) -> Iterator[Installation]:
    engine = create_engine(fresh_database, "acm tests")
    environment = {
        "ACM_DATABASE_URL": fresh_database,
        "ACM_REDIS_URL": valkey_url,
        "ACM_RUN_LEASE_SECONDS": str(LEASE),
        "ACM_SCHEDULER_LEASE_SECONDS": "2",
        "ACM_LOG_LEVEL": "DEBUG",
        "ACM_TIME_ZONE": "UTC",
    }
    installation = Installation(engine, valkey_url, tmp_path, environment)
    yield installation
    installation.close()
    engine.dispose()


def active(process: Process) -> bool:
    """Whether the scheduler says last that it is the active one."""
    words = [line for line in process.text().splitlines() if "scheduler is active" in line or "stands by" in line]
    return bool(words) and "scheduler is active" in words[-1]


@pytest.mark.mission("M229")
def test_two_schedulers_one_killed_no_run_twice_and_none_lost(installation: Installation) -> None:
    codes = [f"test_mark-{number}" for number in range(5)]
    for code in codes:
        installation.add(code, "* * * * * */2")
    installation.worker(2)
    one = installation.scheduler()
    installation.wait(lambda: active(one), 10)
    two = installation.scheduler()
    installation.wait(lambda: "stands by" in two.text(), 10)
    installation.wait(lambda: len(installation.marks()) >= 15, 20)
    one.kill_all()
    killed = time.monotonic()
    installation.wait(lambda: active(two), 10)
    assert time.monotonic() - killed < 4  # its lease of two seconds and a tick
    before = len(installation.marks())
    installation.wait(lambda: len(installation.marks()) >= before + 15, 20)
    two.terminate()
    installation.wait(lambda: not [run for run in installation.runs() if run.state_id in (QUEUED, RUNNING)], 15)

    runs, marks = installation.runs(), installation.marks()
    assert {run.state_id for run in runs} == {DONE}
    assert Counter(mark.run_id for mark in marks) == Counter(run.run_id for run in runs)  # each once
    assert overlaps(marks) == []
    for code in codes:
        seconds = [int(run.planned_at.replace(tzinfo=UTC).timestamp()) // 2 for run in runs if run.code == code]
        assert max(Counter(seconds).values()) == 1  # a tick is one run
        missed = seconds[-1] - seconds[0] + 1 - len(seconds)
        assert missed <= 2  # only while the place was vacant


@pytest.mark.mission("M230")
def test_a_changed_schedule_and_switch_are_seen_within_two_seconds(installation: Installation) -> None:
    installation.add("test_mark", "0 0 1 1 *")
    installation.worker()
    installation.scheduler()
    installation.wait(lambda: next_run(installation, "test_mark"), 10)
    assert installation.marks() == []

    installation.change_cron("test_mark", "* * * * * *")
    changed = time.time()
    first = installation.wait(lambda: installation.marks(), 5)[0]
    assert first.began - changed < 2.5  # the next whole second, a tick, and the way through the queue

    installation.change("test_mark", is_enabled=False)
    time.sleep(2)
    count = len(installation.marks())
    time.sleep(2)
    assert len(installation.marks()) == count
    assert next_run(installation, "test_mark") is None

    installation.change("test_mark", is_enabled=True)
    changed = time.time()
    installation.wait(lambda: len(installation.marks()) > count, 5)
    assert installation.marks()[-1].began - changed < 2.5


def next_run(installation: Installation, code: str) -> datetime | None:
    with installation.engine.connect() as connection:
        return connection.scalar(sa.select(Service.next_run_at).where(Service.code == code))


def test_after_downtime_there_is_one_run_to_catch_up(installation: Installation) -> None:
    long_ago = datetime.now(UTC).replace(tzinfo=None, microsecond=0) - timedelta(hours=5)
    installation.add("test_mark", f"{(datetime.now(UTC).minute + 30) % 60} * * * *", next_run_at=long_ago)
    installation.worker()
    installation.scheduler()
    installation.wait(lambda: installation.marks(), 10)
    time.sleep(2)
    assert len(installation.runs()) == 1
    assert next_run(installation, "test_mark") > long_ago + timedelta(hours=5)


def test_a_schedule_that_cannot_be_read_harms_only_its_own_service(installation: Installation) -> None:
    installation.add("test_mark-bad", "every day at noon")
    installation.add("test_mark-never", "0 0 30 2 *")
    installation.add("test_mark-good", "* * * * * *")
    installation.worker()
    scheduler = installation.scheduler()
    installation.wait(lambda: len(installation.marks()) >= 3, 10)
    assert {mark.code for mark in installation.marks()} == {"test_mark-good"}
    assert scheduler.text().count("This is not a schedule: every day at noon") == 1  # said once, not at every tick


def test_a_long_run_is_not_started_again_by_its_schedule(installation: Installation) -> None:
    installation.add("test_mark", "* * * * * *")
    installation.worker(2, TEST_MARK_SECONDS="2.5")
    installation.scheduler()
    installation.wait(lambda: len([mark for mark in installation.marks() if mark.ended]) >= 3, 20)
    assert overlaps(installation.marks()) == []
    assert Counter(run.state_id for run in installation.runs())[LOST] == 0


def test_a_killed_worker_loses_its_run_and_the_service_goes_on_after_the_lease(installation: Installation) -> None:
    installation.add("test_steps")
    first = installation.request("test_steps")
    installation.scheduler()
    worker = installation.worker()
    installation.wait(lambda: installation.run(first).progress > 3, 15)
    worker.kill_all()
    died = installation.run(first).heartbeat_at
    other = installation.worker()
    lost = installation.wait_state(first, LOST, LEASE + 5)
    assert timedelta(seconds=LEASE) <= lost.finished_at - died < timedelta(seconds=LEASE + 3)
    again = installation.wait(lambda: [run for run in installation.runs() if run.attempt_no == 2], 5)[0]
    installation.wait_state(again.run_id, RUNNING, 10)
    done = installation.wait_state(again.run_id, DONE, 25)
    assert (done.counts, done.progress, done.requested_by) == ('{"marks": 1}', 59, "ivanov")
    assert "отметка поставлена" in done.log
    assert len(installation.runs()) == 2
    assert other.terminate() == 0


def test_a_killed_run_process_alone_is_lost_and_its_worker_lives_on(installation: Installation) -> None:
    installation.add("test_steps")
    installation.add("test_mark")
    first = installation.request("test_steps")
    installation.scheduler()
    worker = installation.worker()
    installation.wait(lambda: installation.run(first).progress > 3, 15)
    process = int(installation.run(first).worker.split()[-1])
    next(child for child in worker.children() if child.pid == process).kill()
    installation.wait_state(first, LOST, LEASE + 5)
    installation.wait_state(installation.request("test_mark"), DONE, 25)
    assert worker.process.poll() is None


def test_a_run_that_was_given_up_for_dead_ends_without_touching_its_successor(installation: Installation) -> None:
    installation.add("test_steps")
    first = installation.request("test_steps")
    installation.scheduler()
    worker = installation.worker(2)
    installation.wait(lambda: installation.run(first).progress > 3, 15)
    process = int(installation.run(first).worker.split()[-1])
    frozen = next(child for child in worker.children() if child.pid == process)
    frozen.suspend()
    installation.wait_state(first, LOST, LEASE + 5)
    again = installation.wait(lambda: [run for run in installation.runs() if run.attempt_no == 2], 5)[0].run_id
    installation.wait_state(again, RUNNING, 10)
    frozen.resume()
    installation.wait(lambda: not frozen.is_running(), 10)
    assert installation.run(again).state_id == RUNNING
    installation.wait_state(again, DONE, 25)
    assert installation.run(first).state_id == LOST
    ended = [mark.run_id for mark in installation.marks() if mark.ended]
    assert ended == [again]


def test_a_worker_told_to_stop_gives_its_run_back(installation: Installation) -> None:
    installation.add("test_steps")
    first = installation.request("test_steps")
    installation.scheduler()
    worker = installation.worker()
    installation.wait(lambda: installation.run(first).progress > 3, 15)
    began = time.monotonic()
    assert worker.terminate() == 0
    assert time.monotonic() - began < 5
    stopped = installation.run(first)
    assert (stopped.state_id, stopped.error) == (FAILED, "Stopped together with its process; goes on by itself.")
    assert worker.children() == []
    installation.worker()
    installation.wait_state(installation.runs()[-1].run_id, DONE, 25)
    assert [run.attempt_no for run in installation.runs()] == [1, 2]


def test_a_run_that_takes_too_long_fails_and_is_tried_again_later(installation: Installation) -> None:
    installation.add("test_deaf", timeout_seconds=1)
    first = installation.request("test_deaf")
    installation.scheduler()
    installation.worker()
    failed = installation.wait_state(first, FAILED, 10)
    assert failed.error == "Not finished in 1 seconds."
    assert failed.finished_at - failed.started_at < timedelta(seconds=3)
    following = installation.runs()[-1]
    assert (following.state_id, following.attempt_no) == (QUEUED, 2)
    assert following.planned_at - failed.finished_at == timedelta(seconds=60)


def test_a_failure_says_what_is_wrong_and_a_service_of_no_release_too(installation: Installation) -> None:
    installation.add("test_fails")
    installation.add("unheard_of")
    one, two = installation.request("test_fails"), installation.request("unheard_of")
    installation.scheduler()
    installation.worker()
    assert installation.wait_state(one, FAILED, 10).error == "It cannot work. Mend it."
    assert installation.wait_state(two, FAILED, 10).error.startswith("There is no service unheard_of in this release.")
    assert "ERROR It cannot work. Mend it." in installation.run(one).log


def test_a_service_switched_off_before_its_run_began_does_not_run(installation: Installation) -> None:
    installation.add("test_mark", "* * * * * *")
    installation.scheduler()
    waiting = installation.wait(lambda: installation.runs(), 10)[0].run_id
    installation.change("test_mark", is_enabled=False)
    installation.worker()
    installation.wait_state(waiting, CANCELLED, 15)
    assert installation.marks() == []


def test_runs_for_campaigns_go_side_by_side_and_the_one_of_all_alone(installation: Installation) -> None:
    installation.add("test_mark")
    for campaign in (1, 2, 3):
        installation.request("test_mark", campaign)
    whole = installation.request("test_mark")
    installation.scheduler()
    installation.worker(3, TEST_MARK_SECONDS="1.5")
    installation.wait_state(whole, DONE, 30)
    installation.wait(lambda: all(run.state_id == DONE for run in installation.runs()), 15)
    marks = {mark.run_id: mark for mark in installation.marks()}
    for run_id, mark in marks.items():
        if run_id != whole:
            assert mark.ended <= marks[whole].began or mark.began >= marks[whole].ended
    assert len(overlaps([mark for mark in marks.values() if mark.run_id != whole])) >= 1


def test_an_emptied_redis_loses_no_run(installation: Installation) -> None:
    runs = []
    for number in range(10):
        installation.add(f"test_mark-{number}")
        runs.append(installation.request(f"test_mark-{number}"))
    installation.scheduler()
    with redis.Redis.from_url(installation.redis_url) as client:
        installation.wait(lambda: client.llen("rq:queue:acm") == 10, 10)
        client.flushall()
        installation.worker(2)
        for run_id in runs:
            installation.wait_state(run_id, DONE, 20)
    assert Counter(mark.run_id for mark in installation.marks()) == Counter(runs)


def test_a_job_that_comes_twice_runs_once(installation: Installation) -> None:
    installation.add("test_mark")
    run_id = installation.request("test_mark")
    with redis.Redis.from_url(installation.redis_url) as client:
        from jobs import queue

        queues = queue.job_queue(client)
        for number in range(5):  # under other names, so that Redis cannot know that they are the same
            queues.enqueue("jobs.run.execute", run_id, job_id=f"again-{number}")
        assert queue.enqueue(queues, run_id, 60)
        assert not queue.enqueue(queues, run_id, 60)
        installation.worker(3, TEST_MARK_SECONDS="1")
        installation.wait_state(run_id, DONE, 20)
        installation.wait(lambda: client.llen("rq:queue:acm") == 0, 10)
        time.sleep(1)
    assert len(installation.marks()) == 1


def test_a_job_taken_by_a_worker_that_died_at_once_is_queued_again(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker died between the queue and the claim: the job is gone from the queue, the run still waits."""
    from jobs import queue
    from jobs.scheduler import Scheduler

    installation.add("test_mark")
    run_id = installation.request("test_mark")
    monkeypatch.setattr(queue, "TAKEN_SECONDS", 1)
    monkeypatch.setattr(queue, "connect", lambda: redis.Redis.from_url(installation.redis_url))
    scheduler = Scheduler(installation.engine)
    with redis.Redis.from_url(installation.redis_url) as client:
        assert scheduler.tick()
        assert client.lpop("rq:queue:acm") == f"run-{run_id}".encode()
        scheduler.tick()
        assert client.llen("rq:queue:acm") == 0
        time.sleep(1.1)
        scheduler.tick()
        scheduler.tick()
        assert client.llen("rq:queue:acm") == 1


def test_runs_outlive_a_killed_valkey_and_workers_do_too(installation: Installation, home: Path) -> None:
    with EmbeddedValkey(home / "valkey") as valkey:
        here = {"ACM_REDIS_URL": valkey.url()}
        installation.add("test_mark", "* * * * * *")
        installation.add("test_steps")
        worker, scheduler = installation.worker(2, **here), installation.scheduler(**here)
        installation.wait(lambda: installation.marks(), 15)
        long = installation.request("test_steps")
        installation.wait(lambda: installation.run(long).progress > 3, 15)
        time.sleep(5)  # the guardian restarts only a server that has run for a while
        psutil_kill(valkey)
        count = len(installation.marks())
        installation.wait(lambda: len(installation.marks()) > count + 2, 30)
        assert installation.wait_state(long, DONE, 25).attempt_no == 1  # the run in hand did not notice
        assert worker.process.poll() is None
        assert scheduler.process.poll() is None
    assert overlaps(installation.marks()) == []


def psutil_kill(valkey: EmbeddedValkey) -> None:
    import psutil

    psutil.Process(valkey.pid).kill()


def test_a_redis_that_is_away_for_a_while_ends_nobody(installation: Installation, home: Path) -> None:
    valkey = EmbeddedValkey(home / "valkey").start()
    here = {"ACM_REDIS_URL": valkey.url()}
    installation.add("test_mark", "* * * * * *")
    worker, scheduler = installation.worker(1, **here), installation.scheduler(**here)
    installation.wait(lambda: installation.marks(), 15)
    valkey.stop(force=True)
    away = len(installation.marks())
    time.sleep(8)
    assert len(installation.marks()) <= away + 1
    assert worker.process.poll() is None
    assert scheduler.process.poll() is None
    with EmbeddedValkey(home / "valkey", port=valkey.port):
        installation.wait(lambda: len(installation.marks()) > away + 2, 20)
        assert scheduler.text().count("runs wait in the database") == 1
        assert worker.terminate() == 0
        assert scheduler.terminate() == 0


def test_a_database_that_is_restarted_again_and_again_ends_nobody(valkey_url: str, home: Path, tmp_path: Path) -> None:
    with EmbeddedPostgres(home / "postgresql", settings=NOT_DURABLE) as postgres:
        engine = create_engine(postgres.url(), "acm tests")
        upgrade(engine)
        environment = {
            "ACM_DATABASE_URL": postgres.url(),
            "ACM_REDIS_URL": valkey_url,
            "ACM_RUN_LEASE_SECONDS": "5",
            "ACM_SCHEDULER_LEASE_SECONDS": "2",
        }
        installation = Installation(engine, valkey_url, tmp_path, environment)
        try:
            for number in range(3):
                installation.add(f"test_mark-{number}", "* * * * * *")
            worker, scheduler = installation.worker(2, TEST_MARK_SECONDS="0.5"), installation.scheduler()
            for _again in range(3):
                count = len(installation.marks())
                installation.wait(lambda count=count: len(installation.marks()) > count + 4, 30)
                postgres.restart(immediate=True)
                engine.dispose()
            count = len(installation.marks())
            installation.wait(lambda: len(installation.marks()) > count + 4, 30)
            for number in range(3):
                installation.change(f"test_mark-{number}", is_enabled=False)
            # Retries of what failed meanwhile are cancelled when their moment comes; all else has come to its end.
            ended = (DONE, FAILED, LOST, CANCELLED)
            installation.wait(
                lambda: all(run.state_id in ended for run in installation.runs() if run.attempt_no == 1), 30
            )
            assert scheduler.terminate() == 0
            assert worker.process.poll() is None
            assert overlaps(installation.marks()) == []
            assert DONE in {run.state_id for run in installation.runs()[-6:]}
        finally:
            installation.close()
            engine.dispose()


def test_a_worker_without_any_redis_can_be_stopped(installation: Installation) -> None:
    worker = installation.start("worker", "2", ACM_REDIS_URL="redis://127.0.0.1:1/0")
    installation.wait(lambda: worker.text().count("waits for Redis") == 2, 15)
    assert worker.terminate(10) == 0


def test_a_redis_url_that_is_none_ends_the_worker_with_a_word(installation: Installation) -> None:
    worker = installation.start("worker", "1", ACM_REDIS_URL="http://user:geheim1@host/")
    assert worker.process.wait(20) == 1
    assert "ACM_REDIS_URL is not the URL of a Redis." in worker.text()
    assert "geheim1" not in worker.text()
