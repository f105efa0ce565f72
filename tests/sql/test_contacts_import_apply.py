"""contacts.import_apply: what the lines of a file do to clients, phones, persons, segments and callbacks."""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

import pytest
from import_rows import Load
from sqlalchemy import insert, update
from world import ACTIVE, NOON, SUCCESS, TYPE_ATTEMPTS, MadeClient, World

from app.models.contact import Client, Person, Phone, WorkClient, WorkSet
from app.models.dialing import Callback
from app.models.dictionary import DoNotCall, PhoneType, TimeZone
from app.models.importing import ImportPhone, ImportReject, ImportRow
from app.models.strategy import Campaign, DialClass, DialClassChange, Segment
from app.procedures import importing


def the_client(world: World, code: str) -> dict[str, Any]:
    (row,) = world.rows(Client, Client.client_code == code)
    return row


def phones(world: World, code: str) -> list[dict[str, Any]]:
    return world.rows(Phone, Phone.client_id == the_client(world, code)["client_id"])


def segment_code(world: World, code: str) -> str:
    (row,) = world.rows(Segment, Segment.segment_id == the_client(world, code)["segment_id"])
    return str(row["code"])


def callbacks(world: World) -> list[tuple[datetime, str | None, int]]:
    return [(row["due_at"], row["agent"], row["state_id"]) for row in world.rows(Callback)]


# -- new clients ---------------------------------------------------------------------------------------------------


@pytest.mark.mission("M12", "M13", "M156")
def test_a_new_client_is_loaded_with_its_phones(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line(
        "21-a", "79161234567:m", "84951234567:H", crm_id="CRM1", last_name="Иванов", first_name="Иван",
        middle_name="Иванович", attributes='{"IDClientCRM": "7"}', load_priority=3, zone_code="asia/omsk",
        segment_code="1",
    )  # fmt: skip
    world.segment(campaign, "1")
    at = world.at(minutes=1)
    assert load.apply(at) == {"clients_loaded": 1, "phones_loaded": 2}
    row = the_client(world, "21-a")
    assert row["client_code_key"] == "21-A"
    assert (row["campaign_id"], row["segment_id"]) == (campaign, world.segment(campaign, "1"))
    assert (row["last_name"], row["first_name"], row["middle_name"]) == ("Иванов", "Иван", "Иванович")
    assert json.loads(row["attributes"]) == {"IDClientCRM": "7"}
    assert (row["load_priority"], row["zone_id"], row["round_no"]) == (3, world.zone("Asia/Omsk"), 1)
    assert (row["status_id"], row["status_at"], row["loaded_at"], row["updated_at"]) == (ACTIVE, at, at, at)
    assert (row["import_batch_id"], row["updated_batch_id"]) == (load.batch_id, load.batch_id)
    assert (row["is_blocked"], row["attempts"], row["do_not_call_after"]) == (False, 0, None)
    mobile, home = phones(world, "21-a")
    assert (mobile["number"], mobile["number_raw"]) == ("79161234567", "+79161234567")
    assert (mobile["phone_type_id"], home["phone_type_id"]) == (world.type("M"), world.type("H"))
    for phone in (mobile, home):
        assert (phone["campaign_id"], phone["import_batch_id"], phone["zone_id"]) == (campaign, load.batch_id, None)
        assert (phone["loaded_at"], phone["waits_from"], phone["attempts"]) == (at, at, 0)
        assert phone["dial_class_id"] > 0 and not phone["is_do_not_call"]


def test_what_was_loaded_is_dialled(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line("a", "79161234567")
    load.apply()
    assert world.dialled(campaign, world.at(minutes=1)) == ["79161234567"]


def test_later_clients_join_the_classes_of_earlier_ones(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)

    def lines(name: str, first_number: int) -> dict[str, tuple[int, ...]]:
        """Clients that differ in zone, segment and priority, each with two types of phones: their classes by letter."""
        kinds = {"a": {}, "b": {"zone_code": "Asia/Omsk"}, "c": {"segment_code": "2"}, "d": {"load_priority": 3}}
        for place, (letter, columns) in enumerate(kinds.items()):
            number = first_number + 10 * place
            load.line(f"{name}{letter}", f"{number}:M", f"{number + 1}:H", **columns)
        load.apply(world.now)
        return {letter: tuple(phone["dial_class_id"] for phone in phones(world, name + letter)) for letter in kinds}

    first = lines("x", 79160000000)
    world.segments[campaign, "1"] = the_client(world, "xa")["segment_id"]
    assert len({dial_class for pair in first.values() for dial_class in pair}) == 8
    # Classes that differ from those of new clients by one fact only.
    facts = (
        "client_attempts", "phone_attempts", "client_technical_result_id", "client_agent_result_id",
        "limit_agent_result_id", "limit_agent_attempts", "phone_technical_result_id", "phone_agent_result_id",
        "hold_agent_result_id", "day_attempts",
    )  # fmt: skip
    for fact in facts:
        world.dial_class(campaign, **{fact: 1})
    world.dial_class(campaign, attempt_day=date(2026, 11, 23))
    world.dial_class(campaign, zone_id=world.zone("Asia/Omsk"))
    world.dial_class(campaign, client_zone_id=world.zone("Asia/Omsk"))
    classes = world.rows(DialClass)
    assert lines("y", 79170000000) == first
    assert world.rows(DialClass) == classes
    assert all(phone["dial_class_id"] > 0 for letter in "abcd" for phone in phones(world, f"y{letter}"))


def test_counters_and_the_place_in_the_file_are_kept(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567", "79161234568")
    load.line("b", "79161234569:no such")
    load.apply()
    load.line("a", "79161234567")
    load.line("c", "79161234570", zone_code="no such")
    load.apply()
    batch = load.batch
    assert (batch["lines_done"], batch["bytes_done"]) == (4, 40)
    assert (batch["clients_loaded"], batch["clients_updated"], batch["clients_rejected"]) == (2, 0, 1)
    assert (batch["phones_loaded"], batch["lines_rejected"], batch["warnings"]) == (3, 1, 1)


def test_staging_is_emptied_but_for_other_loads(world: World) -> None:
    campaign = world.campaign()
    load, other = Load(world, campaign), Load(world, campaign)
    load.line("a", "79161234567")
    other.line("b", "79161234568")
    load.apply()
    assert {row["batch_id"] for row in world.rows(ImportRow)} == {other.batch_id}
    assert {row["batch_id"] for row in world.rows(ImportPhone)} == {other.batch_id}
    assert world.rows(WorkSet) == world.rows(WorkClient) == []
    assert world.rows(Client, Client.client_code == "b") == []


def test_a_part_without_lines_moves_the_place(world: World) -> None:
    load = Load(world, world.campaign())
    assert load.apply(lines_done=3) == {}
    assert load.batch["lines_done"] == 3


@pytest.mark.mission("M43")
def test_a_client_without_a_segment_goes_to_segment_1(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line("a", "79161234567")
    assert load.apply() == {"clients_loaded": 1, "phones_loaded": 1}
    assert segment_code(world, "a") == "1"
    assert [row["code"] for row in world.rows(Segment, Segment.campaign_id == campaign)] == ["1"]


def test_a_missing_segment_is_made_and_said(world: World) -> None:
    campaign = world.campaign()
    world.segment(campaign, "ANT")
    load = Load(world, campaign)
    load.line("a", "79161234567", segment_code="ant")
    load.line("b", "79161234568", segment_code="new")
    load.line("c", "79161234569", segment_code="New")
    assert load.apply() == {"clients_loaded": 3, "phones_loaded": 3, "warnings": 1}
    assert load.rejects == [(2, "segment_created", "new", True)]
    assert [segment_code(world, code) for code in "abc"] == ["ANT", "new", "new"]
    (made,) = world.rows(Segment, Segment.code == "new")
    assert (made["campaign_id"], made["is_enabled"], made["is_blocked"], made["created_at"]) == (
        campaign, True, False, world.now,
    )  # fmt: skip


def test_a_wrong_template_does_not_make_a_segment_a_line(world: World) -> None:
    campaign = world.campaign()
    world.connection.execute(
        insert(Segment),
        [{"campaign_id": campaign, "code": f"s{n}", "code_key": f"S{n}", "created_at": NOON} for n in range(999)],
    )
    load = Load(world, campaign)
    load.line("a", "79161234567", segment_code="x1")
    load.line("b", "79161234568", segment_code="x2")
    load.line("c", "79161234569", segment_code="s5")
    assert load.apply() == {
        "clients_loaded": 2, "phones_loaded": 2, "clients_rejected": 1, "lines_rejected": 1, "warnings": 1,
    }  # fmt: skip
    assert load.rejects == [(1, "segment_created", "x1", True), (2, "segment_limit", "X2", False)]


# -- several lines of a client ---------------------------------------------------------------------------------------


def test_lines_of_one_client_are_merged_and_the_later_one_wins(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567:M", last_name="Old", first_name="Anna", zone_code="Asia/Omsk", attributes='{"x": "1"}')
    load.line("b", "79160000000")
    load.line("A", "79161234568:H", last_name="New", load_priority=2, do_not_call_after=datetime(2026, 12, 1, 10))
    load.line("a", "79161234567:H", middle_name="M", crm_id="C1", attributes='{"y": "2"}')
    assert load.apply() == {"clients_loaded": 2, "phones_loaded": 3}
    row = the_client(world, "a")
    assert (row["last_name"], row["first_name"], row["middle_name"]) == ("New", "Anna", "M")
    assert (row["attributes"], row["load_priority"], row["zone_id"]) == ('{"y": "2"}', 2, world.zone("Asia/Omsk"))
    assert row["do_not_call_after"] == datetime(2026, 12, 1, 4)  # 10:00 in Omsk
    assert [(phone["number"], phone["phone_type_id"]) for phone in phones(world, "a")] == [
        ("79161234568", world.type("H")),
        ("79161234567", world.type("H")),
    ]


def test_very_many_lines_of_one_client(world: World) -> None:
    load = Load(world, world.campaign())
    for number in range(150):
        load.line("a", f"7916{number:07}", first_name=f"n{number}")
    assert load.apply() == {"clients_loaded": 1, "phones_loaded": 150}
    assert the_client(world, "a")["first_name"] == "n149"


def test_a_number_stands_once_at_a_client_and_may_stand_at_others(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567:M", "79161234567:H")
    load.line("b", "79161234567:M")
    assert load.apply() == {"clients_loaded": 2, "phones_loaded": 2}
    assert [phone["phone_type_id"] for phone in phones(world, "a")] == [world.type("H")]


def test_a_client_of_several_parts_is_counted_once(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567")
    assert load.apply() == {"clients_loaded": 1, "phones_loaded": 1}
    load.line("a", "79161234568")
    assert load.apply() == {"phones_loaded": 1}
    again = Load(world, world.rows(Campaign)[0]["campaign_id"])
    again.line("a", "79161234567")
    assert again.apply() == {"clients_updated": 1}
    again.line("a", "79161234568")
    assert again.apply() == {}


# -- known clients ---------------------------------------------------------------------------------------------------


@pytest.mark.mission("M157")
def test_a_known_client_is_updated_in_what_is_given_and_keeps_the_rest(world: World) -> None:
    campaign = world.campaign()
    world.segment(campaign, "2")
    anna = world.client(
        campaign, "MH", client_code="a", last_name="Old", first_name="Anna", load_priority=4, attributes='{"x": "1"}',
        zone="Asia/Omsk", do_not_call_after=datetime(2027, 1, 1),
    )  # fmt: skip
    load = Load(world, campaign)
    load.line("A", f"{anna.numbers[0]}:H", "79161112233:M", last_name="New", segment_code="2")
    at = world.at(minutes=5)
    assert load.apply(at) == {"clients_updated": 1, "phones_loaded": 1}
    row = world.client_row(anna)
    assert (row.client_code, row.last_name, row.first_name) == ("a", "New", "Anna")
    assert (row.load_priority, row.attributes, row.zone_id) == (4, '{"x": "1"}', world.zone("Asia/Omsk"))
    assert (row.do_not_call_after, row.segment_id) == (datetime(2027, 1, 1), world.segment(campaign, "2"))
    assert (row.loaded_at, row.updated_at, row.round_no) == (world.now, at, 1)
    assert (row.import_batch_id, row.updated_batch_id) == (None, load.batch_id)
    given, kept, new = phones(world, "a")
    assert (given["phone_type_id"], given["number_raw"], given["loaded_at"]) == (
        world.type("H"), f"+{anna.numbers[0]}", world.now,
    )  # fmt: skip
    assert (kept["number"], kept["phone_type_id"]) == (anna.numbers[1], world.type("H"))
    assert (new["number"], new["loaded_at"]) == ("79161112233", at)


@pytest.mark.mission("M157")
def test_everything_that_a_line_gives_is_updated(world: World) -> None:
    campaign = world.campaign()
    anna = world.client(campaign, client_code="a", last_name="x", person_id=world.person("OLD"))
    load = Load(world, campaign)
    load.line(
        "a", anna.number, crm_id="NEW", last_name="L", first_name="F", middle_name="M", attributes='{"y": "2"}',
        load_priority=9, zone_code="Europe/Samara", do_not_call_after=datetime(2026, 12, 31, 12, 0), segment_code="7",
    )  # fmt: skip
    assert load.apply() == {"clients_updated": 1, "warnings": 1}
    row = world.client_row(anna)
    assert (row.last_name, row.first_name, row.middle_name, row.attributes) == ("L", "F", "M", '{"y": "2"}')
    assert (row.load_priority, row.zone_id) == (9, world.zone("Europe/Samara"))
    assert row.do_not_call_after == datetime(2026, 12, 31, 8, 0)
    assert segment_code(world, "a") == "7"
    (person,) = world.rows(Person, Person.person_id == row.person_id)
    assert person["crm_id"] == "NEW"


def test_the_same_lines_again_change_nothing_but_the_moment(world: World) -> None:
    campaign = world.campaign()

    def load(at: datetime) -> dict[str, int]:
        load = Load(world, campaign)
        load.line("a", "79161234567:M", "79161234568:H", crm_id="C1", last_name="L", zone_code="Asia/Omsk")
        load.line("b", "79161234569")
        return load.apply(at)

    changing = ("updated_at", "updated_batch_id")
    assert load(world.now) == {"clients_loaded": 2, "phones_loaded": 3}
    before = [{key: row[key] for key in row if key not in changing} for row in world.rows(Client)], world.rows(Phone)
    assert load(world.at(hours=1)) == {"clients_updated": 2}
    after = [{key: row[key] for key in row if key not in changing} for row in world.rows(Client)], world.rows(Phone)
    assert after == before
    assert len(world.rows(Person)) == 1


def test_a_phone_keeps_its_type_where_the_line_names_none(world: World) -> None:
    campaign = world.campaign()
    anna = world.client(campaign, "H", client_code="a")
    load = Load(world, campaign)
    load.line("a", anna.number)
    load.apply()
    assert world.phone_row(anna).phone_type_id == world.type("H")


@pytest.mark.mission("M158")
def test_a_blocked_client_stays_blocked_and_is_counted(world: World) -> None:
    campaign = world.campaign()
    blocked = world.client(campaign, client_code="a", is_blocked=True)
    free = world.client(campaign, client_code="b")
    load = Load(world, campaign)
    load.line("a", blocked.number, last_name="New")
    load.line("b", free.number)
    assert load.apply() == {"clients_updated": 2, "clients_blocked": 1}
    row = world.client_row(blocked)
    assert (row.is_blocked, row.last_name) == (True, "New")
    assert not world.is_free(blocked)
    assert world.dialled(campaign) == [free.number]


def test_a_blocked_phone_stays_blocked(world: World) -> None:
    campaign = world.campaign()
    anna = world.client(campaign, client_code="a")
    world.connection.execute(update(Phone).where(Phone.phone_id == anna.phone_id).values(is_blocked=True))
    world.settle(anna.client_id)
    load = Load(world, campaign)
    load.line("a", anna.number)
    load.apply()
    assert (world.phone_row(anna).is_blocked, world.is_free(anna)) == (True, False)


# -- finished clients ------------------------------------------------------------------------------------------------


def finished(world: World, campaign: int, status_id: int = SUCCESS) -> MadeClient:
    anna = world.client(campaign, "MH", client_code="a")
    world.facts(
        anna, status_id=status_id, attempts=3, first_attempt_at=NOON, last_attempt_at=NOON,
        attempt_day=date(2026, 11, 23), day_attempts=2, last_technical_result_id=world.technical("BUSY"),
        agent_result_id=world.agent("20"), agent_result_attempts=1, agent_result_at=NOON,
        last_agent_result_id=world.agent("20"),
    )  # fmt: skip
    for position in (0, 1):
        world.phone_facts(
            anna, position, attempts=2, last_technical_result_id=world.technical("BUSY"), last_attempt_at=NOON,
            last_agent_result_id=world.agent("20"), hold_agent_result_id=world.agent("20"),
        )  # fmt: skip
    return anna


@pytest.mark.parametrize("status_id", [SUCCESS, TYPE_ATTEMPTS])
def test_a_finished_client_is_only_updated(world: World, status_id: int) -> None:
    types = {"M": {"max_attempts": 2}, "H": {"max_attempts": 2}}
    from app.campaigns import PhoneTypeForm

    campaign = world.campaign(phone_types={code: PhoneTypeForm(**form) for code, form in types.items()})
    anna = finished(world, campaign, status_id)
    load = Load(world, campaign)
    load.line("a", anna.number, last_name="New")
    assert load.apply(world.at(hours=1)) == {"clients_updated": 1}
    row = world.client_row(anna)
    assert (row.status_id, row.round_no, row.attempts, row.last_name) == (status_id, 1, 3, "New")
    assert row.loaded_at == world.now


@pytest.mark.parametrize("status_id", [SUCCESS, TYPE_ATTEMPTS])
def test_a_campaign_may_start_finished_clients_afresh(world: World, status_id: int) -> None:
    from app.campaigns import PhoneTypeForm

    limits = {code: PhoneTypeForm(max_attempts=2) for code in "MH"}
    campaign = world.campaign(columns={"restarts_on_reload": True}, phone_types=limits)
    anna = finished(world, campaign, status_id)
    load = Load(world, campaign)
    load.line("a", anna.numbers[0])
    at = world.at(hours=1)
    assert load.apply(at) == {"clients_updated": 1}
    row = world.client_row(anna)
    assert (row.status_id, row.status_at, row.loaded_at, row.round_no) == (ACTIVE, at, at, 2)
    assert (row.attempts, row.first_attempt_at, row.last_technical_result_id) == (0, None, None)
    assert (row.agent_result_id, row.agent_result_attempts, row.last_agent_result_id) == (None, 0, None)
    # The limit of a day is the client's peace: a new round does not break it.
    assert (row.attempt_day, row.day_attempts) == (date(2026, 11, 23), 2)
    for position in (0, 1):
        phone = world.phone_row(anna, position)
        assert (phone.attempts, phone.waits_from, phone.loaded_at, phone.held_until) == (0, at, at, None)
        assert (phone.last_technical_result_id, phone.last_agent_result_id, phone.hold_agent_result_id) == (None,) * 3
    assert world.dialled(campaign, world.at(hours=2)) == [anna.numbers[0]]


def test_a_new_phone_of_a_known_client_is_held_by_its_agent_result(world: World) -> None:
    from app.campaigns import AgentResultForm

    campaign = world.campaign(agent_results={"12": AgentResultForm(3, delay_minutes=60)})
    anna, boris = (world.client(campaign, client_code=code) for code in ("a", "b"))
    world.agent_says("12", world.at(minutes=1), campaign_id=campaign, client_code="a")
    load = Load(world, campaign)
    load.line("a", "79161234567")
    load.line("b", "79161234568")
    load.apply(world.at(minutes=10))
    new = {row["client_id"]: row for row in world.rows(Phone) if row["number"].startswith("79161234")}
    assert (new[anna.client_id]["hold_agent_result_id"], new[anna.client_id]["waits_from"]) == (
        world.agent("12"), world.at(minutes=1),
    )  # fmt: skip
    assert (new[boris.client_id]["hold_agent_result_id"], new[boris.client_id]["waits_from"]) == (
        None, world.at(minutes=10),
    )  # fmt: skip
    assert world.dialled(campaign, world.at(minutes=60)) == [boris.number]
    assert len(world.dialled(campaign, world.at(minutes=61))) == 2


@pytest.mark.parametrize("campaign_says", [False, True])
@pytest.mark.parametrize(("load_says", "starts"), [(None, None), (False, False), (True, True)])
def test_what_the_load_says_comes_before_what_its_campaign_says(
    world: World, campaign_says: bool, load_says: bool | None, starts: bool | None
) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": campaign_says})
    anna = finished(world, campaign)
    load = Load(world, campaign, restarts_clients=load_says)
    load.line("a", anna.number)
    assert load.apply(world.at(hours=1)) == {"clients_updated": 1}
    started = campaign_says if starts is None else starts
    assert (world.client_row(anna).round_no, world.status(anna)) == ((2, ACTIVE) if started else (1, SUCCESS))


def test_an_active_client_is_not_started_afresh(world: World) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": True})
    anna = world.client(campaign, client_code="a")
    world.facts(anna, attempts=2)
    load = Load(world, campaign)
    load.line("a", anna.number)
    load.apply(world.at(hours=1))
    row = world.client_row(anna)
    assert (row.round_no, row.attempts, row.loaded_at) == (1, 2, world.now)


def test_a_load_starts_a_client_afresh_once(world: World) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": True})
    anna = finished(world, campaign)
    load = Load(world, campaign)
    load.line("a", anna.number)
    load.apply(world.at(hours=1))
    world.facts(anna, status_id=SUCCESS)
    load.line("a", anna.number)
    load.apply(world.at(hours=2))
    assert (world.client_row(anna).round_no, world.client_row(anna).status_id) == (2, SUCCESS)


# -- do not call -----------------------------------------------------------------------------------------------------


def do_not_call(world: World, lifted_at: datetime | None = None, **subject: Any) -> None:
    values = {"added_at": world.now, "added_by": "x", "lifted_at": lifted_at}
    world.connection.execute(insert(DoNotCall).values(**values, **subject))


def test_a_number_on_the_do_not_call_list_is_loaded_and_not_dialled(world: World) -> None:
    campaign = world.campaign()
    do_not_call(world, number="79161234567")
    do_not_call(world, number="79161234568", lifted_at=world.now)
    load = Load(world, campaign)
    load.line("a", "79161234567", "79161234569")
    load.line("b", "79161234568")
    assert load.apply() == {"clients_loaded": 2, "phones_loaded": 3}
    assert [(phone["number"], phone["is_do_not_call"]) for phone in phones(world, "a")] == [
        ("79161234567", True),
        ("79161234569", False),
    ]
    assert sorted(world.dialled(campaign)) == ["79161234568", "79161234569"]


def test_a_person_on_the_do_not_call_list_is_loaded_and_not_dialled(world: World) -> None:
    campaign = world.campaign()
    do_not_call(world, person_id=world.person("c1"))
    load = Load(world, campaign)
    load.line("a", "79161234567", "79161234568", crm_id="C1")
    load.line("b", "79161234569", crm_id="C2")
    assert load.apply() == {"clients_loaded": 2, "phones_loaded": 3}
    assert world.dialled(campaign) == ["79161234569"]


def test_a_known_client_that_turns_out_to_be_a_listed_person_is_not_dialled(world: World) -> None:
    campaign = world.campaign()
    anna = world.client(campaign, "MH", client_code="a")
    do_not_call(world, person_id=world.person("C1"))
    load = Load(world, campaign)
    load.line("a", anna.number, crm_id="C1")
    load.apply()
    assert [phone["is_do_not_call"] for phone in phones(world, "a")] == [True, True]
    assert world.dialled(campaign) == []


def test_a_load_does_not_lift_do_not_call(world: World) -> None:
    campaign = world.campaign(columns={"restarts_on_reload": True})
    anna = finished(world, campaign)
    world.phone_facts(anna, 0, is_do_not_call=True)
    load = Load(world, campaign)
    load.line("a", *anna.numbers)
    load.apply()
    assert (world.phone_row(anna, 0).is_do_not_call, world.phone_row(anna, 1).is_do_not_call) == (True, False)


# -- persons ---------------------------------------------------------------------------------------------------------


def test_clients_of_one_crm_id_are_one_person(world: World) -> None:
    first, second = world.campaign("P1"), world.campaign("P2")
    load = Load(world, first)
    load.line("a", "79161234567", crm_id="crm-7")
    load.line("b", "79161234568", crm_id="CRM-7", campaign_code="p2")
    load.line("c", "79161234569")
    load.apply()
    a, b, c = (the_client(world, code) for code in "abc")
    assert a["person_id"] == b["person_id"] is not None
    assert c["person_id"] is None
    assert (a["campaign_id"], b["campaign_id"]) == (first, second)
    (person,) = world.rows(Person)
    assert (person["crm_id_key"], person["created_at"]) == ("CRM-7", world.now)


# -- campaigns -------------------------------------------------------------------------------------------------------


@pytest.mark.mission("M170")
def test_a_client_that_is_out_and_turns_out_to_be_a_person_keeps_its_other_clients_waiting(world: World) -> None:
    campaign = world.campaign(columns={"one_call_per_person": True}, block_size=1)
    person = world.person("crm-x")
    world.client(campaign, client_code="out")
    other = world.client(campaign, client_code="other", person_id=person)
    (row,) = world.take(campaign)
    assert row.number != other.number
    load = Load(world, campaign)
    load.line("out", row.number, crm_id="CRM-X")
    load.apply(world.at(minutes=1))
    assert world.take(campaign, world.at(minutes=2)) == []
    world.result(row.record_key, "RETURNED", world.at(minutes=3))
    assert len(world.take(campaign, world.at(minutes=4))) == 1


def test_a_line_may_name_its_campaign(world: World) -> None:
    first, second = world.campaign("ONE"), world.campaign("TWO")
    load = Load(world, None)
    load.line("a", "79161234567", campaign_code="one")
    load.line("a", "79161234567", campaign_code=" Two")
    assert load.apply() == {"clients_loaded": 2, "phones_loaded": 2}
    assert [row["campaign_id"] for row in world.rows(Client, Client.client_code == "a")] == [first, second]


@pytest.mark.mission("M150", "M159")
def test_lines_whose_campaign_is_not_known_are_rejected(world: World) -> None:
    world.campaign("LIVE")
    archived = world.campaign("OLD")
    world.connection.execute(update(Campaign).where(Campaign.campaign_id == archived).values(state_id=3))
    load = Load(world, None)
    load.line("a", "79161234567")
    load.line("b", "79161234567", campaign_code="nope")
    load.line("c", "79161234567", campaign_code="old")
    load.line("d", "79161234567", campaign_code="live")
    assert load.apply() == {"clients_loaded": 1, "phones_loaded": 1, "clients_rejected": 3, "lines_rejected": 3}
    assert load.rejects == [
        (1, "campaign_missing", None, False),
        (2, "campaign_unknown", "nope", False),
        (3, "campaign_archived", "old", False),
    ]
    rejects = world.rows(ImportReject)
    assert {row["column_name"] for row in rejects} == {"contact.client.campaign.code"}
    assert [(row["client_code"], row["raw_line"]) for row in rejects] == [
        ("a", "line 1"), ("b", "line 2"), ("c", "line 3"),
    ]  # fmt: skip


# -- phones ----------------------------------------------------------------------------------------------------------


def test_a_line_with_an_unknown_phone_type_is_rejected_as_a_whole(world: World) -> None:
    world.connection.execute(
        insert(PhoneType).values(code="OFF", code_key="OFF", name="x", sort_order=9, is_enabled=False)
    )
    load = Load(world, world.campaign())
    load.line("a", "79161234567:M", "79161234568:zz")
    load.line("b", "79161234567:off")
    load.line("c", "79161234567:w")
    assert load.apply() == {"clients_loaded": 1, "phones_loaded": 1, "clients_rejected": 2, "lines_rejected": 2}
    assert load.rejects == [(1, "phone_type_unknown", "zz", False), (2, "phone_type_unknown", "off", False)]
    assert world.rows(ImportReject)[0]["column_name"] == "contact.phone.type.code"


def test_a_phone_without_a_type_gets_the_first_enabled_one(world: World) -> None:
    for code, order, is_enabled in (("OFF", -5, False), ("FIRST", -1, True)):
        values = {"code": code, "code_key": code, "name": code, "sort_order": order, "is_enabled": is_enabled}
        world.connection.execute(insert(PhoneType).values(**values))
    load = Load(world, world.campaign())
    load.line("a", "79161234567")
    load.apply()
    assert [phone["phone_type_id"] for phone in phones(world, "a")] == [world.type("FIRST")]


def test_without_any_enabled_phone_type_nothing_is_loaded(world: World) -> None:
    load = Load(world, world.campaign())
    world.connection.execute(update(PhoneType).values(is_enabled=False))
    load.line("a", "79161234567")
    with world.refused(50076):
        load.apply()


def test_a_line_without_a_phone_is_rejected(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a")
    assert load.apply() == {"clients_rejected": 1, "lines_rejected": 1}
    assert load.rejects == [(1, "phone_missing", None, False)]


def test_a_client_with_a_good_and_a_bad_line_is_not_counted_as_rejected(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567:zz")
    load.line("A", "79161234568")
    load.line("b", "79161234567:zz")
    load.line("b", "79161234567:zz")
    assert load.apply() == {"clients_loaded": 1, "phones_loaded": 1, "clients_rejected": 1, "lines_rejected": 3}


# -- zones and dates -------------------------------------------------------------------------------------------------


@pytest.mark.mission("M16", "M18")
def test_an_unknown_zone_is_a_warning_and_the_client_is_loaded(world: World) -> None:
    world.connection.execute(update(TimeZone).where(TimeZone.code == "Asia/Magadan").values(is_enabled=False))
    load = Load(world, world.campaign())
    load.line("a", "79161234567", zone_code="MSK+2")
    load.line("b", "79161234568", zone_code="Asia/Magadan")
    load.line("c", "79161234569", zone_code="asia/omsk")
    assert load.apply() == {"clients_loaded": 3, "phones_loaded": 3, "warnings": 2}
    assert load.rejects == [(1, "zone_unknown", "MSK+2", True), (2, "zone_unknown", "Asia/Magadan", True)]
    assert [the_client(world, code)["zone_id"] for code in "abc"] == [None, None, world.zone("Asia/Omsk")]


@pytest.mark.mission("M133")
def test_a_stop_date_is_local_to_the_client(world: World) -> None:
    campaign = world.campaign(zone="Europe/Moscow")
    world.client(campaign, client_code="known", zone="Asia/Irkutsk", numbers=("79160000000",))
    stop = datetime(2026, 12, 1, 12)
    load = Load(world, campaign)
    load.line("own", "79161234567", zone_code="Asia/Omsk", do_not_call_after=stop)
    load.line("default", "79161234568", do_not_call_after=stop)
    load.line("known", "79160000000", do_not_call_after=stop)
    load.line("utc", "79161234569", zone_code="Asia/Omsk", do_not_call_after=stop, do_not_call_after_is_utc=True)
    load.apply()
    found = {row["client_code"]: row["do_not_call_after"].hour for row in world.rows(Client)}
    assert found == {"own": 6, "default": 9, "known": 4, "utc": 12}


@pytest.mark.mission("M144")
def test_a_stop_date_that_has_come_stops_the_client(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567", do_not_call_after=datetime(2026, 11, 23, 11, 59))
    load.line("b", "79161234568", do_not_call_after=datetime(2026, 11, 23, 12, 1))
    load.apply()
    assert (the_client(world, "a")["status_id"], the_client(world, "b")["status_id"]) == (9, ACTIVE)


# -- callbacks -------------------------------------------------------------------------------------------------------


@pytest.mark.mission("M14", "M15")
def test_a_callback_is_made_for_the_first_phone_of_its_line(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    at = datetime(2026, 11, 23, 18, 30)
    load.line("a", "79161234567", "79161234568", callback_at=at, callback_agent="ivanov")
    load.line("b", "79161234569", callback_at=at, zone_code="Asia/Omsk")
    load.line("c", "79161234570", callback_at=at, callback_at_is_utc=True)
    load.apply()
    rows = world.rows(Callback)
    assert [(row["due_at"], row["agent"], row["state_id"], row["source_id"]) for row in rows] == [
        (datetime(2026, 11, 23, 15, 30), "ivanov", 1, 5),
        (datetime(2026, 11, 23, 12, 30), None, 1, 5),
        (at, None, 1, 5),
    ]
    assert rows[0]["phone_id"] == phones(world, "a")[0]["phone_id"]
    assert rows[0]["campaign_id"] == campaign


def test_a_callback_that_is_loaded_again_is_not_doubled(world: World) -> None:
    campaign = world.campaign()
    for hour in (0, 1):
        load = Load(world, campaign, now=world.at(hours=hour))
        load.line("a", "79161234567", callback_at=datetime(2026, 11, 23, 18))
        load.apply(world.at(hours=hour))
    assert callbacks(world) == [(datetime(2026, 11, 23, 15), None, 1)]


def test_another_time_in_a_later_load_takes_the_place_of_the_first(world: World) -> None:
    campaign = world.campaign()
    for hour, due in ((0, 18), (1, 19), (2, 18)):
        load = Load(world, campaign, now=world.at(hours=hour))
        load.line("a", "79161234567", callback_at=datetime(2026, 11, 23, due))
        load.apply(world.at(hours=hour))
    assert callbacks(world) == [
        (datetime(2026, 11, 23, 15), None, 5),
        (datetime(2026, 11, 23, 16), None, 5),
        (datetime(2026, 11, 23, 15), None, 1),
    ]


def test_a_load_leaves_callbacks_of_others_alone(world: World) -> None:
    campaign = world.campaign()
    anna = world.client(campaign, client_code="a")
    world.callback(anna, world.at(hours=3))
    load = Load(world, campaign, now=world.at(hours=1))
    load.line("a", anna.number, callback_at=datetime(2026, 11, 23, 20))
    load.apply(world.at(hours=1))
    assert [state for _, _, state in callbacks(world)] == [1, 1]


def test_a_kept_callback_is_not_promised_again(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line("a", "79161234567", callback_at=datetime(2026, 11, 23, 12))
    load.apply()
    world.attempt(campaign, "BUSY", world.at(minutes=1))
    assert [state for _, _, state in callbacks(world)] == [3]
    load = Load(world, campaign, now=world.at(hours=1))
    load.line("a", "79161234567", callback_at=datetime(2026, 11, 23, 12))
    load.apply(world.at(hours=1))
    assert [state for _, _, state in callbacks(world)] == [3]


def test_a_processed_client_gets_no_callback(world: World) -> None:
    campaign = world.campaign()
    anna = world.client(campaign, client_code="a")
    world.facts(anna, status_id=SUCCESS)
    load = Load(world, campaign)
    load.line("a", anna.number, callback_at=datetime(2026, 11, 23, 18))
    load.apply()
    assert callbacks(world) == []


# -- who may apply ---------------------------------------------------------------------------------------------------


def test_only_the_process_that_owns_the_load_may_apply(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567")
    with world.refused(50073):
        load.apply(owner="somebody else")


def test_lines_that_are_done_are_not_applied_again(world: World) -> None:
    load = Load(world, world.campaign())
    load.line("a", "79161234567")
    load.apply()
    with world.refused(50074):
        load.apply(lines_done=0)


def test_a_load_that_ended_is_refused(world: World) -> None:
    load = Load(world, world.campaign())
    importing.import_finish(
        world.connection, batch_id=load.batch_id, owner="a test", state_id=2, file_message=None, message=None, now=NOON
    )
    with world.refused(50072):
        load.apply()


def test_an_unknown_load_is_refused(world: World) -> None:
    load = Load(world, world.campaign())
    load.batch_id = -1
    with world.refused(50072):
        load.apply()


# -- zones of numbers ----------------------------------------------------------------------------------------------


def zone_ids(world: World, code: str) -> list[int | None]:
    return [phone["zone_id"] for phone in phones(world, code)]


@pytest.mark.mission("M17")
def test_a_phone_has_the_zone_of_its_number(world: World) -> None:
    world.numbering(9130000000, 9139999999, "Омская область", "Asia/Omsk")
    load = Load(world, world.campaign())
    load.line("a", "79130000001", "89130000002", "9130000003", "79160000001")
    load.apply()
    omsk = world.zone("Asia/Omsk")
    assert zone_ids(world, "a") == [omsk, omsk, omsk, None]


@pytest.mark.mission("M17")
def test_libphonenumber_is_asked_where_the_plan_says_nothing(world: World) -> None:
    world.numbering(3812000000, 3812999999, "Омская область", "Asia/Omsk")
    world.numbering(4112000000, 4112999999, "Якутия", reason="several_zones")
    load = Load(world, world.campaign())
    numbers = ("73812000001", "74112000001", "74232000001", "74012000001")
    for number in numbers:
        load.line("a", number)
    codes = ("Asia/Yakutsk", "Asia/Yakutsk", "asia/vladivostok", "Europe/Nowhere")
    for number, code in zip(numbers, codes, strict=True):
        world.connection.execute(update(ImportPhone).where(ImportPhone.number == number).values(number_zone_code=code))
    load.apply()
    assert zone_ids(world, "a") == [
        world.zone("Asia/Omsk"), world.zone("Asia/Yakutsk"), world.zone("Asia/Vladivostok"), None,
    ]  # fmt: skip
    assert load.rejects == []


def test_a_zone_that_is_switched_off_is_not_given(world: World) -> None:
    world.connection.execute(update(TimeZone).where(TimeZone.code == "Asia/Omsk").values(is_enabled=0))
    load = Load(world, world.campaign())
    load.line("a", "73812000001")
    load.line("b", "74232000001")
    for number, code in (("73812000001", "Asia/Omsk"), ("74232000001", "Asia/Vladivostok")):
        world.connection.execute(update(ImportPhone).where(ImportPhone.number == number).values(number_zone_code=code))
    load.apply()
    assert (zone_ids(world, "a"), zone_ids(world, "b")) == ([None], [world.zone("Asia/Vladivostok")])


@pytest.mark.mission("M16", "M18", "M20")
def test_the_phones_zone_comes_before_the_clients_and_the_campaigns(world: World) -> None:
    world.numbering(9130000000, 9139999999, "Омская область", "Asia/Omsk")
    campaign = world.campaign()  # Moscow
    load = Load(world, campaign)
    load.line("a", "79130000001", "79160000001", zone_code="Europe/Kaliningrad")
    load.line("b", "79130000002", "79160000002")
    load.apply()
    zones = {
        row["number"]: (row["zone_id"], row["client_zone_id"])
        for row in world.query(
            "SELECT p.number, f.zone_id, f.client_zone_id FROM strategy.phone_fact AS f"
            " JOIN core.phone AS p ON p.phone_id = f.phone_id"
        )
    }
    omsk, kaliningrad, moscow = (world.zone(code) for code in ("Asia/Omsk", "Europe/Kaliningrad", "Europe/Moscow"))
    assert zones == {
        "79130000001": (omsk, kaliningrad), "79160000001": (kaliningrad, kaliningrad),
        "79130000002": (omsk, moscow), "79160000002": (moscow, moscow),
    }  # fmt: skip


def test_new_phones_are_written_into_the_right_class_at_once(world: World) -> None:
    """Otherwise contacts.client_settle would write each of them a second time, and load would take longer."""
    world.numbering(9130000000, 9139999999, "Омская область", "Asia/Omsk")
    campaign = world.campaign()
    load = Load(world, campaign)

    def lines(name: str) -> list[int]:
        load.line(f"{name}a", f"7913000000{load.lines}:M", f"7916000000{load.lines}:M")
        load.line(f"{name}b", f"7913000000{load.lines}:M", zone_code="Asia/Omsk")
        load.apply()
        return [phone["dial_class_id"] for code in "ab" for phone in phones(world, name + code)]

    first = lines("x")
    assert len(set(first)) == 3
    rows_before = len(world.rows(DialClassChange))
    assert lines("y") == first
    # One row a class from the load itself; a phone in another class than foreseen would add two.
    changes = world.rows(DialClassChange)[rows_before:]
    assert sorted((row["dial_class_id"], row["phones"]) for row in changes) == sorted((d, 1) for d in first)


def test_a_callback_is_local_to_the_zone_of_its_number(world: World) -> None:
    world.numbering(9130000000, 9139999999, "Омская область", "Asia/Omsk")
    load = Load(world, world.campaign())
    load.line("a", "79130000001", callback_at=datetime(2026, 11, 24, 12, 0))
    load.line("b", "79160000001", callback_at=datetime(2026, 11, 24, 12, 0))
    load.apply()
    assert sorted(due for due, _, _ in callbacks(world)) == [datetime(2026, 11, 24, 6), datetime(2026, 11, 24, 9)]


def test_a_known_phone_keeps_its_zone_and_a_new_one_of_the_client_gets_its_own(world: World) -> None:
    campaign = world.campaign()
    load = Load(world, campaign)
    load.line("a", "79130000001")
    load.apply()
    world.numbering(9130000000, 9139999999, "Омская область", "Asia/Omsk")
    load.line("a", "79130000001", "79130000002")
    load.apply()
    assert zone_ids(world, "a") == [None, world.zone("Asia/Omsk")]
