"""contacts.segment_overview: segments with their switches and clients (M43-M45)."""

from __future__ import annotations

import pytest
from world import NOON, World


@pytest.mark.mission("M43", "M44", "M45")
def test_every_segment_is_there_with_its_clients(world: World) -> None:
    campaign = world.campaign()
    done = world.client(campaign, segment="ANT")
    world.client(campaign, segment="ANT")
    world.agent_says("20", campaign_id=campaign, client_code=done.code)
    empty = world.segment(
        campaign, "new", is_enabled=False, is_blocked=True, name="Новые", blocked_at=NOON, blocked_by="ivanov",
        block_reason="asked",
    )  # fmt: skip
    rows = world.query(
        "SELECT s.* FROM contacts.segment_overview AS s WHERE s.campaign_id = :id ORDER BY s.code", id=campaign
    )
    assert rows == [
        {
            "segment_id": world.segment(campaign, "ANT"), "campaign_id": campaign, "code": "ANT", "name": None,
            "is_enabled": 1, "is_blocked": 0, "clients": 2, "clients_active": 1,
            "blocked_at": None, "blocked_by": None, "block_reason": None,
        },
        {
            "segment_id": empty, "campaign_id": campaign, "code": "new", "name": "Новые", "is_enabled": 0,
            "is_blocked": 1, "clients": 0, "clients_active": 0, "blocked_at": NOON, "blocked_by": "ivanov",
            "block_reason": "asked",
        },
    ]  # fmt: skip
