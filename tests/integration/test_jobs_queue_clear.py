"""Clearing the queue in Cisco's order: what rings is waited for, what was dialled counts, the rest comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from contact_centre import rig
from dialing_scene import CONFIRMED, FINAL, RECALLED, SENT, Scene, clean

from app import clock
from app.database.engine import create_engine
from app.dialer.client import CiscoClient, Retries
from app.models.contact import Phone
from app.models.dialing import Record
from app.models.ops import ServiceRun
from app.procedures import contacts, dialing, ops
from jobs import dialers, queue_clear, run


@pytest.fixture
def scene(server: Any, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    url, hds_url = make_database(), server.create()
    engine = create_engine(url, "acm tests")
    clean(engine)
    monkeypatch.setattr(dialers, "RETRIES", Retries(attempts=2, first_seconds=0.01, most_seconds=0.02))
    with rig(hds_url) as centre:
        monkeypatch.setattr(clock, "now", centre.clock)
        # While the clearing waits, the contact centre's time goes on.
        monkeypatch.setattr(run.Run, "sleep", lambda self, seconds: centre.play(seconds=max(seconds, 1)))
        scene = Scene(engine, centre, hds_url)
        yield scene
        centre.clear_faults()
    engine.dispose()
    server.drop(hds_url)


def final_results(scene: Scene, number: int) -> set[str]:
    return {
        row["AccountNumber"]
        for row in scene.rig.details(number)
        if row["CallStatusZone1"] in FINAL and row["AccountNumber"]
    }


@pytest.mark.mission("M186", "M191")
def test_the_queue_of_a_ringing_campaign_comes_back_whole(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 100, block_size=10, queue_depth=60)
    other = scene.add_campaign("B", 50)
    scene.run()
    scene.rig.play(seconds=40)
    number = scene.campaign(campaign_id).dialer_campaign_id
    statuses = scene.rig.statuses(number)
    assert statuses["A"] > 0  # some ring
    assert statuses["P"] > 0
    handed_over = scene.keys_out(campaign_id)
    others = scene.keys_out(other)

    outcome = scene.run("queue_clear", campaign_id)
    assert outcome.state == "done"
    dialled = final_results(scene, number)
    assert len(dialled) > 0
    assert outcome.counts["records_recalled"] == 60 - len(dialled)
    assert scene.attempts(campaign_id) == len(dialled)
    assert scene.keys_returned(campaign_id) == dict.fromkeys(handed_over - dialled, 2)
    assert scene.keys_out(campaign_id) == set()
    assert scene.keys_at_dialer(campaign_id) == []
    assert scene.rig.client.get_campaign(number).enabled
    assert scene.campaign(campaign_id).dialer_state == "enabled"
    assert {state for state, _size in scene.blocks(campaign_id)} <= {CONFIRMED, RECALLED}
    assert others <= scene.keys_out(other) | final_results(scene, scene.campaign(other).dialer_campaign_id)
    assert "taken back" in scene.log()
    scene.assert_books_balance()

    scene.run()
    assert len(scene.keys_out(campaign_id)) == 60
    scene.assert_nothing_sent_twice(campaign_id)


@pytest.mark.mission("M106", "M107", "M186")
def test_a_blocked_phone_is_recalled_from_the_dialer_and_the_others_are_dialled_again(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 30, block_size=10, queue_depth=30)
    scene.run()
    assert len(scene.keys_out(campaign_id)) == 30
    with scene.engine.begin() as connection:
        phone_id, key = connection.execute(
            sa.select(Record.phone_id, Record.record_key).order_by(Record.block_id.desc(), Record.position.desc())
        ).first()  # type: ignore[misc]
        number = connection.scalar(sa.select(Phone.number).where(Phone.phone_id == phone_id))
        blocked = contacts.phone_block(connection, phone_id, True, by="ivanov", now=scene.rig.clock())
    assert tuple(blocked) == (1, 1, 1)
    with scene.engine.connect() as connection:
        run_id = connection.scalar(sa.select(sa.func.max(ServiceRun.run_id)))
    assert run.perform(scene.engine, run_id).state == "done"
    assert key in scene.keys_returned(campaign_id)
    assert " are taken back in " in scene.log(run_id)  # and how long it took
    with scene.engine.connect() as connection:
        row = connection.execute(
            sa.select(ServiceRun.started_at, ServiceRun.finished_at).where(ServiceRun.run_id == run_id)
        ).one()
    assert row.finished_at >= row.started_at
    dialled_before = scene.attempts(campaign_id)
    scene.run()
    out = scene.keys_out(campaign_id)
    assert len(out) == 29 - dialled_before
    with scene.engine.connect() as connection:
        numbers = set(connection.scalars(sa.select(Record.number).where(Record.campaign_id == campaign_id)))
    assert number not in numbers
    assert not out & {key}
    for _ in range(10):
        scene.rig.play(minutes=1)
        scene.run()
    assert scene.attempts(campaign_id) > dialled_before
    with scene.engine.connect() as connection:
        assert connection.scalar(sa.select(Phone.attempts).where(Phone.phone_id == phone_id)) == 0
    scene.assert_nothing_sent_twice(campaign_id)
    scene.assert_books_balance()


def test_a_stopped_campaign_stays_paused_after_its_clearing(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 50)
    scene.run()
    with scene.engine.begin() as connection:
        dialing.campaign_stop(connection, campaign_id, scene.rig.clock())
    scene.run("queue_clear", campaign_id)
    number = scene.campaign(campaign_id).dialer_campaign_id
    assert not scene.rig.client.get_campaign(number).enabled
    assert scene.keys_out(campaign_id) == set()


def test_on_its_schedule_it_clears_every_campaign_that_is_out(scene: Scene) -> None:
    one, two = scene.add_campaign("A", 50), scene.add_campaign("B", 50)
    scene.add_campaign("never", 5, start=False)
    scene.run()
    outcome = scene.run("queue_clear")
    assert outcome.state == "done"
    assert outcome.counts["records_recalled"] + scene.attempts(one) + scene.attempts(two) == 60
    assert scene.keys_out(one) | scene.keys_out(two) == set()
    assert scene.run("queue_clear").counts == {}


def test_a_late_result_of_a_recalled_record_still_counts(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 20, queue_depth=20)
    scene.rig.fault("late_rows", rate=1, seconds=600)
    scene.run()
    scene.rig.play(seconds=100)
    scene.run("queue_clear", campaign_id)
    returned = scene.keys_returned(campaign_id)
    number = scene.campaign(campaign_id).dialer_campaign_id
    scene.rig.clear_faults()
    scene.rig.play(minutes=15)
    late = final_results(scene, number) & set(returned)
    assert late
    before = scene.attempts(campaign_id)
    scene.run()
    assert scene.attempts(campaign_id) >= before + len(late)
    scene.assert_books_balance()


def test_a_block_still_on_its_way_is_deleted_too(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The import hung, and was worked on only after the first deletion."""
    campaign_id = scene.add_campaign("A", 30, queue_depth=10)
    scene.hang("hang", path="/import", method="POST", count=1)
    scene.run()
    assert scene.blocks(campaign_id) == [(SENT, 10)]
    number = scene.campaign(campaign_id).dialer_campaign_id
    keys = sorted(scene.keys_out(campaign_id))
    original = CiscoClient.delete_records
    deletions: list[int] = []

    def delete(self: CiscoClient, campaign: int) -> None:
        original(self, campaign)
        deletions.append(campaign)
        if len(deletions) == 1:
            from app.dialer.records import ImportRecord

            late = [ImportRecord(key, (f"7900000{place:04}",), -180) for place, key in enumerate(keys)]
            scene.rig.client.import_records(campaign, late)

    monkeypatch.setattr(CiscoClient, "delete_records", delete)
    scene.run("queue_clear", campaign_id)
    assert deletions == [number, number]
    assert scene.keys_at_dialer(campaign_id) == []
    assert scene.keys_returned(campaign_id) == dict.fromkeys(keys, 2)
    scene.assert_books_balance()


def test_a_deletion_without_an_answer_is_looked_after(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 30)
    scene.run()
    scene.hang("hang_after", path="/import", method="DELETE", count=1)
    assert scene.run("queue_clear", campaign_id).state == "done"
    assert scene.keys_at_dialer(campaign_id) == []
    assert scene.keys_out(campaign_id) == set()


def test_without_the_results_nothing_is_taken_back_and_it_is_tried_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign_id = scene.add_campaign("A", 30)
    scene.run()
    monkeypatch.setattr(dialers, "read_results", fails)
    outcome = scene.run("queue_clear", campaign_id)
    assert outcome.state == "failed"
    assert len(scene.keys_out(campaign_id)) == 30
    with scene.engine.connect() as connection:
        again = connection.execute(
            sa.select(ServiceRun.campaign_id, ServiceRun.attempt_no, ServiceRun.requested_by).where(
                ServiceRun.state_id == 1
            )
        ).all()
    assert [tuple(row) for row in again] == [(campaign_id, 2, "ivanov")]


def fails(*_values: object) -> int:
    raise RuntimeError("the historical database is away")


@pytest.mark.parametrize("step", ["pause_campaign", "await_silence", "delete_records", "await_results", "block_recall"])
def test_a_clearing_killed_at_any_step_is_done_again(scene: Scene, step: str) -> None:
    import os
    import signal

    campaign_id = scene.add_campaign("A", 60, queue_depth=40)
    scene.run()
    scene.rig.play(seconds=30)
    owner = {"block_recall": dialing, "pause_campaign": CiscoClient, "delete_records": CiscoClient}.get(
        step, queue_clear.Clearing
    )

    def plant() -> None:
        # Two processes must not both play the contact centre: here its time goes by without a call.
        run.Run.sleep = lambda _self, seconds: scene.rig.clock.turn(seconds=max(seconds, 1))  # type: ignore[method-assign]
        original = getattr(owner, step)

        def patched(*values: Any, **named: Any) -> Any:
            original(*values, **named)
            os.kill(os.getpid(), signal.SIGKILL)

        setattr(owner, step, patched)

    scene.killed(plant, "queue_clear", campaign_id)
    outcome = scene.run("queue_clear", campaign_id)
    assert outcome.state == "done"
    number = scene.campaign(campaign_id).dialer_campaign_id
    assert scene.keys_at_dialer(campaign_id) == []
    assert scene.keys_out(campaign_id) == set()
    assert scene.attempts(campaign_id) == len(final_results(scene, number))
    assert scene.rig.client.get_campaign(number).enabled
    scene.assert_books_balance()


def test_a_campaign_that_was_never_at_a_dialer_is_simply_empty(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 5, start=False, dialer_id=None)
    outcome = scene.run("queue_clear", campaign_id)
    assert (outcome.state, outcome.counts) == ("done", {"records_recalled": 0})


def test_a_campaign_that_the_dialer_lost_gives_its_records_back(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 30)
    scene.run()
    scene.rig.client.delete_campaign(scene.campaign(campaign_id).dialer_campaign_id)
    assert scene.run("queue_clear", campaign_id).counts["records_recalled"] == 30


def test_no_block_goes_out_while_the_queue_is_cleared(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign_id = scene.add_campaign("A", 100, queue_depth=20)
    scene.run()
    seen: list[int] = []

    def synchronise(self: run.Run, seconds: float) -> None:
        scene.rig.play(seconds=max(seconds, 1))
        scene.run()
        seen.append(len(scene.keys_at_dialer(campaign_id)))

    original = queue_clear.Clearing._read

    def read(self: Any, *values: Any) -> None:
        original(self, *values)
        synchronise(self.run, 1)

    monkeypatch.setattr(queue_clear.Clearing, "_read", read)
    scene.run("queue_clear", campaign_id)
    assert seen
    assert set(seen) == {0}


def test_progress_of_a_clearing_can_be_watched(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 30)
    scene.run()
    seen: list[tuple[int, int | None]] = []
    run.perform(scene.engine, scene.request("queue_clear", campaign_id), lambda one: seen.append((one.done, one.total)))
    assert seen[0] == (0, 6)
    assert seen[-1] == (6, 6)
    assert [done for done, _total in seen] == sorted(done for done, _total in seen)


def test_two_requests_for_one_campaign_are_one_run(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 30)
    assert scene.request("queue_clear", campaign_id) == scene.request("queue_clear", campaign_id)
    with scene.engine.begin() as connection:
        assert ops.run_request(connection, "queue_clear", "petrova", campaign_id + 1).is_new


def test_the_wait_for_what_rings_has_an_end(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign_id = scene.add_campaign("A", 30)
    scene.run()
    scene.rig.play(seconds=30)
    monkeypatch.setattr(CiscoClient, "list_records", stuck)
    began: datetime = scene.rig.clock()
    scene.run("queue_clear", campaign_id)
    assert "some records may still ring." in scene.log()
    assert scene.rig.clock() - began < queue_clear.RINGING_LIMIT + queue_clear.STRAGGLERS + timedelta(minutes=1)


def stuck(_self: CiscoClient, _campaign: int, _search: str = "") -> list[Any]:
    from app.dialer.items import ImportedRecord

    return [ImportedRecord(1, "x", (), "active", 0, 1, None)]
