"""Every schedule and zone of the worlds at many moments: what strategy.schedule_open says, and what the model says."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import insert

from app.models.contact import WorkSet

from .database import Database
from .plan import SCHEDULES, STARTS, ZONES
from .rules import schedule_open

MOMENTS_OF_EACH_START = 80


def moments() -> list[datetime]:
    """Quarters of an hour, where periods begin and end, and the minutes before."""
    random = Random(20)
    found = set()
    for start in STARTS:
        first = start.replace(hour=0, minute=0)
        for _ in range(MOMENTS_OF_EACH_START):
            moment = first + timedelta(minutes=15 * random.randrange(5 * 96))
            found |= {moment, moment - timedelta(minutes=1)}
    return sorted(found)


def different(database: Database) -> tuple[list[tuple[str, str, datetime, bool]], int]:
    """Schedule, zone, moment and what the database says where the two do not agree; and how often it was open."""
    each = "CROSS JOIN LATERAL" if database.connection.dialect.name == "postgresql" else "CROSS APPLY"
    wrong = []
    opened = 0
    with database.world():
        database.connection.execute(insert(WorkSet.__table__), [{"created_at": moment} for moment in moments()])
        for form in SCHEDULES:
            for zone in ZONES:
                rows = database.rows(
                    f"SELECT w.created_at, o.is_open FROM core.work_set AS w {each}"
                    " strategy.schedule_open(:schedule_id, :zone_id, w.created_at) AS o",
                    schedule_id=database.schedules[id(form)],
                    zone_id=database.zones[zone],
                )
                opened += sum(bool(row.is_open) for row in rows)
                wrong += [
                    (form.name, zone, row.created_at, bool(row.is_open))
                    for row in rows
                    if bool(row.is_open) != schedule_open(form, zone, row.created_at)
                ]
    return wrong, opened
