"""Regions: their table in app/data/regions.csv, and how the many spellings of one are brought to a key."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

REGIONS_FILE = Path(__file__).parents[1] / "data" / "regions.csv"

SEVERAL_ZONES, WHOLE_COUNTRY = "several_zones", "whole_country"
REGION_MISSING, REGION_UNKNOWN = "region_missing", "region_unknown"

_WORD = re.compile(r"[^\W_]+")
# What a region or district is, rather than which: left out of a key, and so is every single letter (г., м.р-н).
_GENERIC = frozenset(
    "ОБЛ ОБЛАСТЬ КРАЙ РЕСП РЕСПУБЛИКА НАРОДНАЯ АО АВТОНОМНЫЙ АВТОНОМНАЯ АВТОНОМНЫЕ ОКРУГ ОКРУГА ГОР ГОРОД ПОС ПОСЕЛОК"
    " РАЙОН УЛУС МР ГО ПГТ МУНИЦИПАЛЬНЫЙ ГОРОДСКОЙ".split()
)


@dataclass(frozen=True)
class RegionRow:
    """A row of regions.csv: a zone, or the reason why there is none, and all spellings, the name first."""

    name: str
    zone: str | None
    reason: str | None
    spellings: tuple[str, ...]


def read_regions(path: Path = REGIONS_FILE) -> list[RegionRow]:
    """The rows of the table."""
    with path.open(encoding="utf-8", newline="") as stream:
        lines = [line for line in stream if not line.startswith("#")]
    rows = []
    for row in csv.DictReader(lines):
        also = tuple(text.strip() for text in row["also"].split(";") if text.strip())
        # The name of a district stands for itself only where it is written DISTRICT|REGION.
        rows.append(RegionRow(row["name"], row["zone"] or None, row["reason"] or None, (row["name"], *also)))
    return rows


@lru_cache(maxsize=4096)
def spelling_key(text: str) -> str:
    """What the spellings of a place have in common; empty when the text names none.

    The words that tell places apart, in capitals, sorted, each once; DISTRICT|REGION is brought to a key part by part.
    """
    return "|".join(key for part in text.split("|") if (key := _part_key(part)))


def _part_key(text: str) -> str:
    words = {word for word in _WORD.findall(text.upper().replace("Ё", "Е")) if len(word) > 1 and word not in _GENERIC}
    return " ".join(sorted(words - {"РН"}))


def place_keys(text: str) -> Iterator[str]:
    """Keys of a place from the narrowest to the widest: «г. Норильск|Красноярский край», then «Красноярский край»."""
    parts = spelling_key(text).split("|")
    for first in range(len(parts)):
        if key := "|".join(parts[first:]):
            yield key
