"""Planted bugs turn the random worlds red. Here one bug of each object; `make mutation` plants them all."""

from __future__ import annotations

from pathlib import Path

import pytest
from model.database import Database

from app.database.deploy.objects import SQL_FOLDER

from .bugs import BUGS, Bug
from .check import finder

ONE_OF_EACH = list({bug.name: bug for bug in reversed(BUGS)}.values())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutation")


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.id)
def test_the_text_that_a_bug_replaces_is_there_once(bug: Bug) -> None:
    (path,) = SQL_FOLDER.rglob(f"{bug.name}.sql")
    assert path.read_text(encoding="utf-8").count(bug.text) == 1


@pytest.mark.parametrize("bug", ONE_OF_EACH, ids=lambda bug: bug.id)
def test_a_planted_bug_is_found(database: Database, folder: Path, bug: Bug) -> None:
    if database.connection.dialect.name != "postgresql":
        pytest.skip("bugs are planted in PostgreSQL")
    assert finder(database, bug, folder) is not None
