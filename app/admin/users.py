"""«Доступ / Пользователи» (M218-M222): found, made, changed, let in again, switched off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import pgettext
from flask_login import current_user
from sqlalchemy import Connection

from app import clock
from app.admin import export
from app.admin.base import Screen
from app.admin.campaign_data import named
from app.admin.session_list import end_all_of
from app.admin.user_form import UserForm
from app.auth import accounts, audit, groups, sessions, users
from app.auth.passwords import one_time_password
from app.auth.users import Filters
from app.database.web import db
from app.errors import ProcedureError
from app.frame import inputs
from app.frame.languages import local_address

SIZE = 100


class UsersScreen(Screen):
    """The list of users, and the page of one."""

    screen = "users"
    group = "access"
    icon = "users"
    help_section = "users"
    actions: ClassVar = {
        "index": "view", "create": "edit", "edit": "view", "password": "edit", "unlock": "edit", "switch": "edit",
        "end_sessions": "edit", "export": "export",
    }  # fmt: skip

    @expose("/")
    def index(self) -> Any:
        filters = Filters.of(request.args)
        after = inputs.small(request.args.get("after"))
        with db.engine.connect() as connection:
            page = users.find(connection, filters, after, SIZE)
            held = users.groups_of(connection, [row.user_id for row in page.rows])
            total, every_group = users.count(connection), groups.all_groups(connection)
        arguments = inputs.kept("q", "state", "group", "sort", "desc")
        return self.render(
            "screens/users.html", users=page.rows, held=held, filters=filters, groups=every_group, total=total,
            named=named, may=sessions.may, now=clock.real_now(), is_first=not after, arguments=arguments,
            first_url=url_for(".index", **arguments),
            next_url=page.next_id and url_for(".index", **arguments, after=page.next_id),
        )  # fmt: skip

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        """Make a local account. Its one-time password stands on the answer, and nowhere else."""
        with db.engine.begin() as connection:
            form = UserForm.make(groups.all_groups(connection), is_active=True)
            if form.validate_on_submit():
                try:
                    user_id, password = accounts.add_user(
                        connection, str(form.username.data), form.group_names(), current_user.username,
                        **{name: form.text(name) for name in (*_NAMES, *_SETTINGS)},
                    )  # fmt: skip
                except accounts.UserNameError as error:
                    form.username.errors = [error.message]
                else:
                    row = users.read(connection, user_id)
                    audit.record(
                        connection, "user_add", "user", user_id, after={**_values(row), "groups": form.group_names()}
                    )
                    return self._show_password(row, password, is_new=True)
        return self.render("screens/user.html", form=form, user=None, may=sessions.may, named=named)

    @expose("/<int:user_id>", methods=["GET", "POST"])
    def edit(self, user_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.connect() as connection:
            user = _user_or_404(connection, user_id)
            held = users.groups_of(connection, [user_id]).get(user_id, [])
            form = UserForm.make(groups.all_groups(connection), user, held)
            opened = users.open_sessions(connection, user_id)
            roles = _roles(connection, held)
        if form.validate_on_submit() and self._changed(form, user, held):
            flash(_("Saved."), "success")
            return redirect(url_for(".index"))
        return self.render(
            "screens/user.html", form=form, user=user, opened=opened, roles=roles, may=sessions.may, named=named,
            now=clock.real_now(),
        )  # fmt: skip

    def _changed(self, form: UserForm, user: Any, held: Sequence[Any]) -> bool:
        values: dict[str, Any] = {name: form.text(name) for name in _SETTINGS}
        values["is_active"] = bool(form.is_active.data)
        if not user.is_from_ad:
            values |= {name: form.text(name) for name in _NAMES}
        before = {**_values(user), "groups": [row.name for row in held]}
        try:
            with db.engine.begin() as connection:
                users.change(connection, user.user_id, values, form.group_ids())
                after = {**_values(users.read(connection, user.user_id)), "groups": form.group_names()}
                audit.record(connection, "user_change", "user", user.user_id, before=before, after=after)
        except ProcedureError as error:
            field = form.is_active if user.is_active and not values["is_active"] else form.groups
            field.errors = [_(error.message)]
            return False
        return True

    @expose("/<int:user_id>/password", methods=["POST"])
    def password(self, user_id: int) -> Any:
        """A new one-time password: it stands on the answer, lifts a lock-out and ends all sessions."""
        with db.engine.begin() as connection:
            user = _user_or_404(connection, user_id)
            if user.is_from_ad:
                abort(404)
            fresh = one_time_password()
            accounts.set_password(connection, user_id, fresh, must_change=True)
            audit.record(connection, "password_reset", "user", user_id, after={"username": user.username})
        return self._show_password(user, fresh, is_new=False)

    def _show_password(self, user: Any, password: str, is_new: bool) -> Any:
        return self.render("screens/user_password.html", user=user, password=password, is_new=is_new)

    @expose("/<int:user_id>/unlock", methods=["POST"])
    def unlock(self, user_id: int) -> Any:
        def change(connection: Connection, user: Any) -> None:
            users.lift_lock(connection, user_id)
            audit.record(connection, "user_unlock", "user", user_id, after={"username": user.username})

        return self._done(user_id, change, lambda user: _("%(name)s may sign in again.", name=user.username))

    @expose("/<int:user_id>/switch", methods=["POST"])
    def switch(self, user_id: int) -> Any:
        """Switch a user off, which signs him out at once, or on."""
        is_active = request.form.get("is_active") == "1"

        def change(connection: Connection, user: Any) -> None:
            users.switch(connection, user_id, is_active)
            audit.record(
                connection, "user_switch", "user", user_id, before={"is_active": bool(user.is_active)},
                after={"username": user.username, "is_active": is_active},
            )  # fmt: skip

        def said(user: Any) -> str:
            if is_active:
                return _("%(name)s is switched on.", name=user.username)
            return _("%(name)s is switched off and signed out everywhere.", name=user.username)

        return self._done(user_id, change, said)

    @expose("/<int:user_id>/end-sessions", methods=["POST"])
    def end_sessions(self, user_id: int) -> Any:
        said = ""

        def change(connection: Connection, user: Any) -> None:
            nonlocal said
            said = end_all_of(connection, user)

        return self._done(user_id, change, lambda user: said)

    def _done(self, user_id: int, change: Callable[[Connection, Any], None], said: Callable[[Any], str]) -> Any:
        """Make a change of one user, say so or why not, and go back to the page that asked."""
        try:
            with db.engine.begin() as connection:
                user = _user_or_404(connection, user_id)
                change(connection, user)
        except ProcedureError as error:
            flash(_(error.message), "error")
        else:
            flash(said(user), "success")
        return redirect(local_address(request.form.get("next"), url_for(".edit", user_id=user_id)))

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The users that are filtered, as CSV or Excel."""
        filters = Filters.of(request.args)
        with db.engine.begin() as connection:
            rows = users.find(connection, filters).rows
            held = users.groups_of(connection, [row.user_id for row in rows])
            audit.record(connection, "users_export", "user", after={"kind": kind, "rows": len(rows)})
        yes = _("yes")
        headers = [
            _("User name"), _("Last name"), _("First name"), _("E-mail"), _("Groups"),
            pgettext("user", "Active"), _("Active in AD"), _("Last sign-in"), _("Made at"), _("Made by"),
        ]  # fmt: skip
        written = (
            [
                row.username, row.last_name, row.first_name, row.email,
                ", ".join(named(group) for group in held.get(row.user_id, [])), yes if row.is_active else "",
                yes if row.is_active_in_ad else "", row.last_login_at, row.created_at, row.created_by,
            ]
            for row in rows
        )  # fmt: skip
        return export.send("users", kind, headers, written)


_NAMES = ("last_name", "first_name", "email")
_SETTINGS = ("language", "time_zone")


def _values(row: Any) -> dict[str, Any]:
    """What the audit keeps of a user: nothing of his password."""
    told = {name: getattr(row, name) for name in ("username", *_NAMES, *_SETTINGS)}
    return {**told, "is_active": bool(row.is_active)}


def _roles(connection: Connection, held: Sequence[Any]) -> list[str]:
    by_group = groups.roles(connection)
    found = {role for row in held for role in by_group.get(row.group_id, [])}
    return [role for role in accounts.ROLES if role in found]


def _user_or_404(connection: Connection, user_id: int) -> Any:
    row = users.read(connection, user_id)
    return row if row is not None else abort(404)
