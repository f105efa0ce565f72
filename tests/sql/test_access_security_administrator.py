"""access.security_administrator: who can get in and give rights."""

from __future__ import annotations

from access_rows import group, nobody, user
from sqlalchemy import Connection, text

ROLE = "security_administrator"


def administrators(connection: Connection) -> list[int]:
    return sorted(connection.scalars(text("SELECT a.user_id FROM access.security_administrator AS a")))


def test_who_has_the_role_and_can_sign_in_counts_once(connection: Connection) -> None:
    nobody(connection)
    first, second, other = group(connection, ROLE), group(connection, ROLE, "reviewer"), group(connection, "reviewer")
    local = user(connection, first, second)
    from_ad = user(connection, second, is_from_ad=True, is_active_in_ad=True)
    user(connection, first, is_active=False)
    user(connection, first, is_from_ad=True, is_active_in_ad=False)
    user(connection, other)
    user(connection)
    assert administrators(connection) == sorted([local, from_ad])
