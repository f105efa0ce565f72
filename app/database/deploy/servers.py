"""The two kinds of server: how objects are read back, created, dropped, and how a deployment is locked."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from app.database.deploy.migrations import ROOT
from app.database.deploy.objects import Wanted, text_hash
from app.errors import AcmError
from app.i18n import gettext as _
from app.models import SCHEMAS

SUPPORT = Path(__file__).resolve().parents[1] / "tsql" / "support.sql"
LOCK_NAME = "acm db upgrade"
LOCK_SECONDS = 60


@dataclass
class Found:
    """An object on the server. `address` is what DROP takes, `text` its definition as the server gives it."""

    name: str
    kind: str
    address: str
    text: str

    @property
    def hash(self) -> str:
        return text_hash(self.text)


class Postgres:
    dialect = "postgresql"

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def run(self, script: str) -> None:
        """Run a script of several statements; a percent sign in it is only a percent sign."""
        raw = self.connection.connection.cursor()
        try:
            raw.execute(script)
        except self.connection.dialect.loaded_dbapi.Error as error:
            raise sa.exc.DBAPIError.instance(script, None, error, self.connection.dialect.loaded_dbapi.Error) from error
        finally:
            raw.close()

    def lock(self) -> None:
        """Wait for other deployments; the lock ends with the transaction."""
        self.connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_SECONDS}s'")
        try:
            self.connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": LOCK_NAME})
        except sa.exc.OperationalError as error:
            raise _busy() from error

    def before_objects(self) -> None:
        self.run(SUPPORT.read_text(encoding="utf-8"))

    def found(self) -> dict[str, Found]:
        """Views and functions in the schemas of ACM. Of a function with several signatures each is an entry."""
        functions = self.connection.execute(sa.text(
            "SELECT n.nspname || '.' || p.proname, l.lanname, CAST(CAST(p.oid AS regprocedure) AS text),"
            " pg_get_functiondef(p.oid)"
            " FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace"
            " JOIN pg_language AS l ON l.oid = p.prolang WHERE n.nspname = ANY(:schemas) AND p.prokind IN ('f', 'p')"
        ), {"schemas": list(SCHEMAS)})  # fmt: skip
        found: dict[str, Found] = {}
        for name, language, address, text in functions:
            key = name if name not in found else address
            found[key] = Found(name, "procedure" if language == "plpgsql" else "function", f"FUNCTION {address}", text)
        views = self.connection.execute(sa.text(
            "SELECT n.nspname || '.' || c.relname, pg_get_viewdef(c.oid) FROM pg_class AS c"
            " JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = ANY(:schemas) AND c.relkind = 'v'"
        ), {"schemas": list(SCHEMAS)})  # fmt: skip
        for name, text in views:
            found[name] = Found(name, "view", f"VIEW {name}", f"CREATE OR REPLACE VIEW {name} AS\n{text}")
        return found

    def create(self, item: Wanted, existing: list[Found]) -> bool:
        """Create the object, or replace it in place. False: it cannot be replaced so, drop it first."""
        others = [
            found for found in existing if found.kind == "view" or item.kind == "view" or not self._same(item, found)
        ]
        if others and not (item.kind == "view" and existing[0].kind == "view"):
            return False
        point = self.connection.begin_nested()
        try:
            self.run(item.script)
        except sa.exc.DBAPIError as error:
            point.rollback()
            # Columns of a view or a result changed, a parameter has another name, or a default is gone.
            if existing and getattr(error.orig, "sqlstate", "") in ("42P13", "42P16", "42P17"):
                return False
            raise failed(item.name, error) from error
        point.commit()
        return True

    def _same(self, item: Wanted, found: Found) -> bool:
        """Whether the function on the server has the parameters' types of the file."""
        if item.compiled is None:
            return False
        question = "SELECT CAST(to_regprocedure(:one) AS oid) = CAST(to_regprocedure(:two) AS oid)"
        names = {"one": item.compiled.signature, "two": found.address.removeprefix("FUNCTION ")}
        return bool(self.connection.execute(sa.text(question), names).scalar())

    def drop(self, found: Found) -> None:
        try:
            self.run(f"DROP {found.address}")
        except sa.exc.DBAPIError as error:
            raise failed(found.name, error) from error

    def permit(self, script: str) -> None:
        """Run a compiled file of sql/permissions."""
        self.run(script)

    def restore(self, found: Found) -> None:
        """Create again what was dropped for a while, as it was."""
        self.run(found.text)

    def frees_views_for_migrations(self) -> bool:
        return True  # a column that a view uses cannot be changed

    def after_objects(self, names: list[str]) -> None:
        for schema in SCHEMAS:
            self.run(f"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA {schema} FROM PUBLIC")


class Mssql:
    dialect = "mssql"

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        version = str(connection.exec_driver_sql("SELECT @@VERSION").scalar())
        product = str(
            connection.exec_driver_sql("SELECT CAST(SERVERPROPERTY('ProductVersion') AS nvarchar(64))").scalar()
        )
        numbers = [int(part) if part.isdigit() else 0 for part in product.split(".")]
        self.is_babelfish = "Babelfish" in version
        # CREATE OR ALTER came with SQL Server 2016 SP1.
        self.has_create_or_alter = not self.is_babelfish and numbers[:3] >= [13, 0, 4001]

    def run(self, script: str) -> None:
        """Run a script as one batch."""
        self.connection.exec_driver_sql(script)

    def lock(self) -> None:
        result = self.connection.exec_driver_sql(
            "SET NOCOUNT ON; DECLARE @result int; EXECUTE @result = sp_getapplock @Resource = N'acm db upgrade',"
            f" @LockMode = 'Exclusive', @LockOwner = 'Transaction', @LockTimeout = {LOCK_SECONDS * 1000};"
            " SELECT @result; SET NOCOUNT OFF;"  # Alembic counts the rows of its own statements
        ).scalar()
        if result is None or int(result) < 0:
            raise _busy()

    def before_objects(self) -> None:
        """Nothing is missing here."""

    def found(self) -> dict[str, Found]:
        rows = self.connection.execute(sa.text(
            "SELECT s.name AS schema_name, o.name, RTRIM(o.type) AS type, m.definition"
            " FROM sys.objects AS o JOIN sys.schemas AS s ON s.schema_id = o.schema_id"
                " JOIN sys.sql_modules AS m ON m.object_id = o.object_id"
            " WHERE o.type IN ('V', 'IF', 'P', 'FN', 'TF')"
        ))  # fmt: skip
        kinds = {"V": "view", "P": "procedure"}
        found = {}
        for schema, name, kind, text in rows:
            if schema in SCHEMAS:
                word = kinds.get(kind, "function")
                full = f"{schema}.{name}".lower()
                found[full] = Found(full, word, f"{word.upper()} {schema}.{name}", text or "")
        return found

    def create(self, item: Wanted, existing: list[Found]) -> bool:
        from app.database.deploy.bundle import plain_create

        if existing and (not self.has_create_or_alter or existing[0].kind != item.kind):
            return False
        try:
            self.run(item.script if self.has_create_or_alter else plain_create(item.script))
        except sa.exc.DBAPIError as error:
            raise failed(item.name, error) from error
        return True

    def permit(self, script: str) -> None:
        """Run a file of sql/permissions. Babelfish, on which files are only tried, fails at rights on whole schemas."""
        for batch in re.split(r"(?im)^\s*GO\s*$", script):
            if batch.strip() and not (self.is_babelfish and re.search(r"(?i)\bON\s+SCHEMA::", batch)):
                self.run(batch)

    def drop(self, found: Found) -> None:
        try:
            self.run(f"DROP {found.address}")
        except sa.exc.DBAPIError as error:
            raise failed(found.name, error) from error

    def restore(self, found: Found) -> None:
        self.run(found.text)

    def frees_views_for_migrations(self) -> bool:
        return self.is_babelfish

    def after_objects(self, names: list[str]) -> None:
        """Views keep the types of their tables' columns until they are refreshed."""
        if not self.is_babelfish:
            for name in names:
                self.run(f"EXECUTE sp_refreshview N'{name}'")


Server = Postgres | Mssql


def server_of(connection: sa.Connection) -> Server:
    return Mssql(connection) if connection.dialect.name == "mssql" else Postgres(connection)


def failed(name: str, error: sa.exc.DBAPIError) -> AcmError:
    """One line for a script that the server refuses."""
    diagnostics = getattr(error.orig, "diag", None)
    said = str(error.orig.args[-1] if error.orig else error).splitlines()[0]
    said = re.sub(r"^(\s*\[[^\]]*\])+|\s*\(\d+\) \(SQL\w+\).*$", "", said)  # the names and numbers of ODBC
    words = getattr(diagnostics, "message_primary", None) or said
    hint = getattr(diagnostics, "message_detail", None) or ""
    return AcmError(
        _("%(name)s is refused by the server: %(words)s", name=name, words=words), hint.splitlines()[0] if hint else ""
    )


def _busy() -> AcmError:
    return AcmError(
        _("Another deployment holds the lock for more than %(seconds)s seconds.", seconds=LOCK_SECONDS),
        _("Wait until it is done, then run acm db upgrade again."),
    )


def git_commit() -> str | None:
    """The commit that the files are of, where they are a git checkout."""
    try:
        done = subprocess.run(
            ["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()[:64] or None if done.returncode == 0 else None
