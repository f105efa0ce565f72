"""A small contact centre for the tests of screens: campaigns, clients, calls, all made by the real procedures."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from app.campaigns import AgentResultForm, PhoneTypeForm, ScheduleForm, StrategyForm, create_campaign
from app.database.procedure import call
from app.models.contact import Client, Phone, WorkClient, WorkSet
from app.models.dialing import Dialer, ResultBatch, ResultStage
from app.models.dictionary import AgentResult, PhoneType
from app.models.strategy import Campaign, Segment
from app.procedures import dialing

AROUND_THE_CLOCK = ScheduleForm.daily("Круглосуточно", 0, 24 * 60)
#: Cisco's call results and how often they come.
OUTCOMES = ((8, 40), (12, 18), (10, 16), (9, 12), (13, 5), (6, 4), (16, 3), (21, 2))


def campaign(
    connection: Connection,
    code: str,
    name: str,
    now: datetime,
    *,
    clients: int = 0,
    segments: tuple[str, ...] = ("1", "new"),
    block_size: int = 30,
    queue_depth: int = 120,
) -> int:
    """A stopped campaign, dialled around the clock, with `clients` clients of one or two phones. Returns its id."""
    strategy = StrategyForm(
        schedule=AROUND_THE_CLOCK,
        block_size=block_size,
        queue_depth=queue_depth,
        max_client_attempts=3,
        phone_types={"M": PhoneTypeForm(max_attempts=2, weight=1), "H": PhoneTypeForm(max_attempts=2, weight=3)},
        agent_results={"12": AgentResultForm(action_id=3, priority=5, max_attempts=3, delay_minutes=240)},
    )
    campaign_id = create_campaign(
        connection, code=code, name=name, zone_code="Europe/Moscow", strategy=strategy, created_by="scene", now=now,
        dialer_campaign_name=f"{code.lower()}_out", dialer_state="enabled", dialer_state_at=now, agents_working=14,
    )  # fmt: skip
    if clients:
        add_clients(connection, campaign_id, clients, segments, now)
    return campaign_id


def add_clients(
    connection: Connection, campaign_id: int, count: int, segments: tuple[str, ...], now: datetime, first: int = 1
) -> None:
    """Load clients with phones 79160000001, 79160000002, ...; every third has a second phone, at home."""
    segment_ids = [
        connection.execute(
            insert(Segment)
            .values(campaign_id=campaign_id, code=code, code_key=code.upper(), created_at=now)
            .returning(Segment.segment_id)
        ).scalar_one()
        for code in segments
    ]
    codes = [f"{campaign_id}{2_100_000_000 + number}" for number in range(first, first + count)]
    connection.execute(
        insert(Client),
        [
            {
                "campaign_id": campaign_id, "client_code": code, "client_code_key": code,
                "segment_id": segment_ids[index % len(segment_ids)], "loaded_at": now, "updated_at": now,
                "status_id": 1, "status_at": now, "last_name": "Иванов", "first_name": "Пётр",
            }
            for index, code in enumerate(codes)
        ],
    )  # fmt: skip
    ids = connection.scalars(
        select(Client.client_id).where(Client.campaign_id == campaign_id).order_by(Client.client_id)
    ).all()[-count:]
    types = {row.code: row.phone_type_id for row in connection.execute(select(PhoneType.code, PhoneType.phone_type_id))}
    phones = []
    for index, client_id in enumerate(ids):
        numbers = [(f"7916{campaign_id % 1000:03}{index + first:04}", "M")]
        if index % 3 == 0:
            numbers.append((f"7495{campaign_id % 1000:03}{index + first:04}", "H"))
        for number, code in numbers:
            phones.append(
                {
                    "client_id": client_id, "campaign_id": campaign_id, "phone_type_id": types[code], "number": number,
                    "number_raw": f"+{number}", "loaded_at": now, "waits_from": now,
                }
            )  # fmt: skip
    connection.execute(insert(Phone), phones)
    settle(connection, ids, now)


def settle(connection: Connection, client_ids: object, now: datetime) -> None:
    """Bring what follows from the clients' facts in line with them, as every event does."""
    work_id = connection.execute(insert(WorkSet).values(created_at=now).returning(WorkSet.work_id)).scalar_one()
    connection.execute(insert(WorkClient), [{"work_id": work_id, "client_id": client_id} for client_id in client_ids])
    call(connection, "contacts.client_settle", work_id=work_id, now=now)


def the_dialer(connection: Connection) -> int:
    """A dialer to name in result batches; nothing connects to it."""
    found = connection.scalar(select(func.min(Dialer.dialer_id)))
    if found:
        return int(found)
    return int(
        connection.execute(
            insert(Dialer)
            .values(
                name="CCE", base_url="http://127.0.0.1:1", username="acm", password_encrypted="", hds_url_encrypted=""
            )
            .returning(Dialer.dialer_id)
        ).scalar_one()
    )


def dial(connection: Connection, campaign_id: int, until: datetime, rounds: int, seed: int = 1) -> None:
    """Take and answer blocks, `rounds` of them in the hour before `until`; then leave one block out unanswered."""
    chance = random.Random(seed)
    dialer_id = the_dialer(connection)
    connection.execute(update(Campaign).where(Campaign.campaign_id == campaign_id).values(dialer_id=dialer_id))
    dialing.campaign_start(connection, campaign_id, until - timedelta(hours=1))
    wrapups = connection.scalars(select(AgentResult.code).order_by(AgentResult.code)).all()
    results, weights = zip(*OUTCOMES, strict=True)
    for number in range(rounds):
        moment = until - timedelta(minutes=58) * (1 - number / rounds)
        rows = take(connection, campaign_id, moment)
        batch_id = connection.execute(
            insert(ResultBatch).values(dialer_id=dialer_id, read_at=moment).returning(ResultBatch.batch_id)
        ).scalar_one()
        stage = []
        for index, row in enumerate(rows):
            result = chance.choices(results, weights)[0]
            stage.append(
                {
                    "batch_id": batch_id, "row_no": index + 1, "recovery_key": number * 10_000 + index,
                    "db_datetime": moment + timedelta(seconds=chance.randint(5, 50)), "time_zone_minutes": 0,
                    "account_number": row.record_key, "phone": row.number, "call_result": result, "call_status": "C",
                    "duration_ms": 20_000, "agent": "3001" if result == 10 else None,
                    "wrapup": chance.choice(wrapups) if result == 10 else None,
                }
            )  # fmt: skip
        if stage:
            connection.execute(insert(ResultStage), stage)
        dialing.result_apply(connection, batch_id, moment + timedelta(seconds=55))
    take(connection, campaign_id, until)


def take(connection: Connection, campaign_id: int, now: datetime) -> list[object]:
    """A block that the dialer has accepted."""
    rows = list(dialing.block_take(connection, campaign_id, now))
    if rows:
        dialing.block_send(connection, rows[0].block_id, now)
        dialing.block_confirm(connection, rows[0].block_id, now)
    return rows
