"""The interface of the transports, and what they say when something is wrong."""

from __future__ import annotations

import fnmatch
from abc import ABC, abstractmethod
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

from app.errors import AcmError
from app.i18n import gettext as _

#: Nothing is waited for longer than that: for a connection, or for the next piece of an answer.
TIMEOUT = 15.0

HOST_UNKNOWN = "host_unknown"
REFUSED = "refused"
TIMED_OUT = "timed_out"
LOGIN = "login"
FOLDER = "folder"
HOST_KEY_NEW = "host_key_new"
HOST_KEY_CHANGED = "host_key_changed"
CERTIFICATE = "certificate"
PROTOCOL = "protocol"
FILE = "file"


class SourceError(AcmError):
    """Something a person has to mend. `code` is one of the names above; `fingerprint` is the host key of an SFTP
    server that nobody has accepted yet."""

    def __init__(self, code: str, message: str, hint: str = "", *, fingerprint: str = "") -> None:
        super().__init__(message, hint)
        self.code = code
        self.fingerprint = fingerprint


@dataclass(frozen=True)
class Place:
    """Where a source is and how it is entered. `path` is absolute on the server, with a slash before it."""

    scheme: str
    host: str
    port: int
    path: str
    username: str = ""
    password: str = field(default="", repr=False)
    checks_certificate: bool = True
    host_key: str = ""


@dataclass(frozen=True)
class SourceFile:
    """A file in the folder of a source. `modified` is as the server says it, for comparing only."""

    name: str
    size: int
    modified: datetime | None = None


class Source(ABC):
    """A folder of files that somebody else writes. Names are those in the folder, without a path."""

    @abstractmethod
    def listed(self) -> list[SourceFile]:
        """All files of the folder, by name; folders in it are left out. SourceError FOLDER when it is not there."""

    @abstractmethod
    def read(self, name: str) -> AbstractContextManager[BinaryIO]:
        """The content of a file, to be read in blocks."""

    @abstractmethod
    def rename(self, name: str, target: str) -> None:
        """Give a file another name, or, with folders in it, another place. What is there already is not lost:
        SourceError FILE."""

    @abstractmethod
    def make_folder(self, name: str) -> None:
        """Make a folder below the folder of the source unless it is there."""

    @abstractmethod
    def delete(self, name: str) -> None:
        """Remove a file."""

    @abstractmethod
    def close(self) -> None:
        """Leave; never fails."""

    def files(self, mask: str) -> list[SourceFile]:
        """The files that a mask names: `*.txt`, several with a semicolon between; case does not matter."""
        wanted = [part.strip().lower() for part in mask.split(";") if part.strip()] or ["*"]
        return [file for file in self.listed() if any(fnmatch.fnmatchcase(file.name.lower(), part) for part in wanted)]

    def move(self, name: str, folder: str) -> None:
        """Put a file into a folder below, which is made when it is missing."""
        self.make_folder(folder)
        self.rename(name, f"{folder.strip('/')}/{name}")

    def __enter__(self) -> Source:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def host_unknown(host: str) -> SourceError:
    return SourceError(
        HOST_UNKNOWN,
        _("There is no host %(host)s.", host=host),
        _("Check its name, and the name server of this machine."),
    )


def refused(host: str, port: int) -> SourceError:
    return SourceError(
        REFUSED,
        _("%(host)s does not accept connections on port %(port)s.", host=host, port=port),
        _("Check the port, and whether the server runs and a firewall lets it through."),
    )


def timed_out(host: str, port: int) -> SourceError:
    return SourceError(
        TIMED_OUT,
        _("%(host)s does not answer on port %(port)s.", host=host, port=port),
        _("Check the address; a firewall may stand between."),
    )


def wrong_login(username: str) -> SourceError:
    return SourceError(
        LOGIN,
        _("The server does not let %(user)s in: login or password is wrong.", user=username or "—"),
        _("Check both; the server may lock an account after some tries."),
    )


def no_folder(path: str) -> SourceError:
    return SourceError(
        FOLDER,
        _("There is no folder %(path)s, or this account may not see it.", path=path),
        _("Check the path; it begins at the root that the account has."),
    )


def wrong_certificate(host: str, reason: str) -> SourceError:
    return SourceError(
        CERTIFICATE,
        _("The certificate of %(host)s is not trusted: %(reason)s.", host=host, reason=reason),
        _("Add its authority to the trusted ones of this machine, or switch the check off for a server of your own."),
    )


def broken(reason: object) -> SourceError:
    return SourceError(PROTOCOL, _("The server did not do it: %(reason)s", reason=str(reason).strip() or "—"))


def is_there(name: str) -> SourceError:
    return SourceError(
        FILE, _("There is a file %(name)s already.", name=name), _("Nothing is overwritten: remove it first.")
    )
