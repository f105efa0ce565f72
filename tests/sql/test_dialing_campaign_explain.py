"""dialing.campaign_explain: the reasons of all phones of a campaign, summed."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from situations import CAP, LATER, campaign_of_all
from sqlalchemy import select
from world import World

from app.models.contact import Phone
from app.procedures import contacts, dialing


def explained(world: World, campaign: int, at: datetime) -> dict[str, int]:
    rows = dialing.campaign_explain(world.connection, campaign, at)
    assert len({row.reason_code for row in rows}) == len(rows)
    return {row.reason_code: int(row.phones) for row in rows}


def asked(world: World, campaign: int, at: datetime) -> dict[str, int]:
    """The same, phone by phone."""
    caps = {row["code"] for row in world.query("SELECT r.code FROM strategy.cap_rule AS r")}
    reasons = (
        dialing.phone_reason(world.connection, phone_id, at).reason_code or "ready"
        for phone_id in world.connection.scalars(select(Phone.phone_id).where(Phone.campaign_id == campaign)).all()
    )
    return dict(Counter("caps" if code in caps else code for code in reasons))


def test_a_phone_in_each_situation_is_counted_under_its_reason(world: World) -> None:
    campaign, phones = campaign_of_all(world)
    world.client(world.campaign())
    expected = {"caps" if code == CAP else code: len(group) for code, group in phones.items()}
    assert explained(world, campaign, world.at(LATER)) == expected


@pytest.mark.parametrize("hours", [0, 1, 8, 15, 24])
def test_the_sums_are_those_of_asking_each_phone_at_any_hour(world: World, hours: int) -> None:
    campaign, _ = campaign_of_all(world)
    at = world.at(LATER, hours=hours)
    assert explained(world, campaign, at) == asked(world, campaign, at)


def test_the_sums_hold_after_a_strategy_was_changed_and_the_statuses_were_not_yet(world: World) -> None:
    campaign, _ = campaign_of_all(world)
    world.strategy(campaign, max_client_attempts=9, max_day_attempts=None, created_minutes=None, first_call_minutes=1)
    at = world.at(LATER)
    assert explained(world, campaign, at) == asked(world, campaign, at)


def test_the_rows_are_in_the_order_of_the_rules_and_a_campaign_without_phones_has_none(world: World) -> None:
    campaign = world.campaign(started=False)
    assert explained(world, campaign, world.now) == {}
    world.client(campaign, "MH")
    assert [tuple(row) for row in dialing.campaign_explain(world.connection, campaign, world.now)] == [
        (1, "campaign_active", 2)
    ]


def test_a_client_that_both_durations_stopped_is_counted_as_its_phone_says(world: World) -> None:
    campaign = world.campaign(created_minutes=60, first_call_minutes=60, created_names_status=True)
    client = world.client(campaign)
    world.facts(client, loaded_at=world.at(-90), first_attempt_at=world.at(-80))
    contacts.client_status_update(world.connection, campaign, world.now)
    assert explained(world, campaign, world.now) == asked(world, campaign, world.now) == {"created_duration": 1}
