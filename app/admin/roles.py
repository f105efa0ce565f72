"""«Доступ / Роли»: who may do what, drawn from the matrix of rights itself (M211-M215)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from app.admin.base import GROUPS, Screen, admin_of_app
from app.auth.roles import ACTIONS, MATRIX, ROLE_WORDS, ROLES

#: Screens that are reached from another one and not from the menu: the group that they stand in.
_INNER = {
    "monitor": "monitoring", "strategy": "campaigns", "clients": "campaigns", "segments": "campaigns",
    "campaign_access": "access",
}  # fmt: skip
#: Parts of a screen that have a right of their own.
_PARTS: dict[str, tuple[str, Any]] = {
    "home": ("monitoring", lazy_gettext("Start page")),
    "overview": ("monitoring", lazy_gettext("All campaigns")),
}


@dataclass
class ScreenRights:
    """A screen by its name in the menu, with the roles of each of its actions."""

    name: str
    actions: list[tuple[str, frozenset[str]]]


class RolesScreen(Screen):
    """The matrix, by the groups of the menu."""

    screen = "roles"
    group = "access"
    icon = "shield-check"
    help_section = "roles"
    actions: ClassVar = {"index": "view"}

    @expose("/")
    def index(self) -> Any:
        return self.render("screens/roles.html", groups=matrix_by_menu(), roles=ROLES, role_words=ROLE_WORDS)


def matrix_by_menu() -> list[tuple[str, list[ScreenRights]]]:
    """The groups of the menu with their screens; what stands in no group comes last."""
    places = _places()
    order = {screen: number for number, screen in enumerate(places)}
    screens: dict[str, ScreenRights] = {}
    for right, roles in MATRIX.items():
        name = places[right.screen][1] if right.screen in places else right.screen
        row = screens.setdefault(right.screen, ScreenRights(name, []))
        row.actions.append((_(ACTIONS[right.action]), roles))
    names = {**{code: str(name) for code, name in GROUPS.items()}, "": _("For everybody")}
    found: list[tuple[str, list[ScreenRights]]] = []
    for code, group_name in names.items():
        members = [screen for screen in screens if places.get(screen, ("", ""))[0] == code]
        members.sort(key=lambda screen: order.get(screen, len(order)))
        if members:
            found.append((group_name, [screens[screen] for screen in members]))
    return found


def _places() -> dict[str, tuple[str, str]]:
    """Of each screen of the matrix: its group, and its name; screens that share their rights stand together."""
    places: dict[str, tuple[str, str]] = {screen: (group, str(name)) for screen, (group, name) in _PARTS.items()}
    for view in admin_of_app().guarded:
        if view.screen in _PARTS:
            continue
        group, name = places.get(view.screen, (view.group or _INNER.get(view.screen, ""), ""))
        places[view.screen] = (group, f"{name}, {view.name}" if name else str(view.name))
    return places
