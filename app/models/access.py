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
    Line,
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
    started_at: Mapped[Moment] = mapped_column(index=True)
    seen_at: Mapped[Moment]  # the last request that a person made, to the minute
    ended_at: Mapped[MomentNull]
    address: Mapped[CodeNull]
    browser: Mapped[NameNull]


class CampaignGroup(Base):
    """A group whose users see the campaign. A campaign without rows is seen by all (access.campaign_visible)."""

    __tablename__ = "campaign_group"
    __table_args__ = {"schema": "access"}

    campaign_id: Mapped[int] = mapped_column(ForeignKey("core.campaign.campaign_id"), primary_key=True)
    group_id: Mapped[int] = mapped_column(ForeignKey("access.group.group_id"), primary_key=True, index=True)


class ApiKey(Base):
    """A key of the external API. Only its hash is kept; the prefix is what lists show of it."""

    __tablename__ = "api_key"
    __table_args__ = {"schema": "access"}

    api_key_id: Mapped[IdentityId]
    name: Mapped[Name]
    key_hash: Mapped[Code] = mapped_column(unique=True)  # SHA-256 of the key
    prefix: Mapped[Code]
    scopes: Mapped[Line]  # codes of app/auth/scopes.py with spaces between
    addresses: Mapped[LineNull]  # networks (CIDR) with spaces between; empty: any address
    expires_at: Mapped[MomentNull]  # real times, as those of sessions
    created_at: Mapped[Moment]
    created_by: Mapped[Name]
    last_used_at: Mapped[MomentNull]  # to the minute
    last_address: Mapped[CodeNull]
    revoked_at: Mapped[MomentNull]
    revoked_by: Mapped[NameNull]


class Audit(Base):
    """A change that a person made: who, when, from where, what, before and after (JSON without secrets)."""

    __tablename__ = "audit"
    __table_args__ = (
        # The newest first, for every filter of the journal (app/admin/audit_search.py).
        Index("ix_audit_at", "at", "audit_id"),
        Index("ix_audit_username", "username", "at", "audit_id"),
        Index("ix_audit_action", "action", "at", "audit_id"),
        Index("ix_audit_object_type", "object_type", "at", "audit_id"),
        Index("ix_audit_object", "object_type", "object_id", "at", "audit_id"),
        {"schema": "access"},
    )

    audit_id: Mapped[BigIdentityId]
    at: Mapped[Moment]
    username: Mapped[Name]
    address: Mapped[CodeNull]
    action: Mapped[Code]
    object_type: Mapped[Code]
    object_id: Mapped[str | None] = mapped_column(Unicode(64))
    before: Mapped[LongNull]
    after: Mapped[LongNull]
