"""acm db and acm sql as an operator meets them: one clear line, exit codes, JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from app import cli
from app.database.deploy import objects, status
from app.database.deploy.bundle import bundle
from app.database.deploy.lint import lint
from app.database.deploy.map import sql_map
from app.database.deploy.servers import server_of
from app.settings import get_settings
from tests.deploy.sql_folder import SqlFolder


@pytest.fixture
def acm(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """Run `acm` on the database of an engine (or a URL): exit code, output, errors."""

    def run(target: sa.Engine | str, *arguments: str) -> tuple[int, str, str]:
        url = target if isinstance(target, str) else target.url.render_as_string(hide_password=False)
        monkeypatch.setenv("ACM_DATABASE_URL", url)
        get_settings.cache_clear()
        code = 0
        try:
            cli.main(list(arguments))
        except SystemExit as leave:
            code = int(leave.code or 0)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    yield run
    get_settings.cache_clear()


@pytest.fixture
def real(make_engine: Callable[..., sa.Engine], template_url: str) -> sa.Engine:
    return make_engine(template_url)


def _by_hand(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        server = server_of(connection)
        found = server.found()["dialing.block_fail"]
        if engine.dialect.name == "mssql":
            server.drop(found)
        server.run(found.text.replace("IN (1, 2)", "IN (1, 2, 3)"))


def test_upgrade_and_status(make_engine: Callable[..., sa.Engine], acm: Any) -> None:
    engine = make_engine()
    code, out, _ = acm(engine, "db", "status")
    assert code == 1 and "missing" in out
    code, out, _ = acm(engine, "db", "upgrade")
    assert code == 0 and "created procedure dialing.block_take" in out
    code, out, _ = acm(engine, "db", "upgrade", "--quiet")
    assert (code, out) == (0, "")
    code, out, _ = acm(engine, "db", "status")
    assert code == 0 and "dialing.block_take" in out and "current" in out and "missing" not in out
    code, out, _ = acm(engine, "db", "status", "--json")
    body = json.loads(out)
    assert code == 0 and body["is_current"] and body["revision"] == body["head"]
    assert {"name", "kind", "state", "version", "deployed_version", "deployed_at", "deployed_by"} == set(
        body["objects"][0]
    )


def test_change_by_hand_in_commands(real: sa.Engine, acm: Any) -> None:
    _by_hand(real)
    code, out, _ = acm(real, "db", "status")
    assert code == 1 and "changed on the server by hand" in out
    code, out, err = acm(real, "db", "upgrade")
    assert code == 0 and "dialing.block_fail was changed on the server by hand" in err
    code, out, _ = acm(real, "sql", "diff", "dialing.block_fail")
    assert code == 1 and "+" in out and "IN (1, 2, 3)" in out
    code, out, _ = acm(real, "db", "upgrade", "--overwrite", "dialing.block_fail")
    assert code == 0
    code, out, _ = acm(real, "sql", "diff", "dialing.block_fail")
    assert (code, out) == (0, "")


def test_refusals_are_one_line(real: sa.Engine, acm: Any) -> None:
    for arguments in (["sql", "show", "no.such"], ["sql", "pull", "dialing.block_take"], ["db", "upgrade", "--overwrite", "x.y"],
                      ["db", "downgrade", "9999", "--yes"]):  # fmt: skip
        code, out, err = acm(real, *arguments)
        assert code == 1 and out == "" and err.startswith("error: ") and "Traceback" not in err
        assert len(err.strip().splitlines()) <= 2
    assert status(real).is_current


@pytest.mark.parametrize(
    ("url", "command"),
    [
        ("postgresql+psycopg://nobody:hidden@127.0.0.1:1/none", ["db", "upgrade"]),
        ("postgresql+psycopg://nobody:hidden@127.0.0.1:1/none", ["sql", "diff", "dialing.block_fail"]),
        ("nonsense", ["db", "status"]),
        ("oracle://a:hidden@b/c", ["db", "upgrade"]),
        ("mssql+pyodbc://sa:hidden@127.0.0.1:1/x", ["db", "status"]),
    ],
)
def test_wrong_url_or_server_down_is_one_line_without_the_password(
    url: str, command: list[str], acm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.database.engine.CONNECT_SECONDS", 2)  # the driver of SQL Server tries all the time
    code, out, err = acm(url, *command)
    assert code == 1 and out == "" and err.startswith("error: ")
    assert "hidden" not in err and "Traceback" not in err and len(err.strip().splitlines()) <= 2


def test_downgrade_asks_and_takes_everything_away(real: sa.Engine, acm: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("click.termui.visible_prompt_func", lambda _: "n")
    assert acm(real, "db", "downgrade", "base")[0] == 130
    assert status(real).is_current
    code, out, _ = acm(real, "db", "downgrade", "base", "--yes")
    assert code == 0 and "base" in out
    assert status(real).revision is None


def test_show_gives_both_engines(acm: Any) -> None:
    real = "postgresql://nobody@localhost/none"  # no server is asked
    code, out, _ = acm(real, "sql", "show", "Dialing.Block_Take", "--engine", "postgresql")
    assert code == 0 and "FOR NO KEY UPDATE OF c SKIP LOCKED" in out and "dialing.block_take          version" in out
    code, out, _ = acm(real, "sql", "show", "dialing.block_take", "--engine", "mssql")
    assert code == 0 and out == (objects.SQL_FOLDER / "procedures" / "dialing.block_take.sql").read_text()


def test_map_names_every_object() -> None:
    page = sql_map()
    assert all(f"| `{name}` |" in page for name in objects.wanted("postgresql"))


# -- bundle --------------------------------------------------------------------------------------------------------------


def test_bundle_deploys_without_python_and_is_recorded(
    make_engine: Callable[..., sa.Engine], tables_url: str, engine: sa.Engine, template_url: str
) -> None:
    text = bundle(engine.dialect.name)
    for _ in range(2):  # it may be run again
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for batch in text.split("\nGO\n") if engine.dialect.name == "mssql" else [text]:
                if batch.strip():
                    server_of(connection).run(batch)
    found = status(engine)
    assert found.is_current and len(found.objects) > 40


def test_bundle_for_sql_server_has_batches_and_no_create_or_alter() -> None:
    text = bundle("mssql")
    batches = text.split("\nGO\n")
    creates = [batch for batch in batches if "\nCREATE " in batch and "CREATE ROLE" not in batch]
    assert len(creates) == len(objects.wanted("mssql"))
    assert "\nCREATE OR ALTER " not in text
    names = list(objects.wanted("mssql"))
    order = [text.index(f"IS NOT NULL DROP {objects.wanted('mssql')[name].kind.upper()} {name};") for name in names]
    assert order == sorted(order)


# -- permissions ---------------------------------------------------------------------------------------------------------

ROLES = """-- who may what
IF DATABASE_PRINCIPAL_ID(N'acm_test_reader') IS NULL CREATE ROLE acm_test_reader;
IF DATABASE_PRINCIPAL_ID(N'acm_test_writer') IS NULL
    CREATE ROLE acm_test_writer;
GRANT SELECT ON SCHEMA::report TO acm_test_reader;
GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON SCHEMA::ops TO acm_test_writer; /* all */
REVOKE DELETE ON SCHEMA::ops FROM acm_test_writer;
"""


def _may(engine: sa.Engine, role: str, right: str, name: str) -> bool:
    kind = "function" if "(" in name else "table"
    with engine.connect() as connection:
        return bool(connection.execute(sa.text(f"SELECT has_{kind}_privilege(:role, :name, :right)"),
                                       {"role": role, "name": name, "right": right}).scalar())  # fmt: skip


def test_rights_are_given_per_schema_at_every_upgrade(deployed: sa.Engine, folder: SqlFolder, acm: Any) -> None:
    from app.database.deploy import upgrade

    folder.permissions(ROLES)
    folder.write("VIEW", "report.names", "AS\nSELECT s.name FROM ops.setting AS s;")
    upgrade(deployed, folder=folder.path)
    if deployed.dialect.name == "mssql":
        return  # SQL Server runs the file as it stands
    assert _may(deployed, "acm_test_reader", "SELECT", "report.names")
    assert not _may(deployed, "acm_test_reader", "SELECT", "ops.setting")
    assert not _may(deployed, "acm_test_reader", "EXECUTE", "ops.count_longer(integer)")
    assert _may(deployed, "acm_test_writer", "INSERT", "ops.setting") and _may(
        deployed, "acm_test_writer", "SELECT", "ops.low"
    )
    assert not _may(deployed, "acm_test_writer", "DELETE", "ops.setting")
    assert _may(deployed, "acm_test_writer", "EXECUTE", "ops.count_longer(integer)")
    folder.procedure("@least int = 0, /* a */ @more int = 0 /* b */")  # dropped and made again: the rights come back
    folder.view("s.value, s.name")
    upgrade(deployed, folder=folder.path)
    assert _may(deployed, "acm_test_writer", "EXECUTE", "ops.count_longer(integer, integer)")
    assert _may(deployed, "acm_test_writer", "SELECT", "ops.low")
    with deployed.begin() as connection:
        connection.execute(sa.text("SET LOCAL ROLE acm_test_writer"))
        assert connection.execute(sa.text("SELECT number FROM ops.count_longer()")).scalar() is not None
    with deployed.connect() as connection, pytest.raises(sa.exc.ProgrammingError):
        connection.execute(sa.text("SET ROLE acm_test_reader"))
        connection.execute(sa.text("SELECT * FROM ops.count_longer()"))


@pytest.mark.parametrize("statement", ["GRANT SELECT ON core.phone TO r;", "DENY SELECT ON SCHEMA::core TO r;", "DROP TABLE core.phone;",
                                       "GRANT SELECT ON SCHEMA::elsewhere TO r;", "GRANT ALTER ON SCHEMA::core TO r;"])  # fmt: skip
def test_other_statements_in_permissions_are_refused(folder: SqlFolder, statement: str) -> None:
    folder.permissions(f"-- x\n{statement}\n")
    problems = [problem for problem in lint(folder.path, style=False) if "permissions" in problem.file]
    assert len(problems) == 1 and problems[0].line == 2 and "not a statement of sql/permissions" in problems[0].text


# -- lint ----------------------------------------------------------------------------------------------------------------


def test_house_rules_are_checked(folder: SqlFolder) -> None:
    assert lint(folder.path, style=False) == []
    text = folder.procedure().read_text()
    wrong = {
        "ops.no_date": text.replace("          2026-11-23", ""),
        "ops.no_version": text.replace("version 1.0.0", "version one"),
        "ops.no_words": text.replace("A test. It's procedure.", ""),
        "ops.no_caller": text.replace("Called by  tests/deploy/sql_folder.py\n", ""),
        "ops.wrong_caller": text.replace("tests/deploy/sql_folder.py", "app/nowhere.py"),
        "ops.no_example": text.replace("Example    -\n", ""),
        "ops.no_options": text.replace("SET XACT_ABORT ON;\n", ""),
        "ops.no_comment": text.replace(" /* letters */", ""),
        "ops.reads_more": text.replace("FROM ops.longer(@least) AS l", "FROM ops.sql_object AS l"),
    }
    for name, body in wrong.items():
        (folder.path / "procedures" / f"{name}.sql").write_text(body.replace("ops.count_longer", name))
    (folder.path / "procedures" / "ops.other_name.sql").write_text(text)
    shutil.copy(folder.path / "views" / "ops.low.sql", folder.path / "procedures" / "ops.low.sql")
    (folder.path / "views" / "ops.low.sql").unlink()
    (folder.path / "procedures" / "ops.wrong.sql").write_text(
        text.replace("ops.count_longer", "ops.wrong").replace("COUNT(*)", "GETDATE()")
    )
    found = {Path(problem.file).stem: problem.text for problem in lint(folder.path, style=False)}
    parts = {
        "ops.no_date": "no date", "ops.no_version": "no version", "ops.no_words": "no sentence", "ops.no_caller": "Called by is missing",
        "ops.wrong_caller": "app/nowhere.py, which does not exist", "ops.no_example": "Example is missing", "ops.no_options": "begins with SET NOCOUNT ON",
        "ops.no_comment": "@least: no comment", "ops.reads_more": "neither Reads nor Writes names ops.sql_object",
        "ops.other_name": "the object ops.count_longer", "ops.low": "a view belongs into views/", "ops.wrong": "GETDATE",
    }  # fmt: skip
    assert found.keys() == parts.keys()
    assert all(part in found[name] for name, part in parts.items()), found


def test_style_is_checked_with_sqlfluff(folder: SqlFolder) -> None:
    for path in (folder.path / "procedures").glob("*.sql"):
        path.unlink()
    clean = {problem.text[:4] for problem in lint(folder.path)}
    path = folder.path / "views" / "ops.low.sql"
    path.write_text(path.read_text().replace("SELECT", "Select"))
    assert "CP01" in {problem.text[:4] for problem in lint(folder.path)} - clean


def test_lint_command_fails_when_something_is_wrong(
    acm: Any, folder: SqlFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.procedure("@least int = 0")
    monkeypatch.setattr("app.database.deploy.lint.lint.__defaults__", (folder.path, True))
    code, out, err = acm("embedded", "sql", "lint", "--no-style")
    assert code == 1 and "no comment says what it is" in out and "1 problems" in err


def test_acm_starts_as_a_program() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "sql", "--help"], capture_output=True, text=True, check=True
    )
    assert {"show", "diff", "pull", "bundle", "lint", "map"} <= set(done.stdout.split())
