"""«Доступ / Сеансы»: who is signed in, since when, last seen, from where; ended one by one or all."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Connection, and_, func, or_, select, update

from app import clock
from app.admin.base import Screen
from app.auth import audit, sessions, users
from app.auth.accounts import end_sessions, key
from app.database.web import db
from app.frame.languages import local_address
from app.models.access import Session, User

SIZE = 100


class SessionsScreen(Screen):
    """Sessions that are open now, the latest sign-in first, paged by key."""

    screen = "sessions"
    group = "access"
    icon = "monitor-smartphone"
    help_section = "sessions"
    actions: ClassVar = {"index": "view", "end": "end", "end_all": "end"}

    @expose("/")
    def index(self) -> Any:
        wanted = request.args.get("q", "").strip()[:100]
        after = request.args.get("after", "")[:120]
        with db.engine.connect() as connection:
            rows, next_key = _find(connection, wanted, after)
            total = connection.scalar(_open(select(func.count())))
        kept: dict[str, Any] = {"q": wanted} if wanted else {}
        return self.render(
            "screens/sessions.html", sessions=rows, total=total, wanted=wanted, may=sessions.may, browser=browser_name,
            own=sessions.token_hash(current_user.get_id()), is_first=not after, first_url=url_for(".index", **kept),
            next_url=next_key and url_for(".index", **kept, after=next_key),
        )  # fmt: skip

    @expose("/end", methods=["POST"])
    def end(self) -> Any:
        """End one session. It is named by the hash that the database has, which opens nothing."""
        with db.engine.begin() as connection:
            row = connection.execute(
                select(Session.user_id, User.username)
                .join(User, User.user_id == Session.user_id)
                .where(Session.token_hash == request.form.get("session", "")[:64])
            ).one_or_none()
            if row is None:
                abort(404)
            connection.execute(
                update(Session)
                .where(Session.token_hash == request.form["session"][:64], Session.ended_at.is_(None))
                .values(ended_at=clock.real_now())
            )
            audit.record(
                connection, "sessions_end", "user", row.user_id, after={"username": row.username, "sessions": 1}
            )
        flash(_("A session of %(name)s is ended.", name=row.username), "success")
        return redirect(local_address(request.form.get("next"), url_for(".index")))

    @expose("/end-all/<int:user_id>", methods=["POST"])
    def end_all(self, user_id: int) -> Any:
        """Sign a user out everywhere."""
        with db.engine.begin() as connection:
            user = users.read(connection, user_id)
            if user is None:
                abort(404)
            said = end_all_of(connection, user)
        flash(said, "success")
        return redirect(local_address(request.form.get("next"), url_for(".index")))


def end_all_of(connection: Connection, user: Any) -> str:
    """Sign a user out everywhere. Returns how many sessions that ended, in words."""
    ended = end_sessions(connection, user.user_id)
    audit.record(connection, "sessions_end", "user", user.user_id, after={"username": user.username, "sessions": ended})
    return ngettext(
        "%(num)s session of %(name)s is ended.", "%(num)s sessions of %(name)s are ended.", ended, name=user.username
    )


def _open(query: Any) -> Any:
    """The query for sessions that still open the door."""
    return (
        query.select_from(Session)
        .join(User, User.user_id == Session.user_id)
        .where(*sessions.is_open(clock.real_now()))
    )


def _find(connection: Connection, wanted: str, after: str) -> tuple[Sequence[Any], str | None]:
    query = _open(
        select(
            Session.token_hash, Session.user_id, Session.started_at, Session.seen_at, Session.address, Session.browser,
            User.username, User.last_name, User.first_name,
        )
    )  # fmt: skip
    if wanted:
        query = query.where(
            or_(
                User.username_key.contains(key(wanted), autoescape=True),
                users.FULL_NAME.contains(wanted.upper(), autoescape=True),
                Session.address == wanted,
            )
        )
    moment, __, token_hash = after.partition("_")
    try:
        at = datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is not None and at.tzinfo is None:
        query = query.where(
            or_(Session.started_at < at, and_(Session.started_at == at, Session.token_hash < token_hash))
        )
    rows = connection.execute(
        query.order_by(Session.started_at.desc(), Session.token_hash.desc()).limit(SIZE + 1)
    ).all()
    if len(rows) <= SIZE:
        return rows, None
    last = rows[SIZE - 1]
    return rows[:SIZE], f"{last.started_at.isoformat()}_{last.token_hash}"


#: What a browser says of itself, and its name; the first that fits.
_BROWSERS = (("Edg/", "Edge"), ("YaBrowser/", "Yandex"), ("OPR/", "Opera"), ("Firefox/", "Firefox"),
             ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl"))  # fmt: skip
_SYSTEMS = (("Windows", "Windows"), ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"), ("Mac OS X", "macOS"),
            ("Linux", "Linux"))  # fmt: skip


def browser_name(told: str | None) -> str:
    """Firefox 143, Windows: what people recognise of the User-Agent; itself where nothing is known."""
    told = told or ""
    browser = next(
        (f"{name} {told.split(mark, 1)[1].split('.')[0].split(' ')[0]}" for mark, name in _BROWSERS if mark in told), ""
    )
    system = next((name for mark, name in _SYSTEMS if mark in told), "")
    return ", ".join(part for part in (browser, system) if part) or told[:40]
