"""Deploying: tables by Alembic, then the objects of sql/ that changed, then permissions, all or nothing.

The manner is that of grate: one-time scripts (revisions), anytime scripts (objects, when their text changed), everytime
scripts (permissions). What was deployed is recorded in ops.sql_object, with a hash of the definition as the server
gives it back, so that a change made on the server by hand is seen and never overwritten unasked.
"""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from app import clock
from app.database.deploy import migrations
from app.database.deploy.objects import SQL_FOLDER, Wanted, permission_files, users_of, wanted
from app.database.deploy.permissions import compile_permissions
from app.database.deploy.servers import Found, Server, failed, git_commit, server_of
from app.errors import AcmError
from app.i18n import gettext as _
from app.i18n import mark
from app.models.ops import SqlObject

CURRENT = mark("current")
CHANGED = mark("changed in file")
BY_HAND = mark("changed on the server by hand")
CONFLICT = mark("changed in file and on the server")
MISSING = mark("missing")
OBSOLETE = mark("no longer in sql/")
NOT_OURS = mark("not ours")
#: The kinds of objects, for people.
KINDS = (mark("view"), mark("function"), mark("procedure"))


@dataclass
class ObjectStatus:
    """One object: `state` is one of the words above; versions are empty where there is none."""

    name: str
    kind: str
    state: str
    version: str = ""
    deployed_version: str = ""
    deployed_at: datetime | None = None
    deployed_by: str = ""


@dataclass
class Status:
    """What stands on the server beside what sql/ and migrations/ say."""

    revision: str | None
    head: str | None
    objects: list[ObjectStatus]

    @property
    def is_current(self) -> bool:
        """Nothing to deploy and nothing changed by hand; what is not ours does not count."""
        return self.revision == self.head and all(o.state in (CURRENT, NOT_OURS) for o in self.objects)


@dataclass
class Report:
    """What an upgrade did."""

    revision_before: str | None = None
    revision: str | None = None
    created: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    left_alone: list[str] = field(default_factory=list)
    unchanged: int = 0


class DeployConflict(AcmError):
    """Objects changed both in their files and on the server; nothing was done."""

    def __init__(self, names: list[str]) -> None:
        self.names = names
        super().__init__(
            _(
                "Changed on the server by hand, and in the file as well: %(names)s. Nothing was done.",
                names=", ".join(names),
            ),
            _("Look with `acm sql diff NAME`, keep it with `acm sql pull NAME`, or lose it with --overwrite NAME."),
        )


def status(engine: sa.Engine, folder: Path = SQL_FOLDER) -> Status:
    """Compare the server with the files; changes nothing."""
    with engine.connect() as connection:
        server = server_of(connection)
        objects = wanted(server.dialect, folder)
        states = _states(objects, server.found(), _records(connection))
        return Status(migrations.current(connection), migrations.head(), states)


def upgrade(
    engine: sa.Engine, overwrite: Collection[str] = (), folder: Path = SQL_FOLDER,
    progress: Callable[[str], None] = lambda line: None,
) -> Report:  # fmt: skip
    """Bring the database to the newest revision and to what sql/ says, in one transaction under a lock.

    `overwrite`: names whose change on the server may be lost. Raises CompileError before anything is done,
    DeployConflict when an object was changed on both sides, AcmError when the server refuses a script; the database
    then is as it was.
    """
    overwrite = {name.lower() for name in overwrite}
    objects = wanted(engine.dialect.name, folder)
    scripts = [(path.name, _permissions(path, engine.dialect.name)) for path in permission_files(folder)]
    unknown = sorted(overwrite - objects.keys())
    if unknown:
        raise AcmError(_("There is no object %(name)s in sql/.", name=unknown[0]))
    with _transaction(engine) as connection:
        server = server_of(connection)
        server.lock()
        return Deployment(connection, server, objects, overwrite, progress).run(scripts)


def downgrade(engine: sa.Engine, revision: str, folder: Path = SQL_FOLDER) -> list[str]:
    """Drop the objects of sql/ and take the tables back to `revision` ("base": none), in one transaction.

    Returns the names dropped. Raises AcmError, and does nothing, for an unknown revision or when an object was changed
    on the server by hand.
    """
    objects = wanted(engine.dialect.name, folder)
    with _transaction(engine) as connection:
        server = server_of(connection)
        server.lock()
        found = server.found()
        states = _states(objects, found, _records(connection))
        if by_hand := [state.name for state in states if state.state in (BY_HAND, CONFLICT)]:
            raise DeployConflict(by_hand)
        ours = [name for name in reversed(objects) if name in found]
        ours += [state.name for state in states if state.state == OBSOLETE]
        for name in sorted(ours, key=lambda name: found[name].kind == "view", reverse=True):
            server.drop(found[name])
        connection.execute(sa.delete(SqlObject).where(SqlObject.name.in_(ours)))
        migrations.downgrade(connection, revision)
        return ours


@contextlib.contextmanager
def _transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """One transaction; what the server refuses becomes one line."""
    with engine.connect() as connection:
        transaction = connection.begin()
        try:
            yield connection
            transaction.commit()
        except BaseException as error:
            try:
                transaction.rollback()
            except sa.exc.DBAPIError:  # SQL Server has undone it by itself
                connection.invalidate()
            if isinstance(error, sa.exc.DBAPIError):
                raise failed(_("The deployment"), error) from error
            raise


def _permissions(path: Path, dialect: str) -> str:
    return compile_permissions(path) if dialect == "postgresql" else path.read_text(encoding="utf-8")


class Deployment:
    """One deployment under way, in the connection's transaction."""

    def __init__(
        self, connection: sa.Connection, server: Server, objects: dict[str, Wanted], overwrite: Collection[str],
        progress: Callable[[str], None],
    ) -> None:  # fmt: skip
        self.connection, self.server, self.objects = connection, server, objects
        self.overwrite, self.progress = overwrite, progress
        self.report = Report()

    def run(self, scripts: list[tuple[str, str]]) -> Report:
        connection, report = self.connection, self.report
        found = self.server.found()
        states = {state.name: state for state in _states(self.objects, found, _records(connection))}
        conflicts = [name for name, state in states.items() if state.state == CONFLICT and name not in self.overwrite]
        if conflicts:
            raise DeployConflict(conflicts)
        report.revision_before = migrations.current(connection)
        report.revision = migrations.head()
        kept = {n for n, s in states.items() if s.state == BY_HAND and n not in self.overwrite}
        changed = {n for n, s in states.items() if s.state in (CHANGED, MISSING, CONFLICT, BY_HAND)} - kept
        parked: dict[str, Found] = {}
        views: list[str] = []
        if report.revision_before != report.revision:
            views = [name for name in self.objects if name in found and found[name].kind == "view"]
            if self.server.frees_views_for_migrations():
                for name in reversed(views):
                    self._park(found, name, parked)
                changed |= parked.keys() - kept
            self.progress(
                _("tables: %(before)s -> %(after)s", before=report.revision_before or "-", after=report.revision)
            )
            migrations.upgrade(connection)
        self.server.before_objects()
        for name, state in states.items():
            if state.state == OBSOLETE:
                self._forget(found, name, parked)
        for name in self.objects:
            if name in parked and name in kept:
                self.server.restore(parked.pop(name))
            elif name in changed or name in parked:
                self.deploy(name, found, parked)
        self.server.after_objects([name for name in views if name not in changed])
        for name, script in scripts:
            self._run_permissions(name, script)
        self._record([self.objects[name] for name in [*report.created, *report.replaced]])
        report.left_alone = sorted(kept)
        report.unchanged = len(self.objects) - len(report.created) - len(report.replaced) - len(kept)
        return report

    def deploy(self, name: str, found: dict[str, Found], parked: dict[str, Found]) -> None:
        """Create or replace one object. Where it must be dropped, views that use it go with it and come back after."""
        item = self.objects[name]
        existing = [entry for entry in found.values() if entry.name == name]
        if not self.server.create(item, existing):
            for user in reversed(users_of(name, self.objects)):
                if user in found and found[user].kind == "view":
                    self._park(found, user, parked)
            for entry in existing:
                self.server.drop(entry)
            if not self.server.create(item, []):
                raise AssertionError(name)
        was_there = bool(existing) or name in parked
        parked.pop(name, None)
        (self.report.replaced if was_there else self.report.created).append(name)
        self.progress(f"{_('replaced') if was_there else _('created')} {item.kind} {name} {item.version}")

    def _park(self, found: dict[str, Found], name: str, parked: dict[str, Found]) -> None:
        """Drop a view for a while. Each comes back in its turn of run()."""
        if name not in found:
            return
        for user in reversed(users_of(name, self.objects)):
            if user in found and found[user].kind == "view":
                self._park(found, user, parked)
        parked[name] = found.pop(name)
        self.server.drop(parked[name])

    def _forget(self, found: dict[str, Found], name: str, parked: dict[str, Found]) -> None:
        """Drop what the runner once deployed and sql/ has no more, so that an upgrade ends as a fresh install."""
        for user in [n for n, item in found.items() if item.kind == "view" and n in self.objects]:
            if found[name].kind != "procedure" and user in found and name in found[user].text:
                self._park(found, user, parked)
        self.server.drop(found.pop(name))
        self.connection.execute(sa.delete(SqlObject).where(SqlObject.name == name))
        self.report.dropped.append(name)
        self.progress(f"{_('dropped')} {name}")

    def _run_permissions(self, name: str, script: str) -> None:
        try:
            self.server.permit(script)
        except sa.exc.DBAPIError as error:
            raise failed(f"sql/permissions/{name}", error) from error

    def _record(self, items: list[Wanted]) -> None:
        if not items:
            return
        found = self.server.found()
        commit, who, moment = git_commit(), getpass.getuser(), clock.now()
        names = [item.name for item in items]
        self.connection.execute(sa.delete(SqlObject).where(SqlObject.name.in_(names)))
        self.connection.execute(sa.insert(SqlObject), [
            {"name": item.name, "kind": item.kind, "version": item.version, "file_hash": item.file_hash,
             "definition_hash": found[item.name].hash, "git_commit": commit, "deployed_at": moment, "deployed_by": who}
            for item in items
        ])  # fmt: skip


def _states(objects: dict[str, Wanted], found: dict[str, Found], records: dict[str, sa.Row]) -> list[ObjectStatus]:
    states = []
    for name, item in objects.items():
        record = records.get(name)
        if name not in found:
            state = MISSING
        elif record is None:
            state = CONFLICT
        elif found[name].hash != record.definition_hash:
            state = BY_HAND if record.file_hash == item.file_hash else CONFLICT
        else:
            state = CURRENT if record.file_hash == item.file_hash and record.version == item.version else CHANGED
        states.append(_status(name, item.kind, state, item.version, record))
    for name, other in sorted(found.items()):
        if name not in objects:
            record = records.get(name)
            ours = record is not None and record.definition_hash == other.hash
            states.append(_status(name, other.kind, OBSOLETE if ours else NOT_OURS, "", record))
    return states


def _status(name: str, kind: str, state: str, version: str, record: sa.Row | None) -> ObjectStatus:
    if record is None:
        return ObjectStatus(name, kind, state, version)
    return ObjectStatus(name, kind, state, version, record.version, record.deployed_at, record.deployed_by)


def _records(connection: sa.Connection) -> dict[str, sa.Row]:
    """What ops.sql_object says; nothing before the first deployment."""
    if not migrations.has_table(connection, "ops", "sql_object"):
        return {}
    return {row.name: row for row in connection.execute(sa.select(SqlObject.__table__))}
