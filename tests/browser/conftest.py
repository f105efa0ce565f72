"""A real browser before the real `acm web`: Chromium without a window, a database of its own, two dialled campaigns.

Every page is watched: an error in its console, a script that fails, or a request to another host fails the test.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
import web_scene
from playwright.sync_api import Browser, Page, sync_playwright
from sqlalchemy import Engine
from web_users import add_user

from app import clock
from app.database.engine import create_engine

CHROMIUM = os.environ.get("ACM_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
START_SECONDS = 60


@dataclass
class Site:
    """The running web interface."""

    url: str
    engine: Engine
    one_time_password: str
    campaigns: dict[str, int]
    log: Path


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM:
        pytest.skip("there is no Chromium: apt-get install chromium fonts-noto-core, or set ACM_TEST_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def site(server: Any, template_url: str, run_folder: Path) -> Iterator[Site]:
    url = server.create(template_url)
    home = run_folder / "web-home"
    home.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ, "ACM_HOME": str(home), "ACM_DATABASE_URL": url, "ACM_REDIS_URL": "redis://127.0.0.1:1/0",
        "ACM_LANGUAGE": "ru", "PYTHONUNBUFFERED": "1", "ACM_IMPORT_CHUNK": "50",
    }  # fmt: skip
    log = run_folder / "web.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", "web", "--port", str(port)],
            env=environment, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    engine = create_engine(url, "acm tests")
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(process, address, log)
        found = re.search(r"(?:пароль|password) (\S{23})", log.read_text())
        assert found, log.read_text()
        with engine.begin() as connection:
            now = clock.now()
            campaigns = {
                "ALPHA": web_scene.campaign(connection, "ALPHA", "Первая", now - timedelta(hours=2), clients=300),
                "BETA": web_scene.campaign(connection, "BETA", "Вторая", now - timedelta(hours=2), clients=20),
            }
            web_scene.dial(connection, campaigns["ALPHA"], now, 10)
            for role in ("campaign_administrator", "monitoring", "dictionary_editor"):
                add_user(connection, role, role, language="ru")
        yield Site(address, engine, found[1], campaigns, log)
    finally:
        process.terminate()
        process.wait(20)
        engine.dispose()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()
        try:
            if requests.get(f"{address}/health/ready", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.2)
    raise AssertionError(f"acm web does not answer: {log.read_text()}")


@pytest.fixture
def page(chromium: Browser, site: Site) -> Iterator[Page]:
    """A fresh window, 1440 by 800, that may not complain."""
    context = chromium.new_context(viewport={"width": 1440, "height": 800}, base_url=site.url, locale="ru-RU")
    page = context.new_page()
    complaints: list[str] = []
    allowed: list[str] = []
    page.allowed = allowed  # type: ignore[attr-defined]
    page.on(
        "console", lambda message: complaints.append(message.text) if message.type in ("error", "warning") else None
    )
    page.on("pageerror", lambda error: complaints.append(f"a script failed: {error}"))
    page.on(
        "request",
        lambda request: (
            complaints.append(f"another host: {request.url}")
            if not request.url.startswith((site.url, "data:", "blob:"))
            else None
        ),
    )
    yield page
    context.close()
    assert [one for one in complaints if not any(words in one for words in allowed)] == []
