"""What the explanations and the preview ask the database for (spec: one screen under 100 ms)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sqlalchemy import Connection, text

from app.admin import campaign_data
from app.campaigns import write_strategy
from app.procedures import dialing
from benchmarks.base import NOW
from benchmarks.monitor import MOST_MILLISECONDS
from benchmarks.place import Place
from benchmarks.report import Row, at_most
from benchmarks.session import Cost
from benchmarks.strategy import CHANGED

SOME_PHONE = text("SELECT MAX(p.phone_id) AS phone_id FROM core.phone AS p WHERE p.campaign_id = :campaign_id")


def phone(connection: Connection, campaign_id: int) -> Callable[[], object]:
    """Every rule of one phone, and its reason."""
    phone_id = connection.execute(SOME_PHONE, {"campaign_id": campaign_id}).scalar_one()

    def ask() -> object:
        return dialing.phone_explain(connection, phone_id, NOW), dialing.phone_reason(connection, phone_id, NOW)

    return ask


def campaign(connection: Connection, campaign_id: int) -> Callable[[], object]:
    """The sum of reasons over a campaign, ended by a commit as the monitor's is."""

    def ask() -> object:
        found = dialing.campaign_explain(connection, campaign_id, NOW)
        connection.commit()
        return found

    return ask


def preview(connection: Connection, campaign_id: int) -> Callable[[], object]:
    """A changed strategy against the live classes, written before and not in force."""
    version_id = write_strategy(connection, campaign_id, CHANGED, created_by="bench", reason=None, now=NOW)
    return lambda: campaign_data.strategy_preview(connection, campaign_id, version_id, NOW)


QUESTIONS: list[tuple[str, Callable[[Connection, int], Callable[[], object]]]] = [
    ("why a phone is not dialled", phone),
    ("why a campaign does not dial, summed", campaign),
    ("preview of a changed strategy", preview),
]


def measure(place: Place) -> Iterator[Row]:
    """Each question about each campaign in turn; nothing is kept."""
    for what, prepare in QUESTIONS:
        with place.session() as session, session.sqlalchemy() as connection:
            costs: list[Cost] = []
            for turn in range(place.runs):
                ask = prepare(connection, place.base.campaign_ids[turn % place.base.campaigns])
                costs.append(session.measured(ask)[0])
                connection.rollback()
        yield at_most(what, place.name, Cost.median(costs).busy, MOST_MILLISECONDS)
