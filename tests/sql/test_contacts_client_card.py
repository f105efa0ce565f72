"""contacts.client_card: one client in full (interfaces.md, «one client's card»)."""

from __future__ import annotations

from datetime import date

import pytest
from world import NOON, World

from app.procedures.contacts import client_block

STATEMENT = "SELECT c.* FROM contacts.client_card AS c WHERE c.client_id = :id"


@pytest.mark.mission("M198", "M16", "M172")
def test_a_client_is_shown_in_full(world: World) -> None:
    campaign = world.campaign()
    client = world.client(
        campaign, segment="new", zone="Asia/Yekaterinburg", client_code="2100_a1", person_id=world.person("CRM-7"),
        last_name="Иванов", attributes='{"IDClientCRM": "77"}', load_priority=3,
    )  # fmt: skip
    (row,) = world.query(STATEMENT, id=client.client_id)
    told = {name: value for name, value in row.items() if name not in ("client_id", "person_id", "zone_name")}
    assert told == {
        "campaign_id": campaign, "client_code": "2100_a1", "crm_id": "CRM-7", "last_name": "Иванов",
        "first_name": None, "middle_name": None, "attributes": '{"IDClientCRM": "77"}', "segment_code": "new",
        "segment_name": None, "is_segment_enabled": 1, "is_segment_blocked": 0, "zone_code": "Asia/Yekaterinburg",
        "default_zone_name": row["default_zone_name"], "load_priority": 3, "round_no": 1, "loaded_at": NOON,
        "updated_at": NOON, "import_batch_id": None, "import_file": None, "updated_batch_id": None,
        "updated_file": None, "do_not_call_after": None, "status_id": 1, "status": "Активный", "status_en": "Active",
        "status_at": NOON, "is_blocked": 0, "blocked_at": None, "blocked_by": None, "block_reason": None,
        "attempts": 0, "attempt_day": None, "day_attempts": 0, "first_attempt_at": None, "last_attempt_at": None,
        "technical_result": None, "technical_result_en": None, "agent_result": None, "agent_result_en": None,
        "agent_result_at": None, "agent_result_attempts": 0,
    }  # fmt: skip
    assert row["zone_name"] and row["default_zone_name"] and row["zone_name"] != row["default_zone_name"]
    client_block(world.connection, client.client_id, True, by="ivanov", now=world.now, reason="asked")
    (row,) = world.query(STATEMENT, id=client.client_id)
    assert (row["is_blocked"], row["blocked_by"], row["block_reason"]) == (1, "ivanov", "asked")


def test_its_last_call_and_its_latest_agent_result_are_there(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    block = world.attempt(campaign, "BUSY", world.at(minutes=1))
    (row,) = world.query(STATEMENT, id=client.client_id)
    assert (row["attempts"], row["day_attempts"], row["attempt_day"]) == (1, 1, date(2026, 11, 23))
    assert (row["technical_result"], row["technical_result_en"], row["agent_result"]) == ("Занято", "Busy", None)
    assert row["zone_code"] is None
    world.agent_says("12", world.at(minutes=2), record_key=block.record_key)
    (row,) = world.query(STATEMENT, id=client.client_id)
    assert (row["agent_result"], row["agent_result_at"]) == ("Подумает", world.at(minutes=2))


def test_a_client_that_is_not_there_has_no_card(world: World) -> None:
    world.client(world.campaign())
    assert world.query(STATEMENT, id=999_999_999) == []
