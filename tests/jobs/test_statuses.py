"""The status services against real campaigns: what only time brings is found, campaign by campaign."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection, Engine, insert, select

from app import clock
from app.campaigns import PhoneTypeForm, ScheduleForm, StrategyForm, create_campaign
from app.database.engine import create_engine
from app.database.procedure import call
from app.models.contact import Client, Phone, WorkClient, WorkSet
from app.models.dialing import Callback
from app.models.dictionary import PhoneType
from app.models.ops import Service, ServiceRun
from app.models.strategy import ClientCountChange, DialClassChange, Segment
from app.procedures import contacts, dialing, ops
from jobs.run import Outcome, perform

NOON = datetime(2026, 11, 23, 9, 0)


@pytest.fixture
def engine(make_database: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    engine = create_engine(make_database(), "acm tests")
    with engine.begin() as connection:
        connection.execute(sa.update(Service).values(is_enabled=False))
        connection.execute(sa.delete(ServiceRun))
    monkeypatch.setattr(clock, "now", lambda: NOON)
    yield engine
    engine.dispose()


def run(engine: Engine, code: str, campaign_id: int | None = None) -> Outcome:
    with engine.begin() as connection:
        run_id = ops.run_request(connection, code, "ivanov", campaign_id).run_id
    return perform(engine, run_id)


def add_campaign(engine: Engine, code: str, start: bool = True, clients: int = 4) -> int:
    """Clients loaded long ago: their stop date has come for the first, and for no other."""
    loaded = NOON - timedelta(days=10)
    strategy = StrategyForm(
        schedule=ScheduleForm.daily("always", 0, 1440), phone_types={"M": PhoneTypeForm()}, max_client_attempts=5
    )
    with engine.begin() as connection:
        campaign_id = create_campaign(
            connection, code=code, name=code, zone_code="UTC", strategy=strategy, created_by="test", now=loaded
        )
        if start:
            dialing.campaign_start(connection, campaign_id, loaded)
        add_clients(connection, campaign_id, clients, loaded)
    return campaign_id


def add_clients(connection: Connection, campaign_id: int, count: int, loaded: datetime) -> None:
    segment = connection.execute(
        insert(Segment).values(campaign_id=campaign_id, code="S", code_key="S", created_at=loaded)
    ).inserted_primary_key[0]
    type_id = connection.scalar(select(PhoneType.phone_type_id).where(PhoneType.code_key == "M"))
    work_id = connection.execute(insert(WorkSet).values(created_at=loaded)).inserted_primary_key[0]
    for number in range(count):
        client_id = connection.execute(
            insert(Client).values(
                campaign_id=campaign_id,
                client_code=f"A{number}",
                client_code_key=f"A{number}",
                segment_id=segment,
                loaded_at=loaded,
                updated_at=loaded,
                status_id=1,
                status_at=loaded,
                do_not_call_after=NOON - timedelta(minutes=1) if number == 0 else NOON + timedelta(minutes=1),
            )
        ).inserted_primary_key[0]
        connection.execute(
            insert(Phone).values(
                client_id=client_id,
                campaign_id=campaign_id,
                phone_type_id=type_id,
                number=f"7900{campaign_id:03}{number:04}",
                number_raw="x",
                loaded_at=loaded,
                waits_from=loaded,
            )
        )
        connection.execute(insert(WorkClient).values(work_id=work_id, client_id=client_id))
    call(connection, "contacts.client_settle", work_id=work_id, now=loaded)


def statuses(engine: Engine, campaign_id: int) -> list[int]:
    with engine.connect() as connection:
        query = select(Client.status_id).where(Client.campaign_id == campaign_id).order_by(Client.client_id)
        return list(connection.scalars(query))


@pytest.mark.mission("M144", "M229")
def test_clients_whose_time_has_come_are_settled_in_every_active_campaign(engine: Engine) -> None:
    one, two = add_campaign(engine, "ONE"), add_campaign(engine, "TWO")
    stopped = add_campaign(engine, "STOPPED", start=False)
    before = statuses(engine, one)
    outcome = run(engine, "client_status")
    assert before == [1, 1, 1, 1]
    assert statuses(engine, one) == statuses(engine, two) == [9, 1, 1, 1]
    assert statuses(engine, stopped) == [1, 1, 1, 1]
    assert (outcome.state, outcome.counts["clients_changed"]) == ("done", 2)
    assert run(engine, "client_status").counts["clients_changed"] == 0
    assert run(engine, "client_status", stopped).counts["clients_changed"] == 1  # by hand, for one campaign


def test_it_goes_on_until_a_campaign_is_finished(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    add_campaign(engine, "ONE")
    calls: list[int] = []
    original = contacts.client_status_update

    def small(connection: Connection, campaign_id: int, now: datetime) -> Any:
        calls.append(campaign_id)
        return original(connection, campaign_id, now, batch_size=1)

    monkeypatch.setattr(contacts, "client_status_update", small)
    run(engine, "client_status")
    assert len(calls) == 2  # one client, then nobody


def test_a_campaign_that_fails_does_not_keep_the_others(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two = add_campaign(engine, "ONE"), add_campaign(engine, "TWO")
    original = contacts.client_status_update

    def first_fails(connection: Connection, campaign_id: int, now: datetime) -> Any:
        if campaign_id == one:
            raise RuntimeError("a lock")
        return original(connection, campaign_id, now)

    monkeypatch.setattr(contacts, "client_status_update", first_fails)
    outcome = run(engine, "client_status")
    assert (outcome.state, outcome.error) == ("failed", "RuntimeError: a lock")
    assert statuses(engine, two) == [9, 1, 1, 1]
    with engine.connect() as connection:
        assert "ERROR ONE: RuntimeError: a lock" in connection.scalar(select(ServiceRun.log).limit(1))


def test_counts_are_folded_and_mean_the_same(engine: Engine) -> None:
    add_campaign(engine, "ONE", clients=30)
    add_campaign(engine, "TWO", clients=30)

    def totals() -> tuple[Any, ...]:
        with engine.connect() as connection:
            return (
                tuple(connection.execute(select(sa.func.sum(DialClassChange.phones))).one()),
                tuple(connection.execute(select(sa.func.sum(ClientCountChange.clients))).one()),
            )

    before = totals()
    outcome = run(engine, "client_status")
    assert outcome.counts["rows_folded"] > 0
    assert totals() == before
    with engine.connect() as connection:
        classes = connection.scalars(select(DialClassChange.dial_class_id)).all()
    assert len(classes) == len(set(classes))


@pytest.mark.mission("M229")
def test_callbacks_are_missed_and_cancelled_by_their_service(engine: Engine) -> None:
    campaign_id = add_campaign(engine, "ONE")
    with engine.begin() as connection:
        clients = connection.execute(
            select(Client.client_id, Phone.phone_id).join(Phone, Phone.client_id == Client.client_id)
        ).all()
        for client, hours in zip(clients, (-48, -1, 1), strict=False):
            connection.execute(
                insert(Callback).values(
                    campaign_id=campaign_id,
                    client_id=client.client_id,
                    phone_id=client.phone_id,
                    due_at=NOON + timedelta(hours=hours),
                    state_id=1,
                    source_id=4,
                    created_at=NOON - timedelta(days=3),
                )
            )
        connection.execute(sa.update(Client).where(Client.client_id == clients[2].client_id).values(status_id=2))
    outcome = run(engine, "callback_status")
    assert outcome.counts == {"callbacks_missed": 1, "callbacks_closed": 1}
    with engine.connect() as connection:
        states = connection.scalars(select(Callback.state_id).order_by(Callback.due_at)).all()
        counts = connection.scalar(select(ServiceRun.counts))
    assert states == [4, 1, 5]
    assert json.loads(counts) == outcome.counts
