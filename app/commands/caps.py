"""`acm cap`: frequency caps, how often somebody may be called."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from app.caps import change_cap, obey_cap, read_caps
from app.database.engine import create_engine
from app.errors import AcmError
from app.i18n import gettext as _
from app.settings import get_settings

BY = "acm cap"
_DAY = click.DateTime(["%Y-%m-%d", "%d.%m.%Y"])


def _engine() -> Engine:
    return create_engine(program="acm cap")


@click.group()
def cap() -> None:
    """Frequency caps: how often somebody may be called. What is let go is dialled from the next block on."""


@cap.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def list_caps(as_json: bool) -> None:
    """Show all rules, and which campaigns obey them."""
    with _engine().connect() as connection:
        rows = read_caps(connection)
    if as_json:
        click.echo(json.dumps({"caps": [asdict(row) for row in rows]}, ensure_ascii=False, default=str))
        return
    language = get_settings().language
    table = Table(_("Code"), _("Name"), _("Calls allowed"), _("First day"), _("Last day"), _("On"), _("Campaigns"))
    for row in rows:
        table.add_row(
            row.code,
            row.name if language == "ru" else row.name_en,
            "" if row.limit_value is None else str(row.limit_value),
            f"{row.valid_from:%d.%m.%Y}" if row.valid_from else "",
            f"{row.valid_to:%d.%m.%Y}" if row.valid_to else "",
            (_("holds") if row.is_hold else _("only warns")) if row.is_enabled else "",
            ", ".join(row.campaigns),
        )
    Console().print(table)


@cap.command("set")
@click.argument("code")
@click.option("--limit", "limit_value", type=click.IntRange(min=1), help="So many calls are allowed.")
@click.option("--from", "valid_from", type=_DAY, metavar="DATE", help="First day, local.")
@click.option("--to", "valid_to", type=_DAY, metavar="DATE", help="Last day, local.")
@click.option("--hold/--warn", "is_hold", default=None, help="Hold phones back, or only warn in the explanation.")
def set_cap(code: str, **given: Any) -> None:
    """Change the rule CODE for all campaigns that obey it."""
    changes = {
        name: value.date() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value is not None
    }
    if not changes:
        raise AcmError(_("Nothing is said that would change."), _("See: acm cap set --help."))
    _told(change_cap(_engine(), code, changes, by=BY))


@cap.command()
@click.argument("code")
@click.option("--campaign", help="Code of the campaign that is to obey it; without: switch the rule itself on.")
def on(code: str, campaign: str | None) -> None:
    """Let a campaign obey the rule CODE, or switch the rule on for all that do."""
    _switch(code, campaign, True)


@cap.command()
@click.argument("code")
@click.option("--campaign", help="Code of the campaign that is not to obey it; without: switch the rule itself off.")
def off(code: str, campaign: str | None) -> None:
    """Take the rule CODE from a campaign, or switch it off for all that obey it."""
    _switch(code, campaign, False)


def _switch(code: str, campaign: str | None, is_on: bool) -> None:
    if campaign is None:
        _told(change_cap(_engine(), code, {"is_enabled": is_on}, by=BY))
    else:
        _told(obey_cap(_engine(), code, campaign, is_on, by=BY))


def _told(phones: int) -> None:
    click.echo(_("Phones that are held otherwise now: %(count)s.", count=f"{phones:,}"))
