"""The revisions of Alembic make the very tables that the models describe."""

from __future__ import annotations

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, inspect

from app.database.deploy.migrations import VERSION_SCHEMA, VERSION_TABLE
from app.models import SCHEMAS, Base


def _differences(engine: Engine) -> list[object]:
    def named(name: str | None, kind: str, parents: dict) -> bool:
        if kind == "schema":
            return name in SCHEMAS
        return not (kind == "table" and name == VERSION_TABLE and parents.get("schema_name") == VERSION_SCHEMA)

    with engine.connect() as connection:
        options = {"include_schemas": True, "compare_type": True, "include_name": named}
        return compare_metadata(MigrationContext.configure(connection, opts=options), Base.metadata)


def test_the_tables_are_those_of_the_models(engine: Engine):
    if engine.dialect.name == "mssql":
        made = {f"{schema}.{name}" for schema in SCHEMAS for name in inspect(engine).get_table_names(schema=schema)}
        assert set(Base.metadata.tables) <= made
    else:
        assert _differences(engine) == []
