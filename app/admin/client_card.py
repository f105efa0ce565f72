"""One client's card: its facts, its phones and why they are not dialled now, and all its history (M198)."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from flask import abort, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from sqlalchemy import Connection, text

from app import clock
from app.admin import campaign_data, client_history, client_search, reasons
from app.admin.base import Screen
from app.auth import sessions
from app.database import by_key
from app.database.web import db
from app.frame.languages import language

#: Phones of which the card says at once why they are not dialled; of further ones it is asked for.
MOST_EXPLAINED = 5


class ClientCardScreen(Screen):
    """The card of one client of a campaign."""

    screen = "clients"
    under = "campaigns"
    help_section = "the-card-of-a-client"
    actions: ClassVar = {"first": "view", "index": "view"}

    @expose("/")
    def first(self) -> Any:
        return redirect(url_for("clients.choose"))

    @expose("/<int:campaign_id>/<big:client_id>/")
    def index(self, campaign_id: int, client_id: int) -> Any:
        show = request.args.get("show", "")
        # Ended by a commit: the procedure that says why a phone is not dialled keeps its plans with the session.
        with db.engine.begin() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            card = _card_or_404(connection, campaign_id, client_id)
            __, phones = client_search.read(connection, [client_id])
            events, is_cut = client_history.read(connection, client_id)
            others = _others(connection, card)
            now = clock.now()
            told = {
                phone.phone_id: reasons.phone_reason(connection, phone.phone_id, now, language())
                for phone in phones[client_id][:MOST_EXPLAINED]
            }
        if show in client_history.KINDS:
            wanted = client_history.KINDS[show][1]
            events = [event for event in events if event.code in wanted]
        return self.render(
            "screens/client.html", campaign=campaign, card=card, phones=phones[client_id], told=told, others=others,
            events=events, is_cut=is_cut, most=client_history.MOST, show=show if show in client_history.KINDS else "",
            kinds={"": _("All"), **{code: _(name) for code, (name, __) in client_history.KINDS.items()}},
            attributes=_attributes(card.attributes), named=campaign_data.named,
            phone_statuses=campaign_data.phone_statuses(), processing=campaign_data.processing_names(),
            may=sessions.may,
        )  # fmt: skip


def _card_or_404(connection: Connection, campaign_id: int, client_id: int) -> Any:
    statement = text("SELECT c.* FROM contacts.client_card AS c WHERE c.client_id = :client_id")
    rows = by_key.read(connection, statement, {"client_id": client_id})
    return rows[0] if rows and rows[0].campaign_id == campaign_id else abort(404)


def _others(connection: Connection, card: Any) -> list[Any]:
    """The clients of the same person in other campaigns: client_id, client_code, campaign_id, campaign, status."""
    if card.person_id is None:
        return []
    known = {row.campaign_id for row in campaign_data.campaigns(connection)}
    rows = connection.execute(
        text(
            "SELECT c.client_id, c.client_code, c.campaign_id, k.name AS campaign, c.status_id, s.name AS status,"
            " s.name_en AS status_en, c.is_blocked"
            " FROM core.client AS c JOIN core.campaign AS k ON k.campaign_id = c.campaign_id"
            " JOIN core.client_status AS s ON s.status_id = c.status_id"
            " WHERE c.person_id = :person_id AND c.client_id <> :client_id ORDER BY k.code, c.client_id"
        ),
        {"person_id": card.person_id, "client_id": card.client_id},
    ).fetchmany(50)
    return [row for row in rows if row.campaign_id in known]


def _attributes(written: str | None) -> list[tuple[str, str]]:
    """The extended attributes (M172) by name."""
    if not written:
        return []
    try:
        values = json.loads(written)
    except ValueError:
        return [("", written)]
    return [(str(name), str(value)) for name, value in values.items()] if isinstance(values, dict) else [("", written)]
