"""Statements: variables, branches, loops, errors, changes of tables, calls."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from app.database.procedure import call
from app.database.tsql import Catalog
from app.errors import ProcedureError
from tests.sql.house_tsql import create, procedure, run, skip_on_babelfish
from tests.sql.test_house_tsql_queries import _catalog

PEOPLE = """
DECLARE @t table (id int IDENTITY(1,1) PRIMARY KEY, name nvarchar(20) NOT NULL, points int);
INSERT INTO @t (name, points) VALUES (N'a', 1), (N'b', 2), (N'c', NULL);
DECLARE @bonus table (name nvarchar(20) NOT NULL, extra int NOT NULL, PRIMARY KEY (name, extra));
INSERT INTO @bonus (name, extra) VALUES (N'b', 10), (N'c', 20), (N'x', 30);
"""


# -- variables ---------------------------------------------------------------------------------------------------------


def test_variables_start_as_null_and_take_values(connection: Connection) -> None:
    body = """
DECLARE @a int, @b int = 2, @none int, @c int;
SET @c = @b;
SELECT @a = 1, @b = @c + 1;
SELECT @c = @c * 10;
SELECT @a AS a, @b AS b, @c AS c, @none AS d;"""
    assert run(connection, body, "one row: a int, b int, c int, d int") == [(1, 3, 20, None)]


def test_select_keeps_the_old_value_when_no_row_comes(connection: Connection) -> None:
    body = f"""{PEOPLE}
DECLARE @old int = 7, @new int = 7, @none int = 7, @total int = 7;
SELECT @old = t.points FROM @t AS t WHERE t.name = N'nobody';
SELECT @new = t.points FROM @t AS t WHERE t.name = N'b';
SELECT @none = t.points FROM @t AS t WHERE t.name = N'c';
SELECT @total = SUM(t.points) FROM @t AS t WHERE t.name = N'nobody';
SELECT @old AS old, @new AS new, @none AS none, @total AS total;"""
    assert run(connection, body, "one row: old int, new int, none int, total int") == [(7, 2, None, None)]


def test_select_of_several_rows_leaves_the_last(connection: Connection) -> None:
    body = f"""{PEOPLE}
DECLARE @name nvarchar(20), @points int;
SELECT TOP (2) @name = t.name, @points = t.points FROM @t AS t ORDER BY t.id;
SELECT @name AS name, @points AS points;"""
    assert run(connection, body, "one row: name nvarchar(20), points int") == [("b", 2)]


def test_parameters_have_defaults_and_may_be_changed(connection: Connection) -> None:
    parameters = "@a int = 5, /* a */ @b nvarchar(10) = N'x', @c datetime2(3) = NULL, @d bit = 0, @e int"
    body = """
IF @c IS NULL SET @c = CAST(N'2026-01-01' AS datetime2(3));
SET @a = @a + @e;
SELECT @a AS a, @b AS b, YEAR(@c) AS c, CAST(@d AS int) AS d;"""
    rows = run(connection, body, "one row: a int, b nvarchar(10), c int, d int", parameters, e=1, b="y", d=1)
    assert rows == [(6, "y", 2026, 1)]


def test_declare_in_a_loop_keeps_or_sets_the_value(connection: Connection) -> None:
    """Without a value the declaration is done once; with one it is a SET each time round. A table is not emptied."""
    body = """
DECLARE @n int = 0, @seen int = 0;
WHILE @n < 3
BEGIN
    DECLARE @kept int;
    DECLARE @fresh int = 0;
    DECLARE @rows table (n int);
    INSERT INTO @rows (n) VALUES (@n);
    SET @kept = ISNULL(@kept, 0) + 1;
    SET @fresh = @fresh + 1;
    SET @n = @n + 1;
END;
SELECT @kept AS kept, @fresh AS fresh, COUNT(*) AS n FROM @rows AS r;"""
    assert run(connection, body, "one row: kept int, fresh int, n int") == [(3, 1, 3)]


# -- branches and loops --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("n", "expected"), [(1, "one"), (2, "two"), (3, "three"), (9, "many"), (None, "many"), (-1, "negative")]
)
def test_branches(connection: Connection, n: int | None, expected: str) -> None:
    body = """
DECLARE @word nvarchar(20);
IF @n < 0
BEGIN
    SELECT N'negative' AS word;
    RETURN;
END;
IF @n = 1 SET @word = N'one';
ELSE IF @n = 2
BEGIN
    SET @word = N'two';
END
ELSE IF EXISTS (SELECT 1 FROM (VALUES (3)) AS v (x) WHERE v.x = @n)
    SET @word = CASE WHEN @n = 3 THEN N'three' END;
ELSE
    -- all the rest
    SET @word = N'many';
SELECT @word AS word;"""
    assert run(connection, body, "one row: word nvarchar(20)", "@n int", n=n) == [(expected,)]


def test_each_branch_may_give_the_result(connection: Connection) -> None:
    body = """
IF @yes = 1
    SELECT N'yes' AS word;
ELSE
    SELECT N'no' AS word;"""
    assert run(connection, body, "one row: word nvarchar(5)", "@yes bit", yes=1) == [("yes",)]
    assert run(connection, body, "one row: word nvarchar(5)", "@yes bit", yes=0) == [("no",)]


def test_loop_with_break_and_continue(connection: Connection) -> None:
    body = """
DECLARE @n int = 0, @sum int = 0;
WHILE 1 = 1
BEGIN
    SET @n = @n + 1;
    IF @n % 2 = 0 CONTINUE;
    IF @n > 7 BREAK;
    SET @sum = @sum + @n;
END;
SELECT @sum AS total;"""
    assert run(connection, body, "one row: total int") == [(16,)]


def test_return_leaves_without_a_result(connection: Connection) -> None:
    assert run(connection, "IF 1 = 1 RETURN;\nSELECT 1 AS a;", "rows: a int") == []


def test_procedure_that_returns_nothing_gives_no_row(connection: Connection) -> None:
    assert run(connection, "DECLARE @a int = 1;\nSET @a = 2;") == []


# -- errors --------------------------------------------------------------------------------------------------------------


def test_throw_reaches_the_caller_with_number_and_text(connection: Connection) -> None:
    with pytest.raises(ProcedureError) as caught:
        run(connection, "DECLARE @m nvarchar(100) = CONCAT(N'Кампания ', 7, N': 100% «it''s»');\nTHROW 50012, @m, 1;")
    assert (caught.value.number, caught.value.message) == (50012, "Кампания 7: 100% «it's»")


def test_throw_with_a_literal(connection: Connection) -> None:
    with pytest.raises(ProcedureError) as caught:
        run(connection, "IF 1 = 1 THROW 50999, N'The value is 50% of %s', 1;")
    assert (caught.value.number, caught.value.message) == (50999, "The value is 50% of %s")


CATCH = """
DECLARE @n int, @text nvarchar(200);
BEGIN TRY
    IF @kind = 1 THROW 50001, N'first', 1;
    SET @n = 1 / (@kind - 2);
END TRY
BEGIN CATCH
    -- another number
    SET @text = CONCAT(N'caught ', ERROR_NUMBER(), CASE WHEN ERROR_NUMBER() = 50001 THEN CONCAT(N' ', ERROR_MESSAGE()) END);
    THROW 50002, @text, 1;
END CATCH;
SELECT @n AS n;"""


@pytest.mark.parametrize(("kind", "message"), [(1, "caught 50001 first"), (2, "caught 8134")])
def test_catch_sees_number_and_text_and_may_throw_another(connection: Connection, kind: int, message: str) -> None:
    with pytest.raises(ProcedureError) as caught:
        run(connection, CATCH, "one row: n int", "@kind int", kind=kind)
    assert (caught.value.number, caught.value.message) == (50002, message)


def test_catch_is_passed_by_when_all_is_well(connection: Connection) -> None:
    assert run(connection, CATCH, "one row: n int", "@kind int", kind=3) == [(1,)]


def test_bare_throw_hands_the_error_on(connection: Connection) -> None:
    body = "BEGIN TRY\n    THROW 50007, N'seven', 1;\nEND TRY\nBEGIN CATCH\n    THROW;\nEND CATCH;"
    with pytest.raises(ProcedureError) as caught:
        run(connection, body)
    assert (caught.value.number, caught.value.message) == (50007, "seven")


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("INSERT INTO @t (id, name) VALUES (1, N'again');", 2627),
        ("INSERT INTO @t (id) VALUES (2);", 515),
        ("SET @n = CAST(@word AS int);", 245),
        ("SET @n = 1 / @zero;", 8134),
        ("SET @n = 2147483647 + @one;", 8115),
    ],
)
def test_numbers_of_the_servers_own_errors(connection: Connection, statement: str, number: int) -> None:
    skip_on_babelfish(connection, statement)
    body = f"""
DECLARE @t table (id int PRIMARY KEY, name nvarchar(20) NOT NULL);
DECLARE @n int, @zero int = 0, @one int = 1, @word nvarchar(5) = N'x';
INSERT INTO @t (id, name) VALUES (1, N'first');
BEGIN TRY
    {statement}
END TRY
BEGIN CATCH
    SET @n = ERROR_NUMBER();
    SET @word = CAST(CASE WHEN @n = {number} THEN N'right' ELSE N'wrong' END AS nvarchar(5));
    DECLARE @text nvarchar(100) = CONCAT(@word, N' ', @n);
    THROW 50001, @text, 1;
END CATCH;"""
    with pytest.raises(ProcedureError, match="right"):
        run(connection, body)


# -- changes -------------------------------------------------------------------------------------------------------------


def test_table_variables_number_rows_from_one_each_call(connection: Connection) -> None:
    name, text = procedure(
        f"{PEOPLE}SELECT t.id, t.name FROM @t AS t ORDER BY t.id;", "rows: id int, name nvarchar(20)"
    )
    create(connection, text)
    for _ in range(7):  # also with the plans that are kept after five calls
        assert [tuple(row) for row in call(connection, name)] == [(1, "a"), (2, "b"), (3, "c")]


def test_rows_are_numbered_in_the_order_of_the_insert(connection: Connection) -> None:
    body = f"""{PEOPLE}
DECLARE @sorted table (place int IDENTITY(1,1), name nvarchar(20));
INSERT INTO @sorted (name) SELECT t.name FROM @t AS t ORDER BY t.name DESC;
SELECT s.place, s.name FROM @sorted AS s ORDER BY s.place;"""
    assert run(connection, body, "rows: place int, name nvarchar(20)") == [(1, "c"), (2, "b"), (3, "a")]


def test_update_with_joins(connection: Connection) -> None:
    body = f"""{PEOPLE}
DECLARE @n int;
UPDATE t
SET t.points = ISNULL(t.points, 0) + b.extra, name = UPPER(t.name)
FROM @t AS t
JOIN @bonus AS b ON b.name = t.name
LEFT JOIN @bonus AS other ON other.extra = b.extra * 3
WHERE other.name = N'x' OR b.extra = 20;
SET @n = @@ROWCOUNT;
SELECT t.name, t.points, @n AS n FROM @t AS t ORDER BY t.id;"""
    assert run(connection, body, "rows: name nvarchar(20), points int, n int") == [
        ("a", 1, 2),
        ("B", 12, 2),
        ("C", 20, 2),
    ]


def test_update_whose_table_is_not_the_first(connection: Connection) -> None:
    body = f"""{PEOPLE}
UPDATE t SET points = b.extra FROM @bonus AS b JOIN @t AS t ON t.name = b.name;
SELECT t.points FROM @t AS t ORDER BY t.id;"""
    assert run(connection, body, "rows: points int") == [(1,), (10,), (20,)]


def test_update_without_from_and_with_case(connection: Connection) -> None:
    body = f"""{PEOPLE}
UPDATE @t SET points = CASE WHEN points IS NULL THEN 0 ELSE points * 2 END, name = name WHERE id > 1;
SELECT t.points FROM @t AS t ORDER BY t.id;"""
    assert run(connection, body, "rows: points int") == [(1,), (4,), (0,)]


def test_update_swaps_columns_with_old_values(connection: Connection) -> None:
    body = """
DECLARE @t table (a int, b int);
INSERT INTO @t (a, b) VALUES (1, 2);
UPDATE @t SET a = b, b = a;
SELECT t.a, t.b FROM @t AS t;"""
    assert run(connection, body, "one row: a int, b int") == [(2, 1)]


def test_delete_with_join_and_without(connection: Connection) -> None:
    body = f"""{PEOPLE}
DECLARE @n int, @m int;
DELETE t FROM @t AS t JOIN @bonus AS b ON b.name = t.name WHERE b.extra < 20 OR b.extra > 25;
SET @n = @@ROWCOUNT;
DELETE FROM @bonus WHERE extra >= 20;
SET @m = @@ROWCOUNT;
SELECT t.name, @n AS n, @m AS m FROM @t AS t ORDER BY t.id;"""
    assert run(connection, body, "rows: name nvarchar(20), n int, m int") == [("a", 1, 2), ("c", 1, 2)]


def test_changes_through_a_cte(connection: Connection) -> None:
    body = f"""{PEOPLE}
WITH best AS (SELECT TOP (1) b.name, b.extra FROM @bonus AS b ORDER BY b.extra DESC)
INSERT INTO @t (name, points) SELECT best.name, best.extra FROM best;
WITH few AS (SELECT b.name FROM @bonus AS b WHERE b.extra < 15)
UPDATE t SET points = -1 FROM @t AS t JOIN few AS f ON f.name = t.name;
SELECT t.name, t.points FROM @t AS t ORDER BY t.id;"""
    expected = [("a", 1), ("b", -1), ("c", None), ("x", 30)]
    assert run(connection, body, "rows: name nvarchar(20), points int") == expected


def test_output_gives_a_row_as_it_was_and_as_it_is(connection: Connection) -> None:
    skip_on_babelfish(connection, "OUTPUT deleted")
    body = f"""{PEOPLE}
UPDATE t SET points = 100 OUTPUT inserted.id, deleted.points AS before, inserted.points AS after, b.extra AS extra
FROM @t AS t JOIN @bonus AS b ON b.name = t.name;"""
    rows = run(connection, body, "rows: id int, before int, after int, extra int")
    assert sorted(rows) == [(2, 2, 100, 10), (3, None, 100, 20)]


def test_output_is_the_result(connection: Connection) -> None:
    body = f"{PEOPLE}DELETE FROM @t OUTPUT deleted.name, deleted.points WHERE points = 1;"
    assert run(connection, body, "rows: name nvarchar(20), points int") == [("a", 1)]
    body = f"{PEOPLE}INSERT INTO @t (name, points) OUTPUT inserted.id, inserted.name SELECT b.name, 5 FROM @bonus AS b WHERE b.extra = 30;"
    assert run(connection, body, "rows: id bigint, name nvarchar(20)") == [(4, "x")]


def test_scope_identity_and_rowcount(connection: Connection) -> None:
    body = """
DECLARE @id bigint, @n int;
INSERT INTO ops.service_schedule (name, cron) VALUES (N'house t-sql', N'* * * * *');
SET @id = SCOPE_IDENTITY();
UPDATE ops.service_schedule SET cron = N'0 * * * *' WHERE schedule_id = @id;
SET @n = @@ROWCOUNT;
SELECT s.name, s.cron, @n AS n, CASE WHEN s.schedule_id = @id THEN 1 ELSE 0 END AS same
FROM ops.service_schedule AS s WHERE s.schedule_id = @id;"""
    from app.database.deploy.objects import catalog

    rows = run(connection, body, "one row: name nvarchar(200), cron nvarchar(200), n int, same int", catalog=catalog())
    assert rows == [("house t-sql", "0 * * * *", 1, 1)]


def test_transaction_words_and_an_error_undoes_everything(connection: Connection) -> None:
    body = """
BEGIN TRANSACTION;
INSERT INTO ops.service_schedule (name, cron) VALUES (N'to be undone', N'* * * * *');
IF @fail = 1 THROW 50003, N'undone', 1;
COMMIT TRANSACTION;"""
    name, text = procedure(body, parameters="@fail bit")
    create(connection, text)
    count = sa.text("SELECT COUNT(*) FROM ops.service_schedule WHERE name = N'to be undone'")
    if connection.dialect.name == "postgresql":
        with pytest.raises(ProcedureError), connection.begin_nested():
            call(connection, name, fail=1)
        assert connection.execute(count).scalar() == 0
    call(connection, name, fail=0)
    assert connection.execute(count).scalar() == 1


# -- calls ---------------------------------------------------------------------------------------------------------------

INNER = """/*
ops.try_inner  version 1.0.0  2026-11-23

Gives numbers.

Returns  rows: n int, word nvarchar(20)
*/
CREATE OR ALTER PROCEDURE ops.try_inner @count int, @word nvarchar(20) = N'w', @flag bit = 0
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;
SELECT v.x AS n, CONCAT(@word, CAST(@flag AS int)) AS word FROM (VALUES (1), (2), (3)) AS v (x) WHERE v.x <= @count;
"""
QUIET = """/*
ops.try_quiet  version 1.0.0  2026-11-23

Writes a schedule.

Returns  nothing
*/
CREATE OR ALTER PROCEDURE ops.try_quiet @name nvarchar(200), @small smallint = 3
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;
INSERT INTO ops.service_schedule (name, cron) VALUES (@name, CAST(@small AS nvarchar(10)));
"""


def test_calls_of_procedures(connection: Connection) -> None:
    create(connection, INNER)
    create(connection, QUIET)
    body = """
DECLARE @t table (n int, word nvarchar(20));
DECLARE @two int = 2, @name nvarchar(100) = N'quietly', @n int;
INSERT INTO @t (n, word) EXECUTE ops.try_inner @count = @two, @flag = 1;
SET @n = @@ROWCOUNT;
EXECUTE ops.try_quiet @name = @name;
EXECUTE ops.try_quiet @name = N'again', @small = -5;
SELECT t.n, t.word, s.cron, @n AS rows
FROM @t AS t JOIN ops.service_schedule AS s ON s.name IN (N'quietly', N'again') ORDER BY t.n, s.name;"""
    catalog: Catalog = _catalog(INNER, QUIET)
    rows = run(connection, body, "rows: n int, word nvarchar(20), cron nvarchar(200), rows int", catalog=catalog)
    assert rows == [(1, "w1", "-5", 2), (1, "w1", "3", 2), (2, "w1", "-5", 2), (2, "w1", "3", 2)]


def test_locked_rows_are_skipped(connection: Connection, engine: sa.Engine) -> None:
    """READPAST: rows that another transaction holds are left out, and no waiting."""
    skip_on_babelfish(connection, "READPAST")
    body = """
DECLARE @picked table (service_id int NOT NULL PRIMARY KEY);
INSERT INTO @picked (service_id)
SELECT TOP (2) s.service_id FROM ops.service AS s WITH (ROWLOCK, UPDLOCK, READPAST) ORDER BY s.service_id;
SELECT p.service_id FROM @picked AS p ORDER BY p.service_id;"""
    ids = list(connection.execute(sa.text("SELECT service_id FROM ops.service ORDER BY service_id")).scalars())
    wait = "SET LOCK_TIMEOUT 20000" if connection.dialect.name == "mssql" else "SET LOCAL lock_timeout = '20s'"
    connection.exec_driver_sql(wait)
    with engine.connect() as other:
        hold = body.replace("ROWLOCK, UPDLOCK, READPAST", "UPDLOCK, ROWLOCK").replace("TOP (2)", "TOP (1)")
        assert run(other, hold, "rows: service_id int") == [(ids[0],)]
        assert run(connection, body, "rows: service_id int") == [(ids[1],), (ids[2],)]
        other.rollback()
    with engine.connect() as other:
        assert run(other, body, "rows: service_id int") == [(ids[0],), (ids[3],)]
        other.rollback()
