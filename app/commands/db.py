"""`acm db`: the tables and the objects of sql/ on the server."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from app.database.engine import create_engine
from app.i18n import gettext as _

_STYLES = {"current": "green", "not ours": "dim"}


@click.group()
def db() -> None:
    """Tables, procedures and views on the server."""


@db.command()
@click.option("--overwrite", multiple=True, metavar="NAME", help="Lose the change made on the server to this object.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
def upgrade(overwrite: tuple[str, ...], quiet: bool) -> None:
    """Bring the database to this release, all or nothing."""
    from app.database.deploy import upgrade as run

    say = (lambda line: None) if quiet else (lambda line: click.echo(f"  {line}"))
    report = run(create_engine(program="acm db"), overwrite, progress=say)
    for name in report.left_alone:
        click.echo(
            _("%(name)s was changed on the server by hand and is left alone: see `acm sql diff %(name)s`.", name=name),
            err=True,
        )
    if not quiet:
        click.echo(_(
            "The database is at revision %(revision)s: %(created)s objects created, %(replaced)s replaced,"
            " %(dropped)s dropped, %(unchanged)s unchanged.",
            revision=report.revision, created=len(report.created), replaced=len(report.replaced),
            dropped=len(report.dropped), unchanged=report.unchanged,
        ))  # fmt: skip


@db.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def status(as_json: bool) -> None:
    """Compare the server with the files. Exit code 1 when they differ."""
    from app.database.deploy import status as read

    found = read(create_engine(program="acm db"))
    if as_json:
        rows: list[dict[str, Any]] = [dataclasses.asdict(item) for item in found.objects]
        body = {"is_current": found.is_current, "revision": found.revision, "head": found.head, "objects": rows}
        click.echo(json.dumps(body, ensure_ascii=False, default=str))
    else:
        table = Table(
            _("Object"), _("Kind"), _("Version"), _("On the server"), _("Deployed (UTC)"), _("By"), _("State")
        )
        for item in found.objects:
            moment = f"{item.deployed_at:%Y-%m-%d %H:%M}" if item.deployed_at else ""
            state = f"[{_STYLES.get(item.state, 'yellow')}]{_(item.state)}[/]"
            table.add_row(item.name, _(item.kind), item.version, item.deployed_version, moment, item.deployed_by, state)
        console = Console()
        console.width = max(console.width, 130)  # names are not to be broken, also into a file
        console.print(table)
        click.echo(_("Tables: revision %(revision)s of %(head)s.", revision=found.revision or "-", head=found.head))
    if not found.is_current:
        raise SystemExit(1)


@db.command()
@click.argument("revision")
@click.option("--yes", is_flag=True, help="Do not ask.")
def downgrade(revision: str, yes: bool) -> None:
    """Take the tables back to REVISION ("base": none). Objects of sql/ go; the older release brings its own."""
    from app.database.deploy import downgrade as run

    if not yes:
        click.confirm(
            _("Tables and columns newer than %(revision)s are lost with their data. Go on?", revision=revision),
            abort=True,
        )
    dropped = run(create_engine(program="acm db"), revision)
    click.echo(
        _(
            "The tables are at revision %(revision)s; %(count)s objects were dropped.",
            revision=revision,
            count=len(dropped),
        )
    )
