"""The dialers of this installation, as a run reaches them: the REST client, the databases, the reading of results."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection, Engine, insert, select, update

from app import clock, secrets
from app.database.engine import create_engine
from app.dialer.client import CiscoClient, Retries
from app.dialer.hds import DialerRow, HdsReader
from app.dialer.realtime import RealTimeReader
from app.i18n import gettext as _
from app.models.contact import Attempt
from app.models.dialing import Dialer, ResultBatch, ResultStage
from app.models.strategy import Campaign
from app.procedures import dialing
from jobs.run import Run
from jobs.schedule import installation_zone

#: Rows of Dialer_Detail that one transaction applies.
BATCH_ROWS = 5000
#: Keys that one question to the database names: SQL Server takes at most 2,100 parameters.
KEYS_ASKED = 1000
#: A run has many campaigns to see: what does not answer soon is asked again at the next run.
RETRIES = Retries(attempts=2, first_seconds=0.5, most_seconds=3.0)


@dataclass(frozen=True)
class DialerAccess:
    """How a dialer is reached. Its secrets are decrypted when needed: `client` and `hds` may raise AcmError."""

    dialer_id: int
    name: str
    base_url: str
    username: str
    overlap: timedelta
    timeout_seconds: int
    verify: bool
    password_encrypted: str = field(repr=False)
    hds_url_encrypted: str = field(repr=False)

    @contextmanager
    def client(self) -> Iterator[CiscoClient]:
        """The REST client."""
        with CiscoClient(
            self.base_url,
            self.username,
            secrets.decrypt(self.password_encrypted),
            verify=self.verify,
            timeout=float(self.timeout_seconds),
            retries=RETRIES,
        ) as client:
            yield client

    @contextmanager
    def hds(self) -> Iterator[tuple[HdsReader, RealTimeReader]]:
        """Readers of its databases, over one connection."""
        engine = create_engine(secrets.decrypt(self.hds_url_encrypted), "acm dialer", pool_size=1, max_overflow=1)
        try:
            reader = HdsReader(engine, zone=installation_zone().key, overlap=self.overlap, page_size=BATCH_ROWS)
            yield reader, RealTimeReader(engine)
        finally:
            engine.dispose()


def read_dialers(connection: Connection, dialer_id: int | None = None) -> list[DialerAccess]:
    """The enabled dialers, or the one asked for."""
    chosen = select(Dialer).order_by(Dialer.dialer_id)
    chosen = chosen.where(Dialer.is_enabled == True if dialer_id is None else Dialer.dialer_id == dialer_id)  # noqa: E712
    return [
        DialerAccess(
            row.dialer_id,
            row.name,
            row.base_url,
            row.username,
            timedelta(minutes=row.overlap_minutes),
            row.timeout_seconds,
            row.verify_certificate,
            row.password_encrypted,
            row.hds_url_encrypted,
        )
        for row in connection.execute(chosen.with_only_columns(*Dialer.__table__.columns)).all()
    ]


def read_results(run: Run, dialer: DialerAccess, reader: HdsReader) -> int:
    """Read the dialer's results from where the last reading ended and apply them. Returns how many rows were new.

    Each batch, and how far the reading came, is one transaction: a reading that dies goes on where it was.
    """
    campaigns = select(Campaign.dialer_campaign_id).where(
        Campaign.dialer_id == dialer.dialer_id, Campaign.dialer_campaign_id.is_not(None)
    )
    with run.engine.connect() as connection:
        since = connection.scalar(select(Dialer.read_to).where(Dialer.dialer_id == dialer.dialer_id))
        campaign_ids = [int(number) for number in connection.scalars(campaigns) if number is not None]
    applied = 0
    for page in reader.read(since, campaign_ids=campaign_ids):
        run.check(stop=False)
        fresh = _not_applied(run, page)
        run.count(results_repeated=len(page) - len(fresh))
        applied += _apply(run, dialer.dialer_id, fresh, page[-1].db_datetime) if fresh else 0
        if run.stopping:
            break
    return applied


def _not_applied(run: Run, page: list[DialerRow]) -> list[DialerRow]:
    """The rows without those that the overlap brings again: of records that have their attempt.

    dialing.result_apply leaves them out as well; not to write them down first makes a frequent reading cheap.
    """
    keys = sorted({row.account_number for row in page if row.account_number})
    applied: set[str] = set()
    with run.engine.connect() as connection:
        for start in range(0, len(keys), KEYS_ASKED):
            part = keys[start : start + KEYS_ASKED]
            applied.update(connection.scalars(select(Attempt.record_key).where(Attempt.record_key.in_(part))))
    return [row for row in page if row.account_number not in applied]


def _apply(run: Run, dialer_id: int, page: list[DialerRow], read_to: datetime) -> int:
    now = clock.now()
    with run.engine.begin() as connection:
        made = connection.execute(
            insert(ResultBatch).values(dialer_id=dialer_id, read_at=now, rows_read=len(page))
        ).inserted_primary_key
        batch_id = int(made[0]) if made else 0
        connection.execute(
            insert(ResultStage),
            [{"batch_id": batch_id, "row_no": number, **_staged(row)} for number, row in enumerate(page, 1)],
        )
        row = dialing.result_apply(connection, batch_id, now)
        _move_on(connection, dialer_id, read_to)
    run.count(
        results_applied=row.rows_applied,
        results_repeated=row.rows_repeated,
        results_unknown=row.rows_unknown,
        results_interim=row.rows_interim,
    )
    return int(row.rows_applied)


def _staged(row: DialerRow) -> dict[str, object]:
    return {
        "recovery_key": row.recovery_key,
        "db_datetime": row.db_datetime,
        "generated_at": row.generated_at,
        "time_zone_minutes": row.time_zone_minutes or 0,
        "account_number": row.account_number,
        "phone": row.phone,
        "call_result": row.call_result or 0,
        "call_status": row.call_status,
        "duration_ms": row.call_duration_ms,
        "agent": row.agent,
        "wrapup": row.wrapup_data,
        "callback_phone": row.callback_phone,
        "callback_at": row.callback_datetime,
        "customer_zone_minutes": row.customer_time_zone,
    }


def _move_on(connection: Connection, dialer_id: int, read_to: datetime) -> None:
    """Remember how far the reading came; never backwards, since a page may lie in the overlap."""
    connection.execute(
        update(Dialer)
        .where(Dialer.dialer_id == dialer_id, sa.or_(Dialer.read_to.is_(None), Dialer.read_to < read_to))
        .values(read_to=read_to)
    )


def hold_name(campaign_id: int) -> str:
    """What a run holds while it works with a campaign at its dialer."""
    return f"campaign {campaign_id}"


def reading_name(dialer_id: int) -> str:
    """What a run holds while it reads the results of a dialer."""
    return f"results of dialer {dialer_id}"


def set_dialer_state(engine: Engine, campaign_id: int, **columns: object) -> None:
    """Record what was learnt about a campaign at its dialer."""
    with engine.begin() as connection:
        connection.execute(
            update(Campaign).where(Campaign.campaign_id == campaign_id).values(dialer_state_at=clock.now(), **columns)
        )


def state_name(enabled: bool) -> str:
    """core.campaign.dialer_state of a campaign that the dialer has."""
    return "enabled" if enabled else "disabled"


def no_reading(dialer: DialerAccess, reason: str) -> str:
    """The line of the log when results cannot be read."""
    return _("The results of the dialer %(name)s cannot be read: %(reason)s", name=dialer.name, reason=reason)
