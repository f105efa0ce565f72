"""Dictionaries: phone types, results, statuses, zones and their offsets, the do-not-call list."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, SmallInteger, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    BigIdentityId,
    BigNull,
    Code,
    Flag,
    Id,
    IdentityId,
    LineNull,
    Moment,
    MomentNull,
    Name,
    NameNull,
    Small,
    SmallNull,
    off,
    on,
    zero,
)


class TimeZone(Base):
    """A zone of the IANA zone database; code_key is the name in upper case."""

    __tablename__ = "time_zone"
    __table_args__ = {"schema": "core"}

    zone_id: Mapped[IdentityId]
    code: Mapped[Code] = mapped_column(unique=True)
    code_key: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    is_enabled: Mapped[Flag] = on()


class TimeZoneOffset(Base):
    """Minutes to add to UTC from valid_from (included) to valid_to (excluded), so that SQL needs no zone functions."""

    __tablename__ = "time_zone_offset"
    __table_args__ = {"schema": "core"}

    zone_id: Mapped[int] = mapped_column(ForeignKey("core.time_zone.zone_id"), primary_key=True)
    valid_from: Mapped[Moment] = mapped_column(primary_key=True)
    valid_to: Mapped[Moment]
    offset_minutes: Mapped[Small]


class NumberRow(Base):
    """The numbers 0 to 400, for queries that need a row for each of some days."""

    __tablename__ = "number_row"
    __table_args__ = {"schema": "core"}

    n: Mapped[Id] = mapped_column(autoincrement=False)


class PhoneType(Base):
    """Phone type (M13, M50): «Мобильный», «Домашний» and any others."""

    __tablename__ = "phone_type"
    __table_args__ = {"schema": "core"}

    phone_type_id: Mapped[IdentityId]
    code: Mapped[Code] = mapped_column(unique=True)
    code_key: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[NameNull]
    sort_order: Mapped[Small] = zero()
    is_enabled: Mapped[Flag] = on()


class TechnicalResult(Base):
    """Technical result of a call (M93-M105): one row for each CallResult of Cisco's Dialer_Detail, open to more."""

    __tablename__ = "technical_result"
    __table_args__ = {"schema": "core"}

    technical_result_id: Mapped[IdentityId]
    code: Mapped[Code] = mapped_column(unique=True)
    code_key: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[NameNull]
    cisco_code: Mapped[SmallNull] = mapped_column(SmallInteger, index=True)
    counts_as_attempt: Mapped[Flag] = on()
    is_contact: Mapped[Flag] = off()  # a live person was reached
    priority: Mapped[Small]  # what a new strategy starts with, 1 first
    delay_minutes: Mapped[int | None]
    sort_order: Mapped[Small] = zero()
    is_enabled: Mapped[Flag] = on()


class AgentResult(Base):
    """Agent result, a tree of two levels (M69, M76, M77); the wrap-up text of the dialer carries its code."""

    __tablename__ = "agent_result"
    __table_args__ = {"schema": "core"}

    agent_result_id: Mapped[IdentityId]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("core.agent_result.agent_result_id"))
    code: Mapped[Code] = mapped_column(unique=True)
    code_key: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[NameNull]
    # What a new strategy starts with: the action of strategy.agent_action, priority, limit and delay.
    action_id: Mapped[Small]
    priority: Mapped[Small]
    max_attempts: Mapped[SmallNull]
    delay_minutes: Mapped[int | None]
    sort_order: Mapped[Small] = zero()
    is_enabled: Mapped[Flag] = on()


class AgentAction(Base):
    """What an agent result does (M88-M92): 1 success, 2 skip, 3 active, 4 failure, 5 do not call."""

    __tablename__ = "agent_action"
    __table_args__ = {"schema": "strategy"}

    action_id: Mapped[Id] = mapped_column(SmallInteger, autoincrement=False)
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
    final_status_id: Mapped[SmallNull]  # the client status that it sets for good, if any


class ClientStatus(Base):
    """Client status (M136-M144).

    is_final: set by a result and never lifted by itself. is_limit: follows from a limit, so that a changed limit
    lifts it.
    """

    __tablename__ = "client_status"
    __table_args__ = {"schema": "core"}

    status_id: Mapped[Id] = mapped_column(SmallInteger, autoincrement=False)
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
    is_final: Mapped[Flag]
    is_limit: Mapped[Flag]


class DoNotCall(Base):
    """One entry of the do-not-call list: a number or a person. Only lifted_at ends it, never a load or a result."""

    __tablename__ = "do_not_call"
    __table_args__ = (
        Index("ix_do_not_call_number", "number", "lifted_at"),
        Index("ix_do_not_call_person_id", "person_id", "lifted_at"),
        Index("ix_do_not_call_lifted_at", "lifted_at", "do_not_call_id"),
        {"schema": "core"},
    )

    do_not_call_id: Mapped[BigIdentityId]
    number: Mapped[str | None] = mapped_column(Unicode(20))
    person_id: Mapped[BigNull]
    added_at: Mapped[Moment] = mapped_column(index=True)
    added_by: Mapped[Name]
    reason: Mapped[LineNull]
    lifted_at: Mapped[MomentNull]
    lifted_by: Mapped[NameNull]
    lift_reason: Mapped[LineNull]
