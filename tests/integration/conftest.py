"""Fixtures of the tests that kill processes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from server_processes import User


@pytest.fixture
def user() -> Iterator[Callable[..., User]]:
    users: list[User] = []

    def start(*words: str | Path, **options: str) -> User:
        users.append(User(*words, **options))
        return users[-1]

    yield start
    for one in users:
        if one.process.poll() is None:
            one.kill()
        one.process.stdin.close()
        one.process.stdout.close()
