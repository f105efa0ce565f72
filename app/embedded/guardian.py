"""The parent of one embedded server: ends it when its last user is gone, however that died; restarts it when it fell.

Run as a script of its own (`python -I -S guardian.py LABEL < task.json`), with the standard library only, so that it
needs neither the application nor its threads: PR_SET_PDEATHSIG is bound to the thread that made the child, and this
process has one thread that makes children and that lives until the end.

The task, JSON on standard input: argv, environment, folder (working directory), uid and gid (or null), users (path of
the lock that users share), running (number of an inherited descriptor that holds the lock `running`), pid_file, log
(path, also standard error), log_bytes, death_signal (sent to the server should this process be killed), stop: list of
[signal, seconds] to try one after the other.

Signals to the guardian: SIGTERM, SIGINT, SIGHUP stop the server in order, SIGQUIT begins with the second way of `stop`.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import shutil
import signal
import sys
import threading
import time
from typing import Any

PR_SET_PDEATHSIG = 1
#: A server that ran this long and ended unasked is started again, at most RESTARTS times; an earlier end is final.
PROVED_SECONDS = 5.0
RESTARTS = 20
SIGNALS = {
    signal.SIGCHLD,
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
}


def process_start(pid: int) -> str:
    """When the process started, in ticks since boot, as /proc says; tells a reused pid. Empty when it has ended."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:  # noqa: PTH123 (no pathlib here)
            fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] in "ZX" else fields[19]  # a dead process may wait long for a container's lazy init
    except (OSError, IndexError):
        return ""


def launch(task: dict[str, Any]) -> int:
    """Start the server as a direct child under the account asked for; return its pid."""
    guardian = os.getpid()
    prctl = getattr(ctypes.CDLL(None), "prctl", None)  # found before the fork: afterwards as little as possible happens
    pid = os.fork()
    if pid:
        return pid
    try:
        if task["uid"] is not None:
            os.setgroups([])
            os.setgid(task["gid"])
            os.setuid(task["uid"])
        # After the change of account, which would clear it.
        if prctl is not None:
            prctl(PR_SET_PDEATHSIG, int(task["death_signal"]), 0, 0, 0)
        if os.getppid() != guardian:
            os._exit(125)
        for number in SIGNALS | {signal.SIGPIPE}:
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        os.umask(0o077)
        os.chdir(task["folder"])
        os.execve(task["argv"][0], task["argv"], task["environment"])  # noqa: S606
    except OSError as error:
        os.write(2, f"FATAL: {task['argv'][0]}: {error.strerror}\n".encode())
    os._exit(126)


def write_pids(task: dict[str, Any], server: int) -> None:
    """Say who runs, so that a later start can wait for a server whose guardian was killed."""
    text = json.dumps({"guardian": os.getpid(), "server": server, "server_start": process_start(server)})
    fresh = task["pid_file"] + ".new"
    with open(fresh, "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(text)
    os.replace(fresh, task["pid_file"])  # noqa: PTH105


def ended(server: int) -> bool:
    """Whether the server has ended; it is reaped then."""
    try:
        return os.waitpid(server, os.WNOHANG)[0] == server
    except ChildProcessError:
        return True


def stop(task: dict[str, Any], server: int, first: int) -> None:
    """End the server: the ways of `stop` from number `first` on, then SIGKILL."""
    for number, seconds in [*task["stop"][first:], [signal.SIGKILL, 60]]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(server, number)
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if ended(server):
                return
            signal.sigtimedwait({signal.SIGCHLD}, min(left, 0.5))


def shorten_log(task: dict[str, Any]) -> None:
    """Keep one older log beside the present one. The server appends to an open file: it is emptied, not renamed."""
    try:
        if os.path.getsize(task["log"]) > task["log_bytes"]:  # noqa: PTH202
            shutil.copyfile(task["log"], task["log"] + ".1")
            os.truncate(task["log"], 0)
    except OSError:
        pass  # a full disk or a removed folder must not end the server here


def watch_users(path: str) -> None:
    """Wait, in a thread of its own, until nobody shares the lock; keep it then, so that newcomers wait for the end."""
    descriptor = os.open(path, os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.kill(os.getpid(), signal.SIGUSR1)


def main() -> int:
    try:
        task = json.load(sys.stdin)
    except ValueError:  # whoever started this was killed meanwhile
        return 1
    os.set_inheritable(task["running"], False)  # the server must not keep the lock when this process is killed
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    server, started, restarts = launch(task), time.monotonic(), 0
    write_pids(task, server)
    threading.Thread(target=watch_users, args=(task["users"],), daemon=True).start()
    while True:
        received = signal.sigtimedwait(SIGNALS, 30)
        if received is None:
            shorten_log(task)
        elif received.si_signo == signal.SIGCHLD:
            if not ended(server):
                continue
            if time.monotonic() - started < PROVED_SECONDS or restarts >= RESTARTS:
                return 1
            time.sleep(0.2)  # its children notice the death and free the memory they share
            server, started, restarts = launch(task), time.monotonic(), restarts + 1
            write_pids(task, server)
        else:
            stop(task, server, 1 if received.si_signo == signal.SIGQUIT and len(task["stop"]) > 1 else 0)
            with contextlib.suppress(OSError):
                os.unlink(task["pid_file"])  # noqa: PTH108
            return 0


if __name__ == "__main__":
    # Without the interpreter's clean-up: the thread above may wait in the kernel for ever.
    os._exit(main())
