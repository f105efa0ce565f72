"""How fast the machine is at the moment: a fixed piece of work on the server, which no base and no code of ours changes.

Figures of two bases are minutes apart, and a machine with other guests does not keep its speed so long.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator
from dataclasses import replace

from benchmarks.place import Place
from benchmarks.report import Row

#: Making texts, sorting and adding them up: what a block does too, without a table.
_WORK = "SELECT MAX(t.x), COUNT(*) FROM (SELECT md5(n::text) AS x FROM generate_series(1, 40000) AS n ORDER BY 1) AS t"
_SAMPLES = 5


def milliseconds(place: Place) -> float:
    """How long the piece of work takes now, the median of some."""
    with place.session() as session:
        return statistics.median(session.cost(_WORK, {})[0].busy for _ in range(_SAMPLES))


def beside(place: Place, rows: Iterable[Row]) -> Iterator[Row]:
    """The rows as they are measured, each with how fast the machine was around it."""
    before = milliseconds(place)
    for row in rows:
        after = milliseconds(place)
        yield replace(row, machine=(before + after) / 2)
        before = milliseconds(place)


def summary(place: Place, rows: Iterable[Row]) -> Row:
    """How fast the machine was while a base was measured."""
    return Row("the machine: a fixed piece of work", place.name, statistics.median(row.machine or 0.0 for row in rows))
