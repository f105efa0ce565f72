"""One script with all of sql/ for a DBA who has no Python."""

from __future__ import annotations

import re
from pathlib import Path

from app.database.deploy.objects import SQL_FOLDER, permission_files, wanted
from app.database.deploy.permissions import compile_permissions
from app.database.deploy.servers import SUPPORT

_CREATE = re.compile(r"(?i)^CREATE\s+OR\s+ALTER\s+", re.MULTILINE)


def plain_create(script: str) -> str:
    """The script for a server without CREATE OR ALTER; the object must not be there."""
    return _CREATE.sub("CREATE ", script, count=1)


def bundle(dialect: str, folder: Path = SQL_FOLDER) -> str:
    """All objects in order, then the permissions. Batches are parted by GO; PostgreSQL's psql reads them without."""
    objects = wanted(dialect, folder)
    parts = [
        "/*\nAll objects of ACM, in the order in which they depend on each other; made by `acm sql bundle`.\n"
        "Run it after the tables are there, in one go; it may be run again.\n*/"
    ]
    if dialect == "postgresql":
        parts += ["BEGIN;", SUPPORT.read_text(encoding="utf-8")]
        for item in reversed(objects.values()):
            parts.append(f"DROP {'VIEW' if item.kind == 'view' else 'FUNCTION'} IF EXISTS {_address(item)};")
        parts += [item.script for item in objects.values()]
        parts += [compile_permissions(path) for path in permission_files(folder)]
        parts.append("COMMIT;")
        return "\n\n".join(part.strip() for part in parts) + "\n"
    for item in objects.values():
        parts.append(f"IF OBJECT_ID(N'{item.name}') IS NOT NULL DROP {item.kind.upper()} {item.name};")
        parts.append(plain_create(item.script))
    parts += [path.read_text(encoding="utf-8") for path in permission_files(folder)]
    return "\nGO\n\n".join(part.strip() for part in parts) + "\nGO\n"


def _address(item: object) -> str:
    compiled = getattr(item, "compiled", None)
    return compiled.signature if compiled is not None and compiled.kind != "view" else str(getattr(item, "name", ""))
