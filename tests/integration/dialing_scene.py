"""What the tests of the dialer services share: campaigns that dial, a simulated centre, and runs of the services."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from contact_centre import PASSWORD, USER, Rig
from sqlalchemy import Connection, Engine, insert, select, update

from app import secrets
from app.books import read_books
from app.campaigns import PhoneTypeForm, ScheduleForm, StrategyForm, create_campaign
from app.database.procedure import call
from app.models.contact import Attempt, Client, Phone, WorkClient, WorkSet
from app.models.dialing import Block, Dialer, Record, RecordReturned
from app.models.dictionary import PhoneType
from app.models.ops import Hold, Service, ServiceRun
from app.models.strategy import Campaign, Segment
from app.procedures import dialing, ops
from jobs import dialer_sync, queue_clear
from jobs.run import Outcome, Run, perform

TAKEN, SENT, CONFIRMED, FAILED, RECALLED = 1, 2, 3, 4, 5
#: Letters of a record after a call that dialing.result_apply takes for the end of its attempt.
FINAL = "CMJRXFLIO"


class Scene:
    """One installation with its dialer, both of them the test's own."""

    def __init__(self, engine: Engine, rig: Rig, hds_url: str) -> None:
        self.engine = engine
        self.rig = rig
        self.hds_url = hds_url
        self.dialer_id = self.add_dialer("CCE", rig.simulator.base_url)

    def add_dialer(self, name: str, base_url: str, **columns: Any) -> int:
        values = {"timeout_seconds": 10, "overlap_minutes": 5, "verify_certificate": True} | columns
        with self.engine.begin() as connection:
            made = connection.execute(
                insert(Dialer).values(
                    name=name,
                    base_url=base_url,
                    username=USER,
                    password_encrypted=secrets.encrypt(PASSWORD),
                    hds_url_encrypted=secrets.encrypt(values.pop("hds_url", self.hds_url)),
                    is_enabled=True,
                    **values,
                )
            ).inserted_primary_key
        return int(made[0])

    def add_campaign(
        self,
        code: str,
        clients: int,
        *,
        block_size: int = 10,
        queue_depth: int = 30,
        start: bool = True,
        **columns: Any,
    ) -> int:
        """A campaign of 11:00 in Moscow, around the clock, with clients of one phone each."""
        now = self.rig.clock()
        strategy = StrategyForm(
            schedule=ScheduleForm.daily("always", 0, 1440),
            block_size=block_size,
            queue_depth=queue_depth,
            max_client_attempts=5,
            phone_types={"M": PhoneTypeForm(max_attempts=5)},
        )
        values = {"dialer_id": self.dialer_id, "dialer_skill_groups": "5001", "dialer_number": "7001"} | columns
        with self.engine.begin() as connection:
            campaign_id = create_campaign(
                connection,
                code=code,
                name=f"Кампания {code}",
                zone_code="Europe/Moscow",
                strategy=strategy,
                created_by="test",
                now=now,
                **values,
            )
            add_clients(connection, campaign_id, clients, now)
            if start:
                dialing.campaign_start(connection, campaign_id, now)
        return campaign_id

    def hang(self, name: str = "hang", **values: Any) -> None:
        """A fault that leaves requests without an answer, for longer than the dialer is waited for from now on."""
        with self.engine.begin() as connection:
            connection.execute(update(Dialer).values(timeout_seconds=2))
        self.rig.fault(name, seconds=60, **values)

    # Runs

    def run(self, code: str = "dialer_sync", campaign_id: int | None = None) -> Outcome:
        """One run, recorded like any other."""
        return perform(self.engine, self.request(code, campaign_id))

    def request(self, code: str, campaign_id: int | None = None) -> int:
        with self.engine.begin() as connection:
            return int(ops.run_request(connection, code, "ivanov", campaign_id).run_id)

    def log(self, run_id: int | None = None) -> str:
        """The log of a run, the last one by default."""
        query = select(ServiceRun.log).order_by(ServiceRun.run_id.desc())
        if run_id is not None:
            query = query.where(ServiceRun.run_id == run_id)
        else:
            query = query.where(ServiceRun.state_id != 1)
        with self.engine.connect() as connection:
            return connection.scalar(query.limit(1)) or ""

    def killed(self, where: Callable[[], None], code: str = "dialer_sync", campaign_id: int | None = None) -> None:
        """A run in a process of its own that is killed (-9) where `where` says; then it is marked lost."""
        run_id = self.request(code, campaign_id)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            try:
                where()
                perform(self.engine, run_id)
            finally:
                os._exit(3)  # it was to be killed before
        _pid, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), f"the run was not killed: {status}"
        assert os.WTERMSIG(status) == signal.SIGKILL
        with self.engine.begin() as connection:
            assert run_id in [run.run_id for run in call(connection, "ops.run_lose", lease_seconds=-1)]
            # The tests say themselves when the next run is.
            connection.execute(sa.delete(ServiceRun).where(ServiceRun.state_id == 1))

    # Facts

    def campaign(self, campaign_id: int) -> Any:
        with self.engine.connect() as connection:
            return connection.execute(
                select(*Campaign.__table__.columns).where(Campaign.campaign_id == campaign_id)
            ).one()

    def blocks(self, campaign_id: int) -> list[tuple[int, int]]:
        """(state, size) of the blocks of a campaign, oldest first."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                select(Block.state_id, Block.size).where(Block.campaign_id == campaign_id).order_by(Block.block_id)
            ).all()
        return [tuple(row) for row in rows]

    def block_messages(self, campaign_id: int) -> list[str]:
        with self.engine.connect() as connection:
            query = select(Block.message).where(Block.campaign_id == campaign_id, Block.message.is_not(None))
            return list(connection.scalars(query.order_by(Block.block_id)))

    def keys_out(self, campaign_id: int) -> set[str]:
        with self.engine.connect() as connection:
            return set(connection.scalars(select(Record.record_key).where(Record.campaign_id == campaign_id)))

    def keys_returned(self, campaign_id: int) -> dict[str, int]:
        """Keys that came back undialled, with the reason."""
        query = select(RecordReturned.record_key, RecordReturned.reason_id)
        with self.engine.connect() as connection:
            rows = connection.execute(query.where(RecordReturned.campaign_id == campaign_id)).all()
        return {row.record_key: row.reason_id for row in rows}

    def attempts(self, campaign_id: int) -> int:
        with self.engine.connect() as connection:
            query = select(sa.func.count()).select_from(Attempt).where(Attempt.campaign_id == campaign_id)
            return int(connection.scalar(query) or 0)

    def keys_at_dialer(self, campaign_id: int) -> list[str]:
        """Account numbers on the dialer's list of the campaign, those that came twice twice."""
        number = self.campaign(campaign_id).dialer_campaign_id
        rows = self.rig.rows('SELECT "AccountNumber" FROM "Dialing_List" WHERE "CampaignID" = :c', c=number or 0)
        return [row[0] for row in rows]

    def all_keys_ever_stored(self) -> int:
        """Records that the dialer ever took in, deleted ones included."""
        return int(self.rig.rows('SELECT COALESCE(SUM("Stored"), 0) FROM "Simulator_Import_Log"')[0][0])

    def assert_books_balance(self) -> None:
        with self.engine.connect() as connection:
            wrong = [check for check in read_books(connection) if not check.is_balanced]
        # The clients of these tests were not loaded by an import.
        assert [check for check in wrong if not check.code.endswith("_loaded")] == []

    def assert_nothing_sent_twice(self, campaign_id: int) -> None:
        keys = self.keys_at_dialer(campaign_id)
        assert len(keys) == len(set(keys))
        numbers = self.rig.rows("SELECT \"Phones\" FROM \"Dialing_List\" WHERE \"CallStatusZone1\" IN ('P', 'A', 'U')")
        assert len(numbers) == len({row[0] for row in numbers})  # and no phone is there under two keys


def add_clients(connection: Connection, campaign_id: int, count: int, now: Any) -> None:
    """Clients with one mobile phone each, settled as a load settles them."""
    segment_id = connection.execute(
        insert(Segment).values(campaign_id=campaign_id, code="S", code_key="S", created_at=now)
    ).inserted_primary_key[0]
    type_id = connection.scalar(select(PhoneType.phone_type_id).where(PhoneType.code_key == "M"))
    connection.execute(
        insert(Client),
        [
            {
                "campaign_id": campaign_id,
                "client_code": f"A{number}",
                "client_code_key": f"A{number}",
                "segment_id": segment_id,
                "first_name": "Анна, Мария",
                "last_name": f'О"Нил {number}',
                "loaded_at": now,
                "updated_at": now,
                "status_id": 1,
                "status_at": now,
            }
            for number in range(count)
        ],
    )
    clients = list(
        connection.scalars(select(Client.client_id).where(Client.campaign_id == campaign_id).order_by(Client.client_id))
    )
    connection.execute(
        insert(Phone),
        [
            {
                "client_id": client_id,
                "campaign_id": campaign_id,
                "phone_type_id": type_id,
                "number": f"79{campaign_id:03}{place:06}",
                "number_raw": f"79{campaign_id:03}{place:06}",
                "loaded_at": now,
                "waits_from": now,
            }
            for place, client_id in enumerate(clients)
        ],
    )
    work_id = connection.execute(insert(WorkSet).values(created_at=now)).inserted_primary_key[0]
    connection.execute(insert(WorkClient), [{"work_id": work_id, "client_id": client_id} for client_id in clients])
    call(connection, "contacts.client_settle", work_id=work_id, now=now)


def clean(engine: Engine) -> None:
    """No services by schedule, no runs, no holds."""
    with engine.begin() as connection:
        connection.execute(sa.delete(Hold))
        connection.execute(update(Service).values(is_enabled=False, running_run_id=None, last_run_id=None))
        connection.execute(sa.delete(ServiceRun))


__all__ = [
    "CONFIRMED",
    "FAILED",
    "FINAL",
    "RECALLED",
    "SENT",
    "TAKEN",
    "Run",
    "Scene",
    "clean",
    "dialer_sync",
    "queue_clear",
]
