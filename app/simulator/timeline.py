"""What is going to happen, in simulated time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any

from app.simulator.centre import DATABASE_ERRORS
from app.simulator.zones import LONG_AGO


class Timeline:
    """Events in the order of their moments (naive UTC). `time` is how far the simulation has come."""

    def __init__(self) -> None:
        self.time: datetime = LONG_AGO
        self._events: list[tuple[datetime, int, Callable[..., None], tuple[Any, ...]]] = []
        self._order = count()

    def at(self, moment: datetime, action: Callable[..., None], *arguments: Any) -> None:
        """Call `action(moment, *arguments)` when `moment` has come."""
        heapq.heappush(self._events, (moment, next(self._order), action, arguments))

    def play(self, target: datetime) -> int:
        """Let everything up to `target` happen; returns how much that was."""
        played = 0
        while self._events and self._events[0][0] <= target:
            moment, _, action, arguments = heapq.heappop(self._events)
            try:
                action(moment, *arguments)
            except DATABASE_ERRORS:  # what needs the database is tried again when it is back
                self.at(moment, action, *arguments)
                raise
            played += 1
        self.time = target
        return played

    def set_back(self, now: datetime) -> None:
        """The clock was set back to `now`: all that is to come moves with it."""
        back = self.time - now
        self._events = [(moment - back, order, *rest) for moment, order, *rest in self._events]  # type: ignore[misc]
        self.time = now
