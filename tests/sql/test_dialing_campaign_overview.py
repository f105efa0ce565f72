"""dialing.campaign_overview: every campaign at a glance."""

from __future__ import annotations

from typing import Any

import pytest
from world import NOON, World


def row_of(world: World, campaign: int) -> dict[str, Any]:
    (row,) = world.query("SELECT o.* FROM dialing.campaign_overview AS o WHERE o.campaign_id = :id", id=campaign)
    return row


@pytest.mark.mission("M188", "M189", "M190", "M193", "M194", "M195", "M196", "M197")
def test_what_stands_in_the_row_of_a_campaign(world: World) -> None:
    campaign = world.campaign(
        "CODE",
        block_size=2,
        queue_depth=7,
        columns={
            "dialer_id": world.dialer(), "dialer_campaign_name": "cisco_code", "dialer_state": "disabled",
            "dialer_state_at": world.at(minutes=-1), "agents_working": 5,
        },
    )  # fmt: skip
    clients = [world.client(campaign) for _ in range(4)]
    world.agent_says("20", campaign_id=campaign, client_code=clients[3].code)
    world.callback(clients[2], world.at(hours=5))
    world.callback(clients[2], world.at(hours=6), state_id=5)
    assert len(world.dial(campaign)) == 2
    row = row_of(world, campaign)
    assert row == {
        "campaign_id": campaign, "code": "CODE", "name": "CODE", "state_id": 2, "dialer_name": "CCE",
        "dialer_campaign_name": "cisco_code", "dialer_state": "disabled", "dialer_state_at": world.at(minutes=-1),
        "agents_working": 5, "has_strategy": 1, "version_no": 1, "block_size": 2, "queue_depth": 7, "records_out": 2,
        "clients": 4, "clients_active": 3, "clients_success": 1, "callbacks_waiting": 1, "started_at": NOON,
        "stopped_at": None, "created_at": NOON,
    }  # fmt: skip


def test_an_empty_campaign_without_a_strategy_is_there_with_zeros(world: World) -> None:
    campaign = world.campaign(started=False)
    world.without_strategy(campaign)
    row = row_of(world, campaign)
    assert (row["has_strategy"], row["block_size"], row["records_out"], row["clients"]) == (0, None, 0, 0)
    assert (row["clients_active"], row["clients_success"], row["callbacks_waiting"]) == (0, 0, 0)
