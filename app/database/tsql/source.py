"""Reading a file of sql/: its header, the frame of the object, and the body as a tree of statements.

sqlglot's T-SQL tokenizer gives the words; this small recursive parser finds where statements begin and end, because
sqlglot reads single statements well and whole procedures badly. What is inside a statement is left to `queries`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError

from app.database.tsql.errors import CompileError
from app.database.tsql.types import SqlType, parse_type

_KNOWN_CONVERSIONS = ("CAST", "CONVERT", "TRY_CAST", "TRY_CONVERT")


class HouseTsql(TSQL):
    """T-SQL as sqlglot parses it, but no function is given a meaning: the allow-list of `functions` does that."""

    class Tokenizer(TSQL.Tokenizer):
        COMMANDS = set()  # these would swallow the rest of the text as one word, END among them

    class Parser(TSQL.Parser):  # type: ignore[valid-type,misc]
        FUNCTIONS: ClassVar[dict[str, Any]] = {}
        NO_PAREN_FUNCTIONS: ClassVar[dict[Any, Any]] = {}
        FUNCTION_PARSERS = {name: TSQL.Parser.FUNCTION_PARSERS[name] for name in _KNOWN_CONVERSIONS}


DIALECT = HouseTsql()

STARTERS = {
    "SET", "SELECT", "INSERT", "UPDATE", "DELETE", "WITH", "EXECUTE", "EXEC", "IF", "WHILE", "BEGIN", "COMMIT", "THROW",
    "RETURN", "BREAK", "CONTINUE", "DECLARE", "ROLLBACK", "MERGE", "GOTO", "PRINT", "RAISERROR", "TRUNCATE", "WAITFOR",
    "CREATE", "DROP", "ALTER", "USE", "OPEN", "CLOSE", "FETCH",
}  # fmt: skip
REFUSED = {
    "EXEC": "write EXECUTE in full", "ROLLBACK": "XACT_ABORT ON undoes everything when THROW is reached",
    "MERGE": "write UPDATE and INSERT", "GOTO": "write IF, WHILE, BREAK or RETURN", "PRINT": "return a result row",
    "RAISERROR": "write THROW 50001, N'...', 1;", "TRUNCATE": "write DELETE FROM", "WAITFOR": "wait in the caller",
    "CREATE": "tables belong to migrations; inside a procedure declare a table variable",
    "DROP": "tables belong to migrations", "ALTER": "tables belong to migrations", "USE": "the connection decides",
    "OPEN": "cursors are not used; write one set-based statement", "CLOSE": "cursors are not used",
    "FETCH": "cursors are not used",
}  # fmt: skip


@dataclass
class Header:
    """The comment before CREATE. `returns`: None for nothing, else the declared columns; `one_row` as it says."""

    text: str = ""
    title: str = ""
    version: str = ""
    date: str = ""
    description: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    returns: list[tuple[str, SqlType]] | None = None
    one_row: bool = False


@dataclass
class Parameter:
    """`default`: its text in T-SQL, None when the caller must give a value."""

    name: str
    type: SqlType
    default: str | None
    comment: str


@dataclass
class Statement:
    """A statement, without its semicolon. `words` are its tokens (of a compound statement: of its condition only);
    `start` and `end` are its place in the file; `parted` says that a blank line stands before it."""

    kind: str
    words: list[Any]
    leading: list[str]
    start: int
    end: int = 0
    trailing: str = ""
    parted: bool = False
    body: list[Statement] = field(default_factory=list)
    other: list[Statement] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)
    closing_other: list[str] = field(default_factory=list)


@dataclass
class Source:
    """A file, read. `body`: statements of a procedure; `words`: the query of a view or an inline function."""

    file: str
    text: str
    kind: str
    name: str
    header: Header
    parameters: list[Parameter]
    body: list[Statement]
    words: list[Any]
    comments: list[str]

    @property
    def schema(self) -> str:
        return self.name.split(".")[0]


def read(path: Path | str | None, text: str | None = None) -> Source:
    """Read and split a file (or `text`, called `path` in errors). Raises CompileError."""
    file = str(path or "<text>")
    if text is None:
        text = Path(file).read_text(encoding="utf-8")
    return _Reader(file, text).object()


class _Reader:
    def __init__(self, file: str, text: str) -> None:
        self.file, self.text, self.position = file, text, 0
        try:
            self.tokens = DIALECT.tokenize(text)
        except SqlglotError as error:
            raise CompileError(file, 1, 1, "text", str(error)) from error
        for token in self.tokens:
            if token.text.startswith("#"):
                self.fail("temporary table", "declare a table variable", token)

    # -- words ---------------------------------------------------------------------------------------------------

    def peek(self, ahead: int = 0) -> str:
        """The word at hand in upper case; a text literal is never taken for a word."""
        place = self.position + ahead
        if place >= len(self.tokens):
            return ""
        token = self.tokens[place]
        return "''" if self.text[token.start : token.end + 1].endswith("'") else token.text.upper()

    def take(self, *expected: str) -> Any:
        if expected and self.peek() not in expected:
            self.fail(self.peek() or "end of file", f"{' or '.join(expected)} is expected here")
        if self.position >= len(self.tokens):
            self.fail("end of file", "the statement does not end")
        self.position += 1
        return self.tokens[self.position - 1]

    def skip(self, word: str) -> bool:
        if self.peek() == word:
            self.position += 1
            return True
        return False

    def fail(self, construct: str, reason: str, token: Any = None, hint: str = "") -> None:
        token = token or self.tokens[min(self.position, len(self.tokens) - 1)]
        line, column = place_of(self.text, token.start)
        raise CompileError(self.file, line, column, construct, reason, hint)

    def gap(self, index: int) -> str:
        """What stands between the words before and at `index`: blanks and comments."""
        start = self.tokens[index - 1].end + 1 if index else 0
        return self.text[start : self.tokens[index].start if index < len(self.tokens) else len(self.text)]

    def leading(self) -> list[str]:
        """The comments before the word at hand, but for the one that ends the line of the word before."""
        gap = self.gap(self.position)
        return comments_of(gap[len(self._same_line(gap)) :] if self.position else gap)

    def trailing(self) -> str:
        """The comment that stands on the line of the word before."""
        return " ".join(comments_of(self._same_line(self.gap(self.position))))

    @staticmethod
    def _same_line(gap: str) -> str:
        match = re.match(r"[ \t]*(?:--[^\n]*|/\*.*?\*/)?", gap, re.DOTALL)
        return match.group(0) if match else ""

    # -- the object ----------------------------------------------------------------------------------------------

    def object(self) -> Source:
        if not self.tokens:
            raise CompileError(self.file, 1, 1, "file", "it is empty")
        comments = comments_of(self.gap(0))
        self.take("CREATE")
        self.take("OR")
        self.take("ALTER")
        kind = self.take("VIEW", "FUNCTION", "PROCEDURE").text.lower()
        schema = self.take().text
        if self.peek() != ".":
            self.fail(schema, "the name needs its schema: schema.name")
        self.take(".")
        name = f"{schema}.{self.take().text}"
        header = self.header(comments[0] if comments else "", name, kind)
        parameters: list[Parameter] = []
        body: list[Statement] = []
        words: list[Any] = []
        if kind == "function":
            self.take("(")
            parameters = self.parameters(")")
            self.take(")")
            self.take("RETURNS")
            if self.peek() != "TABLE":
                self.fail("RETURNS", "only inline table functions (RETURNS TABLE) are used", hint="write a view, an"
                          " inline function, or the expression in its place")  # fmt: skip
            self.take("TABLE")
            self.take("AS")
            self.take("RETURN")
        elif kind == "procedure":
            wrapped = self.skip("(")
            parameters = self.parameters("AS" if not wrapped else ")")
            if wrapped:
                self.take(")")
            self.take("AS")
            body = self.statements("")
            return Source(self.file, self.text, kind, name, header, parameters, body, words, comments[1:])
        else:
            self.take("AS")
        first = self.position
        words = self.tokens[first:]
        if words and words[-1].text == ";":
            words = words[:-1]
        if not words or any(word.text == ";" for word in words):
            self.fail(kind, "one query is expected after AS, and nothing after it")
        for index in range(first, len(self.tokens) + 1):
            comments += comments_of(self.gap(index))
        if kind == "function" and words[0].text == "(" and words[-1].text == ")":
            words = words[1:-1]
        return Source(self.file, self.text, kind, name, header, parameters, body, words, comments[1:])

    def parameters(self, closer: str) -> list[Parameter]:
        found: list[Parameter] = []
        while self.peek() not in (closer, ""):
            self.take("@")
            start = self.position
            name = self.take().text.lower()
            kind = self.type()
            default = self.constant() if self.skip("=") else None
            if self.peek() in ("OUTPUT", "OUT", "READONLY"):
                self.fail(self.peek(), "parameters only go in; return a result row")
            more = self.skip(",")
            notes = [note for place in range(start + 1, self.position + 1) for note in comments_of(self.gap(place))]
            found.append(Parameter(name, kind, default, " ".join(strip_comment(note) for note in notes)))
            if not more:
                break
        return found

    def type(self) -> SqlType:
        """The type at hand."""
        first = self.position
        self.take()
        if self.skip("("):
            while self.take().text != ")":
                pass
        words = [token.text for token in self.tokens[first : self.position]]
        try:
            return parse_type(words)
        except ValueError as error:
            self.fail("".join(words), "not a type of house T-SQL", self.tokens[first], str(error))
            raise

    def constant(self) -> str:
        """A literal or NULL, as text of the file."""
        first = self.tokens[self.position]
        self.skip("-")
        last = self.take()
        return self.text[first.start : last.end + 1]

    def header(self, comment: str, name: str, kind: str) -> Header:
        if not comment.startswith("/*"):
            self.fail("header", "the file begins with a comment /* schema.name  version 1.0.0  date ... */",
                      self.tokens[0])  # fmt: skip
        header = parse_header(comment)
        if header.title.lower() != name.lower():
            self.fail("header", f"it says {header.title or 'nothing'}, the object is {name}", self.tokens[0])
        returns = header.fields.get("Returns", "")
        if kind != "view" or returns:
            try:
                header.returns, header.one_row = parse_returns(returns)
            except ValueError as error:
                self.fail("Returns", f"{returns!r}: {error}", self.tokens[0],
                          "Returns  nothing | one row: name type, name type | rows: name type, ...")  # fmt: skip
        return header

    # -- statements ----------------------------------------------------------------------------------------------

    def statements(self, closer: str) -> list[Statement]:
        """Statements up to the word `closer`, which is left to be read (at the end of the file: '')."""
        found = []
        while self.peek() != closer:
            if not self.peek():
                self.fail("end of file", f"{closer} is expected")
            if not self.skip(";"):
                found.append(self.statement())
        return found

    def statement(self) -> Statement:
        word = self.peek()
        statement = Statement(word.lower(), [], self.leading(), self.tokens[self.position].start)
        statement.parted = "\n\n" in re.sub(r"[ \t\r]+", "", self.gap(self.position))
        if word in REFUSED:
            self.fail(word, "not in house T-SQL", hint=REFUSED[word])
        if word not in STARTERS:
            self.fail(self.tokens[self.position].text, "no statement begins so", hint="end each statement with ;")
        if word == "BEGIN" and self.peek(1) not in ("TRANSACTION", "TRAN"):
            self.block(statement)
        elif word in ("IF", "WHILE"):
            self.take()
            statement.words = self.condition()
            statement.body = [self.statement()]
            if word == "IF" and self.peek() == "ELSE":
                statement.closing = self.leading()
                self.take()
                statement.other = [self.statement()]
        else:
            statement.words = self.simple()
        statement.end = self.tokens[self.position - 1].end + 1
        if not statement.trailing:
            statement.trailing = self.trailing()
        return statement

    def block(self, statement: Statement) -> None:
        self.take("BEGIN")
        if self.skip("TRY"):
            statement.kind = "try"
            statement.body = self.statements("END")
            statement.closing = self.leading()
            for word in ("END", "TRY", "BEGIN", "CATCH"):
                self.take(word)
            statement.other = self.statements("END")
            statement.closing_other = self.leading()
            self.take("END")
            self.take("CATCH")
        else:
            statement.kind = "block"
            statement.body = self.statements("END")
            statement.closing = self.leading()
            self.take("END")
        self.skip(";")

    def condition(self) -> list[Any]:
        """The words up to the statement that IF or WHILE governs."""
        first, depth = self.position, 0
        while depth or self.peek() not in STARTERS:
            depth += {"(": 1, ")": -1, "CASE": 1, "END": -1}.get(self.peek(), 0)
            if self.peek() == ";":
                self.fail(";", "a statement is expected after the condition")
            self.take()
        if self.peek() == "BEGIN" and self.peek(1) in ("TRANSACTION", "TRAN"):
            self.fail("BEGIN TRANSACTION", "not under a condition")
        return self.tokens[first : self.position]

    def simple(self) -> list[Any]:
        """The words of a statement that ends with a semicolon, which is read too."""
        first, depth = self.position, 0
        while depth or self.peek() != ";":
            depth += {"(": 1, ")": -1, "CASE": 1, "END": -1}.get(self.peek(), 0)
            if depth < 0 or not self.peek() or (not depth and self.peek() == "ELSE"):
                self.fail(self.peek() or "end of file", "a semicolon is missing before it")
            self.take()
        words = self.tokens[first : self.position]
        self.take(";")
        return words


def comments_of(gap: str) -> list[str]:
    """The comments in a stretch of text that holds no words."""
    return [match.group(0).rstrip() for match in re.finditer(r"--[^\n]*|/\*.*?\*/", gap, re.DOTALL)]


def strip_comment(comment: str) -> str:
    """The words of a comment without its marks."""
    inner = comment[2:-2] if comment.startswith("/*") else comment[2:]
    return " ".join(inner.split())


def place_of(text: str, offset: int) -> tuple[int, int]:
    """Line and column of an offset, from 1."""
    return text.count("\n", 0, offset) + 1, offset - (text.rfind("\n", 0, offset) + 1) + 1


_FIELD = re.compile(r"^(Called by|Reads|Writes|Returns|Example)[ \t]+(.*)$")


def parse_header(comment: str) -> Header:
    """Title line, sentences and fields of a header comment. What is missing stays empty: lint tells."""
    lines = [line.rstrip() for line in comment.removeprefix("/*").removesuffix("*/").strip().splitlines()]
    header = Header(text=comment)
    first = re.match(r"(\S+)\s*(?:version\s+(\S+))?\s*(\d{4}-\d\d-\d\d)?", lines[0] if lines else "")
    if first:
        header.title, header.version, header.date = first[1] or "", first[2] or "", first[3] or ""
    sentences: list[str] = []
    current = ""
    for line in lines[1:]:
        match = _FIELD.match(line)
        if match:
            current = match[1]
            header.fields[current] = match[2].strip()
        elif current and line.startswith(" "):
            header.fields[current] = f"{header.fields[current]} {line.strip()}".strip()
        elif line:
            current = ""
            sentences.append(line.strip())
    header.description = " ".join(sentences)
    return header


def parse_returns(text: str) -> tuple[list[tuple[str, SqlType]] | None, bool]:
    """Columns of the header's Returns (None: nothing) and whether it is one row. Raises ValueError."""
    text = re.split(r"\s--\s", text)[0].strip()
    if text.lower().startswith("nothing"):
        return None, False
    match = re.match(r"(one row|rows)\s*:\s*(.+)$", text, re.IGNORECASE | re.DOTALL)
    if not match:
        raise ValueError("not in the form of house T-SQL")
    columns = []
    for part in re.split(r",(?![^(]*\))", match[2]):
        pieces = part.split(None, 1)
        if len(pieces) != 2:
            raise ValueError(f"{part.strip()!r} is not a name and a type")
        words = pieces[1].replace("(", " ( ").replace(")", " ) ").replace(",", " , ").split()
        depth = words.index(")") + 1 if ")" in words else 1
        if words[depth:]:
            raise ValueError(f"{part.strip()!r} is not a name and a type")
        columns.append((pieces[0].lower(), parse_type(words)))
    return columns, match[1].lower() == "one row"
