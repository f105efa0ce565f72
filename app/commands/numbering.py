"""`acm numbering`: the numbering plan of the registry, from which phones get their zones."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from sqlalchemy import Engine

from app.database.engine import create_engine
from app.errors import AcmError
from app.i18n import gettext as _
from app.log import setup_logging
from app.numbering.plan import (
    LoadSummary,
    describe_reason,
    find_number,
    load_plan,
    read_status,
    update_phones,
)

#: Unknown regions that a summary names; the rest is a number.
SHOWN_UNKNOWN = 20


@click.group()
def numbering() -> None:
    """The numbering plan: which region and zone a number belongs to."""


@numbering.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
@click.option(
    "--update-phones",
    "with_phones",
    is_flag=True,
    help="Also bring the zones of phones that are loaded in line with it.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text and a progress bar.")
def load(files: tuple[Path, ...], with_phones: bool, as_json: bool) -> None:
    """Load FILEs of the numbering registry (ABC-3xx.csv, ABC-4xx.csv, ABC-8xx.csv, DEF-9xx.csv).

    The ranges of the codes in them take the place of those that were there. All or nothing: a file with a mistake
    changes nothing, and the exit code is 1.
    """
    setup_logging("acm numbering")
    engine = create_engine(program="acm numbering")
    if as_json or not sys.stderr.isatty():
        summary = load_plan(engine, files)
        phones = _update(engine, None) if with_phones else None
    else:
        columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            tasks = {"read": bar.add_task(_("reading"), total=None), "write": bar.add_task(_("writing"), total=None)}
            summary = load_plan(
                engine, files, lambda step, done, total: bar.update(tasks[step], completed=done, total=total)
            )
            phones = _update(engine, bar) if with_phones else None
    if as_json:
        body = asdict(summary) | ({"clients_checked": phones[0], "phones_changed": phones[1]} if phones else {})
        click.echo(json.dumps(body, ensure_ascii=False))
    else:
        _show(summary, phones)


def _update(engine: Engine, bar: Progress | None) -> tuple[int, int]:
    if bar is None:
        return update_phones(engine)
    task = bar.add_task(_("phones"), total=None)

    def advance(checked: int, changed: int) -> None:
        bar.update(task, description=_("clients %(count)s", count=f"{checked:,}"))

    return update_phones(engine, on_progress=advance)


def _show(summary: LoadSummary, phones: tuple[int, int] | None) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_row(_("Codes"), f"{len(summary.codes):,}")
    table.add_row(_("Ranges loaded"), f"{summary.ranges:,}")
    table.add_row(_("Ranges replaced"), f"{summary.ranges_replaced:,}")
    table.add_row(
        _("Ranges with a zone"), f"{summary.ranges_with_zone:,} ({_share(summary.ranges_with_zone, summary.ranges)})"
    )
    for code, count in summary.reasons.items():
        table.add_row(_("Without a zone: %(reason)s", reason=describe_reason(code)), f"{count:,}")
    if phones:
        table.add_row(_("Clients looked at"), f"{phones[0]:,}")
        table.add_row(_("Phones whose zone changed"), f"{phones[1]:,}")
    console = Console(soft_wrap=True)
    console.print(table)
    if summary.unknown:
        names = [f"«{text}» ({count})" for text, count in list(summary.unknown.items())[:SHOWN_UNKNOWN]]
        rest = len(summary.unknown) - len(names)
        more = f" {_('and %(count)s more', count=rest)}" if rest else ""
        console.print(_("Regions that are not known: %(names)s.", names=", ".join(names) + more), highlight=False)


@numbering.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def status(as_json: bool) -> None:
    """Say what the plan in force holds, and when it was loaded."""
    with create_engine(program="acm numbering").connect() as connection:
        found = read_status(connection)
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False, default=str))
        return
    if not found.ranges:
        click.echo(_("No numbering plan is loaded: acm numbering load FILE…"))
        return
    table = Table.grid(padding=(0, 2))
    table.add_row(_("Codes"), f"{found.codes:,}")
    table.add_row(_("Ranges"), f"{found.ranges:,}")
    table.add_row(
        _("Ranges with a zone"), f"{found.ranges_with_zone:,} ({_share(found.ranges_with_zone, found.ranges)})"
    )
    table.add_row(_("Numbers"), f"{found.numbers:,}")
    table.add_row(
        _("Numbers with a zone"), f"{found.numbers_with_zone:,} ({_share(found.numbers_with_zone, found.numbers)})"
    )
    table.add_row(_("Latest load (UTC)"), f"{found.loaded_at:%d.%m.%Y %H:%M:%S}" if found.loaded_at else "")
    for zone, count in found.zones.items():
        table.add_row(f"  {zone}", f"{count:,}")
    for code, count in found.reasons.items():
        table.add_row(_("Without a zone: %(reason)s", reason=describe_reason(code)), f"{count:,}")
    Console(soft_wrap=True).print(table)


@numbering.command()
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text.")
def find(number: str, as_json: bool) -> None:
    """Say what the plan knows of NUMBER. Exit code 1 when it knows nothing."""
    with create_engine(program="acm numbering").connect() as connection:
        found = find_number(connection, number)
    if found is None:
        raise AcmError(
            _("The numbering plan does not have %(number)s.", number=number),
            _("Russian numbers have ten digits, or eleven with 7 or 8 before them. See: acm numbering status."),
        )
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    table = Table.grid(padding=(0, 2))
    table.add_row(_("Range"), f"{found.first} - {found.last}")
    table.add_row(_("Operator"), found.operator)
    table.add_row(_("Region"), found.region or found.region_text)
    if found.region and found.region != found.region_text:
        table.add_row(_("In the registry"), found.region_text)
    if found.zone:
        table.add_row(_("Time zone"), found.zone)
    else:
        table.add_row(_("Time zone"), _("none: %(reason)s", reason=describe_reason(found.reason or "")))
    Console(soft_wrap=True).print(table, highlight=False)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
