"""contacts.client_block: a client is blocked with all of its phones, and lifted."""

from __future__ import annotations

from typing import Any

import pytest
from import_rows import Load
from test_contacts_phone_block import clearings, journal
from world import World

from app.procedures.contacts import client_block, phone_block


def block(world: World, client_id: int, is_blocked: bool = True, **values: Any) -> tuple[int, ...]:
    values = {"by": "ivanov", "reason": "asked for it", "now": world.now} | values
    return tuple(client_block(world.connection, client_id, is_blocked, **values))


@pytest.mark.mission("M106")
def test_no_phone_of_a_blocked_client_is_dialled_and_those_of_others_are(world: World) -> None:
    campaign = world.campaign()
    blocked, other = world.client(campaign, "MH"), world.client(campaign)
    assert block(world, blocked.client_id) == (2, 0, 0)
    assert world.dialled(campaign) == [other.number]
    row = world.client_row(blocked)
    assert (row.is_blocked, row.blocked_at, row.blocked_by, row.block_reason) == (
        True, world.now, "ivanov", "asked for it",
    )  # fmt: skip
    assert not world.phone_row(blocked).is_blocked
    assert not world.client_row(other).is_blocked


def test_a_lifted_client_is_dialled_again_but_for_phones_with_a_block_of_their_own(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    phone_block(world.connection, client.phones[0], True, by="ivanov", now=world.now)
    block(world, client.client_id)
    assert world.dialled(campaign) == []
    assert block(world, client.client_id, False, by="petrova") == (2, 0, 0)
    assert world.dialled(campaign) == [client.numbers[1]]
    row = world.client_row(client)
    assert (row.is_blocked, row.blocked_at, row.blocked_by, row.block_reason) == (False, None, None, None)
    kinds = [(entry["kind_id"], entry["is_blocked"], entry["lifted_by"]) for entry in journal(world)]
    assert kinds == [(1, True, None), (2, True, "petrova"), (2, False, None)]


def test_the_same_block_again_changes_nothing(world: World) -> None:
    client = world.client(world.campaign())
    assert block(world, client.client_id) == (1, 0, 0)
    assert block(world, client.client_id, by="petrova", now=world.at(5)) == (0, 0, 0)
    assert (world.client_row(client).blocked_by, world.client_row(client).blocked_at) == ("ivanov", world.now)
    assert block(world, client.client_id, False) == (1, 0, 0)
    assert block(world, client.client_id, False) == (0, 0, 0)


def test_a_client_at_the_dialer_is_recalled(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.client(campaign)
    world.dial(campaign)
    assert block(world, client.client_id) == (2, 1, 1)
    assert clearings(world) == [(campaign, "ivanov")]


def test_no_load_lifts_it_and_it_holds_numbers_that_come_later(world: World) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": True})
    client = world.client(campaign)
    block(world, client.client_id)
    load = Load(world, campaign)
    load.line(client.code, client.number, "79160000001")
    assert load.apply()["clients_blocked"] == 1
    assert world.client_row(client).is_blocked
    assert world.dialled(campaign, world.at(1)) == []
    block(world, client.client_id, False)
    assert len(world.dialled(campaign, world.at(1))) == 1


def test_an_unknown_client_is_refused(world: World) -> None:
    with world.refused(50101):
        block(world, -1)
