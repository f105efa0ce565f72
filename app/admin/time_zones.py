"""Time zones that clients, phones and campaigns may have (M16-M18): what they are called, and the time they keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, available_timezones

from flask import abort, flash, jsonify, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext, pgettext
from flask_wtf import FlaskForm
from sqlalchemy import Connection, func, insert, select, update

from app import clock
from app.admin import export
from app.admin.base import Screen
from app.admin.cache import ShortMemory
from app.admin.fields import TextField
from app.auth import audit, sessions
from app.database.web import db
from app.dictionaries import uses
from app.models.dictionary import TimeZone, TimeZoneOffset
from app.models.strategy import ARCHIVED, Campaign, DialClass
from app.zones import FAR_FUTURE, offset_rows

_phones = ShortMemory(30)


class ZoneForm(FlaskForm):
    code = TextField(lazy_gettext("Code of the IANA database"), 64)
    name = TextField(lazy_gettext("Name"), 200)


class TimeZonesScreen(Screen):
    """The list of zones with their offset now and its next change; a zone is added from the IANA database."""

    screen = "time_zones"
    group = "dictionaries"
    icon = "globe"
    help_page = "dictionaries"
    help_section = "time-zones"
    actions: ClassVar = {"index": "view", "export": "export", "create": "edit", "edit": "view", "switch": "edit"}

    @expose("/")
    def index(self) -> Any:
        wanted = request.args.get("q", "").strip()
        now = clock.now()
        with db.engine.connect() as connection:
            rows = connection.execute(_zones(now)).all()
            phones, campaigns = _uses(connection)
        return self.render(
            "screens/time_zones.html", rows=_shown(rows, wanted), total=len(rows), wanted=wanted, phones=phones,
            campaigns=campaigns, offset=offset_text, local=lambda row: _local(row, now), has_change=_has_change,
            may=sessions.may, editable=sessions.may(self.screen, "edit"),
        )  # fmt: skip

    @expose("/export.<export:kind>")
    def export(self, kind: str) -> Any:
        """The zones that are filtered, as CSV or Excel."""
        now = clock.now()
        with db.engine.connect() as connection:
            rows = connection.execute(_zones(now)).all()
            phones, campaigns = _uses(connection)
        headers = [
            _("Name"), _("Code"), _("Offset now"), _("Time there now"), _("Next change"), _("Campaigns by default"),
            _("Phones"), pgettext("dictionary", "On"),
        ]  # fmt: skip
        yes = _("yes")
        written = (
            [
                # The time there is a text: the file turns moments into the user's zone.
                row.name, row.code, offset_text(row.offset_minutes), _local(row, now),
                row.valid_to if _has_change(row) else None, campaigns.get(row.zone_id, 0), phones.get(row.zone_id, 0),
                yes if row.is_enabled else "",
            ]
            for row in _shown(rows, request.args.get("q", "").strip())
        )  # fmt: skip
        return export.send("time-zones", kind, headers, written)

    @expose("/new", methods=["GET", "POST"])
    def create(self) -> Any:
        form = ZoneForm()
        with db.engine.begin() as connection:
            known = {code.upper() for code in connection.scalars(select(TimeZone.code))}
            choices = sorted(zone for zone in available_timezones() if "/" in zone and zone.upper() not in known)
            if form.validate_on_submit():
                code = next((zone for zone in choices if zone.upper() == (form.code.data or "").upper()), None)
                if code is not None:
                    _add(connection, code, form.name.data or code)
                    flash(_("“%(name)s” is added.", name=form.name.data), "success")
                    return self.leave_sheet(url_for(".index"))
                taken = (form.code.data or "").upper() in known
                form.code.errors = [
                    _("The dictionary has this zone already.") if taken else _("The IANA database has no such zone.")
                ]
        return self.render_sheet("screens/time_zone_edit.html", form=form, row=None, choices=choices, editable=True)

    @expose("/<int:zone_id>", methods=["GET", "POST"])
    def edit(self, zone_id: int) -> Any:
        if request.method == "POST":
            sessions.require(self.screen, "edit")
        with db.engine.begin() as connection:
            row = _zone_or_404(connection, zone_id)
            form = ZoneForm(data={"name": row.name})
            del form.code
            if form.validate_on_submit():
                connection.execute(update(TimeZone).where(TimeZone.zone_id == zone_id).values(name=form.name.data))
                audit.record(
                    connection, "time_zone_change", "time_zone", zone_id, before={"code": row.code, "name": row.name},
                    after={"code": row.code, "name": form.name.data},
                )  # fmt: skip
                flash(_("“%(name)s” is saved.", name=form.name.data), "success")
                return self.leave_sheet(url_for(".index"))
            offsets = connection.execute(
                select(TimeZoneOffset.valid_from, TimeZoneOffset.valid_to, TimeZoneOffset.offset_minutes)
                .where(TimeZoneOffset.zone_id == zone_id, TimeZoneOffset.valid_to > clock.now())
                .order_by(TimeZoneOffset.valid_from)
                .limit(5)
            ).all()
        return self.render_sheet(
            "screens/time_zone_edit.html", form=form, row=row, offsets=offsets, offset=offset_text,
            editable=sessions.may(self.screen, "edit"), far=FAR_FUTURE,
        )  # fmt: skip

    @expose("/<int:zone_id>/switch", methods=["POST"])
    def switch(self, zone_id: int) -> Any:
        """Switch a zone; the body is JSON {"is_enabled": true}."""
        is_enabled = (request.get_json(silent=True) or {}).get("is_enabled")
        if not isinstance(is_enabled, bool):
            return jsonify(error=_("The request cannot be understood")), 400
        with db.engine.begin() as connection:
            row = _zone_or_404(connection, zone_id)
            connection.execute(update(TimeZone).where(TimeZone.zone_id == zone_id).values(is_enabled=is_enabled))
            audit.record(
                connection, "time_zone_switch", "time_zone", zone_id,
                before={"code": row.code, "is_enabled": row.is_enabled},
                after={"code": row.code, "is_enabled": is_enabled},
            )  # fmt: skip
        return jsonify(done=True)


def _uses(connection: Connection) -> tuple[dict[int, int], dict[int, int]]:
    """Of each zone: how many phones are dialled in it, and how many campaigns have it by default."""
    phones = _phones.get("phones", lambda: uses.phones_by(connection, DialClass.zone_id))
    by_default = connection.execute(
        select(Campaign.default_zone_id, func.count())
        .where(Campaign.state_id != ARCHIVED)
        .group_by(Campaign.default_zone_id)
    )
    return phones, {zone_id: count for zone_id, count in by_default}


def _shown(rows: Sequence[Any], wanted: str) -> list[Any]:
    text = wanted.casefold()
    return [row for row in rows if text in row.code.casefold() or text in row.name.casefold()]


def _local(row: Any, now: datetime) -> str:
    return (now + timedelta(minutes=row.offset_minutes or 0)).strftime("%d.%m.%Y %H:%M")


def _has_change(row: Any) -> bool:
    return row.valid_to is not None and row.valid_to < FAR_FUTURE


def offset_text(minutes: int | None) -> str:
    """UTC+03:00."""
    if minutes is None:
        return ""
    return f"UTC{'−' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"


def _zones(now: Any) -> Any:
    """All zones with the offset of now and until when it holds, west to east."""
    return (
        select(TimeZone.__table__, TimeZoneOffset.offset_minutes, TimeZoneOffset.valid_to)
        .outerjoin(
            TimeZoneOffset,
            (TimeZoneOffset.zone_id == TimeZone.zone_id)
            & (TimeZoneOffset.valid_from <= now)
            & (TimeZoneOffset.valid_to > now),
        )
        .order_by(TimeZoneOffset.offset_minutes, TimeZone.name)
    )


def _zone_or_404(connection: Connection, zone_id: int) -> Any:
    row = connection.execute(select(TimeZone.__table__).where(TimeZone.zone_id == zone_id)).one_or_none()
    return row if row is not None else abort(404)


def _add(connection: Connection, code: str, name: str) -> None:
    ZoneInfo(code)  # a broken file of the zone database is said before anything is written
    made = connection.execute(
        insert(TimeZone).values(code=code, code_key=code.upper(), name=name, is_enabled=True)
    ).inserted_primary_key
    zone_id = int(made[0])  # type: ignore[index]
    connection.execute(
        insert(TimeZoneOffset),
        [
            {"zone_id": zone_id, "valid_from": start, "valid_to": end, "offset_minutes": minutes}
            for start, end, minutes in offset_rows(code)
        ],
    )
    audit.record(connection, "time_zone_add", "time_zone", zone_id, after={"code": code, "name": name})
