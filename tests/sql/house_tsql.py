"""Running pieces of house T-SQL on the engine under test: compiled on PostgreSQL, as they stand on SQL Server."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from sqlalchemy.engine import Connection

from app.database.deploy.bundle import plain_create
from app.database.procedure import call
from app.database.tsql import Catalog, compile_file

_number = itertools.count(1)

#: What Babelfish 4.4 gives otherwise; Microsoft's documentation decides what is expected.
NOT_ON_BABELFISH = {
    "CAST(@moment AS nvarchar(30))": "it leaves the zeros of the milliseconds out",
    "CONCAT(N'', @moment)": "it leaves the zeros of the milliseconds out",
    "CAST(@x AS datetime2(3))": "it reads 12a as a date",
    "TRY_CONVERT(int, N'')": "an empty text is not 0 there",
    "TRY_CONVERT(decimal(5,2), N'NaN')": "it reads PostgreSQL's special values",
    "TRY_CONVERT(date, N'yesterday')": "it reads PostgreSQL's special values",
    "TRY_CONVERT(date, N'infinity')": "it reads PostgreSQL's special values, and the driver hangs on this one",
    "TRY_CONVERT(datetime2(3), N'now')": "it reads PostgreSQL's special values",
    "TRY_CONVERT(datetime2(3), N'2026-02-28 24:00:00')": "24:00 is midnight there",
    "CAST(CAST(N'2026-01-01 23:59:59.700' AS datetime2(3)) AS time(0))": "it rounds to 24:00:00",
    "N'50%' LIKE N'%!%' ESCAPE N'!'": "its ESCAPE does not reach the last letter",
    "SET @n = CAST(@word AS int);": "TRY does not catch this error there",
    "OUTPUT deleted": "it does not find an UPDATE's own table variable by its alias",
    "READPAST": "creating procedures in two open transactions waits there; tests/sql/test_concurrency.py tries the locks",
}


def skip_on_babelfish(connection: Connection, expression: str) -> None:
    """Skip a test of an expression that Babelfish is known to work out otherwise than SQL Server."""
    if expression in NOT_ON_BABELFISH and connection.dialect.name == "mssql":
        version = connection.exec_driver_sql("SELECT @@VERSION").scalar()
        if "Babelfish" in str(version):
            pytest.skip(f"Babelfish: {NOT_ON_BABELFISH[expression]}")


def create(connection: Connection, text: str, catalog: Catalog | None = None) -> None:
    """Put one object on the server; it goes with the transaction of the test."""
    if connection.dialect.name == "mssql":
        compile_file("test.sql", text=text, catalog=catalog)  # what is refused is refused on both
        connection.exec_driver_sql(plain_create(text))
    else:
        cursor = connection.connection.cursor()
        cursor.execute(compile_file("test.sql", text=text, catalog=catalog).sql)
        cursor.close()


def procedure(body: str, returns: str = "nothing", parameters: str = "", name: str = "") -> tuple[str, str]:
    """Name and text of a procedure of house T-SQL."""
    name = name or f"ops.try_{next(_number)}"
    header = f"/*\n{name}  version 1.0.0  2026-11-23\n\nA test.\n\nReturns  {returns}\n*/\n"
    text = f"{header}CREATE OR ALTER PROCEDURE {name}\n{parameters}\nAS\nSET NOCOUNT ON;\nSET XACT_ABORT ON;\n{body}\n"
    return name, text


def run(connection: Connection, body: str, returns: str = "nothing", parameters: str = "", catalog: Catalog | None = None,
        **values: Any) -> list[tuple[Any, ...]]:  # fmt: skip
    """Create a procedure with this body and call it; its rows as tuples."""
    name, text = procedure(body, returns, parameters)
    create(connection, text, catalog)
    return [tuple(row) for row in call(connection, name, **values)]


def value(connection: Connection, expression: str, kind: str, declare: str = "") -> Any:
    """What an expression gives, as a value of the T-SQL type `kind`; bit comes as 0 or 1 from either engine."""
    skip_on_babelfish(connection, expression)
    rows = run(connection, f"{declare}\nSELECT {expression} AS value;", f"one row: value {kind}")
    assert len(rows) == 1
    return int(rows[0][0]) if isinstance(rows[0][0], bool) else rows[0][0]
