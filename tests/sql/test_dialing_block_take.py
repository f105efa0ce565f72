"""dialing.block_take: which phones are handed over, in which order, and what taking them writes."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import update
from world import ACTIVE, CLIENT_ATTEMPTS, SUCCESS, MadeClient, World

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm, ScheduleForm
from app.models.contact import Client, Phone, WorkClient
from app.models.dialing import Block, Callback, Record
from app.procedures import dialing


def numbers(rows: list[Any]) -> list[str]:
    return [row.number for row in rows]


def wait(world: World, client: MadeClient, minutes: float, position: int = 0) -> None:
    """Let the phone wait since so many minutes before now."""
    world.connection.execute(
        update(Phone).where(Phone.phone_id == client.phones[position]).values(waits_from=world.at(-minutes))
    )


# -- What taking writes


@pytest.mark.mission("M183")
def test_a_block_in_full(world: World) -> None:
    campaign = world.campaign()
    person = world.person()
    one = world.client(campaign, first_name="Пётр", last_name="Иванов", person_id=person)
    two = world.client(campaign, zone="Asia/Yekaterinburg", first_name="Anna", load_priority=9)
    at = world.at(minutes=1)
    rows = world.take(campaign, at)
    block_id = rows[0].block_id
    assert [tuple(row) for row in rows] == [
        (block_id, 1, f"ACM{block_id}-1", one.number, "Пётр", "Иванов", 180, 1),
        (block_id, 2, f"ACM{block_id}-2", two.number, "Anna", None, 300, 1),
    ]
    assert world.rows(Block) == [
        {
            "block_id": block_id, "campaign_id": campaign, "strategy_version_id": world.version_id(campaign),
            "state_id": 1, "size": 2, "taken_at": at, "sent_at": None, "settled_at": None, "recalled": 0,
            "message": None,
        }
    ]  # fmt: skip
    common = {
        "block_id": block_id, "campaign_id": campaign, "strategy_version_id": world.version_id(campaign),
        "processing_id": 1, "callback_id": None, "taken_at": at, "checked_at": None,
    }  # fmt: skip
    assert world.rows(Record) == [
        common
        | {"position": position, "record_key": f"ACM{block_id}-{position}", "client_id": client.client_id}
        | {"phone_id": client.phone_id, "number": client.number, "person_id": person_id}
        | {"dial_class_id": world.phone_row(client).dial_class_id}
        for position, (client, person_id) in enumerate(((one, person), (two, None)), start=1)
    ]
    assert [world.is_free(client) for client in (one, two)] == [False, False]


def test_names_of_columns_are_those_of_the_header(world: World) -> None:
    world.client(campaign := world.campaign())
    (row,) = world.take(campaign)
    assert row._fields == (
        "block_id", "position", "record_key", "number", "first_name", "last_name", "offset_minutes", "processing_id",
    )  # fmt: skip


def test_nothing_to_dial_gives_no_rows_and_no_block(world: World) -> None:
    campaign = world.campaign()
    assert world.take(campaign) == []
    assert world.rows(Block) == []
    world.client(campaign)
    assert len(world.take(campaign)) == 1


def test_a_phone_is_handed_over_once(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign)
    assert len(world.take(campaign)) == 1
    assert world.take(campaign) == []


def test_an_unknown_campaign_is_refused(world: World) -> None:
    with world.refused(50001):
        world.take(0)


# -- How many


@pytest.mark.mission("M47", "M48")
@pytest.mark.parametrize(
    ("block_size", "queue_depth", "expected"),
    [(3, 10, [3, 3, 3, 1, 0]), (5, 5, [5, 0]), (10, 4, [4, 0]), (50, 1000, [12, 0])],
)
def test_blocks_have_their_size_until_the_queue_is_full(
    world: World, block_size: int, queue_depth: int, expected: list[int]
) -> None:
    campaign = world.campaign(block_size=block_size, queue_depth=queue_depth)
    world.many_clients(campaign, 12)
    assert [len(world.take(campaign)) for _ in expected] == expected


def test_the_queue_takes_more_when_records_have_their_result(world: World) -> None:
    campaign = world.campaign(block_size=3, queue_depth=3)
    world.many_clients(campaign, 9)
    rows = world.dial(campaign)
    assert world.dial(campaign) == []
    world.result(rows[1].record_key)
    assert len(world.dial(campaign)) == 1


def test_the_queue_of_another_campaign_does_not_count(world: World) -> None:
    one, two = (world.campaign(block_size=3, queue_depth=3) for _ in range(2))
    world.many_clients(one, 3)
    world.many_clients(two, 3)
    assert [len(world.take(campaign)) for campaign in (one, two, one)] == [3, 3, 0]


@pytest.mark.mission("M185")
def test_a_lowered_depth_holds_at_once_and_takes_nothing_back(world: World) -> None:
    campaign = world.campaign(block_size=3, queue_depth=6)
    world.many_clients(campaign, 12)
    assert len(world.take(campaign)) == 3
    world.strategy(campaign, queue_depth=2)
    assert world.take(campaign) == []
    world.strategy(campaign, queue_depth=4)
    assert len(world.take(campaign)) == 1


# -- May this phone be dialled now


def test_only_an_active_campaign_is_dialled(world: World) -> None:
    campaign = world.campaign(started=False)
    client = world.client(campaign)
    assert world.take(campaign) == []
    dialing.campaign_start(world.connection, campaign, world.now)
    assert world.dialled(campaign) == [client.number]
    dialing.campaign_stop(world.connection, campaign, world.now)
    assert world.take(campaign) == []


@pytest.mark.mission("M44", "M45", "M187")
@pytest.mark.parametrize("columns", [{"is_enabled": False}, {"is_blocked": True}])
def test_a_segment_that_is_off_or_blocked_is_not_dialled(world: World, columns: dict[str, bool]) -> None:
    campaign = world.campaign()
    on, off = world.client(campaign, segment="on"), world.client(campaign, segment="off")
    world.segment(campaign, "off", **columns)
    assert world.dialled(campaign) == [on.number]
    world.segment(campaign, "off", **{name: not value for name, value in columns.items()})
    assert sorted(world.dialled(campaign)) == sorted([on.number, off.number])


@pytest.mark.mission("M107", "M133")
@pytest.mark.parametrize(
    ("of_client", "of_phone"),
    [
        ({"is_blocked": True}, {}),
        ({"status_id": SUCCESS}, {}),
        ({}, {"is_blocked": True}),
        ({}, {"is_do_not_call": True}),
        ({"do_not_call_after": datetime(2026, 11, 23, 9, 0)}, {}),
    ],
    ids=["client blocked", "client processed", "phone blocked", "do not call", "stop date"],
)
def test_a_held_client_or_phone_is_not_dialled(
    world: World, of_client: dict[str, Any], of_phone: dict[str, Any]
) -> None:
    campaign = world.campaign()
    held, other = world.client(campaign), world.client(campaign)
    if of_client:
        world.facts(held, **of_client)
    if of_phone:
        world.phone_facts(held, **of_phone)
    assert world.dialled(campaign) == [other.number]


def test_a_stop_date_counts_at_its_very_moment_without_any_service(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, do_not_call_after=world.at(minutes=10))
    assert world.dialled(campaign, world.at(minutes=9.99)) == [client.number]
    assert world.take(campaign, world.at(minutes=10)) == []
    assert world.status(client) == ACTIVE


@pytest.mark.mission("M52", "M54")
def test_both_durations_count_at_their_very_moment_without_any_service(world: World) -> None:
    by_creation, by_first_call = world.campaign(created_minutes=60), world.campaign(first_call_minutes=60)
    created, called, never = (
        world.client(by_creation), world.client(by_first_call), world.client(by_first_call, load_priority=9),
    )  # fmt: skip
    world.facts(called, first_attempt_at=world.now)
    assert world.dialled(by_creation, world.at(minutes=59.99)) == [created.number]
    assert world.dialled(by_creation, world.at(minutes=60)) == []
    assert world.dialled(by_first_call, world.at(minutes=59.99)) == [called.number, never.number]
    assert world.dialled(by_first_call, world.at(minutes=60)) == [never.number]


@pytest.mark.mission("M51")
def test_only_phones_of_dialled_types_are_dialled(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(is_dialled=False), "H": PhoneTypeForm()})
    client = world.client(campaign, "MHW")
    assert world.dialled(campaign) == [client.numbers[1]]


def test_a_client_with_a_phone_out_is_not_dialled_by_another_of_its_phones(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    (row,) = world.dial(campaign)
    assert row.number == client.numbers[0]
    assert world.take(campaign) == []
    world.result(row.record_key, "BUSY", world.at(minutes=1))
    assert numbers(world.take(campaign, world.at(minutes=2))) == [client.numbers[1]]


def test_a_person_with_a_call_in_another_campaign_waits_where_the_campaign_says_so(world: World) -> None:
    polite, other = world.campaign(columns={"one_call_per_person": True}), world.campaign()
    anna, boris = world.person(), world.person()
    polite_client = world.client(polite, person_id=anna)
    world.client(polite, person_id=boris, load_priority=9)
    nobody = world.client(polite, load_priority=10)
    world.client(other, person_id=anna)
    (row,) = world.dial(other)
    found = world.take(polite)
    assert len(found) == 2 and polite_client.number not in numbers(found) and nobody.number in numbers(found)
    world.result(row.record_key)
    assert numbers(world.take(polite)) == [polite_client.number]


def test_a_person_with_a_call_elsewhere_does_not_wait_where_the_campaign_does_not_say_so(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    person = world.person()
    world.client(one, person_id=person)
    client = world.client(two, person_id=person)
    assert len(world.dial(one)) == 1
    assert world.dialled(two) == [client.number]


def test_two_clients_of_one_person_are_not_in_one_block_where_the_campaign_says_so(world: World) -> None:
    campaign = world.campaign(columns={"one_call_per_person": True})
    person = world.person()
    first = world.client(campaign, person_id=person)
    second = world.client(campaign, person_id=person)
    later = world.client(campaign, person_id=person, load_priority=9)
    other = world.client(campaign, load_priority=10)
    rows = world.dial(campaign)
    assert numbers(rows) == [first.number, other.number]
    assert world.take(campaign) == []
    world.result(rows[0].record_key)
    assert numbers(world.dial(campaign, world.at(1))) == [second.number]
    assert later.number not in world.dialled(campaign, world.at(1))


def test_the_callback_and_the_queue_do_not_call_one_person_at_once_where_the_campaign_says_so(world: World) -> None:
    campaign = world.campaign(columns={"one_call_per_person": True})
    person = world.person()
    one, two, three = (world.client(campaign, person_id=person) for _ in range(3))
    world.callback(two, world.now)
    world.callback(three, world.now)
    assert numbers(world.dial(campaign)) == [two.number]
    assert world.take(campaign) == []
    assert one.number != two.number


def test_two_clients_of_one_person_may_be_in_one_block_where_the_campaign_does_not_say_so(world: World) -> None:
    campaign = world.campaign()
    person = world.person()
    clients = [world.client(campaign, person_id=person) for _ in range(2)]
    assert sorted(world.dialled(campaign)) == sorted(client.number for client in clients)


@pytest.mark.mission("M49", "M50", "M80", "M55")
@pytest.mark.parametrize(
    ("of_client", "of_phone"),
    [
        ({"attempts": 5}, {}),
        ({}, {"attempts": 3}),
        ({"agent_result_attempts": 2, "agent_result_id": "12"}, {}),
        ({"attempt_day": date(2026, 11, 23), "day_attempts": 2}, {}),
    ],
    ids=["client", "phone type", "agent result", "day"],
)
def test_a_limit_that_is_reached_holds_the_phone(
    world: World, of_client: dict[str, Any], of_phone: dict[str, Any]
) -> None:
    campaign = world.campaign(
        max_client_attempts=5,
        max_day_attempts=2,
        phone_types={"M": PhoneTypeForm(max_attempts=3)},
        agent_results={"12": AgentResultForm(3, max_attempts=2)},
    )
    client = world.client(campaign)
    if "agent_result_id" in of_client:
        of_client = of_client | {"agent_result_id": world.agent("12")}

    def put(less: int) -> None:
        counts = ("attempts", "day_attempts", "agent_result_attempts")
        for write, columns in ((world.facts, of_client), (world.phone_facts, of_phone)):
            if columns:
                write(client, **{k: v - less if k in counts else v for k, v in columns.items()})

    put(1)
    assert world.dialled(campaign) == [client.number]
    put(0)
    assert world.take(campaign) == []


@pytest.mark.mission("M67", "M95", "M96", "M100")
def test_the_delay_of_the_last_result_holds_the_phone_to_the_minute(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    (row,) = world.dial(campaign)
    world.result(row.record_key, "BUSY", world.at(minutes=2))
    assert world.take(campaign, world.at(minutes=121.99)) == []
    assert world.dialled(campaign, world.at(minutes=122)) == [client.number]


@pytest.mark.mission("M97", "M101")
def test_an_empty_delay_is_none(world: World) -> None:
    campaign = world.campaign(technical_results={"BUSY": ResultForm(3, None)})
    client = world.client(campaign)
    (row,) = world.dial(campaign)
    world.result(row.record_key, "BUSY", world.at(minutes=2))
    assert world.dialled(campaign, world.at(minutes=2)) == [client.number]


def test_a_changed_delay_holds_for_the_results_that_are_there(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    (row,) = world.dial(campaign)
    world.result(row.record_key, "BUSY", world.at(minutes=2))
    world.strategy(campaign, technical_results={"BUSY": ResultForm(3, 10)})
    assert world.take(campaign, world.at(minutes=11.99)) == []
    assert world.dialled(campaign, world.at(minutes=12)) == [client.number]


@pytest.mark.mission("M19", "M20", "M25")
def test_phones_are_dialled_in_the_hours_of_their_own_zone_and_type(world: World) -> None:
    evenings = ScheduleForm.daily("Evenings", 18 * 60, 21 * 60)
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(), "H": PhoneTypeForm(schedule=evenings)})
    far, near, home = (
        world.client(campaign, zone="Asia/Vladivostok"),
        world.client(campaign),
        world.client(campaign, "H"),
    )
    hours = {
        datetime(2026, 11, 24, 0, 0): [far],  # 03:00 in Moscow, 10:00 in Vladivostok
        datetime(2026, 11, 24, 6, 0): [far, near],
        datetime(2026, 11, 24, 12, 0): [near],
        datetime(2026, 11, 24, 17, 0): [near, home],
        datetime(2026, 11, 24, 19, 0): [],
    }
    assert {at: sorted(world.dialled(campaign, at)) for at in hours} == {
        at: sorted(client.number for client in clients) for at, clients in hours.items()
    }


def test_one_phone_outside_its_hours_does_not_hold_the_others_of_its_client(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MM", phone_zones=("Asia/Kamchatka", None))
    assert world.dialled(campaign) == [client.numbers[1]]
    assert world.dialled(campaign, datetime(2026, 11, 24, 0, 0)) == [client.numbers[0]]


# -- Which one first


@pytest.mark.mission("M12", "M13")
def test_one_phone_a_client_the_first_that_may_be_dialled(world: World) -> None:
    campaign = world.campaign(phone_keys=("type", "attempts", "result"))
    clients = [world.client(campaign, "HM") for _ in range(3)]
    world.phone_facts(clients[2], 1, is_blocked=True)
    assert sorted(world.dialled(campaign)) == sorted(
        [clients[0].numbers[1], clients[1].numbers[1], clients[2].numbers[0]]
    )


@pytest.mark.mission("M37", "M56", "M57", "M66")
def test_clients_go_by_the_priority_of_their_result_then_by_attempts(world: World) -> None:
    campaign = world.campaign(
        no_result_priority=5,
        technical_results={"BUSY": ResultForm(3, None), "NO_ANSWER": ResultForm(7, None)},
        agent_results={"12": AgentResultForm(3, priority=1)},
    )
    new, urgent, busy, tired, silent, thinks = (world.client(campaign) for _ in range(6))
    world.facts(urgent, load_priority=2)
    for client, code, attempts in ((busy, "BUSY", 1), (tired, "BUSY", 2), (silent, "NO_ANSWER", 1)):
        world.facts(client, last_technical_result_id=world.technical(code), attempts=attempts)
    world.facts(
        thinks, last_technical_result_id=world.technical("VOICE"), last_agent_result_id=world.agent("12"), attempts=4
    )
    expected = [thinks, urgent, busy, tired, new, silent]
    assert world.dialled(campaign) == [client.number for client in expected]
    world.strategy(campaign, client_most_first=True)
    expected = [thinks, urgent, tired, busy, new, silent]
    assert world.dialled(campaign) == [client.number for client in expected]


@pytest.mark.mission("M38", "M58", "M59", "M60", "M61", "M62", "M63", "M64")
@pytest.mark.parametrize(
    ("keys", "most_first", "expected"),
    [
        (("attempts", "result", "type"), False, 0),
        (("attempts", "type", "result"), True, 1),
        (("result", "attempts", "type"), False, 2),
        (("type", "attempts", "result"), False, 3),
    ],
)
def test_the_phone_of_a_client_is_chosen_by_the_keys_in_their_order(
    world: World, keys: tuple[str, str, str], most_first: bool, expected: int
) -> None:
    campaign = world.campaign(
        phone_keys=keys,
        phone_most_first=most_first,
        technical_results={"BUSY": ResultForm(3, None), "NO_ANSWER": ResultForm(7, None)},
        phone_types={"M": PhoneTypeForm(weight=4), "H": PhoneTypeForm(weight=2)},
    )
    client = world.client(campaign, "MMMH")
    silent, busy = world.technical("NO_ANSWER"), world.technical("BUSY")
    for position, (attempts, result) in enumerate(((1, silent), (9, silent), (2, busy), (2, silent))):
        world.phone_facts(client, position, attempts=attempts, last_technical_result_id=result)
    assert world.dialled(campaign) == [client.numbers[expected]]


def test_within_a_class_the_one_ready_longest_goes_first(world: World) -> None:
    campaign = world.campaign()
    clients = [world.client(campaign) for _ in range(4)]
    for client, minutes in zip(clients, (10, 40, 30, 20), strict=True):
        wait(world, client, minutes)
    assert world.dialled(campaign) == [clients[position].number for position in (1, 2, 3, 0)]


def test_those_who_wait_equally_long_go_in_the_order_of_their_load(world: World) -> None:
    campaign = world.campaign(block_size=2)
    clients = [world.client(campaign) for _ in range(3)]
    assert numbers(world.take(campaign)) == [clients[0].number, clients[1].number]
    assert numbers(world.take(campaign)) == [clients[2].number]


@pytest.mark.mission("M40")
def test_classes_of_equal_rank_take_turns_so_that_none_starves(world: World) -> None:
    campaign = world.campaign(block_size=6)
    for segment, count in (("a", 50), ("b", 50), ("c", 2)):
        world.many_clients(campaign, count, segment=segment)
    segments = {
        row["number"]: row["segment_id"]
        for row in world.query(
            "SELECT p.number, c.segment_id FROM core.phone AS p JOIN core.client AS c ON c.client_id = p.client_id"
        )
    }
    names = {world.segment(campaign, code): code for code in "abc"}
    taken = [[names[segments[row.number]] for row in world.take(campaign)] for _ in range(3)]
    assert [Counter(block) for block in taken] == [
        Counter(a=2, b=2, c=2), Counter(a=3, b=3), Counter(a=3, b=3),
    ]  # fmt: skip
    assert taken[0][:3] == ["a", "b", "c"]


def test_a_better_rank_is_emptied_before_the_next_begins(world: World) -> None:
    campaign = world.campaign(block_size=5)
    worse = world.many_clients(campaign, 8, load_priority=6)
    better = world.many_clients(campaign, 7, load_priority=4)
    order = [[row.number for row in world.take(campaign)] for _ in range(3)]
    assert order == [
        [f"7{client_id:010}" for client_id in chunk] for chunk in (better[:5], better[5:] + worse[:3], worse[3:])
    ]


def test_many_ranks_with_a_phone_each_come_in_order(world: World) -> None:
    campaign = world.campaign(block_size=50, queue_depth=100)
    clients = [world.client(campaign) for _ in range(60)]
    for position, client in enumerate(clients):
        world.facts(client, attempts=59 - position)
    assert numbers(world.take(campaign)) == [client.number for client in reversed(clients[10:])]
    assert numbers(world.take(campaign)) == [client.number for client in reversed(clients[:10])]


def test_ranks_that_have_nothing_ready_are_passed_by(world: World) -> None:
    campaign = world.campaign(block_size=50)
    clients = [world.client(campaign) for _ in range(40)]
    for position, client in enumerate(clients):
        world.facts(client, attempts=position)
        if position not in (0, 25, 39):
            wait(world, client, -60)
    assert numbers(world.take(campaign)) == [clients[position].number for position in (0, 25, 39)]


def test_a_phone_that_is_out_and_whose_facts_changed_meanwhile_hides_nobody_of_its_class(world: World) -> None:
    campaign = world.campaign(block_size=1)
    first, second = world.client(campaign), world.client(campaign)
    (row,) = world.take(campaign)
    assert row.number == first.number
    world.facts(first, is_blocked=True)  # it is in another class now
    assert [row.number for row in world.take(campaign)] == [second.number]
    assert world.take(campaign) == []


def test_clients_that_are_held_do_not_hide_those_behind_them(world: World) -> None:
    """The walk counts phones by their index alone; clients whose stop date has come stand in front of the others."""
    campaign = world.campaign(block_size=5)
    world.many_clients(campaign, 20, do_not_call_after=world.at(minutes=1))
    free = world.many_clients(campaign, 3)
    behind = world.many_clients(campaign, 4, load_priority=9)
    expected = [f"7{client_id:010}" for client_id in free + behind]
    assert numbers(world.take(campaign, world.at(minutes=1))) == expected[:5]
    assert numbers(world.take(campaign, world.at(minutes=1))) == expected[5:]


# -- Callbacks


@pytest.mark.mission("M14", "M15", "M128", "M201")
def test_due_callbacks_come_first_personal_ones_before_common_ones_the_earliest_first(world: World) -> None:
    campaign = world.campaign()
    first = world.client(campaign, load_priority=1)
    common, early, personal, urgent = (world.client(campaign) for _ in range(4))
    calls = [
        world.callback(common, world.at(minutes=-20)),
        world.callback(early, world.at(minutes=-30)),
        world.callback(personal, world.at(minutes=-1), "3001"),
        world.callback(urgent, world.at(minutes=-2), "3002"),
    ]
    rows = world.take(campaign)
    assert [(row.number, row.processing_id) for row in rows] == [
        (urgent.number, 3), (personal.number, 3), (early.number, 2), (common.number, 2), (first.number, 1),
    ]  # fmt: skip
    assert [(row["callback_id"], row["processing_id"]) for row in world.rows(Record)] == [
        (calls[3], 3), (calls[2], 3), (calls[1], 2), (calls[0], 2), (None, 1),
    ]  # fmt: skip
    keys = {row.number: row.record_key for row in rows}
    assert [(row["state_id"], row["record_key"]) for row in world.rows(Callback)] == [
        (2, keys[client.number]) for client in (common, early, personal, urgent)
    ]


@pytest.mark.mission("M14")
def test_a_callback_is_due_at_its_moment_whatever_the_delay_says(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    (row,) = world.dial(campaign)
    world.result(row.record_key, "ANSWERING_MACHINE", world.at(minutes=1))  # 240 minutes
    world.callback(client, world.at(minutes=30))
    assert world.take(campaign, world.at(minutes=29.99)) == []
    assert [(row.number, row.processing_id) for row in world.take(campaign, world.at(minutes=30))] == [
        (client.number, 2)
    ]


def test_a_callback_rings_the_phone_that_it_names(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    world.callback(client, world.now, position=1)
    assert numbers(world.take(campaign)) == [client.numbers[1]]


def test_a_client_that_waits_for_its_callback_is_not_dialled_before(world: World) -> None:
    campaign = world.campaign()
    waits, other = world.client(campaign, "MH"), world.client(campaign)
    world.callback(waits, world.at(minutes=30), position=1)
    assert world.dialled(campaign, world.at(minutes=29.99)) == [other.number]
    found = world.dialled(campaign, world.at(minutes=30))
    assert found == [waits.numbers[1], other.number]


def test_when_its_call_is_due_and_cannot_be_made_a_client_is_dialled_on_its_other_phones(world: World) -> None:
    campaign = world.campaign()
    due, waits = world.client(campaign, "MH"), world.client(campaign, "MH")
    world.callback(due, world.at(minutes=30), position=1)
    world.callback(waits, world.at(minutes=60), position=1)
    world.phone_facts(due, position=1, is_blocked=True)
    world.phone_facts(waits, position=1, is_blocked=True)
    assert world.dialled(campaign, world.at(minutes=29.99)) == []
    assert world.dialled(campaign, world.at(minutes=30)) == [due.numbers[0]]


@pytest.mark.parametrize("state_id", [3, 4, 5])
def test_a_callback_that_is_over_holds_nobody(world: World, state_id: int) -> None:
    campaign = world.campaign()
    client = world.client(campaign)
    world.callback(client, world.at(minutes=30), state_id=state_id)
    assert world.dialled(campaign) == [client.number]


@pytest.mark.parametrize(
    ("of_client", "of_phone"),
    [
        ({"is_blocked": True}, {}),
        ({"status_id": SUCCESS}, {}),
        ({"do_not_call_after": datetime(2026, 11, 23, 9, 0)}, {}),
        ({"loaded_at": datetime(2026, 11, 23, 8, 0)}, {}),
        ({"first_attempt_at": datetime(2026, 11, 23, 8, 0)}, {}),
        ({"attempts": 5}, {}),
        ({"attempt_day": date(2026, 11, 23), "day_attempts": 2}, {}),
        ({}, {"is_blocked": True}),
        ({}, {"is_do_not_call": True}),
        ({}, {"attempts": 3}),
        ({"segment_id": "closed"}, {}),
        ({}, {"phone_type_id": "W"}),
        ({}, {"zone_id": "Asia/Kamchatka"}),
    ],
)
def test_a_due_callback_obeys_every_other_rule(
    world: World, of_client: dict[str, Any], of_phone: dict[str, Any]
) -> None:
    campaign = world.campaign(
        max_client_attempts=5, max_day_attempts=2, created_minutes=60, first_call_minutes=60,
        phone_types={"M": PhoneTypeForm(max_attempts=3)},
    )  # fmt: skip
    world.segment(campaign, "closed", is_enabled=False)
    held, other = world.client(campaign), world.client(campaign)
    for client in (held, other):
        world.callback(client, world.now)
    ids = {"segment_id": lambda code: world.segment(campaign, code), "phone_type_id": world.type, "zone_id": world.zone}
    if of_client:
        world.facts(held, **{name: ids[name](value) if name in ids else value for name, value in of_client.items()})
    if of_phone:
        world.phone_facts(
            held, **{name: ids[name](value) if name in ids else value for name, value in of_phone.items()}
        )
    assert world.dialled(campaign) == [other.number]


def test_several_due_callbacks_of_a_client_are_one_call(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, "MH")
    late, early = world.callback(client, world.at(minutes=-1)), world.callback(client, world.at(minutes=-2), position=1)
    rows = world.take(campaign)
    assert numbers(rows) == [client.numbers[1]]
    assert {row["callback_id"]: row["state_id"] for row in world.rows(Callback)} == {late: 1, early: 2}


def test_several_due_callbacks_of_a_client_do_not_hide_those_of_others(world: World) -> None:
    campaign = world.campaign(block_size=2)
    first, second, third = (world.client(campaign) for _ in range(3))
    for minutes in (-3, -2):
        world.callback(first, world.at(minutes=minutes))
    world.callback(third, world.at(minutes=-1))
    rows = world.take(campaign)
    assert numbers(rows) == [first.number, third.number]
    assert [row.processing_id for row in rows] == [2, 2]
    assert numbers(world.take(campaign)) == [second.number]


def test_callbacks_fill_no_more_than_the_block(world: World) -> None:
    campaign = world.campaign(block_size=2)
    clients = [world.client(campaign) for _ in range(3)]
    for position, client in enumerate(clients):
        world.callback(client, world.at(minutes=-position))
    assert numbers(world.take(campaign)) == [clients[2].number, clients[1].number]
    assert numbers(world.take(campaign)) == [clients[0].number]


def test_callbacks_of_another_campaign_are_left_there(world: World) -> None:
    one, two = world.campaign(), world.campaign()
    mine, theirs = world.client(one), world.client(two)
    world.callback(theirs, world.now)
    assert world.dialled(one) == [mine.number]
    assert [row.processing_id for row in world.take(two)] == [2]


# -- A limit that was raised


def test_a_raised_limit_is_obeyed_by_the_next_block_and_its_clients_are_active_again(world: World) -> None:
    campaign = world.campaign(max_client_attempts=2)
    stopped, other = world.client(campaign), world.client(campaign, load_priority=9)
    world.facts(stopped, attempts=2)
    assert world.status(stopped) == CLIENT_ATTEMPTS
    assert world.dialled(campaign) == [other.number]
    world.strategy(campaign, max_client_attempts=3)
    assert world.status(stopped) == CLIENT_ATTEMPTS
    assert numbers(world.take(campaign, world.at(minutes=1))) == [stopped.number, other.number]
    row = world.client_row(stopped)
    assert (row.status_id, row.status_at) == (ACTIVE, world.at(minutes=1))
    assert world.rows(WorkClient) == []
    assert world.rows(Client, Client.status_id != ACTIVE) == []
