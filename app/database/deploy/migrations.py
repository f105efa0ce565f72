"""Tables: Alembic's revisions in migrations/, run on a connection whose transaction the caller holds."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError

from app.errors import AcmError
from app.i18n import gettext as _

ROOT = Path(__file__).resolve().parents[3]
VERSION_SCHEMA = "ops"
VERSION_TABLE = "alembic_version"


def config(connection: sa.Connection | None = None) -> Config:
    """Alembic's configuration, made here so that no alembic.ini is needed."""
    settings = Config()
    settings.set_main_option("script_location", str(ROOT / "migrations").replace("%", "%%"))
    settings.attributes["connection"] = connection
    return settings


def head() -> str | None:
    """The newest revision in migrations/."""
    return ScriptDirectory.from_config(config()).get_current_head()


def current(connection: sa.Connection) -> str | None:
    """The revision that the database is at; None when it has no tables of ours."""
    if not has_table(connection, VERSION_SCHEMA, VERSION_TABLE):
        return None
    options = {"version_table": VERSION_TABLE, "version_table_schema": VERSION_SCHEMA}
    return MigrationContext.configure(connection, opts=options).get_current_revision()


def has_table(connection: sa.Connection, schema: str, table: str) -> bool:
    question = "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = :schema AND table_name = :table"
    return bool(connection.execute(sa.text(question), {"schema": schema, "table": table}).scalar())


def upgrade(connection: sa.Connection, revision: str = "head") -> None:
    """Run the revisions up to `revision`, in the connection's transaction."""
    if not has_table(connection, VERSION_SCHEMA, VERSION_TABLE):
        _make_version_schema(connection)
    try:
        command.upgrade(config(connection), revision)
    except CommandError as error:
        raise _unknown(revision, error) from error


def downgrade(connection: sa.Connection, revision: str) -> None:
    """Run the revisions back to `revision` ("base": nothing left), in the connection's transaction."""
    try:
        command.downgrade(config(connection), revision)
    except CommandError as error:
        raise _unknown(revision, error) from error


def _unknown(revision: str, error: CommandError) -> AcmError:
    words = str(error).rstrip(".")
    if "such revision" in words or "locate revision" in words or "Ambiguous" in words:
        known = ", ".join(
            script.revision for script in reversed(list(ScriptDirectory.from_config(config()).walk_revisions()))
        )
        return AcmError(
            _("There is no revision %(revision)s in migrations/.", revision=revision),
            _("The revisions are: base, %(known)s.", known=known),
        )
    return AcmError(_("The revisions cannot be run: %(words)s.", words=words))


def _make_version_schema(connection: sa.Connection) -> None:
    """Alembic writes its version before the first revision, which makes the schemas."""
    question = "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = :name"
    if not connection.execute(sa.text(question), {"name": VERSION_SCHEMA}).scalar():
        connection.execute(sa.schema.CreateSchema(VERSION_SCHEMA))
