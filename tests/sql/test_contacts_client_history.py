"""contacts.client_history: all that happened to one client, and nothing that happened to others."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import insert
from world import NOON, World

from app.models.importing import ImportBatch
from app.procedures import contacts


def history(world: World, client: Any) -> list[dict[str, Any]]:
    """The events in the order of time, without what they do not have."""
    rows = world.query(
        "SELECT h.* FROM contacts.client_history(:id) AS h ORDER BY h.happened_at, h.event_code, h.object_id",
        id=client.client_id,
    )
    return [{name: value for name, value in row.items() if value is not None} for row in rows]


def codes(world: World, client: Any) -> list[str]:
    return [row["event_code"] for row in history(world, client)]


def test_a_new_client_has_its_status_alone(world: World) -> None:
    client = world.client(world.campaign())
    (row,) = history(world, client)
    assert row == {"event_code": "status", "happened_at": NOON, "object_id": 1}


@pytest.mark.mission("M198")
def test_a_call_is_told_with_both_results_and_the_version_that_allowed_it(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    out = world.dial(campaign)[0]
    (working,) = [row for row in history(world, client) if row["event_code"] == "in_work"]
    assert (working["happened_at"], working["number"], working["processing_id"]) == (NOON, client.number, 1)
    world.result(out.record_key, "VOICE", world.at(minutes=3), agent="3001")
    world.agent_says("12", world.at(minutes=4), record_key=out.record_key, comment="asked for time")
    (row,) = [row for row in history(world, client) if row["event_code"] == "attempt"]
    assert "in_work" not in codes(world, client)
    told = {name: row[name] for name in (
        "happened_at", "number", "technical_result_en", "agent_result_1", "is_counted", "source_id", "agent",
        "duration_ms", "version_no", "reason", "campaign_id",
    )}  # fmt: skip
    assert told == {
        "happened_at": world.at(minutes=3), "number": client.number, "technical_result_en": "Voice",
        "agent_result_1": "Подумает", "is_counted": 1, "source_id": 2, "agent": "3001", "duration_ms": 20_000,
        "version_no": 1, "reason": "asked for time", "campaign_id": campaign,
    }  # fmt: skip


def test_both_levels_of_an_agent_result_without_a_call(world: World) -> None:
    campaign = world.campaign()
    world.agent_result("12-1", parent="12")
    client = world.client(campaign)
    world.outcome_alone(client, "12-1", world.at(minutes=5))
    (row,) = [row for row in history(world, client) if row["event_code"] == "agent_result"]
    assert (row["agent_result_1"], "agent_result_2" in row, row["source_id"]) == ("Подумает", True, 3)
    assert row["happened_at"] == world.at(minutes=5)


@pytest.mark.mission("M14", "M15")
def test_promised_calls_are_told_with_their_moment(world: World) -> None:
    client = world.client(world.campaign(), "MH")
    common = world.callback(client, world.at(hours=2))
    personal = world.callback(client, world.at(hours=3), agent="3001", position=1, state_id=4)
    rows = {row["object_id"]: row for row in history(world, client) if row["event_code"] == "callback"}
    assert (rows[common]["processing_id"], rows[common]["due_at"]) == (2, world.at(hours=2))
    assert rows[common]["number"] == client.numbers[0]
    assert (rows[personal]["processing_id"], rows[personal]["agent"], rows[personal]["state_id"]) == (3, "3001", 4)
    assert rows[personal]["number"] == client.numbers[1]


@pytest.mark.mission("M106", "M107")
def test_blocks_of_every_kind_are_told_and_those_of_others_are_not(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, segment="new", person_id=world.person("CRM-8"))
    other = world.client(campaign, segment="1")
    connection, segment = world.connection, world.segment(campaign, "new")
    contacts.phone_block(connection, client.phone_id, True, by="a", now=world.at(minutes=1), reason="phone")
    contacts.phone_block(connection, client.phone_id, False, by="b", now=world.at(minutes=2))
    contacts.client_block(connection, client.client_id, True, by="c", now=world.at(minutes=3), reason="client")
    contacts.segment_block(connection, campaign, segment, 1, True, by="d", now=world.at(minutes=4), reason="segment")
    contacts.number_block(connection, client.number, True, by="e", now=world.at(minutes=5), reason="number")
    contacts.do_not_call_add(connection, number=client.number, by="f", now=world.at(minutes=6), reason="no")
    contacts.do_not_call_add(connection, crm_id="CRM-8", by="g", now=world.at(minutes=7), reason="person")
    told = [
        (row["event_code"], row.get("kind_id"), row.get("is_lifting"), row["done_by"])
        for row in history(world, client)
        if row["event_code"] != "status"
    ]
    assert told == [
        ("block", 1, 0, "a"), ("block", 1, 1, "b"), ("block", 2, 0, "c"), ("block", 3, 0, "d"),
        ("number_block", None, None, "e"), ("do_not_call", None, None, "f"), ("do_not_call", None, None, "g"),
    ]  # fmt: skip
    assert codes(world, other) == ["status"]


@pytest.mark.mission("M109", "M115")
def test_a_block_by_the_date_of_the_load_is_told_where_it_reached_a_phone(world: World) -> None:
    campaign = world.campaign()
    early = world.client(campaign, segment="new", loaded_at=world.at(hours=-3))
    late = world.client(campaign, segment="new")
    contacts.segment_block(
        world.connection, campaign, world.segment(campaign, "new"), 2, True, by="d", now=world.at(minutes=1),
        reason="old", loaded_from=None, loaded_to=world.at(hours=-1),
    )  # fmt: skip
    assert "block" in codes(world, early)
    assert "block" not in codes(world, late)


@pytest.mark.mission("M200")
def test_a_move_is_told_on_both_sides(world: World) -> None:
    here, there = world.campaign(), world.campaign()
    client = world.client(here, "MH")
    contacts.phone_move(world.connection, [client.phones[1]], there, by="ivanov", now=world.at(minutes=1))
    (moved,) = [row for row in history(world, client) if row["event_code"] == "moved_out"]
    assert (moved["number"], moved["campaign_id"], moved["done_by"]) == (client.numbers[1], there, "ivanov")
    (target,) = world.query("SELECT c.client_id FROM core.client AS c WHERE c.campaign_id = :id", id=there)
    rows = world.query("SELECT h.* FROM contacts.client_history(:id) AS h", id=target["client_id"])
    (came,) = [row for row in rows if row["event_code"] == "moved_in"]
    assert (came["number"], came["campaign_id"]) == (client.numbers[1], here)


def test_the_load_that_made_a_client_and_the_latest_that_had_it(world: World) -> None:
    campaign = world.campaign()
    batches = [
        world.connection.execute(
            insert(ImportBatch)
            .values(
                kind_id=1,
                campaign_id=campaign,
                file_name=name,
                state_id=2,
                started_at=at,
                created_by="ivanov",
                clients_loaded=count,
            )
            .returning(ImportBatch.batch_id)
        ).scalar_one()
        for name, at, count in (("first.txt", world.at(hours=-2), 1), ("second.txt", world.at(hours=-1), 0))
    ]
    client = world.client(campaign, import_batch_id=batches[0], updated_batch_id=batches[1])
    told = [(row["event_code"], row.get("object_id"), row.get("reason")) for row in history(world, client)]
    assert told == [("loaded", batches[0], "first.txt"), ("reloaded", batches[1], "second.txt"), ("status", 1, None)]
