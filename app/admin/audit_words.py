"""What the audit journal calls actions, objects and their fields, in words; and the comparison of before and after.

An action that is recorded anywhere must stand in ACTIONS: tests/app/test_audit.py looks through the code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from app.i18n import mark

#: Names of the actions (msgids), by what they are about.
ACTIONS: dict[str, str] = {
    "sign_in": mark("Sign-in"),
    "sign_in_failed": mark("Failed sign-in"),
    "sign_out": mark("Sign-out"),
    "password_change": mark("Own password changed"),
    "account_change": mark("Own language and time zone changed"),
    "user_add": mark("User made"),
    "user_change": mark("User changed"),
    "user_switch": mark("User switched on or off"),
    "user_unlock": mark("Lock-out lifted"),
    "password_reset": mark("New one-time password"),
    "sessions_end": mark("Sessions ended"),
    "users_export": mark("Users exported"),
    "group_add": mark("Group made"),
    "group_change": mark("Group changed"),
    "group_delete": mark("Group deleted"),
    "api_key_add": mark("API key made"),
    "api_key_revoke": mark("API key revoked"),
    "audit_export": mark("Audit journal exported"),
    "campaign_limit": mark("Campaign limited to groups"),
    "campaign_create": mark("Campaign created"),
    "campaign_clone": mark("Campaign copied"),
    "campaign_start": mark("Campaign started"),
    "campaign_stop": mark("Campaign stopped"),
    "campaign_change": mark("Settings of a campaign changed"),
    "campaign_archive": mark("Campaign archived"),
    "campaign_unarchive": mark("Campaign taken out of the archive"),
    "queue_clear": mark("Queue cleared"),
    "strategy_save": mark("Strategy saved"),
    "strategy_return": mark("Earlier strategy put in force"),
    "cap_change": mark("Frequency cap changed"),
    "cap_obey": mark("Frequency cap of a campaign"),
    "segment_add": mark("Segment added"),
    "segment_change": mark("Segment renamed"),
    "segment_switch": mark("Segment switched"),
    "segment_block": mark("Segment blocked"),
    "segment_unblock": mark("Block of a segment lifted"),
    "client_block": mark("Client blocked"),
    "client_unblock": mark("Block of a client lifted"),
    "phone_block": mark("Phone excluded"),
    "phone_unblock": mark("Exclusion of a phone lifted"),
    "phone_move": mark("Phones moved"),
    "contacts_export": mark("Contacts exported"),
    "clients_export": mark("Clients exported"),
    "records_export": mark("Records of a block exported"),
    "import_start": mark("Load started"),
    "import_resume": mark("Load carried on"),
    "import_undo": mark("Load undone"),
    "source_add": mark("Source of files made"),
    "source_change": mark("Source of files changed"),
    "source_delete": mark("Source of files deleted"),
    "rejects_download": mark("Rejected lines downloaded"),
    "template_add": mark("Import template made"),
    "template_change": mark("Import template changed"),
    "template_delete": mark("Import template deleted"),
    "schedule_add": mark("Schedule made"),
    "schedule_change": mark("Schedule changed"),
    "schedule_delete": mark("Schedule deleted"),
    "cap_add": mark("Frequency cap made"),
    "do_not_call_add": mark("Added to the do-not-call list"),
    "do_not_call_lift": mark("Do-not-call entry lifted"),
    "do_not_call_export": mark("Do-not-call list exported"),
    "number_block": mark("Number blocked in all campaigns"),
    "number_unblock": mark("Block of a number lifted"),
    "number_block_export": mark("Blocked numbers exported"),
    "agent_result_add": mark("Result of agents made"),
    "agent_result_change": mark("Result of agents changed"),
    "agent_result_switch": mark("Result of agents switched on or off"),
    "agent_result_order": mark("Result of agents moved to another place"),
    "agent_result_delete": mark("Result of agents deleted"),
    "technical_result_add": mark("Result of calls made"),
    "technical_result_change": mark("Result of calls changed"),
    "technical_result_switch": mark("Result of calls switched on or off"),
    "technical_result_order": mark("Result of calls moved to another place"),
    "technical_result_delete": mark("Result of calls deleted"),
    "phone_type_add": mark("Phone type made"),
    "phone_type_change": mark("Phone type changed"),
    "phone_type_switch": mark("Phone type switched on or off"),
    "phone_type_order": mark("Phone type moved to another place"),
    "phone_type_delete": mark("Phone type deleted"),
    "time_zone_add": mark("Time zone made"),
    "time_zone_change": mark("Time zone changed"),
    "time_zone_switch": mark("Time zone switched on or off"),
    "calendar_load": mark("Year of a calendar loaded"),
    "calendar_day": mark("Day of a calendar changed"),
    "dialer_add": mark("Dialer made"),
    "dialer_change": mark("Dialer changed"),
    "dialer_check": mark("Connection to a dialer tried"),
    "service_change": mark("Service changed"),
    "service_run": mark("Run of a service asked for"),
    "service_run_cancel": mark("Run of a service cancelled"),
    "service_schedule_add": mark("Service schedule made"),
    "service_schedule_change": mark("Service schedule changed"),
    "service_schedule_delete": mark("Service schedule deleted"),
}

#: Names of the kinds of objects (msgids).
OBJECTS: dict[str, str] = {
    "user": mark("User"),
    "group": mark("Group"),
    "api_key": mark("API key"),
    "audit": mark("Audit journal"),
    "campaign": mark("Campaign"),
    "segment": mark("Segment"),
    "client": mark("Client"),
    "phone": mark("Phone"),
    "cap_rule": mark("Frequency cap"),
    "import_batch": mark("Load"),
    "import_source": mark("Source of files"),
    "import_template": mark("Import template"),
    "schedule": mark("Schedule"),
    "do_not_call": mark("Do-not-call entry"),
    "number_block": mark("Blocked number"),
    "agent_result": mark("Result of agents"),
    "technical_result": mark("Result of calls"),
    "phone_type": mark("Phone type"),
    "time_zone": mark("Time zone"),
    "calendar": mark("Calendar"),
    "dialer": mark("Dialer"),
    "service": mark("Service"),
    "service_run": mark("Run of a service"),
    "service_schedule": mark("Service schedule"),
}

#: Names of fields (msgids); one that is not here is shown as it is recorded.
FIELDS: dict[str, str] = {
    "username": mark("User name"),
    "last_name": mark("Last name"),
    "first_name": mark("First name"),
    "email": mark("E-mail"),
    "language": mark("Language"),
    "time_zone": mark("Time zone"),
    "is_active": mark("Switched on"),
    "groups": mark("Groups"),
    "roles": mark("Roles"),
    "name": mark("Name"),
    "name_en": mark("English name"),
    "code": mark("Code"),
    "zone_code": mark("Time zone"),
    "copy_of": mark("Copy of"),
    "campaign": mark("Campaign"),
    "campaign_id": mark("Campaign"),
    "state": mark("State"),
    "contacts": mark("Contacts"),
    "phones": mark("Phones"),
    "moved": mark("Moved"),
    "left": mark("Left where they were"),
    "reason": mark("Reason"),
    "is_blocked": mark("Blocked"),
    "is_enabled": mark("Enabled"),
    "number": mark("Phone"),
    "client_code": mark("Form number"),
    "kind": mark("Kind"),
    "wanted": mark("Searched for"),
    "block_id": mark("Number of the block"),
    "rows": mark("Rows"),
    "sessions": mark("Sessions"),
    "version_no": mark("Strategy version"),
    "file": mark("File"),
    "template": mark("Template"),
    "encoding": mark("Encoding"),
    "format": mark("Format"),
    "has_header": mark("First line with names"),
    "line": mark("Template"),
    "calendar": mark("Production calendar"),
    "dates": mark("Dates"),
    "periods": mark("Periods"),
    "scopes": mark("Scopes"),
    "addresses": mark("Addresses"),
    "expires_at": mark("Valid until"),
    "crm_id": mark("ID in CRM"),
    "place": mark("Place"),
    "run_id": mark("Run"),
    "prefix": mark("Beginning of the key"),
}


def action_name(code: str) -> str:
    """The action in words of the page's language."""
    return _(ACTIONS[code]) if code in ACTIONS else code


def object_name(code: str) -> str:
    """The kind of an object in words of the page's language."""
    return _(OBJECTS[code]) if code in OBJECTS else code


@dataclass(frozen=True)
class Value:
    """A field before and after a change; empty where it was not recorded."""

    name: str
    before: str
    after: str
    is_changed: bool


def compare(before: str | None, after: str | None) -> list[Value]:
    """The fields of two JSON texts of access.audit, in their order. What differs is marked where there are both."""
    old, new = _fields(before), _fields(after)
    both = before is not None and after is not None
    return [
        Value(_field_name(path), old.get(path, ""), new.get(path, ""), both and old.get(path) != new.get(path))
        for path in dict.fromkeys([*old, *new])
    ]


def _fields(written: str | None) -> dict[str, str]:
    if not written:
        return {}
    try:
        values = json.loads(written)
    except ValueError:
        return {"": written}
    return dict(_flat("", values)) if isinstance(values, dict) else {"": _text(values)}


def _flat(path: str, values: dict[str, Any]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in values.items():
        inner = f"{path}.{name}" if path else str(name)
        found += _flat(inner, value) if isinstance(value, dict) and value else [(inner, _text(value))]
    return found


def _text(value: Any) -> str:
    if value is None or value == "" or value == [] or value == {}:
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        simple = all(not isinstance(one, (dict, list)) for one in value)
        return (", " if simple else "\n").join(_text(one) if simple else _row(one) for one in value)
    return str(value)


def _row(value: Any) -> str:
    """A row of a list, such as a period of a schedule."""
    if isinstance(value, dict):
        return ", ".join(f"{_field_name(str(name))}: {_text(inner)}" for name, inner in value.items())
    return " ".join(_text(one) for one in value) if isinstance(value, list) else _text(value)


def _field_name(path: str) -> str:
    return " · ".join(_(FIELDS[part]) if part in FIELDS else part for part in path.split("."))
