"""Engines: one way to reach the database, whichever it is.

    embedded                                        the PostgreSQL that acm starts itself (the default)
    postgresql+psycopg://user:password@host/db      a PostgreSQL server
    mssql+pyodbc://user:password@host:port/db       SQL Server 2012 and later, or Babelfish

Arguments of a SQL Server URL are keywords of its ODBC driver: `?Encrypt=yes&TrustServerCertificate=no` (the
driver's own defaults: encrypted, certificate checked), `MultiSubnetFailover=yes`, `driver=` a path or a known name.
"""

from __future__ import annotations

import os
import re
import time
import weakref
from typing import Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, ExceptionContext, make_url

from app.database.embedded import embedded_postgres
from app.database.mssql_driver import find_driver, load_pyodbc
from app.errors import AcmError
from app.i18n import gettext as _
from app.log import get_logger
from app.settings import get_settings

log = get_logger(__name__)

CONNECT_SECONDS = 10
#: ODBC keywords that the URL's own parts give, and so may not be given again as arguments.
_OWN_KEYWORDS = {"server", "database", "uid", "pwd", "app", "driver"}


class DatabaseUnavailable(AcmError):
    """No connection: the server is down, refuses the login, or has no such database.

    `permanent` says that it is of no use to try again before somebody has mended something.
    """

    def __init__(self, message: str, hint: str = "", permanent: bool = False) -> None:
        super().__init__(message, hint)
        self.permanent = permanent


def create_engine(
    url: str | URL | None = None,
    program: str = "acm web",
    *,
    pool_size: int = 10,
    max_overflow: int = 20,
    **options: Any,
) -> Engine:
    """An engine for `url` (default: ACM_DATABASE_URL), whose sessions the server lists under the name `program`.

    Sessions are READ COMMITTED, in UTC, and quiet about notices. Nothing is connected yet, but the embedded server is
    started. Raises AcmError for a URL or a driver that cannot work; a connection that fails raises DatabaseUnavailable.
    `options` go to sqlalchemy.create_engine.
    """
    if url is None:
        url = get_settings().database_url.get_secret_value()
    embedded = str(url) == "embedded"
    if embedded:
        url = embedded_postgres().url()
    parsed = _parse(url)
    options = {
        "pool_pre_ping": True,
        "isolation_level": "READ COMMITTED",
        "pool_size": pool_size,
        "max_overflow": max_overflow,
        **options,
    }
    if "poolclass" in options and options["poolclass"] is not sqlalchemy.QueuePool:
        del options["pool_size"], options["max_overflow"]
    make = _postgresql if parsed.get_backend_name() == "postgresql" else _mssql
    engine = make(parsed, program, options)
    event.listen(engine, "handle_error", _explain_failed_connection, retval=True)
    if embedded:
        event.listen(engine, "do_connect", _find_embedded)
    _engines.add(engine)
    return engine


def wait_ready(engine: Engine, timeout: float = 60.0) -> None:
    """Return when the database answers.

    Raises DatabaseUnavailable after `timeout` seconds, or at once when waiting is of no use, as with a wrong login.
    """
    until = time.monotonic() + timeout
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(sqlalchemy.text("SELECT 1"))
            return
        except DatabaseUnavailable as error:
            if error.permanent or time.monotonic() > until:
                raise
        time.sleep(0.5)


def _parse(url: str | URL) -> URL:
    hint = _(
        "Examples: embedded; postgresql+psycopg://user:password@host/db; mssql+pyodbc://user:password@host:1433/db."
    )
    try:
        parsed = make_url(url)
    except (sqlalchemy.exc.ArgumentError, ValueError):
        # Not chained: the text of that error is the URL with its password.
        raise AcmError(_("ACM_DATABASE_URL is not the URL of a database."), hint) from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "mssql":
        parsed = parsed.set(drivername="mssql+pyodbc")
    if parsed.drivername not in ("postgresql+psycopg", "mssql+pyodbc"):
        raise AcmError(_("ACM_DATABASE_URL: %(name)s is not supported.", name=parsed.drivername), hint)
    if not parsed.database:
        raise AcmError(_("ACM_DATABASE_URL names no database."), hint)
    return parsed


#: Views and functions of sql/ are put into the statement that asks them, so that its joins count more tables than
#: PostgreSQL plans together by itself; past that limit it works the inner ones out for the whole base.
SESSION = (
    "-c client_min_messages=warning -c timezone=UTC -c join_collapse_limit=30 -c from_collapse_limit=30 -c jit=off"
)


def _postgresql(url: URL, program: str, options: dict[str, Any]) -> Engine:
    given = url.query.get("options", "")
    given = " ".join(given) if isinstance(given, tuple) else given
    session = f"{SESSION} {given}".strip()
    arguments = {"application_name": program, "connect_timeout": CONNECT_SECONDS} | options.pop("connect_args", {})
    url = url.difference_update_query(["options"])
    for name in list(arguments):
        if name in url.query:  # what the URL says wins
            del arguments[name]
    return sqlalchemy.create_engine(url, connect_args={**arguments, "options": session}, **options)


def _mssql(url: URL, program: str, options: dict[str, Any]) -> Engine:
    pyodbc = load_pyodbc()
    text = odbc_string(url, program)
    arguments = options.pop("connect_args", {})

    def connect() -> Any:
        return pyodbc.connect(text, timeout=CONNECT_SECONDS, **arguments)

    # The connection string goes in by `creator`: in the URL it would show the password wherever the engine is printed.
    named = {"driver": "ODBC Driver for SQL Server"}  # the dialect warns without a name
    shown = URL.create("mssql+pyodbc", url.username, None, url.host, url.port, url.database, named)
    engine = sqlalchemy.create_engine(shown, creator=connect, fast_executemany=True, **options)
    event.listen(engine, "first_connect", _warn_without_snapshot)
    return engine


def odbc_string(url: URL, program: str) -> str:
    """The ODBC connection string for a mssql+pyodbc URL. Holds the password: not to be shown."""
    query = {
        name: value if isinstance(value, str) else value[-1]
        for name, value in url.query.items()
        if name.lower() not in _OWN_KEYWORDS
    }
    named = {name.lower(): value for name, value in url.query.items()}
    driver = named.get("driver") or find_driver()
    host = url.host or "localhost"
    server = f"tcp:{host}" + (f",{url.port}" if url.port else "")
    parts: dict[str, str] = {"DRIVER": str(driver), "SERVER": server, "DATABASE": str(url.database)}
    if url.username:
        parts |= {"UID": url.username, "PWD": str(url.password or "")}
    else:
        parts["Trusted_Connection"] = "yes"
    parts |= {"APP": program} | query
    return ";".join(f"{name}={_braced(value)}" for name, value in parts.items())


def _braced(value: str) -> str:
    """A value for an ODBC string; braces where its letters would end it or begin another keyword."""
    if re.fullmatch(r"[\w.:,\\/-]*", value):
        return value
    return "{" + value.replace("}", "}}") + "}"


def _warn_without_snapshot(connection: Any, _record: Any) -> None:
    if snapshot_reads(connection) is False:
        log.warning(
            "readers wait for writers: READ_COMMITTED_SNAPSHOT is off",
            mend="ALTER DATABASE CURRENT SET READ_COMMITTED_SNAPSHOT ON WITH ROLLBACK IMMEDIATE",
        )


def snapshot_reads(connection: Any) -> bool | None:
    """Whether readers of this SQL Server database see the last committed rows instead of waiting for writers.

    `connection` is a DBAPI connection. None when the server (Babelfish, which always works so) does not tell.
    """
    cursor = connection.cursor()
    try:
        row = cursor.execute(
            "SELECT is_read_committed_snapshot_on, CAST(SERVERPROPERTY('Edition') AS nvarchar(128)), @@VERSION"
            " FROM sys.databases WHERE name = DB_NAME()"
        ).fetchone()
    except load_pyodbc().Error:
        return None
    finally:
        cursor.close()
        connection.rollback()
    if row is None or "Babelfish" in str(row[2]):
        return None
    return bool(row[0])


def _find_embedded(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
    """Before each new connection: start the embedded server again should it be gone, and take its port of today."""
    parameters["port"] = embedded_postgres().port


def _explain_failed_connection(context: ExceptionContext) -> DatabaseUnavailable | None:
    """Give a connection that could not be made one clear line, without the password."""
    if context.connection is not None or context.statement is not None or context.is_pre_ping:
        return None
    if context.engine is None:
        return None
    return explain(str(context.original_exception), context.engine.url)


def explain(words: str, url: URL) -> DatabaseUnavailable:
    """What a driver (PostgreSQL's or Microsoft's) says when it cannot connect, and how to mend it."""

    def says(pattern: str) -> bool:
        return re.search(pattern, words, re.IGNORECASE) is not None

    where = f"{url.host or 'localhost'}{f':{url.port}' if url.port else ''}"
    check = _("Check ACM_DATABASE_URL.")
    if says(r'database "[^"]*" does not exist|cannot open database|\(4060\)|database "[^"]*" .*cannot be opened'):
        return DatabaseUnavailable(
            _("There is no database %(database)s at %(where)s, or %(user)s may not open it.",
              database=url.database, where=where, user=url.username or "-"),
            check, permanent=True,
        )  # fmt: skip
    if says(r"password authentication failed|login failed|no password supplied|no pg_hba\.conf entry|\(18456\)"):
        return DatabaseUnavailable(
            _("The database at %(where)s refuses the login of %(user)s.", where=where, user=url.username or "-"),
            _("Check the user and the password in ACM_DATABASE_URL."),
            permanent=True,
        )
    if says(r"certificate|ssl provider|ssl error"):
        return DatabaseUnavailable(
            _("The certificate of the database at %(where)s is not trusted.", where=where),
            _("Install its authority's certificate; in a test network, add TrustServerCertificate=yes to the URL."),
            permanent=True,
        )
    if says(r"can't open lib|libgssapi|data source name not found"):
        return DatabaseUnavailable(
            _("The ODBC driver for SQL Server cannot be loaded."),
            _("Run `pip install --force-reinstall mssql-python-odbc` and `apt-get install libodbc2 libgssapi-krb5-2`."),
            permanent=True,
        )
    if says(r"too many clients|remaining connection slots|too many connections"):
        return DatabaseUnavailable(
            _("The database at %(where)s takes no more connections.", where=where),
            _("Raise its limit of connections, or run fewer workers."),
        )
    if says(
        r"connection refused|timeout expired|timed out|resolve|name or service not known|starting up|shutting down"
        r"|unreachable|unable to connect|tcp provider|connection timeout|closed the connection|communication link"
    ):
        return DatabaseUnavailable(
            _("There is no answer from the database at %(where)s.", where=where),
            _("Check that it runs and that ACM_DATABASE_URL names it."),
        )
    reason = re.sub(r"\s+", " ", re.sub(r"\[[^\]]*\]", "", words)).strip(" ()'\"")[:200]
    return DatabaseUnavailable(
        _("The database at %(where)s cannot be reached: %(reason)s", where=where, reason=reason), check
    )


_engines: weakref.WeakSet[Engine] = weakref.WeakSet()


def _forget_parents_connections() -> None:
    """In a child made by fork: the sockets belong to the parent, so they are left alone and new ones are made."""
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_parents_connections)
