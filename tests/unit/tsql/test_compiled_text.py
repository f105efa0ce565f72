"""What the compiled text looks like: readable, comments kept, and built so that plans and indexes serve."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from app.database.tsql import Catalog, Column, SqlType, compile_file, parse_header, schema_of
from app.models import Base
from tests.unit.tsql.test_refusals import TABLES

TAKE = """/*
core.phone_take          version 1.2.0          2026-11-23

Takes phones of it's client. Second sentence.

Called by  jobs/dialer_sync.py,
           jobs/other.py
Reads      core.client
Writes     core.phone
Returns    rows: phone_id bigint, position int,
           number nvarchar(20) -- best first
Example    EXECUTE core.phone_take @size = 5;
*/
CREATE OR ALTER PROCEDURE core.phone_take
    @size int, /* how many */
    @now datetime2(3) = NULL, -- UTC; NULL means now
    @client_id bigint
AS
SET NOCOUNT ON;
SET XACT_ABORT ON;

/* how many there are */
DECLARE @n int = 0; -- so far
DECLARE @id bigint;
DECLARE @pick table (
    position int IDENTITY(1,1) PRIMARY KEY, -- from 1
    phone_id bigint NOT NULL,
    UNIQUE (phone_id)
);

IF @now IS NULL SET @now = SYSUTCDATETIME();

BEGIN TRANSACTION;

-- earliest first
INSERT INTO @pick (phone_id)
SELECT TOP (@size) p.phone_id
FROM core.phone AS p WITH (ROWLOCK, UPDLOCK, READPAST)
WHERE p.ready_at <= @now /* not later */ AND p.in_work = 0
ORDER BY p.ready_at, p.name, p.phone_id DESC;
SET @n = @@ROWCOUNT;

IF @n = 0
BEGIN
    -- nothing to do
    SET @n = @n; -- really
    -- the end
END
ELSE
    -- mark it
    UPDATE p SET p.in_work = 1, tries = p.tries + 1 FROM core.phone AS p JOIN @pick AS k ON k.phone_id = p.phone_id;

COMMIT TRANSACTION;

SELECT k.phone_id, k.position, p.number
FROM @pick AS k JOIN core.phone AS p ON p.phone_id = k.phone_id
ORDER BY k.position;
"""

EXPECTED = """CREATE OR REPLACE FUNCTION core.phone_take(
    p_size integer,  /* how many */
    p_client_id bigint,
    p_now timestamp DEFAULT NULL  /* UTC; NULL means now */
)
RETURNS TABLE (phone_id bigint, "position" integer, number varchar)
LANGUAGE plpgsql
SETTINGS
AS $body$
HEADER
#variable_conflict use_column
DECLARE
    v_n integer := 0;  /* how many there are */ -- so far
    v_id bigint;
BEGIN
    IF to_regclass('pg_temp.core_phone_take_pick_MARK') IS NULL THEN
        CREATE TEMPORARY TABLE core_phone_take_pick_MARK (
            "position" integer GENERATED ALWAYS AS IDENTITY,
            phone_id bigint NOT NULL
        ) ON COMMIT DELETE ROWS;
        IF current_setting('acm.check_keys', true) = 'on' THEN
            ALTER TABLE pg_temp.core_phone_take_pick_MARK ADD PRIMARY KEY ("position"), ADD UNIQUE (phone_id);
        END IF;
    ELSE
        DELETE FROM pg_temp.core_phone_take_pick_MARK;
        PERFORM setval(pg_get_serial_sequence('pg_temp.core_phone_take_pick_MARK', 'position'), 1, false);
    END IF;

    IF p_now IS NULL THEN
        p_now := tsql.sysutcdatetime();
    END IF;

    -- earliest first
    /* not later */
    INSERT INTO pg_temp.core_phone_take_pick_MARK (phone_id)
    SELECT
        p.phone_id
    FROM core.phone AS p
    WHERE
        p.ready_at <= p_now AND p.in_work = 0
    ORDER BY
        p.ready_at,
        p.name NULLS FIRST,
        p.phone_id DESC
    LIMIT COALESCE(p_size, -1)
    FOR NO KEY UPDATE OF p SKIP LOCKED;
    GET DIAGNOSTICS v_n = ROW_COUNT;

    IF v_n = 0 THEN
        -- nothing to do
        v_n := v_n;  -- really
        -- the end
    ELSE
        -- mark it
        UPDATE core.phone AS p
        SET in_work = 1,
            tries = p.tries + 1
        FROM pg_temp.core_phone_take_pick_MARK AS k
        WHERE
            k.phone_id = p.phone_id;
    END IF;

    RETURN QUERY
    SELECT
        k.phone_id,
        k."position",
        p.number
    FROM pg_temp.core_phone_take_pick_MARK AS k
    JOIN core.phone AS p
        ON p.phone_id = k.phone_id
    ORDER BY
        k."position";
END;
$body$;
COMMENT ON FUNCTION core.phone_take(integer, bigint, timestamp) IS 'Takes phones of it''s client. Second sentence.';
"""


def test_whole_procedure_as_text() -> None:
    import re

    compiled = compile_file("take.sql", text=TAKE, columns=TABLES)
    text = re.sub(r"pick_[0-9a-f]{8}", "pick_MARK", compiled.sql)
    text = re.sub(r"(?m)^(SET \w+ TO .*\n)+", "SETTINGS\n", text).replace(TAKE[: TAKE.index("*/") + 2], "HEADER")
    assert re.sub(r"\n{3,}", "\n\n", text) == EXPECTED


def test_what_is_known_of_an_object() -> None:
    compiled = compile_file("take.sql", text=TAKE, columns=TABLES)
    assert (compiled.name, compiled.kind, compiled.schema, compiled.version) == (
        "core.phone_take",
        "procedure",
        "core",
        "1.2.0",
    )
    assert [(p.name, str(p.type), p.default, p.comment) for p in compiled.parameters] == [
        ("size", "int", None, "how many"),
        ("now", "datetime2(3)", "NULL", "UTC; NULL means now"),
        ("client_id", "bigint", None, ""),
    ]
    assert {name: str(column.type) for name, column in (compiled.columns or {}).items()} == {
        "phone_id": "bigint",
        "position": "int",
        "number": "nvarchar(20)",
    }
    assert compiled.dependencies == {"core.phone"}
    assert compiled.header.fields["Called by"] == "jobs/dialer_sync.py, jobs/other.py"
    assert compiled.header.description == "Takes phones of it's client. Second sentence."


def test_sql_server_gets_the_file_as_it_stands() -> None:
    assert compile_file("take.sql", "mssql", text=TAKE, columns=TABLES).sql == TAKE
    with pytest.raises(ValueError, match="unknown engine"):
        compile_file("take.sql", "oracle", text=TAKE)


def test_text_may_be_given_in_the_place_of_a_file() -> None:
    assert compile_file(TAKE, columns=TABLES).name == "core.phone_take"


def _query(query: str, returns: str = "rows: x int", tables: object = TABLES) -> str:
    text = f"/*\ncore.f  version 1.0.0  2026-11-23\n\nA.\n\nReturns  {returns}\n*/\nCREATE OR ALTER PROCEDURE core.f @n int = 1 AS\n{query};\n"
    compiled = compile_file("f.sql", text=text, columns=tables)  # type: ignore[arg-type]
    body = compiled.sql.split("BEGIN\n")[1].split("END;\n$body$")[0]
    return " ".join(body.split()).removeprefix("RETURN QUERY ")


@pytest.mark.parametrize(
    ("query", "part"),
    [
        # an order is left bare where there can be no NULL, so that an ordinary index serves it
        ("SELECT p.tries AS x FROM core.phone AS p ORDER BY p.number, p.name", "ORDER BY p.number, p.name NULLS FIRST"),
        ("SELECT p.tries AS x FROM core.phone AS p ORDER BY p.number DESC, p.name DESC", "ORDER BY p.number DESC, p.name DESC NULLS LAST"),
        ("SELECT p.tries AS x FROM core.phone AS p WHERE p.day > N'2026-01-01' ORDER BY p.day", "ORDER BY p.day;"),
        ("SELECT p.tries AS x FROM core.phone AS p WHERE p.day IS NOT NULL ORDER BY p.day", "ORDER BY p.day;"),
        ("SELECT p.tries AS x FROM core.phone AS p WHERE p.day > N'2026-01-01' OR p.tries = 1 ORDER BY p.day", "ORDER BY p.day NULLS FIRST"),
        ("SELECT c.n AS x FROM core.client AS c LEFT JOIN core.phone AS p ON p.phone_id = c.client_id ORDER BY p.number".replace("c.n ", "1 "),
         "ORDER BY p.number NULLS FIRST"),
        ("SELECT 1 AS x FROM core.client AS c JOIN core.phone AS p ON p.phone_id = c.client_id ORDER BY p.number", "ORDER BY p.number;"),
        ("SELECT COUNT(*) AS x FROM core.phone AS p GROUP BY p.day ORDER BY x DESC", "ORDER BY x DESC;"),
        ("SELECT MAX(p.tries) AS x FROM core.phone AS p GROUP BY p.day ORDER BY x DESC", "ORDER BY x DESC NULLS LAST"),
        ("SELECT 1 AS x FROM core.phone AS p ORDER BY COALESCE(p.day, p.ready_at, N'2026-01-01')", "'2026-01-01');"),
        ("SELECT p.a AS x FROM other.t AS p ORDER BY p.a", "ORDER BY p.a NULLS FIRST"),
        # one value is not cast again
        ("SELECT p.tries + 1 AS x FROM core.phone AS p", "CAST(p.tries + 1 AS INT) AS x"),
        # a named part is worked out once
        ("WITH q AS (SELECT p.tries FROM core.phone AS p) SELECT q.tries AS x FROM q", "WITH q AS MATERIALIZED ("),
        ("WITH q AS (SELECT 1 AS n UNION ALL SELECT q.n + 1 FROM q WHERE q.n < 3) SELECT q.n AS x FROM q", "WITH RECURSIVE q AS ("),
        # locks
        ("SELECT TOP (1) p.tries AS x FROM core.phone AS p WITH (UPDLOCK, HOLDLOCK) ORDER BY p.phone_id", "LIMIT 1 FOR NO KEY UPDATE OF p;"),
        # words that PostgreSQL reserves
        ("SELECT p.tries AS x FROM core.phone AS p CROSS APPLY (SELECT 1 AS [user], 2 AS limit) AS window", '1 AS "user", 2 AS "limit" ) AS "window"'),
    ],
)  # fmt: skip
def test_text_of_a_query(query: str, part: str) -> None:
    tables = None if "other.t" in query else TABLES
    assert part in _query(query, tables=tables)


def test_arguments_of_functions_get_the_declared_types() -> None:
    """PostgreSQL finds no function for an int where a smallint is declared."""
    from app.database.tsql.source import read

    function = (
        "/*\ncore.g  version 1.0.0  2026-11-23\n\nA.\n\nReturns  rows: x int\n*/\nCREATE OR ALTER FUNCTION core.g (@a smallint, @b date)\n"
        "RETURNS TABLE AS RETURN (SELECT CAST(@a AS int) AS x);"
    )
    caller = "/*\ncore.h  version 1.0.0  2026-11-23\n\nA.\n*/\nCREATE OR ALTER VIEW core.h AS\nSELECT g.x FROM core.g(5, N'2026-01-01') AS g;"
    catalog = Catalog(tables=TABLES)
    catalog._sources = {"core.g": read("g.sql", function), "core.h": read("h.sql", caller)}
    assert "FROM core.g(CAST(5 AS SMALLINT), CAST('2026-01-01' AS DATE)) AS g" in catalog.compiled("core.h").sql
    assert catalog.compiled("core.h").columns == {"x": Column(SqlType("int"), True)}


def test_dollar_quotes_do_not_meet_those_of_the_text() -> None:
    text = TAKE.replace("-- nothing to do", "-- nothing $body$ to do")
    assert "AS $body1$" in compile_file("take.sql", text=text, columns=TABLES).sql


def test_header_without_its_parts_is_read_all_the_same() -> None:
    header = parse_header("/* core.x */")
    assert (header.title, header.version, header.date, header.description, header.fields) == ("core.x", "", "", "", {})


def test_types_of_the_tables_come_from_the_models() -> None:
    known = schema_of(Base.metadata)
    assert known["core.phone"]["phone_id"] == Column(SqlType("bigint"), False, True)
    assert known["dialing.dialer"]["is_enabled"] == Column(SqlType("bit"), False)
    assert known["dialing.block"]["taken_at"] == Column(SqlType("datetime2", 3), False)
    assert known["dialing.block"]["message"].nullable
    assert all(column.type is not None for columns in known.values() for column in columns.values())


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (sa.Integer(), "int"), (sa.BigInteger(), "bigint"), (sa.SmallInteger(), "smallint"), (sa.Float(), "float"),
        (sa.Numeric(9, 2), "decimal(9,2)"), (sa.Unicode(30), "nvarchar(30)"), (sa.UnicodeText(), "nvarchar(max)"), (sa.Date(), "date"),
        (sa.Time(), "time(0)"), (sa.DateTime(), "datetime2(3)"), (sa.LargeBinary(32), "varbinary(32)"), (sa.Uuid(), "uniqueidentifier"),
    ],
)  # fmt: skip
def test_types_of_sqlalchemy(kind: sa.types.TypeEngine[object], expected: str) -> None:
    metadata = sa.MetaData()
    sa.Table("t", metadata, sa.Column("c", kind), schema="s")
    assert str(schema_of(metadata)["s.t"]["c"].type) == expected


def test_page_about_engines_names_every_type_and_function() -> None:
    from app.database.deploy.migrations import ROOT
    from app.database.tsql import functions, types

    page = (ROOT / "docs" / "engines.md").read_text()
    names = {
        *functions.FUNCTIONS,
        *functions.AGGREGATES,
        *functions.WINDOW_ONLY,
        "DATEADD",
        "DATEDIFF",
        "DATEPART",
        "IIF",
    }
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
    assert [name for name in types.FAMILIES if f"`{name}" not in page] == []
