"""`acm import`: load a file of tasks, carry a broken load on, or look at the first lines of a file."""

from __future__ import annotations

import getpass
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from sqlalchemy import Engine

from app.commands.import_undo import undo
from app.database.engine import create_engine
from app.errors import AcmError
from app.i18n import gettext as _
from app.importing import rejects, templates
from app.importing.loader import LoadProgress, LoadResult, Preview, load_file, preview
from app.log import setup_logging

#: Some lines were not loaded: the load is done, and somebody has to look.
EXIT_REJECTED = 3


class _Import(click.Command):
    """`acm import FILE`, and `acm import undo LOAD`: a file of that name is ./undo."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if args[:1] == ["undo"]:
            return undo.make_context(f"{info_name} undo", args[1:], parent, **extra)
        return super().make_context(info_name, args, parent, **extra)


@click.command("import", cls=_Import)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--campaign", "campaign_code", metavar="CODE", help="Campaign of the lines that name none.")
@click.option("--template", "template_name", metavar="NAME", help="Template that the file was made by.")
@click.option("--encoding", metavar="NAME", help="UTF-8, CP1251 or KOI8-R; without it the template's, else found out.")
@click.option("--restart-finished/--no-restart-finished", "restarts_clients", default=None,
              help="Finished clients start anew, or are only updated. Default: as their campaign says.")  # fmt: skip
@click.option("--corrects", "corrects_batch_id", type=int, metavar="LOAD",
              help="The load whose rejected lines, corrected, are FILE.")  # fmt: skip
@click.option("--resume", "resume_batch_id", type=int, metavar="LOAD", help="Carry this load of the file on.")
@click.option(
    "--preview", "preview_lines", type=click.IntRange(1, 1000), metavar="N", help="Only show the first N lines."
)
@click.option("--rejects", "rejects_path", type=click.Path(path_type=Path, dir_okay=False), metavar="PATH",
              help="Where the lines go that were not loaded. Default: HOME/rejects.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of text and a progress bar.")
def import_file(
    file: Path,
    campaign_code: str | None,
    template_name: str | None,
    encoding: str | None,
    restarts_clients: bool | None,
    corrects_batch_id: int | None,
    resume_batch_id: int | None,
    preview_lines: int | None,
    rejects_path: Path | None,
    as_json: bool,
) -> None:
    """Load FILE: clients and their phones into a campaign.

    Loading the same file again updates and never doubles. A load that was killed is carried on by the same command.
    `acm import undo LOAD` takes a load back.

    Exit codes: 0 everything was loaded, 3 some lines were not (they are in the reject file), 1 nothing could be loaded
    or the load broke off, 2 a wrong option.
    """
    setup_logging("acm import")
    engine = create_engine(program="acm import")
    if preview_lines is not None:
        _show_preview(_read_preview(engine, file, template_name, encoding, preview_lines), as_json)
        return

    def load(on_progress: Progress | None) -> LoadResult:
        task = on_progress.add_task("", total=None, rejected="") if on_progress else None

        def advance(at: LoadProgress) -> None:
            if on_progress is not None and task is not None:
                words = _("rejected: %(count)s", count=at.lines_rejected) if at.lines_rejected else ""
                on_progress.update(
                    task,
                    total=at.bytes_total,
                    completed=at.bytes_done,
                    description=_("line %(line)s", line=f"{at.lines_done:,}"),
                    rejected=words,
                )

        return load_file(
            engine,
            file,
            campaign_code=campaign_code,
            template_name=template_name,
            created_by=getpass.getuser(),
            on_progress=advance,
            resume_batch_id=resume_batch_id,
            encoding=encoding,
            restarts_clients=restarts_clients,
            corrects_batch_id=corrects_batch_id,
        )

    if as_json or not sys.stderr.isatty():
        result = load(None)
    else:
        columns = (
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(),
            TimeRemainingColumn(), TextColumn("[red]{task.fields[rejected]}"),
        )  # fmt: skip
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            result = load(bar)
    path = _save_rejects(engine, result, rejects_path) if result.lines_rejected else None
    if as_json:
        click.echo(json.dumps(asdict(result) | {"rejects": str(path) if path else None}, ensure_ascii=False))
    else:
        _show_result(result, path)
    if result.lines_rejected:
        sys.exit(EXIT_REJECTED)


def _save_rejects(engine: Engine, result: LoadResult, path: Path | None) -> Path:
    try:
        with engine.connect() as connection:
            return rejects.save(connection, result.batch_id, path)
    except OSError as error:
        raise AcmError(
            _("The file was loaded, but the rejected lines could not be written to %(path)s: %(reason)s.",
              path=path or _("HOME/rejects"), reason=error.strerror),
            _("They are in the import journal, load %(batch)s.", batch=result.batch_id),
        ) from error  # fmt: skip


def _show_result(result: LoadResult, rejects_path: Path | None) -> None:
    table = Table.grid(padding=(0, 2))
    rows = (
        (_("Clients loaded"), result.clients_loaded),
        (_("Clients updated"), result.clients_updated),
        (_("Clients blocked"), result.clients_blocked),
        (_("Clients not loaded"), result.clients_rejected),
        (_("Phones loaded"), result.phones_loaded),
        (_("Lines not loaded"), result.lines_rejected),
        (_("Warnings"), result.warnings),
    )
    for name, count in rows:
        table.add_row(name, f"{count:,}")
    console = Console(soft_wrap=True)
    console.print(table)
    seconds = f"{result.seconds:.1f}"
    console.print(_("Load %(batch)s, %(seconds)s s. %(outcome)s", batch=result.batch_id, seconds=seconds,
                    outcome=result.message), highlight=False)  # fmt: skip
    if rejects_path is not None:
        text = _("The lines that were not loaded are in %(path)s: correct them and load that file.", path=rejects_path)
        console.print(text, highlight=False)


def _read_preview(engine: Engine, file: Path, name: str | None, encoding: str | None, lines: int) -> Preview:
    if not name:
        raise AcmError(_("No template was named."), _("Name the template that the file was made by."))
    with engine.connect() as connection:
        template = templates.get(connection, name)
    return preview(file, template, lines, encoding)


def _show_preview(found: Preview, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(found), ensure_ascii=False))
        return
    table = Table("", *(column.removeprefix("contact.") for column in found.columns), _("Rejected"))
    for row in found.rows:
        values = [*row.values, *[""] * len(found.columns)][: len(found.columns)]
        table.add_row(str(row.line_no), *values, row.reason)
    Console().print(table)
