"""The thread that keeps the dialer going in real time."""

from __future__ import annotations

import logging
import threading

from app.simulator.centre import DATABASE_ERRORS, ContactCentre
from app.simulator.dialer import Dialer

log = logging.getLogger(__name__)


class Engine:
    """Steps the dialer every few milliseconds. `paused` holds it, while everything else goes on."""

    def __init__(self, centre: ContactCentre) -> None:
        self.centre = centre
        self.dialer = Dialer(centre)
        self.paused = threading.Event()
        self._thread = threading.Thread(target=self._run, name="simulated dialer", daemon=True)

    def start(self, in_thread: bool = True) -> None:
        """Take up the work, and step on in real time unless the caller does."""
        self.dialer.start()
        if in_thread:
            self._thread.start()

    def stop(self) -> None:
        """Stop stepping; what was played is stored already."""
        self.centre.stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def _run(self) -> None:
        while not self.centre.stopping.wait(self.centre.settings.tick_real_seconds):
            if self.paused.is_set():
                continue
            try:
                self.dialer.step()
            except DATABASE_ERRORS as error:
                log.warning("the simulator's database does not answer: %s", type(error).__name__)
                self.centre.stopping.wait(0.5)
            except Exception:
                log.exception("the simulated dialer stumbled")
                self.centre.stopping.wait(0.5)
