"""What the embedded servers have in common: one folder, one server, any number of processes that use it."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from app.embedded import guardian
from app.errors import AcmError
from app.i18n import gettext as _

GUARDIAN = Path(guardian.__file__).resolve()
HOST = "127.0.0.1"
LOG_BYTES = 20_000_000
MAX_PORT_TRIES = 10


class EmbeddedServer:
    """A server in `folder`, shared by every process that starts it there, stopped when the last of them is gone.

    `port` 0 takes a free port and remembers it for the next start. `start()` may be called again at any time and brings
    a fallen server back. Raises AcmError, one line with a hint, when the server cannot be had.
    """

    label: ClassVar[str]
    #: The ways to stop it: signal and the seconds to wait for its end.
    stop_signals: ClassVar[list[tuple[int, float]]]

    def __init__(self, folder: Path | str, port: int = 0) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.asked_port = port
        self._port = 0
        self._users: int | None = None
        self._owner_pid = 0
        self._guardian: subprocess.Popen[bytes] | None = None
        self._log_offset = 0

    # What a kind of server adds

    def prepare(self, port: int) -> dict[str, Any]:
        """Make what the server needs; return argv, environment, folder, uid and gid for the guardian."""
        raise NotImplementedError

    def probe(self, port: int) -> bool:
        """Whether our server answers; False while it does not yet; AcmError when it never will."""
        raise NotImplementedError

    def diagnose(self, log: str) -> AcmError | None:
        """What the server's last words mean, where that is known."""
        return None

    def ready(self) -> None:
        """Called once under the lock after this process has started the server and it answers."""

    # Life

    def start(self, timeout: float = 120.0) -> EmbeddedServer:
        """Use the running server, or start one. Returns when it answers."""
        until = time.monotonic() + timeout
        fresh = self._users is None
        try:
            self._make_folder()
            if self._users is None:
                self._users = self._take("users", fcntl.LOCK_SH, until)
                self._owner_pid = os.getpid()
            with self._held("starting", until):
                self._find_or_start(until)
        except BaseException as error:
            if fresh:
                self._leave()
            if isinstance(error, OSError):
                raise self._folder_error(error) from error
            raise
        return self

    def stop(self, force: bool = False, timeout: float = 90.0) -> None:
        """Use the server no more; returns when it has ended, or at once when another process still uses it.

        `force` ends it for all. Does nothing when it was not started here.
        """
        if self._users is None:
            return
        if os.getpid() != self._owner_pid:  # a child made by fork: the lock is the parent's
            self._users = None
            return
        if force:
            self._signal_guardian(signal.SIGTERM)
        self._leave()
        began = time.monotonic()
        free_again = 0
        while self._guarded():
            passed = time.monotonic() - began
            # When this was the last user, the guardian takes the lock as soon as the machine lets it run.
            free_again += 1 if not force and self._shared_by_others() else 0
            if free_again > 5:
                break
            if passed > timeout:
                raise AcmError(_("%(server)s does not stop.", server=self.label), _("See %(log)s.", log=self.log_path))
            time.sleep(0.05 if free_again else 0.01)
        self._reap()

    def restart(self, immediate: bool = False, timeout: float = 120.0) -> None:
        """Stop the server for all its users and start it on the same port; `immediate` as a crash would."""
        self._signal_guardian(signal.SIGQUIT if immediate else signal.SIGTERM)
        until = time.monotonic() + timeout
        while self._guarded():
            if time.monotonic() > until:
                raise AcmError(_("%(server)s does not stop.", server=self.label), _("See %(log)s.", log=self.log_path))
            time.sleep(0.01)
        self._reap()
        self.start(timeout)

    def __enter__(self) -> EmbeddedServer:
        return self.start()

    def __exit__(self, *_exception: object) -> None:
        self.stop()

    # Facts

    @property
    def port(self) -> int:
        """The port on 127.0.0.1; known once the server was started."""
        if not self._port:
            raise AcmError(_("%(server)s was not started.", server=self.label))
        return self._port

    def made_elsewhere(self) -> bool:
        """Whether this object came here by fork: it is the parent's, this process needs one of its own."""
        return self._owner_pid not in (0, os.getpid())

    def usable(self) -> bool:
        """Whether this process (not one it was forked from) uses the server, and the server is there."""
        return self._users is not None and self._owner_pid == os.getpid() and self._guarded()

    @property
    def log_path(self) -> Path:
        return self.folder / "server.log"

    @property
    def pid(self) -> int | None:
        """The process of the server itself, or None when none runs."""
        pids = self._pids()
        return pids["server"] if pids and self._guarded() else None

    @property
    def password(self) -> str:
        """The password, made at the first start, readable only by the folder's owner."""
        try:
            return (self.folder / "password").read_text(encoding="ascii").strip()
        except PermissionError as error:
            raise AcmError(
                _("%(server)s in %(folder)s belongs to another account.", server=self.label, folder=self.folder),
                _("Run as that account, or set ACM_HOME to a folder of your own."),
            ) from error

    # Inside

    def _find_or_start(self, until: float) -> None:
        remembered = self._state().get("port", 0)
        port = self.asked_port or remembered or free_port()
        tries = 0
        while True:
            lock = self._try("running", fcntl.LOCK_EX)
            started = lock is not None
            if lock is None:
                port = self._state().get("port", 0)
            else:
                try:
                    self._await_leftover(until)
                    if not _is_free(port):
                        if self.asked_port:
                            raise self._explain("Address already in use", port)
                        port = free_port()
                    self._spawn(port, lock)
                finally:
                    os.close(lock)
            if self._wait_ready(port, until):
                self._port = port
                if started:
                    self.ready()
                return
            self._reap()
            if not started:
                continue  # the server that was there has ended meanwhile: this process starts the next
            words = self._last_words()
            taken = "Address already in use" in words
            tries += 1
            if taken and not self.asked_port and tries < MAX_PORT_TRIES:
                port = free_port()
                continue
            if tries < 3 and not re.search("FATAL|PANIC|error", words, re.IGNORECASE):
                continue  # it did not complain: somebody killed it
            raise self._explain(words, port)

    def _spawn(self, port: int, lock: int) -> None:
        task = self.prepare(port)
        self._write("server.json", json.dumps({"port": port}))
        descriptor = os.open(self.log_path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self.give(self.log_path)
            self._log_offset = os.fstat(descriptor).st_size
            task |= {
                "users": str(self.folder / "users"),
                "running": lock,
                "pid_file": str(self.folder / "server.pid"),
                "log": str(self.log_path),
                "log_bytes": LOG_BYTES,
                "death_signal": int(self.stop_signals[0][0]),
                "stop": [[int(number), seconds] for number, seconds in self.stop_signals],
            }
            # A session of its own: Ctrl-C in a terminal is for the application, which then ends the server in order.
            self._guardian = subprocess.Popen(
                [sys.executable or "python3", "-I", "-S", str(GUARDIAN), self.label, str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=descriptor,
                stderr=descriptor,
                pass_fds=[lock],
                start_new_session=True,
                cwd="/",
            )
        finally:
            os.close(descriptor)
        assert self._guardian.stdin is not None  # noqa: S101
        with contextlib.suppress(BrokenPipeError), self._guardian.stdin as pipe:
            pipe.write(json.dumps(task).encode())

    def _wait_ready(self, port: int, until: float) -> bool:
        """True when the server answers, False when its guardian ended before."""
        wait = 0.01
        refused: AcmError | None = None
        while True:
            try:
                if port and self.probe(port):
                    return True
                refused = None
            except AcmError as error:
                # Perhaps another program's server on a port that ours could not take: our guardian ends soon then.
                if refused is not None and self._guarded():
                    raise
                refused = error
                wait = 1.0
            if not self._guarded():
                return False
            if time.monotonic() > until:
                raise AcmError(
                    _("%(server)s in %(folder)s does not answer.", server=self.label, folder=self.folder),
                    _("See %(log)s.", log=self.log_path),
                )
            time.sleep(wait)
            wait = min(wait * 1.5, 0.2)
            if not port:
                port = self._state().get("port", 0)

    def _await_leftover(self, until: float) -> None:
        """Wait for a server whose guardian was killed: it has got its signal to end and is still busy with that."""
        pids = self._pids()
        if not pids:
            return
        sent = time.monotonic() + 60
        while guardian.process_start(pids["server"]) == pids["server_start"] != "":
            if time.monotonic() > min(sent, until):
                with contextlib.suppress(OSError):
                    os.kill(pids["server"], signal.SIGKILL)
                sent = until
            if time.monotonic() > until:
                raise AcmError(_("%(server)s does not stop.", server=self.label), str(pids["server"]))
            time.sleep(0.05)
        (self.folder / "server.pid").unlink(missing_ok=True)

    def _explain(self, words: str, port: int) -> AcmError:
        if "Address already in use" in words:
            return AcmError(
                _("Port %(port)s is taken, %(server)s cannot start there.", port=port, server=self.label),
                _("Choose another port, or stop the program that holds it."),
            )
        if "No space left on device" in words:
            return AcmError(
                _("The disk of %(folder)s is full, %(server)s cannot start.", folder=self.folder, server=self.label),
                _("Make room, or set ACM_HOME to a folder on another disk."),
            )
        known = self.diagnose(words)
        if known is not None:
            return known
        telling = [line for line in words.splitlines() if line.strip()]
        fatal = [line for line in telling if "FATAL" in line or "PANIC" in line] or telling[-1:]
        reason = fatal[0].strip() if fatal else _("it ended without a word")
        return AcmError(
            _("%(server)s did not start: %(reason)s", server=self.label, reason=reason),
            _("See %(log)s.", log=self.log_path),
        )

    def _last_words(self) -> str:
        try:
            with self.log_path.open("rb") as file:
                file.seek(self._log_offset)
                return file.read(200_000).decode(errors="replace")
        except OSError:
            return ""

    def _signal_guardian(self, number: int) -> None:
        pids = self._pids()
        if pids and self._guarded():
            try:
                os.kill(pids["guardian"], number)
            except ProcessLookupError:
                pass
            except PermissionError as error:
                raise AcmError(
                    _("%(server)s in %(folder)s belongs to another account.", server=self.label, folder=self.folder)
                ) from error

    def _shared_by_others(self) -> bool:
        """Whether another process still uses the server (its guardian has not begun to stop it)."""
        lock = self._try("users", fcntl.LOCK_SH)
        if lock is None:
            return False
        os.close(lock)
        return True

    def _guarded(self) -> bool:
        """Whether a guardian, and so a server, is there."""
        try:
            lock = self._try("running", fcntl.LOCK_SH)
        except FileNotFoundError:
            return False
        if lock is None:
            return True
        os.close(lock)
        return False

    def _leave(self) -> None:
        if self._users is not None:
            os.close(self._users)
            self._users = None

    def _reap(self) -> None:
        if self._guardian is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._guardian.wait(0.5)
                self._guardian = None

    def _try(self, name: str, mode: int) -> int | None:
        """The lock `name` of the folder as a descriptor, or None when it is held otherwise."""
        descriptor = self._open(name)
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def _open(self, name: str) -> int:
        path = self.folder / name
        try:
            return os.open(path, os.O_RDWR)
        except FileNotFoundError:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            self.give(path)
            return descriptor

    def _take(self, name: str, mode: int, until: float) -> int:
        while (descriptor := self._try(name, mode)) is None:
            if time.monotonic() > until:
                raise AcmError(
                    _("%(server)s in %(folder)s is busy with its start or stop for too long.",
                      server=self.label, folder=self.folder),
                    _("See %(log)s.", log=self.log_path),
                )  # fmt: skip
            time.sleep(0.02)
        return descriptor

    @contextlib.contextmanager
    def _held(self, name: str, until: float) -> Iterator[None]:
        descriptor = self._take(name, fcntl.LOCK_EX, until)
        try:
            yield
        finally:
            os.close(descriptor)

    def _state(self) -> dict[str, Any]:
        try:
            state = json.loads((self.folder / "server.json").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return {}
        return state if isinstance(state, dict) else {}

    def _pids(self) -> dict[str, Any] | None:
        try:
            pids = json.loads((self.folder / "server.pid").read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return None
        return pids if isinstance(pids, dict) else None

    def _write(self, name: str, text: str) -> Path:
        """Write a file of the folder whole or not at all, for its owner only."""
        path = self.folder / name
        fresh = path.with_name(f".{name}.{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(text)
            self.give(fresh)
            fresh.replace(path)
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise
        return path

    def make_password(self) -> None:
        """Make the password at the first start."""
        if not (self.folder / "password").exists():
            self._write("password", secrets.token_urlsafe(24) + "\n")

    def _make_folder(self) -> None:
        if not self.folder.is_dir():
            missing = [self.folder, *self.folder.parents]
            made = [path for path in missing if not path.exists()]
            self.folder.mkdir(parents=True, exist_ok=True)
            for path in made:
                self.give(path)

    def give(self, path: Path) -> None:
        """As root in another account's folder: what is made there belongs to that account, so it can go on alone."""
        if os.geteuid() == 0:
            owner = path.parent.stat()
            if owner.st_uid != 0 and path.stat().st_uid == 0:
                os.chown(path, owner.st_uid, owner.st_gid)

    def _folder_error(self, error: OSError) -> AcmError:
        if error.errno == errno.ENOSPC:
            return AcmError(
                _("The disk of %(folder)s is full, %(server)s cannot start.", folder=self.folder, server=self.label),
                _("Make room, or set ACM_HOME to a folder on another disk."),
            )
        return AcmError(
            _("%(path)s cannot be used by %(server)s: %(reason)s.",
              path=error.filename or self.folder, server=self.label, reason=error.strerror),
            _("Set ACM_HOME to a folder that can be written."),
        )  # fmt: skip


def _is_free(port: int) -> bool:
    """Whether a server could listen on the port now (old connections to it do not matter, as for the server itself)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen(1)  # two may bind a port with that option, one may listen
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
