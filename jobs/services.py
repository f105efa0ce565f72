"""The services (M229), by code. Each is a module of this folder with `run(run: jobs.run.Run) -> None`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.errors import AcmError
from app.i18n import gettext as _

if TYPE_CHECKING:
    from jobs.run import Run

SERVICES = {
    "client_status": "jobs.client_status",
    "callback_status": "jobs.callback_status",
    "queue_clear": "jobs.queue_clear",
    "dialer_sync": "jobs.dialer_sync",
}
#: Those that can run for one campaign alone.
OF_ONE_CAMPAIGN = frozenset({"client_status", "queue_clear", "dialer_sync"})


def load(code: str) -> Callable[[Run], None]:
    """The service of a code. Raises AcmError when this release has none."""
    module = SERVICES.get(code)
    if module is None:
        raise AcmError(
            _("There is no service %(code)s in this release.", code=code),
            _("Services: %(codes)s.", codes=", ".join(sorted(SERVICES))),
        )
    function: Callable[[Run], None] = importlib.import_module(module).run
    return function


def load_all() -> None:
    """Import every service, so that the processes forked from this one need not."""
    for code in SERVICES:
        load(code)
