"""contacts.phone_zone_update: phones that were loaded before the numbering plan get its zones."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, insert
from world import World

from app.models.contact import Phone
from app.models.numbering import PhoneZoneChange
from app.procedures.contacts import phone_zone_update

pytestmark = pytest.mark.mission("M17")

OMSK, SAMARA = "Asia/Omsk", "Europe/Samara"


def zones(world: World) -> dict[str, int | None]:
    return {row["number"]: row["zone_id"] for row in world.rows(Phone)}


def test_phones_get_the_zone_of_their_number(world: World) -> None:
    campaign = world.campaign()
    anna = world.client(campaign, "MH", numbers=("79130000001", "79140000001"))
    other = world.client(campaign, numbers=("79130000002",))
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    before = world.phone_row(anna, 1).dial_class_id
    row = phone_zone_update(world.connection, campaign, 100, world.now)
    assert (row.last_client_id, row.clients_checked, row.phones_changed, row.is_finished) == (other.client_id, 2, 2, 1)
    assert zones(world) == {"79130000001": world.zone(OMSK), "79140000001": None, "79130000002": world.zone(OMSK)}
    assert world.phone_row(anna).dial_class_id == world.phone_row(other).dial_class_id != before
    assert world.phone_row(anna, 1).dial_class_id == before


def test_a_second_run_changes_nothing(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, numbers=("79130000001",))
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    assert phone_zone_update(world.connection, campaign, 100, world.now).phones_changed == 1
    assert phone_zone_update(world.connection, campaign, 100, world.now).phones_changed == 0


def test_a_zone_that_the_plan_says_otherwise_is_changed_and_one_that_it_does_not_know_is_kept(world: World) -> None:
    campaign = world.campaign()
    numbers = ("79130000001", "79140000001", "79150000001")
    world.client(campaign, "MMM", numbers=numbers, phone_zones=(SAMARA, SAMARA, SAMARA))
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    world.numbering(9140000000, 9149999999, "Якутия", reason="several_zones")
    assert phone_zone_update(world.connection, campaign, 100, world.now).phones_changed == 1
    assert list(zones(world).values()) == [world.zone(OMSK), world.zone(SAMARA), world.zone(SAMARA)]


def test_batches_walk_through_all_clients(world: World) -> None:
    campaign = world.campaign()
    clients = [world.client(campaign, numbers=(f"7913000000{n}",)) for n in range(5)]
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    walked, after = [], 0
    for _ in range(3):
        row = phone_zone_update(world.connection, campaign, 2, world.now, after)
        walked.append((row.clients_checked, row.phones_changed, row.is_finished))
        after = row.last_client_id
    assert walked == [(2, 2, 0), (2, 2, 0), (1, 1, 1)]
    assert after == clients[-1].client_id
    assert set(zones(world).values()) == {world.zone(OMSK)}


def test_another_campaign_is_left_alone_unless_all_are_meant(world: World) -> None:
    first, second = world.campaign(), world.campaign()
    world.client(first, numbers=("79130000001",))
    world.client(second, numbers=("79130000002",))
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    assert phone_zone_update(world.connection, first, 100, world.now).phones_changed == 1
    assert zones(world)["79130000002"] is None
    assert phone_zone_update(world.connection, None, 100, world.now).phones_changed == 1
    assert zones(world)["79130000002"] == world.zone(OMSK)


@pytest.mark.mission("M20")
def test_the_next_block_obeys_the_new_zone(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, numbers=("79130000001",))
    world.client(campaign, numbers=("79160000001",))
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    phone_zone_update(world.connection, campaign, 100, world.now)
    evening = world.at(hours=7)  # 19:00 in Moscow, 22:00 in Omsk
    assert world.dialled(campaign, evening) == ["79160000001"]
    assert sorted(world.dialled(campaign, world.at(hours=4))) == ["79130000001", "79160000001"]


def test_a_phone_that_is_out_stays_out(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, numbers=("79130000001",))
    (record,) = world.dial(campaign)
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    phone_zone_update(world.connection, campaign, 100, world.now)
    assert (world.is_out(client), world.phone_row(client).zone_id) == (True, world.zone(OMSK))
    assert world.result(record.record_key, "BUSY", world.at(1)) == (1, 0, 0, 0)


def test_calls_before_the_change_are_judged_by_the_zone_of_their_time(world: World) -> None:
    campaign = world.campaign()
    client = world.client(campaign, numbers=("79130000001",))
    evening = world.at(hours=7)  # 19:00 in Moscow, 22:00 in Omsk
    world.attempt(campaign, "BUSY", evening)
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    assert phone_zone_update(world.connection, campaign, 100, world.at(hours=8)).phones_changed == 1
    assert world.unbalanced() == {}
    world.connection.execute(delete(PhoneZoneChange))
    assert "attempts_outside_schedule" in world.unbalanced()
    world.connection.execute(
        insert(PhoneZoneChange).values(phone_id=client.phone_id, changed_at=world.at(hours=8), old_zone_id=None)
    )


def test_only_phones_that_were_dialled_leave_a_trace_of_their_old_zone(world: World) -> None:
    campaign = world.campaign()
    world.client(campaign, "MM", numbers=("79130000001", "79130000002"))
    (record,) = world.dial(campaign)
    (dialled,) = [row["phone_id"] for row in world.rows(Phone) if row["number"] == record.number]
    world.numbering(9130000000, 9139999999, "Омская область", OMSK)
    phone_zone_update(world.connection, campaign, 100, world.at(1))
    traced = {row["phone_id"]: row["old_zone_id"] for row in world.rows(PhoneZoneChange)}
    assert traced == {dialled: None}


def test_an_empty_base_is_finished_at_once(world: World) -> None:
    row = phone_zone_update(world.connection, world.campaign(), 100, world.now, 17)
    assert (row.last_client_id, row.clients_checked, row.phones_changed, row.is_finished) == (17, 0, 0, 1)


def test_a_campaign_that_does_not_exist_is_refused(world: World) -> None:
    with world.refused(50001):
        phone_zone_update(world.connection, 1_000_000, 100, world.now)


def test_an_empty_batch_is_refused(world: World) -> None:
    with world.refused(50082):
        phone_zone_update(world.connection, None, 0, world.now)
