"""contacts.client_archive: clients closed long ago go to the archive; what is under way and what is blocked stays."""

from __future__ import annotations

from datetime import datetime

import pytest
from import_rows import Load
from world import FAILURE, SUCCESS, MadeClient, World

from app.models.contact import Attempt, Client, ClientArchive, Phone, PhoneArchive
from app.models.strategy import DialClassChange
from app.procedures.contacts import client_archive, client_block, do_not_call_add, phone_block


def archive(
    world: World, campaign: int, before: datetime | None = None, batch_size: int = 100, days: float = 10
) -> tuple[int, int, bool]:
    row = client_archive(
        world.connection, campaign, before or world.at(days=5), world.at(days=days), batch_size=batch_size
    )
    return row.clients_archived, row.phones_archived, bool(row.is_finished)


def close(world: World, client: MadeClient, campaign: int, code: str = "20") -> None:
    world.agent_says(code, campaign_id=campaign, client_code=client.code)


def test_closed_clients_go_with_their_phones_and_active_ones_stay(world: World) -> None:
    campaign = world.campaign()
    closed, active = world.client(campaign, "MH", last_name="Иванова"), world.client(campaign)
    rows = world.dial(campaign)
    for row in rows:
        world.result(row.record_key, "VOICE", world.at(1), wrapup="20" if row.number == closed.number else None)
    before = world.client_row(closed)
    assert archive(world, campaign) == (1, 2, True)
    (row,) = world.rows(ClientArchive)
    for name in row:
        if name not in ("archived_at", "reason_id"):
            assert row[name] == getattr(before, name)
    assert (row["archived_at"], row["reason_id"], row["status_id"], row["attempts"]) == (
        world.at(days=10), 1, SUCCESS, 1,
    )  # fmt: skip
    assert [phone["number"] for phone in world.rows(PhoneArchive)] == list(closed.numbers)
    assert [client["client_id"] for client in world.rows(Client)] == [active.client_id]
    assert [phone["phone_id"] for phone in world.rows(Phone)] == [active.phone_id]
    assert len(world.rows(Attempt)) == 2
    assert sum(change["phones"] for change in world.rows(DialClassChange)) == 1


def test_a_limit_closes_too_and_only_what_is_old_enough_goes(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1)
    limited = world.client(campaign)
    world.attempt(campaign, "NO_ANSWER", world.at(1))
    fresh = world.client(campaign)
    world.agent_says("11", campaign_id=campaign, client_code=fresh.code, at=world.at(days=6))
    assert world.status(fresh) == FAILURE
    assert archive(world, campaign) == (1, 1, True)
    assert [row["client_id"] for row in world.rows(ClientArchive)] == [limited.client_id]
    assert archive(world, campaign, world.at(days=7)) == (1, 1, True)


def test_who_is_at_the_dialer_promised_a_call_or_blocked_stays(world: World) -> None:
    campaign = world.campaign()
    out, promised, blocked, phone_blocked, gone = (world.client(campaign) for _ in range(5))
    world.callback(promised, world.at(days=20))
    client_block(world.connection, blocked.client_id, True, by="a", now=world.now)
    phone_block(world.connection, phone_blocked.phone_id, True, by="a", now=world.now)
    (*_, last) = world.dial(campaign)
    for client in (promised, blocked, phone_blocked):
        close(world, client, campaign)
    world.outcome_alone(out, "20", world.at(1))
    world.outcome_alone(gone, "20", world.at(1))
    world.result(last.record_key, "VOICE", world.at(1))
    assert last.number == gone.number
    assert archive(world, campaign) == (1, 1, True)
    assert [row["client_id"] for row in world.rows(ClientArchive)] == [gone.client_id]


def test_it_goes_in_batches_and_never_into_another_campaign(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    for client in [world.client(campaign) for _ in range(5)]:
        close(world, client, campaign)
    close(world, world.client(other), other)
    assert archive(world, campaign, batch_size=3) == (3, 3, False)
    assert archive(world, campaign, batch_size=3) == (2, 2, True)
    assert archive(world, campaign) == (0, 0, True)
    assert len(world.rows(Client)) == 1


def test_a_client_that_is_loaded_again_is_new_and_its_rounds_go_on(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line("A", "79160000001", "79160000002")
    load.line("B", "79160000003")
    load.apply()
    do_not_call_add(world.connection, number="79160000002", by="a", now=world.now)
    world.agent_says("20", campaign_id=campaign, client_code="A")
    assert archive(world, campaign) == (1, 2, True)
    again = Load(world, campaign)
    again.line("a", "79160000001", "79160000002")
    again.line("C", "79160000004")
    assert again.apply(world.at(days=11)) == {"clients_loaded": 2, "phones_loaded": 3}
    rounds = {row["client_code"]: row["round_no"] for row in world.rows(Client)}
    assert rounds == {"B": 1, "a": 2, "C": 1}
    assert sorted(world.dialled(campaign, world.at(days=11, minutes=1))) == [
        "79160000001", "79160000003", "79160000004",
    ]  # fmt: skip


@pytest.mark.parametrize("result", ["BUSY", "VOICE"])
def test_the_books_know_the_attempts_of_the_archived(world: World, result: str) -> None:
    """A phone in the archive still says whether it was dialled inside of its schedule."""
    campaign = world.campaign(max_client_attempts=1)
    world.client(campaign)
    world.attempt(campaign, result, world.at(1))
    assert archive(world, campaign) == (1, 1, True)
    assert world.unbalanced() == {}
    world.connection.execute(Attempt.__table__.update().values(ended_at=world.at(hours=12)))
    assert world.unbalanced() == {"attempts_outside_schedule": (0, 1)}
    world.connection.execute(Attempt.__table__.update().values(ended_at=world.at(1)))
