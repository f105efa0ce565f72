"""The columns of a table variable: DECLARE @t table (...)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.database.tsql.queries import Columns, quoted
from app.database.tsql.types import Column, parse_type


def table_variable(words: list[Any], error: Callable[..., Exception]) -> tuple[Columns, str, list[str]]:
    """The columns, the text of their definition on PostgreSQL, and the keys.

    `error(construct, reason, hint)` makes a refusal.
    """
    columns: Columns = {}
    keys: list[str] = []
    lines: list[str] = []
    keyed: set[str] = set()
    for part in _split(words):
        texts = [str(word.text).upper() for word in part]
        if texts[0] in ("PRIMARY KEY", "UNIQUE") and texts[1:2] == ["("]:
            names = [word.text.lower() for word in part[2:-1] if word.text != ","]
            if texts[0] == "PRIMARY KEY":
                keyed |= set(names)
            keys.append(f"{texts[0]} ({', '.join(map(quoted, names))})")
            continue
        name = part[0].text.lower()
        end = next((n for n, text in enumerate(texts) if text == ")"), 1) + 1 if texts[2:3] == ["("] else 2
        try:
            kind = parse_type([str(word.text) for word in part[1:end]])
        except ValueError as problem:
            raise error(name, "not a type of house T-SQL", str(problem)) from problem
        rest = " ".join(texts[end:]).split()  # the tokenizer makes one word of PRIMARY KEY
        nullable, identity = True, False
        while rest:
            if rest[:2] == ["NOT", "NULL"]:
                nullable, rest = False, rest[2:]
            elif rest[:1] == ["NULL"]:
                rest = rest[1:]
            elif rest[:2] == ["PRIMARY", "KEY"]:
                nullable, rest = False, rest[2:]
                keys.append(f"PRIMARY KEY ({quoted(name)})")
            elif rest[:1] == ["UNIQUE"]:
                rest = rest[1:]
                keys.append(f"UNIQUE ({quoted(name)})")
            elif rest[:6] == ["IDENTITY", "(", "1", ",", "1", ")"]:
                nullable, identity, rest = False, True, rest[6:]
            else:
                raise error(
                    f"{name} ... {rest[0]}", "not in house T-SQL", "NOT NULL, PRIMARY KEY, UNIQUE, IDENTITY(1,1)"
                )
        always = " GENERATED ALWAYS AS IDENTITY" if identity else ""
        empty = "" if nullable or identity else " NOT NULL"
        lines.append(f"{quoted(name)} {kind.postgresql}{empty}{always}")
        columns[name] = Column(kind, nullable, identity)
    for name in keyed:
        columns[name] = Column(columns[name].type, False, columns[name].identity)
    return columns, ",\n".join(lines), keys


def _split(words: list[Any]) -> list[list[Any]]:
    parts: list[list[Any]] = [[]]
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.text, 0)
        if word.text == "," and not depth:
            parts.append([])
        else:
            parts[-1].append(word)
    return parts
