"""contacts.phone_move: phones go to another campaign; nothing is lost, doubled, or dialled twice."""

from __future__ import annotations

from typing import Any

import pytest
from import_rows import Load
from sqlalchemy import select
from test_contacts_phone_block import who_blocked
from world import ACTIVE, SUCCESS, MadeClient, World

from app.models.contact import Attempt, Client, ClientArchive, MoveJournal, Phone, PhoneArchive, WorkPhone, WorkSet
from app.models.dialing import Callback
from app.models.strategy import Campaign, Segment
from app.procedures import dialing
from app.procedures.contacts import client_block, do_not_call_add, number_block, phone_block, phone_move


def move(world: World, campaign: int, *phones: int, minutes: float = 0, **values: Any) -> tuple[int, ...]:
    return tuple(phone_move(world.connection, phones, campaign, by="ivanov", now=world.at(minutes), **values))


def client_of(world: World, phone_id: int) -> dict[str, Any]:
    (row,) = world.rows(Client, Client.client_id.in_(select(Phone.client_id).where(Phone.phone_id == phone_id)))
    return row


def phone(world: World, phone_id: int) -> dict[str, Any]:
    (row,) = world.rows(Phone, Phone.phone_id == phone_id)
    return row


def segment_code(world: World, segment_id: int) -> str:
    (row,) = world.rows(Segment, Segment.segment_id == segment_id)
    return str(row["code"])


def dialled_once(world: World, campaign: int, client: MadeClient) -> None:
    """Give the first phone of a client one attempt without an answer."""
    (row,) = world.dial(campaign)
    assert row.number == client.number
    assert world.result(row.record_key, "NO_ANSWER", world.at(1)) == (1, 0, 0, 0)


# -- the whole client


@pytest.mark.mission("M200", "M209")
def test_a_client_whose_phones_all_move_moves_itself_and_begins_anew(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(
        source, "MH", segment="new", zone="Asia/Omsk", load_priority=3, last_name="Иванова", attributes='{"a": "b"}',
        person_id=world.person(), do_not_call_after=world.at(days=30),
    )  # fmt: skip
    dialled_once(world, source, client)
    before = world.client_row(client)
    at = world.at(days=1)
    assert tuple(phone_move(world.connection, client.phones, target, by="ivanov", now=at)) == (2, 0)
    row = world.client_row(client)
    for name in (
        "client_code",
        "person_id",
        "last_name",
        "attributes",
        "zone_id",
        "load_priority",
        "do_not_call_after",
    ):
        assert getattr(row, name) == getattr(before, name)
    assert (row.campaign_id, row.status_id, row.round_no, row.loaded_at) == (target, ACTIVE, 2, at)
    assert segment_code(world, row.segment_id) == "new"
    assert row.segment_id != before.segment_id
    assert (before.attempts, row.attempts, row.first_attempt_at, row.last_attempt_at) == (1, 0, None, None)
    assert (row.last_technical_result_id, row.agent_result_id) == (None, None)
    for position in (0, 1):
        moved = world.phone_row(client, position)
        assert (moved.number, moved.client_id, moved.campaign_id) == (
            client.numbers[position], client.client_id, target,
        )  # fmt: skip
        assert (moved.attempts, moved.last_technical_result_id, moved.waits_from) == (0, None, at)
        assert (moved.loaded_at, moved.zone_id) == (at, None)
    assert world.dialled(source, at) == []
    assert world.dialled(target, at) == [client.number]
    attempts = world.rows(Attempt)
    assert [(attempt["campaign_id"], attempt["round_no"]) for attempt in attempts] == [(source, 1)]
    assert world.rows(ClientArchive) == []


def test_a_finished_client_is_active_in_the_other_campaign(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source)
    world.agent_says("20", campaign_id=source, client_code=client.code)
    assert world.status(client) == SUCCESS
    move(world, target, client.phone_id)
    assert world.status(client) == ACTIVE
    assert world.dialled(target, world.at(1)) == [client.number]


def test_the_attempts_of_the_day_go_along(world: World) -> None:
    source, target = world.campaign(), world.campaign(max_day_attempts=1)
    client = world.client(source)
    dialled_once(world, source, client)
    move(world, target, client.phone_id, minutes=2)
    assert world.dialled(target, world.at(hours=3)) == []
    assert world.dialled(target, world.at(days=1)) == [client.number]


def test_the_segment_may_be_named_and_is_made(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    clients = [world.client(source, segment="new"), world.client(source, segment="old")]
    move(world, target, *(client.phone_id for client in clients), segment_code=" Moved ")
    assert [segment_code(world, world.client_row(client).segment_id) for client in clients] == ["Moved", "Moved"]


def test_the_round_follows_that_of_an_archived_client_with_the_same_code(world: World) -> None:
    """The client went away once: what is archived of it must not be counted again."""
    one, two = world.campaign(), world.campaign()
    client = world.client(one)
    again = world.client(two, client_code=client.code)
    move(world, two, client.phone_id)
    assert [row["client_id"] for row in world.rows(ClientArchive)] == [client.client_id]
    move(world, one, *again.phones, client.phone_id)
    assert (world.client_row(again).campaign_id, world.client_row(again).round_no) == (one, 2)


# -- a part of the client's phones


@pytest.mark.mission("M200", "M208")
def test_one_of_two_phones_moves_to_a_client_that_is_made_for_it(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH", segment="new", last_name="Иванова", load_priority=2, person_id=world.person())
    dialled_once(world, source, client)
    before = world.client_row(client)
    assert move(world, target, client.phones[0], minutes=2) == (1, 0)
    made = client_of(world, client.phones[0])
    assert made["client_id"] != client.client_id
    assert (made["campaign_id"], made["client_code"], made["round_no"]) == (target, client.code, 1)
    assert (made["last_name"], made["load_priority"], made["person_id"]) == ("Иванова", 2, before.person_id)
    assert (made["attempts"], made["day_attempts"], made["status_id"]) == (0, 1, ACTIVE)
    assert made["import_batch_id"] is None
    assert world.client_row(client).attempts == 1
    assert world.client_row(client).campaign_id == source
    assert world.dialled(target, world.at(3)) == [client.numbers[0]]
    assert world.dialled(source, world.at(hours=2)) == [client.numbers[1]]
    (entry,) = world.rows(MoveJournal)
    assert (entry["from_campaign_id"], entry["from_client_id"]) == (source, client.client_id)
    assert (entry["to_campaign_id"], entry["to_client_id"]) == (target, made["client_id"])
    assert (entry["phone_id"], entry["kept_id"], entry["done_by"]) == (client.phones[0], client.phones[0], "ivanov")


def test_the_last_phone_that_leaves_takes_the_client_to_the_archive(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH")
    move(world, target, client.phones[0])
    assert world.rows(ClientArchive) == []
    move(world, target, client.phones[1], minutes=5)
    (archived,) = world.rows(ClientArchive)
    assert (archived["client_id"], archived["campaign_id"], archived["reason_id"]) == (client.client_id, source, 2)
    assert archived["archived_at"] == world.at(5)
    assert client_of(world, client.phones[0])["client_id"] == client_of(world, client.phones[1])["client_id"]
    assert world.rows(Client, Client.client_id == client.client_id) == []


def test_a_phone_that_comes_back_has_the_attempts_that_its_client_made_with_it(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH")
    dialled_once(world, source, client)
    move(world, target, client.phones[0], minutes=2)
    assert phone(world, client.phones[0])["attempts"] == 0
    move(world, source, client.phones[0], minutes=3)
    assert phone(world, client.phones[0])["attempts"] == 1
    assert phone(world, client.phones[0])["client_id"] == client.client_id


# -- a client of the target that is there already


def test_phones_join_the_client_of_the_same_code_which_keeps_its_own_facts(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH", load_priority=2, person_id=world.person())
    there = world.client(target, client_code=client.code.lower(), segment="own", load_priority=7)
    assert move(world, target, *client.phones) == (2, 0)
    row = world.client_row(there)
    assert (row.load_priority, row.round_no, row.status_id) == (7, 1, ACTIVE)
    assert segment_code(world, row.segment_id) == "own"
    assert row.person_id is not None
    assert {phone(world, one)["client_id"] for one in (*client.phones, there.phone_id)} == {there.client_id}
    assert [archived["client_id"] for archived in world.rows(ClientArchive)] == [client.client_id]


def test_a_processed_client_of_the_target_stays_processed(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source)
    there = world.client(target, client_code=client.code)
    world.agent_says("20", campaign_id=target, client_code=there.code)
    move(world, target, client.phone_id)
    assert world.status(there) == SUCCESS
    assert world.dialled(target, world.at(1)) == []


def test_a_number_that_is_there_already_is_merged(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH", numbers=("79160000001", "79160000002"))
    there = world.client(target, client_code=client.code, numbers=("79160000001",))
    assert move(world, target, *client.phones) == (2, 0)
    assert [row["phone_id"] for row in world.rows(Phone)] == [client.phones[1], there.phone_id]
    (archived,) = world.rows(PhoneArchive)
    assert (archived["phone_id"], archived["client_id"], archived["reason_id"]) == (
        client.phones[0], client.client_id, 2,
    )  # fmt: skip
    kept = {row["phone_id"]: row["kept_id"] for row in world.rows(MoveJournal)}
    assert kept == {client.phones[0]: there.phone_id, client.phones[1]: client.phones[1]}


def test_what_blocks_either_of_two_merged_phones_blocks_the_one_that_is_kept(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    numbers = ("79160000001", "79160000002", "79160000003")
    client = world.client(source, "MMM", numbers=numbers)
    there = world.client(target, "MMM", client_code=client.code, numbers=numbers)
    phone_block(world.connection, client.phones[0], True, by="sidorov", reason="r", now=world.now)
    world.connection.execute(
        Phone.__table__.update().where(Phone.phone_id == client.phones[1]).values(is_do_not_call=1)
    )
    world.settle(client.client_id)
    phone_block(world.connection, there.phones[2], True, by="petrova", reason="own", now=world.now)
    move(world, target, *client.phones)
    assert who_blocked(world, there, 0) == (True, world.now, "sidorov", "r")
    assert world.phone_row(there, 1).is_do_not_call
    assert who_blocked(world, there, 2) == (True, world.now, "petrova", "own")
    assert world.dialled(target) == []


def test_of_several_merged_phones_the_one_that_is_kept_has_the_oldest_block_as_it_was(world: World) -> None:
    target = world.campaign()
    kept, late, early = (world.client(world.campaign(), client_code="X", numbers=("79160000001",)) for _ in range(3))
    phone_block(world.connection, late.phone_id, True, by="petrova", reason="r", now=world.at(2))
    phone_block(world.connection, early.phone_id, True, by="sidorov", now=world.at(1))
    assert move(world, target, kept.phone_id, late.phone_id, early.phone_id, minutes=3) == (3, 0)
    assert who_blocked(world, kept) == (True, world.at(1), "sidorov", None)


def test_of_several_blocked_clients_the_phone_that_is_kept_has_the_oldest_block_as_it_was(world: World) -> None:
    target = world.campaign()
    there = world.client(target, client_code="X", numbers=("79160000001",))
    late, early = (world.client(world.campaign(), client_code="X", numbers=("79160000001",)) for _ in range(2))
    client_block(world.connection, late.client_id, True, by="petrova", reason="r", now=world.at(2))
    client_block(world.connection, early.client_id, True, by="sidorov", now=world.at(1))
    assert move(world, target, late.phone_id, early.phone_id, minutes=3) == (2, 0)
    assert who_blocked(world, there) == (True, world.at(1), "sidorov", None)


def test_clients_of_two_campaigns_with_one_code_become_one(world: World) -> None:
    one, two, target = world.campaign(), world.campaign(), world.campaign()
    first = world.client(one, "MH", client_code="X", numbers=("79160000001", "79160000002"))
    second = world.client(two, "MH", client_code="x", numbers=("79160000001", "79160000003"))
    assert move(world, target, *first.phones, *second.phones) == (4, 0)
    assert [row["client_id"] for row in world.rows(Client)] == [first.client_id]
    assert [row["number"] for row in world.rows(Phone)] == ["79160000001", "79160000002", "79160000003"]
    assert [row["client_id"] for row in world.rows(ClientArchive)] == [second.client_id]
    assert [row["phone_id"] for row in world.rows(PhoneArchive)] == [second.phones[0]]


# -- blocks and do-not-call


def test_blocks_and_do_not_call_go_along(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MMMM")
    phone_block(world.connection, client.phones[0], True, by="sidorov", reason="r", now=world.now)
    number_block(world.connection, client.numbers[1], True, by="sidorov", now=world.now)
    do_not_call_add(world.connection, number=client.numbers[2], by="sidorov", now=world.now)
    move(world, target, *client.phones)
    assert who_blocked(world, client, 0) == (True, world.now, "sidorov", "r")
    assert world.dialled(target, world.at(1)) == [client.numbers[3]]
    number_block(world.connection, client.numbers[1], False, by="sidorov", now=world.now)
    assert world.dialled(target, world.at(1)) == [client.numbers[1]]


def test_a_blocked_client_is_not_freed_by_a_move(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    whole, part, joining = (world.client(source, "MH") for _ in range(3))
    there = world.client(target, client_code=joining.code)
    for client in (whole, part, joining):
        client_block(world.connection, client.client_id, True, by="sidorov", reason="r", now=world.now)
    move(world, target, *whole.phones, part.phones[0], joining.phones[0])
    assert world.client_row(whole).is_blocked
    made = client_of(world, part.phones[0])
    assert (made["is_blocked"], made["blocked_by"], made["block_reason"]) == (True, "sidorov", "r")
    assert who_blocked(world, joining) == (True, world.now, "sidorov", "r")
    assert world.dialled(target, world.at(1)) == [there.number]


def test_the_person_of_the_target_client_may_be_on_the_do_not_call_list(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client, other = world.client(source), world.client(source)
    world.client(target, client_code=client.code, person_id=world.person("CRM-7"))
    do_not_call_add(world.connection, crm_id="CRM-7", by="sidorov", now=world.now)
    move(world, target, client.phone_id, other.phone_id)
    assert phone(world, client.phone_id)["is_do_not_call"]
    assert world.dialled(target, world.at(1)) == [other.number]


# -- what is under way


def test_a_phone_at_the_dialer_is_left_and_the_others_move(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH")
    (row,) = world.dial(source)
    assert move(world, target, *client.phones) == (1, 1)
    assert phone(world, client.phones[0])["campaign_id"] == source
    assert phone(world, client.phones[1])["campaign_id"] == target
    assert world.result(row.record_key, "BUSY", world.at(1)) == (1, 0, 0, 0)
    assert move(world, target, client.phones[0], minutes=2) == (1, 0)
    assert [archived["client_id"] for archived in world.rows(ClientArchive)] == [client.client_id]
    assert client_of(world, client.phones[0])["attempts"] == 0


def test_a_waiting_callback_goes_along_and_is_kept(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH", numbers=("79160000001", "79160000002"))
    there = world.client(target, client_code=client.code, numbers=("79160000001",))
    merged = world.callback(client, world.at(30), agent="5001", position=0)
    moved = world.callback(client, world.at(60), position=1)
    done = world.callback(client, world.at(5), position=1, state_id=3)
    move(world, target, *client.phones)
    found = {
        row["callback_id"]: (row["campaign_id"], row["client_id"], row["phone_id"]) for row in world.rows(Callback)
    }
    assert found[merged] == (target, there.client_id, there.phone_id)
    assert found[moved] == (target, there.client_id, client.phones[1])
    assert found[done] == (source, client.client_id, client.phones[1])
    (row,) = world.dial(target, world.at(31))
    assert (row.number, row.processing_id) == ("79160000001", 3)
    world.result(row.record_key, "VOICE", world.at(32))
    assert {row["callback_id"]: row["state_id"] for row in world.rows(Callback)}[merged] == 3


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_late_result_of_a_phone_that_moved_is_written_down_where_it_was_dialled(world: World, is_whole: bool) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, "MH")
    (row,) = world.dial(source)
    dialing.block_recall(world.connection, source, world.at(1))
    move(world, target, *(client.phones if is_whole else client.phones[:1]), minutes=2)
    assert world.apply(world.row(row.record_key, "BUSY", world.at(1)), at=world.at(3)) == (1, 0, 0, 0)
    (attempt,) = world.rows(Attempt)
    assert (attempt["campaign_id"], attempt["client_id"], attempt["phone_id"]) == (
        source, client.client_id, client.phones[0],
    )  # fmt: skip
    assert phone(world, client.phones[0])["attempts"] == 0  # a move begins a new round


def test_a_late_result_of_an_archived_client_is_written_down(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source)
    world.client(target, client_code=client.code)
    (row,) = world.dial(source)
    dialing.block_recall(world.connection, source, world.at(1))
    move(world, target, client.phone_id, minutes=2)
    assert world.apply(world.row(row.record_key, "BUSY", world.at(1)), at=world.at(3)) == (1, 0, 0, 0)
    (attempt,) = world.rows(Attempt)
    assert (attempt["campaign_id"], attempt["client_id"]) == (source, client.client_id)
    assert phone(world, client.phone_id)["attempts"] == 0


def test_an_agent_result_for_a_call_of_an_archived_client_still_reaches_the_do_not_call_list(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source, numbers=("79160000001",))
    there = world.client(target, client_code=client.code, numbers=("79160000001",))
    (row,) = world.dial(source)
    world.result(row.record_key, "VOICE", world.at(1))
    move(world, target, client.phone_id, minutes=2)
    assert world.dialled(target, world.at(3)) == ["79160000001"]
    assert world.agent_says("15", record_key=row.record_key) == (client.client_id, ACTIVE)
    assert world.phone_row(there).is_do_not_call
    assert world.dialled(target, world.at(3)) == []


def test_a_late_result_of_an_archived_client_still_reaches_the_do_not_call_list(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source)
    world.client(target, client_code=client.code)
    (row,) = world.dial(source)
    dialing.block_recall(world.connection, source, world.at(1))
    move(world, target, client.phone_id, minutes=2)
    late = world.row(row.record_key, "VOICE", world.at(1), wrapup="15")
    assert world.apply(late, at=world.at(3)) == (1, 0, 0, 0)
    assert phone(world, client.phone_id)["is_do_not_call"]


def test_a_callback_for_a_client_in_the_archive_is_refused(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    client = world.client(source)
    world.client(target, client_code=client.code)
    (row,) = world.dial(source)
    world.result(row.record_key, "VOICE", world.at(1))
    move(world, target, client.phone_id, minutes=2)
    with world.refused(50115):
        world.agent_says("14", record_key=row.record_key, callback_at=world.at(60))


# -- the rest


def test_loaded_clients_and_phones_are_still_all_there(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    load = Load(world, source)
    load.line("A", "79160000001", "79160000002")
    load.line("B", "79160000003")
    load.line("C", "79160000004")
    load.apply()
    other = Load(world, target)
    other.line("B", "79160000003")
    other.apply()
    ids = {row["number"]: row["phone_id"] for row in world.rows(Phone, Phone.campaign_id == source)}
    assert move(world, target, *(ids[f"7916000000{place}"] for place in (1, 3, 4))) == (3, 0)
    (archived,) = world.rows(PhoneArchive)
    assert world.unbalanced() == {}
    # And the books see it when one is lost on the way.
    world.connection.execute(PhoneArchive.__table__.delete())
    world.connection.execute(ClientArchive.__table__.delete())
    assert world.unbalanced() == {"clients_loaded": (4, 3), "phones_loaded": (5, 4)}
    world.connection.execute(PhoneArchive.__table__.insert().values(**archived))
    client = world.rows(Client, Client.client_code == "A")[0]
    names = [column.name for column in ClientArchive.__table__.columns if column.name in client]
    row = {name: client[name] for name in names} | {"client_id": archived["client_id"], "import_batch_id": 1}
    world.connection.execute(ClientArchive.__table__.insert().values(**row, archived_at=world.now, reason_id=2))


def test_phones_of_the_target_itself_are_left_and_an_empty_set_does_nothing(world: World) -> None:
    target = world.campaign()
    client = world.client(target)
    before = world.phone_row(client)
    assert move(world, target, client.phone_id) == (0, 1)
    assert move(world, target) == (0, 0)
    assert move(world, target, -1) == (0, 1)
    assert world.phone_row(client) == before
    assert world.rows(WorkSet) == []
    assert world.rows(WorkPhone) == []


def test_many_clients_move_at_once(world: World) -> None:
    source, target = world.campaign(), world.campaign()
    clients = world.many_clients(source, 2000)
    phones = world.connection.scalars(select(Phone.phone_id).where(Phone.client_id.in_(clients))).all()
    assert move(world, target, *phones) == (2000, 0)
    assert len(world.dialled(target, world.at(1))) == 100
    assert world.dialled(source, world.at(1)) == []


def test_an_unknown_campaign_is_refused(world: World) -> None:
    client = world.client(world.campaign())
    with world.refused(50001):
        move(world, -1, client.phone_id)


def test_an_archived_campaign_is_refused(world: World) -> None:
    client, target = world.client(world.campaign()), world.campaign(started=False)
    world.connection.execute(Campaign.__table__.update().where(Campaign.campaign_id == target).values(state_id=3))
    with world.refused(50110):
        move(world, target, client.phone_id)
