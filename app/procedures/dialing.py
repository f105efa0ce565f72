"""Procedures of the schema dialing: blocks, results, callbacks, start and stop. All moments are naive UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, text

from app.database.procedure import call

_PHONE_EXPLAIN = text(
    "SELECT e.rule_no, e.step_no, e.rule_code, e.is_passed, e.passes_at, e.detail"
    " FROM dialing.phone_explain(:phone_id, :now) AS e ORDER BY e.rule_no, e.step_no"
)


def block_take(connection: Connection, campaign_id: int, now: datetime) -> Sequence[Any]:
    """Take the next block of a campaign.

    Rows: block_id, position, record_key, number, first_name, last_name, offset_minutes (to add to UTC), processing_id;
    none when the queue is full or nothing may be dialled. The records are out once the transaction commits.
    """
    return call(connection, "dialing.block_take", campaign_id=campaign_id, now=now)


def block_read(connection: Connection, block_id: int, now: datetime) -> Sequence[Any]:
    """The records of a block that are still out, with the columns of block_take."""
    return call(connection, "dialing.block_read", block_id=block_id, now=now)


def block_send(connection: Connection, block_id: int, now: datetime) -> None:
    """Mark a taken block as sent, before the request goes out. ProcedureError 50002 when it was sent before."""
    call(connection, "dialing.block_send", block_id=block_id, now=now)


def block_confirm(connection: Connection, block_id: int, now: datetime) -> None:
    """Mark a sent block as accepted by the dialer."""
    call(connection, "dialing.block_confirm", block_id=block_id, now=now)


def block_fail(connection: Connection, block_id: int, message: str, now: datetime) -> None:
    """Close a block that the dialer surely does not have; its records come back."""
    call(connection, "dialing.block_fail", block_id=block_id, message=message[:1000], now=now)


def block_recall(connection: Connection, campaign_id: int, now: datetime) -> int:
    """Take back all records of a campaign that are out. Returns how many."""
    return int(call(connection, "dialing.block_recall", campaign_id=campaign_id, now=now)[0].records_recalled)


def record_return(connection: Connection, record_key: str, reason_id: int, now: datetime) -> None:
    """Take one record back that the dialer does not have any more (reason 1 failed, 2 recalled, 3 lost)."""
    call(connection, "dialing.record_return", record_key=record_key, reason_id=reason_id, now=now)


def record_overdue(
    connection: Connection, campaign_id: int, wait_minutes: int, now: datetime, again_minutes: int = 60
) -> Sequence[Any]:
    """Records out for longer than `wait_minutes` whose turn it is to be asked for. Rows: record_key, taken_at."""
    return call(
        connection,
        "dialing.record_overdue",
        campaign_id=campaign_id,
        wait_minutes=wait_minutes,
        again_minutes=again_minutes,
        now=now,
    )


def result_apply(connection: Connection, batch_id: int, now: datetime) -> Any:
    """Apply a staged batch of dialer rows. One row: rows_applied, rows_repeated, rows_unknown, rows_interim."""
    return call(connection, "dialing.result_apply", batch_id=batch_id, now=now)[0]


def agent_result_apply(
    connection: Connection,
    *,
    agent_result_code: str,
    source_id: int,
    now: datetime,
    record_key: str | None = None,
    campaign_id: int | None = None,
    client_code: str | None = None,
    agent: str | None = None,
    comment: str | None = None,
    callback_at: datetime | None = None,
    callback_agent: str | None = None,
) -> Any:
    """Give a client the result of its agent (M6, M238), by record key or by campaign and client code.

    One row: client_id, status_id. ProcedureError 50010 to 50014 for an unknown record, client or result, a missing
    second level, or another result for the same call.
    """
    return call(
        connection,
        "dialing.agent_result_apply",
        record_key=record_key,
        campaign_id=campaign_id,
        client_code=client_code,
        agent_result_code=agent_result_code,
        source_id=source_id,
        agent=agent,
        comment=comment,
        callback_at=callback_at,
        callback_agent=callback_agent,
        now=now,
    )[0]


def callback_settle(connection: Connection, now: datetime) -> Any:
    """The callback status service. One row: callbacks_missed, callbacks_closed, is_finished (else there are more)."""
    return call(connection, "dialing.callback_settle", now=now)[0]


def campaign_start(connection: Connection, campaign_id: int, now: datetime) -> None:
    """Start a campaign. ProcedureError 50020 when it is archived or has no strategy in force."""
    call(connection, "dialing.campaign_start", campaign_id=campaign_id, now=now)


def campaign_connect(
    connection: Connection,
    campaign_id: int,
    *,
    dialer_id: int | None = None,
    dialer_campaign_name: str | None = None,
    dialer_skill_groups: str | None = None,
    dialer_number: str | None = None,
) -> None:
    """Say by which dialer a campaign is dialled, and as what (M193). ProcedureError 50001, 50122-50124."""
    call(
        connection,
        "dialing.campaign_connect",
        campaign_id=campaign_id,
        dialer_id=dialer_id,
        dialer_campaign_name=dialer_campaign_name,
        dialer_skill_groups=dialer_skill_groups,
        dialer_number=dialer_number,
    )


def campaign_stop(connection: Connection, campaign_id: int, now: datetime) -> None:
    """Stop a campaign: no more blocks are taken."""
    call(connection, "dialing.campaign_stop", campaign_id=campaign_id, now=now)


def phone_explain(connection: Connection, phone_id: int, now: datetime) -> Sequence[Any]:
    """Each rule of strategy.md for a phone, in order: rule_no, step_no, rule_code, is_passed, passes_at, detail."""
    return connection.execute(_PHONE_EXPLAIN, {"phone_id": phone_id, "now": now}).all()


def phone_reason(connection: Connection, phone_id: int, now: datetime) -> Any:
    """What stops a phone first, and when it may be dialled: is_dialable, reason_code, next_at. None: no such phone."""
    return next(iter(call(connection, "dialing.phone_reason", phone_id=phone_id, now=now)), None)


def campaign_explain(connection: Connection, campaign_id: int, now: datetime) -> Sequence[Any]:
    """Phones of a campaign by the first rule that stops them, «ready» first: rule_no, reason_code, phones."""
    return call(connection, "dialing.campaign_explain", campaign_id=campaign_id, now=now)


def cap_release(
    connection: Connection, campaign_id: int, now: datetime, batch_size: int = 2000, after_client_id: int = 0
) -> Any:
    """Bring the marks that frequency caps left on phones in line with the rules that hold now, for the next clients
    behind `after_client_id`. One row: last_client_id, clients_checked, phones_changed, is_finished.
    ProcedureError 50001, 50082."""
    return call(
        connection,
        "dialing.cap_release",
        campaign_id=campaign_id,
        batch_size=batch_size,
        now=now,
        after_client_id=after_client_id,
    )[0]
