"""strategy.dial_class_count: the phones of each dial class, by the counts that events keep."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select
from world import World

from app.models.contact import Phone
from app.procedures import contacts


def counts(world: World, campaign: int) -> dict[int, int]:
    rows = world.query(
        "SELECT n.dial_class_id, n.phones FROM strategy.dial_class_count AS n WHERE n.campaign_id = :id", id=campaign
    )
    assert len({row["dial_class_id"] for row in rows}) == len(rows)
    return {row["dial_class_id"]: row["phones"] for row in rows}


def counted(world: World, campaign: int) -> dict[int, int]:
    return dict(Counter(world.connection.scalars(select(Phone.dial_class_id).where(Phone.campaign_id == campaign))))


def test_the_counts_are_those_of_the_phones_whatever_happened(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    for phones in ("M", "MH", "MHW", "M"):
        world.client(campaign, phones)
    world.client(other, "MM")
    assert sorted(counts(world, campaign).values()) == sorted(counted(world, campaign).values()) == [1, 2, 4]
    rows = world.dial(campaign)
    world.apply(*(world.row(row.record_key, result) for row, result in zip(rows, ("BUSY", "VOICE"), strict=False)))
    assert counts(world, campaign) == counted(world, campaign)
    assert list(counts(world, other).values()) == [2]


def test_a_class_without_phones_has_no_row(world: World) -> None:
    campaign = world.campaign()
    empty = world.dial_class(campaign)
    client = world.client(campaign)
    before = world.phone_row(client).dial_class_id
    assert empty not in counts(world, campaign)
    assert counts(world, campaign) == {before: 1}
    contacts.phone_block(world.connection, client.phone_id, True, by="tests", now=world.now)
    after = world.phone_row(client).dial_class_id
    assert after != before
    assert counts(world, campaign) == {after: 1}
