"""The functions of house T-SQL: which are known, what type they give, and what they are on PostgreSQL.

Functions whose meaning differs at the edges are written in schema `tsql` (support.sql); `docs/dba.md` lists them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlglot import exp

from app.database.tsql.types import SqlType

BIT, INT, BIGINT, FLOAT = SqlType("bit"), SqlType("int"), SqlType("bigint"), SqlType("float")
DATE, DATETIME, TEXT, UUID = SqlType("date"), SqlType("datetime2", 3), SqlType("nvarchar"), SqlType("uniqueidentifier")


@dataclass
class Value:
    """An expression on PostgreSQL, its T-SQL type where known, and whether it can be NULL."""

    node: Any
    type: SqlType | None = None
    nullable: bool = True

    @property
    def family(self) -> str:
        return self.type.family if self.type else ""

    @property
    def is_literal(self) -> bool:
        node = self.node.this if isinstance(self.node, exp.Neg) else self.node
        return isinstance(node, exp.Literal | exp.Null)

    @property
    def is_flag(self) -> bool:
        """Certainly 0, 1 or NULL."""
        node = self.node.unnest() if isinstance(self.node, exp.Paren) else self.node
        if isinstance(node, exp.Case):
            branches = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default") or exp.Null()]
            return all(Value(branch).is_flag for branch in branches)
        if isinstance(node, exp.Literal):
            return not node.is_string and node.this in ("0", "1")
        return isinstance(node, exp.Null) or (self.type is not None and self.type.name == "bit")


class Refusal(Exception):
    """A construct that is refused; the caller adds the place."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason, self.hint = reason, hint


def call(name: str, *arguments: Any) -> exp.Expr:
    return exp.Anonymous(this=name, expressions=list(arguments))


def cast(node: Any, kind: SqlType | str) -> exp.Expr:
    name = kind if isinstance(kind, str) else kind.postgresql
    return exp.Cast(this=node, to=exp.DataType.build(name, dialect="postgres"))


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def convert(value: Value, to: SqlType, safe: bool = False) -> Value:
    """CAST (or TRY_CAST) as T-SQL does it: to integers it truncates, empty text is 0, dates are read as ISO only."""
    node, have, nullable = value.node, value.family, value.nullable
    if isinstance(node, exp.Null):
        return Value(cast(node, to), to, True)
    if safe:
        return _try(value, to)
    if to.name == "bit":
        if have == "text":
            raise Refusal("a text is not cast to bit", "compare it: CASE WHEN x = N'1' THEN 1 ELSE 0 END")
        return Value(cast(node, to) if value.is_flag else call("tsql.to_bit", node), to, nullable)
    if to.family == "int":
        if have in ("date", "datetime", "time", "uuid", "binary"):
            raise Refusal(f"{value.type} is not cast to {to}", "use DATEDIFF or DATEPART")
        if have in ("decimal", "float"):
            node = call("TRUNC", node)
        elif have != "int":
            node = call("tsql.to_integer", node)
        return Value(cast(node, to), to, nullable)
    if to.family in ("decimal", "float"):
        if have in ("date", "datetime", "time"):
            raise Refusal(f"{value.type} is not cast to {to}", "use DATEDIFF or DATEPART")
        if not value.type or have == "text":
            node = call("tsql.to_number", node)
        return Value(cast(node, to), to, nullable)
    if to.family in ("date", "datetime"):
        if value.type and value.type.is_number:
            raise Refusal(f"{value.type} is not cast to {to}", "use DATEADD or DATEFROMPARTS")
        if have == "text" or not value.type:
            node = call("tsql.to_datetime", node)
        return Value(cast(node, to), to, nullable)
    if to.family == "time":
        # Through timestamp, because 23:59:59.7 to whole seconds is 24:00:00 for PostgreSQL and 00:00:00 for SQL Server.
        node = cast(node, f"timestamp({to.size})") if have in ("datetime", "") else node
        return Value(cast(node, to), to, nullable)
    if to.family == "text":
        if have in ("float", "binary"):
            raise Refusal(f"{value.type} is not cast to text", "cast it to decimal(p,s) first")
        if value.type and value.type.is_number and to.size and to.size < value.type.digits:
            raise Refusal(f"{value.type} may not fit into {to}", f"make it {to.name}({value.type.digits})")
        if have not in ("text", "int", "decimal"):
            node = call("tsql.to_text", node)
        return Value(cast(node, to), to, nullable)
    return Value(cast(node, to), to, nullable)


def _try(value: Value, to: SqlType) -> Value:
    if value.type and value.family != "text":
        raise Refusal(f"TRY_CONVERT is for texts, this is {value.type}", "write CAST")
    node = value.node
    if to.family == "int" and to.name != "bit":
        return Value(cast(call("tsql.try_integer", node, number(to.rank)), to), to)
    if to.name == "decimal":
        return Value(cast(call("tsql.try_decimal", node, number(to.size or 18), number(to.scale)), to), to)
    if to.family in ("date", "datetime"):
        return Value(cast(call("tsql.try_datetime", node), to), to)
    raise Refusal(f"TRY_CONVERT to {to}", "the types are int, bigint, decimal, date and datetime2")


def assign(value: Value, to: SqlType | None, strict: bool = False) -> Any:
    """The node to store in something of type `to`. PostgreSQL converts on assignment by itself, but not as T-SQL does
    where the kind of type changes. `strict`: the type must be exact (an argument of a call, a result column)."""
    if to is None:
        return value.node
    if value.type is None or isinstance(value.node, exp.Null):
        return cast(value.node, to) if strict else value.node
    if value.type.is_number and to.is_number:
        changed = (to.name == "bit" and not value.is_flag) or (to.family == "int" and value.family != "int")
    else:
        changed = value.family != to.family and not (value.family == "date" and to.family == "datetime")
    if changed and value.is_literal and value.family == "text":
        return cast(value.node, to) if strict else value.node  # N'2026-01-01' for a date, a uuid
    if changed:
        return convert(value, to).node
    return cast(value.node, to) if strict and value.type != to else value.node


# -- the table ---------------------------------------------------------------------------------------------------


def _same(name: str) -> Callable[..., Value]:
    """A function on texts that PostgreSQL knows by the same name."""
    return lambda *values: Value(call(name, *[v.node for v in values]), TEXT, any(v.nullable for v in values))


def _typed(name: str, kind: SqlType) -> Callable[..., Value]:
    return lambda *values: Value(call(name, *[v.node for v in values]), kind, any(v.nullable for v in values))


def _numeric(name: str) -> Callable[..., Value]:
    """PostgreSQL makes double precision of an integer here; T-SQL stays with the type of the first argument."""

    def build(*values: Value) -> Value:
        kind = _known_number(name, values[0])
        node = call(name, *[v.node for v in values])
        if kind.family == "float" and name == "ROUND":
            node = call(name, cast(values[0].node, "numeric"), *[v.node for v in values[1:]])
        if name in ("FLOOR", "CEILING") and kind.family == "int":
            return Value(values[0].node, kind, values[0].nullable)
        if kind.family == "int" and name != "ABS":
            node = call("TRUNC", node) if name == "POWER" else node
        result = (
            kind if kind.family != "decimal" or name in ("ABS", "ROUND") else SqlType("decimal", 38, _scale(name, kind))
        )
        if kind.family != "decimal" and name != "ABS":
            node = cast(node, result)
        return Value(node, result, any(v.nullable for v in values))

    return build


def _scale(name: str, kind: SqlType) -> int:
    return 0 if name in ("FLOOR", "CEILING") else kind.scale


def _known_number(name: str, value: Value) -> SqlType:
    if value.type is None or not value.type.is_number:
        raise Refusal(f"the type of its argument is {value.type or 'not known'}", f"write {name}(CAST(... AS int))")
    return value.type if value.type.name not in ("bit", "tinyint", "smallint") else INT


def _aggregate(name: str) -> Callable[..., Value]:
    def build(*values: Value) -> Value:
        if name in ("COUNT", "COUNT_BIG"):
            return Value(call("COUNT", values[0].node), INT if name == "COUNT" else BIGINT, False)
        value = values[0]
        if name in ("MIN", "MAX"):
            return Value(call(name, value.node), value.type)
        inner = Value(value.node.expressions[0], value.type) if isinstance(value.node, exp.Distinct) else value
        kind = _known_number(name, inner)
        node = call(name, value.node)
        if name == "AVG" and kind.family == "int":
            return Value(cast(call("TRUNC", node), kind), kind)
        if kind.family == "decimal":
            kind = SqlType("decimal", 38, max(kind.scale, 6) if name == "AVG" else kind.scale)
            node = call("TRUNC", node, number(kind.scale)) if name == "AVG" else node
        # SUM of bigint is numeric on PostgreSQL, and dividing it would no longer truncate.
        return Value(cast(node, kind) if kind == BIGINT else node, kind)

    return build


def _isnull(first: Value, second: Value) -> Value:
    node = exp.Coalesce(this=first.node, expressions=[second.node])
    nullable = first.nullable and second.nullable
    if first.type is None or second.type is None or second.family == "":
        return Value(node, first.type or second.type, nullable)
    numbers = first.type.is_number and second.type.is_number
    if isinstance(second.node, exp.Null):
        return first
    longer = first.family == "text" and first.type.size and (second.type.size or 10**9) > first.type.size
    wider = numbers and first.family == "int" and second.family != "int"
    if longer or wider:
        raise Refusal(f"ISNULL cuts {second.type} to {first.type}", "write COALESCE")
    return Value(node, first.type, nullable)


def _coalesce(*values: Value) -> Value:
    node = exp.Coalesce(this=values[0].node, expressions=[v.node for v in values[1:]])
    return Value(node, common_type([v for v in values]), all(v.nullable for v in values))


def _concat(*values: Value) -> Value:
    return Value(call("CONCAT", *[_as_text(v) for v in values]), TEXT, False)


def _as_text(value: Value) -> Any:
    if value.family in ("float", "binary"):
        raise Refusal(f"{value.type} is not cast to text", "cast it to decimal(p,s) first")
    plain = value.family in ("text", "int", "decimal") or value.is_literal
    return value.node if plain else call("tsql.to_text", value.node)


def common_type(values: list[Value]) -> SqlType | None:
    """The type of CASE, COALESCE, UNION: the number of higher rank, the longer text; None when not all are known."""
    kinds = [v.type for v in values if not isinstance(v.node, exp.Null)]
    if not kinds or any(kind is None for kind in kinds):
        return None
    first = kinds[0]
    for kind in kinds[1:]:
        assert first is not None and kind is not None
        if first.is_number and kind.is_number:
            if "decimal" in (first.name, kind.name) and "float" not in (first.name, kind.name):
                scale = max(first.scale, kind.scale)
                first = SqlType("decimal", 38, scale)
            first = max(first, kind, key=lambda k: k.rank)
        elif first.family == kind.family == "text":
            first = SqlType("nvarchar", max(first.size, kind.size) if first.size and kind.size else None)
        elif {first.family, kind.family} == {"date", "datetime"}:
            first = first if first.family == "datetime" else kind
        elif first.family == "text":
            first = kind  # a literal beside a date, a uuid
        elif first.family != kind.family and kind.family != "text":
            return None
    return first


def _left(text: Value, count: Value) -> Value:
    # left(x, -1) drops the last letter on PostgreSQL; SQL Server refuses it, and so does substring.
    name = "LEFT" if isinstance(count.node, exp.Literal) else None
    node = call("LEFT", text.node, count.node) if name else call("SUBSTRING", text.node, number(1), count.node)
    return Value(node, TEXT, text.nullable or count.nullable)


def _right(text: Value, count: Value) -> Value:
    name = "RIGHT" if isinstance(count.node, exp.Literal) else "tsql.right_text"
    return Value(call(name, text.node, count.node), TEXT, text.nullable or count.nullable)


def _nullif(first: Value, second: Value) -> Value:
    return Value(exp.Nullif(this=first.node, expression=second.node), first.type, True)


#: Units of DATEADD, DATEDIFF and DATEPART.
UNITS = ("year", "month", "day", "hour", "minute", "second", "millisecond")


def date_function(name: str, unit: str, values: list[Value]) -> Value:
    """DATEADD, DATEDIFF or DATEPART with its unit."""
    if unit not in UNITS:
        raise Refusal(f"{unit} is not a unit of {name} here", f"use {', '.join(UNITS)}")
    for value in values[1:] if name == "DATEADD" else values:
        if value.type and value.family not in ("date", "datetime", "time"):
            raise Refusal(f"{value.type} is not a date", "write CAST(... AS date) or CAST(... AS datetime2(3))")
    nullable = any(v.nullable for v in values)
    if name == "DATEDIFF":
        return Value(call(f"tsql.datediff_{unit}", *[v.node for v in values]), INT, nullable)
    if name == "DATEPART":
        if values[0].family == "date" and unit not in ("year", "month", "day"):
            return Value(number(0), INT, nullable)
        return Value(call(f"tsql.datepart_{unit}", values[0].node), INT, nullable)
    count, moment = values
    if moment.family == "date" and unit not in ("year", "month", "day"):
        raise Refusal(f"a date has no {unit}", "cast it to datetime2(3) first")
    if moment.type is None or count.type is None or count.family != "int":
        raise Refusal("the types of its arguments are not known", "write CAST(n AS int) and CAST(x AS datetime2(3))")
    if isinstance(count.node, exp.Literal):
        node: Any = exp.Add(this=moment.node, expression=_interval(f"{count.node.this} {unit}"))
    elif isinstance(count.node, exp.Neg) and isinstance(count.node.this, exp.Literal):
        node = exp.Sub(this=moment.node, expression=_interval(f"{count.node.this.this} {unit}"))
    else:
        node = exp.Add(
            this=moment.node, expression=exp.Mul(this=_operand(count.node), expression=_interval(f"1 {unit}"))
        )
    node = cast(exp.Paren(this=node), "date") if moment.family == "date" else exp.Paren(this=node)
    return Value(node, moment.type, nullable)


def _operand(node: Any) -> Any:
    return exp.Paren(this=node) if isinstance(node, exp.Binary | exp.Neg) else node


def _interval(text: str) -> exp.Expr:
    return exp.Interval(this=exp.Literal.string(text))


def _newid() -> Value:
    return Value(call("gen_random_uuid"), UUID, False)


FUNCTIONS: dict[str, tuple[int, int, Callable[..., Value]]] = {
    "LEN": (1, 1, lambda v: Value(call("LENGTH", call("RTRIM", v.node)), INT, v.nullable)),
    "LEFT": (2, 2, _left),
    "RIGHT": (2, 2, _right),
    "SUBSTRING": (3, 3, _same("SUBSTRING")),
    "UPPER": (1, 1, _same("UPPER")),
    "LOWER": (1, 1, _same("LOWER")),
    "LTRIM": (1, 1, _same("LTRIM")),
    "RTRIM": (1, 1, _same("RTRIM")),
    "REPLACE": (3, 3, _same("REPLACE")),
    "CHARINDEX": (2, 3, _typed("tsql.charindex", INT)),
    "CONCAT": (2, 250, _concat),
    "ISNULL": (2, 2, _isnull),
    "COALESCE": (2, 250, _coalesce),
    "NULLIF": (2, 2, _nullif),
    "ABS": (1, 1, _numeric("ABS")),
    "FLOOR": (1, 1, _numeric("FLOOR")),
    "CEILING": (1, 1, _numeric("CEILING")),
    "SIGN": (1, 1, _numeric("SIGN")),
    "ROUND": (2, 2, _numeric("ROUND")),
    "POWER": (2, 2, _numeric("POWER")),
    "YEAR": (1, 1, lambda v: date_function("DATEPART", "year", [v])),
    "MONTH": (1, 1, lambda v: date_function("DATEPART", "month", [v])),
    "DAY": (1, 1, lambda v: date_function("DATEPART", "day", [v])),
    "EOMONTH": (1, 2, _typed("tsql.eomonth", DATE)),
    "DATEFROMPARTS": (3, 3, _typed("MAKE_DATE", DATE)),
    "SYSUTCDATETIME": (0, 0, lambda: Value(call("tsql.sysutcdatetime"), DATETIME, False)),
    "NEWID": (0, 0, _newid),
    "COUNT": (1, 1, _aggregate("COUNT")),
    "COUNT_BIG": (1, 1, _aggregate("COUNT_BIG")),
    "SUM": (1, 1, _aggregate("SUM")),
    "MIN": (1, 1, _aggregate("MIN")),
    "MAX": (1, 1, _aggregate("MAX")),
    "AVG": (1, 1, _aggregate("AVG")),
    "ERROR_NUMBER": (0, 0, lambda: Value(call("tsql.error_number", exp.column("sqlstate")), INT, False)),
    "ERROR_MESSAGE": (0, 0, lambda: Value(exp.column("sqlerrm"), TEXT, False)),
}
WINDOW_ONLY: dict[str, tuple[int, int, Callable[..., Value]]] = {
    "ROW_NUMBER": (0, 0, lambda: Value(call("ROW_NUMBER"), BIGINT, False)),
    "RANK": (0, 0, lambda: Value(call("RANK"), BIGINT, False)),
    "DENSE_RANK": (0, 0, lambda: Value(call("DENSE_RANK"), BIGINT, False)),
    "LAG": (1, 3, lambda *v: Value(call("LAG", *[x.node for x in v]), v[0].type)),
    "LEAD": (1, 3, lambda *v: Value(call("LEAD", *[x.node for x in v]), v[0].type)),
    "FIRST_VALUE": (1, 1, lambda v: Value(call("FIRST_VALUE", v.node), v.type)),
}
AGGREGATES = {"COUNT", "COUNT_BIG", "SUM", "MIN", "MAX", "AVG"}
HINTS = {
    "GETDATE": "SYSUTCDATETIME()", "GETUTCDATE": "SYSUTCDATETIME()", "SYSDATETIME": "SYSUTCDATETIME()",
    "TRIM": "LTRIM(RTRIM(x))", "CONCAT_WS": "CONCAT", "DATALENGTH": "LEN", "LAST_VALUE": "FIRST_VALUE with the order"
    " reversed", "STRING_AGG": "rows, joined in Python", "STRING_SPLIT": "a table variable", "OPENJSON": "a table"
    " variable", "FORMAT": "plain values; Python formats", "CHOOSE": "CASE", "DATENAME": "plain values; Python formats",
    "SCOPE_IDENTITY": "SET @id = SCOPE_IDENTITY(); directly after a one-row INSERT", "CURRENT_TIMESTAMP": "SYSUTCDATETIME()",
}  # fmt: skip
