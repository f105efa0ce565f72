"""One file of house T-SQL to one object of PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlglot import exp

from app.database.tsql.errors import CompileError
from app.database.tsql.procedure import Body, Piece, Procedure, render
from app.database.tsql.queries import Columns, Queries, Scope, Shape, Surroundings, Variable, quoted
from app.database.tsql.source import Header, Parameter, Source, read
from app.database.tsql.types import Column, Schema, SqlType

KINDS = ("functions", "views", "procedures")


@dataclass
class CompiledObject:
    """What became of a file. `sql` is one CREATE OR REPLACE statement and a COMMENT, readable, comments kept;
    `columns` are those of the result with their T-SQL types (None: nothing is returned); `dependencies` are the tables
    and objects that it names."""

    name: str
    kind: str
    schema: str
    version: str
    header: Header
    parameters: list[Parameter]
    columns: Columns | None
    dependencies: set[str]
    sql: str
    source: Source
    pieces: list[Piece] = field(default_factory=list)
    inserts_rows_of_a_call: bool = False  # by itself, or a procedure that it calls
    uses: list[tuple[str, CompiledObject]] = field(default_factory=list, repr=False)

    @property
    def signature(self) -> str:
        """The name with types of the parameters, by which PostgreSQL tells functions apart."""
        return _signature(self.source)


#: What this process has compiled, by the tables and the text: deploying compiles the same files more than once.
_memory: dict[tuple[int, str], CompiledObject] = {}


class Catalog:
    """The objects of a folder like sql/, read and compiled when asked for, and the columns of the tables.

    `tables` None: nothing is known of tables, and their names are not checked.
    """

    def __init__(self, folder: Path | str | None = None, tables: Schema | None = None) -> None:
        self.tables = tables
        self.files: dict[str, Path] = {}
        if folder is not None:
            for kind in KINDS:
                self.files |= {path.stem.lower(): path for path in sorted((Path(folder) / kind).glob("*.sql"))}
        self._sources: dict[str, Source] = {}
        self._compiled: dict[str, CompiledObject] = {}
        self._under_way: list[str] = []
        self._mark = hash(repr(tables))

    def source(self, name: str) -> Source | None:
        if name not in self._sources:
            if name not in self.files:
                return None
            text = self.files[name].read_text(encoding="utf-8")
            known = _memory.get((self._mark, text))
            same = known is not None and known.source.file == str(self.files[name])
            self._sources[name] = known.source if known is not None and same else read(self.files[name], text)
        return self._sources[name]

    def compiled(self, name: str) -> CompiledObject:
        """The object of that name. Raises CompileError, KeyError when there is no such file."""
        if name not in self._compiled:
            source = self.source(name)
            if source is None:
                raise KeyError(name)
            if name in self._under_way:
                circle = " -> ".join([*self._under_way, name])
                raise CompileError(source.file, 1, 1, name, f"objects use each other in a circle: {circle}")
            self._under_way.append(name)
            try:
                self._compiled[name] = self._remembered(source) or _compile(source, self)
            finally:
                self._under_way.pop()
            _memory[self._mark, source.text] = self._compiled[name]
        return self._compiled[name]

    def _remembered(self, source: Source) -> CompiledObject | None:
        """The same text, compiled before on the same tables and on objects that have not changed since."""
        known = _memory.get((self._mark, source.text))
        if known is None or any(self.source(name) is None for name, _ in known.uses):
            return None
        return known if all(self.compiled(name) is used for name, used in known.uses) else None

    def all(self) -> list[CompiledObject]:
        """Every object, each after those that it uses."""
        ordered: dict[str, CompiledObject] = {}

        def visit(name: str) -> None:
            if name in ordered:
                return
            found = self.compiled(name)
            for used in sorted(found.dependencies & self.files.keys()):
                visit(used)
            ordered[name] = found

        for name in sorted(self.files):
            visit(name)
        return list(ordered.values())

    # -- what a file being compiled asks -----------------------------------------------------------------------------

    def columns_of(self, name: str) -> tuple[bool, Columns | None]:
        """Whether there is a table, view or function of that name, and its columns where known."""
        if self.tables is not None and name in self.tables:
            return True, dict(self.tables[name])
        if name in self.files or name in self._sources:
            return True, self.compiled(name).columns
        return self.tables is None, None

    def parameters_of(self, name: str) -> list[SqlType] | None:
        source = self.source(name)
        return [parameter.type for parameter in source.parameters] if source else None

    def procedure(self, name: str) -> CompiledObject | None:
        """The procedure of that name; compiled, so that a circle of calls is found."""
        source = self.source(name)
        return self.compiled(name) if source is not None and source.kind == "procedure" else None


def compile_file(
    file: Path | str, engine: str = "postgresql", *, text: str | None = None, catalog: Catalog | None = None,
    columns: Schema | None = None,
) -> CompiledObject:  # fmt: skip
    """Compile one file (or `text`, called `file` in errors) of house T-SQL.

    `engine` "mssql" gives the file as it stands in `sql`, checked all the same. `catalog` knows the other objects;
    without it `columns` may tell the columns of tables. Raises CompileError.
    """
    if text is None and "\n" in str(file):
        file, text = "<text>", str(file)
    compiled = _compile(read(file, text), catalog or Catalog(tables=columns))
    if engine == "mssql":
        compiled.sql = compiled.source.text
    elif engine != "postgresql":
        raise ValueError(f"unknown engine {engine}")
    return compiled


def _compile(source: Source, catalog: Catalog) -> CompiledObject:
    around = Surroundings(source, catalog.columns_of, catalog.parameters_of)
    for parameter in source.parameters:
        if parameter.name in around.variables:
            raise CompileError(source.file, 1, 1, f"@{parameter.name}", "it is declared twice")
        around.variables[parameter.name] = Variable(f"p_{parameter.name}", parameter.type)
    build = {"view": _view, "function": _function, "procedure": _procedure}[source.kind]
    sql, columns, pieces = build(source, around, catalog)
    header = source.header
    names = around.dependencies - {source.name.lower()}
    used = [(name, catalog.compiled(name)) for name in sorted(names) if catalog.source(name) is not None]
    return CompiledObject(
        source.name.lower(), source.kind, source.schema.lower(), header.version, header, source.parameters, columns,
        names, sql + _comment(source), source, pieces, around.nests, used,
    )  # fmt: skip


def _view(source: Source, around: Surroundings, catalog: Catalog) -> tuple[str, Columns | None, list[Piece]]:
    queries = Queries(around)
    tree = queries.parse(source.words)
    built, outputs = queries.query(tree, Scope())
    queries.names_are_given(tree, [name for name, _ in outputs])
    for name, kind in source.header.returns or []:
        if name not in dict(outputs):
            raise queries.refuse(None, name, "the header's Returns names it and the view does not give it")
        del kind
    text = _query_text(source, built)
    piece = Piece(source.words[0].start, source.words[-1].end + 1, text)
    sql = f"{source.header.text}\nCREATE OR REPLACE VIEW {source.name.lower()} AS\n{text};\n"
    return sql, {name: Column(value.type, value.nullable) for name, value in outputs}, [piece]


def _query_text(source: Source, built: Any) -> str:
    notes = [note for note in source.comments if note]
    return "\n".join([*notes, render(built)])


def _function(source: Source, around: Surroundings, catalog: Catalog) -> tuple[str, Columns | None, list[Piece]]:
    queries = Queries(around)
    returns = source.header.returns
    tree = queries.parse(source.words)
    if returns is None:
        raise queries.refuse(None, "Returns", "a function returns rows", "Returns  rows: name type, ...")
    if tree.find(exp.Anonymous) and any(str(n.this).upper() in ("NEWID",) for n in tree.find_all(exp.Anonymous)):
        raise queries.refuse(None, "NEWID", "not in a function")
    built, outputs = queries.query(tree, Scope(), Shape(returns))
    text = _query_text(source, built)
    piece = Piece(source.words[0].start, source.words[-1].end + 1, text)
    sql = (
        f"CREATE OR REPLACE FUNCTION {source.name.lower()}({_parameters(source, around)})\n"
        f"RETURNS TABLE ({_columns(returns)})\nLANGUAGE sql STABLE\nAS {_dollars(source.header.text, text, '')};\n"
    )
    nullable = {name: value.nullable for name, value in outputs}
    return sql, {name: Column(kind, nullable[name]) for name, kind in returns}, [piece]


# Views over views join more tables than PostgreSQL reorders by itself (8). Without this a small table variable would be
# joined last, after the views had been worked out for the whole base.
PLANNER = "SET join_collapse_limit TO 16\nSET from_collapse_limit TO 16\nSET geqo TO off\n"


def _procedure(source: Source, around: Surroundings, catalog: Catalog) -> tuple[str, Columns | None, list[Piece]]:
    parameters = _parameters(source, around)
    body = Procedure(around, catalog.procedure).compile()
    returns = source.header.returns
    # SETOF void gives no row at all, so that a caller sees the same nothing as from SQL Server.
    result = f"TABLE ({_columns(returns)})" if returns is not None else "SETOF void"
    sql = (
        f"CREATE OR REPLACE FUNCTION {source.name.lower()}({parameters})\nRETURNS {result}\nLANGUAGE plpgsql\n{PLANNER}"
        f"AS {_dollars(source.header.text, '#variable_conflict use_column', _frame(body))};\n"
    )
    columns = {name: Column(kind) for name, kind in returns} if returns is not None else None
    return sql, columns, body.pieces


def _dollars(*parts: str) -> str:
    """The parts, a line each, between dollar quotes that they do not hold themselves."""
    text = "\n".join(parts)
    tag = next(tag for tag in ("$body$", *(f"$body{number}$" for number in range(1, 99))) if tag not in text)
    return f"{tag}\n{text}{tag}"


def _frame(body: Body) -> str:
    declare = "DECLARE\n" + "".join(f"    {line}\n" for line in body.declarations) if body.declarations else ""
    set_up = "".join("    " + text.replace("\n", "\n    ") + "\n" for text in body.set_up)
    lines = "".join(f"{line}\n" for line in body.lines)
    return f"{declare}BEGIN\n{set_up}{lines}END;\n"


def _parameters(source: Source, around: Surroundings) -> str:
    """The parameter list, a line each with its comment."""
    lines = []
    for number, parameter in enumerate(_in_order(source)):
        text = f"p_{parameter.name} {_bare(parameter.type)}"
        if parameter.default is not None:
            if source.kind == "function":
                raise CompileError(source.file, 1, 1, f"@{parameter.name}", "has a default", "a function is given all")
            text += f" DEFAULT {_default(parameter)}"
        comma = "," if number + 1 < len(source.parameters) else ""
        lines.append(f"    {text}{comma}" + (f"  /* {parameter.comment} */" if parameter.comment else ""))
    return "\n" + "\n".join(lines) + "\n" if lines else ""


def _in_order(source: Source) -> list[Parameter]:
    """PostgreSQL wants parameters with defaults last; procedures are called by names, so the order does not matter."""
    return sorted(source.parameters, key=lambda parameter: parameter.default is not None)


def _default(parameter: Parameter) -> str:
    text = re.sub(r"^N'", "'", parameter.default or "")
    return "NULL" if text.upper() == "NULL" else text


def _bare(kind: SqlType) -> str:
    """The type without length or digits, which PostgreSQL does not keep for parameters and results."""
    return "varchar" if kind.family == "text" and kind.size else re.sub(r"\(.*\)", "", kind.postgresql)


def _columns(returns: list[tuple[str, SqlType]]) -> str:
    return ", ".join(f"{quoted(name)} {_bare(kind)}" for name, kind in returns)


def _comment(source: Source) -> str:
    """COMMENT ON, so that the server shows what the object is for."""
    words = (source.header.description or source.name).replace("'", "''")
    if source.kind == "view":
        return f"COMMENT ON VIEW {source.name.lower()} IS '{words}';\n"
    return f"COMMENT ON FUNCTION {_signature(source)} IS '{words}';\n"


def _signature(source: Source) -> str:
    return f"{source.name.lower()}({', '.join(_bare(parameter.type) for parameter in _in_order(source))})"
