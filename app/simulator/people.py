"""The people who are called: who answers, when, and which numbers never work. All follows from seed and number."""

from __future__ import annotations

import math
import struct
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import accumulate

VOICE = 10
HANG_UP = 21
BAD_RESULTS = (7, 7, 7, 3, 3, 5)

# Share of calls that reach a person, by local hour, on a working day and on a day off.
_WORKING_DAY = (
    .05, .03, .02, .02, .03, .06, .12, .18, .22, .24, .25, .26,
    .27, .26, .24, .24, .25, .29, .36, .40, .36, .28, .18, .10,
)  # fmt: skip
_DAY_OFF = (
    .06, .04, .03, .02, .02, .04, .06, .10, .16, .24, .30, .34,
    .36, .35, .34, .33, .33, .34, .35, .34, .31, .26, .18, .10,
)  # fmt: skip

_SIP = {2: 500, 3: 403, 4: 480, 5: 503, 6: 503, 7: 404, 8: 480, 9: 486, 13: 487, 27: 487}
_MEMORY = 200_000  # numbers whose call count is remembered


@dataclass(frozen=True, slots=True)
class Reaction:
    """What a call comes to before an agent takes it: Cisco's result, seconds until it shows, SIP code or 0."""

    result: int
    seconds: float
    sip: int


def fractions(*parts: object) -> tuple[float, ...]:
    """Eight even random numbers from 0 to 1 that depend on nothing but `parts`."""
    digest = blake2b("|".join(map(str, parts)).encode(), digest_size=64).digest()
    return tuple(value / 2**64 for value in struct.unpack("<8Q", digest))


def weighted(weights: Mapping[int, float] | Mapping[str, float]) -> tuple[list, list[float]]:
    """Values and cumulative weights that `pick` reads."""
    return list(weights), list(accumulate(weights.values()))


def pick(table: tuple[list, list[float]], fraction: float):
    """The value of a weighted table at `fraction` (0 to 1)."""
    values, sums = table
    limit = fraction * sums[-1]
    return next((value for value, top in zip(values, sums, strict=True) if limit < top), values[-1])


def around(mean: float, fraction: float) -> float:
    """A duration with the given mean and a long tail (exponential above half of it)."""
    return mean * (0.5 - 0.5 * math.log(1 - min(fraction, 0.999)))


class People:
    """All numbers in the world. A number that is bad is bad for ever; another has its habits.

    A call depends on seed, number, local hour and how often the number was called before, not on the order in which
    other numbers are dialled: the same seed gives the same person.
    """

    def __init__(
        self,
        seed: int,
        answer_share: float = 1.0,
        bad_number_share: float = 0.06,
        hang_up_share: float = 0.03,
        unanswered: Mapping[int, float] | None = None,
    ) -> None:
        self.seed = seed
        self.answer_share = answer_share
        self.bad_number_share = bad_number_share
        self.hang_up_share = hang_up_share
        self._unanswered = weighted(unanswered or {8: 1.0})
        self._calls: OrderedDict[str, int] = OrderedDict()

    def bad_result(self, phone: str) -> int | None:
        """The result that this number gives at every call, or None for a number that works."""
        chance, which, *_ = fractions(self.seed, phone, "bad")
        if chance >= self.bad_number_share:
            return None
        return BAD_RESULTS[int(which * len(BAD_RESULTS))]

    def call(self, phone: str, local: datetime, ring_seconds: float = 24.0) -> Reaction:
        """Call `phone` at `local` (naive local time of the person); it rings `ring_seconds` at most."""
        before = self._calls.pop(phone, 0)
        self._calls[phone] = before + 1
        if len(self._calls) > _MEMORY:
            self._calls.popitem(last=False)
        habit, machine, *_ = fractions(self.seed, phone, "habits")
        chance, which, wait, hang_up, *_ = fractions(self.seed, phone, before, local.toordinal(), local.hour)
        bad = self.bad_result(phone)
        if bad is not None:
            return Reaction(bad, 0.5 + 2.5 * wait, _SIP[bad])
        hours = _DAY_OFF if local.weekday() >= 5 else _WORKING_DAY
        answers = hours[local.hour] * (0.4 + 1.2 * habit) * 0.95 ** min(before, 20) * self.answer_share
        if chance < answers:
            return Reaction(HANG_UP if hang_up < self.hang_up_share else VOICE, 2 + 14 * wait, 0)
        result = pick(self._unanswered, which)
        if result == 12 and machine < 0.5:
            result = 8 if 8 in self._unanswered[0] else result  # half of the people have no machine
        seconds = {8: ring_seconds, 9: 2 + 2 * wait, 12: 8 + 12 * wait, 22: 5 + 5 * wait}.get(result, 1 + 6 * wait)
        return Reaction(result, seconds, _SIP.get(result, 0))
