"""Whose load it is, and whether that process is alive."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from app.importing.owner import SILENCE, is_alive, make_owner


def test_this_process_is_alive() -> None:
    owner = make_owner()
    assert is_alive(owner, None)
    assert is_alive(owner, 10_000)
    assert make_owner() != owner


def test_a_process_that_ended_is_dead() -> None:
    code = "from app.importing.owner import make_owner; print(make_owner())"
    owner = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip()
    assert owner.startswith(f"{socket.gethostname()[:100]}:")
    assert not is_alive(owner, 0)


def test_another_process_with_the_same_number_is_not_it() -> None:
    machine, pid, started, random = make_owner().rsplit(":", 3)
    assert int(pid) == os.getpid()
    assert not is_alive(f"{machine}:{pid}:{float(started) - 100}:{random}", 0)


@pytest.mark.parametrize(("silent", "alive"), [(0, True), (SILENCE - 1, True), (SILENCE, False), (None, False)])
def test_another_machine_is_judged_by_its_silence(silent: int | None, alive: bool) -> None:
    assert is_alive("another.host:1:0.0:ab", silent) is alive


@pytest.mark.parametrize("owner", [None, "", f"{socket.gethostname()[:100]}:x:y:z", f"{socket.gethostname()[:100]}"])
def test_what_names_no_process_is_dead(owner: str | None) -> None:
    assert not is_alive(owner, 0)
