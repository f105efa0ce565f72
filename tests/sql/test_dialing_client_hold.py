"""dialing.client_hold: what holds all phones of a client."""

from __future__ import annotations

from datetime import datetime

from world import MadeClient, World


def hold(
    world: World, client: MadeClient, is_per_person: bool = False, at: datetime | None = None
) -> tuple[int, int, int]:
    flag = "bit" if world.connection.dialect.name == "mssql" else "smallint"
    rows = world.query(
        "SELECT h.phones_out, h.person_out, h.calls_promised"
        f" FROM dialing.client_hold(:client, CAST(:person AS bigint), CAST(:is_per_person AS {flag}), :at) AS h",
        client=client.client_id, person=world.client_row(client).person_id, is_per_person=int(is_per_person), at=at or world.now,
    )  # fmt: skip
    (row,) = rows
    return row["phones_out"], row["person_out"], row["calls_promised"]


def test_nothing_holds_a_client_that_waits(world: World) -> None:
    client = world.client(world.campaign(), person_id=world.person())
    assert hold(world, client) == hold(world, client, True) == (0, 0, 0)


def test_a_phone_that_is_out_holds_its_client_and_no_other(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    (row,) = world.dial(campaign)
    other = world.client(campaign)
    assert (hold(world, client), hold(world, other)) == ((1, 0, 0), (0, 0, 0))
    world.result(row.record_key)
    assert hold(world, client) == (0, 0, 0)


def test_a_call_of_the_person_holds_its_other_clients_where_the_campaign_says_so(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    person = world.person()
    world.client(campaign, person_id=person)
    client, nobody = world.client(other, person_id=person), world.client(other)
    world.dial(campaign)
    assert (hold(world, client, True), hold(world, client, False)) == ((0, 1, 0), (0, 0, 0))
    assert hold(world, nobody, True) == (0, 0, 0)


def test_a_call_that_was_promised_for_later_holds_until_its_moment(world: World) -> None:
    client = world.client(world.campaign(), "MH")
    world.callback(client, world.at(10))
    world.callback(client, world.at(20), position=1)
    world.callback(client, world.at(30), state_id=3)
    at = {minutes: hold(world, client, at=world.at(minutes))[2] for minutes in (0, 9, 10, 19, 20)}
    assert at == {0: 2, 9: 2, 10: 1, 19: 1, 20: 0}
