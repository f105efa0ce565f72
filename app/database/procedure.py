"""Calling the procedures of sql/ by name, the same way on both engines.

The names of procedures and parameters are constants of app/procedures; values travel as bound parameters only.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.errors import ProcedureError

_PROCEDURE = re.compile(r"[a-z]+\.[a-z0-9_]+\Z")
_PARAMETER = re.compile(r"[a-z0-9_]+\Z")
# ODBC puts the number of a THROW at the end of its message: "[...]The campaign is archived. (50012) (SQLExecDirectW)".
_ODBC_ERROR = re.compile(r"^(?:\s*\[[^\]]*\])*(?P<message>.*?)\s*\((?P<number>50[0-9]{3})\)", re.DOTALL)


def call(connection: Connection, procedure: str, /, **values: Any) -> Sequence[Any]:
    """Run a procedure in the connection's transaction and return its rows (attributes by column name).

    Raises ProcedureError for a refusal of the procedure (THROW 50001 to 50999) and SQLAlchemy's DBAPIError otherwise.
    """
    if not _PROCEDURE.match(procedure) or not all(_PARAMETER.match(name) for name in values):
        raise ValueError(f"not a procedure call: {procedure}({', '.join(values)})")
    try:
        if connection.dialect.name == "mssql":
            return _execute_mssql(connection, procedure, values)
        arguments = ", ".join(f"p_{name} => :{name}" for name in values)
        return connection.execute(text(f"SELECT * FROM {procedure}({arguments})"), values).all()  # noqa: S608
    except DBAPIError as error:
        refusal = _refusal(error)
        if refusal:
            raise refusal from error
        raise


def _execute_mssql(connection: Connection, procedure: str, values: dict[str, Any]) -> Sequence[Any]:
    arguments = ", ".join(f"@{name} = ?" for name in values)
    cursor = connection.connection.cursor()
    try:
        cursor.execute(f"EXECUTE {procedure} {arguments}", *[_plain(value) for value in values.values()])
        rows: list[Any] = []
        while True:
            if cursor.description and not rows:
                row = namedtuple("Row", [column[0] for column in cursor.description])  # type: ignore[misc]
                rows = [row(*values) for values in cursor.fetchall()]
            # ODBC reports an error that follows a result set only when the caller walks on to the next one.
            if not cursor.nextset():
                return rows
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError(f"EXECUTE {procedure}", None, error) from error
    finally:
        cursor.close()


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, bool) else value


def _refusal(error: DBAPIError) -> ProcedureError | None:
    """The refusal that a driver's error carries, or None. PostgreSQL: SQLSTATE ACnnn is THROW 50nnn."""
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(state, str) and state.startswith("AC"):
        diagnostics = getattr(error.orig, "diag", None)
        message = getattr(diagnostics, "message_primary", None) or str(error.orig)
        return ProcedureError(50000 + int(state[2:]), message)
    match = _ODBC_ERROR.match(str(error.orig.args[-1])) if error.orig is not None and error.orig.args else None
    return ProcedureError(int(match["number"]), match["message"]) if match else None
