"""What the status service reads when a thousand clients are due: it follows the thousand, not the base."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.base import NOW
from benchmarks.place import Place
from benchmarks.report import Row
from benchmarks.session import Session

DUE = 1000
MOST_GROWTH = 1.5
TOUCHED = ("core.client", "core.phone", "core.dial_class_change", "core.client_count_change")

# Their stop date came a minute ago.
MAKE_DUE = """
    UPDATE core.client AS c SET do_not_call_after = %(now)s - interval '1 minute'
    FROM (
        SELECT client_id FROM core.client WHERE campaign_id = %(campaign)s AND status_id = 1
        ORDER BY hashint8(client_id) LIMIT %(due)s
    ) AS d
    WHERE d.client_id = c.client_id
"""
UPDATE = """
    EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON)
    SELECT * FROM contacts.client_status_update(p_campaign_id => %(campaign)s, p_now => %(now)s)
"""
CHANGED = "SELECT count(*) FROM core.client WHERE campaign_id = %(campaign)s AND status_id = 9 AND status_at = %(now)s"


def measure(place: Place) -> Iterator[Row]:
    """One run of the service over all campaigns, which together have a thousand clients due, again and again."""
    pages, busy = [], []
    ids = place.base.campaign_ids
    with place.session() as session:
        for number, campaign_id in enumerate(ids):
            due = DUE * (number + 1) // len(ids) - DUE * number // len(ids)
            session.run(MAKE_DUE, campaign=campaign_id, due=due, now=NOW)
        session.vacuum(*TOUCHED)
        for _ in range(4):
            one_pages, one_busy = _one_run(session, ids)
            pages.append(one_pages)
            busy.append(one_busy)
    what = f"status service, {DUE} clients due"
    yield Row(f"{what}: pages read", place.name, min(pages), "pages", most_growth=MOST_GROWTH)
    yield Row(what, place.name, min(busy), most_growth=MOST_GROWTH)


def _one_run(session: Session, campaign_ids: list[int]) -> tuple[float, float]:
    """Pages read and milliseconds; rolled back."""
    pages = changed = 0
    busy = 0.0
    for campaign_id in campaign_ids:
        values = {"campaign": campaign_id, "now": NOW}
        cost, rows = session.measured(session.execute, UPDATE, values)
        plan = rows[0][0][0]["Plan"]
        pages += plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
        busy += cost.busy
        changed += session.connection.execute(CHANGED, values).fetchall()[0][0]
    session.connection.rollback()
    if changed != DUE:
        raise RuntimeError(f"the status service found {changed} clients of {DUE}")
    return pages, busy
