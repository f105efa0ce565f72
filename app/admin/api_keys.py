"""«Доступ / Ключи API»: made and shown once, listed by their beginnings, revoked (interfaces.md)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from wtforms import SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, Length

from app import clock
from app.admin.base import Screen
from app.auth import api_keys, audit, sessions
from app.auth.scopes import SCOPES
from app.database.web import db
from app.frame.formats import to_utc

STATES = ("active", "expired", "revoked")


class ApiKeyForm(FlaskForm):
    name = StringField(
        lazy_gettext("Name"),
        [InputRequired(lazy_gettext("Say which program the key is for.")), Length(max=200)],
    )
    scopes = SelectMultipleField(
        lazy_gettext("Scopes"), [InputRequired(lazy_gettext("Tick what the key may do."))],
        choices=[(code, name) for code, name in SCOPES.items()],
    )  # fmt: skip
    expires_on = StringField(lazy_gettext("Valid until"))
    addresses = TextAreaField(lazy_gettext("Addresses"))

    def expires_at(self) -> datetime | None:
        """The end of the last day, in UTC; None for a key without an end. Raises ValueError."""
        written = str(self.expires_on.data or "").strip()
        if not written:
            return None
        pattern = "%Y-%m-%d" if "-" in written else "%d.%m.%Y"
        day = datetime.strptime(written, pattern)  # noqa: DTZ007 - the user's zone is put to it
        if not 2000 <= day.year <= 2200:
            raise ValueError(written)
        return to_utc(day + timedelta(days=1))


class ApiKeysScreen(Screen):
    """The list of keys, and the form of a new one. A key is never changed: it is revoked, and another one is made."""

    screen = "api_keys"
    group = "access"
    icon = "key-round"
    help_section = "api-keys"
    actions: ClassVar = {"index": "view", "create": "edit", "revoke": "edit"}

    @expose("/")
    def index(self) -> Any:
        state = request.args.get("state", "")
        wanted = request.args.get("q", "").strip()[:100]
        now = clock.real_now()
        with db.engine.connect() as connection:
            rows = api_keys.all_keys(connection)
        shown = [
            row
            for row in rows
            if wanted.casefold() in f"{row.name} {row.prefix} {row.created_by}".casefold()
            and state in ("", _state(row, now))
        ]
        return self.render(
            "screens/api_keys.html", keys=shown, total=len(rows), wanted=wanted, state=state if state in STATES else "",
            state_of=lambda row: _state(row, now), scopes=SCOPES, may=sessions.may,
        )  # fmt: skip

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        """Make a key. It stands on the answer, and nowhere else."""
        form = ApiKeyForm()
        if form.validate_on_submit():
            expires_at, networks = None, []
            try:
                expires_at = form.expires_at()
                if expires_at is not None and expires_at <= clock.real_now():
                    form.expires_on.errors = [_("This day is over.")]
            except ValueError:
                form.expires_on.errors = [_("Write a day like 31.12.2026.")]
            try:
                networks = api_keys.parse_networks(str(form.addresses.data or ""))
            except api_keys.AddressError as error:
                form.addresses.errors = [error.message]
            name = str(form.name.data).strip()
            if not form.errors:
                with db.engine.begin() as connection:
                    key_id, key = api_keys.make(
                        connection, name, form.scopes.data or [], current_user.username, networks=networks,
                        expires_at=expires_at,
                    )  # fmt: skip
                    row = api_keys.read(connection, key_id)
                    audit.record(connection, "api_key_add", "api_key", key_id, after=_told(row))
                return self.render("screens/api_key_made.html", made=row, key=key)
        return self.render("screens/api_key.html", form=form, scopes=SCOPES)

    @expose("/<int:api_key_id>/revoke", methods=["POST"])
    def revoke(self, api_key_id: int) -> Any:
        with db.engine.begin() as connection:
            row = api_keys.read(connection, api_key_id)
            if row is None:
                abort(404)
            if api_keys.revoke(connection, api_key_id, current_user.username):
                audit.record(connection, "api_key_revoke", "api_key", api_key_id, before=_told(row))
        flash(_("The key %(name)s is revoked. Who presents it is refused from now on.", name=row.name), "success")
        return redirect(url_for(".index"))


def _told(row: Any) -> dict[str, Any]:
    """What the audit keeps of a key: neither the key nor its hash."""
    return {
        "name": row.name, "prefix": row.prefix, "scopes": row.scopes.split(),
        "addresses": (row.addresses or "").split(), "expires_at": row.expires_at,
    }  # fmt: skip


def _state(row: Any, now: datetime) -> str:
    if row.revoked_at is not None:
        return "revoked"
    return "expired" if row.expires_at is not None and row.expires_at <= now else "active"
