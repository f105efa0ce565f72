"""The settings of one campaign beside its strategy: its name, how its dialer is reached (M193), its archive."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from flask import flash, redirect, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from flask_wtf import FlaskForm
from sqlalchemy import Connection, select, update
from wtforms import BooleanField, IntegerField, SelectField, StringField, ValidationError
from wtforms.validators import InputRequired, Length, NumberRange, Optional, Regexp

from app.admin import campaign_data, commands
from app.admin.base import Screen, attempt
from app.auth import audit, sessions
from app.database.web import db
from app.errors import ProcedureError
from app.models.dialing import Dialer
from app.models.dictionary import TimeZone
from app.models.strategy import Campaign
from app.procedures import dialing

_OWN = ("name", "one_call_per_person", "closing_margin_minutes", "restarts_on_reload")
_AT_DIALER = ("dialer_id", "dialer_campaign_name", "dialer_skill_groups", "dialer_number")


class CampaignSettingsForm(FlaskForm):
    name = StringField(lazy_gettext("Name"), [InputRequired(), Length(max=200)])
    dialer_id = SelectField(lazy_gettext("Dialer"))
    # Cisco takes no other letters in the name of a campaign (../dialer, cisco_name in jobs/dialer_sync.py).
    dialer_campaign_name = StringField(
        lazy_gettext("Campaign name in Dialer"),
        [Optional(), Regexp("^[A-Za-z0-9][A-Za-z0-9._]{0,31}$", message=lazy_gettext(
            "Cisco takes Latin letters, digits, points and underscores, at most 32."))],
    )  # fmt: skip
    dialer_skill_groups = StringField(lazy_gettext("Skill groups"), [Optional(), Length(max=200)])
    dialer_number = StringField(lazy_gettext("Number to dial from"), [Optional(), Length(max=64), Regexp(
        r"^[0-9*#]+$", message=lazy_gettext("Write digits only."))])  # fmt: skip
    one_call_per_person = BooleanField(lazy_gettext("One call per person at a time"))
    closing_margin_minutes = IntegerField(
        lazy_gettext("Hand nothing over before the end of the schedule, min"), [InputRequired(), NumberRange(0, 240)]
    )
    restarts_on_reload = BooleanField(lazy_gettext("A finished client that is loaded again starts anew"))

    def validate_dialer_skill_groups(self, field: Any) -> None:
        groups = [part.strip() for part in str(field.data or "").split(",") if part.strip()]
        if any(not re.fullmatch("[0-9]{1,9}", group) for group in groups):
            raise ValidationError(_("Write their numbers with commas between: 5001, 5002."))
        field.data = ", ".join(groups)


class CampaignSettingsScreen(Screen):
    """The settings of one campaign."""

    screen = "campaigns"
    under = "campaigns"
    help_section = "the-settings-of-a-campaign"
    actions: ClassVar = {"first": "view", "index": "view", "save": "edit", "archive": "archive", "unarchive": "archive"}

    @expose("/")
    def first(self) -> Any:
        return redirect(url_for("campaigns.index"))

    @expose("/<int:campaign_id>/")
    def index(self, campaign_id: int) -> Any:
        return self._show(campaign_id)

    @expose("/<int:campaign_id>/", methods=["POST"])
    def save(self, campaign_id: int) -> Any:
        return self._show(campaign_id)

    def _show(self, campaign_id: int) -> Any:
        with db.engine.connect() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            row = connection.execute(
                select(Campaign.__table__, TimeZone.name.label("zone_name"))
                .join(TimeZone, TimeZone.zone_id == Campaign.default_zone_id)
                .where(Campaign.campaign_id == campaign_id)
            ).one()
            form = _form_of(connection, row)
        if form.validate_on_submit() and self._saved(campaign_id, form):
            flash(_("Saved. The next block obeys it."), "success")
            return redirect(url_for(".index", campaign_id=campaign_id))
        return self.render(
            "screens/campaign_settings.html", campaign=campaign, row=row, form=form, may=sessions.may,
            editable=sessions.may("campaigns", "edit") and row.state_id != 3,
        )  # fmt: skip

    @expose("/<int:campaign_id>/archive", methods=["POST"])
    def archive(self, campaign_id: int) -> Any:
        attempt(
            lambda connection: commands.archive(connection, campaign_id),
            _("The campaign is in the archive. Its contacts and history stay."),
        )
        return redirect(url_for(".index", campaign_id=campaign_id))

    @expose("/<int:campaign_id>/unarchive", methods=["POST"])
    def unarchive(self, campaign_id: int) -> Any:
        attempt(
            lambda connection: commands.unarchive(connection, campaign_id),
            _("The campaign is back from the archive. It is stopped."),
        )
        return redirect(url_for(".index", campaign_id=campaign_id))

    def _saved(self, campaign_id: int, form: CampaignSettingsForm) -> bool:
        values: dict[str, Any] = {name: getattr(form, name).data for name in _OWN}
        values["name"] = str(values["name"]).strip()
        connected = {name: str(getattr(form, name).data or "").strip() or None for name in _AT_DIALER}
        wanted = {**values, **connected, "dialer_id": int(connected["dialer_id"]) if connected["dialer_id"] else None}
        try:
            with db.engine.begin() as connection:
                before = connection.execute(select(Campaign.__table__).where(Campaign.campaign_id == campaign_id)).one()
                dialing.campaign_connect(connection, campaign_id, **{name: wanted[name] for name in _AT_DIALER})
                connection.execute(update(Campaign).where(Campaign.campaign_id == campaign_id).values(**values))
                audit.record(
                    connection, "campaign_change", "campaign", campaign_id,
                    before={name: getattr(before, name) for name in wanted}, after=wanted,
                )  # fmt: skip
        except ProcedureError as error:
            field = form.dialer_campaign_name if error.number == 50124 else form.dialer_id
            field.errors = [_(error.message)]
            return False
        return True


def _form_of(connection: Connection, row: Any) -> CampaignSettingsForm:
    values = {name: getattr(row, name) for name in (*_OWN, *_AT_DIALER)}
    form = CampaignSettingsForm(**{**values, "dialer_id": str(row.dialer_id or "")})
    dialers = connection.execute(select(Dialer.dialer_id, Dialer.name, Dialer.is_enabled).order_by(Dialer.name)).all()
    form.dialer_id.choices = [
        ("", _("none: it is not dialled")),
        *[
            (str(dialer.dialer_id), dialer.name if dialer.is_enabled else _("%(name)s (off)", name=dialer.name))
            for dialer in dialers
        ],
    ]
    return form
