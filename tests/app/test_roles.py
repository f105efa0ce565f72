"""Role by role, screen by screen, action by action: what the matrix allows is there, what it does not is a 403."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from web_users import ALL_ROLES, Browser

from app.auth import roles
from app.auth.roles import MATRIX, ROLES, Right, allows
from app.auth.sessions import PUBLIC

#: Of every guarded address: how it is called, and the right that it needs. {a} is the campaign ALPHA.
REQUESTS: dict[str, tuple[str, str, Right]] = {
    "home.index": ("GET", "/", Right("home", "view")),
    "home.live": ("GET", "/overview.json", Right("overview", "view")),
    "monitor.first": ("GET", "/monitor/", Right("monitor", "view")),
    "monitor.index": ("GET", "/monitor/{a}/", Right("monitor", "view")),
    "monitor.live": ("GET", "/monitor/{a}/monitor.json", Right("monitor", "view")),
    "monitor.start": ("POST", "/monitor/{a}/start", Right("monitor", "start")),
    "monitor.stop": ("POST", "/monitor/{a}/stop", Right("monitor", "stop")),
    "monitor.clear_queue": ("POST", "/monitor/{a}/clear-queue", Right("monitor", "clear_queue")),
    "monitor.switch_segment": ("POST", "/monitor/{a}/segments/1", Right("monitor", "switch_segment")),
    "campaigns.index": ("GET", "/campaigns/", Right("campaigns", "view")),
    "campaigns.export": ("GET", "/campaigns/export.csv", Right("campaigns", "export")),
    "campaigns.create": ("GET", "/campaigns/new", Right("campaigns", "create")),
    "campaigns.clone": ("GET", "/campaigns/{a}/clone", Right("campaigns", "create")),
    "campaigns.start": ("POST", "/campaigns/{a}/start", Right("campaigns", "start")),
    "campaigns.stop": ("POST", "/campaigns/{a}/stop", Right("campaigns", "stop")),
    "campaign.first": ("GET", "/campaign/", Right("campaigns", "view")),
    "campaign.index": ("GET", "/campaign/{a}/", Right("campaigns", "view")),
    "campaign.save": ("POST", "/campaign/{a}/", Right("campaigns", "edit")),
    "campaign.archive": ("POST", "/campaign/999999/archive", Right("campaigns", "archive")),
    "campaign.unarchive": ("POST", "/campaign/999999/unarchive", Right("campaigns", "archive")),
    "strategy.first": ("GET", "/strategy/", Right("strategy", "view")),
    "strategy.index": ("GET", "/strategy/{a}/", Right("strategy", "view")),
    "strategy.versions": ("GET", "/strategy/{a}/versions/", Right("strategy", "view")),
    "strategy.version": ("GET", "/strategy/{a}/versions/1/", Right("strategy", "view")),
    "strategy.compare": ("GET", "/strategy/{a}/compare/?a=1&b=1", Right("strategy", "view")),
    "strategy.restore": ("POST", "/strategy/{a}/versions/1/return", Right("strategy", "edit")),
    "contacts.choose": ("GET", "/contacts/", Right("contacts", "view")),
    "contacts.index": ("GET", "/contacts/{a}/", Right("contacts", "view")),
    "contacts.export": ("GET", "/contacts/{a}/export.csv", Right("contacts", "export")),
    "contacts.block": ("GET", "/contacts/{a}/phones/1/block", Right("contacts", "block")),
    "contacts.explain": ("GET", "/contacts/{a}/phones/1/explain", Right("contacts", "view")),
    "clients.choose": ("GET", "/clients/", Right("clients", "view")),
    "clients.index": ("GET", "/clients/{a}/", Right("clients", "view")),
    "clients.export": ("GET", "/clients/{a}/export.csv", Right("clients", "export")),
    "clients.block": ("GET", "/clients/{a}/1/block", Right("clients", "block")),
    "clients.move": ("POST", "/clients/{a}/move", Right("clients", "move")),
    "client.first": ("GET", "/client/", Right("clients", "view")),
    "client.index": ("GET", "/client/{a}/1/", Right("clients", "view")),
    "segments.choose": ("GET", "/segments/", Right("segments", "view")),
    "segments.index": ("GET", "/segments/{a}/", Right("segments", "view")),
    "segments.export": ("GET", "/segments/{a}/export.csv", Right("segments", "export")),
    "segments.create": ("GET", "/segments/{a}/new", Right("segments", "edit")),
    "segments.rename": ("GET", "/segments/{a}/1", Right("segments", "edit")),
    "segments.block": ("GET", "/segments/{a}/1/block", Right("segments", "block")),
    "segments.count": ("GET", "/segments/{a}/1/block.json", Right("segments", "block")),
    "segments.lift": ("POST", "/segments/{a}/999999/lift", Right("segments", "block")),
    "load.index": ("GET", "/import/", Right("import", "load")),
    "load.upload": ("GET", "/import/{token}/", Right("import", "load")),
    "load.start": ("POST", "/import/{token}/start", Right("import", "load")),
    "load.check": ("POST", "/import/{token}/check", Right("import", "load")),
    "load.check_state": ("GET", "/import/{token}/check.json", Right("import", "load")),
    "load.save_template": ("POST", "/import/{token}/template", Right("import", "load")),
    "load.started": ("GET", "/import/{token}/started", Right("import", "load")),
    "load.state": ("GET", "/import/{token}/state.json", Right("import", "load")),
    "import_sources.index": ("GET", "/import/sources/", Right("import_sources", "view")),
    "import_sources.export": ("GET", "/import/sources/export.csv", Right("import_sources", "export")),
    "import_sources.create": ("GET", "/import/sources/new", Right("import_sources", "edit")),
    "import_sources.edit": ("GET", "/import/sources/1", Right("import_sources", "view")),
    "import_sources.copy": ("POST", "/import/sources/1/copy", Right("import_sources", "edit")),
    "import_sources.delete": ("POST", "/import/sources/1/delete", Right("import_sources", "edit")),
    "import_sources.check": ("POST", "/import/sources/1/check", Right("import_sources", "edit")),
    "import_sources.check_new": ("POST", "/import/sources/check", Right("import_sources", "edit")),
    "import_templates.index": ("GET", "/import/templates/", Right("import_templates", "view")),
    "import_templates.export": ("GET", "/import/templates/export.csv", Right("import_templates", "export")),
    "import_templates.create": ("GET", "/import/templates/new", Right("import_templates", "edit")),
    "import_templates.edit": ("GET", "/import/templates/1", Right("import_templates", "view")),
    "import_templates.delete": ("POST", "/import/templates/1/delete", Right("import_templates", "edit")),
    "imports.index": ("GET", "/journals/import/", Right("import", "view")),
    "imports.export": ("GET", "/journals/import/export.csv", Right("import", "export")),
    "imports.batch": ("GET", "/journals/import/1/", Right("import", "view")),
    "imports.live": ("GET", "/journals/import/1/batch.json", Right("import", "view")),
    "imports.rejects": ("GET", "/journals/import/1/rejects", Right("import", "rejects")),
    "imports.undo": ("GET", "/journals/import/1/undo", Right("import", "undo")),
    "hand_over.index": ("GET", "/journals/hand-over/", Right("hand_over", "view")),
    "hand_over.export": ("GET", "/journals/hand-over/export.csv", Right("hand_over", "export")),
    "hand_over.export_block": ("GET", "/journals/hand-over/1/export.csv", Right("hand_over", "export")),
    "hand_over.block": ("GET", "/journals/hand-over/1", Right("hand_over", "view")),
    "imports.resume": ("POST", "/journals/import/1/resume", Right("import", "load")),
    "schedules.index": ("GET", "/dictionaries/schedules/", Right("schedules", "view")),
    "schedules.create": ("GET", "/dictionaries/schedules/new", Right("schedules", "edit")),
    "schedules.edit": ("GET", "/dictionaries/schedules/999999", Right("schedules", "view")),
    "schedules.copy": ("POST", "/dictionaries/schedules/999999/copy", Right("schedules", "edit")),
    "schedules.delete": ("POST", "/dictionaries/schedules/999999/delete", Right("schedules", "edit")),
    "dialers.index": ("GET", "/dictionaries/dialers/", Right("dialers", "view")),
    "dialers.create": ("GET", "/dictionaries/dialers/new", Right("dialers", "edit")),
    "dialers.edit": ("GET", "/dictionaries/dialers/999999", Right("dialers", "view")),
    "dialers.save": ("POST", "/dictionaries/dialers/999999", Right("dialers", "edit")),
    "dialers.check": ("POST", "/dictionaries/dialers/999999/check", Right("dialers", "edit")),
    "service_schedules.index": ("GET", "/dictionaries/service-schedules/", Right("service_schedules", "view")),
    "service_schedules.preview": (
        "GET",
        "/dictionaries/service-schedules/preview.json",
        Right("service_schedules", "view"),
    ),
    "service_schedules.create": ("GET", "/dictionaries/service-schedules/new", Right("service_schedules", "edit")),
    "service_schedules.edit": ("GET", "/dictionaries/service-schedules/999999", Right("service_schedules", "view")),
    "service_schedules.delete": (
        "POST",
        "/dictionaries/service-schedules/999999/delete",
        Right("service_schedules", "edit"),
    ),
    "services.index": ("GET", "/services/", Right("services", "view")),
    "services.live": ("GET", "/services/services.json", Right("services", "view")),
    "services.edit": ("GET", "/services/1", Right("services", "edit")),
    "services.switch": ("POST", "/services/999999/switch", Right("services", "edit")),
    "services.run": ("GET", "/services/2/run", Right("services", "run")),
    "service_runs.index": ("GET", "/journals/services/", Right("service_runs", "view")),
    "service_runs.export": ("GET", "/journals/services/export.csv", Right("service_runs", "export")),
    "service_runs.run": ("GET", "/journals/services/999999/", Right("service_runs", "view")),
    "service_runs.live": ("GET", "/journals/services/999999/run.json", Right("service_runs", "view")),
    "service_runs.cancel": ("POST", "/journals/services/999999/cancel", Right("service_runs", "cancel")),
    "dba.index": ("GET", "/dba/", Right("dba", "view")),
    "dba.item": ("GET", "/dba/objects/ops.run_beat", Right("dba", "view")),
    "dba.tables": ("GET", "/dba/tables", Right("dba", "view")),
    "dba.migrations": ("GET", "/dba/migrations", Right("dba", "view")),
    "agent_results.index": ("GET", "/dictionaries/agent-results/", Right("agent_results", "view")),
    "agent_results.export": ("GET", "/dictionaries/agent-results/export.csv", Right("agent_results", "view")),
    "agent_results.create": ("GET", "/dictionaries/agent-results/new", Right("agent_results", "edit")),
    "agent_results.edit": ("GET", "/dictionaries/agent-results/999999", Right("agent_results", "view")),
    "agent_results.switch": ("POST", "/dictionaries/agent-results/999999/switch", Right("agent_results", "edit")),
    "agent_results.move": ("POST", "/dictionaries/agent-results/999999/move", Right("agent_results", "edit")),
    "agent_results.delete": ("POST", "/dictionaries/agent-results/999999/delete", Right("agent_results", "edit")),
    "technical_results.index": ("GET", "/dictionaries/technical-results/", Right("technical_results", "view")),
    "technical_results.export": (
        "GET",
        "/dictionaries/technical-results/export.csv",
        Right("technical_results", "view"),
    ),
    "technical_results.create": ("GET", "/dictionaries/technical-results/new", Right("technical_results", "edit")),
    "technical_results.edit": ("GET", "/dictionaries/technical-results/999999", Right("technical_results", "view")),
    "technical_results.switch": (
        "POST",
        "/dictionaries/technical-results/999999/switch",
        Right("technical_results", "edit"),
    ),
    "technical_results.move": (
        "POST",
        "/dictionaries/technical-results/999999/move",
        Right("technical_results", "edit"),
    ),
    "technical_results.delete": (
        "POST",
        "/dictionaries/technical-results/999999/delete",
        Right("technical_results", "edit"),
    ),
    "phone_types.index": ("GET", "/dictionaries/phone-types/", Right("phone_types", "view")),
    "phone_types.export": ("GET", "/dictionaries/phone-types/export.csv", Right("phone_types", "view")),
    "phone_types.create": ("GET", "/dictionaries/phone-types/new", Right("phone_types", "edit")),
    "phone_types.edit": ("GET", "/dictionaries/phone-types/999999", Right("phone_types", "view")),
    "phone_types.switch": ("POST", "/dictionaries/phone-types/999999/switch", Right("phone_types", "edit")),
    "phone_types.move": ("POST", "/dictionaries/phone-types/999999/move", Right("phone_types", "edit")),
    "phone_types.delete": ("POST", "/dictionaries/phone-types/999999/delete", Right("phone_types", "edit")),
    "do_not_call.index": ("GET", "/dictionaries/do-not-call/", Right("do_not_call", "view")),
    "do_not_call.export": ("GET", "/dictionaries/do-not-call/export.csv", Right("do_not_call", "export")),
    "do_not_call.create": ("GET", "/dictionaries/do-not-call/new", Right("do_not_call", "add")),
    "do_not_call.count": ("GET", "/dictionaries/do-not-call/touched.json", Right("do_not_call", "add")),
    "do_not_call.lift": ("GET", "/dictionaries/do-not-call/999999/lift", Right("do_not_call", "lift")),
    "do_not_call.block_number": ("GET", "/dictionaries/do-not-call/numbers/new", Right("do_not_call", "block")),
    "do_not_call.lift_number": (
        "GET",
        "/dictionaries/do-not-call/numbers/999999/lift",
        Right("do_not_call", "block"),
    ),
    "caps.index": ("GET", "/dictionaries/caps/", Right("caps", "view")),
    "caps.export": ("GET", "/dictionaries/caps/export.csv", Right("caps", "export")),
    "caps.create": ("GET", "/dictionaries/caps/new", Right("caps", "edit")),
    "caps.edit": ("GET", "/dictionaries/caps/1", Right("caps", "view")),
    "caps.obey": ("GET", "/dictionaries/caps/1/campaigns", Right("caps", "obey")),
    "time_zones.index": ("GET", "/dictionaries/time-zones/", Right("time_zones", "view")),
    "time_zones.export": ("GET", "/dictionaries/time-zones/export.csv", Right("time_zones", "export")),
    "time_zones.create": ("GET", "/dictionaries/time-zones/new", Right("time_zones", "edit")),
    "time_zones.edit": ("GET", "/dictionaries/time-zones/1", Right("time_zones", "view")),
    "time_zones.switch": ("POST", "/dictionaries/time-zones/1/switch", Right("time_zones", "edit")),
    "calendars.index": ("GET", "/dictionaries/calendars/", Right("calendars", "view")),
    "calendars.day": ("GET", "/dictionaries/calendars/RU/2026-05-09", Right("calendars", "view")),
    "calendars.load": ("POST", "/dictionaries/calendars/RU/1999/load", Right("calendars", "edit")),
    "calendars.restore": ("POST", "/dictionaries/calendars/RU/2026-05-10/restore", Right("calendars", "edit")),
    "numbering.index": ("GET", "/dictionaries/numbering/", Right("numbering", "view")),
    "audit.index": ("GET", "/journals/audit/", Right("audit", "view")),
    "audit.entry": ("GET", "/journals/audit/1", Right("audit", "view")),
    "audit.export": ("GET", "/journals/audit/export.csv", Right("audit", "export")),
    "users.index": ("GET", "/access/users/", Right("users", "view")),
    "users.create": ("GET", "/access/users/new", Right("users", "edit")),
    "users.edit": ("GET", "/access/users/1", Right("users", "view")),
    "users.password": ("POST", "/access/users/999999/password", Right("users", "edit")),
    "users.unlock": ("POST", "/access/users/999999/unlock", Right("users", "edit")),
    "users.switch": ("POST", "/access/users/999999/switch", Right("users", "edit")),
    "users.end_sessions": ("POST", "/access/users/999999/end-sessions", Right("users", "edit")),
    "users.export": ("GET", "/access/users/export.csv", Right("users", "export")),
    "groups.index": ("GET", "/access/groups/", Right("groups", "view")),
    "groups.create": ("GET", "/access/groups/new", Right("groups", "edit")),
    "groups.edit": ("GET", "/access/groups/1", Right("groups", "view")),
    "groups.delete": ("POST", "/access/groups/999999/delete", Right("groups", "edit")),
    "campaign_access.index": ("GET", "/access/campaigns/", Right("campaign_access", "view")),
    "campaign_access.edit": ("GET", "/access/campaigns/{a}", Right("campaign_access", "view")),
    "roles.index": ("GET", "/access/roles/", Right("roles", "view")),
    "sessions.index": ("GET", "/access/sessions/", Right("sessions", "view")),
    "sessions.end": ("POST", "/access/sessions/end", Right("sessions", "end")),
    "sessions.end_all": ("POST", "/access/sessions/end-all/999999", Right("sessions", "end")),
    "api_keys.index": ("GET", "/access/keys/", Right("api_keys", "view")),
    "api_keys.create": ("GET", "/access/keys/new", Right("api_keys", "edit")),
    "api_keys.revoke": ("POST", "/access/keys/999999/revoke", Right("api_keys", "edit")),
    "help.index": ("GET", "/help/", Right("help", "view")),
    "help.image": ("GET", "/help/images/nothing.png", Right("help", "view")),
    "help.page": ("GET", "/help/administrator", Right("help", "view")),
}
#: What everybody who is signed in may reach: his own account.
OWN = {"auth.sign_out", "auth.change_password", "auth.account", "frame.sidebar_choice"}


@pytest.fixture(scope="module")
def browsers(app: Flask, web_engine: Any) -> Callable[[str], Browser]:
    """A signed-in browser for each role, made once."""
    made: dict[str, Browser] = {}

    def of(role: str) -> Browser:
        if role not in made:
            from web_users import PASSWORD

            made[role] = Browser(app.test_client())
            answer = made[role].post("/sign-in", {"username": role, "password": PASSWORD}, at="/sign-in")
            assert answer.status_code == 302
        return made[role]

    return of


def call(browser: Browser, method: str, path: str, campaigns: dict[str, int]) -> Any:
    path = path.format(a=campaigns["ALPHA"], token="x" * 24)
    return browser.get(path) if method == "GET" else browser.post(path)


def test_every_address_of_the_application_stands_in_this_test(app: Flask) -> None:
    known = set(REQUESTS) | PUBLIC | OWN
    addresses = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.endpoint.endswith(".static")}
    assert addresses - {"static"} == known - {"static", "admin.static"}


def test_every_right_of_the_matrix_is_needed_somewhere() -> None:
    # The pages of a group and of who sees a campaign show and save at one address; POST asks for "edit" in the code.
    saved = {Right("campaign_access", "edit")}
    assert {right for _, _, right in REQUESTS.values()} | saved == set(MATRIX)


@pytest.mark.parametrize("role", [*ROLES, ALL_ROLES])
@pytest.mark.parametrize("endpoint", REQUESTS)
def test_a_role_reaches_what_the_matrix_allows_and_nothing_else(
    browsers: Callable[[str], Browser], campaigns: dict[str, int], endpoint: str, role: str
) -> None:
    method, path, right = REQUESTS[endpoint]
    answer = call(browsers(role), method, path, campaigns)
    held = set(ROLES) if role == ALL_ROLES else {role}
    if allows(held, right.screen, right.action):
        assert answer.status_code in (200, 302, 400, 404), answer.status_code
    else:
        assert answer.status_code == 403
        assert "You have no right to this" in answer.get_data(as_text=True)


@pytest.mark.parametrize("endpoint", REQUESTS)
def test_nobody_reaches_anything_without_signing_in(app: Flask, campaigns: dict[str, int], endpoint: str) -> None:
    method, path, _ = REQUESTS[endpoint]
    path = path.format(a=campaigns["ALPHA"], token="x" * 24)
    client = app.test_client()
    if method == "GET":
        answer = client.get(path)
    else:
        answer = client.post(path, data={"csrf_token": Browser(client).token("/sign-in")})
    assert answer.status_code == 302 and answer.location.startswith("/sign-in")


@pytest.mark.parametrize("endpoint", [name for name, (method, _, _) in REQUESTS.items() if method == "POST"])
def test_no_change_is_made_without_the_token_against_forgery(
    browsers: Callable[[str], Browser], campaigns: dict[str, int], endpoint: str
) -> None:
    path = REQUESTS[endpoint][1].format(a=campaigns["ALPHA"], token="x" * 24)
    answer = browsers(ALL_ROLES).client.post(path)
    assert answer.status_code == 400
    assert "The page was open for too long" in answer.get_data(as_text=True)


#: A form is read and sent at one address.
FORMS = {path for method, path, _ in REQUESTS.values() if method == "GET"}


@pytest.mark.parametrize(
    "endpoint", [name for name, (method, path, _) in REQUESTS.items() if method == "POST" and path not in FORMS]
)
def test_no_change_is_made_by_a_link(
    browsers: Callable[[str], Browser], campaigns: dict[str, int], endpoint: str
) -> None:
    path = REQUESTS[endpoint][1].format(a=campaigns["ALPHA"], token="x" * 24)
    assert browsers(ALL_ROLES).get(path).status_code == 405


_DICTIONARIES = [
    "Dialling schedules", "Service schedules", "Results of agents", "Results of calls", "Phone types", "Time zones",
    "Calendars", "Numbering plan", "Frequency of calls",
]  # fmt: skip
MENU = {
    roles.SECURITY_ADMINISTRATOR: [
        "Audit journal", "Do not call", "Users", "Groups", "Roles", "Sessions", "API keys", "Database",
    ],
    roles.CAMPAIGN_ADMINISTRATOR: [
        "All campaigns", "Campaigns", "Contacts", "Load by hand", "List of sources", "Import templates",
        "Import journal", "Hand-over journal", "Services", "Service journal", *_DICTIONARIES, "Do not call", "Dialers",
    ],
    roles.DICTIONARY_EDITOR: ["Import templates", "Services", "Service journal", *_DICTIONARIES, "Dialers"],
    roles.REVIEWER: [
        "All campaigns", "Campaigns", "Contacts", "List of sources", "Import templates", "Import journal",
        "Hand-over journal", "Services", "Service journal", *_DICTIONARIES, "Do not call", "Dialers",
    ],
    roles.MONITORING: ["All campaigns", "Services", "Service journal"],
}  # fmt: skip


@pytest.mark.parametrize("role", MENU)
def test_the_menu_shows_the_screens_of_the_role_only(browsers: Callable[[str], Browser], role: str) -> None:
    import re

    page = browsers(role).text("/")
    menu = page[page.index('<div class="menu">') : page.index('class="sidebar-foot"')]
    assert re.findall(r"<span>([^<]+)</span>", menu) == MENU[role]


def test_who_may_only_look_sees_no_buttons_that_change(
    browsers: Callable[[str], Browser], campaigns: dict[str, int]
) -> None:
    path = f"/monitor/{campaigns['ALPHA']}/"
    for role, is_there in ((roles.MONITORING, False), (roles.REVIEWER, False), (roles.CAMPAIGN_ADMINISTRATOR, True)):
        page = browsers(role).text(path)
        assert ("clear-dialog" in page) is is_there
        assert ("clear-queue" in page) is is_there


def test_a_right_that_the_matrix_does_not_name_is_a_mistake_not_a_yes() -> None:
    with pytest.raises(KeyError):
        allows({roles.SECURITY_ADMINISTRATOR}, "campaigns", "destroy")


def test_the_groups_of_the_database_are_those_of_the_code(web_engine: Any) -> None:
    from sqlalchemy import select

    from app.models.access import Group, GroupRole

    with web_engine.connect() as connection:
        found: dict[str, set[str]] = {}
        for name, role in connection.execute(
            select(Group.name, GroupRole.role_code).join(GroupRole, GroupRole.group_id == Group.group_id)
        ):
            found.setdefault(name, set()).add(role)
    assert found == {name: set(codes) for name, _, codes in roles.PRESET_GROUPS}


def test_the_table_of_the_documentation_is_that_of_the_code() -> None:
    from pathlib import Path

    import app.web

    page = (Path(app.web.__file__).parent.parent / "docs" / "administrator.md").read_text()
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page[page.index("| Screen | Action |") :].splitlines()
        if line.startswith("|")
    ]
    rows = rows[: len(MATRIX) + 2]
    assert rows[0][2:] == list(ROLES.values())
    assert rows[2:] == [
        [right.screen, right.action, *("yes" if role in held else "" for role in ROLES)]
        for right, held in MATRIX.items()
    ]
