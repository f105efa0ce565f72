"""dialing.agent_result_apply: an agent's result for a call or a client, from the agent page, the API or elsewhere."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from world import (
    ACTIVE,
    AGENT_ATTEMPTS,
    CLIENT_ATTEMPTS,
    FAILURE,
    SUCCESS,
    MadeClient,
    World,
)

from app.campaigns import AgentResultForm
from app.models.contact import AttemptOutcome, WorkClient, WorkOutcome, WorkSet
from app.models.dialing import Callback
from app.models.dictionary import AgentResult, DoNotCall
from app.procedures import dialing


def one_out(world: World, phones: str = "M", **strategy: Any) -> tuple[int, MadeClient, Any]:
    """A campaign with one client whose first phone is out: campaign, client, row of the block."""
    campaign = world.campaign(**strategy)
    client = world.client(campaign, phones)
    (row,) = world.dial(campaign)
    return campaign, client, row


# -- What it writes


@pytest.mark.mission("M6", "M68")
def test_a_result_for_a_record_that_is_out_in_full(world: World) -> None:
    campaign, client, row = one_out(world, "MH")
    before = world.client_row(client)
    at = world.at(minutes=2)
    values = {"record_key": row.record_key, "source_id": 2, "agent": "3001", "comment": "Завтра"}
    assert world.agent_says("12", at, **values) == (client.client_id, ACTIVE)
    (outcome,) = world.rows(AttemptOutcome)
    assert outcome == {
        "outcome_id": outcome["outcome_id"], "record_key": row.record_key, "campaign_id": campaign,
        "client_id": client.client_id, "phone_id": client.phone_id, "round_no": 1, "agent_result_id": world.agent("12"),
        "source_id": 2, "agent": "3001", "comment": "Завтра", "given_at": at, "applied_at": at,
    }  # fmt: skip
    assert world.client_row(client)._asdict() == before._asdict() | {
        "agent_result_id": world.agent("12"), "agent_result_at": at, "agent_result_attempts": 1,
        "last_agent_result_id": world.agent("12"),
    }  # fmt: skip
    assert [world.phone_row(client, position).hold_agent_result_id for position in (0, 1)] == [world.agent("12")] * 2
    assert [world.phone_row(client, position).waits_from for position in (0, 1)] == [at, at]
    assert world.rows(Callback) == []
    for model in (WorkSet, WorkClient, WorkOutcome):
        assert world.rows(model) == [], model


@pytest.mark.mission("M88", "M89", "M90", "M91", "M92")
@pytest.mark.parametrize(
    ("code", "status", "is_on_the_list"),
    [
        ("20", SUCCESS, False),
        ("14", ACTIVE, False),
        ("12", ACTIVE, False),
        ("11", FAILURE, False),
        ("15", FAILURE, True),
    ],
)
def test_each_action_sets_its_status(world: World, code: str, status: int, is_on_the_list: bool) -> None:
    _campaign, client, row = one_out(world)
    assert world.agent_says(code, world.at(minutes=2), record_key=row.record_key) == (client.client_id, status)
    assert world.status(client) == status
    assert [entry["number"] for entry in world.rows(DoNotCall)] == [client.number] * is_on_the_list
    assert world.phone_row(client).is_do_not_call is is_on_the_list


@pytest.mark.mission("M80", "M143")
def test_a_result_runs_out_when_it_was_given_so_often(world: World) -> None:
    campaign = world.campaign(agent_results={"12": AgentResultForm(3, max_attempts=2)})
    client = world.client(campaign)
    found = []
    for minutes in (1, 2):
        (row,) = world.dial(campaign, world.at(minutes))
        found.append(world.agent_says("12", world.at(minutes), record_key=row.record_key)[1])
        world.result(row.record_key, "VOICE", world.at(minutes))
    assert found == [ACTIVE, AGENT_ATTEMPTS]
    assert world.take(campaign, world.at(minutes=3)) == []
    assert world.client_row(client).agent_result_attempts == 2


def test_a_processed_client_is_not_made_active_again(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    for code, expected in (("20", SUCCESS), ("12", SUCCESS), ("14", SUCCESS), ("11", FAILURE)):
        values = {"campaign_id": campaign, "client_code": client.code}
        assert world.agent_says(code, world.at(minutes=1), **values) == (client.client_id, expected)


# -- Which call is meant


@pytest.mark.mission("M238")
@pytest.mark.parametrize("code", ["{}", " {} ", "lower"])
def test_by_client_code_the_record_that_is_out_is_meant(world: World, code: str) -> None:
    campaign, client, row = one_out(world)
    given = client.code.lower() if code == "lower" else code.format(client.code)
    assert world.agent_says("20", campaign_id=campaign, client_code=given) == (client.client_id, SUCCESS)
    assert [outcome["record_key"] for outcome in world.rows(AttemptOutcome)] == [row.record_key]


def test_by_client_code_else_the_last_attempt_without_a_result_is_meant(world: World) -> None:
    campaign, client, row = one_out(world)
    world.result(row.record_key, "VOICE", world.at(minutes=1))
    world.agent_says("14", world.at(minutes=2), campaign_id=campaign, client_code=client.code)
    assert [(each["record_key"], each["phone_id"]) for each in world.rows(AttemptOutcome)] == [
        (row.record_key, client.phone_id)
    ]


def test_by_client_code_the_last_attempt_is_that_whose_call_ended_last(world: World) -> None:
    campaign, client, row = one_out(world)
    dialing.record_return(world.connection, row.record_key, 3, world.at(minutes=1))
    (again,) = world.dial(campaign, world.at(minutes=2))
    world.apply(world.row(again.record_key, "VOICE", world.at(minutes=9)), at=world.at(minutes=9))
    world.apply(world.row(row.record_key, "BUSY", world.at(minutes=1)), at=world.at(minutes=10))
    world.agent_says("14", world.at(minutes=11), campaign_id=campaign, client_code=client.code)
    assert [each["record_key"] for each in world.rows(AttemptOutcome)] == [again.record_key]


def test_by_client_code_an_attempt_of_an_earlier_round_is_not_meant(world: World) -> None:
    campaign, client, row = one_out(world)
    world.result(row.record_key, "VOICE", world.at(minutes=1))
    world.facts(client, round_no=2, loaded_at=world.at(minutes=2))
    world.agent_says("14", world.at(minutes=3), campaign_id=campaign, client_code=client.code)
    assert [(each["record_key"], each["round_no"]) for each in world.rows(AttemptOutcome)] == [(None, 2)]


def test_the_result_of_a_call_of_an_earlier_round_stays_in_the_journal(world: World) -> None:
    _campaign, client, row = one_out(world)
    world.facts(client, round_no=2, loaded_at=world.at(minutes=2))
    assert world.agent_says("20", world.at(minutes=3), record_key=row.record_key) == (client.client_id, ACTIVE)
    assert [each["round_no"] for each in world.rows(AttemptOutcome)] == [1]
    world.result(row.record_key, "VOICE", world.at(minutes=4))
    assert world.status(client) == ACTIVE


def test_the_limit_of_an_agent_result_counts_those_of_this_round_alone(world: World) -> None:
    campaign = world.campaign(agent_results={"12": AgentResultForm(3, max_attempts=2)})
    client = world.client(campaign)

    def says(minutes: int) -> tuple[int, int]:
        """How often the client has had the result, and its status."""
        world.agent_says("12", world.at(minutes), campaign_id=campaign, client_code=client.code)
        return world.client_row(client).agent_result_attempts, world.status(client)

    assert says(1) == (1, ACTIVE)
    world.facts(client, round_no=2, agent_result_id=None, agent_result_at=None, agent_result_attempts=0)
    assert says(3) == (1, ACTIVE)
    assert says(4) == (2, AGENT_ATTEMPTS)


def test_a_result_of_a_call_without_a_technical_one_is_the_last_result(world: World) -> None:
    """The dialer lost the record after the agent had spoken: priority and delay apply all the same."""
    campaign = world.campaign(agent_results={"12": AgentResultForm(3, priority=1, delay_minutes=30)})
    client, other = world.client(campaign), world.client(campaign)
    row = next(each for each in world.dial(campaign) if each.number == client.number)
    dialing.block_recall(world.connection, campaign, world.at(minutes=1))
    world.agent_says("12", world.at(minutes=2), record_key=row.record_key)
    assert world.client_row(client).last_agent_result_id == world.agent("12")
    assert world.dialled(campaign, world.at(minutes=32)) == [client.number, other.number]
    # The call turns out to have ended before a later one of the client: that one is the last.
    (again, *_) = world.dial(campaign, world.at(minutes=40))
    world.result(again.record_key, "BUSY", world.at(minutes=41))
    world.result(row.record_key, "VOICE", world.at(minutes=1))
    assert world.client_row(client).last_agent_result_id is None


def test_by_client_code_else_the_client_alone_is_meant(world: World) -> None:
    campaign, client, row = one_out(world)
    world.result(row.record_key, "VOICE", world.at(minutes=1), wrapup="12")
    world.agent_says("14", world.at(minutes=2), campaign_id=campaign, client_code=client.code)
    assert [(each["record_key"], each["phone_id"]) for each in world.rows(AttemptOutcome)] == [
        (row.record_key, client.phone_id), (None, None),
    ]  # fmt: skip


def test_by_client_code_the_campaign_decides_which_client_is_meant(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    clients = [world.client(campaign, client_code="SAME") for campaign in (one, two)]
    assert world.agent_says("20", campaign_id=two, client_code="same") == (clients[1].client_id, SUCCESS)
    assert [world.status(client) for client in clients] == [ACTIVE, SUCCESS]


def test_by_key_also_a_record_that_came_back_is_meant(world: World) -> None:
    campaign, client, row = one_out(world)
    dialing.block_recall(world.connection, campaign, world.at(minutes=1))
    assert world.agent_says("20", world.at(minutes=2), record_key=row.record_key) == (client.client_id, SUCCESS)
    assert world.take(campaign, world.at(minutes=3)) == []


def test_a_result_for_the_client_alone_is_its_last_result_until_the_next_call(world: World) -> None:
    campaign = world.campaign(agent_results={"12": AgentResultForm(3, priority=2, delay_minutes=30)})
    other = world.client(campaign)
    client = world.client(campaign)
    world.agent_says("12", world.at(minutes=1), campaign_id=campaign, client_code=client.code, source_id=3)
    row = world.client_row(client)
    assert (row.last_agent_result_id, row.agent_result_id) == (world.agent("12"), world.agent("12"))
    assert world.dialled(campaign, world.at(minutes=30.99)) == [other.number]
    taken = world.dial(campaign, world.at(minutes=31))
    assert [each.number for each in taken] == [client.number, other.number]  # its priority is 2, the other's 5
    world.result(taken[0].record_key, "BUSY", world.at(minutes=32))
    assert world.client_row(client).last_agent_result_id is None


@pytest.mark.mission("M92")
def test_do_not_call_for_the_client_alone_takes_all_of_its_numbers(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    client = world.client(campaign, "MH")
    same = world.client(other, "M", numbers=(client.numbers[1],))
    world.agent_says("15", campaign_id=campaign, client_code=client.code, agent="ivanov")
    assert sorted((entry["number"], entry["added_by"]) for entry in world.rows(DoNotCall)) == sorted(
        (number, "ivanov") for number in client.numbers
    )
    assert [world.phone_row(client, position).is_do_not_call for position in (0, 1)] == [True, True]
    assert world.take(other) == []
    assert world.status(same) == ACTIVE


# -- The same again, and another one


def test_the_same_result_again_changes_nothing(world: World) -> None:
    _campaign, client, row = one_out(world)
    values = {"record_key": row.record_key, "callback_at": world.at(days=1)}
    world.agent_says("14", world.at(minutes=1), **values)
    before = (world.client_row(client), world.phone_row(client), world.rows(AttemptOutcome), world.rows(Callback))
    assert world.agent_says(" 14", world.at(minutes=9), **values) == (client.client_id, ACTIVE)
    after = (world.client_row(client), world.phone_row(client), world.rows(AttemptOutcome), world.rows(Callback))
    assert after == before


@pytest.mark.parametrize("first", ["agent", "wrap-up"])
def test_another_result_for_the_same_call_is_refused(world: World, first: str) -> None:
    _campaign, _client, row = one_out(world)
    if first == "agent":
        world.agent_says("14", record_key=row.record_key)
    else:
        world.result(row.record_key, "VOICE", wrapup="14")
    with world.refused(50014):
        world.agent_says("20", record_key=row.record_key)


@pytest.mark.parametrize(
    ("number", "code", "values"),
    [
        (50010, "20", {"record_key": "ACM0-0"}),
        (50011, "20", {"campaign_id": 0, "client_code": "A1"}),
        (50011, "20", {"client_code": "NOBODY"}),
        (50011, "20", {}),
        (50012, "no such result", {"client_code": "ANNA"}),
        (50012, "off", {"client_code": "ANNA"}),
        (50013, "14", {"client_code": "ANNA"}),
    ],
)
def test_what_is_wrong_is_refused(world: World, number: int, code: str, values: dict[str, Any]) -> None:
    campaign = world.campaign(leaf_mandatory=True)
    world.client(campaign, client_code="ANNA")
    world.agent_result("off", is_enabled=False)
    world.agent_result("14-1", parent="14")
    assert world.agent_says("14-1", campaign_id=campaign, client_code="ANNA")[1] == ACTIVE
    if "client_code" in values:
        values = {"campaign_id": campaign} | values
    with world.refused(number):
        world.agent_says(code, **values)


@pytest.mark.mission("M69", "M75")
def test_a_first_level_result_is_taken_where_the_second_level_is_not_wanted_or_not_there(world: World) -> None:
    free, strict = world.campaign(), world.campaign(leaf_mandatory=True)
    clients = [world.client(campaign) for campaign in (free, strict)]
    world.agent_result("14-1", parent="14")
    assert world.agent_says("14", campaign_id=free, client_code=clients[0].code)[1] == ACTIVE
    assert world.agent_says("20", campaign_id=strict, client_code=clients[1].code)[1] == SUCCESS
    world.connection.execute(update(AgentResult).where(AgentResult.code == "14-1").values(is_enabled=False))
    another = world.client(strict)
    assert world.agent_says("14", campaign_id=strict, client_code=another.code)[1] == ACTIVE


# -- A promised call


@pytest.mark.mission("M14", "M15")
@pytest.mark.parametrize("callback_agent", [None, "3007"])
def test_a_callback_is_promised_on_the_phone_that_was_called(world: World, callback_agent: str | None) -> None:
    campaign = world.campaign(phone_keys=("type", "attempts", "result"))
    client = world.client(campaign, "HM")
    (row,) = world.dial(campaign)
    due, at = world.at(days=1), world.at(minutes=2)
    values = {"callback_at": due, "callback_agent": callback_agent}
    world.agent_says("14", at, record_key=row.record_key, source_id=2, **values)
    (callback,) = world.rows(Callback)
    assert callback == {
        "callback_id": callback["callback_id"], "campaign_id": campaign, "client_id": client.client_id,
        "phone_id": client.phones[1], "due_at": due, "agent": callback_agent, "state_id": 1, "source_id": 2,
        "record_key": None, "created_at": at, "closed_at": None,
    }  # fmt: skip
    world.result(row.record_key, "VOICE", at)
    assert world.take(campaign, world.at(hours=23.9)) == []
    assert [(each.number, each.processing_id) for each in world.take(campaign, due)] == [
        (client.numbers[1], 3 if callback_agent else 2)
    ]


def test_a_callback_for_the_client_alone_rings_its_first_phone(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.agent_says("14", campaign_id=campaign, client_code=client.code, callback_at=world.at(days=1))
    assert [callback["phone_id"] for callback in world.rows(Callback)] == [client.phones[0]]


@pytest.mark.parametrize("agent_first", [True, False])
def test_the_promise_of_the_agent_and_that_of_the_dialer_are_one(world: World, agent_first: bool) -> None:
    _campaign, _client, row = one_out(world)
    moment = world.at(minutes=1)

    def agent() -> None:
        values = {"callback_at": datetime(2026, 11, 24, 9, 0), "callback_agent": "3007"}
        world.agent_says("14", moment, record_key=row.record_key, **values)

    def technical() -> None:
        world.result(row.record_key, "CALLBACK_REQUEST", moment, callback_at=datetime(2026, 11, 24, 12, 0))

    for step in (agent, technical) if agent_first else (technical, agent):
        step()
    assert [(each["due_at"], each["agent"], each["state_id"]) for each in world.rows(Callback)] == [
        (datetime(2026, 11, 24, 9, 0), "3007", 1)
    ]


# -- Whatever order: before, with or after the technical result

RECORDED = {"status_at", "applied_at", "created_at", "source_id", "outcome_id", "attempt_id", "callback_id"}


def end_state(world: World, client: MadeClient, ignore: set[str] = frozenset()) -> list[dict[str, Any]]:  # type: ignore[assignment]
    """Everything that an agent result and a technical one leave behind, but for ids and moments of recording."""
    of_client = AttemptOutcome.client_id == client.client_id
    rows: list[dict[str, Any]] = [world.client_row(client)._asdict()]
    rows += [world.phone_row(client, position)._asdict() for position in range(len(client.phones))]
    rows += sorted(world.rows(AttemptOutcome, of_client), key=lambda row: (row["given_at"], row["record_key"] or ""))
    rows += world.rows(DoNotCall)
    rows += sorted(world.rows(Callback), key=lambda row: row["due_at"])
    skip = RECORDED | {"added_at", "do_not_call_id", "agent", "added_by"} | ignore
    return [{name: value for name, value in row.items() if name not in skip} for row in rows]


def in_its_own_world(
    world: World, steps: Callable[[], MadeClient], ignore: set[str] = frozenset()
) -> list[dict[str, Any]]:  # type: ignore[assignment]
    """The end state after steps that are undone again, so that each order begins with the same rows."""
    savepoint = world.connection.begin_nested()
    try:
        client = steps()
        assert world.unbalanced() == {}
        state = end_state(world, client, ignore)
    finally:
        savepoint.rollback()
    world.segments.clear()
    return normalised(state)


def normalised(state: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ids and keys differ between two runs that do the same: they become their order of appearance."""
    seen: dict[tuple[str, Any], int] = {}
    names = {"client_id", "phone_id", "record_key", "campaign_id", "segment_id", "counted_segment_id", "dial_class_id"}
    names |= {"client_code", "client_code_key", "number", "number_raw", "person_id"}

    def plain(name: str, value: Any) -> Any:
        return seen.setdefault((name, value), len(seen)) if name in names and value is not None else value

    return [{name: plain(name, value) for name, value in row.items()} for row in state]


@pytest.mark.parametrize("code", ["20", "14", "12", "11", "15"])
@pytest.mark.parametrize("limit", [None, 1], ids=["no limit", "last attempt"])
def test_before_with_or_after_the_technical_result_is_the_same(world: World, code: str, limit: int | None) -> None:
    def run(order: str) -> Callable[[], MadeClient]:
        def steps() -> MadeClient:
            forms = {"12": AgentResultForm(3, max_attempts=limit, delay_minutes=240)}
            _campaign, client, row = one_out(world, "MH", max_client_attempts=limit, agent_results=forms)
            ended = world.at(minutes=5)
            if order == "with":
                world.result(row.record_key, "VOICE", ended, wrapup=code)
                return client
            agent, technical = (
                lambda: world.agent_says(code, ended, record_key=row.record_key),
                lambda: world.result(row.record_key, "VOICE", ended),
            )
            for step in (agent, technical) if order == "before" else (technical, agent):
                step()
            return client

        return steps

    # The wrap-up text stands in the attempt alone, which is not compared here.
    before, together, after = (in_its_own_world(world, run(order)) for order in ("before", "with", "after"))
    status = before[0]["status_id"]
    expected = {"20": SUCCESS, "14": ACTIVE, "12": ACTIVE, "11": FAILURE, "15": FAILURE}[code]
    if limit:
        expected = {"14": CLIENT_ATTEMPTS, "12": AGENT_ATTEMPTS}.get(code, expected)
    assert status == expected
    assert before == together
    assert after == together


@pytest.mark.parametrize("agent_minutes", [3, 9], ids=["given while talking", "given after the call"])
def test_the_order_of_arrival_does_not_matter_whenever_the_result_was_given(world: World, agent_minutes: float) -> None:
    """The call ends at 5 minutes; what is given in the call arrives before or after, what is given later likewise."""

    def run(agent_first: bool) -> Callable[[], MadeClient]:
        def steps() -> MadeClient:
            _campaign, client, row = one_out(world, "MH")
            agent, technical = (
                lambda: world.agent_says("12", world.at(agent_minutes), record_key=row.record_key),
                lambda: world.apply(world.row(row.record_key, "VOICE", world.at(minutes=5)), at=world.at(minutes=10)),
            )
            for step in (agent, technical) if agent_first else (technical, agent):
                step()
            return client

        return steps

    first, last = in_its_own_world(world, run(True)), in_its_own_world(world, run(False))
    assert first == last
    assert [row["waits_from"] for row in first if "waits_from" in row] == [world.at(max(5, agent_minutes))] * 2


EVENTS = ("call 1", "agent 1", "call 2", "agent 2", "alone")
CODES = [("12", "12", "14"), ("20", "14", "12"), ("14", "11", "20"), ("12", "14", "12")]


@pytest.mark.parametrize("codes", CODES, ids=lambda codes: "-".join(codes))
def test_two_calls_and_a_result_for_the_client_alone_give_the_same_in_any_order(
    world: World, codes: tuple[str, str, str]
) -> None:
    """Two records of one client, the first of which came back, so that its result may come at any time.

    The moments of the five events are always the same: calls end at 10 and 30 minutes, agents give their results at 15
    and 35, and one for the client alone at 20. What differs is the order in which they reach the procedures.
    """
    forms = {"12": AgentResultForm(3, priority=2, max_attempts=2, delay_minutes=60)}

    def run(order: tuple[str, ...]) -> Callable[[], MadeClient]:
        def steps() -> MadeClient:
            campaign = world.campaign(max_client_attempts=5, agent_results=forms)
            client = world.client(campaign, "MH")
            (one,) = world.dial(campaign)
            dialing.record_return(world.connection, one.record_key, 3, world.at(minutes=12))
            (two,) = world.dial(campaign, world.at(minutes=12))
            actions: dict[str, Callable[[], Any]] = {
                "call 1": lambda: world.result(one.record_key, "VOICE", world.at(minutes=10)),
                "agent 1": lambda: world.agent_says(codes[0], world.at(minutes=15), record_key=one.record_key),
                "call 2": lambda: world.result(two.record_key, "BUSY", world.at(minutes=30)),
                "agent 2": lambda: world.agent_says(codes[1], world.at(minutes=35), record_key=two.record_key),
                "alone": lambda: world.outcome_alone(client, codes[2], world.at(minutes=20)),
            }
            for name in order:
                actions[name]()
            return client

        return steps

    orders = list(itertools.permutations(EVENTS))
    reference = in_its_own_world(world, run(EVENTS))
    assert reference[0]["attempts"] == 2
    assert reference[0]["agent_result_id"] == world.agent(codes[1])
    different = [
        (order, [pair for pair in zip(found, reference, strict=False) if pair[0] != pair[1]])
        for order in orders[7::15]
        if (found := in_its_own_world(world, run(order))) != reference
    ]
    assert different == []
