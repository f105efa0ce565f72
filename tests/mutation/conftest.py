"""The databases in which bugs are planted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from model.database import Database
from model.play import warm
from sqlalchemy import Connection, NullPool

from app.database.engine import create_engine


@pytest.fixture(scope="module")
def database(fresh_database: str) -> Iterator[Database]:
    engine = create_engine(fresh_database, "acm mutation", poolclass=NullPool)
    database = Database(engine)
    warm(database)
    yield database
    database.close()
    engine.dispose()


@pytest.fixture
def clean(server: Any, template_url: str) -> Iterator[Connection]:
    """A connection to a deployed database that is otherwise empty."""
    url = server.create(template_url)
    engine = create_engine(url, "acm mutation", poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
    engine.dispose()
    server.drop(url)
