"""The base of all screens: who may open one, what each of its addresses needs, and where it stands in the menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, current_app, flash, jsonify, redirect, request, url_for
from flask_admin import Admin, BaseView
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from sqlalchemy import Connection

from app.auth import campaign_access, sessions
from app.database.web import db
from app.errors import ProcedureError

#: Groups of the menu in their order (interfaces.md); a group without a screen for the user is not shown.
GROUPS: dict[str, Any] = {
    "monitoring": lazy_gettext("Monitoring"),
    "campaigns": lazy_gettext("Campaigns"),
    "import": lazy_gettext("Import"),
    "journals": lazy_gettext("Journals"),
    "dictionaries": lazy_gettext("Dictionaries"),
    "access": lazy_gettext("Access"),
    "reports": lazy_gettext("Reports"),
    "dba": lazy_gettext("DBA"),
}


class Guarded:
    """A Flask-Admin view whose every address is guarded by the matrix of rights.

    `screen` names the screen in app/auth/roles.py; `actions` gives, for each function that is exposed, the action that
    it needs. A function that is not named there is forbidden to everybody, so that none can be forgotten.
    """

    screen: ClassVar[str]
    actions: ClassVar[dict[str, str]] = {}
    #: Where the screen stands in the menu; empty: nowhere.
    group: ClassVar[str] = ""
    #: A screen without a place of its own in the menu is found behind this one.
    under: ClassVar[str] = ""
    icon: ClassVar[str] = ""
    #: The page of docs/ that explains the screen, and its section, for «? Справка» (M27).
    help_page: ClassVar[str] = "administrator"
    help_section: ClassVar[str] = ""
    #: Whether the screen is about campaigns as objects of rights, so that those that the user does not see are there.
    shows_hidden_campaigns: ClassVar[bool] = False

    def is_accessible(self) -> bool:
        return sessions.may(self.screen)

    def is_visible(self) -> bool:
        return bool(self.group)

    def menu_url(self) -> str:
        """The address behind the name in the sidebar."""
        return url_for(f"{self.endpoint}.{self._default_view}")  # type: ignore[attr-defined]

    def inaccessible_callback(self, name: str, **kwargs: Any) -> Any:
        abort(403)

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        action = self.actions.get(name)
        if action is None or not self.is_accessible():
            abort(403)
        sessions.require(self.screen, action)
        if "campaign_id" in kwargs and not self.shows_hidden_campaigns:
            with db.engine.connect() as connection:
                if not campaign_access.is_visible(connection, kwargs["campaign_id"]):
                    abort(404)

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        # Flask-Admin calls a view a second time when it raises TypeError, which hides the mistake.
        return fn(self, *args, **kwargs)


class Screen(Guarded, BaseView):
    """A screen with templates of its own."""

    def __init__(self, name: Any, endpoint: str, url: str) -> None:
        super().__init__(name=name, endpoint=endpoint, url=url)

    def render_sheet(self, template: str, **values: Any) -> Any:
        """A page that js/sheet.js may show in a dialog over another one. It extends `sheet_base`."""
        return self.render(template, sheet_base="sheet.html" if in_sheet() else "layout.html", **values)

    def leave_sheet(self, address: str) -> Any:
        """Where to go when what the page was for is done."""
        return jsonify(next=address) if in_sheet() else redirect(address)


def in_sheet() -> bool:
    """Whether the page is asked for a dialog over another page."""
    return request.headers.get("X-Acm-Sheet") == "1"


@dataclass
class MenuGroup:
    """A group of the sidebar with the screens that the user may open."""

    name: str
    views: list[Any]


def menu() -> list[MenuGroup]:
    """The sidebar for the user of this request."""
    views = admin_of_app().guarded
    groups = []
    for code, name in GROUPS.items():
        shown = [view for view in views if view.group == code and view.is_visible() and view.is_accessible()]
        if shown:
            groups.append(MenuGroup(str(name), shown))
    return groups


def attempt(change: Callable[[Connection], Any], said: str) -> Any:
    """Run a change in a transaction and tell the user `said`, or why it was refused. Returns what it returned."""
    try:
        with db.engine.begin() as connection:
            result = change(connection)
    except ProcedureError as error:
        flash(_(error.message), "error")
        return None
    flash(said, "success")
    return result


class AcmAdmin(Admin):
    """Flask-Admin's collection of views, with the screens in the order in which they were added."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.guarded: list[Any] = []
        super().__init__(*args, **kwargs)

    def add_view(self, view: Any) -> None:
        if not isinstance(view, Guarded):
            raise TypeError(f"{view!r} is not guarded by the matrix of rights")
        super().add_view(view)
        self.guarded.append(view)


def admin_of_app() -> AcmAdmin:
    """The collection of screens of the current application."""
    return current_app.extensions["acm_admin"]
