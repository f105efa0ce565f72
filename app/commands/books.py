"""`acm books`: whether what went in is there and what was dialled was allowed."""

from __future__ import annotations

import json

import click
from rich.console import Console
from rich.table import Table

from app.books import BookCheck, read_books
from app.database.engine import create_engine
from app.i18n import gettext as _

# What each check of ops.books says to people.
TITLES = {
    "clients_loaded": "Clients that loads brought in / that are there",
    "phones_loaded": "Phones that loads brought in / that are there",
    "attempts_with_one_result": "Attempts / attempts with one technical result",
    "records_of_blocks": "Records handed over / records out, dialled or returned",
    "phones_out_twice_at_once": "Phones that were out twice at once",
    "clients_with_other_attempts": "Clients whose attempts differ from their attempt rows",
    "phones_with_other_attempts": "Phones whose attempts differ from their attempt rows",
    "attempts_outside_schedule": "Attempts outside of the schedule",
    "phones_in_another_class": "Phones in another class than their facts say",
    "classes_with_another_count": "Classes whose count differs from their phones",
    "statuses_with_another_count": "Statuses whose count differs from their clients",
    "callbacks_in_work_without_record": "Callbacks in work without their record, or the other way round",
    "calls_with_two_agent_results": "Calls with more than one agent result",
}


def show_books(console: Console, checks: list[BookCheck]) -> None:
    """Print the checks as a table."""
    table = Table("", _("Check"), _("Expected"), _("Found"))
    table.columns[2].justify = table.columns[3].justify = "right"
    for check in checks:
        mark = "[green]✓[/]" if check.is_balanced else "[red]✗[/]"
        table.add_row(mark, _(TITLES[check.code]), f"{check.expected:,}", f"{check.found:,}")
    console.print(table)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def books(as_json: bool) -> None:
    """Check that the books balance. Exit code 1 when they do not."""
    with create_engine(program="acm books").connect() as connection:
        checks = read_books(connection)
    balanced = all(check.is_balanced for check in checks)
    if as_json:
        rows = {check.code: {"expected": check.expected, "found": check.found} for check in checks}
        click.echo(json.dumps({"books_balance": balanced, "checks": rows}, ensure_ascii=False))
    else:
        show_books(Console(), checks)
    if not balanced:
        raise SystemExit(1)
