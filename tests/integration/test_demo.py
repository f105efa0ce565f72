"""The demonstration runs whole: it loads, dials, is killed in parts, ends by itself, balances, and goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.timeout(280)
SCALE = "0.02"  # 600 clients


def _start(home: Path, seconds: int) -> subprocess.Popen[str]:
    environment = {**os.environ, "ACM_HOME": str(home), "ACM_LANGUAGE": "en", "PYTHONUNBUFFERED": "1"}
    arguments = [sys.executable, "-m", "app.cli", "demo", "--seconds", str(seconds), "--scale", SCALE]
    return subprocess.Popen(
        arguments, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _finish(demo: subprocess.Popen[str]) -> dict:
    out, err = demo.communicate(timeout=200)
    assert demo.returncode == 0, out[-3000:] + err[-3000:]
    return json.loads(out.strip().splitlines()[-1])


def _kill_some(demo: subprocess.Popen[str], seconds: float, seed: int) -> set[str]:
    """Kill -9 workers, schedulers and web processes of the demonstration, one after another. Returns whom it hit."""
    chance, until, hit = random.Random(seed), time.monotonic() + seconds, set()
    while time.monotonic() < until and demo.poll() is None:
        found = []
        for process in psutil.Process(demo.pid).children(recursive=True):
            try:
                words = process.cmdline()
            except psutil.Error:
                continue
            found += [(name, process.pid) for name in ("worker", "scheduler", "web") if name in words]
        if found:
            name, pid = chance.choice(found)
            try:
                os.kill(pid, signal.SIGKILL)
                hit.add(name)
            except ProcessLookupError:
                pass
        time.sleep(chance.uniform(1, 3))
    return hit


def test_it_balances_after_kills_and_goes_on_where_it_stopped(home: Path):
    first = _start(home, 25)
    assert first.stdout is not None
    assert any(line.startswith("Open http") for line in iter(first.stdout.readline, ""))
    killed = _kill_some(first, 15, seed=7)
    summary = _finish(first)
    assert killed
    assert summary["clients_loaded"] == 600
    assert summary["attempts"] > 30
    assert sum(summary["results"].values()) == summary["attempts"]
    assert sum(summary["client_statuses"].values()) == 600
    assert summary["books_balance"] is True

    again = _finish(_start(home, 12))
    assert again["clients_loaded"] == 600
    assert again["attempts"] > summary["attempts"]
    assert again["virtual_time"] > summary["virtual_time"]
    assert again["books_balance"] is True


def test_a_foreign_database_is_refused_in_one_line(home: Path):
    environment = {**os.environ, "ACM_HOME": str(home), "ACM_DATABASE_URL": "postgresql+psycopg://u:secret@h/d"}
    environment["ACM_LANGUAGE"] = "en"
    answer = subprocess.run(
        [sys.executable, "-m", "app.cli", "demo"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert answer.returncode == 1
    assert "ACM_DATABASE_URL" in answer.stderr
    assert "secret" not in answer.stderr and "Traceback" not in answer.stderr
