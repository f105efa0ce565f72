"""The one clock of the application: UTC without a zone, to the millisecond.

Every procedure that reads the time takes `@now`; Python gives it `clock.now()`. With ACM_CLOCK set, all processes
of an installation share a virtual clock, so that a demonstration or a rehearsal runs an hour in a minute.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.errors import AcmError


@dataclass(frozen=True)
class VirtualClock:
    """A clock that showed `start` (naive UTC) at the unix time `started_at` and runs `speed` times as fast."""

    start: datetime
    started_at: float
    speed: float

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.time() - self.started_at) * self.speed)

    def __str__(self) -> str:
        return f"{self.start.isoformat(timespec='milliseconds')}/{self.started_at:.3f}/{self.speed:g}"


def parse_clock(text: str) -> VirtualClock | None:
    """Read ACM_CLOCK: `2026-11-23T06:00:00/1795420000.0/60` (virtual start in UTC, unix time of it, speed).

    Empty text means the real clock. Raises AcmError for anything else.
    """
    if not text:
        return None
    try:
        start, started_at, speed = text.split("/")
        clock = VirtualClock(datetime.fromisoformat(start), float(started_at), float(speed))
    except ValueError as error:
        raise AcmError(
            f"ACM_CLOCK is not a clock: {text!r}.", "It reads START/UNIX_TIME/SPEED, or is left empty."
        ) from error
    if clock.start.tzinfo is not None or clock.speed <= 0:
        raise AcmError(f"ACM_CLOCK is not a clock: {text!r}.", "START has no zone and SPEED is above 0.")
    return clock


def now() -> datetime:
    """The current moment: naive UTC, milliseconds."""
    clock = parse_clock(os.environ.get("ACM_CLOCK", ""))
    if clock is None:
        return real_now()
    moment = clock.now()
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def real_now() -> datetime:
    """The moment by the machine's clock, naive UTC, milliseconds: sign-in, sessions and services go by it, so that they
    do not run faster in a rehearsal."""
    moment = datetime.now(UTC).replace(tzinfo=None)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def speed() -> float:
    """How many times as fast as real time the clock runs."""
    clock = parse_clock(os.environ.get("ACM_CLOCK", ""))
    return clock.speed if clock else 1.0
