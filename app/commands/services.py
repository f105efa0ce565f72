"""`acm service`: what the services do, and running one of them now."""

from __future__ import annotations

import getpass
import json
import os
import sys
from typing import Any

import click
import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from app.campaigns import find_campaign
from app.database.engine import create_engine
from app.errors import AcmError
from app.i18n import gettext as _
from app.log import setup_logging
from app.models.ops import Service, ServiceRun, ServiceSchedule
from app.procedures import ops
from app.settings import get_settings

STATES = {1: "queued", 2: "running", 3: "done", 4: "failed", 5: "lost", 6: "cancelled"}


@click.group()
def service() -> None:
    """Services: import, statuses, dialer synchronisation and the others, with their schedules and runs."""


@service.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of a table.")
def list_services(as_json: bool) -> None:
    """Show the services, their schedules and their last runs. Times are UTC."""
    from jobs.services import SERVICES

    with create_engine(program="acm service").connect() as connection:
        rows = _read(connection)
    if as_json:
        body = [
            dict(row._mapping) | {"state": STATES.get(row.state_id), "is_built": row.code in SERVICES} for row in rows
        ]
        click.echo(json.dumps({"services": body}, ensure_ascii=False, default=str))
        return
    language = get_settings().language
    headings = (_("Code"), _("Service"), _("On"), _("Schedule"), _("Next run"), _("Last run"), _("State"), _("Error"))
    table = Table(*headings)
    for place in (0, 3, 4, 5):
        table.columns[place].no_wrap = True
    for row in rows:
        table.add_row(
            row.code,
            row.name if language == "ru" else row.name_en,
            "[green]✓[/]" if row.is_enabled else "",
            row.cron or "",
            _moment(row.next_run_at),
            _moment(row.started_at or row.planned_at),
            STATES.get(row.state_id, "") if row.code in SERVICES else _("not in this release"),
            row.error or "",
        )
    Console().print(table)


def _read(connection: sa.Connection) -> Any:
    last = (
        sa.select(ServiceRun.service_id, sa.func.max(ServiceRun.run_id).label("run_id"))
        .group_by(ServiceRun.service_id)
        .subquery()
    )
    columns = (
        Service.code,
        Service.name,
        Service.name_en,
        Service.is_enabled,
        Service.timeout_seconds,
        ServiceSchedule.cron,
        Service.next_run_at,
        ServiceRun.run_id,
        ServiceRun.state_id,
        ServiceRun.planned_at,
        ServiceRun.started_at,
        ServiceRun.finished_at,
        ServiceRun.counts,
        ServiceRun.error,
    )
    return connection.execute(
        sa.select(*columns)
        .select_from(Service)
        .outerjoin(ServiceSchedule, ServiceSchedule.schedule_id == Service.schedule_id)
        .outerjoin(last, last.c.service_id == Service.service_id)
        .outerjoin(ServiceRun, ServiceRun.run_id == last.c.run_id)
        .order_by(Service.service_id)
    ).all()


def _moment(value: Any) -> str:
    return value.strftime("%d.%m.%Y %H:%M:%S") if value else ""


@service.command("run")
@click.argument("code")
@click.option("--campaign", "campaign_code", help="Code of a campaign: run for it alone.")
@click.option("--queue", "only_queue", is_flag=True, help="Leave it to a worker and return at once.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with the outcome.")
def run_service(code: str, campaign_code: str | None, only_queue: bool, as_json: bool) -> None:
    """Run the service CODE now, whatever its schedule says. Exit code 1 when it fails.

    The run is claimed and recorded as any other, so it never meets one that a worker executes.
    """
    from jobs import services
    from jobs.run import Run, perform

    services.load(code)
    setup_logging("acm service")
    engine = create_engine(program="acm service")
    with engine.begin() as connection:
        campaign_id = _campaign_id(connection, campaign_code)
        asked = ops.run_request(connection, code, requested_by=_user(), campaign_id=campaign_id)
    if only_queue:
        _tell(as_json, {"run_id": asked.run_id, "state": "queued"}, _("Run %(id)s is queued.", id=asked.run_id))
        return
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=as_json or not sys.stderr.isatty(),
    ) as bar:
        task = bar.add_task(code, total=None)

        def show(run: Run) -> None:
            bar.update(task, completed=run.done, total=run.total)

        outcome = perform(engine, asked.run_id, show)
    if outcome.state == "refused":
        raise AcmError(
            _("Run %(id)s of this service is already at work in another process.", id=asked.run_id),
            _("Wait for its end: `acm service list` shows it."),
        )
    counts = ", ".join(f"{name} {number}" for name, number in outcome.counts.items())
    body = {"run_id": outcome.run_id, "state": outcome.state, "counts": outcome.counts, "error": outcome.error or None}
    if outcome.state != "done":
        if as_json:
            click.echo(json.dumps(body, ensure_ascii=False))
        raise AcmError(outcome.error)
    _tell(as_json, body, _("Done: %(counts)s", counts=counts or "-"))


def _user() -> str:
    """Who calls, for the record of the run."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # an account without a name, as in a container
        return f"uid {os.getuid()}"


def _campaign_id(connection: sa.Connection, code: str | None) -> int | None:
    return None if code is None else int(find_campaign(connection, code).campaign_id)


def _tell(as_json: bool, body: dict[str, Any], words: str) -> None:
    click.echo(json.dumps(body, ensure_ascii=False) if as_json else words)
