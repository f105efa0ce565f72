"""What many viewers ask for every two seconds is read from the database once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any
from weakref import WeakSet

_LARGEST = 500
_all: WeakSet[ShortMemory] = WeakSet()


class ShortMemory:
    """Remembers answers by key for `seconds`. Whoever asks for an old one reads anew while others wait for him."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._known: dict[Any, tuple[float, Any]] = {}
        self._locks: dict[Any, threading.Lock] = {}
        self._lock = threading.Lock()
        _all.add(self)

    def get(self, key: Any, read: Callable[[], Any]) -> Any:
        """The answer for `key`, at most `seconds` old; `read` makes a new one."""
        known = self._fresh(key)
        if known:
            return known[1]
        with self._lock:
            if len(self._known) > _LARGEST:
                self._known.clear()
                self._locks.clear()
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            known = self._fresh(key)
            if known:
                return known[1]
            value = read()
            self._known[key] = (time.monotonic(), value)
            return value

    def forget(self) -> None:
        """Read anew next time: something was changed by a person who wants to see it."""
        with self._lock:
            self._known.clear()

    def _fresh(self, key: Any) -> tuple[float, Any] | None:
        known = self._known.get(key)
        return known if known and time.monotonic() - known[0] < self.seconds else None


def forget_all() -> None:
    """For a new application, whose database may be another one."""
    for memory in list(_all):
        memory.forget()
