"""«Кому видна кампания»: campaigns that are limited to groups (interfaces.md, «Roles»)."""

from __future__ import annotations

from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from sqlalchemy import select

from app.admin.base import Screen
from app.admin.campaign_data import named
from app.auth import audit, campaign_access, groups, sessions
from app.database.web import db
from app.frame import inputs
from app.models.strategy import Campaign


class CampaignGroupsScreen(Screen):
    """Who limits campaigns sees all of their names, and nothing else of them."""

    screen = "campaign_access"
    help_section = "who-sees-a-campaign"
    shows_hidden_campaigns = True
    actions: ClassVar = {"index": "view", "edit": "view"}

    @expose("/")
    def index(self) -> Any:
        wanted = request.args.get("q", "").strip()[:100]
        group_id = inputs.small(request.args.get("group"))
        with db.engine.connect() as connection:
            rows = connection.execute(
                select(Campaign.campaign_id, Campaign.code, Campaign.name, Campaign.state_id).order_by(Campaign.code)
            ).all()
            held = campaign_access.groups_of(connection)
            every_group, members = groups.all_groups(connection), groups.members(connection)
        shown = [row for row in rows if wanted.casefold() in f"{row.code} {row.name}".casefold()]
        if group_id is not None:
            shown = [row for row in shown if group_id in {group.group_id for group in held.get(row.campaign_id, [])}]
        return self.render(
            "screens/campaign_groups.html", campaigns=shown, total=len(rows), held=held, groups=every_group,
            members=members, wanted=wanted, group_id=str(group_id or ""), named=named, may=sessions.may,
        )  # fmt: skip

    @expose("/<int:campaign_id>", methods=["GET", "POST"])
    def edit(self, campaign_id: int) -> Any:
        """The card «Кому видна кампания»."""
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.begin() as connection:
            campaign = connection.execute(
                select(Campaign.campaign_id, Campaign.code, Campaign.name).where(Campaign.campaign_id == campaign_id)
            ).one_or_none()
            if campaign is None:
                abort(404)
            every_group = groups.all_groups(connection)
            held = campaign_access.groups_of(connection).get(campaign_id, [])
            chosen, error = {row.group_id for row in held}, ""
            if request.method == "POST":
                wanted = set(request.form.getlist("groups"))
                picked = [row for row in every_group if str(row.group_id) in wanted]
                chosen = {row.group_id for row in picked}
                if request.form.get("who") == "all":
                    picked = []
                elif not picked:
                    error = _("Tick at least one group, or let everybody see the campaign.")
                if not error:
                    campaign_access.limit(connection, campaign_id, [row.group_id for row in picked])
                    audit.record(
                        connection, "campaign_limit", "campaign", campaign_id,
                        before={"code": campaign.code, "groups": [row.name for row in held]},
                        after={"code": campaign.code, "groups": [row.name for row in picked]},
                    )  # fmt: skip
                    flash(_("Who sees the campaign %(name)s is saved.", name=campaign.name), "success")
                    return redirect(url_for(".index"))
            members = groups.members(connection)
        limited = request.form.get("who") == "groups" if request.method == "POST" else bool(held)
        return self.render(
            "screens/campaign_group.html", campaign=campaign, groups=every_group, chosen=chosen, limited=limited,
            members=members, error=error, named=named, may=sessions.may,
        )  # fmt: skip
