"""Results of calls: Cisco's historical table Dialer_Detail, read by DbDateTime with an overlap.

The table is written late, out of order and now and then twice; DbDateTime is the local time of the central controller,
which repeats an hour on an autumn night. So each read begins some minutes before the last one ended, and rows that were
read before come again: whoever applies them drops the RecoveryKeys that are applied already.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from app.database.engine import create_engine
from app.dialer.errors import DialerError
from app.i18n import gettext as _

OVERLAP = timedelta(minutes=5)
AUTUMN_OVERLAP = timedelta(minutes=65)  # an hour comes twice, and a little more
SETTLE = timedelta(seconds=5)
# A DATETIME of SQL Server counts in 1/300 s and is rounded on its way in and out, so a time that was read is compared
# with the column only give or take so much.
BLUR = timedelta(milliseconds=10)


@dataclass(frozen=True, slots=True)
class DialerRow:
    """One row of Dialer_Detail: one attempt, or a record that was returned or refused without one.

    `db_datetime` (when the row was written) and `generated_at` (when the call ended) are naive, in the local time of
    the central controller; `time_zone_minutes` is to be ADDED to it to get UTC (east is negative). `callback_datetime`
    is local time of the customer, whose zone is `customer_time_zone` minutes to add. `call_status` is the letter of
    the record after the call: C, M, J, X, F, L, I, O are done with, all others are still the dialer's.
    """

    recovery_key: float
    db_datetime: datetime
    generated_at: datetime
    time_zone_minutes: int | None
    campaign_id: int | None
    dialing_list_id: int | None
    account_number: str | None
    phone: str | None
    call_result: int | None
    call_result_detail: int | None
    call_status: str | None
    dialing_mode: int | None
    call_duration_ms: int | None
    agent: str | None
    skill_group: int | None
    callback_phone: str | None
    callback_datetime: datetime | None
    customer_time_zone: int | None
    wrapup_data: str | None
    call_guid: str | None
    router_call_key_day: int | None
    router_call_key: int | None
    imported_at: datetime | None

    @property
    def ended_at_utc(self) -> datetime:
        """When the call ended, naive UTC."""
        return self.generated_at + timedelta(minutes=self.time_zone_minutes or 0)

    @property
    def started_at_utc(self) -> datetime:
        """When the dialer began to dial, naive UTC."""
        return self.ended_at_utc - timedelta(milliseconds=self.call_duration_ms or 0)


_COLUMNS: dict[str, tuple[str, Any]] = {  # column of ours to Cisco's name and type
    "recovery_key": ("RecoveryKey", sa.Float(53)),
    "db_datetime": ("DbDateTime", sa.DateTime()),
    "generated_at": ("DateTime", sa.DateTime()),
    "time_zone_minutes": ("TimeZone", sa.Integer()),
    "campaign_id": ("CampaignID", sa.Integer()),
    "dialing_list_id": ("DialingListID", sa.Integer()),
    "account_number": ("AccountNumber", sa.String(128)),
    "phone": ("Phone", sa.String(20)),
    "call_result": ("CallResult", sa.Integer()),
    "call_result_detail": ("CallResultDetail", sa.Integer()),
    "call_status": ("CallStatusZone1", sa.CHAR(1)),
    "dialing_mode": ("DialingMode", sa.Integer()),
    "call_duration_ms": ("CallDuration", sa.Integer()),
    "agent": ("AgentPeripheralNumber", sa.String(32)),
    "skill_group": ("SkillGroupSkillTargetID", sa.Integer()),
    "callback_phone": ("CallbackPhone", sa.String(20)),
    "callback_datetime": ("CallbackDateTime", sa.DateTime()),
    "customer_time_zone": ("CustomerTimeZone", sa.Integer()),
    "wrapup_data": ("WrapupData", sa.String(40)),
    "call_guid": ("CallGUID", sa.String(32)),
    "router_call_key_day": ("RouterCallKeyDay", sa.Integer()),
    "router_call_key": ("RouterCallKey", sa.Integer()),
    "imported_at": ("ImportRuleDateTime", sa.DateTime()),
}
_NAMES = [field.name for field in fields(DialerRow)]


class HdsReader:
    """Reads Dialer_Detail of one historical database (PostgreSQL or SQL Server).

    `engine`: a SQLAlchemy engine, or the URL of one. `schema`: where the table is not in the login's own. `zone`: IANA
    name of the central controller's zone, for the autumn night; without it the caller widens the overlap. `bound`: how
    the newest rows are told: `max` by the newest DbDateTime there is (right for any zone and clock), `server` by the
    server's own clock, `settle` before now.
    """

    def __init__(
        self,
        engine: sa.Engine | str,
        *,
        schema: str | None = None,
        zone: str | None = None,
        overlap: timedelta = OVERLAP,
        autumn_overlap: timedelta = AUTUMN_OVERLAP,
        bound: Literal["max", "server"] = "max",
        settle: timedelta = SETTLE,
        page_size: int = 1000,
    ) -> None:
        self.engine = create_engine(engine, program="acm dialer", pool_size=1) if isinstance(engine, str) else engine
        self.zone = ZoneInfo(zone) if zone else None
        self.overlap, self.autumn_overlap = overlap, autumn_overlap
        self.bound, self.settle = bound, settle
        self.page_size = page_size
        columns: list[sa.Column[Any]] = [sa.Column(name, kind) for name, kind in _COLUMNS.values()]
        self._table = sa.Table("Dialer_Detail", sa.MetaData(), *columns, schema=schema)

    def upper_bound(self) -> datetime | None:
        """Up to which DbDateTime a read started now goes, inclusive; None for an empty table."""
        stamp = self._table.c.DbDateTime
        with self.engine.connect() as connection:
            newest: datetime | None = connection.scalar(sa.select(sa.func.max(stamp)))
            if newest is None:
                self._refuse_logger(connection)
                return None
            if self.bound == "max":
                return newest
            now = "SELECT GETDATE()" if self.engine.dialect.name == "mssql" else "SELECT LOCALTIMESTAMP(3)"
            server_now: datetime = connection.execute(sa.text(now)).scalar_one()
            return server_now - self.settle

    def read(
        self,
        since: datetime | None,
        *,
        campaign_ids: Collection[int] | None = None,
        overlap: timedelta | None = None,
    ) -> Iterator[list[DialerRow]]:
        """Pages of rows written since `since` less the overlap, up to now, by DbDateTime and RecoveryKey.

        `since` is the greatest `db_datetime` that was applied (local time of the central controller), None reads all.
        `campaign_ids` limits the rows; `overlap` replaces the usual one. No transaction stays open between pages, so
        a page may be applied, and committed with its last `db_datetime` as the new `since`, before the next is read.
        """
        until = self.upper_bound()
        if until is None or (campaign_ids is not None and not campaign_ids):
            return
        begin = None if since is None else since - (self.overlap_at(since) if overlap is None else overlap)
        recent: dict[float, datetime] = {}  # keys read whose times are within BLUR of the last one
        while True:
            rows = self._rows(begin, until + BLUR, campaign_ids, self.page_size + len(recent))
            page = [row for row in rows if row.recovery_key not in recent][: self.page_size]
            if page:
                yield page
                begin = max(row.db_datetime for row in page) - BLUR
                recent.update((row.recovery_key, row.db_datetime) for row in page)
                recent = {key: stamp for key, stamp in recent.items() if stamp >= begin - BLUR}
            if len(page) < self.page_size:
                return

    def overlap_at(self, since: datetime) -> timedelta:
        """How far before `since` a read begins: further when the hour before was one that the clock repeated."""
        if self.zone is None:
            return self.overlap
        last = since + self.overlap
        for minutes in range(0, int(self.autumn_overlap / timedelta(minutes=1)) + 1, 15):
            if self._is_repeated(last - timedelta(minutes=minutes)):
                return max(self.autumn_overlap, self.overlap)
        return self.overlap

    def _is_repeated(self, local: datetime) -> bool:
        """Whether the clocks of the central controller show this local time twice."""
        first, second = (local.replace(tzinfo=self.zone, fold=fold).utcoffset() for fold in (0, 1))
        return first is not None and second is not None and first > second

    def _rows(
        self, begin: datetime | None, until: datetime, campaign_ids: Collection[int] | None, limit: int
    ) -> list[DialerRow]:
        table, stamp = self._table, self._table.c.DbDateTime
        query = sa.select(table).where(stamp <= _moment(until))
        if begin is not None:
            query = query.where(stamp >= _moment(begin))
        if campaign_ids is not None:
            query = query.where(table.c.CampaignID.in_(sorted(campaign_ids)))
        with self.engine.connect() as connection:
            query = query.order_by(stamp, table.c.RecoveryKey).limit(limit)
            return [_row(row) for row in connection.execute(query).mappings()]

    def _refuse_logger(self, connection: sa.Connection) -> None:
        """A Logger's copy of the table has rows without DbDateTime: reading it would find nothing for ever."""
        if connection.execute(sa.select(self._table.c.RecoveryKey).limit(1)).first() is not None:
            raise DialerError(
                _("Dialer_Detail has rows, but none with DbDateTime."),
                _("This is a Logger's database: give the address of the HDS."),
            )


def _moment(value: datetime) -> sa.ColumnElement[Any]:
    # As a DATETIME2 parameter it would be compared with a DATETIME column by a conversion of every row.
    return sa.cast(sa.literal(value, sa.DateTime()), sa.DateTime())


def _row(values: Any) -> DialerRow:
    found = {name: values[_COLUMNS[name][0]] for name in _NAMES}
    for name in ("account_number", "wrapup_data", "call_status", "agent", "phone"):
        if isinstance(found[name], str):
            found[name] = found[name].strip() or None
    return DialerRow(**found)
