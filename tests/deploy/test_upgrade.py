"""acm db upgrade: only what changed, all or nothing, never over a change made by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from app.database.deploy import DeployConflict, downgrade, migrations, runner, status, upgrade
from app.database.deploy.servers import server_of
from app.database.procedure import call
from app.database.tsql import CompileError
from app.errors import AcmError
from app.models.ops import Setting, SqlObject
from tests.deploy.sql_folder import NAMES, SqlFolder


def states(engine: sa.Engine, folder: SqlFolder) -> dict[str, str]:
    return {item.name: item.state for item in status(engine, folder.path).objects}


def execute(engine: sa.Engine, statement: str) -> None:
    with engine.begin() as connection:
        server_of(connection).run(statement)


def definition(engine: sa.Engine, name: str) -> str:
    with engine.connect() as connection:
        return server_of(connection).found()[name].text


def change_by_hand(engine: sa.Engine, name: str, old: str, new: str) -> None:
    """What a DBA does on the server."""
    text = definition(engine, name)
    assert old in text
    text = text.replace(old, new)
    if engine.dialect.name == "mssql":
        execute(engine, f"DROP {'VIEW' if 'CREATE VIEW' in text else 'PROCEDURE'} {name}")
    execute(engine, text)


def count_longer(engine: sa.Engine, **values: Any) -> int:
    with engine.begin() as connection:
        return int(call(connection, "ops.count_longer", **values)[0].number)


@pytest.fixture(autouse=True)
def _settings(request: pytest.FixtureRequest) -> None:
    if "deployed" in request.fixturenames:
        with request.getfixturevalue("deployed").begin() as connection:
            connection.execute(sa.delete(Setting))
            connection.execute(sa.insert(Setting), [{"name": "a", "value": "1"}, {"name": "bb", "value": None}])


# -- only what changed ---------------------------------------------------------------------------------------------------


def test_first_upgrade_makes_tables_objects_and_records(
    make_engine: Callable[..., sa.Engine], folder: SqlFolder
) -> None:
    engine = make_engine()
    assert status(engine, folder.path).revision is None
    lines: list[str] = []
    report = upgrade(engine, folder=folder.path, progress=lines.append)
    assert report.revision_before is None and report.revision == migrations.head()
    assert sorted(report.created) == NAMES and report.created.index("ops.low") < report.created.index("ops.above")
    assert len(lines) == 5 and lines[0] == f"tables: - -> {migrations.head()}"
    found = status(engine, folder.path)
    assert found.is_current and {item.state for item in found.objects} == {"current"}
    with engine.connect() as connection:
        settings = connection.execute(sa.select(sa.func.count()).select_from(Setting)).scalar()
        assert count_longer(engine, least=0) == settings
        row = connection.execute(sa.select(SqlObject.__table__).where(SqlObject.name == "ops.low")).one()
    assert (row.kind, row.version) == ("view", "1.0.0")
    assert len(row.file_hash) == len(row.definition_hash) == 64 and row.deployed_by and row.deployed_at


def test_second_upgrade_changes_nothing(deployed: sa.Engine, folder: SqlFolder) -> None:
    before = _stamps(deployed)
    report = upgrade(deployed, folder=folder.path)
    assert (report.created, report.replaced, report.dropped, report.unchanged) == ([], [], [], 4)
    assert _stamps(deployed) == before


def _stamps(engine: sa.Engine) -> dict[str, Any]:
    with engine.connect() as connection:
        rows = connection.execute(sa.select(SqlObject.name, SqlObject.deployed_at, SqlObject.definition_hash))
        return {row.name: tuple(row) for row in rows}


def test_all_of_sql_deploys_twice(make_engine: Callable[..., sa.Engine], template_url: str) -> None:
    engine = make_engine(template_url)
    assert status(engine).is_current
    report = upgrade(engine)
    assert (report.created, report.replaced, report.dropped) == ([], [], []) and report.unchanged > 40


def test_changed_body_is_replaced_alone(deployed: sa.Engine, folder: SqlFolder) -> None:
    folder.procedure(more="SET @number = @number * 10;\n")
    assert states(deployed, folder)["ops.count_longer"] == "changed in file"
    before = _stamps(deployed)
    report = upgrade(deployed, folder=folder.path)
    assert report.replaced == ["ops.count_longer"] and report.unchanged == 3
    assert count_longer(deployed, least=1) == 10
    after = _stamps(deployed)
    assert {name for name in NAMES if before[name] != after[name]} == {"ops.count_longer"}


@pytest.mark.parametrize("parameters", ["@least int = 0, /* a */ @other nvarchar(10) = N'' /* b */", "@least bigint = 0 /* a */",
                                        "@smallest int = 0, /* a */ @least int = 0 /* b */"])  # fmt: skip
def test_changed_parameters_leave_one_procedure(deployed: sa.Engine, folder: SqlFolder, parameters: str) -> None:
    folder.procedure(parameters)
    if "bigint" in parameters:
        folder.function("a.length > CAST(@least AS int)")
    upgrade(deployed, folder=folder.path)
    assert count_longer(deployed, least=1) == 1
    if deployed.dialect.name == "postgresql":
        with deployed.connect() as connection:
            number = "SELECT COUNT(*) FROM pg_proc WHERE proname = 'count_longer'"
            assert connection.execute(sa.text(number)).scalar() == 1
    assert status(deployed, folder.path).is_current


def test_changed_result_columns(deployed: sa.Engine, folder: SqlFolder) -> None:
    path = folder.procedure(returns="one row: number int, twice bigint")
    path.write_text(
        path.read_text().replace("SELECT @number AS number;", "SELECT @number AS number, @number * 2 AS twice;")
    )
    upgrade(deployed, folder=folder.path)
    with deployed.begin() as connection:
        assert tuple(call(connection, "ops.count_longer", least=0)[0]) == (2, 4)


def test_view_with_other_columns_takes_what_stands_on_it_along(deployed: sa.Engine, folder: SqlFolder) -> None:
    folder.view("s.value, s.name, 1 AS more")  # another order: PostgreSQL cannot replace it in place
    report = upgrade(deployed, folder=folder.path)
    assert "ops.low" in report.replaced
    assert count_longer(deployed, least=1) == 1
    with deployed.connect() as connection:
        assert list(connection.execute(sa.text("SELECT l.* FROM ops.low AS l")).keys()) == ["value", "name", "more"]
        assert connection.execute(sa.text("SELECT COUNT(*) FROM ops.above")).scalar() == 2
    assert status(deployed, folder.path).is_current


def test_new_version_is_recorded_though_the_text_is_the_same(deployed: sa.Engine, folder: SqlFolder) -> None:
    folder.view(version="1.1.0")
    upgrade(deployed, folder=folder.path)
    item = next(item for item in status(deployed, folder.path).objects if item.name == "ops.low")
    assert (item.state, item.deployed_version) == ("current", "1.1.0")


def test_object_taken_out_of_sql_is_dropped(deployed: sa.Engine, folder: SqlFolder) -> None:
    """A fresh install and an upgrade end the same."""
    (folder.path / "procedures" / "ops.count_longer.sql").unlink()
    (folder.path / "functions" / "ops.longer.sql").unlink()
    assert states(deployed, folder)["ops.longer"] == "no longer in sql/"
    assert sorted(upgrade(deployed, folder=folder.path).dropped) == ["ops.count_longer", "ops.longer"]
    assert states(deployed, folder) == {"ops.low": "current", "ops.above": "current"}


def test_view_below_another_is_dropped_when_the_other_no_longer_uses_it(deployed: sa.Engine, folder: SqlFolder) -> None:
    folder.write("VIEW", "ops.above", "AS\nSELECT s.name, LEN(s.name) AS length FROM ops.setting AS s;")
    (folder.path / "views" / "ops.low.sql").unlink()
    assert upgrade(deployed, folder=folder.path).dropped == ["ops.low"]
    assert count_longer(deployed, least=1) == 1


def test_missing_object_is_created(deployed: sa.Engine, folder: SqlFolder) -> None:
    execute(
        deployed,
        "DROP FUNCTION ops.count_longer"
        if deployed.dialect.name == "postgresql"
        else "DROP PROCEDURE ops.count_longer",
    )
    assert states(deployed, folder)["ops.count_longer"] == "missing"
    assert upgrade(deployed, folder=folder.path).created == ["ops.count_longer"]


def test_what_is_not_ours_is_shown_and_left(deployed: sa.Engine, folder: SqlFolder) -> None:
    execute(deployed, "CREATE VIEW ops.of_the_dba AS SELECT 1 AS one")
    assert states(deployed, folder)["ops.of_the_dba"] == "not ours"
    assert status(deployed, folder.path).is_current
    upgrade(deployed, folder=folder.path)
    assert states(deployed, folder)["ops.of_the_dba"] == "not ours"


# -- changed by hand -----------------------------------------------------------------------------------------------------


def test_change_by_hand_is_seen_and_left_alone(deployed: sa.Engine, folder: SqlFolder) -> None:
    change_by_hand(deployed, "ops.count_longer", "COUNT(*)", "COUNT(*) + 100")
    assert states(deployed, folder)["ops.count_longer"] == "changed on the server by hand"
    assert not status(deployed, folder.path).is_current
    folder.view(where="s.name <> N'a'")  # something else changes
    report = upgrade(deployed, folder=folder.path)
    assert report.left_alone == ["ops.count_longer"] and "ops.low" in report.replaced
    assert count_longer(deployed, least=0) == 101
    assert states(deployed, folder)["ops.count_longer"] == "changed on the server by hand"


def test_change_on_both_sides_refuses_everything(deployed: sa.Engine, folder: SqlFolder) -> None:
    change_by_hand(deployed, "ops.count_longer", "COUNT(*)", "COUNT(*) + 100")
    folder.procedure(more="SET @number = @number * 10;\n")
    folder.view(where="s.name <> N'a'")
    assert states(deployed, folder)["ops.count_longer"] == "changed in file and on the server"
    with pytest.raises(DeployConflict) as caught:
        upgrade(deployed, folder=folder.path)
    assert caught.value.names == ["ops.count_longer"] and "--overwrite" in caught.value.hint
    assert states(deployed, folder)["ops.low"] == "changed in file"  # nothing else was deployed either
    upgrade(deployed, overwrite=["ops.count_longer"], folder=folder.path)
    assert count_longer(deployed, least=0) == 10 and status(deployed, folder.path).is_current


def test_overwrite_also_loses_a_change_whose_file_is_the_same(deployed: sa.Engine, folder: SqlFolder) -> None:
    change_by_hand(deployed, "ops.count_longer", "COUNT(*)", "COUNT(*) + 100")
    upgrade(deployed, overwrite=["OPS.count_longer"], folder=folder.path)
    assert count_longer(deployed, least=0) == 2 and status(deployed, folder.path).is_current


def test_overwrite_of_an_unknown_name_is_refused(deployed: sa.Engine, folder: SqlFolder) -> None:
    with pytest.raises(AcmError, match=r"no object ops\.nothing"):
        upgrade(deployed, overwrite=["ops.nothing"], folder=folder.path)


def test_object_of_the_dba_with_our_name_is_not_overwritten(engine: sa.Engine, folder: SqlFolder) -> None:
    execute(engine, "CREATE VIEW ops.low AS SELECT 1 AS one")
    with pytest.raises(DeployConflict):
        upgrade(engine, folder=folder.path)
    upgrade(engine, overwrite=["ops.low"], folder=folder.path)
    assert status(engine, folder.path).is_current


def test_view_changed_by_hand_survives_the_change_of_one_below(deployed: sa.Engine, folder: SqlFolder) -> None:
    change_by_hand(deployed, "ops.above", "name", "name") if deployed.dialect.name == "mssql" else None
    text = "CREATE VIEW ops.above AS SELECT l.name, 7 AS length FROM ops.low AS l"
    execute(deployed, "DROP VIEW ops.above")
    execute(deployed, text)
    folder.view("s.value, s.name")
    report = upgrade(deployed, folder=folder.path)
    assert report.left_alone == ["ops.above"]
    assert count_longer(deployed, least=6) == 2
    assert states(deployed, folder)["ops.above"] == "changed on the server by hand"


# -- all or nothing ------------------------------------------------------------------------------------------------------


def _no_babelfish(engine: sa.Engine) -> None:
    with engine.connect() as connection:
        if getattr(server_of(connection), "is_babelfish", False):
            pytest.skip(
                "Babelfish gives no rights on schemas within a transaction, so the runner leaves them out there"
            )


def test_failing_script_leaves_the_database_as_it_was(deployed: sa.Engine, folder: SqlFolder) -> None:
    _no_babelfish(deployed)
    before, stamps = states(deployed, folder), _stamps(deployed)
    folder.procedure(more="SET @number = 5;\n")
    folder.view("s.value, s.name")
    folder.permissions("GRANT SELECT ON SCHEMA::ops TO nobody_of_that_name;\n")
    with pytest.raises(AcmError, match=r"sql/permissions/roles\.sql is refused by the server: .*nobody_of_that_name"):
        upgrade(deployed, folder=folder.path)
    assert _stamps(deployed) == stamps
    assert count_longer(deployed, least=0) == 2
    folder.permissions("")
    folder.procedure()
    folder.view()
    assert states(deployed, folder) == before == dict.fromkeys(before, "current")


def test_first_upgrade_that_fails_leaves_an_empty_database(
    make_engine: Callable[..., sa.Engine], folder: SqlFolder
) -> None:
    engine = make_engine()
    _no_babelfish(engine)
    folder.permissions("GRANT SELECT ON SCHEMA::ops TO nobody_of_that_name;\n")
    with pytest.raises(AcmError):
        upgrade(engine, folder=folder.path)
    with engine.connect() as connection:
        assert migrations.current(connection) is None
        assert not migrations.has_table(connection, "core", "client")


def test_file_that_does_not_compile_changes_nothing(deployed: sa.Engine, folder: SqlFolder) -> None:
    folder.view(where="s.name <> N'a'")
    folder.procedure(more="SET @number = GETDATE();\n")
    with pytest.raises(CompileError, match="GETDATE"):
        upgrade(deployed, folder=folder.path)
    folder.procedure()
    assert states(deployed, folder)["ops.low"] == "changed in file"


def test_two_upgrades_at_once_do_the_work_once(make_engine: Callable[..., sa.Engine], folder: SqlFolder) -> None:
    engine = make_engine()
    reports: list[Any] = []

    def run() -> None:
        reports.append(upgrade(engine, folder=folder.path))

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(len(report.created) for report in reports) == [0, 0, 4]
    assert status(engine, folder.path).is_current


# -- tables --------------------------------------------------------------------------------------------------------------


def test_views_make_way_for_a_migration_and_come_back(
    deployed: sa.Engine, folder: SqlFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL changes no column that a view uses."""
    if deployed.dialect.name == "mssql":
        pytest.skip("SQL Server changes columns under views")
    execute(
        deployed, "CREATE OR REPLACE VIEW ops.above AS SELECT l.name, length(l.name) + 50 AS length FROM ops.low AS l"
    )

    def migrate(connection: sa.Connection, revision: str = "head") -> None:
        connection.execute(sa.text("ALTER TABLE ops.setting ALTER COLUMN value TYPE varchar(500)"))

    monkeypatch.setattr(migrations, "head", lambda: "9999")
    monkeypatch.setattr(migrations, "upgrade", migrate)
    report = upgrade(deployed, folder=folder.path)
    assert report.left_alone == ["ops.above"]
    assert count_longer(deployed, least=50) == 2
    with deployed.connect() as connection:
        names = {item.state for item in runner.status(deployed, folder.path).objects}
        assert names == {"current", "changed on the server by hand"}
        kind = "SELECT character_maximum_length FROM information_schema.columns WHERE table_name = 'low' AND column_name = 'value'"
        assert connection.execute(sa.text(kind)).scalar() == 500


def test_downgrade_and_upgrade_again(deployed: sa.Engine, folder: SqlFolder) -> None:
    with pytest.raises(AcmError, match="no revision 9999"):
        downgrade(deployed, "9999", folder.path)
    assert status(deployed, folder.path).is_current
    assert sorted(downgrade(deployed, "base", folder.path)) == NAMES
    with deployed.connect() as connection:
        assert migrations.current(connection) is None
        assert not migrations.has_table(connection, "core", "client")
    report = upgrade(deployed, folder=folder.path)
    assert sorted(report.created) == NAMES and status(deployed, folder.path).is_current


def test_downgrade_refuses_to_lose_a_change_by_hand(deployed: sa.Engine, folder: SqlFolder) -> None:
    change_by_hand(deployed, "ops.count_longer", "COUNT(*)", "COUNT(*) + 100")
    with pytest.raises(DeployConflict):
        downgrade(deployed, "base", folder.path)
    assert count_longer(deployed, least=0) == 102


def test_revisions_make_what_the_models_say(make_engine: Callable[..., sa.Engine], tables_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext

    from app.models import SCHEMAS, Base

    engine = make_engine(tables_url)
    if engine.dialect.name == "mssql":
        pytest.skip("compared on PostgreSQL, whose catalogue Alembic reads in full")
    with engine.connect() as connection:
        options = {
            "include_schemas": True,
            "compare_type": True,
            "version_table_schema": "ops",
            "include_name": lambda name, kind, parents: kind != "schema" or name in SCHEMAS,
        }
        differences = compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)
    assert [d for d in differences if "alembic_version" not in str(d)] == []


def test_fresh_install_equals_upgrade_step_by_step(
    make_engine: Callable[..., sa.Engine], template_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if make_engine().dialect.name == "mssql":
        pytest.skip("the same revisions and files; compared on PostgreSQL's catalogue")
    fresh, stepped = make_engine(template_url), make_engine()
    from alembic.script import ScriptDirectory

    revisions = [s.revision for s in reversed(list(ScriptDirectory.from_config(migrations.config()).walk_revisions()))]
    assert len(revisions) > 1
    with stepped.begin() as connection:
        for revision in revisions[:-1]:
            migrations.upgrade(connection, revision)
    upgrade(stepped)
    assert _catalogue(fresh) == _catalogue(stepped)


def _catalogue(engine: sa.Engine) -> list[tuple[Any, ...]]:
    """Columns, constraints, indexes, views and functions, without what depends on the moment."""
    queries = [
        "SELECT table_schema, table_name, column_name, data_type, is_nullable, column_default, character_maximum_length,"
        " identity_generation, ordinal_position FROM information_schema.columns",
        "SELECT n.nspname, c.conname, pg_get_constraintdef(c.oid) FROM pg_constraint AS c JOIN pg_namespace AS n"
        " ON n.oid = c.connamespace",
        "SELECT schemaname, indexname, indexdef FROM pg_indexes",
        "SELECT n.nspname, c.relname, pg_get_viewdef(c.oid) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace"
        " WHERE c.relkind = 'v'",
        "SELECT n.nspname, p.proname, pg_get_functiondef(p.oid) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
        " WHERE p.prokind = 'f'",
    ]
    with engine.connect() as connection:
        rows = [tuple(row) for query in queries for row in connection.execute(sa.text(query))]
    return sorted((row for row in rows if row[0] not in ("pg_catalog", "information_schema")), key=repr)
