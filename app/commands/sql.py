"""`acm sql`: the files of sql/ and what they are on a server."""

from __future__ import annotations

import sys

import click

from app.errors import AcmError
from app.i18n import gettext as _

_ENGINES = click.Choice(["postgresql", "mssql"])


@click.group()
def sql() -> None:
    """Procedures, functions and views under sql/."""


@sql.command()
@click.argument("name")
@click.option("--engine", type=_ENGINES, help="Default: the engine of ACM_DATABASE_URL.")
def show(name: str, engine: str | None) -> None:
    """Print the object as it is put on a server."""
    from app.database.deploy.objects import wanted

    objects = wanted(engine or _engine_name())
    if name.lower() not in objects:
        raise AcmError(_("There is no object %(name)s in sql/.", name=name), _("Names are like dialing.block_take."))
    click.echo(objects[name.lower()].script, nl=False)


@sql.command()
@click.argument("name")
def diff(name: str) -> None:
    """Show how the object on the server differs from the file. Exit code 1 when it does."""
    from app.database.deploy.pull import diff as compare
    from app.database.engine import create_engine

    text = compare(create_engine(program="acm sql"), name)
    click.echo(text, nl=False)
    if text:
        raise SystemExit(1)


@sql.command()
@click.argument("name")
def pull(name: str) -> None:
    """Bring a change made on the server by hand into the file."""
    from app.database.deploy.pull import pull as bring
    from app.database.engine import create_engine

    done = bring(create_engine(program="acm sql"), name)
    if done.is_verified:
        click.echo(
            _("%(file)s now says what the server does. Look at it with `git diff`, then commit it.", file=done.file)
        )
        return
    raise AcmError(
        _("%(name)s was not changed: %(reason)s.", name=name, reason=done.reason.rstrip(".")),
        _("The server's text is in %(file)s.", file=done.file),
    )


@sql.command()
@click.option("--engine", type=_ENGINES, help="Default: the engine of ACM_DATABASE_URL.")
def bundle(engine: str | None) -> None:
    """Print one script with all objects, for a DBA without Python."""
    from app.database.deploy.bundle import bundle as make

    click.echo(make(engine or _engine_name()), nl=False)


@sql.command()
@click.option("--no-style", is_flag=True, help="House rules only, without sqlfluff.")
def lint(no_style: bool) -> None:
    """Check the files. Exit code 1 when something is wrong."""
    from app.database.deploy.lint import lint as check

    problems = check(style=not no_style)
    for problem in problems:
        click.echo(str(problem))
    if problems:
        click.echo(_("%(count)s problems.", count=len(problems)), err=True)
        sys.exit(1)


@sql.command(name="map")
def map_() -> None:
    """Print the page docs/sql-map.md: which screen or job uses which object and tables."""
    from app.database.deploy.map import sql_map

    click.echo(sql_map(), nl=False)


def _engine_name() -> str:
    from app.settings import get_settings

    url = get_settings().database_url.get_secret_value()
    return "mssql" if url.startswith("mssql") else "postgresql"
