"""What a person does to a running campaign: each is a procedure, and a row in the audit, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from flask_login import current_user
from sqlalchemy import Connection, insert, text, update
from sqlalchemy.exc import IntegrityError

from app import clock
from app.admin import campaign_data
from app.auth import audit
from app.models.strategy import Segment
from app.procedures import contacts, dialing, ops

_BLOCK_KINDS = {1: "all", 2: "by_load"}
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


def archive(connection: Connection, campaign_id: int) -> None:
    """Put a campaign away that is done. ProcedureError while it is active or the dialer holds contacts of it."""
    _change_archive(connection, campaign_id, contacts.campaign_archive, "campaign_archive", "archived")


def unarchive(connection: Connection, campaign_id: int) -> None:
    """Take a campaign out of the archive; it is stopped."""
    _change_archive(connection, campaign_id, contacts.campaign_unarchive, "campaign_unarchive", "stopped")


def _change_archive(
    connection: Connection, campaign_id: int, change: Callable[[Connection, int], None], action: str, state: str
) -> None:
    before = campaign_data.campaign_or_404(connection, campaign_id)
    change(connection, campaign_id)
    audit.record(
        connection, action, "campaign", campaign_id, after={"code": before.code, "state": state},
        before={"code": before.code, "state": _STATES[before.state_id]},
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


def add_segment(connection: Connection, campaign_id: int, code: str, name: str | None) -> bool:
    """Add a segment to a campaign. False when the campaign has one with this code already."""
    try:
        with connection.begin_nested():
            segment_id = connection.execute(
                insert(Segment)
                .values(campaign_id=campaign_id, code=code, code_key=code.upper(), name=name, created_at=clock.now())
                .returning(Segment.segment_id)
            ).scalar_one()
    except IntegrityError:
        return False
    audit.record(
        connection, "segment_add", "segment", segment_id,
        after={"campaign_id": campaign_id, "code": code, "name": name},
    )  # fmt: skip
    return True


def rename_segment(connection: Connection, campaign_id: int, segment: Any, name: str | None) -> None:
    """Give a segment another name; its code stays, since loads name it by that."""
    connection.execute(update(Segment).where(Segment.segment_id == segment.segment_id).values(name=name))
    audit.record(
        connection, "segment_change", "segment", segment.segment_id,
        before={"campaign_id": campaign_id, "code": segment.code, "name": segment.name},
        after={"campaign_id": campaign_id, "code": segment.code, "name": name},
    )  # fmt: skip


def move_phones(connection: Connection, campaign_id: int, target: Any, phones: Sequence[Any]) -> Any:
    """Move phones of a campaign to the campaign `target`. Row: phones_moved, phones_left."""
    source = campaign_data.campaign_or_404(connection, campaign_id)
    done = contacts.phone_move(
        connection, [phone.phone_id for phone in phones], target.campaign_id,
        by=current_user.username, now=clock.now(),
    )  # fmt: skip
    numbers = [phone.number for phone in phones]
    audit.record(
        connection, "phone_move", "campaign", campaign_id,
        before={"campaign": source.code, "phones": numbers},
        after={"campaign": target.code, "moved": done.phones_moved, "left": done.phones_left},
    )  # fmt: skip
    return done


def block_segment(
    connection: Connection,
    campaign_id: int,
    segment: Any,
    kind_id: int,
    is_blocked: bool,
    reason: str | None,
    loaded_from: datetime | None = None,
    loaded_to: datetime | None = None,
) -> Any:
    """Block clients of a segment or lift that. Row: phones_changed, records_out, run_requested."""
    done = contacts.segment_block(
        connection, campaign_id, segment.segment_id, kind_id, is_blocked,
        by=current_user.username, now=clock.now(), reason=reason, loaded_from=loaded_from, loaded_to=loaded_to,
    )  # fmt: skip
    told = {"campaign_id": campaign_id, "code": segment.code, "kind": _BLOCK_KINDS[kind_id]}
    if kind_id != 1:
        told |= {"loaded_from": loaded_from, "loaded_to": loaded_to}
    audit.record(
        connection, "segment_block" if is_blocked else "segment_unblock", "segment", segment.segment_id,
        before={**told, "is_blocked": bool(segment.is_blocked) if kind_id == 1 else not is_blocked},
        after={**told, "is_blocked": is_blocked, "reason": reason, "phones": done.phones_changed},
    )  # fmt: skip
    return done
