"""dialing.result_apply: the dialer's rows become attempts, each once, with everything that follows from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import update
from world import (
    ACTIVE,
    AGENT_ATTEMPTS,
    AROUND_THE_CLOCK,
    CLIENT_ATTEMPTS,
    CREATED,
    FAILURE,
    FIRST_CALL,
    STOP_DATE,
    SUCCESS,
    TYPE_ATTEMPTS,
    MadeClient,
    World,
)

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm
from app.models.contact import Attempt, AttemptOutcome, WorkClient, WorkOutcome, WorkSet
from app.models.dialing import Callback, Record, ResultBatch, ResultStage
from app.models.dictionary import DoNotCall, TechnicalResult
from app.procedures import dialing

MONDAY = date(2026, 11, 23)


def one_out(world: World, phones: str = "M", **strategy: Any) -> tuple[int, MadeClient, Any]:
    """A campaign with one client whose first phone is out: campaign, client, row of the block."""
    campaign = world.campaign(**strategy)
    client = world.client(campaign, phones)
    (row,) = world.dial(campaign)
    return campaign, client, row


# -- The attempt and its phone and client


@pytest.mark.mission("M105")
def test_an_attempt_in_full(world: World) -> None:
    campaign, client, row = one_out(world)
    ended, applied = world.at(minutes=3), world.at(minutes=5)
    at_dialer = {"agent": "3001", "wrapup": "no such result", "duration_ms": 45_678, "recovery_key": 12_345_678_901.0}
    assert world.apply(world.row(row.record_key, "NETWORK_UNAVAILABLE", ended, **at_dialer), at=applied) == (1, 0, 0, 0)
    (attempt,) = world.rows(Attempt)
    assert attempt == {
        "attempt_id": attempt["attempt_id"],
        "record_key": row.record_key,
        "campaign_id": campaign,
        "client_id": client.client_id,
        "phone_id": client.phone_id,
        "person_id": None,
        "number": client.number,
        "block_id": row.block_id,
        "strategy_version_id": world.version_id(campaign),
        "processing_id": 1,
        "round_no": 1,
        "taken_at": world.now,
        "ended_at": ended,
        "technical_result_id": world.technical("NETWORK_UNAVAILABLE"),
        "is_counted": True,
        "duration_ms": 45_678,
        "agent": "3001",
        "wrapup": "no such result",
        "dialer_id": world.dialer(),
        "recovery_key": 12_345_678_901.0,
        "applied_at": applied,
    }
    assert world.rows(AttemptOutcome) == []


@pytest.mark.mission("M127", "M129")
def test_the_phone_and_the_client_in_full(world: World) -> None:
    _campaign, client, row = one_out(world, "MH")
    before, phone, other = world.client_row(client), world.phone_row(client), world.phone_row(client, 1)
    ended = world.at(minutes=3)
    world.result(row.record_key, "BUSY", ended)
    busy = world.technical("BUSY")
    assert world.client_row(client)._asdict() == before._asdict() | {
        "attempts": 1, "attempt_day": MONDAY, "day_attempts": 1, "first_attempt_at": ended, "last_attempt_at": ended,
        "last_technical_result_id": busy,
    }  # fmt: skip
    assert world.phone_row(client)._asdict() == phone._asdict() | {
        "attempts": 1, "last_attempt_at": ended, "last_technical_result_id": busy, "waits_from": ended, "held_until": None,
        "dial_class_id": world.phone_row(client).dial_class_id,
    }  # fmt: skip
    assert world.phone_row(client).dial_class_id != phone.dial_class_id
    assert world.phone_row(client, 1)._asdict() == other._asdict() | {
        "dial_class_id": world.phone_row(client, 1).dial_class_id
    }


def test_the_record_is_in_no_more_and_nothing_is_left_staged(world: World) -> None:
    _campaign, _client, row = one_out(world)
    world.result(row.record_key)
    for model in (Record, ResultStage, WorkSet, WorkClient, WorkOutcome):
        assert world.rows(model) == [], model


def test_the_batch_keeps_its_counts(world: World) -> None:
    campaign = world.campaign()
    world.many_clients(campaign, 3)
    rows = world.dial(campaign)
    world.result(rows[0].record_key)
    counts = world.apply(
        world.row(rows[0].record_key),
        world.row(rows[1].record_key),
        world.row(rows[2].record_key, call_status="P"),
        world.row("SOMEBODY ELSE"),
        world.row(None),  # type: ignore[arg-type]
        at=world.at(minutes=9),
    )
    assert counts == (1, 1, 2, 1)
    batch = world.rows(ResultBatch)[-1]
    names = ("applied_at", "rows_applied", "rows_repeated", "rows_unknown", "rows_interim")
    assert [batch[name] for name in names] == [world.at(minutes=9), 1, 1, 2, 1]


def test_an_empty_batch_is_applied(world: World) -> None:
    assert world.apply() == (0, 0, 0, 0)
    assert world.rows(ResultBatch)[-1]["applied_at"] == world.now


def test_the_moment_is_that_of_the_call_in_utc_late_rows_have_an_old_one(world: World) -> None:
    _campaign, client, row = one_out(world)
    local = {"db_datetime": datetime(2026, 11, 23, 12, 30), "generated_at": datetime(2026, 11, 23, 12, 7, 0, 123_000)}
    world.apply(world.row(row.record_key, **local, time_zone_minutes=-180))
    assert world.phone_row(client).last_attempt_at == datetime(2026, 11, 23, 9, 7, 0, 123_000)
    assert world.rows(Attempt)[0]["ended_at"] == datetime(2026, 11, 23, 9, 7, 0, 123_000)


def test_a_batch_is_applied_once(world: World) -> None:
    _campaign, _client, row = one_out(world)
    batch_id = world.batch(world.row(row.record_key))
    assert dialing.result_apply(world.connection, batch_id, world.now).rows_applied == 1
    with world.refused(50003):
        dialing.result_apply(world.connection, batch_id, world.now)


def test_an_unknown_batch_is_refused(world: World) -> None:
    with world.refused(50003):
        dialing.result_apply(world.connection, 0, world.now)


# -- Each row once


def test_rows_that_come_again_change_nothing(world: World) -> None:
    _campaign, client, row = one_out(world)
    staged = world.row(row.record_key, "BUSY", world.at(minutes=3))
    assert world.apply(staged, staged) == (1, 1, 0, 0)
    before = (world.client_row(client), world.phone_row(client), world.rows(Attempt))
    assert world.apply(staged, world.row(row.record_key, "VOICE", world.at(minutes=4))) == (0, 2, 0, 0)
    assert (world.client_row(client), world.phone_row(client), world.rows(Attempt)) == before


def test_the_first_final_row_of_a_record_is_its_result(world: World) -> None:
    _campaign, client, row = one_out(world)
    counts = world.apply(
        world.row(row.record_key, "VOICE", world.at(minutes=8)),
        world.row(row.record_key, "BUSY", world.at(minutes=3)),
        world.row(row.record_key, "NO_ANSWER", world.at(minutes=1), call_status="P"),
    )
    assert counts == (1, 1, 0, 1)
    assert world.phone_row(client).last_technical_result_id == world.technical("BUSY")


@pytest.mark.parametrize("status", ["P", "B", "S", "A", "D", "U", None])
def test_a_record_that_the_dialer_still_owns_stays_out(world: World, status: str | None) -> None:
    _campaign, client, row = one_out(world)
    before = (world.client_row(client), world.phone_row(client), world.rows(Record))
    assert world.result(row.record_key, "BUSY", call_status=status) == (0, 0, 0, 1)
    assert (world.client_row(client), world.phone_row(client), world.rows(Record)) == before
    assert world.rows(Attempt) == []
    assert world.result(row.record_key, "BUSY", call_status="C") == (1, 0, 0, 0)


@pytest.mark.parametrize("status", ["C", "M", "J", "R", "X", "F", "L", "I", "O"])
def test_a_record_that_the_dialer_has_done_with_is_an_attempt(world: World, status: str) -> None:
    _campaign, client, row = one_out(world)
    assert world.result(row.record_key, "BUSY", call_status=status) == (1, 0, 0, 0)
    assert world.client_row(client).attempts == 1


def test_rows_without_a_status_and_with_one_in_the_same_batch_are_no_trouble(world: World) -> None:
    _campaign, client, row = one_out(world)
    counts = world.apply(
        world.row(row.record_key, "NO_ANSWER", call_status=None), world.row(row.record_key, "BUSY", world.at(minutes=1))
    )
    assert counts == (1, 0, 0, 1)
    assert world.client_row(client).last_technical_result_id == world.technical("BUSY")


def test_results_of_other_campaigns_are_applied_in_one_batch(world: World) -> None:
    campaigns = [world.campaign() for _ in range(2)]
    clients = [world.client(campaign) for campaign in campaigns]
    rows = [world.dial(campaign)[0] for campaign in campaigns]
    assert world.apply(*(world.row(row.record_key, "BUSY") for row in rows)) == (2, 0, 0, 0)
    assert [row["campaign_id"] for row in world.rows(Attempt)] == campaigns
    assert [world.client_row(client).attempts for client in clients] == [1, 1]


# -- What counts


@pytest.mark.parametrize(
    ("code", "is_counted"),
    [("NO_ANSWER", True), ("VOICE", True), ("RETURNED", False), ("AGENT_REJECTED", False), ("NOT_ATTEMPTED", False)],
)
def test_only_results_that_count_are_attempts_for_phone_and_client(world: World, code: str, is_counted: bool) -> None:
    _campaign, client, row = one_out(world)
    world.result(row.record_key, code, world.at(minutes=3))
    count = int(is_counted)
    found, phone = world.client_row(client), world.phone_row(client)
    assert (found.attempts, found.day_attempts, phone.attempts) == (count, count, count)
    assert found.attempt_day == (MONDAY if is_counted else None)
    assert found.first_attempt_at == (world.at(minutes=3) if is_counted else None)
    assert (found.last_attempt_at, phone.last_attempt_at) == (world.at(minutes=3), world.at(minutes=3))
    assert found.last_technical_result_id == phone.last_technical_result_id == world.technical(code)
    assert [row["is_counted"] for row in world.rows(Attempt)] == [is_counted]


def test_the_strategy_may_say_otherwise_what_counts(world: World) -> None:
    forms = {"NO_ANSWER": ResultForm(4, 120, counts_as_attempt=False), "RETURNED": ResultForm(3, None)}
    campaign = world.campaign(technical_results=forms)
    clients = [world.client(campaign) for _ in range(2)]
    rows = world.dial(campaign)
    world.apply(world.row(rows[0].record_key, "NO_ANSWER"), world.row(rows[1].record_key, "RETURNED"))
    assert [world.client_row(client).attempts for client in clients] == [0, 1]


def test_an_unknown_result_of_the_dialer_is_other(world: World) -> None:
    _campaign, client, row = one_out(world)
    assert world.result(row.record_key, 77) == (1, 0, 0, 0)
    assert world.client_row(client).last_technical_result_id == world.technical("OTHER")


def test_two_results_of_the_dictionary_with_one_code_of_the_dialer_are_no_trouble(world: World) -> None:
    _campaign, client, row = one_out(world)
    world.technical_result("BUSY_TOO", cisco_code=9)
    assert world.result(row.record_key, 9) == (1, 0, 0, 0)
    assert world.client_row(client).last_technical_result_id == world.technical("BUSY")


def test_a_result_that_is_switched_off_gives_way_to_one_that_is_on(world: World) -> None:
    _campaign, client, row = one_out(world)
    world.connection.execute(update(TechnicalResult).where(TechnicalResult.code == "BUSY").values(is_enabled=False))
    world.technical_result("BUSY_TOO", cisco_code=9)
    world.result(row.record_key, 9)
    assert world.client_row(client).last_technical_result_id == world.technical("BUSY_TOO")


# -- The day


@pytest.mark.mission("M55")
def test_attempts_of_a_day_are_counted_by_the_local_day_of_the_client(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK, technical_results={"BUSY": ResultForm(3, None)})
    near = world.client(campaign)
    far = world.client(campaign, zone="Asia/Vladivostok", phone_zones=("Europe/Moscow",))
    days = []
    for at in (
        datetime(2026, 11, 23, 13, 59, 59), datetime(2026, 11, 23, 14, 0), datetime(2026, 11, 23, 20, 59, 59),
        datetime(2026, 11, 23, 21, 0),
    ):  # fmt: skip
        rows = world.dial(campaign, at)
        assert len(rows) == 2
        world.apply(*(world.row(row.record_key, "BUSY", at) for row in rows), at=at)
        found = [world.client_row(client) for client in (near, far)]
        days.append([(row.attempt_day.day, row.day_attempts, row.attempts) for row in found])
    assert days == [
        [(23, 1, 1), (23, 1, 1)], [(23, 2, 2), (24, 1, 2)], [(23, 3, 3), (24, 2, 3)], [(24, 1, 4), (24, 3, 4)],
    ]  # fmt: skip


def test_a_late_result_of_an_earlier_day_does_not_count_for_today(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK)
    client = world.client(campaign)
    lost, today = lost_and_again(world, campaign, world.at(days=1))
    world.result(today, "BUSY", world.at(days=1))
    world.result(lost, "BUSY", world.at(minutes=1))
    row = world.client_row(client)
    assert (row.attempts, row.attempt_day, row.day_attempts) == (2, date(2026, 11, 24), 1)
    assert (row.first_attempt_at, row.last_attempt_at) == (world.at(minutes=1), world.at(days=1))


# -- Late and out of order


def lost_and_again(world: World, campaign: int, again_at: datetime) -> tuple[str, str]:
    """Keys of two records of one client: the first was given up as lost, then the phone went out again."""
    (lost,) = world.dial(campaign)
    dialing.record_return(world.connection, lost.record_key, 3, again_at)
    (again,) = world.dial(campaign, again_at)
    return lost.record_key, again.record_key


@pytest.mark.parametrize("order", ["in order", "late", "together", "together, late first"])
def test_the_latest_result_is_the_last_whatever_order_they_come_in(world: World, order: str) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    lost, again = lost_and_again(world, campaign, world.at(hours=5))
    first = world.row(lost, "BUSY", world.at(minutes=1))
    second = world.row(again, "ANSWERING_MACHINE", world.at(hours=6))
    batches = {
        "in order": [[first], [second]],
        "late": [[second], [first]],
        "together": [[first, second]],
        "together, late first": [[second, first]],
    }[order]
    assert sum(world.apply(*batch)[0] for batch in batches) == 2
    row, phone = world.client_row(client), world.phone_row(client)
    assert (row.attempts, row.attempt_day, row.day_attempts) == (2, MONDAY, 2)
    assert (row.first_attempt_at, row.last_attempt_at) == (world.at(minutes=1), world.at(hours=6))
    assert (phone.attempts, phone.last_attempt_at, phone.waits_from) == (2, world.at(hours=6), world.at(hours=6))
    assert row.last_technical_result_id == phone.last_technical_result_id == world.technical("ANSWERING_MACHINE")
    assert len(world.rows(Attempt)) == 2


def test_a_result_of_a_record_that_came_back_is_an_attempt_and_the_phone_may_be_out_again(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    lost, again = lost_and_again(world, campaign, world.at(hours=5))
    assert world.result(lost, "BUSY", world.at(hours=5, minutes=1)) == (1, 0, 0, 0)
    (attempt,) = world.rows(Attempt)
    assert (attempt["record_key"], attempt["taken_at"]) == (lost, world.now)
    assert [row["record_key"] for row in world.rows(Record)] == [again]
    assert world.is_free(client) is False


# -- Agent results in the wrap-up text


@pytest.mark.mission("M6", "M68", "M88", "M89", "M90", "M91", "M92")
@pytest.mark.parametrize(
    ("code", "status"), [("20", SUCCESS), ("14", ACTIVE), ("12", ACTIVE), ("11", FAILURE), ("15", FAILURE)]
)
def test_the_wrap_up_text_carries_the_code_of_the_agent_result(world: World, code: str, status: int) -> None:
    campaign, client, row = one_out(world, "MH")
    ended = world.at(minutes=3)
    world.result(row.record_key, "VOICE", ended, wrapup=f" {code.lower()} ", agent="3001")
    (outcome,) = world.rows(AttemptOutcome)
    assert outcome == {
        "outcome_id": outcome["outcome_id"], "record_key": row.record_key, "campaign_id": campaign,
        "client_id": client.client_id, "phone_id": client.phone_id, "round_no": 1, "agent_result_id": world.agent(code),
        "source_id": 1, "agent": "3001", "comment": None, "given_at": ended, "applied_at": ended,
    }  # fmt: skip
    found = world.client_row(client)
    assert (found.status_id, found.status_at) == (status, ended if status != ACTIVE else world.now)
    assert (found.last_agent_result_id, found.agent_result_id) == (world.agent(code), world.agent(code))
    assert (found.agent_result_attempts, found.agent_result_at) == (1, ended)
    phones = [world.phone_row(client, position) for position in (0, 1)]
    assert [phone.last_agent_result_id for phone in phones] == [world.agent(code), None]
    assert [phone.hold_agent_result_id for phone in phones] == [world.agent(code)] * 2
    assert [phone.waits_from for phone in phones] == [ended, ended]
    assert [world.is_free(client, position) for position in (0, 1)] == [status == ACTIVE and code != "15"] * 2


@pytest.mark.mission("M85", "M81")
def test_the_delay_of_an_agent_result_holds_every_phone_of_the_client(world: World) -> None:
    campaign, client, row = one_out(world, "MH")
    world.result(row.record_key, "VOICE", world.at(minutes=3), wrapup="12")
    assert world.take(campaign, world.at(minutes=242.99)) == []
    assert world.dialled(campaign, world.at(minutes=243)) != []
    assert world.status(client) == ACTIVE


def test_a_later_result_of_the_phone_takes_the_place_of_the_hold(world: World) -> None:
    campaign, client, row = one_out(world, "MH", agent_results={"12": AgentResultForm(3, delay_minutes=10)})
    world.result(row.record_key, "VOICE", world.at(minutes=3), wrapup="12")
    (again,) = world.dial(campaign, world.at(minutes=13))
    assert again.number == client.numbers[1]
    world.result(again.record_key, "BUSY", world.at(minutes=14))
    phones = [world.phone_row(client, position) for position in (0, 1)]
    assert [phone.hold_agent_result_id for phone in phones] == [world.agent("12"), None]
    assert [phone.waits_from for phone in phones] == [world.at(minutes=3), world.at(minutes=14)]
    assert world.client_row(client).last_agent_result_id is None
    assert world.client_row(client).agent_result_id == world.agent("12")


@pytest.mark.mission("M80", "M143")
def test_an_agent_result_runs_out_when_it_was_given_so_often(world: World) -> None:
    campaign, client, row = one_out(
        world, agent_results={"12": AgentResultForm(3, max_attempts=2), "14": AgentResultForm(2)}
    )
    found = []
    for minutes, code in ((1, "12"), (2, "14"), (3, "12")):
        world.result(row.record_key, "VOICE", world.at(minutes), wrapup=code)
        found.append((world.status(client), world.client_row(client).agent_result_attempts))
        rows = world.dial(campaign, world.at(minutes))
        if rows:
            (row,) = rows
    assert found == [(ACTIVE, 1), (ACTIVE, 1), (AGENT_ATTEMPTS, 2)]
    assert rows == []


@pytest.mark.mission("M87", "M92")
def test_do_not_call_reaches_the_number_in_all_campaigns_and_outlives_the_client(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    client = world.client(campaign, "MH")
    same = world.client(other, "HM", numbers=("5551234", client.number))
    stranger = world.client(other)
    (row,) = world.dial(campaign)
    world.result(row.record_key, "VOICE", world.at(minutes=3), wrapup="15", agent="3001")
    assert [
        (entry["number"], entry["person_id"], entry["added_at"], entry["added_by"], entry["lifted_at"])
        for entry in world.rows(DoNotCall)
    ] == [(client.number, None, world.at(minutes=3), "3001", None)]
    assert [world.phone_row(client, position).is_do_not_call for position in (0, 1)] == [True, False]
    assert [world.phone_row(same, position).is_do_not_call for position in (0, 1)] == [False, True]
    assert world.phone_row(stranger).is_do_not_call is False
    assert sorted(world.dialled(other)) == sorted(["5551234", stranger.number])
    assert world.status(same) == ACTIVE


def test_a_number_that_is_on_the_list_already_is_not_put_on_it_twice(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    first, second = world.client(one, numbers=("5551234",)), world.client(two, numbers=("5551234",))
    rows = [world.dial(campaign)[0] for campaign in (one, two)]
    for row in rows:
        world.result(row.record_key, "VOICE", wrapup="15")
    assert len(world.rows(DoNotCall)) == 1
    assert [world.status(client) for client in (first, second)] == [FAILURE, FAILURE]


@pytest.mark.mission("M75")
@pytest.mark.parametrize("leaf_mandatory", [False, True])
def test_where_the_second_level_is_wanted_a_first_level_result_is_no_result(world: World, leaf_mandatory: bool) -> None:
    campaign = world.campaign(leaf_mandatory=leaf_mandatory)
    world.agent_result("14-1", parent="14")
    clients = [world.client(campaign) for _ in range(3)]
    rows = world.dial(campaign)
    codes = ("14", "14-1", "20")  # 20 has no second level
    world.apply(*(world.row(row.record_key, "VOICE", wrapup=code) for row, code in zip(rows, codes, strict=True)))
    found = [world.client_row(client).agent_result_id for client in clients]
    assert found == [None if leaf_mandatory else world.agent("14"), world.agent("14-1"), world.agent("20")]


def test_a_switched_off_agent_result_is_no_result(world: World) -> None:
    world.agent_result("90", is_enabled=False)
    world.agent_result("91")
    campaign = world.campaign()
    clients = [world.client(campaign) for _ in range(2)]
    rows = world.dial(campaign)
    world.apply(*(world.row(row.record_key, wrapup=code) for row, code in zip(rows, ("90", "91"), strict=True)))
    assert [world.client_row(client).agent_result_id for client in clients] == [None, world.agent("91")]


def test_two_agent_results_of_one_client_in_one_batch_each_mark_their_own_phone(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK)
    client = world.client(campaign, "MH")
    (lost,) = world.dial(campaign)
    dialing.record_return(world.connection, lost.record_key, 3, world.at(hours=5))
    world.phone_facts(client, 0, attempts=1)  # now the other phone goes first
    (again,) = world.dial(campaign, world.at(hours=5))
    assert (lost.number, again.number) == client.numbers
    world.apply(
        world.row(lost.record_key, "VOICE", world.at(minutes=1), wrapup="20"),
        world.row(again.record_key, "VOICE", world.at(hours=6), wrapup="14"),
    )
    phones = [world.phone_row(client, position) for position in (0, 1)]
    assert [phone.last_agent_result_id for phone in phones] == [world.agent("20"), world.agent("14")]
    assert [phone.hold_agent_result_id for phone in phones] == [world.agent("14")] * 2
    assert world.client_row(client).last_agent_result_id == world.agent("14")
    assert world.status(client) == SUCCESS  # the earlier of the two processed the client


# -- Callbacks


@pytest.mark.mission("M14", "M128")
def test_a_callback_asked_for_is_created_in_the_zone_of_the_phone(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH", phone_zones=("Asia/Yekaterinburg", None))
    (row,) = world.dial(campaign)
    asked = {"callback_at": datetime(2026, 11, 24, 15, 30), "callback_phone": client.numbers[1]}
    world.result(row.record_key, "CALLBACK_REQUEST", world.at(minutes=3), **asked)
    (callback,) = world.rows(Callback)
    assert callback == {
        "callback_id": callback["callback_id"], "campaign_id": campaign, "client_id": client.client_id,
        "phone_id": client.phones[1], "due_at": datetime(2026, 11, 24, 10, 30), "agent": None, "state_id": 1,
        "source_id": 1, "record_key": None, "created_at": world.at(minutes=3), "closed_at": None,
    }  # fmt: skip


@pytest.mark.parametrize(("number", "position"), [(None, 0), ("74950000000", 0), ("second", 1)])
def test_a_callback_rings_the_phone_asked_for_else_the_one_that_was_called(
    world: World, number: str | None, position: int
) -> None:
    _campaign, client, row = one_out(world, "MH")
    number = client.numbers[1] if number == "second" else number
    world.result(row.record_key, "CALLBACK", callback_at=datetime(2026, 11, 24, 12), callback_phone=number)
    assert [each["phone_id"] for each in world.rows(Callback)] == [client.phones[position]]


def test_the_moment_of_the_dialers_own_next_try_is_no_callback(world: World) -> None:
    _campaign, _client, row = one_out(world)
    world.result(row.record_key, "NO_ANSWER", call_status="R", callback_at=datetime(2026, 11, 24, 12))
    assert world.rows(Callback) == []
    assert len(world.rows(Attempt)) == 1


def test_the_same_promise_is_not_kept_twice(world: World) -> None:
    _campaign, client, row = one_out(world)
    world.callback(client, datetime(2026, 11, 24, 9, 0))
    world.result(row.record_key, "CALLBACK_REQUEST", callback_at=datetime(2026, 11, 24, 12, 0))
    assert len(world.rows(Callback)) == 1


@pytest.mark.parametrize(
    ("code", "state_id"), [("VOICE", 3), ("BUSY", 3), ("NO_AGENT_FOR_CALLBACK", 1), ("RETURNED", 1)]
)
def test_a_promise_is_kept_once_it_was_dialled(world: World, code: str, state_id: int) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.callback(client, world.now, "3001")
    (row,) = world.dial(campaign)
    world.result(row.record_key, code, world.at(minutes=3))
    (callback,) = world.rows(Callback)
    kept = state_id == 3
    assert (callback["state_id"], callback["record_key"], callback["closed_at"]) == (
        state_id, row.record_key if kept else None, world.at(minutes=3) if kept else None,
    )  # fmt: skip
    assert [row["processing_id"] for row in world.rows(Attempt)] == [3]


# -- Limits


@pytest.mark.mission("M139")
def test_the_last_attempt_of_a_client_stops_it_at_once(world: World) -> None:
    campaign, client, row = one_out(world, max_client_attempts=2, technical_results={"BUSY": ResultForm(3, None)})
    world.result(row.record_key, "BUSY", world.at(minutes=1))
    assert world.status(client) == ACTIVE
    (row,) = world.dial(campaign, world.at(minutes=2))
    world.result(row.record_key, "BUSY", world.at(minutes=3))
    assert (world.status(client), world.client_row(client).status_at) == (CLIENT_ATTEMPTS, world.at(minutes=3))
    assert world.take(campaign, world.at(minutes=4)) == []


@pytest.mark.mission("M140", "M146")
def test_the_last_phone_that_runs_out_stops_the_client(world: World) -> None:
    campaign, client, row = one_out(
        world, "MH", phone_types={"M": PhoneTypeForm(max_attempts=1), "H": PhoneTypeForm(max_attempts=1)}
    )
    world.result(row.record_key, "BUSY", world.at(minutes=1))
    assert world.status(client) == ACTIVE
    (row,) = world.dial(campaign, world.at(minutes=2))
    assert row.number == client.numbers[1]
    world.result(row.record_key, "BUSY", world.at(minutes=3))
    assert world.status(client) == TYPE_ATTEMPTS


@pytest.mark.mission("M53", "M141", "M142", "M144")
@pytest.mark.parametrize(
    ("strategy", "columns", "status"),
    [
        ({"first_call_minutes": 5}, {}, ACTIVE),
        ({"first_call_minutes": 2}, {}, FIRST_CALL),
        ({"created_minutes": 5}, {}, CREATED),
        ({"created_minutes": 5, "first_call_minutes": 2}, {}, FIRST_CALL),
        ({"created_minutes": 5, "first_call_minutes": 2, "created_names_status": True}, {}, CREATED),
        (
            {"created_minutes": 5, "first_call_minutes": 2},
            {"do_not_call_after": datetime(2026, 11, 23, 9, 4)},
            STOP_DATE,
        ),
    ],
)
def test_a_result_finds_the_limits_of_time_as_well(
    world: World, strategy: dict[str, Any], columns: dict[str, Any], status: int
) -> None:
    campaign = world.campaign(**strategy)
    client = world.client(campaign, **columns)
    (row,) = world.dial(campaign)
    world.apply(world.row(row.record_key, "BUSY", world.at(minutes=1)), at=world.at(minutes=5))
    assert world.status(client) == status


def test_the_result_of_an_agent_comes_before_every_limit(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1, agent_results={"12": AgentResultForm(3, max_attempts=1)})
    clients = [world.client(campaign) for _ in range(3)]
    rows = world.dial(campaign)
    codes = ("20", "12", "14")
    world.apply(*(world.row(row.record_key, "VOICE", wrapup=code) for row, code in zip(rows, codes, strict=True)))
    assert [world.status(client) for client in clients] == [SUCCESS, AGENT_ATTEMPTS, CLIENT_ATTEMPTS]


def test_the_result_of_a_processed_client_does_not_bring_it_back(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    lost, again = lost_and_again(world, campaign, world.at(hours=5))
    world.result(lost, "VOICE", world.at(minutes=1), wrapup="20")
    assert world.status(client) == SUCCESS
    world.result(again, "BUSY", world.at(hours=5, minutes=1))
    assert world.status(client) == SUCCESS
    assert world.client_row(client).attempts == 2
    assert world.is_free(client) is False
