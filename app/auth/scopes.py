"""What a key of the external API may do (interfaces.md, «The external API»; M236-M240, M110, M111)."""

from __future__ import annotations

from app.i18n import mark

#: Codes of the scopes, as access.api_key keeps them, and what each allows (msgids).
SCOPES: dict[str, str] = {
    "tasks:load": mark("Load tasks"),
    "tasks:change": mark("Update and cancel tasks"),
    "results:set": mark("Set results of agents"),
    "phones:block": mark("Block a phone of a client"),
    "numbers:block": mark("Block a number everywhere"),
    "clients:read": mark("Search and read clients with their history"),
    "dictionaries:read": mark("Read dictionaries"),
    "campaigns:read": mark("Read campaigns and their status"),
}
