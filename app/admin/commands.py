"""What a person does to a running campaign: each is a procedure, and a row in the audit, in one transaction."""

from __future__ import annotations

from typing import Any

from flask_login import current_user
from sqlalchemy import Connection, text

from app import clock
from app.admin import campaign_data
from app.auth import audit
from app.procedures import contacts, dialing, ops

_STATES = {1: "stopped", 2: "active", 3: "archived"}


def start(connection: Connection, campaign_id: int) -> None:
    """Start a campaign. Raises ProcedureError when it cannot be started."""
    _change_state(connection, campaign_id, "start")


def stop(connection: Connection, campaign_id: int) -> None:
    """Stop a campaign: no more blocks go out; what is out stays out until the queue is cleared."""
    _change_state(connection, campaign_id, "stop")


def _change_state(connection: Connection, campaign_id: int, action: str) -> None:
    before = campaign_data.campaign_or_404(connection, campaign_id)
    change = dialing.campaign_start if action == "start" else dialing.campaign_stop
    change(connection, campaign_id, clock.now())
    after = campaign_data.campaign_or_404(connection, campaign_id)
    audit.record(
        connection, f"campaign_{action}", "campaign", campaign_id,
        before={"code": before.code, "state": _STATES[before.state_id]},
        after={"code": after.code, "state": _STATES[after.state_id]},
    )  # fmt: skip


def clear_queue(connection: Connection, campaign_id: int) -> int:
    """Ask for the queue of a campaign to be cleared; a worker tells the dialer and takes the contacts back.

    Returns how many contacts are out now.
    """
    row = campaign_data.campaign_or_404(connection, campaign_id)
    ops.run_request(connection, "queue_clear", current_user.username, campaign_id)
    audit.record(
        connection, "queue_clear", "campaign", campaign_id, before={"code": row.code, "contacts": row.records_out}
    )
    return int(row.records_out)


def switch_segment(connection: Connection, campaign_id: int, segment_id: int, is_enabled: bool) -> None:
    """Switch a segment on or off. Raises ProcedureError when the campaign has no such segment."""
    before: Any = connection.execute(
        text("SELECT s.code, s.is_enabled FROM core.segment AS s WHERE s.segment_id = :segment_id"),
        {"segment_id": segment_id},
    ).one_or_none()
    contacts.segment_switch(connection, campaign_id, segment_id, is_enabled)
    assert before is not None  # noqa: S101 - the procedure refused otherwise
    audit.record(
        connection, "segment_switch", "segment", segment_id,
        before={"campaign_id": campaign_id, "code": before.code, "is_enabled": bool(before.is_enabled)},
        after={"campaign_id": campaign_id, "code": before.code, "is_enabled": is_enabled},
    )  # fmt: skip
