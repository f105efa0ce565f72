"""House rules of sql/ beyond what the compiler refuses, and sqlfluff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.database.deploy.migrations import ROOT
from app.database.deploy.objects import SQL_FOLDER, catalog, permission_files
from app.database.deploy.permissions import compile_permissions
from app.database.tsql import Catalog, CompiledObject, CompileError

_OPTIONS = ["NOCOUNT", "XACT_ABORT"]
FOLDERS = {"view": "views", "function": "functions", "procedure": "procedures"}


@dataclass(frozen=True)
class Problem:
    file: str
    line: int
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.text}"


def lint(folder: Path = SQL_FOLDER, style: bool = True) -> list[Problem]:
    """Everything that is wrong under `folder`; `style` False leaves sqlfluff out."""
    found = list(_house_rules(folder))
    if style:
        found += _sqlfluff(folder)
    return sorted(found, key=lambda problem: (problem.file, problem.line))


def _house_rules(folder: Path) -> Iterator[Problem]:
    known = catalog(folder)
    for name, path in known.files.items():
        file = path.relative_to(folder.parent).as_posix()
        try:
            compiled = known.compiled(name)
        except CompileError as error:
            yield Problem(file, error.line, f"{error.construct}: {error.reason} {error.hint}".rstrip())
            continue
        yield from (Problem(file, 1, text) for text in _about(path, compiled, known))
    for path in permission_files(folder):
        try:
            compile_permissions(path)
        except CompileError as error:
            yield Problem(path.relative_to(folder.parent).as_posix(), error.line, f"{error.construct}: {error.reason}")


def _about(path: Path, item: CompiledObject, known: Catalog) -> Iterator[str]:
    """What a compiled file says wrongly of itself."""
    header = item.header
    if path.stem != item.source.name or path.stem != path.stem.lower():
        yield f"the file is called {path.stem}, the object {item.source.name}"
    if path.parent.name != FOLDERS[item.kind]:
        yield f"a {item.kind} belongs into {FOLDERS[item.kind]}/"
    if not re.fullmatch(r"\d+\.\d+\.\d+", header.version):
        yield "header: no version in the form 1.0.0"
    if not header.date:
        yield "header: no date"
    if not header.description:
        yield "header: no sentence says what it does"
    wanted = ["Called by", "Example"] if item.kind != "view" and ".private_" not in item.name else ["Called by"]
    for name in wanted:
        if not header.fields.get(name):
            yield f"header: {name} is missing"
    if item.kind == "procedure" and [s.words[1].text.upper() for s in item.source.body[:2] if s.words[1:]] != _OPTIONS:
        yield "a procedure begins with SET NOCOUNT ON; SET XACT_ABORT ON;"
    for parameter in item.parameters:
        if not parameter.comment:
            yield f"@{parameter.name}: no comment says what it is"
    for place in re.findall(r"[\w/-]+\.(?:py|sql|html)\b", header.fields.get("Called by", "")):
        if "/" in place and not (ROOT / place).exists():
            yield f"header: Called by names {place}, which does not exist"
    named = set(re.findall(r"\b[a-z]+\.[a-z_0-9]+\b", " ".join(header.fields.get(n, "") for n in ("Reads", "Writes"))))
    for name in sorted(item.dependencies - named):
        if not known.files.get(name) or known.compiled(name).kind != "procedure":
            yield f"header: neither Reads nor Writes names {name}"


def _sqlfluff(folder: Path) -> list[Problem]:
    try:
        from sqlfluff.core import FluffConfig, Linter
    except ImportError as error:
        from app.errors import AcmError
        from app.i18n import gettext as _

        raise AcmError(_("sqlfluff is not installed."), "pip install sqlfluff") from error
    linter = Linter(config=FluffConfig.from_path(str(ROOT)))
    found = []
    for path in sorted(folder.rglob("*.sql")):
        file = path.relative_to(folder.parent).as_posix()
        result: Any = linter.lint_string(path.read_text(encoding="utf-8"), fname=str(path))
        found += [Problem(file, v.line_no, f"{v.rule_code()} {v.desc()}") for v in result.get_violations()]
    return found
