"""Filling the big tables: bare, two at a time, and with their keys and indexes made afterwards.

A table that is emptied and filled in one transaction is not logged (wal_level minimal), and an index that is made of all
rows at once costs a fraction of one that grows row by row. Its pages are also as full as after a REINDEX.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from sqlalchemy import Connection, Engine, text

from benchmarks.base.recipe import NOW
from benchmarks.base.rows import columns, run, shared_columns

TABLES = ("core.client", "core.phone", "core.attempt", "core.attempt_outcome", "core.person")


def fill(engine: Engine, clients: int) -> None:
    """Fill the big tables with everything: the prototypes anew and their followers."""
    with engine.begin() as connection:
        foreign = _drop_foreign_keys(connection)
        again = {table: _drop_indexes(connection, table) for table in TABLES}

    def filled(table: str, work: Callable[[Connection], None]) -> Callable[[], None]:
        def one() -> None:
            with engine.begin() as connection:
                run(connection, f"SET LOCAL maintenance_work_mem TO '512MB'; TRUNCATE {table}")
                work(connection)
                for statement in again[table]:
                    connection.exec_driver_sql(statement)
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql(f"VACUUM (FREEZE, ANALYZE, PARALLEL 0) {table}")

        return one

    # The longest first, for whoever has two processors.
    work = [
        filled("core.phone", lambda c: _insert(c, "phone", "s.phone = v.phone_id - 2 * v.client_id + 2")),
        filled("core.client", lambda c: _insert(c, "client", "true")),
        filled("core.attempt", _attempts),
        filled("core.person", lambda c: run(c, PERSONS, clients=clients, now=NOW)),
        filled("core.attempt_outcome", lambda c: run(c, OUTCOMES)),
    ]
    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(one) for one in work]:
            done.result()
    with engine.begin() as connection:
        for statement in foreign:
            connection.exec_driver_sql(statement)


PERSONS = """
INSERT INTO core.person (person_id, crm_id, crm_id_key, created_at) OVERRIDING SYSTEM VALUE
SELECT n, 'CRM' || n, 'CRM' || n, :now FROM generate_series(1, greatest(:clients * 5 / 6, 1)) AS n;
"""

OUTCOMES = """
INSERT INTO core.attempt_outcome (
    record_key, campaign_id, client_id, phone_id, round_no, agent_result_id, source_id, given_at, applied_at
)
SELECT v.record_key, v.campaign_id, v.client_id, v.phone_id, 1, v.agent_result_id, 1, v.ended_at, v.applied_at
FROM bench.new_attempt AS v
WHERE v.agent_result_id > 0;
"""


def _insert(connection: Connection, table: str, on: str) -> None:
    """Insert the rows of the view, with what the shape's prototype got where settling has changed a column."""
    kept = columns(connection, "bench", f"settled_{table}")
    names = shared_columns(connection, table)
    values = {name: f"v.{name}" for name in names} | {
        name: f"s.{name}" for name in kept if name not in ("shape_no", "phone")
    }
    run(
        connection,
        f"INSERT INTO core.{table} ({', '.join(values)}) OVERRIDING SYSTEM VALUE"  # noqa: S608 - names of our own
        f" SELECT {', '.join(values.values())} FROM bench.new_{table} AS v"
        f" JOIN bench.settled_{table} AS s ON s.shape_no = v.shape_no AND {on}",
    )


def _attempts(connection: Connection) -> None:
    """Those of today last, in the order in which they were made."""
    listed = ", ".join(shared_columns(connection, "attempt"))
    for condition in ("v.is_today = 0", "v.is_today = 1 ORDER BY v.ended_at"):
        run(
            connection,
            f"INSERT INTO core.attempt ({listed}) SELECT {listed} FROM bench.new_attempt AS v WHERE {condition}",  # noqa: S608 - names of our own
        )


def _drop_foreign_keys(connection: Connection) -> Sequence[str]:
    """Drop what refers to or from the big tables; return how to make it again."""
    found = connection.execute(
        text(
            """
            SELECT conrelid::regclass AS of_table, conname, pg_get_constraintdef(oid) AS definition
            FROM pg_constraint
            WHERE contype = 'f'
                AND (conrelid = ANY (CAST(:tables AS regclass[])) OR confrelid = ANY (CAST(:tables AS regclass[])))
            """
        ),
        {"tables": list(TABLES)},
    ).all()
    for row in found:
        connection.exec_driver_sql(f'ALTER TABLE {row.of_table} DROP CONSTRAINT "{row.conname}"')
    return [f'ALTER TABLE {row.of_table} ADD CONSTRAINT "{row.conname}" {row.definition}' for row in found]


def _drop_indexes(connection: Connection, table: str) -> Sequence[str]:
    """Drop the keys and the indexes of a table; return how to make them again."""
    keys = connection.execute(
        text(
            "SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint"
            " WHERE contype IN ('p', 'u') AND conrelid = CAST(:table AS regclass) ORDER BY contype, conname"
        ),
        {"table": table},
    ).all()
    for row in keys:
        connection.exec_driver_sql(f'ALTER TABLE {table} DROP CONSTRAINT "{row.conname}"')
    indexes = connection.execute(
        text(
            "SELECT indexrelid::regclass AS name, pg_get_indexdef(indexrelid) AS definition FROM pg_index"
            " WHERE indrelid = CAST(:table AS regclass) ORDER BY 1"
        ),
        {"table": table},
    ).all()
    for row in indexes:
        connection.exec_driver_sql(f"DROP INDEX {row.name}")
    return [f'ALTER TABLE {table} ADD CONSTRAINT "{row.conname}" {row.definition}' for row in keys] + [
        row.definition for row in indexes
    ]
