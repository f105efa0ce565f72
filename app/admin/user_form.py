"""The form of a user: names, e-mail, groups, whether he is active, language and time zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext, pgettext
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectField, SelectMultipleField, StringField, ValidationError
from wtforms.validators import InputRequired, Length

from app.admin.campaign_data import named
from app.frame.formats import zone_names
from app.settings import get_settings

_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+\Z")
LANGUAGES = {"ru": "Русский", "en": "English"}


class UserForm(FlaskForm):
    """Names and e-mail of a user of Active Directory come from there, and are not asked for."""

    last_name = StringField(lazy_gettext("Last name"), [Length(max=200)])
    first_name = StringField(lazy_gettext("First name"), [Length(max=200)])
    username = StringField(
        lazy_gettext("User name"), [InputRequired(lazy_gettext("Give the user a name.")), Length(max=64)]
    )
    email = StringField(lazy_gettext("E-mail"), [Length(max=200)])
    is_active = BooleanField()
    groups = SelectMultipleField(lazy_gettext("Groups"), coerce=int)
    language = SelectField(lazy_gettext("Language"))
    time_zone = SelectField(lazy_gettext("Time zone"))

    @classmethod
    def make(
        cls, every_group: Sequence[Any], user: Any = None, held: Sequence[Any] = (), *, is_active: bool = False
    ) -> UserForm:
        """The form for a user, or for a new one. What is given is what it holds before somebody fills it in."""
        values = dict(user._mapping) if user is not None else {"is_active": is_active}
        values |= {"groups": [row.group_id for row in held], "language": values.get("language") or ""}
        values["time_zone"] = values.get("time_zone") or ""
        form = cls(data=values)
        if user is not None:
            # A name that journals hold stays; the form shows it, whatever was sent.
            form.username.data, form.username.validators = user.username, []
        form.is_active.label.text = pgettext("user", "Active")
        form._names = {row.group_id: row.name for row in every_group}
        form.groups.choices = [(row.group_id, named(row)) for row in every_group]
        settings = get_settings()
        usual = _("as the installation: %(value)s", value=LANGUAGES[settings.language])
        form.language.choices = [("", usual), *LANGUAGES.items()]
        usual = _("as the installation: %(value)s", value=settings.time_zone)
        form.time_zone.choices = [("", usual), *((name, name) for name in zone_names())]
        return form

    def validate_email(self, field: Any) -> None:
        if field.data and field.data.strip() and not _MAIL.match(field.data.strip()):
            raise ValidationError(_("This is not an e-mail address."))

    def text(self, name: str) -> str | None:
        """What was typed, without blanks around it; None for nothing."""
        return str(self[name].data or "").strip() or None

    def group_ids(self) -> list[int]:
        return list(self.groups.data or [])

    def group_names(self) -> list[str]:
        """Names of the groups that are ticked, as the database and the audit have them."""
        return [self._names[group_id] for group_id in self.group_ids()]

    _names: dict[int, str]
