"""The database in which bugs are planted."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from model.database import Database
from model.play import warm
from sqlalchemy import NullPool

from app.database.engine import create_engine


@pytest.fixture(scope="module")
def database(fresh_database: str) -> Iterator[Database]:
    engine = create_engine(fresh_database, "acm mutation", poolclass=NullPool)
    database = Database(engine)
    warm(database)
    yield database
    database.close()
    engine.dispose()
