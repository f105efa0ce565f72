"""What ten thousand results of the dialer cost, against writing the same attempts and the same state of the phones by key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from psycopg import sql

from benchmarks.base import NOW
from benchmarks.place import Place
from benchmarks.report import Row, against
from benchmarks.session import Cost, Session

RESULTS = 10_000
MOST_OF_FLOOR = 4.0
WARM_UP = 2
#: A base of this size is not vacuumed between runs: reading its indexes takes longer, and what is dead is a small part.
LARGE = 1_000_000
#: When the results are applied: five minutes after the blocks were taken.
AT = NOW + timedelta(minutes=5)
TOUCHED = (
    "core.phone",
    "core.client",
    "core.attempt",
    "core.attempt_outcome",
    "core.dial_class",
    "core.dial_class_change",
    "core.client_count_change",
    "dialing.record",
    "dialing.callback",
    "dialing.result_stage",
)

DIALER = """
    INSERT INTO dialing.dialer (name, base_url, username, password_encrypted, hds_url_encrypted)
    VALUES ('bench', 'http://127.0.0.1', 'bench', '', '')
"""
BATCH = """
    INSERT INTO dialing.result_batch (dialer_id, read_at, rows_read)
    SELECT dialer_id, %(at)s, %(rows)s FROM dialing.dialer
"""
# What Cisco writes for the records that are out, in hundredths: no answer 45, busy 15, machine 10, network 3, a person 27; of
# the persons agents say by wrap-up text: thinks about it 9, agreed 5, third person 6, refused 3, nothing 4.
STAGE = """
    INSERT INTO dialing.result_stage (
        batch_id, row_no, recovery_key, db_datetime, generated_at, time_zone_minutes, account_number, phone, call_result,
        call_status, duration_ms, agent, wrapup
    )
    SELECT
        (SELECT max(batch_id) FROM dialing.result_batch), r.n, r.n, %(at)s - r.n * interval '20 milliseconds',
        %(at)s - interval '1 second' - r.n * interval '20 milliseconds', 0, r.record_key, r.number,
        CASE WHEN d < 45 THEN 8 WHEN d < 60 THEN 9 WHEN d < 70 THEN 12 WHEN d < 73 THEN 6 ELSE 10 END,
        'C', 20000, CASE WHEN d >= 73 THEN 'agent' || r.n %% 600 END,
        CASE WHEN d >= 96 OR d < 73 THEN NULL WHEN d < 82 THEN '12' WHEN d < 87 THEN '20' WHEN d < 93 THEN '11' ELSE '15' END
    FROM (
        SELECT row_number() OVER (ORDER BY hashtext(record_key)) AS n, record_key, number,
            abs(hashtext('result' || record_key)) %% 100 AS d
        FROM (SELECT record_key, number FROM dialing.record ORDER BY hashtext(record_key) LIMIT %(rows)s) AS x
    ) AS r
"""
APPLY = "SELECT * FROM dialing.result_apply(p_batch_id => (SELECT max(batch_id) FROM dialing.result_batch), p_now => %(at)s)"

# The floor writes what the procedure has left of attempts and phones, from tables that hold nothing else.
LEFT = {
    "attempt": "SELECT * FROM core.attempt WHERE applied_at = '{at}'",
    "phone": "SELECT * FROM core.phone WHERE phone_id IN (SELECT phone_id FROM core.attempt WHERE applied_at = '{at}')",
}
KEYS = {"attempt": "record_key", "phone": "phone_id"}
#: What a result changes of a phone.
PHONE_COLUMNS = (
    "attempts",
    "last_attempt_at",
    "last_technical_result_id",
    "last_agent_result_id",
    "hold_agent_result_id",
    "waits_from",
    "dial_class_id",
)


def measure(place: Place) -> Iterator[Row]:
    """Apply the same batch again and again, each time followed by the floor; everything is rolled back.

    The records are those that the pass before (passes.py) has left out.
    """
    figures, floors = [], []
    with place.session() as session:
        session.run(DIALER)
        session.run(BATCH, at=AT, rows=RESULTS)
        session.run(STAGE, at=AT, rows=RESULTS)
        attempts, phones = _keep_what_is_left(session)
        session.vacuum(*TOUCHED)
        for _ in range(WARM_UP + max(3, place.runs // 5)):
            if place.base.clients < LARGE:
                session.vacuum(*TOUCHED)
            cost, rows = session.cost(APPLY, {"at": AT})
            if rows[0][0] != RESULTS:
                raise RuntimeError(f"{rows[0][0]} results of {RESULTS} were applied")
            figures.append(cost)
            floors.append(_floor(session, attempts, phones))
    yield against(
        "apply 10 000 results of the dialer",
        place.name,
        Cost.median(figures[WARM_UP:]).busy,
        Cost.median(floors[WARM_UP:]).busy,
        MOST_OF_FLOOR,
    )


def _keep_what_is_left(session: Session) -> tuple[sql.Composed, sql.Composed]:
    """Note in bench.attempt and bench.phone what applying leaves; the INSERT and the UPDATE that write just that."""
    connection = session.connection
    connection.execute(APPLY, {"at": AT})
    kept = {}
    for name, query in LEFT.items():
        with connection.cursor().copy(sql.SQL("COPY ({}) TO STDOUT").format(sql.SQL(query.format(at=AT)))) as copy:
            kept[name] = b"".join(copy)
    connection.rollback()
    connection.execute("CREATE SCHEMA bench")
    for name, rows in kept.items():
        here, there = sql.Identifier("bench", name), sql.Identifier("core", name)
        connection.execute(sql.SQL("CREATE TABLE {} AS SELECT * FROM {} LIMIT 0").format(here, there))
        with connection.cursor().copy(sql.SQL("COPY {} FROM STDIN").format(here)) as copy:
            copy.write(rows)
        connection.execute(sql.SQL("ALTER TABLE {} ADD PRIMARY KEY ({})").format(here, sql.Identifier(KEYS[name])))
        connection.execute(sql.SQL("ANALYZE {}").format(here))
    connection.commit()
    columns = sql.SQL(", ").join(
        sql.Identifier(row[0])
        for row in session.run(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'core' AND table_name = 'attempt'"
            " AND is_identity = 'NO' ORDER BY ordinal_position"
        )
    )
    insert = sql.SQL("INSERT INTO core.attempt ({}) SELECT {} FROM bench.attempt").format(columns, columns)
    changes = sql.SQL(", ").join(sql.SQL("{0} = b.{0}").format(sql.Identifier(name)) for name in PHONE_COLUMNS)
    update = sql.SQL("UPDATE core.phone AS p SET {} FROM bench.phone AS b WHERE b.phone_id = p.phone_id").format(
        changes
    )
    return insert, update


def _floor(session: Session, insert: sql.Composed, update: sql.Composed) -> Cost:
    def both() -> None:
        for statement in (insert, update):
            if session.connection.execute(statement).rowcount != RESULTS:
                raise RuntimeError("the floor did not write as many rows as the procedure")

    cost, _ = session.measured(both)
    session.connection.rollback()
    return cost
