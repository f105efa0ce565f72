"""What the demonstration remembers in its folder: its virtual time and its ports."""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from app.clock import VirtualClock

# Between these moments of a working day somebody may be called in every zone of Russia that has clients.
MORNING_UTC_HOUR = 6
EVENING_UTC_HOUR = 16


@dataclass
class DemoState:
    """virtual_now: naive UTC in ISO form, empty before the first run. Ports: 0 before the first run."""

    virtual_now: str = ""
    web_port: int = 0
    simulator_port: int = 0

    @classmethod
    def read(cls, path: Path) -> DemoState:
        """The state kept in the folder, or a fresh one."""
        try:
            return cls(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return cls()

    def write(self, path: Path) -> None:
        """Keep it, in one step, so that a kill leaves the old or the new one."""
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)))
        fresh.replace(path)

    def clock(self, speed: float, today: date | None = None) -> VirtualClock:
        """The clock that goes on where the last run stopped; by night, at the next working day's morning."""
        if self.virtual_now:
            start = datetime.fromisoformat(self.virtual_now)
        else:
            start = _morning(today or datetime.now(UTC).date())
        if not MORNING_UTC_HOUR <= start.hour < EVENING_UTC_HOUR:
            start = _morning(start.date() + timedelta(days=1 if start.hour >= EVENING_UTC_HOUR else 0))
        return VirtualClock(start, time.time(), speed)


def _morning(day: date) -> datetime:
    while day.isoweekday() > 5:
        day += timedelta(days=1)
    return datetime(day.year, day.month, day.day, MORNING_UTC_HOUR)  # noqa: DTZ001 - naive UTC
