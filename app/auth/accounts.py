"""Local accounts: making them, checking a password with the lock-out, changing it. Roles come from groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.auth.passwords import MINIMUM_LENGTH, hash_password, one_time_password, password_fault, verify_password
from app.auth.roles import PRESET_GROUPS, ROLES
from app.errors import AcmError
from app.i18n import gettext as _
from app.models.access import Group, GroupRole, Session, User, UserGroup

#: After so many wrong passwords in a row an account is closed for so long.
LOCK_AFTER = 5
LOCK_MINUTES = 15


def key(text: str) -> str:
    """The form in which names are compared: as UPPER(LTRIM(RTRIM(text))) in SQL."""
    return text.strip().upper()


@dataclass(frozen=True)
class Account:
    """A user with his roles, as the database has them now."""

    user_id: int
    username: str
    last_name: str | None
    first_name: str | None
    email: str | None
    language: str | None
    time_zone: str | None
    must_change_password: bool
    is_from_ad: bool
    roles: frozenset[str]

    @property
    def full_name(self) -> str:
        return " ".join(part for part in (self.last_name, self.first_name) if part) or self.username


def read_account(connection: Connection, user_id: int) -> Account | None:
    """The account, or None when there is none or it is switched off."""
    row = connection.execute(select(User.__table__).where(User.user_id == user_id)).one_or_none()
    if row is None or not row.is_active:
        return None
    roles = connection.scalars(
        select(GroupRole.role_code)
        .join(UserGroup, UserGroup.group_id == GroupRole.group_id)
        .where(UserGroup.user_id == user_id)
    )
    return Account(
        row.user_id, row.username, row.last_name, row.first_name, row.email, row.language, row.time_zone,
        row.must_change_password, row.is_from_ad, frozenset(roles) & frozenset(ROLES),
    )  # fmt: skip


def check_password(connection: Connection, username: str, password: str) -> int | None:
    """The id of the user whose password this is, or None: wrong name or password, switched off, or locked out.

    The attempt is counted before the password is looked at, in one UPDATE, so that guesses sent at once all count.
    The caller commits in either case.
    """
    now = clock.real_now()
    row = connection.execute(select(User.__table__).where(User.username_key == key(username))).one_or_none()
    if row is None or not row.is_active or row.is_from_ad:
        verify_password(None, password)
        return None
    counted = connection.execute(
        update(User)
        .where(User.user_id == row.user_id, or_(User.locked_until.is_(None), User.locked_until <= now))
        .values(failed_logins=User.failed_logins + 1, locked_until=None)
    )
    if counted.rowcount == 0:
        verify_password(None, password)
        return None
    if verify_password(row.password_hash, password):
        connection.execute(
            update(User)
            .where(User.user_id == row.user_id)
            .values(failed_logins=0, locked_until=None, last_login_at=clock.now())
        )
        return int(row.user_id)
    connection.execute(
        update(User)
        .where(User.user_id == row.user_id, User.failed_logins >= LOCK_AFTER)
        .values(failed_logins=0, locked_until=now + timedelta(minutes=LOCK_MINUTES))
    )
    return None


def set_password(connection: Connection, user_id: int, password: str, must_change: bool = False) -> None:
    """Store a new password, lift a lock-out, and end all sessions of the user."""
    connection.execute(
        update(User)
        .where(User.user_id == user_id)
        .values(
            password_hash=hash_password(password), must_change_password=must_change, failed_logins=0,
            locked_until=None,
        )
    )  # fmt: skip
    end_sessions(connection, user_id)


def end_sessions(connection: Connection, user_id: int) -> int:
    """Sign a user out everywhere. Returns how many sessions that ended."""
    connection.execute(update(User).where(User.user_id == user_id).values(session_epoch=User.session_epoch + 1))
    ended = connection.execute(
        update(Session).where(Session.user_id == user_id, Session.ended_at.is_(None)).values(ended_at=clock.real_now())
    )
    return ended.rowcount


class UserNameError(AcmError):
    """The name of a user is unfit or taken."""


class WrongPassword(AcmError):
    """The present password was not given right."""


def change_password(connection: Connection, user_id: int, old: str, new: str) -> None:
    """Replace the user's own password. Raises WrongPassword for the old one, AcmError for an unfit new one."""
    row = connection.execute(select(User.username, User.password_hash).where(User.user_id == user_id)).one()
    if not verify_password(row.password_hash, old):
        raise WrongPassword(_("The present password is wrong."))
    fault = password_fault(new, row.username, old)
    if fault:
        raise AcmError(_(fault, count=MINIMUM_LENGTH))
    set_password(connection, user_id, new)


def add_user(
    connection: Connection,
    username: str,
    groups: Iterable[str],
    created_by: str,
    *,
    last_name: str | None = None,
    first_name: str | None = None,
    email: str | None = None,
    language: str | None = None,
    time_zone: str | None = None,
) -> tuple[int, str]:
    """Make a local account in the named groups; return its id and the one-time password.

    Raises UserNameError when the name is taken or unfit, AcmError when a group does not exist.
    """
    name = username.strip()
    if not name or len(name) > 64 or any(letter.isspace() for letter in name):
        raise UserNameError(_("A user name has 1 to 64 characters and no spaces."))
    group_ids = [find_group(connection, group) for group in groups]
    if connection.scalar(select(func.count()).select_from(User).where(User.username_key == key(name))):
        raise UserNameError(_("There is already a user %(name)s.", name=name))
    password = one_time_password()
    try:
        with connection.begin_nested():
            user_id = connection.execute(
                insert(User)
                .values(
                    username=name, username_key=key(name), last_name=last_name, first_name=first_name, email=email,
                    password_hash=hash_password(password), must_change_password=True, is_active=True, is_from_ad=False,
                    is_active_in_ad=False, failed_logins=0, session_epoch=0, created_at=clock.now(),
                    created_by=created_by, language=language, time_zone=time_zone,
                )
                .returning(User.user_id)
            ).scalar_one()  # fmt: skip
    except IntegrityError as error:  # somebody was a moment faster
        raise UserNameError(_("There is already a user %(name)s.", name=name)) from error
    for group_id in dict.fromkeys(group_ids):
        connection.execute(insert(UserGroup).values(user_id=user_id, group_id=group_id))
    return int(user_id), password


def find_group(connection: Connection, name: str) -> int:
    """The id of a group by its Russian or English name, or of the preset group that carries one role of that code."""
    wanted = name.strip().casefold()
    rows = connection.execute(select(Group.group_id, Group.name, Group.name_en)).all()
    for row in rows:
        if wanted in (row.name.casefold(), (row.name_en or "").casefold()):
            return int(row.group_id)
    presets = {codes[0]: preset for preset, __, codes in PRESET_GROUPS if len(codes) == 1}
    for row in rows:
        if presets.get(wanted) == row.name:
            return int(row.group_id)
    names = ", ".join(row.name for row in rows) or "-"
    raise AcmError(_("There is no group %(name)s.", name=name), _("Groups: %(names)s.", names=names))


def find_user(connection: Connection, username: str) -> Any:
    """The row of a user by name. Raises AcmError when there is none."""
    row = connection.execute(select(User.__table__).where(User.username_key == key(username))).one_or_none()
    if row is None:
        raise AcmError(_("There is no user %(name)s.", name=username), _("`acm user list` shows all users."))
    return row


def first_administrator(connection: Connection) -> str | None:
    """Where there is no user yet, make `admin` in the group with all roles and return the one-time password.

    None when there are users already, also when another process was a moment faster.
    """
    if connection.scalar(select(func.count()).select_from(User)):
        return None
    name, name_en, roles = PRESET_GROUPS[0]
    try:
        with connection.begin_nested():
            group_id = connection.scalar(select(Group.group_id).where(Group.name == name))
            if group_id is None:
                group_id = connection.execute(
                    insert(Group).values(name=name, name_en=name_en).returning(Group.group_id)
                ).scalar_one()
            connection.execute(delete(GroupRole).where(GroupRole.group_id == group_id))
            connection.execute(insert(GroupRole), [{"group_id": group_id, "role_code": role} for role in roles])
            return add_user(connection, "admin", [name], "acm", first_name=None)[1]
    except (IntegrityError, AcmError):
        return None


def list_users(connection: Connection) -> list[dict[str, Any]]:
    """All users by name, with their groups: username, full_name, email, groups, is_active, is_locked, last_login_at."""
    groups: dict[int, list[str]] = {}
    for row in connection.execute(
        select(UserGroup.user_id, Group.name).join(Group, Group.group_id == UserGroup.group_id).order_by(Group.name)
    ):
        groups.setdefault(row.user_id, []).append(row.name)
    now = clock.real_now()
    return [
        {
            "username": row.username,
            "full_name": " ".join(part for part in (row.last_name, row.first_name) if part),
            "email": row.email,
            "groups": groups.get(row.user_id, []),
            "is_active": bool(row.is_active),
            "is_locked": row.locked_until is not None and row.locked_until > now,
            "last_login_at": row.last_login_at,
        }
        for row in connection.execute(select(User.__table__).order_by(User.username_key))
    ]
