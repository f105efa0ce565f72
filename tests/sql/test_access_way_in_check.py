"""access.way_in_check refuses what leaves nobody who gives rights."""

from __future__ import annotations

from access_rows import group, nobody, user
from refusal import refused
from sqlalchemy import Connection, update

from app.models.access import User
from app.procedures import access


def test_one_security_administrator_is_enough_and_none_is_refused(connection: Connection) -> None:
    nobody(connection)
    user_id = user(connection, group(connection, "security_administrator"))
    access.way_in_check(connection)
    connection.execute(update(User).where(User.user_id == user_id).values(is_active=False))
    with refused(connection, 50150):
        access.way_in_check(connection)
