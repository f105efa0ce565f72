"""Alembic's entry: runs the revisions on the connection that app.database.deploy.migrations hands over.

Nobody calls alembic itself: `acm db upgrade` does, so that tables and the objects of sql/ change together.
"""

from __future__ import annotations

from alembic import context

from app.database.deploy.migrations import VERSION_SCHEMA, VERSION_TABLE
from app.models import Base


def run() -> None:
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        version_table_schema=VERSION_SCHEMA,
        include_schemas=True,
        compare_type=True,
        transaction_per_migration=False,
    )
    context.run_migrations()


run()
