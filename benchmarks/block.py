"""What taking a block costs, against one UPDATE of as many rows of the same table (spec: quality.md, «Cost»)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from psycopg import sql

from benchmarks.base import NOW
from benchmarks.place import Place
from benchmarks.report import Row, against, at_most
from benchmarks.session import Cost, Session

SIZES = (1000, 100, 10)
WARM_UP = 7
TOUCHED = (
    "core.phone",
    "core.client",
    "core.dial_class_change",
    "dialing.record",
    "dialing.block",
    "dialing.callback",
    "strategy.version",
)
IDLE_CLASSES = 2000
FEWEST_TURNS = 10
MOST_OF_FLOOR = 3.0
MOST_GROWTH = 1.5
MOST_IDLE_MILLISECONDS = 100.0

TAKE = "SELECT * FROM dialing.block_take(p_campaign_id => %(campaign)s, p_now => %(now)s)"
# The floor: as many phones of the campaign, found by one index and locked, then updated in what the queue's index has, as
# any queue must to mark them taken. Same table, same indexes.
FLOOR_PICK = """
    SELECT phone_id FROM core.phone WHERE campaign_id = %(campaign)s
    ORDER BY last_technical_result_id, phone_id LIMIT %(size)s
"""
FLOOR = f"UPDATE core.phone SET waits_from = waits_from + interval '1 ms' WHERE phone_id IN ({FLOOR_PICK} FOR UPDATE SKIP LOCKED)"  # noqa: S608


@dataclass(frozen=True)
class BlockCost:
    """Taking blocks of one size from one campaign: its cost, the floor's, and the first one of a new session."""

    size: int
    block: Cost
    floor: Cost
    first: Cost

    @property
    def ratio(self) -> float:
        """Block to floor, by the time that the server was busy."""
        return self.block.busy / self.floor.busy


def measure(place: Place) -> Iterator[Row]:
    """Blocks of each size, and the largest again with classes that have nothing ready."""
    costs = {size: take(place, size) for size in SIZES}
    for size, cost in costs.items():
        has_target = size == max(SIZES)
        what = f"take a block of {size:,} phones".replace(",", " ")
        yield against(
            what,
            place.name,
            cost.block.busy,
            cost.floor.busy,
            MOST_OF_FLOOR if has_target else None,
            MOST_GROWTH if has_target else None,
        )
    with place.session() as session:
        for campaign_id in place.base.campaign_ids:
            add_idle_classes(session, campaign_id)
        session.vacuum("core.dial_class")
        session.run("ANALYZE core.dial_class")
    more = take(place, max(SIZES)).block.busy - costs[max(SIZES)].block.busy
    with place.session() as session:
        remove_idle_classes(session)
        session.vacuum("core.dial_class")
        session.run("ANALYZE core.dial_class")
    yield at_most(
        "the same with 2 000 classes that have nothing ready: more by", place.name, more, MOST_IDLE_MILLISECONDS
    )


def take(place: Place, size: int) -> BlockCost:
    """Take blocks of `size` phones, each followed by the floor, everything rolled back.

    The campaigns take turns, and the floor is half a round behind, so that no run meets rows that an earlier one has
    left dead; the tables are vacuumed after each round (with one campaign, after ten runs). The figures are medians after a warm-up. A block's commit is
    measured after the call for a campaign that is stopped, since the block itself is rolled back: it empties the procedure's
    temporary tables, which costs more than the commit proper. Raises RuntimeError when a campaign gives no full block.
    """
    base = place.base
    with place.session() as session:
        session.run("UPDATE strategy.version SET block_size = %(size)s", size=size)
        session.vacuum(*TOUCHED)
        ids = base.campaign_ids
        blocks, floors = [], []
        for turn in range(WARM_UP + place.runs):
            if turn and turn % max(len(ids), FEWEST_TURNS) == 0:
                session.vacuum(*TOUCHED)
            cost, rows = session.cost(TAKE, {"campaign": ids[turn % len(ids)], "now": NOW})
            if len(rows) != size:
                raise RuntimeError(f"a campaign gave a block of {len(rows)} phones instead of {size}")
            blocks.append(cost + session.commit_cost(TAKE, {"campaign": base.stopped_campaign, "now": NOW}))
            floor_id = ids[(turn + len(ids) // 2) % len(ids)]
            floors.append(session.cost(FLOOR, {"campaign": floor_id, "size": size})[0])
    return BlockCost(size, Cost.median(blocks[WARM_UP:]), Cost.median(floors[WARM_UP:]), blocks[0])


def add_idle_classes(session: Session, campaign_id: int) -> None:
    """Add classes to a campaign that may be dialled, go before all others and have no phone ready.

    They are copies of its first open class, and differ from it in facts that put them in front or do not matter.
    """
    instead = {
        "facts_key": "'idle ' || d.campaign_id || '.' || n",
        "load_priority": "1",
        "client_attempts": "n % 5",
        "phone_attempts": "n / 5 % 5",
        "limit_agent_attempts": "n",
        "client_technical_result_id": "0",
        "client_agent_result_id": "0",
        "phone_technical_result_id": "0",
        "phone_agent_result_id": "0",
    }
    names = session.run(
        """
        SELECT column_name FROM information_schema.columns
        WHERE table_schema = 'core' AND table_name = 'dial_class' AND is_identity = 'NO'
        """
    )
    values = {name: sql.SQL(instead.get(name, f"d.{name}")) for (name,) in names}
    session.connection.execute(
        sql.SQL(IDLE).format(
            columns=sql.SQL(", ").join(sql.Identifier(name) for name in values),
            values=sql.SQL(", ").join(values.values()),
            campaign=campaign_id,
            now=NOW,
            classes=IDLE_CLASSES,
        )
    )
    session.connection.commit()


IDLE = """
    INSERT INTO core.dial_class ({columns})
    SELECT {values}
    FROM (
        SELECT d.*
        FROM strategy.dial_class_open({campaign}, {now}) AS o
        JOIN core.dial_class AS d ON d.dial_class_id = o.dial_class_id
        ORDER BY o.rank_no, o.dial_class_id LIMIT 1
    ) AS d
    CROSS JOIN generate_series(1, {classes}) AS n
"""


def remove_idle_classes(session: Session) -> None:
    """Take them out again."""
    session.run("DELETE FROM core.dial_class WHERE facts_key LIKE 'idle %%'")
