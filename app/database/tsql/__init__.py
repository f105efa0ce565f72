"""The compiler of house T-SQL to PostgreSQL.

    from app.database.tsql import Catalog, compile_file, schema_of

    catalog = Catalog("sql", schema_of(Base.metadata))
    catalog.all()                                  # every object of sql/, each after those that it uses
    catalog.compiled("dialing.block_take").sql     # one of them
    compile_file("sql/views/report.attempt.sql", catalog=catalog).sql

sqlglot parses and renders one statement or expression at a time. Here is what it lacks: the frame of procedures, the
declarations, and the rewrites without which the same words mean something else. What is outside of house T-SQL is
refused (`CompileError` with file, line, column, construct, hint), never passed through or guessed.

What a caller sees on PostgreSQL:

* A procedure is a function of the same name. Parameter @x is p_x: SELECT * FROM dialing.block_take(p_campaign_id => 7).
  One that returns nothing gives no row.
* THROW 50001, N'text', 1 is an error with SQLSTATE 'AC001' and the text as its primary message: number 50nnn is
  SQLSTATE 'AC' and the last three digits. Other errors keep PostgreSQL's own SQLSTATE; ERROR_NUMBER() in CATCH gives
  for them the number of SQL Server (2627 unique, 547 foreign key or check, 515 NULL, 8134 division by zero,
  1205 deadlock, 245 and 8115 conversion), else 50000.
* A function is a SQL function that PostgreSQL puts into the calling query, so that its indexes serve.
* SUM of int is bigint and division of decimals carries more digits until it is cast; result columns are cast to the
  header's types. Lengths of parameters are not enforced: SQL Server cuts a text that is too long, PostgreSQL keeps it.
* Texts: comparing takes notice of letter case and trailing blanks, so compare normalised columns (*_key).

Support functions live in schema tsql (support.sql, installed by the runner).
"""

from app.database.tsql.compiler import Catalog, CompiledObject, compile_file
from app.database.tsql.errors import CompileError
from app.database.tsql.source import Header, Parameter, parse_header
from app.database.tsql.types import Column, Schema, SqlType, schema_of

__all__ = [
    "Catalog",
    "Column",
    "CompileError",
    "CompiledObject",
    "Header",
    "Parameter",
    "Schema",
    "SqlType",
    "compile_file",
    "parse_header",
    "schema_of",
]
