"""Misfortunes on demand: each has a name, a share of the cases it strikes, and perhaps a count after which it ends."""

from __future__ import annotations

import json
import random
import threading
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta

import sqlalchemy as sa

from app.simulator import tables

FAULTS = {
    # of the REST resources; `path` and `method` narrow them, `seconds` are real
    "slow": "answers after `seconds`",
    "error500": "answers 500 and does nothing",
    "error500_after": "does the work, then answers 500",
    "busy": "answers 503 and does nothing",
    "unauthorized": "answers 401",
    "hang": "does nothing and does not answer for `seconds`",
    "hang_after": "does the work, then does not answer for `seconds`",
    "garbage": "answers 200 with a page that is not XML",
    "lose_import": "answers an import with success and stores nothing",
    "refuse": "refuses connections for `seconds` real seconds, once",
    # of the historical database; `seconds` are simulated
    "late_rows": "writes a row `seconds` later, with its old DateTime",
    "duplicate_rows": "writes a row again `seconds` later: same RecoveryKey, new DbDateTime",
    "repeated_results": "writes a result again `seconds` later under a new RecoveryKey",
    "out_of_order": "holds a row back by up to `seconds`, so that later ones overtake it",
    "unknown_accounts": "writes a row of an account number that nobody imported",
    "router_down": "writes no row for `seconds`, then all of them with their old DateTime",
}


@dataclass
class Fault:
    """One fault that is on. `count` None means until it is taken off."""

    name: str
    rate: float = 1.0
    count: int | None = None
    seconds: float = 60.0
    path: str = ""
    method: str = ""
    until: str = ""  # router_down: the simulated moment (UTC) at which it ends
    struck: int = 0

    @classmethod
    def read(cls, name: str, values: dict) -> Fault:
        """Check what a person or a test asked for. Raises ValueError that says what is wrong."""
        if name not in FAULTS:
            raise ValueError(f"no fault {name!r}; there are {', '.join(FAULTS)}")
        known = {field.name for field in fields(cls)} - {"name"}
        unknown = set(values) - known
        if unknown:
            raise ValueError(f"a fault has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
        fault = cls(name, **values)
        for number in ("rate", "seconds"):
            value = getattr(fault, number)
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise ValueError(f"{number} is a number that is not negative")
        if fault.rate > 1:
            raise ValueError("rate is at most 1")
        if fault.count is not None and (isinstance(fault.count, bool) or not isinstance(fault.count, int)):
            raise ValueError("count is a whole number or null")
        if not isinstance(fault.path, str) or not isinstance(fault.method, str):
            raise ValueError("path and method are texts")
        return fault


class Faults:
    """The faults that are on, shared by the threads of the server and the engine, kept over a restart."""

    def __init__(self, engine: sa.Engine, seed: int) -> None:
        self._engine = engine
        self._random = random.Random(f"{seed} faults")
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        for name, values in json.loads(read_state(engine, "faults") or "{}").items():
            values.pop("name")
            self._faults[name] = Fault.read(name, values)

    def put(self, name: str, values: dict, now: datetime) -> Fault:
        """Switch a fault on, or replace it. Raises ValueError for one that cannot be."""
        fault = Fault.read(name, values)
        if name == "router_down":
            fault.until = (now + timedelta(seconds=fault.seconds)).isoformat()
        with self._lock:
            self._faults[name] = fault
            self._keep()
        return fault

    def remove(self, name: str | None = None) -> None:
        """Take one fault off, or all."""
        with self._lock:
            for each in [name] if name else list(self._faults):
                self._faults.pop(each, None)
            self._keep()

    def active(self) -> dict[str, dict]:
        """All faults that are on, as plain values."""
        with self._lock:
            return {name: asdict(fault) for name, fault in self._faults.items()}

    def strike(self, name: str, path: str = "", method: str = "") -> Fault | None:
        """The fault, when it is on, matches and strikes this time; a counted one is used up by it."""
        if not self._faults:  # the usual case costs nothing
            return None
        with self._lock:
            fault = self._faults.get(name)
            if fault is None or fault.path not in path or fault.method not in ("", method):
                return None
            if fault.count == 0 or self._random.random() >= fault.rate:
                return None
            fault.struck += 1
            if fault.count is not None:
                fault.count -= 1
                self._keep()
            return fault

    def router_is_down(self, now: datetime) -> bool:
        """Whether no rows reach the historical database at `now`."""
        fault = self._faults.get("router_down")
        return fault is not None and now < datetime.fromisoformat(fault.until)

    def _keep(self) -> None:
        value = json.dumps({name: asdict(fault) for name, fault in self._faults.items()})
        write_state(self._engine, "faults", value)


def write_state(engine: sa.Engine, name: str, value: str) -> None:
    """Remember one value over a restart."""
    with engine.begin() as connection:
        table = tables.state
        changed = connection.execute(sa.update(table).where(table.c.Name == name).values(Value=value))
        if changed.rowcount == 0:
            connection.execute(sa.insert(table).values(Name=name, Value=value))


def read_state(engine: sa.Engine, name: str) -> str | None:
    """What `write_state` remembered, or None."""
    with engine.connect() as connection:
        return connection.scalar(sa.select(tables.state.c.Value).where(tables.state.c.Name == name))
