"""Making campaigns and saving strategies: rows only, every check is in strategy.version_publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from app.errors import AcmError
from app.models.dictionary import AgentResult, PhoneType, TechnicalResult, TimeZone
from app.models.strategy import (
    Calendar,
    Campaign,
    Schedule,
    ScheduleDate,
    SchedulePeriod,
    StrategyVersion,
    VersionAgentResult,
    VersionPhoneType,
    VersionTechnicalResult,
)
from app.procedures.strategy import version_publish

EVERY_DAY = range(1, 8)


@dataclass(frozen=True)
class ScheduleForm:
    """A schedule: (weekday 1 to 7, start, end) and (date, start, end), in minutes of local time.

    A period whose end is not after its start crosses midnight. A date row with start and end None is an excluded date.
    `calendar` is the code of a production calendar whose days off the schedule obeys.
    """

    name: str
    periods: Sequence[tuple[int, int, int]]
    dates: Sequence[tuple[date, int | None, int | None]] = ()
    calendar: str | None = None

    @classmethod
    def daily(cls, name: str, start: int, end: int, calendar: str | None = None) -> ScheduleForm:
        """The same period on every weekday."""
        return cls(name, [(weekday, start, end) for weekday in EVERY_DAY], calendar=calendar)


@dataclass(frozen=True)
class PhoneTypeForm:
    """Settings of a phone type (M50, M51, M65)."""

    is_dialled: bool = True
    max_attempts: int | None = None
    weight: int = 5
    schedule: ScheduleForm | None = None


@dataclass(frozen=True)
class ResultForm:
    """Settings of a technical result: priority 1 to 10, delay in minutes or None, whether it counts as an attempt."""

    priority: int
    delay_minutes: int | None
    counts_as_attempt: bool = True


@dataclass(frozen=True)
class AgentResultForm:
    """Settings of an agent result. action_id: 1 success, 2 skip, 3 active, 4 failure, 5 do not call."""

    action_id: int
    priority: int = 5
    max_attempts: int | None = None
    delay_minutes: int | None = None


@dataclass(frozen=True)
class StrategyForm:
    """All settings of a strategy version; results and types are named by code. Durations are minutes."""

    schedule: ScheduleForm
    block_size: int = 30
    queue_depth: int = 100
    max_client_attempts: int | None = None
    max_day_attempts: int | None = None
    first_call_minutes: int | None = None
    created_minutes: int | None = None
    created_names_status: bool = False
    client_most_first: bool = False
    no_result_priority: int = 5
    phone_keys: tuple[str, str, str] = ("attempts", "result", "type")
    phone_most_first: bool = False
    leaf_mandatory: bool = False
    phone_types: Mapping[str, PhoneTypeForm] = field(default_factory=dict)
    technical_results: Mapping[str, ResultForm] = field(default_factory=dict)
    agent_results: Mapping[str, AgentResultForm] = field(default_factory=dict)


def create_campaign(
    connection: Connection,
    *,
    code: str,
    name: str,
    zone_code: str,
    strategy: StrategyForm,
    created_by: str,
    now: datetime,
    **columns: object,
) -> int:
    """Make a stopped campaign with its first strategy version in force. Returns its id.

    `columns` are further columns of core.campaign. Raises AcmError for an unknown zone, type or result, and
    ProcedureError where the strategy is refused.
    """
    zone_id = connection.scalar(select(TimeZone.zone_id).where(TimeZone.code_key == zone_code.strip().upper()))
    if zone_id is None:
        raise AcmError(f"There is no time zone {zone_code!r}.", "Choose one of the dictionary of time zones.")
    campaign_id = _insert_id(
        connection,
        Campaign,
        code=code.strip(),
        code_key=code.strip().upper(),
        name=name,
        default_zone_id=zone_id,
        created_at=now,
        created_by=created_by,
        **columns,
    )
    save_strategy(connection, campaign_id, strategy, created_by=created_by, reason=None, now=now)
    return campaign_id


def save_strategy(
    connection: Connection,
    campaign_id: int,
    strategy: StrategyForm,
    *,
    created_by: str,
    reason: str | None,
    now: datetime,
) -> int:
    """Write a new strategy version with its schedules and put it in force. Returns its id; no phone is touched."""
    schedule_id = save_schedule(connection, campaign_id, strategy.schedule, created_by, now)
    versions = connection.scalars(
        select(StrategyVersion.version_no).where(StrategyVersion.campaign_id == campaign_id)
    ).all()
    version_id = _insert_id(
        connection,
        StrategyVersion,
        campaign_id=campaign_id,
        version_no=max(versions, default=0) + 1,
        created_at=now,
        created_by=created_by,
        reason=reason,
        block_size=strategy.block_size,
        queue_depth=strategy.queue_depth,
        max_client_attempts=strategy.max_client_attempts,
        max_day_attempts=strategy.max_day_attempts,
        first_call_minutes=strategy.first_call_minutes,
        created_minutes=strategy.created_minutes,
        created_names_status=strategy.created_names_status,
        client_most_first=strategy.client_most_first,
        no_result_priority=strategy.no_result_priority,
        attempts_position=strategy.phone_keys.index("attempts") + 1,
        result_position=strategy.phone_keys.index("result") + 1,
        type_position=strategy.phone_keys.index("type") + 1,
        phone_most_first=strategy.phone_most_first,
        leaf_mandatory=strategy.leaf_mandatory,
        schedule_id=schedule_id,
    )
    for code, phone_type in strategy.phone_types.items():
        own = phone_type.schedule and save_schedule(connection, campaign_id, phone_type.schedule, created_by, now)
        connection.execute(
            insert(VersionPhoneType).values(
                strategy_version_id=version_id,
                phone_type_id=_by_code(connection, PhoneType, PhoneType.phone_type_id, code),
                is_dialled=phone_type.is_dialled,
                max_attempts=phone_type.max_attempts,
                weight=phone_type.weight,
                schedule_id=own,
            )
        )
    for code, result in strategy.technical_results.items():
        connection.execute(
            insert(VersionTechnicalResult).values(
                strategy_version_id=version_id,
                technical_result_id=_by_code(connection, TechnicalResult, TechnicalResult.technical_result_id, code),
                priority=result.priority,
                delay_minutes=result.delay_minutes,
                counts_as_attempt=result.counts_as_attempt,
            )
        )
    for code, agent_result in strategy.agent_results.items():
        connection.execute(
            insert(VersionAgentResult).values(
                strategy_version_id=version_id,
                agent_result_id=_by_code(connection, AgentResult, AgentResult.agent_result_id, code),
                action_id=agent_result.action_id,
                priority=agent_result.priority,
                max_attempts=agent_result.max_attempts,
                delay_minutes=agent_result.delay_minutes,
            )
        )
    version_publish(connection, version_id)
    return version_id


def save_schedule(
    connection: Connection, campaign_id: int | None, form: ScheduleForm, created_by: str, now: datetime
) -> int:
    """Write a schedule: of a campaign, or a template. Returns its id."""
    schedule_id = _insert_id(
        connection,
        Schedule,
        name=form.name,
        campaign_id=campaign_id,
        created_at=now,
        created_by=created_by,
        calendar_id=form.calendar and _by_code(connection, Calendar, Calendar.calendar_id, form.calendar),
    )
    write_schedule_rows(connection, schedule_id, form)
    return schedule_id


def write_schedule_rows(connection: Connection, schedule_id: int, form: ScheduleForm) -> None:
    """Write the periods and dates of a schedule that has none."""
    if form.periods:
        connection.execute(
            insert(SchedulePeriod),
            [
                {"schedule_id": schedule_id, "weekday": weekday, "start_minute": start, "end_minute": end}
                for weekday, start, end in form.periods
            ],
        )
    if form.dates:
        connection.execute(
            insert(ScheduleDate),
            [
                {
                    "schedule_id": schedule_id,
                    "on_date": on_date,
                    "start_minute": start or 0,
                    "end_minute": end or 0,
                    "is_excluded": start is None,
                }
                for on_date, start, end in form.dates
            ],
        )


def _insert_id(connection: Connection, model: type, **values: object) -> int:
    identity = connection.execute(insert(model).values(**values)).inserted_primary_key
    return int(identity[0])  # type: ignore[index]


def _by_code(connection: Connection, model: type, key: object, code: str) -> int:
    found = connection.scalar(select(key).where(model.code_key == code.strip().upper()))  # type: ignore[call-overload,attr-defined]
    if found is None:
        raise AcmError(f"The dictionary has no {code!r}.", "Choose one of its codes.")
    return int(found)
