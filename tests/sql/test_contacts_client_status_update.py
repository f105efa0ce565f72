"""contacts.client_status_update: statuses that only time or a new strategy version changes."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from sqlalchemy import update
from world import (
    ACTIVE,
    CLIENT_ATTEMPTS,
    CREATED,
    FAILURE,
    FIRST_CALL,
    NO_DAY,
    STOP_DATE,
    SUCCESS,
    TYPE_ATTEMPTS,
    MadeClient,
    World,
)

from app.campaigns import AgentResultForm, PhoneTypeForm
from app.models.contact import Client
from app.models.strategy import DialClass, StatusRun
from app.procedures import contacts

pytestmark = pytest.mark.mission("M229")


def run(world: World, campaign: int, at: datetime | None = None, **values: int) -> tuple[int, int, bool]:
    row = contacts.client_status_update(world.connection, campaign, at or world.now, **values)
    return row.clients_checked, row.clients_changed, bool(row.is_finished)


def settled(world: World, campaign: int) -> None:
    """The first run of a campaign looks at its version; the runs after it look at time alone."""
    run(world, campaign)


def statuses(world: World, *clients: MadeClient) -> list[int]:
    return [world.status(client) for client in clients]


# -- What time brings


@pytest.mark.mission("M133", "M144")
def test_clients_whose_stop_date_has_come_are_stopped(world: World) -> None:
    campaign = world.campaign()
    due, exact, later, none = (
        world.client(campaign, do_not_call_after=moment)
        for moment in (world.at(minutes=1), world.at(minutes=10), world.at(minutes=10.001), None)
    )
    settled(world, campaign)
    assert run(world, campaign, world.at(minutes=10)) == (2, 2, True)
    assert statuses(world, due, exact, later, none) == [STOP_DATE, STOP_DATE, ACTIVE, ACTIVE]
    assert world.client_row(due).status_at == world.at(minutes=10)
    assert run(world, campaign, world.at(minutes=10)) == (0, 0, True)


@pytest.mark.mission("M54", "M142")
def test_clients_that_were_created_too_long_ago_are_stopped(world: World) -> None:
    campaign = world.campaign(created_minutes=60)
    old = world.client(campaign, loaded_at=world.at(minutes=-50))
    new = world.client(campaign, loaded_at=world.at(minutes=-49))
    settled(world, campaign)
    assert run(world, campaign, world.at(minutes=10)) == (1, 1, True)
    assert statuses(world, old, new) == [CREATED, ACTIVE]


@pytest.mark.mission("M52", "M141")
def test_clients_that_were_first_called_too_long_ago_are_stopped(world: World) -> None:
    campaign = world.campaign(first_call_minutes=60)
    old, new, never = (world.client(campaign) for _ in range(3))
    world.facts(old, first_attempt_at=world.at(minutes=-50))
    world.facts(new, first_attempt_at=world.at(minutes=-49))
    settled(world, campaign)
    assert run(world, campaign, world.at(minutes=10)) == (1, 1, True)
    assert statuses(world, old, new, never) == [FIRST_CALL, ACTIVE, ACTIVE]


def first_calls_seen(world: World, campaign: int) -> datetime | None:
    (row,) = world.rows(StatusRun, StatusRun.campaign_id == campaign)
    return row["first_calls_seen_until"]  # type: ignore[no-any-return]


@pytest.mark.mission("M52")
def test_each_run_looks_at_the_attempts_that_became_too_old_since_the_last_one(world: World) -> None:
    campaign = world.campaign(first_call_minutes=60)
    clients = [world.client(campaign) for _ in range(4)]
    for minutes, client in zip((0, 10, 20, 30), clients, strict=True):
        world.facts(client, first_attempt_at=world.at(minutes=minutes))
    settled(world, campaign)
    assert first_calls_seen(world, campaign) == world.at(minutes=-60)
    # as many attempts a run as a run takes clients; then it goes on from there
    for turn in (2, 1):
        assert run(world, campaign, world.at(minutes=60 + 25), batch_size=turn) == (turn, turn, False)
    assert first_calls_seen(world, campaign) == world.at(minutes=20)
    assert run(world, campaign, world.at(minutes=60 + 25), batch_size=2) == (0, 0, True)
    assert first_calls_seen(world, campaign) == world.at(minutes=25)
    assert statuses(world, *clients) == [FIRST_CALL, FIRST_CALL, FIRST_CALL, ACTIVE]
    assert run(world, campaign, world.at(minutes=60 + 30)) == (1, 1, True)


@pytest.mark.mission("M52")
def test_an_attempt_that_was_on_its_way_while_a_run_looked_is_seen_by_the_next(world: World) -> None:
    campaign = world.campaign(first_call_minutes=60)
    client = world.client(campaign)
    assert run(world, campaign, world.at(minutes=61)) == (0, 0, True)
    world.facts(client, now=world.at(minutes=59), first_attempt_at=world.at(minutes=0.5))
    assert statuses(world, client) == [ACTIVE]
    assert run(world, campaign, world.at(minutes=62)) == (1, 1, True)
    assert statuses(world, client) == [FIRST_CALL]


@pytest.mark.mission("M52")
def test_a_duration_that_is_made_longer_and_shorter_again_finds_the_same_clients(world: World) -> None:
    campaign = world.campaign(first_call_minutes=60)
    client = world.client(campaign)
    world.facts(client, first_attempt_at=world.now)
    settled(world, campaign)
    at = world.at(hours=2)
    assert run(world, campaign, at) == (1, 1, True)
    for minutes, status, seen in (
        (180, ACTIVE, world.at(hours=-1)), (60, FIRST_CALL, world.at(hours=1)), (None, ACTIVE, None),
        (90, FIRST_CALL, world.at(minutes=30)),
    ):  # fmt: skip
        world.strategy(campaign, first_call_minutes=minutes)
        run(world, campaign, at)
        assert (statuses(world, client), first_calls_seen(world, campaign)) == ([status], seen), minutes


def test_the_precedence_of_the_durations_is_that_of_the_strategy(world: World) -> None:
    campaigns = [
        world.campaign(first_call_minutes=60, created_minutes=60, created_names_status=flag) for flag in (False, True)
    ]
    clients = [world.client(campaign) for campaign in campaigns]
    for campaign, client in zip(campaigns, clients, strict=True):
        world.facts(client, first_attempt_at=world.now)
        settled(world, campaign)
        assert run(world, campaign, world.at(hours=2)) == (1, 1, True)
    assert statuses(world, *clients) == [FIRST_CALL, CREATED]


def test_the_stop_date_names_the_status_of_stopped_clients_and_not_of_processed_ones(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1)
    clients = [world.client(campaign, do_not_call_after=world.at(minutes=5)) for _ in range(3)]
    world.facts(clients[0], status_id=SUCCESS)
    world.facts(clients[1], status_id=FAILURE)
    world.facts(clients[2], attempts=1)
    settled(world, campaign)
    assert statuses(world, *clients) == [SUCCESS, FAILURE, CLIENT_ATTEMPTS]
    assert run(world, campaign, world.at(hours=1)) == (1, 1, True)
    assert statuses(world, *clients) == [SUCCESS, FAILURE, STOP_DATE]


def test_stopped_clients_keep_their_status_when_a_duration_is_over(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1, created_minutes=60)
    client = world.client(campaign)
    world.facts(client, attempts=1)
    settled(world, campaign)
    assert run(world, campaign, world.at(hours=2)) == (0, 0, True)
    assert statuses(world, client) == [CLIENT_ATTEMPTS]


def test_other_campaigns_are_left_alone(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    mine, theirs = (world.client(each, do_not_call_after=world.at(minutes=5)) for each in (campaign, other))
    settled(world, campaign)
    run(world, campaign, world.at(hours=1))
    assert statuses(world, mine, theirs) == [STOP_DATE, ACTIVE]


def test_a_run_takes_no_more_than_its_share_and_says_that_there_is_more(world: World) -> None:
    campaign = world.campaign()
    clients = [world.client(campaign, do_not_call_after=world.at(minutes=5)) for _ in range(5)]
    settled(world, campaign)
    found = [run(world, campaign, world.at(hours=1), batch_size=2) for _ in range(4)]
    assert found == [(2, 2, False), (2, 2, False), (1, 1, True), (0, 0, True)]
    assert statuses(world, *clients) == [STOP_DATE] * 5


# -- What a new version brings


def test_a_raised_limit_brings_back_the_clients_that_only_it_stopped(world: World) -> None:
    campaign = world.campaign(max_client_attempts=2, created_minutes=60)
    only, also, under = world.client(campaign), world.client(campaign), world.client(campaign)
    for client in (only, also):
        world.facts(client, attempts=2)
    world.facts(also, loaded_at=world.at(minutes=-59))
    settled(world, campaign)
    assert statuses(world, only, also, under) == [CLIENT_ATTEMPTS, CLIENT_ATTEMPTS, ACTIVE]
    world.strategy(campaign, max_client_attempts=3, created_minutes=60)
    assert statuses(world, only, also, under) == [CLIENT_ATTEMPTS, CLIENT_ATTEMPTS, ACTIVE]  # saving touched nobody
    assert run(world, campaign, world.at(minutes=1)) == (2, 2, True)
    assert statuses(world, only, also, under) == [ACTIVE, CREATED, ACTIVE]
    assert run(world, campaign, world.at(minutes=2)) == (0, 0, True)


def test_a_processed_client_never_comes_back_by_itself(world: World) -> None:
    campaign = world.campaign(max_client_attempts=2)
    client = world.client(campaign)
    world.facts(client, attempts=2, status_id=SUCCESS)
    settled(world, campaign)
    world.strategy(campaign, max_client_attempts=None)
    assert run(world, campaign) == (0, 0, True)
    assert world.status(client) == SUCCESS


@pytest.mark.mission("M139", "M140", "M143")
def test_a_lowered_limit_stops_the_clients_that_have_reached_it(world: World) -> None:
    campaign = world.campaign(
        phone_types={"M": PhoneTypeForm(), "H": PhoneTypeForm()}, agent_results={"12": AgentResultForm(3)}
    )
    by_client, by_type, by_agent, under = (world.client(campaign, "MH") for _ in range(4))
    world.facts(by_client, attempts=5)
    for position in (0, 1):
        world.phone_facts(by_type, position, attempts=3)
    world.phone_facts(under, attempts=3)
    world.facts(by_agent, agent_result_id=world.agent("12"), agent_result_attempts=2)
    settled(world, campaign)
    assert statuses(world, by_client, by_type, by_agent, under) == [ACTIVE] * 4
    world.strategy(
        campaign,
        max_client_attempts=5,
        phone_types={"M": PhoneTypeForm(max_attempts=3), "H": PhoneTypeForm(max_attempts=3)},
        agent_results={"12": AgentResultForm(3, max_attempts=2)},
    )
    checked, changed, is_finished = run(world, campaign)
    assert (checked, changed, is_finished) == (4, 3, True)
    assert statuses(world, by_client, by_type, by_agent, under) == [CLIENT_ATTEMPTS, TYPE_ATTEMPTS, 8, ACTIVE]


def test_a_campaign_is_settled_against_its_version_once(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign)
    assert world.campaign_row(campaign).status_version_id is None
    run(world, campaign)
    assert world.campaign_row(campaign).status_version_id == world.version_id(campaign)
    version = world.strategy(campaign, max_client_attempts=1)
    assert world.campaign_row(campaign).status_version_id != version
    run(world, campaign)
    assert world.campaign_row(campaign).status_version_id == version


# -- The count of the day


def test_the_count_of_a_day_that_is_over_everywhere_is_forgotten(world: World) -> None:
    campaign = world.campaign(max_day_attempts=3)
    days = {"today": date(2026, 11, 23), "may go on": date(2026, 11, 21), "over": date(2026, 11, 20)}
    clients = {name: world.client(campaign) for name in days}
    for name, day in days.items():
        world.facts(clients[name], attempt_day=day, day_attempts=2, attempts=2)
    before = world.phone_row(clients["over"]).dial_class_id
    settled(world, campaign)
    found = {name: world.client_row(client) for name, client in clients.items()}
    assert {name: (row.attempt_day, row.day_attempts, row.attempts) for name, row in found.items()} == {
        "today": (days["today"], 2, 2),
        "may go on": (days["may go on"], 2, 2),
        "over": (None, 0, 2),
    }
    after = world.phone_row(clients["over"]).dial_class_id
    (row,) = world.rows(DialClass, DialClass.dial_class_id == after)
    assert after != before
    assert (row["attempt_day"], row["day_attempts"], row["client_attempts"]) == (NO_DAY, 0, 2)


def test_a_run_checks_the_clients_that_are_due_and_no_others(world: World) -> None:
    campaign = world.campaign(created_minutes=600)
    clients = world.many_clients(campaign, 3000)
    settled(world, campaign)
    due = clients[::600]
    world.has_made_up_facts = True
    world.connection.execute(update(Client).where(Client.client_id.in_(due)).values(loaded_at=world.at(hours=-9)))
    assert run(world, campaign, world.at(hours=2)) == (5, 5, True)
    assert [row["client_id"] for row in world.rows(Client, Client.status_id == CREATED)] == due
