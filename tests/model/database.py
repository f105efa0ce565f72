"""The same world in the database: rows in bulk, everything else through the real procedures.

A `Database` is one connection to a database that may be written to. What every world shares (zones, results, schedules,
a dialer) is committed once; each world is one transaction that is rolled back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, delete, insert, select, text, update

from app.campaigns import AgentResultForm, ResultForm, ScheduleForm, StrategyForm
from app.database.procedure import call
from app.errors import ProcedureError
from app.models.contact import Attempt, AttemptOutcome, Client, Person, Phone, WorkClient, WorkSet
from app.models.dialing import Block, Callback, Dialer, Record, RecordReturned, ResultBatch, ResultStage
from app.models.dictionary import AgentResult, DoNotCall, PhoneType, TechnicalResult, TimeZone, TimeZoneOffset
from app.models.importing import ImportBatch, ImportPhone, ImportReject, ImportRow
from app.models.strategy import (
    Campaign,
    ClientCountChange,
    DialClass,
    DialClassChange,
    Schedule,
    ScheduleDate,
    SchedulePeriod,
    Segment,
    StrategyVersion,
    VersionAgentResult,
    VersionPhoneType,
    VersionTechnicalResult,
)
from app.zones import offset_rows

from . import rules
from .plan import MORE_AGENT_RESULTS, SCHEDULES, ZONES

OWNER = "the model"
#: Tables that a world fills, those first that point to others.
OF_A_WORLD = (
    ImportReject, ImportBatch, DoNotCall, Callback, Record, RecordReturned, Block, ResultBatch, AttemptOutcome, Attempt,
    Phone, Client, Person, DialClassChange, ClientCountChange, DialClass, VersionPhoneType, VersionTechnicalResult,
    VersionAgentResult, StrategyVersion, Segment, Campaign,
)  # fmt: skip


class Database:
    """A connection, the ids of what all worlds share, and a face for each thing that a world does."""

    def __init__(self, engine: Engine) -> None:
        self.connection = engine.connect()
        with self.connection.begin():
            self._share()
            if engine.dialect.name == "postgresql":  # here planning takes longer than running
                self.connection.exec_driver_sql("SET plan_cache_mode TO force_generic_plan")
                self.connection.connection.driver_connection.prepared_max = 5000  # type: ignore[union-attr]
                self.connection.connection.driver_connection.prepare_threshold = 2  # type: ignore[union-attr]

    def warm(self, make: Callable[[], None]) -> None:
        """Make worlds that are committed and then deleted: PostgreSQL keeps the temporary tables and the plans of
        procedures for the session where the transaction that first called them was not undone, and not otherwise."""
        with self.connection.begin():
            make()
            for model in OF_A_WORLD:
                self.connection.execute(delete(model))

    def tidy(self) -> None:
        """Empty the temporary tables of PostgreSQL, which does so at a commit alone: worlds leave their dead rows there."""
        if self.connection.engine.dialect.name != "postgresql":
            return
        with self.connection.begin():
            name = self.connection.scalar(text(
                "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = pg_my_temp_schema() AND c.relkind = 'r' LIMIT 1"
            ))  # fmt: skip
            if name:
                self.connection.exec_driver_sql(f'SELECT count(*) FROM pg_temp."{name}"')

    def close(self) -> None:
        self.connection.close()

    @contextmanager
    def world(self) -> Iterator[None]:
        """One world: whatever is done in it is undone."""
        transaction = self.connection.begin()
        try:
            yield
        finally:
            transaction.rollback()

    # -- what all worlds share

    def _share(self) -> None:
        for code in ZONES:
            if not self._known(TimeZone.code, code):
                (zone_id,) = self.insert(TimeZone, [{"code": code, "code_key": code.upper(), "name": code}])
                self.connection.execute(
                    insert(TimeZoneOffset),
                    [
                        {"zone_id": zone_id, "valid_from": start, "valid_to": end, "offset_minutes": minutes}
                        for start, end, minutes in offset_rows(code, 2025, 2027)
                    ],
                )
        for code, parent, is_enabled, form in MORE_AGENT_RESULTS:
            if not self._known(AgentResult.code, code):
                parent_id = self.connection.scalar(
                    select(AgentResult.agent_result_id).where(AgentResult.code == parent)
                )
                self.insert(
                    AgentResult,
                    [
                        {
                            "code": code, "code_key": code, "name": code, "parent_id": parent_id,
                            "action_id": form.action_id, "priority": form.priority, "max_attempts": form.max_attempts,
                            "delay_minutes": form.delay_minutes, "is_enabled": is_enabled,
                        }
                    ],
                )  # fmt: skip
        self.schedules: dict[int, int] = {id(form): self._schedule(form) for form in SCHEDULES}
        if not self._known(Dialer.name, "Model"):
            values = dict.fromkeys(("base_url", "username", "password_encrypted", "hds_url_encrypted"), "")
            self.insert(Dialer, [{"name": "Model"} | values])
        self.dialer = self._ids(Dialer.name, Dialer.dialer_id)["Model"]
        self.zones = self._ids(TimeZone.code, TimeZone.zone_id)
        self.types = self._ids(PhoneType.code, PhoneType.phone_type_id)
        self.technical = self._ids(TechnicalResult.code, TechnicalResult.technical_result_id)
        self.cisco = self._ids(TechnicalResult.code, TechnicalResult.cisco_code)
        self.agent = self._ids(AgentResult.code, AgentResult.agent_result_id)
        self.dictionary = self._dictionary()

    def _known(self, column: Any, value: str) -> bool:
        return self.connection.scalar(select(column).where(column == value)) is not None

    def _ids(self, code: Any, key: Any) -> dict[str, int]:
        return {name: of for name, of in self.connection.execute(select(code, key)).all()}

    def _dictionary(self) -> rules.Dictionary:
        technical = {
            row.code: ResultForm(row.priority, row.delay_minutes, bool(row.counts_as_attempt))
            for row in self.connection.execute(select(TechnicalResult.__table__))
        }
        rows = list(self.connection.execute(select(AgentResult.__table__)))
        codes = {row.agent_result_id: row.code for row in rows}
        agent = {
            row.code: rules.AgentResult(
                row.code,
                AgentResultForm(row.action_id, row.priority, row.max_attempts, row.delay_minutes),
                codes.get(row.parent_id),
                bool(row.is_enabled),
            )
            for row in rows
        }
        return rules.Dictionary(technical, agent)

    def _schedule(self, form: ScheduleForm) -> int:
        name = f"Model: {form.name}"
        known = self.connection.scalar(select(Schedule.schedule_id).where(Schedule.name == name))
        if known is not None:
            return int(known)
        (schedule_id,) = self.insert(
            Schedule, [{"name": name, "created_at": datetime(2026, 1, 1), "created_by": OWNER}]
        )
        periods = [
            {"schedule_id": schedule_id, "weekday": weekday, "start_minute": start, "end_minute": end}
            for weekday, start, end in form.periods
        ]
        dates = [
            {
                "schedule_id": schedule_id, "on_date": on, "start_minute": start or 0, "end_minute": end or 0,
                "is_excluded": start is None,
            }
            for on, start, end in form.dates
        ]  # fmt: skip
        for model, rows in ((SchedulePeriod, periods), (ScheduleDate, dates)):
            if rows:
                self.connection.execute(insert(model), rows)
        return schedule_id

    # -- rows

    def insert(self, model: Any, rows: Sequence[dict[str, Any]]) -> list[int]:
        """Insert rows and return their ids, in their order."""
        if not rows:
            return []
        (key,) = model.__table__.primary_key.columns
        statement = insert(model.__table__).returning(key, sort_by_parameter_order=True)
        return [int(found) for found in self.connection.scalars(statement, rows)]

    def rows(self, query: str, **values: Any) -> Sequence[Any]:
        return self.connection.execute(text(query), values).all()

    def _work(self, clients: Sequence[int], now: datetime) -> None:
        """What every event ends with."""
        (work_id,) = self.insert(WorkSet, [{"created_at": now}])
        self.connection.execute(
            insert(WorkClient.__table__), [{"work_id": work_id, "client_id": client_id} for client_id in clients]
        )
        call(self.connection, "contacts.client_settle", work_id=work_id, now=now)

    # -- making a world

    def campaigns(self, rows: Sequence[dict[str, Any]], strategies: Sequence[StrategyForm], now: datetime) -> list[int]:
        """Campaigns with their first strategy in force, active. Returns their ids."""
        made = self.insert(Campaign, [{"created_at": now, "created_by": OWNER} | row for row in rows])
        self.strategies(list(zip(made, strategies, strict=True)), 1, now)
        self.connection.execute(update(Campaign.__table__).values(state_id=2, started_at=now))
        return made

    def strategies(self, forms: Sequence[tuple[int, StrategyForm]], number: int, now: datetime) -> None:
        """Versions of campaigns, written and put in force, as app.campaigns.save_strategy does one by one."""
        versions = self.insert(
            StrategyVersion,
            [
                {
                    "campaign_id": campaign_id, "version_no": number, "created_at": now, "created_by": OWNER,
                    "block_size": form.block_size, "queue_depth": form.queue_depth,
                    "max_client_attempts": form.max_client_attempts, "max_day_attempts": form.max_day_attempts,
                    "first_call_minutes": form.first_call_minutes, "created_minutes": form.created_minutes,
                    "created_names_status": form.created_names_status, "client_most_first": form.client_most_first,
                    "no_result_priority": form.no_result_priority,
                    "attempts_position": form.phone_keys.index("attempts") + 1,
                    "result_position": form.phone_keys.index("result") + 1,
                    "type_position": form.phone_keys.index("type") + 1, "phone_most_first": form.phone_most_first,
                    "leaf_mandatory": form.leaf_mandatory, "schedule_id": self.schedules[id(form.schedule)],
                }
                for campaign_id, form in forms
            ],
        )  # fmt: skip
        types: list[dict[str, Any]] = []
        technical: list[dict[str, Any]] = []
        agent: list[dict[str, Any]] = []
        for version_id, (_, form) in zip(versions, forms, strict=True):
            types += [
                {
                    "strategy_version_id": version_id, "phone_type_id": self.types[code],
                    "is_dialled": each.is_dialled, "max_attempts": each.max_attempts, "weight": each.weight,
                    "schedule_id": each.schedule and self.schedules[id(each.schedule)],
                }
                for code, each in form.phone_types.items()
            ]  # fmt: skip
            technical += [
                {
                    "strategy_version_id": version_id, "technical_result_id": self.technical[code],
                    "priority": rule.priority, "delay_minutes": rule.delay_minutes,
                    "counts_as_attempt": rule.counts_as_attempt,
                }
                for code, rule in form.technical_results.items()
            ]  # fmt: skip
            agent += [
                {
                    "strategy_version_id": version_id, "agent_result_id": self.agent[code],
                    "action_id": given.action_id, "priority": given.priority, "max_attempts": given.max_attempts,
                    "delay_minutes": given.delay_minutes,
                }
                for code, given in form.agent_results.items()
            ]  # fmt: skip
        for model, rows in (
            (VersionPhoneType, types), (VersionTechnicalResult, technical), (VersionAgentResult, agent),
        ):  # fmt: skip
            if rows:
                self.connection.execute(insert(model.__table__), rows)
        for version_id in versions:
            call(self.connection, "strategy.version_publish", strategy_version_id=version_id)

    def segments(self, rows: Sequence[dict[str, Any]]) -> list[int]:
        return self.insert(Segment, rows)

    def people(self, codes: Sequence[str], now: datetime) -> list[int]:
        return self.insert(Person, [{"crm_id": code, "crm_id_key": code, "created_at": now} for code in codes])

    def clients(self, rows: Sequence[dict[str, Any]]) -> list[int]:
        return self.insert(Client, rows)

    def phones(self, rows: Sequence[dict[str, Any]]) -> list[int]:
        return self.insert(Phone, rows)

    def callbacks(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(insert(Callback.__table__), rows)

    def do_not_call(self, rows: Sequence[dict[str, Any]]) -> None:
        if rows:
            self.connection.execute(insert(DoNotCall.__table__), rows)

    # -- what happens in it

    def settle(self, clients: Sequence[int], now: datetime) -> None:
        self._work(clients, now)

    def take(self, campaign_id: int, now: datetime) -> Sequence[Any]:
        return call(self.connection, "dialing.block_take", campaign_id=campaign_id, now=now)

    def results(self, rows: Sequence[dict[str, Any]], now: datetime) -> tuple[int, int, int, int]:
        (batch_id,) = self.insert(ResultBatch, [{"dialer_id": self.dialer, "read_at": now}])
        stage = [
            {
                "batch_id": batch_id, "row_no": number, "recovery_key": float(number), "time_zone_minutes": 0,
                "call_status": "C", "duration_ms": 1000, "wrapup": None, "callback_at": None,
            } | row
            for number, row in enumerate(rows, 1)
        ]  # fmt: skip
        self.connection.execute(insert(ResultStage.__table__), stage)
        (found,) = call(self.connection, "dialing.result_apply", batch_id=batch_id, now=now)
        return found.rows_applied, found.rows_repeated, found.rows_unknown, found.rows_interim

    def agent_says(self, **values: Any) -> None:
        """ProcedureError where it is refused; the transaction lives on."""
        if self.connection.dialect.name != "postgresql":
            with self.connection.begin_nested():
                call(self.connection, "dialing.agent_result_apply", **values)
            return
        # By itself, since psycopg forgets all prepared statements when it is told of a ROLLBACK.
        server = self.connection.connection.driver_connection.pgconn  # type: ignore[union-attr]
        server.exec_(b"SAVEPOINT agent")
        try:
            call(self.connection, "dialing.agent_result_apply", **values)
        except ProcedureError:
            server.exec_(b"ROLLBACK TO SAVEPOINT agent")
            raise
        server.exec_(b"RELEASE SAVEPOINT agent")

    def block_phone(self, phone_id: int, client_id: int, is_blocked: bool, now: datetime) -> None:
        self.connection.execute(update(Phone.__table__).where(Phone.phone_id == phone_id).values(is_blocked=is_blocked))
        self._work([client_id], now)

    def block_client(self, client_id: int, is_blocked: bool, now: datetime) -> None:
        self.connection.execute(
            update(Client.__table__).where(Client.client_id == client_id).values(is_blocked=is_blocked)
        )
        self._work([client_id], now)

    def segment(self, segment_id: int, is_enabled: bool, is_blocked: bool) -> None:
        self.connection.execute(
            update(Segment.__table__)
            .where(Segment.segment_id == segment_id)
            .values(is_enabled=is_enabled, is_blocked=is_blocked)
        )

    def load(self, lines: Sequence[dict[str, Any]], phones: Sequence[dict[str, Any]], now: datetime) -> None:
        """Lines of a load, applied as the loader does."""
        (batch_id,) = self.insert(
            ImportBatch,
            [{"kind_id": 1, "state_id": 1, "owner": OWNER, "started_at": now, "created_by": OWNER}],
        )
        self.connection.execute(insert(ImportRow.__table__), [{"batch_id": batch_id} | row for row in lines])
        self.connection.execute(insert(ImportPhone.__table__), [{"batch_id": batch_id} | row for row in phones])
        call(
            self.connection, "contacts.import_apply", batch_id=batch_id, owner=OWNER, lines_done=len(lines),
            bytes_done=0, now=now,
        )  # fmt: skip

    def run(self, procedure: str, **values: Any) -> Sequence[Any]:
        return call(self.connection, procedure, **values)
