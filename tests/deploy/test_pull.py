"""acm sql diff and acm sql pull: a change made on the server by hand, shown and brought back into the file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from app.database.deploy import status, upgrade
from app.database.deploy.objects import SQL_FOLDER
from app.database.deploy.pull import diff, pull, words_of
from app.database.deploy.servers import server_of
from app.errors import AcmError

TAKE = "dialing.block_take"


@pytest.fixture
def real(make_engine: Callable[..., sa.Engine], template_url: str) -> sa.Engine:
    """A database with all of sql/ deployed."""
    return make_engine(template_url)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of sql/ that pull may write into."""
    shutil.copytree(SQL_FOLDER, tmp_path / "sql")
    return tmp_path / "sql"


def _change(engine: sa.Engine, name: str, *changes: tuple[str, str]) -> None:
    with engine.begin() as connection:
        server = server_of(connection)
        found = server.found()[name]
        text = found.text
        for old, new in changes:
            if engine.dialect.name == "mssql":
                text = _replace_words(text, old, new)
            else:
                assert old in text, old
                text = text.replace(old, new, 1)
        if engine.dialect.name == "mssql":
            server.drop(found)
        server.run(text)


def _state(engine: sa.Engine, folder: Path, name: str) -> str:
    return next(item.state for item in status(engine, folder).objects if item.name == name)


def test_nothing_differs_at_first(real: sa.Engine, copy: Path) -> None:
    assert diff(real, TAKE, copy) == ""
    with pytest.raises(AcmError, match="nothing to pull"):
        pull(real, TAKE, copy)
    with pytest.raises(AcmError, match=r"no object dialing\.nothing"):
        diff(real, "dialing.nothing", copy)


def test_diff_shows_the_changed_line_only(real: sa.Engine, copy: Path) -> None:
    _change(real, TAKE, *_words(real, "h.person_out = 0", "h.person_out < 1"))
    lines = [
        line for line in diff(real, TAKE, copy).splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")
    ]
    assert [line.strip("+- ") for line in lines] == [
        f"AND {old}" for old in _words(real, "h.person_out = 0", "h.person_out < 1")[0]
    ]


def _words(engine: sa.Engine, *texts: str) -> list[tuple[str, str]]:
    """One change in the words of the server: compiled on PostgreSQL, as in the file on SQL Server."""
    if engine.dialect.name == "mssql":
        texts = tuple(text.replace("p_", "@").replace("v_", "@") for text in texts)
    return [(texts[0], texts[1])]


CHANGES = [
    # (object, changes on the server, what the file then says in place of what)
    pytest.param(TAKE, [("y.phone_no = 1\n", "y.phone_no = 2\n")], [("y.phone_no = 1\n", "y.phone_no = 2\n")], id="literal"),
    pytest.param(TAKE, [("b.due_at <= p_now", "b.due_at < p_now")], [("b.due_at <= @now", "b.due_at < @now")], id="comparison"),
    pytest.param(TAKE, [("AND h.phones_out = 0\n", "AND h.phones_out = 0\n            AND b.phone_id > 100\n")],
                 [("AND h.phones_out = 0\n", "AND h.phones_out = 0 AND b.phone_id > 100\n")], id="condition"),
    pytest.param(TAKE, [("AND h.phones_out = 0\n", "AND h.phones_out = 0 AND (p_campaign_id <> 7 OR b.agent = 'Иван''ов')\n")],
                 [("AND h.phones_out = 0\n", "AND h.phones_out = 0 AND (@campaign_id <> 7 OR b.agent = N'Иван''ов')\n")], id="variable"),
    pytest.param(TAKE, [("b.due_at,\n                        b.callback_id\n                    LIMIT", "b.due_at,\n p.loaded_at DESC,\n b.callback_id\n LIMIT")],
                 [("b.due_at, b.callback_id", "b.due_at, p.loaded_at DESC, b.callback_id")], id="order"),
    pytest.param(TAKE, [("v_ready > 2 * v_need", "v_ready > 4 * v_need"), ("THEN 2 ELSE 3 END", "THEN 3 ELSE 2 END")],
                 [("@ready > 2 * @need", "@ready > 4 * @need"), ("THEN 2 ELSE 3 END", "THEN 3 ELSE 2 END")], id="several"),
    pytest.param(TAKE, [("IF v_state_id = 2 THEN", "IF v_state_id = 2 AND p_campaign_id > 0 THEN")],
                 [("IF @state_id = 2", "IF @state_id = 2 AND @campaign_id > 0")], id="if"),
    pytest.param("dialing.block_fail", [("IN (1, 2)", "IN (1, 2, 3)")], [("IN (1, 2)", "IN (1, 2, 3)")], id="list"),
    pytest.param("dialing.block_fail", [("p_reason_id => CAST(1 AS", "p_reason_id => CAST(9 AS")], [("@reason_id = 1", "@reason_id = 9")],
                 id="argument"),
    pytest.param("dialing.block_open", [("state_id = ANY (ARRAY[1, 2])", "state_id = ANY (ARRAY[1, 4])")],
                 [("IN (1, 2)", "IN (1, 4)")], id="view"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "changes", "expected"), CHANGES)
def test_change_is_pulled_into_the_file(
    real: sa.Engine, copy: Path, name: str, changes: list[tuple[str, str]], expected: list[tuple[str, str]]
) -> None:
    if real.dialect.name == "mssql":
        changes = expected
    _change(real, name, *changes)
    path = next(copy.rglob(f"{name}.sql"))
    wanted = path.read_text()
    for old, new in expected:
        assert old.strip() in wanted or "\n" in old or "," in old, old
        wanted = _replace_words(wanted, old, new)
    done = pull(real, name, copy)
    assert done.is_verified and done.file == path, done.reason
    assert [word.text for word in words_of(path.read_text())] == [word.text for word in words_of(wanted)]
    # What the file says is what the server does, in the layout of the compiler; the next upgrade writes just that.
    assert _state(real, copy, name) in ("changed in file", "current")
    upgrade(real, folder=copy)
    assert status(real, copy).is_current
    assert diff(real, name, copy) == ""


def _replace_words(text: str, old: str, new: str) -> str:
    import re

    pattern = r"\s+".join(re.escape(word) for word in old.split())
    assert re.search(pattern, text), old
    return re.sub(pattern, new.replace("\\", r"\\"), text, count=1)


def test_what_cannot_be_carried_over_is_put_beside_the_file(real: sa.Engine, copy: Path) -> None:
    if real.dialect.name == "mssql":
        pytest.skip("there the definition is the file")
    before = (copy / "procedures" / f"{TAKE}.sql").read_text()
    _change(real, TAKE, ("v_state_id IS NULL THEN", "v_state_id IS NULL AND pg_backend_pid() > 0 THEN"))
    done = pull(real, TAKE, copy)
    assert not done.is_verified and done.reason
    assert done.file.name == f"{TAKE}.sql.pulled" and "pg_backend_pid()" in done.file.read_text()
    assert (copy / "procedures" / f"{TAKE}.sql").read_text() == before
    assert _state(real, copy, TAKE) == "changed on the server by hand"


def test_change_of_parameters_is_put_beside_the_file(real: sa.Engine, copy: Path) -> None:
    if real.dialect.name == "mssql":
        pytest.skip("there the definition is the file")
    _change(
        real,
        "dialing.block_fail",
        ("p_message character varying DEFAULT NULL", "p_message character varying DEFAULT 'x'"),
    )
    assert not pull(real, "dialing.block_fail", copy).is_verified


def test_pull_refuses_when_the_file_has_moved_on(real: sa.Engine, copy: Path) -> None:
    _change(real, TAKE, *_words(real, "h.person_out = 0", "h.person_out < 1"))
    path = copy / "procedures" / f"{TAKE}.sql"
    path.write_text(path.read_text().replace("2 * @need", "3 * @need"))
    if real.dialect.name == "postgresql":
        done = pull(real, TAKE, copy)
        assert not done.is_verified and "has changed since" in done.reason
        assert "3 * @need" in path.read_text()


def test_pull_of_what_is_not_on_the_server_is_refused(engine: sa.Engine, copy: Path) -> None:
    with pytest.raises(AcmError, match="not on the server"):
        pull(engine, TAKE, copy)
