"""The numbering plan in the database: loading it, looking at it, and bringing the zones of phones in line with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, case, delete, func, insert, select, update

from app import clock
from app.errors import AcmError
from app.i18n import gettext as _
from app.importing.cleaning import clean_number
from app.importing.staging import copy_rows
from app.models.dictionary import TimeZone
from app.models.numbering import NumberingRange, Region, RegionSpelling
from app.models.ops import Setting
from app.numbering.regions import (
    REGION_MISSING,
    REGION_UNKNOWN,
    SEVERAL_ZONES,
    WHOLE_COUNTRY,
    RegionRow,
    place_keys,
    read_regions,
    spelling_key,
)
from app.numbering.registry import LINES_OF_A_CODE, RegistryRange, read_files
from app.procedures.contacts import phone_zone_update
from app.procedures.numbering import number_zone

LOCK = "numbering_lock"
COUNTRY_PREFIX = 7
_COLUMNS = (
    "country_prefix", "number_from", "number_to", "operator", "region_text", "area_text", "region_id", "reason_code",
    "loaded_at",
)  # fmt: skip
_PART = 5000


@dataclass(frozen=True)
class LoadSummary:
    """What a load brought in. `unknown`: regions that app/data/regions.csv does not know, with their ranges."""

    codes: tuple[int, ...]
    ranges: int
    ranges_replaced: int
    ranges_with_zone: int
    reasons: dict[str, int]
    unknown: dict[str, int]


@dataclass(frozen=True)
class PlanStatus:
    """What the plan in force says. Numbers are counted, not ranges, where it says so."""

    ranges: int
    ranges_with_zone: int
    numbers: int
    numbers_with_zone: int
    codes: int
    loaded_at: datetime | None
    zones: dict[str, int] = field(default_factory=dict)  # ranges by zone
    reasons: dict[str, int] = field(default_factory=dict)  # ranges by the reason why they have none


@dataclass(frozen=True)
class NumberFacts:
    """What the plan says of a number: its range, and the zone or the reason why there is none."""

    number: str
    first: int
    last: int
    operator: str
    region_text: str
    region: str | None
    zone: str | None
    reason: str | None


def describe_reason(code: str) -> str:
    """Why a range has no zone, in words."""
    return {
        SEVERAL_ZONES: _("the region has several zones"),
        WHOLE_COUNTRY: _("the whole country"),
        REGION_MISSING: _("the registry names no region"),
        REGION_UNKNOWN: _("the region is not known"),
    }.get(code, code)


def load_plan(
    engine: Engine,
    paths: Sequence[Path],
    on_progress: Callable[[str, int, int], None] = lambda step, done, total: None,
) -> LoadSummary:
    """Load files of the registry: their ranges replace all of the same codes, and regions are refreshed.

    All of it is one transaction. `on_progress` gets the step (read or write), what is done and the total. Raises
    RegistryError for a wrong file; then nothing has changed.
    """
    ranges = read_files(paths, lambda done, total: on_progress("read", done, total))
    with engine.begin() as connection:
        # Two loads at once would each delete what the other has not written yet.
        connection.execute(update(Setting).where(Setting.name == LOCK).values(value=Setting.value))
        refresh_regions(connection)
        return _replace(connection, ranges, lambda done, total: on_progress("write", done, total))


def refresh_regions(connection: Connection, rows: Sequence[RegionRow] | None = None) -> None:
    """Bring core.region and core.region_spelling in line with app/data/regions.csv. Further spellings stay."""
    rows = read_regions() if rows is None else rows
    zones: dict[str, int] = {
        code: zone_id for code, zone_id in connection.execute(select(TimeZone.code, TimeZone.zone_id))
    }
    missing = sorted({row.zone for row in rows if row.zone} - zones.keys())
    if missing:
        raise AcmError(
            _("The dictionary of time zones lacks %(names)s.", names=", ".join(missing)),
            _("Bring the database to this release: acm db upgrade."),
        )
    known = {row.name: row for row in connection.execute(select(Region.__table__))}
    ids: dict[str, int] = {}
    for row in rows:
        values = {"zone_id": zones[row.zone] if row.zone else None, "reason_code": row.reason}
        old = known.get(row.name)
        if old is None:
            key = connection.execute(insert(Region).values(name=row.name, **values)).inserted_primary_key
            ids[row.name] = int(key[0])  # type: ignore[index]
            continue
        ids[row.name] = old.region_id
        if (old.zone_id, old.reason_code) != tuple(values.values()):
            connection.execute(update(Region).where(Region.region_id == old.region_id).values(**values))
    spellings: dict[str, tuple[str, int]] = {
        key: (text, region_id)
        for key, text, region_id in connection.execute(
            select(RegionSpelling.spelling_key, RegionSpelling.spelling, RegionSpelling.region_id)
        )
    }
    wanted = {spelling_key(text): (text, ids[row.name]) for row in rows for text in reversed(row.spellings)}
    new = [
        {"spelling_key": key, "spelling": text, "region_id": region_id}
        for key, (text, region_id) in wanted.items()
        if key not in spellings
    ]
    if new:
        connection.execute(insert(RegionSpelling), new)
    for key, (text, region_id) in wanted.items():
        if spellings.get(key, (text, region_id)) != (text, region_id):
            connection.execute(
                update(RegionSpelling)
                .where(RegionSpelling.spelling_key == key)
                .values(spelling=text, region_id=region_id)
            )


def _replace(
    connection: Connection, ranges: Sequence[RegistryRange], on_rows: Callable[[int, int], None]
) -> LoadSummary:
    spellings: dict[str, int] = {
        key: region_id
        for key, region_id in connection.execute(select(RegionSpelling.spelling_key, RegionSpelling.region_id))
    }
    regions = {row.region_id: row for row in connection.execute(select(Region.__table__))}
    codes = sorted({item.code for item in ranges})
    replaced = 0
    for code in codes:
        replaced += connection.execute(
            delete(NumberingRange).where(
                NumberingRange.country_prefix == COUNTRY_PREFIX,
                NumberingRange.number_from >= code * LINES_OF_A_CODE,
                NumberingRange.number_from < (code + 1) * LINES_OF_A_CODE,
            )
        ).rowcount
    now = clock.now()
    reasons: Counter[str] = Counter()
    unknown: Counter[str] = Counter()
    rows: list[tuple[Any, ...]] = []
    for item in ranges:
        region_id = _region(item, spellings, regions)
        reason = None
        if region_id is None:
            reason = REGION_UNKNOWN if any(place_keys(f"{item.region}|{item.area}")) else REGION_MISSING
            if reason == REGION_UNKNOWN:
                unknown[item.region if any(place_keys(item.region)) else item.area] += 1
        why = reason or (regions[region_id].reason_code if region_id is not None else None)
        if why:
            reasons[why] += 1
        rows.append(
            (
                COUNTRY_PREFIX, item.first, item.last, item.operator, item.region, item.area or None, region_id, reason,
                now,
            )
        )  # fmt: skip
    for first in range(0, len(rows), _PART):
        copy_rows(connection, NumberingRange, _COLUMNS, rows[first : first + _PART])
        on_rows(min(first + _PART, len(rows)), len(rows))
    return LoadSummary(
        codes=tuple(codes),
        ranges=len(ranges),
        ranges_replaced=replaced,
        ranges_with_zone=len(ranges) - sum(reasons.values()),
        reasons=dict(reasons.most_common()),
        unknown=dict(unknown.most_common()),
    )


def _region(item: RegistryRange, spellings: dict[str, int], regions: dict[int, Any]) -> int | None:
    """The region of a range: of the known places in its two texts the narrowest that has a zone, else the narrowest."""
    keys = [key for text in (item.region, item.area) for key in place_keys(text) if key in spellings]
    found = [spellings[key] for key in sorted(keys, key=lambda key: -key.count("|"))]
    return next((region_id for region_id in found if regions[region_id].zone_id is not None), next(iter(found), None))


def read_status(connection: Connection) -> PlanStatus:
    """What the plan in force says."""
    numbers = NumberingRange.number_to - NumberingRange.number_from + 1
    has_zone = case((Region.zone_id.is_not(None), 1), else_=0)
    joined = select(NumberingRange).outerjoin(Region, Region.region_id == NumberingRange.region_id)
    total = connection.execute(
        joined.with_only_columns(
            func.count().label("ranges"),
            func.coalesce(func.sum(has_zone), 0).label("ranges_with_zone"),
            func.coalesce(func.sum(numbers), 0).label("numbers"),
            func.coalesce(func.sum(numbers * has_zone), 0).label("numbers_with_zone"),
            func.count((NumberingRange.number_from - NumberingRange.number_from % LINES_OF_A_CODE).distinct()),
            func.max(NumberingRange.loaded_at).label("loaded_at"),
        )
    ).one()
    zones = connection.execute(
        joined.join(TimeZone, TimeZone.zone_id == Region.zone_id)
        .with_only_columns(TimeZone.code, func.count())
        .group_by(TimeZone.code)
        .order_by(func.count().desc(), TimeZone.code)
    )
    reason = func.coalesce(NumberingRange.reason_code, Region.reason_code)
    reasons = connection.execute(
        joined.where(Region.zone_id.is_(None)).with_only_columns(reason, func.count()).group_by(reason).order_by(reason)
    )
    return PlanStatus(
        int(total[0]),
        int(total[1]),
        int(total[2]),
        int(total[3]),
        int(total[4]),
        total[5],
        {row[0]: row[1] for row in zones},
        {row[0]: row[1] for row in reasons},
    )


def find_number(connection: Connection, text: str) -> NumberFacts | None:
    """What the plan says of a number as people write it; None when it has no such number."""
    number = clean_number(text)
    if number is None:
        raise AcmError(_("%(number)s is not a phone number.", number=text), _("3 to 20 digits."))
    row = number_zone(connection, number)
    if row is None:
        return None
    region = connection.scalar(select(Region.name).where(Region.region_id == row.region_id))
    zone = connection.scalar(select(TimeZone.code).where(TimeZone.zone_id == row.zone_id))
    return NumberFacts(
        number, row.number_from, row.number_to, row.operator, row.region_text, region, zone, row.reason_code
    )


def update_phones(
    engine: Engine,
    batch_size: int = 5000,
    on_progress: Callable[[int, int], None] = lambda checked, changed: None,
) -> tuple[int, int]:
    """Bring the zones of all phones in line with the plan, a batch of clients a transaction. Returns how many clients
    were looked at and how many phones changed."""
    checked, changed, after = 0, 0, 0
    while True:
        with engine.begin() as connection:
            row = phone_zone_update(
                connection, campaign_id=None, batch_size=batch_size, now=clock.now(), after_client_id=after
            )
        checked, changed, after = checked + row.clients_checked, changed + row.phones_changed, row.last_client_id
        on_progress(checked, changed)
        if row.is_finished:
            return checked, changed
