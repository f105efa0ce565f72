"""core.number_zone: what the numbering plan says of a number."""

from __future__ import annotations

from typing import Any

import pytest
from world import World

from app.procedures.numbering import number_zone

pytestmark = pytest.mark.mission("M17")


@pytest.fixture
def zone(world: World) -> Any:
    """The zone's id of a number; None where there is none."""
    world.numbering(9160000000, 9161999999, "Москва", "Europe/Moscow")
    world.numbering(9162000000, 9162000000, "Омская область", "Asia/Omsk")
    world.numbering(9164000000, 9164999999, "Якутия", reason="several_zones")

    def zone(number: str) -> int | None:
        row = number_zone(world.connection, number)
        return row and row.zone_id

    return zone


@pytest.mark.parametrize("number", ["9160000000", "79161234567", "89161234567", "79161999999"])
def test_a_number_in_a_range_has_the_zone_of_its_region(world: World, zone: Any, number: str) -> None:
    assert zone(number) == world.zone("Europe/Moscow")


@pytest.mark.parametrize("number", ["79159999999", "79162000001", "79163000000", "79165000000"])
def test_a_number_between_ranges_is_not_in_the_plan(world: World, zone: Any, number: str) -> None:
    assert number_zone(world.connection, number) is None


def test_a_range_may_be_one_number(world: World, zone: Any) -> None:
    assert zone("79162000000") == world.zone("Asia/Omsk")


def test_a_region_of_several_zones_gives_its_reason(world: World, zone: Any) -> None:
    row = number_zone(world.connection, "79164000001")
    assert (row.zone_id, row.reason_code) == (None, "several_zones")
    assert (row.number_from, row.number_to, row.operator) == (9164000000, 9164999999, "АО «Связь»")


def test_a_region_with_a_zone_gives_no_reason(world: World, zone: Any) -> None:
    row = number_zone(world.connection, "79161234567")
    assert (row.reason_code, row.region_text) == (None, "Москва")


@pytest.mark.parametrize(
    "number", ["", "916", "916123456", "69161234567", "+9161234567", "779161234567", "7916123456x", "916123456x"]
)
def test_anything_else_is_no_number_of_the_plan(world: World, zone: Any, number: str) -> None:
    assert number_zone(world.connection, number) is None


def test_without_a_plan_nothing_is_known(world: World) -> None:
    assert number_zone(world.connection, "79161234567") is None
