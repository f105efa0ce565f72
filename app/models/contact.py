"""Clients, persons, phones, and everything that happened to them: attempts and their outcomes."""

from __future__ import annotations

from datetime import date

from sqlalchemy import BigInteger, Float, ForeignKey, Index, Integer, SmallInteger, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    Big,
    BigIdentityId,
    BigNull,
    Code,
    CodeNull,
    Flag,
    LineNull,
    LongNull,
    Moment,
    MomentNull,
    Name,
    NameNull,
    Number,
    RecordKey,
    Small,
    SmallNull,
    off,
    on,
    zero,
)


class Person(Base):
    """Clients of different campaigns with one CRM id are one person (strategy.md)."""

    __tablename__ = "person"
    __table_args__ = {"schema": "core"}

    person_id: Mapped[BigIdentityId]
    crm_id: Mapped[Code]
    crm_id_key: Mapped[Code] = mapped_column(unique=True)
    created_at: Mapped[Moment]


class Client(Base):
    """A client of a campaign, unique in it by client_code («Номер анкеты»)."""

    __tablename__ = "client"
    __table_args__ = (
        UniqueConstraint("campaign_id", "client_code_key"),
        Index("ix_client_loaded_at", "campaign_id", "status_id", "loaded_at"),
        Index("ix_client_do_not_call_after", "campaign_id", "status_id", "do_not_call_after"),
        Index("ix_client_list", "campaign_id", "segment_id", "status_id", "client_id"),
        # Most results change no column of an index: the new version of the row stays on its page where there is room.
        # Clients of one load lie side by side and are called one after another.
        {"schema": "core", "postgresql_with": {"fillfactor": 50}},
    )

    client_id: Mapped[BigIdentityId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("core.campaign.campaign_id"))
    client_code: Mapped[Code]
    client_code_key: Mapped[Code]
    segment_id: Mapped[int]
    person_id: Mapped[BigNull] = mapped_column(BigInteger, index=True)
    last_name: Mapped[str | None] = mapped_column(Unicode(100))
    first_name: Mapped[str | None] = mapped_column(Unicode(100))
    middle_name: Mapped[str | None] = mapped_column(Unicode(100))
    attributes: Mapped[LongNull]  # extended attributes (M172), a JSON object
    zone_id: Mapped[int | None]  # the client's own zone (M16)
    load_priority: Mapped[SmallNull]  # 1 to 10, before the first result
    round_no: Mapped[Small] = mapped_column(SmallInteger, server_default="1", default=1)
    loaded_at: Mapped[Moment]  # the start of the round: «с момента создания» counts from here
    updated_at: Mapped[Moment]
    import_batch_id: Mapped[BigNull]  # the load that made the client
    updated_batch_id: Mapped[BigNull]  # the latest load that had it
    do_not_call_after: Mapped[MomentNull]
    status_id: Mapped[Small]
    status_at: Mapped[Moment]
    # What core.client_count_change last counted this client as; kept by contacts.client_settle alone.
    counted_status_id: Mapped[Small] = zero()
    counted_segment_id: Mapped[int] = zero(Integer)
    is_blocked: Mapped[Flag] = off()
    blocked_at: Mapped[MomentNull]
    blocked_by: Mapped[NameNull]
    block_reason: Mapped[LineNull]
    attempts: Mapped[Small] = zero()  # those that count, in this round
    attempt_day: Mapped[date | None]  # the client's local day of the last counted attempt
    day_attempts: Mapped[Small] = zero()
    first_attempt_at: Mapped[MomentNull]
    last_attempt_at: Mapped[MomentNull]
    last_technical_result_id: Mapped[int | None]
    last_agent_result_id: Mapped[int | None]  # of the last attempt
    agent_result_id: Mapped[int | None]  # the latest of all
    agent_result_attempts: Mapped[Small] = zero()
    agent_result_at: Mapped[MomentNull]


class Phone(Base):
    """A phone of a client. Its dial class and the moment that its delay counts from decide when it is dialled.

    dial_class_id and the rows of the counts follow from the other columns by strategy.phone_fact; only
    contacts.client_settle writes them. That a phone is out at the dialer is the row in dialing.record alone.
    """

    __tablename__ = "phone"
    __table_args__ = (
        UniqueConstraint("client_id", "number"),
        Index("ix_phone_queue", "dial_class_id", "waits_from", "phone_id"),
        Index("ix_phone_number", "number"),
        Index("ix_phone_list", "campaign_id", "last_technical_result_id", "phone_id"),
        Index("ix_phone_import_batch_id", "import_batch_id", "phone_id"),  # the phones of a load, in turn
        {"schema": "core"},
    )

    phone_id: Mapped[BigIdentityId]
    client_id: Mapped[Big] = mapped_column(ForeignKey("core.client.client_id"))
    campaign_id: Mapped[int]
    phone_type_id: Mapped[int]
    number: Mapped[Number]  # digits only (M203)
    number_raw: Mapped[str] = mapped_column(Unicode(64))  # as it was loaded
    zone_id: Mapped[int | None]  # from the number, where it tells
    loaded_at: Mapped[Moment]
    import_batch_id: Mapped[BigNull]
    # Blocked by itself (blocked_at, and the journal row that says how) or with its number in all campaigns, or both.
    is_blocked: Mapped[Flag] = off()
    blocked_at: Mapped[MomentNull]
    blocked_by: Mapped[NameNull]
    block_reason: Mapped[LineNull]
    block_journal_id: Mapped[BigNull]
    number_block_id: Mapped[BigNull]
    is_do_not_call: Mapped[Flag] = off()
    attempts: Mapped[Small] = zero()
    last_attempt_at: Mapped[MomentNull]
    last_technical_result_id: Mapped[int | None]
    last_agent_result_id: Mapped[int | None]
    hold_agent_result_id: Mapped[int | None]  # set while an agent result's delay holds the phone
    waits_from: Mapped[Moment]  # the moment of the last result, or of the load
    held_until: Mapped[MomentNull]  # a frequency cap was met: not before then
    dial_class_id: Mapped[int] = mapped_column(Integer, server_default="0", default=0)


class Attempt(Base):
    """One dial of one phone, written once when its technical result comes. Never rewritten."""

    __tablename__ = "attempt"
    __table_args__ = (
        Index("ix_attempt_campaign_id", "campaign_id", "ended_at"),
        Index("ix_attempt_client_id", "client_id", "attempt_id"),
        Index("ix_attempt_person_id", "person_id", "ended_at"),
        {"schema": "core"},
    )

    attempt_id: Mapped[BigIdentityId]
    record_key: Mapped[RecordKey] = mapped_column(unique=True)
    campaign_id: Mapped[int]
    client_id: Mapped[Big]
    phone_id: Mapped[Big]
    person_id: Mapped[BigNull]
    number: Mapped[Number]
    block_id: Mapped[Big]
    strategy_version_id: Mapped[int]
    processing_id: Mapped[Small]  # M201: 1 outbound, 2 callback, 3 personal callback
    round_no: Mapped[Small]
    taken_at: Mapped[Moment]
    ended_at: Mapped[Moment]
    technical_result_id: Mapped[int]
    is_counted: Mapped[Flag] = on()
    duration_ms: Mapped[int | None]
    agent: Mapped[CodeNull]
    wrapup: Mapped[CodeNull]
    dialer_id: Mapped[int | None]
    recovery_key: Mapped[float | None] = mapped_column(Float(53))
    applied_at: Mapped[Moment]


class AttemptOutcome(Base):
    """The agent result of an attempt, at most one. It may come before, with or after the technical result, or, where
    nobody dialled, belong to the client alone (record_key empty)."""

    __tablename__ = "attempt_outcome"
    __table_args__ = (
        Index("ix_attempt_outcome_record_key", "record_key"),
        Index("ix_attempt_outcome_client_id", "client_id", "agent_result_id"),
        {"schema": "core"},
    )

    outcome_id: Mapped[BigIdentityId]
    record_key: Mapped[str | None] = mapped_column(Unicode(30))
    campaign_id: Mapped[int]
    client_id: Mapped[Big]
    phone_id: Mapped[BigNull]
    round_no: Mapped[Small]
    agent_result_id: Mapped[int]
    source_id: Mapped[Small]  # 1 dialer's wrap-up, 2 agent page, 3 API, 4 administrator
    agent: Mapped[CodeNull]
    comment: Mapped[LineNull]
    given_at: Mapped[Moment]
    applied_at: Mapped[Moment]


class WorkSet(Base):
    """A set of clients that one event touched, for contacts.client_settle. Empty between transactions."""

    __tablename__ = "work_set"
    __table_args__ = {"schema": "core"}

    work_id: Mapped[BigIdentityId]
    created_at: Mapped[Moment]


class WorkClient(Base):
    """A client of a work set."""

    __tablename__ = "work_client"
    __table_args__ = {"schema": "core"}

    work_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    client_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)


class WorkPhone(Base):
    """A phone of a work set, for the procedures that are told which phones (block, move)."""

    __tablename__ = "work_phone"
    __table_args__ = {"schema": "core"}

    work_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    phone_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)


class WorkPhoneFact(Base):
    """What a result changes of a phone, until contacts.client_settle writes it together with the phone's class.

    Its rows are of the transaction that has locked the phone's client. Empty between transactions.
    """

    __tablename__ = "work_phone_fact"
    __table_args__ = {"schema": "core"}

    phone_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    attempts: Mapped[Small]
    last_attempt_at: Mapped[MomentNull]
    last_technical_result_id: Mapped[int | None]
    last_agent_result_id: Mapped[int | None]
    hold_agent_result_id: Mapped[int | None]
    waits_from: Mapped[Moment]
    held_until: Mapped[MomentNull]


class WorkOutcome(Base):
    """An agent result of a work set, for dialing.private_outcome_apply. is_new: not applied before."""

    __tablename__ = "work_outcome"
    __table_args__ = {"schema": "core"}

    work_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    outcome_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    is_new: Mapped[Flag] = on()


class ClientArchive(Base):
    """A client that was closed long ago, or that a move left without a phone. Its attempts stay where they are.

    reason_id: 1 closed, 2 its phones were moved away.
    """

    __tablename__ = "client_archive"
    __table_args__ = (
        Index("ix_client_archive_client_code_key", "campaign_id", "client_code_key"),
        {"schema": "core"},
    )

    client_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    campaign_id: Mapped[int]
    client_code: Mapped[Code]
    client_code_key: Mapped[Code]
    segment_id: Mapped[int]
    person_id: Mapped[BigNull] = mapped_column(BigInteger, index=True)
    last_name: Mapped[str | None] = mapped_column(Unicode(100))
    first_name: Mapped[str | None] = mapped_column(Unicode(100))
    middle_name: Mapped[str | None] = mapped_column(Unicode(100))
    attributes: Mapped[LongNull]
    zone_id: Mapped[int | None]
    load_priority: Mapped[SmallNull]
    round_no: Mapped[Small]
    loaded_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    import_batch_id: Mapped[BigNull]
    updated_batch_id: Mapped[BigNull]
    do_not_call_after: Mapped[MomentNull]
    status_id: Mapped[Small]
    status_at: Mapped[Moment]
    is_blocked: Mapped[Flag]
    blocked_at: Mapped[MomentNull]
    blocked_by: Mapped[NameNull]
    block_reason: Mapped[LineNull]
    attempts: Mapped[Small]
    attempt_day: Mapped[date | None]
    day_attempts: Mapped[Small]
    first_attempt_at: Mapped[MomentNull]
    last_attempt_at: Mapped[MomentNull]
    last_technical_result_id: Mapped[int | None]
    last_agent_result_id: Mapped[int | None]
    agent_result_id: Mapped[int | None]
    agent_result_attempts: Mapped[Small]
    agent_result_at: Mapped[MomentNull]
    archived_at: Mapped[Moment] = mapped_column(index=True)
    reason_id: Mapped[Small]


class PhoneArchive(Base):
    """A phone of an archived client, or one that met the same number of the same client when it was moved.

    reason_id: 1 closed, 2 merged by a move.
    """

    __tablename__ = "phone_archive"
    __table_args__ = (Index("ix_phone_archive_number", "number"), {"schema": "core"})

    phone_id: Mapped[Big] = mapped_column(primary_key=True, autoincrement=False)
    client_id: Mapped[Big] = mapped_column(index=True)
    campaign_id: Mapped[int]
    phone_type_id: Mapped[int]
    number: Mapped[Number]
    number_raw: Mapped[str] = mapped_column(Unicode(64))
    zone_id: Mapped[int | None]
    loaded_at: Mapped[Moment]
    import_batch_id: Mapped[BigNull]
    is_blocked: Mapped[Flag]
    blocked_at: Mapped[MomentNull]
    blocked_by: Mapped[NameNull]
    block_reason: Mapped[LineNull]
    block_journal_id: Mapped[BigNull]
    number_block_id: Mapped[BigNull]
    is_do_not_call: Mapped[Flag]
    attempts: Mapped[Small]
    last_attempt_at: Mapped[MomentNull]
    last_technical_result_id: Mapped[int | None]
    last_agent_result_id: Mapped[int | None]
    hold_agent_result_id: Mapped[int | None]
    waits_from: Mapped[Moment]
    archived_at: Mapped[Moment] = mapped_column(index=True)
    reason_id: Mapped[Small]


class NumberBlock(Base):
    """A number that is blocked in all campaigns (M111), whoever its clients are. Only lifted_at ends it."""

    __tablename__ = "number_block"
    __table_args__ = (
        Index("ix_number_block_number", "number", "lifted_at"),
        Index("ix_number_block_lifted_at", "lifted_at", "number_block_id"),
        {"schema": "core"},
    )

    number_block_id: Mapped[BigIdentityId]
    number: Mapped[Number]
    added_at: Mapped[Moment] = mapped_column(index=True)
    added_by: Mapped[Name]
    reason: Mapped[LineNull]
    lifted_at: Mapped[MomentNull]
    lifted_by: Mapped[NameNull]
    lift_reason: Mapped[LineNull]


class BlockJournal(Base):
    """Every block and every lifting: of what, by whom, why, and what it reached.

    kind_id: 1 a phone, 2 a client, 3 all clients of a segment, 4 the phones loaded into a segment between two moments,
    5 a number in all campaigns, 6 do-not-call. lifted_at: when a later lifting of the same thing ended this block.
    run_id: the clearing of the queue that it asked for, the last one where there were several.
    """

    __tablename__ = "block_journal"
    __table_args__ = (
        Index("ix_block_journal_campaign_id", "campaign_id", "journal_id"),
        Index("ix_block_journal_client_id", "client_id"),
        Index("ix_block_journal_number", "number"),
        Index("ix_block_journal_segment_id", "segment_id"),
        {"schema": "contacts"},
    )

    journal_id: Mapped[BigIdentityId]
    done_at: Mapped[Moment] = mapped_column(index=True)
    kind_id: Mapped[Small]
    is_blocked: Mapped[Flag]  # set: a block; cleared: a lifting
    campaign_id: Mapped[int | None]
    segment_id: Mapped[int | None]
    client_id: Mapped[BigNull]
    phone_id: Mapped[BigNull]
    person_id: Mapped[BigNull]
    number: Mapped[str | None] = mapped_column(Unicode(20))
    number_block_id: Mapped[BigNull]
    do_not_call_id: Mapped[BigNull]
    loaded_from: Mapped[MomentNull]
    loaded_to: Mapped[MomentNull]
    done_by: Mapped[Name]
    reason: Mapped[LineNull]
    phones: Mapped[int] = zero(Integer)
    records_out: Mapped[int] = zero(Integer)
    runs_requested: Mapped[int] = zero(Integer)
    run_id: Mapped[BigNull]
    lifted_at: Mapped[MomentNull]
    lifted_by: Mapped[NameNull]


class MoveJournal(Base):
    """A phone that went to another campaign: from where to where, by whom. kept_id is another phone where two met."""

    __tablename__ = "move_journal"
    __table_args__ = {"schema": "contacts"}

    move_id: Mapped[BigIdentityId]
    phone_id: Mapped[Big] = mapped_column(index=True)
    kept_id: Mapped[Big]
    number: Mapped[Number]
    from_campaign_id: Mapped[int]
    from_client_id: Mapped[Big] = mapped_column(index=True)
    to_campaign_id: Mapped[int]
    to_client_id: Mapped[Big] = mapped_column(index=True)
    done_at: Mapped[Moment] = mapped_column(index=True)
    done_by: Mapped[Name]
