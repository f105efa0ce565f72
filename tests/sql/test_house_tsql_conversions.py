"""CAST, CONVERT and TRY_CONVERT; ISNULL, COALESCE, NULLIF, CASE, IIF."""

from __future__ import annotations

import uuid
from datetime import date, datetime
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.sql.house_tsql import run, skip_on_babelfish, value

TEXT = "nvarchar(100)"


@pytest.mark.parametrize(
    ("expression", "kind", "expected"),
    [
        ("CAST(2.9 AS int)", "int", 2),  # truncated, not rounded
        ("CAST(-2.9 AS int)", "int", -2),
        ("CAST(CAST(2.9 AS float) AS int)", "int", 2),
        ("CONVERT(int, 2.5)", "int", 2),
        ("CAST(2.5 AS bigint)", "bigint", 2),
        ("CAST(N'12' AS int)", "int", 12),
        ("CAST(N' 12 ' AS int)", "int", 12),
        ("CAST(N'-12' AS int)", "int", -12),
        ("CAST(N'' AS int)", "int", 0),
        ("CAST(@none AS int)", "int", None),
        ("CAST(NULL AS int)", "int", None),
        ("CAST(5 AS bit)", "bit", 1),
        ("CAST(-1 AS bit)", "bit", 1),
        ("CAST(0 AS bit)", "bit", 0),
        ("CAST(0.5 AS bit)", "bit", 1),
        ("CAST(@null_int AS bit)", "bit", None),
        ("CAST(2.345 AS decimal(9,2))", "decimal(9,2)", Decimal("2.35")),  # rounded, halves away from zero
        ("CAST(-2.345 AS decimal(9,2))", "decimal(9,2)", Decimal("-2.35")),
        ("CAST(N'1.5' AS decimal(9,2))", "decimal(9,2)", Decimal("1.50")),
        ("CAST(7 AS decimal(9,2))", "decimal(9,2)", Decimal("7.00")),
        ("CAST(N'1.5' AS float)", "float", 1.5),
        ("CAST(12 AS nvarchar(20))", TEXT, "12"),
        ("CAST(CAST(1.50 AS decimal(5,2)) AS nvarchar(20))", TEXT, "1.50"),
        ("CAST(@flag AS nvarchar(5))", TEXT, "1"),
        ("CAST(N'abcdef' AS nvarchar(3))", TEXT, "abc"),
        ("CAST(@day AS nvarchar(20))", TEXT, "2026-02-28"),
        ("CAST(@moment AS nvarchar(30))", TEXT, "2026-02-28 10:00:00.000"),
        ("CONVERT(nvarchar(10), @moment)", TEXT, "2026-02-28"),
        ("CAST(@moment AS date)", "date", date(2026, 2, 28)),
        ("CONVERT(date, @moment)", "date", date(2026, 2, 28)),
        ("CAST(@day AS datetime2(3))", "datetime2(3)", datetime(2026, 2, 28)),
        ("CAST(N'2026-02-28T23:59:59.123' AS datetime2(3))", "datetime2(3)", datetime(2026, 2, 28, 23, 59, 59, 123000)),
        ("CAST(N'20260228' AS date)", "date", date(2026, 2, 28)),
        ("CAST(N'2026-02-28 23:59:59.9999' AS datetime2(3))", "datetime2(3)", datetime(2026, 3, 1)),
        ("CAST(CAST(N'6f9619ff-8b86-d011-b42d-00c04fc964ff' AS uniqueidentifier) AS nvarchar(36))", TEXT,
         "6F9619FF-8B86-D011-B42D-00C04FC964FF"),
    ],
)  # fmt: skip
def test_cast(connection: Connection, expression: str, kind: str, expected: object) -> None:
    declare = """
DECLARE @none nvarchar(10), @null_int int, @flag bit = 1, @day date = CAST(N'2026-02-28' AS date);
DECLARE @moment datetime2(3) = CAST(N'2026-02-28 10:00:00' AS datetime2(3));"""
    assert value(connection, expression, kind, declare) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "CAST(@x AS int)",
        "CAST(@x AS decimal(9,2))",
        "CAST(@x AS date)",
        "CAST(@x AS datetime2(3))",
        "CAST(@x AS float)",
    ],
)
def test_cast_of_a_wrong_text_is_an_error(connection: Connection, expression: str) -> None:
    skip_on_babelfish(connection, expression)
    with pytest.raises(sa.exc.DBAPIError):
        run(
            connection,
            f"DECLARE @x nvarchar(20) = N'12a';\nDECLARE @y nvarchar(50) = CONCAT(N'', {expression.replace('float', 'int')});",
        )


@pytest.mark.parametrize(
    ("text", "kind", "expected"),
    [
        ("12", "int", 12),
        (" -12 ", "int", -12),
        ("+5", "int", 5),
        ("12.0", "int", None),
        ("1e3", "int", None),
        ("abc", "int", None),
        ("", "int", 0),
        ("2147483647", "int", 2147483647),
        ("2147483648", "int", None),
        ("2147483648", "bigint", 2147483648),
        ("99999999999999999999", "bigint", None),
        ("1.239", "decimal(5,2)", Decimal("1.24")),
        ("-1.235", "decimal(5,2)", Decimal("-1.24")),
        ("999.99", "decimal(5,2)", Decimal("999.99")),
        ("1000", "decimal(5,2)", None),
        (".5", "decimal(5,2)", Decimal("0.50")),
        ("x", "decimal(5,2)", None),
        ("NaN", "decimal(5,2)", None),
        ("1,5", "decimal(5,2)", None),
        ("2026-02-28", "date", date(2026, 2, 28)),
        ("20260228", "date", date(2026, 2, 28)),
        ("2024-02-29", "date", date(2024, 2, 29)),
        ("2026-02-29", "date", None),
        ("2026-13-01", "date", None),
        ("yesterday", "date", None),
        ("infinity", "date", None),
        ("2026-02-28 23:59:59", "datetime2(3)", datetime(2026, 2, 28, 23, 59, 59)),
        ("2026-02-28T23:59:59.5", "datetime2(3)", datetime(2026, 2, 28, 23, 59, 59, 500000)),
        ("2026-02-28 24:00:00", "datetime2(3)", None),
        ("2026-02-28 23:60:00", "datetime2(3)", None),
        ("now", "datetime2(3)", None),
    ],
)
def test_try_convert_gives_null_for_what_is_wrong(
    connection: Connection, text: str, kind: str, expected: object
) -> None:
    skip_on_babelfish(connection, f"TRY_CONVERT({kind}, N'{text}')")
    declare = f"DECLARE @x nvarchar(50) = N'{text}', @none nvarchar(5);"
    assert value(connection, f"TRY_CONVERT({kind}, @x)", kind, declare) == expected
    assert value(connection, f"TRY_CAST(@x AS {kind})", kind, declare) == expected
    assert value(connection, f"TRY_CONVERT({kind}, @none)", kind, declare) is None


@pytest.mark.parametrize(
    ("expression", "kind", "expected"),
    [
        ("ISNULL(@none, 5)", "int", 5),
        ("ISNULL(@two, 5)", "int", 2),
        ("ISNULL(@two, NULL)", "int", 2),
        ("ISNULL(@text, N'x')", TEXT, "x"),
        ("COALESCE(@none, @none, 7)", "int", 7),
        ("COALESCE(@none, @none)", "int", None),
        ("COALESCE(@none, CAST(2.5 AS decimal(5,1)))", "decimal(5,1)", Decimal("2.5")),
        ("NULLIF(@two, 2)", "int", None),
        ("NULLIF(@two, 3)", "int", 2),
        ("NULLIF(N'', N'')", TEXT, None),
        ("NULLIF(@none, 1)", "int", None),
        ("IIF(@two = 2, N'yes', N'no')", TEXT, "yes"),
        ("IIF(@none = 2, N'yes', N'no')", TEXT, "no"),  # unknown is not true
        ("CASE WHEN @none = 1 THEN N'a' WHEN @two = 2 THEN N'b' END", TEXT, "b"),
        ("CASE WHEN @none = 1 THEN N'a' END", TEXT, None),
        ("CASE @two WHEN 1 THEN N'one' WHEN 2 THEN N'two' ELSE N'many' END", TEXT, "two"),
        ("CASE @none WHEN NULL THEN N'null' ELSE N'other' END", TEXT, "other"),  # NULL is never equal
        ("CASE WHEN NOT (@none = 1) THEN 1 ELSE 0 END", "int", 0),
        ("CASE WHEN @none IS NULL AND @two IS NOT NULL THEN 1 ELSE 0 END", "int", 1),
        ("CASE WHEN 1 IN (@none, 2) THEN 1 ELSE 0 END", "int", 0),
        ("CASE WHEN 1 NOT IN (@none, 2) THEN 1 ELSE 0 END", "int", 0),
        ("CASE WHEN @two BETWEEN 1 AND 2 THEN 1 ELSE 0 END", "int", 1),
        ("CASE WHEN @two NOT BETWEEN 3 AND 4 THEN 1 ELSE 0 END", "int", 1),
    ],
)
def test_null_and_choice(connection: Connection, expression: str, kind: str, expected: object) -> None:
    assert value(connection, expression, kind, "DECLARE @none int, @two int = 2, @text nvarchar(10);") == expected


def test_newid_is_new_each_time(connection: Connection) -> None:
    one, two = (uuid.UUID(str(value(connection, "NEWID()", "uniqueidentifier"))) for _ in range(2))
    assert one != two
