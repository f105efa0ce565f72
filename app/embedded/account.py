"""Accounts that the servers run under when the application is root."""

from __future__ import annotations

import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Account:
    """An unprivileged account."""

    uid: int
    gid: int
    name: str

    def runs(self, *argv: str | Path) -> bool:
        """Whether a command succeeds under this account."""
        try:
            done = subprocess.run(
                [str(part) for part in argv],
                user=self.uid,
                group=self.gid,
                extra_groups=[],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        except OSError:
            return False
        return done.returncode == 0


def account_name(uid: int) -> str | None:
    """The name of an account, or None when this machine knows none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return None
