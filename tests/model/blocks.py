"""Whether a block is one that the strategy allows.

The page leaves some freedom: phones that are equal in all keys may come in any order as long as each dial class gives
the one first that is ready longest and classes of equal rank take turns. So a block is not compared with one block that
the model makes up, but judged: callbacks first, one phone for each client, the ranks that have to be there, and turns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .rules import DELAY_RULE, Callback, Campaign, Client, Phone, State, hold, rank, rules, waiting


@dataclass
class Expected:
    """What may go into the next block of a campaign."""

    size: int
    #: Due callbacks that may be dialled, best first, with their sort keys.
    callbacks: list[tuple[tuple[int, datetime], Callback]] = field(default_factory=list)
    #: Phones that may be dialled, with their ranks.
    phones: dict[int, tuple[Phone, tuple[int, ...]]] = field(default_factory=dict)


def subject(client: Client) -> Hashable:
    """Who may have one call at once: the person where the campaign says so, else the client."""
    if client.campaign.one_call_per_person and client.person is not None:
        return "person", client.person
    return "client", client.id


def expected(state: State, campaign: Campaign, now: datetime) -> Expected:
    strategy = campaign.strategy
    found = Expected(max(0, min(strategy.block_size, strategy.queue_depth - state.out(campaign))))
    for client in state.of_campaign(campaign):
        for phone in client.phones:
            passed = rules(state, phone, now)
            if all(passed):
                found.phones[phone.id] = phone, rank(state, phone)
            passed[DELAY_RULE - 1] = True  # a callback that is due passes this one at its own moment
            if all(passed):
                for callback in waiting(client):
                    if callback.phone is phone and callback.due_at <= now:
                        found.callbacks.append(((0 if callback.agent else 1, callback.due_at), callback))
    found.callbacks.sort(key=lambda each: each[0])
    return found


def judge(state: State, want: Expected, block: Sequence[tuple[Phone, int]], classes: dict[int, int]) -> str | None:
    """What is wrong with a block, or None. `block`: phones with their kind (1 outbound, 2 callback, 3 personal one).
    `classes`: the dial class of each phone."""
    called: set[Hashable] = set()
    due: list[tuple[int, datetime]] = []
    due_subjects = set()
    for key, callback in want.callbacks:
        who = subject(callback.phone.client)
        if who not in due_subjects and len(due) < want.size:
            due_subjects.add(who)
            due.append(key)
    kinds = [kind for _, kind in block]
    if kinds[: len(due)] != [3 if key[0] == 0 else 2 for key in due] or any(kind != 1 for kind in kinds[len(due) :]):
        return f"due callbacks are {due}, the block has {kinds}"
    for (phone, _), key in zip(block, due, strict=False):
        if not any(each == key and callback.phone is phone for each, callback in want.callbacks):
            return f"phone {phone.id} is not the one of a callback of {key}"
        if subject(phone.client) in called:
            return f"two calls of {subject(phone.client)}"
        called.add(subject(phone.client))

    best: dict[Hashable, tuple[int, ...]] = {}
    for phone, key in want.phones.values():
        who = subject(phone.client)
        if who not in called:
            best[who] = min(key, best.get(who, key))
    ranks = sorted(best.values())[: want.size - len(due)]
    rest = [phone for phone, _ in block[len(due) :]]
    unknown = [phone.id for phone in rest if phone.id not in want.phones]
    if unknown:
        return f"phones {unknown} may not be dialled"
    given = [want.phones[phone.id][1] for phone in rest]
    if given != ranks:
        return f"the ranks are {given}, not {ranks}"
    for phone in rest:
        if subject(phone.client) in called:
            return f"two calls of {subject(phone.client)}"
        called.add(subject(phone.client))
        if want.phones[phone.id][1] != best[subject(phone.client)]:
            return f"phone {phone.id} is not the first of its client"
    return _turns(state, want, rest, called, classes)


def _turns(
    state: State, want: Expected, rest: list[Phone], called: set[Hashable], classes: dict[int, int]
) -> str | None:
    """Within a rank each class gives those first that are ready longest, and classes take turns."""
    ranks: dict[int, tuple[int, ...]] = {}
    for phone, key in want.phones.values():
        if ranks.setdefault(classes[phone.id], key) != key:
            return f"class {classes[phone.id]} has phones of two ranks"
    for key in dict.fromkeys(want.phones[phone.id][1] for phone in rest):
        members = [phone for phone, other in want.phones.values() if other == key]
        given = [phone for phone in rest if want.phones[phone.id][1] == key]
        left = [phone for phone in members if subject(phone.client) not in called]
        last: dict[int, datetime] = {}
        for phone in given:
            since, of = hold(state, phone)[0], classes[phone.id]
            if last.get(of, since) > since:
                return f"class {of} gives phone {phone.id} after one that waits shorter"
            last[of] = since
        for phone in left:
            since, of = hold(state, phone)[0], classes[phone.id]
            if of in last and since < last[of]:
                return f"class {of} leaves phone {phone.id} behind, which waits longer"
        # A subject with several phones in the rank takes the turn of one class only, so turns are counted without such.
        if len({subject(phone.client) for phone in members}) == len(members):
            turns = Counter(classes[phone.id] for phone in given)
            most = max(turns.values())
            starved = {classes[phone.id] for phone in left if turns[classes[phone.id]] < most - 1}
            if starved:
                return f"classes {sorted(starved)} of rank {key} had fewer turns than {most - 1}"
    return None
