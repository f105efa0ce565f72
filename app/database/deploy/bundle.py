"""One script with all of sql/ for a DBA who has no Python."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

from app import clock
from app.database.deploy.objects import SQL_FOLDER, Wanted, permission_files, text_hash, wanted
from app.database.deploy.permissions import compile_permissions
from app.database.deploy.servers import SUPPORT, git_commit

_CREATE = re.compile(r"(?i)^CREATE\s+OR\s+ALTER\s+", re.MULTILINE)
_OPENING = """/*
All objects of ACM in the order in which they depend on each other, and the rights; made by `acm sql bundle`.
Run it in one go on a database whose tables are there. It may be run again; changes made by hand are lost.
*/"""


def plain_create(script: str) -> str:
    """The script for a server without CREATE OR ALTER; the object must not be there."""
    return _CREATE.sub("CREATE ", script, count=1)


def bundle(dialect: str, folder: Path = SQL_FOLDER) -> str:
    """The script for SQL Server (batches parted by GO) or for PostgreSQL (one transaction)."""
    objects = wanted(dialect, folder)
    if dialect == "postgresql":
        drops = "\n".join(_drop(item) for item in reversed(objects.values()))
        parts = [_OPENING, "BEGIN;", SUPPORT.read_text(encoding="utf-8"), drops]
        parts += [item.script for item in objects.values()]
        parts += [compile_permissions(path) for path in permission_files(folder)]
        parts += [_record(item, dialect) for item in objects.values()]
        return "\n\n".join(part.strip() for part in [*parts, "COMMIT;"]) + "\n"
    parts = [_OPENING]
    for item in objects.values():
        parts.append(
            "\n".join(  # an older release may have had a function where this one has a procedure
                f"IF OBJECT_ID(N'{item.name}', N'{code}') IS NOT NULL DROP {kind} {item.name};"
                for code, kind in (("V", "VIEW"), ("IF", "FUNCTION"), ("P", "PROCEDURE"))
            )
        )
        parts.append(plain_create(item.script))
    parts += [path.read_text(encoding="utf-8") for path in permission_files(folder)]
    parts.append("\n".join(_record(item, dialect) for item in objects.values()))
    return "\nGO\n\n".join(part.strip() for part in parts) + "\nGO\n"


def _drop(item: Wanted) -> str:
    if item.kind == "view":
        return f"DROP VIEW IF EXISTS {item.name};"
    schema, name = item.name.split(".")
    return (  # whatever parameters an older release gave it
        "DO $do$ DECLARE f regprocedure; BEGIN FOR f IN SELECT p.oid FROM pg_proc AS p"
        f" WHERE p.pronamespace = CAST('{schema}' AS regnamespace) AND p.proname = '{name}'"
        " LOOP EXECUTE format('DROP FUNCTION %s', f); END LOOP; END $do$;"
    )


def _record(item: Wanted, dialect: str) -> str:
    """The row of ops.sql_object, as the runner would write it."""
    if dialect == "mssql":
        definition = f"'{text_hash(item.script)}'"
    else:
        text = f"pg_get_viewdef(CAST('{item.name}' AS regclass))"
        text = f"'CREATE OR REPLACE VIEW {item.name} AS' || chr(10) || {text}"
        if item.kind != "view":
            text = f"pg_get_functiondef(CAST('{item.name}' AS regproc))"
        # text_hash() in SQL
        plain = f"btrim(regexp_replace({text}, '[ \\t\\r]+\\n', E'\\n', 'g'), E' \\t\\r\\n')"
        definition = f"encode(sha256(convert_to({plain}, 'UTF8')), 'hex')"
    values = [
        item.name,
        item.kind,
        item.version,
        item.file_hash,
        None,
        git_commit(),
        f"{clock.now():%Y-%m-%dT%H:%M:%S}",
        getpass.getuser(),
    ]
    texts = ["NULL" if value is None else "'" + value.replace("'", "''") + "'" for value in values]
    texts[4] = definition
    return (
        f"DELETE FROM ops.sql_object WHERE name = {texts[0]};\n"
        "INSERT INTO ops.sql_object"
        " (name, kind, version, file_hash, definition_hash, git_commit, deployed_at, deployed_by)"
        f" VALUES ({', '.join(texts)});"
    )
