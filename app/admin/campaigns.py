"""The list of campaigns: state, queue, active contacts; start and stop."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _

from app.admin import campaign_data, commands
from app.admin.base import Screen, attempt
from app.auth import sessions
from app.database.web import db
from app.frame.languages import local_address

_STATES = {"active": 2, "stopped": 1, "archived": 3}
_SORTS = {
    "code": lambda row: row.code.casefold(),
    "name": lambda row: row.name.casefold(),
    "state": lambda row: (row.state_id != 2, row.code.casefold()),
    "queue": lambda row: (-row.records_out, row.code.casefold()),
    "active": lambda row: (-row.clients_active, row.code.casefold()),
    "clients": lambda row: (-row.clients, row.code.casefold()),
    "success": lambda row: (-row.clients_success, row.code.casefold()),
}


class CampaignsScreen(Screen):
    """All campaigns, archived ones when asked for. There are tens of them, so that the list has no pages."""

    screen = "campaigns"
    group = "campaigns"
    icon = "phone-outgoing"
    help_page = "strategy"
    actions: ClassVar = {"index": "view", "start": "start", "stop": "stop"}

    @expose("/")
    def index(self) -> Any:
        wanted = request.args.get("q", "").strip()
        state = request.args.get("state", "")
        sort = request.args.get("sort", "code")
        with db.engine.connect() as connection:
            rows = list(campaign_data.campaigns(connection))
        found = [
            row for row in rows if wanted.casefold() in f"{row.code} {row.name} {row.dialer_campaign_name}".casefold()
        ]
        if state in _STATES:
            found = [row for row in found if row.state_id == _STATES[state]]
        else:
            state = ""
            found = [row for row in found if row.state_id != 3]
        found.sort(key=_SORTS.get(sort, _SORTS["code"]), reverse=bool(request.args.get("desc")))
        return self.render(
            "screens/campaigns.html", campaigns=found, total=len(rows), wanted=wanted, state=state,
            sort=sort if sort in _SORTS else "code", desc=bool(request.args.get("desc")), may=sessions.may,
        )  # fmt: skip

    @expose("/<int:campaign_id>/start", methods=["POST"])
    def start(self, campaign_id: int) -> Any:
        attempt(
            lambda connection: commands.start(connection, campaign_id),
            _("The campaign is started. The next block obeys it."),
        )
        return redirect(local_address(request.form.get("next"), url_for(".index")))

    @expose("/<int:campaign_id>/stop", methods=["POST"])
    def stop(self, campaign_id: int) -> Any:
        attempt(
            lambda connection: commands.stop(connection, campaign_id),
            _("The campaign is stopped. What the dialer holds already stays there until the queue is cleared."),
        )
        return redirect(local_address(request.form.get("next"), url_for(".index")))
