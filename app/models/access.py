"""Users, groups, roles, and the audit of what they changed."""

from __future__ import annotations

from sqlalchemy import ForeignKey, Index, Integer, Unicode
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import (
    Base,
    BigIdentityId,
    Code,
    CodeNull,
    Flag,
    IdentityId,
    LineNull,
    LongNull,
    Moment,
    MomentNull,
    Name,
    NameNull,
    off,
    on,
    zero,
)


class User(Base):
    """A user (M218-M222). password_hash is argon2's; empty for users of Active Directory."""

    __tablename__ = "user"
    __table_args__ = {"schema": "access"}

    user_id: Mapped[IdentityId]
    username: Mapped[Code]
    username_key: Mapped[Code] = mapped_column(unique=True)
    last_name: Mapped[NameNull]
    first_name: Mapped[NameNull]
    email: Mapped[NameNull]
    password_hash: Mapped[LineNull]
    must_change_password: Mapped[Flag] = off()
    is_active: Mapped[Flag] = on()
    is_from_ad: Mapped[Flag] = off()
    is_active_in_ad: Mapped[Flag] = off()
    failed_logins: Mapped[int] = zero(Integer)
    locked_until: Mapped[MomentNull]
    last_login_at: Mapped[MomentNull]
    language: Mapped[CodeNull]
    time_zone: Mapped[CodeNull]
    session_epoch: Mapped[int] = zero(Integer)  # raised to end all sessions of the user
    created_at: Mapped[Moment]
    created_by: Mapped[Name]


class Group(Base):
    """A group of users with a set of roles (M216, M223-M228)."""

    __tablename__ = "group"
    __table_args__ = {"schema": "access"}

    group_id: Mapped[IdentityId]
    name: Mapped[Name] = mapped_column(unique=True)
    name_en: Mapped[NameNull]


class GroupRole(Base):
    """A role of a group; the roles are those of app/auth/roles.py (M211-M215)."""

    __tablename__ = "group_role"
    __table_args__ = {"schema": "access"}

    group_id: Mapped[int] = mapped_column(ForeignKey("access.group.group_id"), primary_key=True)
    role_code: Mapped[Code] = mapped_column(primary_key=True)


class UserGroup(Base):
    """Membership of a user in a group."""

    __tablename__ = "user_group"
    __table_args__ = {"schema": "access"}

    user_id: Mapped[int] = mapped_column(ForeignKey("access.user.user_id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("access.group.group_id"), primary_key=True)


class Session(Base):
    """A sign-in of a user. Times are real ones even where the clock of the installation is virtual."""

    __tablename__ = "session"
    __table_args__ = {"schema": "access"}

    token_hash: Mapped[Code] = mapped_column(primary_key=True)  # SHA-256 of what the cookie holds
    user_id: Mapped[int] = mapped_column(ForeignKey("access.user.user_id"), index=True)
    session_epoch: Mapped[int]  # the user's, when he signed in
    started_at: Mapped[Moment]
    seen_at: Mapped[Moment]  # the last request that a person made, to the minute
    ended_at: Mapped[MomentNull]
    address: Mapped[CodeNull]
    browser: Mapped[NameNull]


class Audit(Base):
    """A change that a person made: who, when, from where, what, before and after (JSON without secrets)."""

    __tablename__ = "audit"
    __table_args__ = (Index("ix_audit_object", "object_type", "object_id"), {"schema": "access"})

    audit_id: Mapped[BigIdentityId]
    at: Mapped[Moment] = mapped_column(index=True)
    username: Mapped[Name]
    address: Mapped[CodeNull]
    action: Mapped[Code]
    object_type: Mapped[Code]
    object_id: Mapped[str | None] = mapped_column(Unicode(64))
    before: Mapped[LongNull]
    after: Mapped[LongNull]
