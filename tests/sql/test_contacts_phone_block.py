"""contacts.phone_block: one phone is blocked and lifted; what the dialer holds of it is recalled."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import delete, select
from world import MadeClient, World

from app.models.contact import BlockJournal
from app.models.ops import Service, ServiceRun
from app.procedures import dialing
from app.procedures.contacts import number_block, phone_block


def block(world: World, phone_id: int, is_blocked: bool = True, minutes: float = 0, **values: Any) -> tuple[int, ...]:
    values = {"by": "ivanov", "reason": "asked for it"} | values
    return tuple(phone_block(world.connection, phone_id, is_blocked, now=world.at(minutes), **values))


def journal(world: World) -> list[dict[str, Any]]:
    return world.rows(BlockJournal)


def clearings(world: World) -> list[tuple[int | None, str | None]]:
    """(campaign, who asked) of the queued clearings of queues."""
    query = (
        select(ServiceRun.campaign_id, ServiceRun.requested_by)
        .join(Service, Service.service_id == ServiceRun.service_id)
        .where(Service.code == "queue_clear", ServiceRun.state_id == 1, ServiceRun.campaign_id.is_not(None))
        .order_by(ServiceRun.run_id)
    )
    return [tuple(row) for row in world.connection.execute(query)]


def who_blocked(world: World, client: MadeClient, position: int = 0) -> tuple[Any, ...]:
    row = world.phone_row(client, position)
    return row.is_blocked, row.blocked_at, row.blocked_by, row.block_reason


@pytest.mark.mission("M106", "M107", "M110", "M199")
def test_a_blocked_phone_is_not_dialled_and_the_others_of_its_client_are(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    assert block(world, client.phones[0]) == (1, 0, 0)
    assert world.dialled(campaign) == [client.numbers[1]]
    assert who_blocked(world, client) == (True, world.now, "ivanov", "asked for it")
    assert who_blocked(world, client, 1) == (False, None, None, None)


@pytest.mark.mission("M107")
def test_a_lifted_phone_is_dialled_again(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    block(world, client.phone_id)
    assert world.dialled(campaign) == []
    assert block(world, client.phone_id, False, 1, by="petrova", reason="a mistake") == (1, 0, 0)
    assert world.dialled(campaign) == [client.number]
    assert who_blocked(world, client) == (False, None, None, None)
    assert world.phone_row(client).block_journal_id is None


def test_the_journal_says_who_blocked_and_who_lifted(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    block(world, client.phone_id)
    assert world.phone_row(client).block_journal_id == journal(world)[0]["journal_id"]
    block(world, client.phone_id, False, 1, by="petrova", reason="a mistake")
    first, second = journal(world)
    for row in (first, second):
        assert (row["kind_id"], row["campaign_id"], row["client_id"]) == (1, campaign, client.client_id)
        assert (row["segment_id"], row["phone_id"]) == (world.segment(campaign), client.phone_id)
        assert (row["number"], row["phones"]) == (client.number, 1)
    assert (first["is_blocked"], first["done_by"], first["reason"]) == (True, "ivanov", "asked for it")
    assert (first["lifted_at"], first["lifted_by"]) == (world.at(1), "petrova")
    assert (second["is_blocked"], second["done_by"], second["reason"]) == (False, "petrova", "a mistake")
    assert second["done_at"] == world.at(1)
    assert second["lifted_at"] is None


def test_a_phone_that_is_blocked_already_keeps_who_blocked_it(world: World) -> None:
    client = world.client(world.campaign())
    block(world, client.phone_id)
    assert block(world, client.phone_id, minutes=5, by="petrova") == (0, 0, 0)
    assert who_blocked(world, client) == (True, world.now, "ivanov", "asked for it")
    assert [row["phones"] for row in journal(world)] == [1, 0]


def test_lifting_a_phone_that_is_free_changes_nothing(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    assert block(world, client.phone_id, False) == (0, 0, 0)
    assert world.dialled(campaign) == [client.number]


def test_a_lifted_phone_whose_number_is_blocked_everywhere_stays_blocked(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    block(world, client.phone_id)
    number_block(world.connection, client.number, True, by="ivanov", now=world.now)
    assert block(world, client.phone_id, False) == (1, 0, 0)
    assert world.dialled(campaign) == []
    assert block(world, client.phone_id, False) == (0, 0, 0)  # the number's block is not the phone's
    number_block(world.connection, client.number, False, by="ivanov", now=world.now)
    assert world.dialled(campaign) == [client.number]


def test_unblocking_does_not_lift_do_not_call(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.phone_facts(client, is_do_not_call=True)
    block(world, client.phone_id)
    block(world, client.phone_id, False)
    assert world.phone_row(client).is_do_not_call
    assert world.dialled(campaign) == []


def test_a_phone_at_the_dialer_is_recalled_and_not_handed_over_again(world: World) -> None:
    campaign = world.campaign()
    blocked, other = world.client(campaign), world.client(campaign)
    world.dial(campaign)
    assert block(world, blocked.phone_id) == (1, 1, 1)
    assert clearings(world) == [(campaign, "ivanov")]
    (row,) = journal(world)
    assert (row["records_out"], row["runs_requested"]) == (1, 1)
    assert row["run_id"] == world.connection.scalar(select(ServiceRun.run_id).where(ServiceRun.campaign_id == campaign))
    assert dialing.block_recall(world.connection, campaign, world.at(1)) == 2
    assert world.dialled(campaign, world.at(2)) == [other.number]


def test_a_second_block_joins_the_clearing_that_is_queued(world: World) -> None:
    campaign = world.campaign()
    clients = [world.client(campaign), world.client(campaign)]
    world.dial(campaign)
    for client in clients:
        assert block(world, client.phone_id) == (1, 1, 1)
    assert len(clearings(world)) == 1


def test_another_phone_of_the_client_at_the_dialer_asks_for_nothing(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.dial(campaign)
    assert block(world, client.phones[1]) == (1, 0, 0)
    assert clearings(world) == []


def test_lifting_asks_for_no_clearing(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.dial(campaign)
    block(world, client.phone_id)
    world.connection.execute(delete(ServiceRun))
    assert block(world, client.phone_id, False) == (1, 1, 0)
    assert clearings(world) == []


def test_an_unknown_phone_is_refused(world: World) -> None:
    with world.refused(50100):
        block(world, -1)
