"""Procedures of the schema contacts, but for those of loads (app/procedures/importing.py). Moments are naive UTC.

A block, and its lifting, gives one row: phones_changed; records_out, how many of the phones it is about the dialer
holds now; run_requested, how many clearings of queues it asked for, so that these come back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert

from app.database.procedure import call
from app.models.contact import WorkPhone, WorkSet


def client_status_update(connection: Connection, campaign_id: int, now: datetime, batch_size: int = 10_000) -> Any:
    """The status service for one campaign. One row: clients_checked, clients_changed, is_finished."""
    return call(connection, "contacts.client_status_update", campaign_id=campaign_id, batch_size=batch_size, now=now)[0]


def client_status_recheck(connection: Connection, agent_result_id: int) -> int:
    """Have the status service look anew at clients whose agent result has other values in the dictionary now.

    Returns how many campaigns read them."""
    return int(call(connection, "contacts.client_status_recheck", agent_result_id=agent_result_id)[0].campaigns)


def phone_zone_update(
    connection: Connection, campaign_id: int | None, batch_size: int, now: datetime, after_client_id: int = 0
) -> Any:
    """Bring the zones of phones in line with the numbering plan, for the next clients behind `after_client_id`. One
    row: last_client_id, clients_checked, phones_changed, is_finished. ProcedureError 50001, 50082."""
    return call(
        connection,
        "contacts.phone_zone_update",
        campaign_id=campaign_id,
        batch_size=batch_size,
        now=now,
        after_client_id=after_client_id,
    )[0]


def count_fold(connection: Connection) -> int:
    """Fold the appended changes of counts. Returns how many rows were folded."""
    return int(call(connection, "contacts.count_fold")[0].rows_folded)


def segment_switch(connection: Connection, campaign_id: int, segment_id: int, is_enabled: bool) -> None:
    """Switch a segment on or off. ProcedureError 50060 when the campaign has no such segment."""
    call(
        connection,
        "contacts.segment_switch",
        campaign_id=campaign_id,
        segment_id=segment_id,
        is_enabled=int(is_enabled),
    )


def phone_block(
    connection: Connection, phone_id: int, is_blocked: bool, *, by: str, now: datetime, reason: str | None = None
) -> Any:
    """Block one phone, or lift its block (M107, M110, M199). ProcedureError 50100 when there is no such phone."""
    return call(
        connection, "contacts.phone_block", phone_id=phone_id, is_blocked=int(is_blocked), by=by, reason=reason, now=now
    )[0]


def client_block(
    connection: Connection, client_id: int, is_blocked: bool, *, by: str, now: datetime, reason: str | None = None
) -> Any:
    """Block a client with all of its phones, or lift that. ProcedureError 50101 when there is no such client."""
    return call(
        connection,
        "contacts.client_block",
        client_id=client_id,
        is_blocked=int(is_blocked),
        by=by,
        reason=reason,
        now=now,
    )[0]


def segment_block(
    connection: Connection,
    campaign_id: int,
    segment_id: int,
    kind_id: int,
    is_blocked: bool,
    *,
    by: str,
    now: datetime,
    reason: str | None = None,
    loaded_from: datetime | None = None,
    loaded_to: datetime | None = None,
) -> Any:
    """Block clients of a segment, or lift that (M108, M109). kind_id: 1 all clients, 2 the phones that were loaded from
    `loaded_from` on and before `loaded_to`. ProcedureError 50102 to 50104 for a wrong segment, kind or range."""
    return call(
        connection,
        "contacts.segment_block",
        campaign_id=campaign_id,
        segment_id=segment_id,
        kind_id=kind_id,
        loaded_from=loaded_from,
        loaded_to=loaded_to,
        is_blocked=int(is_blocked),
        by=by,
        reason=reason,
        now=now,
    )[0]


def number_block(
    connection: Connection, number: str, is_blocked: bool, *, by: str, now: datetime, reason: str | None = None
) -> Any:
    """Block a number (digits, see app.importing.cleaning.clean_number) in all campaigns, or lift that (M111).

    ProcedureError 50105 for what is no number."""
    return call(
        connection, "contacts.number_block", number=number, is_blocked=int(is_blocked), by=by, reason=reason, now=now
    )[0]


def do_not_call_add(
    connection: Connection,
    *,
    by: str,
    now: datetime,
    number: str | None = None,
    crm_id: str | None = None,
    reason: str | None = None,
) -> Any:
    """Put a number (digits) or a person on the do-not-call list. The row has do_not_call_id too.

    ProcedureError 50105 for what is no number, 50106 unless one of the two is given."""
    return call(connection, "contacts.do_not_call_add", number=number, crm_id=crm_id, by=by, reason=reason, now=now)[0]


def do_not_call_lift(connection: Connection, do_not_call_id: int, *, by: str, reason: str, now: datetime) -> Any:
    """Take an entry off the do-not-call list. ProcedureError 50107 without a reason, 50108 for no entry in force."""
    return call(connection, "contacts.do_not_call_lift", do_not_call_id=do_not_call_id, by=by, reason=reason, now=now)[
        0
    ]


def phone_move(
    connection: Connection,
    phone_ids: Iterable[int],
    campaign_id: int,
    *,
    by: str,
    now: datetime,
    segment_code: str | None = None,
) -> Any:
    """Move phones to another campaign (M200). One row: phones_moved, and phones_left, which are at the dialer or there
    already. `segment_code`: segment of clients that are new there; None: that of the same code.

    ProcedureError 50001 for no such campaign, 50110 for an archived one."""
    made = connection.execute(insert(WorkSet).values(created_at=now)).inserted_primary_key
    assert made is not None  # noqa: S101 - one row was inserted
    rows = [{"work_id": made[0], "phone_id": phone_id} for phone_id in sorted(set(phone_ids))]
    if rows:
        connection.execute(insert(WorkPhone), rows)
    return call(
        connection,
        "contacts.phone_move",
        work_id=made[0],
        campaign_id=campaign_id,
        segment_code=segment_code,
        by=by,
        now=now,
    )[0]


def client_archive(
    connection: Connection, campaign_id: int, closed_before: datetime, now: datetime, batch_size: int = 5_000
) -> Any:
    """Archive a batch of clients that were closed before a moment. One row: clients_archived, phones_archived,
    is_finished."""
    return call(
        connection,
        "contacts.client_archive",
        campaign_id=campaign_id,
        closed_before=closed_before,
        batch_size=batch_size,
        now=now,
    )[0]


def campaign_archive(connection: Connection, campaign_id: int) -> None:
    """Archive a campaign. ProcedureError 50120 while it is active, 50121 while the dialer holds contacts of it."""
    call(connection, "contacts.campaign_archive", campaign_id=campaign_id)


def campaign_unarchive(connection: Connection, campaign_id: int) -> None:
    """Take a campaign out of the archive; it is stopped then."""
    call(connection, "contacts.campaign_unarchive", campaign_id=campaign_id)
