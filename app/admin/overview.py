"""The start page: all campaigns at a glance, live."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import jsonify
from flask_admin import expose

from app.admin import campaign_data
from app.admin.base import Screen, menu
from app.admin.cache import ShortMemory
from app.auth import campaign_access, sessions
from app.database.web import db

_memory = ShortMemory(1.5)


class HomeScreen(Screen):
    """For who may watch campaigns, the overview; for others, the list of their screens."""

    screen = "home"
    group = "monitoring"
    icon = "layout-dashboard"
    help_page = "strategy"
    actions: ClassVar = {"index": "view", "live": "view"}

    def is_visible(self) -> bool:
        return sessions.may("overview")

    def is_accessible(self) -> bool:
        return sessions.may("home")

    @expose("/")
    def index(self) -> Any:
        if not sessions.may("overview"):
            return self.render("screens/start.html", groups=menu())
        with db.engine.connect() as connection:
            rows = campaign_data.campaigns(connection)
        shown = [row for row in rows if row.state_id != 3]
        return self.render("screens/overview.html", campaigns=shown, totals=_totals(shown))

    @expose("/overview.json")
    def live(self) -> Any:
        """What changes on the overview: totals, and a row per campaign."""
        sessions.require("overview")

        def read() -> list[dict[str, Any]]:
            with db.engine.connect() as connection:
                return [_live(row) for row in campaign_data.every_campaign(connection) if row.state_id != 3]

        # Read once for all who watch; which of them a user sees is looked up anew each time.
        with db.engine.connect() as connection:
            seen = campaign_access.visible(connection)
        rows = [row for row in _memory.get("all", read) if row["campaign_id"] in seen]
        return jsonify(campaigns=rows, totals=_totals(rows))


_LIVE = ("records_out", "clients_active", "clients_success", "clients", "callbacks_waiting", "agents_working")


def _live(row: Any) -> dict[str, Any]:
    return {
        "campaign_id": row.campaign_id,
        "state_id": row.state_id,
        "dialer_state": row.dialer_state or "",
        "queue_depth": row.queue_depth,
        **{name: getattr(row, name) for name in _LIVE},
    }


def _totals(rows: Any) -> dict[str, int]:
    values = [row if isinstance(row, dict) else _live(row) for row in rows]
    return {
        "active": sum(1 for row in values if row["state_id"] == 2),
        **{name: sum(int(row[name] or 0) for row in values) for name in _LIVE},
    }
