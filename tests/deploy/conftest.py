"""Databases with tables and nothing of sql/, and a small sql/ to deploy into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app.database.deploy import upgrade
from app.database.engine import create_engine
from tests.deploy.sql_folder import SqlFolder


@pytest.fixture
def folder(tmp_path: Path) -> SqlFolder:
    return SqlFolder(tmp_path)


@pytest.fixture(scope="session")
def tables_url(server: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with all tables and nothing of sql/."""
    url: str = server.create()
    engine = create_engine(url, "acm tests", poolclass=sa.NullPool)
    empty = tmp_path_factory.mktemp("empty") / "sql"
    empty.mkdir()
    upgrade(engine, folder=empty)
    return url


@pytest.fixture
def make_engine(server: Any) -> Iterator[Callable[..., sa.Engine]]:
    """A function that makes a database (empty, or a copy of a URL) and gives an engine for it."""
    made: list[tuple[str, sa.Engine]] = []

    def make(template: str | None = None) -> sa.Engine:
        url = server.create(template)
        made.append((url, create_engine(url, "acm tests", poolclass=sa.NullPool)))
        return made[-1][1]

    yield make
    for url, engine in made:
        engine.dispose()
        server.drop(url)


@pytest.fixture
def engine(make_engine: Callable[..., sa.Engine], tables_url: str, server: Any, tmp_path: Path) -> sa.Engine:
    """A database with tables and nothing of sql/, to be changed at will."""
    if type(server).__name__ == "PostgresServer":
        return make_engine(tables_url)
    made = make_engine()
    (tmp_path / "empty" / "sql").mkdir(parents=True)
    upgrade(made, folder=tmp_path / "empty" / "sql")
    return made


@pytest.fixture
def deployed(engine: sa.Engine, folder: SqlFolder) -> sa.Engine:
    """The same with the small sql/ deployed."""
    upgrade(engine, folder=folder.path)
    return engine
