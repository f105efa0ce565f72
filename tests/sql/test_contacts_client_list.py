"""contacts.client_list: a row per client, with what the list of clients shows (M205, M206)."""

from __future__ import annotations

import pytest
from world import NOON, World

from app.procedures.contacts import client_block


@pytest.mark.mission("M206")
def test_a_client_is_shown_with_its_status_and_what_blocks_it(world: World) -> None:
    campaign = world.campaign()
    client = world.client(
        campaign,
        segment="new",
        client_code="2100_a1",
        person_id=world.person("CRM-7"),
        last_name="Иванов",
        first_name="Пётр",
    )
    statement = "SELECT c.* FROM contacts.client_list AS c WHERE c.client_id = :id"
    (row,) = world.query(statement, id=client.client_id)
    expected = {
        "client_id": client.client_id, "campaign_id": campaign, "loaded_at": NOON, "client_code": "2100_a1",
        "crm_id": "CRM-7", "last_name": "Иванов", "first_name": "Пётр", "middle_name": None, "segment_code": "new",
        "status_id": 1, "status": "Активный", "status_en": "Active", "is_blocked": 0, "blocked_at": None,
        "blocked_by": None, "block_reason": None,
    }  # fmt: skip
    assert row == expected
    client_block(world.connection, client.client_id, True, by="ivanov", now=world.now, reason="asked")
    (row,) = world.query(statement, id=client.client_id)
    assert row == {
        **expected, "is_blocked": 1, "blocked_at": world.now, "blocked_by": "ivanov", "block_reason": "asked",
    }  # fmt: skip


def test_a_client_without_a_person_is_there(world: World) -> None:
    client = world.client(world.campaign())
    rows = world.query("SELECT c.crm_id FROM contacts.client_list AS c WHERE c.client_id = :id", id=client.client_id)
    assert rows == [{"crm_id": None}]
