"""The first client of each shape, settled by the product's own procedure; what it got is what its followers get."""

from __future__ import annotations

from sqlalchemy import Connection, Engine, text

from benchmarks.base.recipe import NOW
from benchmarks.base.rows import columns, run, shared_columns

CHUNK = 5000


def insert_prototypes(connection: Connection) -> int:
    """Insert the first client of each shape, to be settled. Returns how many there are."""
    for table in ("client", "phone"):
        names = ", ".join(shared_columns(connection, table))
        run(
            connection,
            f"INSERT INTO core.{table} ({names}) OVERRIDING SYSTEM VALUE SELECT {names} FROM bench.new_{table}"  # noqa: S608 - names of our own
            f" WHERE client_id IN (SELECT prototype FROM bench.shape);"
            f" CREATE TABLE bench.{table}_before AS SELECT * FROM core.{table};",
        )
    return int(connection.execute(text("SELECT count(*) FROM bench.shape")).scalar_one())


def settle_prototypes(engine: Engine) -> None:
    """Settle them, and keep in bench.settled_client and bench.settled_phone the columns that this has changed."""
    with engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE core.client, core.phone")
        prototypes = connection.scalars(text("SELECT prototype FROM bench.shape ORDER BY prototype")).all()
        connection.commit()
        for start in range(0, len(prototypes), CHUNK):
            _settle(connection, list(prototypes[start : start + CHUNK]))
            connection.commit()
        _keep(connection, "client", "r.client_id = s.prototype", "s.shape_no")
        _keep(connection, "phone", "r.client_id = s.prototype", "s.shape_no, r.phone_id - 2 * s.prototype + 2 AS phone")
        connection.commit()


def _settle(connection: Connection, client_ids: list[int]) -> None:
    """contacts.client_settle for these clients, as a procedure that changed them would call it."""
    work_id = connection.execute(
        text("INSERT INTO core.work_set (created_at) VALUES (:now) RETURNING work_id"), {"now": NOW}
    ).scalar_one()
    connection.execute(
        text("INSERT INTO core.work_client (work_id, client_id) SELECT :work_id, unnest(CAST(:ids AS bigint[]))"),
        {"work_id": work_id, "ids": client_ids},
    )
    connection.execute(
        text("SELECT * FROM contacts.client_settle(p_work_id => :work_id, p_now => :now)"),
        {"work_id": work_id, "now": NOW},
    )


def _keep(connection: Connection, table: str, join: str, key: str) -> None:
    names = columns(connection, "core", table)
    differs = ", ".join(f"bool_or(a.{name} IS DISTINCT FROM b.{name})" for name in names)
    changed = connection.execute(
        text(f"SELECT {differs} FROM core.{table} AS a JOIN bench.{table}_before AS b USING ({table}_id)")  # noqa: S608
    ).one()
    kept = ", ".join(f"r.{name}" for name, is_changed in zip(names, changed, strict=True) if is_changed)
    run(
        connection,
        f"CREATE UNLOGGED TABLE bench.settled_{table} AS SELECT {key}, {kept}"  # noqa: S608 - names of our own
        f" FROM bench.shape AS s JOIN core.{table} AS r ON {join}; ANALYZE bench.settled_{table};",
    )
