"""Which process a load belongs to, and whether that process is alive."""

from __future__ import annotations

import os
import secrets
import socket

import psutil

#: A process of another machine is taken for dead when its load has been silent for so many seconds.
SILENCE = 120


def make_owner() -> str:
    """A name of this process for one load: machine, process id, start of the process, and something random."""
    started = psutil.Process().create_time()
    return f"{socket.gethostname()[:100]}:{os.getpid()}:{started:.2f}:{secrets.token_hex(4)}"


def is_alive(owner: str | None, silent_seconds: int | None) -> bool:
    """Whether the process that `owner` names still runs. On another machine that is judged by its silence."""
    if not owner:
        return False
    machine, _, rest = owner.partition(":")
    pid, _, rest = rest.partition(":")
    started, _, _ = rest.partition(":")
    if machine != socket.gethostname()[:100]:
        return silent_seconds is not None and silent_seconds < SILENCE
    try:
        process = psutil.Process(int(pid))
        return abs(process.create_time() - float(started)) < 1 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, ValueError):
        return False
