"""The rows of a run: figure, floor, ratio, target, verdict; as a table and as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """One line of the table. floor and ratio are None where a figure stands alone; is_met where there is no target.

    `most_growth`: how many times its figure on the smallest base the figure may reach on a larger one. `machine`: how
    long a fixed piece of work took on the server just before and after (benchmarks/machine.py).
    """

    what: str
    base: str
    figure: float
    unit: str = "ms"
    floor: float | None = None
    ratio: float | None = None
    target: str = ""
    is_met: bool | None = None
    most_growth: float | None = None
    machine: float | None = None


def at_most(what: str, base: str, figure: float, most: float | None, unit: str = "ms") -> Row:
    """A figure that stands alone, with the most it may be."""
    if most is None:
        return Row(what, base, figure, unit)
    return Row(what, base, figure, unit, target=f"≤ {most:g} {unit}", is_met=figure <= most)


def against(
    what: str, base: str, figure: float, floor: float, most: float | None, most_growth: float | None = None
) -> Row:
    """A figure with its floor, and how many times the floor it may be at most."""
    ratio = figure / floor
    target = "" if most is None else f"≤ {most:g} × floor"
    is_met = None if most is None else ratio <= most
    return Row(what, base, figure, "ms", floor, ratio, target, is_met, most_growth)


def grown(rows: Sequence[Row]) -> list[Row]:
    """What may grow only so much, against the same row of the smallest base of its kind (30 campaigns, or one).

    Milliseconds of the smallest base are those that it would take on the machine as it was when the larger one was
    measured: a machine that has other guests changes its speed within minutes. The row's own floor tells how fast it
    was; where there is none, the fixed piece of work does (benchmarks/machine.py).
    """
    first: dict[tuple[str, str], Row] = {}
    found = []
    for row in rows:
        if row.most_growth is None:
            continue
        kind = row.base.split(", ")[1]
        smallest = first.setdefault((row.what, kind), row)
        if row is smallest:
            continue
        before = smallest.figure
        if row.floor and smallest.floor:
            before *= row.floor / smallest.floor
        elif row.unit == "ms" and row.machine and smallest.machine:
            before *= row.machine / smallest.machine
        ratio = row.figure / before
        found.append(
            Row(
                f"{row.what}: growth since {smallest.base.split(', ')[0]}",
                row.base,
                row.figure,
                row.unit,
                before,
                ratio,
                f"≤ {row.most_growth:g} × itself",
                ratio <= row.most_growth,
            )
        )
    return found


def show(rows: Iterable[Row], console: Console) -> None:
    """Print the table."""
    table = Table("What", "Base", "Figure", "Floor", "Ratio", "Target", "Verdict")
    for place in (2, 3, 4):
        table.columns[place].justify = "right"
    for row in rows:
        verdict = "" if row.is_met is None else "[green]met[/]" if row.is_met else "[red]missed[/]"
        floor = "" if row.floor is None else _number(row.floor)
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.what, row.base, f"{_number(row.figure)} {row.unit}", floor, ratio, row.target, verdict)
    console.print(table)


def write(rows: Sequence[Row], path: Path) -> None:
    """Write the rows as JSON, with when and where they were measured."""
    machine = {"processors": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    body = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "rows": [asdict(row) for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(body, ensure_ascii=False, indent=1))


def _number(value: float) -> str:
    return f"{value:,.0f}".replace(",", " ") if abs(value) >= 1000 else f"{value:.1f}"
