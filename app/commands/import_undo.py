"""`acm import undo LOAD`: take back what a load brought and changed."""

from __future__ import annotations

import getpass
import json
import sys
from dataclasses import asdict

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TimeElapsedColumn
from rich.table import Table

from app.database.engine import create_engine
from app.errors import AcmError
from app.i18n import gettext as _
from app.importing.undo import UndoPreview, UndoResult, preview, undo_load
from app.importing.undo_words import KEPT
from app.log import setup_logging


@click.command("undo")
@click.argument("batch_id", metavar="LOAD", type=int)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
@click.option(
    "--json", "as_json", is_flag=True, help="One JSON object instead of text and a progress bar; asks nothing."
)
def undo(batch_id: int, yes: bool, dry_run: bool, as_json: bool) -> None:
    """Undo the LOAD with this number, as long as none of its phones was dialled.

    Clients and phones that it brought go; known clients get back what it changed; who must stay is named in its
    journal. One that was broken off is carried on by the same command.
    """
    setup_logging("acm import")
    engine = create_engine(program="acm import")
    with engine.connect() as connection:
        found = preview(connection, batch_id)
    if dry_run:
        _show(found, as_json)
        return
    if not (yes or as_json):
        _show(found, False)
        if not click.confirm(_("Undo the load %(batch)s?", batch=batch_id)):
            raise AcmError(_("Nothing was undone."))
    if as_json or not sys.stderr.isatty():
        result = undo_load(engine, batch_id, by=getpass.getuser())
    else:
        columns = (BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=None)
            result = undo_load(
                engine, batch_id, by=getpass.getuser(),
                on_progress=lambda gone, total: bar.update(task, completed=gone, total=total),
            )  # fmt: skip
    _tell(result, as_json)


def _show(found: UndoPreview, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(found)))
        return
    rows = [
        (_("Clients that go"), found.clients),
        (_("Phones that go"), found.phones),
        (_("Known clients that get back what was changed"), found.restored),
        (_("Clients that stay"), sum(found.kept.values())),
        *((f"  {_(KEPT[reason])}", count) for reason, count in sorted(found.kept.items())),
    ]
    _print(rows)


def _tell(result: UndoResult, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(result), ensure_ascii=False))
        return
    rows = [
        (_("Clients that went"), result.clients_undone),
        (_("Phones that went"), result.phones_undone),
        (_("Known clients that got back what was changed"), result.clients_restored),
        (_("Clients that stay"), result.clients_kept),
    ]
    _print(rows)
    Console(soft_wrap=True).print(result.message, highlight=False)


def _print(rows: list[tuple[str, int]]) -> None:
    table = Table.grid(padding=(0, 2))
    for name, count in rows:
        table.add_row(name, f"{count:,}")
    Console().print(table)
