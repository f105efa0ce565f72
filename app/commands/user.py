"""acm user: local accounts from the command line, for the first steps and for who has lost his password."""

from __future__ import annotations

import json
from typing import Any

import click

from app.i18n import gettext as _


def _engine() -> Any:
    from app.database.engine import create_engine

    return create_engine(program="acm user", pool_size=1)


@click.group()
def user() -> None:
    """Users of the web interface."""


@user.command()
@click.argument("username")
@click.option(
    "--group", "-g", "groups", multiple=True, required=True, help="Name of a group, or a role's code; repeatable."
)
@click.option("--last-name")
@click.option("--first-name")
@click.option("--email")
def add(
    username: str, groups: tuple[str, ...], last_name: str | None, first_name: str | None, email: str | None
) -> None:
    """Make a local account and print its one-time password.

    Groups are named in Russian or English, or by the role that they carry: security_administrator,
    campaign_administrator, dictionary_editor, reviewer, monitoring.
    """
    from app.auth import accounts, audit

    with _engine().begin() as connection:
        user_id, password = accounts.add_user(
            connection, username, groups, "acm user", last_name=last_name, first_name=first_name, email=email
        )
        audit.record(
            connection, "user_add", "user", user_id, after={"username": username, "groups": list(groups)},
            username="acm user",
        )  # fmt: skip
    click.echo(_("User %(name)s is made. One-time password: %(password)s", name=username.strip(), password=password))


@user.command()
@click.argument("username")
def password(username: str) -> None:
    """Give a user a new one-time password, lift a lock-out and end his sessions."""
    from app.auth import accounts, audit
    from app.auth.passwords import one_time_password
    from app.errors import AcmError

    with _engine().begin() as connection:
        row = accounts.find_user(connection, username)
        if row.is_from_ad:
            raise AcmError(_("The password of %(name)s is kept by Active Directory.", name=row.username))
        fresh = one_time_password()
        accounts.set_password(connection, row.user_id, fresh, must_change=True)
        audit.record(connection, "password_reset", "user", row.user_id, username="acm user")
    click.echo(_("One-time password of %(name)s: %(password)s", name=row.username, password=fresh))


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="For scripts.")
def list_users(as_json: bool) -> None:
    """Show all users with their groups."""
    from app.auth import accounts

    with _engine().connect() as connection:
        rows = accounts.list_users(connection)
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, default=str, indent=2))
        return
    if not rows:
        click.echo(_("There are no users yet: `acm web` makes the first one."))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold")
    for title in (_("User name"), _("Name"), _("Groups"), _("State"), _("Last sign-in (UTC)")):
        table.add_column(title)
    for row in rows:
        state = _("active") if row["is_active"] else _("switched off")
        if row["is_locked"]:
            state = _("locked out")
        last = f"{row['last_login_at']:%d.%m.%Y %H:%M:%S}" if row["last_login_at"] else "-"
        table.add_row(row["username"], row["full_name"], ", ".join(row["groups"]), state, last)
    Console().print(table)
