"""What sql/ says should be on the server, ready for the engine at hand."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from app.database.deploy.migrations import ROOT
from app.database.tsql import Catalog, CompiledObject, schema_of
from app.models import Base

SQL_FOLDER = ROOT / "sql"


@dataclass
class Wanted:
    """An object of sql/. `script` creates it on the engine; `file_hash` tells whether that text has changed, be it by
    the file or by the compiler. `uses`: other objects of sql/ that it names."""

    name: str
    kind: str
    version: str
    script: str
    file_hash: str
    uses: set[str] = field(default_factory=set)
    path: Path | None = None
    compiled: CompiledObject | None = None


def catalog(folder: Path = SQL_FOLDER) -> Catalog:
    """The compiler's view of sql/ and of the tables."""
    return Catalog(folder, schema_of(Base.metadata))


def wanted(dialect: str, folder: Path = SQL_FOLDER) -> dict[str, Wanted]:
    """Every object of sql/ by name, each after those that it uses. Raises CompileError."""
    files = sorted(folder.rglob("*.sql"))
    state = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    return dict(_all_wanted(dialect, folder, state))


@lru_cache(maxsize=8)
def _all_wanted(dialect: str, folder: Path, state: tuple[tuple[str, int, int], ...]) -> dict[str, Wanted]:
    """Compiled once for each state of the files: compiling all of sql/ takes a second."""
    known = catalog(folder)
    return {item.name: _wanted(item, dialect, known) for item in known.all()}


def _wanted(item: CompiledObject, dialect: str, known: Catalog) -> Wanted:
    script = item.sql if dialect == "postgresql" else item.source.text
    uses = item.dependencies & known.files.keys()
    return Wanted(item.name, item.kind, item.version, script, text_hash(script), uses, known.files[item.name], item)


def text_hash(text: str) -> str:
    """A hash that takes no notice of line ends, of blanks at them, nor of CREATE OR ALTER, which servers rewrite."""
    lines = [
        line.rstrip()
        for line in re.sub(r"(?i)\bCREATE\s+(OR\s+ALTER\s+)?(?=VIEW|FUNC|PROC)", "CREATE ", text).splitlines()
    ]
    return hashlib.sha256("\n".join(lines).strip().encode()).hexdigest()


def users_of(name: str, objects: dict[str, Wanted]) -> list[str]:
    """The objects that use `name`, directly or through others, in deployment order."""
    found: set[str] = {name}
    for item in objects.values():
        if item.uses & found:
            found.add(item.name)
    return [item for item in objects if item in found and item != name]


def permission_files(folder: Path = SQL_FOLDER) -> Iterable[Path]:
    return sorted((folder / "permissions").glob("*.sql"))
