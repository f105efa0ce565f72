"""One world, in the model and in the database, step by step side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from app.errors import ProcedureError

from . import blocks, events
from .database import Database
from .plan import Plan, Step, random_plan
from .rules import (
    WAITING,
    Callback,
    Campaign,
    Client,
    Phone,
    Record,
    Segment,
    State,
    counted,
    hold,
    is_listed,
    local,
    phone_zone,
    ready_at,
    reason,
    rules_shown,
    waiting,
)

#: What strategy.phone_state says of each rule of strategy.md, 1 to 13.
RULES = (
    ("is_campaign_active",), ("is_segment_open",), ("is_unprocessed", "is_client_free"), ("is_before_stop",),
    ("is_off_list",), ("is_phone_free", "is_type_dialled"), ("is_not_out", "is_person_not_out"),
    ("is_client_under", "is_type_under", "is_agent_under"), ("is_day_under",), ("is_in_first_call", "is_in_created"),
    ("is_delay_over", "is_not_promised"), ("is_in_schedule",), ("is_in_cap_hours", "is_cap_free"),
)  # fmt: skip
RULES_QUERY = (
    "SELECT s.phone_id, s.reason_no, " + ", ".join(f"s.{name}" for names in RULES for name in names)
    + " FROM strategy.phone_state(:campaign_id, :now) AS s"
)  # fmt: skip
RULE_COLUMNS = [
    (2 + sum(map(len, RULES[:number])), 2 + sum(map(len, RULES[: number + 1]))) for number in range(len(RULES))
]
MILLISECOND = timedelta(milliseconds=1)


class Difference(AssertionError):
    """The model and sql/ do not agree."""


def number_of(number: int) -> str:
    return f"7900{number:07}"


def utc_of(moment: datetime, zone: str) -> datetime:
    """The UTC moment of a local one; of an hour that comes twice the second."""
    return moment.replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC).replace(tzinfo=None)


class Play:
    """A world under way. `now` never stands still, so that no two events have one moment."""

    def __init__(self, database: Database, plan: Plan, prefix: str = "") -> None:
        self.database = database
        self.plan = plan
        self.prefix = prefix
        self.now = plan.start
        self.state = State(database.dictionary)
        self.segments: list[list[Segment]] = []
        self.people: list[int] = []
        self.versions = 1
        self.loads = 0
        self.taken_moments: set[datetime] = set()
        self._make()

    def play(self) -> None:
        """All steps, and then everything compared. Raises Difference."""
        for number, step in enumerate(self.plan.steps):
            try:
                self._wait(step.wait)
                getattr(self, f"_{step.kind}")(step)
            except Difference as error:
                raise Difference(f"step {number} ({step.kind}) at {self.now}: {error}") from None
        self._compare(is_settled=False)
        for campaign in self.state.campaigns:
            self._service(Step("service", what=self.state.campaigns.index(campaign)))
        self._compare(is_settled=True)
        for campaign in self.state.campaigns:
            self._take_all(campaign)
        self._compare(is_settled=True)

    # -- the beginning

    def _make(self) -> None:
        plan, database, now = self.plan, self.database, self.plan.start
        ids = database.campaigns(
            [
                {
                    "code": f"{self.prefix}C{number}", "code_key": f"{self.prefix}C{number}", "name": f"C{number}",
                    "default_zone_id": database.zones[each.zone], "one_call_per_person": each.one_call_per_person,
                    "closing_margin_minutes": each.closing_margin, "restarts_on_reload": each.restarts_on_reload,
                }
                for number, each in enumerate(plan.campaigns)
            ],
            [each.strategy for each in plan.campaigns],
            now,
        )  # fmt: skip
        for number, (campaign_id, each) in enumerate(zip(ids, plan.campaigns, strict=True)):
            self.state.campaigns.append(
                Campaign(
                    campaign_id, f"{self.prefix}C{number}", each.zone, each.strategy, True, each.one_call_per_person,
                    each.closing_margin, each.restarts_on_reload,
                )
            )  # fmt: skip
        segments = database.segments(
            [
                {
                    "campaign_id": campaign_id, "code": str(number), "code_key": str(number), "created_at": now,
                    "is_enabled": is_enabled, "is_blocked": is_blocked,
                }
                for campaign_id, each in zip(ids, plan.campaigns, strict=True)
                for number, (is_enabled, is_blocked) in enumerate(each.segments, 1)
            ]
        )  # fmt: skip
        found = iter(segments)
        self.segments = [[Segment(next(found), *flags) for flags in each.segments] for each in plan.campaigns]
        self.people = database.people([f"{self.prefix}P{number}" for number in range(3)], now)
        self.state.listed_numbers = {number_of(number) for number in plan.listed_numbers}
        self.state.listed_persons = {self.people[number] for number in plan.listed_persons}
        database.do_not_call(
            [
                {"number": number, "person_id": None, "added_at": now, "added_by": "x"}
                for number in sorted(self.state.listed_numbers)
            ]
            + [
                {"number": None, "person_id": person, "added_at": now, "added_by": "x"}
                for person in sorted(self.state.listed_persons)
            ]
        )
        self._make_clients()

    def _make_clients(self) -> None:
        plan, database, now = self.plan, self.database, self.plan.start
        for number, each in enumerate(plan.clients):
            campaign = self.state.campaigns[each.campaign % len(self.state.campaigns)]
            segments = self.segments[self.state.campaigns.index(campaign)]
            client = Client(
                0, campaign, f"K{number}", segments[each.segment % len(segments)],
                None if each.person is None else self.people[each.person], each.zone, each.load_priority,
                now - timedelta(minutes=each.minutes_before),
                None if each.stop_after is None else now + timedelta(minutes=each.stop_after), each.is_blocked,
            )  # fmt: skip
            client.phones = [
                Phone(
                    0, client, number_of(phone.number), phone.type, phone.zone,
                    now - timedelta(minutes=phone.minutes_before), phone.is_blocked,
                )
                for phone in each.phones
            ]  # fmt: skip
            if each.callback and client.phones:
                due_at = now + timedelta(minutes=each.callback[0])
                client.callbacks.append(Callback(client.phones[0], due_at, each.callback[1]))
            self.state.clients.append(client)
        client_ids = database.clients(
            [
                {
                    "campaign_id": client.campaign.id, "client_code": client.code, "client_code_key": client.code,
                    "segment_id": client.segment.id, "person_id": client.person,
                    "zone_id": client.zone and database.zones[client.zone], "load_priority": client.load_priority,
                    "loaded_at": client.loaded_at, "updated_at": client.loaded_at,
                    "do_not_call_after": client.stop_at, "is_blocked": client.is_blocked, "status_id": 1,
                    "status_at": client.loaded_at,
                }
                for client in self.state.clients
            ]
        )  # fmt: skip
        for client, client_id in zip(self.state.clients, client_ids, strict=True):
            client.id = client_id
        phones = [phone for client in self.state.clients for phone in client.phones]
        phone_ids = database.phones(
            [
                {
                    "client_id": phone.client.id, "campaign_id": phone.client.campaign.id,
                    "phone_type_id": database.types[phone.type], "number": phone.number, "number_raw": phone.number,
                    "zone_id": phone.zone and database.zones[phone.zone], "loaded_at": phone.loaded_at,
                    "waits_from": phone.loaded_at, "is_blocked": phone.is_blocked,
                    "is_do_not_call": is_listed(self.state, phone),
                }
                for phone in phones
            ]
        )  # fmt: skip
        for phone, phone_id in zip(phones, phone_ids, strict=True):
            phone.id = phone_id
        database.callbacks(
            [
                {
                    "campaign_id": client.campaign.id, "client_id": client.id, "phone_id": callback.phone.id,
                    "due_at": callback.due_at, "agent": callback.agent, "state_id": WAITING, "source_id": 4,
                    "record_key": None, "created_at": now,
                }
                for client in self.state.clients
                for callback in client.callbacks
            ]
        )  # fmt: skip
        events.settle(self.state, self.state.clients, now)
        database.settle(client_ids, now)

    # -- time

    def _wait(self, wait: tuple[Any, ...]) -> None:
        kind, value, *zone = wait
        if kind == "minutes":
            then = self.now + timedelta(minutes=value)
        elif kind == "clock":
            shown = local(self.now, zone[0])
            day = shown.replace(hour=value // 60, minute=value % 60, second=0, microsecond=0)
            then = utc_of(day if day > shown else day + timedelta(days=1), zone[0])
        else:
            moments = sorted(moment for moment in self._moments(kind) if moment > self.now)
            then = moments[value % len(moments)] if moments else self.now + timedelta(minutes=5)
        self.now = max(then, self.now + MILLISECOND)

    def _moments(self, kind: str) -> Sequence[datetime]:
        clients = self.state.clients
        if kind == "ready":
            return [ready_at(self.state, phone) for client in clients for phone in client.phones]
        if kind == "due":
            return [callback.due_at for client in clients for callback in waiting(client)]
        found = [client.stop_at for client in clients if client.stop_at]
        for client in clients:
            strategy = client.campaign.strategy
            if strategy.created_minutes:
                found.append(client.loaded_at + timedelta(minutes=strategy.created_minutes))
            if strategy.first_call_minutes:
                found += [
                    attempt.ended_at + timedelta(minutes=strategy.first_call_minutes) for attempt in client.attempts
                ]
        return found

    def _moment(self, moment: datetime) -> datetime:
        """A moment that no other event has."""
        while moment in self.taken_moments:
            moment += MILLISECOND
        self.taken_moments.add(moment)
        return moment

    # -- steps

    def _campaign_of(self, step: Step) -> Campaign:
        return self.state.campaigns[step.what % len(self.state.campaigns)]

    def _pick(self, things: Sequence[Any], number: int) -> Any:
        return things[number % len(things)] if things else None

    def _take(self, step: Step) -> None:
        self._take_block(self._campaign_of(step))

    def _take_block(self, campaign: Campaign) -> int:
        want = blocks.expected(self.state, campaign, self.now)
        classes = self._classes(campaign) if len(want.phones) > 1 else dict.fromkeys(want.phones, 0)
        rows = self.database.take(campaign.id, self.now)
        by_number = {(phone.number, phone.client.id): phone for client in self.state.clients for phone in client.phones}
        records = self._records() if rows else {}
        block = []
        for row in rows:
            client_id, phone_id, callback_due, callback_agent = records[row.record_key]
            phone = by_number[row.number, client_id]
            if phone.id != phone_id:
                raise Difference(f"{row.record_key} is of phone {phone_id}, not {phone.id}")
            block.append((phone, row.processing_id, row.record_key, callback_due, callback_agent))
        wrong = blocks.judge(self.state, want, [(phone, kind) for phone, kind, *_ in block], classes)
        if wrong:
            raise Difference(f"block of {campaign.code}: {wrong}")
        for phone, kind, key, due, agent in block:
            callback = None
            if kind != 1:
                callback = next(
                    each
                    for each in waiting(phone.client)
                    if each.phone is phone and each.due_at == due and (each.agent or None) == agent
                )
            events.take(self.state, key, phone, callback, self.now)
        return len(block)

    def _take_all(self, campaign: Campaign) -> None:
        """With enough blocks every phone that may be dialled is reached; a few of them show it."""
        for _ in range(4):
            if not self._take_block(campaign):
                return

    def _classes(self, campaign: Campaign) -> dict[int, int]:
        rows = self.database.rows(
            "SELECT p.phone_id, p.dial_class_id FROM core.phone AS p WHERE p.campaign_id = :campaign_id",
            campaign_id=campaign.id,
        )
        return {row.phone_id: row.dial_class_id for row in rows}

    def _records(self) -> dict[str, tuple[int, int, datetime | None, str | None]]:
        rows = self.database.rows(
            "SELECT r.record_key, r.client_id, r.phone_id, b.due_at, b.agent FROM dialing.record AS r"
            " LEFT JOIN dialing.callback AS b ON b.callback_id = r.callback_id"
        )
        return {row.record_key: (row.client_id, row.phone_id, row.due_at, row.agent) for row in rows}

    def _all_records(self) -> list[Record]:
        return [record for client in self.state.clients for record in client.records]

    def _results(self, step: Step) -> None:
        records = self._all_records()
        done = [record for record in records if events.find_attempt(record.phone.client, record.key)]
        pending = [record for record in records if record not in done]
        rows: list[events.DialerRow] = []
        staged: list[dict[str, Any]] = []
        for row in step.values["rows"]:
            kind = row["kind"]
            record = self._pick(done if kind == "again" else pending, row["what"] + step.what)
            if kind != "unknown" and record is None:
                continue
            if kind == "result" and row["what"] < 5:  # now and then two rows are of one record
                pending.remove(record)
            since = record.taken_at if record else self.now
            ended_at = self._moment(max(self.now - timedelta(seconds=row["seconds"]), since + MILLISECOND))
            due = None
            shown = None
            if row["callback"] is not None and record is not None:
                zone = phone_zone(record.phone)
                shown = local(self.now + timedelta(minutes=row["callback"]), zone)
                due = utc_of(shown, zone)
            key = "ACM0-0" if kind == "unknown" or record is None else record.key
            rows.append(events.DialerRow(key, row["code"], ended_at, kind != "interim", row["wrapup"], due))
            staged.append(
                {
                    "account_number": key, "call_result": self.database.cisco[row["code"]], "db_datetime": ended_at,
                    "call_status": "P" if kind == "interim" else "C", "wrapup": row["wrapup"], "callback_at": shown,
                }
            )  # fmt: skip
        if not rows:
            return
        if max(row.ended_at for row in rows) >= self.now:
            self.now = max(row.ended_at for row in rows) + MILLISECOND
        mine = events.apply_results(self.state, rows, self.now)
        theirs = self.database.results(staged, self.now)
        if mine != theirs:
            raise Difference(f"rows applied, repeated, unknown and interim are {theirs}, not {mine}")

    def _agent(self, step: Step) -> None:
        values, mode = step.values, step.values["mode"]
        record = self._pick(self._all_records(), step.what)
        client = self._pick(self.state.clients, step.what)
        due = None if values["callback"] is None else self.now + timedelta(minutes=values["callback"])
        agent = values["agent"] if due else None
        named: dict[str, Any] = {"campaign_id": client.campaign.id, "client_code": client.code}
        mine: dict[str, Any] = {"client": client}
        if mode == "unknown":
            named, mine = {"record_key": "ACM0-0"}, {"key": "ACM0-0"}
        elif mode == "key":
            if record is None:
                return
            named, mine = {"record_key": record.key}, {"key": record.key}
        self.now = self._moment(self.now)
        refused = found = 0
        try:
            events.agent_says(self.state, values["code"], self.now, callback_at=due, callback_agent=agent, **mine)
        except events.Refused as error:
            refused = error.number
        try:
            self.database.agent_says(
                agent_result_code=values["code"], source_id=2, agent=None, callback_at=due, callback_agent=agent,
                now=self.now, **named,
            )  # fmt: skip
        except ProcedureError as error:
            found = error.number - 50000
        if refused != found:
            raise Difference(f"the agent result is refused with {found}, not {refused}")

    def _return(self, step: Step) -> None:
        record = self._pick([record for record in self._all_records() if record.is_out], step.what)
        if record:
            events.give_back([record])
            self.database.run("dialing.record_return", record_key=record.key, reason_id=3, now=self.now)

    def _recall(self, step: Step) -> None:
        campaign = self._campaign_of(step)
        out = [record for record in self._all_records() if record.is_out and record.phone.client.campaign is campaign]
        events.give_back(out)
        self.database.run("dialing.block_recall", campaign_id=campaign.id, now=self.now)

    def _strategy(self, step: Step) -> None:
        campaign = self._campaign_of(step)
        self.versions += 1
        form = step.values["strategy"]
        events.save_strategy(campaign, form)
        self.database.strategies([(campaign.id, form)], self.versions, self.now)

    def _phone(self, step: Step) -> None:
        phone = self._pick([phone for client in self.state.clients for phone in client.phones], step.what)
        if phone:
            events.block_phone(self.state, phone, step.values["is_blocked"], self.now)
            self.database.block_phone(phone.id, phone.client.id, phone.is_blocked, self.now)

    def _client(self, step: Step) -> None:
        client = self._pick(self.state.clients, step.what)
        events.block_client(self.state, client, step.values["is_blocked"], self.now)
        self.database.block_client(client.id, client.is_blocked, self.now)

    def _segment(self, step: Step) -> None:
        segment = self._pick([segment for each in self.segments for segment in each], step.what)
        events.switch_segment(segment, step.values["is_on"], step.values["is_blocked"])
        self.database.segment(segment.id, segment.is_enabled, segment.is_blocked)

    def _campaign(self, step: Step) -> None:
        campaign = self._campaign_of(step)
        campaign.is_active = step.values["is_on"]
        name = "dialing.campaign_start" if campaign.is_active else "dialing.campaign_stop"
        self.database.run(name, campaign_id=campaign.id, now=self.now)

    def _service(self, step: Step) -> None:
        campaign = self._campaign_of(step)
        events.run_status_service(self.state, campaign, self.now)
        self.database.run("contacts.client_status_update", campaign_id=campaign.id, now=self.now)

    def _callbacks(self, _step: Step) -> None:
        events.run_callback_service(self.state, self.now)
        self.database.run("dialing.callback_settle", now=self.now)

    def _load(self, step: Step) -> None:
        lines: dict[tuple[int, str], events.LoadLine] = {}
        for values in step.values["lines"]:
            client = self._pick(self.state.clients, values["client"])
            campaign = self._campaign_of(step) if values["is_new"] else client.campaign
            segments = self.segments[self.state.campaigns.index(campaign)]
            segment = None if values["segment"] is None else segments[values["segment"] % len(segments)]
            phone = values["phone"] and (number_of(values["phone"][0]), values["phone"][1])
            if values["is_new"]:
                self.loads += 1
                code, phones = f"N{self.loads}", [phone or (number_of(100 + self.loads), "M")]
                segment = segment or segments[0]
            else:
                code, phones = client.code, [(each.number, each.type) for each in client.phones[:1]]
                if phone and phone[0] not in [number for number, _ in phones]:
                    phones.append(phone)
            lines[campaign.id, code] = events.LoadLine(
                campaign, code, segment, None if values["person"] is None else self.people[values["person"]], None,
                values["load_priority"],
                None if values["stop_after"] is None else self.now + timedelta(minutes=values["stop_after"]), phones,
                values["callback"] and (self.now + timedelta(minutes=values["callback"][0]), values["callback"][1]),
            )  # fmt: skip
        self._load_lines(list(lines.values()))

    def _load_lines(self, lines: list[events.LoadLine]) -> None:
        codes = {segment.id: str(number) for each in self.segments for number, segment in enumerate(each, 1)}
        rows = [
            {
                "line_no": number, "campaign_code": line.campaign.code, "client_code": line.client_code,
                "segment_code": line.segment and codes[line.segment.id],
                "crm_id": line.person and f"{self.prefix}P{self.people.index(line.person)}", "zone_code": line.zone,
                "load_priority": line.load_priority, "do_not_call_after": line.stop_at,
                "do_not_call_after_is_utc": True, "callback_at": line.callback and line.callback[0],
                "callback_at_is_utc": True, "callback_agent": line.callback and line.callback[1],
            }
            for number, line in enumerate(lines, 1)
        ]  # fmt: skip
        phones = [
            {
                "line_no": number, "position": position, "number": phone, "number_raw": phone, "type_code": type_code,
            }
            for number, line in enumerate(lines, 1)
            for position, (phone, type_code) in enumerate(line.phones, 1)
        ]  # fmt: skip
        self.database.load(rows, phones, self.now)
        found = self.database.rows(
            "SELECT c.campaign_id, c.client_code, c.client_id, p.phone_id, p.number"
            " FROM core.client AS c JOIN core.phone AS p ON p.client_id = c.client_id"
        )
        ids = {(row.campaign_id, row.client_code): row.client_id for row in found}
        events.load(self.state, lines, self.now, ids)
        phone_ids = {(row.client_id, row.number): row.phone_id for row in found}
        for client in self.state.clients:
            for phone in client.phones:
                phone.id = phone.id or phone_ids.get((client.id, phone.number), 0)

    # -- what is compared

    def _compare(self, is_settled: bool) -> None:
        """Every client, phone, callback and record; before the status service, statuses that only time brings may come."""
        state = self.state
        clients = {
            row.client_id: (row.status_id, row.attempts, row.round_no)
            for row in self.database.rows(
                "SELECT c.client_id, c.status_id, c.attempts, c.round_no FROM core.client AS c"
            )
        }
        for client in state.clients:
            mine = (client.status, counted(client), client.round_no)
            if clients[client.id] != mine:
                raise Difference(
                    f"at {self.now} client {client.code} of {client.campaign.code} has status, attempts and round"
                    f" {clients[client.id]}, not {mine}{' after the status service' if is_settled else ''}"
                )
        rows = {
            row.phone_id: (row.attempts, row.waits_from, bool(row.is_do_not_call))
            for row in self.database.rows(
                "SELECT p.phone_id, p.attempts, p.waits_from, p.is_do_not_call FROM core.phone AS p"
            )
        }
        for client in state.clients:
            for phone in client.phones:
                mine_of = (counted(client, phone), hold(state, phone)[0], is_listed(state, phone))
                if rows[phone.id] != mine_of:
                    raise Difference(
                        f"at {self.now} phone {phone.number} of client {client.code} of {client.campaign.code} has attempts,"
                        f" moment of the last result and do-not-call {rows[phone.id]}, not {mine_of}"
                    )
        if not is_settled:  # the longest of the questions
            self._compare_rules()
        self._compare_sets()

    def _compare_rules(self) -> None:
        """Every rule of every phone, and the first that fails."""
        for campaign in self.state.campaigns:
            found = {
                row[0]: ([all(row[first:last]) for first, last in RULE_COLUMNS], row[1] // 100)
                for row in self.database.rows(RULES_QUERY, campaign_id=campaign.id, now=self.now)
            }
            for client in self.state.of_campaign(campaign):
                for phone in client.phones:
                    passed = rules_shown(self.state, phone, self.now)
                    if found[phone.id] != (passed, reason(passed)):
                        failed = [number for number, passes in enumerate(found[phone.id][0], 1) if not passes]
                        mine = [number for number, passes in enumerate(passed, 1) if not passes]
                        raise Difference(
                            f"at {self.now} phone {phone.number} of client {client.code} of {campaign.code} fails rules"
                            f" {failed}, first {found[phone.id][1]}, not {mine}"
                        )
            self._compare_sums(campaign)

    def _compare_sums(self, campaign: Campaign) -> None:
        """How many phones each rule holds, summed over the campaign."""
        mine = Counter(
            reason(rules_shown(self.state, phone, self.now))
            for client in self.state.of_campaign(campaign)
            for phone in client.phones
        )
        theirs: Counter[int] = Counter()
        for row in self.database.run("dialing.campaign_explain", campaign_id=campaign.id, now=self.now):
            theirs[0 if row.reason_code == "ready" else row.rule_no] += row.phones
        if +mine != +theirs:
            raise Difference(f"at {self.now} phones of {campaign.code} by reason are {dict(theirs)}, not {dict(mine)}")

    def _compare_sets(self) -> None:
        mine: list[Any] = sorted(
            (callback.phone.id, callback.due_at, callback.agent or "", callback.state)
            for client in self.state.clients
            for callback in client.callbacks
        )
        theirs: list[Any] = sorted(
            (row.phone_id, row.due_at, row.agent or "", row.state_id)
            for row in self.database.rows("SELECT b.phone_id, b.due_at, b.agent, b.state_id FROM dialing.callback AS b")
        )
        if mine != theirs:
            raise Difference(f"at {self.now} callbacks are {theirs}, not {mine}")
        out = sorted(record.key for record in self._all_records() if record.is_out)
        found = sorted(row.record_key for row in self.database.rows("SELECT r.record_key FROM dialing.record AS r"))
        if out != found:
            raise Difference(f"at {self.now} records out are {found}, not {out}")
        listed = {row.number for row in self.database.rows("SELECT d.number FROM core.do_not_call AS d")} - {None}
        if listed != self.state.listed_numbers:
            raise Difference(f"at {self.now} the do-not-call list is {listed}, not {self.state.listed_numbers}")


def play(database: Database, plan: Plan) -> str | None:
    """What the model and sql/ do not agree on in this world, or None."""
    with database.world():
        try:
            Play(database, plan).play()
        except Difference as error:
            return str(error)
    return None


def warm(database: Database) -> None:
    """Call every procedure a few times, so that worlds take the time that they take later."""

    def worlds() -> None:
        for seed in range(12):
            try:
                Play(database, random_plan(seed), f"W{seed}-").play()
            except Difference:
                continue

    database.warm(worlds)
