"""strategy.dial_class_rule: what the strategy in force says of each dial class, whatever the time."""

from __future__ import annotations

from typing import Any

import pytest
from world import DAYTIME, NO_DAY, NO_MOMENT, World

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm, ScheduleForm
from app.models.strategy import StrategyVersion, VersionPhoneType
from app.procedures import dialing


def rule(world: World, class_id: int) -> dict[str, Any]:
    rows = world.query("SELECT r.* FROM strategy.dial_class_rule AS r WHERE r.dial_class_id = :id", id=class_id)
    assert len(rows) == 1
    return rows[0]


def test_a_phone_that_was_never_dialled_in_full(world: World) -> None:
    campaign = world.campaign(
        max_client_attempts=5,
        max_day_attempts=2,
        no_result_priority=4,
        columns={"closing_margin_minutes": 15},
        phone_types={"M": PhoneTypeForm(max_attempts=3, weight=2)},
    )
    class_id = world.dial_class(campaign)
    zone_id = world.zone("Europe/Moscow")
    assert rule(world, class_id) == {
        "dial_class_id": class_id,
        "campaign_id": campaign,
        "strategy_version_id": world.version_id(campaign),
        "segment_id": world.segment(campaign),
        "phone_type_id": world.type("M"),
        "zone_id": zone_id,
        "client_zone_id": zone_id,
        "is_campaign_active": 1,
        "is_segment_open": 1,
        "bar_id": 0,
        "time_status_id": 0,
        "is_time_open": 1,
        "is_type_dialled": 1,
        "is_client_under": 1,
        "is_type_under": 1,
        "is_agent_under": 1,
        "max_day_attempts": 2,
        "attempt_day": NO_DAY,
        "day_attempts": 0,
        "held_until": NO_MOMENT,
        "is_promised": 0,
        "schedule_id": world.rows(StrategyVersion, StrategyVersion.campaign_id == campaign)[0]["schedule_id"],
        "closing_margin_minutes": 15,
        "delay_minutes": 0,
        "client_priority": 4,
        "client_order": 0,
        "phone_key_1": 0,
        "phone_key_2": 4,
        "phone_key_3": 2,
    }


# -- May it be dialled


def test_a_campaign_is_active_between_its_start_and_its_stop(world: World) -> None:
    campaign = world.campaign(started=False)
    class_id = world.dial_class(campaign)
    assert rule(world, class_id)["is_campaign_active"] == 0
    dialing.campaign_start(world.connection, campaign, world.now)
    assert rule(world, class_id)["is_campaign_active"] == 1
    dialing.campaign_stop(world.connection, campaign, world.now)
    assert rule(world, class_id)["is_campaign_active"] == 0


@pytest.mark.mission("M44", "M45", "M187")
@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"is_enabled": True, "is_blocked": False}, 1),
        ({"is_enabled": False, "is_blocked": False}, 0),
        ({"is_enabled": True, "is_blocked": True}, 0),
        ({"is_enabled": False, "is_blocked": True}, 0),
    ],
)
def test_a_segment_is_open_when_it_is_enabled_and_not_blocked(
    world: World, columns: dict[str, bool], expected: int
) -> None:
    campaign = world.campaign()
    class_id = world.dial_class(campaign, segment_id=world.segment(campaign, "ANT"))
    world.segment(campaign, "ANT", **columns)
    assert rule(world, class_id)["is_segment_open"] == expected


@pytest.mark.mission("M51")
def test_a_type_that_is_not_ticked_or_not_named_is_not_dialled(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(), "H": PhoneTypeForm(is_dialled=False)})
    classes = {code: world.dial_class(campaign, phone_type_id=world.type(code)) for code in "MHW"}
    assert {code: rule(world, class_id)["is_type_dialled"] for code, class_id in classes.items()} == {
        "M": 1, "H": 0, "W": 0,
    }  # fmt: skip


@pytest.mark.mission("M49")
def test_the_attempts_of_a_client_have_a_limit(world: World) -> None:
    campaign = world.campaign(max_client_attempts=3)
    classes = [world.dial_class(campaign, client_attempts=attempts) for attempts in (2, 3, 4)]
    assert [rule(world, class_id)["is_client_under"] for class_id in classes] == [1, 0, 0]
    world.strategy(campaign, max_client_attempts=None)
    assert [rule(world, class_id)["is_client_under"] for class_id in classes] == [1, 1, 1]


@pytest.mark.mission("M50")
def test_the_attempts_of_a_phone_have_the_limit_of_its_type(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(max_attempts=2), "H": PhoneTypeForm(max_attempts=4)})
    mobile = [world.dial_class(campaign, phone_attempts=attempts) for attempts in (1, 2, 3)]
    home = [
        world.dial_class(campaign, phone_type_id=world.type("H"), phone_attempts=attempts) for attempts in (1, 2, 3, 4)
    ]
    assert [rule(world, class_id)["is_type_under"] for class_id in mobile] == [1, 0, 0]
    assert [rule(world, class_id)["is_type_under"] for class_id in home] == [1, 1, 1, 0]
    world.strategy(campaign, phone_types={"M": PhoneTypeForm()})
    assert [rule(world, class_id)["is_type_under"] for class_id in mobile] == [1, 1, 1]


@pytest.mark.mission("M80")
def test_an_agent_result_has_a_limit_only_where_it_leaves_the_client_active(world: World) -> None:
    campaign = world.campaign(
        agent_results={
            "12": AgentResultForm(3, max_attempts=2),
            "14": AgentResultForm(2, max_attempts=2),
            "20": AgentResultForm(3),
        }
    )

    def is_under(code: str, times: int) -> int:
        class_id = world.dial_class(campaign, limit_agent_result_id=world.agent(code), limit_agent_attempts=times)
        return int(rule(world, class_id)["is_agent_under"])

    assert [is_under("12", times) for times in (1, 2, 3)] == [1, 0, 0]
    assert [is_under("14", times) for times in (1, 2, 3)] == [1, 1, 1]
    assert [is_under("20", times) for times in (1, 2, 3)] == [1, 1, 1]


@pytest.mark.mission("M25")
def test_a_type_has_its_own_schedule_or_that_of_the_campaign(world: World) -> None:
    evenings = ScheduleForm.daily("Evenings", 18 * 60, 21 * 60)
    campaign = world.campaign(
        schedule=DAYTIME, phone_types={"M": PhoneTypeForm(), "H": PhoneTypeForm(schedule=evenings)}
    )
    version = world.rows(StrategyVersion, StrategyVersion.campaign_id == campaign)[0]
    (home,) = world.rows(
        VersionPhoneType,
        VersionPhoneType.strategy_version_id == version["strategy_version_id"],
        VersionPhoneType.phone_type_id == world.type("H"),
    )
    assert home["schedule_id"] not in (None, version["schedule_id"])
    assert rule(world, world.dial_class(campaign))["schedule_id"] == version["schedule_id"]
    assert rule(world, world.dial_class(campaign, phone_type_id=world.type("H")))["schedule_id"] == home["schedule_id"]


# -- How long does it wait


@pytest.mark.mission("M67", "M81", "M95")
def test_a_phone_waits_for_the_delay_of_its_own_last_result(world: World) -> None:
    campaign = world.campaign(
        technical_results={"BUSY": ResultForm(3, 90)}, agent_results={"12": AgentResultForm(3, delay_minutes=240)}
    )
    busy, answered = world.technical("BUSY"), world.technical("VOICE")

    def delay(**facts: int) -> int:
        return int(rule(world, world.dial_class(campaign, **facts))["delay_minutes"])

    assert delay() == 0
    assert delay(phone_technical_result_id=busy) == 90
    assert delay(client_technical_result_id=busy) == 0  # another phone of the client was busy
    assert delay(phone_technical_result_id=world.technical("CALLBACK")) == 0
    assert delay(phone_technical_result_id=answered, hold_agent_result_id=world.agent("12")) == 240
    assert delay(hold_agent_result_id=world.agent("12")) == 240
    assert delay(phone_technical_result_id=busy, hold_agent_result_id=world.agent("14")) == 0


# -- Which one first


@pytest.mark.mission("M37", "M66", "M94", "M79")
def test_the_priority_of_a_client_is_that_of_its_last_result(world: World) -> None:
    campaign = world.campaign(
        no_result_priority=6,
        technical_results={"BUSY": ResultForm(3, None)},
        agent_results={"12": AgentResultForm(3, priority=8)},
    )

    def priority(**facts: int) -> int:
        return int(rule(world, world.dial_class(campaign, **facts))["client_priority"])

    busy, thinks = world.technical("BUSY"), world.agent("12")
    assert priority() == 6
    assert priority(load_priority=2) == 2
    assert priority(client_technical_result_id=busy) == 3
    assert priority(client_technical_result_id=busy, load_priority=2) == 3
    assert priority(client_technical_result_id=busy, client_agent_result_id=thinks) == 8
    assert priority(phone_technical_result_id=busy, phone_agent_result_id=thinks) == 6
    assert priority(client_technical_result_id=busy, limit_agent_result_id=thinks, limit_agent_attempts=1) == 3


@pytest.mark.mission("M56", "M57")
def test_clients_go_by_attempts_fewest_or_most_first(world: World) -> None:
    campaign = world.campaign()
    classes = [world.dial_class(campaign, client_attempts=attempts) for attempts in (0, 1, 2)]
    assert [rule(world, class_id)["client_order"] for class_id in classes] == [0, 1, 2]
    world.strategy(campaign, client_most_first=True)
    assert [rule(world, class_id)["client_order"] for class_id in classes] == [0, -1, -2]


@pytest.mark.mission("M58", "M59", "M60", "M61")
@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (("attempts", "result", "type"), (2, 3, 7)),
        (("attempts", "type", "result"), (2, 7, 3)),
        (("result", "attempts", "type"), (3, 2, 7)),
        (("result", "type", "attempts"), (3, 7, 2)),
        (("type", "attempts", "result"), (7, 2, 3)),
        (("type", "result", "attempts"), (7, 3, 2)),
    ],
)
def test_the_three_keys_of_a_phone_stand_in_any_order(
    world: World, keys: tuple[str, str, str], expected: tuple[int, int, int]
) -> None:
    campaign = world.campaign(
        phone_keys=keys,
        phone_types={"M": PhoneTypeForm(weight=7)},
        technical_results={"BUSY": ResultForm(3, None)},
    )
    row = rule(world, world.dial_class(campaign, phone_attempts=2, phone_technical_result_id=world.technical("BUSY")))
    assert (row["phone_key_1"], row["phone_key_2"], row["phone_key_3"]) == expected


@pytest.mark.mission("M38", "M62", "M63")
def test_phones_go_by_attempts_fewest_or_most_first(world: World) -> None:
    campaign = world.campaign()
    classes = [world.dial_class(campaign, phone_attempts=attempts) for attempts in (0, 1, 2)]
    assert [rule(world, class_id)["phone_key_1"] for class_id in classes] == [0, 1, 2]
    world.strategy(campaign, phone_most_first=True)
    assert [rule(world, class_id)["phone_key_1"] for class_id in classes] == [0, -1, -2]
    assert [rule(world, class_id)["client_order"] for class_id in classes] == [0, 0, 0]


def test_the_result_key_of_a_phone_is_the_priority_of_its_own_last_result(world: World) -> None:
    campaign = world.campaign(
        no_result_priority=6,
        technical_results={"BUSY": ResultForm(3, None)},
        agent_results={"12": AgentResultForm(3, priority=8)},
    )

    def key(**facts: int) -> int:
        return int(rule(world, world.dial_class(campaign, **facts))["phone_key_2"])

    busy, thinks = world.technical("BUSY"), world.agent("12")
    assert key() == 6
    assert key(phone_technical_result_id=busy) == 3
    assert key(phone_technical_result_id=busy, phone_agent_result_id=thinks) == 8
    assert key(client_technical_result_id=busy, client_agent_result_id=thinks) == 6
    assert key(phone_technical_result_id=busy, hold_agent_result_id=thinks) == 3


@pytest.mark.mission("M64", "M65")
def test_the_weight_of_a_type_is_a_key_and_a_type_without_one_goes_last(world: World) -> None:
    campaign = world.campaign(phone_types={"M": PhoneTypeForm(weight=1), "H": PhoneTypeForm(weight=9)})
    classes = {code: world.dial_class(campaign, phone_type_id=world.type(code)) for code in "MHW"}
    assert {code: rule(world, class_id)["phone_key_3"] for code, class_id in classes.items()} == {
        "M": 1,
        "H": 9,
        "W": 10,
    }


# -- Which version


@pytest.mark.mission("M185")
def test_a_saved_strategy_ranks_the_classes_that_are_there(world: World) -> None:
    campaign = world.campaign(no_result_priority=5)
    other = world.campaign(no_result_priority=5)
    classes = [world.dial_class(campaign), world.dial_class(other)]
    world.strategy(campaign, no_result_priority=2)
    assert [rule(world, class_id)["client_priority"] for class_id in classes] == [2, 5]


def test_a_campaign_without_a_strategy_has_no_rule(world: World) -> None:
    campaign = world.campaign()
    class_id = world.dial_class(campaign)
    ask = "SELECT r.dial_class_id FROM strategy.dial_class_rule AS r WHERE r.campaign_id = :id"
    assert world.query(ask, id=campaign) == [{"dial_class_id": class_id}]
    world.without_strategy(campaign)
    assert world.query(ask, id=campaign) == []
