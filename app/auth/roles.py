"""Who may do what: one table of role, screen and action (M211-M215). docs/administrator.md shows the same table.

A group is a set of roles (M216); a user has the roles of all his groups. What is not in the table is forbidden.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.i18n import mark

SECURITY_ADMINISTRATOR = "security_administrator"
CAMPAIGN_ADMINISTRATOR = "campaign_administrator"
DICTIONARY_EDITOR = "dictionary_editor"
REVIEWER = "reviewer"
MONITORING = "monitoring"

#: Codes of the five roles, as access.group_role keeps them, and their names (msgids).
ROLES: dict[str, str] = {
    SECURITY_ADMINISTRATOR: mark("Security administrator"),
    CAMPAIGN_ADMINISTRATOR: mark("Campaign administrator"),
    DICTIONARY_EDITOR: mark("Dictionary editor"),
    REVIEWER: mark("Reviewer"),
    MONITORING: mark("Monitoring"),
}

#: The preset groups: name, English name, roles (M223-M228). The first migration puts them into the database.
PRESET_GROUPS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("Администраторы системы", "System administrators", tuple(ROLES)),
    ("Ревьюеры", "Reviewers", (REVIEWER,)),
    ("Редакторы", "Editors", (DICTIONARY_EDITOR,)),
    ("Администраторы безопасности", "Security administrators", (SECURITY_ADMINISTRATOR,)),
    ("Администраторы кампаний", "Campaign administrators", (CAMPAIGN_ADMINISTRATOR,)),
    ("Мониторинг", "Monitoring", (MONITORING,)),
)

_READERS = frozenset({CAMPAIGN_ADMINISTRATOR, REVIEWER})
_WATCHERS = frozenset({CAMPAIGN_ADMINISTRATOR, REVIEWER, MONITORING})
_CAMPAIGNS = frozenset({CAMPAIGN_ADMINISTRATOR})
_EDITORS = frozenset({DICTIONARY_EDITOR})
_ALL = frozenset(ROLES)


@dataclass(frozen=True, order=True)
class Right:
    """An action on a screen, as the table names it."""

    screen: str
    action: str


#: The whole matrix: screen, action, roles that may.
MATRIX: dict[Right, frozenset[str]] = {
    Right("home", "view"): _ALL,
    Right("overview", "view"): _WATCHERS,
    Right("monitor", "view"): _WATCHERS,
    Right("monitor", "start"): _CAMPAIGNS,
    Right("monitor", "stop"): _CAMPAIGNS,
    Right("monitor", "clear_queue"): _CAMPAIGNS,
    Right("monitor", "switch_segment"): _CAMPAIGNS,
    Right("campaigns", "view"): _READERS,
    Right("campaigns", "create"): _CAMPAIGNS,
    Right("campaigns", "start"): _CAMPAIGNS,
    Right("campaigns", "stop"): _CAMPAIGNS,
    Right("strategy", "view"): _READERS,
    Right("strategy", "edit"): _CAMPAIGNS,
    Right("contacts", "view"): _READERS,
    Right("contacts", "export"): _READERS,
    Right("contacts", "block"): _CAMPAIGNS,
    Right("clients", "view"): _READERS,
    Right("clients", "block"): _CAMPAIGNS,
    Right("clients", "move"): _CAMPAIGNS,
    Right("segments", "view"): _READERS,
    Right("segments", "edit"): _CAMPAIGNS,
    Right("segments", "block"): _CAMPAIGNS,
    Right("import", "view"): _READERS,
    Right("import", "load"): _CAMPAIGNS,
    Right("import", "rejects"): _READERS,
    Right("import", "undo"): _CAMPAIGNS,
    Right("import_sources", "view"): _READERS,
    Right("import_sources", "edit"): _CAMPAIGNS,
    Right("import_templates", "view"): _READERS | _EDITORS,
    Right("import_templates", "edit"): _EDITORS,
    Right("hand_over", "view"): _READERS,
    Right("schedules", "view"): _READERS | _EDITORS,
    Right("schedules", "edit"): _EDITORS,
    Right("help", "view"): _ALL,
}


def allows(roles: Iterable[str], screen: str, action: str = "view") -> bool:
    """Whether somebody with these roles may do the action. Raises KeyError for a right that the table does not name."""
    return not MATRIX[Right(screen, action)].isdisjoint(roles)
