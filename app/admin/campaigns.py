"""The list of campaigns: state, queue, active contacts; start and stop; a new campaign, and a copy of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, pgettext
from flask_login import current_user
from flask_wtf import FlaskForm
from sqlalchemy import Connection, select
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from app import clock
from app.admin import campaign_data, commands, export
from app.admin.base import Screen, attempt
from app.auth import audit, sessions
from app.campaigns import create_campaign, read_strategy
from app.database.web import db
from app.frame import inputs
from app.frame.languages import local_address
from app.models.dictionary import TimeZone
from app.models.strategy import Campaign
from app.settings import get_settings

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


#: What a copy of a campaign takes over besides its strategy. How its dialer is reached is set for each campaign.
_COPIED = ("one_call_per_person", "closing_margin_minutes", "restarts_on_reload")


@dataclass(frozen=True)
class Filters:
    """Which campaigns the list shows, and in which order."""

    wanted: str
    state: str
    sort: str
    desc: bool

    @classmethod
    def of(cls, values: Any) -> Filters:
        """What the address says; what it cannot mean is left out."""
        state, sort = values.get("state", ""), values.get("sort", "")
        return cls(
            values.get("q", "").strip(), state if state in _STATES else "", sort if sort in _SORTS else "code",
            bool(values.get("desc")),
        )  # fmt: skip

    def shown(self, rows: Sequence[Any]) -> list[Any]:
        """Those of the rows that are shown, in their order; archived ones only when asked for."""
        text = self.wanted.casefold()
        found = [row for row in rows if text in f"{row.code} {row.name} {row.dialer_campaign_name}".casefold()]
        if self.state:
            found = [row for row in found if row.state_id == _STATES[self.state]]
        else:
            found = [row for row in found if row.state_id != _STATES["archived"]]
        return sorted(found, key=_SORTS[self.sort], reverse=self.desc)


class CampaignForm(FlaskForm):
    code = StringField(lazy_gettext("Code"), [InputRequired(), Length(max=64)])
    name = StringField(lazy_gettext("Name"), [InputRequired(), Length(max=200)])
    zone = SelectField(lazy_gettext("Time zone"), [InputRequired()])


class CampaignsScreen(Screen):
    """All campaigns, archived ones when asked for. There are tens of them, so that the list has no pages."""

    screen = "campaigns"
    group = "campaigns"
    icon = "phone-outgoing"
    help_page = "strategy"
    actions: ClassVar = {
        "index": "view", "export": "export", "create": "create", "clone": "create", "start": "start", "stop": "stop",
    }  # fmt: skip

    @expose("/")
    def index(self) -> Any:
        filters = Filters.of(request.args)
        with db.engine.connect() as connection:
            rows = campaign_data.campaigns(connection)
        return self.render(
            "screens/campaigns.html", campaigns=filters.shown(rows), total=len(rows), wanted=filters.wanted,
            state=filters.state, sort=filters.sort, desc=filters.desc, may=sessions.may,
            arguments=inputs.kept("q", "state", "sort", "desc"),
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The campaigns that are filtered, as CSV or Excel."""
        with db.engine.connect() as connection:
            rows = campaign_data.campaigns(connection)
        states = campaign_data.campaign_states()
        headers = [
            _("Code"), _("Name"), _("ACM status"), _("Cisco status"), _("Campaign name in Dialer"), _("In the queue"),
            _("Queue depth"), _("Block size"), pgettext("clients", "Active"), _("Success"), _("All clients"),
            _("Started at"),
        ]  # fmt: skip
        written = (
            [
                row.code, row.name, states[row.state_id], campaign_data.dialer_state_name(row.dialer_state),
                row.dialer_campaign_name, row.records_out, row.queue_depth, row.block_size, row.clients_active,
                row.clients_success, row.clients, row.started_at,
            ]
            for row in Filters.of(request.args).shown(rows)
        )  # fmt: skip
        return export.send("campaigns", kind, headers, written)

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        """A stopped campaign. Its strategy is given next, in the form of the strategy."""
        return self._create(None)

    @expose("/<int:campaign_id>/clone", methods=["GET", "POST"])
    def clone(self, campaign_id: int) -> Any:
        """A stopped campaign with the strategy of another one; clients and segments are not copied."""
        with db.engine.connect() as connection:
            source = connection.execute(
                select(Campaign.__table__, TimeZone.code.label("zone"))
                .join(TimeZone, TimeZone.zone_id == Campaign.default_zone_id)
                .where(Campaign.campaign_id == campaign_id)
            ).one_or_none()
        return self._create(source if source is not None else abort(404))

    def _create(self, source: Any) -> Any:
        zone = source.zone if source is not None else get_settings().time_zone
        form = CampaignForm(zone=zone, name=source.name if source is not None else None)
        with db.engine.begin() as connection:
            form.zone.choices = [
                (row.code, f"{row.name} · {row.code}")
                for row in connection.execute(select(TimeZone.__table__).order_by(TimeZone.zone_id))
                if row.is_enabled or row.code == zone
            ]
            if form.validate_on_submit():
                campaign_id = self._created(connection, form, source)
                if campaign_id is not None:
                    return redirect(url_for("strategy.index", campaign_id=campaign_id))
        return self.render("screens/campaign.html", form=form, source=source)

    def _created(self, connection: Connection, form: CampaignForm, source: Any) -> int | None:
        """Make the campaign; None where its code is taken."""
        code = str(form.code.data).strip()
        if not code:
            form.code.errors = [_("Fill this in.")]
            return None
        if connection.scalar(select(Campaign.campaign_id).where(Campaign.code_key == code.upper())) is not None:
            form.code.errors = [_("There is a campaign with this code already.")]
            return None
        strategy, copied = None, {}
        if source is not None:
            copied = {name: getattr(source, name) for name in _COPIED}
            if source.strategy_version_id is not None:
                strategy = read_strategy(connection, source.strategy_version_id)
        values = {"code": code, "name": str(form.name.data).strip(), "zone_code": str(form.zone.data)}
        campaign_id = create_campaign(
            connection, **values, strategy=strategy, created_by=current_user.username, now=clock.now(),
            reason=None if source is None else _("Copy of the campaign %(code)s", code=source.code), **copied,
        )  # fmt: skip
        audit.record(
            connection, "campaign_create" if source is None else "campaign_clone", "campaign", campaign_id,
            after=values if source is None else {**values, "copy_of": source.code},
        )  # fmt: skip
        flash(_("The campaign %(name)s is created. It is stopped.", name=values["name"]), "success")
        return campaign_id

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
