"""Campaigns, segments, strategy versions, schedules, and the dial classes that the strategy ranks."""

from __future__ import annotations

from datetime import date

from sqlalchemy import ForeignKey, Identity, Index, Integer, Unicode, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    BigIdentityId,
    Code,
    CodeNull,
    Flag,
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

#: state_id of a campaign.
STOPPED, ACTIVE, ARCHIVED = 1, 2, 3


class Campaign(Base):
    """A campaign. state_id: 1 stopped, 2 active, 3 archived. strategy_version_id is the version in force."""

    __tablename__ = "campaign"
    __table_args__ = {"schema": "core"}

    campaign_id: Mapped[IdentityId]
    code: Mapped[Code] = mapped_column(unique=True)
    code_key: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    state_id: Mapped[Small] = mapped_column(server_default="1", default=1)
    default_zone_id: Mapped[int] = mapped_column(ForeignKey("core.time_zone.zone_id"))
    # No foreign key: a version belongs to a campaign, and the two would need each other first.
    strategy_version_id: Mapped[int | None]
    one_call_per_person: Mapped[Flag] = off()  # no call while the person is on the line for another campaign
    # Phones are not handed over in the last minutes of their schedule, so that the dialer has the time to dial them.
    closing_margin_minutes: Mapped[Small] = zero()
    restarts_on_reload: Mapped[Flag] = off()  # a finished client that is loaded again starts a new round
    dialer_id: Mapped[int | None] = mapped_column(ForeignKey("dialing.dialer.dialer_id"))
    dialer_campaign_id: Mapped[int | None]  # the id that the dialer gave
    dialer_campaign_name: Mapped[NameNull]  # «Название кампании в Dialer»
    dialer_skill_groups: Mapped[NameNull]  # ids of the dialer's skill groups whose agents talk, with commas between
    dialer_number: Mapped[CodeNull]  # the number that the dialer dials from (Cisco's dialedNumber)
    dialer_state: Mapped[NameNull]  # «Статус кампании Cisco», as last read: enabled, disabled, missing
    dialer_state_at: Mapped[MomentNull]
    agents_working: Mapped[int | None]  # «Агенты в работе», as last read from the dialer
    # The version that client statuses were last settled against; below 0: none, since the dictionary was changed.
    status_version_id: Mapped[int | None]
    created_at: Mapped[Moment]
    created_by: Mapped[Name]
    started_at: Mapped[MomentNull]
    stopped_at: Mapped[MomentNull]


class StatusRun(Base):
    """How far the status service has come in a campaign.

    Attempts that ended until first_calls_seen_until were looked at for first calls that are too long ago; NULL: the
    strategy has no such duration. A row of its own and without a foreign key, since the campaign's row is locked by
    whoever takes a block.
    """

    __tablename__ = "status_run"
    __table_args__ = {"schema": "core"}

    campaign_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_calls_seen_until: Mapped[MomentNull]


class Segment(Base):
    """A segment of a campaign (M43-M45): may be switched off or blocked as a whole."""

    __tablename__ = "segment"
    __table_args__ = (UniqueConstraint("campaign_id", "code_key"), {"schema": "core"})

    segment_id: Mapped[IdentityId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("core.campaign.campaign_id"))
    code: Mapped[Code]
    code_key: Mapped[Code]
    name: Mapped[NameNull]
    is_enabled: Mapped[Flag] = on()
    is_blocked: Mapped[Flag] = off()
    blocked_at: Mapped[MomentNull]
    blocked_by: Mapped[NameNull]
    block_reason: Mapped[LineNull]
    created_at: Mapped[Moment]


class Calendar(Base):
    """A production calendar: which days are days off, and which weekends are worked (M21)."""

    __tablename__ = "calendar"
    __table_args__ = {"schema": "strategy"}

    calendar_id: Mapped[IdentityId]
    code: Mapped[Code] = mapped_column(unique=True)
    code_key: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]


class CalendarDay(Base):
    """A day that takes the periods of another weekday than its own: as_weekday 1 to 7, or 0 for no dialling at all.

    is_corrected: somebody set the day by hand, and loading the calendar again leaves it alone.
    """

    __tablename__ = "calendar_day"
    __table_args__ = {"schema": "strategy"}

    calendar_id: Mapped[int] = mapped_column(ForeignKey("strategy.calendar.calendar_id"), primary_key=True)
    on_date: Mapped[date] = mapped_column(primary_key=True)
    as_weekday: Mapped[Small]
    name: Mapped[NameNull]
    is_corrected: Mapped[Flag] = off()


class Schedule(Base):
    """A dialling schedule: a template (campaign_id empty) or the copy that one campaign uses. Never edited once a
    strategy version names it: a change makes a new schedule and a new version."""

    __tablename__ = "schedule"
    __table_args__ = {"schema": "strategy"}

    schedule_id: Mapped[IdentityId]
    name: Mapped[Name]
    campaign_id: Mapped[int | None] = mapped_column(ForeignKey("core.campaign.campaign_id"), index=True)
    created_at: Mapped[Moment]
    created_by: Mapped[Name]
    calendar_id: Mapped[int | None] = mapped_column(ForeignKey("strategy.calendar.calendar_id"))


class SchedulePeriod(Base):
    """A period of a weekday (1 Monday to 7 Sunday), in minutes of local time. start >= end crosses midnight."""

    __tablename__ = "schedule_period"
    __table_args__ = {"schema": "strategy"}

    schedule_id: Mapped[int] = mapped_column(ForeignKey("strategy.schedule.schedule_id"), primary_key=True)
    weekday: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    start_minute: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    end_minute: Mapped[Small]


class ScheduleDate(Base):
    """A date with its own periods, or an excluded one (M32-M36). Replaces the weekday's periods on that date."""

    __tablename__ = "schedule_date"
    __table_args__ = {"schema": "strategy"}

    schedule_id: Mapped[int] = mapped_column(ForeignKey("strategy.schedule.schedule_id"), primary_key=True)
    on_date: Mapped[date] = mapped_column(primary_key=True)
    start_minute: Mapped[Small] = mapped_column(primary_key=True, autoincrement=False)
    end_minute: Mapped[Small]  # an excluded date has the one row 0, 0
    is_excluded: Mapped[Flag] = off()


class StrategyVersion(Base):
    """An immutable set of all settings of a strategy (M47-M65). Saving the form writes a new one."""

    __tablename__ = "version"
    __table_args__ = (UniqueConstraint("campaign_id", "version_no"), {"schema": "strategy"})

    strategy_version_id: Mapped[IdentityId]
    campaign_id: Mapped[int] = mapped_column(ForeignKey("core.campaign.campaign_id"))
    version_no: Mapped[int]
    created_at: Mapped[Moment]
    created_by: Mapped[Name]
    reason: Mapped[LineNull]
    block_size: Mapped[int]
    queue_depth: Mapped[int]
    max_client_attempts: Mapped[SmallNull]
    max_day_attempts: Mapped[SmallNull]
    first_call_minutes: Mapped[int | None]
    created_minutes: Mapped[int | None]
    created_names_status: Mapped[Flag] = off()  # M53: 0 first_call, 1 created
    client_most_first: Mapped[Flag] = off()  # M56 fewest attempts first, M57 most first
    no_result_priority: Mapped[Small] = mapped_column(server_default="5", default=5)
    attempts_position: Mapped[Small] = mapped_column(server_default="1", default=1)  # M58: 1 to 3, each once
    result_position: Mapped[Small] = mapped_column(server_default="2", default=2)
    type_position: Mapped[Small] = mapped_column(server_default="3", default=3)
    phone_most_first: Mapped[Flag] = off()  # M62 fewest attempts first, M63 most first
    leaf_mandatory: Mapped[Flag] = off()  # M75
    schedule_id: Mapped[int] = mapped_column(ForeignKey("strategy.schedule.schedule_id"))


class VersionPhoneType(Base):
    """Settings of a phone type in a version (M50, M51, M64, M65). A type without a row is not dialled."""

    __tablename__ = "version_phone_type"
    __table_args__ = {"schema": "strategy"}

    strategy_version_id: Mapped[int] = mapped_column(
        ForeignKey("strategy.version.strategy_version_id"), primary_key=True
    )
    phone_type_id: Mapped[int] = mapped_column(ForeignKey("core.phone_type.phone_type_id"), primary_key=True)
    is_dialled: Mapped[Flag] = on()
    max_attempts: Mapped[SmallNull]
    weight: Mapped[Small] = mapped_column(server_default="5", default=5)
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("strategy.schedule.schedule_id"))


class VersionTechnicalResult(Base):
    """Settings of a technical result in a version (M93-M104). No row: the dictionary's own values."""

    __tablename__ = "version_technical_result"
    __table_args__ = {"schema": "strategy"}

    strategy_version_id: Mapped[int] = mapped_column(
        ForeignKey("strategy.version.strategy_version_id"), primary_key=True
    )
    technical_result_id: Mapped[int] = mapped_column(
        ForeignKey("core.technical_result.technical_result_id"), primary_key=True
    )
    priority: Mapped[Small]
    delay_minutes: Mapped[int | None]
    counts_as_attempt: Mapped[Flag]


class VersionAgentResult(Base):
    """Settings of an agent result in a version (M76-M92). No row: the dictionary's own values."""

    __tablename__ = "version_agent_result"
    __table_args__ = {"schema": "strategy"}

    strategy_version_id: Mapped[int] = mapped_column(
        ForeignKey("strategy.version.strategy_version_id"), primary_key=True
    )
    agent_result_id: Mapped[int] = mapped_column(ForeignKey("core.agent_result.agent_result_id"), primary_key=True)
    action_id: Mapped[Small]
    priority: Mapped[Small]
    max_attempts: Mapped[SmallNull]
    delay_minutes: Mapped[int | None]


class DialClass(Base):
    """The few facts about a phone that the strategy reads; phones that share them are one class (strategy.md).

    Results are 0 where there is none; attempt_day is 1900-01-01 and day_attempts 0 where the client has no attempt
    on a day that may still be today. facts_key is the facts in one text, as strategy.phone_fact makes it.
    """

    __tablename__ = "dial_class"
    __table_args__ = {"schema": "core"}

    dial_class_id: Mapped[int] = mapped_column(Identity(), primary_key=True)
    facts_key: Mapped[str] = mapped_column(Unicode(200), unique=True)
    campaign_id: Mapped[int] = mapped_column(Integer, index=True)
    segment_id: Mapped[int]
    phone_type_id: Mapped[int]
    zone_id: Mapped[int]  # the phone's
    client_zone_id: Mapped[int]
    load_priority: Mapped[Small]  # the client's own priority from its load, 0 where it has none
    client_attempts: Mapped[Small]
    phone_attempts: Mapped[Small]
    client_technical_result_id: Mapped[int]
    client_agent_result_id: Mapped[int]  # of the client's last attempt
    limit_agent_result_id: Mapped[int]  # the client's latest agent result ever
    limit_agent_attempts: Mapped[Small]  # how many times the client has had it
    phone_technical_result_id: Mapped[int]
    phone_agent_result_id: Mapped[int]
    hold_agent_result_id: Mapped[int]  # the agent result whose delay holds this phone
    # What bars the phone whatever the strategy says: 0 nothing, 1 client processed, 2 client blocked, 3 do not call,
    # 4 phone blocked.
    bar_id: Mapped[Small]
    time_status_id: Mapped[Small]  # the client's status when only time set it (6, 7 or 9), else 0
    held_until: Mapped[Moment]  # a frequency cap holds the phone until then, in quarters of an hour; 1900-01-01: none
    is_promised: Mapped[Flag] = off()  # the client was promised a call that is not over: it waits or is being made
    attempt_day: Mapped[date]
    day_attempts: Mapped[Small]
    created_at: Mapped[Moment]


class DialClassChange(Base):
    """How many phones a class gained or lost. Appended by every event, so that counting never makes events wait for
    each other, and folded by contacts.count_fold."""

    __tablename__ = "dial_class_change"
    __table_args__ = (Index("ix_dial_class_change_dial_class_id", "dial_class_id"), {"schema": "core"})

    change_id: Mapped[BigIdentityId]
    dial_class_id: Mapped[int]
    phones: Mapped[int]


class ClientCountChange(Base):
    """How many clients a status of a segment gained or lost; appended and folded as DialClassChange is."""

    __tablename__ = "client_count_change"
    __table_args__ = (
        Index("ix_client_count_change_campaign_id", "campaign_id", "segment_id", "status_id"),
        {"schema": "core"},
    )

    change_id: Mapped[BigIdentityId]
    campaign_id: Mapped[int]
    segment_id: Mapped[int]
    status_id: Mapped[Small]
    clients: Mapped[int]
