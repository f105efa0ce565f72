"""Arithmetic and numeric functions: integers stay integers, truncation and rounding as on SQL Server."""

from __future__ import annotations

from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.sql.house_tsql import run, value


@pytest.mark.parametrize(
    ("expression", "kind", "expected"),
    [
        ("7 / 2", "int", 3),
        ("-7 / 2", "int", -3),  # towards zero
        ("@minus / @two", "int", -3),
        ("7 % 3", "int", 1),
        ("-7 % 3", "int", -1),
        ("@minus % @two", "int", -1),
        ("1 + 2 * 3", "int", 7),
        ("(1 + 2) * 3", "int", 9),
        ("@none + 1", "int", None),
        ("- @two", "int", -2),
        ("CAST(7 AS decimal(9,2)) / 2", "decimal(9,2)", Decimal("3.50")),
        ("ABS(-5)", "int", 5),
        ("ABS(CAST(-5.5 AS decimal(5,1)))", "decimal(5,1)", Decimal("5.5")),
        ("FLOOR(@decimal)", "decimal(9,2)", 2),
        ("FLOOR(- @decimal)", "decimal(9,2)", -3),
        ("CEILING(@decimal)", "decimal(9,2)", 3),
        ("CEILING(- @decimal)", "decimal(9,2)", -2),
        ("FLOOR(7) / 2", "int", 3),  # of an integer it is an integer
        ("CEILING(@two) / 4", "int", 0),
        ("ROUND(@decimal, 0)", "decimal(9,2)", Decimal("3.00")),
        ("ROUND(- @decimal, 0)", "decimal(9,2)", Decimal("-3.00")),  # halves away from zero
        ("ROUND(CAST(2.345 AS decimal(9,3)), 2)", "decimal(9,3)", Decimal("2.350")),
        ("ROUND(1250, -2)", "int", 1300),
        ("ROUND(CAST(2.5 AS float), 0)", "float", 3.0),
        ("SIGN(-5)", "int", -1),
        ("SIGN(0) + 5 / 2", "int", 2),
        ("POWER(2, 10)", "int", 1024),
        ("POWER(2, -1)", "int", 0),  # the type of the first argument: 0.5 is 0
        ("POWER(CAST(2 AS float), -1)", "float", 0.5),
        ("POWER(@two, 3) / 3", "int", 2),
        ("ABS(@none)", "int", None),
        ("2147483647 + CAST(1 AS bigint)", "bigint", 2147483648),
        ("3000000000 + 1", "bigint", 3000000001),
        ("CASE WHEN @flag = 1 THEN 10 ELSE 20 END", "int", 10),
        ("CAST(1.5 AS float) * 2", "float", 3.0),
        ("1.5 * 2", "decimal(9,1)", Decimal("3.0")),
    ],
)
def test_number(connection: Connection, expression: str, kind: str, expected: object) -> None:
    declare = "DECLARE @two int = 2, @minus int = -7, @none int, @decimal decimal(9,2) = 2.5, @flag bit = 1;"
    assert value(connection, expression, kind, declare) == expected


@pytest.mark.parametrize("expression", ["1 / @zero", "1 % @zero", "2147483647 + @one", "CAST(300 AS tinyint) + @zero"])
def test_division_by_zero_and_overflow_are_errors(connection: Connection, expression: str) -> None:
    if connection.dialect.name == "postgresql" and "tinyint" in expression:
        pytest.skip("tinyint is smallint on PostgreSQL, so 300 fits")
    with pytest.raises(sa.exc.DBAPIError):
        value(connection, expression, "int", "DECLARE @zero int = 0, @one int = 1;")


ROWS = """
DECLARE @t table (n int, b bigint, d decimal(9,2), s smallint, f float);
INSERT INTO @t (n, b, d, s, f) VALUES (1, 1, 1.10, 1, 0.5), (2, 2, 2.20, 2, 1.5), (2, 4, 2.20, 2, 2.5), (NULL, NULL, NULL, NULL, NULL);
"""


@pytest.mark.parametrize(
    ("expression", "kind", "expected"),
    [
        ("COUNT(*)", "int", 4),
        ("COUNT(t.n)", "int", 3),
        ("COUNT(DISTINCT t.n)", "int", 2),
        ("COUNT_BIG(*)", "bigint", 4),
        ("SUM(t.n)", "int", 5),
        ("SUM(t.n) / 2", "int", 2),
        ("SUM(t.b) / 2", "bigint", 3),  # SUM of bigint is bigint, and the division truncates
        ("SUM(t.s)", "int", 5),
        ("SUM(t.d)", "decimal(9,2)", Decimal("5.50")),
        ("AVG(t.n)", "int", 1),  # 5 / 3, truncated
        ("AVG(t.b)", "bigint", 2),
        ("AVG(t.f)", "float", 1.5),
        ("AVG(CAST(t.n AS decimal(9,2)))", "decimal(9,6)", Decimal("1.666666")),  # cut at six digits
        ("MIN(t.n)", "int", 1),
        ("MAX(t.b)", "bigint", 4),
        ("SUM(CASE WHEN t.n = 2 THEN 1 ELSE 0 END)", "int", 2),
        ("COUNT(*) / 3", "int", 1),
    ],
)
def test_aggregate(connection: Connection, expression: str, kind: str, expected: object) -> None:
    rows = run(connection, f"{ROWS}SELECT {expression} AS value FROM @t AS t;", f"one row: value {kind}")
    assert rows == [(expected,)]


@pytest.mark.parametrize(
    ("expression", "expected"), [("COUNT(*)", 0), ("SUM(t.n)", None), ("AVG(t.n)", None), ("MAX(t.n)", None)]
)
def test_aggregate_of_nothing(connection: Connection, expression: str, expected: object) -> None:
    rows = run(connection, f"{ROWS}SELECT {expression} AS value FROM @t AS t WHERE t.n = 99;", "one row: value int")
    assert rows == [(expected,)]


def test_number_stored_in_an_integer_is_truncated(connection: Connection) -> None:
    body = """
DECLARE @t table (n int, flag bit);
DECLARE @n int = CAST(2.9 AS decimal(5,1)), @d decimal(5,1) = 3.9;
INSERT INTO @t (n, flag) VALUES (@d, 1), (0, 0);
UPDATE @t SET n = - @d WHERE flag = 0;
SET @n = @n + 1;
SELECT @n AS variable, MAX(t.n) AS inserted, MIN(t.n) AS updated FROM @t AS t;"""
    assert run(connection, body, "one row: variable int, inserted int, updated int") == [(3, 3, -3)]


def test_decimal_is_rounded_to_its_scale(connection: Connection) -> None:
    body = """
DECLARE @t table (d decimal(9,2));
DECLARE @d decimal(9,2) = 2.345;
INSERT INTO @t (d) VALUES (1.005), (@d);
SELECT t.d FROM @t AS t ORDER BY t.d;"""
    assert run(connection, body, "rows: d decimal(9,2)") == [(Decimal("1.01"),), (Decimal("2.35"),)]
