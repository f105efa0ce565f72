"""Revisions that carry rows over: what they find is what the new objects expect, and downgrading brings it back."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from app.database.deploy import downgrade, migrations, upgrade
from app.models import Base
from app.models.contact import Phone
from app.models.dialing import Callback
from app.models.strategy import DialClass, DialClassChange

NOW = datetime(2026, 11, 23, 9)
FACTS = {
    "campaign_id": 1, "segment_id": 1, "phone_type_id": 1, "zone_id": 2, "client_zone_id": 2, "load_priority": 0,
    "client_attempts": 0, "phone_attempts": 0, "client_technical_result_id": 0, "client_agent_result_id": 0,
    "limit_agent_result_id": 0, "limit_agent_attempts": 0, "phone_technical_result_id": 0, "phone_agent_result_id": 0,
    "hold_agent_result_id": 0, "bar_id": 0, "time_status_id": 0, "held_until": datetime(1900, 1, 1),
    "attempt_day": datetime(1900, 1, 1).date(), "day_attempts": 0, "created_at": NOW,
}  # fmt: skip


def insert(connection: sa.Connection, model: type[Base], **values: Any) -> int:
    """One row of the named columns, as the revision may have no others. Returns its key."""
    known = Base.metadata.tables[str(model.__table__)]
    (key,) = known.primary_key.columns.keys()
    columns = [sa.column(name, known.c[name].type) for name in (key, *values)]
    target = sa.table(known.name, *columns, schema=known.schema)
    return int(connection.scalars(sa.insert(target).values(values).returning(target.c[key])).one())


def classes(connection: sa.Connection) -> dict[int, str]:
    """The name of each phone's class."""
    found = connection.execute(
        sa.text(
            "SELECT p.phone_id, d.facts_key FROM core.phone AS p JOIN core.dial_class AS d"
            " ON d.dial_class_id = p.dial_class_id ORDER BY p.phone_id"
        )
    )
    return {row.phone_id: row.facts_key for row in found}


def counts(connection: sa.Connection) -> dict[str, int]:
    found = connection.execute(
        sa.text(
            "SELECT d.facts_key, SUM(c.phones) AS phones FROM core.dial_class_change AS c JOIN core.dial_class AS d"
            " ON d.dial_class_id = c.dial_class_id GROUP BY d.facts_key HAVING SUM(c.phones) <> 0"
        )
    )
    return {row.facts_key: int(row.phones) for row in found}


@pytest.fixture
def old(make_engine: Callable[..., sa.Engine]) -> sa.Engine:
    """A database of revision 0010."""
    engine = make_engine()
    with engine.begin() as connection:
        migrations.upgrade(connection, "0010")
    return engine


def test_phones_of_clients_with_a_promised_call_go_to_classes_of_their_own_and_back(old: sa.Engine) -> None:
    with old.begin() as connection:
        # The revision reads no client, and phones need none then.
        connection.execute(sa.text("ALTER TABLE core.phone DROP CONSTRAINT fk_phone_client_id"))
        # Class a has phones of promised and of other clients, b only of promised ones, c none of them.
        made = {name: insert(connection, DialClass, facts_key=name, **FACTS) for name in ("1.a", "1.b", "1.c")}
        phones: dict[str, int] = {}
        for client, (name, state_id) in enumerate(
            [("1.a", 1), ("1.a", None), ("1.a", 3), ("1.b", 2), ("1.c", 4), ("1.c", 5)], start=1
        ):
            for turn in range(2):
                phones[f"{client}-{turn}"] = insert(
                    connection, Phone, client_id=client, campaign_id=1, phone_type_id=1, loaded_at=NOW, waits_from=NOW,
                    number=f"7916{client:06}{turn}", number_raw="x", dial_class_id=made[name],
                )  # fmt: skip
            if state_id:
                insert(
                    connection, Callback, campaign_id=1, client_id=client, phone_id=phones[f"{client}-0"],
                    due_at=NOW, state_id=state_id, source_id=1, created_at=NOW,
                )  # fmt: skip
        for name, number in (("1.a", 6), ("1.b", 2), ("1.c", 4)):
            insert(connection, DialClassChange, dial_class_id=made[name], phones=number)
        before = classes(connection)
        assert counts(connection) == {"1.a": 6, "1.b": 2, "1.c": 4}

    upgrade(old)
    with old.begin() as connection:
        found = classes(connection)
        assert [found[phones[f"{client}-{turn}"]] for client in range(1, 7) for turn in range(2)] == [
            *["1.a.1"] * 2, *["1.a.0"] * 4, *["1.b.1"] * 2, *["1.c.0"] * 4,
        ]  # fmt: skip
        assert counts(connection) == {"1.a.1": 2, "1.a.0": 4, "1.b.1": 2, "1.c.0": 4}
        promised = connection.execute(sa.text("SELECT d.facts_key FROM core.dial_class AS d WHERE d.is_promised = 1"))
        assert sorted(promised.scalars()) == ["1.a.1", "1.b.1"]
        # A class whose like without a promise is not there.
        connection.execute(sa.text("DELETE FROM core.dial_class WHERE facts_key = '1.b.0'"))

    downgrade(old, "0010")
    with old.begin() as connection:
        assert classes(connection) == before
        assert counts(connection) == {"1.a": 6, "1.b": 2, "1.c": 4}
