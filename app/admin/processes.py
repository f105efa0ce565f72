"""Work that outlives a request, and the web server too: a process of its own."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path


def start(module: str, *arguments: str, log: Path, on_exit: Callable[[int], None] | None = None) -> None:
    """Run `python -m app.admin.MODULE`; what it says is added to `log`. `on_exit` gets its exit code, while the
    web server lives to see it."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", f"app.admin.{module}", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def wait() -> None:
        code = process.wait()
        if on_exit is not None:
            on_exit(code)

    # Somebody has to wait for it, or it stays as a zombie and what it does looks alive.
    threading.Thread(target=wait, daemon=True).start()
