"""The registry's real file of mobile numbers (not part of the project; see numbering_files)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from numbering_files import real_file
from sqlalchemy import Engine, func, select

from app.database.engine import create_engine
from app.models.numbering import NumberingRange, Region
from app.numbering.plan import load_plan, read_status
from app.procedures.numbering import number_zone


@pytest.fixture
def engine(fresh_database: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database, "acm tests")
    yield engine
    engine.dispose()


@pytest.mark.mission("M17")
def test_every_range_of_the_real_registry_ends_in_a_zone_or_a_reason(engine: Engine) -> None:
    path = real_file()
    assert path is not None, "the registry's file is not here: ACM_TEST_NUMBERING_PLAN names its folder"
    summary = load_plan(engine, [path])
    lines = sum(1 for line in path.read_bytes().splitlines() if line.strip()) - 1
    assert summary.ranges == lines > 16_000
    assert summary.unknown == {}
    assert summary.ranges_with_zone > 0.95 * summary.ranges
    assert summary.ranges_with_zone + sum(summary.reasons.values()) == summary.ranges
    assert set(summary.reasons) == {"several_zones", "whole_country"}
    with engine.connect() as connection:
        unexplained = connection.scalar(
            select(func.count())
            .select_from(NumberingRange)
            .outerjoin(Region, Region.region_id == NumberingRange.region_id)
            .where(
                Region.zone_id.is_(None),
                Region.reason_code.is_(None),
                NumberingRange.reason_code.is_(None),
            )
        )
        assert unexplained == 0
        status = read_status(connection)
        assert (status.ranges, status.codes) == (lines, len(summary.codes))
        assert status.numbers_with_zone > 0.95 * status.numbers
        texts = connection.scalar(select(func.count(NumberingRange.region_text.distinct())))
        assert texts is not None and texts > 150  # many spellings
        row = number_zone(connection, "79000000000")
        region = connection.scalar(select(Region.name).where(Region.region_id == row.region_id))
        assert region == "Краснодарский край"
