"""Queries and expressions: from sqlglot's tree of T-SQL to a tree that PostgreSQL reads the same way.

One walk gives the new tree and, with it, the type of each expression and whether it can be NULL. Only the kinds of
nodes that are named here pass; everything else is refused with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp
from sqlglot.errors import ParseError

from app.database.tsql import functions as fn
from app.database.tsql.errors import CompileError
from app.database.tsql.functions import Refusal, Value
from app.database.tsql.source import DIALECT, Source, place_of
from app.database.tsql.types import Column, SqlType, of_literal, of_tree

Columns = dict[str, Column]

#: Words that PostgreSQL does not take bare as the name of a column or function (pg_get_keywords(), version 18).
RESERVED = set(
    """
    all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both
    case cast char character check coalesce collate collation column concurrently constraint create cross
    current_catalog current_date current_role current_schema current_time current_timestamp current_user dec
    decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign
    freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect
    interval into is isnull join json json_array json_arrayagg json_exists json_object json_objectagg json_query
    json_scalar json_serialize json_table json_value lateral leading least left like limit localtime
    localtimestamp merge_action national natural nchar none normalize not notnull null nullif numeric offset on
    only or order out outer overlaps overlay placing position precision primary real references returning right
    row select session_user setof similar smallint some substring symmetric system_user table tablesample then
    time timestamp to trailing treat trim true union unique user using values varchar variadic verbose when
    where window with xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi
    xmlroot xmlserialize xmltable
    """.split()
)
COMPARISONS = (exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE)
ARITHMETIC = (exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
#: The nodes of sqlglot's tree that house T-SQL knows, and of each the parts that are translated. What is not here is
#: refused, so that nothing is dropped silently when sqlglot learns to read more.
LIST_OF_FUNCTIONS = "docs/engines.md lists them"
_TWO = "this expression"
KNOWN_NODES = {name: set(parts.split()) for names, parts in {
    "And Or EQ NEQ GT GTE LT LTE Add Sub Mul Mod Is Escape Dot": _TWO,
    "Not Paren Neg Exists From Where Having Parameter Var DataTypeParam": "this",
    "Null Star": "", "Div": "this expression typed safe", "Like": "this expression negate", "If": "this true false",
    "In": "this expressions query", "Between": "this low high", "Column": "this table db", "Identifier": "this quoted",
    "Literal National": "this is_string", "Case": "this ifs default", "Convert": "this expression style safe",
    "Cast TryCast": "this to safe", "DataType": "this expressions nested", "Anonymous Order Schema": "this expressions",
    "Window": "this partition_by order spec over", "WindowSpec": "kind start start_side end end_side",
    "Select": "expressions from_ joins where group having order limit offset distinct with_", "Subquery": "this alias",
    "Union Except Intersect": "this expression distinct order limit offset with_",
    "Tuple Distinct Group": "expressions",
    "Table": "this db alias joins hints", "TableAlias": "this columns", "Join": "this on side kind",
    "Alias CTE": "this alias",
    "Lateral": "this alias cross_apply", "Values": "expressions alias", "With Returning WithTableHint": "expressions",
    "Ordered": "this desc nulls_first", "Fetch": "direction count limit_options", "LimitOptions": "rows",
    "Limit": "expression limit_options", "Offset": "expression", "Insert": "this expression returning with_",
    "Update": "this expressions from_ where returning with_", "Delete": "this tables where returning with_",
}.items() for name in names.split()}  # fmt: skip
_WORDS = {
    "options": "OPTION", "into": "INTO", "for_": "FOR", "with_ties": "WITH TIES", "percent": "PERCENT",
    "Rollup": "ROLLUP", "Cube": "CUBE", "GroupingSets": "GROUPING SETS", "default": "DEFAULT",
    "catalog": "database.schema.name",
}  # fmt: skip


@dataclass
class From:
    """One source of a FROM: its columns (None: not known), and whether an outer join may leave it empty."""

    columns: Columns | None
    nullable: bool = False
    proven: set[str] = field(default_factory=set)  # columns that the WHERE lets through only when not NULL


@dataclass
class Scope:
    sources: dict[str, From] = field(default_factory=dict)
    parent: Scope | None = None
    ctes: dict[str, Columns | None] = field(default_factory=dict)

    def up(self) -> Iterator[Scope]:
        """This scope and those around it, the nearest first."""
        scope: Scope | None = self
        while scope:
            yield scope
            scope = scope.parent


@dataclass
class Variable:
    """A parameter, a local variable or a table variable (with `columns`) by its name on PostgreSQL."""

    name: str
    type: SqlType | None = None
    columns: Columns | None = None


@dataclass
class Surroundings:
    """What the query is compiled in: names that are in reach, and what gets noted while walking."""

    source: Source
    columns_of: Callable[[str], tuple[bool, Columns | None]]
    parameters_of: Callable[[str], list[SqlType] | None]
    variables: dict[str, Variable] = field(default_factory=dict)
    dependencies: set[str] = field(default_factory=set)
    in_catch: bool = False
    nests: bool = False  # there is an INSERT ... EXECUTE, here or in what is called


@dataclass
class Shape:
    """What a query is for: `declared` names ('' for any) and types of the result (the header's Returns), or types of
    the columns that it is stored in; `outermost`: it stands by itself, so it may be ordered without TOP."""

    declared: list[tuple[str, SqlType]] | None = None
    targets: list[SqlType | None] | None = None
    outermost: bool = False


Outputs = list[tuple[str, Value]]


class Queries:
    def __init__(self, around: Surroundings) -> None:
        self.around = around
        self.start = 0

    # -- errors and parsing ------------------------------------------------------------------------------------------

    def refuse(self, node: Any, construct: str, reason: str, hint: str = "") -> CompileError:
        """The error for `node`: at its first word whose place is known, else at the statement."""
        offsets = [n.meta["start"] for n in node.walk() if "start" in n.meta] if isinstance(node, exp.Expr) else []
        source = self.around.source
        return CompileError(
            source.file, *place_of(source.text, min(offsets, default=self.start)), construct, reason, hint
        )

    def parse(self, words: list[Any], into: Any = None) -> Any:
        """sqlglot's tree of a statement's words (`into`: of an expression). Raises CompileError."""
        source = self.around.source
        self.start = words[0].start if words else self.start
        first_line = source.text[self.start : words[-1].end + 1].split("\n")[0]
        try:
            parser = DIALECT.parser()
            trees = parser.parse_into(into, words, source.text) if into else parser.parse(words, source.text)
        except ParseError as error:
            first = error.errors[0] if error.errors else {}
            place = (first.get("line") or place_of(source.text, self.start)[0], first.get("col") or 1)
            reason = str(first.get("description") or error).rstrip(".")
            raise CompileError(source.file, *place, str(first.get("highlight") or first_line), reason) from error
        if len(trees) != 1 or trees[0] is None:
            raise self.refuse(None, first_line, "not in house T-SQL")
        self._is_known(trees[0])
        return trees[0]

    def _is_known(self, tree: Any) -> None:
        for node in tree.walk():
            name = type(node).__name__
            if name not in KNOWN_NODES:
                raise self.refuse(node, _WORDS.get(name, name), "not in house T-SQL")
            for part, value in node.args.items():
                if value and part not in KNOWN_NODES[name]:
                    raise self.refuse(node, _WORDS.get(part, f"{name} {part}"), "not in house T-SQL")
            alias = node.args.get("alias") if name == "Alias" else node.this if name == "TableAlias" else None
            if alias is None or "start" not in alias.meta or isinstance(node.parent, exp.CTE):
                continue
            if not self.around.source.text[: alias.meta["start"]].rstrip().upper().endswith("AS"):
                raise self.refuse(alias, alias.name, "the alias has no AS", f"write AS {alias.name}")

    def condition_of(self, words: list[Any]) -> exp.Expr:
        return self.condition(self.parse(words, exp.Condition), Scope())

    def value_of(self, words: list[Any]) -> Value:
        return self.value(self.parse(words, exp.Condition), Scope())

    # -- conditions --------------------------------------------------------------------------------------------------

    def condition(self, node: Any, scope: Scope) -> Any:
        """A node that is true, false or unknown."""
        if isinstance(node, exp.And | exp.Or | exp.Paren):
            return type(node)(**{name: self.condition(part, scope) for name, part in node.args.items()})
        if isinstance(node, exp.Not):
            inner = self.condition(node.this, scope)
            if isinstance(inner, exp.Is):
                inner.set("negate", not inner.args.get("negate"))
                return inner
            return exp.Not(this=inner if isinstance(inner, exp.In | exp.Paren | exp.Exists) else exp.Paren(this=inner))
        if isinstance(node, (*COMPARISONS, exp.Between, exp.In)) and not node.args.get("query"):
            return self._compared(node, scope)
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            return exp.Is(this=self.value(node.this, scope).node, expression=exp.Null())
        if isinstance(node, exp.In):
            query, columns = self.query(node.args["query"], scope)
            if len(columns) != 1:
                raise self.refuse(node, "IN", "the query gives more than one column")
            left = self.value(node.this, scope)
            self._comparable(node, left, columns[0][1])
            return exp.In(this=left.node, query=query)
        if isinstance(node, exp.Escape | exp.Like):
            return self._like(node, scope)
        if isinstance(node, exp.Exists):
            return exp.Exists(this=self.query(node.this, scope)[0])
        raise self.refuse(node, type(node).__name__.upper(), "a condition is expected here", "compare with = 1")

    def _compared(self, node: Any, scope: Scope) -> Any:
        """a = b, a BETWEEN b AND c, a IN (b, c): each of them comparable with a."""
        first = self.value(node.this, scope)
        others = {name: part for name, part in node.args.items() if name != "this" and part}
        parts: dict[str, Any] = {}
        for name, part in others.items():
            values = [self.value(item, scope) for item in (part if isinstance(part, list) else [part])]
            for value in values:
                self._comparable(node, first, value)
            parts[name] = [value.node for value in values] if isinstance(part, list) else values[0].node
        return type(node)(this=first.node, **parts)

    def _comparable(self, node: Any, left: Value, right: Value) -> None:
        one, two = left.family, right.family
        numbers = [value for value in (left, right) if value.type and value.type.is_number]
        literal = any(value.family == "text" and value.is_literal for value in (left, right))
        if not one or not two or one == two or len(numbers) == 2 or {one, two} == {"date", "datetime"}:
            return
        if not literal or numbers:
            words = f"{left.type} is compared with {right.type}"
            raise self.refuse(node, node.sql("tsql"), words, "write CAST on one side")

    def _like(self, node: Any, scope: Scope) -> Any:
        """LIKE. SQL Server's usual collations take no notice of case, PostgreSQL does: both sides must have one."""
        escape = node.expression if isinstance(node, exp.Escape) else None
        like = node.this if escape is not None else node
        pattern = like.expression
        literal = pattern.this if isinstance(pattern, exp.Literal | exp.National) else None
        if literal is not None and ("[" in literal or "\\" in literal) and escape is None:
            raise self.refuse(node, "LIKE", "[ and \\ mean different things on the engines", "write ESCAPE N'!'")
        cases = {_case_of(like.this), _case_of(pattern)} - {"any"}
        if (literal is None or literal.lower() != literal.upper()) and (len(cases) > 1 or "" in cases):
            hint = "UPPER() around both sides, or a _key column with a @..._key or @..._pattern"
            raise self.refuse(node, "LIKE", "letter case would count on one engine only", hint)
        built = exp.Like(this=self.value(like.this, scope).node, expression=self.value(pattern, scope).node)
        mark = exp.Literal.string(escape.this if escape is not None else "")
        test = exp.Escape(this=built, expression=mark)
        return exp.Not(this=exp.Paren(this=test)) if like.args.get("negate") else test

    # -- values ------------------------------------------------------------------------------------------------------

    def value(self, node: Any, scope: Scope) -> Value:
        """An expression that gives a value."""
        try:
            return self._value(node, scope)
        except Refusal as refusal:
            raise self.refuse(node, node.sql("tsql")[:60], refusal.reason, refusal.hint) from refusal

    def _value(self, node: Any, scope: Scope) -> Value:
        if isinstance(node, exp.Column):
            return self._column(node, scope)
        if isinstance(node, exp.National) or (isinstance(node, exp.Literal) and node.is_string):
            return Value(exp.Literal.string(node.this), SqlType("nvarchar", max(len(node.this), 1)), False)
        if isinstance(node, exp.Literal):
            return Value(exp.Literal.number(node.this), of_literal(node.this), False)
        if isinstance(node, exp.Null):
            return Value(exp.Null())
        if isinstance(node, exp.Parameter):
            return self._variable(node)
        if isinstance(node, exp.Paren | exp.Neg):
            inner = self.value(node.this, scope)
            return Value(type(node)(this=inner.node), inner.type, inner.nullable)
        if isinstance(node, ARITHMETIC):
            return self._arithmetic(node, scope)
        if isinstance(node, exp.Case):
            return self._case(node, scope)
        if isinstance(node, exp.Convert | exp.Cast):  # exp.TryCast is a Cast
            if node.args.get("style"):
                raise Refusal("a style number", "write CONVERT without it; texts are read as ISO")
            what, to = (node.expression, node.this) if isinstance(node, exp.Convert) else (node.this, node.args["to"])
            safe = bool(node.args.get("safe")) or isinstance(node, exp.TryCast)
            return fn.convert(self.value(what, scope), self._type(to), safe)
        if isinstance(node, exp.Anonymous):
            return self._function(node, scope)
        if isinstance(node, exp.Window):
            return self._window(node, scope)
        if isinstance(node, exp.Subquery | exp.Select):
            query, columns = self.query(node, scope)
            if len(columns) != 1:
                raise Refusal("a query in the place of a value gives one column")
            return Value(query, columns[0][1].type)
        if isinstance(node, exp.Dot):
            raise Refusal("scalar functions are not used", "write the expression, a view or an inline table function")
        raise Refusal("a condition is not a value", "write CASE WHEN ... THEN 1 ELSE 0 END")

    def _type(self, node: Any) -> SqlType:
        try:
            return of_tree(node)
        except ValueError as error:
            raise Refusal("not a type of house T-SQL", str(error)) from error

    def _column(self, node: Any, scope: Scope) -> Value:
        if not isinstance(node.this, exp.Identifier) or node.args.get("db"):
            star = isinstance(node.this, exp.Star)
            raise self.refuse(node, "*" if star else node.sql("tsql"), "name the columns as alias.column")
        name, table = node.name.lower(), node.table.lower()
        if not table and node.name.upper() in fn.HINTS:
            raise Refusal("not in house T-SQL", f"write {fn.HINTS[node.name.upper()]}")
        for level in scope.up():
            sources = [
                level.sources[place] for place in ([table] if table else level.sources) if place in level.sources
            ]
            for source in sources:
                if source.columns is not None and name in source.columns:
                    column = source.columns[name]
                    nullable = (column.nullable or source.nullable) and name not in source.proven
                    return Value(named(name, table), column.type, nullable)
            if any(source.columns is None for source in sources):
                return Value(named(name, table))
            if table and sources:
                raise self.refuse(node, f"{table}.{name}", f"{table} has no such column")
        reason = f"nothing is called {table} here" if table else "no table here has such a column"
        raise self.refuse(node, f"{table}.{name}" if table else name, reason)

    def _variable(self, node: Any) -> Value:
        if isinstance(node.this, exp.Parameter):
            raise self.refuse(node, f"@@{node.this.name}", "only SET @n = @@ROWCOUNT; directly after a statement")
        known = self.around.variables.get(node.name.lower())
        if known is None or known.columns is not None:
            raise self.refuse(
                node, f"@{node.name}", "it is not declared" if known is None else "a table is not a value"
            )
        return Value(exp.column(known.name), known.type)

    def _arithmetic(self, node: Any, scope: Scope) -> Value:
        left, right = self.value(node.this, scope), self.value(node.expression, scope)
        for side in (left, right):
            if side.family == "text":
                raise Refusal("arithmetic on texts", "join texts with CONCAT, make numbers with CAST")
            if side.type and not side.type.is_number:
                raise Refusal(f"arithmetic on {side.type}", "use DATEADD and DATEDIFF")
        built = type(node)(this=left.node, expression=right.node)
        if isinstance(built, exp.Div):
            built.set("typed", True)  # else sqlglot keeps a fraction that T-SQL drops
        kind = fn.common_type([left, right]) if left.type and right.type else None
        if kind and kind.name in ("bit", "tinyint", "smallint") and not isinstance(node, exp.Mod):
            kind = fn.INT
        return Value(built, kind, left.nullable or right.nullable)

    def _case(self, node: Any, scope: Scope) -> Value:
        subject = self.value(node.this, scope).node if node.this is not None else None
        ifs, values = [], []
        for branch in node.args["ifs"]:
            test = self.value(branch.this, scope).node if subject else self.condition(branch.this, scope)
            values.append(self.value(branch.args["true"], scope))
            ifs.append(exp.If(this=test, true=values[-1].node))
        last = node.args.get("default")
        values.append(self.value(last, scope) if last is not None else Value(exp.Null()))
        built = exp.Case(this=subject, ifs=ifs, default=values[-1].node if last is not None else None)
        return Value(built, fn.common_type(values), any(v.nullable for v in values))

    def _function(self, node: Any, scope: Scope, window: bool = False) -> Value:
        name, arguments = str(node.this).upper(), node.expressions
        if name in ("DATEADD", "DATEDIFF", "DATEPART"):
            count = 2 if name == "DATEPART" else 3
            if len(arguments) != count or not isinstance(arguments[0], exp.Column):
                raise Refusal(f"{name} takes a unit and {count - 1} more")
            return fn.date_function(
                name, arguments[0].name.lower(), [self.value(item, scope) for item in arguments[1:]]
            )
        if name == "IIF" and len(arguments) == 3:
            branch = exp.If(this=arguments[0], true=arguments[1])
            return self._case(exp.Case(ifs=[branch], default=arguments[2]), scope)
        known = fn.FUNCTIONS.get(name) or fn.AGGREGATES.get(name) or fn.WINDOW_ONLY.get(name)
        if known is None:
            raise Refusal(
                "not a function of house T-SQL", f"use {fn.HINTS[name]}" if name in fn.HINTS else LIST_OF_FUNCTIONS
            )
        if name in fn.WINDOW_ONLY and not window:
            raise Refusal("it needs OVER (...)")
        if window and name in fn.FUNCTIONS:
            raise Refusal("not a window function")
        if name.startswith("ERROR_") and not self.around.in_catch:
            raise Refusal("only inside BEGIN CATCH")
        least, most, build = known
        if not least <= len(arguments) <= most:
            raise Refusal(f"{name} takes {least} to {most} arguments, not {len(arguments)}")
        if name in fn.AGGREGATES:
            self._aggregate(arguments, scope)
        return build(*[self._argument(name, item, scope) for item in arguments])

    def _aggregate(self, arguments: list[Any], scope: Scope) -> None:
        """Refuse what SQL Server does not sum up (its errors 130 and 8124)."""
        inner, outer = set(), set()
        for part in (part for argument in arguments for part in argument.walk()):
            if isinstance(part, exp.Select | exp.Exists):
                raise Refusal("an aggregate of a query", "let a derived table ask first, and aggregate its column")
            is_unit = isinstance(part.parent, exp.Anonymous) and str(part.parent.this).upper().startswith("DATE")
            if isinstance(part, exp.Column) and not (is_unit and part is part.parent.expressions[0]):
                table, name = part.table.lower(), part.name.lower()
                own = (
                    table in scope.sources if table else any(name in (s.columns or ()) for s in scope.sources.values())
                )
                (inner if own else outer).add((table, name))
        if outer and len(inner | outer) > 1:
            raise Refusal(
                "an aggregate that mixes columns of this query with those of the query around it",
                "let a derived table select the outer column, and aggregate its columns",
            )

    def _argument(self, name: str, node: Any, scope: Scope) -> Value:
        if isinstance(node, exp.Star) and name.startswith("COUNT"):
            return Value(exp.Star())
        if isinstance(node, exp.Distinct) and name in fn.AGGREGATES:
            inner = self.value(node.expressions[0], scope)
            return Value(exp.Distinct(expressions=[inner.node]), inner.type, inner.nullable)
        return self.value(node, scope)

    def _window(self, node: Any, scope: Scope) -> Value:
        value = self._function(node.this, scope, window=True)
        name = str(node.this.this).upper().removesuffix("_BIG")
        inner = next(n for n in value.node.walk() if isinstance(n, exp.Anonymous) and n.this == name)
        order, spec = node.args.get("order"), node.args.get("spec")
        window = exp.Window(
            this=inner.copy(),
            partition_by=[self.value(item, scope).node for item in node.args.get("partition_by") or []],
            order=self.order(order, scope, []) if order else None,
            spec=spec.copy() if spec else None,
        )
        if inner is value.node:
            return Value(window, value.type, value.nullable)
        inner.replace(window)  # what is around the function, such as a cast, goes around the window
        return value

    # -- queries -----------------------------------------------------------------------------------------------------

    def query(self, node: Any, outer: Scope, shape: Shape | None = None) -> tuple[Any, Outputs]:
        """A SELECT, UNION, EXCEPT or INTERSECT, and its columns."""
        shape = shape or Shape()
        if isinstance(node, exp.Subquery):
            inner, columns = self.query(node.this, outer, Shape(shape.declared, shape.targets))
            return exp.Subquery(this=inner), columns
        scope = Scope(parent=outer)
        with_ = self.with_clause(node, scope)
        if isinstance(node, exp.SetOperation):
            built, columns = self._set_operation(node, scope, shape)
        elif isinstance(node, exp.Select):
            built, columns = self._select(node, scope, shape)
        else:
            raise self.refuse(node, type(node).__name__.upper(), "a query is expected here")
        built.set("with_", with_)
        return built, columns

    def _set_operation(self, node: Any, scope: Scope, shape: Shape) -> tuple[Any, Outputs]:
        left, columns = self.query(node.this, scope, Shape(shape.declared, shape.targets))
        unnamed = [("", kind) for _, kind in shape.declared] if shape.declared is not None else None
        right, others = self.query(node.expression, scope, Shape(unnamed, shape.targets))
        if len(columns) != len(others):
            raise self.refuse(node, node.key.upper(), "its queries give different numbers of columns")
        built = type(node)(this=left, expression=right, distinct=node.args.get("distinct"))
        merged = [
            (name, Value(one.node, fn.common_type([one, two]), one.nullable or two.nullable))
            for (name, one), (_, two) in zip(columns, others, strict=True)
        ]
        self._tail(node, built, scope, merged, shape.outermost)
        return built, merged

    def with_clause(self, node: Any, scope: Scope) -> exp.With | None:
        with_ = node.args.get("with_")
        if with_ is None:
            return None
        recursive, built = False, []
        for cte in with_.expressions:
            name = cte.alias.lower()
            if any(table.name.lower() == name and not table.db for table in cte.this.find_all(exp.Table)):
                recursive, scope.ctes[name] = True, None
            query, outputs = self.query(cte.this, scope)
            alias, scope.ctes[name] = self._alias(cte, name, outputs)
            # A named part is worked out once, not again for each row that it is joined to.
            built.append(exp.CTE(this=query, alias=alias, materialized=not recursive or None))
        return exp.With(expressions=built, recursive=recursive)

    def _alias(self, node: Any, name: str, outputs: Outputs) -> tuple[exp.TableAlias, Columns]:
        """The alias of a CTE or a derived table, and its columns, each with a name of its own."""
        given = [column.name.lower() for column in node.args["alias"].args.get("columns") or []]
        names = given or [column for column, _ in outputs]
        self.names_are_given(node, names)
        columns = {n: Column(v.type, v.nullable) for n, (_, v) in zip(names, outputs, strict=True)}
        return exp.TableAlias(this=identifier(name), columns=[identifier(column) for column in given]), columns

    def names_are_given(self, node: Any, names: list[str]) -> None:
        for place, name in enumerate(names):
            if not name or name in names[:place]:
                raise self.refuse(node, name or "column", "each column needs a name of its own", "write AS name")

    def _select(self, node: Any, scope: Scope, shape: Shape) -> tuple[exp.Select, Outputs]:
        built, locks, part = exp.Select(), [], node.args.get  # type: ignore[var-annotated]
        if part("from_"):
            built.set("from_", exp.From(this=self.source(part("from_").this, scope, locks)))
        built.set("joins", [self.join(join, scope, locks) for join in joins_of(node)])
        if part("where"):
            built.set("where", exp.Where(this=self.condition(part("where").this, scope)))
            self._prove(part("where").this, scope)
        if part("group"):
            built.set(
                "group", exp.Group(expressions=[self.value(item, scope).node for item in part("group").expressions])
            )
        if part("having"):
            built.set("having", exp.Having(this=self.condition(part("having").this, scope)))
        if part("distinct"):
            built.set("distinct", exp.Distinct())
        outputs, before_cast = self._select_list(node, built, scope, shape)
        self._tail(node, built, scope, outputs, shape.outermost)
        if part("distinct") and built.args.get("order"):  # PostgreSQL orders a DISTINCT by what it selects only
            for item in built.args["order"].expressions:
                same = [name for name, text in before_cast.items() if text == item.this.sql("postgres")]
                if same:
                    item.set("this", named(same[0]))
        if locks and (part("distinct") or part("group") or aggregated(node)):
            raise self.refuse(node, "UPDLOCK", "not together with DISTINCT, GROUP BY or aggregates")
        built.set("locks", locks)
        return built, outputs

    def _prove(self, node: Any, scope: Scope) -> None:
        """Note the columns that are compared in the WHERE, and so not NULL in what it lets through."""
        if isinstance(node, exp.And | exp.Paren):
            for part in node.args.values():
                self._prove(part, scope)
            return
        sides = []
        if isinstance(node, (*COMPARISONS, exp.In, exp.Between, exp.Like)):
            sides = [node.this, node.args.get("expression")]
        elif isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
            sides = [node.this.this]
        for side in sides:
            for name, source in scope.sources.items() if isinstance(side, exp.Column) else []:
                if name == side.table.lower() or (not side.table and side.name.lower() in (source.columns or {})):
                    source.proven.add(side.name.lower())

    def _select_list(self, node: Any, built: exp.Select, scope: Scope, shape: Shape) -> tuple[Outputs, dict[str, str]]:
        """Set the columns; return them, and of columns that are cast the text before the cast."""
        declared = shape.declared
        items, outputs, before_cast = [], [], {}
        for number, item in enumerate(node.expressions):
            if isinstance(item, exp.Star):
                raise self.refuse(node, "*", "name the columns as alias.column")
            name = item.alias_or_name.lower() if isinstance(item, exp.Alias | exp.Column) else ""
            value = self.value(item.this if isinstance(item, exp.Alias) else item, scope)
            if declared is not None:
                if number >= len(declared):
                    raise self.refuse(item, name, "the header's Returns has fewer columns")
                wanted, kind = declared[number]
                if name and wanted and name != wanted:
                    raise self.refuse(item, name, f"the header's Returns calls this column {wanted}")
                name = wanted or name
                before_cast[name] = value.node.sql("postgres")
                value = Value(self.result(item, value, kind), kind, value.nullable)
            elif shape.targets is not None and number < len(shape.targets):
                value = Value(fn.assign(value, shape.targets[number]), value.type, value.nullable)
            same = isinstance(value.node, exp.Column) and value.node.name == name
            items.append(value.node if same or not name else exp.Alias(this=value.node, alias=identifier(name)))
            outputs.append((name, value))
        if declared is not None and len(items) != len(declared):
            raise self.refuse(node, "SELECT", f"gives {len(items)} columns, the header's Returns has {len(declared)}")
        built.set("expressions", items)
        return outputs, before_cast

    def result(self, item: Any, value: Value, kind: SqlType) -> Any:
        """The column of a result, of exactly the declared type; a length is not enforced, as SQL Server does not."""
        have = value.type
        if have is not None and not isinstance(value.node, exp.Null):
            wider = have.is_number and kind.is_number and kind.rank >= have.rank
            literal = value.is_literal and have.family == "text"
            if (
                have.family != kind.family
                and not wider
                and not literal
                and (have.family, kind.family) != ("date", "datetime")
            ):
                words = f"it is {have}, the header's Returns says {kind}"
                raise self.refuse(item, item.sql("tsql")[:60], words, "write CAST")
            if have == kind and isinstance(value.node, exp.Column):
                return value.node
        return fn.cast(value.node, "varchar" if kind.family == "text" and kind.size else kind)

    def _tail(self, node: Any, built: Any, scope: Scope, outputs: Outputs, outermost: bool) -> None:
        """ORDER BY, TOP, OFFSET and FETCH."""
        order, limit, offset = (node.args.get(name) for name in ("order", "limit", "offset"))
        if order and not (outermost or limit or offset):
            raise self.refuse(order, "ORDER BY", "without TOP it means nothing here", "order the outermost query")
        if offset and not order:
            raise self.refuse(node, "OFFSET", "it needs ORDER BY")
        if order:
            built.set("order", self.order(order, scope, outputs, isinstance(node, exp.SetOperation)))
        if offset:
            built.set("offset", exp.Offset(expression=self._count(offset.expression, scope)))
        if limit:
            count = limit.args["count"] if isinstance(limit, exp.Fetch) else limit.expression
            built.set("limit", exp.Limit(expression=self._count(count, scope)))

    def _count(self, node: Any, scope: Scope) -> Any:
        """A number of rows. NULL is an error on SQL Server and means all rows on PostgreSQL; -1 is an error there."""
        value = self.value(node.unnest() if isinstance(node, exp.Paren) else node, scope)
        return value.node if value.is_literal else exp.Coalesce(this=value.node, expressions=[fn.number(-1)])

    def order(self, order: Any, scope: Scope, outputs: Outputs, by_output: bool = False) -> exp.Order | None:
        """ORDER BY with T-SQL's place for NULL (first), unsaid where there can be none so that an index serves."""
        items, names = [], dict(outputs)
        for item in order.expressions:
            key = item.this
            if isinstance(key, exp.Literal):
                raise self.refuse(order, key.sql("tsql"), "order by a name, not by a position")
            if isinstance(key, exp.Column) and not key.table and key.name.lower() in names:
                value = Value(named(key.name.lower()), None, names[key.name.lower()].nullable)
            elif by_output:
                raise self.refuse(key, key.sql("tsql"), "after UNION the order is by names of the result")
            elif isinstance(key, exp.Subquery) and isinstance(key.this.expressions[0], exp.Null):
                continue  # ORDER BY (SELECT NULL): any order
            else:
                value = self.value(key, scope)
            down = bool(item.args.get("desc"))
            items.append(exp.Ordered(this=value.node, desc=down or None, nulls_first=value.nullable != down))
        return exp.Order(expressions=items) if items else None

    # -- sources -----------------------------------------------------------------------------------------------------

    def join(self, join: Any, scope: Scope, locks: list[exp.Lock] | None) -> exp.Join:
        side, kind, on = (join.side or "").upper(), (join.kind or "").upper(), join.args.get("on")
        if isinstance(join.this, exp.Lateral):
            outer_apply = join.this.args.get("cross_apply") is False
            this = self.source(join.this, scope, None, nullable=outer_apply)
            return exp.Join(this=this, side="LEFT", on=exp.true()) if outer_apply else exp.Join(this=this, kind="CROSS")
        if side in ("RIGHT", "FULL"):
            for source in scope.sources.values():
                source.nullable = True
        this = self.source(join.this, scope, locks, nullable=side in ("LEFT", "FULL"))
        if on is None and kind != "CROSS":
            raise self.refuse(join, "JOIN" if kind or side else ",", "a join needs ON", "or write CROSS JOIN")
        if kind not in ("", "INNER", "CROSS", "OUTER"):
            raise self.refuse(join, kind, "not a join of house T-SQL")
        test = self.condition(on, scope) if on is not None else None
        return exp.Join(this=this, side=side or None, kind="CROSS" if kind == "CROSS" else None, on=test)

    def source(self, node: Any, scope: Scope, locks: list[exp.Lock] | None, nullable: bool = False) -> Any:
        """A table, table variable, function, derived table or VALUES of a FROM; its alias enters the scope."""
        if isinstance(node, exp.Lateral):
            inner, alias = node.this, node.args.get("alias")
            if isinstance(inner, exp.Dot):
                plain: Any = exp.Table(this=inner.expression, db=inner.this, alias=alias)
            else:
                plain = exp.Subquery(this=inner.unnest(), alias=alias)
            return exp.Lateral(this=self.source(plain, scope, None, nullable))
        name = node.alias.lower()
        if isinstance(node, exp.Table):
            built, columns = self.table(node, scope)
            if name:
                built.set("alias", exp.TableAlias(this=identifier(name)))
            name = name or built.name
            self._hints(node, name, locks)
        elif isinstance(node, exp.Subquery | exp.Values) and name:
            built, outputs = self._derived(node, scope)
            alias, columns = self._alias(node, name, outputs)
            built.set("alias", alias)
        else:
            raise self.refuse(node, "FROM", "a derived table needs an alias")
        if name in scope.sources:
            raise self.refuse(node, name, "the alias is used twice")
        scope.sources[name] = From(columns, nullable)
        return built

    def _derived(self, node: Any, scope: Scope) -> tuple[Any, Outputs]:
        """A query or VALUES in FROM. It sees the sources before it only under APPLY: PostgreSQL checks that itself."""
        values = node if isinstance(node, exp.Values) else node.this
        if not isinstance(values, exp.Values):
            query, outputs = self.query(node.this, scope)
            return exp.Subquery(this=query), outputs
        rows = [[self.value(item, scope) for item in row.expressions] for row in values.expressions]
        built = exp.Values(expressions=[exp.Tuple(expressions=[value.node for value in row]) for row in rows])
        columns = [list(column) for column in zip(*rows, strict=True)]
        return built, [("", Value(None, fn.common_type(c), any(v.nullable for v in c))) for c in columns]

    def table(self, node: Any, scope: Scope) -> tuple[exp.Table, Columns | None]:
        """A named table with its columns: variable, CTE, table, view or function."""
        if isinstance(node.this, exp.Parameter):
            known = self.around.variables.get(node.this.name.lower())
            if known is None or known.columns is None:
                raise self.refuse(node, f"@{node.this.name}", "no table variable of this name is declared")
            return exp.Table(this=identifier(known.name), db=identifier("pg_temp")), known.columns
        is_function = isinstance(node.this, exp.Anonymous)
        name = (str(node.this.this) if is_function else node.this.name).lower()
        if not node.db:
            for level in scope.up():
                if name in level.ctes:
                    return exp.Table(this=identifier(name)), level.ctes[name]
            raise self.refuse(node, name, "the name needs its schema", f"write schema.{name}")
        full = f"{node.db.lower()}.{name}"
        exists, columns = self.around.columns_of(full)
        if not exists:
            raise self.refuse(node, full, "there is no such table, view or function")
        self.around.dependencies.add(full)
        this: Any = identifier(name)
        if is_function:
            values = [self.value(item, scope) for item in node.this.expressions]
            kinds: list[Any] = self.around.parameters_of(full) or [None] * len(values)
            if len(kinds) != len(values):
                raise self.refuse(node, full, f"takes {len(kinds)} arguments, not {len(values)}")
            this = fn.call(
                name, *[fn.assign(value, kind, strict=True) for value, kind in zip(values, kinds, strict=True)]
            )
        return exp.Table(this=this, db=identifier(node.db.lower())), columns

    def _hints(self, node: Any, name: str, locks: list[exp.Lock] | None) -> None:
        words = {word.name.upper() for hint in node.args.get("hints") or [] for word in hint.expressions}
        if not words:
            return
        if (
            words - {"ROWLOCK", "UPDLOCK", "READPAST", "HOLDLOCK"}
            or "UPDLOCK" not in words
            or words >= {"READPAST", "HOLDLOCK"}
        ):
            raise self.refuse(node, f"WITH ({', '.join(sorted(words))})", "not a hint of house T-SQL",
                              "(UPDLOCK, ROWLOCK [, READPAST]) or (UPDLOCK, HOLDLOCK)")  # fmt: skip
        if locks is None:
            raise self.refuse(node, "UPDLOCK", "only in the FROM of a SELECT")
        # NO KEY: as with UPDLOCK, rows that refer to this one by a foreign key may be inserted meanwhile.
        wait = False if "READPAST" in words else None
        locks.append(exp.Lock(update=True, key=True, expressions=[identifier(name)], wait=wait))


def quoted(name: str) -> str:
    return f'"{name}"' if name in RESERVED else name


def identifier(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=name in RESERVED)


def named(name: str, table: str = "") -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(table) if table else None)


def joins_of(node: Any) -> list[Any]:
    """Joins, whether sqlglot hung them on the statement or on its first table."""
    first = node.args["from_"].this if node.args.get("from_") else None
    return [*((first.args.get("joins") or []) if first is not None else []), *(node.args.get("joins") or [])]


def _case_of(node: Any) -> str:
    """The letter case that a text has for certain, or by its name: upper, lower, any (no letters), '' (not known)."""
    if isinstance(node, exp.Anonymous):
        name = str(node.this).upper()
        if name in ("CONCAT", "REPLACE", "LEFT", "RIGHT", "LTRIM", "RTRIM", "COALESCE", "ISNULL"):
            cases = {_case_of(item) for item in node.expressions} - {"any"}
            return cases.pop() if len(cases) == 1 else "" if cases else "any"
        return {"UPPER": "upper", "LOWER": "lower"}.get(name, "")
    if isinstance(node, exp.Literal | exp.National):
        text = node.this
        return (
            "any"
            if text.lower() == text.upper()
            else "upper"
            if text == text.upper()
            else "lower"
            if text == text.lower()
            else ""
        )
    if isinstance(node, exp.Column | exp.Parameter) and node.name.lower().endswith(("_key", "_pattern")):
        return "upper" if node.name.lower().endswith("_key") else "any"
    return ""


def aggregated(node: Any) -> bool:
    """Whether the select list itself aggregates (so that without GROUP BY exactly one row comes)."""
    for item in node.expressions:
        for inner in item.walk(prune=lambda n: isinstance(n, exp.Subquery | exp.Select | exp.Window)):
            if isinstance(inner, exp.Anonymous) and str(inner.this).upper() in fn.AGGREGATES:
                return True
    return False
