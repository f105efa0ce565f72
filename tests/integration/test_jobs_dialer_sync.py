"""The dialer synchronisation against the simulated contact centre, over HTTP and SQL: nothing lost, none sent twice."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from contact_centre import PASSWORD, rig
from dialing_scene import CONFIRMED, FAILED, FINAL, SENT, TAKEN, Scene, clean

from app import clock
from app.database.engine import create_engine
from app.dialer.client import CiscoClient, Retries
from app.models.contact import Phone
from app.models.dialing import Dialer
from app.models.strategy import Campaign
from app.procedures import dialing
from app.settings import get_settings
from jobs import dialer_sync, dialers, run


@pytest.fixture
def scene(server: Any, make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    url, hds_url = make_database(), server.create()
    engine = create_engine(url, "acm tests")
    clean(engine)
    monkeypatch.setattr(dialers, "RETRIES", Retries(attempts=2, first_seconds=0.01, most_seconds=0.02))
    with rig(hds_url) as centre:
        monkeypatch.setattr(clock, "now", centre.clock)
        scene = Scene(engine, centre, hds_url)
        yield scene
        centre.clear_faults()
    engine.dispose()
    server.drop(hds_url)


# The usual way


@pytest.mark.mission("M47", "M48", "M229")
def test_a_started_campaign_is_made_at_the_dialer_and_gets_whole_blocks_up_to_its_depth(scene: Scene) -> None:
    campaign_id = scene.add_campaign("TEST.1", 50, block_size=10, queue_depth=30)
    outcome = scene.run()
    assert outcome.state == "done"
    assert outcome.counts == {
        "campaigns_made": 1,
        "campaigns_started": 1,
        "blocks_confirmed": 3,
        "records_handed_over": 30,
    }
    campaign = scene.campaign(campaign_id)
    cisco = scene.rig.client.get_campaign(campaign.dialer_campaign_id)
    assert (cisco.name, cisco.description, cisco.enabled) == ("TEST.1", "Кампания TEST.1", True)
    assert (cisco.dialing_mode, cisco.max_attempts) == ("PROGRESSIVEONLY", 1)
    assert [(group.skill_group_id, group.dialed_number) for group in cisco.skill_groups] == [(5001, "7001")]
    assert (campaign.dialer_campaign_name, campaign.dialer_state) == ("TEST.1", "enabled")
    assert campaign.dialer_state_at == scene.rig.clock()
    assert scene.blocks(campaign_id) == [(CONFIRMED, 10)] * 3
    assert sorted(scene.keys_at_dialer(campaign_id)) == sorted(scene.keys_out(campaign_id))
    row = scene.rig.rows('SELECT * FROM "Dialing_List" ORDER BY "DialingListID"')[0]
    assert (row.FirstName, row.TimeZoneBias, row.DstObserved) == ("Анна Мария", -180, "N")
    assert row.LastName.startswith("О Нил ")

    assert scene.run().counts == {}  # the depth is met
    assert len(scene.keys_at_dialer(campaign_id)) == 30


def test_results_are_applied_once_and_make_room_for_new_blocks(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 100, block_size=10, queue_depth=30)
    scene.run()
    scene.rig.play(minutes=10)
    first = scene.run()
    assert first.counts["results_applied"] >= 20
    assert scene.attempts(campaign_id) == first.counts["results_applied"]
    assert len(scene.keys_out(campaign_id)) == 30
    again = scene.run()
    assert "results_applied" not in again.counts or again.counts["results_applied"] == 0
    scene.rig.play(minutes=30)
    scene.run()
    rows = scene.rig.details(scene.campaign(campaign_id).dialer_campaign_id)
    final = {row["AccountNumber"] for row in rows if row["CallStatusZone1"] in "CMJRXFLIO"}
    assert scene.attempts(campaign_id) == len(final)
    scene.assert_books_balance()
    scene.assert_nothing_sent_twice(campaign_id)


def test_an_hour_of_work_with_misfortunes_balances(scene: Scene) -> None:
    """Late, repeated, doubled, unknown and unordered rows; an import that hangs, one that fails after its work."""
    campaign_id = scene.add_campaign("A", 120, block_size=10, queue_depth=40)
    for name in ("late_rows", "duplicate_rows", "repeated_results", "out_of_order"):
        scene.rig.fault(name, rate=0.2, seconds=200)
    scene.rig.fault("unknown_accounts", rate=0.1)
    for minute in range(30):
        if minute % 10 == 3:
            scene.rig.fault("error500_after", path="/import", method="POST", count=1)
        if minute % 10 == 7:
            scene.hang("hang_after", path="/import", method="POST", count=1)
        scene.run()
        scene.rig.play(minutes=2)
    scene.rig.clear_faults()
    for _more in range(4):
        scene.rig.play(minutes=8)
        scene.run()
    rows = scene.rig.details(scene.campaign(campaign_id).dialer_campaign_id)
    mine = [row for row in rows if row["CallStatusZone1"] in "CMJRXFLIO" and row["AccountNumber"]]
    known = scene.keys_at_dialer(campaign_id)
    assert scene.attempts(campaign_id) == len({row["AccountNumber"] for row in mine if row["AccountNumber"] in known})
    assert scene.attempts(campaign_id) > 100
    assert all(state in (CONFIRMED, FAILED) for state, _size in scene.blocks(campaign_id))
    scene.assert_books_balance()
    scene.assert_nothing_sent_twice(campaign_id)


@pytest.mark.mission("M187", "M194", "M195")
def test_the_campaign_at_the_dialer_is_paused_and_started_with_ours(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 5)
    scene.run()
    number = scene.campaign(campaign_id).dialer_campaign_id
    with scene.engine.begin() as connection:
        dialing.campaign_stop(connection, campaign_id, scene.rig.clock())
    assert scene.run().counts["campaigns_paused"] == 1
    assert not scene.rig.client.get_campaign(number).enabled
    assert scene.campaign(campaign_id).dialer_state == "disabled"
    assert scene.run().counts == {}
    with scene.engine.begin() as connection:
        dialing.campaign_start(connection, campaign_id, scene.rig.clock())
    assert scene.run().counts["campaigns_started"] == 1
    assert scene.rig.client.get_campaign(number).enabled


def test_a_campaign_that_never_started_is_not_made_at_the_dialer(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 5, start=False)
    assert scene.run().state == "done"
    assert scene.campaign(campaign_id).dialer_campaign_id is None
    assert list(scene.rig.client.list_campaigns()) == []


def test_an_archived_campaign_that_still_dials_is_paused(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 5)
    scene.run()
    with scene.engine.begin() as connection:
        connection.execute(sa.update(Campaign).where(Campaign.campaign_id == campaign_id).values(state_id=3))
    assert scene.run().counts["campaigns_paused"] == 1
    assert scene.run().counts == {}


@pytest.mark.mission("M190")
def test_agents_at_work_are_counted(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 50, queue_depth=50)
    scene.run()
    assert scene.campaign(campaign_id).agents_working is None  # nothing was known when the run began
    for _minute in range(20):
        scene.rig.play(seconds=30)
        group = scene.rig.rows('SELECT * FROM "Skill_Group_Real_Time" WHERE "SkillTargetID" = 5001')[0]._mapping
        names = [name for name in group if name.startswith("Talking") or name in ("WorkReady", "WorkNotReady")]
        working = sum(group[name] for name in [*names, "ReservedAgents"])
        scene.run()
        assert scene.campaign(campaign_id).agents_working == working
        if working:
            return
    raise AssertionError("nobody ever worked")


# Unclear answers: settled by asking, never by sending again


def sent_once(scene: Scene, campaign_id: int) -> None:
    scene.assert_nothing_sent_twice(campaign_id)
    assert sorted(scene.keys_at_dialer(campaign_id)) == sorted(scene.keys_out(campaign_id))
    assert scene.all_keys_ever_stored() == len(scene.keys_out(campaign_id))
    scene.assert_books_balance()


@pytest.mark.parametrize("fault", ["hang_after", "error500_after"])
def test_a_block_accepted_without_an_answer_is_settled_by_asking(scene: Scene, fault: str) -> None:
    campaign_id = scene.add_campaign("A", 50)
    scene.hang(fault, path="/import", method="POST", count=1)
    outcome = scene.run()
    assert scene.blocks(campaign_id) == [(SENT, 10)]
    assert "The next run asks for it." in scene.log()
    assert "records_handed_over" not in outcome.counts
    outcome = scene.run()
    assert scene.blocks(campaign_id) == [(CONFIRMED, 10)] * 3
    assert outcome.counts["records_handed_over"] == 30
    sent_once(scene, campaign_id)


@pytest.mark.parametrize("fault", ["hang", "lose_import", "garbage", "error500"])
def test_a_block_that_did_not_arrive_comes_back_after_the_grace_and_not_before(scene: Scene, fault: str) -> None:
    campaign_id = scene.add_campaign("A", 50)
    lost_by_dialer = fault == "lose_import"
    options = {} if lost_by_dialer else {"path": "/import", "method": "POST"}
    scene.hang(fault, count=1, **options)
    scene.run()
    assert scene.blocks(campaign_id) == [(SENT, 10)]
    first_keys = scene.keys_out(campaign_id)
    scene.rig.clear_faults()
    scene.rig.clock.turn(seconds=119)
    scene.run()
    assert scene.blocks(campaign_id) == [(SENT, 10)]  # one in flight: no other block goes out
    assert scene.keys_at_dialer(campaign_id) == []
    scene.rig.clock.turn(seconds=1)
    outcome = scene.run()
    assert scene.blocks(campaign_id) == [(FAILED, 10), *[(CONFIRMED, 10)] * 3]
    assert outcome.counts["blocks_failed"] == 1
    assert scene.keys_returned(campaign_id) == dict.fromkeys(first_keys, 1)
    assert "none of its records is there" in scene.block_messages(campaign_id)[0]
    sent_once(scene, campaign_id)


def test_a_block_of_which_only_a_part_arrived_keeps_that_part(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 50)
    scene.hang("hang_after", path="/import", method="POST", count=1)
    scene.run()
    with scene.rig.engine.begin() as connection:
        connection.execute(sa.text('DELETE FROM "Dialing_List" WHERE "DialingListID" % 3 = 0'))
    there = set(scene.keys_at_dialer(campaign_id))
    missing = scene.keys_out(campaign_id) - there
    assert 0 < len(missing) < 10
    scene.rig.clock.turn(seconds=60)
    scene.run()
    assert scene.blocks(campaign_id) == [(SENT, 10)]
    scene.rig.clock.turn(seconds=60)
    outcome = scene.run()
    assert outcome.counts["records_lost"] == len(missing)
    assert scene.keys_returned(campaign_id) == dict.fromkeys(missing, 3)
    assert scene.blocks(campaign_id)[0] == (CONFIRMED, 10)
    assert there < scene.keys_out(campaign_id)
    scene.assert_nothing_sent_twice(campaign_id)
    scene.assert_books_balance()


def test_an_unsettled_block_whose_results_have_come_is_confirmed(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 10, queue_depth=10)
    scene.hang("hang_after", path="/import", method="POST", count=1)
    scene.run()
    scene.rig.clear_faults()
    scene.rig.play(minutes=20)
    scene.run()
    assert scene.blocks(campaign_id)[0] == (CONFIRMED, 10)
    assert scene.keys_returned(campaign_id) == {}
    scene.assert_books_balance()


def test_a_busy_dialer_gets_the_records_at_the_next_run(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 50)
    scene.rig.fault("busy", path="/import", method="POST")
    outcome = scene.run()
    assert outcome.counts["blocks_failed"] == 1
    assert scene.blocks(campaign_id) == [(FAILED, 10)]
    assert scene.block_messages(campaign_id) == ["The dialer's queue is full."]
    assert scene.keys_out(campaign_id) == set()
    scene.rig.clear_faults()
    scene.run()
    sent_once(scene, campaign_id)
    assert len(scene.keys_out(campaign_id)) == 30


def test_a_refused_block_comes_back_with_the_dialers_words(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign_id = scene.add_campaign("A", 50)
    other = scene.add_campaign("B", 50)
    scene.run()
    for one in (campaign_id, other):
        with scene.engine.begin() as connection:
            dialing.block_recall(connection, one, scene.rig.clock())
    with scene.rig.engine.begin() as connection:  # the import of another program fixed other columns for the first
        connection.execute(
            sa.text('UPDATE "Campaign" SET "Simulator_ImportColumns" = \'Phone01\' WHERE "CampaignID" = :c'),
            {"c": scene.campaign(campaign_id).dialer_campaign_id},
        )
    outcome = scene.run()
    assert outcome.state == "done"
    assert outcome.counts["errors"] == 1
    assert scene.blocks(campaign_id)[-1] == (FAILED, 10)
    assert "The columns differ from those of the first import" in scene.block_messages(campaign_id)[-1]
    assert "The columns differ from those of the first import" in scene.log()
    assert scene.keys_out(campaign_id) == set()
    assert len(scene.keys_out(other)) == 30


# A killed run: at every step between taking a block and confirming it


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def after(owner: Any, name: str, count: int = 1) -> Callable[[], None]:
    """Kill the process when the function of that name has returned for the count-th time."""

    def plant() -> None:
        original = getattr(owner, name)
        calls = []

        def patched(*values: Any, **named: Any) -> Any:
            result = original(*values, **named)
            calls.append(1)
            if len(calls) == count:
                die()
            return result

        setattr(owner, name, patched)

    return plant


def before(owner: Any, name: str, count: int = 1) -> Callable[[], None]:
    """Kill the process when the function of that name is called for the count-th time."""

    def plant() -> None:
        original = getattr(owner, name)
        calls = []

        def patched(*values: Any, **named: Any) -> Any:
            calls.append(1)
            if len(calls) == count:
                die()
            return original(*values, **named)

        setattr(owner, name, patched)

    return plant


STEPS = {
    "before the campaign is made": (before(CiscoClient, "create_campaign"), []),
    "after the campaign was made": (after(CiscoClient, "create_campaign"), []),
    "before the first block": (before(dialing, "block_take"), []),
    "in the transaction that takes": (after(dialing, "block_take"), []),
    "after taking": (before(dialer_sync.CampaignSync, "_send"), [(TAKEN, 10)]),
    "in the transaction that marks": (after(dialing, "block_send"), [(TAKEN, 10)]),
    "after marking, before sending": (before(CiscoClient, "import_records"), [(SENT, 10)]),
    "after sending": (after(CiscoClient, "import_records"), [(SENT, 10)]),
    "before confirming": (before(dialing, "block_confirm"), [(SENT, 10)]),
    "in the transaction that confirms": (after(dialing, "block_confirm"), [(SENT, 10)]),
    "after confirming the first": (after(dialer_sync.CampaignSync, "_confirm"), [(CONFIRMED, 10)]),
    "after sending the third": (after(CiscoClient, "import_records", 3), [*[(CONFIRMED, 10)] * 2, (SENT, 10)]),
}


@pytest.mark.parametrize("step", STEPS)
def test_a_run_killed_at_any_step_leaves_nothing_lost_and_nothing_sent_twice(scene: Scene, step: str) -> None:
    plant, left = STEPS[step]
    campaign_id = scene.add_campaign("A", 50)
    scene.killed(plant)
    assert scene.blocks(campaign_id) == left
    scene.run()
    scene.rig.clock.turn(seconds=121)  # a block that was marked and not sent waits for the grace
    scene.run()
    assert len(list(scene.rig.client.list_campaigns())) == 1
    states = [state for state, _size in scene.blocks(campaign_id)]
    assert set(states) <= {CONFIRMED, FAILED}
    assert states.count(FAILED) == (1 if step == "after marking, before sending" else 0)
    assert len(scene.keys_out(campaign_id)) == 30
    sent_once(scene, campaign_id)


@pytest.mark.parametrize("step", ["in the transaction", "after it"])
def test_a_run_killed_while_it_applies_results_applies_them_once(scene: Scene, step: str) -> None:
    campaign_id = scene.add_campaign("A", 50)
    scene.run()
    scene.rig.play(minutes=15)
    plant = after(dialing, "result_apply") if step == "in the transaction" else after(dialers, "_apply")
    scene.killed(plant)
    applied = scene.attempts(campaign_id)
    assert (applied == 0) is (step == "in the transaction")
    with scene.engine.connect() as connection:
        read_to = connection.scalar(sa.select(Dialer.read_to))
    assert (read_to is None) is (step == "in the transaction")
    scene.run()
    rows = scene.rig.details(scene.campaign(campaign_id).dialer_campaign_id)
    assert scene.attempts(campaign_id) == len({row["AccountNumber"] for row in rows if row["CallStatusZone1"] in FINAL})
    scene.assert_books_balance()


def test_a_taken_block_is_not_sent_when_it_is_old_or_its_campaign_stopped(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 50)
    other = scene.add_campaign("B", 50)
    scene.run()
    plant = STEPS["after taking"][0]
    for one in (campaign_id, other):
        with scene.engine.begin() as connection:
            dialing.block_recall(connection, one, scene.rig.clock())
    scene.killed(plant)
    taken = scene.keys_out(campaign_id)
    assert len(taken) == 10
    with scene.engine.begin() as connection:
        dialing.campaign_stop(connection, campaign_id, scene.rig.clock())
    scene.run()
    assert scene.blocks(campaign_id)[-1] == (FAILED, 10)
    assert scene.block_messages(campaign_id) == ["It was taken, but not sent in time."]
    with scene.engine.begin() as connection:
        dialing.campaign_start(connection, campaign_id, scene.rig.clock())
        dialing.block_recall(connection, other, scene.rig.clock())
    scene.killed(plant)
    scene.rig.clock.turn(minutes=5, seconds=1)
    scene.run()
    assert scene.blocks(campaign_id)[-4:] == [(FAILED, 10), *[(CONFIRMED, 10)] * 3]
    assert not taken & set(scene.keys_at_dialer(campaign_id))


def test_a_run_given_up_for_dead_sends_nothing_more(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign_id = scene.add_campaign("A", 50)
    original = dialing.block_take

    def take_and_lose(connection: Any, campaign: int, now: Any) -> Any:
        rows = original(connection, campaign, now)
        running.append(1)
        return rows

    running: list[int] = []
    monkeypatch.setattr(dialing, "block_take", take_and_lose)
    monkeypatch.setattr(run.Run, "check", lambda self, stop=True: _lost() if running else None)
    outcome = scene.run()
    assert outcome.error == "The run was given up for dead, and another one goes on."
    assert scene.blocks(campaign_id) == [(TAKEN, 10)]
    assert scene.keys_at_dialer(campaign_id) == []


def _lost() -> None:
    raise run.RunLost


# One campaign's or one dialer's trouble is not the others'


def test_a_dialer_that_is_silent_for_one_campaign_does_not_stop_the_others(scene: Scene) -> None:
    one, two = scene.add_campaign("A", 50), scene.add_campaign("B", 50)
    scene.run()
    with scene.engine.begin() as connection:
        for campaign_id in (one, two):
            dialing.block_recall(connection, campaign_id, scene.rig.clock())
    number = scene.campaign(one).dialer_campaign_id
    scene.hang("hang", path=f"/campaign/{number}")
    outcome = scene.run()
    assert outcome.state == "done"
    assert outcome.counts["records_handed_over"] == 30
    assert len(scene.keys_out(two)) == 30
    assert "A: The dialer at" in scene.log()


def test_a_dialer_that_cannot_be_reached_does_not_stop_the_other(scene: Scene) -> None:
    dead = scene.add_dialer("dead", "http://127.0.0.1:9", hds_url="postgresql+psycopg://u:geheim1@127.0.0.1:9/hds")
    ill = [scene.add_campaign(code, 20, dialer_id=dead) for code in ("X", "Y", "Z")]
    well = scene.add_campaign("W", 50)
    outcome = scene.run()
    assert outcome.state == "done"
    assert len(scene.keys_out(well)) == 30
    assert [scene.blocks(campaign_id) for campaign_id in ill] == [[], [], []]
    log = scene.log()
    assert "The results of the dialer dead cannot be read" in log
    assert log.count("cannot be reached") == 2  # the third is left for the next run
    assert "The dialer dead is left alone until the next run." in log
    assert "geheim1" not in log
    assert PASSWORD not in log


def test_when_nothing_at_all_could_be_done_the_run_fails(scene: Scene) -> None:
    with scene.engine.begin() as connection:
        connection.execute(
            sa.update(Dialer).values(base_url="http://127.0.0.1:9", hds_url_encrypted="was stored with another key")
        )
    scene.add_campaign("A", 5)
    outcome = scene.run()
    assert (outcome.state, outcome.error) == ("failed", "Nothing could be synchronised; the log says why.")
    assert "A stored password cannot be read with the present key." in scene.log()


def test_a_wrong_password_is_said_and_not_shown(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 5)
    scene.rig.fault("unauthorized")
    outcome = scene.run()
    assert "The dialer refuses the sign-in of administrator@simulator.test." in scene.log()
    assert PASSWORD not in scene.log()
    assert outcome.counts["errors"] == 1
    assert scene.blocks(campaign_id) == []


# The campaign at the dialer


@pytest.mark.mission("M193")
def test_a_campaign_of_that_name_is_found_and_not_made_again(scene: Scene) -> None:
    number = scene.rig.campaign(name="Winter_2026", enabled=True, max_attempts=5)
    campaign_id = scene.add_campaign("Зима 2026", 20, dialer_campaign_name="Winter_2026")
    scene.run()
    assert scene.campaign(campaign_id).dialer_campaign_id == number
    cisco = scene.rig.client.get_campaign(number)
    assert (cisco.max_attempts, cisco.enabled) == (1, True)
    assert len(scene.keys_at_dialer(campaign_id)) == 20


def test_two_campaigns_never_share_one_at_the_dialer(scene: Scene) -> None:
    scene.add_campaign("A", 20)
    scene.run()
    other = scene.add_campaign("B", 20, dialer_campaign_name="A")
    scene.run()
    assert "B: The dialer's campaign A is that of campaign A already." in scene.log()
    assert scene.campaign(other).dialer_campaign_id is None


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("TEST_1.a", "TEST_1.a"),
        ("1", "1"),
        ("A-1", "A_1_7"),
        ("A 1", "A_1_7"),
        ("Зима", "acm_7"),
        ("ABC Зима", "ABC_7"),
        ("_x", "x_7"),
        ("dnc", "dnc_7"),
        ("X" * 33, "X" * 30 + "_7"),
        ("Y" * 32, "Y" * 32),
    ],
)
def test_a_code_becomes_a_name_that_the_dialer_takes(code: str, name: str) -> None:
    assert dialer_sync.cisco_name(code, 7) == name


def test_a_making_that_was_not_answered_is_found_at_the_next_run(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 20)
    scene.hang("hang_after", path="/config/campaign", method="POST", count=1)
    scene.run()
    assert scene.campaign(campaign_id).dialer_campaign_id is None
    scene.run()
    assert scene.campaign(campaign_id).dialer_campaign_id is not None
    assert len(list(scene.rig.client.list_campaigns())) == 1
    assert len(scene.keys_at_dialer(campaign_id)) == 20


def test_a_campaign_deleted_at_the_dialer_is_reported_and_not_dialled(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 50)
    scene.run()
    scene.rig.client.delete_campaign(scene.campaign(campaign_id).dialer_campaign_id)
    scene.run()
    assert "The dialer has no campaign" in scene.log()
    assert scene.campaign(campaign_id).dialer_state == "missing"
    assert scene.blocks(campaign_id) == [(CONFIRMED, 10)] * 3


def test_skill_groups_that_are_no_numbers_are_refused_with_words(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 50, dialer_skill_groups="5001; север")
    scene.run()
    assert "A: The campaign's skill groups are not a list of numbers: 5001; север." in scene.log()
    assert scene.campaign(campaign_id).dialer_campaign_id is None


# Records that never come back


def test_records_that_the_dialer_lost_or_never_reports_come_back_in_the_end(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 30, block_size=30)
    scene.run()
    keys = sorted(scene.keys_out(campaign_id))
    lost, closed, pending = keys[:3], keys[3:6], keys[6:]
    with scene.rig.engine.begin() as connection:
        table = sa.table("Dialing_List", sa.column("AccountNumber"), sa.column("CallStatusZone1"))
        account = table.c.AccountNumber
        connection.execute(sa.delete(table).where(account.in_(lost)))
        connection.execute(sa.update(table).where(account.in_(closed)).values(CallStatusZone1="C"))
        connection.execute(sa.update(table).where(account.in_(pending)).values(CallStatusZone1="P"))
    scene.rig.clock.turn(hours=3, minutes=59)
    assert scene.run().counts.get("records_asked_for") is None
    scene.rig.clock.turn(minutes=1)
    outcome = scene.run()
    assert outcome.counts["records_asked_for"] == 30
    assert outcome.counts["records_lost"] == 3
    assert scene.keys_returned(campaign_id) == dict.fromkeys(lost, 3)
    assert scene.run().counts.get("records_asked_for") is None  # each once an hour
    scene.rig.clock.turn(hours=4)
    scene.run()
    assert scene.keys_returned(campaign_id) == dict.fromkeys(lost + closed, 3)
    assert set(pending) <= scene.keys_out(campaign_id)
    scene.assert_books_balance()


def test_a_late_result_of_a_record_that_was_given_up_still_counts(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 5, queue_depth=5)
    scene.rig.fault("late_rows", rate=1, seconds=9 * 3600)
    scene.run()
    scene.rig.play(minutes=30)
    scene.rig.clear_faults()
    scene.rig.clock.turn(hours=7, minutes=31)
    scene.run()
    returned = scene.keys_returned(campaign_id)
    assert len(returned) == 5
    scene.rig.play(hours=1, minutes=30)
    scene.run()
    with scene.engine.connect() as connection:
        attempted = connection.scalars(sa.text("SELECT record_key FROM core.attempt")).all()
        late = connection.execute(sa.select(Phone.attempts, Phone.last_attempt_at)).all()
    assert set(returned) <= set(attempted)
    ended = [row.last_attempt_at for row in late if row.attempts]
    assert min(ended) < scene.rig.clock() - timedelta(hours=7)  # when it was dialled, not when it was reported
    scene.assert_books_balance()


# The way of the run


def test_progress_counts_and_the_names_of_the_log(scene: Scene) -> None:
    scene.add_campaign("A", 20)
    scene.add_campaign("B", 20)
    seen: list[tuple[int, int | None]] = []
    outcome = run.perform(scene.engine, scene.request("dialer_sync"), lambda one: seen.append((one.done, one.total)))
    assert outcome.state == "done"
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    assert "INFO A: made at the dialer as campaign" in scene.log()


def test_one_campaign_alone_can_be_synchronised(scene: Scene) -> None:
    one, two = scene.add_campaign("A", 20), scene.add_campaign("B", 20)
    scene.run(campaign_id=two)
    assert scene.keys_out(one) == set()
    assert len(scene.keys_out(two)) == 20


def test_a_campaign_that_another_run_holds_is_left_to_it(scene: Scene) -> None:
    campaign_id = scene.add_campaign("A", 20)
    other = scene.request("queue_clear", campaign_id)
    with scene.engine.begin() as connection:
        from app.procedures import ops

        ops.run_claim(connection, other, "test", 60)
        assert ops.hold_take(connection, dialers.hold_name(campaign_id), other).is_taken
    assert scene.run().state == "done"
    assert scene.keys_out(campaign_id) == set()
    assert "another run works with it now" in scene.log()
    with scene.engine.begin() as connection:
        ops.run_finish(connection, other, True)
    scene.run()
    assert len(scene.keys_out(campaign_id)) == 20


def test_the_grace_is_a_setting(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACM_DIALER_GRACE_SECONDS", "5")
    get_settings.cache_clear()
    try:
        campaign_id = scene.add_campaign("A", 20)
        scene.hang("hang", path="/import", method="POST", count=1)
        scene.run()
        scene.rig.clock.turn(seconds=5)
        scene.run()
        assert scene.blocks(campaign_id)[0] == (FAILED, 10)
    finally:
        monkeypatch.undo()
        get_settings.cache_clear()
