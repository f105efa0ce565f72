"""Keys of the external API: made, shown once, checked, revoked. Only their hashes are kept.

A key is 256 random bits, so that a plain SHA-256 is as good as a slow hash: there is nothing to guess. It is looked up
by its hash, so that how long the answer takes tells nothing of a key.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, or_, select, update

from app import clock
from app.auth.scopes import SCOPES
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.access import ApiKey as Row

START = "acm_"
#: How much of a key lists show. 8 of its 43 random letters: enough to tell keys apart, useless to a thief.
_PREFIX = len(START) + 8
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class ApiKey:
    """A key that was presented and is good."""

    api_key_id: int
    name: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether the key has the scope. Raises KeyError for one that does not exist."""
        return bool(SCOPES[scope]) and scope in self.scopes


class AddressError(AcmError):
    """An address that is none, or too many of them."""


def parse_networks(written: str) -> list[str]:
    """Addresses and networks as people write them, normalised. Raises AddressError for the first one that is none."""
    found = []
    for part in written.replace(",", " ").replace(";", " ").split():
        try:
            network = str(ipaddress.ip_network(part, strict=False))
        except ValueError as error:
            raise AddressError(_("%(text)s is not an address or a network.", text=part[:64])) from error
        if network not in found:
            found.append(network)
    if len(" ".join(found)) > 1000:
        raise AddressError(_("These are too many addresses: join them into networks."))
    return found


def make(
    connection: Connection,
    name: str,
    scopes: Iterable[str],
    created_by: str,
    *,
    networks: Sequence[str] = (),
    expires_at: datetime | None = None,
) -> tuple[int, str]:
    """Make a key; return its id and the key itself, which is kept nowhere. `expires_at` is naive UTC."""
    wanted = set(scopes)
    if not wanted or not wanted <= set(SCOPES):
        raise ValueError(f"unknown scopes: {sorted(wanted - set(SCOPES))}")
    key = START + secrets.token_urlsafe(32)
    key_id = connection.execute(
        insert(Row)
        .values(
            name=name, key_hash=_hash(key), prefix=key[:_PREFIX],
            scopes=" ".join(one for one in SCOPES if one in wanted),
            addresses=" ".join(networks) or None, expires_at=expires_at,
            created_at=clock.real_now(), created_by=created_by,
        )
        .returning(Row.api_key_id)
    ).scalar_one()  # fmt: skip
    return int(key_id), key


def check(connection: Connection, presented: str, address: str | None) -> ApiKey | None:
    """The key that was presented from the address, or None: unknown, expired, revoked, or from elsewhere.

    Writes when and from where it was used, at most once a minute; the caller commits.
    """
    now = clock.real_now()
    row = connection.execute(select(Row.__table__).where(Row.key_hash == _hash(presented))).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        return None
    if not _is_from(row.addresses, address):
        return None
    connection.execute(
        update(Row)
        .where(
            Row.api_key_id == row.api_key_id,
            or_(Row.last_used_at.is_(None), Row.last_used_at <= now - _MINUTE, Row.last_address != address),
        )
        .values(last_used_at=now, last_address=address)
    )
    return ApiKey(row.api_key_id, row.name, frozenset(row.scopes.split()) & frozenset(SCOPES))


def all_keys(connection: Connection) -> Sequence[Any]:
    """All keys, the newest first: rows of access.api_key. There are tens of them."""
    return connection.execute(select(Row.__table__).order_by(Row.api_key_id.desc())).all()


def read(connection: Connection, api_key_id: int) -> Any:
    """The row of a key, or None."""
    return connection.execute(select(Row.__table__).where(Row.api_key_id == api_key_id)).one_or_none()


def revoke(connection: Connection, api_key_id: int, by: str) -> bool:
    """End a key for good. False when somebody has done so already."""
    done = connection.execute(
        update(Row)
        .where(Row.api_key_id == api_key_id, Row.revoked_at.is_(None))
        .values(revoked_at=clock.real_now(), revoked_by=by)
    )
    return done.rowcount == 1


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _is_from(networks: str | None, address: str | None) -> bool:
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return any((mapped or found) in ipaddress.ip_network(network) for network in networks.split())
