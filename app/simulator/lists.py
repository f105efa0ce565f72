"""The dialing lists and the personal callback list: fetching for the dialer, writing back, recovery, purge.

Every function works inside the caller's transaction, under `ContactCentre.list_lock`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.simulator import tables
from app.simulator.people import fractions
from app.simulator.records import Campaign, Record

records = tables.dialing_list
callbacks = tables.personal_callback_list
_SLICE = 1000


def _slices(values: Sequence[int]) -> Iterable[Sequence[int]]:
    return (values[start : start + _SLICE] for start in range(0, len(values), _SLICE))


def set_status(connection: sa.Connection, ids: Sequence[int], status: str) -> None:
    """Give records of the dialing list a status, without a time at which they are due."""
    for part in _slices(ids):
        connection.execute(
            sa.update(records).where(records.c.DialingListID.in_(part)).values(CallStatusZone1=status, DueAt=sa.null())
        )


def customer_zones(connection: sa.Connection, campaign: int) -> set[tuple[int, bool]]:
    """The zones (bias, observes summer time) of a campaign's records that are still to be dialled."""
    query = (
        sa.select(records.c.TimeZoneBias, records.c.DstObserved)
        .where(records.c.CampaignID == campaign, records.c.CallStatusZone1.in_([*"PRBUAD"]))
        .distinct()
    )
    return {(row.TimeZoneBias, row.DstObserved == "Y") for row in connection.execute(query)}


def next_retry(connection: sa.Connection, campaign: int) -> datetime | None:
    """When the first record in R or B of a campaign is due (naive UTC), or None."""
    query = sa.select(sa.func.min(records.c.DueAt)).where(
        records.c.CampaignID == campaign, records.c.CallStatusZone1.in_([*"RB"])
    )
    return connection.scalar(query)


def fetch(connection: sa.Connection, campaign: Campaign, wanted: int, now: datetime) -> list[Record]:
    """Send up to `wanted` records whose customers may be called now to the dialer (status A): due retries and
    callbacks first, then pending ones, each by ascending id."""
    opened = [zone for zone in campaign.customer_zones if campaign.may_call(campaign.customer_time(*zone, now))]
    if not opened:
        return []
    base = sa.select(records).where(records.c.CampaignID == campaign.identity)
    if len(opened) < len(campaign.customer_zones):
        base = base.where(
            sa.or_(
                *(
                    (records.c.TimeZoneBias == bias) & (records.c.DstObserved == ("Y" if summer else "N"))
                    for bias, summer in opened
                )
            )
        )
    rows: list[sa.Row] = []
    if campaign.next_retry and campaign.next_retry <= now:
        due = base.where(records.c.CallStatusZone1.in_([*"RB"]), records.c.DueAt <= now)
        rows += connection.execute(due.order_by(records.c.DialingListID).limit(wanted)).all()
    if len(rows) < wanted:
        pending = base.where(records.c.CallStatusZone1 == "P")
        rows += connection.execute(pending.order_by(records.c.DialingListID).limit(wanted - len(rows))).all()
    set_status(connection, [row.DialingListID for row in rows], "A")
    if campaign.next_retry and campaign.next_retry <= now:
        campaign.next_retry = next_retry(connection, campaign.identity)
    return [Record.of_list(row, now) for row in rows]


def write_back(connection: sa.Connection, changes: dict[int, dict[str, Any]]) -> None:
    """Write what became of records: id to columns. Records that were deleted meanwhile are left out silently."""
    # A driver asks SQL Server for the types of bound NULLs and of batches. Babelfish cannot answer for a name with its
    # table before it, and forgets the transaction's earlier changes over the question: so no bound NULL, a bare name.
    by_shape: dict[tuple[tuple[str, bool], ...], list[dict[str, Any]]] = {}
    for identity, values in sorted(changes.items()):
        shape = tuple((name, value is None) for name, value in values.items())
        bound = {f"v_{name}": value for name, value in values.items() if value is not None}
        by_shape.setdefault(shape, []).append({"id": identity, **bound})
    for shape, rows in by_shape.items():
        columns = {name: sa.null() if is_null else sa.bindparam(f"v_{name}") for name, is_null in shape}
        statement = sa.update(records).where(sa.column("DialingListID") == sa.bindparam("id")).values(columns)
        connection.execute(statement, rows)


def existing(connection: sa.Connection, ids: Sequence[int]) -> set[int]:
    """Those of `ids` that are still on a dialing list."""
    found: set[int] = set()
    for part in _slices(ids):
        found.update(connection.scalars(sa.select(records.c.DialingListID).where(records.c.DialingListID.in_(part))))
    return found


def at_dialer(connection: sa.Connection, campaigns: Sequence[int]) -> list[sa.Row]:
    """Id and status of all records in A or D."""
    query = sa.select(records.c.DialingListID, records.c.CallStatusZone1).where(
        records.c.CampaignID.in_(campaigns), records.c.CallStatusZone1.in_([*"AD"])
    )
    return list(connection.execute(query).all())


def recover(connection: sa.Connection, campaigns: Sequence[int], until: datetime, stuck_share: float, seed: int) -> int:
    """After a crash: what was at the dialer is unknown (U) until `until`, then pending again; returns how many.

    `stuck_share` of the records that were being dialled stay D for ever.
    """
    lost = []
    for row in at_dialer(connection, campaigns):
        stuck = row.CallStatusZone1 == "D" and fractions(seed, row.DialingListID, "stuck")[0] < stuck_share
        if not stuck:
            lost.append(row.DialingListID)
    for part in _slices(lost):
        connection.execute(
            sa.update(records).where(records.c.DialingListID.in_(part)).values(CallStatusZone1="U", DueAt=until)
        )
    connection.execute(sa.update(callbacks).where(callbacks.c.CallStatus == "A").values(CallStatus="P"))
    return len(lost)


def release_unknown(connection: sa.Connection, campaigns: Sequence[int], now: datetime) -> datetime | None:
    """Unknown records whose time is over become pending; returns when the next ones do, or None."""
    unknown = records.c.CampaignID.in_(campaigns) & (records.c.CallStatusZone1 == "U")
    connection.execute(
        sa.update(records).where(unknown, records.c.DueAt <= now).values(CallStatusZone1="P", DueAt=sa.null())
    )
    return connection.scalar(sa.select(sa.func.min(records.c.DueAt)).where(unknown))


def purge(connection: sa.Connection, before: datetime) -> None:
    """The midnight purge: closed records and callbacks from before `before` (centre's local time) go."""
    connection.execute(
        sa.delete(records).where(records.c.CallStatusZone1.in_([*"CMD"]), records.c.ImportRuleDate < before)
    )
    connection.execute(
        sa.delete(callbacks).where(callbacks.c.CallStatus.in_([*"CMD"]), callbacks.c.InsertedIntoDBDateTime < before)
    )


def fetch_callbacks(connection: sa.Connection, local_now: datetime, now: datetime) -> deque[Record]:
    """Send the personal callbacks that are due to the dialer (status A)."""
    query = sa.select(callbacks).where(callbacks.c.CallStatus.in_([*"PR"]), callbacks.c.CallbackDateTime <= local_now)
    rows = connection.execute(query.order_by(callbacks.c.CallbackDateTime).limit(_SLICE)).all()
    for part in _slices([row.PersonalCallbackListID for row in rows]):
        connection.execute(
            sa.update(callbacks)
            .where(callbacks.c.PersonalCallbackListID.in_(part))
            .values(CallStatus="A", SentToDialerDateTime=local_now)
        )
    return deque(Record.of_callback(row, now) for row in rows)


def next_business_day(local: datetime) -> datetime:
    """The same time on the next day that is not a Saturday or Sunday."""
    following = local + timedelta(days=1)
    while following.weekday() >= 5:
        following += timedelta(days=1)
    return following
