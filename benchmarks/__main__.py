"""`make bench [SIZES=50000,1000000]`: what taking a block costs, as ratios taken in one run on one machine.

Prints a table, writes it as JSON (var/bench.json), and with --strict ends with 1 when a target is missed.
"""

from __future__ import annotations

import json
import os
import platform
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from app.campaigns import create_campaign
from app.database.embedded import NOT_DURABLE, EmbeddedPostgres
from app.database.engine import create_engine
from benchmarks.base import NOW, STRATEGY, Base, build, check
from benchmarks.block import SIZES, BlockCost, add_idle_classes, measure, remove_idle_classes
from benchmarks.session import Session

MOST_OF_FLOOR = 3.0  # quality.md: a block of 1,000 phones costs at most so many times the floor
MOST_GROWTH = 1.5  # the same as the base grows
MOST_IDLE_MILLISECONDS = 100.0  # 2,000 classes that have nothing ready


@dataclass(frozen=True)
class Row:
    """One line of the table. figure and floor in milliseconds; target and verdict empty where there is none."""

    what: str
    base: str
    figure: float
    floor: float | None
    ratio: float | None
    target: str
    is_met: bool | None


@contextmanager
def _server() -> Iterator[EmbeddedPostgres]:
    with tempfile.TemporaryDirectory(prefix="acm-bench-") as folder:
        Path(folder).chmod(0o755)
        settings = {**NOT_DURABLE, "autovacuum": "off", "shared_buffers": "2GB", "max_wal_size": "8GB"}
        with EmbeddedPostgres(Path(folder) / "postgresql", settings=settings) as server:
            yield server


def _name(base: Base) -> str:
    return f"{base.clients:,} clients, {base.campaigns} campaign{'s' if base.campaigns > 1 else ''}".replace(
        ",", " ", 1
    )


def _measure_base(server: EmbeddedPostgres, clients: int, campaigns: int, runs: int, console: Console) -> list[Row]:
    database = f"bench_{clients}_{campaigns}"
    engine = create_engine(server.create_database(database), program="acm bench")
    base = build(engine, clients, campaigns, console.print)
    with engine.begin() as connection:
        wrong = check(connection)
        # Base.stopped_campaign: a block is rolled back, so its commit is measured on a campaign that gives none.
        create_campaign(
            connection,
            code="STOPPED",
            name="Stopped",
            zone_code="Europe/Moscow",
            strategy=STRATEGY,
            created_by="bench",
            now=NOW,
        )
    engine.dispose()
    if any(wrong.values()):
        raise SystemExit(f"the base is not sound: {wrong}")
    name = _name(base)
    console.print(f"{name}: {base.phones} phones, {base.classes} classes, made in {base.built_seconds} s")
    rows = []
    costs: dict[int, BlockCost] = {}
    for size in SIZES:
        cost = costs[size] = measure(server, database, base, size, runs)
        has_target = size == max(SIZES)
        rows.append(
            Row(
                f"take a block of {size}",
                name,
                cost.block.busy,
                cost.floor.busy,
                cost.ratio,
                f"≤ {MOST_OF_FLOOR:g} × floor" if has_target else "",
                cost.ratio <= MOST_OF_FLOOR if has_target else None,
            )
        )
    with Session(server, database) as session:
        add_idle_classes(session, base)
    alone = Base(**{**asdict(base), "campaign_ids": base.campaign_ids})
    with_idle = measure(server, database, alone, max(SIZES), runs)
    with Session(server, database) as session:
        remove_idle_classes(session)
    more = with_idle.block.busy - costs[max(SIZES)].block.busy
    rows.append(
        Row(
            "the same with 2 000 classes that have nothing ready: more by",
            name,
            more,
            None,
            None,
            f"≤ {MOST_IDLE_MILLISECONDS:g} ms",
            more <= MOST_IDLE_MILLISECONDS,
        )
    )
    server.drop_database(database)
    return rows


def _growth(rows: list[Row]) -> list[Row]:
    """The first row of each base against the same row of the smallest base with as many campaigns."""
    found: dict[str, Row] = {}
    grown = []
    for row in rows:
        if row.what != f"take a block of {max(SIZES)}":
            continue
        kind = row.base.split(", ")[1]
        first = found.setdefault(kind, row)
        if row is not first:
            ratio = row.figure / first.figure
            what = f"take a block of {max(SIZES)}, against {first.base.split(', ')[0]}"
            target = f"≤ {MOST_GROWTH:g} × itself"
            grown.append(Row(what, row.base, row.figure, first.figure, ratio, target, ratio <= MOST_GROWTH))
    return grown


def _show(rows: list[Row], console: Console) -> None:
    table = Table("What", "Base", "ms", "Floor, ms", "Ratio", "Target", "Verdict")
    for place in (2, 3, 4):
        table.columns[place].justify = "right"
    for row in rows:
        verdict = "" if row.is_met is None else "[green]met[/]" if row.is_met else "[red]missed[/]"
        floor = "" if row.floor is None else f"{row.floor:.1f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        table.add_row(row.what, row.base, f"{row.figure:.1f}", floor, ratio, row.target, verdict)
    console.print(table)


@click.command()
@click.option("--sizes", default="50000,1000000", show_default=True, help="Clients of the bases, with commas between.")
@click.option("--campaigns", default=30, show_default=True, type=click.IntRange(2), help="Campaigns of a base.")
@click.option("--runs", default=30, show_default=True, type=click.IntRange(3), help="Runs behind each median.")
@click.option("--one-campaign/--no-one-campaign", default=True, help="Measure each base once more all in one campaign.")
@click.option("--json", "json_path", default="var/bench.json", type=click.Path(path_type=Path), help="Where JSON goes.")
@click.option("--strict", is_flag=True, help="Exit code 1 when a target is missed.")
def bench(sizes: str, campaigns: int, runs: int, one_campaign: bool, json_path: Path, strict: bool) -> None:
    """Measure dialing.block_take against its floor. Milliseconds are those that the server was busy, medians."""
    console = Console(width=max(Console().width, 150))
    rows: list[Row] = []
    with _server() as server:
        for count in (campaigns, 1) if one_campaign else (campaigns,):
            for clients in sorted(int(size) for size in sizes.split(",")):
                rows += _measure_base(server, clients, count, runs, console)
    rows += _growth(rows)
    _show(rows, console)
    machine = {"processors": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version()}
    json_path.parent.mkdir(parents=True, exist_ok=True)
    body = {"measured_at": datetime.now(UTC).isoformat(timespec="seconds"), "machine": machine}
    json_path.write_text(json.dumps({**body, "rows": [asdict(row) for row in rows]}, ensure_ascii=False, indent=1))
    if strict and not all(row.is_met in (None, True) for row in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    bench()
