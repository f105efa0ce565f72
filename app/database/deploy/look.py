"""What a page may show of deployed objects and only reads: an object in full, its difference, the revisions.

`acm sql diff` deploys the file in a transaction that it undoes, to see what the server would make of it. That needs
the right to change the schema and holds locks, so it is not for a page: here the bodies are compared as they stand.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import sqlalchemy as sa
from alembic.script import ScriptDirectory

from app.database.deploy import migrations
from app.database.deploy.objects import SQL_FOLDER, Wanted, users_of, wanted
from app.database.deploy.servers import Found, server_of
from app.i18n import gettext as _
from app.models.ops import SqlObject

_BODY = re.compile(r"\bAS\s+(\$\w*\$)(?P<body>.*)\1", re.DOTALL)


@dataclass(frozen=True)
class ObjectText:
    """An object of sql/: its file, what the engine at hand gets, what the server has, and how the two differ.

    `difference` is None where it cannot be told without asking the server to compile: a view of PostgreSQL, which the
    server writes in its own words."""

    name: str
    kind: str
    version: str
    file: str
    tsql: str
    compiled: str
    server: str
    difference: str | None
    fields: dict[str, str]
    description: str
    uses: list[str]
    used_by: list[str]
    git_commit: str


@dataclass(frozen=True)
class Revision:
    """A revision of the tables. `is_done`: the database has it."""

    number: str
    text: str
    is_done: bool
    is_current: bool


def object_text(connection: sa.Connection, name: str, folder: Path = SQL_FOLDER) -> ObjectText | None:
    """The object of this name; None where sql/ has none."""
    server = server_of(connection)
    objects = wanted(server.dialect, folder)
    item = objects.get(name.lower())
    if item is None or item.compiled is None or item.path is None:
        return None
    found = server.found().get(item.name)
    commit = None
    if migrations.has_table(connection, "ops", "sql_object"):
        commit = connection.scalar(sa.select(SqlObject.git_commit).where(SqlObject.name == item.name))
    header = item.compiled.source.header
    return ObjectText(
        item.name, item.kind, item.version, item.path.relative_to(folder.parent).as_posix(), item.compiled.source.text,
        item.script, found.text if found else "", difference(item, found, server.dialect),
        dict(header.fields), header.description, sorted(item.uses), users_of(item.name, objects), commit or "",
    )  # fmt: skip


def difference(item: Wanted, found: Found | None, dialect: str) -> str | None:
    """Unified diff from the text that the file has on this engine to the server's; empty where they are the same."""
    if found is None:
        return ""
    if dialect == "mssql":
        one, two = item.script, found.text
    elif item.kind == "view":
        return None
    else:
        one, two = _body(item.script), _body(found.text)
    before, after = ([line.rstrip() for line in _plain(text).splitlines()] for text in (one, two))
    file = item.path.name if item.path else item.name
    return "\n".join(difflib.unified_diff(before, after, file, _("on the server"), lineterm=""))


def _body(text: str) -> str:
    """The body of a function of PostgreSQL, which the server keeps letter by letter."""
    match = _BODY.search(text)
    return match["body"] if match else text


def _plain(text: str) -> str:
    return re.sub(r"(?i)\bCREATE\s+OR\s+ALTER\s+", "CREATE ", text.replace("\r\n", "\n")).strip()


def revisions(connection: sa.Connection) -> list[Revision]:
    """All revisions of migrations/, the newest first."""
    current = migrations.current(connection)
    known = _revisions()
    place = next((index for index, (number, _text) in enumerate(known) if number == current), len(known))
    return [Revision(number, text, index >= place, index == place) for index, (number, text) in enumerate(known)]


@lru_cache(maxsize=1)
def _revisions() -> tuple[tuple[str, str], ...]:
    """Number and first line of every revision, the newest first; files of an installed release do not change."""
    scripts = ScriptDirectory.from_config(migrations.config()).walk_revisions()
    return tuple((script.revision, (script.doc or "").split("\n")[0]) for script in scripts)
