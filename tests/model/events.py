"""What loads, calls, results and administrators do to the clients of the model.

Each event changes what happened and then looks afresh at the status of the clients that it touched, which is what the
page says: statuses follow events at once, and those that only time brings come with the status service.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.campaigns import StrategyForm

from .rules import (
    ACTION_DO_NOT_CALL,
    ACTIVE,
    CANCELLED,
    FINAL_STATUS,
    IN_WORK,
    KEPT,
    MISSED,
    PROCESSED,
    WAITING,
    Attempt,
    Callback,
    Campaign,
    Client,
    Outcome,
    Phone,
    Record,
    Segment,
    State,
    agent_rule,
    is_listed,
    round_attempts,
    status_now,
    technical_rule,
    waiting,
)

#: Results with which the dialer says that the customer asked for a call; beside others its moment is that of its own next
#: try, which is no promise.
CALLBACK_RESULTS = ("CALLBACK", "CALLBACK_REQUEST")
#: A callback that is overdue for so long is missed.
MISSED_AFTER = timedelta(days=1)


class Refused(Exception):
    """The event is a mistake of the caller: error number 50000 and so much."""

    def __init__(self, number: int) -> None:
        super().__init__(str(number))
        self.number = number


@dataclass(frozen=True)
class DialerRow:
    """A final row of the dialer: what became of a record."""

    key: str
    result: str
    ended_at: datetime
    is_final: bool = True
    wrapup: str | None = None
    callback_at: datetime | None = None


@dataclass
class LoadLine:
    """A line of a load for one client: what it gives takes the place of what is known, None gives nothing."""

    campaign: Campaign
    client_code: str
    segment: Segment | None
    person: int | None
    zone: str | None
    load_priority: int | None
    stop_at: datetime | None
    phones: list[tuple[str, str]]  # number, type
    callback: tuple[datetime, str | None] | None = None


def settle(state: State, clients: Iterable[Client], now: datetime) -> None:
    """Look afresh at the status of these clients."""
    for client in clients:
        client.status = status_now(state, client, now)


# -- Dialling


def take(state: State, key: str, phone: Phone, callback: Callback | None, now: datetime) -> None:
    """A phone goes out. A raised limit that stopped the client stops it no more."""
    phone.client.records.append(Record(key, phone, now, phone.client.round_no, callback))
    if callback:
        callback.state = IN_WORK
    settle(state, [phone.client], now)


def give_back(records: Iterable[Record]) -> None:
    """Records come back undialled; their callbacks wait again. That changes nothing that a status is made of."""
    for record in list(records):
        record.is_out = False
        if record.callback:
            record.callback.state = WAITING


def find_record(state: State, key: str) -> Record | None:
    return next((record for client in state.clients for record in client.records if record.key == key), None)


def find_attempt(client: Client, key: str) -> Attempt | None:
    return next((attempt for attempt in client.attempts if attempt.key == key), None)


def find_outcome(client: Client, key: str) -> Outcome | None:
    return next((outcome for outcome in client.outcomes if outcome.key == key), None)


def apply_results(state: State, rows: Iterable[DialerRow], now: datetime) -> tuple[int, int, int, int]:
    """Rows of the dialer, each applied once. Returns how many were applied, repeated, unknown and interim.

    Of rows of one record in one batch the earliest is its result; over batches, the one that comes first.
    """
    applied = repeated = unknown = interim = 0
    touched: list[Client] = []
    outcomes: list[tuple[Client, Outcome]] = []
    for row in sorted(rows, key=lambda row: row.ended_at):
        record = find_record(state, row.key)
        if record is None:
            unknown += 1
            continue
        client = record.phone.client
        if not row.is_final:
            interim += 1
            continue
        if find_attempt(client, row.key):
            repeated += 1
            continue
        applied += 1
        rule = technical_rule(state, client.campaign, row.result)
        client.attempts.append(
            Attempt(row.key, record.phone, record.round_no, row.ended_at, row.result, rule.counts_as_attempt)
        )
        if record.is_out and record.callback:  # a promise is kept once it was dialled
            record.callback.state = KEPT if rule.counts_as_attempt else WAITING
        record.is_out = False
        touched.append(client)
        known = find_outcome(client, row.key)
        if known is None and row.wrapup is not None and is_choice(state, client.campaign, row.wrapup):
            known = Outcome(row.key, record.phone, record.round_no, row.wrapup, row.ended_at)
            client.outcomes.append(known)
        if known:
            outcomes.append((client, known))
        if row.callback_at is not None and row.result in CALLBACK_RESULTS:
            promise(client, record.phone, row.callback_at, None)
    touched += apply_outcomes(state, outcomes)
    settle(state, touched, now)
    return applied, repeated, unknown, interim


def is_choice(state: State, campaign: Campaign, code: str) -> bool:
    """Whether an agent may give this result in this campaign."""
    known = state.dictionary.agent.get(code)
    if known is None or not known.is_enabled:
        return False
    return not (campaign.strategy.leaf_mandatory and state.dictionary.is_branch(code))


def apply_outcomes(state: State, given: Iterable[tuple[Client, Outcome]]) -> list[Client]:
    """What agent results do beside their delay and limit. Returns the other clients that they touch."""
    touched = []
    for client, outcome in given:
        rule = agent_rule(state, client.campaign, outcome.result)
        is_new, outcome.is_new = outcome.is_new, False
        if rule.action_id == ACTION_DO_NOT_CALL and is_new:
            numbers = {outcome.phone.number} if outcome.phone else {phone.number for phone in client.phones}
            # A phone that nobody calls already, since its person is on the list, is not changed by its number's coming there.
            touched += [
                other
                for other in state.clients
                if any(phone.number in numbers and not is_listed(state, phone) for phone in other.phones)
            ]
            state.listed_numbers |= numbers
        # A result of an earlier round stays in the journal and changes nothing else.
        if rule.action_id in FINAL_STATUS and outcome.round_no == client.round_no:
            finals = [
                each
                for each in client.outcomes
                if each.round_no == client.round_no
                and agent_rule(state, client.campaign, each.result).action_id in FINAL_STATUS
            ]
            latest = max(finals, key=lambda each: each.given_at)
            client.status = FINAL_STATUS[agent_rule(state, client.campaign, latest.result).action_id]
    return touched


def agent_says(
    state: State,
    code: str,
    now: datetime,
    *,
    key: str | None = None,
    client: Client | None = None,
    callback_at: datetime | None = None,
    callback_agent: str | None = None,
) -> Client:
    """An agent gives a result, for a call (`key`) or for a client: the record that is out, else the last attempt of the
    round where it has no agent result yet, else the client alone."""
    record: Record | None = None
    if key is not None:
        record = find_record(state, key)
        if record is None:
            raise Refused(10)
        client = record.phone.client
    if client is None:
        raise Refused(11)
    known = state.dictionary.agent.get(code)
    if known is None or not known.is_enabled:
        raise Refused(12)
    if not is_choice(state, client.campaign, code):
        raise Refused(13)
    if key is None:
        out = [each for each in client.records if each.is_out]
        attempts = round_attempts(client)
        if out:
            key = out[0].key
        elif attempts and find_outcome(client, attempts[-1].key) is None:
            key = attempts[-1].key
        if key is not None:
            record = find_record(state, key)
    if key is not None:
        given = find_outcome(client, key)
        if given is not None:
            if given.result != code:
                raise Refused(14)
            return client  # the same again changes nothing
    outcome = Outcome(key, record.phone if record else None, record.round_no if record else client.round_no, code, now)
    client.outcomes.append(outcome)
    if callback_at is not None:
        promise(client, record.phone if record else client.phones[0], callback_at, callback_agent)
    touched = apply_outcomes(state, [(client, outcome)])
    settle(state, [client, *touched], now)
    return client


def promise(client: Client, phone: Phone, due_at: datetime, agent: str | None, is_loaded: bool = False) -> None:
    """A callback. The same promise is not made twice; the one of the agent names the agent."""
    for callback in waiting(client):
        if callback.due_at == due_at:
            callback.agent = callback.agent or agent
            return
    client.callbacks.append(Callback(phone, due_at, agent, is_loaded, order=len(client.callbacks)))


# -- Administrators and services


def switch_segment(segment: Segment, is_enabled: bool, is_blocked: bool) -> None:
    segment.is_enabled, segment.is_blocked = is_enabled, is_blocked


def block_phone(state: State, phone: Phone, is_blocked: bool, now: datetime) -> None:
    phone.is_blocked = is_blocked
    settle(state, [phone.client], now)


def block_client(state: State, client: Client, is_blocked: bool, now: datetime) -> None:
    client.is_blocked = is_blocked
    settle(state, [client], now)


def save_strategy(campaign: Campaign, strategy: StrategyForm) -> None:
    """The next block obeys; statuses follow with the status service."""
    campaign.strategy = strategy


def run_status_service(state: State, campaign: Campaign, now: datetime) -> None:
    settle(state, state.of_campaign(campaign), now)


def run_callback_service(state: State, now: datetime) -> None:
    """Whose call is promised no more is settled, as after everything that happens to a client."""
    touched = []
    for client in state.clients:
        for callback in list(waiting(client)):
            if client.status in PROCESSED:
                callback.state = CANCELLED
            elif callback.due_at <= now - MISSED_AFTER:
                callback.state = MISSED
            else:
                continue
            touched.append(client)
    settle(state, touched, now)


def load(state: State, lines: Iterable[LoadLine], now: datetime, new_ids: dict[tuple[int, str], int]) -> None:
    """A load: new clients, known ones updated in what is given, finished ones afresh where the campaign says so."""
    touched = []
    for line in lines:
        found = [
            client for client in state.of_campaign(line.campaign) if client.code.upper() == line.client_code.upper()
        ]
        if found:
            client = found[0]
            if line.campaign.restarts_on_reload and client.status != ACTIVE:
                client.round_no += 1
                client.status = ACTIVE
                client.loaded_at = now
                for phone in client.phones:
                    phone.loaded_at = now
        else:
            assert line.segment is not None
            client = Client(
                new_ids[line.campaign.id, line.client_code], line.campaign, line.client_code, line.segment, None, None,
                None, now,
            )  # fmt: skip
            state.clients.append(client)
        client.segment = line.segment or client.segment
        if line.person and line.person != client.person:
            for phone in client.phones:  # no load takes anybody off the do-not-call list
                phone.stays_listed = phone.stays_listed or is_listed(state, phone)
            client.person = line.person
        client.zone = line.zone or client.zone
        client.load_priority = line.load_priority or client.load_priority
        client.stop_at = line.stop_at or client.stop_at
        for number, type_code in line.phones:
            known = [phone for phone in client.phones if phone.number == number]
            if known:
                known[0].type = type_code
            else:
                client.phones.append(Phone(0, client, number, type_code, None, now))
        if line.callback and client.status not in PROCESSED:
            load_callback(client, line, now)
        touched.append(client)
    settle(state, touched, now)


def load_callback(client: Client, line: LoadLine, now: datetime) -> None:
    """A callback that is loaded again is not doubled; another time in a later load takes the place of the first."""
    assert line.callback is not None
    due_at, agent = line.callback
    phone = next(phone for phone in client.phones if phone.number == line.phones[0][0])
    if any(callback.is_loaded and callback.due_at == due_at and callback.state in (WAITING, IN_WORK, KEPT)
           for callback in client.callbacks):  # fmt: skip
        return
    for callback in waiting(client):
        if callback.is_loaded:
            callback.state = CANCELLED
    client.callbacks.append(Callback(phone, due_at, agent, True, order=len(client.callbacks)))
