"""Rows of Dialer_Detail: what is in them, and their way to the historical database, which no crash may cut."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from app.simulator import tables, zones
from app.simulator.centre import DIALER, PERIPHERAL, QUERY_RULE, ContactCentre
from app.simulator.records import Campaign, Record
from app.simulator.zones import LONG_AGO

_DATES = ("DateTime", "CampaignReportingDateTime", "CallbackDateTime", "ImportRuleDateTime")
_SLICE = 500


@dataclass(slots=True)
class Call:
    """What is known of one attempt when it ends."""

    result: int
    status: str
    started: datetime
    ended: datetime
    sip: int = 0
    detail: int = 0
    agent: str = ""
    skill_group: int | None = None
    reserved_ms: int = 0
    preview_ms: int | None = None
    pickup_ms: int | None = None
    wrapup: str = ""
    callback_phone: str = ""
    callback_at: datetime | None = None  # customer's local time


@dataclass(frozen=True, slots=True)
class Delayed:
    """A row on its way: written when `due` (naive UTC) has come."""

    key: float
    due: datetime
    payload: dict[str, Any]
    repeat_of: float | None = None


class History:
    """Makes rows, holds them back, and writes them to Dialer_Detail."""

    def __init__(self, centre: ContactCentre) -> None:
        self.centre = centre
        self._random = random.Random(f"{centre.settings.seed} history")
        self._key = 0.0
        self._router_call = 0
        self.next_due: datetime | None = LONG_AGO  # None: nothing is on its way

    def recover(self, connection: sa.Connection) -> None:
        """Go on after the last key that was given out, and with the rows that were on their way."""
        keys = [
            connection.scalar(sa.select(sa.func.max(table.c.RecoveryKey)))
            for table in (tables.dialer_detail, tables.delayed_row)
        ]
        # Real keys have 13 digits and more: too many for a 32-bit float, few enough for a 64-bit one.
        self._key = max(
            [key for key in keys if key] + [float((self.centre.now() - LONG_AGO) // timedelta(milliseconds=1))]
        )
        self.next_due = LONG_AGO

    def row(self, campaign: Campaign, record: Record, call: Call) -> list[Delayed]:
        """The row of one attempt, with what the faults that are on add to it."""
        faults, settings = self.centre.faults, self.centre.settings
        payload = self._payload(campaign, record, call)
        due = call.ended + timedelta(seconds=self._random.uniform(*settings.commit_delay_seconds))
        if fault := faults.strike("late_rows"):
            due += timedelta(seconds=fault.seconds)
        if fault := faults.strike("out_of_order"):
            due += timedelta(seconds=self._random.uniform(0, fault.seconds))
        found = [Delayed(self._next_key(), due, payload)]
        if fault := faults.strike("duplicate_rows"):
            found.append(Delayed(self._next_key(), due + timedelta(seconds=fault.seconds), {}, found[0].key))
        if fault := faults.strike("repeated_results"):
            found.append(Delayed(self._next_key(), due + timedelta(seconds=fault.seconds), payload))
        if faults.strike("unknown_accounts"):
            stranger = {
                **payload,
                "AccountNumber": f"MANUAL{self._random.randrange(10**8):08}",
                "Phone": f"9{self._random.randrange(10**9):09}",
                "DialingListID": -self._random.randrange(1, 10**6),
            }
            found.append(Delayed(self._next_key(), due, stranger))
        return found

    def _next_key(self) -> float:
        self._key += self._random.randint(1, 3)  # gaps, as there are in life
        return self._key

    def _payload(self, campaign: Campaign, record: Record, call: Call) -> dict[str, Any]:
        zone = self.centre.zone
        ended = zones.to_local(zone, call.ended).replace(microsecond=0)
        half_hour = ended.replace(minute=ended.minute // 30 * 30, second=0)
        self._router_call = self._router_call % 2_000_000_000 + 1
        personal = bool(record.personal)
        values: dict[str, Any] = {
            "DateTime": ended,
            "TimeZone": -zones.offset_minutes(zone, call.ended),
            "CampaignReportingDateTime": half_hour,
            "CampaignID": record.campaign_id,
            "QueryRuleID": QUERY_RULE,
            "DialingListID": record.list_id,
            "AccountNumber": record.account,
            "FirstName": record.first_name,
            "LastName": record.last_name,
            "Phone": record.phone,
            "PhoneID": None if personal or record.callback_number else record.phone_index + 1,
            "PhoneIndex": None if personal or record.callback_number else record.phone_index,
            "ZoneIndex": None if personal or record.callback_number else 0,
            "CallResult": call.result,
            "CallResultDetail": call.detail or (10_000 + call.sip if call.sip else None),
            "CallStatusZone1": call.status,
            "CallStatusZone2": None if personal else " ",
            "DialingMode": None if call.result == 26 else campaign.mode,
            "CallDuration": int((call.ended - call.started).total_seconds() * 1000),
            "ReservationCallDuration": call.reserved_ms,
            "PreviewTime": call.preview_ms,
            "PickupTime": call.pickup_ms,
            "IdleTime": max(int((call.started - record.fetched).total_seconds()), 0),
            "AgentPeripheralNumber": call.agent or None,
            "PeripheralID": PERIPHERAL if call.agent else None,
            "SkillGroupSkillTargetID": call.skill_group,
            "DialerID": DIALER,
            "ProtocolID": 2,
            "RouterCallKeyDay": call.ended.toordinal() - 580_000,
            "RouterCallKey": self._router_call,
            "CallGUID": f"{self._random.getrandbits(128):032X}",
            "CallbackPhone": call.callback_phone or None,
            "CallbackDateTime": call.callback_at,
            "CustomerTimeZone": None if personal else record.bias,
            "ImportRuleDateTime": record.imported,
            "WrapupData": call.wrapup or None,
        }
        return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}

    def keep(self, connection: sa.Connection, rows: Iterable[Delayed]) -> None:
        """Store rows that are on their way, in the transaction that changes their records."""
        rows = list(rows)
        values = [
            {"RecoveryKey": row.key, "DueAt": row.due, "RepeatOf": row.repeat_of, "Payload": json.dumps(row.payload)}
            for row in rows
        ]
        if values:
            connection.execute(sa.insert(tables.delayed_row), values)
            first = min(row.due for row in rows)
            self.next_due = first if self.next_due is None else min(first, self.next_due)

    def known(self, connection: sa.Connection, rows: Iterable[Delayed]) -> bool:
        """Whether any of these rows is stored already."""
        keys = [row.key for row in rows][:_SLICE]
        return any(
            connection.scalar(sa.select(sa.func.count()).where(table.c.RecoveryKey.in_(keys)))
            for table in (tables.dialer_detail, tables.delayed_row)
        )

    def deliver(self, connection: sa.Connection, now: datetime) -> int:
        """Write the rows that are due, unless the router is down; returns how many."""
        if self.next_due is None or now < self.next_due or self.centre.faults.router_is_down(now):
            return 0
        waiting, detail = tables.delayed_row, tables.dialer_detail
        query = sa.select(waiting).where(waiting.c.DueAt <= now).order_by(waiting.c.DueAt, waiting.c.DelayedRowID)
        due = connection.execute(query.limit(_SLICE)).all()
        fresh = [{**self._stored(row), "DbDateTime": self._stamp(now)} for row in due if row.RepeatOf is None]
        again = [{"key": row.RepeatOf, "stamp": self._stamp(now)} for row in due if row.RepeatOf is not None]
        if fresh:
            connection.execute(sa.insert(detail), fresh)
        if again:
            connection.execute(
                sa.update(detail)
                .where(sa.column("RecoveryKey") == sa.bindparam("key"))
                .values(DbDateTime=sa.bindparam("stamp")),
                again,
            )
        if due:
            connection.execute(sa.delete(waiting).where(waiting.c.DelayedRowID.in_([row.DelayedRowID for row in due])))
        if len(due) < _SLICE:
            self.next_due = connection.scalar(sa.select(sa.func.min(waiting.c.DueAt)))
        return len(due)

    def purge(self, connection: sa.Connection, before: datetime) -> None:
        """The retention of the historical database: rows written before `before` (centre's local time) go."""
        detail = tables.dialer_detail
        connection.execute(sa.delete(detail).where(detail.c.DbDateTime < before))

    def _stamp(self, now: datetime) -> datetime:
        """DbDateTime of a row that is seen at `now`: local time, a little earlier than its commit."""
        skew = self._random.uniform(0, self.centre.settings.commit_skew_seconds)
        stamp = zones.to_local(self.centre.zone, now - timedelta(seconds=skew))
        return stamp.replace(microsecond=stamp.microsecond // 1000 * 1000)

    @staticmethod
    def _stored(row: sa.Row) -> dict[str, Any]:
        values: dict[str, Any] = json.loads(row.Payload)
        for name in _DATES:
            if values[name] is not None:
                values[name] = datetime.fromisoformat(values[name])
        return {**values, "RecoveryKey": row.RecoveryKey}
