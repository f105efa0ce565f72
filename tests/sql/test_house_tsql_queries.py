"""Queries: joins, APPLY, windows, CTEs, sets, order of NULL, paging."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.database.tsql import Catalog
from tests.sql.house_tsql import create, procedure, run

ROWS = """
DECLARE @t table (id int NOT NULL PRIMARY KEY, n int, word nvarchar(20), [order] int NOT NULL);
INSERT INTO @t (id, n, word, [order]) VALUES (1, 30, N'c', 1), (2, NULL, N'a', 1), (3, 10, NULL, 2), (4, 20, N'b', 2);
DECLARE @u table (id int NOT NULL, t_id int, amount decimal(9,2));
INSERT INTO @u (id, t_id, amount) VALUES (1, 1, 1.5), (2, 1, 2.5), (3, 3, 4), (4, NULL, 8), (5, 99, 16);
DECLARE @none int, @two int = 2;
"""


@pytest.mark.parametrize(
    ("query", "returns", "expected"),
    [
        # NULL comes first going up and last going down
        ("SELECT t.id FROM @t AS t ORDER BY t.n", "id int", [(2,), (3,), (4,), (1,)]),
        ("SELECT t.id FROM @t AS t ORDER BY t.n DESC", "id int", [(1,), (4,), (3,), (2,)]),
        ("SELECT t.id FROM @t AS t ORDER BY t.word, t.id DESC", "id int", [(3,), (2,), (4,), (1,)]),
        ("SELECT t.id FROM @t AS t WHERE t.n > 5 ORDER BY t.n DESC", "id int", [(1,), (4,), (3,)]),
        ("SELECT t.id, t.n * 2 AS twice FROM @t AS t ORDER BY twice DESC", "id int, twice int",
         [(1, 60), (4, 40), (3, 20), (2, None)]),
        ("SELECT t.[order] AS [order], COUNT(*) AS n FROM @t AS t GROUP BY t.[order] ORDER BY t.[order] DESC",
         "order int, n int", [(2, 2), (1, 2)]),
        ("SELECT DISTINCT t.[order] AS number FROM @t AS t ORDER BY t.[order]", "number bigint", [(1,), (2,)]),
        # TOP, OFFSET
        ("SELECT TOP (2) t.id FROM @t AS t ORDER BY t.id", "id int", [(1,), (2,)]),
        ("SELECT TOP (@two) t.id FROM @t AS t ORDER BY t.id DESC", "id int", [(4,), (3,)]),
        ("SELECT TOP (0) t.id FROM @t AS t ORDER BY t.id DESC", "id int", []),
        ("SELECT t.id FROM @t AS t ORDER BY t.id OFFSET 1 ROWS FETCH NEXT @two ROWS ONLY", "id int", [(2,), (3,)]),
        ("SELECT t.id FROM @t AS t ORDER BY t.id OFFSET @two ROWS", "id int", [(3,), (4,)]),
        # joins
        ("SELECT t.id, u.amount FROM @t AS t JOIN @u AS u ON u.t_id = t.id ORDER BY u.id", "id int, amount decimal(9,2)",
         [(1, Decimal("1.50")), (1, Decimal("2.50")), (3, Decimal("4.00"))]),
        ("SELECT t.id, SUM(u.amount) AS total FROM @t AS t LEFT JOIN @u AS u ON u.t_id = t.id AND u.amount > 2 GROUP BY t.id"
         " ORDER BY total, t.id", "id int, total decimal(9,2)", [(2, None), (4, None), (1, Decimal("2.50")), (3, Decimal("4.00"))]),
        ("SELECT u.id FROM @t AS t RIGHT JOIN @u AS u ON u.t_id = t.id WHERE t.id IS NULL ORDER BY u.id", "id int", [(4,), (5,)]),
        ("SELECT t.id, u.id AS other FROM @t AS t FULL JOIN @u AS u ON u.t_id = t.id WHERE u.id IS NULL OR t.id IS NULL"
         " ORDER BY t.id, u.id", "id int, other int", [(None, 4), (None, 5), (2, None), (4, None)]),
        ("SELECT COUNT(*) AS n FROM @t AS t CROSS JOIN @u AS u", "n int", [(20,)]),
        # APPLY
        ("SELECT t.id, x.amount FROM @t AS t CROSS APPLY (SELECT TOP (1) u.amount FROM @u AS u WHERE u.t_id = t.id"
         " ORDER BY u.amount DESC) AS x ORDER BY t.id", "id int, amount decimal(9,2)", [(1, Decimal("2.50")), (3, Decimal("4.00"))]),
        ("SELECT t.id, x.n FROM @t AS t OUTER APPLY (SELECT u.id AS n FROM @u AS u WHERE u.t_id = t.id AND u.id > 1) AS x"
         " ORDER BY t.id", "id int, n int", [(1, 2), (2, None), (3, 3), (4, None)]),
        ("SELECT t.id, v.x FROM @t AS t CROSS APPLY (VALUES (t.n, 1), (t.n + 1, 2)) AS v (x, y) WHERE v.y = 2 ORDER BY t.id",
         "id int, x int", [(1, 31), (2, None), (3, 11), (4, 21)]),
        # derived tables, CTEs, sets
        ("SELECT d.a, d.b FROM (VALUES (1, N'x'), (2, N'y')) AS d (a, b) ORDER BY d.a DESC", "a int, b nvarchar(5)",
         [(2, "y"), (1, "x")]),
        ("SELECT s.n FROM (SELECT t.[order] AS o, MAX(t.n) AS n FROM @t AS t GROUP BY t.[order]) AS s WHERE s.o = 2", "n int", [(20,)]),
        ("WITH a AS (SELECT t.id FROM @t AS t WHERE t.id > 1), b (x) AS (SELECT a.id * 10 FROM a) SELECT b.x FROM b ORDER BY b.x",
         "x int", [(20,), (30,), (40,)]),
        ("WITH r AS (SELECT 1 AS n UNION ALL SELECT r.n + 1 FROM r WHERE r.n < 4) SELECT r.n FROM r ORDER BY r.n", "n int",
         [(1,), (2,), (3,), (4,)]),
        ("SELECT t.id AS x FROM @t AS t UNION SELECT u.id FROM @u AS u ORDER BY x DESC", "x int", [(5,), (4,), (3,), (2,), (1,)]),
        ("SELECT t.[order] AS x FROM @t AS t UNION ALL SELECT 7 ORDER BY x", "x bigint", [(1,), (1,), (2,), (2,), (7,)]),
        ("SELECT t.n AS x FROM @t AS t EXCEPT SELECT 10", "x int", [(None,), (20,), (30,)]),
        ("SELECT t.id AS x FROM @t AS t INTERSECT SELECT u.t_id FROM @u AS u", "x int", [(1,), (3,)]),
        # subqueries
        ("SELECT t.id FROM @t AS t WHERE EXISTS (SELECT 1 FROM @u AS u WHERE u.t_id = t.id) ORDER BY t.id", "id int", [(1,), (3,)]),
        ("SELECT t.id FROM @t AS t WHERE NOT EXISTS (SELECT 1 FROM @u AS u WHERE u.t_id = t.id) ORDER BY t.id", "id int", [(2,), (4,)]),
        ("SELECT t.id FROM @t AS t WHERE t.id IN (SELECT u.t_id FROM @u AS u) ORDER BY t.id", "id int", [(1,), (3,)]),
        ("SELECT t.id FROM @t AS t WHERE t.id NOT IN (SELECT u.t_id FROM @u AS u)", "id int", []),  # a NULL among them
        ("SELECT (SELECT COUNT(*) FROM @u AS u WHERE u.t_id = t.id) AS n FROM @t AS t WHERE t.id = 1", "n int", [(2,)]),
        ("SELECT t.id FROM @t AS t GROUP BY t.id HAVING COUNT(*) > 1", "id int", []),
        # windows
        ("SELECT t.id, ROW_NUMBER() OVER (PARTITION BY t.[order] ORDER BY t.n) AS r FROM @t AS t ORDER BY t.id", "id int, r bigint",
         [(1, 2), (2, 1), (3, 1), (4, 2)]),
        ("SELECT t.id, RANK() OVER (ORDER BY t.[order]) AS r, DENSE_RANK() OVER (ORDER BY t.[order]) AS d FROM @t AS t ORDER BY t.id",
         "id int, r int, d int", [(1, 1, 1), (2, 1, 1), (3, 3, 2), (4, 3, 2)]),
        ("SELECT t.id, SUM(t.n) OVER (ORDER BY t.id ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS s,"
         " COUNT(*) OVER () AS c, AVG(t.n) OVER () AS a FROM @t AS t ORDER BY t.id", "id int, s int, c int, a int",
         [(1, 30, 4, 20), (2, 30, 4, 20), (3, 40, 4, 20), (4, 60, 4, 20)]),
        ("SELECT t.id, LAG(t.n, 1, 0) OVER (ORDER BY t.id) AS b, LEAD(t.id) OVER (ORDER BY t.id) AS f,"
         " FIRST_VALUE(t.word) OVER (ORDER BY t.n DESC) AS w FROM @t AS t ORDER BY t.id",
         "id int, b int, f int, w nvarchar(5)", [(1, 0, 2, "c"), (2, 30, 3, "c"), (3, None, 4, "c"), (4, 10, None, "c")]),
        ("SELECT COUNT(*) AS n FROM (SELECT ROW_NUMBER() OVER (ORDER BY (SELECT NULL)) AS r FROM @t AS t) AS x WHERE x.r > 2",
         "n int", [(2,)]),
    ],
)  # fmt: skip
def test_query(connection: Connection, query: str, returns: str, expected: list[tuple[object, ...]]) -> None:
    rows = run(connection, f"{ROWS}{query};", f"rows: {returns}")
    ordered = "ORDER BY" in query and not query.endswith(")")
    assert rows == expected if ordered else sorted(rows, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("query", ["SELECT TOP (@none) t.id FROM @t AS t ORDER BY t.id",
                                   "SELECT t.id FROM @t AS t ORDER BY t.id OFFSET 0 ROWS FETCH NEXT @none ROWS ONLY"])  # fmt: skip
def test_no_number_of_rows_is_an_error_and_not_all_rows(connection: Connection, query: str) -> None:
    with pytest.raises(sa.exc.DBAPIError):
        run(connection, f"{ROWS}{query};", "rows: id int")


def _catalog(*texts: str) -> Catalog:
    """A catalogue that knows the objects with these texts."""
    from app.database.tsql.source import read

    catalog = Catalog()
    for text in texts:
        source = read("test.sql", text)
        catalog._sources[source.name] = source
    return catalog


FUNCTION = """/*
ops.try_span  version 1.0.0  2026-11-23

Days from one to another, and their number.

Returns  rows: day date, number int, is_first bit
*/
CREATE OR ALTER FUNCTION ops.try_span (@first date, @count int)
RETURNS TABLE
AS
RETURN
(
    -- one row a day
    SELECT DATEADD(day, CAST(x.n AS int), @first) AS day, x.n + 1 AS number, CASE WHEN x.n = 0 THEN 1 ELSE 0 END AS is_first
    FROM (VALUES (0), (1), (2), (3)) AS x (n)
    WHERE x.n < @count
);
"""
VIEW = """/*
ops.try_flags  version 1.0.0  2026-11-23

Services and whether they are on.
*/
CREATE OR ALTER VIEW ops.try_flags
AS
SELECT s.service_id, UPPER(s.code) AS code_key, CASE WHEN s.is_enabled = 1 THEN N'on' ELSE N'off' END AS state
FROM ops.service AS s;
"""


def test_inline_function_and_view_in_a_query(connection: Connection) -> None:
    catalog = _catalog(FUNCTION, VIEW)
    create(connection, FUNCTION)
    create(connection, VIEW)
    body = """
DECLARE @first date = CAST(N'2026-02-27' AS date);
SELECT d.day, d.number + c.n - c.n AS number, d.is_first
FROM ops.try_span(@first, 3) AS d
CROSS JOIN (SELECT COUNT(*) AS n FROM ops.try_flags AS f WHERE f.state = N'on') AS c
ORDER BY d.day DESC;"""
    rows = run(connection, body, "rows: day date, number int, is_first int", catalog=catalog)
    assert rows == [(date(2026, 3, 1), 3, 0), (date(2026, 2, 28), 2, 0), (date(2026, 2, 27), 1, 1)]


def test_function_is_applied_to_each_row(connection: Connection) -> None:
    create(connection, FUNCTION)
    body = """
SELECT t.id, x.number FROM (VALUES (1), (2)) AS t (id)
OUTER APPLY ops.try_span(CAST(N'2026-01-01' AS date), t.id) AS x ORDER BY t.id, x.number;"""
    rows = run(connection, body, "rows: id int, number int", catalog=_catalog(FUNCTION))
    assert rows == [(1, 1), (2, 1), (2, 2)]


def test_inline_function_is_put_into_the_calling_query(connection: Connection) -> None:
    """So that the indexes of its tables serve: no Function Scan, and the condition reaches the table."""
    if connection.dialect.name == "mssql":
        pytest.skip("SQL Server always does")
    text = """/*
ops.try_runs  version 1.0.0  2026-11-23

Runs of a service since a moment.

Returns  rows: run_id bigint, state_id int
*/
CREATE OR ALTER FUNCTION ops.try_runs (@service_id int, @since datetime2(3))
RETURNS TABLE
AS
RETURN
(
    SELECT r.run_id, CAST(r.state_id AS int) AS state_id FROM ops.service_run AS r
    WHERE r.service_id = @service_id AND r.planned_at >= @since
);
"""
    create(connection, text)
    connection.execute(sa.text("SET LOCAL enable_seqscan = off"))
    plan = "\n".join(connection.execute(sa.text(
        "EXPLAIN SELECT f.run_id FROM ops.try_runs(7, TIMESTAMP '2026-01-01') AS f WHERE f.run_id = 5"
    )).scalars())  # fmt: skip
    assert "Function Scan" not in plan
    assert "run_id = 5" in plan and "Index" in plan
    name, other = procedure(
        "SELECT r.run_id FROM ops.try_runs(7, @now) AS r;", "rows: run_id bigint", "@now datetime2(3)"
    )
    create(connection, other, _catalog(text))  # and a procedure may call it
    assert connection.execute(sa.text(f"SELECT * FROM {name}(p_now => TIMESTAMP '2026-01-01')")).all() == []
