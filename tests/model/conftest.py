"""The database of the model's worlds: a copy that they may write to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import NullPool

from app.database.engine import create_engine

from .database import Database
from .play import warm


@pytest.fixture(scope="module")
def database(fresh_database: str) -> Iterator[Database]:
    engine = create_engine(fresh_database, "acm model", poolclass=NullPool)
    database = Database(engine)
    warm(database)
    yield database
    database.close()
    engine.dispose()
