"""Contacts of a campaign (M118-M134): found by filters that an index serves, paged by key, exported as filtered."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from flask import abort, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_login import current_user
from sqlalchemy import text

from app import clock
from app.admin import blocking, campaign_data, contact_search, export, reasons
from app.admin.campaign_screen import CampaignScreen
from app.admin.contact_search import Filters
from app.auth import audit, sessions
from app.database import by_key
from app.database.web import db
from app.frame import inputs
from app.frame.formats import moment
from app.frame.languages import language, local_address
from app.procedures import contacts

SIZES = (50, 100, 200)


class ContactsScreen(CampaignScreen):
    """The list of one campaign; without one, the campaign has to be chosen."""

    screen = "contacts"
    group = "campaigns"
    icon = "users"
    help_section = "finding-contacts"
    actions: ClassVar = {"choose": "view", "index": "view", "export": "export", "block": "block", "explain": "view"}

    @expose("/<int:campaign_id>/")
    def index(self, campaign_id: int) -> Any:
        filters = Filters.of(request.args)
        size = next((one for one in SIZES if str(one) == request.args.get("size")), SIZES[0])
        with db.engine.connect() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            page = contact_search.find(connection, campaign_id, filters, request.args.get("after", "")[:120], size)
            segments = campaign_data.segments(connection, campaign_id)
            statuses = campaign_data.clients_by_status(connection, campaign_id)
            results = _results(connection)
            total = contact_search.count(connection, campaign_id)
        arguments = inputs.kept("number", "code", "segment", "status", "result", "size")
        return self.render(
            "screens/contacts.html", campaign=campaign, page=page, filters=filters, segments=segments,
            statuses=statuses, results=results, total=total, phone_statuses=campaign_data.phone_statuses(),
            size=size, sizes=SIZES, named=campaign_data.named, may=sessions.may, is_first="after" not in request.args,
            first_url=url_for(".index", campaign_id=campaign_id, **arguments),
            next_url=page.next_key and url_for(".index", campaign_id=campaign_id, **arguments, after=page.next_key),
            export_arguments={name: value for name, value in arguments.items() if name != "size"},
        )  # fmt: skip

    @expose("/<int:campaign_id>/phones/<big:phone_id>/block", methods=["GET", "POST"])
    def block(self, campaign_id: int, phone_id: int) -> Any:
        """Exclude a phone from dialling, or lift its block."""
        with db.engine.begin() as connection:
            campaign_data.campaign_or_404(connection, campaign_id)
            phone = _phone_or_404(connection, campaign_id, phone_id)
            subject = blocking.Subject(
                "phone", phone_id, campaign_id, _("Exclusion of the contact %(number)s", number=phone.number),
                {"number": phone.number, "client_code": phone.client_code}, bool(phone.is_blocked), phone.blocked_at,
                phone.blocked_by, phone.block_reason, bool(phone.is_in_work), _number_block(phone),
            )  # fmt: skip
            return blocking.dialog(
                self, connection, subject, contacts.phone_block, url_for(".index", campaign_id=campaign_id)
            )

    @expose("/<int:campaign_id>/phones/<big:phone_id>/explain")
    def explain(self, campaign_id: int, phone_id: int) -> Any:
        """Why a phone is, or is not, dialled now."""
        with db.engine.connect() as connection:
            phone = _phone_or_404(connection, campaign_id, phone_id)
            told = reasons.explain_phone(connection, phone_id, clock.now(), language())
        back = local_address(request.args.get("next"), url_for(".index", campaign_id=campaign_id))
        return self.render_sheet("screens/phone_explain.html", phone=phone, told=told or abort(404), back=back)

    @expose("/<int:campaign_id>/export.<export:kind>")
    def export(self, campaign_id: int, kind: str) -> Any:
        """What is filtered, as CSV or Excel, up to a million rows."""
        filters = Filters.of(request.args)
        with db.engine.begin() as connection:
            campaign = campaign_data.campaign_or_404(connection, campaign_id)
            audit.record(
                connection, "contacts_export", "campaign", campaign_id, after={"kind": kind, **_told(filters)},
                username=current_user.username,
            )  # fmt: skip
        return export.send(f"contacts-{campaign.code}", kind, _headers(), _rows(campaign_id, filters))


def _number_block(phone: Any) -> str:
    """Who blocked the number in all campaigns, when and why; empty where nobody did."""
    if phone.number_blocked_at is None:
        return ""
    told = _(
        "The number is blocked in all campaigns by %(by)s, %(at)s.",
        by=phone.number_blocked_by, at=moment(phone.number_blocked_at),
    )  # fmt: skip
    return f"{told} {phone.number_block_reason or ''}".strip()


def _phone_or_404(connection: Any, campaign_id: int, phone_id: int) -> Any:
    """A phone of the campaign with what blocks it, and the form number of its client."""
    rows = by_key.read(
        connection,
        text(
            "SELECT p.phone_id, p.client_id, p.number, p.is_blocked, p.blocked_at, p.blocked_by, p.block_reason,"
            " p.number_blocked_at, p.number_blocked_by, p.number_block_reason, p.is_in_work, c.client_code"
            " FROM contacts.client_phone AS p"
            " JOIN core.client AS c ON c.client_id = p.client_id"
            " WHERE p.phone_id = :phone_id AND p.campaign_id = :campaign_id"
        ),
        {"phone_id": phone_id, "campaign_id": campaign_id},
    )
    return rows[0] if rows else abort(404)


def _results(connection: Any) -> Any:
    return connection.execute(
        text(
            "SELECT t.technical_result_id, t.code, t.name, t.name_en FROM core.technical_result AS t"
            " WHERE t.is_enabled = 1 ORDER BY t.sort_order, t.code"
        )
    ).all()


def _headers() -> list[str]:
    """Names of the columns (M118-M133), in their order."""
    return [
        _("Phone loaded at"), _("Phone"), _("Type"), _("Form number"), _("Client status"), _("Segment"),
        _("Result of the last call (Dialer)"), _("Result of the last call (agent, level 1)"),
        _("Result of the last call (agent, level 2)"), _("Last call at"), _("Callback"), _("Attempts"),
        _("Phone status"), _("Dialling postponed until"), _("In work"), _("Do not call after"),
    ]  # fmt: skip


def _rows(campaign_id: int, filters: Filters) -> Iterator[list[Any]]:
    """Rows of an export; moments are datetimes in UTC, which the writer turns into the user's zone."""
    english = "_en" if language() == "en" else ""
    phone_statuses = campaign_data.phone_statuses()
    yes = _("yes")
    with db.engine.connect() as connection:
        for row in export.paged(lambda key: contact_search.find(connection, campaign_id, filters, key, export.PAGE)):
            yield [
                row.loaded_at, row.number, row.type_code, row.client_code, getattr(row, f"client_status{english}"),
                row.segment_code, getattr(row, f"technical_result{english}"),
                getattr(row, f"agent_result_1{english}"), getattr(row, f"agent_result_2{english}"),
                row.last_attempt_at, row.callback_at, row.attempts, phone_statuses[row.phone_status_id],
                row.postponed_until, yes if row.is_in_work else "", row.do_not_call_after,
            ]  # fmt: skip


def _told(filters: Filters) -> dict[str, Any]:
    return {name: value for name, value in vars(filters).items() if value not in (None, "")}
