"""contacts.client_settle: what follows from a client's facts is brought in line with them, and only that."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import insert, update
from world import ACTIVE, CLIENT_ATTEMPTS, SUCCESS, World

from app.campaigns import PhoneTypeForm
from app.database.procedure import call
from app.models.contact import Client, Phone, WorkClient, WorkSet
from app.models.strategy import ClientCountChange, DialClass, DialClassChange


def status_counts(world: World, campaign: int) -> dict[tuple[int, int], int]:
    """Clients by segment and status, as the counts have them."""
    counts: dict[tuple[int, int], int] = {}
    for row in world.rows(ClientCountChange, ClientCountChange.campaign_id == campaign):
        key = (row["segment_id"], row["status_id"])
        counts[key] = counts.get(key, 0) + row["clients"]
    return {key: count for key, count in counts.items() if count}


def class_counts(world: World) -> dict[int, int]:
    """Phones by class, as the counts have them."""
    counts: dict[int, int] = {}
    for row in world.rows(DialClassChange):
        counts[row["dial_class_id"]] = counts.get(row["dial_class_id"], 0) + row["phones"]
    return {class_id: count for class_id, count in counts.items() if count}


def sizes(world: World) -> dict[str, int]:
    return {model.__tablename__: len(world.rows(model)) for model in (ClientCountChange, DialClassChange, DialClass)}


def test_a_new_client_gets_a_class_for_each_phone_and_is_counted(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MHM")
    phones = [world.phone_row(client, position) for position in range(3)]
    assert [world.bar(client, position) for position in range(3)] == [0, 0, 0]
    assert phones[0].dial_class_id == phones[2].dial_class_id != phones[1].dial_class_id
    assert class_counts(world) == {phones[0].dial_class_id: 2, phones[1].dial_class_id: 1}
    assert status_counts(world, campaign) == {(world.segment(campaign), ACTIVE): 1}
    row = world.client_row(client)
    assert (row.counted_status_id, row.counted_segment_id) == (ACTIVE, world.segment(campaign))


def test_the_class_has_the_facts_of_the_phone(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "H", zone="Europe/Samara", phone_zones=("Asia/Omsk",), load_priority=3)
    world.facts(client, attempts=2, last_technical_result_id=world.technical("BUSY"))
    (row,) = world.rows(DialClass, DialClass.dial_class_id == world.phone_row(client).dial_class_id)
    names = set(row) - {"dial_class_id", "created_at"}
    (fact,) = world.query("SELECT f.* FROM strategy.phone_fact AS f WHERE f.phone_id = :id", id=client.phone_id)
    assert len(names) == 22
    assert {name: row[name] for name in names} == {name: fact[name] for name in names}
    assert row["created_at"] == world.now


def test_phones_with_the_same_facts_share_a_class_across_events(world: World) -> None:
    campaign = world.campaign()
    clients = [world.client(campaign) for _ in range(3)]
    assert len({world.phone_row(client).dial_class_id for client in clients}) == 1
    assert len(world.rows(DialClass)) == 1


def test_a_changed_fact_moves_all_phones_of_the_client_and_their_counts(world: World) -> None:
    campaign = world.campaign()
    client, other = world.client(campaign, "MM"), world.client(campaign)
    before = world.phone_row(client).dial_class_id
    world.facts(client, attempts=1)
    after = world.phone_row(client).dial_class_id
    assert after not in (0, before)
    assert world.phone_row(client, 1).dial_class_id == after
    assert world.phone_row(other).dial_class_id == before
    assert class_counts(world) == {before: 1, after: 2}


def test_a_blocked_phone_leaves_the_queue_and_comes_back(world: World) -> None:
    client = world.client(world.campaign(), "MM")
    class_id = world.phone_row(client).dial_class_id
    world.phone_facts(client, 0, is_blocked=True)
    assert [world.bar(client, position) for position in (0, 1)] == [4, 0]
    assert class_counts(world) == {class_id: 1, world.phone_row(client).dial_class_id: 1}
    world.phone_facts(client, 0, is_blocked=False)
    assert [world.bar(client, position) for position in (0, 1)] == [0, 0]
    assert class_counts(world) == {class_id: 2}


def test_a_limit_sets_the_status_with_its_moment_and_its_count(world: World) -> None:
    campaign = world.campaign(max_client_attempts=2)
    client, other = world.client(campaign), world.client(campaign)
    segment = world.segment(campaign)
    world.facts(client, attempts=2, now=world.at(minutes=5))
    row = world.client_row(client)
    assert (row.status_id, row.status_at) == (CLIENT_ATTEMPTS, world.at(minutes=5))
    assert (world.client_row(other).status_id, world.client_row(other).status_at) == (ACTIVE, world.now)
    assert status_counts(world, campaign) == {(segment, CLIENT_ATTEMPTS): 1, (segment, ACTIVE): 1}
    assert world.is_free(client) is True  # a raised limit brings it back without touching the phone


def test_a_processed_client_leaves_the_queue(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.facts(client, status_id=SUCCESS, status_at=world.at(minutes=1), now=world.at(minutes=2))
    assert world.client_row(client).status_at == world.at(minutes=1)
    assert [world.bar(client, position) for position in (0, 1)] == [1, 1]
    assert status_counts(world, campaign) == {(world.segment(campaign), SUCCESS): 1}


def test_a_client_that_changes_its_segment_is_counted_there(world: World) -> None:
    campaign = world.campaign()
    client, other = world.client(campaign), world.client(campaign)
    new = world.segment(campaign, "new")
    world.facts(client, segment_id=new)
    assert status_counts(world, campaign) == {(world.segment(campaign), ACTIVE): 1, (new, ACTIVE): 1}
    assert world.phone_row(client).dial_class_id != world.phone_row(other).dial_class_id


def test_nothing_is_written_when_nothing_differs(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    before = (sizes(world), world.client_row(client), world.phone_row(client), world.phone_row(client, 1))
    world.settle(client.client_id, now=world.at(minutes=9))
    assert (sizes(world), world.client_row(client), world.phone_row(client), world.phone_row(client, 1)) == before
    world.facts(client, attempts=1)
    assert sizes(world) == {"client_count_change": 1, "dial_class_change": 6, "dial_class": 4}


def test_only_the_clients_of_the_work_set_are_settled_and_the_set_is_emptied(world: World) -> None:
    campaign = world.campaign()
    one, two = world.client(campaign), world.client(campaign)
    world.connection.execute(update(Client).where(Client.campaign_id == campaign).values(attempts=1))
    mine, others = (
        world.connection.execute(insert(WorkSet).values(created_at=world.now)).inserted_primary_key[0] for _ in range(2)
    )
    world.connection.execute(
        insert(WorkClient),
        [{"work_id": mine, "client_id": one.client_id}, {"work_id": others, "client_id": two.client_id}],
    )
    call(world.connection, "contacts.client_settle", work_id=mine, now=world.now)
    classes = [world.phone_row(client).dial_class_id for client in (one, two)]
    assert classes[0] != classes[1]
    assert world.rows(WorkClient) == [{"work_id": others, "client_id": two.client_id}]
    assert [row["work_id"] for row in world.rows(WorkSet)] == [others]
    call(world.connection, "contacts.client_settle", work_id=others, now=world.now)
    assert world.phone_row(two).dial_class_id == classes[0]
    assert (world.rows(WorkClient), world.rows(WorkSet)) == ([], [])
    world.has_made_up_facts = True


def test_many_clients_are_settled_as_one_set(world: World) -> None:
    campaign = world.campaign(max_client_attempts=1)
    clients = world.many_clients(campaign, 50)
    world.has_made_up_facts = True
    world.connection.execute(update(Client).where(Client.client_id.in_(clients[:20])).values(attempts=1))
    before = sizes(world)
    world.settle(*clients)
    segment = world.segment(campaign)
    assert status_counts(world, campaign) == {(segment, CLIENT_ATTEMPTS): 20, (segment, ACTIVE): 30}
    assert sorted(class_counts(world).values()) == [20, 30]
    changes = {name: count - before[name] for name, count in sizes(world).items()}
    assert changes == {"client_count_change": 2, "dial_class_change": 2, "dial_class": 1}


def test_a_client_without_phones_is_counted_all_the_same(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, "")
    assert status_counts(world, campaign) == {(world.segment(campaign), ACTIVE): 1}
    assert world.rows(Phone) == []


@pytest.mark.mission("M50")
def test_the_last_phone_that_runs_out_stops_the_client_and_a_new_one_brings_it_back(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=1)})
    client = world.client(campaign)
    world.phone_facts(client, attempts=1)
    assert world.status(client) == 5
    moment: datetime = world.at(minutes=3)
    new: dict[str, Any] = {
        "client_id": client.client_id, "campaign_id": campaign, "phone_type_id": world.type("M"), "number": "112",
        "number_raw": "112", "loaded_at": moment, "waits_from": moment,
    }  # fmt: skip
    world.connection.execute(insert(Phone).values(**new))
    world.settle(client.client_id, now=moment)
    assert (world.status(client), world.client_row(client).status_at) == (ACTIVE, moment)
