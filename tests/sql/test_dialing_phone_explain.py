"""dialing.phone_explain: each rule, whether it is kept and when it would be."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from situations import CAP, LATER, campaign_of_all
from world import AROUND_THE_CLOCK, World

from app.campaigns import ResultForm
from app.procedures import dialing

RULES = [
    (1, 1, "campaign_active"), (2, 1, "segment_open"), (3, 1, "client_unprocessed"), (3, 2, "client_free"),
    (4, 1, "stop_date"), (5, 1, "do_not_call"), (6, 1, "phone_free"), (6, 2, "type_dialled"), (7, 1, "in_work"),
    (7, 2, "person_in_work"), (8, 1, "client_attempts"), (8, 2, "type_attempts"), (8, 3, "agent_attempts"),
    (9, 1, "day_attempts"), (10, 1, "first_call_duration"), (10, 2, "created_duration"), (11, 1, "delay"),
    (11, 2, "promised"), (12, 1, "schedule"), (13, 1, "cap_hours"),
]  # fmt: skip


def explain(world: World, phone_id: int, at: datetime) -> dict[str, Any]:
    rows = dialing.phone_explain(world.connection, phone_id, at)
    assert len({row.rule_code for row in rows}) == len(rows)
    return {row.rule_code: row for row in rows}


def failed(world: World, phone_id: int, at: datetime) -> dict[str, datetime | None]:
    return {code: row.passes_at for code, row in explain(world, phone_id, at).items() if row.is_passed == 0}


def test_a_phone_that_may_be_dialled_keeps_every_rule_in_the_order_of_the_strategy(world: World) -> None:
    client = world.client(world.campaign())
    rows = dialing.phone_explain(world.connection, client.phone_id, world.now)
    assert [tuple(row) for row in rows] == [(*rule, 1, world.now, None) for rule in RULES]


def test_an_unknown_phone_has_no_rows(world: World) -> None:
    assert dialing.phone_explain(world.connection, 0, world.now) == []


def test_each_rule_alone_fails_and_says_when_it_passes(world: World) -> None:
    _, phones = campaign_of_all(world)
    passes = {
        "day_attempts": datetime(2026, 11, 23, 21), CAP: datetime(2026, 11, 23, 21), "delay": datetime(2026, 11, 23, 9, 30),
        "promised": datetime(2026, 11, 23, 10), "schedule": datetime(2026, 11, 23, 21),
        "cap_hours": datetime(2026, 11, 23, 19),
    }  # fmt: skip
    found = {
        (reason, client.phones[position]): failed(world, client.phones[position], world.at(LATER))
        for reason, group in phones.items()
        for client, position in group
    }
    expected = {key: {} if key[0] == "ready" else {key[0]: passes.get(key[0])} for key in found}
    for key, rules in expected.items():
        if key[0] == CAP:
            rules["caps"] = passes[CAP]  # a block has met it
        if key[0] == "person_in_work":
            rules[CAP] = None  # the call that is out may yet be counted
    assert found == expected


def test_a_stopped_campaign_fails_the_first_rule_of_all_its_phones(world: World) -> None:
    campaign = world.campaign(started=False)
    client = world.client(campaign)
    assert failed(world, client.phone_id, world.now) == {"campaign_active": None}


def test_rules_that_fail_together_are_all_shown(world: World) -> None:
    campaign = world.campaign(max_day_attempts=2)
    client = world.client(campaign)
    world.facts(client, is_blocked=True, attempt_day=date(2026, 11, 23), day_attempts=2)
    night = datetime(2026, 11, 23, 19)
    assert failed(world, client.phone_id, night) == {
        "client_free": None, "day_attempts": datetime(2026, 11, 23, 21), "schedule": datetime(2026, 11, 24, 6),
    }  # fmt: skip


def test_a_cap_says_what_it_has_counted_and_one_that_warns_is_passed(world: World) -> None:
    campaign = world.campaign(technical_results={"VOICE": ResultForm(5, None)})
    client = world.client(campaign, person_id=world.person())
    world.cap(campaign, "RU_230_WEEK")
    world.cap(campaign, "US_REG_F_ATTEMPTS", limit_value=1, is_hold=False)
    world.attempt(campaign, "VOICE")
    rows = explain(world, client.phone_id, world.at(1))
    assert [
        (rows[code].rule_no, rows[code].is_passed, rows[code].detail) for code in ("RU_230_WEEK", "US_REG_F_ATTEMPTS")
    ] == [
        (13, 1, "1 + 0 / 2"),
        (13, 1, "1 + 0 / 1"),
    ]
    world.attempt(campaign, "VOICE", world.at(1))
    row = explain(world, client.phone_id, world.at(2))["RU_230_WEEK"]
    assert (row.is_passed, row.passes_at, row.detail) == (0, datetime(2026, 11, 29, 21), "2 + 0 / 2")


def test_a_phone_that_is_marked_as_held_says_so_also_when_the_cap_was_lifted_since(world: World) -> None:
    campaign = world.campaign(technical_results={"VOICE": ResultForm(5, None)})
    client = world.client(campaign)
    rule = world.cap(campaign)
    world.attempt(campaign, "VOICE")
    assert world.dialled(campaign, world.at(1)) == []
    world.cap(world.campaign(), rule, is_enabled=False)
    assert world.dialled(campaign, world.at(2)) == []
    assert failed(world, client.phone_id, world.at(2)) == {"caps": datetime(2026, 11, 23, 21)}
    reason = dialing.phone_reason(world.connection, client.phone_id, world.at(2))
    assert (reason.is_dialable, reason.reason_code) == (0, "caps")


def test_the_other_phones_of_a_client_wait_for_the_last_call_it_was_promised(world: World) -> None:
    client = world.client(world.campaign(), "MHM")
    world.callback(client, world.at(10))
    world.callback(client, world.at(20), position=1)
    passes = [failed(world, phone_id, world.now)["promised"] for phone_id in client.phones]
    assert passes == [world.at(10), world.at(20), world.at(20)]
    assert failed(world, client.phones[2], world.at(20)) == {}


def test_the_hours_of_a_cap_that_is_not_in_force_open_nothing_later(world: World) -> None:
    campaign = world.campaign(schedule=AROUND_THE_CLOCK)
    client = world.client(campaign)
    world.cap(campaign, "RU_230_HOURS")
    world.cap(campaign, "US_FL_OK_HOURS", valid_to=date(2026, 11, 22))
    saturday_night, saturday_morning = datetime(2026, 11, 28, 18), datetime(2026, 11, 28, 2)
    assert failed(world, client.phone_id, saturday_night) == {"cap_hours": datetime(2026, 11, 29, 6)}
    assert failed(world, client.phone_id, saturday_morning) == {"cap_hours": datetime(2026, 11, 28, 6)}
