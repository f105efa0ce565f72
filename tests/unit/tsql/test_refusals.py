"""What is outside of house T-SQL is refused with its place and a hint, never passed through or guessed."""

from __future__ import annotations

import pytest

from app.database.tsql import Catalog, Column, CompileError, SqlType, compile_file
from app.database.tsql.source import read

TABLES = {
    "core.phone": {
        "phone_id": Column(SqlType("bigint"), False, True),
        "number": Column(SqlType("nvarchar", 20), False),
        "name": Column(SqlType("nvarchar", 200)),
        "name_key": Column(SqlType("nvarchar", 200)),
        "tries": Column(SqlType("smallint"), False),
        "rate": Column(SqlType("decimal", 9, 2)),
        "ready_at": Column(SqlType("datetime2", 3)),
        "day": Column(SqlType("date")),
        "in_work": Column(SqlType("bit"), False),
    },
    "core.client": {"client_id": Column(SqlType("bigint"), False)},
}
HEADER = "/*\ncore.try_it  version 1.0.0  2026-11-23\n\nA test.\n\nReturns  {returns}\n*/\n"


def compile_body(
    body: str, returns: str = "rows: x int", parameters: str = "@a int = 1, @t nvarchar(50) = NULL"
) -> str:
    text = HEADER.format(returns=returns) + f"CREATE OR ALTER PROCEDURE core.try_it {parameters} AS\n{body}\n"
    return compile_file("try.sql", text=text, columns=TABLES).sql


def refusal(body: str, returns: str = "rows: x int") -> CompileError:
    with pytest.raises(CompileError) as caught:
        compile_body(body, returns)
    return caught.value


QUERIES = [
    # the shape of a query
    ("SELECT * FROM core.phone AS p;", "*", "name the columns"),
    ("SELECT p.* FROM core.phone AS p;", "*", "name the columns"),
    ("SELECT p.tries AS x FROM phone AS p;", "phone", "needs its schema"),
    ("SELECT p.tries AS x FROM core.nothing AS p;", "core.nothing", "no such table"),
    ("SELECT p.tries AS x FROM other.core.phone AS p;", "database.schema.name", "not in house"),
    ("SELECT p.nothing AS x FROM core.phone AS p;", "p.nothing", "no such column"),
    ("SELECT nothing AS x FROM core.phone AS p;", "nothing", "no table here has such a column"),
    ("SELECT q.tries AS x FROM core.phone AS p;", "q.tries", "nothing is called q"),
    ("SELECT p.tries x FROM core.phone AS p;", "x", "no AS"),
    ("SELECT p.tries AS x FROM core.phone p;", "p", "no AS"),
    ("SELECT x = p.tries FROM core.phone AS p;", "x", "no AS"),
    ("SELECT p.tries AS x FROM core.phone AS p, core.client AS c;", ",", "needs ON"),
    ("SELECT p.tries AS x FROM core.phone AS p JOIN core.client AS p ON 1 = 1;", "p", "used twice"),
    ("SELECT x.x FROM (SELECT p.tries AS x FROM core.phone AS p ORDER BY p.tries) AS x;", "ORDER BY", "without TOP"),
    ("SELECT p.tries AS x FROM core.phone AS p ORDER BY 1;", "1", "by a name"),
    ("SELECT TOP (5) WITH TIES p.tries AS x FROM core.phone AS p ORDER BY p.tries;", "WITH TIES", "not in house"),
    ("SELECT TOP (5) PERCENT p.tries AS x FROM core.phone AS p ORDER BY p.tries;", "PERCENT", "not in house"),
    ("SELECT p.tries AS x FROM core.phone AS p GROUP BY ROLLUP (p.tries);", "ROLLUP", "not in house"),
    ("SELECT p.tries AS x FROM core.phone AS p OPTION (RECOMPILE);", "OPTION", "not in house"),
    ("SELECT p.tries AS x INTO core.copy FROM core.phone AS p;", "Into", "not in house"),
    ("SELECT p.tries AS x FROM core.phone AS p FOR XML PATH;", "FOR", "not in house"),
    ("SELECT s.n AS x FROM (SELECT p.tries FROM core.phone AS p UNION SELECT 1, 2) AS s (n);", "UNION", "different numbers"),
    ("SELECT p.tries AS x FROM core.phone AS p PIVOT (MAX(tries) FOR number IN ([1])) AS q;", "Pivot", "not in house"),
    # hints
    ("SELECT p.tries AS x FROM core.phone AS p WITH (NOLOCK);", "WITH (NOLOCK)", "not a hint"),
    ("SELECT p.tries AS x FROM core.phone AS p WITH (INDEX(ix));", "INDEX", ""),
    ("SELECT p.tries AS x FROM core.phone AS p WITH (READPAST);", "WITH (READPAST)", "not a hint"),
    ("SELECT COUNT(*) AS x FROM core.phone AS p WITH (UPDLOCK);", "UPDLOCK", "aggregates"),
    (
        "SELECT c.client_id AS x, n.y AS y FROM core.client AS c CROSS APPLY (SELECT SUM(CASE WHEN p.number = c.client_code "
        "THEN 1 ELSE 0 END) AS y FROM core.phone AS p) AS n;",
        "SUM(", "mixes columns",
    ),
    ("SELECT SUM((SELECT COUNT(*) AS n FROM core.client AS c)) AS x FROM core.phone AS p;", "SUM(", "aggregate of a query"),
    ("SELECT DISTINCT p.tries AS x FROM core.phone AS p WITH (UPDLOCK);", "UPDLOCK", "DISTINCT"),
    # expressions
    ("SELECT GETDATE() AS x;", "GETDATE()", "not a function"),
    ("SELECT CURRENT_TIMESTAMP AS x;", "CURRENT_TIMESTAMP", "not in house"),
    ("SELECT STRING_AGG(p.number, N',') AS x FROM core.phone AS p;", "STRING_AGG", "not a function"),
    ("SELECT LEN(p.number, 1) AS x FROM core.phone AS p;", "LEN", "takes 1 to 1"),
    ("SELECT core.tries(1) AS x;", "core.tries(1)", "scalar functions"),
    ("SELECT ROW_NUMBER() AS x;", "ROW_NUMBER()", "OVER"),
    ("SELECT UPPER(p.number) OVER () AS x FROM core.phone AS p;", "UPPER", "not a window function"),
    ("SELECT @a + N'1' AS x;", "@a + N'1'", "arithmetic on texts"),
    ("SELECT @t + @t AS x;", "@t + @t", "arithmetic on texts"),
    ("SELECT p.name + p.number AS x FROM core.phone AS p;", "p.name + p.number", "arithmetic on texts"),
    ("SELECT p.day + 1 AS x FROM core.phone AS p;", "p.day + 1", "arithmetic on date"),
    ("SELECT @b AS x;", "@b", "not declared"),
    ("SELECT @@IDENTITY AS x;", "@@IDENTITY", "only SET @n = @@ROWCOUNT"),
    ("SELECT ERROR_NUMBER() AS x;", "ERROR_NUMBER()", "only inside BEGIN CATCH"),
    ("SELECT CAST(@a AS money) AS x;", "CAST(@a AS MONEY)", "not a type"),
    ("SELECT CAST(@a AS nvarchar) AS x;", "CAST(@a AS NVARCHAR)", "not a type"),
    ("SELECT CAST(@a AS datetime) AS x;", "CAST(@a AS DATETIME)", "not a type"),
    ("SELECT CONVERT(date, @t, 104) AS x;", "CONVERT(DATE, @t, 104)", "style"),
    ("SELECT CAST(p.day AS int) AS x FROM core.phone AS p;", "CAST(p.day AS INTEGER)", "not cast"),
    ("SELECT CAST(@a AS nvarchar(5)) AS x;", "CAST(@a AS NVARCHAR(5))", "may not fit"),
    ("SELECT TRY_CONVERT(int, @a) AS x;", "TRY_CONVERT(INTEGER, @a)", "is for texts"),
    ("SELECT DATEADD(week, 1, p.day) AS x FROM core.phone AS p;", "DATEADD", "week is not a unit"),
    ("SELECT DATEPART(weekday, p.day) AS x FROM core.phone AS p;", "DATEPART", "weekday is not a unit"),
    ("SELECT DATEADD(hour, 1, p.day) AS x FROM core.phone AS p;", "DATEADD", "a date has no hour"),
    ("SELECT DATEDIFF(day, @a, p.day) AS x FROM core.phone AS p;", "DATEDIFF", "is not a date"),
    ("SELECT ISNULL(p.number, p.name) AS x FROM core.phone AS p;", "ISNULL", "ISNULL cuts"),
    ("SELECT ISNULL(@a, p.rate) AS x FROM core.phone AS p;", "ISNULL", "ISNULL cuts"),
    ("SELECT SUM(p.name) AS x FROM core.phone AS p;", "SUM", "type of its argument"),
    ("SELECT p.tries & 1 AS x FROM core.phone AS p;", "BitwiseAnd", "not in house"),
    ("SELECT p.ready_at AT TIME ZONE N'UTC' AS x FROM core.phone AS p;", "AtTimeZone", "not in house"),
    ("SELECT CASE WHEN p.in_work THEN 1 END AS x FROM core.phone AS p;", "COLUMN", "a condition is expected"),
    ("SELECT (p.tries = 1) AS x FROM core.phone AS p;", "p.tries = 1", "not a value"),
    ("SELECT p.tries AS x FROM core.phone AS p WHERE p.number = 5;", "p.number = 5", "is compared with"),
    ("SELECT p.tries AS x FROM core.phone AS p WHERE p.day = 5;", "p.day = 5", "is compared with"),
    ("SELECT p.tries AS x FROM core.phone AS p WHERE p.name LIKE N'Ив%';", "LIKE", "letter case"),
    ("SELECT p.tries AS x FROM core.phone AS p WHERE p.name_key LIKE N'Ив%';", "LIKE", "letter case"),
    ("SELECT p.tries AS x FROM core.phone AS p WHERE UPPER(p.name) LIKE @t;", "LIKE", "letter case"),
    ("SELECT p.tries AS x FROM core.phone AS p WHERE p.number LIKE N'[0-9]%';", "LIKE", "[ and"),
    # results
    ("SELECT p.tries AS y FROM core.phone AS p;", "y", "calls this column x"),
    ("SELECT p.tries AS x, 1 AS y FROM core.phone AS p;", "y", "fewer columns"),
    ("SELECT p.name AS x FROM core.phone AS p;", "p.name AS x", "Returns says int"),
    ("SELECT p.rate AS x FROM core.phone AS p;", "p.rate AS x", "Returns says int"),
    ("SELECT 1 AS x;\nSELECT 2 AS x;", "SELECT", "second result set"),
    ("IF @a = 1 SELECT 1 AS x;\nSELECT 2 AS x;", "SELECT", "second result set"),
    ("WHILE @a > 1 SELECT 1 AS x;", "SELECT", "in a loop"),
    ("SET @a = 1;", "Returns", "no statement gives them"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "construct", "reason"), QUERIES)
def test_query_is_refused(body: str, construct: str, reason: str) -> None:
    error = refusal(body)
    assert construct.lower() in error.construct.lower()
    assert reason in error.reason


STATEMENTS = [
    ("MERGE core.phone AS p USING core.client AS c ON 1 = 1 WHEN MATCHED THEN DELETE;", "MERGE", "UPDATE and INSERT"),
    ("EXEC core.x;", "EXEC", "EXECUTE"),
    ("EXECUTE (N'SELECT 1');", "EXECUTE", ""),
    ("EXECUTE core.nothing @a = 1;", "core.nothing", "no such procedure"),
    ("PRINT N'x';", "PRINT", "result row"),
    ("RAISERROR(N'x', 16, 1);", "RAISERROR", "THROW"),
    ("CREATE TABLE #t (a int);", "temporary table", "table variable"),
    ("DROP TABLE core.phone;", "DROP", "migrations"),
    ("TRUNCATE TABLE core.phone;", "TRUNCATE", "DELETE"),
    ("GOTO there;", "GOTO", ""),
    ("WAITFOR DELAY '00:00:01';", "WAITFOR", ""),
    ("ROLLBACK TRANSACTION;", "ROLLBACK", ""),
    ("USE master;", "USE", ""),
    ("DECLARE c CURSOR FOR SELECT 1;", "DECLARE", "@name type"),
    ("DECLARE @m money;", "@m", "not a type"),
    ("DECLARE @b int;\nDECLARE @b int;", "@b", "twice"),
    ("DECLARE @r table (a int DEFAULT 1);", "a ...", "not in house"),
    ("DECLARE @r table (a money);", "a", "not a type"),
    ("SET @b = 1;", "@b", "not declared"),
    ("SET ROWCOUNT 5;", "SET ROWCOUNT 5", "NOCOUNT"),
    ("SET NOCOUNT OFF;", "SET NOCOUNT OFF", "NOCOUNT"),
    ("SET @a = 1", "end of file", "semicolon"),
    ("IF @a = 1 SET @a = 2 ELSE SET @a = 3;", "ELSE", "semicolon"),
    ("BEGIN SET @a = 1 END;", "END", "semicolon"),
    ("BEGIN SET @a = 1;", "end of file", "END"),
    ("nonsense;", "nonsense", "no statement begins so"),
    ("RETURN 1;", "RETURN", "no value"),
    ("BEGIN TRANSACTION;\nRETURN;\nCOMMIT TRANSACTION;", "RETURN", "between BEGIN"),
    ("BEGIN TRANSACTION;\nSET @a = 1;", "BEGIN TRANSACTION", "missing"),
    ("COMMIT TRANSACTION;", "COMMIT", "closes the BEGIN"),
    ("IF @a = 1\nBEGIN\nBEGIN TRANSACTION;\nCOMMIT TRANSACTION;\nEND;", "BEGIN TRANSACTION", "not under a condition"),
    ("BEGIN TRY\nSET @a = 1;\nEND TRY\nBEGIN CATCH\nSET @a = 2;\nEND CATCH;", "CATCH", "does not end with THROW"),
    ("THROW;", "THROW", "only inside BEGIN CATCH"),
    ("THROW 50000, N'x', 1;", "THROW", "50001"),
    ("THROW 51001, N'x', 1;", "THROW", "50001"),
    ("THROW @a, N'x', 1;", "THROW", "50001"),
    ("SET @a = @@ROWCOUNT;", "@@ROWCOUNT", "directly after"),
    ("SELECT @a = COUNT(*) FROM core.phone AS p;\nSET @a = @@ROWCOUNT;", "@@ROWCOUNT", "COUNT(*)"),
    ("SET @a = SCOPE_IDENTITY();", "SCOPE_IDENTITY", "directly after"),
    ("INSERT INTO core.client (client_id) VALUES (1);\nSET @a = SCOPE_IDENTITY();", "SCOPE_IDENTITY", "not known"),
    ("SELECT @a = @a + p.tries FROM core.phone AS p;", "@a", "read and assigned"),
    ("DECLARE @n int;\nSELECT @a = 1, @n = @a;", "@a", "read and assigned"),
    ("DECLARE @n int = 1, @m int = @n;", "@n", "not declared"),
    ("DECLARE @n int, @r table (a int);", "@r", "of its own"),
    ("DECLARE @r table (a int), @n int;", "@r", "of its own"),
    ("SELECT @a = 1, 2 AS x;", "SELECT", "all columns are assigned"),
    ("SELECT 1 AS x;", "SELECT", "Returns nothing"),
    # changes
    ("INSERT INTO core.phone VALUES (1);", "INSERT", "name the columns"),
    ("INSERT INTO core.phone (nothing) VALUES (1);", "nothing", "no such column"),
    ("INSERT INTO core.phone (tries, number) VALUES (1);", "INSERT", "2 columns are named"),
    ("INSERT INTO core.phone (tries) SELECT 1, 2;", "INSERT", "1 columns are named"),
    ("INSERT INTO core.phone (tries) DEFAULT VALUES;", "", ""),
    ("INSERT INTO @r (a) VALUES (1);", "@r", "no table variable"),
    ("UPDATE phone SET tries = 1;", "phone", "needs its schema"),
    ("UPDATE core.phone SET nothing = 1;", "nothing", "no such column"),
    ("UPDATE core.phone SET @a = tries = 1;", "", ""),
    ("UPDATE core.phone SET tries += 1;", "", ""),
    ("UPDATE TOP (5) core.phone SET tries = 1;", "", ""),
    ("UPDATE q SET tries = 1 FROM core.phone AS p;", "q", "not an alias"),
    ("UPDATE core.phone SET tries = 1 FROM core.phone AS p;", "core.phone", "change the alias"),
    ("UPDATE p SET tries = 1 FROM core.phone AS p LEFT JOIN core.client AS c ON c.client_id = p.phone_id;", "LEFT JOIN", "depends on p"),
    ("UPDATE p SET tries = 1 FROM core.phone AS p CROSS APPLY (SELECT p.tries AS n) AS x;", "JOIN", "depends on p"),
    ("UPDATE p SET tries = 1 FROM core.client AS c LEFT JOIN core.phone AS p ON c.client_id = p.phone_id;", "LEFT JOIN", "changed"),
    ("UPDATE p SET tries = 1 FROM core.phone AS p WITH (READPAST);", "WITH", "only ROWLOCK"),
    ("UPDATE core.phone SET tries = 1 OUTPUT inserted.tries;", "OUTPUT", "Returns nothing"),
    ("UPDATE core.phone SET tries = 1 OUTPUT inserted.tries INTO @r;", "", ""),
    ("DELETE TOP (5) FROM core.phone;", "", ""),
    ("DELETE FROM phone;", "phone", "needs its schema"),
    ("INSERT INTO core.phone (tries) VALUES (N'x' + N'y');", "N'x' + N'y'", "arithmetic on texts"),
]  # fmt: skip


@pytest.mark.parametrize(("body", "construct", "reason"), STATEMENTS)
def test_statement_is_refused(body: str, construct: str, reason: str) -> None:
    error = refusal(body, "nothing")
    assert construct.lower() in error.construct.lower()
    assert reason in f"{error.reason} {error.hint}"


def test_refusal_names_file_line_and_column() -> None:
    error = refusal(
        "SET NOCOUNT ON;\n\nSELECT p.tries AS x,\n    p.nothing AS y\nFROM core.phone AS p;", "rows: x int, y int"
    )
    assert (error.file, error.line, error.column) == ("try.sql", 12, 5)
    assert str(error).startswith("try.sql:12:5: p.nothing: ")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("CREATE OR ALTER VIEW core.v AS SELECT 1 AS a;", "begins with a comment"),
        ("/*\ncore.v  version 1.0.0\n*/\nCREATE VIEW core.v AS SELECT 1 AS a;", "OR is expected"),
        ("/*\ncore.w  version 1.0.0\n*/\nCREATE OR ALTER VIEW core.v AS SELECT 1 AS a;", "it says core.w"),
        ("/*\nv\n*/\nCREATE OR ALTER VIEW v AS SELECT 1 AS a;", "needs its schema"),
        ("/*\ncore.v\n*/\nCREATE OR ALTER VIEW core.v AS SELECT 1 AS a; SELECT 2 AS b;", "nothing after it"),
        ("/*\ncore.v\n*/\nCREATE OR ALTER VIEW core.v AS SELECT 1;", "needs a name"),
        ("/*\ncore.v\n*/\nCREATE OR ALTER VIEW core.v AS SELECT 1 AS a, 2 AS a;", "a name of its own"),
        ("/*\ncore.v\n\nReturns  rows: b int\n*/\nCREATE OR ALTER VIEW core.v AS SELECT 1 AS a;", "names it"),
        ("/*\ncore.f\n\nReturns  nothing\n*/\nCREATE OR ALTER FUNCTION core.f () RETURNS TABLE AS RETURN (SELECT 1 AS a);", "returns rows"),
        ("/*\ncore.f\n*/\nCREATE OR ALTER FUNCTION core.f () RETURNS TABLE AS RETURN (SELECT 1 AS a);", "not in the form"),
        ("/*\ncore.f\n\nReturns  rows: a int\n*/\nCREATE OR ALTER FUNCTION core.f () RETURNS int AS BEGIN RETURN 1; END;", "inline"),
        ("/*\ncore.f\n\nReturns  rows: a int\n*/\nCREATE OR ALTER FUNCTION core.f (@x int = 1) RETURNS TABLE AS RETURN (SELECT @x AS a);",
         "has a default"),
        ("/*\ncore.p\n\nReturns  rows: a money\n*/\nCREATE OR ALTER PROCEDURE core.p AS SELECT 1 AS a;", "use one of"),
        ("/*\ncore.p\n\nReturns  nothing\n*/\nCREATE OR ALTER PROCEDURE core.p @a int OUTPUT AS SET @a = 1;", "only go in"),
        ("/*\ncore.p\n\nReturns  nothing\n*/\nCREATE OR ALTER PROCEDURE core.p @a sql_variant AS SET @a = 1;", "not a type"),
        ("/*\ncore.t\n*/\nCREATE OR ALTER TRIGGER core.t ON core.phone AFTER INSERT AS SET NOCOUNT ON;", "VIEW or FUNCTION or PROCEDURE"),
        ("/*\ncore.p\n\nReturns  nothing\n*/\nCREATE OR ALTER PROCEDURE core.p AS SET @a = 'it", "text"),
    ],
)  # fmt: skip
def test_object_is_refused(text: str, reason: str) -> None:
    with pytest.raises(CompileError) as caught:
        compile_file("try.sql", text=text, columns=TABLES)
    assert reason in f"{caught.value.reason} {caught.value.construct} {caught.value.hint}"


def _procedure(name: str, body: str, returns: str = "nothing", parameters: str = "") -> str:
    return f"/*\n{name}  version 1.0.0  2026-11-23\n\nA.\n\nReturns  {returns}\n*/\nCREATE OR ALTER PROCEDURE {name} {parameters} AS\n{body}\n"


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        ("EXECUTE core.callee @n = 1;", "would be a result set"),
        ("INSERT INTO @r (a, b) EXECUTE core.callee @n = 1;", "2 columns are named"),
        ("INSERT INTO @r (a) EXECUTE core.callee;", "needs it"),
        ("INSERT INTO @r (a) EXECUTE core.callee @other = 1;", "no such parameter"),
        ("INSERT INTO @r (a) EXECUTE core.callee @n = 1, @n = 2;", "given twice"),
        ("INSERT INTO @r (a) EXECUTE core.callee 1;", "each argument is named"),
        ("INSERT INTO @r (a) EXECUTE core.callee @n = 1 + 1;", "only a literal or a variable"),
        ("INSERT INTO @r (a) EXECUTE core.quiet;", "returns nothing"),
        ("EXECUTE core.caller;", "in a circle"),
        ("INSERT INTO @r (a) EXECUTE core.outer_one;", "does not nest"),
    ],
)
def test_call_is_refused(call: str, reason: str) -> None:
    catalog = Catalog(tables=TABLES)
    texts = {
        "core.callee": _procedure("core.callee", "SELECT @n AS x;", "one row: x int", "@n int"),
        "core.quiet": _procedure("core.quiet", "SET NOCOUNT ON;"),
        "core.nesting": _procedure(
            "core.nesting", "DECLARE @i table (x int);\nINSERT INTO @i (x) EXECUTE core.callee @n = 1;"
        ),
        "core.outer_one": _procedure("core.outer_one", "EXECUTE core.nesting;\nSELECT 1 AS x;", "one row: x int"),
        "core.caller": _procedure("core.caller", f"DECLARE @r table (a int, b int);\n{call}"),
    }
    for name, text in texts.items():
        catalog._sources[name] = read(f"{name}.sql", text)
    with pytest.raises(CompileError) as caught:
        catalog.compiled("core.caller")
    assert reason in f"{caught.value.reason} {caught.value.hint}"


def test_what_is_refused_above_is_allowed_in_its_right_form() -> None:
    """The twin of the refusals: the same machinery lets good statements through."""
    compile_body(
        """SET NOCOUNT ON;
DECLARE @r table (a int NOT NULL PRIMARY KEY, b nvarchar(200));
INSERT INTO @r (a, b) SELECT TOP (5) p.tries, p.name FROM core.phone AS p WITH (UPDLOCK, ROWLOCK, READPAST) ORDER BY p.phone_id;
UPDATE p SET tries = 1 FROM core.phone AS p WITH (ROWLOCK) JOIN @r AS r ON r.a = p.phone_id;
SELECT r.a AS x FROM @r AS r WHERE UPPER(r.b) LIKE CONCAT(UPPER(@t), N'%') AND r.b NOT LIKE N'7![%' ESCAPE N'!' ORDER BY x;"""
    )
