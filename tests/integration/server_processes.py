"""What the tests of the embedded servers share: users in other processes, and what they leave behind."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from app.embedded.account import Account

ROOT = Path(__file__).parents[2]
USER = Path(__file__).with_name("embedded_user.py")


class User:
    """Another process that uses the server in a folder."""

    def __init__(self, *words: str | Path, python: str = sys.executable, account: str | None = None) -> None:
        self.process = subprocess.Popen(
            [python, str(USER), *(str(word) for word in words)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])},
            user=account,
            group=pwd.getpwnam(account).pw_gid if account else None,
            extra_groups=[] if account else None,
            start_new_session=True,
            text=True,
        )
        self._facts: dict[str, int | str] | None = None

    @property
    def facts(self) -> dict:
        if self._facts is None:
            self._facts = json.loads(self.process.stdout.readline())
        return self._facts

    def stop(self) -> None:
        self.process.communicate("stop\n", timeout=60)

    def kill(self, number: int = signal.SIGKILL) -> None:
        self.process.send_signal(number)
        self.process.wait(30)


def processes(folder: Path) -> list[str]:
    """Command lines of processes that work in the folder or name it."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            line = " ".join(process.cmdline())
            if process.status() != psutil.STATUS_ZOMBIE and (
                str(folder) in line or process.cwd().startswith(str(folder))
            ):
                found.append(line)
    return found


def gone(folder: Path, seconds: float = 15) -> bool:
    """Whether all processes of the folder's server end within some seconds."""
    until = time.monotonic() + seconds
    while processes(folder) and time.monotonic() < until:
        time.sleep(0.05)
    return not processes(folder)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def plain_python() -> str:
    """A Python that the account nobody may run, and that can load our packages."""
    entry = pwd.getpwnam("nobody")
    account = Account(entry.pw_uid, entry.pw_gid, "nobody")
    for python in (sys.executable, f"/usr/bin/python{sys.version_info.major}.{sys.version_info.minor}"):
        check = f"import sys; sys.path[:0] = {[str(ROOT), *sys.path]!r}; import app.database.embedded"
        if account.runs(python, "-c", check):
            return python
    pytest.skip("no Python that the account nobody may run")
