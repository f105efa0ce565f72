"""The dialog in which one phone or one client is blocked, or that block lifted (M106, M107, M199)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import flash, request
from flask_babel import gettext as _
from flask_babel import ngettext
from flask_login import current_user
from sqlalchemy import Connection

from app import clock
from app.admin.base import Screen
from app.auth import audit
from app.frame.languages import local_address

REASON_LENGTH = 1000


@dataclass(frozen=True)
class Subject:
    """What may be blocked: one phone or one client, as it stands now."""

    object_type: str  # phone or client
    object_id: int
    campaign_id: int
    title: str
    told: dict[str, Any]  # how the audit names it
    is_blocked: bool
    blocked_at: datetime | None
    blocked_by: str | None
    block_reason: str | None
    is_in_work: bool
    #: What else blocks it, which this dialog does not lift.
    held_by: str = ""


def dialog(
    screen: Screen, connection: Connection, subject: Subject, procedure: Callable[..., Any], otherwise: str
) -> Any:
    """Show the dialog, or do what it asks: `procedure` is contacts.phone_block or contacts.client_block.

    Goes back to the page that `next` names, or to `otherwise`.
    """
    back = local_address(request.values.get("next"), otherwise)
    reason = request.form.get("reason", "").strip()[:REASON_LENGTH]
    error = ""
    if request.method == "POST":
        is_blocked = request.form.get("is_blocked") == "1"
        if is_blocked and not reason:
            error = _("Say why.")
        else:
            _do(connection, subject, procedure, is_blocked, reason or None)
            return screen.leave_sheet(back)
    return screen.render_sheet(
        "screens/contact_block.html", subject=subject, back=back, reason=reason, error=error,
        reason_length=REASON_LENGTH,
    )  # fmt: skip


def _do(
    connection: Connection, subject: Subject, procedure: Callable[..., Any], is_blocked: bool, reason: str | None
) -> None:
    done = procedure(
        connection, subject.object_id, is_blocked, by=current_user.username, now=clock.now(), reason=reason
    )
    action = f"{subject.object_type}_{'block' if is_blocked else 'unblock'}"
    told = {"campaign_id": subject.campaign_id, **subject.told}
    audit.record(
        connection, action, subject.object_type, subject.object_id,
        before={**told, "is_blocked": subject.is_blocked, "reason": subject.block_reason},
        after={**told, "is_blocked": is_blocked, "reason": reason, "phones": done.phones_changed},
    )  # fmt: skip
    tell(is_blocked, done)


def tell(is_blocked: bool, done: Any) -> None:
    """Say how many phones a block or a lifting changed, and what becomes of those that the dialer holds."""
    if not is_blocked:
        flash(
            ngettext(
                "The block is lifted: %(num)s phone.", "The block is lifted: %(num)s phones.", done.phones_changed
            ),
            "success",
        )
        return
    said = ngettext("%(num)s phone is blocked.", "%(num)s phones are blocked.", done.phones_changed)
    if done.records_out:
        said += " " + ngettext(
            "%(num)s of them is at the dialer and comes back.", "%(num)s of them are at the dialer and come back.",
            done.records_out,
        )  # fmt: skip
    flash(said, "success")
