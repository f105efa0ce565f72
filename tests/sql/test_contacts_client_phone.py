"""contacts.client_phone: the phones of a client, with what the list of clients shows (M201, M207)."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from app.campaigns import PhoneTypeForm
from app.procedures.contacts import number_block, phone_block


def rows_of(world: World, client: Any) -> list[dict[str, Any]]:
    return world.query(
        "SELECT p.* FROM contacts.client_phone AS p WHERE p.client_id = :id ORDER BY p.phone_id", id=client.client_id
    )


@pytest.mark.mission("M146", "M207")
def test_a_new_phone_and_one_whose_attempts_are_exhausted(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=1), "H": PhoneTypeForm(max_attempts=5)})
    client = world.client(campaign, "M")
    (row,) = rows_of(world, client)
    assert row == {
        "phone_id": client.phone_id, "client_id": client.client_id, "campaign_id": campaign, "number": client.number,
        "type_name": "Мобильный", "type_name_en": "Mobile", "technical_result": None, "technical_result_en": None,
        "processing_id": 1, "phone_status_id": 1, "is_in_work": 0, "is_blocked": 0, "blocked_at": None,
        "blocked_by": None, "block_reason": None, "number_blocked_at": None, "number_blocked_by": None,
        "number_block_reason": None,
    }  # fmt: skip
    world.attempt(campaign, "BUSY", world.at(minutes=1))
    (row,) = rows_of(world, client)
    assert (row["phone_status_id"], row["technical_result"]) == (2, "Занято")


@pytest.mark.mission("M201")
def test_the_kind_of_processing_is_that_of_the_record_or_of_the_promised_call(world: World) -> None:
    campaign = world.campaign()
    plain, common, personal = (world.client(campaign, "M") for _ in range(3))
    world.callback(common, world.at(hours=1))
    world.callback(personal, world.at(hours=1), agent="3001")
    assert [rows_of(world, one)[0]["processing_id"] for one in (plain, common, personal)] == [1, 2, 3]
    world.take(campaign)
    (row,) = rows_of(world, plain)
    assert (row["is_in_work"], row["processing_id"]) == (1, 1)
    assert [rows_of(world, one)[0]["is_in_work"] for one in (common, personal)] == [0, 0]


def test_a_block_of_the_phone_and_one_of_its_number_are_told_apart(world: World) -> None:
    campaign = world.campaign()
    own, everywhere = world.client(campaign, "M"), world.client(campaign, "M")
    phone_block(world.connection, own.phone_id, True, by="ivanov", now=world.now, reason="asked")
    number_block(world.connection, everywhere.number, True, by="petrov", now=world.now, reason="court")
    (row,) = rows_of(world, own)
    assert (row["is_blocked"], row["blocked_by"], row["block_reason"], row["number_blocked_at"]) == (
        1, "ivanov", "asked", None,
    )  # fmt: skip
    (row,) = rows_of(world, everywhere)
    assert (row["is_blocked"], row["blocked_at"], row["number_blocked_by"], row["number_block_reason"]) == (
        1, None, "petrov", "court",
    )  # fmt: skip
