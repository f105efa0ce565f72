"""«Кампании / <campaign> / Список клиентов» (M204-M210): clients with their phones, blocked and moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import Connection, bindparam, text

from app.admin import blocking, campaign_data, client_search, commands, contact_search, export
from app.admin.campaign_screen import CampaignScreen
from app.admin.pages import Page
from app.auth import audit, sessions
from app.database.web import db
from app.errors import ProcedureError
from app.frame import inputs
from app.frame.languages import language
from app.procedures import contacts

SIZE = 50
#: Phones that one move takes at most.
MOST_MOVED = 1000


class ClientsScreen(CampaignScreen):
    """The clients of one campaign."""

    screen = "clients"
    under = "campaigns"
    help_section = "clients-and-their-phones"
    actions: ClassVar = {"choose": "view", "index": "view", "export": "export", "block": "block", "move": "move"}

    @expose("/<int:campaign_id>/")
    def index(self, campaign_id: int) -> Any:
        with db.engine.connect() as connection:
            return self._show(connection, campaign_id)

    @expose("/<int:campaign_id>/export.<export:kind>")
    def export(self, campaign_id: int, kind: str) -> Any:
        """The phones of the clients that are found, as CSV or Excel, up to a million rows."""
        wanted = _wanted()
        with db.engine.begin() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            told = {"kind": kind, "wanted": wanted} if wanted else {"kind": kind}
            audit.record(connection, "clients_export", "campaign", campaign_id, after=told)
        headers = [
            _("Client loaded at"), _("Form number"), _("ID in CRM"), _("Last name"), _("First name"), _("Middle name"),
            _("Client status"), _("Block of the client"), _("Phone"), _("Type"), _("Result of the call"),
            _("Kind of processing"), _("Phone status"), _("In work"), _("Block of the phone"),
        ]  # fmt: skip
        return export.send(f"clients-{campaign.code}", kind, headers, _lines(campaign_id, wanted))

    @expose("/<int:campaign_id>/<big:client_id>/block", methods=["GET", "POST"])
    def block(self, campaign_id: int, client_id: int) -> Any:
        """Block a client with all of its phones, or lift that."""
        with db.engine.begin() as connection:
            campaign_data.campaign_or_404(connection, campaign_id)
            clients, phones = client_search.read(connection, [client_id])
            if not clients or clients[0].campaign_id != campaign_id:
                abort(404)
            client = clients[0]
            subject = blocking.Subject(
                "client", client_id, campaign_id, _("Blocking of the client %(code)s", code=client.client_code),
                {"client_code": client.client_code}, bool(client.is_blocked), client.blocked_at, client.blocked_by,
                client.block_reason, any(phone.is_in_work for phone in phones[client_id]),
            )  # fmt: skip
            return blocking.dialog(
                self, connection, subject, contacts.client_block, url_for(".index", campaign_id=campaign_id)
            )

    @expose("/<int:campaign_id>/move", methods=["POST"])
    def move(self, campaign_id: int) -> Any:
        """Move the phones that are ticked to another campaign."""
        chosen = [one for one in map(inputs.big, request.form.getlist("phone")) if one is not None]
        target_id = request.form.get("campaign", "")
        with db.engine.begin() as connection:
            phones = _phones_of(connection, campaign_id, chosen[:MOST_MOVED])
            target = next((row for row in _targets(connection, campaign_id) if str(row.campaign_id) == target_id), None)
            error = ""
            if not chosen:
                error = _("Tick the phones that are to be moved.")
            elif len(chosen) > MOST_MOVED:
                error = _("At most %(count)s phones are moved at once.", count=MOST_MOVED)
            elif target is None:
                error = _("Choose the campaign.")
            elif len(phones) < len(chosen):
                error = _("Some of these phones are not in this campaign any more. Look at the list again.")
            if error or target is None:
                return self._show(connection, campaign_id, error=error, chosen=set(chosen), target_id=target_id)
        try:
            with db.engine.begin() as connection:
                done = commands.move_phones(connection, campaign_id, target, phones)
        except ProcedureError as refusal:
            flash(_(refusal.message), "error")
        else:
            _tell_moved(done, f"[{target.code}] {target.name}")
        return redirect(url_for(".index", campaign_id=campaign_id, **_place()))

    def _show(
        self,
        connection: Connection,
        campaign_id: int,
        *,
        error: str = "",
        chosen: set[int] | None = None,
        target_id: str = "",
    ) -> Any:
        wanted = _wanted()
        campaign = campaign_data.campaign_or_404(connection, campaign_id)
        page = client_search.find(connection, campaign_id, wanted, request.args.get("after", "")[:120], SIZE)
        return self.render(
            "screens/clients.html", campaign=campaign, page=page, wanted=wanted, may=sessions.may,
            total=contact_search.count(connection, campaign_id), targets=_targets(connection, campaign_id),
            processing=campaign_data.processing_names(), phone_statuses=campaign_data.phone_statuses(), error=error,
            chosen=chosen or set(), target_id=target_id, place=_place(), is_first="after" not in request.args,
            export_arguments={"campaign_id": campaign_id, **inputs.kept("q")},
            first_url=url_for(".index", campaign_id=campaign_id, q=wanted or None),
            next_url=page.next_key
            and url_for(".index", campaign_id=campaign_id, q=wanted or None, after=page.next_key),
        )  # fmt: skip


def _wanted() -> str:
    """The text of the search."""
    return request.args.get("q", "").strip()[:64]


def _lines(campaign_id: int, wanted: str) -> Iterator[list[Any]]:
    """A line for each phone, with its client; one for a client without phones."""
    english = "_en" if language() == "en" else ""
    processing, phone_statuses = campaign_data.processing_names(), campaign_data.phone_statuses()
    yes = _("yes")

    def page(key: str) -> Page:
        found = client_search.find(connection, campaign_id, wanted, key, export.PAGE)
        rows = [(one, phone) for one in found.clients for phone in found.phones[one.client_id] or [None]]
        return Page(rows, found.next_key)

    with db.engine.connect() as connection:
        for client, phone in export.paged(page):
            told: list[Any] = [
                client.loaded_at, client.client_code, client.crm_id, client.last_name, client.first_name,
                client.middle_name, getattr(client, f"status{english}"), yes if client.is_blocked else "",
            ]  # fmt: skip
            if phone is None:
                yield told + [None] * 7  # a file has as many cells in each line
                continue
            yield [
                *told, phone.number, getattr(phone, f"type_name{english}"),
                getattr(phone, f"technical_result{english}"), processing[phone.processing_id],
                phone_statuses[phone.phone_status_id], yes if phone.is_in_work else "",
                yes if phone.is_blocked else "",
            ]  # fmt: skip


def _tell_moved(done: Any, campaign: str) -> None:
    """Say how many phones were moved, and how many could not be."""
    if done.phones_moved:
        flash(
            ngettext(
                "%(num)s phone is moved to %(campaign)s.", "%(num)s phones are moved to %(campaign)s.",
                done.phones_moved, campaign=campaign,
            ),
            "success",
        )  # fmt: skip
    if done.phones_left:
        flash(
            ngettext(
                "%(num)s phone stays: it is at the dialer. Move it when its call is over.",
                "%(num)s phones stay: they are at the dialer. Move them when their calls are over.",
                done.phones_left,
            ),
            "warning",
        )


def _place() -> dict[str, Any]:
    """Where in the list the page is."""
    return {name: request.args[name][:120] for name in ("q", "after") if request.args.get(name)}


def _targets(connection: Connection, campaign_id: int) -> list[Any]:
    """Campaigns that phones may be moved to."""
    return [row for row in campaign_data.campaigns(connection) if row.state_id != 3 and row.campaign_id != campaign_id]


def _phones_of(connection: Connection, campaign_id: int, ids: list[int]) -> list[Any]:
    """The phones among the ids that the campaign has: phone_id, number."""
    if not ids:
        return []
    return list(
        connection.execute(
            text(
                "SELECT p.phone_id, p.number FROM core.phone AS p"
                " WHERE p.phone_id IN :ids AND p.campaign_id = :campaign_id ORDER BY p.phone_id"
            ).bindparams(bindparam("ids", expanding=True)),
            {"ids": ids, "campaign_id": campaign_id},
        )
    )
