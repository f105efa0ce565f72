"""The zone that a number tells without a numbering plan."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.numbering.number import zone_of_number

pytestmark = pytest.mark.mission("M17")


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("74951234567", "Europe/Moscow"),
        ("84951234567", "Europe/Moscow"),
        ("4951234567", "Europe/Moscow"),
        ("73812123456", "Asia/Omsk"),
        ("74242123456", "Asia/Sakhalin"),
        ("88652123456", "Europe/Moscow"),
    ],
)
def test_a_russian_fixed_line_names_one_zone(number: str, zone: str) -> None:
    assert zone_of_number(number, False) == zone


@pytest.mark.parametrize("number", ["79161234567", "89161234567", "9161234567", "79991234567"])
def test_a_russian_mobile_number_never_does(number: str) -> None:
    assert zone_of_number(number, False) is None
    assert zone_of_number(number, True) is None


@pytest.mark.parametrize("number", ["78001234567", "88001234567", "925759", "112", "92989670489176", "375291234567"])
def test_numbers_of_services_and_of_an_unknown_country_name_none(number: str) -> None:
    assert zone_of_number(number, False) is None


def test_a_foreign_number_is_known_by_its_plus() -> None:
    assert zone_of_number("81312345678", True) == "Asia/Tokyo"
    assert zone_of_number("12125551234", True) == "America/New_York"
    assert zone_of_number("8613800138000", True) == "Asia/Shanghai"
    assert zone_of_number("74951234567", True) == "Europe/Moscow"


@given(number=st.from_regex(r"[0-9]{3,20}", fullmatch=True), is_international=st.booleans())
def test_any_digits_are_taken(number: str, is_international: bool) -> None:
    zone = zone_of_number(number, is_international)
    assert zone is None or "/" in zone
