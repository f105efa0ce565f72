"""acm web refuses to start with one clear line where it could not work."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from app.cli import main
from app.settings import get_settings


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    def use(url: str) -> None:
        monkeypatch.setenv("ACM_DATABASE_URL", url)
        get_settings.cache_clear()

    yield use
    monkeypatch.undo()
    get_settings.cache_clear()


def refusal(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    with pytest.raises(SystemExit) as ended:
        main(["web", *arguments])
    assert ended.value.code == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith(("error:", "  "))]
    assert "Traceback" not in "".join(lines)
    return lines


def test_a_database_without_tables_is_refused(
    server: Any, database: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    url = server.create()
    database(url)
    assert refusal(capsys, "--port", "0") == [
        "error: The database is not at the state of this release.", "  Run `acm db upgrade`.",
    ]  # fmt: skip
    server.drop(url)


def test_a_taken_port_is_told(
    make_database: Callable[[], str], database: Callable[[str], None], capsys: pytest.CaptureFixture[str]
) -> None:
    database(make_database())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        lines = refusal(capsys, "--port", str(taken.getsockname()[1]))
    assert lines[0].startswith("error: The web interface cannot listen on 127.0.0.1:")
    assert lines[1] == "  Choose another address or port: acm web --port 8081."
