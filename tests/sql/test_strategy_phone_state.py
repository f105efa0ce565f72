"""strategy.phone_state: the rules of each phone of a campaign, and the first that is not kept."""

from __future__ import annotations

from situations import CAP, LATER, campaign_of_all
from world import World


def test_the_first_rule_that_is_not_kept_is_named_by_its_number(world: World) -> None:
    campaign, phones = campaign_of_all(world)
    rows = world.query(
        "SELECT s.phone_id, q.reason_code FROM strategy.phone_state(:campaign, :at) AS s"
        " JOIN strategy.reason AS q ON q.reason_no = s.reason_no",
        campaign=campaign, at=world.at(LATER),
    )  # fmt: skip
    expected = {
        client.phones[position]: "caps" if code == CAP else code
        for code, group in phones.items()
        for client, position in group
    }
    assert {row["phone_id"]: row["reason_code"] for row in rows} == expected


def test_the_phones_of_other_campaigns_are_not_given(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    client = world.client(one, "MH")
    world.client(two)
    rows = world.query(
        "SELECT s.phone_id FROM strategy.phone_state(:id, :at) AS s ORDER BY s.phone_id", id=one, at=world.now
    )
    assert tuple(row["phone_id"] for row in rows) == client.phones
