"""Planted bugs turn the random worlds, or the tests that they name, red. Here one bug of each object that worlds look
at, and one that a test finds; `make mutation` plants them all.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from model.database import Database
from sqlalchemy import Connection

from app.database.deploy.objects import SQL_FOLDER

from .bugs import BUGS, Bug
from .check import failing, finder

ONE_OF_EACH = list({bug.name: bug for bug in reversed(BUGS) if bug.tests is None}.values())
OF_A_TEST = next(bug for bug in BUGS if bug.meaning.startswith("a week is seven days"))


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
    assert finder(database, database.connection, bug, folder) is not None


def test_a_bug_is_found_by_the_tests_that_it_names_and_they_pass_without_it(
    database: Database, clean: Connection, folder: Path
) -> None:
    if clean.dialect.name != "postgresql":
        pytest.skip("bugs are planted in PostgreSQL")
    found = finder(database, clean, OF_A_TEST, folder)
    assert found is not None and found.startswith(f"{OF_A_TEST.tests}::test_the_presets_of_russia_")
    assert failing(clean, found) is None
