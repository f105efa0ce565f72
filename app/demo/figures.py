"""The figures that the live table, the summary and the JSON line of the demonstration show."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Group
from rich.table import Table
from sqlalchemy import Connection, func, select

from app.i18n import gettext as _
from app.models.contact import Attempt, AttemptOutcome, Client, Phone
from app.models.dialing import Record
from app.models.dictionary import AgentResult, ClientStatus, TechnicalResult
from app.models.strategy import Campaign
from app.settings import get_settings


@dataclass(frozen=True)
class CampaignFigures:
    """One campaign: clients and phones loaded, phones out at the dialer, agents at work, attempts, state ids."""

    code: str
    name: str
    clients: int
    phones: int
    out: int
    agents: int
    attempts: int
    state_id: int
    dialer_state: str


@dataclass(frozen=True)
class Figures:
    """Everything the demonstration shows. Results and statuses: code to (name, count), largest first."""

    campaigns: list[CampaignFigures]
    results: dict[str, tuple[str, int]]
    agent_results: dict[str, tuple[str, int]]
    statuses: dict[str, tuple[str, int]]

    @property
    def attempts(self) -> int:
        return sum(campaign.attempts for campaign in self.campaigns)


def read_figures(connection: Connection) -> Figures:
    """Read them. Counts the whole base, which a demonstration can afford."""

    def by_campaign(column: object) -> dict[int, int]:
        rows = connection.execute(select(column, func.count()).group_by(column))  # type: ignore[call-overload]
        return {row[0]: row[1] for row in rows}

    clients, phones = by_campaign(Client.campaign_id), by_campaign(Phone.campaign_id)
    out, attempts = by_campaign(Record.campaign_id), by_campaign(Attempt.campaign_id)
    campaigns = [
        CampaignFigures(
            code=row.code,
            name=row.name,
            clients=clients.get(row.campaign_id, 0),
            phones=phones.get(row.campaign_id, 0),
            out=out.get(row.campaign_id, 0),
            agents=row.agents_working or 0,
            attempts=attempts.get(row.campaign_id, 0),
            state_id=row.state_id,
            dialer_state=row.dialer_state or "",
        )
        for row in connection.execute(select(Campaign.__table__).order_by(Campaign.campaign_id))
    ]
    return Figures(
        campaigns,
        _named(connection, TechnicalResult, TechnicalResult.technical_result_id, Attempt.technical_result_id),
        _named(connection, AgentResult, AgentResult.agent_result_id, AttemptOutcome.agent_result_id),
        _named(connection, ClientStatus, ClientStatus.status_id, Client.status_id),
    )


def _named(connection: Connection, model: type, key: object, counted: object) -> dict[str, tuple[str, int]]:
    name = model.name if get_settings().language == "ru" else model.name_en  # type: ignore[attr-defined]
    rows = connection.execute(
        select(model.code, name, func.count())  # type: ignore[attr-defined]
        .join(counted.class_, counted == key)  # type: ignore[attr-defined,arg-type]
        .group_by(model.code, name)  # type: ignore[attr-defined]
        .order_by(func.count().desc())
    )
    return {code: (label, count) for code, label, count in rows}


def show(figures: Figures, title: str) -> Group:
    """The live table."""
    campaigns = Table(title=title, title_justify="left", expand=False)
    campaigns.add_column(_("Campaign"))
    for heading in (_("Clients"), _("Phones"), _("Out"), _("Agents"), _("Attempts")):
        campaigns.add_column(heading, justify="right", min_width=8)
    campaigns.add_column("ACM / Cisco")
    for row in figures.campaigns:
        states = f"{_('active') if row.state_id == 2 else _('stopped')} / {row.dialer_state or '—'}"
        numbers = (row.clients, row.phones, row.out, row.agents, row.attempts)
        campaigns.add_row(row.name, *(f"{number:,}".replace(",", " ") for number in numbers), states)
    counts = Table(box=None, padding=(0, 2), show_header=True)
    columns = (
        (_("Call results"), figures.results),
        (_("Agent results"), figures.agent_results),
        (_("Client statuses"), figures.statuses),
    )
    for heading, _rows in columns:
        counts.add_column(heading)
    lists = [
        [f"{count:>7,} {label}".replace(",", " ") for label, count in list(rows.values())[:8]]
        for _heading, rows in columns
    ]
    for number in range(max((len(column) for column in lists), default=0)):
        counts.add_row(*(column[number] if number < len(column) else "" for column in lists))
    return Group(campaigns, counts)
