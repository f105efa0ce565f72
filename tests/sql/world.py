"""A small world for the tests of the core: campaigns, segments, clients and phones, blocks taken and results given.

    world = World(connection)
    campaign = world.campaign(max_client_attempts=3)        # started, 09:00 to 21:00 in Moscow; it is Monday, noon
    anna = world.client(campaign, "MH")                     # a mobile and a home phone
    (row,) = world.take(campaign)
    world.result(row.record_key, "BUSY", world.at(minutes=2))

Whatever stands in strategy or dialing is made by the real procedures. Clients and phones are written as rows and
settled, as a load does. `facts` and `phone_facts` put a client or phone into a state that its history would explain.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from refusal import refused
from sqlalchemy import Connection, delete, func, insert, select, text, update

from app.books import read_books
from app.campaigns import PhoneTypeForm, ScheduleForm, StrategyForm, create_campaign, save_strategy
from app.database.procedure import call
from app.models.caps import CampaignCap, CapRule, CapRuleResult
from app.models.contact import Attempt, AttemptOutcome, Client, Person, Phone, WorkClient, WorkOutcome, WorkSet
from app.models.dialing import Callback, Dialer, Record, ResultBatch, ResultStage
from app.models.dictionary import AgentResult, PhoneType, TechnicalResult, TimeZone, TimeZoneOffset
from app.models.numbering import NumberingRange, Region
from app.models.strategy import Calendar, CalendarDay, Campaign, DialClass, Segment, StrategyVersion
from app.procedures import dialing
from app.zones import offset_rows

NO_DAY = date(1900, 1, 1)
NO_MOMENT = datetime(1900, 1, 1)
NOON = datetime(2026, 11, 23, 9, 0)  # Monday, 12:00 in Moscow
DAYTIME = ScheduleForm.daily("Daytime", 9 * 60, 21 * 60)
AROUND_THE_CLOCK = ScheduleForm.daily("Around the clock", 0, 24 * 60)
ACTIVE, SUCCESS, FAILURE = 1, 2, 3
CLIENT_ATTEMPTS, TYPE_ATTEMPTS, FIRST_CALL, CREATED, AGENT_ATTEMPTS, STOP_DATE = 4, 5, 6, 7, 8, 9
#: Checks of ops.books that hold only where history was not made up by `facts`.
OF_HISTORY = {"clients_with_other_attempts", "phones_with_other_attempts", "records_of_blocks"}

_number = itertools.count(1)


@dataclass(frozen=True)
class MadeClient:
    """A client that the world made."""

    client_id: int
    code: str
    phones: tuple[int, ...]
    numbers: tuple[str, ...]

    @property
    def phone_id(self) -> int:
        return self.phones[0]

    @property
    def number(self) -> str:
        return self.numbers[0]


class World:
    """Makes things over one connection, in its transaction. `now` is the moment of everything that names none."""

    def __init__(self, connection: Connection, now: datetime = NOON) -> None:
        self.connection = connection
        self.now = now
        self.strategies: dict[int, StrategyForm] = {}
        self.segments: dict[tuple[int, str], int] = {}
        self.has_clients = False
        self.has_made_up_facts = False

    def at(self, minutes: float = 0, *, hours: float = 0, days: float = 0) -> datetime:
        """The moment so much after `now`."""
        return self.now + timedelta(minutes=minutes, hours=hours, days=days)

    # -- dictionaries

    def technical(self, code: str) -> int:
        """Id of a technical result."""
        return self._id(TechnicalResult.technical_result_id, TechnicalResult.code, code)

    def agent(self, code: str) -> int:
        """Id of an agent result."""
        return self._id(AgentResult.agent_result_id, AgentResult.code, code)

    def type(self, code: str) -> int:
        """Id of a phone type."""
        return self._id(PhoneType.phone_type_id, PhoneType.code, code)

    def zone(self, code: str) -> int:
        """Id of a time zone."""
        return self._id(TimeZone.zone_id, TimeZone.code, code)

    def add_zone(self, code: str) -> int:
        """A zone that the dictionary does not have, with its offsets. Returns its id."""
        zone_id = self._insert(TimeZone, code=code, code_key=code.upper(), name=code)
        self.connection.execute(
            insert(TimeZoneOffset),
            [
                {"zone_id": zone_id, "valid_from": start, "valid_to": end, "offset_minutes": minutes}
                for start, end, minutes in offset_rows(code, 2026, 2027)
            ],
        )
        return zone_id

    def numbering(self, first: int, last: int, region: str, zone: str | None = None, reason: str | None = None) -> None:
        """A range of national numbers in the numbering plan; the region is made when it is new."""
        region_id = self.connection.scalar(select(Region.region_id).where(Region.name == region))
        if region_id is None:
            region_id = self._insert(Region, name=region, zone_id=zone and self.zone(zone), reason_code=reason)
        self.connection.execute(
            insert(NumberingRange).values(
                country_prefix=7, number_from=first, number_to=last, operator="АО «Связь»", region_text=region,
                region_id=region_id, loaded_at=self.now,
            )
        )  # fmt: skip

    def calendar(self, days: dict[date, int]) -> str:
        """A production calendar: the weekday whose periods a day takes, 0 for none. Returns its code."""
        code = f"K{next(_number)}"
        calendar_id = self._insert(Calendar, code=code, code_key=code, name=code)
        if days:
            self.connection.execute(
                insert(CalendarDay),
                [
                    {"calendar_id": calendar_id, "on_date": day, "as_weekday": weekday, "is_corrected": False}
                    for day, weekday in days.items()
                ],
            )
        return code

    def schedule(self, form: ScheduleForm) -> int:
        """A schedule of a campaign of its own. Returns its id."""
        (row,) = self.rows(StrategyVersion, StrategyVersion.campaign_id == self.campaign(schedule=form))
        return int(row["schedule_id"])

    def technical_result(self, code: str, **columns: Any) -> int:
        """A new technical result. Returns its id."""
        values = {"priority": 5, "name": code} | columns
        return self._insert(TechnicalResult, code=code, code_key=code.upper(), **values)

    def agent_result(self, code: str, parent: str | None = None, **columns: Any) -> int:
        """A new agent result. Returns its id."""
        values = {"action_id": 2, "priority": 5, "name": code} | columns
        if parent:
            values["parent_id"] = self.agent(parent)
        return self._insert(AgentResult, code=code, code_key=code.upper(), **values)

    # -- campaigns

    def campaign(
        self,
        code: str | None = None,
        *,
        started: bool = True,
        zone: str = "Europe/Moscow",
        columns: dict[str, Any] | None = None,
        **strategy: Any,
    ) -> int:
        """A campaign; `columns` are those of core.campaign, the rest is as in StrategyForm. Returns its id."""
        form = StrategyForm(
            **(
                {
                    "schedule": DAYTIME,
                    "block_size": 100,
                    "queue_depth": 1000,
                    "phone_types": {"M": PhoneTypeForm(weight=1), "H": PhoneTypeForm(weight=3)},
                }
                | strategy
            )
        )
        code = code or f"C{next(_number)}"
        campaign_id = create_campaign(
            self.connection, code=code, name=code, zone_code=zone, strategy=form, created_by="tests", now=self.now,
            **(columns or {}),
        )  # fmt: skip
        self.strategies[campaign_id] = form
        if started:
            dialing.campaign_start(self.connection, campaign_id, self.now)
        return campaign_id

    def strategy(self, campaign_id: int, **changes: Any) -> int:
        """Save the campaign's strategy with changes. Returns the id of the new version."""
        self.strategies[campaign_id] = replace(self.strategies[campaign_id], **changes)
        return save_strategy(
            self.connection,
            campaign_id,
            self.strategies[campaign_id],
            created_by="tests",
            reason="a test",
            now=self.now,
        )

    def without_strategy(self, campaign_id: int) -> None:
        """Leave the campaign without a version in force, as before its first one."""
        self.connection.execute(
            update(Campaign).where(Campaign.campaign_id == campaign_id).values(strategy_version_id=None)
        )

    def version_id(self, campaign_id: int) -> int:
        """Id of the version in force."""
        return int(self.campaign_row(campaign_id).strategy_version_id)

    def segment(self, campaign_id: int, code: str = "1", **columns: Any) -> int:
        """A segment of the campaign, made when it is new. Returns its id."""
        if (campaign_id, code) not in self.segments:
            self.segments[campaign_id, code] = self._insert(
                Segment, campaign_id=campaign_id, code=code, code_key=code.upper(), created_at=self.now, **columns
            )
        elif columns:
            self.connection.execute(
                update(Segment).where(Segment.segment_id == self.segments[campaign_id, code]).values(**columns)
            )
        return self.segments[campaign_id, code]

    def cap(
        self, campaign_id: int, rule: str | int | None = None, results: tuple[str, ...] = (), **columns: Any
    ) -> int:
        """Let a campaign obey a frequency cap: a preset by its code, a rule that is there by its id, or a new rule, once a
        day for a person, every attempt counted, unless `columns` say otherwise. `results` are what it counts (counts_id 4).
        Returns the id of the rule."""
        if isinstance(rule, str):
            rule = self._id(CapRule.cap_rule_id, CapRule.code, rule)
        if rule is None:
            code = f"CAP{next(_number)}"
            values = {"code": code, "name": code, "name_en": code, "subject_id": 1, "window_id": 1, "counts_id": 1}
            rule = self._insert(CapRule, **(values | {"limit_value": 1} | columns))
        elif columns:
            self.connection.execute(update(CapRule).where(CapRule.cap_rule_id == rule).values(**columns))
        for result in results:
            self.connection.execute(
                insert(CapRuleResult).values(cap_rule_id=rule, technical_result_id=self.technical(result))
            )
        self.connection.execute(insert(CampaignCap).values(campaign_id=campaign_id, cap_rule_id=rule))
        return rule

    def dial_class(self, campaign_id: int, **facts: Any) -> int:
        """A dial class without phones. Facts that are not named are those of a mobile phone that was never dialled."""
        zone_id = self.campaign_row(campaign_id).default_zone_id
        values = {
            "facts_key": f"class {next(_number)}", "campaign_id": campaign_id, "segment_id": self.segment(campaign_id),
            "phone_type_id": self.type("M"), "zone_id": zone_id, "client_zone_id": zone_id, "load_priority": 0,
            "client_attempts": 0, "phone_attempts": 0, "client_technical_result_id": 0, "client_agent_result_id": 0,
            "limit_agent_result_id": 0, "limit_agent_attempts": 0, "phone_technical_result_id": 0,
            "phone_agent_result_id": 0, "hold_agent_result_id": 0, "attempt_day": NO_DAY, "day_attempts": 0,
            "bar_id": 0, "time_status_id": 0, "held_until": NO_MOMENT, "is_promised": 0, "created_at": self.now,
        }  # fmt: skip
        return self._insert(DialClass, **(values | facts))

    # -- clients

    def person(self, crm_id: str | None = None) -> int:
        """A person. Returns its id."""
        crm_id = crm_id or f"crm-{next(_number)}"
        return self._insert(Person, crm_id=crm_id, crm_id_key=crm_id.upper(), created_at=self.now)

    def client(
        self,
        campaign_id: int,
        phones: str = "M",
        *,
        segment: str = "1",
        phone_zones: tuple[str | None, ...] = (),
        zone: str | None = None,
        loaded_at: datetime | None = None,
        numbers: tuple[str, ...] = (),
        **columns: Any,
    ) -> MadeClient:
        """An active client with one phone for each letter of `phones`: the codes of their types."""
        self.has_clients = True
        order = next(_number)
        code = str(columns.pop("client_code", f"A{order}"))
        loaded_at = loaded_at or self.now
        client_id = self._insert(
            Client,
            **(
                {
                    "campaign_id": campaign_id, "client_code": code, "client_code_key": code.upper(),
                    "segment_id": self.segment(campaign_id, segment), "zone_id": zone and self.zone(zone),
                    "loaded_at": loaded_at, "updated_at": loaded_at, "status_id": ACTIVE, "status_at": loaded_at,
                }
                | columns
            ),
        )  # fmt: skip
        phone_ids = []
        given = []
        for position, letter in enumerate(phones):
            number = numbers[position] if position < len(numbers) else f"79{order:07}{position}"
            phone_zone = phone_zones[position] if position < len(phone_zones) else None
            phone_ids.append(
                self._insert(
                    Phone,
                    client_id=client_id,
                    campaign_id=campaign_id,
                    phone_type_id=self.type(letter),
                    number=number,
                    number_raw=number,
                    zone_id=phone_zone and self.zone(phone_zone),
                    loaded_at=loaded_at,
                    waits_from=loaded_at,
                )
            )
            given.append(number)
        self.settle(client_id)
        return MadeClient(client_id, code, tuple(phone_ids), tuple(given))

    def many_clients(self, campaign_id: int, count: int, *, segment: str = "1", **columns: Any) -> list[int]:
        """So many clients with one mobile phone each, in a few statements. Returns their ids."""
        self.has_clients = True
        segment_id, type_id = self.segment(campaign_id, segment), self.type("M")
        first = next(_number) * 1_000_000
        before = self.connection.scalar(select(func.max(Client.client_id))) or 0
        self.connection.execute(
            insert(Client),
            [
                {
                    "campaign_id": campaign_id, "client_code": f"A{first + number}",
                    "client_code_key": f"A{first + number}", "segment_id": segment_id, "loaded_at": self.now,
                    "updated_at": self.now, "status_id": ACTIVE, "status_at": self.now,
                }
                | columns
                for number in range(count)
            ],
        )  # fmt: skip
        clients = list(
            self.connection.scalars(
                select(Client.client_id).where(Client.client_id > before).order_by(Client.client_id)
            )
        )
        self.connection.execute(
            insert(Phone),
            [
                {
                    "client_id": client_id, "campaign_id": campaign_id, "phone_type_id": type_id,
                    "number": f"7{client_id:010}", "number_raw": str(client_id), "loaded_at": self.now,
                    "waits_from": self.now,
                }
                for client_id in clients
            ],
        )  # fmt: skip
        self.settle(*clients)
        return clients

    def settle(self, *client_ids: int, now: datetime | None = None) -> None:
        """What every event ends with."""
        work_id = self._insert(WorkSet, created_at=self.now)
        self.connection.execute(
            insert(WorkClient), [{"work_id": work_id, "client_id": client_id} for client_id in client_ids]
        )
        call(self.connection, "contacts.client_settle", work_id=work_id, now=now or self.now)

    def facts(self, client: MadeClient, *, now: datetime | None = None, **columns: Any) -> None:
        """Put a client into a state, and settle it. A first call has its attempt."""
        self.has_made_up_facts = True
        self.connection.execute(update(Client).where(Client.client_id == client.client_id).values(**columns))
        if columns.get("first_attempt_at"):
            self._first_call(client, columns["first_attempt_at"])
        self.settle(client.client_id, now=now)

    def _first_call(self, client: MadeClient, ended_at: datetime) -> None:
        campaign_id = self.client_row(client).campaign_id
        self.connection.execute(delete(Attempt).where(Attempt.record_key == f"FIRST-{client.client_id}"))
        self._insert(
            Attempt, record_key=f"FIRST-{client.client_id}", campaign_id=campaign_id, client_id=client.client_id,
            phone_id=client.phone_id, number=client.number, block_id=0, strategy_version_id=0, processing_id=1,
            round_no=1, taken_at=ended_at, ended_at=ended_at, technical_result_id=self.technical("NO_ANSWER"),
            applied_at=ended_at,
        )  # fmt: skip

    def phone_facts(
        self, client: MadeClient, position: int = 0, *, now: datetime | None = None, **columns: Any
    ) -> None:
        """Put a phone of a client into a state, and settle the client."""
        self.has_made_up_facts = True
        self.connection.execute(update(Phone).where(Phone.phone_id == client.phones[position]).values(**columns))
        self.settle(client.client_id, now=now)

    def callback(
        self, client: MadeClient, due_at: datetime, agent: str | None = None, position: int = 0, state_id: int = 1
    ) -> int:
        """A promised call. Returns its id."""
        callback_id = self._insert(
            Callback,
            campaign_id=self.client_row(client).campaign_id,
            client_id=client.client_id,
            phone_id=client.phones[position],
            due_at=due_at,
            agent=agent,
            state_id=state_id,
            source_id=4,
            created_at=self.now,
        )
        self.settle(client.client_id)
        return callback_id

    # -- dialling

    def take(self, campaign_id: int, at: datetime | None = None) -> list[Any]:
        """The rows of the next block, taken and no more."""
        return list(dialing.block_take(self.connection, campaign_id, at or self.now))

    def dial(self, campaign_id: int, at: datetime | None = None) -> list[Any]:
        """The rows of the next block, which the dialer accepted."""
        rows = self.take(campaign_id, at)
        if rows:
            dialing.block_send(self.connection, rows[0].block_id, at or self.now)
            dialing.block_confirm(self.connection, rows[0].block_id, at or self.now)
        return rows

    def dialled(self, campaign_id: int, at: datetime | None = None) -> list[str]:
        """The numbers of the next block, in order; the records come back at once."""
        rows = self.take(campaign_id, at)
        if rows:
            dialing.block_fail(self.connection, rows[0].block_id, "only looked at", at or self.now)
        return [row.number for row in rows]

    def batch(self, *rows: dict[str, Any], read_at: datetime | None = None) -> int:
        """Stage rows of the dialer; account_number and call_result are all that a row must have. Returns the batch."""
        batch_id = self._insert(ResultBatch, dialer_id=self.dialer(), read_at=read_at or self.now)
        stage = []
        for row_no, row in enumerate(rows, start=1):
            row = {
                "batch_id": batch_id, "row_no": row_no, "recovery_key": float(next(_number)), "db_datetime": self.now,
                "generated_at": None, "time_zone_minutes": 0, "phone": None, "call_status": "C", "duration_ms": 20_000,
                "agent": None, "wrapup": None, "callback_phone": None, "callback_at": None,
                "customer_zone_minutes": None,
            } | row  # fmt: skip
            stage.append(row)
        if stage:
            self.connection.execute(insert(ResultStage), stage)
        return batch_id

    def apply(self, *rows: dict[str, Any], at: datetime | None = None) -> tuple[int, int, int, int]:
        """Apply rows of the dialer in one batch. Returns how many were applied, repeated, unknown and interim."""
        counts = dialing.result_apply(self.connection, self.batch(*rows), at or self.now)
        return (counts.rows_applied, counts.rows_repeated, counts.rows_unknown, counts.rows_interim)

    def row(self, record_key: str, result: str | int = "NO_ANSWER", at: datetime | None = None, **columns: Any) -> Any:
        """A row of the dialer for a record whose call ended `at`."""
        if isinstance(result, str):
            result = int(
                self.connection.scalars(select(TechnicalResult.cisco_code).where(TechnicalResult.code == result)).one()
            )
        return {"account_number": record_key, "call_result": result, "db_datetime": at or self.now} | columns

    def result(
        self, record_key: str, result: str | int = "NO_ANSWER", at: datetime | None = None, **columns: Any
    ) -> tuple[int, int, int, int]:
        """Give one record its technical result, applied at the moment when the call ended."""
        return self.apply(self.row(record_key, result, at, **columns), at=at)

    def attempt(
        self, campaign_id: int, result: str | int = "NO_ANSWER", at: datetime | None = None, **columns: Any
    ) -> Any:
        """Dial the first phone of the campaign and give its result at once. Returns the row of the block."""
        rows = self.dial(campaign_id, at)
        assert len(rows) == 1, f"one phone can be dialled, not {len(rows)}"
        assert self.result(rows[0].record_key, result, at, **columns) == (1, 0, 0, 0)
        return rows[0]

    def agent_says(self, agent_result_code: str, at: datetime | None = None, **values: Any) -> tuple[int, int]:
        """An agent gives a result. Returns client_id and status_id."""
        values = {"source_id": 2} | values
        row = dialing.agent_result_apply(
            self.connection, agent_result_code=agent_result_code, now=at or self.now, **values
        )
        return row.client_id, row.status_id

    def outcome_alone(self, client: MadeClient, code: str, at: datetime) -> None:
        """An agent result for the client alone, also while one of its records is out."""
        outcome_id = self._insert(
            AttemptOutcome, campaign_id=self.client_row(client).campaign_id, client_id=client.client_id,
            round_no=self.client_row(client).round_no, agent_result_id=self.agent(code), source_id=3, given_at=at,
            applied_at=at,
        )  # fmt: skip
        work_id = self._insert(WorkSet, created_at=at)
        self.connection.execute(insert(WorkClient).values(work_id=work_id, client_id=client.client_id))
        self.connection.execute(insert(WorkOutcome).values(work_id=work_id, outcome_id=outcome_id))
        call(self.connection, "dialing.private_outcome_apply", work_id=work_id, now=at)
        call(self.connection, "contacts.client_settle", work_id=work_id, now=at)

    def dialer(self) -> int:
        """A dialer to name in batches; nothing connects to it. Returns its id."""
        found = self.connection.scalar(select(func.min(Dialer.dialer_id)))
        return found or self._insert(
            Dialer,
            name="CCE",
            base_url="http://127.0.0.1:1",
            username="acm",
            password_encrypted="",
            hds_url_encrypted="",
        )

    # -- reading

    def rows(self, model: Any, *conditions: Any) -> list[dict[str, Any]]:
        """Rows of a table, as dictionaries, in the order of its key."""
        table = model.__table__
        query = select(table).where(*conditions).order_by(*table.primary_key.columns)
        return [dict(row) for row in self.connection.execute(query).mappings()]

    def query(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of a query, as dictionaries."""
        return [dict(row) for row in self.connection.execute(text(sql), values).mappings()]

    @contextlib.contextmanager
    def refused(self, number: int) -> Iterator[None]:
        """What is inside is refused with this error number. The last thing of a test: SQL Server then undoes all."""
        with refused(self.connection, number):
            yield

    def campaign_row(self, campaign_id: int) -> Any:
        return self.connection.execute(select(Campaign.__table__).where(Campaign.campaign_id == campaign_id)).one()

    def client_row(self, client: MadeClient) -> Any:
        return self.connection.execute(select(Client.__table__).where(Client.client_id == client.client_id)).one()

    def phone_row(self, client: MadeClient, position: int = 0) -> Any:
        return self.connection.execute(select(Phone.__table__).where(Phone.phone_id == client.phones[position])).one()

    def bar(self, client: MadeClient, position: int = 0) -> int:
        """What bars a phone whatever the strategy says, by its dial class: 0 nothing, 1 client processed, 2 client
        blocked, 3 do not call, 4 phone blocked."""
        class_id = self.phone_row(client, position).dial_class_id
        return int(self.connection.scalars(select(DialClass.bar_id).where(DialClass.dial_class_id == class_id)).one())

    def is_out(self, client: MadeClient, position: int = 0) -> bool:
        """Whether a phone is out at the dialer."""
        return bool(self.rows(Record, Record.phone_id == client.phones[position]))

    def is_free(self, client: MadeClient, position: int = 0) -> bool:
        """Whether nothing bars a phone and it is not out."""
        return self.bar(client, position) == 0 and not self.is_out(client, position)

    def status(self, client: MadeClient) -> int:
        return int(self.client_row(client).status_id)

    def unbalanced(self) -> dict[str, tuple[int, int]]:
        """Checks of the books that do not balance, with what they expect and find."""
        return {
            check.code: (check.expected, check.found) for check in read_books(self.connection) if not check.is_balanced
        }

    # -- inside

    def _insert(self, model: Any, **values: Any) -> int:
        return int(self.connection.execute(insert(model).values(**values)).inserted_primary_key[0])

    def _id(self, key: Any, code_column: Any, code: str) -> int:
        return int(self.connection.scalars(select(key).where(code_column == code)).one())
