"""Sign-in, sign-out, and what a user sets for himself: password, language, time zone."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import update
from wtforms import PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, InputRequired, Length

from app.auth import accounts, audit, sessions
from app.auth.passwords import MAXIMUM_LENGTH, MINIMUM_LENGTH
from app.database.web import db
from app.errors import AcmError
from app.frame.formats import zone_names
from app.frame.languages import local_address
from app.models.access import User
from app.settings import get_settings

blueprint = Blueprint("auth", __name__)


def init_app(app: Flask) -> None:
    app.register_blueprint(blueprint)


class SignInForm(FlaskForm):
    username = StringField(lazy_gettext("User name"), [InputRequired(), Length(max=64)])
    password = PasswordField(lazy_gettext("Password"), [InputRequired(), Length(max=MAXIMUM_LENGTH)])


class PasswordForm(FlaskForm):
    old = PasswordField(lazy_gettext("Present password"), [InputRequired(), Length(max=MAXIMUM_LENGTH)])
    new = PasswordField(lazy_gettext("New password"), [InputRequired(), Length(max=MAXIMUM_LENGTH)])
    again = PasswordField(
        lazy_gettext("New password again"),
        [InputRequired(), EqualTo("new", lazy_gettext("The two new passwords differ."))],
    )


class AccountForm(FlaskForm):
    language = SelectField(lazy_gettext("Language"), choices=[("ru", "Русский"), ("en", "English")])
    time_zone = SelectField(lazy_gettext("Time zone"))


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> Any:
    """Name and password; the same answer for a wrong name, a wrong password and a closed account."""
    wanted = local_address(request.args.get("next"))
    if current_user.is_authenticated:
        return redirect(wanted)
    form = SignInForm()
    failed = False
    if form.validate_on_submit():
        name = str(form.username.data)
        with db.engine.begin() as connection:
            user_id = accounts.check_password(connection, name, str(form.password.data))
            if user_id is not None and sessions.begin(connection, user_id):
                audit.record(connection, "sign_in", "user", user_id)
                return redirect(wanted)
            audit.record(connection, "sign_in_failed", "user", username=name)
        failed = True
    return render_template(
        "auth/sign_in.html", form=form, failed=failed, lock_after=accounts.LOCK_AFTER,
        lock_minutes=accounts.LOCK_MINUTES,
    ), 401 if failed else 200  # fmt: skip


@blueprint.post("/sign-out")
def sign_out() -> Any:
    """End this session for good."""
    with db.engine.begin() as connection:
        audit.record(connection, "sign_out", "user", current_user.account.user_id)
        sessions.end(connection)
    return redirect(url_for("auth.sign_in"))


@blueprint.route("/account/password", methods=["GET", "POST"])
def change_password() -> Any:
    """The user's own new password; other sessions of his end."""
    form = PasswordForm()
    user_id = current_user.account.user_id
    if current_user.account.is_from_ad:
        raise AcmError(_("Your password is kept by Active Directory."), _("Change it there."))
    if form.validate_on_submit():
        with db.engine.begin() as connection:
            try:
                accounts.change_password(connection, user_id, str(form.old.data), str(form.new.data))
            except AcmError as error:
                field = form.old if isinstance(error, accounts.WrongPassword) else form.new
                field.errors = [*field.errors, error.message]
            else:
                audit.record(connection, "password_change", "user", user_id)
                sessions.begin(connection, user_id)
                flash(_("The password is changed."), "success")
                return redirect("/")
    return render_template("auth/password.html", form=form, minimum=MINIMUM_LENGTH)


@blueprint.route("/account", methods=["GET", "POST"])
def account() -> Any:
    """Language and time zone of the user."""
    form = AccountForm(
        language=current_user.account.language or get_settings().language,
        time_zone=current_user.account.time_zone or get_settings().time_zone,
    )
    form.time_zone.choices = list(zone_names())
    if form.validate_on_submit():
        values = {"language": form.language.data, "time_zone": form.time_zone.data}
        before = {"language": current_user.account.language, "time_zone": current_user.account.time_zone}
        with db.engine.begin() as connection:
            connection.execute(update(User).where(User.user_id == current_user.account.user_id).values(**values))
            audit.record(
                connection, "account_change", "user", current_user.account.user_id, before=before, after=values
            )
        flash(_("Saved."), "success")
        return redirect(url_for("auth.account"))
    return render_template("auth/account.html", form=form)
