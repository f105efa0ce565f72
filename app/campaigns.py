"""Making campaigns, saving strategies and reading them back: rows only, every check is in strategy.version_publish."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, text

from app.errors import AcmError
from app.i18n import gettext as _
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

#: The three keys of the phone order (M58-M61), as StrategyForm names them, and the columns of their positions.
PHONE_KEYS = {"attempts": "attempts_position", "result": "result_position", "type": "type_position"}

EVERY_DAY = range(1, 8)


@dataclass(frozen=True)
class ScheduleForm:
    """A schedule: (weekday 1 to 7, start, end) and (date, start, end), in minutes of local time.

    A period whose end is not after its start crosses midnight. A date row with start and end None is an excluded date.
    `calendar` is the code of a production calendar whose days off the schedule obeys.
    Rows are kept in their order in time, so that equal schedules are equal.
    """

    name: str
    periods: Sequence[tuple[int, int, int]]
    dates: Sequence[tuple[date, int | None, int | None]] = ()
    calendar: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "periods", tuple(sorted(self.periods)))
        object.__setattr__(self, "dates", tuple(sorted(self.dates, key=lambda row: (row[0], row[1] or 0))))

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


def find_campaign(connection: Connection, code: str) -> Any:
    """The campaign that somebody names by its code, in any case: campaign_id, code. AcmError where there is none."""
    found = connection.execute(
        select(Campaign.campaign_id, Campaign.code).where(Campaign.code_key == code.strip().upper())
    ).one_or_none()
    if found is None:
        raise AcmError(_("There is no campaign %(code)s.", code=code), _("See its code in the list of campaigns."))
    return found


def create_campaign(
    connection: Connection,
    *,
    code: str,
    name: str,
    zone_code: str,
    strategy: StrategyForm | None,
    created_by: str,
    now: datetime,
    reason: str | None = None,
    **columns: object,
) -> int:
    """Make a stopped campaign with its first strategy version in force, or without one. Returns its id.

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
    if strategy is not None:
        save_strategy(connection, campaign_id, strategy, created_by=created_by, reason=reason, now=now)
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
    version_id = write_strategy(connection, campaign_id, strategy, created_by=created_by, reason=reason, now=now)
    version_publish(connection, version_id)
    return version_id


def write_strategy(
    connection: Connection,
    campaign_id: int,
    strategy: StrategyForm,
    *,
    created_by: str,
    reason: str | None,
    now: datetime,
) -> int:
    """Write a strategy version with its schedules, not in force yet. Returns its id."""
    lock_versions(connection, campaign_id)
    schedule_id = save_schedule(connection, campaign_id, strategy.schedule, created_by, now)
    last = connection.scalar(
        select(func.max(StrategyVersion.version_no)).where(StrategyVersion.campaign_id == campaign_id)
    )
    version_id = _insert_id(
        connection,
        StrategyVersion,
        campaign_id=campaign_id,
        version_no=(last or 0) + 1,
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
        **{column: strategy.phone_keys.index(key) + 1 for key, column in PHONE_KEYS.items()},
        phone_most_first=strategy.phone_most_first,
        leaf_mandatory=strategy.leaf_mandatory,
        schedule_id=schedule_id,
    )
    _insert_named(
        connection,
        VersionPhoneType,
        PhoneType.phone_type_id,
        {
            code: {
                "strategy_version_id": version_id,
                "is_dialled": phone_type.is_dialled,
                "max_attempts": phone_type.max_attempts,
                "weight": phone_type.weight,
                "schedule_id": phone_type.schedule
                and save_schedule(connection, campaign_id, phone_type.schedule, created_by, now),
            }
            for code, phone_type in strategy.phone_types.items()
        },
    )
    _insert_named(
        connection,
        VersionTechnicalResult,
        TechnicalResult.technical_result_id,
        {
            code: {
                "strategy_version_id": version_id,
                "priority": result.priority,
                "delay_minutes": result.delay_minutes,
                "counts_as_attempt": result.counts_as_attempt,
            }
            for code, result in strategy.technical_results.items()
        },
    )
    _insert_named(
        connection,
        VersionAgentResult,
        AgentResult.agent_result_id,
        {
            code: {
                "strategy_version_id": version_id,
                "action_id": agent_result.action_id,
                "priority": agent_result.priority,
                "max_attempts": agent_result.max_attempts,
                "delay_minutes": agent_result.delay_minutes,
            }
            for code, agent_result in strategy.agent_results.items()
        },
    )
    return version_id


def lock_versions(connection: Connection, campaign_id: int) -> int | None:
    """Let nobody else write a version of the campaign until the transaction ends. Returns the id of that in force."""
    return connection.scalar(
        select(Campaign.strategy_version_id)
        .where(Campaign.campaign_id == campaign_id)
        .with_for_update(key_share=True)
        .with_hint(Campaign, "WITH (ROWLOCK, UPDLOCK)", "mssql")
    )


def read_strategy(connection: Connection, version_id: int) -> StrategyForm:
    """A strategy version as the form that would write it again. AcmError where there is none."""
    version = connection.execute(
        select(StrategyVersion.__table__).where(StrategyVersion.strategy_version_id == version_id)
    ).one_or_none()
    if version is None:
        raise AcmError(f"There is no strategy version {version_id}.")
    return StrategyForm(
        schedule=read_schedule(connection, version.schedule_id),
        block_size=version.block_size,
        queue_depth=version.queue_depth,
        max_client_attempts=version.max_client_attempts,
        max_day_attempts=version.max_day_attempts,
        first_call_minutes=version.first_call_minutes,
        created_minutes=version.created_minutes,
        created_names_status=version.created_names_status,
        client_most_first=version.client_most_first,
        no_result_priority=version.no_result_priority,
        phone_keys=tuple(sorted(PHONE_KEYS, key=lambda key: getattr(version, PHONE_KEYS[key]))),  # type: ignore[arg-type]
        phone_most_first=version.phone_most_first,
        leaf_mandatory=version.leaf_mandatory,
        phone_types={
            row.code: PhoneTypeForm(
                row.is_dialled,
                row.max_attempts,
                row.weight,
                None if row.schedule_id is None else read_schedule(connection, row.schedule_id),
            )
            for row in _rows_of(connection, VersionPhoneType, PhoneType, PhoneType.phone_type_id, version_id)
        },
        technical_results={
            row.code: ResultForm(row.priority, row.delay_minutes, row.counts_as_attempt)
            for row in _rows_of(
                connection, VersionTechnicalResult, TechnicalResult, TechnicalResult.technical_result_id, version_id
            )
        },
        agent_results={
            row.code: AgentResultForm(row.action_id, row.priority, row.max_attempts, row.delay_minutes)
            for row in _rows_of(connection, VersionAgentResult, AgentResult, AgentResult.agent_result_id, version_id)
        },
    )


def read_schedule(connection: Connection, schedule_id: int) -> ScheduleForm:
    """A schedule or a template of one as the form that would write it again."""
    schedule = connection.execute(
        select(Schedule.name, Calendar.code)
        .outerjoin(Calendar, Calendar.calendar_id == Schedule.calendar_id)
        .where(Schedule.schedule_id == schedule_id)
    ).one()
    return ScheduleForm(
        schedule.name,
        [
            (row.weekday, row.start_minute, row.end_minute)
            for row in connection.execute(
                select(SchedulePeriod.__table__).where(SchedulePeriod.schedule_id == schedule_id)
            )
        ],
        [
            (row.on_date, None, None) if row.is_excluded else (row.on_date, row.start_minute, row.end_minute)
            for row in connection.execute(select(ScheduleDate.__table__).where(ScheduleDate.schedule_id == schedule_id))
        ],
        schedule.code,
    )


def compare_versions(connection: Connection, version_a: int, version_b: int) -> Sequence[Any]:
    """Settings that two versions have otherwise: setting_code, part, position, value_a, value_b."""
    return connection.execute(
        text(
            "SELECT c.setting_code, c.part, c.position, c.value_a, c.value_b"
            " FROM strategy.version_compare(:version_a, :version_b) AS c ORDER BY c.setting_code, c.part, c.position"
        ),
        {"version_a": version_a, "version_b": version_b},
    ).all()


def _rows_of(connection: Connection, model: Any, dictionary: Any, key: Any, version_id: int) -> Sequence[Any]:
    """Rows of a version with the codes of the dictionary's rows that they are about."""
    own = model.__table__
    return connection.execute(
        select(own, dictionary.code)
        .join(dictionary, own.c[key.key] == key)
        .where(own.c.strategy_version_id == version_id)
        .order_by(key)
    ).all()


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
        calendar_id=_calendar_id(connection, form.calendar),
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


def _calendar_id(connection: Connection, code: str | None) -> int | None:
    if code is None:
        return None
    found = connection.scalar(select(Calendar.calendar_id).where(Calendar.code_key == code.strip().upper()))
    if found is None:
        raise AcmError(f"There is no calendar {code!r}.", "Choose one of the dictionary of calendars.")
    return int(found)


def _insert_named(connection: Connection, model: Any, key: Any, rows: Mapping[str, dict[str, Any]]) -> None:
    """Rows of a version, each about the row of a dictionary with that code. `key` is the dictionary's key."""
    if not rows:
        return
    known = {row.code_key: row[1] for row in connection.execute(select(key.class_.code_key, key))}
    unknown = [code for code in rows if code.strip().upper() not in known]
    if unknown:
        raise AcmError(f"The dictionary has no {unknown[0]!r}.", "Choose one of its codes.")
    connection.execute(
        insert(model), [{key.key: known[code.strip().upper()], **values} for code, values in rows.items()]
    )
