"""INSERT, UPDATE, DELETE and their OUTPUT, on PostgreSQL."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from app.database.tsql import functions as fn
from app.database.tsql.functions import Value
from app.database.tsql.queries import Columns, From, Queries, Scope, Shape, identifier, joins_of, named
from app.database.tsql.types import Column, SqlType

Returns = list[tuple[str, SqlType]] | None


class Changes(Queries):
    def change(self, node: Any, returns: Returns) -> tuple[exp.Expr, bool]:
        """The statement, and whether its OUTPUT is the result of the procedure."""
        if isinstance(node, exp.Insert):
            built = self._insert(node, returns)
        elif isinstance(node, exp.Update):
            built = self._update(node, returns)
        else:
            built = self._delete(node, returns)
        return built, built.args.get("returning") is not None

    def _insert(self, node: Any, returns: Returns) -> exp.Expr:
        if not isinstance(node.this, exp.Schema):
            raise self.refuse(node, "INSERT", "name the columns: INSERT INTO t (a, b)")
        scope = Scope()
        with_ = self.with_clause(node, scope)
        table, columns = self.table(node.this.this, scope)
        names = [column.name.lower() for column in node.this.expressions]
        targets = [self._target(node.this, columns, name).type for name in names]
        source = node.expression
        if isinstance(source, exp.Values):
            rows = []
            for row in source.expressions:
                items = row.expressions if isinstance(row, exp.Tuple) else [row]
                self._as_many(node, len(items), len(names))
                values = [self.value(item, scope) for item in items]
                assigned = [fn.assign(value, kind) for value, kind in zip(values, targets, strict=True)]
                rows.append(exp.Tuple(expressions=assigned))
            built: Any = exp.Values(expressions=rows)
        elif isinstance(source, exp.Query):
            built, outputs = self.query(source, scope, Shape(targets=targets, outermost=True))
            self._as_many(node, len(outputs), len(names))
        else:
            raise self.refuse(node, "INSERT", "write VALUES (...) or SELECT")
        into = exp.Schema(this=table, expressions=[identifier(name) for name in names])
        inserted = {"inserted": ("", columns)}
        return exp.Insert(
            this=into, expression=built, with_=with_, returning=self._output(node, inserted, Scope(), returns)
        )

    def _as_many(self, node: Any, values: int, columns: int) -> None:
        if values != columns:
            raise self.refuse(node, "INSERT", f"{columns} columns are named and {values} values given")

    def _target(self, node: Any, columns: Columns | None, name: str) -> Column:
        if columns is None:
            return Column()
        if name not in columns:
            raise self.refuse(node, name, "the table has no such column")
        return columns[name]

    def _update(self, node: Any, returns: Returns) -> exp.Expr:
        if not node.this.db and not isinstance(node.this.this, exp.Parameter) and not node.args.get("from_"):
            raise self.refuse(
                node.this, node.this.name, "the name needs its schema", "or give it in FROM schema.t AS a"
            )
        scope = Scope()
        with_ = self.with_clause(node, scope)
        first = node.args["from_"].this if node.args.get("from_") else None
        joins = joins_of(node)
        target, columns, sources, tests = self._target_and_sources(node, node.this, first, joins, scope)
        settings = []
        for item in node.expressions:
            if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
                raise self.refuse(item, item.sql("tsql"), "SET column = expression, nothing else")
            column = self._target(item.this, columns, item.this.name.lower())
            value = self.value(item.expression, scope)
            settings.append(exp.EQ(this=named(item.this.name.lower()), expression=fn.assign(value, column.type)))
        where = self._where(node, tests, scope)
        alias = target.alias or target.name
        output = {"inserted": (alias, columns), "deleted": ("old", columns)}
        return exp.Update(
            this=target, expressions=settings, from_=_chain(sources), where=where, with_=with_,
            returning=self._output(node, output, scope, returns),
        )  # fmt: skip

    def _delete(self, node: Any, returns: Returns) -> exp.Expr:
        scope = Scope()
        with_ = self.with_clause(node, scope)
        named = node.args.get("tables") or []
        if named and (len(named) > 1 or named[0].args.get("alias")):
            raise self.refuse(node, "DELETE", "write DELETE a FROM schema.t AS a, or DELETE FROM schema.t")
        wanted = named[0] if named else node.this
        joins = list(node.this.args.get("joins") or [])
        first = node.this if named else None
        target, columns, sources, tests = self._target_and_sources(node, wanted, first, joins, scope)
        where = self._where(node, tests, scope)
        output = {"deleted": (target.alias or target.name, columns)}
        chain = _chain(sources)
        return exp.Delete(
            this=target, using=[chain.this] if chain else None, where=where, with_=with_,
            returning=self._output(node, output, scope, returns),
        )  # fmt: skip

    def _target_and_sources(
        self, node: Any, wanted: Any, first: Any, joins: list[Any], scope: Scope
    ) -> tuple[Any, Columns | None, list[exp.Join], list[Any]]:
        """The changed table taken out of the FROM, the joins that stay, and the join conditions for the WHERE.

        PostgreSQL does not let a join mention the changed table, so such a condition moves to the WHERE; that is the
        same for an inner join only.
        """
        if first is None:
            table, columns = self.table(wanted, scope)
            name = (wanted.alias or table.name).lower()
            if wanted.alias:
                table.set("alias", exp.TableAlias(this=identifier(name)))
            scope.sources[name] = From(columns)
            return table, columns, [], []
        name = self._name_in_from(wanted)
        first = first.copy()
        first.set("joins", None)
        everything = [exp.Join(this=first, kind="CROSS"), *joins]
        places = [
            join for join in everything if join.this.alias_or_name.lower() == name and isinstance(join.this, exp.Table)
        ]
        if len(places) != 1:
            raise self.refuse(wanted, name, "it is not an alias of the FROM")
        place = places[0]
        if place.side:
            raise self.refuse(place, f"{place.side} JOIN", "not for the table that is changed")
        only_lock = {w.name.upper() for hint in place.this.args.get("hints") or [] for w in hint.expressions}
        if only_lock - {"ROWLOCK", "UPDLOCK"}:
            raise self.refuse(place, "WITH", "only ROWLOCK for the table that is changed")
        target, columns = self.table(place.this, scope)
        target.set("alias", exp.TableAlias(this=identifier(name)))
        scope.sources[name] = From(columns)
        tests = [place.args["on"]] if place.args.get("on") else []
        kept: list[exp.Join] = []
        for join in everything:
            if join is place:
                continue
            mentions = self._mentions(join.args.get("on"), name) or self._mentions(join.this, name)
            if mentions and (
                join.side or not isinstance(join.this, exp.Table | exp.Subquery) or self._mentions(join.this, name)
            ):
                words = f"it depends on {name}, the table that is changed"
                hint = "gather the rows in a table variable first, then join that"
                raise self.refuse(join, f"{join.side or ''} JOIN".strip(), words, hint)
            outer = join.side or (isinstance(join.this, exp.Lateral) and join.this.args.get("cross_apply") is False)
            if outer and not kept:
                raise self.refuse(join, "outer join", "the first table beside the changed one is joined by JOIN")
            if mentions or (not kept and join.args.get("on")):
                tests.append(join.args["on"])
                join = exp.Join(this=join.this, kind="CROSS")
            kept.append(self.join(join, scope, None))
        return target, columns, kept, tests

    def _name_in_from(self, wanted: Any) -> str:
        if wanted.db or isinstance(wanted.this, exp.Parameter):
            raise self.refuse(
                wanted, wanted.sql("tsql"), "with FROM, change the alias: UPDATE a ... FROM schema.t AS a"
            )
        return str(wanted.name).lower()

    @staticmethod
    def _mentions(node: Any, name: str) -> bool:
        return node is not None and any(column.table.lower() == name for column in node.find_all(exp.Column))

    def _where(self, node: Any, tests: list[Any], scope: Scope) -> exp.Where | None:
        where = node.args.get("where")
        parts = [self.condition(test, scope) for test in [*tests, *([where.this] if where else [])]]
        parts = [exp.Paren(this=part) if isinstance(part, exp.Or) and len(parts) > 1 else part for part in parts]
        return exp.Where(this=exp.and_(*parts, copy=False, wrap=False)) if parts else None

    def _output(
        self, node: Any, tables: dict[str, tuple[str, Columns | None]], scope: Scope, returns: Returns
    ) -> exp.Returning | None:
        """OUTPUT as the result set: inserted and deleted become the row, or the row as it was (PostgreSQL 18: OLD)."""
        returning = node.args.get("returning")
        if returning is None:
            return None
        if returns is None:
            raise self.refuse(node, "OUTPUT", "the header says: Returns nothing")
        inner = Scope(dict(scope.sources))
        for word, (_, columns) in tables.items():
            inner.sources[word] = From(columns)
        if len(returning.expressions) != len(returns):
            raise self.refuse(
                node, "OUTPUT", f"gives {len(returning.expressions)} columns, the header has {len(returns)}"
            )
        items = []
        for item, (name, kind) in zip(returning.expressions, returns, strict=True):
            if item.alias_or_name.lower() != name:
                raise self.refuse(item, item.alias_or_name, f"the header's Returns calls this column {name}")
            value = self.value(item.this if isinstance(item, exp.Alias) else item, inner)
            value = Value(self.result(item, value, kind), kind)
            for column in [value.node, *value.node.find_all(exp.Column)]:
                if isinstance(column, exp.Column) and column.table in tables:
                    alias = tables[column.table][0]
                    column.set("table", exp.to_identifier(alias) if alias else None)
            items.append(
                value.node if value.node.alias_or_name == name else exp.Alias(this=value.node, alias=identifier(name))
            )
        return exp.Returning(expressions=items)


def _chain(joins: list[exp.Join]) -> exp.From | None:
    """FROM a CROSS JOIN b LEFT JOIN c ..., the first without its JOIN."""
    if not joins:
        return None
    first = joins[0].this
    if len(joins) > 1:
        first.set("joins", joins[1:])
    return exp.From(this=first)
