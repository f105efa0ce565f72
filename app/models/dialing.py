"""The dialer, blocks and records handed to it, results read back, callbacks."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Float, ForeignKey, Index, Integer, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    Big,
    BigIdentityId,
    BigNull,
    CodeNull,
    Flag,
    IdentityId,
    LineNull,
    Long,
    Moment,
    MomentNull,
    Name,
    Number,
    RecordKey,
    Small,
    UtcDateTime,
    on,
    zero,
)


class Dialer(Base):
    """How a Cisco contact centre is reached: its REST resources and its historical database. Secrets are encrypted."""

    __tablename__ = "dialer"
    __table_args__ = {"schema": "dialing"}

    dialer_id: Mapped[IdentityId]
    name: Mapped[Name] = mapped_column(unique=True)
    base_url: Mapped[Name]
    username: Mapped[Name]
    password_encrypted: Mapped[Long]
    verify_certificate: Mapped[Flag] = on()
    timeout_seconds: Mapped[int] = mapped_column(server_default="15", default=15)
    hds_url_encrypted: Mapped[Long]  # SQLAlchemy URL of the database with Dialer_Detail
    overlap_minutes: Mapped[int] = mapped_column(server_default="5", default=5)
    # How far results were read: DbDateTime in the local time of the central controller.
    read_to: Mapped[datetime | None] = mapped_column(UtcDateTime)
    is_enabled: Mapped[Flag] = on()


class Block(Base):
    """A block handed to the dialer. state_id: 1 taken, 2 sent, 3 confirmed, 4 failed, 5 recalled."""

    __tablename__ = "block"
    __table_args__ = (
        Index("ix_block_campaign_id", "campaign_id", "state_id"),
        # The journal goes back in time from the newest block, of all campaigns, of one, or in one state.
        Index("ix_block_journal", "campaign_id", "block_id"),
        Index("ix_block_state_id", "state_id", "block_id"),
        {"schema": "dialing"},
    )

    block_id: Mapped[BigIdentityId]
    campaign_id: Mapped[int]
    strategy_version_id: Mapped[int]
    state_id: Mapped[Small]
    size: Mapped[int]
    taken_at: Mapped[Moment]
    sent_at: Mapped[MomentNull]
    settled_at: Mapped[MomentNull]
    recalled: Mapped[int] = zero(Integer)
    message: Mapped[LineNull]


class Record(Base):
    """One phone that is out: handed to the dialer, without a final result yet. Unique by client, so that no client, and
    none of its phones, can be out twice at once. Deleted when its attempt is written or it is taken back."""

    __tablename__ = "record"
    __table_args__ = (
        Index("ix_record_campaign_id", "campaign_id", "taken_at"),
        Index("ix_record_person_id", "person_id"),
        {"schema": "dialing"},
    )

    block_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    record_key: Mapped[RecordKey] = mapped_column(unique=True)
    campaign_id: Mapped[int]
    client_id: Mapped[Big] = mapped_column(unique=True)
    phone_id: Mapped[Big]
    person_id: Mapped[BigNull]
    number: Mapped[Number]
    dial_class_id: Mapped[int]  # the class it was taken from
    strategy_version_id: Mapped[int]
    processing_id: Mapped[Small]
    callback_id: Mapped[BigNull]
    taken_at: Mapped[Moment]
    checked_at: Mapped[MomentNull]  # when the dialer was last asked what became of it, for it is overdue


class RecordReturned(Base):
    """A record that came back undialled: its block failed or was recalled, or the dialer lost it. A late result still
    finds its phone here."""

    __tablename__ = "record_returned"
    __table_args__ = {"schema": "dialing"}

    record_key: Mapped[RecordKey] = mapped_column(primary_key=True)
    block_id: Mapped[Big] = mapped_column(index=True)
    campaign_id: Mapped[int]
    client_id: Mapped[Big]
    phone_id: Mapped[Big]
    number: Mapped[Number]
    strategy_version_id: Mapped[int]
    processing_id: Mapped[Small]
    taken_at: Mapped[Moment]
    returned_at: Mapped[Moment]
    reason_id: Mapped[Small]  # 1 block failed, 2 recalled, 3 lost by the dialer


class Callback(Base):
    """A promised call (M14, M15). state_id: 1 waiting, 2 in work, 3 kept, 4 missed, 5 cancelled."""

    __tablename__ = "callback"
    __table_args__ = (
        Index("ix_callback_due_at", "campaign_id", "state_id", "due_at"),
        Index("ix_callback_client_id", "client_id", "state_id"),
        {"schema": "dialing"},
    )

    callback_id: Mapped[BigIdentityId]
    campaign_id: Mapped[int]
    client_id: Mapped[Big]
    phone_id: Mapped[Big]
    due_at: Mapped[Moment]
    agent: Mapped[CodeNull]  # named: personal; empty: common
    state_id: Mapped[Small]
    source_id: Mapped[Small]  # 1 dialer, 2 agent page, 3 API, 4 administrator, 5 load
    record_key: Mapped[str | None] = mapped_column(Unicode(30))
    created_at: Mapped[Moment]
    closed_at: Mapped[MomentNull]


class ResultBatch(Base):
    """Rows of Dialer_Detail that were read in one go and applied in one transaction."""

    __tablename__ = "result_batch"
    __table_args__ = {"schema": "dialing"}

    batch_id: Mapped[BigIdentityId]
    dialer_id: Mapped[int] = mapped_column(ForeignKey("dialing.dialer.dialer_id"))
    read_at: Mapped[Moment]
    applied_at: Mapped[MomentNull]
    rows_read: Mapped[int] = zero(Integer)
    rows_applied: Mapped[int] = zero(Integer)
    rows_repeated: Mapped[int] = zero(Integer)
    rows_unknown: Mapped[int] = zero(Integer)
    rows_interim: Mapped[int] = zero(Integer)


class ResultStage(Base):
    """One row of Dialer_Detail on its way in, as the dialer wrote it. Emptied when its batch is applied."""

    __tablename__ = "result_stage"
    __table_args__ = {"schema": "dialing"}

    batch_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    row_no: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    recovery_key: Mapped[float] = mapped_column(Float(53))
    db_datetime: Mapped[Moment]  # when the row was written: local time of the central controller
    generated_at: Mapped[MomentNull]  # when the call ended, in that time; a late row has an old one
    time_zone_minutes: Mapped[int]  # minutes to add to local time to get UTC
    account_number: Mapped[str | None] = mapped_column(Unicode(128))
    phone: Mapped[str | None] = mapped_column(Unicode(20))
    call_result: Mapped[int]
    call_status: Mapped[str | None] = mapped_column(Unicode(1))
    duration_ms: Mapped[int | None]
    agent: Mapped[CodeNull]
    wrapup: Mapped[CodeNull]
    callback_phone: Mapped[str | None] = mapped_column(Unicode(20))
    callback_at: Mapped[MomentNull]  # the customer's local time
    customer_zone_minutes: Mapped[int | None]
