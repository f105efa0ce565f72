"""Fixtures of the tests of sql/: a world to make campaigns and clients in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Connection
from world import OF_HISTORY, World


@pytest.fixture
def world(connection: Connection) -> Iterator[World]:
    """A world in the transaction of the test. Whatever a test does in it, the books balance in the end."""
    world = World(connection)
    yield world
    unbalanced = world.unbalanced() if world.has_clients else {}
    if world.has_made_up_facts:
        unbalanced = {code: found for code, found in unbalanced.items() if code not in OF_HISTORY}
    assert unbalanced == {}
