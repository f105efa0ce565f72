"""The functions of house T-SQL: which are known, what type they give, and what they are on PostgreSQL.

Functions whose meaning differs at the edges are written in schema `tsql` (support.sql); docs/engines.md lists them.
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


_MOMENTS = ("date", "datetime", "time")
_NUMBERS = ("int", "decimal", "float")
#: Families that are not cast to a family, and what to write instead.
_NOT_CAST = {
    **dict.fromkeys(_NUMBERS, ((*_MOMENTS, "uuid", "binary"), "use DATEDIFF or DATEPART")),
    **dict.fromkeys(("date", "datetime"), (_NUMBERS, "use DATEADD or DATEFROMPARTS")),
    "text": (("float", "binary"), "cast it to decimal(p,s) first"),
}
#: How PostgreSQL reads a text, or what may be one, as T-SQL does.
_READ = dict(zip((*_NUMBERS, "date", "datetime"), ("integer", "number", "number", "datetime", "datetime"), strict=True))


def convert(value: Value, to: SqlType, safe: bool = False) -> Value:
    """CAST (or TRY_CAST) as T-SQL does it: to integers it truncates, empty text is 0, dates are read as ISO only."""
    node, have, kind = value.node, value.family, value.type
    refused, hint = _NOT_CAST.get(to.family, ((), ""))
    if isinstance(node, exp.Null):
        return Value(cast(node, to), to)
    if safe:
        return _try(value, to)
    if have in refused:
        raise Refusal(f"{kind} is not cast to {to}", hint)
    if to.name == "bit":
        if have == "text":
            raise Refusal("a text is not cast to bit", "compare it: CASE WHEN x = N'1' THEN 1 ELSE 0 END")
        return Value(cast(node, to) if value.is_flag else call("tsql.to_bit", node), to, value.nullable)
    if to.family in _READ and have in ("text", ""):
        node = call(f"tsql.to_{_READ[to.family]}", node)
    elif to.family == "int" and have != "int":
        node = call("TRUNC", node)
    elif to.family == "time" and have in ("datetime", ""):
        # 23:59:59.7 to whole seconds is 24:00:00 for PostgreSQL and 00:00:00 for SQL Server.
        node = cast(node, f"timestamp({to.size})")
    elif to.family == "text":
        if kind and kind.is_number and to.size and to.size < kind.digits:
            raise Refusal(f"{kind} may not fit into {to}", f"make it {to.name}({kind.digits})")
        node = node if have in ("text", "int", "decimal") else call("tsql.to_text", node)
    return Value(cast(node, to), to, value.nullable)


def _try(value: Value, to: SqlType) -> Value:
    if value.type and value.family != "text":
        raise Refusal(f"TRY_CONVERT is for texts, this is {value.type}", "write CAST")
    more = {"int": [number(to.rank)], "decimal": [number(to.size or 18), number(to.scale)], "date": [], "datetime": []}
    if to.family not in more or to.name == "bit":
        raise Refusal(f"TRY_CONVERT to {to}", "the types are int, bigint, decimal, date and datetime2")
    name = {"int": "integer", "date": "datetime"}.get(to.family, to.family)
    return Value(cast(call(f"tsql.try_{name}", value.node, *more[to.family]), to), to)


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


def _plain(name: str, kind: SqlType | None = None) -> Callable[..., Value]:
    """A function that is only called otherwise, if at all; without `kind` it gives what its first argument is."""
    return lambda *values: Value(
        call(name, *[v.node for v in values]), kind or values[0].type, any(v.nullable for v in values)
    )


def _known_number(name: str, value: Value) -> SqlType:
    if value.type is None or not value.type.is_number:
        raise Refusal(f"the type of its argument is {value.type or 'not known'}", f"write {name}(CAST(... AS int))")
    return value.type if value.type.name not in ("bit", "tinyint", "smallint") else INT


def _numeric(name: str) -> Callable[..., Value]:
    """PostgreSQL makes double precision of an integer here; T-SQL stays with the type of the first argument."""

    def build(*values: Value) -> Value:
        kind = _known_number(name, values[0])
        nodes, nullable = [v.node for v in values], any(v.nullable for v in values)
        if name in ("FLOOR", "CEILING") and kind.family == "int":
            return Value(nodes[0], kind, nullable)
        if name == "ROUND" and kind.family == "float":
            nodes[0] = cast(nodes[0], "numeric")
        node = call(name, *nodes)
        if kind.family == "decimal":
            scale = 0 if name in ("FLOOR", "CEILING") else kind.scale
            return Value(node, kind if name in ("ABS", "ROUND") else SqlType("decimal", 38, scale), nullable)
        node = call("TRUNC", node) if name == "POWER" and kind.family == "int" else node
        return Value(node if name == "ABS" else cast(node, kind), kind, nullable)

    return build


def _count(kind: SqlType) -> Callable[..., Value]:
    return lambda v: Value(call("COUNT", v.node), kind, False)


def _extreme(name: str) -> Callable[..., Value]:
    return lambda v: Value(call(name, v.node), v.type)


def _total(name: str) -> Callable[..., Value]:
    """SUM and AVG, of integers an integer."""

    def build(value: Value) -> Value:
        kind, node = _known_number(name, value), call(name, value.node)
        if name == "AVG" and kind.family == "int":
            return Value(cast(call("TRUNC", node), kind), kind)
        if kind.family == "decimal":
            kind = SqlType("decimal", 38, max(kind.scale, 6) if name == "AVG" else kind.scale)
            node = call("TRUNC", node, number(kind.scale)) if name == "AVG" else node
        # SUM of bigint is numeric on PostgreSQL, and dividing it would no longer truncate.
        return Value(cast(node, kind) if kind == BIGINT else node, kind)

    return build


def _isnull(first: Value, second: Value) -> Value:
    if isinstance(second.node, exp.Null):
        return first
    kind, other = first.type, second.type
    if kind and other:
        longer = kind.family == "text" and kind.size and (other.size or 10**9) > kind.size
        if longer or (kind.family == "int" and other.family in ("decimal", "float")):
            raise Refusal(f"ISNULL cuts {other} to {kind}", "write COALESCE")
    node = exp.Coalesce(this=first.node, expressions=[second.node])
    return Value(node, kind or other, first.nullable and second.nullable)


def _coalesce(*values: Value) -> Value:
    node = exp.Coalesce(this=values[0].node, expressions=[v.node for v in values[1:]])
    return Value(node, common_type(list(values)), all(v.nullable for v in values))


def _concat(*values: Value) -> Value:
    for value in values:
        if value.family in ("float", "binary"):
            raise Refusal(f"{value.type} is not cast to text", "cast it to decimal(p,s) first")
    plain = ("text", "int", "decimal")
    nodes = [v.node if v.family in plain or v.is_literal else call("tsql.to_text", v.node) for v in values]
    return Value(call("CONCAT", *nodes), TEXT, False)


def common_type(values: list[Value]) -> SqlType | None:
    """The type of CASE, COALESCE, UNION: the number of higher rank, the longer text; None when not all are known."""
    kinds = [v.type for v in values if not isinstance(v.node, exp.Null)]
    first = kinds[0] if kinds else None
    for kind in kinds[1:]:
        if first is None or kind is None:
            return None
        if first.is_number and kind.is_number:
            if {first.family, kind.family} in ({"decimal"}, {"decimal", "int"}):
                first = SqlType("decimal", 38, max(first.scale, kind.scale))
            first = max(first, kind, key=lambda k: k.rank)
        elif first.family == kind.family == "text":
            first = SqlType("nvarchar", max(first.size, kind.size) if first.size and kind.size else None)
        elif first.family == "text" or (first.family, kind.family) == ("date", "datetime"):
            first = kind  # a literal beside a date, a uuid
        elif (
            first.family != kind.family
            and kind.family != "text"
            and (first.family, kind.family) != ("datetime", "date")
        ):
            return None
    return first


def _left(text: Value, count: Value) -> Value:
    # left(x, -1) drops the last letter on PostgreSQL; SQL Server refuses it, and so does substring.
    fixed = isinstance(count.node, exp.Literal)
    node = call("LEFT", text.node, count.node) if fixed else call("SUBSTRING", text.node, number(1), count.node)
    return Value(node, TEXT, text.nullable or count.nullable)


def _right(text: Value, count: Value) -> Value:
    return _plain("RIGHT" if isinstance(count.node, exp.Literal) else "tsql.right_text", TEXT)(text, count)


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
    if moment.type is None or count.family != "int":
        raise Refusal("the types of its arguments are not known", "write CAST(n AS int) and CAST(x AS datetime2(3))")
    node, minus = count.node, isinstance(count.node, exp.Neg)
    literal = node.this if minus else node
    if isinstance(literal, exp.Literal):
        shift: Any = exp.Interval(this=exp.Literal.string(f"{literal.this} {unit}"))
    else:
        minus = False
        factor = exp.Paren(this=node) if isinstance(node, exp.Binary | exp.Neg) else node
        shift = exp.Mul(this=factor, expression=exp.Interval(this=exp.Literal.string(f"1 {unit}")))
    moved = exp.Paren(this=(exp.Sub if minus else exp.Add)(this=moment.node, expression=shift))
    return Value(cast(moved, "date") if moment.family == "date" else moved, moment.type, nullable)


Function = tuple[int, int, Callable[..., Value]]  # fewest and most arguments, and what it becomes
FUNCTIONS: dict[str, Function] = {
    **{name: (count, count, _plain(name, TEXT)) for name, count in
       {"SUBSTRING": 3, "UPPER": 1, "LOWER": 1, "LTRIM": 1, "RTRIM": 1, "REPLACE": 3}.items()},
    **{name: (count, count, _numeric(name)) for name, count in
       {"ABS": 1, "FLOOR": 1, "CEILING": 1, "SIGN": 1, "ROUND": 2, "POWER": 2}.items()},
    "LEN": (1, 1, lambda v: Value(call("LENGTH", call("RTRIM", v.node)), INT, v.nullable)),
    "LEFT": (2, 2, _left),
    "RIGHT": (2, 2, _right),
    "CHARINDEX": (2, 3, _plain("tsql.charindex", INT)),
    "CONCAT": (2, 250, _concat),
    "ISNULL": (2, 2, _isnull),
    "COALESCE": (2, 250, _coalesce),
    "NULLIF": (2, 2, lambda a, b: Value(exp.Nullif(this=a.node, expression=b.node), a.type)),
    "YEAR": (1, 1, lambda v: date_function("DATEPART", "year", [v])),
    "MONTH": (1, 1, lambda v: date_function("DATEPART", "month", [v])),
    "DAY": (1, 1, lambda v: date_function("DATEPART", "day", [v])),
    "EOMONTH": (1, 2, _plain("tsql.eomonth", DATE)),
    "DATEFROMPARTS": (3, 3, _plain("MAKE_DATE", DATE)),
    "SYSUTCDATETIME": (0, 0, lambda: Value(call("tsql.sysutcdatetime"), DATETIME, False)),
    "NEWID": (0, 0, lambda: Value(call("gen_random_uuid"), UUID, False)),
    "ERROR_NUMBER": (0, 0, lambda: Value(call("tsql.error_number", exp.column("sqlstate")), INT, False)),
    "ERROR_MESSAGE": (0, 0, lambda: Value(exp.column("sqlerrm"), TEXT, False)),
}  # fmt: skip
AGGREGATES: dict[str, Function] = {
    "COUNT": (1, 1, _count(INT)), "COUNT_BIG": (1, 1, _count(BIGINT)), "MIN": (1, 1, _extreme("MIN")),
    "MAX": (1, 1, _extreme("MAX")), "SUM": (1, 1, _total("SUM")), "AVG": (1, 1, _total("AVG")),
}  # fmt: skip
WINDOW_ONLY: dict[str, Function] = {
    **{
        name: (0, 0, lambda name=name: Value(call(name), BIGINT, False))
        for name in ("ROW_NUMBER", "RANK", "DENSE_RANK")
    },
    **{
        name: (1, 3, lambda *v, name=name: Value(call(name, *[x.node for x in v]), v[0].type))
        for name in ("LAG", "LEAD")
    },
    "FIRST_VALUE": (1, 1, _extreme("FIRST_VALUE")),
}
HINTS = {
    "GETDATE": "SYSUTCDATETIME()", "GETUTCDATE": "SYSUTCDATETIME()", "SYSDATETIME": "SYSUTCDATETIME()",
    "CURRENT_TIMESTAMP": "SYSUTCDATETIME()", "TRIM": "LTRIM(RTRIM(x))", "CONCAT_WS": "CONCAT", "DATALENGTH": "LEN",
    "LAST_VALUE": "FIRST_VALUE with the order reversed", "STRING_AGG": "rows, joined in Python", "CHOOSE": "CASE",
    "STRING_SPLIT": "a table variable", "OPENJSON": "a table variable", "FORMAT": "plain values; Python formats",
    "DATENAME": "plain values; Python formats",
    "SCOPE_IDENTITY": "SET @id = SCOPE_IDENTITY(); directly after a one-row INSERT",
}  # fmt: skip
