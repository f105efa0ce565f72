"""SFTP over paramiko. A server is known by the fingerprint of its key, which somebody has accepted on the screen."""

from __future__ import annotations

import base64
import errno
import hashlib
import socket
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import BinaryIO, cast

import paramiko

from app.i18n import gettext as _
from app.importing.sources.base import (
    HOST_KEY_CHANGED,
    HOST_KEY_NEW,
    TIMEOUT,
    Place,
    Source,
    SourceError,
    SourceFile,
    broken,
    host_unknown,
    is_there,
    no_folder,
    refused,
    timed_out,
    wrong_login,
)


class SftpSource(Source):
    def __init__(self, place: Place) -> None:
        self.place = place
        with self._in_words():
            address = socket.create_connection((place.host, place.port), TIMEOUT)
        self.transport = paramiko.Transport(address)
        self.transport.banner_timeout = self.transport.auth_timeout = int(TIMEOUT)
        try:
            with self._in_words():
                self.transport.start_client(timeout=TIMEOUT)
            self._check_key()
            with self._in_words():
                self.transport.auth_password(place.username, place.password)
                found = paramiko.SFTPClient.from_transport(self.transport)
            if found is None:
                raise broken(_("it has no SFTP"))
            self.sftp = found
            channel = found.get_channel()
            if channel is not None:
                channel.settimeout(TIMEOUT)
            self.root = place.path.rstrip("/") or "/"
            self._enter()
        except BaseException:
            self.transport.close()
            raise

    def _check_key(self) -> None:
        """Before the password goes out: is it the server that was accepted?"""
        key = self.transport.get_remote_server_key()
        found = fingerprint(key.asbytes())
        if not self.place.host_key:
            raise SourceError(
                HOST_KEY_NEW,
                _("The key of %(host)s is not known yet: %(key)s.", host=self.place.host, key=found),
                _("Compare it with the one that the owner of the server tells, and accept it."),
                fingerprint=found,
            )
        if found != self.place.host_key:
            raise SourceError(
                HOST_KEY_CHANGED,
                _("The key of %(host)s has changed: %(key)s.", host=self.place.host, key=found),
                _("Somebody may stand between. Ask the owner of the server before you accept it."),
                fingerprint=found,
            )

    def _enter(self) -> None:
        try:
            facts = self.sftp.stat(self.root)
        except (OSError, paramiko.SSHException):
            raise no_folder(self.root) from None
        if not stat.S_ISDIR(facts.st_mode or 0):
            raise no_folder(self.root)

    def listed(self) -> list[SourceFile]:
        with self._in_words():
            found = [
                SourceFile(facts.filename, facts.st_size or 0, _moment(facts.st_mtime))
                for facts in self.sftp.listdir_attr(self.root)
                if stat.S_ISREG(facts.st_mode or 0)
            ]
        return sorted(found, key=lambda file: file.name)

    @contextmanager
    def read(self, name: str) -> Iterator[BinaryIO]:
        with self._in_words():
            stream = self.sftp.open(self._inside(name), "rb", 1 << 16)
            stream.prefetch()
        try:
            with self._in_words():
                yield cast(BinaryIO, stream)
        finally:
            with suppress(OSError, paramiko.SSHException):
                stream.close()

    def rename(self, name: str, target: str) -> None:
        with self._in_words():
            with suppress(FileNotFoundError):
                self.sftp.stat(self._inside(target))
                raise is_there(target)
            # The rename of the protocol itself never overwrites; posix_rename would.
            self.sftp.rename(self._inside(name), self._inside(target))

    def make_folder(self, name: str) -> None:
        with self._in_words():
            try:
                self.sftp.stat(self._inside(name))
            except FileNotFoundError:
                self.sftp.mkdir(self._inside(name))

    def delete(self, name: str) -> None:
        with self._in_words():
            self.sftp.remove(self._inside(name))

    def close(self) -> None:
        with suppress(OSError, EOFError, paramiko.SSHException):
            self.sftp.close()
        self.transport.close()

    def _inside(self, name: str) -> str:
        if ".." in name.split("/"):
            raise broken(_("The path may not lead upwards."))
        return f"{self.root.rstrip('/')}/{name.lstrip('/')}"

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        place = self.place
        try:
            yield
        except socket.gaierror:
            raise host_unknown(place.host) from None
        except TimeoutError:
            raise timed_out(place.host, place.port) from None
        except ConnectionRefusedError:
            raise refused(place.host, place.port) from None
        except paramiko.AuthenticationException:
            raise wrong_login(place.username) from None
        except OSError as error:
            if error.errno == errno.EACCES:
                raise broken(_("this account may not do it")) from error
            raise broken(error.strerror or error) from error
        except (paramiko.SSHException, EOFError) as error:
            raise broken(error or _("it closed the connection")) from error


def fingerprint(key: bytes) -> str:
    """As ssh-keygen -l writes it: SHA256:…"""
    return "SHA256:" + base64.b64encode(hashlib.sha256(key).digest()).decode().rstrip("=")


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
