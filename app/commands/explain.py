"""`acm explain`: why the phones of a client are, or are not, dialled now."""

from __future__ import annotations

import json
from typing import Any

import click
import sqlalchemy as sa
from rich.console import Console
from rich.markup import escape

from app import clock
from app.admin.reasons import Explanation, explain_phone
from app.campaigns import find_campaign
from app.database.engine import create_engine
from app.errors import AcmError
from app.frame.formats import moment
from app.i18n import gettext as _
from app.models.contact import Client, Phone
from app.settings import get_settings


def _engine() -> sa.Engine:
    return create_engine(program="acm explain")


@click.command()
@click.argument("client")
@click.option("--campaign", "campaign_code", required=True, help="Code of the campaign.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object; moments are UTC.")
def explain(client: str, campaign_code: str, as_json: bool) -> None:
    """Say, rule by rule, why each phone of the client with the form number CLIENT is, or is not, dialled now."""
    now = clock.now()
    with _engine().connect() as connection:
        told = [
            (phone, explanation)
            for phone in _phones(connection, client, campaign_code)
            if (explanation := explain_phone(connection, phone.phone_id, now, get_settings().language)) is not None
        ]
    if as_json:
        click.echo(json.dumps({"client": client, "at": now.isoformat(), "phones": [_body(*one) for one in told]},
                              ensure_ascii=False))  # fmt: skip
        return
    for phone, explanation in told:
        _show(Console(highlight=False), phone, explanation)


def _phones(connection: sa.Connection, code: str, campaign_code: str) -> list[Any]:
    campaign_id = find_campaign(connection, campaign_code).campaign_id
    client_id = connection.scalar(
        sa.select(Client.client_id).where(
            Client.campaign_id == campaign_id, Client.client_code_key == code.strip().upper()
        )
    )
    if client_id is None:
        raise AcmError(_("There is no client %(code)s in this campaign.", code=code))
    return list(
        connection.execute(
            sa.select(Phone.phone_id, Phone.number).where(Phone.client_id == client_id).order_by(Phone.phone_id)
        )
    )


def _body(phone: Any, told: Explanation) -> dict[str, Any]:
    def at(value: Any) -> str | None:
        return value.isoformat() if value else None

    return {
        "number": phone.number, "is_dialable": told.is_dialable, "reason_code": told.reason_code,
        "reason": told.reason, "next_at": at(told.next_at),
        "rules": [
            {
                "rule_code": rule.code, "rule": rule.words, "is_passed": rule.is_passed, "is_binding": rule.is_binding,
                "passes_at": at(rule.passes_at), "detail": rule.detail or None,
            }
            for rule in told.rules
        ],
    }  # fmt: skip


def _show(console: Console, phone: Any, told: Explanation) -> None:
    console.print(f"[bold]{phone.number}[/]: {escape(told.reason)}")
    if not told.is_dialable:
        console.print(f"  {_('May be dialled')}: {moment(told.next_at) or _('not by time alone')}")
    for rule in told.rules:
        mark = "[green]✓[/]" if rule.is_passed else "[red]✗[/]"
        words = escape(" ".join(part for part in (rule.words, rule.detail) if part))
        until = f" ({_('until %(at)s', at=moment(rule.passes_at))})" if rule.passes_at else ""
        console.print(f"  {mark} {words}{until}{' ← ' + _('the reason') if rule.is_binding else ''}", soft_wrap=True)
    console.print()
