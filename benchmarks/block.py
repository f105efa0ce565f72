"""What taking a block costs, against one UPDATE of as many rows of the same table (spec: quality.md, «Cost»)."""

from __future__ import annotations

from dataclasses import dataclass

from app.database.embedded import EmbeddedPostgres
from benchmarks.base import NOW, Base
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


def measure(server: EmbeddedPostgres, database: str, base: Base, size: int, runs: int) -> BlockCost:
    """Take blocks of `size` phones, each followed by the floor, everything rolled back.

    The campaigns take turns, and the floor is half a round behind, so that no run meets rows that an earlier one has
    left dead; the tables are vacuumed after each round. The figures are medians of `runs` after a warm-up. A block's
    commit is measured after the call for a campaign that is stopped, since the block itself is rolled back: it empties
    the procedure's temporary tables, which costs more than the commit proper. Raises RuntimeError when a campaign gives
    no full block.
    """
    with Session(server, database) as session:
        session.run("UPDATE strategy.version SET block_size = %(size)s", size=size)
        session.vacuum(*TOUCHED)
        ids = base.campaign_ids
        blocks, floors = [], []
        for turn in range(WARM_UP + runs):
            if turn and turn % len(ids) == 0:
                session.vacuum(*TOUCHED)
            cost, rows = session.cost(TAKE, {"campaign": ids[turn % len(ids)], "now": NOW})
            if len(rows) != size:
                raise RuntimeError(f"a campaign gave a block of {len(rows)} phones instead of {size}")
            blocks.append(cost + session.commit_cost(TAKE, {"campaign": base.stopped_campaign, "now": NOW}))
            floor_id = ids[(turn + len(ids) // 2) % len(ids)]
            floors.append(session.cost(FLOOR, {"campaign": floor_id, "size": size})[0])
    return BlockCost(size, Cost.median(blocks[WARM_UP:]), Cost.median(floors[WARM_UP:]), blocks[0])


def add_idle_classes(session: Session, base: Base) -> None:
    """Add classes to the middle campaign that may be dialled, go before all others and have no phone ready."""
    session.run(
        """
        INSERT INTO core.dial_class (
            facts_key, campaign_id, segment_id, phone_type_id, zone_id, client_zone_id, load_priority, client_attempts,
            phone_attempts, client_technical_result_id, client_agent_result_id, limit_agent_result_id,
            limit_agent_attempts, phone_technical_result_id, phone_agent_result_id, hold_agent_result_id, attempt_day,
            day_attempts, created_at
        )
        SELECT
            'idle ' || n, d.campaign_id, d.segment_id, d.phone_type_id, d.zone_id, d.client_zone_id, 1, n %% 5,
            n / 5 %% 5, 0, 0, 0, n, 0, 0, 0, d.attempt_day, 0, %(now)s
        FROM (
            SELECT d.*
            FROM strategy.dial_class_open(%(campaign)s, %(now)s) AS o
            JOIN core.dial_class AS d ON d.dial_class_id = o.dial_class_id
            ORDER BY o.rank_no, o.dial_class_id LIMIT 1
        ) AS d
        CROSS JOIN generate_series(1, %(classes)s) AS n
        """,
        campaign=base.campaign_ids[0],
        now=NOW,
        classes=IDLE_CLASSES,
    )
    session.vacuum("core.dial_class")
    session.run("ANALYZE core.dial_class")


def remove_idle_classes(session: Session) -> None:
    """Take them out again."""
    session.run("DELETE FROM core.dial_class WHERE facts_key LIKE 'idle %%'")
    session.vacuum("core.dial_class")
    session.run("ANALYZE core.dial_class")
