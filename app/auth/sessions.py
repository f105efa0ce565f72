"""Sessions of the web interface: kept in the database, so that sign-out and a new password end them for good.

The cookie holds a random token; the database its hash. A session ends ACM_SESSION_IDLE_MINUTES after the last thing
that its user did (a screen that refreshes itself does not count) and ACM_SESSION_HOURS after its start in any case.
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from flask import Flask, Response, abort, jsonify, redirect, request, session, url_for
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from sqlalchemy import ColumnElement, Connection, delete, insert, select, update
from werkzeug.wrappers import Response as BaseResponse

from app import clock
from app.auth.accounts import Account, read_account
from app.auth.roles import allows
from app.database.web import db
from app.models.access import Session, User
from app.settings import get_settings

#: What anybody may reach without being signed in.
PUBLIC = {
    "static",
    "admin.static",
    "auth.sign_in",
    "frame.language_choice",
    "frame.theme_choice",
    "health.live",
    "health.ready",
}
#: How long a session that is over is remembered.
KEEP_DAYS = 30
#: What a user who must change his password may still reach.
_WITHOUT_PASSWORD = PUBLIC | {"auth.sign_out", "auth.change_password"}


class SignedIn(UserMixin):
    """The user of this request."""

    def __init__(self, account: Account, token: str) -> None:
        self.account = account
        self.token = token

    def get_id(self) -> str:
        return self.token

    @property
    def username(self) -> str:
        return self.account.username

    def may(self, screen: str, action: str = "view") -> bool:
        """Whether the matrix of rights allows the action."""
        return allows(self.account.roles, screen, action)


def may(screen: str, action: str = "view") -> bool:
    """Whether the user of this request may do the action."""
    return bool(current_user.is_authenticated and current_user.may(screen, action))


def require(screen: str, action: str = "view") -> None:
    """Answer 403 unless the user of this request may do the action."""
    if not may(screen, action):
        abort(403)


def init_app(app: Flask) -> None:
    """Load the user of each request, and let nobody pass who is not signed in."""
    manager = LoginManager(app)
    manager.session_protection = None
    manager.user_loader(load)
    app.before_request(guard)


def begin(connection: Connection, user_id: int) -> Account | None:
    """Sign the user in: a new session in the database and a new cookie."""
    account = read_account(connection, user_id)
    if account is None:
        return None
    token = secrets.token_urlsafe(32)
    now = clock.real_now()
    epoch = connection.scalar(select(User.session_epoch).where(User.user_id == user_id))
    connection.execute(
        insert(Session).values(
            token_hash=token_hash(token), user_id=user_id, session_epoch=epoch, started_at=now, seen_at=now,
            address=request.remote_addr, browser=(request.user_agent.string or "")[:200],
        )
    )  # fmt: skip
    connection.execute(
        delete(Session).where(Session.user_id == user_id, Session.started_at < now - timedelta(days=KEEP_DAYS))
    )
    session.clear()
    login_user(SignedIn(account, token))
    return account


def end(connection: Connection) -> None:
    """Sign the user of this request out."""
    connection.execute(
        update(Session).where(Session.token_hash == token_hash(current_user.get_id())).values(ended_at=clock.real_now())
    )
    logout_user()
    session.clear()


def load(token: str) -> SignedIn | None:
    """The user of a session token, or None when the session is over."""
    now = clock.real_now()
    with db.engine.begin() as connection:
        row = connection.execute(
            select(Session.__table__)
            .join(User, User.user_id == Session.user_id)
            .where(Session.token_hash == token_hash(token), *is_open(now))
        ).one_or_none()
        if row is None:
            return None
        if not _is_background() and now - row.seen_at > timedelta(minutes=1):
            connection.execute(update(Session).where(Session.token_hash == row.token_hash).values(seen_at=now))
        account = read_account(connection, row.user_id)
    return SignedIn(account, token) if account else None


def is_open(now: datetime) -> tuple[ColumnElement[bool], ...]:
    """What holds of a session that still opens the door at the real moment `now`; joined with its user."""
    settings = get_settings()
    return (
        Session.ended_at.is_(None),
        Session.session_epoch == User.session_epoch,
        Session.seen_at >= now - timedelta(minutes=settings.session_idle_minutes),
        Session.started_at >= now - timedelta(hours=settings.session_hours),
    )


def guard() -> BaseResponse | tuple[Response, int] | None:
    """Before every request: who is not signed in goes to the sign-in page, a script gets 401."""
    if request.endpoint is None or request.endpoint in PUBLIC or request.endpoint.endswith(".static"):
        return None
    if not current_user.is_authenticated:
        if wants_json():
            return jsonify(error="signed_out"), 401
        wanted = request.full_path.rstrip("?") if request.method == "GET" else "/"
        return redirect(url_for("auth.sign_in", next=None if wanted == "/" else wanted))
    if current_user.account.must_change_password and request.endpoint not in _WITHOUT_PASSWORD:
        if wants_json():
            return jsonify(error="change_password"), 403
        return redirect(url_for("auth.change_password"))
    return None


def wants_json() -> bool:
    """Whether a script asks, and not a page."""
    return request.headers.get("X-Requested-With") == "fetch"


def _is_background() -> bool:
    """Whether a screen asked by itself while its user did nothing."""
    return request.headers.get("X-Acm-Background") == "1"


def token_hash(token: str) -> str:
    """What the database has of a token; it opens nothing."""
    return hashlib.sha256(token.encode()).hexdigest()
