"""Types of house T-SQL, what they are on PostgreSQL, and what is known of the columns of tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlglot import exp

#: T-SQL name -> (family, rank among numbers). A number of lower rank becomes the higher one in arithmetic.
FAMILIES = {
    "bit": ("int", 0), "tinyint": ("int", 1), "smallint": ("int", 2), "int": ("int", 3), "bigint": ("int", 4),
    "decimal": ("decimal", 5), "float": ("float", 6), "date": ("date", 0), "datetime2": ("datetime", 0),
    "time": ("time", 0), "nvarchar": ("text", 0), "varchar": ("text", 0), "uniqueidentifier": ("uuid", 0),
    "varbinary": ("binary", 0),
}  # fmt: skip
SYNONYMS = {"integer": "int", "numeric": "decimal"}
_POSTGRESQL = {
    "bit": "smallint", "tinyint": "smallint", "smallint": "smallint", "int": "integer", "bigint": "bigint",
    "float": "double precision", "date": "date", "uniqueidentifier": "uuid", "varbinary": "bytea",
}  # fmt: skip
_DIGITS = {"bit": 1, "tinyint": 3, "smallint": 6, "int": 11, "bigint": 20}


@dataclass(frozen=True)
class SqlType:
    """A type as T-SQL names it. `size` is a length (None: max), a precision of decimal or digits of a second."""

    name: str
    size: int | None = None
    scale: int = 0

    @property
    def family(self) -> str:
        return FAMILIES[self.name][0]

    @property
    def rank(self) -> int:
        return FAMILIES[self.name][1]

    @property
    def is_number(self) -> bool:
        return self.family in ("int", "decimal", "float")

    @property
    def digits(self) -> int:
        """How many characters the longest value takes as text (numbers only)."""
        return _DIGITS.get(self.name, (self.size or 18) + 2)

    @property
    def postgresql(self) -> str:
        if self.name in _POSTGRESQL:
            return _POSTGRESQL[self.name]
        if self.family == "text":
            return f"varchar({self.size})" if self.size else "text"
        if self.name == "decimal":
            return f"decimal({self.size},{self.scale})"
        return f"{'timestamp' if self.name == 'datetime2' else 'time'}({self.size})"

    def __str__(self) -> str:
        if self.name == "decimal":
            return f"decimal({self.size},{self.scale})"
        if self.name in ("nvarchar", "varchar", "varbinary"):
            return f"{self.name}({self.size or 'max'})"
        return f"{self.name}({self.size})" if self.name in ("time", "datetime2") else self.name


@dataclass(frozen=True)
class Column:
    """What is known of a column. Unknown types are inferred no further; unknown NULLs are taken as possible."""

    type: SqlType | None = None
    nullable: bool = True
    identity: bool = False


#: Columns of the tables, by the table's full name: {"core.phone": {"phone_id": Column(...)}}.
Schema = Mapping[str, Mapping[str, Column]]


def parse_type(words: list[str]) -> SqlType:
    """The type that the words `nvarchar ( 30 )` name. Raises ValueError, with a hint as its text."""
    name = SYNONYMS.get(words[0].lower(), words[0].lower())
    arguments = [word.lower() for word in words[1:] if word not in ("(", ")", ",")]
    if name not in FAMILIES:
        raise ValueError(f"use one of {', '.join(FAMILIES)}")
    if name in ("nvarchar", "varchar", "varbinary"):
        if len(arguments) != 1:
            raise ValueError(f"give the length: {name}(30) or {name}(max)")
        return SqlType(name, None if arguments[0] == "max" else int(arguments[0]))
    if name == "decimal":
        if not arguments:
            raise ValueError("give precision and scale: decimal(9,2)")
        return SqlType(name, int(arguments[0]), int(arguments[1]) if len(arguments) > 1 else 0)
    if name in ("time", "datetime2"):
        if len(arguments) != 1 or int(arguments[0]) > 6:
            raise ValueError(f"give the digits of a second, at most 6: {name}({3 if name == 'datetime2' else 0})")
        return SqlType(name, int(arguments[0]))
    if arguments:
        raise ValueError(f"{name} takes no length")
    return SqlType(name)


def of_tree(node: exp.Expr) -> SqlType:
    """The type that a sqlglot DataType means."""
    return parse_type(
        node.sql("tsql")
        .replace("(", " ( ")
        .replace(")", " ) ")
        .replace(",", " , ")
        .replace("NUMERIC", "DECIMAL")
        .split()
    )


def of_literal(text: str) -> SqlType:
    """The type of a number as T-SQL reads it."""
    if "e" in text.lower():
        return SqlType("float")
    if "." in text:
        whole, _, fraction = text.partition(".")
        return SqlType("decimal", max(len(whole.lstrip("0")) + len(fraction), 1), len(fraction))
    number = int(text)
    return SqlType("int") if number < 2**31 else SqlType("bigint" if number < 2**63 else "decimal", 38)


def schema_of(metadata: sa.MetaData) -> dict[str, dict[str, Column]]:
    """What SQLAlchemy's metadata says of all tables."""
    return {
        f"{table.schema}.{table.name}": {
            column.name: Column(_of_sqlalchemy(column.type), bool(column.nullable), column.identity is not None)
            for column in table.columns
        }
        for table in metadata.tables.values()
    }


def _of_sqlalchemy(kind: Any) -> SqlType | None:
    if type(kind).__name__ == "Bit":
        return SqlType("bit")
    if isinstance(kind, sa.types.TypeDecorator):
        return SqlType("datetime2", 3) if type(kind).__name__ == "UtcDateTime" else _of_sqlalchemy(kind.impl)
    if isinstance(kind, sa.BigInteger):
        return SqlType("bigint")
    if isinstance(kind, sa.SmallInteger):
        return SqlType("smallint")
    if isinstance(kind, sa.Integer):
        return SqlType("int")
    if isinstance(kind, sa.Float):
        return SqlType("float")
    if isinstance(kind, sa.Numeric):
        return SqlType("decimal", kind.precision or 18, kind.scale or 0)
    if isinstance(kind, sa.String):
        return SqlType("nvarchar", kind.length)
    if isinstance(kind, sa.Date):
        return SqlType("date")
    if isinstance(kind, sa.Time):
        return SqlType("time", 0)
    if isinstance(kind, sa.DateTime):
        return SqlType("datetime2", 3)
    if isinstance(kind, sa.LargeBinary):
        return SqlType("varbinary", kind.length)
    return SqlType("uniqueidentifier") if isinstance(kind, sa.Uuid) else None
