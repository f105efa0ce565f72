"""Queries and expressions: from sqlglot's tree of T-SQL to a tree that PostgreSQL reads the same way.

One walk gives the new tree and, with it, the type of each expression and whether it can be NULL. Only the kinds of nodes
that are named here pass; everything else is refused with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
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
    "Union Except Intersect": "this expression distinct order limit offset with_", "Tuple Distinct Group": "expressions",
    "Table": "this db alias joins hints", "TableAlias": "this columns", "Join": "this on side kind", "Alias CTE": "this alias",
    "Lateral": "this alias cross_apply", "Values": "expressions alias", "With Returning WithTableHint": "expressions",
    "Ordered": "this desc nulls_first", "Fetch": "direction count limit_options", "LimitOptions": "rows",
    "Limit": "expression limit_options", "Offset": "expression", "Insert": "this expression returning with_",
    "Update": "this expressions from_ where returning with_", "Delete": "this tables where returning with_",
}.items() for name in names.split()}  # fmt: skip
_WORDS = {
    "options": "OPTION", "into": "INTO", "for_": "FOR", "pivots": "PIVOT", "with_ties": "WITH TIES", "percent": "PERCENT",
    "Rollup": "ROLLUP", "Cube": "CUBE", "GroupingSets": "GROUPING SETS", "default": "DEFAULT", "catalog": "database.schema.name",
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

    def child(self) -> Scope:
        return Scope(parent=self)

    def cte(self, name: str) -> tuple[bool, Columns | None]:
        scope: Scope | None = self
        while scope:
            if name in scope.ctes:
                return True, scope.ctes[name]
            scope = scope.parent
        return False, None


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


def quoted(name: str) -> str:
    return f'"{name}"' if name in RESERVED else name


class Queries:
    def __init__(self, around: Surroundings) -> None:
        self.around = around

    # -- errors and parsing ----------------------------------------------------------------------------------------

    def refuse(self, node: Any, construct: str, reason: str, hint: str = "") -> CompileError:
        """The error for `node`: at its first word whose place is known, else at the statement."""
        offsets = [n.meta["start"] for n in node.walk() if "start" in n.meta] if isinstance(node, exp.Expr) else []
        text = self.around.source.text
        line, column = place_of(text, min(offsets) if offsets else self.start)
        return CompileError(self.around.source.file, line, column, construct, reason, hint)

    start = 0

    def parse(self, words: list[Any], into: Any = None) -> Any:
        """sqlglot's tree of a statement's words (`into`: of an expression). Raises CompileError."""
        self.start = words[0].start if words else self.start
        parser = DIALECT.parser()
        text = self.around.source.text
        try:
            trees = parser.parse_into(into, words, text) if into else parser.parse(words, text)
        except ParseError as error:
            first = error.errors[0] if error.errors else {}
            line, column = first.get("line") or place_of(text, self.start)[0], first.get("col") or 1
            word = str(first.get("highlight") or text[self.start : words[-1].end + 1].split("\n")[0])
            reason = str(first.get("description") or error).rstrip(".")
            raise CompileError(self.around.source.file, int(line), int(column), word, reason) from error
        if len(trees) != 1 or trees[0] is None or isinstance(trees[0], exp.Command):
            raise self.refuse(None, text[self.start : words[-1].end + 1].split("\n")[0], "not in house T-SQL")
        self._is_known(trees[0])
        self._aliases_have_as(trees[0])
        return trees[0]

    def _is_known(self, tree: Any) -> None:
        for node in tree.walk():
            name = type(node).__name__
            if name not in KNOWN_NODES:
                raise self.refuse(node, _WORDS.get(name, name), "not in house T-SQL")
            for part, value in node.args.items():
                if value and part not in KNOWN_NODES[name]:
                    raise self.refuse(node, _WORDS.get(part, f"{name} {part}"), "not in house T-SQL")

    def _aliases_have_as(self, tree: Any) -> None:
        text = self.around.source.text
        for node in tree.find_all(exp.Alias, exp.TableAlias):
            name = node.args.get("alias") if isinstance(node, exp.Alias) else node.this
            if not isinstance(name, exp.Identifier) or "start" not in name.meta:
                continue
            before = text[: name.meta["start"]].rstrip().upper()
            if isinstance(node.parent, exp.CTE):
                continue
            if not before.endswith("AS"):
                raise self.refuse(name, name.name, "the alias has no AS", f"write AS {name.name}")

    def condition_of(self, words: list[Any]) -> exp.Expr:
        return self.condition(self.parse(words, exp.Condition), Scope())

    def value_of(self, words: list[Any]) -> Value:
        return self.value(self.parse(words, exp.Condition), Scope())

    # -- conditions ------------------------------------------------------------------------------------------------

    def condition(self, node: Any, scope: Scope) -> exp.Expr:
        """A node that is true, false or unknown."""
        if isinstance(node, exp.And | exp.Or):
            return type(node)(this=self.condition(node.this, scope), expression=self.condition(node.expression, scope))
        if isinstance(node, exp.Not):
            return self._not(node.this, scope)
        if isinstance(node, exp.Paren):
            return exp.Paren(this=self.condition(node.this, scope))
        if isinstance(node, COMPARISONS):
            left, right = self.value(node.this, scope), self.value(node.expression, scope)
            self._comparable(node, left, right)
            return type(node)(this=left.node, expression=right.node)
        if isinstance(node, exp.Is):
            if not isinstance(node.expression, exp.Null):
                raise self.refuse(node, "IS", "only IS NULL and IS NOT NULL")
            return exp.Is(this=self.value(node.this, scope).node, expression=exp.Null())
        if isinstance(node, exp.In):
            return self._in(node, scope)
        if isinstance(node, exp.Between):
            parts = [self.value(node.args[name], scope) for name in ("this", "low", "high")]
            self._comparable(node, parts[0], parts[1])
            self._comparable(node, parts[0], parts[2])
            return exp.Between(this=parts[0].node, low=parts[1].node, high=parts[2].node)
        if isinstance(node, exp.Escape | exp.Like):
            return self._like(node, scope)
        if isinstance(node, exp.Exists):
            query, _ = self.query(node.this, scope)
            return exp.Exists(this=query)
        raise self.refuse(node, type(node).__name__.upper(), "a condition is expected here", "compare with = 1")

    def _not(self, node: Any, scope: Scope) -> exp.Expr:
        inner = self.condition(node, scope)
        if isinstance(inner, exp.Is):
            inner.set("negate", not inner.args.get("negate"))
            return inner
        bare = isinstance(inner, exp.In | exp.Paren | exp.Exists)
        return exp.Not(this=inner if bare else exp.Paren(this=inner))

    def _comparable(self, node: Any, left: Value, right: Value) -> None:
        one, two = left.family, right.family
        if not one or not two or one == two or isinstance(left.node, exp.Null) or isinstance(right.node, exp.Null):
            return
        if left.type and right.type and left.type.is_number and right.type.is_number:
            return
        if {one, two} == {"date", "datetime"}:
            return
        if (one == "text" and left.is_literal) or (two == "text" and right.is_literal):
            if not ((left.type and left.type.is_number) or (right.type and right.type.is_number)):
                return
        raise self.refuse(
            node, node.sql("tsql"), f"{left.type} is compared with {right.type}", "write CAST on one side"
        )

    def _in(self, node: Any, scope: Scope) -> exp.Expr:
        left = self.value(node.this, scope)
        query = node.args.get("query")
        if query is not None:
            inner, columns = self.query(query, scope)
            if len(columns) != 1:
                raise self.refuse(node, "IN", "the query gives more than one column")
            self._comparable(node, left, columns[0][1])
            return exp.In(this=left.node, query=inner)
        values = [self.value(item, scope) for item in node.expressions]
        for value in values:
            self._comparable(node, left, value)
        return exp.In(this=left.node, expressions=[value.node for value in values])

    def _like(self, node: Any, scope: Scope) -> exp.Expr:
        """LIKE. SQL Server's usual collations take no notice of case, PostgreSQL does: both sides must be normalised."""
        escape = node.expression if isinstance(node, exp.Escape) else None
        like = node.this if escape is not None else node
        if not isinstance(like, exp.Like):
            raise self.refuse(node, "ESCAPE", "only after LIKE")
        pattern = like.expression
        literal = pattern.this if isinstance(pattern, exp.Literal | exp.National) else None
        if literal is not None and ("[" in literal or "\\" in literal) and escape is None:
            raise self.refuse(node, "LIKE", "[ and \\ mean different things on the engines", "write ESCAPE N'!'")
        has_letters = literal is None or literal.lower() != literal.upper()
        if has_letters and not (_normalised(like.this) and _normalised(pattern)):
            raise self.refuse(node, "LIKE", "letter case would count on one engine only",
                              "put UPPER() around both sides, or compare a _key column with a @..._key variable")  # fmt: skip
        built = exp.Like(this=self.value(like.this, scope).node, expression=self.value(pattern, scope).node)
        mark = exp.Literal.string(escape.this if escape is not None else "")
        test = exp.Escape(this=built, expression=mark)
        return exp.Not(this=exp.Paren(this=test)) if like.args.get("negate") else test

    # -- values ----------------------------------------------------------------------------------------------------

    def value(self, node: Any, scope: Scope) -> Value:
        """An expression that gives a value."""
        try:
            return self._value(node, scope)
        except Refusal as refusal:
            raise self.refuse(node, node.sql("tsql")[:60], refusal.reason, refusal.hint) from refusal

    def _value(self, node: Any, scope: Scope) -> Value:
        if isinstance(node, exp.Column):
            return self.column(node, scope)
        if isinstance(node, exp.National) or (isinstance(node, exp.Literal) and node.is_string):
            return Value(exp.Literal.string(node.this), SqlType("nvarchar", max(len(node.this), 1)), False)
        if isinstance(node, exp.Literal):
            return Value(exp.Literal.number(node.this), of_literal(node.this), False)
        if isinstance(node, exp.Null):
            return Value(exp.Null())
        if isinstance(node, exp.Parameter):
            return self.variable(node)
        if isinstance(node, exp.Paren):
            inner = self.value(node.this, scope)
            return Value(exp.Paren(this=inner.node), inner.type, inner.nullable)
        if isinstance(node, exp.Neg):
            inner = self.value(node.this, scope)
            return Value(exp.Neg(this=inner.node), inner.type, inner.nullable)
        if isinstance(node, ARITHMETIC):
            return self._arithmetic(node, scope)
        if isinstance(node, exp.Case):
            return self._case(node, scope)
        if isinstance(node, exp.Convert):
            if node.args.get("style"):
                raise Refusal("a style number", "write CONVERT without it; texts are read as ISO")
            return fn.convert(self.value(node.expression, scope), self._type(node.this), bool(node.args.get("safe")))
        if isinstance(node, exp.Cast):  # exp.TryCast is one of them
            safe = isinstance(node, exp.TryCast)
            return fn.convert(self.value(node.this, scope), self._type(node.args["to"]), safe)
        if isinstance(node, exp.Anonymous):
            return self._function(node, scope)
        if isinstance(node, exp.Window):
            return self._window(node, scope)
        if isinstance(node, exp.Subquery | exp.Select):
            query, columns = self.query(node, scope)
            if len(columns) != 1:
                raise Refusal("a query in the place of a value gives one column")
            return Value(query, columns[0][1].type, True)
        if isinstance(node, (*COMPARISONS, exp.And, exp.Or, exp.Not, exp.Is, exp.In, exp.Exists, exp.Like)):
            raise Refusal("a condition is not a value", "write CASE WHEN ... THEN 1 ELSE 0 END")
        if isinstance(node, exp.Dot):
            raise Refusal("scalar functions are not used", "write the expression, a view or an inline table function")
        raise Refusal(f"{type(node).__name__} is not in house T-SQL")

    def _type(self, node: Any) -> SqlType:
        try:
            return of_tree(node)
        except ValueError as error:
            raise Refusal("not a type of house T-SQL", str(error)) from error

    def column(self, node: Any, scope: Scope) -> Value:
        if isinstance(node.this, exp.Star):
            raise self.refuse(node, "*", "name the columns")
        if not isinstance(node.this, exp.Identifier) or node.args.get("db"):
            raise self.refuse(node, node.sql("tsql"), "a column is written alias.column")
        name, table = node.name.lower(), node.table.lower()
        if not table and node.name.upper() in fn.HINTS:
            raise Refusal("not in house T-SQL", f"write {fn.HINTS[node.name.upper()]}")
        level: Scope | None = scope
        while level:
            found = self._column_at(level, table, name, node)
            if found:
                return found
            level = level.parent
        if table:
            raise self.refuse(node, f"{node.table}.{node.name}", f"nothing is called {node.table} here")
        raise self.refuse(node, node.name, "no table here has such a column")

    def _column_at(self, scope: Scope, table: str, name: str, node: Any) -> Value | None:
        places = [table] if table else list(scope.sources)
        unknown = False
        for place in places:
            source = scope.sources.get(place)
            if source is None:
                continue
            if source.columns is None:
                unknown = True
                continue
            if name in source.columns:
                column = source.columns[name]
                nullable = (column.nullable or source.nullable) and name not in source.proven
                return Value(self._named(name, table), column.type, nullable)
            if table:
                raise self.refuse(node, f"{node.table}.{node.name}", f"{node.table} has no such column")
        return Value(self._named(name, table)) if unknown else None

    def _named(self, name: str, table: str = "") -> exp.Column:
        return exp.Column(this=identifier(name), table=identifier(table) if table else None)

    def variable(self, node: Any) -> Value:
        if isinstance(node.this, exp.Parameter):
            raise self.refuse(node, f"@@{node.this.name}", "only SET @n = @@ROWCOUNT; directly after a statement")
        known = self.around.variables.get(node.name.lower())
        if known is None:
            raise self.refuse(node, f"@{node.name}", "it is not declared")
        if known.columns is not None:
            raise self.refuse(node, f"@{node.name}", "a table is not a value")
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
            kind = SqlType("int")
        return Value(built, kind, left.nullable or right.nullable)

    def _case(self, node: Any, scope: Scope) -> Value:
        subject = self.value(node.this, scope) if node.this is not None else None
        ifs, values = [], []
        for branch in node.args["ifs"]:
            test = self.value(branch.this, scope).node if subject else self.condition(branch.this, scope)
            values.append(self.value(branch.args["true"], scope))
            ifs.append(exp.If(this=test, true=values[-1].node))
        last = node.args.get("default")
        values.append(self.value(last, scope) if last is not None else Value(exp.Null()))
        default = values[-1].node if last is not None else None
        built = exp.Case(this=subject.node if subject else None, ifs=ifs, default=default)
        return Value(built, fn.common_type(values), any(v.nullable for v in values))

    def _function(self, node: Any, scope: Scope, window: bool = False) -> Value:
        name = str(node.this).upper()
        arguments = node.expressions
        if name in ("DATEADD", "DATEDIFF", "DATEPART"):
            if len(arguments) != (2 if name == "DATEPART" else 3) or not isinstance(arguments[0], exp.Column):
                raise Refusal(f"{name} takes a unit and {1 if name == 'DATEPART' else 2} arguments")
            values = [self.value(item, scope) for item in arguments[1:]]
            return fn.date_function(name, arguments[0].name.lower(), values)
        if name == "IIF" and len(arguments) == 3:
            branch = exp.If(this=arguments[0], true=arguments[1])
            return self._case(exp.Case(ifs=[branch], default=arguments[2]), scope)
        known = fn.FUNCTIONS.get(name) or (fn.WINDOW_ONLY.get(name) if window else None)
        if known is None and name in fn.WINDOW_ONLY:
            raise Refusal("it needs OVER (...)")
        if known is None:
            hint = fn.HINTS.get(name, "")
            raise Refusal("not a function of house T-SQL", f"use {hint}" if hint else "see docs/dba.md for the list")
        if name.startswith("ERROR_") and not self.around.in_catch:
            raise Refusal("only inside BEGIN CATCH")
        least, most, build = known
        if not least <= len(arguments) <= most:
            raise Refusal(f"{name} takes {least} to {most} arguments, not {len(arguments)}")
        if window and name not in fn.AGGREGATES and name not in fn.WINDOW_ONLY:
            raise Refusal("not a window function")
        return build(*[self._argument(name, item, scope) for item in arguments])

    def _argument(self, name: str, node: Any, scope: Scope) -> Value:
        if isinstance(node, exp.Star) and name.startswith("COUNT"):
            return Value(exp.Star())
        if isinstance(node, exp.Distinct) and name in fn.AGGREGATES:
            inner = self.value(node.expressions[0], scope)
            return Value(exp.Distinct(expressions=[inner.node]), inner.type, inner.nullable)
        return self.value(node, scope)

    def _window(self, node: Any, scope: Scope) -> Value:
        if not isinstance(node.this, exp.Anonymous) or node.args.get("alias"):
            raise Refusal("not a window of house T-SQL")
        value = self._function(node.this, scope, window=True)
        name = {"COUNT_BIG": "COUNT"}.get(str(node.this.this).upper(), str(node.this.this).upper())
        inner = next(n for n in value.node.walk() if isinstance(n, exp.Anonymous) and n.this == name)
        order = node.args.get("order")
        window = exp.Window(
            this=inner.copy(),
            partition_by=[self.value(item, scope).node for item in node.args.get("partition_by") or []],
            order=self.order(order, scope, []) if order else None,
            spec=node.args["spec"].copy() if node.args.get("spec") else None,
        )
        outer = window if inner is value.node else value.node
        if inner is not value.node:
            inner.replace(window)
        return Value(outer, value.type, value.nullable)

    # -- queries ---------------------------------------------------------------------------------------------------

    def query(
        self, node: Any, outer: Scope, declared: list[tuple[str, SqlType]] | None = None,
        targets: list[SqlType | None] | None = None, top: bool = False,
    ) -> tuple[Any, list[tuple[str, Value]]]:  # fmt: skip
        """A SELECT, UNION, EXCEPT or INTERSECT and its columns.

        `declared`: names ('' for any) and types that the columns must have (the header's Returns). `targets`: types of the columns
        that they are stored in. `top`: it stands by itself, so it may be ordered without TOP.
        """
        if isinstance(node, exp.Subquery):
            inner, columns = self.query(node.this, outer, declared, targets)
            return exp.Subquery(this=inner), columns
        scope = outer.child()
        with_ = self.with_clause(node, scope)
        if isinstance(node, exp.SetOperation):
            left, columns = self.query(node.this, scope, declared, targets)
            unnamed = [("", kind) for _, kind in declared] if declared is not None else None
            right, others = self.query(node.expression, scope, unnamed, targets)
            if len(columns) != len(others):
                raise self.refuse(node, node.key.upper(), "its queries give different numbers of columns")
            built: Any = type(node)(this=left, expression=right, distinct=node.args.get("distinct"))
            merged = [
                (name, Value(one.node, fn.common_type([one, two]), one.nullable or two.nullable))
                for (name, one), (_, two) in zip(columns, others, strict=True)
            ]
            self._tail(node, built, scope, merged, top, by_output=True)
        elif isinstance(node, exp.Select):
            built, merged = self._select(node, scope, declared, targets, top)
        else:
            raise self.refuse(node, type(node).__name__.upper(), "a query is expected here")
        if with_ is not None:
            built.set("with_", with_)
        return built, merged

    def _prove(self, node: Any, scope: Scope) -> None:
        """Note the columns that are compared in the WHERE, and so not NULL in what it lets through."""
        if isinstance(node, exp.And):
            self._prove(node.this, scope)
            self._prove(node.expression, scope)
        elif isinstance(node, exp.Paren):
            self._prove(node.this, scope)
        elif isinstance(node, (*COMPARISONS, exp.In, exp.Between, exp.Like)):
            self._is_not_null(node.this, scope)
            if isinstance(node, COMPARISONS):
                self._is_not_null(node.expression, scope)
        elif isinstance(node, exp.Not) and isinstance(node.this, exp.Is):
            self._is_not_null(node.this.this, scope)

    def _is_not_null(self, node: Any, scope: Scope) -> None:
        if isinstance(node, exp.Column):
            for name, source in scope.sources.items():
                if name == node.table.lower() or (not node.table and node.name.lower() in (source.columns or {})):
                    source.proven.add(node.name.lower())

    def with_clause(self, node: Any, scope: Scope) -> exp.With | None:
        with_ = node.args.get("with_")
        if with_ is None:
            return None
        recursive, built = False, []
        for cte in with_.expressions:
            name = cte.alias.lower()
            given = [column.name.lower() for column in cte.args["alias"].args.get("columns") or []]
            itself = [t for t in cte.this.find_all(exp.Table) if t.name.lower() == name and not t.db]
            if itself:
                recursive = True
                scope.ctes[name] = None
            query, columns = self.query(cte.this, scope)
            names = given or [column for column, _ in columns]
            self._names_are_given(cte, names)
            scope.ctes[name] = {n: Column(v.type, v.nullable) for n, (_, v) in zip(names, columns, strict=True)}
            alias = exp.TableAlias(this=identifier(name), columns=[identifier(column) for column in given])
            # A named part is worked out once, not again for each row that it is joined to.
            built.append(exp.CTE(this=query, alias=alias, materialized=not recursive or None))
        return exp.With(expressions=built, recursive=recursive)

    def _names_are_given(self, node: Any, names: Iterable[str]) -> None:
        seen: set[str] = set()
        for name in names:
            if not name or name in seen:
                raise self.refuse(node, name or "column", "each column needs a name of its own", "write AS name")
            seen.add(name)

    def _select(
        self, node: Any, scope: Scope, declared: list[tuple[str, SqlType]] | None,
        targets: list[SqlType | None] | None, top: bool,
    ) -> tuple[exp.Select, list[tuple[str, Value]]]:  # fmt: skip
        built = exp.Select()
        locks: list[exp.Lock] = []
        if node.args.get("from_"):
            built.set("from_", exp.From(this=self.source(node.args["from_"].this, scope, locks)))
        built.set("joins", [self.join(join, scope, locks) for join in self.joins_of(node)])
        if node.args.get("where"):
            built.set("where", exp.Where(this=self.condition(node.args["where"].this, scope)))
            self._prove(node.args["where"].this, scope)
        group = node.args.get("group")
        if group:
            built.set("group", exp.Group(expressions=[self.value(item, scope).node for item in group.expressions]))
        if node.args.get("having"):
            built.set("having", exp.Having(this=self.condition(node.args["having"].this, scope)))
        if node.args.get("distinct"):
            built.set("distinct", exp.Distinct())
        columns, originals = self._columns(node, scope, declared, targets)
        built.set("expressions", [item for item, _, _ in columns])
        outputs = [(name, value) for _, name, value in columns]
        self._tail(node, built, scope, outputs, top, originals=originals)
        if locks:
            if any(built.args.get(name) for name in ("distinct", "group", "having")) or _aggregated(node):
                raise self.refuse(node, "UPDLOCK", "not together with DISTINCT, GROUP BY or aggregates")
            built.set("locks", locks)
        return built, outputs

    def _columns(
        self, node: Any, scope: Scope, declared: list[tuple[str, SqlType]] | None, targets: list[SqlType | None] | None
    ) -> tuple[list[tuple[Any, str, Value]], dict[str, str]]:
        """The select list: (node, name, value); and of casted columns, the text before the cast by column name."""
        found, originals = [], {}
        for number, item in enumerate(node.expressions):
            if isinstance(item, exp.Star):
                raise self.refuse(node, "*", "name the columns")
            name = item.alias_or_name.lower() if isinstance(item, exp.Alias | exp.Column) else ""
            value = self.value(item.this if isinstance(item, exp.Alias) else item, scope)
            out = value.node
            if declared is not None:
                if number >= len(declared):
                    raise self.refuse(item, name, "the header's Returns has fewer columns")
                wanted = declared[number][0]
                if name and wanted and name != wanted:
                    raise self.refuse(item, name, f"the header's Returns calls this column {wanted}")
                name = wanted or name
                out = self.result(item, value, declared[number][1])
                originals[name] = value.node.sql("postgres")
            elif targets is not None and number < len(targets):
                out = fn.assign(value, targets[number])
            plain = isinstance(out, exp.Column) and out.name == name
            value = Value(out, declared[number][1] if declared is not None else value.type, value.nullable)
            found.append((out if plain or not name else exp.Alias(this=out, alias=identifier(name)), name, value))
        if declared is not None and len(found) != len(declared):
            raise self.refuse(node, "SELECT", f"gives {len(found)} columns, the header's Returns has {len(declared)}")
        return found, originals

    def result(self, item: Any, value: Value, kind: SqlType) -> Any:
        """The column of a result, of exactly the declared type; a length is not enforced, as SQL Server does not."""
        have = value.type
        loose = SqlType(kind.name) if kind.family == "text" else kind
        if have is not None and not isinstance(value.node, exp.Null):
            same = have.family == kind.family or (have.is_number and kind.is_number and kind.rank >= have.rank)
            if (
                not same
                and not (value.is_literal and have.family == "text")
                and (have.family, kind.family) != ("date", "datetime")
            ):
                raise self.refuse(
                    item, item.sql("tsql")[:60], f"it is {have}, the header's Returns says {kind}", "write CAST"
                )
            if have == kind and isinstance(value.node, exp.Column):
                return value.node
        return fn.cast(value.node, "varchar" if kind.family == "text" and kind.size else loose)

    def _tail(
        self, node: Any, built: Any, scope: Scope, outputs: list[tuple[str, Value]], top: bool, by_output: bool = False,
        originals: dict[str, str] | None = None,
    ) -> None:  # fmt: skip
        """ORDER BY, TOP, OFFSET and FETCH."""
        order, limit, offset = (node.args.get(name) for name in ("order", "limit", "offset"))
        if order:
            if not top and not limit and not offset:
                raise self.refuse(order, "ORDER BY", "without TOP it means nothing here", "order the outermost query")
            built.set("order", self.order(order, scope, outputs, by_output))
            for item in built.args["order"].expressions if built.args.get("distinct") and originals else []:
                for name, text in (originals or {}).items():
                    if item.this.sql("postgres") == text:
                        item.set("this", self._named(name))
        if offset:
            if not order:
                raise self.refuse(node, "OFFSET", "it needs ORDER BY")
            built.set("offset", exp.Offset(expression=self._count(offset.expression, scope)))
        if limit is not None:
            count = limit.args["count"] if isinstance(limit, exp.Fetch) else limit.expression
            built.set("limit", exp.Limit(expression=self._count(count, scope)))

    def _count(self, node: Any, scope: Scope) -> Any:
        """A number of rows. NULL is an error on SQL Server and means all rows on PostgreSQL; -1 is an error there."""
        value = self.value(node.unnest() if isinstance(node, exp.Paren) else node, scope)
        return value.node if value.is_literal else exp.Coalesce(this=value.node, expressions=[exp.Literal.number("-1")])

    def order(self, order: Any, scope: Scope, outputs: list[tuple[str, Value]], by_output: bool = False) -> exp.Order:
        """ORDER BY with T-SQL's place for NULL (first), unsaid where there can be none so that an index serves."""
        items = []
        names = dict(outputs)
        for item in order.expressions:
            key = item.this
            if isinstance(key, exp.Literal):
                raise self.refuse(order, key.sql("tsql"), "order by a name, not by a position")
            if isinstance(key, exp.Column) and not key.table and key.name.lower() in names:
                value = Value(self._named(key.name.lower()), None, names[key.name.lower()].nullable)
            elif by_output:
                raise self.refuse(key, key.sql("tsql"), "after UNION the order is by names of the result")
            elif isinstance(key, exp.Subquery) and isinstance(key.this.expressions[0], exp.Null):
                continue  # ORDER BY (SELECT NULL): any order
            else:
                value = self.value(key, scope)
            descending = bool(item.args.get("desc"))
            nulls_first = value.nullable if not descending else not value.nullable
            items.append(exp.Ordered(this=value.node, desc=descending or None, nulls_first=nulls_first))
        return exp.Order(expressions=items) if items else None

    # -- sources ---------------------------------------------------------------------------------------------------

    def joins_of(self, node: Any) -> list[Any]:
        """Joins, whether sqlglot hung them on the SELECT or on its first table."""
        first = node.args["from_"].this if node.args.get("from_") else None
        inner = list(first.args.get("joins") or []) if first is not None else []
        return inner + list(node.args.get("joins") or [])

    def join(self, join: Any, scope: Scope, locks: list[exp.Lock] | None) -> exp.Join:
        side, kind = (join.side or "").upper(), (join.kind or "").upper()
        if isinstance(join.this, exp.Lateral):
            outer_apply = join.this.args.get("cross_apply") is False
            this = self.source(join.this, scope, None, nullable=outer_apply)
            if outer_apply:
                return exp.Join(this=this, side="LEFT", on=exp.true())
            return exp.Join(this=this, kind="CROSS")
        if side in ("RIGHT", "FULL"):
            for source in scope.sources.values():
                source.nullable = True
        this = self.source(join.this, scope, locks, nullable=side in ("LEFT", "FULL"))
        on = join.args.get("on")
        if on is None and kind != "CROSS":
            raise self.refuse(join, "JOIN" if kind or side else ",", "a join needs ON", "or write CROSS JOIN")
        if kind not in ("", "INNER", "CROSS", "OUTER"):
            raise self.refuse(join, kind, "not a join of house T-SQL")
        return exp.Join(
            this=this, side=side or None, kind="CROSS" if kind == "CROSS" else None,
            on=self.condition(on, scope) if on is not None else None,
        )  # fmt: skip

    def source(self, node: Any, scope: Scope, locks: list[exp.Lock] | None, nullable: bool = False) -> Any:
        """A table, table variable, function, derived table or VALUES of a FROM; its alias enters the scope."""
        if isinstance(node, exp.Lateral):
            inner = node.this
            if isinstance(inner, exp.Dot):
                node = exp.Table(this=inner.expression, db=inner.this, alias=node.args.get("alias"))
                return exp.Lateral(this=self.source(node, scope, None, nullable))
            derived = exp.Subquery(this=inner.unnest(), alias=node.args.get("alias"))
            return exp.Lateral(this=self.source(derived, scope, None, nullable))
        alias = node.alias.lower()
        if isinstance(node, exp.Subquery | exp.Values):
            if not alias:
                raise self.refuse(node, "FROM", "a derived table needs an alias")
            return self._derived(node, alias, scope, nullable)
        if not isinstance(node, exp.Table):
            raise self.refuse(node, type(node).__name__.upper(), "not a source of house T-SQL")
        built, columns = self.table(node, scope)
        name = alias or built.name
        if name in scope.sources:
            raise self.refuse(node, name, "the alias is used twice")
        scope.sources[name] = From(columns, nullable)
        if alias:
            built.set("alias", exp.TableAlias(this=identifier(alias)))
        self._hints(node, name, locks)
        return built

    def _derived(self, node: Any, alias: str, scope: Scope, nullable: bool) -> Any:
        given = [column.name.lower() for column in node.args["alias"].args.get("columns") or []]
        # A derived table sees what APPLY gives it and the scopes around, as PostgreSQL checks by itself.
        if isinstance(node, exp.Values) or isinstance(node.this, exp.Values):
            values = node if isinstance(node, exp.Values) else node.this
            rows = [[self.value(item, scope) for item in row.expressions] for row in values.expressions]
            built: Any = exp.Values(expressions=[exp.Tuple(expressions=[v.node for v in row]) for row in rows])
            parts = [fn.common_type(list(column)) for column in zip(*rows, strict=True)]
            empty = [any(v.nullable for v in column) for column in zip(*rows, strict=True)]
            columns = [("", Value(None, kind, null)) for kind, null in zip(parts, empty, strict=True)]
        else:
            query, columns = self.query(node.this, scope)
            built = exp.Subquery(this=query)
        names = given or [name for name, _ in columns]
        self._names_are_given(node, names)
        known = {name: Column(value.type, value.nullable) for name, (_, value) in zip(names, columns, strict=True)}
        scope.sources[alias] = From(known, nullable)
        built.set("alias", exp.TableAlias(this=identifier(alias), columns=[identifier(name) for name in given]))
        return built

    def table(self, node: Any, scope: Scope) -> tuple[exp.Table, Columns | None]:
        """A named table with its columns: variable, CTE, table, view or function."""
        if isinstance(node.this, exp.Parameter):
            known = self.around.variables.get(node.this.name.lower())
            if known is None or known.columns is None:
                raise self.refuse(node, f"@{node.this.name}", "no table variable of this name is declared")
            return exp.Table(this=identifier(known.name), db=identifier("pg_temp")), known.columns
        name = node.this.name.lower() if isinstance(node.this, exp.Identifier) else str(node.this.this).lower()
        if not node.db:
            found, columns = scope.cte(name)
            if not found:
                raise self.refuse(node, name, "the name needs its schema", f"write schema.{name}")
            return exp.Table(this=identifier(name)), columns
        full = f"{node.db.lower()}.{name}"
        known_name, columns = self.around.columns_of(full)
        if not known_name:
            raise self.refuse(node, full, "there is no such table, view or function")
        self.around.dependencies.add(full)
        if isinstance(node.this, exp.Anonymous):
            kinds = self.around.parameters_of(full)
            values = [self.value(item, scope) for item in node.this.expressions]
            if kinds is not None and len(kinds) != len(values):
                raise self.refuse(node, full, f"takes {len(kinds)} arguments, not {len(values)}")
            exact: list[Any] = kinds if kinds is not None else [None] * len(values)
            arguments = [fn.assign(value, kind, strict=True) for value, kind in zip(values, exact, strict=True)]
            return exp.Table(this=fn.call(name, *arguments), db=identifier(node.db.lower())), columns
        return exp.Table(this=identifier(name), db=identifier(node.db.lower())), columns

    def _hints(self, node: Any, name: str, locks: list[exp.Lock] | None) -> None:
        words = {w.name.upper() for hint in node.args.get("hints") or [] for w in getattr(hint, "expressions", [hint])}
        if not words:
            return
        unknown = words - {"ROWLOCK", "UPDLOCK", "READPAST", "HOLDLOCK"}
        if unknown or "UPDLOCK" not in words or (words >= {"READPAST", "HOLDLOCK"}):
            raise self.refuse(node, f"WITH ({', '.join(sorted(words))})", "not a hint of house T-SQL",
                              "(UPDLOCK, ROWLOCK [, READPAST]) or (UPDLOCK, HOLDLOCK)")  # fmt: skip
        if locks is None:
            raise self.refuse(node, "UPDLOCK", "only in the FROM of a SELECT")
        # NO KEY: as with UPDLOCK, rows that refer to this one by a foreign key may be inserted meanwhile.
        wait = False if "READPAST" in words else None
        locks.append(exp.Lock(update=True, key=True, expressions=[identifier(name)], wait=wait))


def identifier(name: str) -> exp.Identifier:
    return exp.Identifier(this=name, quoted=name in RESERVED)


def _normalised(node: Any) -> bool:
    """Whether the text has one letter case for certain, or by its name."""
    if isinstance(node, exp.Anonymous):
        name = str(node.this).upper()
        if name in ("CONCAT", "REPLACE", "LEFT", "RIGHT", "LTRIM", "RTRIM", "COALESCE", "ISNULL"):
            return all(_normalised(item) for item in node.expressions if not _is_number(item))
        return name in ("UPPER", "LOWER")
    if isinstance(node, exp.Literal | exp.National):
        return node.this in (node.this.upper(), node.this.lower())
    if isinstance(node, exp.Paren):
        return _normalised(node.this)
    return isinstance(node, exp.Column | exp.Parameter) and node.name.lower().endswith(("_key", "_pattern"))


def _is_number(node: Any) -> bool:
    return isinstance(node, exp.Literal) and not node.is_string


def _aggregated(node: Any) -> bool:
    """Whether the select list itself aggregates (so that without GROUP BY exactly one row comes)."""
    for item in node.expressions:
        for inner in item.walk(prune=lambda n: isinstance(n, exp.Subquery | exp.Select | exp.Window)):
            if isinstance(inner, exp.Anonymous) and str(inner.this).upper() in fn.AGGREGATES:
                return True
    return False
