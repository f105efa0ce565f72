"""Groups of users: a name in both languages and a set of roles of its own (M216, M223-M228)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.auth import way_in
from app.auth.roles import ROLES
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.access import CampaignGroup, Group, GroupRole, UserGroup


class NameTaken(AcmError):
    """Another group has this name."""


class NotEmpty(AcmError):
    """The group still has members or campaigns."""


def all_groups(connection: Connection) -> Sequence[Any]:
    """All groups by name: group_id, name, name_en."""
    return connection.execute(select(Group.__table__).order_by(Group.name, Group.group_id)).all()


def read(connection: Connection, group_id: int) -> Any:
    """The row of a group, or None."""
    return connection.execute(select(Group.__table__).where(Group.group_id == group_id)).one_or_none()


def roles(connection: Connection) -> dict[int, list[str]]:
    """The roles of each group, in the order of app/auth/roles.py."""
    held: dict[int, set[str]] = {}
    for group_id, role in connection.execute(select(GroupRole.group_id, GroupRole.role_code)):
        held.setdefault(group_id, set()).add(role)
    return {group_id: [role for role in ROLES if role in codes] for group_id, codes in held.items()}


def members(connection: Connection) -> dict[int, int]:
    """How many users each group has."""
    return _counted(connection, UserGroup.group_id)


def campaigns(connection: Connection) -> dict[int, int]:
    """How many campaigns are limited to each group, among others."""
    return _counted(connection, CampaignGroup.group_id)


def _counted(connection: Connection, column: Any) -> dict[int, int]:
    return {group_id: count for group_id, count in connection.execute(select(column, func.count()).group_by(column))}


def add(connection: Connection, name: str, name_en: str | None, codes: Iterable[str]) -> int:
    """Make a group. Raises NameTaken."""
    _check_name(connection, name, None)
    try:
        with connection.begin_nested():
            group_id = connection.execute(
                insert(Group).values(name=name, name_en=name_en).returning(Group.group_id)
            ).scalar_one()
    except IntegrityError as error:
        raise _taken(name) from error
    _put_roles(connection, group_id, codes)
    return int(group_id)


def change(connection: Connection, group_id: int, name: str, name_en: str | None, codes: Iterable[str]) -> None:
    """Rename a group and give it other roles. NameTaken; ProcedureError 50150 for the last way in."""
    _check_name(connection, name, group_id)
    with way_in.kept(connection):
        try:
            with connection.begin_nested():
                connection.execute(update(Group).where(Group.group_id == group_id).values(name=name, name_en=name_en))
        except IntegrityError as error:
            raise _taken(name) from error
        connection.execute(delete(GroupRole).where(GroupRole.group_id == group_id))
        _put_roles(connection, group_id, codes)


def remove(connection: Connection, group_id: int) -> None:
    """Delete a group. Raises NotEmpty while it has members or campaigns."""
    try:
        with connection.begin_nested():
            connection.execute(delete(GroupRole).where(GroupRole.group_id == group_id))
            connection.execute(delete(Group).where(Group.group_id == group_id))
    except IntegrityError as error:
        raise NotEmpty(_("The group still has users or campaigns."), _("Take them out of it first.")) from error


def _put_roles(connection: Connection, group_id: int, codes: Iterable[str]) -> None:
    for code in dict.fromkeys(codes):
        connection.execute(insert(GroupRole).values(group_id=group_id, role_code=code))


def _check_name(connection: Connection, name: str, group_id: int | None) -> None:
    for row in all_groups(connection):
        if row.group_id != group_id and name.casefold() == row.name.casefold():
            raise _taken(name)


def _taken(name: str) -> NameTaken:
    return NameTaken(_("There is already a group %(name)s.", name=name))
