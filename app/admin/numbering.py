"""The numbering plan (M17): what is loaded, and what it says of one number."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import request
from flask_admin import expose
from sqlalchemy import select

from app.admin.base import Screen
from app.admin.cache import ShortMemory
from app.database.web import db
from app.errors import AcmError
from app.models.dictionary import TimeZone
from app.numbering.plan import describe_reason, find_number, read_status

#: The whole plan is counted, hundreds of thousands of ranges that change a few times a year.
_status = ShortMemory(300)


class NumberingScreen(Screen):
    """The plan in force, and the search of one number."""

    screen = "numbering"
    group = "dictionaries"
    icon = "hash"
    help_page = "dictionaries"
    help_section = "numbering-plan"
    actions: ClassVar = {"index": "view"}

    @expose("/")
    def index(self) -> Any:
        wanted = request.args.get("number", "").strip()[:64]
        found, error = None, ""
        with db.engine.connect() as connection:
            status = _status.get("plan", lambda: read_status(connection))
            names = {code: name for code, name in connection.execute(select(TimeZone.code, TimeZone.name))}
            if wanted:
                try:
                    found = find_number(connection, wanted)
                except AcmError as wrong:
                    error = str(wrong)
        return self.render(
            "screens/numbering.html", status=status, wanted=wanted, found=found, error=error, names=names,
            reason=describe_reason,
        )  # fmt: skip
