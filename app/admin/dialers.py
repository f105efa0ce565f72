"""The dialers: how each Cisco contact centre is reached, with «Проверить соединение».

Passwords are stored encrypted and never shown again; a stored one is only used for the address it was given for.
"""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, flash, jsonify, redirect, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.engine import URL, make_url
from wtforms import BooleanField, IntegerField, PasswordField, SelectField, StringField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app import secrets
from app.admin.base import Screen
from app.auth import audit, sessions
from app.database.web import db
from app.dialer import check
from app.models.dialing import Dialer
from app.models.strategy import Campaign
from app.settings import get_settings

_DRIVERS = {"mssql": "mssql+pyodbc", "postgresql": "postgresql+psycopg"}
_PORTS = {"mssql": 1433, "postgresql": 5432}
#: What the audit and the form hold of a dialer; secrets are not among it.
_PLAIN = ("name", "base_url", "username", "verify_certificate", "timeout_seconds", "overlap_minutes", "is_enabled")


class DialerForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [InputRequired(), Length(max=200)])
    base_url = StringField(lazy_gettext("Address of the REST resources"), [InputRequired(), Length(max=200)])
    username = StringField(lazy_gettext("User name"), [InputRequired(), Length(max=200)])
    password = PasswordField(lazy_gettext("Password"), [Length(max=200)])
    verify_certificate = BooleanField(lazy_gettext("Check the certificate"))
    timeout_seconds = IntegerField(lazy_gettext("Wait for an answer, s"), [InputRequired(), NumberRange(1, 120)])
    hds_kind = SelectField(
        lazy_gettext("Server of the databases"), choices=[("mssql", "SQL Server"), ("postgresql", "PostgreSQL")]
    )
    hds_host = StringField(lazy_gettext("Its address"), [InputRequired(), Length(max=200)])
    hds_port = IntegerField(lazy_gettext("Port"), [Optional(), NumberRange(1, 65535)])
    hds_database = StringField(lazy_gettext("Database (HDS)"), [InputRequired(), Length(max=128)])
    hds_username = StringField(lazy_gettext("User name"), [InputRequired(), Length(max=128)])
    hds_password = PasswordField(lazy_gettext("Password"), [Length(max=200)])
    overlap_minutes = IntegerField(lazy_gettext("Read results again, min"), [InputRequired(), NumberRange(1, 1440)])
    is_enabled = BooleanField(lazy_gettext("Is synchronised"))

    def plain(self) -> dict[str, Any]:
        """The columns without secrets."""
        return {name: value.strip() if isinstance(value := getattr(self, name).data, str) else value for name in _PLAIN}

    def url(self, stored: URL | None) -> URL:
        """The URL of the databases, with its password. What the form does not show of a stored one is kept."""
        kind = str(self.hds_kind.data)
        begin = stored if stored is not None and stored.get_backend_name() == kind else URL.create(_DRIVERS[kind])
        password = str(self.hds_password.data or "") or (stored.password if stored is not None else None)
        return begin.set(
            host=str(self.hds_host.data).strip(), port=self.hds_port.data or _PORTS[kind],
            database=str(self.hds_database.data).strip(), username=str(self.hds_username.data).strip(),
            password=str(password) if password else None,
        )  # fmt: skip


class DialersScreen(Screen):
    """The list of dialers, and the form of one."""

    screen = "dialers"
    group = "dictionaries"
    icon = "headset"
    help_section = "the-dialer"
    actions: ClassVar = {"index": "view", "create": "edit", "edit": "view", "save": "edit", "check": "edit"}

    @expose("/")
    def index(self) -> Any:
        with db.engine.connect() as connection:
            rows = connection.execute(select(Dialer.__table__).order_by(Dialer.name)).all()
            counts: dict[int, int] = {
                row.dialer_id: row.campaigns
                for row in connection.execute(
                    select(Campaign.dialer_id, func.count().label("campaigns"))
                    .where(Campaign.dialer_id.is_not(None), Campaign.state_id != 3)
                    .group_by(Campaign.dialer_id)
                )
            }
        return self.render("screens/dialers.html", dialers=rows, counts=counts, may=sessions.may)

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        form = DialerForm(
            verify_certificate=True, is_enabled=True, timeout_seconds=15, overlap_minutes=5, hds_kind="mssql"
        )
        with db.engine.begin() as connection:
            if form.validate_on_submit() and self._saved(connection, form, None):
                return redirect(url_for(".index"))
        return self.render("screens/dialer.html", form=form, row=None, may=sessions.may)

    @expose("/<int:dialer_id>")
    def edit(self, dialer_id: int) -> Any:
        return self._show(dialer_id)

    @expose("/<int:dialer_id>", methods=["POST"])
    def save(self, dialer_id: int) -> Any:
        return self._show(dialer_id)

    def _show(self, dialer_id: int) -> Any:
        with db.engine.begin() as connection:
            row = _dialer_or_404(connection, dialer_id)
            form = _form_of(row)
            if form.validate_on_submit() and self._saved(connection, form, row):
                return redirect(url_for(".index"))
        return self.render("screens/dialer.html", form=form, row=row, may=sessions.may)

    @expose("/<int:dialer_id>/check", methods=["POST"])
    def check(self, dialer_id: int) -> Any:
        """Try what the form says, before it is saved. 0 is a new dialer. Answers {steps: [{name, is_ok, words}]}."""
        with db.engine.connect() as connection:
            row = _dialer_or_404(connection, dialer_id) if dialer_id else None
        form = DialerForm()
        form.name.data = form.name.data or "-"
        if not form.validate() or not _secrets_given(form, row):
            errors = [f"{field.label.text}: {error}" for field in form for error in field.errors]
            return jsonify(error=" ".join(errors) or _("The page was open for too long")), 400
        password = str(form.password.data or "") or (secrets.decrypt(row.password_encrypted) if row is not None else "")
        steps = [
            check.check_rest(
                str(form.base_url.data), str(form.username.data), password, bool(form.verify_certificate.data),
                float(form.timeout_seconds.data or 15),
            ),
            *check.check_databases(
                form.url(_stored_url(row)).render_as_string(hide_password=False), get_settings().time_zone
            ),
        ]  # fmt: skip
        with db.engine.begin() as connection:
            audit.record(
                connection, "dialer_check", "dialer", dialer_id or None,
                after={"base_url": form.base_url.data, "is_ok": all(step.is_ok for step in steps)},
            )  # fmt: skip
        return jsonify(steps=[{"name": step.name, "is_ok": step.is_ok, "words": step.words} for step in steps])

    def _saved(self, connection: Connection, form: DialerForm, row: Any) -> bool:
        own_id = row.dialer_id if row is not None else 0
        name = str(form.name.data).strip()
        same = select(Dialer.dialer_id).where(func.upper(Dialer.name) == name.upper(), Dialer.dialer_id != own_id)
        if connection.scalar(same) is not None:
            form.name.errors = [_("There is a dialer of this name already.")]
        if not _secrets_given(form, row) or form.name.errors:
            return False
        values = form.plain()
        values["hds_url_encrypted"] = secrets.encrypt(form.url(_stored_url(row)).render_as_string(hide_password=False))
        if form.password.data:
            values["password_encrypted"] = secrets.encrypt(str(form.password.data))
        if row is None:
            dialer_id = connection.execute(insert(Dialer).values(**values).returning(Dialer.dialer_id)).scalar_one()
        else:
            dialer_id = row.dialer_id
            connection.execute(update(Dialer).where(Dialer.dialer_id == dialer_id).values(**values))
        audit.record(
            connection, "dialer_add" if row is None else "dialer_change", "dialer", dialer_id,
            before=None if row is None else _told(row), after=_told(_dialer_or_404(connection, dialer_id)),
        )  # fmt: skip
        flash(_("The dialer %(name)s is saved.", name=name), "success")
        return True


def _secrets_given(form: DialerForm, row: Any) -> bool:
    """Whether there is a password for each address; a stored one is never sent to another than it was given for."""
    stored = _stored_url(row)
    is_same = row is not None and str(form.base_url.data).strip() == row.base_url
    if not form.password.data and not is_same:
        form.password.errors = [_("Give the password of this address.")]
    url = form.url(stored)
    is_same = stored is not None and (url.host, url.port) == (stored.host, stored.port or url.port)
    if not form.hds_password.data and not is_same:
        form.hds_password.errors = [_("Give the password of this address.")]
    return not form.password.errors and not form.hds_password.errors


def _dialer_or_404(connection: Connection, dialer_id: int) -> Any:
    row = connection.execute(select(Dialer.__table__).where(Dialer.dialer_id == dialer_id)).one_or_none()
    return row if row is not None else abort(404)


def _stored_url(row: Any) -> URL | None:
    return make_url(secrets.decrypt(row.hds_url_encrypted)) if row is not None and row.hds_url_encrypted else None


def _form_of(row: Any) -> DialerForm:
    values = {name: getattr(row, name) for name in _PLAIN}
    url = _stored_url(row)
    if url is not None:
        values |= {
            "hds_kind": url.get_backend_name(), "hds_host": url.host, "hds_port": url.port,
            "hds_database": url.database, "hds_username": url.username,
        }  # fmt: skip
    return DialerForm(**values)


def _told(row: Any) -> dict[str, Any]:
    """A dialer as the audit has it."""
    url = _stored_url(row)
    return {name: getattr(row, name) for name in _PLAIN} | {
        "databases": url.set(password=None).render_as_string() if url is not None else None
    }
