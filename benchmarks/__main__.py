"""`make bench [SIZES=50000,500000,5000000]`: what ACM costs, as ratios taken in one run on one machine.

Prints a table, writes it as JSON (var/bench.json), and ends with 1 when a target is missed (--no-strict: with 0).
docs/performance.md says what each row measures.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from app.campaigns import create_campaign
from app.database.embedded import NOT_DURABLE, EmbeddedPostgres
from app.database.engine import create_engine
from benchmarks import block, explain, machine, monitor, passes, report, results, screens, statuses, strategy
from benchmarks.base import NOW, STRATEGY, build, check
from benchmarks.place import Place
from benchmarks.report import Row

#: In this order: what a pass leaves out is what results are for.
SUBJECTS = (
    block.measure,
    strategy.measure,
    statuses.measure,
    monitor.measure,
    explain.measure,
    screens.measure,
    passes.measure,
    results.measure,
)
BYTES_OF_CLIENT = 1600
BYTES_OF_SERVER = 1_000_000_000


@click.command()
@click.option("--sizes", default="50000,500000", show_default=True, help="Clients of the bases, with commas between.")
@click.option("--campaigns", default=30, show_default=True, type=click.IntRange(2), help="Campaigns of a base.")
@click.option("--runs", default=20, show_default=True, type=click.IntRange(3), help="Runs behind each median.")
@click.option("--one-campaign/--no-one-campaign", default=True, help="Measure each base once more all in one campaign.")
@click.option("--json", "json_path", default="var/bench.json", type=click.Path(path_type=Path), help="Where JSON goes.")
@click.option("--strict/--no-strict", default=True, help="Exit code 1 when a target is missed.")
def bench(sizes: str, campaigns: int, runs: int, one_campaign: bool, json_path: Path, strict: bool) -> None:
    """Measure ACM against its floors. Milliseconds are those that the server was busy, medians."""
    console = Console(width=max(Console().width, 170))
    wanted = sorted(int(size) for size in sizes.split(","))
    rows: list[Row] = []
    with _server(max(wanted)) as server:
        for clients in wanted:
            for count in (campaigns, 1) if one_campaign else (campaigns,):
                rows += _measure_base(server, clients, count, runs, console)
    rows += report.grown(rows)
    report.show(rows, console)
    report.write(rows, json_path)
    if strict and not all(row.is_met in (None, True) for row in rows):
        raise SystemExit(1)


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
    place = Place(server, database, base, runs)
    console.print(f"{place.name}: {base.phones} phones, {base.classes} classes, made in {base.built_seconds} s")
    rows = []
    for measure in SUBJECTS:
        for row in machine.beside(place, measure(place)):
            console.print(
                f"  {row.what}: {row.figure:.1f} {row.unit}" + (f", ratio {row.ratio:.2f}" if row.ratio else "")
            )
            rows.append(row)
    rows.append(machine.summary(place, rows))
    server.drop_database(database)
    return rows


@contextmanager
def _server(clients: int) -> Iterator[EmbeddedPostgres]:
    """A server of its own under the temporary folder, which is gone afterwards, after Ctrl-C or a kill too."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="acm-bench-") as folder:
        need, free = BYTES_OF_SERVER + clients * BYTES_OF_CLIENT, shutil.disk_usage(folder).free
        if free < need:
            raise SystemExit(f"{folder} has {free / 1e9:.0f} GB free, and {need / 1e9:.0f} are needed. Set TMPDIR.")
        Path(folder).chmod(0o755)
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20
        settings = {
            **NOT_DURABLE,
            "autovacuum": "off",
            "shared_buffers": f"{min(8192, max(256, memory // 4))}MB",
            "max_wal_size": "8GB",
            # What is filled in the transaction that made it is not logged twice (benchmarks/base/fill.py).
            "wal_level": "minimal",
            "max_wal_senders": 0,
        }
        with EmbeddedPostgres(Path(folder) / "postgresql", settings=settings) as server:
            yield server


if __name__ == "__main__":
    bench()
