"""Fields of forms that say in the user's language what is wrong with them."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import ValidationError


class WholeField(StringField):
    """A whole number from `least` to `most`, groups of digits allowed; an empty one is None, if it may be empty."""

    def __init__(self, label: Any, least: int, most: int, *, required: bool = True, **options: Any) -> None:
        super().__init__(label, **options)
        self.least, self.most, self.is_required = least, most, required
        self.written = ""
        self.number: int | None = None
        if required:
            self.flags.required = True
        self.render_kw = {"inputmode": "numeric", "autocomplete": "off"}

    def _value(self) -> str:
        return self.written

    def process_data(self, value: Any) -> None:
        self.number = value
        self.written = "" if value is None else str(value)
        self.data = self.written

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.written = str(valuelist[0]).strip() if valuelist else ""
        self.data = self.written

    def pre_validate(self, form: Any) -> None:
        digits = re.sub(r"\s", "", self.written)
        self.number = None
        if not digits:
            if self.is_required:
                raise ValidationError(_("Fill this in."))
            return
        if not re.fullmatch(r"[0-9]{1,9}", digits) or not self.least <= int(digits) <= self.most:
            raise ValidationError(_("A whole number from %(least)s to %(most)s.", least=self.least, most=self.most))
        self.number = int(digits)


class TextField(StringField):
    """A line of text, trimmed, at most `most` characters."""

    def __init__(self, label: Any, most: int, *, required: bool = True, **options: Any) -> None:
        super().__init__(label, **options)
        self.most, self.is_required = most, required
        if required:
            self.flags.required = True
        self.render_kw = {"autocomplete": "off", "maxlength": most}

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = str(valuelist[0]).strip() if valuelist else ""

    def pre_validate(self, form: Any) -> None:
        if not self.data and self.is_required:
            raise ValidationError(_("Fill this in."))
        if len(self.data or "") > self.most:
            raise ValidationError(_("At most %(most)s characters.", most=self.most))
