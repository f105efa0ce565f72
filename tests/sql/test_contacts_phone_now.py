"""contacts.phone_now: the phones as the event in hand leaves them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, select
from world import World

from app.models.contact import WorkPhoneFact

FACTS = (
    "attempts", "last_attempt_at", "last_technical_result_id", "last_agent_result_id", "hold_agent_result_id",
    "waits_from", "held_until",
)  # fmt: skip


def rows_of(world: World, client: Any) -> list[dict[str, Any]]:
    return world.query(
        "SELECT p.* FROM contacts.phone_now AS p WHERE p.client_id = :id ORDER BY p.phone_id", id=client.client_id
    )


def test_outside_of_an_event_it_is_the_phone(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "M")
    world.attempt(campaign, "BUSY", world.at(minutes=1))
    (row,), phone = rows_of(world, client), world.phone_row(client)
    assert row.pop("is_in_work") == 0
    assert row == {name: getattr(phone, name) for name in row}
    assert row["last_technical_result_id"] == world.technical("BUSY")


def test_in_an_event_its_facts_take_the_place_of_the_phone_s_even_where_they_are_empty(world: World) -> None:
    client = world.client(world.campaign(), "MH")
    world.phone_facts(
        client, attempts=4, last_technical_result_id=world.technical("BUSY"), last_attempt_at=world.now,
        last_agent_result_id=world.agent("12"), hold_agent_result_id=world.agent("12"), held_until=world.at(hours=1),
    )  # fmt: skip
    facts = {**dict.fromkeys(FACTS), "attempts": 5, "waits_from": world.at(minutes=7)}
    world.connection.execute(insert(WorkPhoneFact).values(phone_id=client.phones[0], **facts))
    changed, other = rows_of(world, client)
    assert {name: changed[name] for name in FACTS} == facts
    assert (changed["is_in_work"], other["is_in_work"]) == (1, 0)
    assert (other["attempts"], other["waits_from"]) == (0, world.now)
    # settled, they are the phone's, once
    world.settle(client.client_id)
    phone = world.phone_row(client)
    assert {name: getattr(phone, name) for name in FACTS} == facts
    assert world.connection.execute(select(WorkPhoneFact)).all() == []
    assert [row["is_in_work"] for row in rows_of(world, client)] == [0, 0]


def test_settling_writes_the_facts_of_an_event_whose_class_stays_the_same(world: World) -> None:
    client = world.client(world.campaign(), "M")
    before = world.phone_row(client)
    facts = {**{name: getattr(before, name) for name in FACTS}, "waits_from": world.at(minutes=30)}
    world.connection.execute(insert(WorkPhoneFact).values(phone_id=client.phone_id, **facts))
    world.settle(client.client_id)
    after = world.phone_row(client)
    assert (after.dial_class_id, after.waits_from) == (before.dial_class_id, world.at(minutes=30))


def test_what_another_client_has_in_work_stays_there(world: World) -> None:
    campaign = world.campaign()
    mine, other = world.client(campaign), world.client(campaign)
    facts = {**dict.fromkeys(FACTS), "attempts": 1, "waits_from": world.now}
    world.connection.execute(insert(WorkPhoneFact).values(phone_id=other.phone_id, **facts))
    world.settle(mine.client_id)
    assert world.connection.execute(select(WorkPhoneFact.phone_id)).scalars().all() == [other.phone_id]
    world.connection.execute(delete(WorkPhoneFact))


def test_a_batch_of_results_leaves_nothing_in_work(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.attempt(campaign, "VOICE", world.at(minutes=1), wrapup="12")
    assert world.connection.execute(select(WorkPhoneFact)).all() == []
    first, second = (world.phone_row(client, position) for position in (0, 1))
    assert first.last_agent_result_id == first.hold_agent_result_id == second.hold_agent_result_id == world.agent("12")
    assert (first.attempts, second.attempts, second.last_agent_result_id) == (1, 0, None)
