"""contacts.import_undo: what a load made goes, what it changed comes back, who must stay is named; the books balance."""

from __future__ import annotations

import pytest
from import_rows import Load
from import_undo import BLOCKED, DIALLED, LATER_LOAD, MOVED, OUT, facts, finish, kept, part, start, undo
from world import ACTIVE, SUCCESS, World

from app.models.contact import Client, ClientArchive, Phone, PhoneArchive
from app.models.dialing import Callback
from app.models.importing import ImportUndoClient, ImportUndoPhone
from app.models.strategy import DialClassChange
from app.procedures.contacts import client_block, phone_block, phone_move, segment_block


def loaded(world: World, campaign: int, *codes: str, **columns: object) -> Load:
    """A finished load of clients with a mobile phone each."""
    load = Load(world, campaign)
    for code in codes:
        load.line(code, f"7916{sum(map(ord, code)):07}:M", **columns)
    load.apply()
    finish(load)
    return load


def test_clients_and_phones_of_the_load_go_and_not_to_the_archive(world: World) -> None:
    campaign = world.campaign()
    other = world.client(campaign, "MH")
    before = facts(world)
    load = loaded(world, campaign, "a", "b", "c")
    assert undo(load) == (3, 3, 0, 0)
    assert facts(world) == before
    assert world.rows(ClientArchive) == world.rows(PhoneArchive) == []
    assert sum(change["phones"] for change in world.rows(DialClassChange)) == 2
    assert world.dialled(campaign) == [other.number]
    assert [message for _, message in load.journal] == ["begins", "is undone"]
    assert load.batch["undone_by"] == "ivanov" and load.batch["message"] == "is undone"


def test_it_goes_in_parts_and_each_balances(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    for number in range(7):
        load.line(f"n{number}", f"7916000000{number}:M", f"7495000000{number}:H")
    load.apply()
    finish(load)
    start(load)
    counts = []
    while True:
        row = part(load, batch_size=3)
        assert world.unbalanced() == {}
        counts.append((row.clients_undone, row.phones_undone))
        if row.is_finished:
            break
    assert sum(clients for clients, _ in counts) == 7 and sum(phones for _, phones in counts) == 14
    assert len(counts) > 2 and max(clients for clients, _ in counts) <= 3
    assert world.rows(Client) == world.rows(Phone) == []


def test_the_same_file_can_be_loaded_after_it(world: World) -> None:
    campaign = world.campaign()
    undo(loaded(world, campaign, "a"))
    again = Load(world, campaign)
    again.line("a", "79160000001:M")
    assert again.apply() == {"clients_loaded": 1, "phones_loaded": 1}
    assert world.dialled(campaign, world.at(1)) == ["79160000001"]


def test_what_was_changed_of_a_known_client_comes_back(world: World) -> None:
    campaign = world.campaign()
    first = Load(world, campaign)
    first.line(
        "a", "79160000001:M", "74950000001:H", segment_code="1", crm_id="P1", last_name="Иванов", first_name="Иван",
        attributes='{"x": 1}', load_priority=3, zone_code="Asia/Omsk", do_not_call_after=world.at(days=30),
        do_not_call_after_is_utc=True,
    )  # fmt: skip
    first.line("same", "79160000002:M", last_name="Петров")
    first.apply()
    finish(first)
    before = facts(world)
    load = Load(world, campaign)
    load.line(
        "a", "79160000001:H", "79160000009:M", segment_code="2", crm_id="P2", last_name="Сидоров", middle_name="И.",
        attributes='{"y": 2}', load_priority=9, zone_code="Europe/Moscow", do_not_call_after=world.at(days=-1),
        do_not_call_after_is_utc=True,
    )  # fmt: skip
    load.line("same", "79160000002:M", last_name="Петров")
    load.apply(world.at(minutes=5))
    finish(load, world.at(minutes=5))
    assert facts(world) != before
    (client,) = world.rows(Client, Client.client_code == "a")
    assert client["status_id"] == 9
    assert [row["client_id"] for row in world.rows(ImportUndoClient)] == [client["client_id"]]
    assert undo(load, world.at(minutes=10)) == (0, 1, 1, 0)
    now = facts(world)
    for row in now["client"]:
        if row["client_code"] == "a":
            # The stop date was passed for a while: the status is the same again, and has a moment of its own.
            row["status_at"] = world.now
        else:
            row["updated_batch_id"] = first.batch_id
    assert now == before


def test_a_line_that_changes_nothing_writes_no_journal(world: World) -> None:
    campaign = world.campaign()
    first = Load(world, campaign)
    first.line("a", "79160000001:M", last_name="Иванов", load_priority=3, segment_code="7")
    first.apply()
    again = Load(world, campaign)
    again.line("a", "79160000001:M", last_name="Иванов", load_priority=3, segment_code="7")
    again.line("a", "79160000001:M")
    again.line("b", "79160000002:M")
    again.apply()
    assert world.rows(ImportUndoClient) == world.rows(ImportUndoPhone) == []


def test_the_first_state_counts_when_several_parts_have_the_client(world: World) -> None:
    campaign = world.campaign()
    loaded(world, campaign, "a", last_name="Один")
    load = Load(world, campaign)
    for name in ("Два", "Три"):
        load.line("a", "79160000097:M", last_name=name)
        load.apply()
    load.line("new", "79160000002:M", last_name="Два")
    load.apply()
    load.line("new", "79160000002:H", last_name="Три")
    load.apply()
    finish(load)
    assert [row["last_name"] for row in world.rows(ImportUndoClient)] == ["Один", "Два"]
    assert undo(load) == (1, 1, 1, 0)
    (client,) = world.rows(Client)
    assert client["last_name"] == "Один"


def test_a_new_round_is_taken_back(world: World) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": True})
    load = loaded(world, campaign, "a")
    world.attempt(campaign, "VOICE", world.at(1), wrapup="20")
    before = facts(world)
    assert before["client"][0]["status_id"] == SUCCESS
    again = Load(world, campaign)
    again.line("a", before["phone"][0]["number"] + ":M")
    again.apply(world.at(hours=1))
    finish(again, world.at(hours=1))
    (client,) = world.rows(Client)
    assert (client["status_id"], client["round_no"], client["attempts"]) == (ACTIVE, 2, 0)
    assert undo(again, world.at(hours=2)) == (0, 0, 1, 0)
    assert facts(world) == before
    with world.refused(50078):
        start(load)


def test_a_new_round_that_was_dialled_stays(world: World) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": True})
    loaded(world, campaign, "a")
    world.attempt(campaign, "VOICE", world.at(1), wrapup="20")
    (phone,) = world.rows(Phone)
    again = Load(world, campaign)
    again.line("a", f"{phone['number']}:M")
    again.apply(world.at(hours=1))
    finish(again, world.at(hours=1))
    start(again, world.at(hours=1))
    world.attempt(campaign, "NO_ANSWER", world.at(hours=2))
    assert part(again, world.at(hours=3)).clients_kept == 1
    assert part(again, world.at(hours=3)).is_finished
    assert kept(again) == {"a": DIALLED}
    (client,) = world.rows(Client)
    assert (client["round_no"], client["attempts"]) == (2, 1)


def test_callbacks_that_were_made_go_and_cancelled_ones_come_back(world: World) -> None:
    campaign = world.campaign()
    first = Load(world, campaign)
    first.line("a", "79160000001:M", callback_at=world.at(days=1), callback_at_is_utc=True, callback_agent="anna")
    first.apply()
    finish(first)
    before = world.rows(Callback)
    load = Load(world, campaign, now=world.at(minutes=5))
    load.line("a", "79160000001:M", callback_at=world.at(days=2), callback_at_is_utc=True)
    load.line("b", "79160000002:M", callback_at=world.at(days=2), callback_at_is_utc=True)
    load.apply(world.at(minutes=5))
    finish(load, world.at(minutes=5))
    assert sorted(row["state_id"] for row in world.rows(Callback)) == [1, 1, 5]
    assert undo(load, world.at(minutes=10)) == (1, 1, 1, 0)
    assert world.rows(Callback) == before


def test_who_is_taken_by_the_dialer_meanwhile_stays(world: World) -> None:
    campaign = world.campaign(block_size=1)
    load = loaded(world, campaign, "a", "b")
    start(load)
    (row,) = world.dial(campaign)
    assert part(load).is_finished
    assert (load.batch["clients_undone"], load.batch["clients_kept"]) == (1, 1)
    assert list(kept(load).values()) == [OUT]
    world.result(row.record_key, "NO_ANSWER", world.at(1))
    assert world.unbalanced() == {}


def test_later_loads_moves_and_blocks_keep_their_clients(world: World) -> None:
    campaign, other = world.campaign(), world.campaign()
    load = loaded(world, campaign, "later", "moved", "blocked", "phone", "plain")
    clients = {row["client_code"]: row["client_id"] for row in world.rows(Client)}
    phones = {row["client_id"]: row["phone_id"] for row in world.rows(Phone)}
    later = Load(world, campaign)
    later.line("later", "79169999999:M")
    later.apply()
    finish(later)
    client_block(world.connection, clients["blocked"], True, by="x", now=world.now, reason="y")
    phone_block(world.connection, phones[clients["phone"]], True, by="x", now=world.now, reason="y")
    phone_move(world.connection, [phones[clients["moved"]]], other, by="x", now=world.now)
    assert undo(load) == (1, 1, 0, 4)
    assert kept(load) == {"later": LATER_LOAD, "moved": MOVED, "blocked": BLOCKED, "phone": BLOCKED}


def test_the_block_of_a_segment_keeps_nobody(world: World) -> None:
    """It is what people do first when a file was wrong."""
    campaign = world.campaign()
    load = loaded(world, campaign, "a", "b", segment_code="new")
    (segment_id,) = {row["segment_id"] for row in world.rows(Client)}
    for kind in (1, 2):
        segment_block(
            world.connection, campaign, segment_id, kind, True, by="x", now=world.now, reason="y",
            loaded_from=world.at(-5) if kind == 2 else None, loaded_to=None,
        )  # fmt: skip
    assert undo(load) == (2, 2, 0, 0)


def test_loads_can_be_undone_one_after_the_other_in_any_order(world: World) -> None:
    campaign = world.campaign()
    first = loaded(world, campaign, "a", last_name="Один")
    second = loaded(world, campaign, "a", last_name="Два")
    third = loaded(world, campaign, "a", last_name="Два")
    assert undo(third) == (0, 0, 0, 0)
    assert undo(second) == (0, 0, 1, 0)
    (client,) = world.rows(Client)
    assert (client["last_name"], client["updated_batch_id"]) == ("Один", first.batch_id)
    assert undo(first) == (1, 1, 0, 0)
    assert world.rows(Client) == []


def test_another_process_cannot_write(world: World) -> None:
    load = loaded(world, world.campaign(), "a")
    start(load)
    start(load, previous="who undoes", owner="another")
    with world.refused(50073):
        part(load)


def test_a_load_that_is_not_being_undone_is_refused(world: World) -> None:
    load = loaded(world, world.campaign(), "a")
    with world.refused(50077):
        part(load)


def test_a_batch_of_nothing_is_refused(world: World) -> None:
    load = loaded(world, world.campaign(), "a")
    start(load)
    with world.refused(50082):
        part(load, batch_size=0)


def test_a_load_between_two_parts_keeps_its_client(world: World) -> None:
    campaign = world.campaign()
    loaded(world, campaign, "a", last_name="Один")
    load = Load(world, campaign)
    load.line("a", "79160000097:M", last_name="Два")
    load.apply()
    loaded(world, campaign, "a", last_name="Между")
    load.line("a", "79160000097:M", last_name="Три")
    load.apply()
    finish(load)
    assert undo(load) == (0, 0, 0, 1)
    assert kept(load) == {"a": LATER_LOAD}
    assert world.rows(Client)[0]["last_name"] == "Три"


@pytest.mark.parametrize("size", [1, 2, 5000])
def test_the_size_of_a_part_changes_nothing(world: World, size: int) -> None:
    campaign = world.campaign()
    loaded(world, campaign, "a", "b", "c", last_name="Один")
    load = Load(world, campaign)
    for code in "abcde":
        load.line(code, f"7499000000{ord(code) % 10}:H", f"7495000000{ord(code) % 10}:M", last_name="Два")
    load.apply()
    finish(load)
    assert undo(load, batch_size=size) == (2, 10, 3, 0)
    assert [row["last_name"] for row in world.rows(Client)] == ["Один"] * 3
