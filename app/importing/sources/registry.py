"""Addresses of sources, and which transport serves them."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from app.errors import AcmError
from app.i18n import gettext as _
from app.importing.sources.base import Place, Source
from app.importing.sources.folder import FolderSource
from app.importing.sources.ftp import FtpSource

#: Scheme of the address: its port. `ftps` is TLS from the first byte, `ftpes` begins plain and changes to TLS.
SCHEMES = {"ftp": 21, "ftps": 990, "ftpes": 21, "sftp": 22, "file": 0}


class AddressError(AcmError):
    """An address that cannot be one of a source."""


def parse_url(
    url: str, *, username: str = "", password: str = "", checks_certificate: bool = True, host_key: str = ""
) -> Place:
    """The place behind «Путь к корневой папке» (M173). Raises AddressError that says what is wrong with it."""
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise AddressError(_("This is not an address."), _example()) from None
    scheme = parts.scheme.lower()
    if scheme not in SCHEMES:
        raise AddressError(_("The address begins with ftp://, ftps://, ftpes://, sftp:// or file:///."), _example())
    if parts.query or parts.fragment:
        raise AddressError(_("The address has a ? or # in it."), _("Write them as %%3F and %%23."))
    if parts.username or parts.password:
        raise AddressError(_("The address has a login in it."), _("Login and password have fields of their own."))
    path = unquote(parts.path) or "/"
    if scheme == "file":
        if parts.hostname:
            raise AddressError(_("The address of a folder has three slashes: file:///srv/import."))
        if path == "/":
            raise AddressError(_("The root of the machine cannot be a source."), _("Name a folder of its own."))
    elif not parts.hostname:
        raise AddressError(_("The address has no host."), _example())
    if any(part == ".." for part in path.split("/")) or "\0" in path:
        raise AddressError(_("The path may not lead upwards."))
    return Place(
        scheme, parts.hostname or "", port or SCHEMES[scheme], path, username, password, checks_certificate, host_key
    )


def open_source(place: Place) -> Source:
    """Connect. Raises SourceError in words."""
    if place.scheme == "file":
        return FolderSource(place)
    if place.scheme == "sftp":
        from app.importing.sources.sftp import SftpSource  # paramiko is slow to import, and only this one needs it

        return SftpSource(place)
    return FtpSource(place)


def _example() -> str:
    return _("For example: %(example)s", example="sftp://files.bank.example/outbound")
