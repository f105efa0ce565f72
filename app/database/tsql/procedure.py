"""The body of a procedure: T-SQL statements to PL/pgSQL, with their comments."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlglot import exp
from sqlglot.generators.postgres import PostgresGenerator

from app.database.tsql import functions as fn
from app.database.tsql.changes import Changes
from app.database.tsql.errors import CompileError
from app.database.tsql.functions import Value
from app.database.tsql.queries import Scope, Shape, Surroundings, Variable, aggregated, identifier, quoted
from app.database.tsql.source import DIALECT, Statement, comments_of, place_of
from app.database.tsql.tables import table_variable
from app.database.tsql.types import parse_type

WIDTH = 110


class _Generator(PostgresGenerator):
    """PostgreSQL as sqlglot writes it, with the row locks on a line of their own."""

    def query_modifiers(self, expression: Any, *sqls: str) -> str:
        return re.sub(r"\s+(FOR (?:NO KEY )?UPDATE)", r"\n\1", super().query_modifiers(expression, *sqls))

    def into_sql(self, expression: exp.Into) -> str:
        """SELECT ... INTO variables, which sqlglot would take for a new table."""
        return f"{self.seg('INTO')} {expression.name}"

    def paren_sql(self, expression: exp.Paren) -> str:
        """Brackets that do not take three lines for a short expression."""
        inner = self.sql(expression, "this")
        return f"({inner})" if "\n" not in inner and len(inner) < WIDTH else super().paren_sql(expression)

    def schema_columns_sql(self, expression: exp.Expr) -> str:
        """The columns of an INSERT, on one line."""
        return f"({', '.join(self.sql(item) for item in expression.expressions)})" if expression.expressions else ""

    def update_sql(self, expression: exp.Update) -> str:
        """Each column that is set on a line of its own."""
        text = super().update_sql(expression)
        if self.pretty and len(expression.expressions) > 1:
            items = [self.sql(item) for item in expression.expressions]
            text = text.replace(" SET " + ", ".join(items), self.seg("SET ") + ",\n    ".join(items), 1)
        return text


def render(node: Any, depth: int = 0, prefix: str = "", suffix: str = "") -> str:
    """SQL text: on one line where it fits, else laid out; each line after the first is indented by `depth` levels."""
    options: dict[str, Any] = {"normalize_functions": False, "comments": False}
    line = _Generator(dialect="postgres", **options).generate(node)
    line = re.sub(r"\s*\n\s*", " ", line) if "'" not in line else line
    if len(line) + len(prefix) + len(suffix) + 4 * depth <= WIDTH and "\n" not in line:
        return f"{prefix}{line}{suffix}"
    laid_out = _Generator(dialect="postgres", pretty=True, indent=4, pad=4, max_text_width=WIDTH, **options).generate(
        node
    )
    if prefix.strip() and isinstance(node, exp.Query | exp.DML):
        prefix = prefix.rstrip() + "\n"
    if suffix in (" THEN", " LOOP"):
        suffix = "\n" + suffix.strip()
    laid_out = re.sub(r" USING {2,}", "\nUSING ", laid_out)
    return f"{prefix}{laid_out}{suffix}".replace("\n", "\n" + "    " * depth)


@dataclass
class Piece:
    """One statement of the file and the text it became."""

    start: int
    end: int
    text: str


@dataclass
class Body:
    """The compiled body: declarations and lines, and which piece of the file gave which text."""

    declarations: list[str] = field(default_factory=list)
    set_up: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)


class Procedure(Changes):
    """Compiles the statements of a procedure. `procedure_of(name)` gives another procedure, compiled, or None."""

    def __init__(self, around: Surroundings, procedure_of: Any) -> None:
        super().__init__(around)
        self.procedure_of = procedure_of
        self.returns = around.source.header.returns
        self.body = Body()
        self.leading_declares = True
        self.record = 0
        self.has_result = False
        self.last: Statement | None = None
        self.in_transaction = False
        self.wants_identity = ""  # the variable that an INSERT has given its identity to
        self.following: Statement | None = None

    def compile(self) -> Body:
        statements = self.around.source.body
        self._results(statements)
        self._statements(statements, 1)
        if self.returns is not None and not self.has_result:
            raise self.refuse(None, "Returns", "the header promises rows and no statement gives them")
        if self.in_transaction:
            raise self.refuse(None, "BEGIN TRANSACTION", "COMMIT TRANSACTION is missing")
        return self.body

    def fail(self, statement: Statement, construct: str, reason: str, hint: str = "") -> CompileError:
        line, column = place_of(self.around.source.text, statement.start)
        return CompileError(self.around.source.file, line, column, construct, reason, hint)

    # -- one result set ----------------------------------------------------------------------------------------------

    def _results(self, statements: list[Statement]) -> tuple[int, int]:
        """The most result sets on ways through these statements: that reach the end, that leave before (-1: none)."""
        alive, left = 0, -1
        for statement in statements:
            on, off = self._results_of(statement)
            left = max(left, alive + off if off >= 0 else -1)
            alive = alive + on if on >= 0 else -1
            if max(alive, left) > 1:
                raise self.fail(
                    statement, "SELECT", "a second result set could follow the first", "give one result set"
                )
            if alive < 0:
                break
        return alive, left

    def _results_of(self, statement: Statement) -> tuple[int, int]:
        words = [str(word.text).upper() for word in statement.words]
        if statement.kind in ("return", "throw"):
            return -1, 0
        if statement.kind in ("if", "try"):
            (on, off), (other_on, other_off) = self._results(statement.body), self._results(statement.other)
            return max(on, other_on), max(off, other_off)
        if statement.kind in ("block", "while"):
            on, off = self._results(statement.body)
            if statement.kind == "while" and max(on, off) > 0:
                raise self.fail(statement, "SELECT", "a result set in a loop", "gather rows in a table variable")
            return (max(on, 0), off) if statement.kind == "while" else (on, off)
        gives = "OUTPUT" in words or (statement.kind in ("select", "with") and _is_plain_query(words))
        return int(gives), -1

    # -- statements --------------------------------------------------------------------------------------------------

    def _statements(self, statements: list[Statement], depth: int) -> None:
        for number, statement in enumerate(statements):
            following = statements[number + 1] if number + 1 < len(statements) else None
            self._statement(statement, depth, following)
            self.last = statement

    def _statement(self, statement: Statement, depth: int, following: Statement | None = None) -> None:
        self.start = statement.start
        if statement.kind != "declare" and not _is_option(statement):
            self.leading_declares = False
        if not (statement.kind == "declare" and self.leading_declares) and not _is_option(statement):
            if statement.parted and (self.body.lines or self.body.set_up):
                self.body.lines.append("")
            self._comments(statement.leading, depth)
            for note in self._inner_comments(statement):
                self._comments([note], depth)
        before = len(self.body.lines)
        self.following = following
        handler = getattr(self, f"_do_{statement.kind}", None)
        if handler is None:
            raise self.fail(statement, statement.kind.upper(), "not a statement of house T-SQL")
        handler(statement, depth)
        if len(self.body.lines) > before and statement.kind not in ("if", "while", "block", "try"):
            self.body.pieces.append(Piece(statement.start, statement.end, "\n".join(self.body.lines[before:])))
            if statement.trailing:
                self.body.lines[-1] += f"  {statement.trailing}"
        elif statement.trailing and statement.kind in ("begin", "commit"):
            self._comments([statement.trailing], depth)

    def _inner_comments(self, statement: Statement) -> list[str]:
        """Comments between the words of a statement; they go before it."""
        text, words = self.around.source.text, statement.words
        gaps = [text[one.end + 1 : two.start] for one, two in pairwise(words)]
        if words:
            gaps.append(text[words[-1].end + 1 : statement.end] if not statement.body else "")
        return [note for gap in gaps for note in comments_of(gap)]

    def _comments(self, notes: list[str], depth: int) -> None:
        for note in notes:
            self._line("\n".join(line.strip() for line in note.splitlines()), depth)

    def _line(self, text: str, depth: int) -> None:
        self.body.lines.append("    " * depth + text)

    def _emit(self, node: Any, depth: int, prefix: str = "", suffix: str = ";") -> None:
        self._line(render(node, depth, prefix, suffix), depth)

    # each _do_<kind> writes the lines of one kind of statement

    def _do_set(self, statement: Statement, depth: int) -> None:
        words = statement.words
        texts = [str(word.text).upper() for word in words]
        if _is_option(statement):
            if texts not in (["SET", "NOCOUNT", "ON"], ["SET", "XACT_ABORT", "ON"]):
                raise self.fail(statement, " ".join(texts), "only NOCOUNT ON and XACT_ABORT ON")
            return
        if len(words) < 5 or texts[3] != "=":
            raise self.fail(statement, "SET", "write SET @name = expression;")
        variable = self._settable(statement, words[2].text)
        if texts[4:] == ["@", "@", "ROWCOUNT"]:
            if self.last is None or self.last.kind not in ("insert", "update", "delete", "with", "select"):
                raise self.fail(statement, "@@ROWCOUNT", "only directly after the statement it counts")
            if self.last.kind in ("select", "with") and _assigns([str(w.text).upper() for w in self.last.words]):
                raise self.fail(statement, "@@ROWCOUNT", "not after SELECT @v = ...", "count with COUNT(*)")
            self._line(f"GET DIAGNOSTICS {variable.name} = ROW_COUNT;", depth)
            return
        if texts[4:] == ["SCOPE_IDENTITY", "(", ")"]:
            if self.wants_identity != variable.name:
                raise self.fail(statement, "SCOPE_IDENTITY", "only directly after a one-row INSERT")
            self.wants_identity = ""
            return
        self._assign(variable, self.value_of(words[4:]), depth)

    def _assign(self, variable: Variable, value: Value, depth: int) -> None:
        self._emit(self._stored(variable, value), depth, f"{variable.name} := ")

    def _stored(self, variable: Variable, value: Value) -> Any:
        """The value as the variable takes it: a text too long is cut without an error, as on SQL Server."""
        kind = variable.type
        node = fn.assign(value, kind)
        if not kind or kind.family != "text" or not kind.size or isinstance(node, exp.Null):
            return node
        fits = value.type and value.family == "text" and value.type.size and value.type.size <= kind.size
        return node if fits else fn.cast(node, kind)

    def _settable(self, statement: Statement, name: str) -> Variable:
        known = self.around.variables.get(name.lower())
        if known is None or known.columns is not None:
            raise self.fail(statement, f"@{name}", "it is not declared as a variable")
        return known

    def _do_declare(self, statement: Statement, depth: int) -> None:
        """DECLARE @a int = 1, @b date; or DECLARE @t table (...)."""
        declared = list(self._declared(statement))
        made: dict[str, Variable] = {}  # in reach after the statement: SQL Server does not let them use each other
        note = " ".join([*statement.leading, statement.trailing]).strip() if self.leading_declares else ""
        for name, words, initial in declared:
            if name in self.around.variables or name in made:
                raise self.fail(statement, f"@{name}", "it is declared twice")
            if str(words[0].text).upper() == "TABLE":
                if len(declared) > 1:
                    raise self.fail(statement, f"@{name}", "a table variable is declared by a DECLARE of its own")
                self._declare_table(statement, name, words)
                return
            try:
                kind = parse_type([str(word.text) for word in words])
            except ValueError as error:
                raise self.fail(statement, f"@{name}", "not a type of house T-SQL", str(error)) from error
            made[name] = variable = Variable(f"v_{name}", kind)
            declaration = f"{variable.name} {kind.postgresql}"
            if initial and self.leading_declares:
                declaration = render(self._stored(variable, self.value_of(initial)), 1, f"{declaration} := ")
            elif initial:
                self._assign(variable, self.value_of(initial), depth)
            self.body.declarations.append(f"{declaration};{'  ' + note if note else ''}")
            note = ""
        self.around.variables |= made

    def _declared(self, statement: Statement) -> Iterator[tuple[str, list[Any], list[Any]]]:
        """Name, words of the type and words of the first value, for each variable."""
        words, depth, parts = statement.words[1:], 0, [[]]  # type: ignore[var-annotated]
        for word in words:
            depth += {"(": 1, ")": -1}.get(word.text, 0)
            if word.text == "," and not depth:
                parts.append([])
            else:
                parts[-1].append(word)
        for part in parts:
            if len(part) < 3 or part[0].text != "@":
                raise self.fail(statement, "DECLARE", "write DECLARE @name type [= expression];")
            rest = part[2:]
            if str(rest[0].text).upper() == "AS":
                rest = rest[1:]
            sign = next((n for n, word in enumerate(rest) if word.text == "="), len(rest))
            yield part[1].text.lower(), rest[:sign], rest[sign + 1 :]

    def _declare_table(self, statement: Statement, name: str, words: list[Any]) -> None:
        file_name = self.around.source.name.replace(".", "_")
        columns, text, keys = table_variable(words[2:-1], lambda c, r, h="": self.fail(statement, c, r, h))
        mark = hashlib.sha256("\n".join([text, *keys]).encode()).hexdigest()[:8]
        full = f"{file_name[:34]}_{name[:18]}_{mark}"
        self.around.variables[name] = Variable(full, columns=columns)
        notes = [*statement.leading, statement.trailing] if self.leading_declares else []
        self.body.set_up += [note for note in notes if note]
        restart = "".join(
            f"    PERFORM setval(pg_get_serial_sequence('pg_temp.{full}', '{column}'), 1, false);\n"
            for column, known in columns.items()
            if known.identity
        )
        # An index would be made anew at each commit, and with it the plan of every statement that reads the table. A
        # key twice is an error on SQL Server; here it is one where the setting asks for it, as the tests do.
        checked = ""
        if keys:
            checked = (
                "    IF current_setting('acm.check_keys', true) = 'on' THEN\n"
                f"        ALTER TABLE pg_temp.{full} {', '.join(f'ADD {key}' for key in keys)};\n    END IF;\n"
            )
        self.body.set_up.append(
            f"IF to_regclass('pg_temp.{full}') IS NULL THEN\n"
            f"    CREATE TEMPORARY TABLE {full} (\n        " + text.replace("\n", "\n        ") + "\n"
            f"    ) ON COMMIT DELETE ROWS;\n{checked}ELSE\n"
            f"    DELETE FROM pg_temp.{full};\n{restart}END IF;"
        )

    def _do_select(self, statement: Statement, depth: int) -> None:
        node = self.parse(_output_last(statement.words))
        if isinstance(node, exp.Insert | exp.Update | exp.Delete):
            self._change(statement, node, depth)
            return
        if isinstance(node, exp.Select) and _is_assignment(node):
            self._select_into(statement, node, depth)
            return
        if self.returns is None:
            raise self.fail(statement, "SELECT", "gives rows, and the header says: Returns nothing")
        built, _ = self.query(node, Scope(), Shape(self.returns, outermost=True))
        self.has_result = True
        self._emit(built, depth, "RETURN QUERY ")

    _do_with = _do_select

    def _select_into(self, statement: Statement, node: Any, depth: int) -> None:
        """SELECT @a = x, @b = y: each in turn without FROM; with FROM the last row wins and no row changes nothing."""
        pairs = []
        for item in node.expressions:
            if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Parameter):
                raise self.fail(statement, "SELECT", "either all columns are assigned or none")
            pairs.append((self._settable(statement, item.this.name), item.expression))
        expressions = [expression for _, expression in pairs]
        assigned = {item.this.name.lower() for item in node.expressions}
        read = {p.name.lower() for e in expressions for p in e.find_all(exp.Parameter)} & assigned
        single = aggregated(exp.Select(expressions=[e.copy() for e in expressions])) and not node.args.get("group")
        if read and (len(pairs) > 1 or (node.args.get("from_") and not single)):
            raise self.fail(statement, f"@{min(read)}", "it is read and assigned in one SELECT",
                            "the order of the assignments is not certain; write SET, or aggregate")  # fmt: skip
        if not node.args.get("from_"):
            for variable, expression in pairs:
                self._assign(variable, self.value(expression, Scope()), depth)
            return
        plain = node.copy()
        plain.set("expressions", [exp.Alias(this=e.copy(), alias=exp.to_identifier(v.name)) for v, e in pairs])
        built, columns = self.query(plain, Scope(), Shape(outermost=True))
        stored = [self._stored(v, Value(value.node, value.type, value.nullable))
                  for (v, _), (_, value) in zip(pairs, columns, strict=True)]  # fmt: skip
        if single:
            built.set("expressions", stored)
            built.set("into", exp.Into(this=exp.Var(this=", ".join(v.name for v, _ in pairs))))
            self._emit(built, depth)
            return
        self.record += 1
        row = f"r_{self.record}"
        self.body.declarations.append(f"{row} record;")
        built.set(
            "expressions",
            [exp.Alias(this=n, alias=exp.to_identifier(v.name)) for n, (v, _) in zip(stored, pairs, strict=True)],
        )
        self._emit(built, depth, f"FOR {row} IN ", " LOOP")
        for variable, _ in pairs:
            self._line(f"    {variable.name} := {row}.{variable.name};", depth)
        self._line("END LOOP;", depth)

    def _change(self, statement: Statement, node: Any, depth: int) -> None:
        built, has_result = self.change(node, self.returns)
        if has_result:
            self.has_result = True
            self._emit(built, depth, "RETURN QUERY ")
            return
        identity = self._identity_wanted(statement, node)
        if identity:
            variable, column = identity
            self._emit(built, depth, suffix=f" RETURNING {quoted(column)} INTO {variable};")
            return
        self._emit(built, depth)

    _do_update = _do_delete = _do_select

    def _identity_wanted(self, statement: Statement, node: Any) -> tuple[str, str] | None:
        """The variable and the identity column, when SET @id = SCOPE_IDENTITY() follows."""
        following = self.following
        if following is None or following.kind != "set":
            return None
        texts = [str(word.text).upper() for word in following.words]
        if texts[4:] != ["SCOPE_IDENTITY", "(", ")"] or not isinstance(node, exp.Insert):
            return None
        _, columns = self.table(node.this.this, Scope())
        found = [name for name, column in (columns or {}).items() if column.identity]
        if not found:
            raise self.fail(following, "SCOPE_IDENTITY", "the table is not known to have an identity column")
        variable = self._settable(following, following.words[2].text)
        self.wants_identity = variable.name
        return variable.name, found[0]

    def _do_insert(self, statement: Statement, depth: int) -> None:
        texts = [str(word.text).upper() for word in statement.words]
        at = next((n for n, text in enumerate(texts) if text in ("EXECUTE", "EXEC")), 0)
        if not at:
            self._do_select(statement, depth)
            return
        call, returns = self._call(statement, statement.words[at:])
        if returns is None:
            raise self.fail(statement, "EXECUTE", "the procedure returns nothing")
        node = self.parse([*statement.words[:at], *DIALECT.tokenize("SELECT 1")])
        table, _ = self.table(node.this.this, Scope())
        names = [column.name.lower() for column in node.this.expressions]
        if len(names) != len(returns):
            raise self.fail(
                statement, "INSERT", f"{len(names)} columns are named, the procedure returns {len(returns)}"
            )
        listed = ", ".join(quoted(name) for name, _ in returns)
        into = f"{render(exp.Schema(this=table, expressions=[identifier(n) for n in names]))}"
        self._line(f"INSERT INTO {into} SELECT {listed} FROM {call};", depth)

    def _do_execute(self, statement: Statement, depth: int) -> None:
        call, returns = self._call(statement, statement.words)
        if returns is not None:
            raise self.fail(statement, "EXECUTE", "its rows would be a result set", "INSERT INTO @t (..) EXECUTE ...")
        self._line(f"PERFORM {call};", depth)

    def _call(self, statement: Statement, words: list[Any]) -> tuple[str, Any]:
        """The call of another procedure and its declared result."""
        texts = [str(word.text) for word in words]
        if texts[0].upper() != "EXECUTE" or len(texts) < 4 or texts[2] != ".":
            raise self.fail(statement, "EXECUTE", "write EXECUTE schema.name @parameter = value, ...;")
        name = f"{texts[1]}.{texts[3]}".lower()
        called = self.procedure_of(name)
        if called is None:
            raise self.fail(statement, name, "there is no such procedure under sql/")
        parameters, returns = called.parameters, called.header.returns
        if statement.kind == "insert" and called.inserts_rows_of_a_call:
            raise self.fail(statement, name, "it has an INSERT ... EXECUTE itself, and SQL Server does not nest them")
        self.around.nests = self.around.nests or statement.kind == "insert" or called.inserts_rows_of_a_call
        self.around.dependencies.add(name)
        given: list[str] = []
        rest, seen = words[4:], set()
        while rest:
            end = next((n for n, word in enumerate(rest) if word.text == ","), len(rest))
            part, rest = rest[:end], rest[end + 1 :]
            if len(part) < 4 or part[0].text != "@" or part[2].text != "=":
                raise self.fail(statement, name, "each argument is named: @parameter = value")
            key = part[1].text.lower()
            kind = next((p.type for p in parameters if p.name == key), None)
            if kind is None or key in seen:
                raise self.fail(statement, f"@{key}", f"{name} has no such parameter, or it is given twice")
            seen.add(key)
            value = self.value_of(part[3:])
            if not (value.is_literal or isinstance(value.node, exp.Column)):
                raise self.fail(statement, f"@{key}", "only a literal or a variable", "SET a variable first")
            given.append(f"p_{key} => {render(fn.assign(value, kind, strict=True))}")
        missing = [p.name for p in parameters if p.default is None and p.name not in seen]
        if missing:
            raise self.fail(statement, f"@{missing[0]}", f"{name} needs it")
        return f"{name}({', '.join(given)})", returns

    def _do_if(self, statement: Statement, depth: int, word: str = "IF") -> None:
        self._condition(statement, depth, f"{word} ", " THEN")
        self._inside(statement.body, depth + 1)
        if statement.other:
            self._comments(statement.closing, depth)
            other = statement.other[0]
            if other.kind == "if":
                self._comments([*other.leading, *self._inner_comments(other)], depth)
                self._do_if(other, depth, "ELSIF")
                return
            self._line("ELSE", depth)
            self._inside(statement.other, depth + 1)
        self._line("END IF;", depth)

    def _condition(self, statement: Statement, depth: int, prefix: str, suffix: str) -> None:
        self._emit(self.condition_of(statement.words), depth, prefix, suffix)
        self.body.pieces.append(Piece(statement.words[0].start, statement.words[-1].end + 1, self.body.lines[-1]))

    def _inside(self, statements: list[Statement], depth: int) -> None:
        """The statements of a branch; a lone BEGIN ... END needs no frame of its own."""
        self.last = None
        if len(statements) == 1 and statements[0].kind == "block":
            block = statements[0]
            self._comments(block.leading, depth)
            self._statements(block.body, depth)
            self._comments(block.closing, depth)
        else:
            self._statements(statements, depth)
        self.last = None

    def _do_while(self, statement: Statement, depth: int) -> None:
        self._condition(statement, depth, "WHILE ", " LOOP")
        self._inside(statement.body, depth + 1)
        self._line("END LOOP;", depth)

    def _do_block(self, statement: Statement, depth: int) -> None:
        self._statements(statement.body, depth)
        self._comments(statement.closing, depth)

    def _do_try(self, statement: Statement, depth: int) -> None:
        if not statement.other or statement.other[-1].kind != "throw":
            raise self.fail(statement, "CATCH", "does not end with THROW",
                            "with XACT_ABORT ON nothing can be committed after an error")  # fmt: skip
        self._line("BEGIN", depth)
        self._statements(statement.body, depth + 1)
        self._comments(statement.closing, depth + 1)
        self._line("EXCEPTION WHEN OTHERS THEN", depth)
        outer, self.around.in_catch = self.around.in_catch, True
        self._statements(statement.other, depth + 1)
        self.around.in_catch = outer
        self._comments(statement.closing_other, depth + 1)
        self._line("END;", depth)

    def _do_throw(self, statement: Statement, depth: int) -> None:
        words = statement.words[1:]
        if not words:
            if not self.around.in_catch:
                raise self.fail(statement, "THROW", "bare only inside BEGIN CATCH")
            self._line("RAISE;", depth)
            return
        number = str(words[0].text)
        if not re.fullmatch(r"50\d\d\d", number) or number == "50000" or str(words[-1].text) != "1":
            raise self.fail(statement, "THROW", "write THROW 50001 (to 50999), N'text' or @message, 1;")
        message = self.value_of(words[2:-2])
        self._emit(message.node, depth, f"RAISE EXCEPTION USING ERRCODE = 'AC{number[2:]}', MESSAGE = ")

    def _do_return(self, statement: Statement, depth: int) -> None:
        if statement.words[1:]:
            raise self.fail(statement, "RETURN", "gives no value", "SELECT a result row")
        if self.in_transaction:
            raise self.fail(statement, "RETURN", "between BEGIN TRANSACTION and COMMIT TRANSACTION", "put it after")
        self._line("RETURN;", depth)

    def _do_break(self, statement: Statement, depth: int) -> None:
        self._line("EXIT;", depth)

    def _do_continue(self, statement: Statement, depth: int) -> None:
        self._line("CONTINUE;", depth)

    def _do_begin(self, statement: Statement, depth: int) -> None:
        if len(statement.words) != 2 or self.in_transaction or depth != 1:
            raise self.fail(statement, "BEGIN TRANSACTION", "once, without a name, not under a condition")
        self.in_transaction = True

    def _do_commit(self, statement: Statement, depth: int) -> None:
        if len(statement.words) != 2 or not self.in_transaction or depth != 1:
            raise self.fail(statement, "COMMIT TRANSACTION", "it closes the BEGIN TRANSACTION of the same level")
        self.in_transaction = False


def _is_option(statement: Statement) -> bool:
    return statement.kind == "set" and len(statement.words) > 1 and statement.words[1].text != "@"


def _is_plain_query(words: list[str]) -> bool:
    """A SELECT, perhaps after WITH, that assigns nothing and changes nothing."""
    return not _assigns(words) and not {"INSERT", "UPDATE", "DELETE"} & set(words)


def _assigns(words: list[str]) -> bool:
    """SELECT @v = ... or SELECT TOP (1) @v = ..., perhaps after WITH."""
    depth = place = 0
    while place < len(words) and (depth or words[place] != "SELECT"):
        depth += {"(": 1, ")": -1}.get(words[place], 0)
        place += 1
    rest = words[place + 1 :]
    if rest[:1] == ["TOP"]:
        rest = rest[rest.index(")") + 1 :] if rest[1:2] == ["("] else rest[2:]
    return rest[:1] == ["@"] and rest[2:3] == ["="]


def _output_last(words: list[Any]) -> list[Any]:
    """DELETE FROM t OUTPUT ... WHERE ... with the OUTPUT at the end, where sqlglot looks for it."""
    texts = [str(word.text).upper() for word in words]
    if texts[:2] != ["DELETE", "FROM"] or "OUTPUT" not in texts or "WHERE" not in texts:
        return words
    start, end = texts.index("OUTPUT"), texts.index("WHERE")
    return [*words[:start], *words[end:], *words[start:end]] if start < end else words


def _is_assignment(node: Any) -> bool:
    return any(isinstance(item, exp.EQ) and isinstance(item.this, exp.Parameter) for item in node.expressions)
