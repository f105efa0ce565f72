"""A session that updates clients by key, one at a time, while others work; how long it waited at most.

A process of its own: `python -m benchmarks.bystander`. Where to connect comes as a line of JSON on its input; it ends when
the input does, and prints what it met as a line of JSON.

Waiting is what is left of the clock when the time is taken off in which this process or its server was on a processor, or
ready for one that another program of a busy machine had: locks, files, the network.
"""

from __future__ import annotations

import json
import select
import sys
import time
from contextlib import suppress
from pathlib import Path

import psycopg

PAUSE_SECONDS = 0.001
UPDATE = "UPDATE core.client SET updated_at = updated_at WHERE client_id = %s"


def main() -> None:
    """Update until the input ends."""
    told = json.loads(sys.stdin.readline())
    client_ids = told.pop("client_ids")
    waits: list[float] = []
    with psycopg.connect(**told, autocommit=True) as connection:
        backend = connection.info.backend_pid
        connection.execute(UPDATE, (client_ids[0],))
        print("ready", flush=True)
        while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
            client_id = client_ids[len(waits) % len(client_ids)]
            busy, began = _busy(backend), time.perf_counter()
            connection.execute(UPDATE, (client_id,))
            wall = time.perf_counter() - began
            waits.append(max(0.0, wall - (_busy(backend) - busy)) * 1000)
    print(json.dumps({"updates": len(waits), "longest_ms": max(waits, default=0.0)}), flush=True)


def _busy(backend: int) -> float:
    """Seconds on a processor, or ready for one: of the server's process and of this one."""
    ready = sum(_ready(who) for who in (f"/proc/{backend}/schedstat", "/proc/thread-self/schedstat"))
    with suppress(OSError):
        # The kernel's clock of another process (man clock_getcpuclockid).
        return time.clock_gettime((~backend << 3) | 2) + time.thread_time() + ready
    return time.thread_time() + ready


def _ready(schedule: str) -> float:
    with suppress(OSError, ValueError, IndexError):
        return int(Path(schedule).read_text().split()[1]) / 1e9
    return 0.0


if __name__ == "__main__":
    main()
