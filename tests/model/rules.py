"""The strategy as docs/strategy.md tells it: may this phone be dialled, and which one goes first.

Written from that page alone. There are no dial classes here, no counters and nothing that is kept: everything is worked
out anew from the history of a client whenever it is asked for, which is slow and easy to check by eye.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from app.campaigns import AgentResultForm, ResultForm, ScheduleForm, StrategyForm

ACTIVE, SUCCESS, FAILURE = 1, 2, 3
CLIENT_ATTEMPTS, TYPE_ATTEMPTS, FIRST_CALL, CREATED, AGENT_ATTEMPTS, STOP_DATE = 4, 5, 6, 7, 8, 9
PROCESSED = (SUCCESS, FAILURE)
ACTION_SUCCESS, ACTION_SKIP, ACTION_ACTIVE, ACTION_FAILURE, ACTION_DO_NOT_CALL = 1, 2, 3, 4, 5
#: The status that a result sets for good, by its action.
FINAL_STATUS = {ACTION_SUCCESS: SUCCESS, ACTION_FAILURE: FAILURE, ACTION_DO_NOT_CALL: FAILURE}
#: What a callback is: waiting, out at the dialer, kept, missed, cancelled.
WAITING, IN_WORK, KEPT, MISSED, CANCELLED = 1, 2, 3, 4, 5
DELAY_RULE = 11


@dataclass(frozen=True)
class AgentResult:
    """An agent result of the dictionary."""

    code: str
    form: AgentResultForm
    parent: str | None = None
    is_enabled: bool = True


@dataclass(frozen=True)
class Dictionary:
    """What holds where a strategy says nothing of its own."""

    technical: dict[str, ResultForm]
    agent: dict[str, AgentResult]

    def is_branch(self, code: str) -> bool:
        """Whether a result has a second level under it that can be chosen."""
        return any(result.parent == code and result.is_enabled for result in self.agent.values())


@dataclass
class Campaign:
    id: int
    code: str
    zone: str
    strategy: StrategyForm
    is_active: bool = True
    one_call_per_person: bool = False
    closing_margin: int = 0
    restarts_on_reload: bool = False


@dataclass
class Segment:
    id: int
    is_enabled: bool = True
    is_blocked: bool = False


@dataclass
class Attempt:
    key: str
    phone: Phone
    round_no: int
    ended_at: datetime
    result: str
    is_counted: bool


@dataclass
class Outcome:
    """An agent result, of a call (`key`) or of the client alone."""

    key: str | None
    phone: Phone | None
    round_no: int
    result: str
    given_at: datetime
    is_new: bool = True  # nothing has been done for it yet


@dataclass
class Callback:
    phone: Phone
    due_at: datetime
    agent: str | None
    is_loaded: bool = False
    state: int = WAITING
    order: int = 0


@dataclass
class Record:
    """A phone that is out at the dialer, or came back from it (`is_out` false) without a result."""

    key: str
    phone: Phone
    taken_at: datetime
    round_no: int
    callback: Callback | None = None
    is_out: bool = True


@dataclass
class Phone:
    id: int
    client: Client
    number: str
    type: str
    zone: str | None
    loaded_at: datetime
    is_blocked: bool = False
    stays_listed: bool = False  # its client was a person on the do-not-call list when a load gave it another CRM id


@dataclass
class Client:
    id: int
    campaign: Campaign
    code: str
    segment: Segment
    person: int | None
    zone: str | None
    load_priority: int | None
    loaded_at: datetime
    stop_at: datetime | None = None
    is_blocked: bool = False
    status: int = ACTIVE
    round_no: int = 1
    phones: list[Phone] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    callbacks: list[Callback] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)


@dataclass
class State:
    """Everything that there is."""

    dictionary: Dictionary
    campaigns: list[Campaign] = field(default_factory=list)
    clients: list[Client] = field(default_factory=list)
    listed_numbers: set[str] = field(default_factory=set)
    listed_persons: set[int] = field(default_factory=set)

    def of_campaign(self, campaign: Campaign) -> list[Client]:
        return [client for client in self.clients if client.campaign is campaign]

    def out(self, campaign: Campaign) -> int:
        """Records of a campaign that are at the dialer."""
        return sum(record.is_out for client in self.of_campaign(campaign) for record in client.records)


# -- Time


@cache
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local(moment: datetime, zone: str) -> datetime:
    """What the clocks of a zone show at a moment; both naive, the moment in UTC."""
    return moment.replace(tzinfo=UTC).astimezone(_zone(zone)).replace(tzinfo=None)


def _day(schedule: ScheduleForm, day: date) -> tuple[list[tuple[int, int]], bool]:
    """The periods that begin on a day, and whether it is excluded."""
    rows = [(start, end) for on, start, end in schedule.dates if on == day]
    if rows:
        return [(start, end) for start, end in rows if start is not None and end is not None], rows[0][0] is None
    return [(start, end) for weekday, start, end in schedule.periods if weekday == day.isoweekday()], False


def schedule_open(schedule: ScheduleForm, zone: str, moment: datetime) -> bool:
    """Whether a schedule is open in a zone. The night of a day goes on into the next, unless that one is excluded."""
    now = local(moment, zone)
    minute = now.hour * 60 + now.minute
    periods, is_excluded = _day(schedule, now.date())
    if is_excluded:
        return False
    if any(start <= minute and (minute < end or end <= start) for start, end in periods):
        return True
    before, _ = _day(schedule, now.date() - timedelta(days=1))
    return any(end <= start and minute < end for start, end in before)


# -- What a client's history says


def client_zone(client: Client) -> str:
    return client.zone or client.campaign.zone


def phone_zone(phone: Phone) -> str:
    return phone.zone or client_zone(phone.client)


def technical_rule(state: State, campaign: Campaign, code: str) -> ResultForm:
    return campaign.strategy.technical_results.get(code) or state.dictionary.technical[code]


def agent_rule(state: State, campaign: Campaign, code: str) -> AgentResultForm:
    return campaign.strategy.agent_results.get(code) or state.dictionary.agent[code].form


def round_attempts(client: Client) -> list[Attempt]:
    """The attempts of this round, in the order in which the calls ended."""
    return sorted(
        (attempt for attempt in client.attempts if attempt.round_no == client.round_no), key=lambda a: a.ended_at
    )


def round_outcomes(client: Client) -> list[Outcome]:
    """The agent results of this round, in the order in which they were given."""
    return sorted(
        (outcome for outcome in client.outcomes if outcome.round_no == client.round_no),
        key=lambda outcome: outcome.given_at,
    )


def outcome_moment(client: Client, outcome: Outcome) -> datetime:
    """From the end of the call or from the moment when it was given, whichever is later."""
    ended = [attempt.ended_at for attempt in client.attempts if attempt.key == outcome.key]
    return max([outcome.given_at, *ended])


def counted(client: Client, phone: Phone | None = None) -> int:
    """Attempts of this round that count, of a client or of one of its phones."""
    return sum(attempt.is_counted and (phone is None or attempt.phone is phone) for attempt in round_attempts(client))


def counted_today(client: Client, now: datetime) -> int:
    """Attempts that count on the client's local day, whatever the round: the limit of a day is the client's peace."""
    zone = client_zone(client)
    today = local(now, zone).date()
    return sum(attempt.is_counted and local(attempt.ended_at, zone).date() == today for attempt in client.attempts)


def first_attempt_at(client: Client) -> datetime | None:
    """When the first call of the round ended: one that does not count was no call."""
    return next((attempt.ended_at for attempt in round_attempts(client) if attempt.is_counted), None)


def latest_agent_result(client: Client) -> tuple[str, int] | None:
    """The client's latest agent result of this round, and how often it has had it."""
    outcomes = round_outcomes(client)
    if not outcomes:
        return None
    code = outcomes[-1].result
    return code, sum(outcome.result == code for outcome in outcomes)


def last_result(client: Client) -> tuple[str, str] | None:
    """("agent" or "technical", code): the result of the last attempt, the agent's where it has one. An agent result that
    was given for no attempt, as far as is known, is the last one until the next call."""
    attempts = round_attempts(client)
    last = attempts[-1] if attempts else None
    keys = {attempt.key for attempt in attempts}
    for outcome in reversed(round_outcomes(client)):
        if outcome.key is not None and outcome.key in keys:
            if last and outcome.key == last.key:
                return "agent", outcome.result
        elif last is None or outcome.given_at >= last.ended_at:
            return "agent", outcome.result
    return ("technical", last.result) if last else None


def phone_last_result(phone: Phone) -> tuple[str, str] | None:
    """The result of the phone's own last attempt."""
    attempts = [attempt for attempt in round_attempts(phone.client) if attempt.phone is phone]
    if not attempts:
        return None
    for outcome in phone.client.outcomes:
        if outcome.key == attempts[-1].key:
            return "agent", outcome.result
    return "technical", attempts[-1].result


def hold(state: State, phone: Phone) -> tuple[datetime, int | None]:
    """The moment that the phone's delay counts from, and the minutes of the delay.

    A technical result holds the phone that was dialled; an agent result holds every phone of the client; whichever is
    later for this phone.
    """
    client = phone.client
    holds: list[tuple[datetime, int, int | None]] = [
        (attempt.ended_at, 0, technical_rule(state, client.campaign, attempt.result).delay_minutes)
        for attempt in round_attempts(client)
        if attempt.phone is phone
    ]
    holds += [
        (outcome_moment(client, outcome), 1, agent_rule(state, client.campaign, outcome.result).delay_minutes)
        for outcome in round_outcomes(client)
    ]
    if not holds:
        return phone.loaded_at, None
    moment, _, minutes = max(holds, key=lambda each: each[:2])
    return moment, minutes


def ready_at(state: State, phone: Phone) -> datetime:
    """The moment at which the delay of the last result has passed."""
    moment, minutes = hold(state, phone)
    return moment + timedelta(minutes=minutes or 0)


def waiting(client: Client) -> list[Callback]:
    return [callback for callback in client.callbacks if callback.state == WAITING]


def is_promised(client: Client, now: datetime) -> bool:
    """Whether the client was promised a call whose moment has not come."""
    return any(callback.due_at > now for callback in waiting(client))


# -- Limits


def is_first_call_over(client: Client, now: datetime) -> bool:
    minutes, first = client.campaign.strategy.first_call_minutes, first_attempt_at(client)
    return minutes is not None and first is not None and now >= first + timedelta(minutes=minutes)


def is_created_over(client: Client, now: datetime) -> bool:
    minutes = client.campaign.strategy.created_minutes
    return minutes is not None and now >= client.loaded_at + timedelta(minutes=minutes)


def is_stopped(client: Client, now: datetime) -> bool:
    return client.stop_at is not None and now >= client.stop_at


def is_client_exhausted(client: Client) -> bool:
    most = client.campaign.strategy.max_client_attempts
    return most is not None and counted(client) >= most


def is_phone_exhausted(phone: Phone) -> bool:
    """«Попытки дозвона исчерпаны»: the limit of its type."""
    form = phone.client.campaign.strategy.phone_types.get(phone.type)
    return form is not None and form.max_attempts is not None and counted(phone.client, phone) >= form.max_attempts


def is_agent_exhausted(state: State, client: Client) -> bool:
    """The limit of the client's latest agent result, which only «Активный» has."""
    latest = latest_agent_result(client)
    if latest is None:
        return False
    rule = agent_rule(state, client.campaign, latest[0])
    return rule.action_id == ACTION_ACTIVE and rule.max_attempts is not None and latest[1] >= rule.max_attempts


def is_day_full(client: Client, now: datetime) -> bool:
    most = client.campaign.strategy.max_day_attempts
    return most is not None and counted_today(client, now) >= most


def is_dialled_type(phone: Phone) -> bool:
    form = phone.client.campaign.strategy.phone_types.get(phone.type)
    return form is not None and form.is_dialled


def is_listed(state: State, phone: Phone) -> bool:
    """On the do-not-call list, by number or person."""
    return phone.stays_listed or phone.number in state.listed_numbers or phone.client.person in state.listed_persons


def are_phones_exhausted(state: State, client: Client) -> bool:
    """Every phone that the strategy still allows, of which there is one."""
    allowed = [
        phone
        for phone in client.phones
        if is_dialled_type(phone) and not phone.is_blocked and not is_listed(state, phone)
    ]
    return bool(allowed) and all(is_phone_exhausted(phone) for phone in allowed)


def status_now(state: State, client: Client, now: datetime) -> int:
    """The status that the client should have (M136 to M144)."""
    if client.status in PROCESSED:
        return client.status
    if is_stopped(client, now):
        return STOP_DATE
    if is_agent_exhausted(state, client):
        return AGENT_ATTEMPTS
    durations = [(FIRST_CALL, is_first_call_over(client, now)), (CREATED, is_created_over(client, now))]
    if client.campaign.strategy.created_names_status:
        durations.reverse()
    limits = [
        *durations,
        (CLIENT_ATTEMPTS, is_client_exhausted(client)),
        (TYPE_ATTEMPTS, are_phones_exhausted(state, client)),
    ]
    reached = [status for status, is_reached in limits if is_reached]
    if client.status in reached:  # a limit that stopped a client keeps naming its status while it holds
        return client.status
    return reached[0] if reached else ACTIVE


# -- May this phone be dialled now?


def is_schedule_open(phone: Phone, now: datetime) -> bool:
    """Open now, and to the end of the campaign's closing margin."""
    campaign = phone.client.campaign
    form = campaign.strategy.phone_types.get(phone.type)
    schedule = form.schedule if form else None
    zone = phone_zone(phone)
    return all(
        schedule_open(schedule or campaign.strategy.schedule, zone, now + timedelta(minutes=minutes))
        for minutes in {0, campaign.closing_margin}
    )


def is_in_work(state: State, client: Client) -> bool:
    """A phone of the client is out, or one of the person where the campaign says so."""
    clients = [client]
    if client.campaign.one_call_per_person and client.person is not None:
        clients = [other for other in state.clients if other.person == client.person]
    return any(record.is_out for other in clients for record in other.records)


def rules(state: State, phone: Phone, now: datetime) -> list[bool]:
    """Whether the phone passes each of the rules 1 to 13 of strategy.md, in their order."""
    client, campaign = phone.client, phone.client.campaign
    return [
        campaign.is_active,
        client.segment.is_enabled and not client.segment.is_blocked,
        client.status not in PROCESSED and not client.is_blocked,
        not is_stopped(client, now),
        not is_listed(state, phone),
        not phone.is_blocked and is_dialled_type(phone),
        not is_in_work(state, client),
        not (is_client_exhausted(client) or is_phone_exhausted(phone) or is_agent_exhausted(state, client)),
        not is_day_full(client, now),
        not (is_first_call_over(client, now) or is_created_over(client, now)),
        now >= ready_at(state, phone) and not is_promised(client, now),
        is_schedule_open(phone, now),
        True,
    ]


def rules_shown(state: State, phone: Phone, now: datetime) -> list[bool]:
    """The same as the explanations show it: a phone whose callback is due passes rule 11 at its own moment."""
    passed = rules(state, phone, now)
    if any(callback.phone is phone and callback.due_at <= now for callback in waiting(phone.client)):
        passed[DELAY_RULE - 1] = True
    return passed


def reason(passed: list[bool]) -> int:
    """The first rule that fails, 0 where the phone may be dialled."""
    return next((number for number, passes in enumerate(passed, 1) if not passes), 0)


def rank(state: State, phone: Phone) -> tuple[int, ...]:
    """Where the phone stands in the order of its campaign: the smallest goes first."""
    client = phone.client
    strategy = client.campaign.strategy

    def priority(result: tuple[str, str] | None, without: int) -> int:
        if result is None:
            return without
        rule = agent_rule if result[0] == "agent" else technical_rule
        return rule(state, client.campaign, result[1]).priority

    attempts = counted(client, phone)
    keys = {
        "attempts": -attempts if strategy.phone_most_first else attempts,
        "result": priority(phone_last_result(phone), strategy.no_result_priority),
        "type": strategy.phone_types[phone.type].weight,
    }
    of_client = counted(client)
    return (
        priority(last_result(client), client.load_priority or strategy.no_result_priority),
        -of_client if strategy.client_most_first else of_client,
        *(keys[name] for name in strategy.phone_keys),
    )
