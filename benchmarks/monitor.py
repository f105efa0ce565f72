"""What a screen of the monitor asks the database for (spec: one screen under 100 ms)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

from sqlalchemy import Connection, text

from app.admin import campaign_data
from benchmarks.base import NOW
from benchmarks.place import Place
from benchmarks.report import Row, at_most
from benchmarks.session import Cost

MOST_MILLISECONDS = 100.0


def overview(connection: Connection, campaign_id: int) -> object:
    """All campaigns at a glance."""
    return connection.execute(text("SELECT o.* FROM dialing.campaign_overview AS o")).all()


def counts(connection: Connection, campaign_id: int) -> object:
    """Clients of all campaigns by segment and status."""
    return connection.execute(text("SELECT n.* FROM contacts.client_status_count AS n")).all()


def monitor(connection: Connection, campaign_id: int) -> object:
    """Everything on the live monitor of one campaign."""
    begin = NOW - timedelta(hours=1)
    return (
        campaign_data.monitor(connection, campaign_id, NOW),
        campaign_data.segments(connection, campaign_id),
        campaign_data.clients_by_status(connection, campaign_id),
        campaign_data.results(connection, campaign_id, begin, NOW),
        campaign_data.pace(connection, campaign_id, 60, NOW),
    )


SCREENS: list[tuple[str, Callable[[Connection, int], object]]] = [
    ("monitor of one campaign, the whole screen", monitor),
    ("all campaigns at a glance", overview),
    ("clients of all campaigns by segment and status", counts),
]


def measure(place: Place) -> Iterator[Row]:
    """Each screen of each campaign in turn."""
    for what, ask in SCREENS:
        with place.session() as session, session.sqlalchemy() as connection:
            costs: list[Cost] = []
            for turn in range(place.runs):
                campaign_id = place.base.campaign_ids[turn % place.base.campaigns]
                cost, _ = session.measured(ask, connection, campaign_id)
                costs.append(cost)
        yield at_most(what, place.name, Cost.median(costs).busy, MOST_MILLISECONDS)
