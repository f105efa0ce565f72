"""Regions: app/data/regions.csv, and the keys that many spellings of one have in common."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from app.numbering.regions import place_keys, read_regions, spelling_key
from app.zones import REGIONAL_ZONES, RUSSIAN_ZONES

pytestmark = pytest.mark.mission("M17")

# All zones that the IANA database has for Russia (zone1970.tab), but for Europe/Simferopol's other half.
ZONES = set(RUSSIAN_ZONES) | set(REGIONAL_ZONES)
SEVERAL = "Республика Саха (Якутия)"


def keys() -> dict[str, str]:
    """Region by key of its spellings."""
    return {spelling_key(text): row.name for row in read_regions() for text in row.spellings}


def test_each_region_has_a_zone_or_a_reason() -> None:
    rows = read_regions()
    assert [row.name for row in rows if bool(row.zone) == bool(row.reason)] == []
    assert {row.reason for row in rows if row.reason} == {"several_zones", "whole_country"}
    assert {row.zone for row in rows if row.zone} <= ZONES
    assert len({row.name for row in rows}) == len(rows)


def test_no_spelling_means_two_regions() -> None:
    found: dict[str, str] = {}
    for row in read_regions():
        for text in row.spellings:
            key = spelling_key(text)
            assert key, text
            assert found.setdefault(key, row.name) == row.name, text


def test_all_zones_of_russia_are_used_or_known() -> None:
    for code in ZONES:
        ZoneInfo(code)
    used = {row.zone for row in read_regions() if row.zone}
    assert ZONES - used == {"UTC"}


def test_a_region_of_several_zones_has_its_districts() -> None:
    rows = read_regions()
    assert [row.name for row in rows if row.reason == "several_zones"] == [SEVERAL]
    districts = {row.zone for row in rows if row.name.startswith(f"{SEVERAL}: ")}
    assert districts == {
        "Asia/Yakutsk", "Asia/Khandyga", "Asia/Vladivostok", "Asia/Ust-Nera", "Asia/Srednekolymsk",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "region"),
    [
        (["Москва", "г. Москва", "Город Москва", "МОСКВА"], "Москва"),
        (["Московская обл.", "Московская область"], "Московская область"),
        (
            ["г. Москва * Московская область", "Москва и Московская область", "Московская область, Город Москва",
             "Город Москва, Московская область"],
            "Москва и Московская область",
        ),
        (["Удмуртская Республика", "Республика Удмуртская", "Республика Удмуртия"], "Удмуртская Республика"),
        (["Чувашская Республика", "Чувашская Республика - Чувашия"], "Чувашская Республика"),
        (["Республика Саха /Якутия/", "Республика Саха (Якутия)", "Якутия"], SEVERAL),
        (
            ["Ханты - Мансийский - Югра АО", "Ханты-Мансийский АО - Югра", "Ханты-Мансийский Автономный округ - Югра АО"],
            "Ханты-Мансийский автономный округ - Югра",
        ),
        (["Ненецкий АО", "Ненецкий автономный округ"], "Ненецкий автономный округ"),
        (["Ямало-Ненецкий АО"], "Ямало-Ненецкий автономный округ"),
        (["Кемеровская обл.", "Кемеровская область - Кузбасс обл."], "Кемеровская область - Кузбасс"),
        (["Республика Алтай"], "Республика Алтай"),
        (["Алтайский край"], "Алтайский край"),
        (["Еврейская автономная обл."], "Еврейская автономная область"),
        (["Орёловская"], None),
        (["Заморская область", "-", ""], None),
    ],
)  # fmt: skip
def test_many_spellings_are_one_region(texts: list[str], region: str | None) -> None:
    known = keys()
    assert [known.get(spelling_key(text)) for text in texts] == [region] * len(texts)


def test_a_place_is_looked_for_from_the_narrowest() -> None:
    assert list(place_keys("г. Норильск|г.о. город Норильск|Красноярский край")) == [
        "НОРИЛЬСК|НОРИЛЬСК|КРАСНОЯРСКИЙ", "НОРИЛЬСК|КРАСНОЯРСКИЙ", "КРАСНОЯРСКИЙ",
    ]  # fmt: skip
    assert list(place_keys("-")) == list(place_keys("")) == list(place_keys("г. | область")) == []
