"""The processes of the demonstration: started, watched, started again when one dies, and stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from app.log import get_logger

log = get_logger(__name__)
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def _die_with_parent() -> None:
    # Runs in the child between fork and exec: when the demonstration is killed, nothing of it stays.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Process:
    """One `acm` process whose output goes to a log file."""

    def __init__(self, name: str, arguments: Sequence[str], environment: Mapping[str, str], log_path: Path) -> None:
        self.name = name
        self.arguments = [sys.executable, "-m", "app.cli", *arguments]
        self.environment = {**os.environ, **environment}
        self.log_path = log_path
        self.restarts = 0
        self.failures = 0  # restarts after it had ended by itself, not by a signal
        self._child: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The pid while it runs."""
        return self._child.pid if self._child and self._child.poll() is None else None

    def start(self) -> None:
        """Start it. Its log file is appended to."""
        with self.log_path.open("ab") as stream:
            self._child = subprocess.Popen(
                self.arguments,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                preexec_fn=_die_with_parent,
            )

    def revive(self) -> bool:
        """Start it again when it has died. Returns whether it had."""
        if self._child is None or self._child.poll() is None:
            return False
        self.restarts += 1
        self.failures += self._child.returncode >= 0
        log.warning("process died and is started again", name=self.name, exit_code=self._child.returncode)
        self.start()
        return True

    def stop(self, seconds: float = 20.0) -> None:
        """End it: SIGTERM, and SIGKILL when it has not ended after `seconds`."""
        if self._child is None or self._child.poll() is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()

    def last_words(self, lines: int = 5) -> str:
        """The end of its log, for an error message."""
        try:
            return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return ""


def wait_until(condition: Callable[[], bool], seconds: float, process: Process, most_failures: int = 2) -> bool:
    """Wait until `condition()` is true, starting the process again when it dies meanwhile.

    False when time is up or the process has ended by itself more than `most_failures` times.
    """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        if process.revive() and process.failures > most_failures:
            return False
        time.sleep(0.1)
    return False
