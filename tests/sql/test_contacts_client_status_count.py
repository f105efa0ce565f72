"""contacts.client_status_count: clients by segment and status, from the counts that events keep."""

from __future__ import annotations

from world import ACTIVE, SUCCESS, World

from app.procedures.contacts import count_fold


def test_the_counts_are_those_of_the_clients_before_and_after_folding(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    clients = [world.client(campaign, segment="a" if number < 3 else "b") for number in range(5)]
    world.client(other)
    world.agent_says("20", campaign_id=campaign, client_code=clients[0].code)
    expected = [
        {"segment_id": world.segment(campaign, "a"), "status_id": ACTIVE, "clients": 2},
        {"segment_id": world.segment(campaign, "a"), "status_id": SUCCESS, "clients": 1},
        {"segment_id": world.segment(campaign, "b"), "status_id": ACTIVE, "clients": 2},
    ]
    query = (
        "SELECT n.segment_id, n.status_id, n.clients FROM contacts.client_status_count AS n"
        " WHERE n.campaign_id = :id ORDER BY n.segment_id, n.status_id"
    )
    assert world.query(query, id=campaign) == expected
    count_fold(world.connection)
    assert world.query(query, id=campaign) == expected
    assert isinstance(world.query(query, id=other)[0]["clients"], int)


def test_a_status_that_nobody_has_any_more_is_not_there(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    query = "SELECT n.status_id FROM contacts.client_status_count AS n WHERE n.campaign_id = :id"
    assert world.query(query, id=campaign) == [{"status_id": ACTIVE}]
    world.agent_says("20", campaign_id=campaign, client_code=client.code)
    assert world.query(query, id=campaign) == [{"status_id": SUCCESS}]
