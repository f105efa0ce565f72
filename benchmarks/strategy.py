"""What saving a strategy costs, and whether the next block obeys it without a phone having been written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, text

from app.campaigns import PhoneTypeForm, save_strategy
from app.procedures import dialing
from benchmarks.base import NOW, STRATEGY
from benchmarks.place import Place
from benchmarks.report import Row, at_most

MOST_MILLISECONDS = 1000.0
BLOCK = 17
#: Another order, other limits, home phones alone, and blocks of another size.
CHANGED = replace(
    STRATEGY,
    block_size=BLOCK,
    max_client_attempts=5,
    client_most_first=True,
    phone_keys=("type", "result", "attempts"),
    phone_types={"M": PhoneTypeForm(is_dialled=False), "H": PhoneTypeForm(max_attempts=4, weight=2)},
)
WRITES = text(
    "SELECT n_tup_ins + n_tup_upd + n_tup_del AS writes FROM pg_stat_xact_user_tables"
    " WHERE schemaname = 'core' AND relname = 'phone'"
)
TYPES = text(
    "SELECT DISTINCT t.code FROM dialing.record AS r JOIN core.phone AS p ON p.phone_id = r.phone_id"
    " JOIN core.phone_type AS t ON t.phone_type_id = p.phone_type_id WHERE r.block_id = :block_id"
)


def measure(place: Place) -> Iterator[Row]:
    """Save a strategy that differs in everything, then take a block; nothing of it is kept."""
    costs = []
    for turn in range(place.runs // 4 + 2):
        campaign_id = place.base.campaign_ids[turn % place.base.campaigns]
        with place.session() as session, session.sqlalchemy() as connection:
            saved, _ = session.measured(_save, connection, campaign_id)
            written = connection.execute(WRITES).scalar_one()
            if written:
                raise RuntimeError(f"saving a strategy wrote {written} rows of core.phone")
            taken, rows = session.measured(dialing.block_take, connection, campaign_id, NOW)
            _obeyed(connection, rows)
            costs.append((saved + taken).busy)
    # A new session each time: what a strategy costs the first block of a process, without any plan kept.
    yield at_most("save a strategy, and the next block, which obeys it", place.name, max(costs), MOST_MILLISECONDS)


def _save(connection: Connection, campaign_id: int) -> None:
    save_strategy(connection, campaign_id, CHANGED, created_by="bench", reason=None, now=NOW)


def _obeyed(connection: Connection, rows: Any) -> None:
    types = connection.execute(TYPES, {"block_id": rows[0].block_id if rows else 0}).scalars().all()
    if len(rows) != BLOCK or types != ["H"]:
        raise RuntimeError(f"the next block does not obey the new strategy: {len(rows)} phones of types {types}")
