"""strategy.client_status_now: the status that a client should have at a moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import update
from world import (
    ACTIVE,
    AGENT_ATTEMPTS,
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

from app.campaigns import AgentResultForm, PhoneTypeForm
from app.models.contact import Client, Phone
from app.models.dictionary import ClientStatus

pytestmark = pytest.mark.mission("M41", "M42")


def now(world: World, client: MadeClient, at: datetime | None = None, **facts: Any) -> int:
    """The status that the client should have, after these facts of it were written (and undone again)."""
    row = world.client_row(client)
    if facts:
        before = {name: getattr(row, name) for name in facts}
        world.connection.execute(update(Client).where(Client.client_id == client.client_id).values(**facts))
    rows = ask(world, client.client_id, at or world.now)
    if facts:
        world.connection.execute(update(Client).where(Client.client_id == client.client_id).values(**before))
    assert [row["client_id"] for row in rows] == [client.client_id]
    return int(rows[0]["status_id"])


def ask(world: World, client_id: int, at: datetime) -> list[dict[str, Any]]:
    """The rows of the function, asked as contacts.client_settle asks it."""
    (phones,) = world.query(
        "SELECT MIN(f.is_type_reached) AS is_type_reached FROM strategy.phone_fact AS f WHERE f.client_id = :client_id",
        client_id=client_id,
    )
    return world.query(
        "SELECT n.client_id, n.status_id FROM strategy.client_status_now(:client_id, CAST(:reached AS int), :at) AS n",
        client_id=client_id,
        reached=phones["is_type_reached"],
        at=at,
    )


def phone_attempts(world: World, client: MadeClient, *attempts: int) -> None:
    for position, count in enumerate(attempts):
        world.phone_facts(client, position, attempts=count)


@pytest.mark.mission("M136", "M137", "M138", "M139", "M140", "M141", "M142", "M143", "M144")
def test_the_statuses_are_the_nine_of_the_deck(world: World) -> None:
    assert [(row["status_id"], row["name"], row["is_final"], row["is_limit"]) for row in world.rows(ClientStatus)] == [
        (ACTIVE, "Активный", False, False),
        (SUCCESS, "Обработан (успешно)", True, False),
        (FAILURE, "Обработан (неуспешно)", True, False),
        (CLIENT_ATTEMPTS, "Исчерпаны попытки дозвона по клиенту", False, True),
        (TYPE_ATTEMPTS, "Исчерпаны попытки дозвона по типу телефона", False, True),
        (FIRST_CALL, "Превышена длительность совершения попыток дозвона (с момента первого вызова)", False, True),
        (CREATED, "Превышена длительность совершения попыток дозвона (с момента создания)", False, True),
        (AGENT_ATTEMPTS, "Исчерпаны попытки дозвона по агентскому результату", False, True),
        (STOP_DATE, "Наступила дата прекращения обзвона", False, True),
    ]


def test_a_client_under_every_limit_is_active(world: World) -> None:
    campaign = world.campaign(
        max_client_attempts=3, first_call_minutes=60, created_minutes=120,
        phone_types={"M": PhoneTypeForm(max_attempts=2)}, agent_results={"12": AgentResultForm(3, max_attempts=2)},
    )  # fmt: skip
    client = world.client(campaign, do_not_call_after=world.at(minutes=1))
    facts = {"attempts": 2, "first_attempt_at": world.at(minutes=-59), "agent_result_id": world.agent("12")}
    assert now(world, client, agent_result_attempts=1, loaded_at=world.at(minutes=-119), **facts) == ACTIVE


@pytest.mark.mission("M144")
def test_the_stop_date_comes_at_its_moment(world: World) -> None:
    client = world.client(world.campaign(), do_not_call_after=world.at(hours=1))
    assert now(world, client, world.at(minutes=59.999)) == ACTIVE
    assert now(world, client, world.at(hours=1)) == STOP_DATE
    assert now(world, world.client(world.campaign()), world.at(days=9999)) == ACTIVE


@pytest.mark.mission("M52", "M141")
def test_the_duration_since_the_first_call_ends_at_its_last_minute(world: World) -> None:
    client = world.client(world.campaign(first_call_minutes=60))
    assert now(world, client, world.at(hours=100)) == ACTIVE  # never called
    assert now(world, client, world.at(minutes=59.999), first_attempt_at=world.now) == ACTIVE
    assert now(world, client, world.at(minutes=60), first_attempt_at=world.now) == FIRST_CALL


@pytest.mark.mission("M54", "M142")
def test_the_duration_since_creation_counts_from_the_load(world: World) -> None:
    client = world.client(world.campaign(created_minutes=60))
    assert now(world, client, world.at(minutes=59.999)) == ACTIVE
    assert now(world, client, world.at(minutes=60)) == CREATED
    assert now(world, client, world.at(minutes=60), loaded_at=world.at(minutes=1)) == ACTIVE


@pytest.mark.mission("M49", "M139")
def test_the_attempts_of_a_client_run_out(world: World) -> None:
    client = world.client(world.campaign(max_client_attempts=3))
    assert [now(world, client, attempts=attempts) for attempts in (2, 3, 4)] == [
        ACTIVE, CLIENT_ATTEMPTS, CLIENT_ATTEMPTS,
    ]  # fmt: skip
    assert now(world, world.client(world.campaign()), attempts=1000) == ACTIVE


@pytest.mark.mission("M50", "M140", "M145")
def test_the_attempts_by_type_have_run_out_when_every_phone_that_the_strategy_allows_has_none_left(
    world: World,
) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=2), "H": PhoneTypeForm(max_attempts=3)})
    client = world.client(campaign, "MMHW")
    found = []
    for attempts in ((2, 2, 2, 0), (2, 1, 3, 0), (2, 2, 3, 0), (2, 3, 4, 9)):
        phone_attempts(world, client, *attempts)
        found.append(now(world, client))
    assert found == [ACTIVE, ACTIVE, TYPE_ATTEMPTS, TYPE_ATTEMPTS]


def test_a_phone_whose_type_has_no_limit_never_runs_out(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=1), "H": PhoneTypeForm()})
    both, one = world.client(campaign, "MH"), world.client(campaign, "M")
    phone_attempts(world, both, 1, 50)
    phone_attempts(world, one, 1)
    assert (now(world, both), now(world, one)) == (ACTIVE, TYPE_ATTEMPTS)


@pytest.mark.parametrize("column", ["is_blocked", "is_do_not_call"])
def test_blocked_phones_are_not_looked_at(world: World, column: str) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=1)})
    client = world.client(campaign, "MM")
    phone_attempts(world, client, 1, 0)
    assert now(world, client) == ACTIVE
    world.phone_facts(client, 1, **{column: True})
    assert now(world, client) == TYPE_ATTEMPTS
    world.phone_facts(client, 0, **{column: True})
    assert now(world, client) == ACTIVE  # no phone is left that could have run out


def test_a_client_whose_types_are_not_dialled_has_not_run_out(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=1)})
    client = world.client(campaign, "W")
    phone_attempts(world, client, 5)
    assert now(world, client) == ACTIVE


@pytest.mark.mission("M80", "M143")
def test_the_attempts_with_an_agent_result_run_out_only_where_it_leaves_the_client_active(world: World) -> None:
    forms = {"12": AgentResultForm(3, max_attempts=2), "14": AgentResultForm(2, max_attempts=2)}
    client = world.client(world.campaign(agent_results=forms))

    def after(code: str, times: int) -> int:
        return now(world, client, agent_result_id=world.agent(code), agent_result_attempts=times)

    assert [after("12", times) for times in (1, 2, 3)] == [ACTIVE, AGENT_ATTEMPTS, AGENT_ATTEMPTS]
    assert [after("14", times) for times in (1, 2, 3)] == [ACTIVE, ACTIVE, ACTIVE]
    assert after("20", 5) == ACTIVE


def everything_reached(world: World, **strategy: Any) -> MadeClient:
    """A client that has reached every limit but that of an agent result."""
    campaign = world.campaign(
        first_call_minutes=60, created_minutes=60, max_client_attempts=1,
        phone_types={"M": PhoneTypeForm(max_attempts=1)}, **strategy,
    )  # fmt: skip
    client = world.client(campaign, do_not_call_after=world.at(minutes=-1))
    world.connection.execute(update(Phone).where(Phone.phone_id == client.phone_id).values(attempts=1))
    world.facts(client, attempts=1, first_attempt_at=world.at(hours=-2), loaded_at=world.at(hours=-2))
    return client


@pytest.mark.mission("M53")
@pytest.mark.parametrize(
    ("created_names_status", "first", "second"), [(False, FIRST_CALL, CREATED), (True, CREATED, FIRST_CALL)]
)
def test_the_first_limit_that_matches_names_the_status(
    world: World, created_names_status: bool, first: int, second: int
) -> None:
    client = everything_reached(
        world, created_names_status=created_names_status, agent_results={"12": AgentResultForm(3, max_attempts=1)}
    )
    facts: dict[str, Any] = {"status_id": ACTIVE, "agent_result_id": world.agent("12"), "agent_result_attempts": 1}
    found = [now(world, client, **facts)]
    # One limit after another is lifted, in the order in which they match.
    lifted = {
        STOP_DATE: {"do_not_call_after": None},
        AGENT_ATTEMPTS: {"agent_result_attempts": 0},
        FIRST_CALL: {"first_attempt_at": None},
        CREATED: {"loaded_at": world.now},
        CLIENT_ATTEMPTS: {"attempts": 0},
    }
    for status in (STOP_DATE, AGENT_ATTEMPTS, first, second, CLIENT_ATTEMPTS):
        facts |= lifted[status]
        found.append(now(world, client, **facts))
    assert found == [STOP_DATE, AGENT_ATTEMPTS, first, second, CLIENT_ATTEMPTS, TYPE_ATTEMPTS]


STOPPED = (FIRST_CALL, CREATED, CLIENT_ATTEMPTS, TYPE_ATTEMPTS)


@pytest.mark.parametrize("status", STOPPED)
def test_a_limit_that_stopped_a_client_keeps_naming_its_status_while_it_holds(world: World, status: int) -> None:
    client = everything_reached(world)
    assert now(world, client, status_id=status, do_not_call_after=None) == status
    assert now(world, client, status_id=ACTIVE, do_not_call_after=None) == FIRST_CALL


@pytest.mark.parametrize("status", [*STOPPED, ACTIVE, AGENT_ATTEMPTS])
def test_the_stop_date_names_the_status_whatever_stopped_the_client_before(world: World, status: int) -> None:
    client = everything_reached(world, agent_results={"12": AgentResultForm(3, max_attempts=1)})
    facts: dict[str, Any] = {"agent_result_id": world.agent("12"), "agent_result_attempts": 1, "status_id": status}
    assert now(world, client, **facts) == STOP_DATE
    assert now(world, client, do_not_call_after=None, **facts) == AGENT_ATTEMPTS


@pytest.mark.parametrize("status", STOPPED)
def test_attempts_with_an_agent_result_that_have_run_out_name_the_status_whatever_stopped_the_client_before(
    world: World, status: int
) -> None:
    client = everything_reached(world, agent_results={"12": AgentResultForm(3, max_attempts=1)})
    facts: dict[str, Any] = {"status_id": status, "agent_result_id": world.agent("12"), "do_not_call_after": None}
    assert now(world, client, agent_result_attempts=0, **facts) == status
    assert now(world, client, agent_result_attempts=1, **facts) == AGENT_ATTEMPTS


def test_a_limit_that_no_longer_holds_gives_way_to_the_next_one(world: World) -> None:
    client = everything_reached(world)
    assert now(world, client, status_id=AGENT_ATTEMPTS) == STOP_DATE
    assert now(world, client, status_id=FIRST_CALL, first_attempt_at=world.now) == STOP_DATE


def test_a_raised_limit_brings_back_the_clients_that_only_it_stopped(world: World) -> None:
    campaign = world.campaign(max_client_attempts=2, created_minutes=600)
    client = world.client(campaign)
    assert now(world, client, attempts=2, status_id=CLIENT_ATTEMPTS) == CLIENT_ATTEMPTS
    world.strategy(campaign, max_client_attempts=3)
    assert now(world, client, attempts=2, status_id=CLIENT_ATTEMPTS) == ACTIVE
    assert now(world, client, world.at(hours=10), attempts=2, status_id=CLIENT_ATTEMPTS) == CREATED


@pytest.mark.mission("M137", "M138")
@pytest.mark.parametrize("status", [SUCCESS, FAILURE])
def test_a_processed_client_stays_so_whatever_the_limits_say(world: World, status: int) -> None:
    assert now(world, everything_reached(world), status_id=status) == status
    assert now(world, world.client(world.campaign()), status_id=status) == status


def test_a_campaign_without_a_strategy_has_no_limits_but_the_stop_date(world: World) -> None:
    client = everything_reached(world)
    world.without_strategy(world.client_row(client).campaign_id)
    assert now(world, client, status_id=ACTIVE) == STOP_DATE
    assert now(world, client, status_id=ACTIVE, do_not_call_after=None) == ACTIVE


def test_nobody_has_no_status(world: World) -> None:
    client = world.client(world.campaign())
    assert [row["status_id"] for row in ask(world, client.client_id, world.now)] == [ACTIVE]
    assert ask(world, 0, world.now) == []
