"""What the screens of one campaign share: without a campaign in the address, it has to be chosen first."""

from __future__ import annotations

from typing import Any

from flask import redirect, request, url_for
from flask_admin import expose

from app.admin import campaign_data
from app.admin.base import Screen
from app.database.web import db
from app.frame import inputs


class CampaignScreen(Screen):
    """A screen whose `index` is that of one campaign. `actions` must name `choose`."""

    @expose("/")
    def choose(self) -> Any:
        wanted = inputs.small(request.args.get("campaign"))
        if wanted is not None:
            return redirect(url_for(".index", campaign_id=wanted))
        with db.engine.connect() as connection:
            rows = [row for row in campaign_data.campaigns(connection) if row.state_id != 3]
        return self.render("screens/campaign_choose.html", campaigns=rows)
