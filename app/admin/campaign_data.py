"""What screens read about campaigns: views and functions of sql/, a row as SQLAlchemy gives it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import pgettext
from sqlalchemy import Connection, text

from app.auth import campaign_access
from app.frame.languages import language


def named(row: Any, column: str = "name") -> str:
    """The name of a dictionary row in the language of the page."""
    english = getattr(row, f"{column}_en", None)
    return str(english if language() == "en" and english else getattr(row, column))


def campaign_states() -> dict[int, str]:
    """Names of state_id of core.campaign, «Статус кампании ACM» (M194)."""
    return {1: _("Stopped"), 2: _("Active"), 3: _("Archived")}


def dialer_state_name(state: str | None) -> str:
    """The name of a dialer_state, «Статус кампании Cisco» (M195)."""
    if not state:
        return _("not read yet")
    return {"enabled": _("Enabled"), "disabled": _("Disabled"), "missing": _("Not found")}.get(state, state)


def phone_statuses() -> dict[int, str]:
    """Names of phone_status_id of contacts.contact_list and contacts.client_phone (M130, M146)."""
    return {
        1: pgettext("phone", "Active"),
        2: _("Dialling attempts exhausted"),
        3: _("Blocked"),
        4: _("Do not call"),
    }


def processing_names() -> dict[int, str]:
    """Names of processing_id, «Тип обработки» (M201)."""
    return {1: _("Outbound"), 2: _("Callback"), 3: _("Personal callback")}


def campaigns(connection: Connection) -> Sequence[Any]:
    """The campaigns that the user of the request sees, by code. Columns: dialing.campaign_overview."""
    return connection.execute(
        text(
            "SELECT o.* FROM dialing.campaign_overview AS o"
            " JOIN access.campaign_visible(:user_id) AS v ON v.campaign_id = o.campaign_id ORDER BY o.code"
        ),
        {"user_id": campaign_access.viewer()},
    ).all()


def every_campaign(connection: Connection) -> Sequence[Any]:
    """All campaigns, for what is read once for many users. Who shows them picks those that the user sees."""
    return connection.execute(text("SELECT o.* FROM dialing.campaign_overview AS o ORDER BY o.code")).all()


def campaign_or_404(connection: Connection, campaign_id: int) -> Any:
    """One row of dialing.campaign_overview; answers 404 when there is none that the user sees."""
    row = connection.execute(
        text(
            "SELECT o.* FROM dialing.campaign_overview AS o"
            " JOIN access.campaign_visible(:user_id) AS v ON v.campaign_id = o.campaign_id"
            " WHERE o.campaign_id = :campaign_id"
        ),
        {"campaign_id": campaign_id, "user_id": campaign_access.viewer()},
    ).one_or_none()
    return row if row is not None else abort(404)


def monitor(connection: Connection, campaign_id: int, now: datetime) -> Any:
    """The row of dialing.campaign_monitor; answers 404 when there is no such campaign."""
    row = connection.execute(
        text("SELECT m.* FROM dialing.campaign_monitor(:campaign_id, :now) AS m"),
        {"campaign_id": campaign_id, "now": now},
    ).one_or_none()
    return row if row is not None else abort(404)


def strategy_preview(connection: Connection, campaign_id: int, version_id: int, now: datetime) -> Any:
    """The row of strategy.preview: phones that a version would open and close, were it in force."""
    return connection.execute(
        text("SELECT p.* FROM strategy.preview(:campaign_id, :version_id, :now) AS p"),
        {"campaign_id": campaign_id, "version_id": version_id, "now": now},
    ).one()


def segments(connection: Connection, campaign_id: int) -> Sequence[Any]:
    """Segments of a campaign by code. Columns: contacts.segment_overview."""
    return connection.execute(
        text(
            "SELECT s.segment_id, s.code, s.name, s.is_enabled, s.is_blocked, s.clients, s.clients_active,"
            " s.blocked_at, s.blocked_by, s.block_reason"
            " FROM contacts.segment_overview AS s WHERE s.campaign_id = :campaign_id ORDER BY s.code"
        ),
        {"campaign_id": campaign_id},
    ).all()


def clients_by_status(connection: Connection, campaign_id: int) -> Sequence[Any]:
    """Every client status with the clients that have it now: status_id, code, name, name_en, clients."""
    return connection.execute(
        text(
            "SELECT s.status_id, s.code, s.name, s.name_en, COALESCE(n.clients, 0) AS clients"
            " FROM core.client_status AS s LEFT JOIN ("
            "SELECT c.status_id, CAST(SUM(c.clients) AS int) AS clients FROM contacts.client_status_count AS c"
            " WHERE c.campaign_id = :campaign_id GROUP BY c.status_id"
            ") AS n ON n.status_id = s.status_id ORDER BY s.status_id"
        ),
        {"campaign_id": campaign_id},
    ).all()


def results(connection: Connection, campaign_id: int, begin: datetime, end: datetime) -> Sequence[Any]:
    """Attempts that ended after `begin` and up to `end`, by technical result, the most frequent first."""
    return connection.execute(
        text(
            "SELECT r.code, r.name, r.name_en, r.is_contact, r.attempts"
            " FROM dialing.campaign_result(:campaign_id, :begin, :end) AS r ORDER BY r.attempts DESC, r.code"
        ),
        {"campaign_id": campaign_id, "begin": begin, "end": end},
    ).all()


def pace(connection: Connection, campaign_id: int, minutes: int, end: datetime) -> list[tuple[int, int]]:
    """Attempts and contacts of each of the last whole `minutes` before `end`, the oldest first."""
    begin = end - timedelta(minutes=minutes)
    rows = connection.execute(
        text("SELECT p.minute_no, p.attempts, p.contacts FROM dialing.campaign_pace(:campaign_id, :begin, :end) AS p"),
        {"campaign_id": campaign_id, "begin": begin, "end": end},
    )
    found = {row.minute_no: (int(row.attempts), int(row.contacts)) for row in rows}
    return [found.get(minute, (0, 0)) for minute in range(minutes)]
