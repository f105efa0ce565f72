"""Functions on texts give on this engine what SQL Server's documentation says, at their edges too."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from tests.sql.house_tsql import run, skip_on_babelfish, value

TEXT = "nvarchar(100)"


@pytest.mark.parametrize(
    ("expression", "kind", "expected"),
    [
        ("LEN(N'abc')", "int", 3),
        ("LEN(N'abc  ')", "int", 3),  # blanks at the end do not count
        ("LEN(N'  abc')", "int", 5),
        ("LEN(N'')", "int", 0),
        ("LEN(N'   ')", "int", 0),
        ("LEN(@none)", "int", None),
        ("LEN(N'Ёжик')", "int", 4),
        ("LEFT(N'abc', 2)", TEXT, "ab"),
        ("LEFT(N'abc', 5)", TEXT, "abc"),
        ("LEFT(N'abc', 0)", TEXT, ""),
        ("LEFT(N'abc', @two)", TEXT, "ab"),
        ("LEFT(@none, 2)", TEXT, None),
        ("RIGHT(N'abc', 2)", TEXT, "bc"),
        ("RIGHT(N'abc', 5)", TEXT, "abc"),
        ("RIGHT(N'abc', @two)", TEXT, "bc"),
        ("RIGHT(@none, @two)", TEXT, None),
        ("SUBSTRING(N'abcdef', 2, 3)", TEXT, "bcd"),
        ("SUBSTRING(N'abcdef', 0, 3)", TEXT, "ab"),  # positions before the first count, and give nothing
        ("SUBSTRING(N'abcdef', -1, 3)", TEXT, "a"),
        ("SUBSTRING(N'abcdef', 5, 9)", TEXT, "ef"),
        ("SUBSTRING(N'abcdef', 9, 1)", TEXT, ""),
        ("SUBSTRING(N'abc', 1, 0)", TEXT, ""),
        ("UPPER(N'ёжик Abc')", TEXT, "ЁЖИК ABC"),
        ("LOWER(N'ЁЖИК Abc')", TEXT, "ёжик abc"),
        ("UPPER(@none)", TEXT, None),
        ("LTRIM(N'  a b  ')", TEXT, "a b  "),
        ("RTRIM(N'  a b  ')", TEXT, "  a b"),
        ("LTRIM(RTRIM(N'   '))", TEXT, ""),
        ("REPLACE(N'a-b-c', N'-', N'')", TEXT, "abc"),
        ("REPLACE(N'aaa', N'aa', N'b')", TEXT, "ba"),
        ("REPLACE(N'abc', N'', N'x')", TEXT, "abc"),
        ("REPLACE(N'abc', @none, N'x')", TEXT, None),
        ("CHARINDEX(N'b', N'abcb')", "int", 2),
        ("CHARINDEX(N'b', N'abcb', 3)", "int", 4),
        ("CHARINDEX(N'b', N'abcb', 0)", "int", 2),
        ("CHARINDEX(N'b', N'abcb', 9)", "int", 0),
        ("CHARINDEX(N'x', N'abc')", "int", 0),
        ("CHARINDEX(N'', N'abc')", "int", 0),
        ("CHARINDEX(@none, N'abc')", "int", None),
        ("CONCAT(N'a', @none, N'b')", TEXT, "ab"),
        ("CONCAT(@none, @none)", TEXT, ""),
        ("CONCAT(N'n', 5, N'/', CAST(1.50 AS decimal(5,2)))", TEXT, "n5/1.50"),
        ("CONCAT(N'', @day)", TEXT, "2026-02-28"),
        ("CONCAT(N'', @moment)", TEXT, "2026-02-28 23:59:59.500"),
        ("CONCAT(N'', @flag)", TEXT, "1"),
        ("N'it''s'", TEXT, "it's"),
        ("N'100%'", TEXT, "100%"),
        ("N'a\\b'", TEXT, "a\\b"),
    ],
)
def test_text_function(connection: Connection, expression: str, kind: str, expected: object) -> None:
    declare = (
        "DECLARE @none nvarchar(10) = NULL, @two int = 2, @flag bit = 1, @day date = CAST(N'2026-02-28' AS date);"
        "DECLARE @moment datetime2(3) = CAST(N'2026-02-28 23:59:59.500' AS datetime2(3));"
    )
    assert value(connection, expression, kind, declare) == expected


@pytest.mark.parametrize(
    "expression", ["LEFT(N'abc', @minus)", "RIGHT(N'abc', @minus)", "SUBSTRING(N'abc', 1, @minus)"]
)
def test_negative_length_is_an_error(connection: Connection, expression: str) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        value(connection, expression, TEXT, "DECLARE @minus int = -1;")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("N'7916' LIKE N'79%'", 1),
        ("N'7816' LIKE N'79%'", 0),
        ("N'7916' LIKE N'7_1_'", 1),
        ("UPPER(@name) LIKE N'ИВАН%'", 1),
        ("UPPER(@name) LIKE CONCAT(UPPER(@part), N'%')", 1),
        ("LOWER(@name) LIKE N'%[_]%' ESCAPE N'!'", 0),
        ("N'50%' LIKE N'%!%' ESCAPE N'!'", 1),
        ("N'50' LIKE N'%!%' ESCAPE N'!'", 0),
        ("NOT N'7916' LIKE N'79%'", 0),
        ("N'7916' NOT LIKE N'79%'", 0),
        ("N'ab' = N'ab'", 1),
        ("N'a' IN (N'b', N'a')", 1),
        ("N'b' BETWEEN N'a' AND N'c'", 1),
        ("N'' = N''", 1),
        ("N'a' < N'b'", 1),
    ],
)
def test_text_comparison(connection: Connection, condition: str, expected: int) -> None:
    skip_on_babelfish(connection, condition)
    declare = "DECLARE @name nvarchar(50) = N'Иванов', @part nvarchar(50) = N'иван';"
    assert value(connection, f"CASE WHEN {condition} THEN 1 ELSE 0 END", "int", declare) == expected


def test_text_too_long_for_a_variable_is_cut(connection: Connection) -> None:
    body = """
DECLARE @short nvarchar(3) = N'abcdef', @other nvarchar(3);
SET @other = CONCAT(N'xy', N'zzz');
SELECT @short AS a, @other AS b;"""
    assert run(connection, body, "one row: a nvarchar(3), b nvarchar(3)") == [("abc", "xyz")]


def test_text_too_long_for_a_column_is_an_error(connection: Connection) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        run(connection, "DECLARE @t table (a nvarchar(3));\nINSERT INTO @t (a) VALUES (N'abcdef');")


def test_percent_signs_and_quotes_survive(connection: Connection) -> None:
    body = "DECLARE @x nvarchar(20) = N'50% ''off''';\nSELECT @x AS x, N'$body$ %s :x' AS y;"
    assert run(connection, body, "one row: x nvarchar(20), y nvarchar(20)") == [("50% 'off'", "$body$ %s :x")]
