"""FTP, and FTP over TLS in both of its ways. Servers differ in what they can list: MLSD first, then names and sizes."""

from __future__ import annotations

import ftplib
import io
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import Any, BinaryIO, cast

from app.i18n import gettext as _
from app.importing.sources.base import (
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
    wrong_certificate,
    wrong_login,
)

_LOGIN_WRONG = ("530", "430", "332")
_MISSING = ("550", "553", "450")


class _Tls(ftplib.FTP_TLS):
    """Reuses the session of the control connection for data, as vsftpd wants it; `implicit`: TLS from the start."""

    def __init__(self, *, implicit: bool, context: ssl.SSLContext) -> None:
        self._implicit = implicit
        self._sock: Any = None
        super().__init__(context=context, timeout=TIMEOUT, encoding="utf-8")

    @property
    def sock(self) -> Any:
        return self._sock

    @sock.setter
    def sock(self, value: Any) -> None:
        if self._implicit and value is not None and not isinstance(value, ssl.SSLSocket):
            value = self.context.wrap_socket(value, server_hostname=self.host)
        self._sock = value

    def ntransfercmd(self, cmd: str, rest: int | str | None = None) -> tuple[socket.socket, int | None]:
        connection, size = ftplib.FTP.ntransfercmd(self, cmd, rest)  # noqa: S321 - it is wrapped below
        if self._prot_p:  # type: ignore[attr-defined]
            connection = self.context.wrap_socket(connection, server_hostname=self.host, session=self.sock.session)
        return connection, cast("int | None", size)


class FtpSource(Source):
    def __init__(self, place: Place) -> None:
        self.place = place
        with self._in_words():
            self.ftp = self._connect(place)
        self.root = place.path.rstrip("/") or "/"
        try:
            with self._in_words():
                self.ftp.cwd(self.root)
        except SourceError:
            self.close()
            raise no_folder(self.root) from None

    def _connect(self, place: Place) -> ftplib.FTP:
        if place.scheme == "ftp":
            ftp: ftplib.FTP = ftplib.FTP(timeout=TIMEOUT, encoding="utf-8")  # noqa: S321 - M173, the bank's choice
        else:
            context = ssl.create_default_context()
            if not place.checks_certificate:
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
            ftp = _Tls(implicit=place.scheme == "ftps", context=context)
        try:
            ftp.connect(place.host, place.port)
            if isinstance(ftp, _Tls) and place.scheme == "ftpes":
                ftp.auth()
            ftp.login(place.username or "anonymous", place.password)
            if isinstance(ftp, _Tls):
                ftp.prot_p()
        except BaseException:
            ftp.close()
            raise
        return ftp

    def listed(self) -> list[SourceFile]:
        with self._in_words():
            try:
                found = [
                    SourceFile(name, int(facts.get("size", 0)), _moment(facts.get("modify", "")))
                    for name, facts in self.ftp.mlsd(facts=["type", "size", "modify"])
                    if facts.get("type", "file").lower() == "file"
                ]
            except ftplib.error_perm as error:
                if not str(error).startswith(("500", "501", "502", "504")):
                    raise
                found = self._list_by_name()
        return sorted(found, key=lambda file: file.name)

    def _list_by_name(self) -> list[SourceFile]:
        """For servers without MLSD: a name that has no size is a folder."""
        try:
            names = self.ftp.nlst()
        except ftplib.error_perm as error:
            if str(error).startswith("550"):  # how some say that there is no file
                return []
            raise
        self.ftp.voidcmd("TYPE I")  # SIZE is refused in the text mode that NLST leaves behind
        found = []
        for name in names:
            try:
                size = self.ftp.size(name) or 0
            except ftplib.error_perm:
                continue
            at = None
            with suppress(ftplib.Error):
                at = _moment(self.ftp.voidcmd(f"MDTM {name}")[4:])
            found.append(SourceFile(name.rsplit("/", 1)[-1], size, at))
        return found

    @contextmanager
    def read(self, name: str) -> Iterator[BinaryIO]:
        with self._in_words():
            self.ftp.voidcmd("TYPE I")
            connection = self.ftp.transfercmd(f"RETR {self._inside(name)}")
        stream = io.BufferedReader(_Socket(connection, self), 1 << 16)
        ended = False
        try:
            yield stream
            ended = not stream.read(1)
        finally:
            connection.close()
            if ended:
                with self._in_words():
                    self.ftp.voidresp()
            else:
                # The rest is not wanted: the server says so, in its own way, and that is no mistake.
                with suppress(ftplib.Error, OSError, EOFError):
                    self.ftp.voidresp()

    def rename(self, name: str, target: str) -> None:
        if self._exists(target):
            raise is_there(target)
        with self._in_words():
            self.ftp.rename(self._inside(name), self._inside(target))

    def make_folder(self, name: str) -> None:
        with self._in_words():
            try:
                self.ftp.cwd(self._inside(name))
            except ftplib.error_perm:
                self.ftp.mkd(self._inside(name))
            finally:
                self.ftp.cwd(self.root)

    def delete(self, name: str) -> None:
        with self._in_words():
            self.ftp.delete(self._inside(name))

    def close(self) -> None:
        with suppress(ftplib.Error, OSError, EOFError):
            self.ftp.quit()
        with suppress(OSError):
            self.ftp.close()

    def _exists(self, name: str) -> bool:
        with self._in_words():
            self.ftp.voidcmd("TYPE I")
            try:
                self.ftp.size(self._inside(name))
            except ftplib.error_perm:
                return False
            return True

    def _inside(self, name: str) -> str:
        if "\r" in name or "\n" in name or ".." in name.split("/"):
            raise broken(_("The path may not lead upwards."))
        return f"{self.root.rstrip('/')}/{name.lstrip('/')}"

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        place = self.place
        try:
            yield
        except socket.gaierror:
            raise host_unknown(place.host) from None
        except ssl.SSLCertVerificationError as error:
            raise wrong_certificate(place.host, error.verify_message or error.reason or "") from error
        except ssl.SSLError as error:
            raise broken(error.reason or error) from error
        except TimeoutError:
            raise timed_out(place.host, place.port) from None
        except ConnectionRefusedError:
            raise refused(place.host, place.port) from None
        except ftplib.error_perm as error:
            if str(error).startswith(_LOGIN_WRONG):
                raise wrong_login(place.username) from None
            raise broken(error) from error
        except (ftplib.Error, OSError, EOFError) as error:
            raise broken(error or _("it closed the connection")) from error


class _Socket(io.RawIOBase):
    """The data connection as a stream."""

    def __init__(self, connection: socket.socket, source: FtpSource) -> None:
        self.connection = connection
        self.source = source

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self.source._in_words():
            return self.connection.recv_into(buffer)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text.strip()[:14], "%Y%m%d%H%M%S")  # noqa: DTZ007 - the server's own, for comparing
    except ValueError:
        return None
