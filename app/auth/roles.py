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
_SECURITY = frozenset({SECURITY_ADMINISTRATOR})
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
    Right("campaigns", "export"): _READERS,
    Right("campaigns", "create"): _CAMPAIGNS,
    Right("campaigns", "edit"): _CAMPAIGNS,
    Right("campaigns", "archive"): _CAMPAIGNS,
    Right("campaigns", "start"): _CAMPAIGNS,
    Right("campaigns", "stop"): _CAMPAIGNS,
    Right("strategy", "view"): _READERS,
    Right("strategy", "edit"): _CAMPAIGNS,
    Right("contacts", "view"): _READERS,
    Right("contacts", "export"): _READERS,
    Right("contacts", "block"): _CAMPAIGNS,
    Right("clients", "view"): _READERS,
    Right("clients", "export"): _READERS,
    Right("clients", "block"): _CAMPAIGNS,
    Right("clients", "move"): _CAMPAIGNS,
    Right("segments", "view"): _READERS,
    Right("segments", "export"): _READERS,
    Right("segments", "edit"): _CAMPAIGNS,
    Right("segments", "block"): _CAMPAIGNS,
    Right("import", "view"): _READERS,
    Right("import", "export"): _READERS,
    Right("import", "load"): _CAMPAIGNS,
    Right("import", "rejects"): _READERS,
    Right("import", "undo"): _CAMPAIGNS,
    Right("import_sources", "view"): _READERS,
    Right("import_sources", "export"): _READERS,
    Right("import_sources", "edit"): _CAMPAIGNS,
    Right("import_templates", "view"): _READERS | _EDITORS,
    Right("import_templates", "export"): _READERS | _EDITORS,
    Right("import_templates", "edit"): _EDITORS,
    Right("hand_over", "view"): _READERS,
    Right("hand_over", "export"): _READERS,
    Right("schedules", "view"): _READERS | _EDITORS,
    Right("schedules", "edit"): _EDITORS,
    Right("dialers", "view"): _READERS | _EDITORS,
    Right("dialers", "edit"): _EDITORS,
    Right("service_schedules", "view"): _READERS | _EDITORS,
    Right("service_schedules", "edit"): _EDITORS,
    Right("services", "view"): _WATCHERS | _EDITORS,
    Right("services", "edit"): _EDITORS,
    Right("services", "run"): _CAMPAIGNS | _EDITORS,
    Right("service_runs", "view"): _WATCHERS | _EDITORS,
    Right("service_runs", "export"): _WATCHERS | _EDITORS,
    Right("service_runs", "cancel"): _CAMPAIGNS | _EDITORS,
    Right("dba", "view"): _SECURITY,
    Right("agent_results", "view"): _READERS | _EDITORS,
    Right("agent_results", "edit"): _EDITORS,
    Right("technical_results", "view"): _READERS | _EDITORS,
    Right("technical_results", "edit"): _EDITORS,
    Right("phone_types", "view"): _READERS | _EDITORS,
    Right("phone_types", "edit"): _EDITORS,
    Right("do_not_call", "view"): _READERS | _SECURITY,
    Right("do_not_call", "export"): _READERS | _SECURITY,
    Right("do_not_call", "add"): _CAMPAIGNS,
    Right("do_not_call", "lift"): _SECURITY,
    Right("do_not_call", "block"): _CAMPAIGNS,
    Right("caps", "view"): _READERS | _EDITORS,
    Right("caps", "export"): _READERS | _EDITORS,
    Right("caps", "edit"): _EDITORS,
    Right("caps", "obey"): _CAMPAIGNS,
    Right("time_zones", "view"): _READERS | _EDITORS,
    Right("time_zones", "export"): _READERS | _EDITORS,
    Right("time_zones", "edit"): _EDITORS,
    Right("calendars", "view"): _READERS | _EDITORS,
    Right("calendars", "edit"): _EDITORS,
    Right("numbering", "view"): _READERS | _EDITORS,
    Right("audit", "view"): _SECURITY,
    Right("audit", "export"): _SECURITY,
    Right("users", "view"): _SECURITY,
    Right("users", "edit"): _SECURITY,
    Right("users", "export"): _SECURITY,
    Right("groups", "view"): _SECURITY,
    Right("groups", "edit"): _SECURITY,
    Right("campaign_access", "view"): _SECURITY,
    Right("campaign_access", "edit"): _SECURITY,
    Right("roles", "view"): _SECURITY,
    Right("sessions", "view"): _SECURITY,
    Right("sessions", "end"): _SECURITY,
    Right("api_keys", "view"): _SECURITY,
    Right("api_keys", "edit"): _SECURITY,
    Right("help", "view"): _ALL,
}

#: Names of the actions (msgids), for the page that shows the matrix.
ACTIONS: dict[str, str] = {
    "view": mark("Look at"),
    "edit": mark("Change"),
    "create": mark("Create"),
    "start": mark("Start"),
    "stop": mark("Stop"),
    "clear_queue": mark("Clear the queue"),
    "switch_segment": mark("Switch segments"),
    "export": mark("Export"),
    "block": mark("Block and lift blocks"),
    "move": mark("Move phones"),
    "load": mark("Load"),
    "rejects": mark("Download rejected lines"),
    "undo": mark("Undo loads"),
    "end": mark("End"),
    "archive": mark("Archive and take out"),
    "run": mark("Run now"),
    "cancel": mark("Cancel"),
    "add": mark("Add"),
    "lift": mark("Lift"),
    "obey": mark("Choose campaigns"),
}

#: What each role is for (msgids), beside its check box.
ROLE_WORDS: dict[str, str] = {
    SECURITY_ADMINISTRATOR: mark("Users, groups, keys and the audit journal; nothing of campaigns."),
    CAMPAIGN_ADMINISTRATOR: mark("Campaigns, strategies, contacts, loads, blocks and the queue."),
    DICTIONARY_EDITOR: mark("Dictionaries, schedules and import templates."),
    REVIEWER: mark("Reads everything but security, changes nothing."),
    MONITORING: mark("The monitor and reports."),
}


def allows(roles: Iterable[str], screen: str, action: str = "view") -> bool:
    """Whether somebody with these roles may do the action. Raises KeyError for a right that the table does not name."""
    return not MATRIX[Right(screen, action)].isdisjoint(roles)
