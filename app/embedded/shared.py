"""One embedded server of a kind in a process, whoever asks for it."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from app.embedded.server import EmbeddedServer
from app.settings import get_settings

Server = TypeVar("Server", bound=EmbeddedServer)


class Shared(Generic[Server]):
    """Gives the running server of this installation whose folder has a name in HOME; starts it when it does not run.

    One object a process and folder; given back when the process ends. A child made by fork gets its own.
    """

    def __init__(self, name: str, make: Callable[[Path], Server]) -> None:
        self._name = name
        self._make = make
        self._servers: dict[Path, Server] = {}
        self._renew_lock()
        os.register_at_fork(after_in_child=self._renew_lock)

    def _renew_lock(self) -> None:
        # A thread of the parent may have held the lock, and will never release it here.
        self._lock = threading.Lock()

    def __call__(self) -> Server:
        folder = get_settings().resolved_home() / self._name
        with self._lock:
            server = self._servers.get(folder)
            if server is None or server.made_elsewhere():
                server = self._make(folder)
                atexit.register(server.stop)
                self._servers[folder] = server
            if not server.usable():
                server.start()
            return server
