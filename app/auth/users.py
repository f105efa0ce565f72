"""What the security administrator does with users (M218-M222): finds, changes, switches off and on, lets in again.

Making one is `accounts.add_user`, a new one-time password `accounts.set_password`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, func, insert, or_, select, update

from app import clock
from app.auth import way_in
from app.auth.accounts import end_sessions, key
from app.frame import inputs
from app.models.access import Group, Session, User, UserGroup

STATES = ("active", "off", "locked")

_NEVER = datetime(1900, 1, 1)  # noqa: DTZ001 - moments in the database are naive UTC
#: Last and first name in upper case, as lists are searched and sorted by it.
FULL_NAME = func.upper(func.coalesce(User.last_name, "") + " " + func.coalesce(User.first_name, ""))
#: What a list of users may be ordered by. Each is told apart by user_id where it is the same for several.
SORTS: dict[str, Any] = {
    "username": User.username_key,
    "name": FULL_NAME,
    "email": func.upper(func.coalesce(User.email, "")),
    "seen": func.coalesce(User.last_login_at, _NEVER),
}


@dataclass(frozen=True)
class Filters:
    """What of the users is asked for, and in which order."""

    wanted: str = ""
    state: str = ""
    group_id: int | None = None
    sort: str = "username"
    desc: bool = False

    @classmethod
    def of(cls, values: Any) -> Filters:
        """What an address asks for; what it gets wrong is not asked for."""
        state, group_id, sort = values.get("state", ""), values.get("group", ""), values.get("sort", "")
        return cls(
            values.get("q", "").strip()[:100], state if state in STATES else "",
            inputs.small(group_id),
            sort if sort in SORTS else "username", bool(values.get("desc")),
        )  # fmt: skip

    @property
    def is_set(self) -> bool:
        return bool(self.wanted or self.state or self.group_id)


@dataclass(frozen=True)
class Page:
    """Rows of access.user, and after which user the next page begins."""

    rows: Sequence[Any]
    next_id: int | None


def find(connection: Connection, filters: Filters, after: int | None = None, size: int | None = None) -> Page:
    """Users in the order that is asked for; those behind the user `after`; all of them without `size`."""
    order = SORTS[filters.sort]
    query = _filtered(select(User.__table__), filters)
    if after is not None:
        at = connection.scalar(select(order).where(User.user_id == after))
        if at is not None:
            behind = (order < at, User.user_id < after) if filters.desc else (order > at, User.user_id > after)
            query = query.where(or_(behind[0], and_(order == at, behind[1])))
    query = query.order_by(order.desc(), User.user_id.desc()) if filters.desc else query.order_by(order, User.user_id)
    if size is None:
        return Page(connection.execute(query).all(), None)
    rows = connection.execute(query.limit(size + 1)).all()
    return Page(rows[:size], rows[size - 1].user_id if len(rows) > size else None)


def count(connection: Connection) -> int:
    """All users."""
    return int(connection.scalar(select(func.count()).select_from(User)) or 0)


def _filtered(query: Select[Any], filters: Filters) -> Select[Any]:
    if filters.wanted:
        wanted = filters.wanted.upper()
        query = query.where(
            or_(
                User.username_key.contains(key(filters.wanted), autoescape=True),
                FULL_NAME.contains(wanted, autoescape=True),
                func.upper(func.coalesce(User.email, "")).contains(wanted, autoescape=True),
            )
        )
    if filters.state == "active":
        query = query.where(User.is_active == True)  # noqa: E712 - SQL
    elif filters.state == "off":
        query = query.where(User.is_active == False)  # noqa: E712 - SQL
    elif filters.state == "locked":
        query = query.where(User.locked_until > clock.real_now())
    if filters.group_id:
        members = select(UserGroup.user_id).where(UserGroup.group_id == filters.group_id)
        query = query.where(User.user_id.in_(members))
    return query


def groups_of(connection: Connection, user_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The groups of users, by name: group_id, name, name_en."""
    found: dict[int, list[Any]] = {}
    for start in range(0, len(user_ids), 1000):
        rows = connection.execute(
            select(UserGroup.user_id, Group.group_id, Group.name, Group.name_en)
            .join(Group, Group.group_id == UserGroup.group_id)
            .where(UserGroup.user_id.in_(user_ids[start : start + 1000]))
            .order_by(Group.name)
        )
        for row in rows:
            found.setdefault(row.user_id, []).append(row)
    return found


def read(connection: Connection, user_id: int) -> Any:
    """The row of a user, or None."""
    return connection.execute(select(User.__table__).where(User.user_id == user_id)).one_or_none()


def open_sessions(connection: Connection, user_id: int) -> int:
    """Sessions of a user that nobody ended."""
    return int(
        connection.scalar(
            select(func.count()).where(Session.user_id == user_id, Session.ended_at.is_(None)).select_from(Session)
        )
        or 0
    )


def change(connection: Connection, user_id: int, values: dict[str, Any], group_ids: Sequence[int]) -> None:
    """Give a user other names, settings and groups. ProcedureError 50150 for the last security administrator."""
    with way_in.kept(connection):
        before = read(connection, user_id)
        connection.execute(update(User).where(User.user_id == user_id).values(**values))
        if before.is_active and values.get("is_active") is False:
            end_sessions(connection, user_id)
        connection.execute(delete(UserGroup).where(UserGroup.user_id == user_id))
        for group_id in dict.fromkeys(group_ids):
            connection.execute(insert(UserGroup).values(user_id=user_id, group_id=group_id))


def switch(connection: Connection, user_id: int, is_active: bool) -> None:
    """Switch a user on, or off, which ends his sessions at once. ProcedureError 50150 for the last way in."""
    with way_in.kept(connection):
        connection.execute(update(User).where(User.user_id == user_id).values(is_active=is_active))
        if not is_active:
            end_sessions(connection, user_id)


def lift_lock(connection: Connection, user_id: int) -> None:
    """Let a user try again who gave a wrong password too often."""
    connection.execute(update(User).where(User.user_id == user_id).values(failed_logins=0, locked_until=None))
