"""Worlds to be: campaigns, clients and a history of steps, drawn at random.

A plan is plain data. What a step acts on is named by a number that is taken modulo what there is at that time, so that
any part of a plan can be left out and the rest still means something; `smaller` makes use of that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, is_dataclass, replace
from datetime import datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any, Protocol, TypeVar

from app.campaigns import AgentResultForm, PhoneTypeForm, ResultForm, ScheduleForm, StrategyForm

T = TypeVar("T")

#: Campaign and client zones: two that change to summer time and back, and two that do not.
ZONES = ("Europe/Moscow", "Europe/Berlin", "America/New_York", "Asia/Vladivostok")
TYPES = ("M", "H", "W")
TECHNICAL = ("BUSY", "NO_ANSWER", "VOICE", "AGENT_REJECTED", "CALLBACK_REQUEST", "RETURNED", "DIALING_ERROR")
#: The deck's own five, and two of a second level under "30"; "OFF" is switched off.
AGENT = ("12", "14", "20", "11", "15", "30-1", "30-2", "30", "OFF", "NONE")
#: Code, parent, is it enabled, what the dictionary says of it.
MORE_AGENT_RESULTS = (
    ("30", None, True, AgentResultForm(3, 4, None, 30)),
    ("30-1", "30", True, AgentResultForm(3, 2, 2, 60)),
    ("30-2", "30", True, AgentResultForm(2, 7, None, 45)),
    ("OFF", None, False, AgentResultForm(1, 5, None, None)),
)
KEYS = tuple(permutations(("attempts", "result", "type")))
#: Ordinary days, and the nights in which clocks change in Berlin and New York, in UTC.
STARTS = (
    datetime(2026, 11, 23, 9, 0),
    datetime(2026, 11, 27, 19, 30),
    datetime(2026, 3, 28, 20, 0),
    datetime(2026, 10, 24, 20, 30),
    datetime(2026, 3, 8, 2, 0),
    datetime(2026, 10, 31, 21, 0),
    datetime(2026, 12, 31, 15, 0),
)


def _schedules() -> tuple[ScheduleForm, ...]:
    """The first is open around the clock; all moments of a strategy's schedules come from here, so that they are made
    once a run."""
    daily = ScheduleForm.daily
    forms = [
        daily("Around the clock", 0, 24 * 60),
        daily("Daytime", 9 * 60, 21 * 60),
        daily("Night", 21 * 60, 3 * 60),
        daily("The hour that comes twice", 60, 180),
        ScheduleForm(
            "Weekdays in two parts", [(day, *part) for day in range(1, 6) for part in ((540, 780), (840, 1200))]
        ),
        ScheduleForm("Weekend", [(6, 600, 1080), (7, 600, 1080)]),
    ]
    random = Random(2026)
    days = [start.date() + timedelta(days=day) for start in STARTS for day in range(4)]
    for number in range(18):
        periods, dates = [], []
        for weekday in range(1, 8):
            for start, end in _random_periods(random):
                periods.append((weekday, start, end))
        for on in sorted(set(random.sample(days, 8))):
            if random.random() < 0.4:
                dates.append((on, None, None))
            else:
                dates += [(on, start, end) for start, end in _random_periods(random)]
        forms.append(ScheduleForm(f"Random {number}", periods, dates))
    return tuple(forms)


def _random_periods(random: Random) -> list[tuple[int, int]]:
    """Up to two periods of a day that do not touch; the last may cross midnight."""
    edges = sorted(random.sample(range(0, 1440, 15), 2 * random.choice((0, 1, 1, 1, 2))))
    periods = list(zip(edges[::2], edges[1::2], strict=True))
    if periods and random.random() < 0.3:
        start, end = periods[-1]
        periods[-1] = end, min(start, periods[0][0])
    return periods


SCHEDULES = _schedules()


class Draw(Protocol):
    """Where chance comes from: a generator, or hypothesis."""

    def integer(self, low: int, high: int) -> int: ...


class RandomDraw:
    """Chance of a seed."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed).random

    def integer(self, low: int, high: int) -> int:
        return low + int(self._random() * (high - low + 1))


@dataclass(frozen=True)
class PhonePlan:
    type: str
    number: int
    zone: str | None = None
    is_blocked: bool = False
    minutes_before: int = 0


@dataclass(frozen=True)
class ClientPlan:
    campaign: int = 0
    segment: int = 0
    person: int | None = None
    zone: str | None = None
    load_priority: int | None = None
    minutes_before: int = 0  # loaded so long before the start
    stop_after: int | None = None  # minutes after the start
    is_blocked: bool = False
    phones: tuple[PhonePlan, ...] = ()
    callback: tuple[int, str | None] | None = None  # minutes after the start, agent


@dataclass(frozen=True)
class CampaignPlan:
    strategy: StrategyForm
    zone: str = ZONES[0]
    one_call_per_person: bool = False
    closing_margin: int = 0
    restarts_on_reload: bool = False
    segments: tuple[tuple[bool, bool], ...] = ((True, False),)  # enabled, blocked


@dataclass(frozen=True)
class Step:
    """`wait`: how the clock moves before the step: ("minutes", n), ("clock", minute of the day, zone), or to the n-th of
    the moments at which something becomes due: "ready" delays, "due" callbacks, "limit" stop dates and durations."""

    kind: str
    wait: tuple[Any, ...] = ("minutes", 1)
    what: int = 0
    values: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Plan:
    start: datetime
    campaigns: tuple[CampaignPlan, ...]
    clients: tuple[ClientPlan, ...]
    steps: tuple[Step, ...]
    listed_numbers: tuple[int, ...] = ()
    listed_persons: tuple[int, ...] = ()


class Chance:
    """Draws of every shape, made of integers. What is simplest comes first, so that hypothesis shrinks towards it."""

    def __init__(self, draw: Draw) -> None:
        self.integer = draw.integer

    def of(self, values: Sequence[T]) -> T:
        return values[self.integer(0, len(values) - 1)]

    def percent(self, percent: int) -> bool:
        return self.integer(0, 99) >= 100 - percent

    def maybe(self, percent: int, make: Callable[[], T]) -> T | None:
        return make() if self.percent(percent) else None

    # -- strategies

    def schedule(self) -> ScheduleForm:
        return self.of(SCHEDULES) if self.percent(25) else SCHEDULES[0]

    def strategy(self) -> StrategyForm:
        return StrategyForm(
            schedule=self.schedule(),
            block_size=self.integer(1, 6),
            queue_depth=self.of((20, 20, 3, 6)),
            max_client_attempts=self.maybe(40, lambda: self.integer(1, 4)),
            max_day_attempts=self.maybe(35, lambda: self.integer(1, 3)),
            first_call_minutes=self.maybe(25, lambda: self.of((240, 30, 1440, 2880))),
            created_minutes=self.maybe(22, lambda: self.of((1440, 4320, 600, 60))),
            created_names_status=self.percent(50),
            client_most_first=self.percent(40),
            no_result_priority=self.of((5, 1, 3, 10)),
            phone_keys=self.of(KEYS),
            phone_most_first=self.percent(40),
            leaf_mandatory=self.percent(30),
            phone_types={code: self.phone_type() for code in TYPES if code == "M" or self.percent(80)},
            technical_results={
                code: ResultForm(self.integer(1, 4), self.of((None, 0, 1, 30, 120)), self.percent(70))
                for code in TECHNICAL
                if self.percent(30)
            },
            agent_results={
                code: AgentResultForm(
                    self.of((3, 2, 1, 4, 5)) if self.percent(20) else self.of((3, 2)),
                    self.integer(1, 4),
                    self.maybe(50, lambda: self.integer(1, 3)),
                    self.of((None, 0, 1, 30, 240)),
                )
                for code in AGENT[:8]
                if self.percent(30)
            },
        )

    def phone_type(self) -> PhoneTypeForm:
        return PhoneTypeForm(
            is_dialled=not self.percent(10),
            max_attempts=self.maybe(35, lambda: self.integer(1, 3)),
            weight=self.of((1, 2, 5)),
            schedule=self.maybe(12, lambda: self.of(SCHEDULES)),
        )

    def campaign(self) -> CampaignPlan:
        strategy = self.strategy()
        if not any(form.is_dialled for form in strategy.phone_types.values()):
            strategy = replace(strategy, phone_types={**strategy.phone_types, "M": PhoneTypeForm()})
        return CampaignPlan(
            strategy,
            zone=self.zone(),
            one_call_per_person=self.percent(40),
            closing_margin=self.of((0, 0, 10)),
            restarts_on_reload=self.percent(50),
            segments=tuple((not self.percent(6), self.percent(5)) for _ in range(self.integer(1, 2))),
        )

    def zone(self) -> str:
        return self.of(ZONES) if self.percent(50) else ZONES[0]

    def other_strategy(self, strategy: StrategyForm) -> StrategyForm:
        """The strategy with one or two settings of another one."""
        other = self.campaign().strategy
        names = [each.name for each in fields(StrategyForm)]
        changed = {name: getattr(other, name) for name in {self.of(names) for _ in range(self.integer(1, 3))}}
        return replace(strategy, **changed)

    # -- clients

    def phone(self) -> PhonePlan:
        return PhonePlan(
            type=self.of(("M", "M", "H", "W")),
            number=self.integer(0, 60) if self.percent(85) else self.integer(0, 2),
            zone=self.maybe(20, lambda: self.of(ZONES)),
            is_blocked=self.percent(5),
            minutes_before=self.of((0, 0, 5, 5, 600)),
        )

    def client(self, campaigns: int, promised: int) -> ClientPlan:
        phones = {phone.number: phone for phone in (self.phone() for _ in range(self.integer(1, 3)))}
        return ClientPlan(
            campaign=self.integer(0, campaigns - 1),
            segment=self.integer(0, 1),
            person=self.maybe(40, lambda: self.integer(0, 2)),
            zone=self.maybe(25, lambda: self.of(ZONES)),
            load_priority=self.maybe(20, lambda: self.integer(1, 10)),
            minutes_before=self.of((0, 0, 10, 10, 700)),
            stop_after=self.maybe(12, lambda: self.of((300, 1500, 30, -5))),
            is_blocked=self.percent(4),
            phones=tuple(phones.values()),
            callback=self.maybe(promised, lambda: (self.of((-20, 0, 30, 30, 300)), self.of((None, "3001")))),
        )

    # -- steps

    def wait(self) -> tuple[Any, ...]:
        kind = self.integer(0, 19)
        if kind < 8:
            return "minutes", self.of((1, 5, 30, 60, 240))
        if kind < 11:
            return "clock", self.of((0, 540, 1260, 180, 120)), self.of(ZONES)
        return self.of(("ready", "ready", "ready", "due", "due", "limit")), self.integer(0, 3)

    def short_wait(self) -> tuple[Any, ...]:
        return "minutes", self.of((1, 1, 3, 20))

    def steps(self, campaigns: Sequence[CampaignPlan]) -> Iterator[Step]:
        """A history: mostly blocks and what becomes of them, and now and then anything else."""
        for _ in range(self.integer(2, 5)):
            yield Step("take", self.wait(), self.integer(0, 11))
            if self.percent(20):
                yield self.agent(self.short_wait())
            if self.percent(85):
                rows = tuple(self.row() for _ in range(self.integer(1, 4)))
                yield Step("results", self.short_wait(), self.integer(0, 11), {"rows": rows})
            if self.percent(25):
                yield self.agent(self.short_wait())
            if self.percent(50):
                yield self.other(campaigns)

    def agent(self, wait: tuple[Any, ...]) -> Step:
        values = {
            "code": self.of(AGENT) if self.percent(40) else self.of(AGENT[:2]),
            "mode": self.of(("key", "client", "client", "unknown")) if self.percent(35) else "key",
            "callback": self.maybe(35, lambda: self.of((10, 30, 300, 2000))),
            "agent": self.of((None, "3001")),
        }
        return Step("agent", wait, self.integer(0, 11), values)

    def other(self, campaigns: Sequence[CampaignPlan]) -> Step:
        kind = self.of(
            ("load", "load", "strategy", "strategy", "return", "return", "phone", "client", "segment", "service", "callbacks",
             "campaign", "recall")
        )  # fmt: skip
        values: dict[str, Any] = {}
        if kind == "strategy":
            values["strategy"] = self.other_strategy(self.of(campaigns).strategy)
        elif kind in ("phone", "client"):
            values["is_blocked"] = not self.percent(40)
        elif kind in ("segment", "campaign"):
            values["is_on"] = not self.percent(25)
            values["is_blocked"] = self.percent(20)
        elif kind == "load":
            values["lines"] = tuple(self.line() for _ in range(self.integer(1, 2)))
        return Step(kind, self.short_wait() if self.percent(60) else self.wait(), self.integer(0, 11), values)

    def row(self) -> dict[str, Any]:
        return {
            "what": self.integer(0, 5),
            "code": self.of(TECHNICAL),
            "seconds": self.of((20, 20, 90, 3000, 90_000)),  # so long ago the call ended, not before it began
            "wrapup": self.maybe(25, lambda: self.of(AGENT)),
            "kind": self.of(("result", "again", "interim", "unknown")) if self.percent(25) else "result",
            "callback": self.maybe(10, lambda: self.of((30, 300))),
        }

    def line(self) -> dict[str, Any]:
        return {
            "client": self.integer(0, 7),
            "is_new": self.percent(15),
            "segment": self.maybe(30, lambda: self.integer(0, 1)),
            "person": self.maybe(20, lambda: self.integer(0, 2)),
            "load_priority": self.maybe(30, lambda: self.integer(1, 10)),
            "stop_after": self.maybe(20, lambda: self.of((30, 1500))),
            "phone": self.maybe(30, lambda: (self.integer(0, 60), self.of(TYPES))),
            "callback": self.maybe(25, lambda: (self.of((30, 30, 300)), self.of((None, "3001")))),
        }

    def plan(self) -> Plan:
        promised = self.of((15, 15, 15, 15, 15, 90))  # per cent of the clients
        campaigns = tuple(self.campaign() for _ in range(self.of((1, 1, 1, 2, 2, 3))))
        return Plan(
            start=self.of(STARTS),
            campaigns=campaigns,
            clients=tuple(self.client(len(campaigns), promised) for _ in range(self.integer(1, 7))),
            steps=tuple(self.steps(campaigns)),
            listed_numbers=tuple(self.integer(0, 2) for _ in range(self.of((0, 0, 0, 1)))),
            listed_persons=tuple(self.integer(0, 2) for _ in range(self.of((0, 0, 0, 0, 0, 1)))),
        )


def random_plan(seed: int) -> Plan:
    """The plan of a seed, the same for ever."""
    return Chance(RandomDraw(seed)).plan()


# -- Making a plan smaller


def _without_one(values: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for size in (len(values) // 2, 1):
        if size:
            for start in range(0, len(values), size):
                yield values[:start] + values[start + size :]


def _simpler(plan: Any) -> Iterator[Any]:
    """The same plan with one part of it left out or set to what is usual."""
    if not is_dataclass(plan) or isinstance(plan, type):
        return
    for each in fields(plan):
        value = getattr(plan, each.name)
        if isinstance(value, tuple) and value and is_dataclass(value[0]):
            for fewer in _without_one(value):
                if fewer or each.name == "steps":
                    yield replace(plan, **{each.name: fewer})
            for position, part in enumerate(value):
                for simpler in _simpler(part):
                    yield replace(plan, **{each.name: (*value[:position], simpler, *value[position + 1 :])})
        elif each.name == "strategy":
            for simpler in _simpler(value):
                yield replace(plan, strategy=simpler)
        elif each.name == "schedule" and value is not None and value != SCHEDULES[0]:
            yield replace(plan, schedule=SCHEDULES[0])
        elif each.name == "phone_types":
            usual = {code: PhoneTypeForm() for code in TYPES}
            if value != usual:
                yield replace(plan, phone_types=usual)
                for code, form in value.items():
                    for simpler in _simpler(form):
                        yield replace(plan, phone_types={**value, code: simpler})
        elif isinstance(value, dict):
            for key in value:
                if each.name != "values":
                    yield replace(plan, **{each.name: {name: of for name, of in value.items() if name != key}})
                elif key == "strategy":
                    for simpler in _simpler(value[key]):
                        yield replace(plan, values={**value, key: simpler})
                elif isinstance(value[key], tuple) and len(value[key]) > 1:
                    for fewer in _without_one(value[key]):
                        yield replace(plan, values={**value, key: fewer})
        elif _default(each) is not _NOTHING and value != _default(each):
            yield replace(plan, **{each.name: _default(each)})


_NOTHING = object()


def _default(each: Any) -> Any:
    return _NOTHING if type(each.default).__name__ == "_MISSING_TYPE" else each.default


def smaller(plan: Plan, is_wrong: Callable[[Plan], bool], tries: int = 2000) -> Plan:
    """The smallest plan that can be found by leaving parts out and that is still wrong."""
    found = True
    while found and tries > 0:
        found = False
        for candidate in _simpler(plan):
            tries -= 1
            if tries <= 0:
                break
            if is_wrong(candidate):
                plan, found = candidate, True
                break
    return plan


def shown(plan: Plan) -> str:
    """A plan for people: what is not as usual."""

    def differs(value: Any) -> str:
        if isinstance(value, ScheduleForm):
            return value.name
        if is_dataclass(value) and not isinstance(value, type):
            parts = [
                f"{each.name}={differs(getattr(value, each.name))}"
                for each in fields(value)
                if _default(each) is _NOTHING or getattr(value, each.name) != _default(each)
            ]
            return f"{type(value).__name__}({', '.join(parts)})"
        if isinstance(value, tuple):
            return "(" + ", ".join(differs(each) for each in value) + ",)"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key!r}: {differs(each)}" for key, each in value.items()) + "}"
        return repr(value)

    lines = [f"start {plan.start:%Y-%m-%d %H:%M}"]
    lines += [f"campaign {number}: {differs(each)}" for number, each in enumerate(plan.campaigns)]
    lines += [f"client {number}: {differs(each)}" for number, each in enumerate(plan.clients)]
    lines += [f"step {number}: {differs(each)}" for number, each in enumerate(plan.steps)]
    if plan.listed_numbers or plan.listed_persons:
        lines.append(f"do not call: numbers {plan.listed_numbers}, persons {plan.listed_persons}")
    return "\n".join(lines)
