"""One pass of the hand-over over all campaigns, committed, while another session updates clients by key."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

from benchmarks.base import NOW
from benchmarks.block import TAKE, TOUCHED
from benchmarks.place import Place
from benchmarks.report import Row, at_most
from benchmarks.session import Cost, Session

SIZE = 1000
#: The middle one counts: what makes others wait does so each time; what the machine or its disk does, does not.
PASSES = 3
MOST_MILLISECONDS = 3000.0
MOST_WAIT_MILLISECONDS = 5.0
#: In a smaller base a pass calls a third of everybody at once, so that most persons are on the line already.
CLIENTS_OF_TARGET = 5_000_000
#: So many blocks stay out for what is measured after it.
FEWEST_BLOCKS = 10
# The rules of 230-FZ for calls: hours, and 1 a day, 2 a week, 8 a month over all campaigns.
CAPS_ON = """
    INSERT INTO strategy.campaign_cap (campaign_id, cap_rule_id)
    SELECT k.campaign_id, r.cap_rule_id
    FROM core.campaign AS k CROSS JOIN strategy.cap_rule AS r
    WHERE k.state_id = 2 AND r.code LIKE 'RU!_230%%' ESCAPE '!'
"""
RECALL = "SELECT * FROM dialing.block_recall(p_campaign_id => %(campaign)s, p_now => %(now)s)"
# Whoever updates a client that a block is just looking at waits for the block, as it has to. These are others: processed.
OTHERS = """
    SELECT client_id FROM core.client WHERE status_id IN (2, 3) ORDER BY hashint8(client_id) LIMIT 5000
"""


def measure(place: Place) -> Iterator[Row]:
    """A block of 1,000 from each campaign. The records stay out, for what is measured after it."""
    ids = place.base.campaign_ids
    blocks = len(ids)
    with place.session() as session:
        session.run("UPDATE strategy.version SET block_size = %(size)s, queue_depth = 100000", size=SIZE)
        session.vacuum(*TOUCHED)
        session.run(CAPS_ON)
        # What the caps hold is met once, by a first pass, and taken back; and the worker has run for a while.
        for campaign_id in ids:
            _take(session, campaign_id)
        _take_back(session, ids)
        others = [client_id for (client_id,) in session.run(OTHERS)]
        passes, waits = [], []
        for number in range(PASSES):
            if number:
                _take_back(session, ids)
            costs = []
            with bystander(place, others) as met:
                for campaign_id in ids:
                    cost, rows = session.measured(_take, session, campaign_id)
                    # In a small base the caps hold so many that a campaign has no full block any more.
                    if len(rows) < SIZE // 2:
                        raise RuntimeError(f"a campaign gave a block of {len(rows)} phones instead of {SIZE}")
                    costs.append(cost)
            if met["updates"] < blocks:
                raise RuntimeError(f"the other session made no more than {met['updates']} updates during the pass")
            passes.append(sum(costs, Cost(0.0, 0.0)).busy)
            waits.append(met["longest_ms"])
        for _ in range(blocks, FEWEST_BLOCKS):
            _take(session, ids[0])
    over = f"{blocks} campaigns" if blocks > 1 else "the one campaign"
    yield at_most(
        f"one pass with caps on: up to {SIZE:,} phones from {over}".replace(",", " "),
        place.name,
        median(passes),
        MOST_MILLISECONDS if place.base.clients >= CLIENTS_OF_TARGET else None,
    )
    yield at_most(
        "the same: longest wait of a session that updates other clients by key",
        place.name,
        median(waits),
        MOST_WAIT_MILLISECONDS,
    )


def _take_back(session: Session, campaign_ids: list[int]) -> None:
    for campaign_id in campaign_ids:
        session.run(RECALL, campaign=campaign_id, now=NOW)
    session.run("ANALYZE core.dial_class")
    session.vacuum(*TOUCHED)


def _take(session: Session, campaign_id: int) -> list[Any]:
    return session.run(TAKE, campaign=campaign_id, now=NOW)


@contextmanager
def bystander(place: Place, client_ids: list[int]) -> Iterator[dict[str, Any]]:
    """benchmarks/bystander.py, at work on these clients meanwhile; what it met is in the dictionary afterwards."""
    met: dict[str, Any] = {}
    server = place.server
    where = server.connect(place.database)
    told = {
        "host": where.info.host,
        "port": where.info.port,
        "user": where.info.user,
        "password": server.password,
        "dbname": place.database,
        "client_ids": client_ids,
    }
    where.close()
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.bystander"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None  # noqa: S101 - asked for above
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()
        process.stdout.readline()
        yield met
        process.stdin.close()
        met.update(json.loads(process.stdout.readline()))
