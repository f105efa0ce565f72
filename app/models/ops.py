"""Services with their schedules and runs, settings kept in the database, and the record of deployed SQL objects."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, SmallInteger, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    BigIdentityId,
    BigNull,
    Code,
    CodeNull,
    Flag,
    IdentityId,
    LineNull,
    LongNull,
    Moment,
    MomentNull,
    Name,
    NameNull,
    Small,
    on,
    zero,
)


class ServiceSchedule(Base):
    """A named schedule of services in cron form (M230-M235); six fields begin with minutes and end with seconds."""

    __tablename__ = "service_schedule"
    __table_args__ = {"schema": "ops"}

    schedule_id: Mapped[IdentityId]
    name: Mapped[Name] = mapped_column(unique=True)
    cron: Mapped[str] = mapped_column(Unicode(200))


class Service(Base):
    """One of the services (M229). next_run_at empty: to be computed from the schedule, as after a change of it."""

    __tablename__ = "service"
    __table_args__ = {"schema": "ops"}

    service_id: Mapped[IdentityId]
    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[Name]
    name_en: Mapped[Name]
    schedule_id: Mapped[int | None] = mapped_column(ForeignKey("ops.service_schedule.schedule_id"))
    is_enabled: Mapped[Flag] = on()
    timeout_seconds: Mapped[int]
    next_run_at: Mapped[MomentNull]  # real time, UTC
    running_run_id: Mapped[BigNull]  # the run that holds the service, so that it never runs twice at once
    last_run_id: Mapped[BigNull]


class ServiceRun(Base):
    """One run, in real time (UTC) whatever the clock of the application says. state_id: 1 queued, 2 running, 3 done,
    4 failed, 5 lost (its process died), 6 cancelled before it began: by a person, or its service was switched off."""

    __tablename__ = "service_run"
    __table_args__ = (
        Index("ix_service_run_service_id", "service_id", "run_id"),
        Index("ix_service_run_state_id", "state_id", "service_id", "run_id"),
        Index("ix_service_run_campaign_id", "campaign_id", "run_id"),
        {"schema": "ops"},
    )

    run_id: Mapped[BigIdentityId]
    service_id: Mapped[int] = mapped_column(ForeignKey("ops.service.service_id"))
    planned_at: Mapped[Moment]
    state_id: Mapped[Small]
    started_at: Mapped[MomentNull]
    heartbeat_at: Mapped[MomentNull]
    finished_at: Mapped[MomentNull]
    progress: Mapped[int] = zero(Integer)
    progress_total: Mapped[int | None]
    counts: Mapped[LongNull]  # a JSON object
    log: Mapped[LongNull]
    error: Mapped[LineNull]
    worker: Mapped[CodeNull]
    requested_by: Mapped[NameNull]  # empty: the schedule
    campaign_id: Mapped[int | None]  # set: the run is for this campaign only
    cancelled_by: Mapped[NameNull]
    attempt_no: Mapped[Small] = mapped_column(SmallInteger, server_default="1", default=1)  # a retry counts on


class Lease(Base):
    """A place that one process of many holds, such as that of the active scheduler. Lost with the calls that stop."""

    __tablename__ = "lease"
    __table_args__ = {"schema": "ops"}

    name: Mapped[Code] = mapped_column(primary_key=True)
    owner: Mapped[Name]  # empty: nobody
    taken_at: Mapped[Moment]
    beat_at: Mapped[Moment]


class Hold(Base):
    """A thing that one run works on alone, such as a campaign at the dialer. Held while its run is running."""

    __tablename__ = "hold"
    __table_args__ = {"schema": "ops"}

    name: Mapped[Code] = mapped_column(primary_key=True)
    run_id: Mapped[BigNull]
    taken_at: Mapped[Moment]


class SqlObject(Base):
    """A deployed object of sql/: what the runner put on the server."""

    __tablename__ = "sql_object"
    __table_args__ = {"schema": "ops"}

    name: Mapped[str] = mapped_column(Unicode(200), primary_key=True)
    kind: Mapped[Code]
    version: Mapped[Code]
    file_hash: Mapped[Code]
    definition_hash: Mapped[Code]
    git_commit: Mapped[CodeNull]
    deployed_at: Mapped[Moment]
    deployed_by: Mapped[Name]


class Setting(Base):
    """A setting of the installation that every process reads, by name."""

    __tablename__ = "setting"
    __table_args__ = {"schema": "ops"}

    name: Mapped[str] = mapped_column(Unicode(100), primary_key=True)
    value: Mapped[LongNull]
