"""What was changed on the server by hand: shown beside the file, and brought back into it.

On SQL Server the definition is the file. On PostgreSQL the change is in compiled text: its words are carried to the
words of the T-SQL that they came from, the file is compiled again, and only when that gives exactly what the server has
is it written. Else the server's text is put beside the file, for a person to read.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from app.database.deploy import runner
from app.database.deploy.objects import SQL_FOLDER, Wanted, catalog, text_hash, wanted
from app.database.deploy.servers import Found, server_of
from app.database.tsql import CompileError, compile_file
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.ops import SqlObject

_WORD = re.compile(
    r"\s+|--[^\n]*|/\*.*?\*/|(?P<word>N?'(?:[^']|'')*'|\"[^\"]*\"|@{0,2}\w+(?:\.\d+)?|<>|<=|>=|:=|=>|::|\|\||\S)",
    re.DOTALL,
)
_TYPES = {"varchar": "nvarchar", "timestamp": "datetime2", "integer": "int", "text": "nvarchar(max)"}


@dataclass
class Word:
    text: str
    start: int
    end: int


@dataclass
class Pulled:
    """What pull did: `file` was written; `is_verified` says that compiling it gives what the server has."""

    file: Path
    is_verified: bool
    reason: str = ""


def words_of(text: str) -> list[Word]:
    """The words of SQL or PL/pgSQL text; comments and blanks are left out."""
    return [Word(m["word"], m.start("word"), m.end("word")) for m in _WORD.finditer(text) if m["word"]]


def _same_words(one: str, two: str) -> bool:
    return [w.text for w in words_of(one)] == [w.text for w in words_of(two)]


# -- what the server has and what it should have -----------------------------------------------------------------------


def _look(engine: sa.Engine, name: str, folder: Path) -> tuple[dict[str, Wanted], Wanted, Found, str]:
    """All objects, the one that is meant, what is on the server, and what the file would become there."""
    objects = wanted(engine.dialect.name, folder)
    name = name.lower()
    if name not in objects:
        raise AcmError(_("There is no object %(name)s in sql/.", name=name), _("Names are like dialing.block_take."))
    with engine.connect() as connection:
        found = server_of(connection).found()
    if name not in found:
        raise AcmError(_("%(name)s is not on the server.", name=name), _("Run acm db upgrade."))
    return objects, objects[name], found[name], _read_back(engine, objects, name)


def _read_back(engine: sa.Engine, objects: dict[str, Wanted], name: str) -> str:
    """The definition that the server would give after deploying the file. Nothing stays of the trial."""
    if engine.dialect.name == "mssql":
        return objects[name].script
    with engine.connect() as connection, connection.begin() as transaction:
        server = server_of(connection)
        server.before_objects()
        trial = runner.Deployment(connection, server, objects, (), lambda line: None)
        trial.deploy(name, server.found(), {})
        text = server.found()[name].text
        transaction.rollback()
    return text


def diff(engine: sa.Engine, name: str, folder: Path = SQL_FOLDER) -> str:
    """Unified diff from the file (as it is on this kind of server) to the server; empty when they agree."""
    _objects, item, found, expected = _look(engine, name, folder)
    if text_hash(expected) == found.hash:
        return ""
    before, after = (_plain(text).splitlines(keepends=True) for text in (expected, found.text))
    file = item.path.relative_to(folder.parent).as_posix() if item.path else name
    return "".join(difflib.unified_diff(before, after, file, _("%(name)s on the server", name=found.name)))


def _plain(text: str) -> str:
    """Text as text_hash sees it, so that a diff shows what counts."""
    text = re.sub(r"(?i)\bCREATE\s+OR\s+ALTER\s+", "CREATE OR ALTER ", text)
    return "\n".join(line.rstrip() for line in text.splitlines()).strip() + "\n"


# -- pull ------------------------------------------------------------------------------------------------------------


def pull(engine: sa.Engine, name: str, folder: Path = SQL_FOLDER) -> Pulled:
    """Bring a change made on the server into the file, or, where it is not certain, write NAME.sql.pulled beside it."""
    objects, item, found, expected = _look(engine, name, folder)
    assert item.path is not None and item.compiled is not None  # noqa: S101 - wanted() fills both
    if text_hash(expected) == found.hash:
        raise AcmError(_("%(name)s on the server is what the file says: nothing to pull.", name=item.name))
    record = _record(engine, item.name)
    if engine.dialect.name == "mssql":
        text = re.sub(
            r"(?im)^(\s*)CREATE\s+(OR\s+ALTER\s+)?(?=VIEW|FUNCTION|PROC)", r"\1CREATE OR ALTER ", found.text, count=1
        )
        candidates = iter([text.replace("\r\n", "\n").rstrip() + "\n"])
    elif record is not None and record.file_hash != item.file_hash:
        return _beside(item.path, found, _("the file has changed since it was deployed (commit %(commit)s)",
                                           commit=record.git_commit or "-"))  # fmt: skip
    else:
        candidates = _candidates(item, expected, found.text)
    reason = _("its change cannot be carried to T-SQL for certain")
    for text in candidates:
        try:
            if _verified(engine, objects, item, text, found, folder):
                item.path.write_text(text, encoding="utf-8")
                _note(engine, item.name, found)
                return Pulled(item.path, True)
        except CompileError as error:
            reason = str(error)
        except AcmError as error:
            reason = error.message
    return _beside(item.path, found, reason)


def _record(engine: sa.Engine, name: str) -> sa.Row | None:
    with engine.connect() as connection:
        return connection.execute(sa.select(SqlObject.__table__).where(SqlObject.name == name)).first()


def _beside(path: Path, found: Found, reason: str) -> Pulled:
    other = path.with_name(path.name + ".pulled")
    other.write_text(found.text.rstrip() + "\n", encoding="utf-8")
    return Pulled(other, False, reason)


def _note(engine: sa.Engine, name: str, found: Found) -> None:
    """The hand-made change is known now: the object is only 'changed in file', so the next upgrade may write it."""
    with engine.begin() as connection:
        connection.execute(sa.update(SqlObject).where(SqlObject.name == name).values(definition_hash=found.hash))


def _verified(
    engine: sa.Engine, objects: dict[str, Wanted], item: Wanted, text: str, found: Found, folder: Path
) -> bool:
    """Whether the text, compiled, gives on this server the words that the server has."""
    compiled = compile_file(str(item.path), text=text, catalog=catalog(folder))
    if engine.dialect.name == "mssql":
        return True
    objects[item.name] = Wanted(item.name, item.kind, item.version, compiled.sql, "", item.uses, item.path, compiled)
    return _same_words(_read_back(engine, objects, item.name), found.text)


def _candidates(item: Wanted, old: str, new: str) -> Iterator[str]:
    """T-SQL texts that may give `new`, found by carrying each changed stretch of words over."""
    assert item.compiled is not None  # noqa: S101
    source = item.compiled.source.text
    before = words_of(old)
    edits = list(_edits(before, words_of(new)))
    text, place = source, len(source)
    changes: list[tuple[int, int, str]] = []
    for first, last, given in edits:
        found = _place(item, old, before, first, last)
        if found is None:
            return
        start, end = found
        changes.append((start, end, _to_tsql(item, _cut(new, given))))
    for start, end, words in sorted(changes, reverse=True):
        if end > place:
            return  # two changes in one place
        gap = " " if start == end and text[start - 1 : start].strip() else ""
        text = text[:start] + gap + words + text[end:]
        place = start
    yield text


def _edits(old: list[Word], new: list[Word]) -> Iterator[tuple[int, int, list[Word]]]:
    """What differs: places in `old`, and the words of `new` in their stead."""
    one, two = [w.text for w in old], [w.text for w in new]
    head = next((n for n, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    rest = (
        min(len(one), len(two)) - head
    )  # the common beginning and end go first: matching takes the square of the rest
    tail = next((n for n in range(rest) if one[-1 - n] != two[-1 - n]), rest)
    matcher = difflib.SequenceMatcher(None, one[head : len(one) - tail], two[head : len(two) - tail], autojunk=False)
    for kind, a1, a2, b1, b2 in matcher.get_opcodes():
        if kind != "equal":
            yield head + a1, head + a2, new[head + b1 : head + b2]


def _cut(text: str, words: list[Word]) -> str:
    return text[words[0].start : words[-1].end] if words else ""


def _place(item: Wanted, old: str, words: list[Word], first: int, last: int) -> tuple[int, int] | None:
    """Where in the file the old words first..last stand: an offset range, empty for an insertion."""
    assert item.compiled is not None  # noqa: S101
    source = item.compiled.source
    at = words[min(first, len(words) - 1)].start
    for piece, begin, end in _pieces(item, old):
        if not begin <= at <= end:
            continue
        inside = [w for w in words if begin <= w.start and w.end <= end]
        offset = words.index(inside[0])
        theirs = words_of(source.text[piece[0] : piece[1]])
        ours, here = ([_key(item, word.text) for word in found] for found in (inside, theirs))
        matcher = difflib.SequenceMatcher(None, ours, here, autojunk=False)
        match = {a + k: b + k for a, b, size in matcher.get_matching_blocks() for k in range(size)}
        low, high = first - offset, last - offset
        if not 0 <= low <= high <= len(inside):
            return None
        inner = [match[n] for n in range(low, high) if n in match]
        if inner:  # the words themselves are found again
            return piece[0] + theirs[min(inner)].start, piece[0] + theirs[max(inner)].end
        before, after = match.get(low - 1), match.get(high)
        if before is None and after is None:
            return None
        start = theirs[before].end if before is not None else theirs[after or 0].start
        if low == high:
            return piece[0] + start, piece[0] + start
        end_ = theirs[after].start if after is not None else piece[1] - piece[0]
        gap = source.text[piece[0] + start : piece[0] + end_]
        return piece[0] + start + len(gap) - len(gap.lstrip()), piece[0] + start + len(gap.rstrip())
    return None


def _pieces(item: Wanted, old: str) -> Iterator[tuple[tuple[int, int], int, int]]:
    """The compiled statements: their place in the file, and in the text that the server would have."""
    assert item.compiled is not None  # noqa: S101
    if item.kind == "view":  # the server has its own words for it
        piece = item.compiled.pieces[0]
        yield (piece.start, piece.end), old.index("AS\n") + 3, len(old)
        return
    place = 0
    for piece in item.compiled.pieces:
        begin = old.find(piece.text, place)
        if begin >= 0:
            yield (piece.start, piece.end), begin, begin + len(piece.text)
            place = begin + 1


def _key(item: Wanted, word: str) -> str:
    """A word in the form that both languages share."""
    if word.startswith("@"):
        return word[1:].lower()
    if word.startswith("N'"):
        return word[1:]
    if word.startswith("'"):
        return word
    bare = word.lower().strip('"')
    return bare[2:] if re.match(r"[pv]_\w", bare) else bare


def _to_tsql(item: Wanted, text: str) -> str:
    """Words of the compiled text in T-SQL."""
    assert item.compiled is not None  # noqa: S101
    parameters = {p.name for p in item.compiled.parameters}
    out, last = [], 0
    for word in words_of(text):
        out.append(text[last : word.start])
        new = word.text
        if new.startswith("'"):
            new = "N" + new
        elif match := re.fullmatch(r"([pv])_(\w+)", new):
            new = f"@{match[2]}" if match[1] == "v" or match[2] in parameters else new
        else:
            new = _TYPES.get(new.lower(), new)
        out.append(new)
        last = word.end
    joined = "".join([*out, text[last:]])
    joined = re.sub(r"(?i)\s+NULLS\s+(FIRST|LAST)", "", joined)
    joined = re.sub(r"(?i)::\s*\w+( varying)?(\(\d+\))?", "", joined)  # casts that PostgreSQL writes into its views
    return joined
