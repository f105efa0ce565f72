"""`acm simulator`: the simulated Cisco contact centre as a process of its own."""

from __future__ import annotations

import secrets
import signal
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from app.errors import AcmError
from app.i18n import gettext as _
from app.settings import get_settings

DATABASE = "acm_simulator"


def embedded_database() -> str:
    """URL of the simulator's own database in the embedded PostgreSQL, made when it is missing."""
    import psycopg

    from app.database.embedded import embedded_postgres

    server = embedded_postgres()
    try:
        return server.create_database(DATABASE)
    except psycopg.errors.DuplicateDatabase:
        return server.url(DATABASE)


def kept_password() -> tuple[str, Path]:
    """A password made once and kept in HOME/simulator_password, readable by its owner only; and that path."""
    path = get_settings().resolved_home() / "simulator_password"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18))
    return path.read_text(), path


def read_settings(**given: Any) -> Any:
    """SimulatorSettings from the environment and the command line. Raises AcmError that names a wrong setting."""
    from app.simulator.settings import SimulatorSettings

    try:
        return SimulatorSettings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise AcmError(
            _("The simulator's setting %(name)s is wrong: %(reason)s.", name=name, reason=first["msg"]),
            _("See `acm simulator --settings`."),
        ) from error


def _show_settings(context: click.Context, _parameter: click.Parameter, asked: bool) -> None:
    if not asked:
        return
    from app.simulator.settings import SimulatorSettings

    for name, field in SimulatorSettings.model_fields.items():
        click.echo(f"ACM_SIMULATOR_{name.upper()}\n    {field.description}")
    context.exit()


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on; 0 takes a free one.")
@click.option("--database-url", help="SQLAlchemy URL of its own database; `embedded` is the default.")
@click.option("--agents", type=int, help="How many agents work in it.")
@click.option("--skill-groups", type=int, help="How many skill groups they are dealt to.")
@click.option("--seed", type=int, help="Seed of everything that is random.")
@click.option("--time-zone", help="Zone of the central controller, as in Europe/Moscow.")
@click.option("--user", help="Administrator of its REST resources.")
@click.option("--set", "pairs", multiple=True, metavar="NAME=VALUE", help="Any other setting; lists are JSON.")
@click.option("--settings", is_flag=True, is_eager=True, expose_value=False, callback=_show_settings,
              help="List all settings and exit.")  # fmt: skip
def simulator(pairs: tuple[str, ...], **options: Any) -> None:
    """Run a simulated Cisco contact centre.

    Its password is ACM_SIMULATOR_PASSWORD, or one made at the first start and kept in HOME/simulator_password.
    It runs on the same clock as the application (ACM_CLOCK).
    """
    from app.log import setup_logging
    from app.simulator.server import serve

    setup_logging("acm simulator")
    settings = read_settings(**options, **_pairs(pairs))
    changes: dict[str, Any] = {}
    if not settings.password.get_secret_value():
        changes["password"], path = kept_password()
        click.echo(_("The password of %(user)s is in %(path)s.", user=settings.user, path=path), err=True)
    url = settings.database_url.get_secret_value()
    if url in ("", "embedded"):
        changes["database_url"] = embedded_database()
    settings = read_settings(**{**settings.model_dump(), **changes})
    with serve(settings) as running:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: running.centre.stopping.set())
        click.echo(_("The simulated contact centre listens on %(url)s.", url=running.base_url))
        running.wait()


def _pairs(pairs: tuple[str, ...]) -> dict[str, Any]:
    import json

    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise AcmError(_("--set needs NAME=VALUE, not %(given)s.", given=pair))
        try:
            found[name.strip()] = json.loads(value)
        except json.JSONDecodeError:
            found[name.strip()] = value
    return found
