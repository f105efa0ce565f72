"""Users and groups for the tests of the schema access."""

from __future__ import annotations

from itertools import count

from sqlalchemy import Connection, delete, insert

from app import clock
from app.models.access import Group, GroupRole, User, UserGroup

_numbers = count(1)


def user(connection: Connection, *groups: int, **values: object) -> int:
    """A user in the groups; active and local unless `values` say otherwise."""
    name = f"user{next(_numbers)}"
    defaults = {"is_active": True, "is_from_ad": False, "is_active_in_ad": False}
    user_id: int = connection.execute(
        insert(User)
        .values(
            username=name, username_key=name.upper(), must_change_password=False, failed_logins=0, session_epoch=0,
            created_at=clock.now(), created_by="tests", **{**defaults, **values},
        )
        .returning(User.user_id)
    ).scalar_one()  # fmt: skip
    for group_id in groups:
        connection.execute(insert(UserGroup).values(user_id=user_id, group_id=group_id))
    return user_id


def group(connection: Connection, *roles: str) -> int:
    """A group with the roles."""
    group_id: int = connection.execute(
        insert(Group).values(name=f"Группа {next(_numbers)}").returning(Group.group_id)
    ).scalar_one()
    for role in roles:
        connection.execute(insert(GroupRole).values(group_id=group_id, role_code=role))
    return group_id


def nobody(connection: Connection) -> None:
    """Take every user out of every group."""
    connection.execute(delete(UserGroup))
